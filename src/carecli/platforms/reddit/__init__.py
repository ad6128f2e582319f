"""Reddit: with an approved key what concerns an account, its communities and searches, and answers; without one,
the public feeds, to read only. Ids are Reddit's full names: t1_… a comment, t3_… a post.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from carecli import __version__
from carecli.errors import AuthError
from carecli.platforms.base import Fetcher, Platform, Setup

BASE_URL = "https://oauth.reddit.com"
TOKEN_URL = "https://www.reddit.com/api/v1/access_token"  # noqa: S105 - an address
FEEDS_URL = "https://www.reddit.com"
SCOPES = "identity read submit privatemessages history"
LIMIT = 10_000
PAGE_SIZE = 100
HOW = (
    "Reddit gives keys only after it has approved a request (Responsible Builder Policy, since November 2025); "
    "without one, `--set feeds=true` reads the public feeds"
)


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.reddit.client import Reddit, judge
    from carecli.platforms.reddit.feeds import RedditFeeds, judge_feed
    from carecli.platforms.web.api import open_api
    from carecli.platforms.web.tokens import Tokens, granted

    name = setup.text("handle").strip().removeprefix("/").removeprefix("u/")
    # Reddit throttles names that many programs share.
    agent = {"User-Agent": f"cli:carecli:{__version__} (by /u/{name or 'unknown'})"}
    if setup.flag("feeds"):
        async with open_api(setup, FEEDS_URL, judge_feed, headers=agent) as api:
            yield RedditFeeds(api, setup, name, setup.secret("FEED"))
        return
    client_id = setup.needs("client_id", f"the id of your app. {HOW}")
    secret, hint = setup.secret("SECRET") or "", f"the app's id and SECRET, and the TOKEN or PASSWORD. {HOW}"
    refresh, password = setup.secret("TOKEN"), setup.secret("PASSWORD")
    if refresh:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
    elif password:
        account = setup.needs("handle", "the account that the PASSWORD belongs to")
        form = {"grant_type": "password", "username": account, "password": password, "scope": SCOPES}
    else:
        raise AuthError(f"the source '{setup.source}' has neither a TOKEN nor a PASSWORD", hint=hint)
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    address = setup.text("token_url", TOKEN_URL)

    async def grant() -> tuple[str, float]:
        headers = {**agent, "Authorization": f"Basic {basic}"}
        return await granted(address, form, hint, headers=headers, hidden=secret)

    hidden = (refresh, password, secret)
    async with open_api(setup, BASE_URL, judge, headers=agent, token=Tokens(grant), hidden=hidden) as api:
        yield Reddit(api, setup, name)


REDDIT = Platform(
    name="reddit",
    title="Reddit",
    open=_open,
    settings={
        "handle": "the account's name, without u/",
        "subreddits": "communities whose posts and comments are read, without r/",
        "search": "searches in all posts (undirected)",
        "client_id": "the id of your approved app",
        "feeds": "true: without a key, read the public feeds of the subreddits and searches",
        "page_size": f"items per request, 1 to {PAGE_SIZE} (default {PAGE_SIZE})",
        "base_url": f"the API's address (default {BASE_URL}, of the feeds {FEEDS_URL})",
        "token_url": "where access tokens come from (default: Reddit's)",
    },
    secrets={
        "TOKEN": f"a refresh token with the scopes {SCOPES}",
        "PASSWORD": "instead: the account's password, for an app of the kind `script`",
        "SECRET": "the secret of your app",
        "FEED": "with feeds: the private feed token from the account's preferences, for its inbox",
    },
    answers=True,
    limit=LIMIT,
    access="By approval only. Since November 2025 Reddit gives keys to approved requests, and commercial use takes a "
    "contract of its own; many older keys were revoked in 2026. Without a key `feeds=true` reads the public feeds: "
    "nothing can be answered, about 10 requests a minute, without any promise from Reddit.",
)
