"""How a linear model is made from texts and labels.

There are far more features than texts to learn from, so training looks for one coefficient for each text (the dual
form): the mean cross-entropy plus a quadratic penalty is minimised by L-BFGS (J. Nocedal, Updating quasi-Newton
matrices with limited storage, 1980): deterministic, no learning rate, numpy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from carecli.triage.features import BUCKETS, Features
from carecli.triage.linear import RARITY_STEPS, Flags, Floats, Head, Labels, Linear, Narrow, quantised, softmax

_MEMORY = 8


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


class Products(Protocol):
    """The products of all pairs of rows, as a matrix or as what multiplies like one."""

    def __matmul__(self, columns: Narrow) -> Narrow: ...


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
    kernel: Products, may_be: Flags, heads: Sequence[Head], *, penalty: float, offset: Floats | None = None,
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
