"""Which known mentions to look at again at their source, and when each was looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from carecli.model import Author, Mention, iso, parse_iso
from carecli.store.connect import Connection, Row, Store
from carecli.store.customers import FORGOTTEN
from carecli.store.raw import unpack


def due(store: Store, source: str, *, written_since: datetime, seen_before: datetime, limit: int) -> list[Row]:
    """Customers' mentions of a source in its open cases, those first that were not looked at for longest.

    `seen_before`: neither looked at nor fetched after that. A case that waits for nothing and is in nobody's hands
    (chatter) is done.
    """
    return store.rows(
        """
        SELECT m.*, a.account AS author_account, a.handle AS author_handle, a.name AS author_name,
               a.followers AS author_followers, a.url AS author_url, r.json_zstd
        FROM (
            SELECT case_id FROM cases INDEXED BY cases_waiting -- else every case is looked at
            WHERE waiting_since IS NOT NULL AND merged_into IS NULL AND source = ?1
            UNION SELECT case_id FROM cases
            WHERE status IN ('pending', 'snoozed') AND merged_into IS NULL AND source = ?1
        )
        JOIN mentions m USING (case_id) JOIN authors a USING (author_id)
        LEFT JOIN looks l USING (mention_id) LEFT JOIN raw_mentions r USING (mention_id)
        WHERE m.source = ?1 AND m.inbound = 1 AND m.deleted_at IS NULL AND m.text <> '' AND a.handle <> ?2
            AND m.created_at >= ?3 AND coalesce(l.at, m.fetched_at) <= ?4
        ORDER BY coalesce(l.at, m.fetched_at), m.mention_id LIMIT ?5
        """,
        [source, FORGOTTEN, iso(written_since), iso(seen_before), limit],
    )


def mention(row: Row) -> Mention:
    """A row of `due` as its platform gave it."""
    account = row["author_account"]
    return Mention(
        platform=row["platform"],
        host=row["host"],
        external_id=row["external_id"],
        text=row["text"],
        created_at=parse_iso(row["created_at"]),
        author=Author(
            row["author_handle"],
            row["author_name"],
            None if account == row["author_handle"] or account.startswith("?") else account,
            row["author_followers"],
            row["author_url"],
        ),
        url=row["url"],
        in_reply_to=row["in_reply_to"],
        thread_root=row["thread_root"],
        language=row["declared_language"],
        visibility=row["visibility"],
        inbound=bool(row["inbound"]),
        directed=bool(row["directed"]),
        automatic=bool(row["automatic"]),
        edited_at=row["edited_at"] and parse_iso(row["edited_at"]),
        likes=row["likes"],
        reposts=row["reposts"],
        replies=row["replies"],
        raw=None if row["json_zstd"] is None else unpack(row["json_zstd"]),
        matched=row["matched"],
    )


def looked(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """These mentions were looked at."""
    connection.execute(
        """
        INSERT INTO looks (mention_id, at) SELECT value, ? FROM json_each(?) WHERE true
        ON CONFLICT (mention_id) DO UPDATE SET at = excluded.at
        """,
        [iso(now), json.dumps(list(numbers))],
    )
