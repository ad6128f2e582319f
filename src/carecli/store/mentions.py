"""Mentions as rows: one, those of a case or of an author, and those of a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from carecli.errors import NotFound
from carecli.store.connect import Row, Store
from carecli.store.raw import unpack

_SHOWN = """
    SELECT m.*, a.handle AS author_handle, a.name AS author_name, a.followers AS author_followers,
           (SELECT json_group_object(signal, value) FROM corrections WHERE mention_id = m.mention_id) AS corrections
    FROM mentions m JOIN authors a USING (author_id)
"""


def get(store: Store, mention: int) -> Row:
    """One mention with its author and corrections. Raises NotFound."""
    row = store.row(f"{_SHOWN} WHERE m.mention_id = ?", [mention])
    if row is None:
        raise NotFound(f"there is no mention {mention}", hint="`care search WORD --json` shows the numbers of mentions")
    return row


def of_case(store: Store, case: int) -> list[Row]:
    """A case's mentions, ours included, oldest first."""
    return store.rows(f"{_SHOWN} WHERE m.case_id = ? ORDER BY m.created_at, m.mention_id", [case])


def by_ids(store: Store, ids: Sequence[int]) -> list[Row]:
    """Mentions in the order of `ids`."""
    rows = store.rows(f"{_SHOWN} WHERE m.mention_id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))])
    place = {number: index for index, number in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row["mention_id"]])


def everything(store: Store, *, batch: int = 1000) -> Iterator[tuple[Row, str | None]]:
    """All mentions with their raw JSON, oldest first by arrival, a page at a time."""
    last = 0
    while rows := store.rows(f"{_SHOWN} WHERE m.mention_id > ? ORDER BY m.mention_id LIMIT ?", [last, batch]):
        last = rows[-1]["mention_id"]
        raws = {
            row["mention_id"]: row["json_zstd"]
            for row in store.rows(
                "SELECT * FROM raw_mentions WHERE mention_id BETWEEN ? AND ?", [rows[0]["mention_id"], last]
            )
        }
        for row in rows:
            blob = raws.get(row["mention_id"])
            yield row, None if blob is None else unpack(blob)


def raw(store: Store, mention: int) -> str | None:
    """The untouched source of a mention, as JSON text."""
    row = store.row("SELECT json_zstd FROM raw_mentions WHERE mention_id = ?", [mention])
    return None if row is None else unpack(row["json_zstd"])


def copies(store: Store, mention: int) -> int:
    """How many others wrote the words of a mention, each counted once."""
    row = store.row(
        """
        SELECT count(DISTINCT other.author_id) FROM mentions m
        JOIN mentions other ON other.gist = m.gist AND other.author_id <> m.author_id AND other.inbound = 1
        WHERE m.mention_id = ?
        """,
        [mention],
    )
    return int(row[0]) if row else 0


def texts(store: Store, since: str, until: str, *, limit: int, negative: bool = False) -> list[tuple[str, str | None]]:
    """Text and language of customers' mentions in [since, until), the newest ones; `negative`: only those."""
    rows = store.rows(
        f"""
        SELECT text, language FROM mentions
        WHERE created_at >= ? AND created_at < ? AND inbound = 1 {"AND sentiment = 'negative'" if negative else ""}
        ORDER BY created_at DESC, mention_id DESC LIMIT ?
        """,
        [since, until, limit],
    )
    return [(row["text"], row["language"]) for row in rows]


def posts_of(store: Store, author: int, limit: int = 50) -> list[Row]:
    """When a customer wrote and the gist of what, newest first, as far as it is in cases of theirs."""
    return store.rows(
        """
        SELECT m.created_at, m.gist FROM cases c JOIN mentions m ON m.case_id = c.case_id
        WHERE c.customer_id = ?1 AND m.author_id = ?1 AND m.inbound = 1 ORDER BY m.created_at DESC LIMIT ?2
        """,
        [author, limit],
    )


def questions(store: Store, *, since: str, limit: int) -> list[Row]:
    """The newest questions and requests since then: mention_id, case_id, text, language, topics."""
    return store.rows(
        """
        SELECT mention_id, case_id, text, language, topics FROM mentions
        WHERE created_at >= ? AND inbound = 1 AND intent IN ('question', 'request') AND case_id IS NOT NULL
        ORDER BY created_at DESC, mention_id DESC LIMIT ?
        """,
        [since, limit],
    )


def answers_since(store: Store, case: int, moment: str) -> int:
    """How many of our own posts, automatic ones left out, came in a case after a message of that time."""
    row = store.row(
        "SELECT count(*) AS n FROM mentions WHERE case_id = ? AND inbound = 0 AND automatic = 0 AND created_at >= ?",
        [case, moment],
    )
    return int(row["n"]) if row else 0
