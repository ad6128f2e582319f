"""What the engine said of mentions, and what a person said instead."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from carecli.model import Verdict, iso
from carecli.store.connect import Row, Store

_AGAIN = "triaging again"


def waiting(store: Store, limit: int) -> list[Row]:
    """Mentions that no verdict was written for yet, oldest first."""
    return store.rows(
        "SELECT * FROM mentions WHERE triaged_at IS NULL ORDER BY created_at, mention_id LIMIT ?", [limit]
    )


def still_waiting(connection: sqlite3.Connection, batch: Sequence[Row]) -> list[Row]:
    """Those rows of `batch` that nobody triaged or changed since it was read, as they are now, without their texts."""
    read = {row["mention_id"]: row["content_hash"] for row in batch}
    rows = connection.execute(
        """
        SELECT mention_id, platform, host, external_id, author_id, case_id, inbound, in_reply_to, thread_root,
               created_at, content_hash FROM mentions
        WHERE mention_id IN (SELECT value FROM json_each(?)) AND triaged_at IS NULL ORDER BY created_at, mention_id
        """,
        [json.dumps(list(read))],
    )
    return [row for row in rows if row["content_hash"] == read[row["mention_id"]]]


def save(
    connection: sqlite3.Connection,
    found: Sequence[tuple[int, Verdict | None, Sequence[Any], int | None]],
    *,
    now: datetime,
) -> None:
    """Write (mention, verdict, risks found, gist); the brand's own posts have no verdict."""
    at = iso(now)
    connection.executemany(
        """
        UPDATE mentions SET triaged_at = ?, language = ?, sentiment = ?, sentiment_score = ?, intent = ?, topics = ?,
            urgency = ?, needs_reply = ?, confidence = ?, why = ?, risks = ?, gist = ? WHERE mention_id = ?
        """,
        [
            (
                at,
                v.language,
                v.sentiment,
                v.sentiment_score,
                v.intent,
                json.dumps(v.topics, ensure_ascii=False),
                v.urgency,
                v.needs_reply,
                v.confidence,
                json.dumps(v.why, ensure_ascii=False),
                json.dumps([risk._asdict() for risk in risks], ensure_ascii=False) if risks else "[]",
                gist,
                number,
            )
            for number, v, risks, gist in found
            if v is not None
        ],
    )
    connection.executemany(
        "UPDATE mentions SET triaged_at = ?, risks = '[]', gist = ? WHERE mention_id = ?",
        [(at, gist, number) for number, verdict, _, gist in found if verdict is None],
    )


def corrections(store: Store, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What people said of these mentions: mention → signal → value."""
    found: dict[int, dict[str, Any]] = {}
    for row in store.rows(
        "SELECT mention_id, signal, value FROM corrections WHERE mention_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    ):
        found.setdefault(row["mention_id"], {})[row["signal"]] = json.loads(row["value"])
    return found


def corrected_count(store: Store) -> int:
    """How many mentions somebody corrected."""
    row = store.row("SELECT COUNT(DISTINCT mention_id) FROM corrections")
    return int(row[0]) if row else 0


def all_corrections(store: Store, *, since: str | None, newest: int | None = None) -> list[Row]:
    """Every corrected mention, or the newest so many: `text`, `language`, `declared_language`, `signals`.

    `signals` is signal → value. `since` (ISO 8601) leaves out what was corrected at or before it.
    """
    return store.rows(
        """
        WITH newest AS (
          SELECT mention_id, json_group_object(signal, json(value)) AS signals
          FROM corrections WHERE ?1 IS NULL OR corrected_at > ?1
          GROUP BY mention_id ORDER BY max(corrected_at) DESC, mention_id DESC LIMIT ?2
        )
        SELECT m.text, m.language, m.declared_language, newest.signals
        FROM newest JOIN mentions m USING (mention_id) ORDER BY mention_id
        """,
        [since, -1 if newest is None else newest],
    )


def correct(
    connection: sqlite3.Connection, mention: int, signals: dict[str, Any], *, agent: str | None, now: datetime
) -> None:
    """Keep a person's word on some signals of a mention, and have it triaged again."""
    connection.executemany(
        "INSERT OR REPLACE INTO corrections (mention_id, signal, value, corrected_at, agent) VALUES (?, ?, ?, ?, ?)",
        [
            (mention, signal, json.dumps(value, ensure_ascii=False), iso(now), agent)
            for signal, value in signals.items()
        ],
    )
    connection.execute("UPDATE mentions SET triaged_at = NULL WHERE mention_id = ?", [mention])


def uncorrect(connection: sqlite3.Connection, mention: int, signals: Sequence[str]) -> None:
    """Take a person's word on these signals back, and have the mention triaged again."""
    connection.executemany(
        "DELETE FROM corrections WHERE mention_id = ? AND signal = ?", [(mention, signal) for signal in signals]
    )
    connection.execute("UPDATE mentions SET triaged_at = NULL WHERE mention_id = ?", [mention])


def forget_verdicts(connection: sqlite3.Connection, engine: str) -> None:
    """Have every mention triaged again that still says something, by `engine`; corrections stay."""
    connection.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", [_AGAIN, engine])
    connection.execute(
        "UPDATE mentions SET triaged_at = NULL WHERE triaged_at IS NOT NULL AND deleted_at IS NULL AND text <> ''"
    )


def unfinished(store: Store) -> str | None:
    """The engine that is to triage everything again and has not come to the end."""
    return store.remembers(_AGAIN)


def finish(store: Store) -> None:
    """Everything is triaged."""
    if unfinished(store) is not None:
        store.forget(_AGAIN)
