"""Mentions that are gone at their source: their words leave every table that anything shows, their cases stay.

The platforms' terms ask for it. The row keeps its place, its times and its verdict, so that figures stay true.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from carecli.model import iso
from carecli.store import events, search
from carecli.store.connect import Connection, Store


def withdraw(connection: Connection, place: tuple[str, str], ids: Sequence[str], *, now: datetime) -> int:
    """Take away what the mentions with these external ids at `place` (platform, host) said.

    What is not known, or was withdrawn before, changes nothing. Returns how many there were.
    """
    rows = connection.execute(
        """
        SELECT mention_id, case_id, text FROM mentions
        WHERE platform = ? AND host = ? AND external_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL
        """,
        [*place, json.dumps(list(ids))],
    ).fetchall()
    for row in rows:
        number = row["mention_id"]
        connection.execute(
            """
            INSERT OR REPLACE INTO withdrawn_mentions
            SELECT m.mention_id, m.text, r.json_zstd FROM mentions m LEFT JOIN raw_mentions r USING (mention_id)
            WHERE m.mention_id = ?
            """,
            [number],
        )
        connection.execute("DELETE FROM raw_mentions WHERE mention_id = ?", [number])
        # no content has an empty hash: should the mention come back, it is taken as it is then
        connection.execute(
            "UPDATE mentions SET deleted_at = ?, text = '', content_hash = x'', matched = NULL WHERE mention_id = ?",
            [iso(now), number],
        )
        search.remove(connection, number, row["text"])
        search.add(connection, [(number, "")])
        if row["case_id"] is not None:
            events.append(connection, row["case_id"], "deleted", now, data={"mention": number})
    return len(rows)


def forget(connection: Connection, mention: int) -> None:
    """The mention is there again: what was kept of it has no use."""
    connection.execute("DELETE FROM withdrawn_mentions WHERE mention_id = ?", [mention])


def deleted(store: Store, mentions: Sequence[int]) -> set[int]:
    """Those of `mentions` that are gone at their source."""
    rows = store.rows(
        """
        SELECT mention_id FROM mentions
        WHERE mention_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NOT NULL
        """,
        [json.dumps(list(mentions))],
    )
    return {row["mention_id"] for row in rows}
