"""RSS, Atom and JSON Feed: alerts, blogs and forums as a source, one or a thousand feeds in each.

Per feed the cursor holds what the server wants to hear again (ETag, Last-Modified), where the feed has moved
to, and which entries were seen in which wording: an edited entry comes once more, an unchanged feed costs one
request. A feed that fails does not keep the others from being read; all failures are named at the end.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx

from carecli.errors import AuthError, BadAnswer, ConfigError, PlatformError, RateLimited
from carecli.matching import any_of
from carecli.model import JSON, Mention, Page, iso, parse_iso
from carecli.platforms.base import Fetcher, Platform, Setup
from carecli.platforms.feed.documents import read_document
from carecli.platforms.feed.mentions import digest, mention_of
from carecli.platforms.feed.xml import Document
from carecli.platforms.web.http import Answer, Client, redact_url

AT_ONCE = 8
LARGEST_FEED = 10_000_000
SEEN_AT_MOST = 2_000
LONGEST_PAUSE = timedelta(days=1)
# A cursor holds all feeds and is written with every page: more feeds than this share pages.
PAGES = 20
_GONE = 410
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Read:
    """What one request brought: mentions, the feed's next state, what was skipped, and what went wrong."""

    url: str
    state: JSON
    mentions: tuple[Mention, ...] = ()
    skipped: tuple[str, ...] = ()
    error: PlatformError | None = None


