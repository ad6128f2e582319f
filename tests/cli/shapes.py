"""The JSON shapes of CONTRACT.md, and a matcher that says where a value differs from one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from carecli.model import INTENTS, RISKS, SENTIMENTS, STATUSES, URGENCIES

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")


def time(value: Any) -> bool:
    """ISO 8601 in UTC with Z."""
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def words(value: Any) -> bool:
    """Text that says something: unknown is null, never empty."""
    return isinstance(value, str) and value != ""


def count(value: Any) -> bool:
    """A whole number from 0."""
    return type(value) is int and value >= 0


def number(value: Any) -> bool:
    """A number, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def seconds(value: Any) -> bool:
    """A duration."""
    return number(value) and value >= 0


def share(value: Any) -> bool:
    """0 to 1."""
    return number(value) and 0 <= value <= 1


def score(value: Any) -> bool:
    """-1 to 1."""
    return number(value) and -1 <= value <= 1


def one_of(*allowed: str) -> Callable[[Any], bool]:
    """One of a closed list of words."""
    return lambda value: value in allowed


def maybe(shape: Any) -> Callable[[Any], bool]:
    """The shape, or null."""
    return lambda value: value is None or not differences(value, shape)


def counts(value: Any) -> bool:
    """An object of counts by name."""
    return isinstance(value, dict) and all(words(key) and count(item) for key, item in value.items())


