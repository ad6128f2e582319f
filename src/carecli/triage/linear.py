"""A linear model with one softmax for each signal over shared features, and how it is trained.

A text is the vector of how often each feature occurs, times how rare the feature is (the logarithm of the inverse
document frequency), at length one. Weights and rarities are whole numbers, so that sums of them are exact and a verdict
is the same in any batch and any order.
There are far more features than texts to learn from, so training looks for one coefficient for each text (the dual
form): the mean cross-entropy plus a quadratic penalty is minimised by L-BFGS (J. Nocedal, Updating quasi-Newton
matrices with limited storage, 1980): deterministic, no learning rate, numpy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Ints
from carecli.triage.features import BUCKETS, Features, hashed, paired
from carecli.triage.known import Known, Sums, by_owner, in_runs, nothing, summed
from carecli.triage.prepare import comparable
from carecli.triage.vocabulary import ONE_AT_A_TIME, Tokens, added

Floats = npt.NDArray[np.float64]
Narrow = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_MEMORY = 8
RARITY_STEPS = 16
_WHOLE, _LEAST = 127, 2
# A lane holds sums of weights up to this size.
_LANES, _LANE_BITS = 3, 21
MOST = (1 << _LANE_BITS - 1) - 1


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
        lanes = by_owner(self.lanes[own[inside]], whose[inside], len(sizes))
        starts = places[:-1]
        return Sums(
            lanes + np.add.reduceat(known.lanes.all[rows], starts, axis=0),
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


def norms(features: Features, rarity: npt.NDArray[np.uint8]) -> Floats:
    """The length of each text's vector, in sixteenths; 1 for a text without features."""
    squares = rarity[features.buckets].astype(np.int64) ** 2
    totals = np.zeros(len(features) + 1, np.int64)
    filled = np.flatnonzero(np.diff(features.starts))
    if len(filled):
        totals[filled] = np.add.reduceat(squares, features.starts[filled])
    lengths: Floats = np.sqrt(np.maximum(totals[:-1], 1))
    return lengths


def rarities(features: Features) -> npt.NDArray[np.uint8]:
    """How rare every bucket is in these texts: ln((n + 1) / (df + 1)), in sixteenths."""
    texts = np.repeat(np.arange(len(features)), np.diff(features.starts))
    once = np.unique(texts * BUCKETS + features.buckets) % BUCKETS
    frequency = np.bincount(once, minlength=BUCKETS)
    steps: npt.NDArray[np.uint8] = np.rint(RARITY_STEPS * np.log((len(features) + 1) / (frequency + 1))).astype(
        np.uint8
    )
    return steps


def quantised(weights: Floats, buckets: npt.NDArray[np.int64], bias: Floats, rarity: npt.NDArray[np.uint8]) -> Linear:
    """A model of `weights` (one row for each of `buckets`) in whole numbers −127…127; rows that are all small go."""
    unit = float(np.quantile(np.abs(weights), 0.9999)) / _WHOLE or 1.0
    whole = np.clip(np.rint(weights / unit), -_WHOLE, _WHOLE).astype(np.int8)
    kept = np.flatnonzero(np.abs(whole).max(axis=1) >= _LEAST)
    rows = np.zeros(BUCKETS, np.int32)
    rows[buckets[kept]] = np.arange(1, len(kept) + 1)
    table = np.zeros((len(kept) + 1, weights.shape[1]), np.int8)
    table[1:] = whole[kept]
    return Linear(rows, table, bias, unit, rarity, _laned(table), _heaviest(table))


def times(rows: Floats, weights: Floats) -> Floats:
    """The product of two matrices, without the threads of a BLAS: for these sizes they cost more than they bring."""
    product: Floats = np.einsum("ij,jk->ik", rows, weights)
    return product


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


class Sparse(NamedTuple):
    """Texts as rows of length one: `values` at `columns`, which stand for `buckets`; row i begins at `starts[i]`."""

    columns: npt.NDArray[np.int64]
    values: Narrow
    starts: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.int64]

    def transposed_times(self, coefficients: Floats) -> Floats:
        """The weights of each column that coefficients of the rows amount to."""
        rows = np.repeat(np.arange(len(coefficients)), np.diff(self.starts))
        weights = np.zeros((len(self.buckets), coefficients.shape[1]))
        for output in range(coefficients.shape[1]):
            products = coefficients[rows, output] * self.values
            weights[:, output] = np.bincount(self.columns, products, minlength=len(self.buckets))
        return weights


def sparse(features: Features, rarity: npt.NDArray[np.uint8]) -> Sparse:
    """The texts as rows of length one, each feature once."""
    texts = np.repeat(np.arange(len(features)), np.diff(features.starts))
    keys, counts = np.unique(texts * BUCKETS + features.buckets, return_counts=True)
    buckets, columns = np.unique(keys % BUCKETS, return_inverse=True)
    owners = keys // BUCKETS
    values = counts * rarity[keys % BUCKETS] / norms(features, rarity)[owners]
    starts = np.searchsorted(owners, np.arange(len(features) + 1))
    return Sparse(columns, values.astype(np.float32), starts, buckets)


