"""Make src/carecli/triage/data/prior.npz from the seed sentences: `python scripts/train_prior.py`, some minutes.

The same seeds, rules and numpy give the same file. First the hashed linear model learns from all seeds. Then, so
that the combination knows how far to trust it, it is trained five times on four fifths, and the combination is
fitted on what each says of the fifth that it has not seen, beside the evidence of the rules. The thresholds are set on
the same unseen logits: emergencies so that nearly all are found, replies so that most are.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage import cues, engine, evidence, linear, prior
from carecli.triage.features import Features, hashed
from carecli.triage.linear import Floats, Narrow
from carecli.triage.prepare import Rules, comparable

DATA = Path(__file__).parent.parent / "src" / "carecli" / "triage" / "data"
LANGUAGES = ("en", "he", "pl", "zh")
FOLDS = 5
PENALTY, MIX_PENALTY = 3e-5, 1e-3
MIX_STEPS = 200
# Of the seeds that are emergencies, or that need a reply, so many must pass the threshold.
EMERGENCY_RECALL, REPLY_RECALL = 0.91, 0.95
# Seeds are balanced, life is not: about these shares of what a care team gets. Emergencies keep what seeds give them.
LIFE = {
    "complaint": 0.30, "question": 0.18, "request": 0.12, "praise": 0.12, "suggestion": 0.05, "lead": 0.03,
    "spam": 0.07, "chatter": 0.13,
}  # fmt: skip


class Seed(NamedTuple):
    """One labelled sentence."""

    text: str
    language: str
    labels: tuple[int, ...]


def sources() -> dict[str, str]:
    """The fingerprint of each file that the prior is made from."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in seed_files()}


def seed_files() -> list[Path]:
    """The files with seed sentences."""
    return [DATA / f"seeds_{language}.tsv" for language in LANGUAGES]


def seeds() -> Iterator[Seed]:
    """All seeds. Raises ValueError for a line that has an unknown label."""
    for language, path in zip(LANGUAGES, seed_files(), strict=True):
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        names = header.split("\t")
        for number, line in enumerate(lines, start=2):
            row = dict(zip(names, line.split("\t"), strict=True))
            try:
                labels = tuple(head.labels.index(row[head.name]) for head in prior.HEADS)
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {line!r}") from error
            yield Seed(row["text"], language, labels)


def unseen_logits(
    kernel: Narrow, labels: npt.NDArray[np.int64], folds: npt.NDArray[np.int64], *, penalty: float = PENALTY
) -> Floats:
    """What the linear model says of each text when it was trained without the text's fold."""
    logits = np.zeros((len(labels), prior.WIDTH))
    for fold in range(FOLDS):
        seen, unseen = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        dual = linear.train(kernel[np.ix_(seen, seen)], labels[seen], prior.HEADS, penalty=penalty)
        logits[unseen] = kernel[np.ix_(unseen, seen)] @ dual.coefficients + dual.bias
        print(f"fold {fold + 1} of {FOLDS}", file=sys.stderr)
    return logits


class Mix(NamedTuple):
    """The combination's weights and bias."""

    weights: Floats
    bias: Floats


def kept(logits: Callable[[], Floats], cache: Path | None) -> Floats:
    """`logits()`, once for the same seeds where there is a cache file (.npz)."""
    made_of = "".join(sources().values())
    if cache is not None and cache.exists():
        with np.load(cache) as arrays:
            if str(arrays["made_of"]) == made_of:
                there: Floats = arrays["logits"]
                return there
    made = logits()
    if cache is not None:
        np.savez_compressed(cache, made_of=np.array(made_of), logits=made)
    return made


def fit_mix(logits: Floats, rows: Floats, labels: npt.NDArray[np.int64]) -> Mix:
    """The weights of logits and evidence, each penalised in units of its own spread."""
    inputs = np.concatenate([logits, rows], axis=1)
    means, spreads = inputs.mean(axis=0), inputs.std(axis=0)
    spreads[spreads < 1e-9] = np.inf
    scaled = (inputs - means) / spreads
    found = fit(scaled, labels, penalty=MIX_PENALTY, steps=MIX_STEPS)
    weights = prior.rounded_mix(found.weights / spreads[:, None])
    return Mix(weights, found.bias - means @ weights)


def fit(inputs: Floats, labels: npt.NDArray[np.int64], *, penalty: float, steps: int) -> Mix:
    """The weights of few inputs, found directly; `penalty` is that of `linear.train`."""
    shape = (inputs.shape[1] + 1, prior.WIDTH)
    each = np.ones(len(inputs))

    def loss(flat: Floats) -> tuple[float, Floats]:
        both = flat.reshape(shape)
        value, gradient = linear.cross_entropy(inputs @ both[:-1] + both[-1], labels, each, prior.HEADS)
        slope = np.empty(shape)
        slope[:-1] = inputs.T @ gradient / len(inputs) + penalty * both[:-1]
        slope[-1] = gradient.sum(axis=0) / len(inputs)
        return value / len(inputs) + penalty / 2 * float((both[:-1] ** 2).sum()), slope.ravel()

    both = linear.minimise(loss, np.zeros(shape[0] * shape[1]), steps).reshape(shape)
    return Mix(both[:-1], both[-1])


def as_in_life(bias: Floats, labels: npt.NDArray[np.int64]) -> Floats:
    """The bias with the intents' shares in life in place of their shares in the seeds."""
    shifted = bias.copy()
    for index, name in enumerate(prior.HEADS[1].labels):
        if name in LIFE:
            shifted[prior.INTENT.start + index] += np.log(LIFE[name] / (labels[:, 1] == index).mean())
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
    all_seeds = list(seeds())
    rules = Rules(languages=LANGUAGES)
    readings = engine.read([seed.text for seed in all_seeds], rules, [seed.language for seed in all_seeds])
    labels = np.array([seed.labels for seed in all_seeds])
    features: Features = hashed([[comparable(token) for token in reading.p.units] for reading in readings])
    rarity = linear.rarities(features)
    matrix = linear.sparse(features, rarity)
    kernel = linear.similarities(matrix)
    print(f"{len(all_seeds)} seeds, {len(matrix.buckets)} buckets", file=sys.stderr)
    folds = np.arange(len(all_seeds)) * 7919 % 104729 % FOLDS
    logits = kept(lambda: unseen_logits(kernel, labels, folds), cache)
    rows = np.array([evidence.numbers(r.p, r.feeling, r.opinion, r.urgency) for r in readings])
    mix = fit_mix(logits, rows, labels)
    bias = as_in_life(mix.bias, labels)
    combined = np.concatenate([logits, rows], axis=1) @ mix.weights + bias
    emergency, reply = thresholds(combined, labels)
    dual = linear.train(kernel, labels, prior.HEADS, penalty=PENALTY)
    made = prior.Prior(
        linear.primal(matrix, dual, rarity),
        mix.weights,
        bias,
        emergency,
        reply,
        sources(),
    )
    (DATA / prior.FILE).write_bytes(prior.dumped(made))
    print(f"thresholds: emergency {made.emergency}, reply {made.reply}", file=sys.stderr)
    unknown = sum(reading.p.language not in cues.LANGUAGES for reading in readings)
    print(f"{unknown} seeds in no language that we know", file=sys.stderr)


if __name__ == "__main__":
    main()
