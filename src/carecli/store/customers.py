"""Customers: accounts that were linked by hand, who else wrote about the same, and people who are to be forgotten."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from carecli.model import iso
from carecli.store import search
from carecli.store.connect import Row, Store

FORGOTTEN = "forgotten"


def by_handle(store: Store, handle: str, platform: str | None = None) -> list[Row]:
    """The customers' accounts with this handle, with or without @; on one platform, or on all."""
    return store.rows(
        """
        SELECT a.* FROM authors a WHERE lower(ltrim(a.handle, '@')) = lower(ltrim(?1, '@'))
          AND (?2 IS NULL OR a.platform = ?2)
          AND EXISTS (SELECT 1 FROM mentions m WHERE m.author_id = a.author_id AND m.inbound = 1)
        ORDER BY a.author_id
        """,
        [handle, platform],
    )


def accounts(store: Store, author: int) -> list[Row]:
    """All accounts of a customer: this one, and those linked with it."""
    return store.rows(
        """
        SELECT * FROM authors WHERE author_id = ?1 OR author_id IN (
            SELECT other.author_id FROM people one JOIN people other USING (person_id) WHERE one.author_id = ?1
        ) ORDER BY author_id
        """,
        [author],
    )


def link(connection: sqlite3.Connection, one: int, other: int) -> None:
    """Two accounts are one customer's; what was linked with either is linked with both."""
    known = connection.execute(
        "SELECT DISTINCT person_id FROM people WHERE author_id IN (?, ?) ORDER BY 1", [one, other]
    ).fetchall()
    person = known[0][0] if known else min(one, other)
    connection.executemany("UPDATE people SET person_id = ? WHERE person_id = ?", [(person, row[0]) for row in known])
    connection.executemany("INSERT OR REPLACE INTO people VALUES (?, ?)", [(one, person), (other, person)])


def unlink(connection: sqlite3.Connection, author: int) -> None:
    """This account is nobody else's."""
    connection.execute("DELETE FROM people WHERE author_id = ?", [author])


def same_matter(store: Store, case: int, *, since: str, limit: int) -> list[Row]:
    """Other customers' cases that share a topic, the newest first, of all that were opened since then."""
    row = store.row("SELECT topics FROM cases WHERE case_id = ?", [case])
    topics = [] if row is None else json.loads(row["topics"])
    found = {row["case_id"]: row for topic in topics for row in store.rows(_ABOUT, [topic, since, case, limit])}
    return sorted(found.values(), key=lambda row: (row["opened_at"], row["case_id"]), reverse=True)[:limit]


_ABOUT = """
    SELECT c.case_id, c.status, c.opened_at, a.handle, m.text
    FROM case_topics t CROSS JOIN cases c USING (case_id) JOIN authors a ON a.author_id = c.customer_id
    JOIN mentions m ON m.mention_id = c.latest_mention_id
    WHERE t.topic = ?1 AND t.opened_at >= ?2 AND c.case_id <> ?3 AND c.merged_into IS NULL
      AND c.customer_id <> (SELECT me.customer_id FROM cases me WHERE me.case_id = ?3)
    ORDER BY t.opened_at DESC, t.case_id DESC LIMIT ?4
"""


def hash_of(platform: str, host: str, account: str) -> bytes:
    """What is kept of a forgotten account: enough to know it again, nothing to read."""
    return blake2b(json.dumps([platform, host, account]).encode(), digest_size=16).digest()


