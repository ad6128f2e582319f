"""Why a verdict is what it is, in words: what the rules found, and where the model decided, what weighed most in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.model import INTENTS, SENTIMENTS, URGENCIES, Intent, Urgency
from carecli.text import fold
from carecli.triage import intent as intents
from carecli.triage.columns import Ints, are
from carecli.triage.memo import Memo
from carecli.triage.prepare import Prepared
from carecli.triage.sentiment import Feelings

if TYPE_CHECKING:
    from carecli.triage.linear import Floats, Linear

_WORD = re.compile(r"[\u3400-\u9fff]{2}|[^\W\d_\u3400-\u9fff]{2,24}(?:'[^\W\d_]+)?")
_PAIR = re.compile(r"[\u3400-\u9fff]{2}")
_MOST_WORDS, _MOST_NAMED, _MOST_TOKENS = 40, 3, 4_000
# A word is named when it has at least this share of the weight of the heaviest.
_LEAST_SHARE = 0.3


class Readings(NamedTuple):
    """What the rules make of texts, one entry each; `pressing` are the reasons for the urgencies.

    An urgency is its place in URGENCIES.
    """

    prepared: Sequence[Prepared]
    feelings: Feelings
    opinions: intents.Opinions
    urgency: Ints
    pressing: Sequence[Sequence[str]]


class Decided(NamedTuple):
    """What came out in the end, one entry a text: places in SENTIMENTS, INTENTS and URGENCIES."""

    sentiment: Ints
    intent: Ints
    urgency: Ints


def of_rules(readings: Readings, decided: Decided) -> tuple[list[list[str]], dict[int, str]]:
    """What the rules have to say for each decision, and by text the label that they have nothing to say for."""
    feelings, opinions = readings.feelings, readings.opinions
    speaking = intents.reasons(decided.intent, opinions.hits, opinions.marks, feelings.score)
    undecided = _unmeant(decided.sentiment, feelings.label)
    for place in np.flatnonzero(decided.intent == opinions.intent).tolist():
        special = opinions.special.get(place)
        speaking[place] = list(special) if special else speaking[place] or [_nothing(decided.intent[place])]
    for place, why in enumerate(speaking):
        if not why:
            undecided[place] = INTENTS[decided.intent[place]]
    ours = (decided.urgency == readings.urgency).tolist()
    found = [
        [*felt, *why, *(pressing if agreed else _pressing(INTENTS[intent], URGENCIES[urgency]))]
        for felt, why, pressing, agreed, intent, urgency in zip(
            feelings.why,
            speaking,
            readings.pressing,
            ours,
            decided.intent.tolist(),
            decided.urgency.tolist(),
            strict=True,
        )
    ]
    return found, undecided


def _unmeant(said: Ints, ours: Ints) -> dict[int, str]:
    """The tones that the rules did not find."""
    places = np.flatnonzero((said != ours) & ~are(said, SENTIMENTS, "neutral")).tolist()
    return {place: SENTIMENTS[said[place]] for place in places}


def _nothing(intent: int) -> str:
    return f"nothing points to more than {INTENTS[intent]}"


def _pressing(intent: Intent, urgency: Urgency) -> tuple[str, ...]:
    if intent == "emergency":
        return ("an emergency",)
    return (f"{intent} can wait" if urgency == "whenever" else f"urgency {urgency}: the wording",)


def weightiest(linear: Linear, texts: Sequence[Prepared], labels: Sequence[str]) -> list[tuple[str, ...]]:
    """For each text the words that weigh most for its label, as one reason."""
    if not texts:
        return []
    words = [list(dict.fromkeys(_PAIR.findall(p.plain) if p.plain else p.tokens))[:_MOST_WORDS] for p in texts]
    margins = _margins(linear, words, labels)
    flat, whose = list(chain.from_iterable(words)), np.repeat(np.arange(len(words)), list(map(len, words)))
    named: list[dict[str, None]] = [{} for _ in texts]
    for place in _heaviest(margins, whose).tolist():
        if shown := _SHOWN[flat[place]]:
            named[whose[place]][shown] = None
    return [
        (f"{label}: the words {_quoted(each)}",) if each else (f"{label}: the wording",)
        for label, each in zip(labels, named, strict=True)
    ]


def _heaviest(margins: Floats, whose: Ints) -> Ints:
    """The places of the few heaviest words of each text, heaviest first."""
    heavy = np.flatnonzero(margins > 1)
    order = heavy[np.lexsort((-margins[heavy], whose[heavy]))]
    starts = np.flatnonzero(np.diff(whose[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    ranks, most = np.arange(len(order)) - np.repeat(starts, sizes), np.repeat(margins[order[starts]], sizes)
    found: Ints = order[(ranks < _MOST_NAMED) & (margins[order] >= _LEAST_SHARE * most)]
    return found


def _shown(word: str) -> str:
    """A word as a reason quotes it; "" for marks alone."""
    match = _WORD.search(fold(word))
    return match.group() if match else ""


_SHOWN = Memo(_shown, _MOST_TOKENS)


def _margins(linear: Linear, words: Sequence[Sequence[str]], labels: Sequence[str]) -> Floats:
    """How much more each word of each text weighs for the text's label than the labels of its head on average."""
    rows, sizes = linear.own(list(chain.from_iterable(words))), list(map(len, words))
    margins: Floats = np.zeros(len(rows))
    for (head, names), sums in zip(_heads(), _sums(linear), strict=True):
        asked = [names.index(label) if label in names else -1 for label in labels]
        column = np.repeat(np.array(asked, np.int64), sizes)
        there = np.flatnonzero(column >= 0)
        margins[there] = linear.weights[rows[there], head.start + column[there]] - sums[rows[there]] / len(names)
    return margins


@lru_cache(maxsize=2)
def _sums(linear: Linear) -> list[npt.NDArray[np.int16]]:
    """For each head the sum of the weights of its labels in each row."""
    return [linear.weights[:, head].sum(axis=1, dtype=np.int16) for head, _ in _heads()]


def _heads() -> tuple[tuple[slice, tuple[str, ...]], ...]:
    """Where the weights of the labels of a head stand."""
    from carecli.triage.prior import INTENT, SENTIMENT

    return (SENTIMENT, SENTIMENTS), (INTENT, INTENTS)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
