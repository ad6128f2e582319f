"""The units of texts (words, characters) as numbers, shared by all signals, and what each signal keeps of a unit.

A text is looked up once, word by word; what the signals know of its words are arrays from then on. All of it is for one
thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import NamedTuple

import numpy as np

from carecli.text import fold
from carecli.triage.columns import Flags, Ints
from carecli.triage.many import each_other

# So many units, and characters in them, are kept; then all are forgotten.
_MOST_UNITS, _MOST_CHARACTERS = 24_000, 300_000
_ROOM = 4_000
Learn = Callable[[Sequence[str], Sequence[str]], None]
# What stands after each text.
END = ""
# Held while numbers are used: what is remembered of words is shared by all threads.
ONE_AT_A_TIME = RLock()


class Vocabulary:
    """A number for each unit that came up, in order from 0; they hold until the next `tidy`.

    `folded` are the units as `carecli.text.fold` makes them.
    """

    def __init__(self) -> None:
        self.units: list[str] = []
        self.folded: list[str] = []
        self.times_forgotten = 0
        self._numbers = _Numbers(self.units)
        self._characters = 0

    def folded_of(self, numbers: Ints) -> list[str]:
        """The units with these numbers, folded."""
        return [self.folded[number] for number in numbers.tolist()]

    def tidy(self) -> None:
        """Forget all units when there are too many."""
        if len(self.units) > _MOST_UNITS or self._characters > _MOST_CHARACTERS:
            self.times_forgotten += 1  # first, as Ctrl-C may come at any time
            self._numbers.clear()
            self.folded.clear()
            self.units.clear()
            self._characters = 0

    def numbers(self, units: Sequence[str]) -> Ints:
        """The number of each unit."""
        found = np.fromiter(map(self._numbers.__getitem__, units), np.int64, len(units))
        if new := self.units[len(self.folded) :]:
            self._characters += sum(map(len, new))
            self.folded += each_other(fold, [unit.lower() if unit.isascii() else unit for unit in new])
        return found


class _Numbers(dict[str, int]):
    """The number of each unit; one that is asked for the first time is added to `units`."""

    def __init__(self, units: list[str]) -> None:
        super().__init__()
        self._units = units

    def __missing__(self, unit: str) -> int:
        number = len(self._units)
        self._units.append(unit)  # first, as Ctrl-C may come at any time
        self[unit] = number
        return number


class Rows:
    """For each unit the row of one's own tables; `forget` empties them.

    `learn` adds rows for units that come up for the first time: as they are, and folded.
    """

    def __init__(self, learn: Learn, forget: Callable[[], None]) -> None:
        self._learn, self._forget = learn, forget
        self._row: Ints = np.zeros(0, np.int64)
        self._count, self._whole = 0, True
        self._times_forgotten = VOCABULARY.times_forgotten

    def of(self, numbers: Ints) -> Ints:
        """The rows of the units with these numbers of the vocabulary."""
        if not self._whole or self._times_forgotten != VOCABULARY.times_forgotten:
            self.clear()
        if len(self._row) < len(VOCABULARY.units):
            unknown = np.full(len(VOCABULARY.units) + _ROOM - len(self._row), -1)
            self._row = np.concatenate([self._row, unknown])
        rows = self._row[numbers]
        if len(new := numbers[rows < 0]):
            self._add(np.unique(new))
            rows = self._row[numbers]
        return rows

    def clear(self) -> None:
        """No rows any more."""
        self._whole = False
        self._row, self._count = np.zeros(0, np.int64), 0
        self._times_forgotten = VOCABULARY.times_forgotten
        self._forget()
        self._whole = True

    def _add(self, new: Ints) -> None:
        self._whole = False  # what an error or Ctrl-C leaves by half would be read as other units' rows
        self._learn([VOCABULARY.units[number] for number in new.tolist()], VOCABULARY.folded_of(new))
        self._row[new] = np.arange(self._count, self._count + len(new))
        self._count += len(new)
        self._whole = True


class Tokens(NamedTuple):
    """The units of many texts by number, one text after another, END after each; `sizes` counts it."""

    numbers: Ints
    sizes: Ints

    def of(self, asked: Flags) -> Tokens:
        """Those of some of the texts."""
        return self if asked.all() else Tokens(self.numbers[np.repeat(asked, self.sizes)], self.sizes[asked])

    def units_of(self, text: int) -> list[str]:
        """The units of one text."""
        end = int(np.sum(self.sizes[: text + 1])) - 1
        return [VOCABULARY.units[number] for number in self.numbers[end - self.sizes[text] + 1 : end].tolist()]

    def with_others(self, texts: Mapping[int, Sequence[str]]) -> Tokens:
        """The same, some of the texts (in order) being others."""
        if not texts:
            return self
        new, places = added(list(texts.values())), list(texts)
        other, sizes = np.zeros(len(self.sizes), bool), self.sizes.copy()
        other[places], sizes[places] = True, new.sizes
        replaced = np.repeat(other, sizes)
        numbers = np.empty(len(replaced), np.int64)
        numbers[replaced], numbers[~replaced] = new.numbers, self.of(~other).numbers
        return Tokens(numbers, sizes)


def end_of(units: Sequence[str]) -> int | None:
    """Where END stands among units that are all different."""
    return units.index(END) if END in units else None


def numbered(texts: Sequence[Sequence[str]]) -> Tokens:
    """The units of texts by number; the numbers of earlier ones don't hold any more."""
    VOCABULARY.tidy()
    return added(texts)


def added(texts: Sequence[Sequence[str]]) -> Tokens:
    """The units of texts by number beside those that are numbered already."""
    flat: list[str] = []
    for units in texts:
        flat += units
        flat.append(END)
    sizes = np.fromiter((len(units) + 1 for units in texts), np.int64, len(texts))
    return Tokens(VOCABULARY.numbers(flat), sizes)


VOCABULARY = Vocabulary()
