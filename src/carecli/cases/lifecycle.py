"""The life of a case, as a pure fold over what happened: customers' messages, our answers, our agents' events.

A case's row and its segments are always this function of the mentions and the append-only log, so a correction
or a late arrival changes the past too. Figures build on segments (METRICS.md): a segment opens with the first
inbound mention, or with the one that reopened the case, and ends when the case is resolved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from carecli.model import Event, Status, parse_iso

Pause = tuple[datetime, datetime | None]


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

    `opened_at`: its first inbound message. `needs_reply`: a message in it expects an answer.
    `first_reply_at`: the first human outbound reply after `opened_at`. `pending_seconds`: time that the case waited
    for the customer before it was resolved. `replies`: human outbound replies. `pauses`: when it waited so; the last
    one has no end while it still does. `changed_at`: when it last changed in a
    way that leaving a later answer or resolution out does not take back: a customer wrote, we wrote after it was
    resolved, or something that had happened in it was undone.
    """

    opened_at: datetime
    needs_reply: bool = False
    first_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    pending_seconds: float = 0.0
    replies: int = 0
    pauses: tuple[Pause, ...] = ()
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What the fold yields.

    `waiting_since`: the oldest inbound message that needs a reply and has none yet. `needs_reply`: somebody in the
    last segment expects an answer. `needs_attention`: open, and a person has to answer or decide.
    """

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

    @property
    def needs_reply(self) -> bool:
        return self.segments[-1].needs_reply

    @property
    def needs_attention(self) -> bool:
        wanted = self.needs_reply or self.waiting_since is not None or self.reopened > 0
        return self.status in ("open", "snoozed") and wanted


@dataclass(slots=True)
class _Stretch:
    """A segment while it is being folded."""

    opened_at: datetime
    needs_reply: bool = False
    first_reply_at: datetime | None = None
    resolved_at: datetime | None = None
    pending_seconds: float = 0.0
    replies: int = 0
    pending_since: datetime | None = None
    pauses: list[Pause] = field(default_factory=list)
    changed_at: datetime | None = None

    def frozen(self) -> Segment:
        running = () if self.pending_since is None else ((self.pending_since, None),)
        return Segment(
            self.opened_at,
            self.needs_reply,
            self.first_reply_at,
            self.resolved_at,
            self.pending_seconds,
            self.replies,
            (*self.pauses, *running),
            self.changed_at,
        )


@dataclass(slots=True)
class _Case:
    """The state that the fold carries."""

    stretches: list[_Stretch] = field(default_factory=list)
    status: Status = "open"
    waiting_since: datetime | None = None
    snoozed_until: datetime | None = None
    assignee: str | None = None
    tags: list[str] = field(default_factory=list)
    reopened: int = 0

    def set_status(self, status: Status, at: datetime) -> None:
        stretch = self.stretches[-1]
        if stretch.pending_since is not None:
            stretch.pending_seconds += max(0.0, (at - stretch.pending_since).total_seconds())
            stretch.pauses.append((stretch.pending_since, at))
        stretch.pending_since = at if status == "pending" else None
        stretch.resolved_at = at if status == "resolved" else None
        if status != "snoozed":
            self.snoozed_until = None
        self.status = status

    def hear(self, turn: Turn) -> None:
        """A customer wrote: a resolved case begins a new stretch, a pending or snoozed one is open again."""
        if not self.stretches:
            self.stretches.append(_Stretch(turn.at))
        elif self.status == "resolved":
            self.stretches.append(_Stretch(turn.at))
            self.reopened += 1
            self.status = "open"
        elif self.status != "open":
            self.set_status("open", turn.at)
        self.stretches[-1].changed_at = turn.at
        if turn.needs_reply:
            self.stretches[-1].needs_reply = True
            self.waiting_since = self.waiting_since or turn.at

    def answer(self, turn: Turn) -> None:
        """We wrote: nobody waits any more, and an open case now waits for the customer."""
        if turn.automatic or not self.stretches:
            return
        stretch = self.stretches[-1]
        stretch.replies += 1
        if stretch.resolved_at is not None:
            stretch.changed_at = turn.at
        stretch.first_reply_at = stretch.first_reply_at or turn.at
        self.waiting_since = None
        if self.status in ("open", "snoozed"):
            self.set_status("pending", turn.at)


def _resolved(case: _Case, event: Event) -> None:
    if case.status != "resolved":
        case.waiting_since = None
        case.set_status("resolved", event.at)


def _reopened(case: _Case, event: Event) -> None:
    if case.status == "resolved":
        case.stretches.append(_Stretch(event.at))
        case.reopened += 1
        case.status = "open"
    else:
        case.set_status("open", event.at)
    case.waiting_since = case.waiting_since or event.at


def _pending(case: _Case, event: Event) -> None:
    if case.status != "resolved":
        case.set_status("pending", event.at)


def _snoozed(case: _Case, event: Event) -> None:
    if case.status != "resolved":
        case.set_status("snoozed", event.at)
        case.snoozed_until = parse_iso(str(event.data["until"]))


def _assigned(case: _Case, event: Event) -> None:
    case.assignee = _text(event.data.get("assignee"))


def _tagged(case: _Case, event: Event) -> None:
    case.tags += [tag for tag in event.data.get("add", ()) if tag not in case.tags]
    case.tags = [tag for tag in case.tags if tag not in event.data.get("remove", ())]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _released(case: _Case, _event: Event) -> None:
    case.assignee = None


HAPPENINGS = {
    "resolved": _resolved,
    "reopened": _reopened,
    "pending": _pending,
    "snoozed": _snoozed,
    "claimed": _assigned,
    "assigned": _assigned,
    "released": _released,
    "tagged": _tagged,
}


def fold(turns: Iterable[Turn], events: Iterable[Event]) -> Life:
    """The life of a case from its messages and its log, both in any order; at least one turn is inbound.

    At the same instant a customer's message comes first, then our answer, then our events. What an `undone` event
    names counts as if it had not happened.
    """
    log = list(events)
    undone = {event.data.get("event") for event in log if event.kind == "undone"}
    steps: list[tuple[datetime, int, int, Turn | Event]] = []
    for index, turn in enumerate(turns):
        steps.append((turn.at, 0 if turn.inbound else 1, index, turn))
    for index, event in enumerate(log):
        if event.kind in HAPPENINGS and (event.number is None or event.number not in undone):
            steps.append((event.at, 2, index, event))
    first_inbound = min(at for at, kind, _, _ in steps if kind == 0)
    case = _Case()
    for at, kind, _, step in sorted(steps, key=lambda step: step[:3]):
        if isinstance(step, Turn):
            (case.hear if kind == 0 else case.answer)(step)
        elif at >= first_inbound:
            HAPPENINGS[step.kind](case, step)
    for event in log:
        if event.kind == "undone":  # until then what it names had happened
            for stretch in case.stretches:
                stretch.changed_at = max(stretch.changed_at or event.at, event.at)
    return _life(case)


def _life(case: _Case) -> Life:
    segments = tuple(stretch.frozen() for stretch in case.stretches)
    first_reply = next((s.first_reply_at for s in segments if s.first_reply_at), None)
    return Life(
        status=case.status,
        segments=segments,
        opened_at=segments[0].opened_at,
        first_reply_at=first_reply,
        resolved_at=segments[-1].resolved_at,
        waiting_since=case.waiting_since,
        snoozed_until=case.snoozed_until,
        assignee=case.assignee,
        tags=tuple(case.tags),
        reopened=case.reopened,
    )
