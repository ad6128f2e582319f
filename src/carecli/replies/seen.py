"""A text as the rules read it: folded for matching, with the way back to the original's character offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from carecli.replies.lexicon import simplified
from carecli.text import fold

Span = tuple[int, int]

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u05be"), "-")
# A dot between two word characters ("acme.example", "3.50") ends nothing, nor does one after these abbreviations.
_CLAUSE = re.compile(
    r"(?:[^.!?;。！？；…\n]|(?<=\w)\.(?=\w)|(?:(?<=\bincl)|(?<=\be\.g)|(?<=\bnp)|(?<=\bnr)|(?<=\btel)|(?<=\bno))\.)+"
)


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    return simplified(fold(character).translate(_DASHES))


@dataclass(frozen=True)
class Seen:
    """`text` as written, `folded` for matching, and `places`: for every folded character its offset in `text`."""

    text: str
    folded: str
    places: Sequence[int]

    def original(self, start: int, end: int) -> Span:
        """The offsets in `text` of the folded stretch [start, end)."""
        if start >= end:
            place = self.places[start] if start < len(self.places) else len(self.text)
            return place, place
        return self.places[start], self.places[end - 1] + 1

    @cached_property
    def clauses(self) -> tuple[Span, ...]:
        """The sentences of `folded`, without their final punctuation."""
        return tuple(match.span() for match in _CLAUSE.finditer(self.folded))

    @cached_property
    def languages(self) -> frozenset[str]:
        """The languages whose words can occur here at all, by script."""
        return frozenset(_by_script(self.folded))


def see(text: str) -> Seen:
    """`text` made ready for the rules, in time linear in its length."""
    if text.isascii():
        return Seen(text, text.lower(), range(len(text)))
    pieces: list[str] = []
    places: list[int] = []
    for offset, character in enumerate(text):
        piece = _folded(character)
        pieces.append(piece)
        places.extend([offset] * len(piece))
    return Seen(text, "".join(pieces), places)


def _by_script(folded: str) -> Iterator[str]:
    if re.search(r"[a-z]", folded):
        yield from ("en", "pl")
    if re.search(r"[\u05d0-\u05ea]", folded):
        yield "he"
    if re.search(r"[\u3400-\u9fff]", folded):
        yield from ("zh",)
