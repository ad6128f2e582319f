"""Make src/carecli/triage/data/prior.npz from the seed sentences: `python scripts/train_prior.py`, twenty minutes.

The same seeds, public texts (`background.py`), rules and numpy give the same file. First the hashed linear model learns
from all seeds. Then, so that the combination knows how far to trust it, it is trained five times on four fifths, and
the combination is fitted on what each says of the fifth that it has not seen, beside the evidence of the rules, and on
what it says of the public texts, of which it never sees any: they teach how little the model's words are worth among
texts of another kind. The thresholds are set on the same logits of the seeds: emergencies so that nearly all are found,
replies so that most are.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import background
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from carecli.triage import combination, cues, engine, fitting, linear, prior
from carecli.triage.combination import Combination, Layer
from carecli.triage.features import hashed
from carecli.triage.linear import Flags, Floats, Narrow
from carecli.triage.prepare import Rules
from carecli.triage.reasons import Readings
from carecli.triage.variants import comparable

DATA = Path(__file__).parent.parent / "src" / "carecli" / "triage" / "data"
LANGUAGES = ("en", "he", "pl", "zh")
FOLDS, ALL, TOGETHER = 5, -1, 2
# Ten times the penalty costs five points of accuracy in intents and one in sentiment, on seeds that took no part.
PENALTY, MIX_PENALTY = 1.5e-6, 1e-3
# The linear model comes to its end before that.
STEPS, MIX_STEPS = 1000, 200
# How many sums the combination has between its two ends, how far their first weights lead, and what theirs cost: on
# seeds that took no part hardly anything gains by more of them, and a tenth fewer false alarms ring than without.
SUMS, FIRST_STEP, SUMS_PENALTY = 32, 0.1, 3e-3
# Over the layer the tone learns more about seeds and less about other texts, where it does not see what they mean.
STRAIGHT_ALONE = prior.SENTIMENT
# What fewer seeds share is learnt by heart: most of all features, which hardly help with other texts.
FEWEST = 3
# Of the seeds that are emergencies, or that need a reply, so many must pass the threshold.
EMERGENCY_RECALL, REPLY_RECALL = 0.957, 0.95
# Seeds are balanced, life is not: about these shares of what a care team gets, the negative ones rather too many, as
# those must not be missed. Emergencies keep what seeds give them.
LIFE = {
    "negative": 0.45, "neutral": 0.37, "positive": 0.18,
    "complaint": 0.30, "question": 0.18, "request": 0.12, "praise": 0.12, "suggestion": 0.05, "lead": 0.03,
    "spam": 0.07, "chatter": 0.13,
}  # fmt: skip


class Example(NamedTuple):
    """A text to learn from; `labels` has one for each head, −1 where it is unknown; `never` are intents it has not."""

    text: str
    language: str
    labels: tuple[int, ...]
    never: frozenset[str] = frozenset()


class Material(NamedTuple):
    """Examples as the rules read them, and which outputs may be right for each."""

    readings: Readings
    labels: npt.NDArray[np.int64]
    may_be: Flags

    def tokens(self) -> list[Sequence[str]]:
        """What the linear model looks at."""
        return [p.units for p in self.readings.prepared]


def sources() -> dict[str, str]:
    """The fingerprint of each file that the prior is made from."""
    ours = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in seed_files()}
    return ours | background.sources()


def seed_files() -> list[Path]:
    """The files with seed sentences, and those with sentences of reviews and surveys, which have a sentiment alone."""
    return [DATA / f"{name}_{language}.tsv" for name in ("seeds", "reviews") for language in LANGUAGES]


def seeds() -> Iterator[Example]:
    """All seeds. Raises ValueError for a line that has an unknown label."""
    for path in seed_files():
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        names = header.split("\t")
        for number, line in enumerate(lines, start=2):
            row = dict(zip(names, line.split("\t"), strict=True))
            try:
                labels = tuple(_label(head, row) for head in prior.HEADS)
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {line!r}") from error
            never = background.NEVER if path.stem.startswith("reviews") else frozenset()
            yield Example(row["text"], path.stem[-2:], labels, never)


def _label(head: linear.Head, row: Mapping[str, str]) -> int:
    return head.labels.index(row[head.name]) if head.name in row else -1


def public() -> Iterator[Example]:
    """What is not ours, of which we know only what it is not."""
    for each in background.texts():
        yield Example(each.text, each.language, (-1,) * len(prior.HEADS), each.never)


def read(examples: Sequence[Example]) -> Material:
    """The examples, read by the rules."""
    rules = Rules(languages=LANGUAGES)
    readings = engine.read([each.text for each in examples], rules, [each.language for each in examples])
    labels = np.array([each.labels for each in examples])
    may_be = fitting.possible(labels, prior.HEADS)
    for row, example in zip(may_be, examples, strict=True):
        row[[prior.INTENT.start + prior.HEADS[1].labels.index(name) for name in example.never]] = False
    return Material(readings, labels, may_be)


def folds_of(count: int) -> npt.NDArray[np.int64]:
    """Which of the five parts each seed belongs to."""
    folds: npt.NDArray[np.int64] = np.arange(count) * 7919 % 104729 % FOLDS
    return folds


class Texts:
    """Texts as rows of length one, and as the matrix of the products of all pairs, which is never written down."""

    def __init__(self, rows: csr_array) -> None:
        self.rows, self.turned = rows, rows.T.tocsr()

    def __matmul__(self, columns: Narrow) -> Narrow:
        products: Narrow = self.rows @ (self.turned @ columns)
        return products

    def fitted(self, may_be: Flags) -> fitting.Dual:
        """The linear model of these texts."""
        return fitting.train(self, may_be, prior.HEADS, penalty=PENALTY, steps=STEPS)


class Learnable(NamedTuple):
    """The features that several texts have, as rows of length one, and how rare each is."""

    matrix: fitting.Sparse
    rarity: npt.NDArray[np.uint8]


def learnable(texts: Sequence[Sequence[str]]) -> Learnable:
    """What there is to learn from texts, given as tokens."""
    features = hashed([[comparable(token) for token in tokens] for tokens in texts])
    rarity = fitting.rarities(features)
    columns, values, starts, buckets = fitting.sparse(features, rarity)
    common = np.bincount(columns) >= FEWEST
    kept, number = common[columns], np.cumsum(common) - 1
    before = np.concatenate([[0], np.cumsum(kept)])
    return Learnable(
        fitting.Sparse(number[columns[kept]], values[kept], before[starts], buckets[common]),
        rarity,
    )


def rows_of(matrix: fitting.Sparse) -> csr_array:
    """The same matrix as scipy has it."""
    shape = len(matrix.starts) - 1, len(matrix.buckets)
    return csr_array((matrix.values, matrix.columns.astype(np.int32), matrix.starts.astype(np.int32)), shape=shape)


def duals(
    rows: csr_array, may_be: Flags, folds: npt.NDArray[np.int64], without: Iterable[int]
) -> Iterator[fitting.Dual]:
    """The linear model trained without each of these folds, or with all of them for ALL, two at a time."""
    with ProcessPoolExecutor(TOGETHER, initializer=_share, initargs=(rows, may_be, folds)) as pool:
        yield from pool.map(_fitted, without)


_shared: list[Any] = []


def _share(*what: Any) -> None:
    _shared[:] = what


def _fitted(fold: int) -> fitting.Dual:
    rows, may_be, folds = _shared
    found = Texts(rows[folds != fold]).fitted(may_be[folds != fold])
    print("trained" if fold == ALL else f"trained without fold {fold + 1} of {FOLDS}", file=sys.stderr)
    return found


def unseen_logits(rows: csr_array, folds: npt.NDArray[np.int64], parts: Iterable[fitting.Dual]) -> Floats:
    """What the linear model says of each text when it was trained without the text's fold."""
    logits = np.zeros((rows.shape[0], prior.WIDTH))
    for fold, dual in enumerate(parts):
        seen = folds != fold
        logits[~seen] = rows[~seen] @ (rows[seen].T @ dual.coefficients) + dual.bias
    return logits


