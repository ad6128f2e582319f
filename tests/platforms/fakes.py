"""The base of the platforms that tests play: a real HTTP server on loopback whose state a test changes.

A subclass lists its routes; each answers with an object (JSON), or a Script where status and headers matter.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from carecli.model import JSON, Mention, Page, Receipt, Reply, iso
from carecli.platforms.base import Checker, Fetcher, Platform, Poster, Setup
from tests.platforms.servers import LyingServer, Request, Script, json_script

Handler = Callable[..., object]


class Fake(LyingServer):
    """Routes by method and pattern, and faults that come before them.

    `tick` is the platform's clock: two hours ago, and a second more with every call; the real one where it is `live`.
    """

    live = False

    def __init__(self) -> None:
        super().__init__()
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self.faults: list[tuple[re.Pattern[str], Script]] = []
        self.moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)

    def route(self, method: str, pattern: str, handler: Handler) -> None:
        """Requests for paths that match `pattern` wholly are answered by `handler(request, *groups)`."""
        self.routes.append((method, re.compile(pattern), handler))

    def fault(self, pattern: str, *scripts: Script) -> None:
        """The next requests for `pattern` (`METHOD path`) get these answers, in their order."""
        self.faults += [(re.compile(pattern), script) for script in scripts]

    def tick(self) -> datetime:
        self.moment = datetime.now(UTC) if self.live else self.moment + timedelta(seconds=1)
        return self.moment

    def stamp(self) -> str:
        """The next moment as ISO 8601."""
        return iso(self.tick())

    def answer(self, request: Request) -> Script:
        self.requests.append(request)
        for fault in self.faults:
            if fault[0].match(f"{request.method} {request.path}"):
                self.faults.remove(fault)
                return fault[1]
        for method, pattern, handler in self.routes:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                found = handler(request, *match.groups())
                return found if isinstance(found, Script) else json_script(found)
        return json_script({"error": "no such address", "message": "Not Found"}, 404)

    def paths(self, method: str = "GET") -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests if request.method == method]


def source(platform: Platform, settings: JSON, secrets: JSON | None = None, **more: Any) -> Setup:
    """A Setup whose secrets are `secrets`."""
    return Setup(platform.name, settings, (secrets or {}).get, **more)


Opened = AbstractAsyncContextManager[Fetcher]


def fetch(
    client: Opened, cursor: JSON | None = None, since: datetime | None = None
) -> tuple[list[Mention], JSON, list[str]]:
    """All mentions of one fetch, the last cursor, what was skipped. Raises what the fetch raises."""
    pages, error = until_error(client, cursor, since)
    if error is not None:
        raise error
    mentions = [mention for page in pages for mention in page.mentions]
    return mentions, pages[-1].cursor if pages else cursor or {}, [line for page in pages for line in page.skipped]


def until_error(
    client: Opened, cursor: JSON | None = None, since: datetime | None = None
) -> tuple[list[Page], Exception | None]:
    """The pages that came before the error that ended the fetch."""
    pages: list[Page] = []

    async def main() -> None:
        async with client as opened:
            async for page in opened.fetch(cursor or {}, since=since):
                pages.append(page)  # noqa: PERF401 - what came before an error has to stay

    try:
        asyncio.run(main())
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return pages, error
    return pages, None


def post(client: Opened, reply: Reply, key: str = "key-1") -> Receipt:
    async def main() -> Receipt:
        async with client as opened:
            assert isinstance(opened, Poster)
            return await opened.post(reply, key=key)

    return asyncio.run(main())


def find(client: Opened, reply: Reply, key: str = "key-1") -> Receipt | None:
    async def main() -> Receipt | None:
        async with client as opened:
            assert isinstance(opened, Poster)
            return await opened.find(key, reply)

    return asyncio.run(main())


def check(client: Opened) -> str:
    async def main() -> str:
        async with client as opened:
            assert isinstance(opened, Checker)
            return await opened.check()

    return asyncio.run(main())


def inbound(mentions: Sequence[Mention]) -> list[str]:
    """The external ids of customers' mentions, in their order."""
    return [mention.external_id for mention in mentions if mention.inbound]
