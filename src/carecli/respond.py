"""Stage 3: draft → check → approve → send through the outbox, exactly once.

A reply is written down before it is sent. What a crash leaves `sending` is `unsure`, and is settled by asking the
platform whether it is out, never by sending again blindly.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from carecli import knowledge, platforms
from carecli.config import Config, Voice
from carecli.errors import Conflict
from carecli.model import Draft, Finding
from carecli.platforms.base import Platform
from carecli.replies import outbox
from carecli.replies.drafting import CaseBrief, Fit, templates
from carecli.replies.guardrails import check as find_all
from carecli.replies.rules import Context
from carecli.sending import advance, send, source_of
from carecli.store import cases, events, mentions, replies
from carecli.store.connect import Row, Store

RECENT = timedelta(days=90)  # how far back a reply counts as "said before"


# Drafting and checking


def draft(
    store: Store,
    config: Config,
    case: int,
    *,
    now: datetime,
    voice: str | None = None,
    agent: str | None = None,
    count: int = 3,
) -> list[Draft]:
    """Propose replies to a case, each with its findings, and keep them. Raises NotFound."""
    row = cases.get(store, case)
    name, manner = config.voice(voice)
    recent = replies.recent_texts(store, since=now - RECENT)
    platform = _platform(config, mentions.get(store, row["latest_mention_id"]))
    proposed = templates(
        _brief(row, config, known=platform is not None),
        manner,
        voice_name=name,
        recent=[said["text"] for said in recent],
        count=count,
        agent=agent,
        rng_seed=f"{row['case_id']}/{row['latest_mention_id']}",
        fit=None if platform is None else Fit(platform.limit, platform.measure),
    )
    checked = [
        replace(one, findings=tuple(check(store, config, case, one.text, now=now, voice=name))) for one in proposed
    ]
    numbers = replies.save_drafts(store, row["case_id"], checked, now=now)
    return [replace(one, draft_id=number) for one, number in zip(checked, numbers, strict=True)]


def _brief(row: Row, config: Config, *, known: bool) -> CaseBrief:
    directed = bool(row["directed"])
    return CaseBrief(
        text=row["text"],
        language=row["language"],
        intent=row["intent"],
        sentiment=row["sentiment"],
        topics=tuple(json.loads(row["topics"])),
        urgency=row["urgency"],
        customer_name=row["customer_name"],
        handle=row["customer_handle"],
        directed=directed if known else True if directed else None,  # a file may not tell who was addressed
        brand=config.brand.name,
    )


def check(
    store: Store,
    config: Config,
    case: int,
    text: str,
    *,
    now: datetime,
    private: bool = False,
    voice: str | None = None,
) -> list[Finding]:
    """What the guardrails find in a reply to this case, by place. Raises NotFound."""
    row = cases.get(store, case)
    _, manner = config.voice(voice)
    target = mentions.get(store, row["latest_mention_id"])
    platform = _platform(config, target)
    return find_all(text, _context(store, config, row, target, manner, platform, private, now))


def _context(
    store: Store,
    config: Config,
    row: Row,
    target: Row,
    voice: Voice,
    platform: Platform | None,
    private: bool,
    now: datetime,
) -> Context:
    said = replies.recent_texts(store, since=now - RECENT)
    waiting = row["waiting_since"] is not None or row["status"] in ("open", "snoozed")
    return Context(
        private=private,
        language=row["language"],
        limit=None if platform is None else platform.limit,
        measure=len if platform is None else platform.measure,
        rules=config.guardrails,
        voice=voice,
        intent=row["intent"],
        urgency=row["urgency"],
        sentiment=row["sentiment"],
        recent=[(f"case {one['case_id']}, {one['at'][:10]}", one["text"]) for one in said],
        answered=not waiting,
        to_own=not target["inbound"],
        deleted=target["deleted_at"] is not None,
        stale=knowledge.stale(store, config, now=now),
    )


# The outbox


def approve(
    store: Store,
    case: int,
    text: str,
    *,
    now: datetime,
    agent: str | None = None,
    private: bool = False,
    draft: int | None = None,
    read: int | None = None,
) -> int:
    """Write a reply down, approved and ready to be sent; returns its number. Nothing has been sent yet.

    `read` is the newest message (its mention's number) that its writer had seen. Raises Conflict when the customer
    has written since, or when another reply to the same message is already on its way.
    """
    with store.write() as connection:
        row = cases.get(store, case)
        target: int = row["latest_mention_id"]
        if read is not None and read != target:
            raise Conflict(
                f"the customer of case {row['case_id']} has written meanwhile; nothing was sent",
                hint=f"`care show {row['case_id']}` has the new message",
            )
        for other in replies.of_case(store, row["case_id"]):
            if other["status"] in ("approved", "sending", "unsure") and other["mention_id"] == target:
                raise Conflict(
                    f"reply {other['reply_id']} to the same message is {other['status']}",
                    hint="`care outbox` shows it; send, resolve or cancel it first",
                )
        number = replies.add(
            connection,
            case=row["case_id"],
            mention=target,
            text=text,
            language=row["language"],
            private=private,
            agent=agent,
            key=uuid.uuid4().hex,
            draft=draft,
            now=now,
        )
        events.append(connection, row["case_id"], "approved", now, agent=agent, data={"reply": number})
        return number


def _platform(config: Config, target: Row) -> Platform | None:
    source = source_of(config, target)
    return None if source is None else platforms.load(source.platform)


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


__all__ = ["approve", "cancel", "check", "draft", "resolve_unsure", "send"]
