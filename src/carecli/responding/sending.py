"""The outbox at work: what is approved goes out exactly once, and what a crash left behind is settled.

A reply is written down before it is sent. What a crash leaves `sending` is `unsure`, and is settled by asking the
platform whether it is out, never by sending again blindly.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from carecli import platforms
from carecli.config import Config, Source
from carecli.errors import CareError, NotProcessed
from carecli.model import Author, Mention, Receipt, Reply, iso, parse_iso
from carecli.platforms.base import Platform, Poster, Setup
from carecli.replies import outbox
from carecli.responding import outreach
from carecli.store import cases, events, intake, mentions, replies, withdrawals
from carecli.store.connect import Row, Store


def send(store: Store, config: Config, numbers: Iterable[int] | None = None, *, now: datetime) -> list[Row]:
    """Send these replies (None: all that wait), after settling what a crash left behind. Returns their rows.

    One process sends at a time; another one waits for it, so no reply is sent by two. A reply that is named and had
    failed is tried again. `carecli.act.triage_new` files what went out into its case.
    """
    with store.lock("outbox", wait=120):
        wanted = None if numbers is None else set(numbers)
        waiting = replies.unfinished(store)
        chosen = [row for row in waiting if (row["reply_id"] in wanted if wanted is not None else _is_time(row, now))]
        room = _room(store, config, now)
        for row in chosen:
            if row["status"] == "approved" and room <= 0:
                continue
            asyncio.run(_send_one(store, config, row, again=wanted is not None, now=now))
            room -= replies.get(store, row["reply_id"])["status"] == "sent"
        return [replies.get(store, row["reply_id"]) for row in chosen]


def _is_time(row: Row, now: datetime) -> bool:
    """Whether a reply may go out now, if it was not to wait; what is on its way or unsure always gets settled."""
    return row["status"] != "approved" or row["send_at"] is None or row["send_at"] <= iso(now)


def _room(store: Store, config: Config, now: datetime) -> float:
    """How many replies may still go out in this minute."""
    if not config.desk.per_minute:
        return math.inf
    return config.desk.per_minute - replies.sent_since(store, iso(now - timedelta(minutes=1)))


async def _send_one(store: Store, config: Config, row: Row, *, again: bool, now: datetime) -> None:
    """Bring one reply as far as it goes; how it ends is in its row."""
    if row["status"] == "sending":  # whoever holds the lock knows that nobody is at work on it
        row = advance(store, row, "crashed", "care stopped while it was being sent")
    if row["status"] == "failed" and again:
        row = advance(store, row, "retry")
    if row["status"] == "unsure":
        row = await _settle(store, config, row, now)
    if row["status"] == "approved":
        await _post(store, config, row, now, named=again)


async def _settle(store: Store, config: Config, row: Row, now: datetime) -> Row:
    """Ask the platform whether an unsure reply is out."""
    try:
        reply, platform, setup = _prepared(store, config, row)
        async with platform.open(setup) as client:
            receipt = await _found(store, row, reply, _poster(client, platform))
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way, and then nobody knows more
        return advance(store, row, "unknown", _words(error))
    if receipt is None:
        return advance(store, row, "absent")
    return _record_sent(store, row, reply, receipt, now)


async def _post(store: Store, config: Config, row: Row, now: datetime, *, named: bool) -> None:
    """Send an approved reply; that it is on its way is written down before the network is touched."""
    try:
        _still_right(store, row, named=named)
        outreach.ensure_welcome(store, config, row["draft_id"], now=now)
        reply, platform, setup = _prepared(store, config, row)
    except CareError as error:  # nothing has left yet: what is missing is no reason to doubt that
        advance(store, advance(store, row, "begin"), "refused", _words(error))
        return
    row = advance(store, row, "begin")
    try:
        async with platform.open(setup) as client:
            receipt = await _posted(store, row, reply, _poster(client, platform))
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
        advance(store, row, outbox.outcome(error), _words(error))
        _note_deletion(store, row, error, now)
        return
    _record_sent(store, row, reply, receipt, now)


def _still_right(store: Store, row: Row, *, named: bool) -> None:
    """A reply that waited goes out only into the conversation that its writer saw. Raises NotProcessed.

    Who names a reply that was not scheduled, or no longer is, sends it all the same.
    """
    if (named and row["send_at"] is None) or replies.parts_out(store, row["reply_id"]):
        return
    newest = cases.get(store, row["case_id"])["latest_mention_id"]
    what = "written" if newest != row["mention_id"] else "edited a message"
    if newest != row["mention_id"] or events.any_since(store, row["case_id"], "edited", row["created_at"]):
        hint = f"`care show {row['case_id']}`; then send it with `care outbox send {row['reply_id']}`, or cancel it"
        replies.unschedule(store, row["reply_id"])
        raise NotProcessed(f"the customer has {what} since this reply was approved", hint=hint)


async def _posted(store: Store, row: Row, reply: Reply, poster: Poster) -> Receipt:
    """Post a reply, or those parts of it that are not out; returns the receipt of its first post."""
    parts = replies.parts(store, row["reply_id"])
    if not parts:
        return await poster.post(reply, key=row["key"])
    receipts: list[Receipt] = []
    for part in parts:
        receipt = _receipt(part)
        if receipt is None:
            receipt = await poster.post(_part(reply, part, receipts), key=part["key"])
            replies.part_sent(store, part, receipt)
        receipts.append(receipt)
    return receipts[0]


async def _found(store: Store, row: Row, reply: Reply, poster: Poster) -> Receipt | None:
    """The receipt of a reply that is out; None while it, or one of its parts, is not."""
    parts = replies.parts(store, row["reply_id"])
    if not parts:
        return await poster.find(row["key"], reply)
    receipts: list[Receipt] = []
    for part in parts:
        receipt = _receipt(part) or await poster.find(part["key"], _part(reply, part, receipts))
        if receipt is None:
            return None
        if part["external_id"] is None:
            replies.part_sent(store, part, receipt)
        receipts.append(receipt)
    return receipts[0]


def _part(reply: Reply, part: Row, before: list[Receipt]) -> Reply:
    """One post of a thread: it answers the post before it, and is addressed to the same customer."""
    to = replace(reply.to, external_id=before[-1].external_id, url=before[-1].url) if before else reply.to
    return replace(reply, text=part["text"], to=to)


def _receipt(part: Row) -> Receipt | None:
    if part["external_id"] is None:
        return None
    at = part["created_at"]
    return Receipt(part["external_id"], part["url"], at and parse_iso(at), part["host"] or "")


def _note_deletion(store: Store, row: Row, error: Exception, now: datetime) -> None:
    """The platform says that the post which was to be answered is gone: everybody should see that."""
    if isinstance(error, NotProcessed) and error.status in (404, 410) and not replies.parts_out(store, row["reply_id"]):
        with store.write() as connection:
            target = mentions.get(store, row["mention_id"])
            place = target["platform"], target["host"]
            withdrawals.withdraw(connection, place, [target["external_id"]], now=now)


def _poster(client: object, platform: Platform) -> Poster:
    if not isinstance(client, Poster):
        raise NotProcessed(f"{platform.title} cannot be answered by care", hint="answer it by hand at its address")
    return client


def advance(store: Store, row: Row, happening: outbox.Happening, error: str | None = None) -> Row:
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
    parts = replies.parts(store, row["reply_id"])
    posts = [(receipt, reply)] if not parts else []
    receipts: list[Receipt] = []
    for part in parts:
        posts.append((_receipt(part) or receipt, _part(reply, part, receipts)))
        receipts.append(posts[-1][0])
    ours = [_ours(row, one, sent, now) for sent, one in posts]
    source = mentions.get(store, row["mention_id"])["source"]
    with store.write() as connection:
        replies.sent(connection, row["reply_id"], receipt, now=now)
        intake.save_page(store, source, ours, now=now)
        data = {"reply": row["reply_id"], "url": receipt.url}
        events.append(connection, row["case_id"], "replied", now, agent=row["agent"], data=data)
        return replies.get(store, row["reply_id"])


def _ours(row: Row, reply: Reply, receipt: Receipt, now: datetime) -> Mention:
    """Our post as a mention of the conversation."""
    return Mention(
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


def source_of(config: Config, target: Row) -> Source | None:
    """The source through which a mention is answered: the one that brought it.

    Where that was renamed or removed, or only listens to another platform's posts, the first other one of the same
    platform and server; None: there is none.
    """
    own = config.sources.get(target["source"])
    if own is not None and (own.platform == target["platform"] or platforms.load(own.platform).answers):
        return own
    for source in config.sources.values():
        if source.platform == target["platform"]:
            platform = platforms.load(source.platform)
            if platform.answers and platform.host(platforms.setup(config, source)) == target["host"]:
                return source
    return None


def _prepared(store: Store, config: Config, row: Row) -> tuple[Reply, Platform, Setup]:
    """What a Poster needs. Raises NotProcessed where the message came from a file or its source is gone."""
    target = mentions.get(store, row["mention_id"])
    source = source_of(config, target)
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