def differences(value: Any, shape: Any, at: str = "$") -> list[str]:
    """Where `value` differs: a dict is an object with exactly these keys, [shape] an array, a function a test."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at}: {value!r} is no object"]
        found = [f"{at}: no key {key!r}" for key in shape if key not in value]
        found += [f"{at}: the key {key!r} is not in the contract" for key in value if key not in shape]
        return found + [d for key in shape if key in value for d in differences(value[key], shape[key], f"{at}.{key}")]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at}: {value!r} is no array"]
        return [d for index, item in enumerate(value) for d in differences(item, shape[0], f"{at}[{index}]")]
    fits = isinstance(value, shape) if isinstance(shape, type) else shape(value)
    return [] if fits else [f"{at}: {value!r}"]


SLA = {
    "target_seconds": maybe(seconds),
    "due_at": maybe(time),
    "state": one_of("ok", "due", "breached", "met", "none"),
}
CASE = {
    "case": count,
    "status": one_of(*STATUSES),
    "priority": lambda value: count(value) and value <= 100,
    "reasons": [words],
    "language": maybe(words),
    "sentiment": one_of(*SENTIMENTS),
    "sentiment_score": score,
    "intent": one_of(*INTENTS),
    "topics": [words],
    "urgency": one_of(*URGENCIES),
    "needs_reply": bool,
    "directed": bool,
    "assignee": maybe(words),
    "tags": [words],
    "platform": words,
    "brand": maybe(words),
    "customer": {"handle": str, "name": maybe(words)},
    "text": words,
    "url": maybe(words),
    "opened_at": time,
    "first_reply_at": maybe(time),
    "resolved_at": maybe(time),
    "snoozed_until": maybe(time),
    "waiting_since": maybe(time),
    "reposts": count,
    "match": maybe(words),
    "sla": SLA,
    "follow_up": maybe(
        {"promise": count, "words": words, "due_at": time, "state": one_of("open", "kept", "broken", "dropped")}
    ),
    "mentions": count,
}
MENTION = {
    "mention": count,
    "case": maybe(count),
    "platform": words,
    "source": words,
    "external_id": words,
    "url": maybe(words),
    "author": {"handle": str, "name": maybe(words), "followers": maybe(count)},
    "inbound": bool,
    "text": words,
    "language": maybe(words),
    "sentiment": maybe(one_of(*SENTIMENTS)),
    "sentiment_score": maybe(score),
    "intent": maybe(one_of(*INTENTS)),
    "topics": [words],
    "urgency": maybe(one_of(*URGENCIES)),
    "needs_reply": maybe(bool),
    "risks": [{"risk": one_of(*RISKS), "words": words}],
    "confidence": maybe(share),
    "why": [words],
    "corrected": bool,
    "created_at": time,
    "in_reply_to": maybe(words),
    "visibility": words,
    "directed": bool,
    "deleted_at": maybe(time),
    "match": maybe(words),
    "metrics": {"likes": maybe(int), "reposts": maybe(count), "replies": maybe(count)},
}
FINDING = {
    "rule": words,
    "severity": one_of("block", "confirm", "note"),
    "message": words,
    "start": maybe(count),
    "end": maybe(count),
}
DRAFT = {
    "draft_id": count,
    "text": words,
    "language": words,
    "voice": words,
    "maker": one_of("template", "knowledge", "llm", "person"),
    "sources": [words],
    "findings": [FINDING],
}
EVENT = {"at": time, "kind": words, "agent": maybe(words), "data": dict}
OUTBOX = {
    "reply_id": count,
    "case": count,
    "status": one_of("approved", "sending", "sent", "failed", "unsure", "cancelled"),
    "attempts": count,
    "last_error": maybe(words),
    "text": words,
    "private": bool,
    "agent": maybe(words),
    "created_at": time,
    "send_at": maybe(time),
    "parts": maybe(count),
    "parts_sent": maybe(count),
    "url": maybe(words),
}
PROMISE = {
    "promise": count,
    "case": count,
    "words": words,
    "made_at": time,
    "due_at": time,
    "done_at": maybe(time),
    "state": one_of("open", "kept", "broken", "dropped"),
}
CLOCK = {
    "segment": count,
    "clock": one_of("first_response", "next_response", "resolution"),
    "policy": words,
    "urgency": one_of(*URGENCIES),
    "intent": one_of(*INTENTS),
    "priority": count,
    "voice": words,
    "target_seconds": seconds,
    "hours": words,
    "timezone": words,
    "started_at": time,
    "due_at": maybe(time),
    "ended_at": maybe(time),
    "ended_by": maybe(words),
    "state": one_of("ok", "due", "breached", "met", "none"),
    "paused": bool,
    "used_seconds": seconds,
    "days": [{"day": words, "seconds": seconds}],
    "pauses": [{"since": time, "until": maybe(time)}],
}
AUTHOR = {"handle": str, "name": maybe(words), "followers": maybe(count)}
SHOWN = {
    **CASE,
    "risks": [one_of(*RISKS)],
    "copies": count,
    "clocks": [CLOCK],
    "mentions": [{**MENTION, "author": {**AUTHOR, "kind": maybe(one_of("person", "bot", "company", "unknown"))}}],
    "customer": {
        "handle": str,
        "name": maybe(words),
        "followers": maybe(count),
        "accounts": [{"platform": words, "handle": str, "name": maybe(words), "url": maybe(words)}],
        "preferred_agent": maybe(words),
        "cases": [CASE],
    },
    "events": [EVENT],
    "drafts": [DRAFT],
    "replies": [OUTBOX],
    "promises": [PROMISE],
    "proposal": maybe(one_of("resolve")),
    "similar": [{"case": count, "status": one_of(*STATUSES), "customer": str, "text": words}],
    "knowledge": [{"article": count, "title": words, "url": maybe(words), "stale": bool}],
}
REPLY = {"reply_id": maybe(count), "status": words, "findings": [FINDING], "url": maybe(words), "text": words}
SOURCE = {
    "name": words,
    "platform": words,
    "enabled": bool,
    "last_fetch_at": maybe(time),
    "last_error": maybe(words),
    "mentions": count,
    "last_success_at": maybe(time),
    "next_try_at": maybe(time),
    "silent_seconds": maybe(seconds),
}
FETCHED = {
    "source": words,
    "platform": words,
    "fetched": count,
    "new": count,
    "updated": count,
    "deleted": count,
    "seconds": seconds,
    "error": maybe(words),
    "next_try": maybe(time),
}
IMPORTED = {
    "read": count,
    "new": count,
    "updated": count,
    "rejected": count,
    "errors": [{"line": count, "reason": words}],
}
VERDICT = {
    "text": str,
    "language": maybe(words),
    "sentiment": one_of(*SENTIMENTS),
    "sentiment_score": score,
    "intent": one_of(*INTENTS),
    "topics": [words],
    "urgency": one_of(*URGENCIES),
    "needs_reply": bool,
    "confidence": share,
    "why": [words],
}
_TIMING = {
    "count": count,
    "median_seconds": maybe(seconds),
    "p90_seconds": maybe(seconds),
    "mean_seconds": maybe(seconds),
}
REPORT = {
    "period": {"since": maybe(time), "until": time, "timezone": words},
    "mentions": {
        "total": count,
        "inbound": count,
        "directed": count,
        "undirected": count,
        **dict.fromkeys(("by_platform", "by_language", "by_sentiment", "by_intent", "by_topic"), counts),
        "by_day": [{"day": words, "inbound": count, "negative": count}],
    },
    "response": {
        "cases": count,
        "needing_reply": count,
        "answered": count,
        "response_rate": maybe(share),
        "unanswered_complaints": count,
        **dict.fromkeys(("first_response", "first_response_business", "resolution"), _TIMING),
        "sla": {"met": count, "breached": count, "rate": maybe(share)},
        "backlog_open": count,
        "reopened": count,
        "replies_per_resolution": maybe(number),
    },
    "service": {"net_sentiment": maybe(score), "share_of_service_mentions": maybe(share)},
    "fairness": [
        {
            "dimension": one_of("language", "platform", "hour", "audience"),
            "group": words,
            "count": count,
            "median_seconds": maybe(seconds),
            "p_value": maybe(share),
            "differs": maybe(bool),
        }
    ],
    "crises": maybe(
        [
            {
                "started_at": time,
                "ended_at": maybe(time),
                "peak_ratio": maybe(number),
                "topic": maybe(words),
                "mentions": count,
                "peak": count,
                "usual": number,
                "baseline": words,
            }
        ]
    ),
    "benchmarks": [{"name": words, "value": number, "ours": maybe(number), "source": words}],
    "coverage": [  # beyond CONTRACT.md: METRICS.md has every report say what it heard
        {
            "source": words,
            "platform": words,
            "last_fetch_at": maybe(time),
            "last_error": maybe(words),
            "mentions": count,
            "failing_since": maybe(time),
            "silent_since": maybe(time),
        }
    ],
    "comparison": maybe(  # with the period before, where there is one
        {
            "since": time,
            "until": time,
            "figures": [
                {
                    "figure": words,
                    **dict.fromkeys(("value", "before", "change"), maybe(number)),
                    **dict.fromkeys(("count", "count_before"), maybe(count)),
                    "unit": words,
                }
            ],
        }
    ),
}
