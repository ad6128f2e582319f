"""Signing in with a browser: a person who agrees, one who does not, and others who knock at the same port."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from carecli.errors import AuthError
from carecli.platforms.web.oauth import App, refresh_token
from tests.platforms.servers import LyingServer, Request, Script, json_script
from tests.world import World

Browse = Callable[[httpx.AsyncClient, dict[str, str]], Awaitable[None]]


def sign_in(lying: LyingServer, browse: Browse, *, patience: float = 20, secret: str = "client-secret") -> str:
    """The whole flow; `browse` gets what the address that was told asks for."""
    app = App(
        "https://accounts.example/auth", f"{lying.url}/token", "client-1", secret, "read write", {"prompt": "consent"}
    )
    told = asyncio.Queue[str]()

    async def person() -> None:
        address = (await told.get()).split()[-1]
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        async with httpx.AsyncClient() as browser:
            await browse(browser, asked)

    async def main() -> str:
        visiting = asyncio.create_task(person())
        try:
            return await refresh_token(app, told.put_nowait, patience=patience)
        finally:
            await visiting

    return asyncio.run(main())


async def agree(browser: httpx.AsyncClient, asked: dict[str, str]) -> None:
    answer = await browser.get(asked["redirect_uri"], params={"code": "code-123456", "state": asked["state"]})
    assert (answer.status_code, answer.text) == (200, "You can close this window and go back to the terminal.\n")


def test_whoever_agrees_gets_a_token(lying: LyingServer) -> None:
    challenge: list[str] = []

    async def browse(browser: httpx.AsyncClient, asked: dict[str, str]) -> None:
        assert (asked["scope"], asked["prompt"], asked["code_challenge_method"]) == ("read write", "consent", "S256")
        challenge.append(asked["code_challenge"])
        assert (await browser.get(f"{asked['redirect_uri']}/favicon.ico")).status_code == 404
        forged = await browser.get(asked["redirect_uri"], params={"code": "forged-1", "state": "guessed"})
        assert forged.status_code == 404
        await agree(browser, asked)

    lying.on("/token", json_script({"access_token": "a", "refresh_token": "refresh-1"}))
    assert sign_in(lying, browse) == "refresh-1"
    form = {name: values[0] for name, values in parse_qs(lying.requests[0].body.decode()).items()}
    assert (form["code"], form["grant_type"]) == ("code-123456", "authorization_code")
    assert form["client_secret"] == "client-secret"
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge[0]


def test_whoever_refuses_gets_none(lying: LyingServer) -> None:
    async def refuse(browser: httpx.AsyncClient, asked: dict[str, str]) -> None:
        await browser.get(asked["redirect_uri"], params={"error": "access_denied", "state": asked["state"]})

    with pytest.raises(AuthError, match="not granted"):
        sign_in(lying, refuse)
    assert lying.requests == []


def test_nobody_comes(lying: LyingServer) -> None:
    async def leave(browser: httpx.AsyncClient, asked: dict[str, str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(asked["redirect_uri"]).port)
        writer.write(b"\x00\xff\r\n\r\n")
        await reader.read()
        writer.close()

    with pytest.raises(AuthError, match="nobody agreed"):
        sign_in(lying, leave, patience=0.3)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            json_script({"error": "invalid_client", "error_description": "client-secret is wrong"}, 401),
            "invalid_client",
        ),
        (json_script({"access_token": "a"}), "no refresh token"),
    ],
)
def test_the_platform_gives_none(lying: LyingServer, script: Script, said: str) -> None:
    lying.on("/token", script)
    with pytest.raises(AuthError, match=said) as caught:
        sign_in(lying, agree)
    assert "client-secret" not in str(caught.value)


def test_care_login_with_a_browser(tmp_path: Path, lying: LyingServer) -> None:
    def token(request: Request) -> Script:
        form = parse_qs(request.body.decode())
        return json_script({"refresh_token": "refresh-1"} if form["code"] == ["code-123456"] else {})

    lying.on("/token", token)
    world = World(tmp_path, env={"CARE_VIDEOS_SECRET": "client-secret"})
    world.init()
    world.run("source", "add", "youtube", "videos", "--set", "client_id=c1", "--set", f"token_url={lying.url}/token")
    process = world.start("login", "videos", "--browser")
    assert process.stderr is not None
    address = process.stderr.readline()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address.split()[-1]).query).items()}
    params = urlencode({"code": "code-123456", "state": asked["state"]})
    assert httpx.get(f"{asked['redirect_uri']}?{params}").status_code == 200
    _, rest = process.communicate(timeout=60)
    assert "Stored TOKEN" in rest, rest
    assert "refresh-1" not in rest
    assert (
        "no sign-in with a browser"
        in world.run("source", "add", "feed", "blogs").stderr
        + world.run("login", "blogs", "--browser", expect=2).stderr
    )
