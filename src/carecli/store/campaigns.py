"""Campaigns: opportunities among the mentions, what was done with them, and who is never written to unasked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from carecli.errors import NotFound
from carecli.model import iso
from carecli.store.connect import Row, Store
from carecli.store.events import OF_MENTION

OUTCOMES = ("fulfilled", "answered", "thanked", "converted", "complained", "ignored")

EVER = "~"  # sorts behind every time
# One that a person found on the platform has no time: it went out after it was written.
_SENT = "coalesce({0}.sent_at, CASE {0}.status WHEN 'sent' THEN {0}.created_at END)"
# As things stood before ?1. What drafts and replies went through is in the log: their rows have no times of it.
_ACTIONS = f"""
    SELECT x.*, m.case_id, m.author_id, m.text AS said, m.url AS said_url, a.platform, a.handle, a.name, a.followers,
        d.text, r.reply_id, r.url AS reply_url,
        CASE WHEN {_SENT.format("r")} < ?1 THEN {_SENT.format("r")} END AS sent_at,
        (SELECT e.kind = 'draft rejected' FROM events e WHERE {OF_MENTION} AND e.at < ?1
            AND e.kind IN ('proposed', 'draft edited', 'draft approved', 'draft rejected')
            AND json_extract(e.data, '$.draft') = x.draft_id ORDER BY e.event_id DESC LIMIT 1) AS rejected,
        EXISTS (SELECT 1 FROM events e WHERE {OF_MENTION} AND e.at < ?1 AND e.kind = 'outbox decision'
            AND json_extract(e.data, '$.reply') = r.reply_id
            AND json_extract(e.data, '$.status') = 'cancelled') AS cancelled
    FROM campaign_actions x JOIN mentions m USING (mention_id) JOIN authors a USING (author_id)
    LEFT JOIN drafts d USING (draft_id)
    LEFT JOIN replies r ON r.reply_id = (
        SELECT o.reply_id FROM replies o WHERE o.draft_id = x.draft_id
        AND min(o.created_at, coalesce(o.sent_at, '{EVER}')) < ?1
        ORDER BY coalesce({_SENT.format("o")} < ?1, 0) DESC, o.reply_id DESC LIMIT 1)
"""
# proposed since ?2, or sent or on its way since then
_SINCE = """(x.at >= ?2 OR EXISTS (
    SELECT 1 FROM replies o WHERE o.draft_id = x.draft_id AND o.status NOT IN ('failed', 'cancelled')
    AND coalesce(o.sent_at, o.created_at) >= ?2))"""


# Opportunities


def recent(store: Store, *, since: str, until: str) -> list[Row]:
    """What customers wrote in [since, until) and have not taken away, the newest first."""
    return store.rows(
        """
        SELECT m.mention_id, m.case_id, m.author_id, m.text, m.url, m.language, m.source, m.intent, m.created_at,
            a.platform, a.handle, a.name
        FROM mentions m JOIN authors a USING (author_id)
        WHERE m.inbound = 1 AND m.deleted_at IS NULL AND m.text <> '' AND m.case_id IS NOT NULL
          AND m.repost_of IS NULL AND m.created_at >= ? AND m.created_at < ?
        ORDER BY m.created_at DESC, m.mention_id DESC
        """,
        [since, until],
    )


def worries(store: Store, authors: Sequence[int]) -> list[Row]:
    """Cases of these accounts that are not resolved: (case_id, intent, urgency, directed, text)."""
    return store.rows(
        """
        SELECT c.case_id, c.intent, c.urgency, c.directed, m.text
        FROM cases c JOIN mentions m ON m.mention_id = c.latest_mention_id
        WHERE customer_id IN (SELECT value FROM json_each(?)) AND c.status <> 'resolved' AND c.merged_into IS NULL
        """,
        [json.dumps(list(authors))],
    )


def ever_at_risk(store: Store, authors: Sequence[int], risk: str) -> bool:
    """Whether anything that these accounts wrote bears this risk."""
    found = store.row(
        """
        SELECT 1 FROM mentions WHERE author_id IN (SELECT value FROM json_each(?))
        AND instr(risks, json_quote(?)) > 0
        """,
        [json.dumps(list(authors)), risk],
    )
    return found is not None


def answered(store: Store, case: int) -> bool:
    """Whether we are in this conversation already."""
    return store.row("SELECT 1 FROM mentions WHERE case_id = ? AND inbound = 0", [case]) is not None


# Actions


def add(
    connection: sqlite3.Connection,
    campaign: str,
    mention: int,
    *,
    draft: int | None,
    now: datetime,
    agent: str | None,
    note: str | None = None,
) -> int:
    """Write down that an opportunity was taken up (with its draft), or passed over; returns the action's number."""
    cursor = connection.execute(
        "INSERT INTO campaign_actions (campaign, mention_id, draft_id, at, agent, note) VALUES (?, ?, ?, ?, ?, ?)",
        [campaign, mention, draft, iso(now), agent, note],
    )
    return int(cursor.lastrowid or 0)


