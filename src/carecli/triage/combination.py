"""How what the words say and what the rules found are weighed together.

The numbers of a text reach each output in two ways: straight, each times a weight, and over a layer of sums of them,
each with weights of its own, which count as far as they are above zero. The straight way takes each finding for itself;
over the layer one may change what another means, as "in 1998" does with "smoke". Weights are kept in shares of a power
of two and sums are rounded to such, so that they add up exactly, and a verdict is the same in any batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from carecli.triage.linear import Floats, times

_WEIGHT_STEPS, _SUM_STEPS = 1024, 64


class Layer(NamedTuple):
    """A column of weights for each output, and what each output has before anything is added."""

    weights: Floats
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        """One row a text."""
        return times(rows, self.weights) + self.bias


class Combination(NamedTuple):
    """The straight way, the one to the layer between, and the weights that lead on from there."""

    straight: Layer
    inner: Layer
    outer: Floats

    def __call__(self, inputs: Floats) -> Floats:
        """The logits, one row a text."""
        sums = rounded(np.maximum(self.inner(inputs), 0.0), _SUM_STEPS)
        logits: Floats = self.straight(inputs) + times(sums, self.outer)
        return logits

    def shifted(self, by: Floats) -> Combination:
        """The same with so much more for each output."""
        return self._replace(straight=self.straight._replace(bias=self.straight.bias + by))


def rounded(values: Floats, steps: int = _WEIGHT_STEPS) -> Floats:
    """In whole shares of one; those of weights, where nothing else is said."""
    shares: Floats = np.rint(values * steps) / steps
    return shares


def packed(combination: Combination) -> dict[str, Any]:
    """The arrays of a combination, small, for a file."""
    straight, inner, outer = combination
    return {
        "straight": _whole(straight.weights), "straight_bias": straight.bias,
        "inner": _whole(inner.weights), "inner_bias": inner.bias, "outer": _whole(outer),
    }  # fmt: skip


def unpacked(arrays: Mapping[str, Any]) -> Combination:
    """The combination whose arrays `packed` gave."""
    straight, inner = (Layer(arrays[name] / _WEIGHT_STEPS, arrays[f"{name}_bias"]) for name in ("straight", "inner"))
    return Combination(straight, inner, arrays["outer"] / _WEIGHT_STEPS)


def _whole(weights: Floats) -> Any:
    return np.rint(weights * _WEIGHT_STEPS).astype(np.int32)
