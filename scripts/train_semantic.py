"""Make src/carecli/triage/data/semantic.npz: `python scripts/train_semantic.py`, after train_prior.py.

Needs the extra `semantic`; to embed all seeds takes some minutes, with `--cache FILE` only those that are new; with
`--words FILE`, the cache of train_prior.py, the words need not be learnt again. The same folds as there, so that the
combination is fitted on logits of seeds that neither model had seen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import train_prior as base

from carecli.triage import engine, linear, prior, semantic
from carecli.triage.features import hashed
from carecli.triage.linear import Floats, Labels
from carecli.triage.prepare import Rules, comparable
from carecli.triage.reasons import Reading

PENALTY, STEPS = 3e-4, 60
# It tells emergencies from stories better, so more of them can be let through at the same price.
EMERGENCY_RECALL = 0.93
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
    print(f"{len(new)} seeds embedded, {len(texts) - len(new)} taken from the cache", file=sys.stderr)
    return np.array([known[key] for key in keys], np.float64)


def unseen_words(readings: Sequence[Reading], labels: Labels, folds: Labels) -> Floats:
    """What the linear model says of the words of seeds that it was not trained with."""
    features = hashed([[comparable(token) for token in reading.p.units] for reading in readings])
    return base.unseen_logits(linear.similarities(linear.sparse(features, linear.rarities(features))), labels, folds)


def unseen_meanings(inputs: Floats, labels: Labels, folds: Labels) -> Floats:
    """The same for embeddings, which are few numbers a seed."""
    logits = np.zeros((len(labels), prior.WIDTH))
    for fold in range(base.FOLDS):
        seen = folds != fold
        found = base.fit(inputs[seen], labels[seen], penalty=PENALTY, steps=STEPS)
        logits[~seen] = inputs[~seen] @ found.weights + found.bias
    return logits


def main() -> None:
    """Embed, train, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="a file that keeps embeddings from one run to the next (.npz)")
    parser.add_argument("--words", type=Path, help="the cache of train_prior.py (.npz)")
    arguments = parser.parse_args()
    seeds = list(base.seeds())
    rules = Rules(languages=base.LANGUAGES)
    readings = engine.read([seed.text for seed in seeds], rules, [seed.language for seed in seeds])
    labels = np.array([seed.labels for seed in seeds])
    folds = np.arange(len(seeds)) * 7919 % 104729 % base.FOLDS
    words = base.kept(lambda: unseen_words(readings, labels, folds), arguments.words)
    vectors = embedded([reading.p.masked for reading in readings], arguments.cache)
    mean = vectors.mean(axis=0)
    scale = np.sqrt(_SCALE / ((vectors - mean) ** 2).sum(axis=1).mean())
    inputs = (vectors - mean) * scale
    meant = unseen_meanings(inputs, labels, folds)
    evidence = engine.evidence_of(readings)
    rows = np.concatenate([meant, evidence], axis=1)
    mix = base.fit_mix(words, rows, labels)
    bias = base.as_in_life(mix.bias, labels)
    combined = np.concatenate([words, rows], axis=1) @ mix.weights + bias
    learnt = base.fit(inputs, labels, penalty=PENALTY, steps=STEPS)
    head = learnt.weights * scale
    emergency, reply = base.thresholds(combined, labels, recall=EMERGENCY_RECALL)
    made = semantic.Semantic(head, learnt.bias - mean @ head, mix.weights, bias, emergency, reply, base.sources())
    (base.DATA / semantic.FILE).write_bytes(semantic.dumped(made))
    print(f"thresholds: emergency {emergency}, reply {reply}", file=sys.stderr)


if __name__ == "__main__":
    main()
