"""How soon somebody must look: from danger and dates in the text, and from what the writer wants."""

from __future__ import annotations

from collections.abc import Sequence

from carecli.model import Intent, Urgency
from carecli.triage import cues
from carecli.triage.cues import Hit, Hits
from carecli.triage.prepare import Prepared

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
_MOST_QUOTED = 2


def decide(p: Prepared, intent: Intent) -> tuple[Urgency, tuple[str, ...]]:
    """The urgency of a prepared text with this intent, and the reasons in words."""
    if intent == "emergency":
        return "emergency", ("an emergency",)
    if intent in _WAITS_FOR_NOTHING:
        return "whenever", (f"{intent} can wait",)
    hits = cues.find(p.folded, p.language)
    if reasons := _today(hits, intent):
        return "today", reasons
    if reason := _week(hits, intent):
        return "week", (reason,)
    return "whenever", (f"a general {intent}",)


def _week(hits: Hits, intent: Intent) -> str | None:
    if "week" in hits:
        return _because("a date", hits["week"])
    if "money" in hits and (intent in _IN_TROUBLE or "problem" in hits):
        return _because("money", hits["money"])
    return f"a {intent}" if intent in _IN_TROUBLE else None


def _today(hits: Hits, intent: Intent) -> tuple[str, ...]:
    reasons = []
    if "soon" in hits:
        reasons.append(_because("today or tomorrow", hits["soon"]))
    if "today" in hits and intent != "complaint":
        reasons.append(_because("today", hits["today"]))
    if "deadline" in hits:
        reasons.append(_because("a deadline", hits["deadline"]))
    if intent in _IN_TROUBLE:
        reasons += [_because(name, hits[kind]) for kind, name in _BLOCKING if kind in hits]
        if "again" in hits and ("problem" in hits or "money" in hits or "complaint" in hits):
            reasons.append(_because("has waited or written before", hits["again"]))
    elif "fraud" in hits:
        reasons.append(_because("fraud or a blocked card", hits["fraud"]))
    return tuple(reasons)


def _because(name: str, hits: Sequence[Hit]) -> str:
    quoted = list(dict.fromkeys(hit.text.strip() for hit in hits))[:_MOST_QUOTED]
    return f"{name}: " + ", ".join(f"'{text}'" for text in quoted)
