"""Signing in with a browser: the person agrees on the platform's page, and a refresh token comes back.

The authorisation code grant with PKCE, as RFC 8252 asks of installed programs: the browser is sent to an address of
this machine that lives for this one answer. The state ties the answer to the question, the verifier the token to us.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from carecli.errors import AuthError
from carecli.platforms.web.tokens import asked

PATIENCE = 300.0
LONGEST_REQUEST = 16_384
PAGE = "You can close this window and go back to the terminal.\n"


@dataclass(frozen=True)
class App:
    """What the platform knows the program by, and where it asks people and hands out tokens."""

    authorise_url: str
    token_url: str
    client_id: str
    client_secret: str
    scope: str
    extra: Mapping[str, str] = field(default_factory=dict)


async def refresh_token(app: App, say: Callable[[str], None], *, patience: float = PATIENCE) -> str:
    """Tell the person by `say` which address to open, wait so many seconds, and give the refresh token.

    Raises AuthError when the person refuses, nobody answers, or the platform gives no such token.
    """
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _answer_browser(reader, writer, state, answer)

    server = await asyncio.start_server(visited, "127.0.0.1", 0, limit=LONGEST_REQUEST)
    async with server:
        redirect = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        say(f"Open this address, and agree: {_address(app, state, verifier, redirect)}")
        try:
            found = await asyncio.wait_for(answer, patience)
        except TimeoutError:
            raise AuthError(f"nobody agreed within {patience:.0f} s", hint="try again") from None
    if "code" not in found:
        raise AuthError("the platform says no: access was not granted", hint="agree on the platform's page")
    form = {"grant_type": "authorization_code", "code": found["code"], "redirect_uri": redirect}
    form |= {"client_id": app.client_id, "code_verifier": verifier}
    if app.client_secret:
        form["client_secret"] = app.client_secret
    data = await asked(app.token_url, form, "check the client's id and secret, and sign in again")
    token = data.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise AuthError(
            "the platform gave no refresh token", hint="take back the program's access there, and sign in again"
        )
    return token


def _address(app: App, state: str, verifier: str, redirect: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    params = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect,
        "scope": app.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        **app.extra,
    }
    return f"{app.authorise_url}?{urlencode(params)}"


async def _answer_browser(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: str, answer: asyncio.Future[dict[str, str]]
) -> None:
    """Answer one request; only one that knows the state says anything, whoever else on this machine may ask."""
    try:
        line = (await asyncio.wait_for(reader.readline(), 10)).decode("latin-1").split(" ")
        found = {name: values[0] for name, values in parse_qs(urlsplit(line[1]).query).items()} if line[2:] else {}
        ours = secrets.compare_digest(found.get("state", "").encode(), state.encode())
        status, page = ("200 OK", PAGE) if ours else ("404 Not Found", "")
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        )
        writer.write((head + page).encode())
        await writer.drain()
        if ours and not answer.done():
            answer.set_result(found)
    except (OSError, ValueError, TimeoutError):
        pass  # not the browser that is waited for
    finally:
        writer.close()
