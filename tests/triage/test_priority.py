"""Priority: a sum that can be read aloud, emergencies above everything, no place for an audience."""

from __future__ import annotations

import inspect
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.model import INTENTS, SENTIMENTS, URGENCIES, Intent, Sentiment, Urgency, Verdict
from carecli.triage.priority import prioritise


def verdict(
    intent: Intent = "complaint", urgency: Urgency = "week", score: float = 0.0, sentiment: Sentiment = "neutral"
) -> Verdict:
    return Verdict("en", sentiment, score, intent, (), urgency, True, 0.8)


SCORES = st.floats(-1, 1)
CALM = st.sampled_from([one for one in INTENTS if one != "emergency"])
CALM_URGENCY = st.sampled_from([one for one in URGENCIES if one != "emergency"])
CONTACTS = st.integers(1, 500)


def test_each_term_is_named() -> None:
    points, reasons = prioritise(verdict("complaint", "today", -1.0), directed=True, contacts=3)
    assert reasons == (
        "complaint +30",
        "very negative +15",
        "urgent today +20",
        "addressed to us +10",
        "3rd case of this customer +10",
    )
    assert points == 85


def test_the_terms_add_up_to_the_priority() -> None:
    for contacts in range(1, 15):
        points, reasons = prioritise(verdict("complaint", "today", -0.5), directed=True, contacts=contacts)
        assert points == sum(int(number) for reason in reasons for number in re.findall(r"[+-]\d+$", reason))


def test_spam_and_chatter_are_near_zero() -> None:
    for intent in ("spam", "chatter"):
        points, _ = prioritise(verdict(intent, "today", -1.0), directed=True, contacts=9)
        assert points <= 8


def test_kinder_words_wait_longer() -> None:
    order = [
        verdict("emergency", "emergency", -0.5),
        verdict("complaint", "today", -0.5),
        verdict("complaint", "week", -0.5),
        verdict("question", "week"),
        verdict("question", "whenever"),
        verdict("praise", "whenever", 0.8),
        verdict("chatter", "whenever"),
    ]
    points = [prioritise(one, directed=True)[0] for one in order]
    assert points == sorted(points, reverse=True)
    assert len(set(points)) == len(points)


def test_an_audience_is_no_parameter() -> None:
    assert set(inspect.signature(prioritise).parameters) == {"verdict", "directed", "contacts"}


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(INTENTS), st.sampled_from(URGENCIES), SCORES, st.sampled_from(SENTIMENTS), st.booleans(), CONTACTS
)
def test_within_bounds_and_repeatable(
    intent: Intent, urgency: Urgency, score: float, sentiment: Sentiment, directed: bool, contacts: int
) -> None:
    one = verdict(intent, urgency, score, sentiment)
    points, reasons = prioritise(one, directed=directed, contacts=contacts)
    assert 0 <= points <= 100
    assert prioritise(one, directed=directed, contacts=contacts) == (points, reasons)


@settings(max_examples=100, deadline=None)
@given(SCORES, st.booleans(), CONTACTS, CALM, CALM_URGENCY, SCORES, st.booleans(), CONTACTS)
def test_an_emergency_is_above_everything_else(
    score: float, to_us: bool, contacts: int, calm: Intent, urgency: Urgency, other: float, directed: bool, cases: int
) -> None:
    emergency, _ = prioritise(verdict("emergency", "emergency", score), directed=to_us, contacts=contacts)
    rest, _ = prioritise(verdict(calm, urgency, other), directed=directed, contacts=cases)
    assert emergency >= 95 > rest


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(INTENTS), st.sampled_from(URGENCIES), SCORES, SCORES, st.booleans(), CONTACTS, CONTACTS)
def test_monotone_in_contacts_and_negativity(
    intent: Intent, urgency: Urgency, one: float, two: float, directed: bool, few: int, many: int
) -> None:
    few, many = sorted((few, many))
    worse, better = sorted((one, two))
    low, _ = prioritise(verdict(intent, urgency, better), directed=directed, contacts=few)
    high, _ = prioritise(verdict(intent, urgency, worse), directed=directed, contacts=many)
    assert low <= high
