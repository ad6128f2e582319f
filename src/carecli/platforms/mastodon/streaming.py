"""Mastodon's streams: what concerns us and hashtags as they happen, for some seconds after the lists were read.

A stream repeats nothing, so it moves no cursor: the next fetch reads the lists, which have it all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from carecli.errors import PlatformError
from carecli.model import JSON, Page
from carecli.platforms.mastodon.api import Mapper, Status, read
from carecli.platforms.web.answers import printable
from carecli.platforms.web.http import Client
from carecli.platforms.web.stream import events

# Statuses with which a server says that it has no such stream for us.
CLOSED = {401, 403, 404, 410}
# The account's own stream has its notifications, and the deletions of what mentions it.
OWN = "/api/v1/streaming/user"
LONGEST_ID = 500


async def listen(
    client: Client, mapper: Mapper, hashtags: Sequence[str], cursor: JSON, *, seconds: int
) -> AsyncIterator[Page]:
    """A page per event, with `cursor` unchanged; streams that fail are named and don't stop the others."""
    until = time.monotonic() + seconds
    queue: asyncio.Queue[Page | None] = asyncio.Queue()
    wanted: list[tuple[str, dict[str, str]]] = [(OWN, {})]
    wanted += [("/api/v1/streaming/hashtag", {"tag": tag.lstrip("#")}) for tag in hashtags if tag.strip("# ")]
    heard = _Ear(client, mapper, cursor, queue)
    tasks = [asyncio.create_task(heard.hear(path, params, until)) for path, params in wanted]
    left = len(tasks)
    try:
        while left:
            page = await queue.get()
            if page is None:
                left -= 1
            else:
                yield page
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Ear:
    """Puts a page for each event of a stream into a queue, and None at its end."""

    def __init__(self, client: Client, mapper: Mapper, cursor: JSON, queue: asyncio.Queue[Page | None]) -> None:
        self._client = client
        self._mapper = mapper
        self._cursor = cursor
        self._queue = queue

    async def hear(self, path: str, params: dict[str, str], until: float) -> None:
        name = params.get("tag", "notifications")
        try:
            async with aclosing(events(self._client, path, params, until=until)) as heard:
                async for kind, data in heard:
                    page = self._page(kind, data, name, own=path == OWN)
                    if page is not None:
                        self._queue.put_nowait(page)
        except PlatformError as error:
            said = "the server has none for us; it is polled" if error.status in CLOSED else error.message
            self._queue.put_nowait(self._named(f"stream {name}: {said}"))
        finally:
            self._queue.put_nowait(None)

    def _page(self, kind: str, data: Any, name: str, *, own: bool) -> Page | None:
        """What an event brings; of the account's own stream only what concerns it: that is its home page, too."""
        directed, value = False, data
        if kind == "delete":
            gone = str(data)
            return Page((), self._cursor, deleted=(gone,)) if 0 < len(gone) <= LONGEST_ID else None
        if kind == "notification":
            if not isinstance(data, dict) or data.get("type") not in {"mention", "update"}:
                return None
            directed, value = data["type"] == "mention", data.get("status")
        elif kind not in {"update", "status.update"}:
            return None
        status = read(Status, value)
        if isinstance(status, str) or not isinstance(value, dict):
            return self._named(f"stream {name}: {kind}: {status}")
        if status.reblog is not None:
            return None
        mention = self._mapper.mention(status, value, directed=directed)
        concerns = kind == "notification" or not own or mention.directed
        return Page((mention,), self._cursor) if concerns else None

    def _named(self, problem: str) -> Page:
        return Page((), self._cursor, (printable(problem),))
