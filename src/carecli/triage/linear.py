"""A linear model with one softmax for each signal over shared features; `fitting.py` makes one.

A text is the vector of how often each feature occurs, times how rare the feature is (the logarithm of the inverse
document frequency), at length one. Weights and rarities are whole numbers, so that sums of them are exact and a verdict
is the same in any batch and any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Ints
from carecli.triage.features import BUCKETS, hashed, paired
from carecli.triage.known import Known, Sums, by_owner, in_runs, nothing, summed
from carecli.triage.variants import comparable
from carecli.triage.vocabulary import ONE_AT_A_TIME, Tokens, added

Floats = npt.NDArray[np.float64]
Narrow = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
RARITY_STEPS = 16
_WHOLE, _LEAST = 127, 2
# A lane holds sums of weights up to this size.
_LANES, _LANE_BITS = 3, 21
MOST = (1 << _LANE_BITS - 1) - 1
# So many rows, by a hundred columns, a BLAS multiplies by itself; the threads that it calls for twice as many cost more
# than they bring.
_NO_THREADS = 64


class Head(NamedTuple):
    """One signal: its name and its labels, whose order is that of the outputs."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Weights for some buckets: `rows[bucket]` is the row in `weights` (row 0 is zeros); `unit` is the worth of 1.

    `rarity` is the inverse document frequency of each bucket in sixteenths, already multiplied into the weights.
    `lanes` are the weights once more, three to an integer, and `heaviest` the largest one of each row. `known` is kept
    of tokens that came up.
    """

    rows: npt.NDArray[np.int32]
    weights: npt.NDArray[np.int8]
    bias: Floats
    unit: float
    rarity: npt.NDArray[np.uint8]
    lanes: npt.NDArray[np.int64]
    heaviest: npt.NDArray[np.uint8]
    known: Known = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", Known(self))

    def logits(self, texts: Sequence[Sequence[str]]) -> Floats:
        """One row a text, given as its tokens; one column an output."""
        with ONE_AT_A_TIME:
            return self.of(added(texts), {})

    def of(self, tokens: Tokens, whole: Mapping[int, str]) -> Floats:
        """The same of texts whose tokens are numbers; a `whole` text is one token that is no word of the vocabulary."""
        apart, places = np.ones(len(tokens.sizes), bool), np.fromiter(whole, np.int64, len(whole))
        apart[places] = False
        sums = nothing(len(apart), self)
        if apart.any():
            rows = self.known.rows.of(tokens.of(apart).numbers)
            _put(sums, np.flatnonzero(apart), self._spaced(rows, tokens.sizes[apart]))
        for some in in_runs(list(whole.values())):
            _put(sums, places[: len(some)], summed(self, some)[0])
            places = places[len(some) :]
        found = _unlaned(sums.lanes, self.weights.shape[1])
        for place in np.flatnonzero(sums.bounds > MOST).tolist():
            found[place] = self._sums([whole[place]] if place in whole else tokens.units_of(place))
        return found * (self.unit * RARITY_STEPS) / np.sqrt(np.maximum(sums.squares, 1))[:, None] + self.bias

    def _spaced(self, rows: Ints, sizes: Ints) -> Sums:
        """The sums of texts of so many tokens each: those of the tokens and of the pairs of words over a space."""
        known, places = self.known, np.concatenate([[0], np.cumsum(sizes)])
        pairs, whose = paired(known.first.all[rows], known.last.all[rows], places)
        own = self.rows[pairs]
        inside = np.flatnonzero(own)
        bounds = np.bincount(whose, self.heaviest[own], len(sizes)).astype(np.int64)
        squares = np.bincount(whose, self.rarity[pairs].astype(np.int64) ** 2, len(sizes)).astype(np.int64)
        lanes = by_owner(self.lanes.take(own[inside], axis=0), whose[inside], len(sizes))
        starts = places[:-1]
        return Sums(
            lanes + np.add.reduceat(known.lanes.all.take(rows, axis=0), starts, axis=0),
            bounds + np.add.reduceat(known.bounds.all[rows], starts),
            squares + np.add.reduceat(known.squares.all[rows], starts),
        )

    def _sums(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """The sums of the weights of one text whose sums may be too large for lanes: one word, again and again."""
        buckets = hashed([[comparable(token) for token in tokens]]).buckets
        sums: npt.NDArray[np.int64] = self.weights[self.rows[buckets]].sum(axis=0, dtype=np.int64)
        return sums


def _put(sums: Sums, places: Ints, some: Sums) -> None:
    """The sums of some texts among those of all."""
    for column, part in zip(sums, some, strict=True):
        column[places] = part


def _laned(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
    """The weights, three to an integer."""
    lanes = np.zeros((len(weights), -(-weights.shape[1] // _LANES)), np.int64)
    for output in range(weights.shape[1]):  # one by one, as all of them at once would take much memory
        lane, place = divmod(output, _LANES)
        lanes[:, lane] += weights[:, output].astype(np.int64) << _LANE_BITS * place
    return lanes


def _unlaned(totals: npt.NDArray[np.int64], width: int) -> Floats:
    """Sums of rows that were laned, as the sums of their weights, none of which is larger than MOST."""
    apart = np.zeros((*totals.shape, _LANES), np.int64)
    for place in range(_LANES):  # a negative sum has borrowed one from the lane above
        apart[:, :, place] = (totals + MOST + 1 & 2 * MOST + 1) - MOST - 1
        totals = totals - apart[:, :, place] >> _LANE_BITS
    return apart.reshape(len(totals), totals.shape[1] * _LANES)[:, :width].astype(np.float64)


def _heaviest(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.uint8]:
    """The size of the largest weight of each row."""
    found = np.zeros(len(weights), np.uint8)
    for output in range(weights.shape[1]):
        np.maximum(found, np.abs(weights[:, output].astype(np.int16)).astype(np.uint8), out=found)
    return found


def packed(linear: Linear) -> dict[str, Any]:
    """The arrays of a model but for its rarities, small, for a file."""
    buckets = np.flatnonzero(linear.rows)
    return {
        "buckets": np.diff(buckets, prepend=0).astype(np.uint32),
        "weights": linear.weights[linear.rows[buckets]].T,
        "bias": linear.bias,
        "unit": np.array(linear.unit),
    }


def unpacked(arrays: Mapping[str, Any], rarity: npt.NDArray[np.uint8]) -> Linear:
    """The model whose arrays `packed` gave."""
    buckets = np.cumsum(arrays["buckets"])
    weights = arrays["weights"].T
    table = np.zeros((len(buckets) + 1, weights.shape[1]), np.int8)
    table[1:] = weights
    rows = np.zeros(BUCKETS, np.int32)
    rows[buckets] = np.arange(1, len(buckets) + 1)
    return Linear(rows, table, arrays["bias"], float(arrays["unit"]), rarity, _laned(table), _heaviest(table))


def quantised(weights: Floats, buckets: npt.NDArray[np.int64], bias: Floats, rarity: npt.NDArray[np.uint8]) -> Linear:
    """A model of `weights` (one row for each of `buckets`) in whole numbers −127…127; rows that are all small go."""
    unit = float(np.abs(weights).max(initial=0.0)) / _WHOLE or 1.0  # what is cut off is what weighs most
    whole = np.clip(np.rint(weights / unit), -_WHOLE, _WHOLE).astype(np.int8)
    kept = np.flatnonzero(np.abs(whole).max(axis=1) >= _LEAST)
    rows = np.zeros(BUCKETS, np.int32)
    rows[buckets[kept]] = np.arange(1, len(kept) + 1)
    table = np.zeros((len(kept) + 1, weights.shape[1]), np.int8)
    table[1:] = whole[kept]
    return Linear(rows, table, bias, unit, rarity, _laned(table), _heaviest(table))


def times(rows: Floats, weights: Floats) -> Floats:
    """The product of two matrices of few binary digits: it is exact, in whatever order a BLAS adds."""
    parts = range(0, max(1, len(rows)), _NO_THREADS)
    product: Floats = np.concatenate([rows[start : start + _NO_THREADS] @ weights for start in parts])
    return product


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares
