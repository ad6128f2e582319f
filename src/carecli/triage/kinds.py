"""Which kinds of cues and which marks stand in many texts, as columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carecli.triage.columns import Flags, Ints
from carecli.triage.cues import DANGERS, Hits

_KINDS = """
emergency emergency_maybe harm person spam spam_weak spam_report lead question why request suggestion complaint problem
again sarcasm thanks praise rival but service today soon stuck fraud outage locked deadline week money emergency_not
bygone unreal mundane
"""
KINDS = (*_KINDS.split(), *DANGERS)
_AT = {kind: index for index, kind in enumerate(KINDS)}


class Kinds:
    """How often each of KINDS occurs: `table` has a row for each text.

    `marks` are those of each text (`symbols.py`).
    """

    def __init__(self, hits: Sequence[Hits], marks: Sequence[int]) -> None:
        self._marks = np.array(marks, np.int64)
        self.table = np.zeros((len(hits), len(KINDS)), np.int64)
        found = [
            (text, _AT[kind], len(each)) for text, of in enumerate(hits) for kind, each in of.items() if kind in _AT
        ]
        if found:
            texts, kinds, counts = np.array(found).T
            self.table[texts, kinds] = counts

        self._there = np.ascontiguousarray(self.table.T > 0)

    def marked(self, mark: int) -> Flags:
        """Which texts have a mark."""
        there: Flags = self._marks & mark != 0
        return there

    def count(self, kind: str) -> Ints:
        """How often a kind occurs in each text."""
        column: Ints = self.table[:, _AT[kind]]
        return column

    def has(self, kind: str, *others: str) -> Flags:
        """In which texts one of the kinds occurs."""
        there: Flags = self._there[_AT[kind]].copy()
        for other in others:
            there |= self._there[_AT[other]]
        return there
