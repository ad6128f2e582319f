"""A signed-in XRPC client of the AT Protocol: one session per process, renewed when it expires.

Sign-ins are limited to 30 in five minutes and 300 a day for an account, so a session is kept in memory as
long as the process lives and shared by all clients of the same account; tokens are never written anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Annotated, Any, Self

from pydantic import BaseModel, StringConstraints, ValidationError

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited
from carecli.platforms.web.answers import Answer, error_of, printable, send_error_of
from carecli.platforms.web.http import Client, Params

EXPIRED = {"ExpiredToken", "InvalidToken"}
READ_HERE = (200, 400, 401)


Token = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,10000}$")]


class SessionDoor(BaseModel):
    """What createSession and refreshSession answer."""

    accessJwt: Token  # noqa: N815 - the protocol's names
    refreshJwt: Token  # noqa: N815
    did: Annotated[str, StringConstraints(pattern=r"^did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,500}$")]
    handle: str
    didDoc: Any = None  # noqa: N815


class ErrorDoor(BaseModel):
    """`{"error": "Name", "message": "…"}`."""

    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and the server that the account lives on."""

    did: str
    handle: str
    server: str
    access: str
    refresh: str


_sessions: dict[str, Session] = {}


def forget_sessions() -> None:
    """Sign in anew at the next call of every account."""
    _sessions.clear()


