"""What the features of a token amount to in a linear model: worked out once for each token of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Column, Ints
from carecli.triage.features import buckets_by, parts
from carecli.triage.variants import simplified
from carecli.triage.vocabulary import Rows

if TYPE_CHECKING:
    from carecli.triage.linear import Linear

# Of so many characters the features are worked out at once.
_AT_ONCE = 20_000


class Sums(NamedTuple):
    """One entry a token, or a text: sums of the weights in lanes, what no sum of weights exceeds, the sum of the
    squares of rarities."""

    lanes: Ints
    bounds: Ints
    squares: Ints


class Known:
    """The sums of each token of the vocabulary for one model, the hashes of its first and last word, its own row."""

    def __init__(self, model: Linear) -> None:
        self._model = model
        self.lanes = Column(np.int64, model.lanes.shape[1])
        self.bounds, self.squares = Column(np.int64), Column(np.int64)
        self.first, self.last, self.own = Column(np.uint32), Column(np.uint32), Column(np.int32)
        self.rows = Rows(self._learn, self._forget)

    def _learn(self, _: Sequence[str], folded: Sequence[str]) -> None:
        tokens = simplified(folded)
        for some in in_runs(tokens):
            sums, first, last = summed(self._model, some)
            self.lanes.extend(sums.lanes)
            self.bounds.extend(sums.bounds)
            self.squares.extend(sums.squares)
            self.first.extend(first)
            self.last.extend(last)
            self.own.extend(self._model.rows[buckets_by(last)])

    def _forget(self) -> None:
        for column in (self.lanes, self.bounds, self.squares, self.first, self.last, self.own):
            column.clear()


def summed(model: Linear, tokens: Sequence[str]) -> tuple[Sums, npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The sums of folded tokens, and the hashes of the first and last word of each."""
    found, first, last = parts(tokens)
    sums, count = nothing(len(tokens), model), len(tokens)
    for buckets, owners in found:
        rows = model.rows[buckets]
        inside = np.flatnonzero(rows)
        sums.lanes[:] += by_owner(model.lanes.take(rows[inside], axis=0), owners[inside], count)
        sums.bounds[:] += np.bincount(owners, model.heaviest[rows], count).astype(np.int64)
        sums.squares[:] += np.bincount(owners, model.rarity[buckets].astype(np.int64) ** 2, count).astype(np.int64)
    return sums, first, last


def nothing(count: int, model: Linear) -> Sums:
    """The sums of so many tokens without features."""
    return Sums(np.zeros((count, model.lanes.shape[1]), np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64))


def in_runs(tokens: Sequence[str]) -> Iterator[Sequence[str]]:
    """The tokens in runs whose features have a place in memory."""
    ends = np.cumsum(np.fromiter(map(len, tokens), np.int64, len(tokens))) // _AT_ONCE
    for start, end in pairwise([0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(tokens)]):
        yield tokens[start:end]


def by_owner(lanes: Ints, owners: npt.NDArray[np.signedinteger], count: int) -> Ints:
    """The sums of rows by owner; owners are in order."""
    totals = np.zeros((count, lanes.shape[1]), np.int64)
    if len(owners):
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        totals[owners[starts]] = np.add.reduceat(lanes, starts, axis=0)
    return totals