def forget(connection: sqlite3.Connection, authors: Sequence[Row], now: datetime) -> list[int]:
    """Take everything that these accounts wrote, and what was written to them, out of the database.

    Counts, times and verdicts stay, so that figures of the past do not change; so does that we answered. The log keeps
    what was done and when, without its words. Returns the cases that this touched.
    """
    ids = json.dumps([row["author_id"] for row in authors])
    cases = [
        row[0]
        for row in connection.execute(
            """
            SELECT DISTINCT case_id FROM mentions
            WHERE author_id IN (SELECT value FROM json_each(?)) AND case_id IS NOT NULL
            """,
            [ids],
        )
    ]
    own = json.dumps([row[0] for row in connection.execute(_OWN_CASES, [ids])])
    for row in connection.execute(_WORDS, [ids, own]).fetchall():
        search.remove(connection, row["mention_id"], row["text"])
        search.add(connection, [(row["mention_id"], FORGOTTEN)])
    for statement in _FORGETTING:
        connection.execute(statement, {"authors": ids, "cases": own, "word": FORGOTTEN})
    connection.executemany(
        "INSERT OR REPLACE INTO forgotten VALUES (?, ?)",
        [(hash_of(row["platform"], row["host"], row["account"]), iso(now)) for row in authors],
    )
    connection.executemany(
        "UPDATE authors SET handle = ?1, name = NULL, url = NULL, followers = NULL, account = ?1 || ?2"
        " WHERE author_id = ?2",
        [(FORGOTTEN, row["author_id"]) for row in authors],
    )
    return cases


def scrub(store: Store) -> None:
    """Write the file anew, so that nothing of what was taken out is left in its free pages or its index."""
    with store.lock("fetch", wait=60):
        store.rows("INSERT INTO mention_words (mention_words) VALUES ('optimize')")
        store.rows("VACUUM")
        store.rows("PRAGMA wal_checkpoint(TRUNCATE)")


_OWN_CASES = "SELECT case_id FROM cases WHERE customer_id IN (SELECT value FROM json_each(?))"
_WORDS = """
    SELECT mention_id, text FROM mentions WHERE author_id IN (SELECT value FROM json_each(?1))
    OR case_id IN (SELECT value FROM json_each(?2)) AND inbound = 0
"""
_THEIRS = """(author_id IN (SELECT value FROM json_each(:authors))
              OR case_id IN (SELECT value FROM json_each(:cases)) AND inbound = 0)"""
_INSIDE = "case_id IN (SELECT value FROM json_each(:cases))"
_FORGETTING = (
    f"DELETE FROM raw_mentions WHERE mention_id IN (SELECT mention_id FROM mentions WHERE {_THEIRS})",
    f"DELETE FROM withdrawn_mentions WHERE mention_id IN (SELECT mention_id FROM mentions WHERE {_THEIRS})",
    f"DELETE FROM promises WHERE mention_id IN (SELECT mention_id FROM mentions WHERE {_THEIRS})",
    f"UPDATE mentions SET text = :word, url = NULL WHERE {_THEIRS}",
    f"DELETE FROM draft_versions WHERE draft_id IN (SELECT draft_id FROM drafts WHERE {_INSIDE})",
    f"UPDATE drafts SET text = :word, findings = '[]', sources = '[]' WHERE {_INSIDE}",
    f"UPDATE reply_parts SET text = :word, url = NULL WHERE reply_id IN (SELECT reply_id FROM replies WHERE {_INSIDE})",
    f"UPDATE replies SET text = :word, url = NULL, last_error = NULL WHERE {_INSIDE}",
    f"""
    UPDATE campaign_outcomes SET note = NULL WHERE action_id IN (
        SELECT action_id FROM campaign_actions WHERE mention_id IN (SELECT mention_id FROM mentions WHERE {_THEIRS}))
    """,
    f"UPDATE campaign_actions SET note = NULL WHERE mention_id IN (SELECT mention_id FROM mentions WHERE {_THEIRS})",
    """
    DELETE FROM do_not_contact WHERE handle IN (
        SELECT lower(ltrim(handle, '@')) FROM authors WHERE author_id IN (SELECT value FROM json_each(:authors)))
    """,
    "DELETE FROM people WHERE author_id IN (SELECT value FROM json_each(:authors))",
    # the log may only grow; forgetting is the one exception, and it takes words, never a line
    "DROP TRIGGER events_never_change",
    f"""
    UPDATE events SET data = json_remove(data, '$.text', '$.before', '$.words', '$.because', '$.url') WHERE {_INSIDE}
    """,
    """
    CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END
    """,
)