def of_campaign(store: Store, campaign: str, *, until: str = EVER) -> list[Row]:
    """Every action of a campaign before `until`, oldest first, as it stood then."""
    return store.rows(f"{_ACTIONS} WHERE x.campaign = ?2 AND x.at < ?1 ORDER BY x.action_id", [until, campaign])


def get(store: Store, number: int) -> Row:
    """One action. Raises NotFound."""
    row = store.row(f"{_ACTIONS} WHERE x.action_id = ?2", [EVER, number])
    if row is None:
        raise NotFound(f"there is no action {number}", hint="`care campaign show NAME` lists them")
    return row


def of_draft(store: Store, draft: int) -> Row | None:
    """The action that a draft is for."""
    return store.row(f"{_ACTIONS} WHERE x.draft_id = ?2", [EVER, draft])


def in_case(store: Store, campaign: str, case: int) -> bool:
    """Whether a campaign has taken up, or passed over, anything in this conversation."""
    found = store.row(
        "SELECT 1 FROM campaign_actions x JOIN mentions m USING (mention_id) WHERE x.campaign = ? AND m.case_id = ?",
        [campaign, case],
    )
    return found is not None


def contacts(store: Store, authors: Sequence[int], *, since: str, besides: int | None) -> int:
    """How often these accounts were written to, or are to be, by any campaign since then; one action left out."""
    row = store.row(
        f"""
        SELECT count(*) AS n FROM campaign_actions x JOIN mentions m USING (mention_id) JOIN drafts d USING (draft_id)
        WHERE m.author_id IN (SELECT value FROM json_each(?1)) AND {_SINCE} AND x.action_id IS NOT ?3
          AND d.approval IS NOT 'rejected'
        """,
        [json.dumps(list(authors)), since, besides],
    )
    return int(row["n"]) if row else 0


def on_day(store: Store, campaign: str, since: str, *, besides: int | None = None) -> int:
    """How many messages a campaign has proposed or sent since then; what was rejected does not count."""
    row = store.row(
        f"""
        SELECT count(*) AS n FROM campaign_actions x JOIN drafts d USING (draft_id)
        WHERE x.campaign = ?1 AND {_SINCE} AND x.action_id IS NOT ?3 AND d.approval IS NOT 'rejected'
        """,
        [campaign, since, besides],
    )
    return int(row["n"]) if row else 0


# Outcomes


def record(
    connection: sqlite3.Connection, action: int, outcome: str, *, now: datetime, agent: str | None, note: str | None
) -> None:
    """A person's word on what came of it. Said again, it is true since the first time; the last note counts."""
    connection.execute(
        """
        INSERT INTO campaign_outcomes (action_id, outcome, at, agent, note) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET agent = excluded.agent, note = coalesce(excluded.note, note)
        """,
        [action, outcome, iso(now), agent, note],
    )


