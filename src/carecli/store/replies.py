"""Drafts and the outbox: every reply is written down before it is sent, and its state after every step."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from carecli.errors import Conflict, NotFound
from carecli.model import Draft, Finding, Receipt, ReplyStatus, iso
from carecli.store.connect import Row, Store

# A reply with how many posts it has as a thread (0: it is none), and how many of them are out
_SHOWN = """
    SELECT r.*, (SELECT count(*) FROM reply_parts p WHERE p.reply_id = r.reply_id) AS parts,
        (SELECT count(p.external_id) FROM reply_parts p WHERE p.reply_id = r.reply_id) AS parts_sent
    FROM replies r
"""


def save_drafts(store: Store, case: int, drafts: Sequence[Draft], *, now: datetime) -> list[int]:
    """Keep drafts, as answers to the case's newest message; returns their numbers."""
    numbers = []
    with store.write() as connection:
        for d in drafts:
            cursor = connection.execute(
                """
                INSERT INTO drafts (
                    case_id, mention_id, text, language, voice, maker, sources, findings, created_at, seen_edit
                )
                SELECT case_id, latest_mention_id, ?, ?, ?, ?, ?, ?, ?,
                    (SELECT max(event_id) FROM events e WHERE e.case_id = cases.case_id AND e.kind = 'edited')
                FROM cases WHERE case_id = ?
                """,
                [
                    d.text,
                    d.language,
                    d.voice,
                    d.maker,
                    json.dumps(d.sources, ensure_ascii=False),
                    json.dumps([asdict(finding) for finding in d.findings], ensure_ascii=False),
                    iso(now),
                    case,
                ],
            )
            numbers.append(int(cursor.lastrowid or 0))
    return numbers


def draft(store: Store, number: int) -> Row:
    """One draft; `newest_edit` is the event with which the customer edited a message of its case last.

    Raises NotFound.
    """
    row = store.row(
        """
        SELECT d.*,
            (SELECT max(event_id) FROM events e WHERE e.case_id = d.case_id AND e.kind = 'edited') AS newest_edit
        FROM drafts d WHERE d.draft_id = ?
        """,
        [number],
    )
    if row is None:
        raise NotFound(f"there is no draft {number}", hint="`care draft CASE` proposes some")
    return row


def drafts_of(store: Store, case: int) -> list[Draft]:
    """A case's drafts, oldest first."""
    rows = store.rows("SELECT * FROM drafts WHERE case_id = ? ORDER BY draft_id", [case])
    return [
        Draft(
            text=row["text"],
            language=row["language"],
            voice=row["voice"],
            maker=row["maker"],
            sources=tuple(json.loads(row["sources"])),
            findings=tuple(Finding(**finding) for finding in json.loads(row["findings"])),
            draft_id=row["draft_id"],
        )
        for row in rows
    ]


def add(
    connection: sqlite3.Connection,
    *,
    case: int,
    mention: int,
    text: str,
    language: str | None,
    private: bool,
    agent: str | None,
    key: str,
    draft: int | None,
    now: datetime,
    send_at: datetime | None = None,
    parts: Sequence[tuple[str, str]] = (),
) -> int:
    """Put a reply into the outbox, approved. Returns its number. `parts`: (text, key) of the posts of a thread."""
    cursor = connection.execute(
        """
        INSERT INTO replies (case_id, mention_id, draft_id, text, language, private, agent, key, status, created_at,
            send_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'approved', ?, ?)
        """,
        [case, mention, draft, text, language, private, agent, key, iso(now), send_at and iso(send_at)],
    )
    reply = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT INTO reply_parts (reply_id, number, text, key) VALUES (?, ?, ?, ?)",
        [(reply, number, words, own) for number, (words, own) in enumerate(parts, 1)],
    )
    return reply


def parts(store: Store, number: int) -> list[Row]:
    """The posts of a reply that goes out as a thread, in order; none for any other."""
    return store.rows("SELECT * FROM reply_parts WHERE reply_id = ? ORDER BY number", [number])


def parts_out(store: Store, number: int) -> int:
    """How many posts of a thread are out."""
    return sum(row["external_id"] is not None for row in parts(store, number))


def part_sent(store: Store, part: Row, receipt: Receipt) -> None:
    """Record that one post of a thread is out."""
    with store.write() as connection:
        connection.execute(
            """
            UPDATE reply_parts SET external_id = ?, url = ?, host = ?, created_at = ?
            WHERE reply_id = ? AND number = ?
            """,
            [
                receipt.external_id,
                receipt.url,
                receipt.host,
                receipt.created_at and iso(receipt.created_at),
                part["reply_id"],
                part["number"],
            ],
        )


def sent_since(store: Store, moment: str) -> int:
    """How many replies went out since then."""
    row = store.row("SELECT count(*) AS n FROM replies WHERE status = 'sent' AND sent_at > ?", [moment])
    return int(row["n"]) if row else 0


def unschedule(store: Store, number: int) -> None:
    """A person has to say again when it goes out."""
    with store.write() as connection:
        connection.execute("UPDATE replies SET send_at = NULL WHERE reply_id = ?", [number])


def get(store: Store, number: int) -> Row:
    """One reply. Raises NotFound."""
    row = store.row(f"{_SHOWN} WHERE r.reply_id = ?", [number])
    if row is None:
        raise NotFound(f"there is no reply {number}", hint="`care outbox` lists what is not out yet")
    return row


def unfinished(store: Store) -> list[Row]:
    """Replies that are not out, oldest first."""
    return store.rows(f"{_SHOWN} WHERE r.status NOT IN ('sent', 'cancelled') ORDER BY r.reply_id")


def of_case(store: Store, case: int) -> list[Row]:
    """A case's replies, oldest first."""
    return store.rows(f"{_SHOWN} WHERE r.case_id = ? ORDER BY r.reply_id", [case])


def move(
    connection: sqlite3.Connection,
    number: int,
    before: ReplyStatus,
    after: ReplyStatus,
    *,
    error: str | None = None,
) -> None:
    """Bring a reply from one state to the next. Raises Conflict when it is no longer in the first."""
    done = connection.execute(
        """
        UPDATE replies SET status = ?, last_error = ?, attempts = attempts + (? = 'sending')
        WHERE reply_id = ? AND status = ?
        """,
        [after, error, after, number, before],
    )
    if done.rowcount != 1:
        raise Conflict(
            f"reply {number} is no longer {before}", hint="another care has it; `care outbox` shows its state"
        )


def sent(connection: sqlite3.Connection, number: int, receipt: Receipt, *, now: datetime) -> None:
    """Record that a reply is out."""
    connection.execute(
        """
        UPDATE replies SET status = 'sent', sent_at = ?, external_id = ?, url = ?, last_error = NULL WHERE reply_id = ?
        """,
        [iso(receipt.created_at or now), receipt.external_id, receipt.url, number],
    )


def recent_texts(store: Store, *, since: datetime, limit: int = 500) -> list[Row]:
    """What we sent or are about to send since then, newest first: (case_id, at, text, language)."""
    return store.rows(
        """
        SELECT case_id, coalesce(sent_at, created_at) AS at, text, language FROM replies
        WHERE status <> 'cancelled' AND status <> 'failed' AND created_at >= ?1
        UNION ALL
        SELECT m.case_id, m.created_at, m.text, m.language FROM mentions m
        WHERE m.inbound = 0 AND m.case_id IS NOT NULL AND m.created_at >= ?1
          AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.external_id = m.external_id)
        ORDER BY 2 DESC LIMIT ?2
        """,
        [iso(since), limit],
    )