class Xrpc:
    """XRPC calls as one account; an async context manager. Signs in at the first call.

    `pinned`: talk to `base_url` only, also when the account's own server is another. `source` is named where
    something is wrong with the password.
    """

    def __init__(
        self,
        base_url: str,
        handle: str,
        password: str | None,
        *,
        pinned: bool = False,
        source: str = "SOURCE",
    ) -> None:
        self.base_url = base_url
        self.handle = handle.strip().removeprefix("@")
        self.pinned = pinned
        self._password = password or ""
        self._how = f"make an app password (Settings, Privacy and security, App passwords), then `care login {source}`"
        secret = "\0".join((base_url, self.handle.lower(), self._password, str(pinned)))
        self._account = hashlib.sha256(secret.encode()).hexdigest()
        self._stack = AsyncExitStack()
        self._clients: dict[str, Client] = {}
        self._signing_in = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def session(self) -> Session:
        """The account's session. Raises PlatformError; AuthError without or with a wrong app password."""
        async with self._signing_in:
            known = _sessions.get(self._account)
            if known is None:
                known = _sessions[self._account] = await self._sign_in()
            return known

    async def query(self, nsid: str, params: Params, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON that the query `nsid` answers. Raises PlatformError."""
        answer = await self.ask(nsid, params, headers)
        if answer.status != 200:
            raise self.failure(answer)
        return answer.json()

    async def ask(self, nsid: str, params: Params, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer of the query `nsid`, also when it is a 400 about the request. Raises PlatformError."""
        session = await self.session()
        answer = await self._get(session, nsid, params, headers)
        if error_name(answer) in EXPIRED:
            answer = await self._get(await self._renew(session), nsid, params, headers)
        if answer.status == 401 or error_name(answer) in EXPIRED:
            raise self._no_entry(answer)
        return answer

    async def procedure(self, nsid: str, body: object) -> Answer:
        """Call the procedure `nsid` once; an expired session is renewed, which is before anything is done.

        Returns 200s, and 400s about the request. NotProcessed, AuthError, RateLimited: surely not done.
        """
        with nothing_sent():
            session = await self.session()
        answer = await self._post(session, nsid, body)
        if error_name(answer) in EXPIRED:
            with nothing_sent():
                session = await self._renew(session)
            answer = await self._post(session, nsid, body)
        if answer.status == 401 or error_name(answer) in EXPIRED:
            raise self._no_entry(answer)
        return answer

    def failure(self, answer: Answer) -> PlatformError:
        """The error that a 400 to a query means."""
        return error_of(answer, time.time(), self._secrets)

    def refusal(self, answer: Answer) -> PlatformError:
        """The error that a 400 to a procedure means."""
        return send_error_of(answer, time.time(), self._secrets)

    @property
    def _secrets(self) -> list[str]:
        known = _sessions.get(self._account)
        found = (self._password, known.access, known.refresh) if known else (self._password,)
        return [secret for secret in found if secret]

    async def _get(self, session: Session, nsid: str, params: Params, headers: Mapping[str, str] | None) -> Answer:
        client = await self._client(session.server)
        own = {**(headers or {}), **_bearer(session.access)}
        return await client.get(f"xrpc/{nsid}", params=params, headers=own, ok=READ_HERE)

    async def _post(self, session: Session, nsid: str, body: object) -> Answer:
        client = await self._client(session.server)
        headers = _bearer(session.access)
        return await client.send("POST", f"xrpc/{nsid}", json=body, headers=headers, ok=READ_HERE)

    async def _renew(self, old: Session) -> Session:
        async with self._signing_in:
            known = _sessions.get(self._account)
            if known is not None and known != old:
                return known
            _sessions.pop(self._account, None)
            new = _sessions[self._account] = await self._refreshed(old) or await self._sign_in()
            return new

    async def _refreshed(self, old: Session) -> Session | None:
        """The session, renewed with its refresh token; None: that one has ended too."""
        client = await self._client(old.server)
        answer = await client.send(
            "POST",
            "xrpc/com.atproto.server.refreshSession",
            headers=_bearer(old.refresh),
            ok=READ_HERE,
        )
        if answer.status != 200:
            return None
        door = self._door(answer)
        return replace(old, did=door.did, handle=door.handle, access=door.accessJwt, refresh=door.refreshJwt)

    async def _sign_in(self) -> Session:
        if not self._password or not self.handle:
            raise AuthError(
                f"no app password for {self.handle or 'this source'}",
                hint=f"set the source's handle; {self._how}",
            )
        client = await self._client(self.base_url)
        body = {"identifier": self.handle, "password": self._password}
        answer = await client.send("POST", "xrpc/com.atproto.server.createSession", json=body, ok=READ_HERE)
        if answer.status != 200:
            raise AuthError(
                f"@{self.handle} cannot sign in at {answer.where}: {error_name(answer) or answer.status}",
                hint=self._how,
                status=answer.status,
            )
        door = self._door(answer)
        server = self.base_url if self.pinned else _server_of(door.didDoc, self.base_url)
        return Session(door.did, door.handle, server, door.accessJwt, door.refreshJwt)

    def _door(self, answer: Answer) -> SessionDoor:
        try:
            return SessionDoor.model_validate(answer.json())
        except ValidationError as error:
            fields = ", ".join(str(part["loc"][0]) if part["loc"] else "the whole" for part in error.errors())
            raise BadAnswer(f"{answer.where} gave a session without {fields}") from error

    def _no_entry(self, answer: Answer) -> AuthError:
        return AuthError(
            f"{answer.where} refuses the session: {error_name(answer) or answer.status}",
            hint=self._how,
            status=answer.status,
        )

    async def _client(self, server: str) -> Client:
        if server not in self._clients:
            self._clients[server] = await self._stack.enter_async_context(Client(server))
            self._clients[server].hide(self._password)
        return self._clients[server]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def nothing_sent() -> Iterator[None]:
    """What fails in here fails before a write was sent: NotProcessed, where it is not as clear already."""
    try:
        yield
    except (AuthError, RateLimited, NotProcessed):
        raise
    except PlatformError as error:
        raise NotProcessed(error.message, hint=error.hint, status=error.status) from error


def error_name(answer: Answer) -> str:
    """The protocol's name of the error in `answer`, "" for none."""
    if answer.status == 200:
        return ""
    try:
        return printable(ErrorDoor.model_validate(answer.json()).error, 60)
    except (ValidationError, BadAnswer):
        return ""


def _server_of(document: Any, base_url: str) -> str:
    """The account's own server as its DID document names it; never from https to http."""
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else ():
        if isinstance(service, dict) and str(service.get("id", "")).endswith("#atproto_pds"):
            place = service.get("serviceEndpoint")
            if isinstance(place, str) and place.startswith(("https://", base_url.partition("://")[0] + "://")):
                return place
    return base_url
