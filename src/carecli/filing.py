"""New messages into the cases of their conversations, and cases written anew from what happened to them.

Both happen inside the transaction of whoever calls: what `carecli.lifecycle.fold` makes of a case's mentions and log
is its row, so nothing edits a case in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from carecli.conversations import Message, Place, plan
from carecli.lifecycle import Life, Segment, Turn, fold
from carecli.model import Verdict, iso, parse_iso
from carecli.store import cases, conversations, events
from carecli.store.cases import Projection
from carecli.store.connect import Connection, Row, Store
from carecli.triage import prioritise


def _message(row: Row) -> Message:
    place = (row["platform"], row["host"], row["external_id"])
    parent, root = place_of(row, "in_reply_to"), place_of(row, "thread_root")
    return Message(row["mention_id"], place, row["author_id"], parent, root, bool(row["inbound"]))


def place_of(row: Row, column: str) -> Place | None:
    return None if row[column] is None else (row["platform"], row["host"], row[column])


def into_cases(connection: Connection, batch: Sequence[Row], now: datetime) -> set[int]:
    """Put each mention into the case of its conversation; returns the cases that changed."""
    touched = {row["case_id"] for row in batch if row["case_id"] is not None}
    rows = {row["mention_id"]: row for row in batch if row["case_id"] is None}
    messages = [_message(row) for row in rows.values()]
    places = {place for m in messages for place in (m.place, m.parent, m.root) if place is not None}
    ours = conversations.ours_at(connection, places)
    places |= {parent for _, parent in ours.values() if parent is not None}
    known, hanging = conversations.at_places(connection, places), conversations.hanging_on(connection, places)
    filing = plan(messages, known, hanging, ours, conversations.next_number(connection))
    conversations.create(connection, [(number, rows[message.number]) for number, message in filing.new])
    conversations.attach(connection, [(case, number) for number, case in filing.cases.items()])
    conversations.hang(connection, filing.hooks)
    for case, message in filing.new:
        at = parse_iso(rows[message.number]["created_at"])
        events.append(connection, case, "opened", at, data={"mention": message.number})
    for old, into in filing.merges:
        conversations.merge(connection, old, into)
        events.append(connection, into, "merged", now, data={"case": old})
    adopted = _adopt_orphans(connection, filing.known)
    return (touched | set(filing.cases.values()) | adopted) - {old for old, _ in filing.merges}


def reopen_unseen(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """A message that came after its case was resolved, though written before that, has been seen by nobody."""
    for row in conversations.overtaken(connection, numbers):
        at = max(now, parse_iso(row["resolved_at"]))
        events.append(connection, row["case_id"], "reopened", at, data={"unseen": row["mention_id"]})


def _adopt_orphans(connection: Connection, known: Mapping[Place, int]) -> set[int]:
    """Our answers that were here before what they answer find their cases."""
    homes, adopted = dict(known), set[int]()
    while orphans := conversations.orphans(connection, homes):
        found = [(homes[row["platform"], row["host"], row["in_reply_to"]], row) for row in orphans]
        conversations.attach(connection, [(case, row["mention_id"]) for case, row in found])
        adopted |= {case for case, _ in found}
        # an answer of ours in several posts: the next one hangs on this one
        homes = {(row["platform"], row["host"], row["external_id"]): case for case, row in found}
    return adopted


def project(store: Store, connection: Connection, touched: Iterable[int]) -> None:
    """Write these cases anew from their mentions and their logs."""
    numbers = sorted(touched)
    all_turns = cases.turns(store, numbers)
    turns = {case: rows for case, rows in all_turns.items() if any(row["inbound"] for row in rows)}
    conversations.empty(connection, [number for number in numbers if number not in turns])
    absorbed = conversations.merged(store, numbers)
    logs = events.of_cases(store, [*numbers, *(old for olds in absorbed.values() for old in olds)])
    firsts = {case: next(row for row in rows if row["inbound"]) for case, rows in turns.items()}
    contacts = cases.contacts(store, firsts)
    projections = []
    for case, rows in turns.items():
        log = [event for number in (case, *absorbed.get(case, ())) for event in logs.get(number, ())]
        life = fold(
            [
                Turn(
                    parse_iso(r["created_at"]),
                    bool(r["inbound"]),
                    bool(r["needs_reply"]),
                    bool(r["automatic"]),
                )
                for r in rows
            ],
            log,
        )
        customer = firsts[case]["author_id"]
        projections.append(_projection(case, rows, life, customer, contacts[case]))
    cases.project(connection, projections)


def _projection(case: int, rows: Sequence[Row], life: Life, customer: int, contacts: int) -> Projection:
    inbound = [row for row in rows if row["inbound"]]
    newest = inbound[-1]
    directed = any(row["directed"] for row in inbound) or len(inbound) < len(rows)
    ranked = [
        _Ranked(priority, reasons, row["created_at"], row)
        for row in inbound
        for priority, reasons in [prioritise(_verdict(row), directed=directed, contacts=contacts)]
    ]
    waiting = iso(life.waiting_since) if life.waiting_since else newest["created_at"]
    unanswered = [item for item in ranked if item.at >= waiting] or ranked  # reopened by hand: nothing new was said
    leading = max(unanswered, key=_pressing)
    signals = {key: leading.row[key] for key in ("sentiment", "sentiment_score", "intent", "urgency")}
    topics = dict.fromkeys(topic for item in unanswered for topic in json.loads(item.row["topics"]))
    return Projection(
        case=case,
        life=life,
        latest_mention=newest["mention_id"],
        mention_count=len(rows),
        customer=customer,
        signals={
            **signals,
            "language": newest["language"] or leading.row["language"],
            "topics": json.dumps(list(topics), ensure_ascii=False),
        },
        directed=directed,
        priority=leading.priority,
        reasons=leading.reasons,
        segments=[_segment_signals(segment, end, ranked) for segment, end in _stretches(life)],
    )


class _Ranked(NamedTuple):
    """A customer's message with its place in the queue."""

    priority: int
    reasons: tuple[str, ...]
    at: str
    row: Row


def _pressing(item: _Ranked) -> tuple[bool, int, str]:
    return bool(item.row["needs_reply"]), item.priority, item.at


def _stretches(life: Life) -> Iterable[tuple[Segment, datetime | None]]:
    return zip(life.segments, [*(s.opened_at for s in life.segments[1:]), None], strict=True)


def _segment_signals(segment: Segment, end: datetime | None, ranked: Sequence[_Ranked]) -> tuple[str, str, str | None]:
    """Intent, urgency and language of the message that pressed most in the segment, which another one ends at `end`.

    The urgency sets the target of the first response, so it is that of what had been asked before it.
    """
    inside = [r for r in ranked if r.at >= iso(segment.opened_at) and (end is None or r.at < iso(end))] or ranked
    reply = segment.first_reply_at
    asked = [r for r in inside if reply is None or r.at <= iso(reply)] or inside
    row = max(inside, key=_pressing).row
    return row["intent"], max(asked, key=_pressing).row["urgency"], row["language"]


def _verdict(row: Row) -> Verdict:
    return Verdict(
        row["language"],
        row["sentiment"],
        row["sentiment_score"],
        row["intent"],
        tuple(json.loads(row["topics"])),
        row["urgency"],
        bool(row["needs_reply"]),
        row["confidence"],
    )