def cached(cache: Path | None) -> Floats | None:
    """The logits of the same seeds, where there is a cache file (.npz)."""
    if cache is None or not cache.exists():
        return None
    with np.load(cache) as arrays:
        logits: Floats = arrays["logits"]
        return logits if str(arrays["made_of"]) == _made_of() else None


def keep(logits: Floats, cache: Path | None) -> Floats:
    """The logits, kept for the next time."""
    if cache is not None:
        np.savez_compressed(cache, made_of=np.array(_made_of()), logits=logits)
    return logits


def _made_of() -> str:
    return "".join(sources().values())


def fit_mix(logits: Floats, rows: Floats, may_be: Flags, *, penalty: float, straight_alone: slice) -> Combination:
    """What weighs logits and evidence, each weight penalised in units of its number's spread.

    `penalty` is that of the layer, over which all outputs are reached but those of `straight_alone`.
    """
    inputs = np.concatenate([logits, rows], axis=1)
    means, spreads = inputs.mean(axis=0), inputs.std(axis=0)
    spreads[spreads < 1e-9] = np.inf
    reached = np.ones(prior.WIDTH)
    reached[straight_alone] = 0
    straight, inner, outer = fit_layers((inputs - means) / spreads, may_be, penalty, reached)
    straight, inner = (_unscaled(layer, means, spreads) for layer in (straight, inner))
    return Combination(straight, inner, combination.rounded(outer))