class Feeds:
    """Fetcher and Checker over the feeds at `urls`.

    `keywords`: only entries that contain one of them, as the query language finds it (carecli.matching.any_of, which
    raises ValueError); none: all entries. `explained`: they are why an entry is taken. `allow_private` permits
    addresses of this machine and its network. `timeout` is for one read, in seconds. `now` gives the time of entries
    without one.
    """

    def __init__(
        self,
        urls: Iterable[str],
        *,
        keywords: Iterable[str] = (),
        explained: bool = True,
        allow_private: bool = False,
        timeout: float = 20,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._urls = tuple(dict.fromkeys(urls))
        self._keywords = any_of(tuple(keywords))
        self._explained = explained
        self._allow_private = allow_private
        self._timeout = timeout
        self._now = now

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """One page per feed with news, as they come in. Raises PlatformError at the end for those that
        failed.
        """
        states: dict[str, JSON] = {url: state for url, state in cursor.get("feeds", {}).items() if url in self._urls}
        errors: list[PlatformError] = []
        page = Page((), {})
        waiting = 0
        async for read in self._all(states, since):
            if read.error is not None:
                errors.append(read.error)
            if read.state != states.get(read.url):
                states[read.url] = read.state
                waiting += 1
                page = Page(page.mentions + read.mentions, {}, page.skipped + read.skipped)
            if waiting > len(self._urls) // PAGES:
                yield replace(page, cursor={"feeds": dict(states)})
                page, waiting = Page((), {}), 0
        if waiting:
            yield replace(page, cursor={"feeds": dict(states)})
        if errors:
            raise _all_of(errors, len(self._urls))

    async def check(self) -> str:
        """What the first feed is."""
        async with self._client(self._urls[0]) as client:
            try:
                answer = await client.get(self._urls[0], headers={"Accept": _ACCEPT}, follow=True)
            except PlatformError as error:
                raise _naming(error, self._urls[0]) from error
            document = _document(answer)
        title = " ".join(document.title.split())[:100]
        others = f", and {len(self._urls) - 1} more feeds" if len(self._urls) > 1 else ""
        return f"{redact_url(answer.url)}: {title!r}, {len(document.entries)} entries{others}"

    async def _all(self, states: dict[str, JSON], since: datetime | None) -> AsyncIterator[_Read]:
        """Every feed once, a few at a time, in the order in which they are done."""
        left = list(reversed(self._urls))
        done: asyncio.Queue[_Read | Exception] = asyncio.Queue()

        async def work() -> None:
            try:
                # Each worker talks to one server at a time, over a client of its own.
                async with self._client(self._urls[0]) as client:
                    while left:
                        url = left.pop()
                        done.put_nowait(await self._one(client, url, states.get(url, {}), since))
            except Exception as error:  # noqa: BLE001 - raised again by the reader below
                done.put_nowait(error)

        workers = [asyncio.create_task(work()) for _ in self._urls[:AT_ONCE]]
        try:
            for _ in self._urls:
                read = await done.get()
                if isinstance(read, Exception):
                    raise read
                yield read
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _client(self, url: str) -> Client:
        return Client(url, timeout=self._timeout, allow_private=self._allow_private, max_bytes=LARGEST_FEED, attempts=2)

    async def _one(self, client: Client, url: str, state: JSON, since: datetime | None) -> _Read:
        place = state.get("url") or url
        try:
            self._may_ask(state)
            client.base_url = httpx.URL(place)
            answer = await client.get(place, headers=_conditions(state), ok={200, 304}, follow=True)
            new = _state_of(answer, state, place)
            if answer.status == httpx.codes.NOT_MODIFIED:
                return _Read(url, new)
            return self._news(url, new, _document(answer), since)
        except PlatformError as error:
            return _Read(url, self._failed(state, error), error=_naming(error, url))

    def _may_ask(self, state: JSON) -> None:
        if state.get("gone"):
            raise PlatformError("the feed is gone for good and no longer asked for; remove it", status=_GONE)
        if state.get("until") and parse_iso(state["until"]) > self._now():
            left = (parse_iso(state["until"]) - self._now()).total_seconds()
            raise RateLimited(f"the server asked to be left alone until {state['until']}", retry_after=left)

    def _failed(self, state: JSON, error: PlatformError) -> JSON:
        # Where the feed has moved to may be what is wrong: next time its own address is asked again.
        failed = {name: value for name, value in state.items() if name != "url"} | {"error": error.message}
        if error.status == _GONE:
            failed["gone"] = True
        if isinstance(error, RateLimited) and error.retry_after:
            pause = min(timedelta(seconds=min(error.retry_after, 1e6)), LONGEST_PAUSE)
            failed["until"] = iso(self._now() + pause)
        return failed

    def _news(self, url: str, state: JSON, document: Document, since: datetime | None) -> _Read:
        """The entries that were not seen yet in this wording."""
        seen = set(state.get("seen", ()))
        fresh: list[str] = []
        mentions: dict[str, Mention] = {}
        skipped: list[str] = []
        now, host = self._now(), httpx.URL(url).host
        for entry in document.entries:
            mark = digest(entry)
            fresh.append(mark)
            if mark in seen:
                continue
            try:
                mention = mention_of(entry, feed=url, host=host, now=now)
            except (ValueError, RecursionError) as error:
                skipped.append(f"{redact_url(url)}: {error}")
                continue
            wanted = self._wanted(mention)
            if wanted is not None and (since is None or mention.created_at >= since):
                # Of entries with the same id the first counts: feeds are newest first.
                mentions.setdefault(mention.external_id, wanted)
        state = {**state, "seen": list(dict.fromkeys(fresh))[:SEEN_AT_MOST]}
        return _Read(url, state, tuple(mentions.values()), tuple(skipped))

    def _wanted(self, mention: Mention) -> Mention | None:
        """The mention, with what of the keywords is in it; None where nothing is."""
        if self._keywords is None:
            return mention
        match = self._keywords.match(mention.text, mention.language)
        if match is None:
            return None
        return replace(mention, matched=match.reason) if self._explained else mention


def _document(answer: Answer) -> Document:
    return read_document(answer.body, answer.headers.get("content-type", ""), answer.url)


def _conditions(state: JSON) -> dict[str, str]:
    """What makes the server answer 304 when nothing changed; both as it gave them, word for word."""
    asked = {"If-None-Match": state.get("etag"), "If-Modified-Since": state.get("modified")}
    return {"Accept": _ACCEPT, **{name: value for name, value in asked.items() if value}}


def _state_of(answer: Answer, old: JSON, place: str) -> JSON:
    """The state after a good answer; the address changes only when every redirect was a permanent one."""
    state = {"url": answer.url if answer.permanent else place, "seen": old.get("seen", [])}
    for name, header in (("etag", "etag"), ("modified", "last-modified")):
        value = answer.headers.get(header) or (old.get(name) if answer.status == httpx.codes.NOT_MODIFIED else None)
        if value and value.isascii() and value.isprintable() and len(value) < 1_000:
            state[name] = value
    return state


def _naming(error: PlatformError, url: str) -> PlatformError:
    """The same error, with the feed in its message."""
    error.message = f"{redact_url(url)}: {error.message}"
    error.args = (error.message,)
    if isinstance(error, AuthError):
        error.hint = "the feed is closed to us: see whether it opens in a private window of a browser, or ask its owner"
    return error


def _all_of(errors: list[PlatformError], asked: int) -> PlatformError:
    if len(errors) == 1:
        return errors[0]
    shown = "; ".join(error.message for error in errors[:5]) + ("; …" if len(errors) > 5 else "")
    return BadAnswer(f"{len(errors)} of {asked} feeds failed: {shown}")


def _urls(setup: Setup) -> tuple[str, ...]:
    """The addresses in `url`, `urls` and `base_url`. A comma in an address is only one between addresses."""
    found: list[str] = []
    for key in ("url", "urls", "base_url"):
        value = setup.settings.get(key, ())
        parts = re.split(r"[,\s]+(?=https?://)", value) if isinstance(value, str) else value
        found += [str(part).strip() for part in parts]
    urls = tuple(url if "://" in url else f"https://{url}" for url in found if url)
    for url in urls:
        with suppress(httpx.InvalidURL):
            if httpx.URL(url).scheme in {"http", "https"} and httpx.URL(url).host:
                continue
        raise ConfigError(f"source {setup.source}: {url!r} is not the address of a feed")
    if not urls:
        raise ConfigError(
            f"source {setup.source}: the setting `url` is missing", hint="the address of a feed, or `urls`"
        )
    return urls


def _host(setup: Setup) -> str:
    hosts = {httpx.URL(url).host for url in _urls(setup)}
    return hosts.pop() if len(hosts) == 1 else ""


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    match = setup.text("match", "all")
    if match not in {"all", "keywords"}:
        raise ConfigError(f"source {setup.source}: `match` is all or keywords, not {match!r}")
    try:
        timeout = float(setup.text("timeout", "20"))
    except ValueError:
        raise ConfigError(f"source {setup.source}: `timeout` is a number of seconds") from None
    try:
        feeds = Feeds(
            _urls(setup),
            keywords=setup.texts("keywords") or setup.keywords if match == "keywords" else (),
            explained=setup.query is None,  # else the query is asked, too
            allow_private=setup.flag("allow_private"),
            timeout=timeout,
        )
    except ValueError as error:
        raise ConfigError(f"source {setup.source}: keywords: {error}") from None
    yield feeds


FEED = Platform(
    name="feed",
    title="Feeds: RSS, Atom, JSON Feed",
    open=_open,
    host=_host,
    settings={
        "url": "the address of a feed",
        "urls": "the addresses of several feeds",
        "match": "all (the default), or keywords: only entries with one of the brand's keywords",
        "keywords": "other keywords than the brand's",
        "allow_private": "true: addresses of this machine and of its private network are allowed",
    },
)
