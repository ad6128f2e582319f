"""Matrix: what is written in the rooms that an account has joined, and answers in them. Encrypted rooms are not read.

A message's id here is `room/event`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from carecli.errors import AuthError, NotProcessed, PlatformError
from carecli.platforms.base import Fetcher, Platform, Setup
from carecli.platforms.web.fields import Fields

API = "_matrix/client/v3"
# A whole event may have 65,536 bytes; this leaves room for the rest of it.
LIMIT = 30_000
PAGE_SIZE = 50
HOW = "in Element: Settings, Help and about, Access token; or give the account's password with --kind PASSWORD"

REFUSED = f"the account may not do that; give a token of one that may: {HOW}"


def measure(text: str) -> int:
    """The length that Matrix counts: UTF-8 bytes."""
    return len(text.encode("utf-8", "surrogatepass"))


def _signing_in(base_url: str, user: str, password: str, source: str) -> Callable[[], Awaitable[tuple[str, float]]]:
    """Grants a token for the password, always as the same device: a transaction is known to its device only."""

    async def grant() -> tuple[str, float]:
        from carecli.platforms.web.http import Client

        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
            "device_id": f"CARECLI_{source}",
            "initial_device_display_name": "carecli",
        }
        async with Client(base_url) as client:
            client.hide(password)
            try:
                answer = await client.send("POST", f"{API}/login", json=body, ok=(200, 400, 401, 403))
                token = Fields(answer.json()).text("access_token")
            except (PlatformError, ValueError) as error:
                said = error.message if isinstance(error, PlatformError) else "no answer to the login"
                raise NotProcessed(said) from error
        if not token:
            raise AuthError(f"{answer.where} refuses the password: {client.reason(answer)}", hint=HOW, status=401)
        return token, 3600.0

    return grant


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.matrix.client import Matrix, judge
    from carecli.platforms.web.api import open_api
    from carecli.platforms.web.tokens import Tokens

    base = setup.needs("base_url", "the homeserver's address, https://matrix.example")
    token, password = setup.secret("TOKEN"), setup.secret("PASSWORD")
    if not token and not password:
        raise AuthError(f"the source '{setup.source}' has neither a TOKEN nor a PASSWORD", hint=HOW)
    if token:
        headers = {"Authorization": f"Bearer {token.strip()}"}
        async with open_api(setup, base, judge, headers=headers, refused=REFUSED) as api:
            yield Matrix(api, setup)
        return
    user = setup.needs("user", "the account's name, where it signs in with a password")
    tokens = Tokens(_signing_in(base, user, password or "", setup.source))
    async with open_api(setup, base, judge, token=tokens, refused=REFUSED) as api:
        yield Matrix(api, setup)


MATRIX = Platform(
    name="matrix",
    title="Matrix rooms",
    open=_open,
    settings={
        "base_url": "the homeserver's address, https://matrix.example",
        "user": "the account's name, to sign in with a PASSWORD",
        "rooms": "only these rooms: !ids or #aliases:server (default: all that the account has joined)",
        "page_size": f"messages per room and request (default {PAGE_SIZE})",
    },
    secrets={
        "TOKEN": "an access token of the account (in Element: Settings, Help and about, Access token)",
        "PASSWORD": "instead: the account's password, where the server signs in with one",
    },
    answers=True,
    private=True,
    limit=LIMIT,
    measure=measure,
    access="Free: any Matrix account. Encrypted rooms cannot be read. Tell the members of a room that it is watched.",
)
