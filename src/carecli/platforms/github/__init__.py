"""GitHub issues and discussions: those of own repositories, mentions elsewhere, searches; answers as comments.

Ids are `owner/name#7` for an issue or discussion and `owner/name#7:123` (`:d123` in discussions) for a comment, so
that a comment names what it answers without another request. A reply carries an invisible comment with its key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from carecli.platforms.base import Fetcher, Platform, Setup, server_of

BASE_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
LIMIT = 65_536
MARKER = "\n\n<!-- care:{} -->"
HOW = (
    "make a fine-grained token (Settings, Developer settings, Fine-grained tokens) for your repositories with "
    "Issues and Discussions: read and write"
)
CLASSIC = (
    "notifications take a classic token (Settings, Developer settings, Tokens (classic)) with the scopes notifications "
    "and repo"
)


def measure(text: str) -> int:
    """The length of a reply in characters, with the invisible marker that goes below it."""
    return len(text) + len(MARKER) + 32


def host(setup: Setup) -> str:
    """Ids are unique on github.com; on an Enterprise Server they belong to it."""
    return "" if setup.text("base_url", BASE_URL).rstrip("/") == BASE_URL else server_of(setup)


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.github.client import GitHub, judge
    from carecli.platforms.web.api import needed, open_api

    token = needed(setup, "TOKEN", HOW)
    headers = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": API_VERSION,
        "Authorization": f"Bearer {token}",
    }
    async with open_api(setup, BASE_URL, judge, headers=headers) as api:
        yield GitHub(api, setup)


GITHUB = Platform(
    name="github",
    title="GitHub issues and discussions",
    open=_open,
    host=host,
    settings={
        "repos": "own repositories whose issues and discussions are read: acme/app, acme/site",
        "search": "searches in all public issues, in GitHub's own syntax (undirected)",
        "notifications": "true: read what mentions the account anywhere (needs a classic token)",
        "base_url": f"the API's address (default {BASE_URL}; https://HOST/api/v3 on GitHub Enterprise Server)",
        "page_size": "items per request, 1 to 100 (default 100)",
    },
    secrets={
        "TOKEN": "a fine-grained token (Settings, Developer settings, Fine-grained tokens) with Issues and "
        "Discussions: read and write; for notifications a classic one with the scopes notifications and repo"
    },
    answers=True,
    limit=LIMIT,
    measure=measure,
    access="Free: any account can make a token. 5,000 requests an hour; searches 30 a minute.",
)
