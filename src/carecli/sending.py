"""The outbox at work: what is approved goes out exactly once, and what a crash left behind is settled.

A reply is written down before it is sent. What a crash leaves `sending` is `unsure`, and is settled by asking the
platform whether it is out, never by sending again blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from carecli import platforms
from carecli.config import Config, Source
from carecli.errors import CareError, NotProcessed
from carecli.model import Author, Mention, Receipt, Reply, parse_iso
from carecli.platforms.base import Platform, Poster, Setup
from carecli.replies import outbox
from carecli.store import events, mentions, replies
from carecli.store.connect import Row, Store


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
        row = advance(store, row, "crashed", "care stopped while it was being sent")
    if row["status"] == "failed" and again:
        row = advance(store, row, "retry")
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
        return advance(store, row, "unknown", _words(error))
    if receipt is None:
        return advance(store, row, "absent")
    return _record_sent(store, row, reply, receipt, now)


async def _post(store: Store, config: Config, row: Row, now: datetime) -> None:
    """Send an approved reply; that it is on its way is written down before the network is touched."""
    try:
        reply, platform, setup = _prepared(store, config, row)
    except CareError as error:  # nothing has left yet: what is missing is no reason to doubt that
        advance(store, advance(store, row, "begin"), "refused", _words(error))
        return
    row = advance(store, row, "begin")
    try:
        async with platform.open(setup) as client:
            receipt = await _poster(client, platform).post(reply, key=row["key"])
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
        advance(store, row, outbox.outcome(error), _words(error))
        return
    _record_sent(store, row, reply, receipt, now)


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