def similarities(matrix: Sparse) -> Narrow:
    """The products of all pairs of rows."""
    count = len(matrix.starts) - 1
    kernel = np.zeros((count, count), np.float32)
    filled = np.flatnonzero(np.diff(matrix.starts))
    row = np.zeros(len(matrix.buckets), np.float32)
    for place, text in enumerate(filled):
        begin, later = matrix.starts[text], filled[place:]
        part = slice(begin, matrix.starts[text + 1])
        row[matrix.columns[part]] = matrix.values[part]
        products = np.add.reduceat(row[matrix.columns[begin:]] * matrix.values[begin:], matrix.starts[later] - begin)
        kernel[text, later] = kernel[later, text] = products
        row[matrix.columns[part]] = 0
    return kernel


class Dual(NamedTuple):
    """One coefficient for each text and output, and the bias."""

    coefficients: Floats
    bias: Floats


def possible(labels: Labels, heads: Sequence[Head]) -> Flags:
    """Which outputs may be right: of each head the label of its column alone, all of them where it is −1."""
    columns = zip(labels.T, heads, strict=True)
    parts = [(given[:, None] == np.arange(len(head.labels))) | (given[:, None] < 0) for given, head in columns]
    return np.concatenate(parts, axis=1)


def train(
    kernel: Narrow, may_be: Flags, heads: Sequence[Head], *, penalty: float, offset: Floats | None = None,
    biased: bool = True, steps: int = 100,
) -> Dual:  # fmt: skip
    """Fit all heads to texts whose products are `kernel`.

    What is searched is the coefficients, but steps and slopes are measured as the weights that they amount to, which
    needs several times fewer of them: a point is both the coefficients and their products with the kernel.

    `may_be` has a column for each output, true for the labels that a text may have (`possible`); `offset` are
    logits that are there already, `penalty` says how much the squares of the weights count; without `biased` there
    is no free constant.
    """
    count, width = may_be.shape
    start = np.zeros((count, width)) if offset is None else offset

    def loss(point: Floats) -> tuple[float, Floats]:
        coefficients, inner = point[0, :-1], point[1, :-1]
        value, gradient = cross_entropy(inner + point[0, -1] + start, may_be, heads)
        slope = np.empty_like(point)
        slope[0, :-1] = gradient / count + penalty * coefficients
        slope[1, :-1] = kernel @ slope[0, :-1].astype(np.float32)
        slope[:, -1] = gradient.sum(axis=0) / count * biased
        return value / count + penalty / 2 * float((coefficients * inner).sum()), slope

    found = minimise(loss, np.zeros((2, count + 1, width)), steps, lambda one, other: float((one[0] * other[1]).sum()))
    return Dual(found[0, :-1], found[0, -1])


def primal(matrix: Sparse, dual: Dual, rarity: npt.NDArray[np.uint8]) -> Linear:
    """The weights that a dual solution amounts to, in whole numbers."""
    weights = matrix.transposed_times(dual.coefficients) * rarity[matrix.buckets][:, None] / RARITY_STEPS
    return quantised(weights, matrix.buckets, dual.bias, rarity)


def cross_entropy(logits: Floats, may_be: Flags, heads: Sequence[Head]) -> tuple[float, Floats]:
    """Minus the logarithm of the probability of what may be, summed over texts and heads; its gradient by logit."""
    value, gradient, start = 0.0, np.zeros_like(logits), 0
    for head in heads:
        part = slice(start, start + len(head.labels))
        start = part.stop
        shares = softmax(logits[:, part])
        right = shares * may_be[:, part]
        total = np.maximum(right.sum(axis=1), 1e-12)
        value -= float(np.log(total).sum())
        gradient[:, part] = shares - right / total[:, None]
    return value, gradient


def minimise(
    loss: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    steps: int,
    dot: Callable[[Floats, Floats], float] = lambda one, other: float((one * other).sum()),
) -> Floats:
    """The minimum of a smooth function near `start`, by L-BFGS with halved steps; `dot` is the inner product."""
    point, (value, slope) = start, loss(start)
    memory: list[tuple[Floats, Floats]] = []
    for _ in range(steps):
        direction = _direction(slope, memory, dot)
        if dot(direction, slope) >= 0:
            direction, memory = -slope, []
        length = 1.0 if memory else min(1.0, 1 / (float(np.abs(slope).sum()) or 1.0))
        for _ in range(20):
            new = point + length * direction
            new_value, new_slope = loss(new)
            if new_value <= value + 1e-4 * length * dot(direction, slope):
                break
            length /= 2
        else:
            break
        if dot(new_slope - slope, new - point) > 1e-12:
            memory = [*memory[-_MEMORY + 1 :], (new - point, new_slope - slope)]
        done = value - new_value < 1e-6 * max(1.0, abs(value))
        point, value, slope = new, new_value, new_slope
        if done:
            break
    return point


def _direction(
    slope: Floats, memory: Sequence[tuple[Floats, Floats]], dot: Callable[[Floats, Floats], float]
) -> Floats:
    direction = -slope
    factors = []
    for moved, change in reversed(memory):
        share = dot(moved, direction) / dot(moved, change)
        factors.append(share)
        direction = direction - share * change
    if memory:
        moved, change = memory[-1]
        direction = direction * (dot(moved, change) / dot(change, change))
    for (moved, change), share in zip(memory, reversed(factors), strict=True):
        direction = direction + moved * (share - dot(change, direction) / dot(moved, change))
    return direction
