"""How good the engine is on labelled texts: plain counts, and what mistakes would cost.

Macro-F1 is the mean over the classes that occur in the labels; the expected calibration error compares confidence
and accuracy in ten bins of equal width, weighed by how many texts fall into each (M. P. Naeini, G. F. Cooper,
M. Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

BINS = 10
# What it costs to give the second label to what deserves the first, where it isn't 1: a missed thank-you is little, a
# cry for help that nobody reads is the worst that can happen.
COSTS: Mapping[str, Mapping[tuple[str, str], float]] = {
    "intent": {("emergency", "*"): 100, ("*", "emergency"): 3, ("complaint", "*"): 5, ("complaint", "question"): 1,
               ("complaint", "request"): 1, ("question", "*"): 4, ("question", "request"): 1, ("request", "*"): 4,
               ("request", "question"): 1, ("request", "complaint"): 1, ("question", "complaint"): 1,
               ("*", "spam"): 6, ("spam", "*"): 0.5, ("praise", "*"): 0.5},
    "urgency": {("emergency", "*"): 100, ("*", "emergency"): 3, ("today", "*"): 5, ("today", "week"): 3},
    "needs_reply": {("yes", "no"): 5},
    "sentiment": {("negative", "positive"): 3, ("negative", "neutral"): 2, ("positive", "negative"): 2},
}  # fmt: skip


class Judged(NamedTuple):
    """One text's true label, what the engine said, how sure it was (0…1), and the text's language."""

    label: str
    said: str
    confidence: float
    language: str


def measured(signal: str, judged: Sequence[Judged]) -> dict[str, Any]:
    """All figures of one signal: `{n, accuracy, macro_f1, per_class, confusion, ece, cost, per_language}`."""
    pairs = Counter((each.label, each.said) for each in judged)
    labels = sorted({each.label for each in judged})
    confusion = {
        label: {said: count for (true, said), count in sorted(pairs.items()) if true == label} for label in labels
    }
    languages = sorted({each.language for each in judged})
    return {
        "n": len(judged),
        "accuracy": accuracy(judged),
        "macro_f1": macro_f1(judged),
        "per_class": per_class(judged),
        "confusion": confusion,
        "ece": calibration_error(judged),
        "cost": _mean([cost(signal, each.label, each.said) for each in judged]),
        "per_language": {language: _of_language(judged, language) for language in languages},
    }


def _of_language(judged: Sequence[Judged], language: str) -> dict[str, Any]:
    own = [each for each in judged if each.language == language]
    recall = {label: figures["recall"] for label, figures in per_class(own).items() if figures["n"]}
    return {"n": len(own), "accuracy": accuracy(own), "macro_f1": macro_f1(own), "recall": recall}


def accuracy(judged: Sequence[Judged]) -> float | None:
    """The share that is right, None for none."""
    return _mean([float(each.label == each.said) for each in judged])


def per_class(judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """Precision, recall and F1 of every label that occurs or was said; None where there is nothing to divide by."""
    true, said = Counter(each.label for each in judged), Counter(each.said for each in judged)
    right = Counter(each.label for each in judged if each.label == each.said)
    return {
        label: {
            "n": true[label],
            "precision": _share(right[label], said[label]),
            "recall": _share(right[label], true[label]),
            "f1": _share(2 * right[label], true[label] + said[label]),
        }
        for label in sorted({*true, *said})
    }


def macro_f1(judged: Sequence[Judged]) -> float | None:
    """The mean F1 of the classes that occur among the labels."""
    return _mean([figures["f1"] for figures in per_class(judged).values() if figures["n"]])


def calibration_error(judged: Sequence[Judged]) -> float | None:
    """The mean distance between confidence and accuracy, 0 (honest) to 1."""
    bins: dict[int, list[Judged]] = {}
    for each in judged:
        bins.setdefault(min(int(each.confidence * BINS), BINS - 1), []).append(each)
    gaps = [
        abs(sum(each.confidence for each in inside) - sum(each.label == each.said for each in inside))
        for inside in bins.values()
    ]
    return _share(sum(gaps), len(judged))


def cost(signal: str, label: str, said: str) -> float:
    """What this mistake costs; nothing when it is none."""
    if label == said:
        return 0.0
    costs = COSTS.get(signal, {})
    for key in ((label, said), ("*", said) if said == "emergency" else (label, "*"), (label, "*"), ("*", said)):
        if key in costs:
            return costs[key]
    return 1.0


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
