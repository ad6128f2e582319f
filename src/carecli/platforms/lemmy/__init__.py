"""Lemmy 0.19 (API v3) and 1.0 (API v4): mentions, replies, searches, own comments; answers as comments.

Ids are `comment/34` and `post/7` on their server. The two versions differ in addresses, in names of fields and in how
pages go on; both are read by the same eyes, which take either name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from carecli.errors import AuthError
from carecli.platforms.base import Fetcher, Platform, Setup, server_of

LIMIT = 10_000
PAGE_SIZE = 50
DAY = 86_400.0
HOW = "give the account's handle and its password, or a TOKEN: the cookie jwt of a browser that is signed in there"
SECOND_FACTOR = "with a second factor, give a TOKEN in place of the password: the cookie jwt of a signed-in browser"


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.lemmy.client import Lemmy, judge, signed_in
    from carecli.platforms.web.api import open_api
    from carecli.platforms.web.tokens import Tokens

    base = setup.needs("base_url", "the server's address")
    token, password = setup.secret("TOKEN"), setup.secret("PASSWORD")
    if not token and not (password and setup.text("handle")):
        raise AuthError(
            f"the source '{setup.source}' has neither a PASSWORD with a handle nor a TOKEN",
            hint=f"{HOW}: `care login {setup.source}`",
        )

    async def sign_in() -> tuple[str, float]:
        return await signed_in(setup, password or ""), DAY

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with open_api(setup, base, judge, headers=headers, token=None if token else Tokens(sign_in)) as api:
        yield Lemmy(api, setup)


LEMMY = Platform(
    name="lemmy",
    title="Lemmy",
    open=_open,
    host=server_of,
    settings={
        "base_url": "the server's address, https://lemmy.example",
        "handle": "the account's name on that server",
        "search": "words or phrases to search for in comments and posts",
        "page_size": f"items per request, up to {PAGE_SIZE}",
    },
    secrets={"PASSWORD": "the account's password", "TOKEN": "instead: the cookie jwt of a signed-in browser"},
    answers=True,
    limit=LIMIT,
    access="Free: any account. Mark it as a bot account if most answers are not written by people.",
)
