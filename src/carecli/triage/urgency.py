"""How soon somebody must look: from danger and dates in the text, and from what the writer wants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carecli.model import INTENTS, URGENCIES, Intent
from carecli.triage.columns import Ints, are
from carecli.triage.hits import Hits, Why, because, near

# What hurries: a date, and what needs a person today whatever the words around it, if somebody is in trouble.
_HURRIES = {
    "soon": "today or tomorrow", "today": "today", "deadline": "a deadline", "fraud": "fraud or a blocked card",
    "stuck": "cannot go on", "locked": "locked out", "outage": "no service",
}  # fmt: skip
# Who only asks, suggests or wants to buy is in no trouble, whatever the words.
_IN_TROUBLE: frozenset[Intent] = frozenset({"complaint", "request"})
# What these say about dates makes no hurry.
_DECIDED: frozenset[Intent] = frozenset({"emergency", "praise", "chatter", "suggestion", "spam"})
# Characters between what happened and that it happened again.
_BESIDE = 20


def decide(hits: Hits, intents: Ints) -> tuple[Ints, list[Sequence[str]]]:
    """The urgencies (places in URGENCIES) of texts with these cues and intents (places in INTENTS), and the reasons."""
    found, why = _CALM[intents], [_CALMLY[intent] for intent in intents.tolist()]
    for place, soon in _week(hits, intents).items():
        found[place], why[place] = _WEEK, soon[:1]
    for place, now in _today(hits, intents).items():
        found[place], why[place] = _TODAY, now
    return found, why


def _calm(intent: Intent) -> tuple[int, Sequence[str]]:
    """How urgent an intent is that nothing in the text makes pressing."""
    if intent == "emergency":
        return URGENCIES.index("emergency"), ("an emergency",)
    if intent in _DECIDED:
        return _WHENEVER, (f"{intent} can wait",)
    if intent in _IN_TROUBLE:
        return _WEEK, (f"a {intent}",)
    return _WHENEVER, (f"a general {intent}",)


_TODAY, _WEEK, _WHENEVER = map(URGENCIES.index, ("today", "week", "whenever"))
_CALM = np.array([_calm(intent)[0] for intent in INTENTS])
_CALMLY = [_calm(intent)[1] for intent in INTENTS]


def _week(hits: Hits, intents: Ints) -> dict[int, list[str]]:
    why = Why(hits)
    pressed, trouble = ~are(intents, INTENTS, *_DECIDED), are(intents, INTENTS, *_IN_TROUBLE)
    why.cues({"week": "a date", "money": "money"}, [pressed, pressed & (trouble | hits.has("problem"))])
    return why.found


def _today(hits: Hits, intents: Ints) -> dict[int, list[str]]:
    why = Why(hits)
    pressed, trouble = ~are(intents, INTENTS, *_DECIDED), are(intents, INTENTS, *_IN_TROUBLE)
    calm = pressed & ~are(intents, INTENTS, "complaint")
    why.cues(_HURRIES, [pressed, calm, pressed, pressed, trouble, trouble, trouble])
    for place in np.flatnonzero(trouble & hits.has("again") & hits.has("problem", "complaint", "money")).tolist():
        if unsolved := _unsolved(hits, place):
            why.say(place, because("has waited or written before", unsolved))
    return why.found


def _unsolved(hits: Hits, place: int) -> list[str]:
    """The words for "still" and "again" that stand beside a problem or money, not anywhere in a long story."""
    again = hits.of(place, "again")
    close = near(again, hits.of(place, "problem", "complaint", "money"), _BESIDE)
    return [hit.text for hit, is_close in zip(again, close, strict=True) if is_close]
