"""Priority: a sum that can be read aloud, emergencies above everything, no place for an audience."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.config import Priority
from carecli.model import INTENTS, SENTIMENTS, URGENCIES, Intent, Sentiment, Urgency, Verdict
from carecli.triage.priority import most_added, pressing_now, prioritise


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


def test_an_audience_counts_only_where_the_policy_says_so() -> None:
    heard, unheard = (prioritise(verdict(), directed=True, followers=n) for n in (5_000_000, None))
    assert heard == unheard
    loud, reasons = prioritise(verdict(), directed=True, followers=99_999, policy=Priority(audience=2))
    assert (loud, reasons[-1]) == (unheard[0] + 10, "99999 followers +10")


def test_risks_and_unanswered_messages_are_terms() -> None:
    points, reasons = prioritise(verdict(), directed=False, messages=3, risks=("legal", "churn"))
    assert reasons == (
        "complaint +30",
        "urgency week +10",
        "3rd message without an answer +6",
        "risk: a legal threat +15",
        "risk: leaving us +8",
    )
    assert points == 69


def test_own_weights_are_laid_over_the_built_in_ones() -> None:
    policy = Priority(intent={"question": 40}, urgency={"week": 0}, risk={"legal": 0}, directed=0)
    points, reasons = prioritise(verdict("question"), directed=True, risks=("legal",), policy=policy)
    assert (points, reasons) == (40, ("question +40",))
    assert prioritise(verdict("complaint"), directed=True, policy=policy)[0] == 30


def test_waiting_adds_and_is_bounded() -> None:
    policy = Priority(waiting=2.0, waiting_most=9, sla={"breached": 12})
    assert pressing_now(40, "question", waits=None, state="breached", policy=policy) == (40, ())
    assert pressing_now(40, "question", waits=2 * 3600 + 1, state="ok", policy=policy) == (
        44,
        ("waits for an answer +4",),
    )
    late = pressing_now(40, "question", waits=1e9, state="breached", policy=policy)
    assert late == (61, ("waits for an answer +9", "SLA breached +12"))
    assert late[0] - 40 == most_added(policy)
    assert pressing_now(90, "question", waits=1e9, state="breached", policy=policy)[0] == 94
    assert pressing_now(97, "emergency", waits=1e9, state="breached", policy=policy)[0] == 100


@settings(max_examples=100)
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


@settings(max_examples=100)
@given(SCORES, st.booleans(), CONTACTS, CALM, CALM_URGENCY, SCORES, st.booleans(), CONTACTS)
def test_an_emergency_is_above_everything_else(
    score: float, to_us: bool, contacts: int, calm: Intent, urgency: Urgency, other: float, directed: bool, cases: int
) -> None:
    emergency, _ = prioritise(verdict("emergency", "emergency", score), directed=to_us, contacts=contacts)
    rest, _ = prioritise(verdict(calm, urgency, other), directed=directed, contacts=cases)
    assert emergency >= 95 > rest


@settings(max_examples=100)
@given(st.sampled_from(INTENTS), st.sampled_from(URGENCIES), SCORES, SCORES, st.booleans(), CONTACTS, CONTACTS)
def test_monotone_in_contacts_and_negativity(
    intent: Intent, urgency: Urgency, one: float, two: float, directed: bool, few: int, many: int
) -> None:
    few, many = sorted((few, many))
    worse, better = sorted((one, two))
    low, _ = prioritise(verdict(intent, urgency, better), directed=directed, contacts=few)
    high, _ = prioritise(verdict(intent, urgency, worse), directed=directed, contacts=many)
    assert low <= high
