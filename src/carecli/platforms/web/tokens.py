"""Access tokens that live for an hour: asked for when needed, kept in memory, never written anywhere.

A token is granted for a refresh token (OAuth 2.0, RFC 6749) or for a statement that is signed with a private key
(RFC 7523). Signing needs the extra `stores`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carecli.errors import AuthError, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.platforms.web.answers import SECRET_NAME
from carecli.platforms.web.http import Client

# So long before its end a token is not used any more, in seconds.
MARGIN = 60
MAX_LIFE = 24 * 3600


@dataclass
class Tokens:
    """The token that holds now. `grant` gets a new one and its life in seconds; called with True: get a new one."""

    grant: Callable[[], Awaitable[tuple[str, float]]]
    _token: str = field(init=False, default="")
    _until: float = field(init=False, default=0.0)
    _asking: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)

    async def __call__(self, renew: bool = False) -> str:
        async with self._asking:
            if renew or time.monotonic() > self._until - MARGIN:
                self._token, life = await self.grant()
                self._until = time.monotonic() + min(life, MAX_LIFE)
            return self._token


async def granted(
    url: str, form: Mapping[str, str], hint: str, *, headers: Mapping[str, str] | None = None, hidden: str = ""
) -> tuple[str, float]:
    """Ask the token address `url` for an access token; the token and its life. Raises as `asked` does."""
    data = await asked(url, form, hint, headers=headers, hidden=hidden)
    token, life = data.get("access_token"), data.get("expires_in")
    if not isinstance(token, str) or not token.isprintable() or not token.isascii():
        raise NotProcessed(f"{url.partition('?')[0]} did not answer with a token")
    return token, float(life) if isinstance(life, int | float) else 3600.0


async def asked(
    url: str, form: Mapping[str, str], hint: str, *, headers: Mapping[str, str] | None = None, hidden: str = ""
) -> dict[str, Any]:
    """What the token address `url` answers. AuthError with `hint` where it says no, also inside a 200.

    Every other failure is NotProcessed or RateLimited: whatever needed the token was not sent. `hidden` is a secret
    within `headers` that would not be known for one.
    """
    async with Client(url, headers=headers) as client:
        for secret in (hidden, *(value for name, value in form.items() if SECRET_NAME.search(name))):
            client.hide(secret)
        try:
            answer = await client.send("POST", url, form=form, ok=(200, 400, 401, 403))
            data = answer.json()
        except RateLimited:
            raise
        except PlatformError as error:
            raise NotProcessed(error.message, hint=error.hint, status=error.status) from error
    if answer.status != 200 or (isinstance(data, dict) and data.get("error")):
        raise AuthError(f"{answer.where} gives no token: {client.reason(answer)}", hint=hint, status=answer.status)
    return data if isinstance(data, dict) else {}


def signed(claims: Mapping[str, Any], key: str, algorithm: str, *, key_id: str | None = None) -> str:
    """`claims` as a JSON web token, signed with the private key `key` (PEM). Raises ConfigError, AuthError."""
    try:
        import jwt
    except ImportError as error:
        raise ConfigError("signing needs the extra `stores`", hint="pip install 'carecli[stores]'") from error
    try:
        return str(jwt.encode(dict(claims), key, algorithm, headers={"kid": key_id} if key_id else None))
    except (ValueError, TypeError, NotImplementedError, jwt.PyJWTError):
        # Not `from error`: it may show a part of the key.
        raise AuthError(f"the private key is none for {algorithm}", hint="download the key file again") from None


def key_file(source: str, path: str) -> str:
    """What stands in the key file at `path`. Raises ConfigError."""
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"the key_file of the source '{source}' cannot be read: {why}") from error


def service_account(source: str, path: str) -> dict[str, str]:
    """The JSON of a Google service account's key file: `client_email`, `private_key` … Raises ConfigError."""
    try:
        data = json.loads(key_file(source, path))
    except ValueError:
        data = None
    needed = ("client_email", "private_key")
    if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in needed):
        hint = "Google Cloud, IAM, Service accounts, Keys, Add key, JSON"
        raise ConfigError(f"the key_file of the source '{source}' is no service account's key", hint=hint)
    return {name: value for name, value in data.items() if isinstance(value, str)}
