"""What our posts promised. Whether a promise was kept is read from what happened since, never from a counter."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from carecli.errors import NotFound
from carecli.model import iso
from carecli.store.connect import Row, Store
from carecli.store.events import OF_MENTION

SAME_ANSWER = 120  # seconds: what we write sooner than that belongs to the answer that promised

# What kept a promise until ?1: a person's word, else our next answer or a resolution of the case, whichever was first.
_PROMISES = f"""
    SELECT p.*, m.case_id, m.created_at AS made_at, coalesce(
        (SELECT max(e.at) FROM events e WHERE {OF_MENTION} AND e.kind = 'promise kept' AND e.at <= ?1
         AND json_extract(e.data, '$.promise') = p.promise_id AND p.settled_as = 'kept'),
        nullif(min(
            coalesce((SELECT min(o.created_at) FROM mentions o WHERE o.case_id = m.case_id AND o.inbound = 0
                      AND o.automatic = 0
                      AND o.created_at > strftime('%Y-%m-%dT%H:%M:%SZ', m.created_at, '+{SAME_ANSWER} seconds')), '~'),
            coalesce((SELECT min(e.at) FROM events e WHERE {OF_MENTION} AND e.kind = 'resolved' AND e.at > m.created_at
                      AND NOT EXISTS (
                          SELECT 1 FROM events u WHERE u.case_id = e.case_id AND u.kind = 'undone' AND u.at <= ?1
                          AND json_extract(u.data, '$.event') = e.event_id)), '~')
        ), '~')) AS done_at
    FROM promises p JOIN mentions m USING (mention_id)
"""
EVER = "~"  # sorts behind every time


def fate(row: Row, now: str) -> str:
    """What became of a promise until `now`: open, kept, broken, or dropped as none.

    That it never was a promise is a correction, and true of the past, too.
    """
    if row["settled_as"] == "dropped":
        return "dropped"
    done = row["done_at"]
    if done is not None and done <= now:
        return "kept" if done <= row["due_at"] else "broken"
    return "broken" if row["due_at"] < now else "open"


def keep(connection: sqlite3.Connection, found: Mapping[int, Iterable[tuple[str, datetime, datetime]]]) -> None:
    """Write down the (words, due, remind) of posts, by mention; what a person settled stays."""
    connection.executemany(
        "DELETE FROM promises WHERE mention_id = ? AND settled_at IS NULL", [(mention,) for mention in found]
    )
    connection.executemany(
        "INSERT OR IGNORE INTO promises (mention_id, words, due_at, remind_at) VALUES (?, ?, ?, ?)",
        [(mention, words, iso(due), iso(remind)) for mention, all_ in found.items() for words, due, remind in all_],
    )


def unsettled(store: Store, *, since: str, now: str) -> list[Row]:
    """Promises made since then that nothing has kept until `now`, the first due first."""
    return store.rows(
        f"""
        SELECT * FROM ({_PROMISES} WHERE p.settled_at IS NULL AND p.due_at >= ?2 AND m.case_id IS NOT NULL
                       AND m.created_at <= ?1)
        WHERE done_at IS NULL OR done_at > ?1 ORDER BY due_at, promise_id
        """,
        [now, since],
    )


def of_cases(store: Store, cases: Sequence[int]) -> list[Row]:
    """All promises of these cases, oldest first."""
    return store.rows(
        f"{_PROMISES} WHERE m.case_id IN (SELECT value FROM json_each(?2)) ORDER BY m.created_at, p.promise_id",
        [EVER, json.dumps(list(cases))],
    )


def between(store: Store, since: str, until: str) -> list[Row]:
    """Promises made in [since, until), oldest first."""
    return store.rows(
        f"{_PROMISES} WHERE m.created_at >= ?2 AND m.created_at < ?3 AND m.case_id IS NOT NULL ORDER BY 1",
        [EVER, since, until],
    )


def made_by(store: Store, since: str, until: str, *, at: str) -> list[Row]:
    """Promises made in [since, until), oldest first, as they stood at `at`, with who sent the reply with care, else
    the account.
    """
    return store.rows(
        f"""
        SELECT p.*, coalesce(r.agent, a.handle) AS agent FROM ({_PROMISES}
            WHERE m.created_at >= ?2 AND m.created_at < ?3 AND m.case_id IS NOT NULL) p
        JOIN mentions m USING (mention_id) JOIN authors a USING (author_id)
        LEFT JOIN replies r ON r.case_id = m.case_id AND r.external_id = m.external_id AND r.status = 'sent'
        GROUP BY p.promise_id ORDER BY p.made_at, p.promise_id
        """,
        [at, since, until],
    )


def get(store: Store, number: int) -> Row:
    """One promise. Raises NotFound."""
    row = store.row(f"{_PROMISES} WHERE p.promise_id = ?2", [EVER, number])
    if row is None:
        raise NotFound(f"there is no promise {number}", hint="`care promise list` shows them")
    return row


def settle(
    connection: sqlite3.Connection, number: int, kind: str, at: datetime, *, agent: str | None, because: str | None
) -> None:
    """A person's word: the promise is kept, or it never was one."""
    connection.execute(
        "UPDATE promises SET settled_at = ?, settled_as = ?, settled_by = ?, because = ? WHERE promise_id = ?",
        [iso(at), kind, agent, because, number],
    )
