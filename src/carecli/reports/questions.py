"""Frequent questions: what many ask in nearly the same words, and which article answers it."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from carecli.reports import tables
from carecli.reports.parts import Frame, assemble
from carecli.reports.tables import Part, Row, Section
from carecli.text import terms

ALIKE = 0.5  # of the terms of two questions together, weighed by how rare they are, both have so much
RAREST = 4  # terms by which a question looks for its group
_NOT_WORDS = re.compile(r"https?://\S+|[@#]\S+")
ARTICLE = "Article: the one of the knowledge base that has most of the question's words, as for drafts; or none."
NOTE = (
    "Questions in nearly the same words are one line: at least half of their words, the rare ones counting more, "
    "are common to both."
)


class Asked(NamedTuple):
    """One question of a customer."""

    mention: int
    case: int | None
    text: str
    language: str | None
    answered: bool


@dataclass(frozen=True, slots=True)
class Question:
    """Questions that are nearly the same; `question` is the first of them.

    `knowledge` and `article`: title and number of the article that answers it, None where there is none.
    """

    question: str | None
    count: int
    answered: int
    languages: tuple[str, ...]
    knowledge: str | None
    mentions: tuple[int, ...]
    article: int | None = None


def grouped(asked: Sequence[Asked]) -> tuple[Question, ...]:
    """Groups of near-duplicates, the most frequent first.

    Each question joins the group whose first question is most like it, so order of arrival decides, not chance.
    """
    bags = [frozenset(terms(_NOT_WORDS.sub(" ", one.text))) for one in asked]
    having = Counter(term for bag in bags for term in bag)
    weights = {term: math.log1p(len(bags) / count) for term, count in having.items()}
    leaders: list[int] = []
    members: dict[int, list[int]] = {}
    by_term: defaultdict[str, list[int]] = defaultdict(list)
    for place, bag in enumerate(bags):
        shared = sorted((term for term in bag if having[term] > 1), key=lambda term: (having[term], term))
        candidates = {leader for term in shared[:RAREST] for leader in by_term[term]}
        scored = ((-_alike(bag, bags[leader], weights), leader) for leader in candidates)
        best, leader = min(scored, default=(0.0, -1))
        if -best >= ALIKE:
            members[leader].append(place)
            continue
        leaders.append(place)
        members[place] = [place]
        for term in shared:
            by_term[term].append(place)
    found = [_question([asked[place] for place in members[leader]]) for leader in leaders]
    return tuple(sorted(found, key=lambda each: (-each.count, each.mentions)))


def _alike(one: frozenset[str], other: frozenset[str], weights: Mapping[str, float]) -> float:
    together = math.fsum(weights[term] for term in one | other)
    return math.fsum(weights[term] for term in one & other) / together if together else 0.0


def _question(group: Sequence[Asked]) -> Question:
    return Question(
        group[0].text,
        len(group),
        sum(one.answered for one in group),
        tuple(sorted({one.language or "unknown" for one in group})),
        None,
        tuple(one.mention for one in group),
    )


def questions_part(frame: Frame, value: Sequence[Question], asked: int) -> Part:
    """Frequent questions; `asked` is how many there were in all."""
    rows = tuple(
        Row(
            f"question {number}" if each.question is None else tables.name(each.question),
            (
                tables.count(each.count, "questions"),
                tables.count(each.answered, "questions"),
                tables.words(", ".join(each.languages)),
                tables.words(each.knowledge or "none"),
            ),
        )
        for number, each in enumerate(value, 1)
    )
    columns = ("question", "asked", "answered", "languages", "article")
    notes = (f"{asked:,} questions in all. {NOTE}", ARTICLE)
    table = Section("questions", "Frequent questions", columns, rows, notes, counted=None, chart="bars")
    return assemble(frame, "questions", "What customers ask", tuple(value), (table,))
