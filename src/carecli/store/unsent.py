"""Replies that somebody is still writing: kept as typed, so that neither a crash nor a closed window loses a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carecli.model import iso
from carecli.store.connect import Store


@dataclass(frozen=True, slots=True)
class Unsent:
    """A half-written reply of one agent to one case; `read` is the newest message that its writer had seen."""

    case: int
    agent: str
    text: str
    draft: int | None = None
    private: bool = False
    read: int | None = None


def save(store: Store, value: Unsent, *, now: datetime) -> None:
    """Keep what is written so far, in place of what was kept before; an empty text is forgotten."""
    if not value.text.strip():
        drop(store, value.case, value.agent)
        return
    with store.write() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO unsent (case_id, agent, text, draft_id, private, read, saved_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [value.case, value.agent, value.text, value.draft, value.private, value.read, iso(now)],
        )


def load(store: Store, case: int, agent: str) -> Unsent | None:
    """What `agent` had begun to write to this case."""
    row = store.row("SELECT * FROM unsent WHERE case_id = ? AND agent = ?", [case, agent])
    if row is None:
        return None
    return Unsent(row["case_id"], row["agent"], row["text"], row["draft_id"], bool(row["private"]), row["read"])


def drop(store: Store, case: int, agent: str) -> None:
    """Forget it: it was sent, or thrown away."""
    with store.write() as connection:
        connection.execute("DELETE FROM unsent WHERE case_id = ? AND agent = ?", [case, agent])


def cases(store: Store, agent: str) -> list[int]:
    """The cases to which `agent` has begun a reply, the newest first."""
    rows = store.rows("SELECT case_id FROM unsent WHERE agent = ? ORDER BY saved_at DESC, case_id", [agent])
    return [row["case_id"] for row in rows]
