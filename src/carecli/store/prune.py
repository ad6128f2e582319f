"""Retention: old texts go, and with them what the platforms sent; what figures are made of stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from carecli.model import iso
from carecli.store import search
from carecli.store.connect import Connection, Row, Store

BATCH = 1_000


def count(store: Store, before: datetime) -> int:
    """Mentions from before then that still have a text."""
    row = store.row("SELECT count(*) FROM mentions WHERE created_at < ? AND text <> ''", [iso(before)])
    return int(row[0]) if row else 0


def pruned_before(store: Store) -> str | None:
    """Texts from before then are gone, None where none are; what was only in them is not known any more."""
    return store.remembers(_PRUNED)


def prune(store: Store, before: datetime) -> int:
    """Empty the texts, addresses and raw sources of mentions from before then, and of drafts and replies to them.

    Verdicts, times and the log stay, so figures of the past do not change. Authors of whom nothing newer is kept
    lose name, handle and account. Returns how many mentions there were; works in short transactions.
    """
    at, done = iso(before), 0
    while rows := store.rows(
        "SELECT mention_id, text FROM mentions WHERE created_at < ? AND text <> '' LIMIT ?", [at, BATCH]
    ):
        with store.write() as connection:
            _empty(connection, rows)
        done += len(rows)
    with store.write() as connection:
        for statement in _WHAT_WE_WROTE:
            connection.execute(statement, [at])
        connection.execute(_NAMES, [at])
        store.remember(_PRUNED, max(at, pruned_before(store) or at))
    return done


def _empty(connection: Connection, rows: Sequence[Row]) -> None:
    numbers = json.dumps([row["mention_id"] for row in rows])
    chosen = "mention_id IN (SELECT value FROM json_each(?))"
    for row in rows:
        search.remove(connection, row["mention_id"], row["text"])
    connection.execute(f"UPDATE mentions SET text = '', url = NULL, why = '[]' WHERE {chosen}", [numbers])
    connection.execute(f"DELETE FROM raw_mentions WHERE {chosen}", [numbers])


_PRUNED = "texts pruned before"
_WHAT_WE_WROTE = (
    "UPDATE drafts SET text = '', findings = '[]' WHERE created_at < ? AND text <> ''",
    "UPDATE replies SET text = '' WHERE created_at < ? AND status IN ('sent', 'cancelled') AND text <> ''",
    "UPDATE draft_versions SET text = '' WHERE changed_at < ? AND text <> ''",
    """
    UPDATE reply_parts SET text = '' WHERE text <> '' AND reply_id IN (
        SELECT reply_id FROM replies WHERE created_at < ? AND status IN ('sent', 'cancelled')
    )
    """,
    # two promises of a post stay two
    """
    UPDATE promises SET words = 'pruned ' || promise_id, because = NULL
    WHERE mention_id IN (SELECT mention_id FROM mentions WHERE created_at < ?)
    """,
)
_NAMES = """
    UPDATE authors SET account = 'pruned-' || author_id, handle = 'pruned-' || author_id, name = NULL, url = NULL
    WHERE handle <> 'pruned-' || author_id
        AND author_id IN (SELECT author_id FROM mentions WHERE created_at < ?1 AND inbound = 1)
        AND author_id NOT IN (SELECT author_id FROM mentions WHERE created_at >= ?1)
"""
