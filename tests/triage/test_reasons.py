"""Which words are named where the learning part decided."""

from __future__ import annotations

from operator import itemgetter

import pytest

from carecli.model import INTENTS, SENTIMENTS
from carecli.text import fold
from carecli.triage import prior
from carecli.triage.engine import read
from carecli.triage.features import buckets_of
from carecli.triage.prepare import Rules
from carecli.triage.reasons import weightiest
from carecli.triage.vocabulary import ONE_AT_A_TIME

RULES = Rules(languages=("en", "he", "pl", "zh"))
TEXTS = [
    "refund parcel thanks stolen when lovely broken please",
    "order driver late bill app account love help",
    "never where card flight delay quick polite rude",
    "money price idea wish add door smoke child",
    "free win crypto follow buy contract tomorrow hello",
    "zwrot paczka dziękuję ukradli kiedy cudowna zepsute proszę",
    "kurier rachunek pomocy nigdy gdzie karta miła dodajcie",
    "החזר חבילה תודה נגנב מתי נהדר שבור בבקשה",
]
PAIRS = ["退款", "谢谢", "什么", "坏了"]


def weights(words: list[str], label: str) -> dict[str, float]:
    """How much more each word weighs for a label than for all labels of its kind on average."""
    linear = prior.shipped().linear
    labels: tuple[str, ...] = SENTIMENTS if label in SENTIMENTS else INTENTS
    first = 0 if label in SENTIMENTS else len(SENTIMENTS)
    rows = linear.weights[linear.rows[buckets_of(words)], first : first + len(labels)].astype(float)
    return dict(zip(words, (rows[:, labels.index(label)] - rows.mean(axis=1)).tolist(), strict=True))


def named(words: list[str], label: str) -> str:
    """The reason that names the three that weigh most, but none that weighs little beside the first."""
    heavy = sorted(((-weight, word) for word, weight in weights(words, label).items() if weight > 1), key=itemgetter(0))
    shown = [f"'{word}'" for weight, word in heavy[:3] if weight <= 0.3 * heavy[0][0]]
    return f"{label}: the words {', '.join(shown)}" if shown else f"{label}: the wording"


@pytest.mark.parametrize("label", [*SENTIMENTS, *INTENTS])
def test_the_words_that_weigh_most_are_named(label: str) -> None:
    texts = [*TEXTS, "，".join(PAIRS)]
    with ONE_AT_A_TIME:
        readings = read(texts, RULES, [None] * len(texts))
        found = list(weightiest(prior.shipped().linear, readings, dict.fromkeys(range(len(texts)), label)))
    expected = [*(named([fold(word) for word in text.split()], label) for text in TEXTS), named(PAIRS, label)]
    assert found == [(reason,) for reason in expected]
