"""Stage 3: draft → check → approve → send through the outbox, exactly once.

A reply is written down before it is sent. What a crash leaves `sending` is `unsure`, and is settled by asking the
platform whether it is out, never by sending again blindly.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from carecli import platforms
from carecli.config import Config, Voice
from carecli.errors import CareError, Conflict, NotProcessed
from carecli.model import Author, Draft, Finding, Mention, Receipt, Reply, parse_iso
from carecli.platforms.base import Platform, Poster, Setup
from carecli.replies import outbox
from carecli.replies.drafting import CaseBrief, Fit, templates
from carecli.replies.guardrails import check as find_all
from carecli.replies.rules import Context
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
) -> int:
    """Write a reply down, approved and ready to be sent; returns its number. Nothing has been sent yet.

    Raises Conflict when another reply to the same message is already on its way.
    """
    with store.write() as connection:
        row = cases.get(store, case)
        target: int = row["latest_mention_id"]
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


def send(store: Store, config: Config, numbers: Iterable[int] | None = None, *, now: datetime) -> list[Row]:
    """Send these replies (None: all that wait), after settling what a crash left behind. Returns their rows.

    One process sends at a time; another one waits for it, so no reply is sent by two. A reply that is named and had
    failed is tried again. `carecli.act.triage_new` files what went out into its case.
    """
    with store.lock("outbox", wait=120):
        wanted = None if numbers is None else set(numbers)
        chosen = [row for row in replies.unfinished(store) if wanted is None or row["reply_id"] in wanted]
        for row in chosen:
            asyncio.run(_send_one(store, config, row, again=wanted is not None, now=now))
        return [replies.get(store, row["reply_id"]) for row in chosen]


async def _send_one(store: Store, config: Config, row: Row, *, again: bool, now: datetime) -> None:
    """Bring one reply as far as it goes; how it ends is in its row."""
    if row["status"] == "sending":  # whoever holds the lock knows that nobody is at work on it
        row = _advance(store, row, "crashed", "care stopped while it was being sent")
    if row["status"] == "failed" and again:
        row = _advance(store, row, "retry")
    if row["status"] == "unsure":
        row = await _settle(store, config, row, now)
    if row["status"] == "approved":
        await _post(store, config, row, now)


async def _settle(store: Store, config: Config, row: Row, now: datetime) -> Row:
    """Ask the platform whether an unsure reply is out."""
    try:
        reply, platform, setup = _prepared(store, config, row)
        async with platform.open(setup) as client:
            receipt = await _poster(client, platform).find(row["key"], reply)
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and then nobody knows more
        return _advance(store, row, "unknown", _words(error))
    if receipt is None:
        return _advance(store, row, "absent")
    return _record_sent(store, row, reply, receipt, now)


async def _post(store: Store, config: Config, row: Row, now: datetime) -> None:
    """Send an approved reply; that it is on its way is written down before the network is touched."""
    try:
        reply, platform, setup = _prepared(store, config, row)
    except CareError as error:  # nothing has left yet: what is missing is no reason to doubt that
        _advance(store, _advance(store, row, "begin"), "refused", _words(error))
        return
    row = _advance(store, row, "begin")
    try:
        async with platform.open(setup) as client:
            receipt = await _poster(client, platform).post(reply, key=row["key"])
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
        _advance(store, row, outbox.outcome(error), _words(error))
        return
    _record_sent(store, row, reply, receipt, now)


def _poster(client: object, platform: Platform) -> Poster:
    if not isinstance(client, Poster):
        raise NotProcessed(f"{platform.title} cannot be answered by care", hint="answer it by hand at its address")
    return client


def _advance(store: Store, row: Row, happening: outbox.Happening, error: str | None = None) -> Row:
    with store.write() as connection:
        after = outbox.step(row["status"], happening)
        replies.move(connection, row["reply_id"], row["status"], after, error=error)
        return replies.get(store, row["reply_id"])


def _words(error: Exception) -> str:
    if not isinstance(error, CareError):
        return f"{type(error).__name__}: {error}"
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _record_sent(store: Store, row: Row, reply: Reply, receipt: Receipt, now: datetime) -> Row:
    """In one transaction: the reply is sent, our post is a mention of the conversation, the log says so."""
    ours = Mention(
        platform=reply.to.platform,
        host=receipt.host or reply.to.host,
        external_id=receipt.external_id,
        text=reply.text,
        created_at=receipt.created_at or max(now, reply.to.created_at),  # clocks differ: an answer comes after
        author=Author(row["agent"] or "us", id=f"care:{row['agent'] or 'us'}"),  # no customer of that name
        url=receipt.url,
        in_reply_to=reply.to.external_id,
        thread_root=reply.to.thread_root,
        language=reply.language,
        visibility="direct" if reply.private else reply.to.visibility,
        inbound=False,
    )
    source = mentions.get(store, row["mention_id"])["source"]
    with store.write() as connection:
        replies.sent(connection, row["reply_id"], receipt, now=now)
        mentions.save_page(store, source, [ours], now=now)
        data = {"reply": row["reply_id"], "url": receipt.url}
        events.append(connection, row["case_id"], "replied", now, agent=row["agent"], data=data)
        return replies.get(store, row["reply_id"])


def _prepared(store: Store, config: Config, row: Row) -> tuple[Reply, Platform, Setup]:
    """What a Poster needs. Raises NotProcessed where the message came from a file or its source is gone."""
    target = mentions.get(store, row["mention_id"])
    source = config.sources.get(target["source"])
    if source is None:
        hint = f"answer by hand at {target['url']}" if target["url"] else "answer by hand"
        raise NotProcessed(f"'{target['source']}' is no source of care.toml, so care cannot post there", hint=hint)
    reply = Reply(
        text=row["text"],
        to=_mention(target, mentions.raw(store, target["mention_id"])),
        language=row["language"],
        private=bool(row["private"]),
        created_at=parse_iso(row["created_at"]),
    )
    return reply, platforms.load(source.platform), platforms.setup(config, source)


def _platform(config: Config, target: Row) -> Platform | None:
    source = config.sources.get(target["source"])
    return None if source is None else platforms.load(source.platform)


def _mention(row: Row, raw: str | None) -> Mention:
    return Mention(
        platform=row["platform"],
        host=row["host"],
        external_id=row["external_id"],
        text=row["text"],
        created_at=parse_iso(row["created_at"]),
        author=Author(row["author_handle"], row["author_name"]),
        url=row["url"],
        in_reply_to=row["in_reply_to"],
        thread_root=row["thread_root"],
        language=row["language"],
        visibility=row["visibility"],
        raw=raw,
    )


def cancel(store: Store, number: int, *, now: datetime, agent: str | None = None) -> Row:
    """Take a reply out of the outbox. Raises Conflict when it is out or on its way."""
    return _decided(store, number, "cancel", now, agent)


def resolve_unsure(store: Store, number: int, *, went_out: bool, now: datetime, agent: str | None = None) -> Row:
    """A person looked at the platform: the reply is out, or it is not and may be sent. Raises Conflict."""
    return _decided(store, number, "found" if went_out else "absent", now, agent)


def _decided(store: Store, number: int, happening: outbox.Happening, now: datetime, agent: str | None) -> Row:
    with store.lock("outbox", wait=10), store.write() as connection:
        row = _advance(store, replies.get(store, number), happening)
        data = {"reply": number, "status": row["status"]}
        events.append(connection, row["case_id"], "outbox decision", now, agent=agent, data=data)
        return row
