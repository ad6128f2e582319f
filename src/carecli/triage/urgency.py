"""How soon somebody must look: from danger and dates in the text, and from what the writer wants."""

from __future__ import annotations

from carecli.model import Intent, Urgency
from carecli.triage.cues import Hit, Hits, because

# What needs a person today whatever the words around it, with the words for it.
_BLOCKING = (
    ("fraud", "fraud or a blocked card"),
    ("stuck", "cannot go on"),
    ("locked", "locked out"),
    ("outage", "no service"),
)
# Who only asks, suggests or wants to buy is in no trouble, whatever the words.
_IN_TROUBLE: frozenset[Intent] = frozenset({"complaint", "request"})
_WAITS_FOR_NOTHING: frozenset[Intent] = frozenset({"praise", "chatter", "suggestion", "spam"})
# Characters between what happened and that it happened again.
_BESIDE = 20


def decide(hits: Hits, intent: Intent) -> tuple[Urgency, tuple[str, ...]]:
    """The urgency of a text with these cues and this intent, and the reasons in words."""
    if intent == "emergency":
        return "emergency", ("an emergency",)
    if intent in _WAITS_FOR_NOTHING:
        return "whenever", (f"{intent} can wait",)
    if reasons := _today(hits, intent):
        return "today", reasons
    if reason := _week(hits, intent):
        return "week", (reason,)
    return "whenever", (f"a general {intent}",)


def _week(hits: Hits, intent: Intent) -> str | None:
    if "week" in hits:
        return because("a date", hits["week"])
    if "money" in hits and (intent in _IN_TROUBLE or "problem" in hits):
        return because("money", hits["money"])
    return f"a {intent}" if intent in _IN_TROUBLE else None


def _today(hits: Hits, intent: Intent) -> tuple[str, ...]:
    reasons = []
    if "soon" in hits:
        reasons.append(because("today or tomorrow", hits["soon"]))
    if "today" in hits and intent != "complaint":
        reasons.append(because("today", hits["today"]))
    if "deadline" in hits:
        reasons.append(because("a deadline", hits["deadline"]))
    if intent in _IN_TROUBLE:
        reasons += [because(name, hits[kind]) for kind, name in _BLOCKING if kind in hits]
        if unsolved := _unsolved(hits):
            reasons.append(because("has waited or written before", unsolved))
    elif "fraud" in hits:
        reasons.append(because("fraud or a blocked card", hits["fraud"]))
    return tuple(reasons)


def _unsolved(hits: Hits) -> tuple[Hit, ...]:
    """The words for "still" and "again" that stand beside a problem or money, not anywhere in a long story."""
    troubles = [hit for kind in ("problem", "complaint", "money") for hit in hits.get(kind, ())]
    return tuple(
        again
        for again in hits.get("again", ())
        if any(again.start - hit.end < _BESIDE and hit.start - again.end < _BESIDE for hit in troubles)
    )
