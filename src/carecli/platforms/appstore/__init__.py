"""The App Store: reviews of an own app with a key of its team, which can be answered; of any app from public feeds.

Which of the two a source is follows from its settings: with a `key_file` it is an own app. The ids of the two have
nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from carecli.platforms.base import Fetcher, Platform, Setup

FEED_URL = "https://itunes.apple.com"
CONNECT_URL = "https://api.appstoreconnect.apple.com"
LIMIT = 5970


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.web.api import open_api

    app = setup.needs("app", "the app's number, as in apps.apple.com/app/id…").removeprefix("id")
    if setup.text("key_file"):
        from carecli.platforms.appstore.connect import HOW, OwnApp, tokens

        async with open_api(setup, CONNECT_URL, token=tokens(setup), login=False, refused=HOW) as api:
            yield OwnApp(api, app, setup.whole("page_size", 200, 1, 200))
    else:
        from carecli.platforms.appstore.feed import AnyApp

        async with open_api(setup, FEED_URL, login=False) as api:
            yield AnyApp(api, app, setup.texts("countries") or ("us",))


APPSTORE = Platform(
    name="appstore",
    title="App Store reviews",
    open=_open,
    settings={
        "app": "the app's number, as in apps.apple.com/app/id…",
        "key_file": "own app: the path of the API key's .p8 file",
        "key_id": "own app: the key's id",
        "issuer_id": "own app: the issuer id of the team",
        "countries": "any app, without a key: storefronts to read, us, pl, il (default us)",
        "page_size": "own app: reviews per request, 1 to 200 (default 200)",
        "base_url": f"default {CONNECT_URL} with a key, {FEED_URL} without",
    },
    answers=True,
    limit=LIMIT,
    access="With a team's API key (membership in the developer program): all reviews of an own app, and answers; needs "
    "pip install 'carecli[stores]'. Without a key: the last 500 reviews per country from public feeds that are "
    "undocumented, at times empty, and cannot be answered.",
)
