"""The one HTTP client: safe methods are retried, writes never; limits on time, size and redirects.

Made for servers that misbehave: endless and truncated bodies, compression bombs, redirects to elsewhere,
error pages in place of JSON. Every failure is a `carecli.errors.PlatformError`.
"""

from __future__ import annotations

import asyncio
import functools
import json as jsonlib
import logging
import re
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx

from carecli import __version__
from carecli.errors import (
    AuthError,
    BadAnswer,
    ConfigError,
    NotProcessed,
    PlatformError,
    RateLimited,
    Unreachable,
)
from carecli.platforms.web import turns
from carecli.platforms.web.answers import (
    LEAST_SECRET,
    SECRET_NAME,
    Answer,
    error_of,
    redact,
    redact_url,
    reset_after,
    send_error_of,
    without,
)
from carecli.platforms.web.guard import decoded, public_addresses

__all__ = ["Answer", "Client", "redact_url"]

log = logging.getLogger("carecli.http")
# httpx names whole URLs, with their secrets, in its own log.
logging.getLogger("httpx").setLevel(logging.WARNING)

Params = Mapping[str, str | int | Sequence[str]]
Sleep = Callable[[float], Awaitable[object]]

LONGEST_WAIT = 30.0
# A stream that is silent for so long, without even a heartbeat, is dead.
STREAM_SILENCE = 90.0
MAX_HOPS = 5
CONNECTIONS = 8
# A whole answer may take this many times the timeout of one read.
DEADLINE_FACTOR = 3
RETRIED = {429, 500, 502, 503, 504}
REDIRECTS = {301, 302, 303, 307, 308}
PERMANENT = {301, 308}
# All that may go to another host after a redirect.
HARMLESS_HEADERS = {"accept", "accept-language", "if-none-match", "if-modified-since", "user-agent"}
# What httpx raises before the first byte of a request has left.
BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class Client:
    """Talks to one server; an async context manager.

    `timeout` is for one read in seconds, a whole answer may take three times that. `allow_private` False
    refuses addresses that are not public. `max_bytes` bounds the decompressed body. `attempts` counts the
    tries of a `get`. A token that changes is set in `headers`. Raises ConfigError for a `base_url` that is
    none, AuthError for a header value that none can be.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 20,
        allow_private: bool = True,
        max_bytes: int = 20_000_000,
        attempts: int = 3,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.base_url = _base(base_url)
        self.headers = httpx.Headers(_sound(headers or {}))
        self.timeout = timeout
        self.allow_private = allow_private
        self.max_bytes = max_bytes
        self.attempts = attempts
        self._sleep = sleep
        self._secrets: set[str] = set()
        self._hidden: set[str] = set()
        self._http = httpx.AsyncClient(
            verify=_tls(),
            timeout=timeout,
            limits=httpx.Limits(max_connections=CONNECTIONS),
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def get(
        self,
        path_or_url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Container[int] = (200,),
        follow: bool = False,
    ) -> Answer:
        """GET, tried again after connection errors, timeouts, 5xx and short waits that the server asks for.

        Statuses in `ok` are returned, all others raised. Redirects are followed on this server; with `follow`
        also to others, without any header that may be secret. Raises PlatformError.
        """
        url = self._url(path_or_url, params)
        if not follow and not self._ours(url):
            raise BadAnswer(f"{self._name} sent us to another server ({url.host}); not followed")
        for attempt in range(1, self.attempts + 1):
            try:
                answer = await self._hops(url, httpx.Headers(dict(headers or {})), attempt, follow=follow, ok=ok)
                error = None if answer.status in ok else self.error(answer)
            except httpx.HTTPError as failure:
                error = self._unreachable(failure)
            if error is None:
                return answer
            wait = _wait(error, attempt)
            if wait is None or attempt == self.attempts:
                raise error
            await self._sleep(wait)
        raise AssertionError("attempts is at least 1")

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        ok: Container[int] = (200, 201),
    ) -> Answer:
        """A write, tried once, to this server only and without redirects. Statuses in `ok` are returned.

        NotProcessed, RateLimited and AuthError: surely not done. Every other PlatformError: fate unknown.
        """
        url = self._url(path, None)
        if not self._ours(url):
            raise NotProcessed(f"{self._name} sent us to another server ({url.host}); nothing sent")
        own = httpx.Headers(dict(headers or {}))
        content = None
        if json is not None:
            content, own["Content-Type"] = jsonlib.dumps(json).encode(), "application/json"
        elif form is not None:
            content, own["Content-Type"] = (
                str(httpx.QueryParams(dict(form))).encode(),
                "application/x-www-form-urlencoded",
            )
        try:
            answer = await self._exchange(method, url, self._headers(own, url), content=content)
        except BEFORE_SENDING as failure:
            raise NotProcessed(self._unreachable(failure).message) from failure
        except httpx.HTTPError as failure:
            raise self._unreachable(failure) from failure
        if answer.status in ok:
            return answer
        raise self.error(answer, sent=True)

    def stream(self, path: str, params: Params) -> AbstractAsyncContextManager[httpx.Response]:
        """A GET whose answer is read as it comes; on this server only, no redirects. Raises httpx.HTTPError."""
        url = self._url(path, params)
        if not self._ours(url):
            raise BadAnswer(f"{self._name} sent us to another server ({url.host}); not followed")
        timeout = httpx.Timeout(self.timeout, read=STREAM_SILENCE)
        headers = self._headers(httpx.Headers({"Accept": "text/event-stream"}), url)
        return self._http.stream("GET", url, headers=headers, timeout=timeout)

    def hide(self, secret: str) -> None:
        """Never show `secret`, also where it stands in the path of an address."""
        if secret:
            self._secrets.add(secret)
            self._hidden.add(secret)

    def reason(self, answer: Answer) -> str:
        """What `answer` says is wrong, without any secret that this client has sent or was told of."""
        return answer.reason(self._secrets)

    def error(self, answer: Answer, *, sent: bool = False) -> PlatformError:
        """The error that `answer` means, to a read or to a write that was sent; secrets in it are hidden."""
        return (send_error_of if sent else error_of)(answer, time.time(), self._secrets)

    async def _hops(
        self, url: httpx.URL, headers: httpx.Headers, attempt: int, *, follow: bool, ok: Container[int]
    ) -> Answer:
        permanent = True
        for hop in range(MAX_HOPS + 1):
            answer = await self._exchange("GET", url, self._headers(headers, url), attempt=attempt)
            place = answer.headers.get("location")
            if answer.status not in REDIRECTS or answer.status in ok or not place:
                return Answer(answer.status, answer.headers, answer.body, answer.url, hop > 0 and permanent)
            permanent = permanent and answer.status in PERMANENT
            url = self._next(url, place, follow=follow)
        raise BadAnswer(f"{self._name} redirects without end")

    def _next(self, url: httpx.URL, place: str, *, follow: bool) -> httpx.URL:
        try:
            target = url.join(place)
        except httpx.InvalidURL as error:
            raise BadAnswer(f"{self._name} redirects to an address that is none") from error
        if not _is_web(target):
            raise BadAnswer(f"{self._name} redirects to an address that is not http(s); not followed")
        if (url.scheme, target.scheme) == ("https", "http"):
            raise BadAnswer(f"{self._name} redirects from https to http; not followed")
        if not follow and not self._ours(target):
            raise BadAnswer(
                f"{self._name} redirects to another server ({target.host}); not followed",
                hint="if the server has moved, change the source's base_url",
            )
        return target

    async def _exchange(
        self,
        method: str,
        url: httpx.URL,
        headers: httpx.Headers,
        *,
        content: bytes | None = None,
        attempt: int = 1,
    ) -> Answer:
        """One request and its whole answer, when it is its turn. Raises httpx.HTTPError, PlatformError."""
        shared = turns.current()
        if shared is None:
            return await self._asked(method, url, headers, content, attempt)
        place = (url.netloc.decode("ascii"), headers.get("authorization", ""), url.path)
        async with shared.turn(*place):
            answer = await self._asked(method, url, headers, content, attempt)
        if turns.spent(answer.headers) and (seconds := reset_after(answer, time.time())):
            shared.rest(*place, seconds)
        return answer

    async def _asked(
        self, method: str, url: httpx.URL, headers: httpx.Headers, content: bytes | None, attempt: int
    ) -> Answer:
        started = time.monotonic()
        status = 0
        try:
            async with asyncio.timeout(DEADLINE_FACTOR * self.timeout):
                request = await self._request(method, url, headers, content, attempt)
                response = await self._http.send(request, stream=True)
                try:
                    status = response.status_code
                    body = await self._read(response)
                finally:
                    await response.aclose()
        except httpx.InvalidURL as error:
            raise BadAnswer(f"{url.host} redirects to an address that is none") from error
        except TimeoutError as error:
            raise Unreachable(f"{url.host} did not finish its answer in time", status=status or None) from error
        finally:
            shown = redact(redact_url(url), self._hidden)
            log.debug("%s %s %s %.0f ms", method, shown, status, 1000 * (time.monotonic() - started))
        # Judges quote a refusal, and some servers repeat the credential in it.
        body = without(body, self._secrets) if status >= 400 else body
        return Answer(status, response.headers, body, redact(str(url), self._hidden))

    async def _request(
        self, method: str, url: httpx.URL, headers: httpx.Headers, content: bytes | None, attempt: int
    ) -> httpx.Request:
        if self.allow_private:
            return self._http.build_request(method, url, headers=headers, content=content)
        # The connection goes to the very address that was checked, so a second look-up cannot change it.
        addresses = await public_addresses(url)
        headers["Host"] = url.netloc.decode("ascii")
        return self._http.build_request(
            method,
            url.copy_with(host=addresses[(attempt - 1) % len(addresses)]),
            headers=headers,
            content=content,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )

    async def _read(self, response: httpx.Response) -> bytes:
        parts = bytearray()
        async for part in decoded(response, self.max_bytes + 1):
            parts += part
            if len(parts) > self.max_bytes:
                raise BadAnswer(f"{self._name} answered with more than {self.max_bytes:,} bytes; not read further")
        return bytes(parts)

    def _url(self, path: str, params: Params | None) -> httpx.URL:
        try:
            absolute = path.startswith(("http://", "https://"))
            url = httpx.URL(path if absolute else f"{str(self.base_url).rstrip('/')}/{path.lstrip('/')}")
            url = url.copy_merge_params(httpx.QueryParams(dict(params))) if params else url
        except httpx.InvalidURL as error:
            raise BadAnswer(f"{self._name} gave an address that is none") from error
        self._remember(url.params.multi_items())
        return url

    def _headers(self, own: httpx.Headers, url: httpx.URL) -> httpx.Headers:
        headers = httpx.Headers({"User-Agent": f"carecli/{__version__}"})
        headers.update(self.headers)
        headers.update(own)
        self._remember(headers.items())
        if not self._ours(url):
            headers = httpx.Headers({name: value for name, value in headers.items() if name in HARMLESS_HEADERS})
        headers["Accept-Encoding"] = "gzip, deflate"
        return headers

    def _ours(self, url: httpx.URL) -> bool:
        """Whether `url` is on this server; the same host with http made https counts."""
        base = self.base_url
        if url.host != base.host:
            return False
        upgraded = (base.scheme, url.scheme) == ("http", "https") and base.port is None and url.port is None
        return upgraded or (url.scheme, url.port) == (base.scheme, base.port)

    @property
    def _name(self) -> str:
        return self.base_url.host

    def _remember(self, items: Iterable[tuple[str, str]]) -> None:
        """Note what must never show in an error."""
        found = (value for name, value in items if SECRET_NAME.search(name))
        self._secrets.update(part for value in found for part in value.split() if len(part) >= LEAST_SECRET)

    def _unreachable(self, failure: httpx.HTTPError) -> Unreachable:
        said = redact(str(failure), self._secrets) or "timed out"
        return Unreachable(
            f"{self._name} cannot be reached: {said}",
            hint="check the source's base_url and the network connection",
        )


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all clients: to read the certificates takes longer than many a request."""
    return httpx.create_ssl_context()


def _base(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except httpx.InvalidURL as error:
        raise ConfigError(f"base_url is not an address: {text!r}") from error
    if not _is_web(url):
        raise ConfigError(f"base_url is not an http(s) address: {text!r}")
    return url


def _is_web(url: httpx.URL) -> bool:
    return url.scheme in {"http", "https"} and re.fullmatch(r"[\w.:-]+", url.host) is not None


def _sound(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise AuthError(
                f"the credential for the header {name} holds characters that cannot be in one",
                hint="copy it again, without line breaks",
            )
    return dict(headers)


def _wait(error: PlatformError, attempt: int) -> float | None:
    """Seconds before the next attempt; None: don't try again."""
    if isinstance(error, RateLimited):
        asked = error.retry_after
        return asked if asked is not None and asked <= LONGEST_WAIT else None
    again = error.status in RETRIED if error.status else isinstance(error, Unreachable)
    return secrets.SystemRandom().uniform(0.5, 1) * 2 ** (attempt - 1) if again else None
