"""What is known of each source between fetches: its cursor, how it went, and when it may be asked again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from carecli.model import JSON, Outcome, iso, parse_iso
from carecli.store.connect import Connection, Row, Store

_HABIT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Backfill:
    """A walk back to `since` that has not come to its end, and where it stands."""

    since: datetime
    cursor: JSON


@dataclass(frozen=True, slots=True)
class State:
    """A source before a fetch, after `failures` in a row.

    It is not to be asked before `next_try`; by nobody, if it is the platform that has `asked_to_wait`.
    """

    cursor: JSON
    backfill: Backfill | None = None
    failures: int = 0
    next_try: datetime | None = None
    asked_to_wait: bool = False
    last_error: str | None = None


def begin(store: Store, names: Iterable[tuple[str, str]]) -> dict[str, State]:
    """Where these (name, platform) stopped; new ones are noted down, another platform starts anew."""
    wanted = list(names)
    with store.write() as connection:
        connection.executemany(
            """
            INSERT INTO sources (name, platform) VALUES (?, ?) ON CONFLICT (name) DO UPDATE
            SET platform = excluded.platform, cursor = '{}', backfill = NULL, failures = 0, next_try_at = NULL,
                asked_to_wait = 0
            WHERE platform <> excluded.platform
            """,
            wanted,
        )
        rows = connection.execute(
            "SELECT * FROM sources WHERE name IN (SELECT value FROM json_each(?))",
            [json.dumps([name for name, _ in wanted])],
        ).fetchall()
    return {row["name"]: _state(row) for row in rows}


def _state(row: Row) -> State:
    filling = json.loads(row["backfill"]) if row["backfill"] else None
    return State(
        cursor=json.loads(row["cursor"]),
        backfill=filling and Backfill(parse_iso(filling["since"]), filling["cursor"]),
        failures=row["failures"],
        next_try=row["next_try_at"] and parse_iso(row["next_try_at"]),
        asked_to_wait=bool(row["asked_to_wait"]),
        last_error=row["last_error"],
    )


def cursor(store: Store, name: str, platform: str) -> JSON:
    """Where the source stopped, {} for a new one."""
    return begin(store, [(name, platform)])[name].cursor


def move(connection: Connection, name: str, cursor: JSON) -> None:
    """The source was read up to `cursor`."""
    connection.execute("UPDATE sources SET cursor = ? WHERE name = ?", [json.dumps(cursor, ensure_ascii=False), name])


def fill(connection: Connection, name: str, backfill: Backfill | None) -> None:
    """A walk back stands here; None: it is over."""
    value = None
    if backfill is not None:
        value = json.dumps({"since": iso(backfill.since), "cursor": backfill.cursor}, ensure_ascii=False)
    connection.execute("UPDATE sources SET backfill = ? WHERE name = ?", [value, name])


def finished(store: Store, outcome: Outcome, *, now: datetime, asked_to_wait: bool = False) -> None:
    """Note how a fetch ended, and when the next one may be."""
    with store.write() as connection:
        connection.execute(
            """
            UPDATE sources SET last_fetch_at = ?1, last_error = ?2,
                last_success_at = CASE WHEN ?2 IS NULL THEN ?1 ELSE last_success_at END,
                failures = CASE WHEN ?2 IS NULL THEN 0 ELSE failures + 1 END,
                next_try_at = ?4, asked_to_wait = ?5
            WHERE name = ?3
            """,
            [iso(now), outcome.error, outcome.source, outcome.next_try and iso(outcome.next_try), asked_to_wait],
        )


def states(store: Store) -> dict[str, Row]:
    """Each source that ever ran, with the number of its mentions."""
    rows = store.rows(
        """
        SELECT s.*, coalesce(m.n, 0) AS mentions FROM sources s
        LEFT JOIN (SELECT source, count(*) AS n FROM mentions GROUP BY source) m ON m.source = s.name ORDER BY name
        """
    )
    return {row["name"]: row for row in rows}


def habits(store: Store, now: datetime) -> dict[str, list[datetime]]:
    """When each source's customers wrote in the last 90 days, in order."""
    found: dict[str, list[datetime]] = {}
    for row in store.rows(
        "SELECT source, created_at FROM mentions WHERE created_at >= ? AND inbound = 1 ORDER BY created_at",
        [iso(now - _HABIT)],
    ):
        found.setdefault(row["source"], []).append(parse_iso(row["created_at"]))
    return found


def forget(store: Store, name: str) -> None:
    """Drop a source's cursor and state; its mentions stay."""
    with store.write() as connection:
        connection.execute("DELETE FROM sources WHERE name = ?", [name])


def coverage(store: Store) -> list[dict[str, Any]]:
    """Each source's state as a plain row, for reports."""
    return [
        {key: row[key] for key in ("name", "platform", "last_fetch_at", "last_error", "mentions")}
        for row in states(store).values()
    ]


def quick_states(store: Store) -> dict[str, Row]:
    """Each source that ever ran, without counting its mentions."""
    return {row["name"]: row for row in store.rows("SELECT * FROM sources")}


def newest(store: Store, name: str, limit: int, *, until: datetime) -> list[str]:
    """The times of a source's newest mentions, the newest first."""
    rows = store.rows(
        "SELECT created_at FROM mentions WHERE source = ? AND created_at <= ? ORDER BY created_at DESC LIMIT ?",
        [name, iso(until), limit],
    )
    return [row["created_at"] for row in rows]
