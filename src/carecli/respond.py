"""Stage 3: draft → check → approve → send through the outbox, exactly once.

A reply is written down before it is sent. What a crash leaves `sending` is `unsure`, and is settled by asking the
platform whether it is out, never by sending again blindly.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from carecli.casework import filing
from carecli.config import Config
from carecli.errors import Conflict, NotProcessed, UsageError
from carecli.model import Draft, Finding, iso
from carecli.replies import outbox, threads
from carecli.replies.makers import Request
from carecli.replies.prompting import Prompt
from carecli.responding import current, drafting
from carecli.responding.approving import approval_needed, ask_for_word, decide, edit_draft, propose, renew
from carecli.responding.checking import RECENT, check, check_draft, fit, parts_at, signing, voice_of
from carecli.responding.sending import advance, send
from carecli.store import cases, events, replies
from carecli.store.connect import Connection, Row, Store

# What an override cannot help: the platform, or the law of the desk, would refuse it all the same
FINAL = frozenset({"empty", "length", "own-post", "deleted", "campaign"})


# Drafting


def draft(
    store: Store,
    config: Config,
    case: int,
    *,
    now: datetime,
    voice: str | None = None,
    agent: str | None = None,
    count: int = 3,
    maker: str = "template",
    model: str | None = None,
) -> list[Draft]:
    """Propose replies to a case, each with its findings, and keep them. Raises NotFound, and what a model raises."""
    row = cases.get(store, case)
    make = drafting.maker(maker, config, model=model)
    asked = request(store, config, row, now=now, voice=voice, agent=agent, count=count)
    checked = [replace(one, findings=tuple(check_draft(store, config, row, one, now, agent))) for one in make(asked)]
    numbers = replies.save_drafts(store, row["case_id"], checked, now=now)
    return [replace(one, draft_id=number) for one, number in zip(checked, numbers, strict=True)]


def request(
    store: Store,
    config: Config,
    row: Row,
    *,
    now: datetime,
    voice: str | None = None,
    agent: str | None = None,
    count: int = 1,
) -> Request:
    """What a maker is told of a case."""
    at = drafting.desk(store, config, row)
    recent = [said["text"] for said in replies.recent_texts(store, since=now - RECENT)]
    name = voice_of(config, at.target, voice)
    return drafting.request(store, config, at, voice=name, agent=signing(config, agent), count=count, recent=recent)


def prompt(store: Store, config: Config, case: int, *, now: datetime, voice: str | None, agent: str | None) -> Prompt:
    """Exactly what a draft by a model would send out of this machine. Raises NotFound."""
    return drafting.prompt(request(store, config, cases.get(store, case), now=now, voice=voice, agent=agent), config)


# The outbox


class Override(NamedTuple):
    """A person's word against a rule that blocks."""

    rule: str
    because: str


def still_blocking(findings: Sequence[Finding], overrides: Sequence[Override]) -> list[Finding]:
    """The findings that block and that no override lifts. Raises UsageError for an override that lifts nothing."""
    blocking = [one for one in findings if one.severity == "block"]
    for override in overrides:
        if override.rule in FINAL:
            raise UsageError(f"{override.rule} cannot be overridden", hint="change the reply")
        if all(one.rule != override.rule for one in findings):
            raise UsageError(f"nothing to override: {override.rule} found nothing here")
    lifted = {override.rule for override in overrides}
    return [one for one in blocking if one.rule not in lifted]


def approve(
    store: Store,
    case: int,
    text: str,
    *,
    now: datetime,
    agent: str | None = None,
    private: bool = False,
    draft: int | None = None,
    known: current.Seen | None = None,
    overrides: Sequence[Override] = (),
    send_at: datetime | None = None,
    parts: Sequence[str] = (),
) -> int:
    """Write a reply down, approved and ready to be sent; returns its number. Nothing has been sent yet.

    `known` is what its writer had seen of the conversation. The case is the agent's from now on. Raises Conflict when
    the customer or a colleague has written, or the customer has edited, since then or since `draft` was written, when
    another agent has claimed the case, or when another reply to the same message is already on its way.
    """
    with store.write() as connection:
        row = cases.get(store, case)
        begun = None if draft is None else replies.draft(store, draft)
        overridden = {override.rule for override in overrides}
        current.ensure_free(store, row, agent=agent, known=known, draft=begun, overridden=overridden)
        if begun is not None and begun["approval"] == "approved" and begun["private"] and not private:
            raise Conflict(f"draft {draft} was approved as a private message", hint="--private")
        number = replies.add(
            connection,
            case=row["case_id"],
            mention=row["latest_mention_id"],
            text=text,
            language=row["language"],
            private=private,
            agent=agent,
            key=uuid.uuid4().hex,
            draft=draft,
            now=now,
            send_at=send_at,
            parts=[(part, uuid.uuid4().hex) for part in parts] if len(parts) > 1 else (),
        )
        _log(connection, row["case_id"], number, now, agent, overrides, send_at)
        if agent is not None and row["assignee"] is None:
            filing.record(store, row["case_id"], "claimed", now=now, agent=agent, data={"assignee": agent})
        return number


def _log(
    connection: Connection,
    case: int,
    number: int,
    now: datetime,
    agent: str | None,
    overrides: Sequence[Override],
    send_at: datetime | None,
) -> None:
    for override in overrides:
        data = {"reply": number, "rule": override.rule, "because": override.because}
        events.append(connection, case, "overridden", now, agent=agent, data=data)
    data = {"reply": number} | ({"send_at": iso(send_at)} if send_at else {})
    events.append(connection, case, "approved", now, agent=agent, data=data)


def parts_of(store: Store, config: Config, case: int, text: str) -> list[str]:
    """`text` as the posts of a thread; one where it fits. Raises NotProcessed when it cannot be parted."""
    at = drafting.desk(store, config, cases.get(store, case))
    found = parts_at(text, at) if config.desk.threads else [text]
    if not found:
        raise NotProcessed(f"this is too long for a thread of {threads.MOST} posts", hint="shorten it")
    return found


def can_be_private(store: Store, config: Config, case: int) -> bool:
    """Whether this case's platform has private messages that care can send."""
    platform = drafting.desk(store, config, cases.get(store, case)).platform
    return platform is None or platform.private


def cancel(store: Store, number: int, *, now: datetime, agent: str | None = None) -> Row:
    """Take a reply out of the outbox. Raises Conflict when it is out or on its way."""
    return _decided(store, number, "cancel", now, agent)


def resolve_unsure(store: Store, number: int, *, went_out: bool, now: datetime, agent: str | None = None) -> Row:
    """A person looked at the platform: the reply is out, or it is not and may be sent. Raises Conflict."""
    return _decided(store, number, "found" if went_out else "absent", now, agent)


def _decided(store: Store, number: int, happening: outbox.Happening, now: datetime, agent: str | None) -> Row:
    with store.lock("outbox", wait=10), store.write() as connection:
        row = advance(store, replies.get(store, number), happening)
        data = {"reply": number, "status": row["status"]}
        events.append(connection, row["case_id"], "outbox decision", now, agent=agent, data=data)
        return row


__all__ = [
    "Override",
    "approval_needed",
    "approve",
    "ask_for_word",
    "cancel",
    "check",
    "decide",
    "draft",
    "edit_draft",
    "fit",
    "prompt",
    "propose",
    "renew",
    "resolve_unsure",
    "send",
    "voice_of",
]
