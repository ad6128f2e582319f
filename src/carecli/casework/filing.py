"""New messages into the cases of their conversations, and cases written anew from what happened to them.

Both happen inside the transaction of whoever calls: what `cases.lifecycle.fold` makes of a case's mentions and log
is its row, so nothing edits a case in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from carecli import sla
from carecli.cases.conversations import Message, Place, plan
from carecli.cases.lifecycle import Life, Segment, fold
from carecli.cases.reposts import Copy, originals
from carecli.casework import priorities, turns
from carecli.casework.priorities import Customer, Ranked, pressing, risks_of
from carecli.config import Config, Priority
from carecli.hours import parse_duration
from carecli.model import iso, parse_iso
from carecli.replies.promises import promises
from carecli.store import cases, conversations, events
from carecli.store import promises as kept
from carecli.store.cases import Projection
from carecli.store.connect import Columns, Connection, Row, Store


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
    opened = [(case, rows[message.number]["created_at"], message.number) for case, message in filing.new]
    events.opened(connection, opened)
    for old, into in filing.merges:
        conversations.merge(connection, old, into)
        events.append(connection, into, "merged", now, data={"case": old})
    adopted = _adopt_orphans(connection, filing.known)
    return (touched | set(filing.cases.values()) | adopted) - {old for old, _ in filing.merges}


def find_reposts(connection: Connection, undirected: Sequence[Row], gists: Mapping[int, int | None]) -> dict[int, int]:
    """Which of these new messages repeat another one: their numbers → that one's. Replies are never reposts."""
    copies = [
        Copy(row["mention_id"], mark, row["platform"], row["author_id"], parse_iso(row["created_at"]))
        for row in undirected
        if row["case_id"] is None and row["in_reply_to"] is None
        for mark in [gists[row["mention_id"]]]
        if mark is not None
    ]
    if not copies:
        return {}
    found = originals(copies, conversations.same_texts(connection, {copy.gist for copy in copies}))
    conversations.note_reposts(connection, found)
    return found


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


