"""Bluesky, and every other AppView of the AT Protocol: what the program knows of it without opening it.

Reads the account's own posts, its notifications (mentions, replies, quotes) and searches; answers in the
thread. The client is loaded when a source is opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from carecli.platforms.base import Fetcher, Platform, Setup
from carecli.text import grapheme_count

LIMIT = 300
# The second limit: 3,000 bytes of UTF-8 for 300 graphemes.
BYTES_PER_GRAPHEME = 10
BASE_URL = "https://bsky.social"
PAGE_SIZE = 100
OVERLAP_MINUTES = 60


def measure(text: str) -> int:
    """The length of `text` in graphemes, or in tenths of UTF-8 bytes where that is more: both must fit."""
    return max(grapheme_count(text), -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_GRAPHEME))


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.bluesky.client import BlueskyClient
    from carecli.platforms.bluesky.lists import Lists
    from carecli.platforms.bluesky.xrpc import Xrpc

    appview = setup.text("appview")
    if appview and "#" not in appview:
        appview += "#bsky_appview"
    async with Xrpc(
        setup.text("base_url", BASE_URL).rstrip("/"),
        setup.text("handle"),
        setup.secret("PASSWORD"),
        pinned=setup.flag("pinned"),
        source=setup.source,
    ) as xrpc:
        page_size = setup.whole("page_size", PAGE_SIZE, 1, 100)
        yield BlueskyClient(
            xrpc,
            Lists(xrpc, appview=appview, page_size=page_size),
            searches=setup.searches("bluesky"),
            own_handles=frozenset(handle.removeprefix("@").lower() for handle in setup.handles),
            overlap=setup.whole("overlap", OVERLAP_MINUTES, 0, 7 * 24 * 60) * 60_000,
        )


BLUESKY = Platform(
    name="bluesky",
    title="Bluesky",
    open=_open,
    settings={
        "base_url": f"where the account signs in: its server or entryway (default {BASE_URL})",
        "handle": "the account, without @: acme.bsky.social",
        "search": "what to search for besides mentions: one query or a list",
        "appview": "DID of another AppView to read through (default: the one that the server uses)",
        "pinned": "true: talk to base_url only, also when the account's own server is another",
        "page_size": f"posts per request, 1 to 100 (default {PAGE_SIZE})",
        "overlap": f"minutes that are read again, for posts that arrive late (default {OVERLAP_MINUTES})",
    },
    secrets={"PASSWORD": "an app password (Settings, Privacy and security, App passwords)"},
    answers=True,
    limit=LIMIT,
    measure=measure,
)
