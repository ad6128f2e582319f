"""Which mentions are one conversation, as the tables have it: lookups by place, new cases, hooks and merges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from carecli.cases.conversations import Place
from carecli.cases.reposts import Copy
from carecli.model import parse_iso
from carecli.store.connect import Connection, Row, Store

_ASKED = """
        WITH asked AS (SELECT json_extract(value, '$[0]') AS platform, json_extract(value, '$[1]') AS host,
                              json_extract(value, '$[2]') AS id FROM json_each(?))"""


def _asked(places: Iterable[Place]) -> str:
    return json.dumps([list(place) for place in places])


def at_places(connection: Connection, places: Iterable[Place]) -> dict[Place, int]:
    """The case of each stored mention among `places`."""
    rows = connection.execute(
        f"""
        {_ASKED}
        SELECT m.platform, m.host, m.external_id, m.case_id FROM asked JOIN mentions m
        ON m.platform = asked.platform AND m.host = asked.host AND m.external_id = asked.id
        WHERE m.case_id IS NOT NULL
        """,
        [_asked(places)],
    )
    return {(row["platform"], row["host"], row["external_id"]): row["case_id"] for row in rows}


def hanging_on(connection: Connection, places: Iterable[Place]) -> dict[Place, dict[int, int]]:
    """What hangs on those of `places` that have no case: the author's number → their case."""
    found: dict[Place, dict[int, int]] = {}
    for row in connection.execute(
        f"""
        {_ASKED}
        SELECT h.platform, h.host, h.external_id, h.author_id, h.case_id FROM asked JOIN conversations h
        ON h.platform = asked.platform AND h.host = asked.host AND h.external_id = asked.id
        """,
        [_asked(places)],
    ):
        found.setdefault((row["platform"], row["host"], row["external_id"]), {})[row["author_id"]] = row["case_id"]
    return found


def ours_at(connection: Connection, places: Iterable[Place]) -> dict[Place, tuple[int | None, Place | None]]:
    """Which of `places` are posts of ours: their case, and the place that they answer.

    Without either a post is to everybody; without a case but with a parent it answers what we have not seen yet.
    Our posts above these are looked up too, as far as they have no case.
    """
    found: dict[Place, tuple[int | None, Place | None]] = {}
    seen, asked = set[Place](), set(places)
    while asked:
        seen |= asked
        rows = connection.execute(
            f"""
            {_ASKED}
            SELECT m.platform, m.host, m.external_id, m.case_id, m.in_reply_to FROM asked
            JOIN mentions m ON m.platform = asked.platform AND m.host = asked.host AND m.external_id = asked.id
            WHERE m.inbound = 0
            """,
            [_asked(asked)],
        ).fetchall()
        for row in rows:
            parent = None if row["in_reply_to"] is None else (row["platform"], row["host"], row["in_reply_to"])
            found[row["platform"], row["host"], row["external_id"]] = (row["case_id"], parent)
        asked = {parent for case, parent in found.values() if case is None and parent is not None} - seen
    return found


def orphans(connection: Connection, parents: Iterable[Place]) -> list[Row]:
    """Our own answers that were stored before the messages that they answer."""
    return connection.execute(
        f"""
        {_ASKED}
        SELECT m.mention_id, m.platform, m.host, m.external_id, m.in_reply_to FROM asked
        JOIN mentions m ON m.platform = asked.platform AND m.host = asked.host AND m.in_reply_to = asked.id
        WHERE m.case_id IS NULL AND m.inbound = 0
        """,
        [_asked(parents)],
    ).fetchall()


def overtaken(connection: Connection, mentions: Sequence[int]) -> list[Row]:
    """Cases that were resolved after one of these new messages was written, and before it was here.

    Only messages that need a reply and are newer than all that was known count: a backfill reopens nothing.
    """
    return connection.execute(
        """
        SELECT c.case_id, c.resolved_at, min(m.mention_id) AS mention_id FROM mentions m
        JOIN cases c ON c.case_id = m.case_id JOIN mentions newest ON newest.mention_id = c.latest_mention_id
        WHERE m.mention_id IN (SELECT value FROM json_each(?)) AND m.inbound = 1 AND m.needs_reply = 1
          AND c.status = 'resolved' AND newest.created_at < m.created_at AND m.created_at <= c.resolved_at
        GROUP BY c.case_id
        """,
        [json.dumps(list(mentions))],
    ).fetchall()


def next_number(connection: Connection) -> int:
    """The number of the next new case."""
    number: int = connection.execute("SELECT coalesce(max(case_id), 0) + 1 FROM cases").fetchone()[0]
    return number


