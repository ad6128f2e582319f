"""Drafts that people work on: their versions, who agreed to them, and those that wait for somebody to agree."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from carecli.model import iso
from carecli.store.connect import Row, Store

_SHOWN = """
    SELECT d.*, (SELECT max(version) FROM draft_versions v WHERE v.draft_id = d.draft_id) AS version FROM drafts d
"""

_NEWEST = "(SELECT latest_mention_id FROM cases c WHERE c.case_id = drafts.case_id)"
_EDIT = "(SELECT max(event_id) FROM events e WHERE e.case_id = drafts.case_id AND e.kind = 'edited')"


def listed(store: Store, *, waiting: bool, case: int | None) -> list[Row]:
    """Drafts, oldest first: those that wait for approval, or all; of one case, or of every one."""
    return store.rows(
        f"{_SHOWN} WHERE (?1 = 0 OR d.approval = 'waiting') AND (?2 IS NULL OR d.case_id = ?2) ORDER BY d.draft_id",
        [waiting, case],
    )


def own(connection: sqlite3.Connection, draft: int, *, agent: str | None, private: bool, approval: str | None) -> None:
    """Say whose draft it is, whether it is for a private message, and where its approval stands."""
    connection.execute(
        "UPDATE drafts SET agent = ?, private = ?, approval = ? WHERE draft_id = ?", [agent, private, approval, draft]
    )


def rewrite(
    connection: sqlite3.Connection, draft: Row, text: str, findings: str, *, now: datetime, agent: str | None
) -> None:
    """A new text; the ones before are kept, and an approval of another text is none of this one."""
    versions = connection.execute(
        "SELECT count(*) FROM draft_versions WHERE draft_id = ?", [draft["draft_id"]]
    ).fetchone()[0]
    if not versions:
        _version(connection, draft["draft_id"], 1, draft["text"], draft["created_at"], draft["agent"])
        versions = 1
    _version(connection, draft["draft_id"], versions + 1, text, iso(now), agent)
    connection.execute(
        f"""
        UPDATE drafts SET text = ?, findings = ?, agent = coalesce(?, agent), mention_id = {_NEWEST},
            seen_edit = {_EDIT}, approval = CASE WHEN approval IS NULL THEN NULL ELSE 'waiting' END WHERE draft_id = ?
        """,
        [text, findings, agent, draft["draft_id"]],
    )


def renew(connection: sqlite3.Connection, draft: int) -> None:
    """The draft answers the newest message now; an approval of an answer to an earlier one waits again."""
    connection.execute(
        f"""
        UPDATE drafts SET mention_id = {_NEWEST}, seen_edit = {_EDIT}, approval =
            CASE WHEN approval = 'approved' AND (mention_id <> {_NEWEST} OR seen_edit IS NOT {_EDIT}) THEN 'waiting'
            ELSE approval END
        WHERE draft_id = ?
        """,
        [draft],
    )


def _version(connection: sqlite3.Connection, draft: int, version: int, text: str, at: str, agent: str | None) -> None:
    connection.execute(
        "INSERT INTO draft_versions (draft_id, version, text, changed_at, agent) VALUES (?, ?, ?, ?, ?)",
        [draft, version, text, at, agent],
    )


def versions(store: Store, draft: int) -> list[Row]:
    """Every text that a draft has had, oldest first; none while it has had only one."""
    return store.rows("SELECT * FROM draft_versions WHERE draft_id = ? ORDER BY version", [draft])


def decide(connection: sqlite3.Connection, draft: int, approval: str | None) -> None:
    """Approve or reject a draft; None: nobody is asked any more."""
    connection.execute("UPDATE drafts SET approval = ? WHERE draft_id = ?", [approval, draft])