def recorded(store: Store, actions: Sequence[int], *, until: str = EVER) -> list[Row]:
    """What was recorded by hand before `until`: (action_id, outcome, at)."""
    return store.rows(
        "SELECT * FROM campaign_outcomes WHERE action_id IN (SELECT value FROM json_each(?)) AND at < ?",
        [json.dumps(list(actions)), until],
    )


def said_after(store: Store, case: int, author: int, since: str, until: str) -> list[Row]:
    """What this account wrote into a conversation in [since, until), oldest first."""
    return store.rows(
        """
        SELECT text, intent, sentiment, created_at FROM mentions
        WHERE case_id = ? AND author_id = ? AND inbound = 1 AND created_at >= ? AND created_at < ?
        ORDER BY created_at, mention_id
        """,
        [case, author, since, until],
    )


def inbound(store: Store, since: str, until: str) -> Iterator[Row]:
    """(text, language, directed) of what customers wrote in [since, until)."""
    return store.each(
        "SELECT text, language, directed FROM mentions WHERE inbound = 1 AND created_at >= ? AND created_at < ?",
        [since, until],
    )


def interactions(store: Store, since: str, until: str) -> int | None:
    """Likes, reposts and replies that our own posts of [since, until) got; None where no platform says."""
    row = store.row(
        """
        SELECT sum(coalesce(likes, 0) + coalesce(reposts, 0) + coalesce(replies, 0)) AS n FROM mentions
        WHERE inbound = 0 AND created_at >= ? AND created_at < ?
          AND (likes IS NOT NULL OR reposts IS NOT NULL OR replies IS NOT NULL)
        """,
        [since, until],
    )
    return None if row is None or row["n"] is None else int(row["n"])


def first_mention(store: Store) -> str | None:
    """When the oldest mention was written."""
    row = store.row("SELECT min(created_at) AS at FROM mentions")
    return None if row is None else row["at"]


# Who is never written to unasked


def plain(handle: str) -> str:
    """A handle as the list keeps it."""
    return handle.strip().lstrip("@").lower()


def block(
    connection: sqlite3.Connection, platform: str, handle: str, *, now: datetime, agent: str | None, because: str | None
) -> None:
    """Put an account on the list; platform "": wherever it is called so. What is there stays."""
    connection.execute(
        """
        INSERT INTO do_not_contact (platform, handle, at, agent, because) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET at = excluded.at, agent = excluded.agent, because = excluded.because, lifted = 0
        WHERE lifted = 1
        """,
        [platform, plain(handle), iso(now), agent, because],
    )


def unblock(connection: sqlite3.Connection, platform: str, handle: str, *, now: datetime, agent: str | None) -> int:
    """Take an account off the list, also where they had asked for it before; how many lines that were."""
    done = connection.execute(
        """
        UPDATE do_not_contact SET lifted = 1, at = ?1, agent = ?2
        WHERE handle = ?3 AND (?4 = '' OR platform = ?4) AND lifted = 0
        """,
        [iso(now), agent, plain(handle), platform],
    )
    return done.rowcount


def blocked(store: Store) -> list[Row]:
    """The list, oldest first."""
    return store.rows("SELECT * FROM do_not_contact WHERE lifted = 0 ORDER BY at, handle, platform")


def is_blocked(store: Store, platform: str, handle: str) -> bool | None:
    """Whether this account is on the list; None: it never was."""
    found = store.row(
        "SELECT min(lifted) AS lifted FROM do_not_contact WHERE handle = ? AND platform IN ('', ?)",
        [plain(handle), platform],
    )
    return None if found is None or found["lifted"] is None else not found["lifted"]


def said(store: Store, author: int, *, to_us: bool = False, limit: int = 50) -> list[str]:
    """What this account has lately said, or has said to us."""
    rows = store.rows(
        """
        SELECT text FROM mentions
        WHERE author_id = ?1 AND inbound = 1 AND (?2 = 0 OR directed = 1 OR in_reply_to IS NOT NULL)
        ORDER BY created_at DESC LIMIT ?3
        """,
        [author, to_us, limit],
    )
    return [row["text"] for row in rows]
