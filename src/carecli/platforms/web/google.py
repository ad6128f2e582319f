"""What Google's APIs have in common: their errors, and tokens for them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from carecli.errors import AuthError, BadAnswer, PlatformError, RateLimited
from carecli.platforms.web.answers import Answer, retry_after
from carecli.platforms.web.tokens import Tokens, granted, service_account, signed

AUTHORISE_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
PACIFIC = ZoneInfo("America/Los_Angeles")
SPENT_FOR_TODAY = {"quotaExceeded", "dailyLimitExceeded"}
TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"}
NOT_ALLOWED = {
    "insufficientPermissions",
    "forbidden",
    "accessNotConfigured",
    "keyInvalid",
    "authError",
    "API_KEY_INVALID",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
}


def reasons_of(answer: Answer) -> set[str]:
    """Google's names of what is wrong: `errors[].reason` and `status`."""
    try:
        data = answer.json()
    except BadAnswer:
        return set()
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict):
        return set()
    parts = [part for name in ("errors", "details") for part in _list(error.get(name)) if isinstance(part, dict)]
    return {str(part.get("reason")) for part in parts} | {str(error.get("status"))}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def judge(answer: Answer, hints: Mapping[str, str]) -> PlatformError | None:
    """Google's own way to say no. `hints`: what to do for each reason, "" for a missing permission of any kind."""
    if answer.status < 400:
        return None
    reasons, said = reasons_of(answer), f"{answer.where} answered {answer.status}: {answer.reason()}"
    if reasons & SPENT_FOR_TODAY:
        wait = _until_midnight(datetime.now(PACIFIC))
        return RateLimited(said, hint="the quota begins again at midnight Pacific time", status=429, retry_after=wait)
    if reasons & TOO_FAST:
        return RateLimited(said, status=429, retry_after=retry_after(answer, time.time()))
    named = next((hints[reason] for reason in sorted(reasons) if reason in hints), None)
    if answer.status == 401 or reasons & NOT_ALLOWED:
        return AuthError(said, hint=named or hints.get("", None), status=answer.status)
    if answer.status == 403:
        return PlatformError(said, hint=named, status=403) if named else AuthError(said, hint=hints.get(""), status=403)
    return None


def _until_midnight(now: datetime) -> float:
    """Seconds until the next midnight of `now`'s zone, also on days that are longer or shorter."""
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow.timestamp() - now.timestamp()


def refreshing(token_url: str, client_id: str, client_secret: str, refresh_token: str, hint: str) -> Tokens:
    """Tokens for a person's refresh token."""
    form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
    if client_secret:
        form["client_secret"] = client_secret

    async def grant() -> tuple[str, float]:
        return await granted(token_url, form, hint)

    return Tokens(grant)


def signing(token_url: str, source: str, key_file: str, scope: str, hint: str) -> Tokens:
    """Tokens for a service account, whose key is in the file `key_file`."""

    async def grant() -> tuple[str, float]:
        account, now = service_account(source, key_file), int(time.time())
        claims = {"iss": account["client_email"], "scope": scope, "aud": token_url, "iat": now, "exp": now + 3600}
        assertion = signed(claims, account["private_key"], "RS256", key_id=account.get("private_key_id"))
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return await granted(token_url, form, hint)

    return Tokens(grant)
