"""Articles of the knowledge base: Markdown with a few lines of facts before it, what is stale, what is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from carecli.replies.knowledge import Article, rank
from carecli.replies.lexicon import data, known
from carecli.text import fold, terms

_FACT = re.compile(r"([A-Za-z][\w-]*)\s*:\s*(.*)")
_HEADING = re.compile(r"\A\s*#{1,2}[ \t]+([^\n]+)\n?")
_KEYS = {"title": "title", "language": "language", "lang": "language", "url": "url", "link": "url", "owner": "owner"}
_REVIEW = frozenset({"review", "review_by", "review-by", "review_date"})
_SAME_QUESTION = 0.34  # of the words of two questions, in common, make them one
_ANSWERED = 0.4  # of a question's words that an article has to have, for the question to be answered


def parse(markdown: str, *, name: str) -> dict[str, Any]:
    """A Markdown file as an article: facts between two lines of `---`, the rest is its text.

    Without a `title` the first heading is it, else `name`. Raises ValueError for a fact that cannot be read.
    """
    facts, body = _parted(markdown.replace("\r\n", "\n").lstrip("\ufeff"))
    article: dict[str, Any] = {"topics": []}
    for number, line in facts:
        _read(article, number, line)
    heading = _HEADING.match(body)
    if heading and article.setdefault("title", heading[1].strip()) == heading[1].strip():
        body = body[heading.end() :]
    article.setdefault("title", name)
    article["text"] = body.strip()
    if not article["text"]:
        raise ValueError("the article has no text")
    return article


def _parted(markdown: str) -> tuple[list[tuple[int, str]], str]:
    lines = markdown.split("\n")
    if lines[0].strip() != "---":
        return [], markdown
    for number, line in enumerate(lines[1:], 2):
        if line.strip() in ("---", "..."):
            return list(enumerate(lines[1 : number - 1], 2)), "\n".join(lines[number:])
    raise ValueError("line 1: `---` opens the facts, and nothing closes them")


def _read(article: dict[str, Any], number: int, line: str) -> None:
    if not line.strip() or line.lstrip().startswith("#"):
        return
    fact = _FACT.fullmatch(line.strip())
    if fact is None:
        raise ValueError(f"line {number}: write `key: value`")
    key, value = fact[1].lower(), fact[2].strip().strip("\"'")
    if key in _REVIEW:
        article["review_by"] = day(value, f"line {number}: ")
    elif key in ("topics", "tags"):
        article["topics"] = [part.strip(" \"'") for part in value.strip("[]").split(",") if part.strip(" \"'")]
    elif key in _KEYS:
        article[_KEYS[key]] = value or None
    else:
        raise ValueError(f"line {number}: '{key}' is none of title, language, url, owner, review, topics")


def day(value: str, where: str = "") -> str | None:
    """A date as ISO text, None for nothing. Raises ValueError."""
    if not value:
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError(f"{where}'{value}' is no date like 2027-01-31") from None


def markdown(article: Mapping[str, Any]) -> str:
    """An article as the Markdown file that `parse` reads."""
    facts = {"title": article["title"], "language": article["language"], "url": article["url"]}
    facts |= {"owner": article["owner"], "review": article["review_by"], "topics": ", ".join(article["topics"])}
    lines = [f"{key}: {' '.join(str(value).split())}" for key, value in facts.items() if value]
    return "\n".join(["---", *lines, "---", "", str(article["text"]), ""])


@dataclass(frozen=True)
class Question:
    """What a customer asked: the mention's number, its case, its text, language and topics."""

    mention: int
    case: int
    text: str
    language: str | None
    topics: Sequence[str] = ()


@dataclass(frozen=True)
class Gap:
    """Questions that are one question, which no article answers; `asked` are the mentions, newest first."""

    question: str
    language: str | None
    asked: tuple[Question, ...]


def gaps(questions: Sequence[Question], articles: Sequence[Article], *, least: int = 2) -> list[Gap]:
    """The questions that were asked at least `least` times and that no article answers, most frequent first."""
    groups: list[tuple[set[str], list[Question]]] = []
    for question in questions:
        words = content(question.text, question.language)
        if len(words) < 2:
            continue
        group = next((g for g in groups if _alike(words, g[0])), None)
        if group is None:
            groups.append((words, [question]))
        else:
            group[1].append(question)
    found = [
        Gap(asked[0].text, asked[0].language, tuple(asked))
        for words, asked in groups
        if len({question.case for question in asked}) >= least and not answered(words, asked[0].text, articles)
    ]
    return sorted(found, key=lambda gap: (-len(gap.asked), -gap.asked[0].mention))


def content(text: str, language: str | None) -> set[str]:
    """The words of `text` that say what it is about."""
    code = known(language)
    small = {fold(word) for word in data(code)["stopwords"]} if code else set()
    return {word for word in terms(text) if word not in small and not word.isdigit()}


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= max(2, _SAME_QUESTION * len(one | other))


def answered(words: set[str], text: str, articles: Sequence[Article]) -> bool:
    """Whether an article has a good part of the question's words."""
    for article, _ in rank(text, articles)[:3]:
        if len(words & set(terms(f"{article.title} {article.text}"))) >= _ANSWERED * len(words):
            return True
    return False
