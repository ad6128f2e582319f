"""Make src/carecli/triage/data/semantic.npz: `python scripts/train_semantic.py`, after train_prior.py.

Needs the extra `semantic`; to embed all texts takes some minutes, with `--cache FILE` only those that are new; with
`--words FILE`, the cache of train_prior.py, the words need not be learnt again. The same folds as there, so that the
combination is fitted on logits of texts that neither model had seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import train_prior as base

from carecli.triage import engine, prior, semantic
from carecli.triage.linear import Flags, Floats

PENALTY, STEPS = 1e-4, 60
# That of the layer in the combination: with less the oblique cries of the third set are lost.
SUMS_PENALTY = 1e-2
# It tells emergencies from stories better, so more of them can be let through at the same price.
EMERGENCY_RECALL = 0.96
_SCALE = 4.0


def embedded(texts: Sequence[str], cache: Path | None) -> Floats:
    """The embeddings of the texts; those in the cache file are taken from there, the others are added to it."""
    known: dict[str, semantic.Vectors] = {}
    if cache is not None and cache.exists():
        with np.load(cache) as arrays:
            known = dict(zip(arrays["keys"].tolist(), arrays["vectors"], strict=True))
    keys = [semantic.key(text).hex() for text in texts]
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    known |= dict(zip(new, semantic.embedded(list(new.values())), strict=True))
    if cache is not None:
        np.savez_compressed(cache, keys=np.array(list(known)), vectors=np.array(list(known.values())))
    print(f"{len(new)} texts embedded, {len(texts) - len(new)} taken from the cache", file=sys.stderr)
    return np.array([known[key] for key in keys], np.float64)


def unseen_words(ours: base.Material) -> Floats:
    """What the linear model says of the words of seeds that it was not trained with."""
    rows, folds = base.rows_of(base.learnable(ours.tokens()).matrix), base.folds_of(len(ours.labels))
    return base.unseen_logits(rows, folds, base.duals(rows, ours.may_be, folds, range(base.FOLDS)))


def unseen_meanings(inputs: Floats, may_be: Flags) -> Floats:
    """The same for embeddings, which are few numbers a text."""
    logits, folds = np.zeros(may_be.shape), base.folds_of(len(may_be))
    for fold in range(base.FOLDS):
        seen = folds != fold
        found = base.fit(inputs[seen], may_be[seen], penalty=PENALTY, steps=STEPS)
        logits[~seen] = inputs[~seen] @ found.weights + found.bias
    return logits


def main() -> None:
    """Embed, train, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="a file that keeps embeddings from one run to the next (.npz)")
    parser.add_argument("--words", type=Path, help="the cache of train_prior.py (.npz)")
    arguments = parser.parse_args()
    ours, others = base.read(list(base.seeds())), base.read(list(base.public()))
    both, count = (ours.readings, others.readings), len(ours.labels)
    known = prior.shipped().linear.logits(others.tokens())
    unseen = base.cached(arguments.words)
    words = np.concatenate([unseen_words(ours) if unseen is None else unseen, known])
    vectors = embedded([p.masked for readings in both for p in readings.prepared], arguments.cache)
    mean = vectors[:count].mean(axis=0)
    scale = np.sqrt(_SCALE / ((vectors[:count] - mean) ** 2).sum(axis=1).mean())
    inputs = (vectors - mean) * scale
    learnt = base.fit(inputs[:count], ours.may_be, penalty=PENALTY, steps=STEPS)
    meant = np.concatenate(
        [unseen_meanings(inputs[:count], ours.may_be), inputs[count:] @ learnt.weights + learnt.bias]
    )
    rows = np.concatenate([meant, np.concatenate(list(map(engine.evidence_of, both)))], axis=1)
    may_be = np.concatenate([ours.may_be, others.may_be])
    mix = base.fit_mix(words, rows, may_be, penalty=SUMS_PENALTY, straight_alone=slice(0))
    mix = mix.shifted(base.as_in_life(ours.labels))
    combined = mix(np.concatenate([words, rows], axis=1))
    head = learnt.weights * scale
    emergency, reply = base.thresholds(combined[:count], ours.labels, recall=EMERGENCY_RECALL)
    made = semantic.Semantic(head, learnt.bias - mean @ head, mix, emergency, reply, base.sources())
    (base.DATA / semantic.FILE).write_bytes(semantic.dumped(made))
    print(f"thresholds: emergency {emergency}, reply {reply}", file=sys.stderr)


if __name__ == "__main__":
    main()
