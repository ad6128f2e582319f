"""The words of many texts as columns: what each may be in the phrases of one file, and which phrases begin with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from carecli.triage.automaton import PAUSE, STOP, WORD, Automaton
from carecli.triage.columns import Column, Ints, Runs
from carecli.triage.vocabulary import END, Rows, Tokens

_ENDS = frozenset(".!?;¶\u2026。")
_QUOTES = " \t'\""
# A mark inside a word is part of it.
_PIECE = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[\W_]+")
_HAN_ENDS = frozenset((*".!?;\n", END))
_LONGEST = 40
_MOST_PREFIXES = 2
_MOST_WORDS = 60_000
_START = np.dtype([("node", np.int32), ("offset", np.int32)])
# With fewer letters left, the first ones are rather part of the word: the shot in a fast one (מהירה).
_SHORTEST_WITHOUT_PREFIX = (0, 2, 4)

_STOP, _PAUSE = ".", ","
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
        self._rows = Runs(np.int64)
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

    def _learn(self, _: Sequence[str], folded: Sequence[str]) -> None:
        known = [_words_of(unit) for unit in folded] if self._spaced else [(unit,) for unit in folded]
        words = list(chain.from_iterable(known))
        counts = np.fromiter(map(len, known), np.int64, len(known))
        self._rows.add(counts, np.arange(len(self.shown), len(self.shown) + len(words)))
        self.shown += words
        self.length.extend(list(map(len, words)))
        self.kind.extend(list(map(_kind if self._spaced else _kind_of_character, words)))
        self.look.extend(list(map(_look, words)))
        self._label([list(self._forms(word)) if self._prefixes else (self._letters(word),) for word in words])

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

    def _letters(self, word: str) -> str:
        """What a word may be in a phrase, without the space before it; marks are nothing there."""
        return word if not self._spaced else word[1 : 1 + _LONGEST]

    def _forms(self, word: str) -> Iterator[str]:
        """The letters of a word, and what is left without those that may hang before it."""
        yield self._letters(word)
        for offset in range(1, min(_MOST_PREFIXES, len(word) - 2) + 1):
            if word[offset] not in self._prefixes or len(word) - 1 - offset < _SHORTEST_WITHOUT_PREFIX[offset]:
                break
            yield word[1 + offset : 1 + offset + _LONGEST]


def _words_of(folded: str) -> Sequence[str]:
    """The words and marks of what stands between two spaces, as they are shown: words with the space before them."""
    if folded.isalnum():
        return (f" {folded}",)
    if folded == END:
        return (END,)
    pieces = [piece for piece in _PIECE.findall(folded) if piece.strip(_QUOTES)]
    return [f" {piece}" if piece[0].isalnum() else _PAUSE if _ENDS.isdisjoint(piece) else _STOP for piece in pieces]


def _kind(shown: str) -> int:
    return WORD if shown[:1] == " " else PAUSE if shown == _PAUSE else STOP


def _kind_of_character(character: str) -> int:
    return STOP if character in _HAN_ENDS else WORD


def _look(shown: str) -> int:
    if shown == " ":
        return SPACE
    return LETTERS if shown[:1] == " " or shown[:1].isalnum() else MARK
