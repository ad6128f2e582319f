"""Many texts as columns: units (words, characters) as numbers, and tables of what is known of each unit.

What a signal asks of a word is worked out once and kept in arrays, one entry for each number, so that a batch of texts
is read with a few array operations. A verdict still depends on its own text alone: sums are exact or go in the order of
the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# So many units, and characters in them, are kept; then all are forgotten.
_MOST_UNITS, _MOST_CHARACTERS = 24_000, 300_000


class Vocabulary:
    """A number for each unit that came up, in order from 0; `learn` is told of new ones, and `forget` of none left."""

    def __init__(self, learn: Callable[[Sequence[str]], None], forget: Callable[[], None]) -> None:
        self._learn = learn
        self._forget = forget
        self._numbers: dict[str, int] = {}
        self._characters = 0

    def numbers(self, units: Sequence[str]) -> Ints:
        """The number of each unit; they hold until the next call."""
        if len(self._numbers) > _MOST_UNITS or self._characters > _MOST_CHARACTERS:
            self.clear()
        try:  # in most batches no unit is new
            return np.fromiter(map(self._numbers.__getitem__, units), np.int64, len(units))
        except KeyError:
            new = list(set(units).difference(self._numbers))
        try:
            self._learn(new)
        except BaseException:  # also Ctrl-C: half of what was learnt would be read under other words' numbers
            self.clear()
            raise
        self._numbers.update(zip(new, range(len(self._numbers), len(self._numbers) + len(new)), strict=True))
        self._characters += sum(map(len, new))
        return np.fromiter(map(self._numbers.__getitem__, units), np.int64, len(units))

    def clear(self) -> None:
        """All units are forgotten before there are too many."""
        self._numbers.clear()
        self._characters = 0
        self._forget()


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

    def clear(self) -> None:
        """No entries any more."""
        self._size = 0


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


def joined(texts: Sequence[Sequence[str]], between: str) -> tuple[list[str], Ints]:
    """The units of all texts, `between` after each text, and how many units each has (with that one)."""
    flat: list[str] = []
    for units in texts:
        flat += units
        flat.append(between)
    return flat, np.fromiter((len(units) + 1 for units in texts), np.int64, len(texts))
