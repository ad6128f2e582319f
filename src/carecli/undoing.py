"""Taking an action back: one more event that names the first, so that the log keeps both.

The fold leaves out what was undone (`carecli.lifecycle.fold`), so the case is exactly what it would be without it:
its clock, too, runs from where it ran before. A correction's signals go back to what a person said before, or to the
engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from carecli import filing
from carecli.errors import Conflict, NotFound
from carecli.lifecycle import HAPPENINGS
from carecli.model import Event, parse_iso
from carecli.store import cases, events, mentions
from carecli.store.connect import Connection, Row, Store

UNDOABLE = frozenset(HAPPENINGS) | {"noted", "labelled"}


def undone(log: Iterable[Event]) -> set[Any]:
    """The numbers of the events in a log that were taken back."""
    return {event.data.get("event") for event in log if event.kind == "undone"}


def last(store: Store, case: int, agent: str | None) -> int:
    """The newest event of a case that `agent` did and that still counts. Raises NotFound."""
    log = events.of_cases(store, [case]).get(case, [])
    gone = undone(log)
    for event in reversed(log):
        if event.actor == agent and event.kind in UNDOABLE and event.number not in gone and event.number is not None:
            return event.number
    raise NotFound(f"there is nothing of {agent or 'nobody'} to undo in case {case}", hint=f"`care show {case}`")


def take_back(store: Store, number: int, *, now: datetime, agent: str | None) -> tuple[Row, Event]:
    """Undo one event; returns its case and what it was. Raises NotFound, Conflict.

    Where it was a correction, the mention is triaged again by the next `triage_new`.
    """
    with store.write() as connection:
        case, event = events.get(store, number)
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
        filing.project(store, connection, [row["case_id"]])
        return cases.get(store, case), event


def _relabel(connection: Connection, event: Event, rest: Iterable[Event], now: datetime) -> None:
    """Give the mention the labels that the other corrections in the log leave it."""
    mention = event.data["mention"]
    left: dict[str, tuple[Any, str | None]] = {}
    for other in rest:
        if other.kind == "labelled" and other.data.get("mention") == mention:
            left.update({signal: (value, other.actor) for signal, value in other.data.items() if signal != "mention"})
    signals = [signal for signal in event.data if signal != "mention"]
    mentions.uncorrect(connection, mention, signals)
    for signal in signals:
        if signal in left:
            value, agent = left[signal]
            mentions.correct(connection, mention, {signal: value}, agent=agent, now=now)
