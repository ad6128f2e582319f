"""How soon somebody must look: from danger and dates in the text, and from what the writer wants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carecli.model import Intent, Urgency
from carecli.triage.hits import Hits, Why, are, because

# What needs a person today whatever the words around it, with the words for it.
_BLOCKING = (
    ("fraud", "fraud or a blocked card"),
    ("stuck", "cannot go on"),
    ("locked", "locked out"),
    ("outage", "no service"),
)
# Who only asks, suggests or wants to buy is in no trouble, whatever the words.
_IN_TROUBLE: frozenset[Intent] = frozenset({"complaint", "request"})
# What these say about dates makes no hurry.
_DECIDED: frozenset[Intent] = frozenset({"emergency", "praise", "chatter", "suggestion", "spam"})
# Characters between what happened and that it happened again.
_BESIDE = 20


def decide(hits: Hits, intents: Sequence[Intent]) -> tuple[list[Urgency], list[tuple[str, ...]]]:
    """The urgencies of texts with these cues and these intents, and the reasons in words."""
    today, week = _today(hits, intents), _week(hits, intents)
    found = [_urgency(intent, *reasons) for intent, *reasons in zip(intents, today, week, strict=True)]
    return [when for when, _ in found], [why for _, why in found]


def _urgency(intent: Intent, today: Sequence[str], week: Sequence[str]) -> tuple[Urgency, tuple[str, ...]]:
    if intent == "emergency":
        return "emergency", ("an emergency",)
    if intent in _DECIDED:
        return "whenever", (f"{intent} can wait",)
    if today:
        return "today", tuple(today)
    if week:
        return "week", (week[0],)
    return "whenever", (f"a general {intent}",)


def _week(hits: Hits, intents: Sequence[Intent]) -> list[list[str]]:
    why, trouble = Why(hits), are(intents, *_IN_TROUBLE)
    why.cue("week", "a date", ~are(intents, *_DECIDED))
    why.cue("money", "money", trouble | hits.has("problem"))
    for intent in _IN_TROUBLE:
        why.add(f"a {intent}", are(intents, intent))
    return why.found


def _today(hits: Hits, intents: Sequence[Intent]) -> list[list[str]]:
    why, trouble, pressed = Why(hits), are(intents, *_IN_TROUBLE), ~are(intents, *_DECIDED)
    why.cue("soon", "today or tomorrow", pressed)
    why.cue("today", "today", pressed & ~are(intents, "complaint"))
    why.cue("deadline", "a deadline", pressed)
    for kind, name in _BLOCKING:
        why.cue(kind, name, pressed if kind == "fraud" else trouble)
    for place in np.flatnonzero(trouble & hits.has("again") & hits.has("problem", "complaint", "money")).tolist():
        if unsolved := _unsolved(hits, place):
            why.found[place].append(because("has waited or written before", unsolved))
    return why.found


def _unsolved(hits: Hits, place: int) -> list[str]:
    """The words for "still" and "again" that stand beside a problem or money, not anywhere in a long story."""
    troubles = hits.of(place, "problem", "complaint", "money")
    return [
        again.text
        for again in hits.of(place, "again")
        if any(again.start - hit.end < _BESIDE and hit.start - again.end < _BESIDE for hit in troubles)
    ]
