"""What the rules make of one text alone; they themselves read many at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from carecli.model import INTENTS, SENTIMENTS, Intent, Sentiment
from carecli.triage import cues, intent, sentiment
from carecli.triage.hits import Hit, Hits
from carecli.triage.prepare import Batch, Prepared
from carecli.triage.vocabulary import numbered


class Feeling(NamedTuple):
    """One entry of `sentiment.Feelings`."""

    label: Sentiment
    score: float
    mixed: bool
    emoji: float
    why: tuple[str, ...]


def batch(*texts: Prepared) -> Batch:
    """Some texts as a batch."""
    columns = [(len(p.text), p.marks, p.links, p.handles) for p in texts]
    languages = [p.language for p in texts]
    return Batch(texts, numbered([p.pieces for p in texts]), languages, *np.array(columns, int).reshape(-1, 4).T)


def feeling(p: Prepared) -> Feeling:
    """How the writer of one text feels."""
    return entry(sentiment.decide(batch(p)), 0)


def entry(found: sentiment.Feelings, place: int) -> Feeling:
    """What was found of one of many texts."""
    label = SENTIMENTS[found.label[place]]
    return Feeling(label, found.score[place], found.mixed[place], found.emoji[place], found.why[place])


def hits(p: Prepared) -> Hits:
    """The cues of one text."""
    return cues.find_all(numbered([p.pieces]), [p.plain], [p.language])


def named(found: Hits, text: int = 0) -> dict[str, tuple[Hit, ...]]:
    """The cues of one of the texts by kind."""
    return {kind: found.of(text, kind) for kind in found.kinds if found.count(kind)[text]}


class Opinion(NamedTuple):
    """One entry of `intent.Opinions`, with the reasons."""

    intent: Intent
    why: tuple[str, ...]
    hits: Hits


def opinion(p: Prepared, score: float | None = None) -> Opinion:
    """What the writer of one text wants; without a score that of the text."""
    tone = np.array([feeling(p).score if score is None else score])
    found = intent.decide(batch(p), tone)
    said, speaking = INTENTS[found.intent[0]], intent.reasons(found.intent, found.hits, found.marks, tone).get(0, ())
    return Opinion(said, found.special.get(0) or tuple(speaking), found.hits)