def _unscaled(layer: Layer, means: Floats, spreads: Floats) -> Layer:
    """The same layer for numbers as they are, its weights as they are kept."""
    weights = combination.rounded(layer.weights / spreads[:, None])
    return Layer(weights, layer.bias - means @ weights)


def fit_layers(inputs: Floats, may_be: Flags, penalty: float, reached: Floats) -> Combination:
    """A straight way and one over a layer, fitted together; the first weights are random, the same each time."""
    penalties = MIX_PENALTY, penalty, penalty
    count, chance = inputs.shape[1], np.random.default_rng(0)
    shapes = (count + 1, prior.WIDTH), (count + 1, SUMS), (SUMS, prior.WIDTH)
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]

    def parts(flat: Floats) -> list[Floats]:
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]

    def loss(flat: Floats) -> tuple[float, Floats]:
        layers = parts(flat)
        straight, inner, outer = *layers[:2], layers[2] * reached
        sums = np.maximum(inputs @ inner[:-1] + inner[-1], 0.0)
        logits = inputs @ straight[:-1] + straight[-1] + sums @ outer
        value, gradient = fitting.cross_entropy(logits, may_be, prior.HEADS)
        gradient /= len(inputs)
        back = (gradient @ outer.T) * (sums > 0)
        size = 0.0
        slopes = [np.vstack([inputs.T @ by, by.sum(axis=0)]) for by in (gradient, back)]
        slopes.append(sums.T @ gradient * reached)
        for layer, slope, free, price in zip(layers, slopes, (1, 1, 0), penalties, strict=True):
            weights = layer[: len(layer) - free]
            slope[: len(weights)] += price * weights
            size += price / 2 * float((weights**2).sum())
        return value / len(inputs) + size, np.concatenate([slope.ravel() for slope in slopes])

    start = [np.zeros(shapes[0]), chance.normal(0, count**-0.5, shapes[1]), chance.normal(0, FIRST_STEP, shapes[2])]
    start[1][-1] = 0
    found = fitting.minimise(loss, np.concatenate([part.ravel() for part in start]), MIX_STEPS)
    straight, inner, outer = parts(found)
    return Combination(Layer(straight[:-1], straight[-1]), Layer(inner[:-1], inner[-1]), outer * reached)


