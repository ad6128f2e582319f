"""The life of a case, as a pure fold over what happened: customers' messages, our answers, our agents' events.

A case's row and its segments are always this function of the mentions and the append-only log, so a correction
or a late arrival changes the past too. Figures build on segments (METRICS.md): a segment opens with the first
inbound mention, or with the one that reopened the case, and ends when the case is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carecli.model import Status


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, as the fold sees it."""

    at: datetime
    inbound: bool
    needs_reply: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a case from a customer's message to resolution.

    `asked_at`: the first inbound message that needs a reply (None: nobody expects one). `first_reply_at`: the
    first human outbound reply after `opened_at`. `pending_seconds`: waiting for the customer, before resolution.
    `replies`: human outbound replies.
    """

    opened_at: datetime
    needs_reply: bool
    first_reply_at: datetime | None
    resolved_at: datetime | None
    pending_seconds: float
    replies: int


@dataclass(frozen=True, slots=True)
class Life:
    """What the fold yields. `waiting_since`: the oldest inbound message that needs a reply and has none yet."""

    status: Status
    segments: tuple[Segment, ...]
    opened_at: datetime
    first_reply_at: datetime | None
    resolved_at: datetime | None
    waiting_since: datetime | None
    snoozed_until: datetime | None
    assignee: str | None
    tags: tuple[str, ...]
    reopened: int
