"""Mastodon's streams: notifications and hashtags as they happen, for some seconds after the lists were read.

A stream repeats nothing, so it moves no cursor: the next fetch reads the lists, which have it all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from carecli.errors import PlatformError
from carecli.model import JSON, Mention, Page
from carecli.platforms.mastodon.api import Mapper, Status, read
from carecli.platforms.web.answers import printable
from carecli.platforms.web.http import Client
from carecli.platforms.web.stream import events

# Statuses with which a server says that it has no such stream for us.
CLOSED = {401, 403, 404, 410}


async def listen(
    client: Client, mapper: Mapper, hashtags: Sequence[str], cursor: JSON, *, seconds: int
) -> AsyncIterator[Page]:
    """A page per event, with `cursor` unchanged; streams that fail are named and don't stop the others."""
    until = time.monotonic() + seconds
    queue: asyncio.Queue[Mention | str | None] = asyncio.Queue()
    wanted: list[tuple[str, dict[str, str]]] = [("/api/v1/streaming/user/notification", {})]
    wanted += [("/api/v1/streaming/hashtag", {"tag": tag.lstrip("#")}) for tag in hashtags if tag.strip("# ")]
    tasks = [asyncio.create_task(_hear(client, mapper, path, params, until, queue)) for path, params in wanted]
    left = len(tasks)
    try:
        while left:
            heard = await queue.get()
            if heard is None:
                left -= 1
            else:
                yield Page((), cursor, (heard,)) if isinstance(heard, str) else Page((heard,), cursor)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hear(
    client: Client,
    mapper: Mapper,
    path: str,
    params: dict[str, str],
    until: float,
    queue: asyncio.Queue[Mention | str | None],
) -> None:
    name = params.get("tag", "notifications")
    try:
        async with aclosing(events(client, path, params, until=until)) as heard:
            async for kind, data in heard:
                found = _mention(mapper, kind, data)
                if found is not None:
                    queue.put_nowait(found if isinstance(found, Mention) else printable(f"stream {name}: {found}"))
    except PlatformError as error:
        said = "the server has none for us; it is polled" if error.status in CLOSED else error.message
        queue.put_nowait(printable(f"stream {name}: {said}"))
    finally:
        queue.put_nowait(None)


def _mention(mapper: Mapper, kind: str, data: Any) -> Mention | str | None:
    """What an event brings; a text says what is wrong with it."""
    if kind == "notification":
        if not isinstance(data, dict) or data.get("type") not in {"mention", "update"}:
            return None
        directed, value = data["type"] == "mention", data.get("status")
    elif kind in {"update", "status.update"}:
        directed, value = False, data
    else:
        return None
    status = read(Status, value)
    if isinstance(status, str) or not isinstance(value, dict):
        return f"{kind}: {status}"
    return None if status.reblog is not None else mapper.mention(status, value, directed=directed)
