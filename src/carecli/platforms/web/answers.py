"""What a platform answered over HTTP, and what a bad answer means: pure functions, no network.

`error_of` names the error of a read, `send_error_of` that of a write: was it done, or can nobody tell?
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited
from carecli.model import parse_iso
from carecli.text import single_line

# Names of headers and of query parameters whose values are secrets.
SECRET_NAME = re.compile(r"auth|token|secret|passw|key|sig|cookie|session|code|jwt|assertion", re.IGNORECASE)
# What a number in a rate-limit header is, by its size: seconds to wait, epoch seconds, epoch milliseconds.
EPOCH, EPOCH_MILLISECONDS = 1e8, 1e11
RESET_HEADERS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")
SHOWN = 200
# Shorter ones would be found within the names of fields, and then nobody could read the answer.
LEAST_SECRET = 7
HIDDEN = "HIDDEN"


def printable(text: str, limit: int = SHOWN) -> str:
    """The first `limit` characters of untrusted `text`, inert and on one line."""
    return single_line(text[: limit * 4])[:limit]


def redact_url(url: httpx.URL | str) -> str:
    """`url` without user and password, and with the values of secret query parameters hidden."""
    url = httpx.URL(url)
    hidden = [(name, HIDDEN if SECRET_NAME.search(name) else value) for name, value in url.params.multi_items()]
    return str(url.copy_with(username="", password="", params=hidden or None, fragment=None))


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret that it contains hidden."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def without(body: bytes, secrets: Iterable[str]) -> bytes:
    """`body` with every secret in it hidden, also where it stands in JSON; what is as short as its own words stays."""
    for secret in sorted((secret for secret in secrets if len(secret) >= LEAST_SECRET), key=len, reverse=True):
        for form in (secret, json.dumps(secret)[1:-1]):
            body = body.replace(form.encode(), HIDDEN.encode())
    return body


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, read to its end and decompressed.

    `url` is where it came from after redirects; `permanent`: there were some, and all of them 301 or 308, so
    that the new address may be stored.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    permanent: bool = False

    def json(self) -> Any:
        """The body as JSON. Raises BadAnswer."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadAnswer(
                f"{self.where} did not answer with JSON: {printable(self.text(), 80) or 'an empty body'}",
                status=self.status,
            ) from error

    def text(self) -> str:
        """The body as text in the charset that the answer names, else UTF-8; broken bytes become U+FFFD."""
        match = re.search(r"charset=[\"']?([\w.:-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.body.decode(match[1] if match else "utf-8", errors="replace")
        except (LookupError, UnicodeError):
            return self.body.decode("utf-8", errors="replace")

    @property
    def where(self) -> str:
        """Host and path, for messages: never the query, which may hold secrets."""
        url = httpx.URL(self.url)
        return printable(url.netloc.decode("ascii", "replace") + url.path)

    def reason(self, secrets: Iterable[str] = ()) -> str:
        """What the body says is wrong: its `error`, `error_description`, `message`, `errors`, else its text."""
        text = self.text()
        try:
            data = json.loads(self.body)
        except (ValueError, RecursionError):
            text = re.sub(r"<[^>]{0,300}>", " ", text[:4000])
        else:
            text = ": ".join(_words_of(data)) or text
        return printable(redact(text, secrets))


def _words_of(data: Any, depth: int = 3) -> list[str]:
    """The texts of an error in its usual shapes; it may be an object in one, or a list of them."""
    found = []
    for name in ("error", "error_description", "error_name", "error_message", "message", "errors", "title", "detail"):
        value = data.get(name) if isinstance(data, dict) else None
        for part in value if isinstance(value, list) else [value]:
            found += (
                [part]
                if isinstance(part, str) and part
                else (_words_of(part, depth - 1) if isinstance(part, dict) and depth else [])
            )
    return list(dict.fromkeys(found))


def retry_after(answer: Answer, now: float) -> float | None:
    """Seconds that the platform asks to wait, or None where it does not say.

    `Retry-After` (seconds or HTTP date); for a 429 also the reset headers (ISO 8601, epoch seconds or
    milliseconds, seconds) and `retry_after_ms`, `retry_after`, `parameters.retry_after`, `extras.wait_seconds`,
    `reset` of the body.
    `now` in epoch seconds; dates are measured by the server's own clock where it sends one.
    """
    now = _http_date(answer.headers.get("date", "")) or now
    values: list[object] = [answer.headers.get("retry-after")]
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        values += [answer.headers.get(name) for name in RESET_HEADERS]
        values += _waits_in_body(answer)
    waits = (_wait(value, now) for value in values if value is not None)
    return next((max(0.0, wait) for wait in waits if wait is not None), None)


def reset_after(answer: Answer, now: float) -> float | None:
    """Seconds until the limit that an answer tells of begins anew; None where it does not say."""
    now = _http_date(answer.headers.get("date", "")) or now
    values = (answer.headers.get(name) for name in RESET_HEADERS)
    waits = (_wait(value, now) for value in values if value is not None)
    return next((max(0.0, wait) for wait in waits if wait is not None), None)


def _waits_in_body(answer: Answer) -> list[object]:
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(data, dict):
        return []
    milliseconds, parameters, extras = (data.get(name) for name in ("retry_after_ms", "parameters", "extras"))
    return [
        milliseconds / 1000 if isinstance(milliseconds, int | float) else None,
        data.get("retry_after"),
        parameters.get("retry_after") if isinstance(parameters, dict) else None,
        extras.get("wait_seconds") if isinstance(extras, dict) else None,
        data.get("reset"),
    ]


def _wait(value: object, now: float) -> float | None:
    text = str(value).strip()
    if re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,9})?", text):
        number = float(text)
        if number < EPOCH:
            return number
        return (number / 1000 if number >= EPOCH_MILLISECONDS else number) - now
    try:
        moment: float | None = parse_iso(text).timestamp()
    except (ValueError, OverflowError):
        moment = _http_date(text)
    return None if moment is None else moment - now


