"""An HTTP API as one account: the one client, plus how this platform says no in its own way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError
from carecli.platforms.base import Setup
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.http import Client, Params

# Statuses in which platforms hide what others would say with another one.
ODD = frozenset({400, 401, 402, 403, 404, 405, 409, 410, 413, 422})

# From an answer to the error that it means on this platform; None: to what it would mean anywhere.
Judge = Callable[[Answer], PlatformError | None]
Token = Callable[[bool], Awaitable[str]]


class Api:
    """Reads and writes JSON. `token(renew)` gives the bearer token of each request, a new one after a 401.

    `source` is whose credential it is: an AuthError says how to give another one; "": there is none to give.
    `refused` is what to do about a 401 or 403 that the judge says nothing about.
    """

    def __init__(
        self,
        client: Client,
        judge: Judge = lambda _answer: None,
        *,
        token: Token | None = None,
        odd: frozenset[int] = ODD,
        source: str = "",
        refused: str = "",
    ) -> None:
        self.client = client
        self._source = source
        self._refused = refused
        self._judge = judge
        self._token = token
        self._odd = odd

    async def get(self, path: str, params: Params | None = None, *, ok: frozenset[int] = frozenset({200})) -> Answer:
        """GET with the retries of the client. Statuses in `ok` are returned. Raises PlatformError."""
        answer = await self.client.get(path, params=params, headers=await self._headers(), ok=self._odd | ok)
        if answer.status == 401 and self._token is not None:
            headers = await self._headers(renew=True)
            answer = await self.client.get(path, params=params, headers=headers, ok=self._odd | ok)
        return self._checked(answer, ok, sent=False)

    async def json(self, path: str, params: Params | None = None) -> dict[str, Any]:
        """The JSON object that `path` answers with. Raises PlatformError."""
        return an_object(await self.get(path, params))

    async def send(
        self, method: str, path: str, *, json: object = None, form: Mapping[str, str] | None = None
    ) -> Answer:
        """A write. An expired token is renewed, because a 401 says that nothing was done; nothing else is repeated."""
        headers = await self._headers()
        answer = await self.client.send(method, path, json=json, form=form, headers=headers, ok=self._odd | {200, 201})
        if answer.status == 401 and self._token is not None:
            headers = await self._headers(renew=True)
            answer = await self.client.send(
                method, path, json=json, form=form, headers=headers, ok=self._odd | {200, 201}
            )
        return self._checked(answer, frozenset({200, 201}), sent=True)

    def _checked(self, answer: Answer, ok: frozenset[int], *, sent: bool) -> Answer:
        error = self._judge(answer)
        if error is None and answer.status not in ok:
            error = self._unjudged(answer, sent=sent)
        if isinstance(error, AuthError) and self._source:
            hint = f"{error.hint}; then" if error.hint else "give another credential with"
            raise AuthError(error.message, hint=f"{hint} `care login {self._source}`", status=error.status)
        if sent and type(error) is PlatformError and answer.status != httpx.codes.REQUEST_TIMEOUT:
            # The platform said no in its own way, so it did nothing.
            raise NotProcessed(error.message, hint=error.hint, status=error.status)
        if error is not None:
            raise error
        return answer

    def _unjudged(self, answer: Answer, *, sent: bool) -> PlatformError:
        error = self.client.error(answer, sent=sent)
        if isinstance(error, AuthError):
            host = self.client.base_url.host
            nothing_given = f"{host} takes no credential: it refuses this network or program; try again later"
            error.hint = self._refused or ("" if self._source else nothing_given)
        return error

    async def _headers(self, *, renew: bool = False) -> dict[str, str]:
        return {} if self._token is None else {"Authorization": f"Bearer {await self._token(renew)}"}


@asynccontextmanager
async def open_api(
    setup: Setup,
    base_url: str,
    judge: Judge = lambda _answer: None,
    *,
    headers: Mapping[str, str] | None = None,
    token: Token | None = None,
    odd: frozenset[int] = ODD,
    login: bool = True,
    hidden: Iterable[str | None] = (),
    refused: str = "",
) -> AsyncIterator[Api]:
    """An Api at the source's `base_url`, by default at `base_url`, with the source's timeout.

    `login`: its credential is one that `care login` stores. `hidden` are secrets that never show, not even in the path
    of an address. `refused`: what to do about a refusal.
    """
    address = setup.text("base_url", base_url) or base_url
    async with Client(address, headers=headers, timeout=setup.seconds("timeout", 20)) as client:
        for secret in filter(None, hidden):
            client.hide(secret)
        yield Api(client, judge, token=token, odd=odd, source=setup.source if login else "", refused=refused)


def an_object(answer: Answer) -> dict[str, Any]:
    """The JSON object in `answer`. Raises BadAnswer."""
    data = answer.json()
    if not isinstance(data, dict):
        raise BadAnswer(f"{answer.where} did not answer with an object", status=answer.status)
    return data


def a_list(answer: Answer) -> list[Any]:
    """The JSON list in `answer`. Raises BadAnswer."""
    data = answer.json()
    if not isinstance(data, list):
        raise BadAnswer(f"{answer.where} did not answer with a list", status=answer.status)
    return data


def needed(setup: Setup, kind: str, hint: str) -> str:
    """The secret `kind`. Raises AuthError with `hint`, where to get it."""
    value = setup.secret(kind)
    if not value:
        raise AuthError(
            f"the source '{setup.source}' has no {kind}", hint=f"{hint}; `care login {setup.source} --kind {kind}`"
        )
    return value.strip()
