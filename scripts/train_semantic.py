"""Make src/carecli/triage/data/semantic.npz: `python scripts/train_semantic.py`, after train_prior.py.

Needs the extra `semantic`; to embed all seeds takes some minutes. The same folds as in train_prior.py, so that the
combination is fitted on logits of seeds that neither model had seen.
"""

from __future__ import annotations

import sys

import numpy as np
import train_prior as base

from carecli.triage import engine, linear, prior, semantic
from carecli.triage.features import hashed
from carecli.triage.prepare import Rules

PENALTY = 3e-4
# It tells emergencies from stories better, so more of them can be let through at the same price.
EMERGENCY_RECALL = 0.95
_SCALE = 4.0


def main() -> None:
    """Embed, train, fit, write."""
    seeds = list(base.seeds())
    rules = Rules(languages=base.LANGUAGES)
    readings = [engine.read(seed.text, rules, seed.language) for seed in seeds]
    labels = np.array([seed.labels for seed in seeds])
    folds = np.arange(len(seeds)) * 7919 % 104729 % base.FOLDS
    features = hashed([reading.p.comparable for reading in readings])
    words = linear.similarities(linear.sparse(features, linear.rarities(features)))
    unseen = base.unseen_logits(words, labels, folds)
    vectors = np.array(list(semantic.embedded([reading.p.masked for reading in readings])), np.float64)
    print(f"{len(vectors)} seeds embedded", file=sys.stderr)
    mean = vectors.mean(axis=0)
    spread = np.sqrt(((vectors - mean) ** 2).sum(axis=1).mean())
    centred = (vectors - mean) / spread
    kernel = (_SCALE * centred @ centred.T).astype(np.float32)
    meant = base.unseen_logits(kernel, labels, folds, penalty=PENALTY)
    evidence = engine.evidence_of(readings)
    rows = np.concatenate([meant, evidence], axis=1)
    mix = base.fit_mix(unseen, rows, labels)
    bias = base.as_in_life(mix.bias, labels)
    combined = np.concatenate([unseen, rows], axis=1) @ mix.weights + bias
    dual = linear.train(kernel, labels, prior.HEADS, penalty=PENALTY)
    head = _SCALE * centred.T @ dual.coefficients / spread
    emergency, reply = base.thresholds(combined, labels, recall=EMERGENCY_RECALL)
    made = semantic.Semantic(head, dual.bias - mean @ head, mix.weights, bias, emergency, reply, base.sources())
    (base.DATA / semantic.FILE).write_bytes(semantic.dumped(made))
    print(f"thresholds: emergency {emergency}, reply {reply}", file=sys.stderr)


if __name__ == "__main__":
    main()
