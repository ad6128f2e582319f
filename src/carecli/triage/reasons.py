"""Why a verdict is what it is, in words: what the rules found, and where the model decided, what weighed most in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.model import INTENTS, SENTIMENTS, URGENCIES, Intent, Urgency
from carecli.triage import intent as intents
from carecli.triage.columns import Flags, Ints, are
from carecli.triage.features import buckets_of
from carecli.triage.memo import Memo
from carecli.triage.prepare import Batch, Prepared
from carecli.triage.sentiment import Feelings
from carecli.triage.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from carecli.triage.linear import Floats, Linear

_WORD = re.compile(r"[\u3400-\u9fff]{2}|[^\W\d_\u3400-\u9fff]{2,24}(?:'[^\W\d_]+)?")
_PAIR = re.compile(r"[\u3400-\u9fff]{2}")
_MOST_WORDS, _MOST_NAMED, _MOST_TOKENS = 60, 3, 4_000
# A word is named when it has at least this share of the weight of the heaviest.
_LEAST_SHARE = 0.3


class Readings(NamedTuple):
    """What the rules make of texts, one entry each; `pressing` are the reasons for the urgencies.

    An urgency is its place in URGENCIES; `known` are the texts in a language that the model learnt.
    """

    batch: Batch
    known: Flags
    feelings: Feelings
    opinions: intents.Opinions
    urgency: Ints
    pressing: Sequence[Sequence[str]]

    @property
    def prepared(self) -> Sequence[Prepared]:
        """The texts."""
        return self.batch.prepared

    @property
    def whole(self) -> dict[int, str]:
        """The texts whose words stand without spaces, by their places: to the learning part each is one token."""
        return {place: p.plain for place, p in enumerate(self.prepared) if p.plain}


class Decided(NamedTuple):
    """What came out in the end, one entry a text: places in SENTIMENTS, INTENTS and URGENCIES."""

    sentiment: Ints
    intent: Ints
    urgency: Ints


def of_rules(readings: Readings, decided: Decided) -> tuple[list[list[str]], dict[int, str]]:
    """What the rules have to say for each decision, and by text the label that they have nothing to say for."""
    feelings, opinions = readings.feelings, readings.opinions
    speaking: dict[int, Sequence[str]] = dict(
        intents.reasons(decided.intent, opinions.hits, opinions.marks, feelings.score)
    )
    undecided = _unmeant(decided.sentiment, feelings.label)
    agreed = decided.intent == opinions.intent
    for place in np.flatnonzero(agreed).tolist():
        if special := opinions.special.get(place):
            speaking[place] = special
        elif place not in speaking:
            speaking[place] = (_nothing(decided.intent[place]),)
    for place in np.flatnonzero(~agreed).tolist():
        if place not in speaking:
            undecided[place] = INTENTS[decided.intent[place]]
    pressing = list(readings.pressing)
    for place in np.flatnonzero(decided.urgency != readings.urgency).tolist():
        pressing[place] = _pressing(INTENTS[decided.intent[place]], URGENCIES[decided.urgency[place]])
    felt = zip(feelings.why, pressing, strict=True)
    return [[*tone, *speaking.get(place, ()), *hurry] for place, (tone, hurry) in enumerate(felt)], undecided


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


class _Words(NamedTuple):
    """Words of texts: the text, the row of its own weights, its place in `names`."""

    whose: Ints
    rows: npt.NDArray[np.signedinteger]
    ids: Ints
    names: Sequence[str]


def weightiest(linear: Linear, readings: Readings, labels: Mapping[int, str]) -> Iterator[tuple[str, ...]]:
    """The words that weigh most for its label, as one reason, for each of the texts at these places."""
    spaced = {place: label for place, label in labels.items() if not readings.prepared[place].plain}
    named: dict[int, dict[str, None]] = {place: {} for place in labels}
    for words in (_spaced(linear, readings, list(spaced)), _unspaced(linear, readings, labels.keys() - spaced.keys())):
        heaviest = _heaviest(_margins(linear, words, labels), words)
        for text, name in zip(words.whose[heaviest].tolist(), words.ids[heaviest].tolist(), strict=True):
            if shown := _SHOWN[words.names[name]]:
                named[text][shown] = None
    for place, label in labels.items():
        yield (f"{label}: the words {_quoted(named[place])}",) if named[place] else (f"{label}: the wording",)


def _spaced(linear: Linear, readings: Readings, places: Sequence[int]) -> _Words:
    """The first tokens of texts that have spaces."""
    asked = np.zeros(len(readings.prepared), bool)
    asked[places] = True
    numbers, sizes = readings.batch.tokens.of(asked)
    kept = _ranks(sizes) < np.repeat(np.minimum(sizes - 1, _MOST_WORDS), sizes)
    numbers, whose = numbers[kept], np.repeat(np.flatnonzero(asked), sizes)[kept]
    rows = linear.known.rows.of(numbers)  # first, as it may learn words
    return _Words(whose, linear.known.own.all[rows], numbers, VOCABULARY.folded)


def _unspaced(linear: Linear, readings: Readings, places: Iterable[int]) -> _Words:
    """The first pairs of characters of texts that have none."""
    pairs = {at: _PAIR.findall(readings.prepared[at].plain)[:_MOST_WORDS] for at in sorted(places)}
    sizes, names = np.array(list(map(len, pairs.values())), np.int64), list(chain.from_iterable(pairs.values()))
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    ids = np.array([number[name] for name in names], np.int64)
    whose = np.repeat(np.array(list(pairs), np.int64), sizes)
    return _Words(whose, linear.rows[buckets_of(list(number))][ids], ids, list(number))


def _ranks(sizes: Ints) -> Ints:
    """0, 1, 2 … for each of so many in turn."""
    ranks: Ints = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return ranks


def _heaviest(margins: Floats, words: _Words) -> Ints:
    """The places of the few heaviest words of each text, each once, heaviest first."""
    heavy = np.flatnonzero(margins > 1)
    once = np.unique(words.whose[heavy] * (len(words.names) + 1) + words.ids[heavy], return_index=True)[1]
    heavy = heavy[np.sort(once)]
    order = heavy[np.lexsort((-margins[heavy], words.whose[heavy]))]
    sizes = np.diff(np.flatnonzero(np.diff(words.whose[order], prepend=-1)), append=len(order))
    ranks = _ranks(sizes)
    most = np.repeat(margins[order][ranks == 0], sizes)
    found: Ints = order[(ranks < _MOST_NAMED) & (margins[order] >= _LEAST_SHARE * most)]
    return found


def _shown(folded: str) -> str:
    """A word as a reason quotes it; "" for marks alone."""
    match = _WORD.search(folded)
    return match.group() if match else ""


_SHOWN = Memo(_shown, _MOST_TOKENS)


def _margins(linear: Linear, words: _Words, labels: Mapping[int, str]) -> Floats:
    """How much more each word weighs for the label of its text than for the labels of its head on average."""
    outputs = np.zeros(max(labels, default=0) + 1, np.int64)
    outputs[list(labels)] = [_OUTPUTS[label] for label in labels.values()]
    asked = outputs[words.whose]
    head = (asked >= len(SENTIMENTS)).astype(np.int64)
    margins: Floats = linear.weights[words.rows, asked] - _sums(linear)[words.rows, head] / _LABELS[head]
    return margins


@lru_cache(maxsize=2)
def _sums(linear: Linear) -> npt.NDArray[np.int16]:
    """The sums of the weights of the tones, and of the intents, in each row."""
    heads = np.split(linear.weights, np.cumsum(_LABELS), axis=1)[: len(_LABELS)]
    return np.stack([weights.sum(axis=1, dtype=np.int16) for weights in heads], axis=1)


# Tones and intents are the first outputs of a model.
_OUTPUTS: dict[str, int] = {label: output for output, label in enumerate((*SENTIMENTS, *INTENTS))}
_LABELS = np.array([len(SENTIMENTS), len(INTENTS)])


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
