"""The words of many texts as columns: what each may be in the phrases of one file, and which phrases begin with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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

# A word as a reason quotes it, with the space before it; its kind; and its letters, those after prefixes, too.
_Word = tuple[str, int, Sequence[str]]
_STOP, _PAUSE, _END = (".", STOP, ("",)), (",", PAUSE, ("",)), ("", STOP, ("",))
# What stands before a word of a phrase.
MARK, LETTERS, SPACE = range(3)


class Wording:
    """What is known of the words that came up: one row for each word, or mark, of each unit between spaces.

    By row `kind` and the set of `labels` are what the automaton asks of it, `length` counts the letters of `shown`,
    `look` is MARK, LETTERS or SPACE; `starts` are the nodes of the automaton that phrases which begin with it have come
    to, each with how many letters hang before.
    """

    def __init__(self, automaton: Automaton, *, spaced: bool, prefixes: str = "") -> None:
        self._automaton = automaton
        self._spaced = spaced
        self._prefixes = prefixes
        self._units = Rows(self._learn, self._forget)
        self._rows = Runs(np.int32)
        self.shown: list[str] = []
        self.kind, self.length, self.look = Column(np.int8), Column(np.int32), Column(np.int8)
        self.labels, self.starts = Column(np.int32), Runs(_START)

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
        shown, kinds, forms = zip(*words, strict=True) if words else ((), (), ())
        ends = len(self.shown) + np.cumsum(list(map(len, known)))
        self._rows.extend([range(end - len(each), end) for end, each in zip(ends.tolist(), known, strict=True)])
        self.shown += shown
        self.kind.extend(kinds)
        self.length.extend([len(text) for text in shown])
        self.look.extend([_look(text) for text in shown])
        self._label(forms)

    def _label(self, words: Sequence[Sequence[str]]) -> None:
        """What the automaton asks of words, each given by its letters and by those after prefixes."""
        counts = np.fromiter(map(len, words), np.int64, len(words))
        firsts = np.cumsum(counts) - counts
        sets = self._automaton.labels.sets(list(chain.from_iterable(words)))
        self.labels.extend(sets[firsts])
        nodes, forms = self._automaton.starts(sets)
        starts, whose = np.zeros(len(nodes), _START), np.repeat(np.arange(len(words)), counts)[forms]
        starts["node"], starts["offset"] = nodes, forms - firsts[whose]
        self.starts.add(np.bincount(whose, minlength=len(words)), starts)

    def _forget(self) -> None:
        self.shown = []  # what was read before may still be quoted
        for kept in (self._rows, self.kind, self.length, self.look, self.labels, self.starts):
            kept.clear()

    def _words_of(self, unit: str) -> Sequence[_Word]:
        if unit == END:
            return (_END,)
        folded = fold(unit)
        if not self._spaced:
            return ((folded, STOP if folded in _HAN_ENDS else WORD, (folded,)),)
        if folded.isalnum():
            return (self._word(folded),)
        pieces = [piece for piece in _PIECE.findall(folded) if piece.strip(_QUOTES)]
        return [self._word(piece) if piece[0].isalnum() else _mark(piece) for piece in pieces]

    def _word(self, text: str) -> _Word:
        forms = [text[:_LONGEST]]
        if self._prefixes:
            forms += self._after_prefixes(text)
        return f" {text}", WORD, forms

    def _after_prefixes(self, text: str) -> Iterator[str]:
        """What is left of a word without the letters that may hang before it."""
        for offset in range(1, min(_MOST_PREFIXES, len(text) - 1) + 1):
            if text[offset - 1] not in self._prefixes or len(text) - offset < _SHORTEST_WITHOUT_PREFIX[offset]:
                break
            yield text[offset : offset + _LONGEST]


def _look(shown: str) -> int:
    if shown == " ":
        return SPACE
    return LETTERS if shown.strip()[:1].isalnum() else MARK


def _mark(piece: str) -> _Word:
    return _PAUSE if _ENDS.isdisjoint(piece) else _STOP
