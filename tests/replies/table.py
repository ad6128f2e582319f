"""The table of texts: what was expected of the guardrails, what they found, precision and recall by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carecli.config import Guardrails
from carecli.replies.guardrails import Context, check

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "he", "pl", "zh")
_CONTEXTS: dict[str, dict[str, Any]] = {
    "C": {"intent": "complaint", "sentiment": "negative"},
    "E": {"urgency": "emergency", "intent": "emergency"},
    "P": {"private": True},
    "L": {"rules": Guardrails(allowed_links=["acme.example"])},
    "-": {},
}
_DEATH = {"en": "my father died", "pl": "mój ojciec zmarł", "he": "אבא שלי נפטר", "zh": "我父亲去世了"}


@dataclass(frozen=True)
class Row:
    """One text of the table."""

    language: str
    number: int
    expected: frozenset[str]
    context: Context
    text: str

    @property
    def found(self) -> frozenset[str]:
        """The rules that find something in the text."""
        return frozenset(finding.rule for finding in check(self.text, self.context))


@dataclass(frozen=True)
class Score:
    """How a rule did: `hits` of `expected` found, `false` findings where none was expected."""

    expected: int
    hits: int
    false: int

    @property
    def precision(self) -> float | None:
        """The share of findings that are right; None without any."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else None

    @property
    def recall(self) -> float | None:
        """The share of what was expected that was found; None where nothing was."""
        return self.hits / self.expected if self.expected else None


def rows() -> Iterator[Row]:
    """Every text of the four files."""
    for language in LANGUAGES:
        lines = (FOLDER / f"table_{language}.tsv").read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, 1):
            if line and not line.startswith("#"):
                rules, context, text = line.split("\t")
                settings = {"heard": _DEATH[language]} if context == "D" else _CONTEXTS[context]
                text = text.replace("\\u200b", "\u200b").replace("\\u2067", "\u2067").replace("\\u2069", "\u2069")
                expected = frozenset() if rules == "-" else frozenset(rules.split(","))
                yield Row(language, number, expected, Context(language=language, **settings), text)


def scores(table: Iterator[Row] | list[Row]) -> Mapping[str, Score]:
    """The scores by rule, and of all together as `all`."""
    expected, hits, false = Counter[str](), Counter[str](), Counter[str]()
    for row in table:
        found = row.found
        expected.update(row.expected)
        hits.update(found & row.expected)
        false.update(found - row.expected)
    names = sorted({*expected, *false})
    by_rule = {name: Score(expected[name], hits[name], false[name]) for name in names}
    return {**by_rule, "all": Score(expected.total(), hits.total(), false.total())}
