"""OAuth 1.0a (RFC 5849): requests signed with four keys that do not end. Pure functions, no network."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True)
class Keys:
    """The app's key and secret, the account's token and its secret."""

    app: str
    app_secret: str = field(repr=False)
    token: str
    token_secret: str = field(repr=False)


def authorization(method: str, url: str, keys: Keys, *, nonce: str, timestamp: int) -> str:
    """The Authorization header for `url` with its query; a JSON body is not signed (section 3.4.1.3)."""
    parts = urlsplit(url)
    own = {
        "oauth_consumer_key": keys.app,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_token": keys.token,
        "oauth_version": "1.0",
    }
    query = parse_qsl(parts.query, keep_blank_values=True)
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in [*own.items(), *query])
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(
        (method.upper(), _escaped(f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"), _escaped(joined))
    )
    key = f"{_escaped(keys.app_secret)}&{_escaped(keys.token_secret)}"
    signature = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
    return _header({**own, "oauth_signature": signature})


def _header(values: Mapping[str, str]) -> str:
    return "OAuth " + ", ".join(f'{name}="{_escaped(value)}"' for name, value in sorted(values.items()))


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