def fit(inputs: Floats, may_be: Flags, *, penalty: float, steps: int) -> Layer:
    """The weights of few inputs, found directly; `penalty` is that of `fitting.train`."""
    shape = (inputs.shape[1] + 1, prior.WIDTH)

    def loss(flat: Floats) -> tuple[float, Floats]:
        both = flat.reshape(shape)
        value, gradient = fitting.cross_entropy(inputs @ both[:-1] + both[-1], may_be, prior.HEADS)
        slope = np.empty(shape)
        slope[:-1] = inputs.T @ gradient / len(inputs) + penalty * both[:-1]
        slope[-1] = gradient.sum(axis=0) / len(inputs)
        return value / len(inputs) + penalty / 2 * float((both[:-1] ** 2).sum()), slope.ravel()

    both = fitting.minimise(loss, np.zeros(shape[0] * shape[1]), steps).reshape(shape)
    return Layer(both[:-1], both[-1])


def as_in_life(labels: npt.NDArray[np.int64]) -> Floats:
    """What each output gains when sentiments and intents come as often as in life, and not as in the seeds."""
    shifted = np.zeros(prior.WIDTH)
    for column, part in enumerate((prior.SENTIMENT, prior.INTENT)):
        known = labels[labels[:, column] >= 0, column]
        for index, name in enumerate(prior.HEADS[column].labels):
            if name in LIFE:
                shifted[part.start + index] += np.log(LIFE[name] / (known == index).mean())
    return shifted


def threshold(shares: Floats, wanted: npt.NDArray[np.bool_], recall: float) -> float:
    """The highest probability at which `recall` of the wanted are found, at most a half."""
    return round(min(0.5, float(np.quantile(shares[wanted], 1 - recall))), 3)


def thresholds(
    logits: Floats, labels: npt.NDArray[np.int64], *, recall: float = EMERGENCY_RECALL
) -> tuple[float, float]:
    """From which probability a text is an emergency, and from which it needs a reply."""
    index = prior.HEADS[1].labels.index("emergency")
    wants, replies = (linear.softmax(logits[:, head]) for head in (prior.INTENT, prior.NEEDS_REPLY))
    return (
        threshold(wants[:, index], labels[:, 1] == index, recall),
        threshold(replies[:, 1], labels[:, 3] == 1, REPLY_RECALL),
    )


def main() -> None:
    """Train, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="where to keep what each seed is to who has not seen it (.npz)")
    cache: Path | None = parser.parse_args().cache
    ours, others = read(list(seeds())), read(list(public()))
    matrix, rarity = learnable(ours.tokens())
    rows = rows_of(matrix)
    print(
        f"{len(ours.labels)} seeds, {len(others.labels)} public texts, {len(matrix.buckets)} buckets", file=sys.stderr
    )
    folds, known = folds_of(len(ours.labels)), cached(cache)
    whole, *parts = duals(rows, ours.may_be, folds, [ALL] if known is not None else [ALL, *range(FOLDS)])
    learnt = fitting.primal(matrix, whole, rarity)
    unseen = keep(unseen_logits(rows, folds, parts), cache) if known is None else known
    logits = np.concatenate([unseen, learnt.logits(others.tokens())])
    found = np.concatenate([engine.evidence_of(each.readings) for each in (ours, others)])
    may_be = np.concatenate([ours.may_be, others.may_be])
    mix = fit_mix(logits, found, may_be, penalty=SUMS_PENALTY, straight_alone=STRAIGHT_ALONE)
    mix = mix.shifted(as_in_life(ours.labels))
    combined = mix(np.concatenate([logits, found], axis=1))
    emergency, reply = thresholds(combined[: len(ours.labels)], ours.labels)
    made = prior.Prior(learnt, mix, emergency, reply, sources())
    (DATA / prior.FILE).write_bytes(prior.dumped(made))
    print(f"thresholds: emergency {made.emergency}, reply {made.reply}", file=sys.stderr)
    unknown = sum(p.language not in cues.LANGUAGES for p in ours.readings.prepared)
    print(f"{unknown} seeds in no language that we know", file=sys.stderr)


if __name__ == "__main__":
    main()
