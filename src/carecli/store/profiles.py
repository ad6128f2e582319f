"""The newest message of each customer as its platform sent it: their profile is in it."""

from __future__ import annotations

from collections.abc import Iterator

from carecli.store.connect import Row, Store
from carecli.store.raw import unpack


def newest(store: Store, limit: int) -> Iterator[tuple[Row, str]]:
    """(account, raw JSON) of the customers who wrote last, the newest first."""
    rows = store.each(
        """
        SELECT a.*, r.json_zstd FROM authors a
        JOIN (SELECT author_id, max(mention_id) AS mention_id FROM mentions WHERE inbound = 1 GROUP BY author_id) n
            USING (author_id)
        JOIN raw_mentions r USING (mention_id) ORDER BY mention_id DESC LIMIT ?
        """,
        [limit],
    )
    for row in rows:
        yield row, unpack(row["json_zstd"])


def linked(store: Store) -> dict[int, int]:
    """Account → person, of the accounts that were linked."""
    return {row["author_id"]: row["person_id"] for row in store.rows("SELECT author_id, person_id FROM people")}
