"""What is known of each source between fetches: its cursor, its last success, its last error."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from carecli.model import JSON, Outcome, iso
from carecli.store.connect import Row, Store


def cursor(store: Store, name: str, platform: str) -> JSON:
    """Where the source stopped, {} for a new one (which is noted down); another platform starts anew."""
    with store.write() as connection:
        connection.execute(
            """
            INSERT INTO sources (name, platform) VALUES (?, ?) ON CONFLICT (name) DO UPDATE
            SET platform = excluded.platform, cursor = '{}' WHERE platform <> excluded.platform
            """,
            [name, platform],
        )
        row = connection.execute("SELECT cursor FROM sources WHERE name = ?", [name]).fetchone()
    value: JSON = json.loads(row["cursor"])
    return value


def finished(store: Store, outcome: Outcome, *, now: datetime) -> None:
    """Note how a fetch ended."""
    with store.write() as connection:
        connection.execute(
            """
            UPDATE sources SET last_fetch_at = ?1, last_error = ?2,
                last_success_at = CASE WHEN ?2 IS NULL THEN ?1 ELSE last_success_at END
            WHERE name = ?3
            """,
            [iso(now), outcome.error, outcome.source],
        )


def states(store: Store) -> dict[str, Row]:
    """Each source that ever ran, with the number of its mentions."""
    rows = store.rows(
        """
        SELECT s.*, (SELECT count(*) FROM mentions m WHERE m.source = s.name) AS mentions FROM sources s ORDER BY name
        """
    )
    return {row["name"]: row for row in rows}


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