def same_texts(connection: Connection, gists: Iterable[int]) -> dict[int, list[Copy]]:
    """The first undirected messages that are stored with each of these gists, and answer nothing."""
    found: dict[int, list[Copy]] = {}
    for gist in gists:
        rows = connection.execute(
            """
            SELECT mention_id, platform, author_id, created_at FROM mentions
            WHERE gist = ? AND repost_of IS NULL AND case_id IS NOT NULL AND inbound = 1 AND directed = 0
                AND in_reply_to IS NULL ORDER BY created_at DESC LIMIT 50
            """,
            [gist],
        ).fetchall()
        found[gist] = [
            Copy(row["mention_id"], gist, row["platform"], row["author_id"], parse_iso(row["created_at"]))
            for row in rows
        ]
    return found


def note_reposts(connection: Connection, originals: Mapping[int, int]) -> None:
    """Keep which messages are reposts of which."""
    connection.executemany(
        "UPDATE mentions SET repost_of = ? WHERE mention_id = ?",
        [(first, number) for number, first in originals.items()],
    )


def join_originals(connection: Connection, reposts: Iterable[int]) -> set[int]:
    """Put reposts into the cases of what they repeat; returns these cases."""
    numbers = list(reposts)
    connection.executemany(
        """
        UPDATE mentions SET case_id = (SELECT o.case_id FROM mentions o WHERE o.mention_id = mentions.repost_of)
        WHERE mention_id = ?
        """,
        [(number,) for number in numbers],
    )
    rows = connection.execute(
        "SELECT DISTINCT case_id FROM mentions WHERE mention_id IN (SELECT value FROM json_each(?))",
        [json.dumps(numbers)],
    )
    return {row["case_id"] for row in rows if row["case_id"] is not None}


def count_reposts(connection: Connection, cases: Iterable[int]) -> None:
    """Write into each of `cases` how often its text was repeated."""
    connection.execute(
        """
        UPDATE cases SET reposts = (
            SELECT count(*) FROM mentions m WHERE m.case_id = cases.case_id AND m.repost_of IS NOT NULL
        ) WHERE case_id IN (SELECT value FROM json_each(?))
        """,
        [json.dumps(list(cases))],
    )


def attach(connection: Connection, mentions: Iterable[tuple[int, int]]) -> None:
    """Put (case, mention) pairs together."""
    connection.executemany("UPDATE mentions SET case_id = ? WHERE mention_id = ?", mentions)


def create(connection: Connection, new: Iterable[tuple[int, Row]]) -> None:
    """Make (number, first mention) cases; `cases.project` fills them in."""
    connection.executemany(
        """
        INSERT INTO cases (case_id, platform, host, customer_id, latest_mention_id, status, priority,
            reasons, sentiment, sentiment_score, intent, topics, urgency, needs_reply, needs_attention, directed, tags,
            mention_count, reopened, opened_at, segment_opened_at)
        VALUES (?, ?, ?, ?, ?, 'open', 0, '[]', 'neutral', 0, 'chatter', '[]', 'whenever', 0, 0, 0, '[]', 0, 0, ?, ?)
        """,
        [
            (
                number,
                mention["platform"],
                mention["host"],
                mention["author_id"],
                mention["mention_id"],
                mention["created_at"],
                mention["created_at"],
            )
            for number, mention in new
        ],
    )


def hang(connection: Connection, hooks: Iterable[tuple[Place, int, int]]) -> None:
    """Let what an author writes below a place belong to a case: (place, author, case)."""
    connection.executemany(
        "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?, ?)",
        [(*place, author, case) for place, author, case in hooks],
    )


def merge(connection: Connection, old: int, into: int) -> None:
    """Two cases turned out to be one conversation: everything moves to `into`, the log keeps both."""
    for table in ("mentions", "conversations", "drafts", "replies"):
        connection.execute(f"UPDATE {table} SET case_id = ? WHERE case_id = ?", [into, old])
    connection.execute("UPDATE cases SET merged_into = ?1 WHERE case_id = ?2 OR merged_into = ?2", [into, old])
    connection.execute("DELETE FROM segments WHERE case_id = ?", [old])


def merged(store: Store, cases: Sequence[int]) -> dict[int, list[int]]:
    """The cases that were merged into each of `cases`."""
    found: dict[int, list[int]] = {}
    for row in store.rows(
        "SELECT case_id, merged_into FROM cases WHERE merged_into IN (SELECT value FROM json_each(?))",
        [json.dumps(list(cases))],
    ):
        found.setdefault(row["merged_into"], []).append(row["case_id"])
    return found


def empty(connection: Connection, numbers: Iterable[int]) -> None:
    """Close cases in which no customer spoke after all: what began them turned out to be our own."""
    ended = [(number,) for number in numbers]
    connection.executemany(
        """
        UPDATE cases SET status = 'resolved', priority = 0, reasons = '[]', needs_reply = 0, needs_attention = 0,
            waiting_since = NULL, snoozed_until = NULL WHERE case_id = ?
        """,
        ended,
    )
    connection.executemany("DELETE FROM segments WHERE case_id = ?", ended)