def _http_date(text: str) -> float | None:
    try:
        moment: datetime = parsedate_to_datetime(text)
        return moment.timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def error_of(answer: Answer, now: float, secrets: Iterable[str] = ()) -> PlatformError:
    """The error that the answer to a read means."""
    status, said = answer.status, answer.reason(secrets)
    message = redact(f"{answer.where} answered {status}", secrets) + (f": {said}" if said else "")
    host = httpx.URL(answer.url).host
    if status in {401, 403}:
        hint = f"check the credential for {host} and what it may do, then `care login` again"
        return AuthError(message, hint=hint, status=status)
    wait = retry_after(answer, now)
    if status == httpx.codes.TOO_MANY_REQUESTS or (status == httpx.codes.SERVICE_UNAVAILABLE and wait is not None):
        hint = f"try again in {wait:.0f} s" if wait is not None else "try again later"
        return RateLimited(message, hint=hint, status=status, retry_after=wait)
    if 400 <= status < 500:
        return PlatformError(message, status=status)
    return BadAnswer(message, status=status)


def send_error_of(answer: Answer, now: float, secrets: Iterable[str] = ()) -> PlatformError:
    """The error that the answer to a write means; NotProcessed, RateLimited and AuthError: surely not done.

    A 408 may have come after the work, a 5xx too (and a 503 with Retry-After is still a 5xx): fate unknown.
    307 and 308 say to send elsewhere, so nothing was done; the other redirects often follow a success.
    """
    error = error_of(answer, now, secrets)
    status = answer.status
    if status in {307, 308} or (400 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT):
        if isinstance(error, AuthError | RateLimited):
            return error
        return NotProcessed(error.message, hint=error.hint, status=status)
    return BadAnswer(error.message, status=status)
