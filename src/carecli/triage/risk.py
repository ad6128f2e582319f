"""What a text could cost the brand: threats of lawyers or the press, data, safety, children, accessibility, leaving.

The cues are phrases in `data/risk_<language>.toml`, one list for each risk, in the little language of `phrases.py`; a
native speaker can mend them without touching code. A cue that overlaps one of its `<risk>_not` does not count. They are
made for precision: a risk moves a case up, and somebody who is moved up for nothing makes another one wait.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from carecli.model import RISKS, Risk
from carecli.triage import cues
from carecli.triage.phrases import characters
from carecli.triage.prepare import runs, tokens_of
from carecli.triage.variants import comparable
from carecli.triage.vocabulary import ONE_AT_A_TIME, numbered

LANGUAGES = cues.LANGUAGES
MAX_CHARACTERS = 4000

_MASKED = re.compile(r"https?://\S*|\bwww\.\S+|@[\w.-]+")


class Found(NamedTuple):
    """A risk, and the first words that show it."""

    risk: Risk
    words: str


def find(texts: Sequence[str], languages: Sequence[str | None]) -> list[tuple[Found, ...]]:
    """The risks in each text, each once, in the order of `carecli.model.RISKS`; none in a language without cues."""
    found: list[tuple[Found, ...]] = []
    for part in runs(texts):
        with ONE_AT_A_TIME:
            found += _found(texts[part], languages[part])
    return found


def _found(texts: Sequence[str], languages: Sequence[str | None]) -> list[tuple[Found, ...]]:
    found: list[tuple[Found, ...]] = [()] * len(texts)
    for language in set(languages).intersection(LANGUAGES):
        book, places = _load(language), [place for place, code in enumerate(languages) if code == language]
        hits = book.find_all(numbered([_units(texts[place], book) for place in places]))
        named = {risk: dict(hits.each(hits.has(risk), risk)) for risk in RISKS if risk in book.kinds}
        for text, place in enumerate(places):
            found[place] = tuple(
                Found(risk, quotes[text][0].strip(" ,.")) for risk, quotes in named.items() if text in quotes
            )
    return found


def _units(text: str, book: cues.Book) -> list[str]:
    masked = text[:MAX_CHARACTERS]
    if "@" in masked or "://" in masked or "www." in masked:
        masked = _MASKED.sub(" ", masked)
    return tokens_of(masked) if book.spaced else characters(comparable(masked))


@cache
def _load(language: str) -> cues.Book:
    """The cues of one language. Raises ValueError that names what cannot be read."""
    book = cues.load(language, "risk")
    if unknown := {kind.removesuffix("_not") for kind in book.kinds} - set(RISKS):
        raise ValueError(f"risk_{language}.toml: {', '.join(sorted(unknown))} is no risk")
    return book
