"""Many texts as columns.

What a signal asks of a word is worked out once and kept in arrays, so that a batch of texts is read with a few array
operations. A verdict still depends on its own text alone: sums are exact or go in the order of
the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Column:
    """An array that grows: one entry, or row, for each number."""

    def __init__(self, kind: Any, width: int | None = None) -> None:
        self._shape = () if width is None else (width,)
        self._array = np.zeros((0, *self._shape), kind)
        self._size = 0

    @property
    def all(self) -> npt.NDArray[Any]:
        """The entries so far."""
        return self._array[: self._size]

    def extend(self, values: Any) -> None:
        """More entries at the end."""
        more = np.asarray(values, self._array.dtype).reshape(-1, *self._shape)
        end = self._size + len(more)
        if end > len(self._array):
            grown = np.zeros((max(1024, 2 * end), *self._shape), self._array.dtype)
            grown[: self._size] = self.all
            self._array = grown
        self._array[self._size : end] = more
        self._size = end

    def cut(self, size: int) -> None:
        """No more entries than so many."""
        self._size = min(size, self._size)

    def clear(self) -> None:
        """No entries any more."""
        self._size = 0


class Runs:
    """A run of entries, also an empty one, for each number."""

    def __init__(self, kind: Any) -> None:
        self._values, self._first, self._count = Column(kind), Column(np.int64), Column(np.int64)

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def counts(self) -> Ints:
        """How long each run is."""
        return self._count.all

    def extend(self, runs: Sequence[Sequence[Any]]) -> None:
        """More runs."""
        self.add(np.fromiter(map(len, runs), np.int64, len(runs)), list(chain.from_iterable(runs)))

    def add(self, counts: Ints, values: Any) -> None:
        """More runs, so long each, one after another."""
        self._first.cut(len(self))  # what Ctrl-C left
        starts = len(self._values.all) + np.cumsum(counts) - counts
        self._values.extend(values)
        self._first.extend(starts)
        self._count.extend(counts)

    def clear(self) -> None:
        """No runs any more."""
        for column in (self._count, self._first, self._values):
            column.clear()

    def of(self, numbers: Ints) -> tuple[npt.NDArray[Any], Ints]:
        """The entries of some runs, one run after another, and the place in `numbers` that each belongs to."""
        counts = self._count.all[numbers]
        whose = np.repeat(np.arange(len(numbers)), counts)
        before = self._first.all[numbers] - np.cumsum(counts) + counts
        return self._values.all[np.arange(len(whose)) + before[whose]], whose


def spread(starts: Ints, counts: Ints) -> Ints:
    """`start, start + 1, …` of every run, one run after another."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    found: Ints = np.arange(total) + np.repeat(starts - (ends - counts), counts)
    return found


def are(labels: Ints, names: Sequence[str], *ones: str) -> Flags:
    """Which labels, each given by its place in `names`, are one of these."""
    found: Flags = np.array([name in ones for name in names], bool)[labels]
    return found
