"""Where a case stands in the queue: a sum of terms, each of which can be read aloud.

Only what was said, how pressing it is, whether we were addressed and how often this customer had to write count.
Audience size never does: everybody gets the same waiting time.
"""

from __future__ import annotations

from typing import NamedTuple

from carecli.model import Intent, Urgency, Verdict

# An emergency is above everything else: the others end below where it begins.
EMERGENCY = 95
_HIGHEST = 100

_INTENTS: dict[Intent, int] = {
    "complaint": 30, "request": 22, "question": 18, "lead": 16, "suggestion": 8, "praise": 6, "chatter": 0, "spam": 0,
}  # fmt: skip
_URGENCIES: dict[Urgency, int] = {"today": 20, "week": 10, "whenever": 0, "emergency": 30}
_NEGATIVITY = 15
_ADDRESSED = 10
_CONTACT = 5
_MOST_CONTACTS = 14
# Nobody waits for an answer to these: what else is said of them hardly counts.
_IDLE: frozenset[Intent] = frozenset({"spam", "chatter"})
_IDLE_SHARE = 0.1


class _Term(NamedTuple):
    name: str
    points: int


def prioritise(verdict: Verdict, *, directed: bool, contacts: int = 1) -> tuple[int, tuple[str, ...]]:
    """The priority 0…100 of a case and its terms in words, for the verdict on its newest mention.

    `directed`: the brand was addressed. `contacts` is how many cases this customer has had, this one included.
    The number of followers is no parameter, on purpose. Never falls when `contacts` or negativity grow.
    """
    terms = [term for term in _terms(verdict, directed=directed, contacts=contacts) if term.points]
    reasons = tuple(f"{term.name} +{term.points}" for term in terms)
    total = sum(term.points for term in terms)
    if verdict.intent in _IDLE:
        return round(total * _IDLE_SHARE), (*reasons, f"{verdict.intent}: a tenth of that")
    limit, why = (
        (_HIGHEST, "no more than 100") if verdict.intent == "emergency" else (EMERGENCY - 1, "emergencies first")
    )
    if total > limit:
        reasons += (f"{why} -{total - limit}",)
    return min(limit, total), reasons


def _terms(verdict: Verdict, *, directed: bool, contacts: int) -> list[_Term]:
    danger = verdict.intent == "emergency"
    first = _Term(verdict.intent, EMERGENCY if danger else _INTENTS[verdict.intent])
    hurry = "urgent today" if verdict.urgency == "today" else f"urgency {verdict.urgency}"
    again = max(0, min(contacts, _MOST_CONTACTS) - 1)
    return [
        first,
        _Term(_tone(verdict.sentiment_score), round(_NEGATIVITY * max(0.0, -verdict.sentiment_score))),
        _Term(hurry, 0 if danger else _URGENCIES[verdict.urgency]),
        _Term("addressed to us", _ADDRESSED if directed else 0),
        _Term(f"{_ordinal(contacts)} case of this customer", _CONTACT * again),
    ]


def _tone(score: float) -> str:
    return "very negative" if score <= -0.6 else "negative" if score <= -0.3 else "slightly negative"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
