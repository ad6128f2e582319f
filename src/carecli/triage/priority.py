"""Where a case stands in the queue: a sum of terms, each of which can be read aloud.

The weights are those of care.toml ([priority]) over the ones below. Two kinds of terms: what was said, how pressing it
is, what it risks and how often this customer had to write stay as they are until somebody writes again, and are stored
with the case; how long it waits and where its clock stands change by themselves, and are added when the queue is read.

Audience size has no weight unless the user gives it one: everybody gets the same waiting time, and a policy that
answers the loud first teaches customers to be loud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log10
from typing import NamedTuple

from carecli.config import Priority
from carecli.model import Intent, Risk, Verdict

# An emergency is above everything else: the others end below where it begins.
EMERGENCY = 95
_HIGHEST = 100

_INTENTS: dict[str, int] = {
    "complaint": 30, "request": 22, "question": 18, "lead": 16, "suggestion": 8, "praise": 6, "chatter": 0, "spam": 0,
}  # fmt: skip
_URGENCIES: dict[str, int] = {"today": 20, "week": 10, "whenever": 0, "emergency": 30}
RISKS: dict[str, int] = {
    "safety": 25, "data_breach": 20, "minors": 20, "legal": 15, "press": 15, "accessibility": 10, "churn": 8,
}  # fmt: skip
_RISK_WORDS: dict[Risk, str] = {
    "safety": "safety", "data_breach": "a data breach", "minors": "minors", "legal": "a legal threat",
    "press": "the press", "accessibility": "accessibility", "churn": "leaving us",
}  # fmt: skip
_CLOCKS: dict[str, int] = {"due": 5, "breached": 10}
_MOST_CASES = 14
_MOST_MESSAGES = 5
# Nobody waits for an answer to these: what else is said of them hardly counts.
_IDLE: frozenset[Intent] = frozenset({"spam", "chatter"})
_IDLE_SHARE = 0.1
_HOUR = 3600


class _Term(NamedTuple):
    name: str
    points: int


def prioritise(
    verdict: Verdict,
    *,
    directed: bool,
    contacts: int = 1,
    messages: int = 1,
    risks: Sequence[Risk] = (),
    followers: int | None = None,
    policy: Priority | None = None,
) -> tuple[int, tuple[str, ...]]:
    """The part of a case's priority 0…100 that stays, and its terms in words, for the verdict on one message.

    `directed`: the brand was addressed. `contacts`: how many cases this customer has had, this one included;
    `messages`: how many of theirs have no answer yet. `followers` counts only where the policy gives audience a
    weight. Never falls when contacts, messages, risks or negativity grow.
    """
    policy = policy or Priority()
    terms = _terms(verdict, policy, directed=directed, contacts=contacts, messages=messages)
    terms += [_Term(f"risk: {_RISK_WORDS[risk]}", _weights(policy).risk[risk]) for risk in dict.fromkeys(risks)]
    terms.append(_Term(f"{followers} followers", round(policy.audience * log10(1 + max(0, followers or 0)))))
    terms = [term for term in terms if term.points]
    reasons = tuple(f"{term.name} +{term.points}" for term in terms)
    total = sum(term.points for term in terms)
    if verdict.intent in _IDLE:
        return min(EMERGENCY - 1, round(total * _IDLE_SHARE)), (*reasons, f"{verdict.intent}: a tenth of that")
    most = limit(verdict.intent)
    if total > most:
        why = "no more than 100" if most == _HIGHEST else "emergencies first"
        reasons += (f"{why} -{total - most}",)
    return min(most, total), reasons


def pressing_now(
    stored: int, intent: str, *, waits: float | None, state: str, policy: Priority
) -> tuple[int, tuple[str, ...]]:
    """The priority of a case at this moment, and what its waiting adds, in words.

    `waits`: the seconds since its oldest unanswered message, None when nobody waits: then nothing is added.
    `state` is that of its clock. Never more than `most_added` above `stored`.
    """
    if waits is None:
        return stored, ()
    hours, late = waiting_points(waits, policy), late_points(policy).get(state, 0)
    terms = [_Term("waits for an answer", hours), _Term(f"SLA {state}", late)]
    now = min(limit(intent), stored + hours + late)
    return now, tuple(f"{term.name} +{term.points}" for term in terms if term.points)


def waiting_points(waits: float, policy: Priority) -> int:
    """The points for so many seconds of waiting; they never fall."""
    return min(policy.waiting_most, int(max(0.0, waits) / _HOUR * policy.waiting))


def late_points(policy: Priority) -> Mapping[str, int]:
    """The points for each state of the clock that has any."""
    return _weights(policy).sla


def most_added(policy: Priority) -> int:
    """How much waiting can add to a case at most."""
    return policy.waiting_most + max(_weights(policy).sla.values(), default=0)


def limit(intent: str) -> int:
    """The highest priority that a case with this intent can have."""
    return _HIGHEST if intent == "emergency" else EMERGENCY - 1


class _Weights(NamedTuple):
    intent: Mapping[str, int]
    urgency: Mapping[str, int]
    risk: Mapping[str, int]
    sla: Mapping[str, int]


def _weights(policy: Priority) -> _Weights:
    own = (policy.intent, policy.urgency, policy.risk, policy.sla)
    return _laid_over(*(tuple(sorted(table.items())) for table in own))


@lru_cache(maxsize=8)
def _laid_over(*own: tuple[tuple[str, int], ...]) -> _Weights:
    intent, urgency, risk, sla = own
    return _Weights(
        {**_INTENTS, "emergency": EMERGENCY, **dict(intent)},
        {**_URGENCIES, **dict(urgency)},
        {**RISKS, **dict(risk)},
        {**_CLOCKS, **dict(sla)},
    )


def _terms(verdict: Verdict, policy: Priority, *, directed: bool, contacts: int, messages: int) -> list[_Term]:
    weights = _weights(policy)
    danger = verdict.intent == "emergency"
    # whatever weight an emergency is given, it stays above everything else
    first = max(EMERGENCY, weights.intent["emergency"]) if danger else weights.intent[verdict.intent]
    hurry = "urgent today" if verdict.urgency == "today" else f"urgency {verdict.urgency}"
    return [
        _Term(verdict.intent, first),
        _Term(_tone(verdict.sentiment_score), round(policy.negativity * max(0.0, -verdict.sentiment_score))),
        _Term(hurry, 0 if danger else weights.urgency.get(verdict.urgency, 0)),
        _Term("addressed to us", policy.directed if directed else 0),
        _Term(
            f"{ordinal(messages)} message without an answer",
            policy.repeated_contact * _further(messages, _MOST_MESSAGES),
        ),
        _Term(f"{ordinal(contacts)} case of this customer", policy.earlier_cases * _further(contacts, _MOST_CASES)),
    ]


def _further(number: int, most: int) -> int:
    return max(0, min(number, most) - 1)


def _tone(score: float) -> str:
    return "very negative" if score <= -0.6 else "negative" if score <= -0.3 else "slightly negative"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th …"""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
