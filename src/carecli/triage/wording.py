"""The words of many texts as columns: what each may be in the phrases of one file, and which phrases begin with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np

from carecli.text import fold
from carecli.triage.automaton import NO_START, PAUSE, STOP, Automaton
from carecli.triage.columns import Column, Ints, spread
from carecli.triage.vocabulary import END, Rows, Tokens

_ENDS = frozenset(".!?;¶\u2026。")
_QUOTES = " \t'\""
# A mark inside a word is part of it.
_PIECE = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[\W_]+")
_HAN_ENDS = frozenset(".!?;\n")
_LONGEST = 40
_MOST_PREFIXES = 2
_MOST_WORDS = 60_000
# With fewer letters left, the first ones are rather part of the word: the shot in a fast one (מהירה).
_SHORTEST_WITHOUT_PREFIX = (0, 2, 4)

# A word as a reason quotes it, with the space before it; its role; and the starts, each so many letters into it.
_Word = tuple[str, int, Sequence[tuple[int, int]]]
_STOP, _PAUSE, _END = (".", STOP, ()), (",", PAUSE, ()), ("", STOP, ())
# What stands before a word of a phrase.
MARK, LETTERS, SPACE = range(3)


class Wording:
    """What is known of the words that came up: one row for each word, or mark, of each unit between spaces.

    By row `role` is a number of the automaton, `length` counts the letters of `shown`, `look` is MARK, LETTERS or
    SPACE; `begins` says how many starts there are, the first at `first_start` in `starts` (states of the
    automaton) and `offsets`.
    """

    def __init__(self, automaton: Automaton, *, spaced: bool, prefixes: str = "") -> None:
        self._automaton = automaton
        self._spaced = spaced
        self._prefixes = prefixes
        self._units = Rows(self._learn, self._forget)
        self._first_row, self._rows = Column(np.int32), Column(np.int32)
        self.shown: list[str] = []
        self.role, self.length, self.look = Column(np.int32), Column(np.int32), Column(np.int8)
        self.first_start, self.begins = Column(np.int32), Column(np.int32)
        self.starts, self.offsets = Column(np.int32), Column(np.int32)
        self._columns = (
            *(self._first_row, self._rows, self.role, self.length, self.look),
            *(self.first_start, self.begins, self.starts, self.offsets),
        )

    def read(self, tokens: Tokens) -> tuple[Ints, Ints]:
        """The row of every word of all texts, and where each text ends; a STOP stands after each text."""
        if self._automaton.full or len(self.shown) > _MOST_WORDS:
            self._units.clear()
        units = self._units.of(tokens.numbers)
        counts = self._rows.all[units]
        return spread(self._first_row.all[units], counts), np.cumsum(counts)[np.cumsum(tokens.sizes) - 1]

    def _learn(self, units: Sequence[str]) -> None:
        known = [self._words_of(unit) for unit in units]
        words = list(chain.from_iterable(known))
        shown, roles, starts = zip(*words, strict=True) if words else ((), (), ())
        _extend(self._first_row, self._rows, [len(each) for each in known], len(self.shown))
        _extend(self.first_start, self.begins, [len(each) for each in starts], len(self.starts.all))
        self.shown += shown
        self.role.extend(roles)
        self.length.extend([len(text) for text in shown])
        self.look.extend([_look(text) for text in shown])
        self.offsets.extend([offset for offset, _ in chain.from_iterable(starts)])
        self.starts.extend([start for _, start in chain.from_iterable(starts)])

    def _forget(self) -> None:
        """The numbers of the automaton go with the words that have them."""
        self._automaton.forget()
        self.shown = []  # what was read before may still be quoted
        for column in self._columns:
            column.clear()

    def _words_of(self, unit: str) -> Sequence[_Word]:
        if unit == END:
            return (_END,)
        folded = fold(unit)
        if not self._spaced:
            return (self._character(folded),)
        if folded.isalnum():
            return (self._word(folded),)
        pieces = [piece for piece in _PIECE.findall(folded) if piece.strip(_QUOTES)]
        return [self._word(piece) if piece[0].isalnum() else _mark(piece) for piece in pieces]

    def _character(self, character: str) -> _Word:
        role, start = self._automaton.word(character, wild=character not in _HAN_ENDS)
        return character, role, ((0, start),) if start != NO_START else ()

    def _word(self, text: str) -> _Word:
        role, start = self._automaton.word(text[:_LONGEST])
        starts = [(0, start)] if start != NO_START else []
        if self._prefixes:
            starts += self._after_prefixes(text)
        return f" {text}", role, starts

    def _after_prefixes(self, text: str) -> list[tuple[int, int]]:
        """The starts of phrases that begin inside a word, and how many letters hang before."""
        found = []
        for offset in range(1, min(_MOST_PREFIXES, len(text) - 1) + 1):
            form = text[offset : offset + _LONGEST]
            if text[offset - 1] not in self._prefixes or len(form) < _SHORTEST_WITHOUT_PREFIX[offset]:
                break
            if (start := self._automaton.start(form)) != NO_START:
                found.append((offset, start))
        return found


def _extend(first: Column, count: Column, counts: Sequence[int], there: int) -> None:
    """More runs of rows, of which `there` were there before."""
    ends = np.cumsum(np.array(counts, np.int64))
    first.extend(ends - counts + there)
    count.extend(counts)


def _look(shown: str) -> int:
    if shown == " ":
        return SPACE
    return LETTERS if shown.strip()[:1].isalnum() else MARK


def _mark(piece: str) -> _Word:
    return _PAUSE if _ENDS.isdisjoint(piece) else _STOP
