"""Taking an action back: one more event that names the first, so that the log keeps both.

The fold leaves out what was undone (`cases.lifecycle.fold`), so the case is exactly what it would be without it:
its clock, too, runs from where it ran before. A correction's signals go back to what a person said before, or to the
engine. A reply that is not out yet, and a draft that waits for somebody's word, become half-written text again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from carecli.cases.lifecycle import HAPPENINGS
from carecli.casework import filing
from carecli.errors import Conflict, NotFound
from carecli.model import Event, parse_iso
from carecli.replies import outbox
from carecli.store import cases, drafts, events, replies, triaged, unsent
from carecli.store.connect import Connection, Row, Store
from carecli.store.unsent import Unsent

UNDOABLE = frozenset(HAPPENINGS) | {"noted", "labelled", "approved", "proposed"}
_STILL_HERE = ("approved", "failed")  # states of a reply of which surely nothing is out


def undone(log: Iterable[Event]) -> set[Any]:
    """The numbers of the events in a log that were taken back."""
    return {event.data.get("event") for event in log if event.kind == "undone"}


def last(store: Store, case: int, agent: str | None) -> int:
    """The newest event of a case that `agent` did and that still counts. Raises NotFound."""
    log = events.of_cases(store, [case]).get(case, [])
    gone = undone(log)
    for event in reversed(log):
        if event.actor != agent or event.kind not in UNDOABLE or event.number in gone or event.number is None:
            continue
        if _is_open(store, event):
            return event.number
    raise NotFound(f"there is nothing of {agent or 'nobody'} to undo in case {case}", hint=f"`care show {case}`")


def take_back(store: Store, number: int, *, now: datetime, agent: str | None) -> tuple[Row, Event]:
    """Undo one event; returns its case and what it was. Raises NotFound, Conflict.

    Where it was a correction, the mention is triaged again by the next `triage_new`.
    """
    case, event = events.get(store, number)
    with _alone(store, event), store.write() as connection:
        row = cases.get(store, case)
        log = events.of_cases(store, [case])[case]
        if event.kind not in UNDOABLE:
            raise Conflict(f"'{event.kind}' cannot be undone", hint=f"`care show {case}` has the log")
        if number in undone(log):
            raise Conflict(f"'{event.kind}' of case {case} is undone already", hint=f"`care show {case}` has the log")
        at = max(now, parse_iso(row["latest_at"]), events.newest(store, case) or now)
        events.append(connection, case, "undone", at, agent=agent, data={"event": number, "kind": event.kind})
        if event.kind == "labelled":
            _relabel(connection, event, [e for e in log if e.number != number and e.number not in undone(log)], at)
        elif event.kind == "approved":
            _take_out_of_the_outbox(store, connection, event, at)
        elif event.kind == "proposed":
            _withdraw(store, connection, event, at)
        filing.project(store, connection, [row["case_id"]])
        return cases.get(store, case), event


@contextmanager
def _alone(store: Store, event: Event) -> Iterator[None]:
    """Nobody sends while a reply is taken back."""
    if event.kind != "approved":
        yield
        return
    with store.lock("outbox", wait=10):
        yield


def _is_open(store: Store, event: Event) -> bool:
    """Whether an event can still be taken back: not a reply that is out, nor a draft that was decided on."""
    if event.kind == "approved":
        return replies.get(store, event.data["reply"])["status"] in _STILL_HERE
    if event.kind == "proposed":
        return bool(replies.draft(store, event.data["draft"])["approval"] == "waiting")
    return True


def _take_out_of_the_outbox(store: Store, connection: Connection, event: Event, now: datetime) -> None:
    reply = replies.get(store, event.data["reply"])
    number, status = reply["reply_id"], reply["status"]
    if status not in _STILL_HERE or replies.parts_out(store, number):
        raise Conflict(f"reply {number} is {status}: what is out stays out", hint="`care outbox` shows its state")
    replies.move(connection, number, status, outbox.step(status, "cancel"))
    _give_back(store, reply, event, reply["mention_id"], reply["draft_id"], now)


def _withdraw(store: Store, connection: Connection, event: Event, now: datetime) -> None:
    draft = replies.draft(store, event.data["draft"])
    if draft["approval"] != "waiting":
        hint = f"`care draft show {draft['draft_id']}`"
        raise Conflict(f"draft {draft['draft_id']} is {draft['approval'] or 'free to send'} by now", hint=hint)
    drafts.decide(connection, draft["draft_id"], None)
    _give_back(store, draft, event, draft["mention_id"], draft["draft_id"], now)


def _give_back(store: Store, row: Row, event: Event, read: int | None, draft: int | None, now: datetime) -> None:
    """Its text is half-written again, where its writer has begun no other."""
    case, agent = row["case_id"], event.actor
    if agent is not None and unsent.load(store, case, agent) is None:
        unsent.save(store, Unsent(case, agent, row["text"], draft, bool(row["private"]), read), now=now)


def _relabel(connection: Connection, event: Event, rest: Iterable[Event], now: datetime) -> None:
    """Give the mention the labels that the other corrections in the log leave it."""
    mention = event.data["mention"]
    left: dict[str, tuple[Any, str | None]] = {}
    for other in rest:
        if other.kind == "labelled" and other.data.get("mention") == mention:
            left.update({signal: (value, other.actor) for signal, value in other.data.items() if signal != "mention"})
    signals = [signal for signal in event.data if signal != "mention"]
    triaged.uncorrect(connection, mention, signals)
    for signal in signals:
        if signal in left:
            value, agent = left[signal]
            triaged.correct(connection, mention, {signal: value}, agent=agent, now=now)
