"""The append-only log of a case: what was done, when, by whom. Triggers in the file refuse any change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from carecli.errors import NotFound
from carecli.model import Event, iso, parse_iso
from carecli.store.connect import Row, Store

# SQL: event `e` belongs to the case of mention `m`, or to one that was merged into it
OF_MENTION = "e.case_id IN (SELECT m.case_id UNION ALL SELECT c.case_id FROM cases c WHERE c.merged_into = m.case_id)"


def append(
    connection: sqlite3.Connection,
    case: int,
    kind: str,
    at: datetime,
    *,
    agent: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Write one event; returns its number."""
    cursor = connection.execute(
        "INSERT INTO events (case_id, at, kind, agent, data) VALUES (?, ?, ?, ?, ?)",
        [case, iso(at), kind, agent, json.dumps(data or {}, ensure_ascii=False)],
    )
    return int(cursor.lastrowid or 0)


def opened(connection: sqlite3.Connection, cases: Sequence[tuple[int, str, int]]) -> None:
    """Write that cases were opened: (case, when, by which mention)."""
    connection.executemany(
        "INSERT INTO events (case_id, at, kind, data) VALUES (?, ?, 'opened', ?)",
        [(case, at, json.dumps({"mention": mention})) for case, at, mention in cases],
    )


def get(store: Store, number: int) -> tuple[int, Event]:
    """One event and the case that it was written for. Raises NotFound."""
    row = store.row("SELECT * FROM events WHERE event_id = ?", [number])
    if row is None:
        raise NotFound(f"there is no event {number}", hint="`care show CASE --json` has a case's log")
    return row["case_id"], _event(row)


def newest(store: Store, case: int) -> datetime | None:
    """When the last thing in a case's log happened."""
    row = store.row("SELECT max(at) AS at FROM events WHERE case_id = ?", [case])
    return None if row is None or row["at"] is None else parse_iso(row["at"])


def any_since(store: Store, case: int, kind: str, moment: str) -> bool:
    """Whether something of one kind has happened to a case after `moment`."""
    return store.row("SELECT 1 FROM events WHERE case_id = ? AND kind = ? AND at > ?", [case, kind, moment]) is not None


def last_of(store: Store, case: int, kind: str) -> int | None:
    """The number of the last event of one kind of a case."""
    found = store.row("SELECT max(event_id) FROM events WHERE case_id = ? AND kind = ?", [case, kind])
    number: int | None = found[0] if found else None
    return number


def numbers(store: Store, case: int, kind: str, agent: str | None) -> set[int]:
    """The events of one kind that `agent` wrote for a case, or for the one that it was merged into."""
    rows = store.rows(
        """
        SELECT event_id FROM events WHERE kind = ? AND agent IS ?
        AND case_id IN (SELECT coalesce(merged_into, case_id) FROM cases WHERE case_id = ?)
        """,
        [kind, agent, case],
    )
    return {row[0] for row in rows}


def of_cases(store: Store, cases: Sequence[int]) -> dict[int, list[Event]]:
    """Each case's events in the order in which they were written."""
    found: dict[int, list[Event]] = {}
    for row in store.rows(
        "SELECT * FROM events WHERE case_id IN (SELECT value FROM json_each(?)) ORDER BY event_id",
        [json.dumps(list(cases))],
    ):
        found.setdefault(row["case_id"], []).append(_event(row))
    return found


def _event(row: Row) -> Event:
    return Event(row["kind"], parse_iso(row["at"]), row["agent"], json.loads(row["data"]), row["event_id"])
