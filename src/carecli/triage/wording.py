"""The words of many texts as columns: what each may be in the phrases of one file, and which phrases begin with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt

from carecli.triage.automaton import PAUSE, STOP, WORD, Automaton
from carecli.triage.columns import Column, Ints, Runs
from carecli.triage.labels import Forms
from carecli.triage.many import pieces
from carecli.triage.memo import Memo
from carecli.triage.vocabulary import END, Rows, Tokens, end_of

_ENDS = frozenset(".!?;¶\u2026。")
# A mark inside a word is part of it; marks that are only quotes are nothing.
_PIECE = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|\0|[ \t'\"]*(?:[^\w\0 \t'\"]|_)(?:[^\w\0]|_)*")
_HAN_ENDS = frozenset((*".!?;\n", END))
_MOST_WORDS = 60_000
_START = np.dtype([("node", np.int32), ("offset", np.int32)])
# With fewer letters left, the first ones are rather part of the word: the shot in a fast one (מהירה).
_LEFT_WITHOUT_PREFIXES = (2, 4)

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

    def _learn(self, units: Sequence[str], folded: Sequence[str]) -> None:
        if self._spaced:
            found, counts = pieces(_PIECE, folded, end_of(units))
            words = [f" {piece}" if piece[:1].isalnum() else _SHOWN[piece] for piece in found]
            kinds = np.fromiter(map(_KINDS.get, words, repeat(WORD)), np.int8, len(words))
            looks = np.where(kinds == WORD, LETTERS, MARK)
        else:
            words, counts = list(folded), [1] * len(folded)
            kinds = np.fromiter(map(_kind_of_character, words), np.int8, len(words))
            looks = np.fromiter(map(_look_of_character, words), np.int8, len(words))
        self._rows.add(np.array(counts, np.int64), np.arange(len(self.shown), len(self.shown) + len(words)))
        self.shown += words
        self.length.extend(list(map(len, words)))
        self.kind.extend(kinds)
        self.look.extend(looks)
        self._label(self._forms(words, kinds) if self._spaced else Forms.of(words))

    def _label(self, forms: Forms) -> None:
        """What the automaton asks of words, as they are and without prefixes."""
        sets, count = self._automaton.labels.sets(forms), len(forms.ends)
        firsts = np.searchsorted(forms.whose, np.arange(count))
        self.labels.extend(sets[firsts])
        nodes, which = self._automaton.starts(sets)
        starts, whose = np.zeros(len(nodes), _START), forms.whose[which]
        starts["node"], starts["offset"] = nodes, which - firsts[whose]
        self.starts.add(np.bincount(whose, minlength=count), starts)

    def _forget(self) -> None:
        self.shown = []  # what was read before may still be quoted
        for kept in (self._rows, self.kind, self.length, self.look, self.labels, self.starts):
            kept.clear()

    def _forms(self, words: Sequence[str], kinds: npt.NDArray[np.int8]) -> Forms:
        """The letters of each word, and what is left without those that may hang before it; of marks nothing."""
        forms = Forms.of(words)
        hanging = np.where(kinds == WORD, forms.hanging(self._prefixes, _LEFT_WITHOUT_PREFIXES, 1), 0)
        return forms.without(np.where(kinds == WORD, 1, forms.ends - forms.starts), hanging)


def _shown(marks: str) -> str:
    return END if marks == END else _PAUSE if _ENDS.isdisjoint(marks) else _STOP


_SHOWN = Memo(_shown, 1_000)
_KINDS = {_PAUSE: PAUSE, _STOP: STOP, END: STOP}


def _kind_of_character(character: str) -> int:
    return STOP if character in _HAN_ENDS else WORD


def _look_of_character(character: str) -> int:
    return SPACE if character == " " else LETTERS if character.isalnum() else MARK
