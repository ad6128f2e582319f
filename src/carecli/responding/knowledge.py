"""The knowledge base at work: which articles help with a case, what is stale, what a good answer leaves for the next.

A promoted answer loses everything that says who asked; a stale article is never cited without a finding.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from carecli.config import Config
from carecli.errors import Conflict, NotFound, UsageError
from carecli.model import JSON, iso
from carecli.replies import articles as reading
from carecli.replies.articles import Gap, Question
from carecli.replies.citing import Stale
from carecli.replies.knowledge import Article, coverage, passages
from carecli.replies.lexicon import known
from carecli.replies.masking import without
from carecli.replies.places import introduced
from carecli.replies.quote import telling_clause
from carecli.store import cases, knowledge, mentions
from carecli.store.connect import Row, Store

CANDIDATES = 30
_SIGNATURE = re.compile(r"\s*(?:\^|[-–—~]\s?)[\w. -]{1,30}\s*\Z")


def article(row: Row) -> Article:
    """A row as the value that ranking and drafting read."""
    return Article(row["article_id"], row["title"], row["text"], row["language"], row["url"])


def today(config: Config, now: datetime) -> str:
    """The day of `now` in the brand's time zone."""
    return now.astimezone(ZoneInfo(config.brand.timezone)).date().isoformat()


def described(row: Row, config: Config, now: datetime) -> JSON:
    """An article as `care kb` shows it."""
    return {
        "article": row["article_id"],
        **knowledge.described(row),
        "stale": row["review_by"] is not None and row["review_by"] < today(config, now),
        "origin": row["origin"],
        "version": row["version"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def helpful(store: Store, text: str, language: str | None, *, limit: int = 3) -> list[Article]:
    """The articles that answer `text` best: those in its language that have a good part of its words."""
    code = known(language)
    found = [article(row) for row in knowledge.about(store, text, limit=CANDIDATES)]
    fitting = [one for one in found if code is None or known(one.language) in (code, None)]
    weighed = [(coverage(text, one, code or "en"), one) for one in fitting]
    best = sorted((pair for pair in weighed if pair[0] >= 0.25), key=lambda pair: -pair[0])
    return [one for _, one in best[:limit]]


def stale(store: Store, config: Config, *, now: datetime) -> list[Stale]:
    """Every article whose review is overdue, the longest first."""
    rows = knowledge.listed(store, stale_on=today(config, now))
    return [
        Stale(
            row["article_id"],
            row["title"],
            passages(row["text"]),
            row["url"],
            row["owner"],
            row["review_by"],
        )
        for row in rows
    ]


# Files


class Imported(NamedTuple):
    """How an import ended: counts, and the files that could not be read with the reason."""

    new: int
    updated: int
    unchanged: int
    rejected: tuple[tuple[str, str], ...]


def import_files(
    store: Store, files: Iterable[tuple[str, str]], *, now: datetime, agent: str | None = None
) -> Imported:
    """Store (name, Markdown) files; one that was imported before is changed where it differs."""
    counts = {"new": 0, "updated": 0, "unchanged": 0}
    rejected: list[tuple[str, str]] = []
    for name, markdown in files:
        try:
            parsed = reading.parse(markdown, name=name.rsplit("/", 1)[-1].removesuffix(".md"))
        except ValueError as error:
            rejected.append((name, str(error)))
            continue
        counts[_imported(store, name, parsed, now, agent)] += 1
    return Imported(**counts, rejected=tuple(rejected))


def _imported(store: Store, name: str, parsed: Mapping[str, Any], now: datetime, agent: str | None) -> str:
    origin = f"file:{name}"
    with store.write():
        before = knowledge.by_origin(store, origin)
        if before is None:
            knowledge.add(store, parsed, now=now, agent=agent, origin=origin)
            return "new"
        empty = dict.fromkeys(knowledge.FIELDS)
        _, changed = knowledge.change(store, before["article_id"], {**empty, **parsed}, now=now, agent=agent)
        return "updated" if changed else "unchanged"


# From answers to articles


class Promoted(NamedTuple):
    """An article made from an answer, and how many pieces of personal data were taken out."""

    number: int
    removed: int


def promote(
    store: Store,
    case: int,
    *,
    now: datetime,
    title: str | None = None,
    agent: str | None = None,
    url: str | None = None,
    review_days: int = 180,
) -> Promoted:
    """Make an article of the last answer to a case, without the customer's data. Raises NotFound, Conflict."""
    row = cases.get(store, case)
    turns = mentions.of_case(store, row["case_id"])
    answers = [turn for turn in turns if not turn["inbound"] and not turn["automatic"]]
    if not answers:
        raise NotFound(f"case {row['case_id']} has no answer yet", hint="answer it first, then promote the answer")
    names = _names(turns)
    text, removed = without(_bare(answers[-1]["text"], names), names)
    named = title or _title(turns, names, row["language"])
    if not named:
        raise UsageError("the question says too little for a title", hint="give one with --title")
    review = (now + timedelta(days=review_days)).date().isoformat()
    facts = {"title": named, "text": text, "language": known(row["language"]) or row["language"], "url": url}
    facts |= {"owner": agent, "review_by": review, "topics": json.loads(row["topics"])}
    origin = f"case:{row['case_id']}"
    before = knowledge.by_origin(store, origin)
    if before is not None:
        hint = f"`care kb edit {before['article_id']}` changes it"
        raise Conflict(f"article {before['article_id']} was made from case {row['case_id']}", hint=hint)
    return Promoted(knowledge.add(store, facts, now=now, agent=agent, origin=origin), len(removed))


def _names(turns: Sequence[Row]) -> list[str]:
    """What the people of a conversation are called."""
    found: dict[str, None] = {}
    for turn in turns:
        for name in (turn["author_name"], turn["author_handle"]):
            if name:
                found[name.lstrip("@").split("@")[0]] = None
        if turn["inbound"]:
            found |= dict.fromkeys(introduced(turn["text"]))
    return list(found)


def _bare(text: str, names: Sequence[str]) -> str:
    """An answer without whom it greets and who signed it."""
    text = _SIGNATURE.sub("", text)
    for name in sorted({part for each in names for part in (each, *each.split())}, key=len, reverse=True):
        text = re.sub(rf"\A(?:@?[\w.@-]+\s+)?[^.,!?:，。！]{{0,20}}{re.escape(name)}\s*[.,!:，。！]\s*", "", text)
    return text


def _title(turns: Sequence[Row], names: Sequence[str], language: str | None) -> str | None:
    question = next(turn["text"] for turn in turns if turn["inbound"])
    return telling_clause(without(question, names)[0], known(language) or "en", "question")


# What is missing


def gaps(store: Store, *, now: datetime, days: int = 90, least: int = 2) -> list[Gap]:
    """Questions of the last `days` that were asked in at least `least` cases and that no article answers."""
    rows = mentions.questions(store, since=iso(now - timedelta(days=days)), limit=3000)
    asked = [
        Question(row["mention_id"], row["case_id"], row["text"], row["language"], json.loads(row["topics"]))
        for row in rows
    ]
    return reading.gaps(asked, [article(row) for row in knowledge.listed(store)], least=least)
