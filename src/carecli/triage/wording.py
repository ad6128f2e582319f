"""The words of many texts as columns: what each may be in the phrases of one file, and which phrases begin with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np

from carecli.text import fold
from carecli.triage.automaton import PAUSE, STOP, WORD, Automaton
from carecli.triage.columns import Column, Ints, Runs
from carecli.triage.vocabulary import END, Rows, Tokens

_ENDS = frozenset(".!?;¶\u2026。")
_QUOTES = " \t'\""
# A mark inside a word is part of it.
_PIECE = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[\W_]+")
_HAN_ENDS = frozenset(".!?;\n")
_LONGEST = 40
_MOST_PREFIXES = 2
_MOST_WORDS = 60_000
_START = np.dtype([("node", np.int32), ("offset", np.int32)])
# With fewer letters left, the first ones are rather part of the word: the shot in a fast one (מהירה).
_SHORTEST_WITHOUT_PREFIX = (0, 2, 4)

# A word as a reason quotes it, with the space before it; its kind and labels; and where phrases come to that begin with
# it, each so many letters into it.
_Word = tuple[str, int, Sequence[int], Sequence[tuple[int, int]]]
_STOP, _PAUSE, _END = (".", STOP, (), ()), (",", PAUSE, (), ()), ("", STOP, (), ())
# What stands before a word of a phrase.
MARK, LETTERS, SPACE = range(3)


class Wording:
    """What is known of the words that came up: one row for each word, or mark, of each unit between spaces.

    By row `kind` and `labels` are what the automaton asks of it, `length` counts the letters of `shown`, `look` is
    MARK, LETTERS or SPACE; `starts` are the nodes of the automaton after phrases that begin with it have begun, each
    with how many letters hang before.
    """

    def __init__(self, automaton: Automaton, *, spaced: bool, prefixes: str = "") -> None:
        self._automaton = automaton
        self._spaced = spaced
        self._prefixes = prefixes
        self._units = Rows(self._learn, self._forget)
        self._rows = Runs(np.int32)
        self.shown: list[str] = []
        self.kind, self.length, self.look = Column(np.int8), Column(np.int32), Column(np.int8)
        self.labels, self.starts = Runs(np.int32), Runs(_START)

    def read(self, tokens: Tokens) -> tuple[Ints, Ints]:
        """The row of every word of all texts, and where each text ends; a STOP stands after each text."""
        if len(self.shown) > _MOST_WORDS:
            self._units.clear()
        units = self._units.of(tokens.numbers)
        rows, _ = self._rows.of(units)
        return rows, np.cumsum(self._rows.counts[units])[np.cumsum(tokens.sizes) - 1]

    def _learn(self, units: Sequence[str]) -> None:
        known = [self._words_of(unit) for unit in units]
        words = list(chain.from_iterable(known))
        shown, kinds, labels, starts = zip(*words, strict=True) if words else ((), (), (), ())
        ends = len(self.shown) + np.cumsum(list(map(len, known)))
        self._rows.extend([range(end - len(each), end) for end, each in zip(ends.tolist(), known, strict=True)])
        self.shown += shown
        self.kind.extend(kinds)
        self.length.extend([len(text) for text in shown])
        self.look.extend([_look(text) for text in shown])
        self.labels.extend(labels)
        self.starts.extend(starts)

    def _forget(self) -> None:
        self.shown = []  # what was read before may still be quoted
        for kept in (self._rows, self.kind, self.length, self.look, self.labels, self.starts):
            kept.clear()

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
        labels = self._automaton.labels.of(character)
        starts = [(node, 0) for node in self._automaton.starts(labels)]
        return character, STOP if character in _HAN_ENDS else WORD, labels, starts

    def _word(self, text: str) -> _Word:
        labels = self._automaton.labels.of(text[:_LONGEST])
        starts = [(node, 0) for node in self._automaton.starts(labels)]
        if self._prefixes:
            starts += self._after_prefixes(text)
        return f" {text}", WORD, labels, starts

    def _after_prefixes(self, text: str) -> list[tuple[int, int]]:
        """The starts of phrases that begin inside a word, and how many letters hang before."""
        found = []
        for offset in range(1, min(_MOST_PREFIXES, len(text) - 1) + 1):
            form = text[offset : offset + _LONGEST]
            if text[offset - 1] not in self._prefixes or len(form) < _SHORTEST_WITHOUT_PREFIX[offset]:
                break
            found += [(node, offset) for node in self._automaton.starts(self._automaton.labels.of(form))]
        return found


def _look(shown: str) -> int:
    if shown == " ":
        return SPACE
    return LETTERS if shown.strip()[:1].isalnum() else MARK


def _mark(piece: str) -> _Word:
    return _PAUSE if _ENDS.isdisjoint(piece) else _STOP
