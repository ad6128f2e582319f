"""What a user's corrections teach: a small model on top of what the engine says anyway.

Corrections are data; what they teach is made from them alone, the same every time, and can be thrown away. One in five
(by a hash of the text, so always the same ones) teaches nothing and watches: when the engine is further off on those
with what it learnt than without, it goes on without.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage import engine, fitting, linear, prior
from carecli.triage.features import Features, hashed
from carecli.triage.linear import Floats, Labels, Linear
from carecli.triage.prepare import Rules
from carecli.triage.variants import comparable
from carecli.triage.vocabulary import ONE_AT_A_TIME

VERSION = 1
WATCHERS = 5
# How much a text's words, the rules' findings and the mere frequency of a label count; found on development data.
_WORDS, _FINDINGS, _FREQUENCY = 1.0, 0.15, 0.1
_PENALTY = 0.15
_STEPS = 1024
_AT_ONCE = 256


class Correction(NamedTuple):
    """A text and what a person said of it: signal → label; `declared` is the platform's word on the language."""

    text: str
    signals: Mapping[str, Any]
    declared: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What is added to the engine's logits: weights of words, of the rules' findings, and of frequency (`bias`)."""

    linear: Linear
    mix: Floats
    bias: Floats

    def logits(self, words: Floats, evidence: Floats) -> Floats:
        """One row a text, of which `words` are the logits of `linear`."""
        added: Floats = np.rint(words * _STEPS) / _STEPS + linear.times(evidence, self.mix) + self.bias
        return added


class Lesson(NamedTuple):
    """What came of learning. `loss_before` and `loss_after` are means over the watching corrections, None without.

    `learnt` is None when there is nothing to learn from, or when it made the watching ones worse.
    """

    learnt: Learnt | None
    taught: int
    watching: int
    loss_before: float | None
    loss_after: float | None

    @property
    def useful(self) -> bool:
        """Whether what was learnt is used."""
        return self.learnt is not None


def dumped(lesson: Lesson) -> bytes:
    """A lesson as bytes, for a cache."""
    numbers = [lesson.taught, lesson.watching, lesson.loss_before, lesson.loss_after]
    arrays: dict[str, Any] = {}
    if lesson.learnt is not None:
        arrays = {**linear.packed(lesson.learnt.linear), "mix": lesson.learnt.mix, "own_bias": lesson.learnt.bias}
    file = BytesIO()
    np.savez_compressed(file, numbers=np.array(numbers, float), **arrays)
    return file.getvalue()


def loaded(content: bytes) -> Lesson:
    """The lesson that `dumped` wrote."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        taught, watching, before, after = arrays["numbers"].tolist()
        learnt = None
        if "mix" in arrays:
            model = linear.unpacked(arrays, prior.shipped().linear.rarity)
            learnt = Learnt(model, arrays["mix"], arrays["own_bias"])
        losses = [None if math.isnan(loss) else loss for loss in (before, after)]
        return Lesson(learnt, int(taught), int(watching), *losses)


def watches(text: str) -> bool:
    """Whether the correction of this text is held back."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) % WATCHERS == 0


def learn(corrections: Sequence[Correction], rules: Rules, meaning: engine.Meaning | None = None) -> Lesson:
    """The lesson of these corrections, whatever their order, for the default or the semantic engine."""
    ordered = sorted(corrections, key=lambda each: (each.text, labels_of(each.signals), each.declared or ""))
    labels = np.array([labels_of(each.signals) for each in ordered], np.int64).reshape(-1, len(prior.HEADS))
    held = np.array([watches(each.text) for each in ordered], bool)
    taught, watching = np.flatnonzero(~held), np.flatnonzero(held)
    if not (labels[taught] >= 0).any():
        return Lesson(None, len(taught), len(watching), None, None)
    with ONE_AT_A_TIME:
        readings = engine.read([each.text for each in ordered], rules, [each.declared for each in ordered])
        before = engine.logits(readings, engine.Taught(meaning=meaning))
    texts, evidence = [p.units for p in readings.prepared], engine.evidence_of(readings)
    features = hashed([[comparable(token) for token in text] for text in texts])
    learnt = _fitted(taken(features, taught), evidence[taught], labels[taught], before[taught])
    if not (labels[watching] >= 0).any():
        return Lesson(learnt, len(taught), len(watching), None, None)
    after = before + learnt.logits(learnt.linear.logits(texts), evidence)
    losses = [_loss(logits[watching], labels[watching]) for logits in (before, after)]
    return Lesson(learnt if losses[1] <= losses[0] else None, len(taught), len(watching), *losses)


def labels_of(signals: Mapping[str, Any]) -> list[int]:
    """One number for each head, −1 for what a person said nothing of."""
    found = []
    for head in prior.HEADS:
        value = signals.get(head.name)
        if isinstance(value, bool):
            value = "yes" if value else "no"
        found.append(head.labels.index(value) if value in head.labels else -1)
    return found


def taken(features: Features, texts: npt.NDArray[np.int64]) -> Features:
    """The features of some of the texts."""
    counts = np.diff(features.starts)[texts]
    starts = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(starts[-1]) + np.repeat(features.starts[texts] - starts[:-1], counts)
    return Features(features.buckets[places], starts)


def _fitted(features: Features, evidence: Floats, labels: Labels, before: Floats) -> Learnt:
    rarity = prior.shipped().linear.rarity
    matrix = fitting.sparse(features, rarity)
    kernel = fitting.similarities(matrix)
    kernel *= _WORDS
    found = evidence.astype(np.float32)
    for start in range(0, len(kernel), _AT_ONCE):  # all at once would take the kernel's memory several times
        rows = kernel[start : start + _AT_ONCE]
        rows += found[start : start + _AT_ONCE] @ found.T * np.float32(_FINDINGS / 16) + np.float32(_FREQUENCY)
    dual = fitting.train(
        kernel, fitting.possible(labels, prior.HEADS), prior.HEADS,
        penalty=_PENALTY / len(labels), offset=before, biased=False,
    )  # fmt: skip
    words = fitting.Dual(_WORDS * dual.coefficients, np.zeros(prior.WIDTH))
    mix = _FINDINGS / 16 * evidence.T @ dual.coefficients
    bias = _FREQUENCY * dual.coefficients.sum(axis=0)
    return Learnt(fitting.primal(matrix, words, rarity), _rounded(mix), _rounded(bias))


def _rounded(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * _STEPS) / _STEPS
    return rounded


def _loss(logits: Floats, labels: Labels) -> float:
    """The mean cross-entropy of the labels that are there."""
    total, _ = fitting.cross_entropy(logits, fitting.possible(labels, prior.HEADS), prior.HEADS)
    return round(total / int((labels >= 0).sum()), 6)
