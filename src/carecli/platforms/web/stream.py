"""Answers without end: server-sent events, read line by line until a moment that the caller sets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx

from carecli.errors import BadAnswer, Unreachable
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.http import Client, Params

LONGEST_LINE = 2_000_000


async def events(client: Client, path: str, params: Params, *, until: float) -> AsyncGenerator[tuple[str, Any], None]:
    """The events of `path` with their JSON (their text where it is none), until `until` of the monotonic clock.

    Ends also when the server ends the answer. Raises PlatformError.
    """
    name, parts = "", list[str]()
    async with aclosing(_lines(client, path, params, until)) as lines:
        async for line in lines:
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                parts.append(line[5:].removeprefix(" "))
            elif not line and name:
                yield name, _json("\n".join(parts))
                name, parts = "", []


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


async def _lines(client: Client, path: str, params: Params, until: float) -> AsyncGenerator[str, None]:
    rest = b""
    try:
        async with client.stream(path, params) as response:
            if response.status_code != 200:
                body = (await response.aread())[:LONGEST_LINE]
                raise client.error(Answer(response.status_code, response.headers, body, str(response.url)))
            parts: AsyncIterator[bytes] = response.aiter_bytes()
            while (left := until - time.monotonic()) > 0:
                try:
                    rest += await asyncio.wait_for(anext(parts), left)
                except (TimeoutError, StopAsyncIteration):
                    return
                *whole, rest = rest.split(b"\n")
                if len(rest) > LONGEST_LINE:
                    raise BadAnswer(f"{path} has a line without end")
                for line in whole:
                    yield line.rstrip(b"\r").decode("utf-8", "replace")
    except httpx.HTTPError as error:
        raise Unreachable(f"the stream {path} ended: {type(error).__name__}") from error
