"""Requests to X, each signed with the account's keys."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from carecli.errors import BadAnswer, PlatformError, Unreachable
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.api import Api, an_object
from carecli.platforms.web.fields import Fields
from carecli.platforms.web.oauth1 import Keys, authorization

ATTEMPTS = 3


class Signed:
    """An Api whose every request carries a signature of its own: X refuses one that it has seen."""

    def __init__(self, api: Api, keys: Keys, *, pause: float = 0.5) -> None:
        self._api = api
        self._pause = pause
        api.client.attempts = 1  # a repeat has to be signed anew
        self._keys = keys

    async def get(self, path: str, params: Mapping[str, str | int]) -> Fields:
        """The object at `path`. Raises PlatformError."""
        # Escaped as it was signed: X compares byte for byte.
        full = f"{path}?{urlencode(dict(params), quote_via=quote, safe='-._~')}" if params else path
        for attempt in range(1, ATTEMPTS + 1):
            self._sign("GET", full)
            try:
                return Fields(an_object(await self._api.get(full)))
            except PlatformError as error:
                again = isinstance(error, Unreachable) or (error.status or 0) >= 500
                if not again or attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(self._pause * attempt)
        raise AssertionError("there is at least one attempt")

    async def send(self, path: str, body: object) -> Answer:
        """POST `body` as JSON. NotProcessed, RateLimited and AuthError: surely not done."""
        self._sign("POST", path)
        answer = await self._api.send("POST", path, json=body)
        if not answer.body:
            raise BadAnswer(f"{answer.where} answered with nothing", status=answer.status)
        return answer

    def _sign(self, method: str, path: str) -> None:
        client = self._api.client
        url = f"{str(client.base_url).rstrip('/')}/{path.lstrip('/')}"
        nonce, now = secrets.token_hex(16), int(time.time())
        client.headers["Authorization"] = authorization(method, url, self._keys, nonce=nonce, timestamp=now)