def record(
    store: Store,
    case: int,
    kind: str,
    *,
    now: datetime,
    agent: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Row:
    """Append one event to a case's log and write the case anew. Raises NotFound."""
    with store.write() as connection:
        row = cases.get(store, case)
        number: int = row["case_id"]
        # clocks differ: whoever acts has seen what is there, so it comes after that
        at = max(now, parse_iso(row["latest_at"]), events.newest(store, number) or now)
        events.append(connection, number, kind, at, agent=agent, data=data)
        project(store, connection, [number])
        return cases.get(store, number)


def keep_promises(connection: Connection, batch: Sequence[Row], config: Config) -> None:
    """Write down what our own posts promise, with the time at which it is due and the one to think of it."""
    zone = ZoneInfo(config.brand.timezone)
    default = timedelta(seconds=parse_duration(config.desk.promise_due))
    found: dict[int, list[tuple[str, datetime, datetime]]] = {}
    for row in batch:
        if row["inbound"] or row["automatic"]:
            continue
        made = parse_iso(row["created_at"])
        ours = found.setdefault(row["mention_id"], [])
        for one in promises(row["text"], made=made, zone=zone):
            due = max(one.due or made + default, made)
            # an hour before it is due, or a quarter of the time
            ours.append((one.words, due, due - min(timedelta(hours=1), (due - made) / 4)))
    kept.keep(connection, found)


def project(store: Store, connection: Connection, touched: Iterable[int]) -> None:
    """Write these cases anew from their mentions and their logs."""
    numbers = sorted(touched)
    projections = projected(store, numbers)
    known = {projection.case for projection in projections}
    conversations.empty(connection, [number for number in numbers if number not in known])
    cases.project(connection, projections)
    conversations.count_reposts(connection, known)


def projected(store: Store, numbers: Sequence[int], *, at: datetime | None = None) -> list[Projection]:
    """What mentions and logs make of these cases; `at`: had nothing happened after that moment.

    A case in which no customer said anything by then is left out.
    """
    limit = None if at is None else iso(at)
    so_far = {
        case: [row for row in rows if limit is None or row["created_at"] <= limit]
        for case, rows in turns.of(store, numbers).items()
    }
    heard = {case: rows for case, rows in so_far.items() if any(row["inbound"] for row in rows)}
    absorbed = conversations.merged(store, numbers)
    logs = events.of_cases(store, [*numbers, *(old for olds in absorbed.values() for old in olds)])
    firsts = {case: next(row for row in rows if row["inbound"]) for case, rows in heard.items()}
    contacts = cases.contacts(store, firsts)
    weights = priorities.in_force(store)
    heard_by = cases.followers(store, firsts) if weights.audience else {}
    projections = []
    for case, rows in heard.items():
        log = [event for number in (case, *absorbed.get(case, ())) for event in logs.get(number, ())]
        life = fold(cases.as_turns(rows), [event for event in log if at is None or event.at <= at])
        customer = Customer(firsts[case]["author_id"], contacts[case], heard_by.get(case))
        projections.append(_projection(case, rows, life, customer, weights))
    return projections


def _projection(case: int, rows: Sequence[Columns], life: Life, customer: Customer, weights: Priority) -> Projection:
    inbound = [row for row in rows if row["inbound"]]
    newest = inbound[-1]
    directed = any(row["directed"] for row in inbound) or len(inbound) < len(rows)
    ranked = priorities.ranked(rows, customer, weights, directed=directed)
    waiting = iso(life.waiting_since) if life.waiting_since else newest["created_at"]
    unanswered = [item for item in ranked if item.at >= waiting] or ranked  # reopened by hand: nothing new was said
    leading = max(unanswered, key=pressing)
    signals = {key: leading.row[key] for key in ("sentiment", "sentiment_score", "intent", "urgency")}
    topics = dict.fromkeys(topic for item in unanswered for topic in json.loads(item.row["topics"]))
    risks = dict.fromkeys(risk for item in unanswered for risk in risks_of(item.row))
    return Projection(
        case=case,
        life=life,
        latest_mention=newest["mention_id"],
        mention_count=len(rows),
        customer=customer.author,
        source=inbound[0]["source"],
        brand=next((row["brand"] for row in inbound if row["brand"]), None),
        signals={
            **signals,
            "language": newest["language"] or leading.row["language"],
            "topics": json.dumps(list(topics), ensure_ascii=False),
            "risks": json.dumps(list(risks)),
            "unanswered": _unanswered(life, unanswered, leading),
        },
        directed=directed,
        priority=leading.priority,
        reasons=leading.reasons,
        segments=[_segment_signals(segment, end, ranked) for segment, end in _stretches(life)],
    )


def _unanswered(life: Life, unanswered: Sequence[Ranked], leading: Ranked) -> str:
    """The messages whose clocks run; a case that was reopened by hand waits since then, for what presses most in it."""
    if life.waiting_since is None:
        return "[]"
    since = iso(life.waiting_since)
    asking = [item for item in unanswered if item.row["needs_reply"] and item.at >= since]
    return sla.packed(map(_asked, asking or [leading._replace(at=since)]))


def _asked(item: Ranked) -> sla.Asked:
    return sla.Asked(parse_iso(item.at), sla.Signs(item.row["urgency"], item.row["intent"], item.priority, ""))


def _stretches(life: Life) -> Iterable[tuple[Segment, datetime | None]]:
    return zip(life.segments, [*(s.opened_at for s in life.segments[1:]), None], strict=True)


def _segment_signals(
    segment: Segment, end: datetime | None, ranked: Sequence[Ranked]
) -> tuple[str, str, str | None, int, str | None]:
    """Intent, urgency, language and priority of the message that pressed most in the segment, and what was asked.

    Another segment begins at `end`. What sets the target of the first response had been asked before it.
    """
    inside = [r for r in ranked if r.at >= iso(segment.opened_at) and (end is None or r.at < iso(end))] or ranked
    reply = segment.first_reply_at
    asked = [r for r in inside if reply is None or r.at <= iso(reply)]
    leading = max(inside, key=pressing)
    asking = [r for r in asked if r.row["needs_reply"]]
    if not asked:  # reopened by hand and answered: to what was said before that, not to what came after
        asked = [r for r in ranked if reply is not None and r.at <= iso(reply)] or list(inside)
    asking = asking or [max(asked, key=pressing)._replace(at=iso(segment.opened_at))]
    urgency = max(asked, key=pressing).row["urgency"]
    alone = _asked(leading._replace(at=iso(segment.opened_at)))  # what the segment's own columns say already
    promised = None if [_asked(r) for r in asking] == [alone] and urgency == leading.row["urgency"] else asking
    packed = None if promised is None else sla.packed(map(_asked, promised))
    return leading.row["intent"], urgency, leading.row["language"], leading.priority, packed
