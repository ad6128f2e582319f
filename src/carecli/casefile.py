"""A case as people and scripts see it: its row, its clock and all that hangs on it, as plain data."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carecli.config import Config
from carecli.model import JSON, Draft, Event, iso, parse_iso
from carecli.sla import Clock
from carecli.sla import clock as sla_clock
from carecli.store import cases, conversations, events, mentions, replies
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store


def describe(row: Row, config: Config, now: datetime) -> JSON:
    """One case's row as the JSON of CONTRACT.md."""
    asleep = row["status"] == "snoozed" and row["snoozed_until"] > iso(now)
    status = "open" if row["status"] == "snoozed" and not asleep else row["status"]
    return {
        "case": row["case_id"],
        "status": status,
        "priority": row["priority"],
        "reasons": json.loads(row["reasons"]),
        "language": row["language"],
        "sentiment": row["sentiment"],
        "sentiment_score": row["sentiment_score"],
        "intent": row["intent"],
        "topics": json.loads(row["topics"]),
        "urgency": row["urgency"],
        "needs_reply": bool(row["needs_reply"]),
        "directed": bool(row["directed"]),
        "assignee": row["assignee"],
        "tags": json.loads(row["tags"]),
        "platform": row["platform"],
        "customer": {"handle": row["customer_handle"], "name": row["customer_name"]},
        "text": None if row["latest_deleted_at"] else row["text"],
        "url": row["url"],
        "opened_at": row["opened_at"],
        "first_reply_at": row["first_reply_at"],
        "resolved_at": row["resolved_at"],
        "snoozed_until": row["snoozed_until"] if asleep else None,
        "waiting_since": row["waiting_since"],
        "sla": _sla(row, config, now),
        "mentions": row["mention_count"],
        "reposts": row["reposts"],
    }


def queue(
    store: Store,
    config: Config,
    which: Filter,
    *,
    now: datetime,
    sla: str | None = None,
    limit: int | None = None,
) -> list[JSON]:
    """Cases as CONTRACT.md describes them, most pressing first."""
    rows = cases.listed(store, which, now=now, limit=None if sla else limit)
    described = (describe(row, config, now) for row in rows)
    fitting = (case for case in described if sla is None or case["sla"]["state"] == sla)
    return [case for case, _ in zip(fitting, range(limit if limit is not None else 1 << 62), strict=False)]


def _sla(row: Row, config: Config, now: datetime) -> JSON:
    waiting = row["waiting_since"]
    clock = Clock()
    if row["needs_reply"] or waiting:
        answered = None if waiting or not row["segment_first_reply_at"] else parse_iso(row["segment_first_reply_at"])
        started = parse_iso(waiting or row["segment_opened_at"])
        urgency = row["urgency"] if waiting else row["segment_urgency"] or row["urgency"]
        clock = sla_clock(urgency, started, answered, config, waiting=bool(waiting), now=now)
    due_at = None if clock.due_at is None else iso(clock.due_at)
    return {"target_seconds": clock.target_seconds, "due_at": due_at, "state": clock.state}


@dataclass(frozen=True)
class CaseFile:
    """A case as CONTRACT.md describes it, with everything that hangs on it; rows as the store gives them."""

    case: JSON
    mentions: list[Row]
    followers: int | None
    history: list[JSON]
    events: list[JSON]
    drafts: list[Draft]
    replies: list[Row]


def case_file(store: Store, config: Config, case: int, *, now: datetime) -> CaseFile:
    """All that someone needs before answering. Raises NotFound."""
    row = cases.get(store, case)
    number = row["case_id"]
    conversation = mentions.of_case(store, number)
    absorbed = conversations.merged(store, [number]).get(number, [])
    logs = events.of_cases(store, [number, *absorbed])
    log = sorted((event for events_ in logs.values() for event in events_), key=lambda event: event.at)
    gone = {m["mention_id"] for m in conversation if m["deleted_at"]}
    followers = [m["author_followers"] for m in conversation if m["author_id"] == row["customer_id"]]
    return CaseFile(
        case=describe(row, config, now),
        mentions=conversation,
        followers=next((number for number in reversed(followers) if number is not None), None),
        history=[
            describe(other, config, now) for other in cases.of_customer(store, row["customer_id"], besides=number)
        ],
        events=[{"at": iso(e.at), "kind": e.kind, "agent": e.actor, "data": _shown(e, gone)} for e in log],
        drafts=replies.drafts_of(store, number),
        replies=replies.of_case(store, number),
    )


def _shown(event: Event, gone: Collection[int]) -> JSON:
    """What an event says; not what a message said before it was edited, when it is gone."""
    hidden = event.data.get("mention") in gone
    return {key: value for key, value in event.data.items() if not (hidden and key == "before")}


def describe_short(case: Mapping[str, Any]) -> str:
    """A case in one line."""
    return f"case {case['case']}, {case['opened_at']}, {case['status']}, {case['intent']}: {(case['text'] or '')[:100]}"
