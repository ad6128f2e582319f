"""Knowledge for replies: which articles answer a text, and a draft that quotes the passage that does."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from carecli.config import Voice
from carecli.model import Draft
from carecli.replies.composing import CaseBrief, Fit, Frame, frame
from carecli.replies.languages import language
from carecli.replies.lexicon import data, known
from carecli.text import fold, terms

# Okapi BM25 (Robertson and others, TREC-3, 1994) with its usual constants.
_K1, _B = 1.2, 0.75
_TITLE = 2  # a term in the title counts as often as this
_COVERED = 0.25  # of the query's terms an article has to have before it is quoted to a customer
_PASSAGE = 240  # characters
# a sign inside a word ends nothing: acme.example/bags?x=1, 3.5 kg
_SENTENCE = re.compile(r"(?:[^.!?。！？\n]|(?<=\w)[.!?](?=\w))+[.!?。！？]*|[.!?。！？]+")


@dataclass(frozen=True)
class Article:
    """One article of the knowledge base; `url` is the page that says the same in public."""

    id: int
    title: str
    text: str
    language: str | None = None
    url: str | None = None


def rank(query: str, articles: Sequence[Article]) -> list[tuple[Article, float]]:
    """The articles that share terms with `query`, best first, with their BM25 scores; equal ones by id."""
    wanted = set(terms(query))
    counts = [Counter(terms(article.title) * _TITLE + terms(article.text)) for article in articles]
    weights = _weights(wanted, counts)
    average = sum(count.total() for count in counts) / len(counts) if counts else 0.0
    scored = [
        (article, _score(wanted, count, weights, average)) for article, count in zip(articles, counts, strict=True)
    ]
    return sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0].id))


def _weights(wanted: set[str], counts: Sequence[Counter[str]]) -> dict[str, float]:
    """Inverse document frequency of the wanted terms: a term that every article has tells nothing."""
    total = len(counts)
    having = {term: sum(term in count for count in counts) for term in wanted}
    return {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in having.items()}


def _score(wanted: set[str], count: Counter[str], weights: dict[str, float], average: float) -> float:
    norm = _K1 * (1 - _B + _B * count.total() / average) if average else _K1
    return sum(weights[term] * count[term] * (_K1 + 1) / (count[term] + norm) for term in sorted(wanted) if count[term])


def passages(text: str, characters: int = _PASSAGE) -> list[str]:
    """`text` in runs of whole sentences of at most `characters`; a longer sentence is a passage of its own."""
    found: list[str] = []
    for match in _SENTENCE.finditer(text):
        sentence = " ".join(match[0].split())
        if not sentence:
            continue
        glue = "" if re.search(r"[。！？]$", found[-1] if found else "") else " "
        if found and len(found[-1]) + len(glue) + len(sentence) <= characters:
            found[-1] += glue + sentence
        else:
            found.append(sentence)
    return found


def best_passage(query: str, article: Article) -> str | None:
    """The passage of the article that answers `query` best, the first of equals; None where it has none."""
    candidates = passages(article.text)
    numbered = [Article(number, "", text) for number, text in enumerate(candidates)]
    ranked = rank(query, numbered)
    if ranked:
        return ranked[0][0].text
    return candidates[0] if candidates else None


def from_knowledge(
    case: CaseBrief,
    articles: Sequence[Article],
    voice: Voice,
    *,
    voice_name: str,
    count: int = 1,
    agent: str | None = None,
    rng_seed: str = "",
    fit: Fit | None = None,
) -> list[Draft]:
    """Drafts that quote the best passages of articles in the customer's language, with their links; none elsewhere.

    An article is quoted only when it has a good part of the customer's words.
    """
    code = known(case.language or language(case.text))
    if code is None:
        return []
    around = frame(replace(case, language=code), voice, agent=agent, fit=fit)
    fitting = [article for article in articles if _language(article) == code]
    drafts: list[Draft] = []
    for article, _ in rank(case.text, fitting):
        passage = best_passage(case.text, article)
        if len(drafts) < count and passage and coverage(case.text, article, code) >= _COVERED:
            text = _quoting(around, article, passage, rng_seed)
            drafts.append(Draft(text, code, voice_name, "knowledge", (f"kb:{article.id}",)))
    return drafts


def coverage(query: str, article: Article, code: str) -> float:
    """0…1: the share of the query's terms that `article` has, the small words of the language left out."""
    small = {fold(word) for word in data(code)["stopwords"]}
    wanted = set(terms(query)) - small
    return len(wanted & set(terms(f"{article.title} {article.text}"))) / len(wanted) if wanted else 0.0


def _language(article: Article) -> str | None:
    return known(article.language) if article.language else known(language(f"{article.title}. {article.text}"))


def _quoting(around: Frame, article: Article, passage: str, seed: str) -> str:
    """A draft around `passage`, which enters as a slot's value, so nothing in it is read as a slot."""
    forms = data(around.language)["knowledge"]
    choice = int(hashlib.sha256(f"{seed}\x00{article.id}".encode()).hexdigest(), 16)
    body = f"{forms['lead'][choice % len(forms['lead'])]} {{passage}}"
    if article.url:
        body += f" {forms['link'][choice % len(forms['link'])]}"
    return around.compose(body, passage=passage, url=article.url or "")
