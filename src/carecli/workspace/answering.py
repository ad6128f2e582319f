"""Answering a case from a seat: what somebody needs for it, what is found while they write, and how it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from carecli.errors import Refused, UsageError
from carecli.model import Draft, Finding
from carecli.responding import current
from carecli.responding.current import Seen
from carecli.store import cases, replies, unsent
from carecli.store.unsent import Unsent
from carecli.workspace.seat import Seat

if TYPE_CHECKING:
    from carecli.replies.drafting import Fit


@dataclass(frozen=True, slots=True)
class Way:
    """How a reply goes out: rules that are broken and why, `at` a time in words ("": now), as several posts."""

    because: str = ""
    overridden: tuple[str, ...] = ()
    at: str = ""
    thread: bool = False


AT_ONCE = Way()
_KINDS = ("claimed", "proposed", "approved")  # of events that approving writes; undone from the end: the reply first


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody needs who answers a case: to whom, what is kept of earlier, drafts, how long it may be.

    `seen` is the conversation at that moment: what comes later is not answered unseen.
    """

    case: int
    customer: str
    seen: Seen
    fit: Fit | None
    drafts: tuple[Draft, ...] = ()
    unsent: Unsent | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """A reply in the outbox, `at` a later time or now, or a draft that waits for another person's word, and why.

    `events` are those that undoing it takes back.
    """

    reply: int | None = None
    at: datetime | None = None
    draft: int | None = None
    because: str | None = None
    events: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """How a reply ended: `status` of the outbox, its address, what went wrong."""

    reply: int
    case: int
    status: str
    url: str | None
    error: str | None


def answer(seat: Seat, case: int) -> Answer:
    """Open a reply: what was half written, else drafts. Raises NotFound."""
    from carecli import respond

    row = cases.get(seat.store, case)
    number: int = row["case_id"]
    kept = unsent.load(seat.store, number, seat.agent)
    drafts = respond.draft(seat.store, seat.config, number, now=seat.now, agent=seat.agent)
    customer = row["customer_name"] or row["customer_handle"]
    fit = respond.fit(seat.store, seat.config, number)
    return Answer(number, customer, current.seen(seat.store, row), fit, tuple(drafts), kept)


def look(seat: Seat, case: int) -> Seen:
    """The conversation as it is now. Raises NotFound."""
    return current.seen(seat.store, cases.get(seat.store, case))


def check(seat: Seat, value: Unsent, *, thread: bool = False, follow_links: bool = False) -> tuple[Finding, ...]:
    """What the guardrails find; `follow_links` opens every link."""
    from carecli import respond

    found = respond.check(
        seat.store,
        seat.config,
        value.case,
        value.text.strip(),
        now=seat.now,
        private=value.private,
        agent=seat.agent,
        draft=value.draft,
        thread=thread,
        follow_links=follow_links,
    )
    return tuple(found)


def keep(seat: Seat, value: Unsent) -> None:
    """Keep a half-written reply as it is typed."""
    unsent.save(seat.store, value, now=seat.now)


def throw_away(seat: Seat, case: int) -> None:
    """Forget a half-written reply."""
    unsent.drop(seat.store, case, seat.agent)


def to_override(found: Sequence[Finding]) -> tuple[str, ...]:
    """The rules that block. Raises UsageError where no reason lifts one of them."""
    from carecli import respond

    rules = tuple(dict.fromkeys(one.rule for one in found if one.severity == "block"))
    final = next((rule for rule in rules if rule in respond.FINAL), None)
    if final is not None:
        raise UsageError(f"{final} cannot be overridden", hint="change the reply")
    return rules


def posts(seat: Seat, value: Unsent, way: Way = AT_ONCE) -> list[str]:
    """The posts that the reply would be. Raises NotProcessed."""
    from carecli import respond

    text = value.text.strip()
    return respond.parts_of(seat.store, seat.config, value.case, text) if way.thread else [text]


def approve(seat: Seat, value: Unsent, *, known: Seen | None = None, way: Way = AT_ONCE) -> Approved:
    """Write the reply down to be sent, in place of its half-written form; or have somebody else agree first.

    `known` is what its writer has seen of the conversation. Raises Refused for what a guardrail blocks, Conflict when
    somebody has written, answered or edited since.
    """
    from carecli import respond

    text = value.text.strip()
    if not text:
        raise Refused("there is no text")
    if value.private and not respond.can_be_private(seat.store, seat.config, value.case):
        raise Refused("this platform has no private messages", hint="^T makes it public")
    found = check(seat, value, thread=way.thread, follow_links=True)
    overrides = tuple(respond.Override(rule, way.because) for rule in way.overridden)
    blocked = respond.still_blocking(found, overrides)
    if blocked:
        raise Refused(blocked[0].message, hint=f"rule {blocked[0].rule}; change the text and try again")
    send_at = seat.moment(way.at) if way.at else None
    with seat.store.write():
        before = seat.written(value.case, *_KINDS)
        _is_read(seat, value, known)
        waiting = _proposed(seat, value, text, found)
        if waiting is None:
            reply = respond.approve(
                seat.store,
                value.case,
                text,
                now=seat.now,
                agent=seat.agent,
                private=value.private,
                draft=value.draft,
                known=known,
                overrides=overrides,
                send_at=send_at,
                parts=posts(seat, value, way),
            )
            waiting = Approved(reply, at=send_at)
        unsent.drop(seat.store, value.case, seat.agent)
        written = [number for kind in _KINDS for number in sorted(seat.written(value.case, kind) - before)]
        return replace(waiting, events=tuple(written))


def _is_read(seat: Seat, value: Unsent, known: Seen | None) -> None:
    """Whoever sends a draft beside the customer's newest message has made it an answer to that. Raises Conflict."""
    from carecli import respond

    row = cases.get(seat.store, value.case)
    current.ensure_read(seat.store, row, value.read)
    if known is not None:
        current.ensure_seen(seat.store, row, known)
    if value.draft is not None:
        draft = replies.draft(seat.store, value.draft)
        if value.read is None:
            current.ensure_current(seat.store, row, draft)
        elif current.is_outdated(row, draft):
            respond.renew(seat.store, value.draft)


def _proposed(seat: Seat, value: Unsent, text: str, found: tuple[Finding, ...]) -> Approved | None:
    """The draft that waits for another person's word; None where nobody's is needed, or it was given."""
    from carecli import respond

    waiting = respond.ask_for_word(
        seat.store,
        seat.config,
        value.case,
        text,
        found,
        now=seat.now,
        agent=seat.agent,
        private=value.private,
        draft=value.draft,
        read=value.read,
    )
    return None if waiting is None else Approved(draft=waiting.draft, because=waiting.because)


def send(seat: Seat, reply: int) -> Sent:
    """Send one approved reply, and file it."""
    from carecli import act, respond

    row = respond.send(seat.store, seat.config, [reply], now=seat.now)[0]
    act.triage_new(seat.store, seat.config, now=seat.now)
    return Sent(reply, row["case_id"], row["status"], row["url"], row["last_error"])
