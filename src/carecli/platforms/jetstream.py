"""Bluesky's Jetstream: all public posts as they are written, filtered here, without an account.

A fetch reads the stream for some seconds, from where the one before has ended, and then stops. The posts are those of
the platform `bluesky`, under the same ids.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from carecli.errors import ConfigError, PlatformError, Unreachable
from carecli.matching import any_of
from carecli.model import JSON, Mention, Page, iso
from carecli.platforms.base import Platform, Setup
from carecli.text import single_line

if TYPE_CHECKING:
    from carecli.platforms.web.http import Client

HOSTS = tuple(f"wss://jetstream{number}.us-{coast}.bsky.network" for coast in ("east", "west") for number in (1, 2))
PROFILES = "https://public.api.bsky.app"
COLLECTION = "app.bsky.feed.post"
SECONDS = 30
# How far back the servers remember, by their own words "about 36 hours".
KEPT = timedelta(hours=36)
# The stream repeats itself at its seams: so much is read again, and what was found in it is remembered.
REWIND = 5_000_000
HISTORY = timedelta(minutes=10)
BATCH = 25
LARGEST = 1_000_000
# A source that is so far behind after a fetch is told about.
BEHIND = timedelta(minutes=5)
SILENCE = 0.3


@dataclass
class _State:
    """Where the stream was read to, in its own microseconds, and what was found shortly before."""

    at: int
    known: dict[str, int] = field(default_factory=dict)
    heard: float = 0.0  # the last message, by the monotonic clock

    @classmethod
    def parse(cls, cursor: JSON, since: datetime | None) -> _State:
        at, known = cursor.get("time_us"), cursor.get("known")
        start = int((since or datetime.now(UTC) - HISTORY).timestamp() * 1_000_000)
        if type(at) is not int or (since is not None and start < at):
            return cls(start)
        pairs = known.items() if isinstance(known, dict) else ()
        return cls(at, {name: moment for name, moment in pairs if type(moment) is int})

    def save(self) -> JSON:
        recent = {name: moment for name, moment in self.known.items() if moment >= self.at - 2 * REWIND}
        return {"time_us": self.at, "known": recent}


@dataclass
class _Heard:
    """What the stream brought since the last page: posts about the brand, and the ids of posts that were deleted."""

    found: list[Mention] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.found or self.gone or self.skipped)


class Jetstream:
    """Fetcher and Checker. `profiles`: where names are asked for, None: nowhere."""

    def __init__(self, setup: Setup, profiles: Client | None) -> None:
        self._profiles = profiles
        base = setup.text("base_url").strip().rstrip("/")
        self._hosts = (re.sub(r"^http", "ws", base),) if base else HOSTS
        self._seconds = setup.whole("seconds", SECONDS, 1, 24 * 3600)
        self._timeout = setup.seconds("timeout", 20)
        try:
            self._query = setup.query or any_of(setup.texts("search") or setup.keywords)
        except ValueError as error:
            raise ConfigError(f"search of the source '{setup.source}': {error}") from None
        self._did = setup.text("did").strip()
        if self._query is None and not self._did:
            hint = "set query, search or did, or [brand] keywords"
            raise ConfigError(f"the source '{setup.source}' has nothing to look for", hint=hint)

    async def check(self) -> str:
        """How much is written. Raises PlatformError."""
        count, started = 0, time.monotonic()
        async with aclosing(self._events(self._hosts[0], None, started + min(self._seconds, 3))) as events:
            async for _ in events:
                count += 1
        rate = count / max(time.monotonic() - started, 0.1)
        return f"connected to {self._hosts[0]}; {rate:.0f} posts a second; each fetch reads for {self._seconds} s"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """What the stream has had since the last fetch, for as many seconds as are set."""
        state = _State.parse(cursor, since)
        oldest, skipped = int((datetime.now(UTC) - KEPT).timestamp() * 1_000_000), list[str]()
        if state.at < oldest:
            hours = (oldest - state.at) / 3_600_000_000
            skipped.append(
                f"the stream keeps about 36 hours: what was written in {hours:.0f} hours before is not there"
            )
        until = time.monotonic() + self._seconds
        failures = 0
        while time.monotonic() < until:
            host = self._hosts[failures % len(self._hosts)]
            try:
                async with aclosing(self._pages(host, state, since, until)) as pages:
                    async for page in pages:
                        yield replace(page, skipped=(*skipped, *page.skipped))
                        skipped = []
                break
            except Unreachable:
                failures += 1
                if failures >= max(3, len(self._hosts)):
                    raise
                await asyncio.sleep(min(2 ** (failures - 1), max(until - time.monotonic(), 0)))
        late = datetime.now(UTC) - datetime.fromtimestamp(state.at / 1_000_000, UTC)
        # Whoever was silent before the end has nothing more for us.
        if state.heard > until - SILENCE and late > BEHIND:
            minutes = late.total_seconds() / 60
            skipped.append(f"the stream is {minutes:.0f} minutes ahead: raise `seconds`, or fetch more often")
        if skipped:
            yield Page((), state.save(), tuple(skipped))

    async def _pages(
        self, host: str, state: _State, since: datetime | None, until: float
    ) -> AsyncGenerator[Page, None]:
        """Pages of about a second each."""
        heard, started, told, failure = _Heard(), time.monotonic(), state.at, None
        async with aclosing(self._events(host, max(state.at - REWIND, 0), until)) as events:
            try:
                async for event in events:
                    self._take(event, state, since, heard)
                    if time.monotonic() - started >= 1 or len(heard.found) >= BATCH:
                        if state.at != told or heard:
                            yield await self._page(heard, state)
                        heard, started, told = _Heard(), time.monotonic(), state.at
            except Unreachable as error:
                failure = error
        # Also what was heard before the line was lost.
        if state.at != told or heard:
            yield await self._page(heard, state)
        if failure is not None:
            raise failure

    async def _page(self, heard: _Heard, state: _State) -> Page:
        named = await self._named(heard.found)
        return Page(tuple(named), state.save(), tuple(heard.skipped), tuple(heard.gone))

    async def _events(self, host: str, at: int | None, until: float) -> AsyncGenerator[str, None]:
        """The stream's messages until the moment `until` of the monotonic clock."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        query = {"wantedCollections": COLLECTION, "maxMessageSizeBytes": LARGEST} | ({"cursor": at} if at else {})
        try:
            async with connect(
                f"{host}/subscribe?{urlencode(query)}", open_timeout=self._timeout, max_size=2 * LARGEST
            ) as stream:
                while (left := until - time.monotonic()) > 0:
                    try:
                        said = await asyncio.wait_for(stream.recv(), left)
                    except TimeoutError:
                        return
                    if isinstance(said, str):
                        yield said
        except (WebSocketException, OSError, TimeoutError) as error:
            where = host.partition("://")[2]
            raise Unreachable(f"{where}: the stream ended: {single_line(str(error)[:200]) or 'no answer'}") from error

    def _take(self, said: str, state: _State, since: datetime | None, heard: _Heard) -> None:
        """Note one message of the stream: the post in it where it is about the brand, or that one was deleted."""
        try:
            event = json.loads(said)
            at = event["time_us"]
        except (ValueError, TypeError, KeyError, RecursionError):
            heard.skipped.append("a message of the stream cannot be read")
            return
        if type(at) is not int:
            return
        state.heard = time.monotonic()
        # A clock that runs ahead must not make later posts look old.
        state.at = max(state.at, min(at, int(time.time() * 1_000_000)))
        commit = event.get("commit")
        if isinstance(commit, dict) and commit.get("collection") == COLLECTION:
            if commit.get("operation") == "delete":
                heard.gone.append(_uri(event, commit))
            else:
                self._note(event, commit, at, state, since, heard)

    def _note(self, event: JSON, commit: JSON, at: int, state: _State, since: datetime | None, heard: _Heard) -> None:
        """Take the post of a commit where it is about the brand, and was not found shortly before."""
        record = commit.get("record")
        if not isinstance(record, dict) or (reason := self._wanted(record)) is None:
            return
        name = f"{event.get('did')}/{commit.get('rkey')}/{commit.get('cid')}"
        if name in state.known:
            return
        state.known[name] = at
        try:
            mention = self._mention(event, commit, record, at)
        except ValueError as error:
            heard.skipped.append(single_line(f"a post of the stream: {str(error).splitlines()[0]}"[:300]))
            return
        if since is None or mention.created_at >= since:
            heard.found.append(replace(mention, matched=reason or None))

    def _wanted(self, record: JSON) -> str | None:
        """Why a post is about the brand: what was found in its text, links or descriptions of images; "": it names us.

        None: it is not.
        """
        # without their scheme links are read as words, too
        links = [re.sub(r"^https?://(www\.)?", "", link) for link in _links(record) if isinstance(link, str)]
        texts = [record.get("text"), *links, *_descriptions(record)]
        whole = "\n".join(text for text in texts if isinstance(text, str))
        langs = record.get("langs")
        language = langs[0] if isinstance(langs, list) and langs and isinstance(langs[0], str) else None
        if self._query is not None and (match := self._query.match(whole, language)) is not None:
            return match.reason
        named = json.dumps([record.get("facets"), record.get("reply")])
        return "" if self._did and re.search(rf"{re.escape(self._did)}(?![\w.:%-])", named) else None

    def _mention(self, event: JSON, commit: JSON, record: JSON, at: int) -> Mention:
        from pydantic import ValidationError

        from carecli.platforms.bluesky.posts import complaint, mention

        view = {
            "uri": _uri(event, commit),
            "cid": commit.get("cid") or "",
            "author": {"did": event.get("did")},
            "record": record,
            "indexedAt": iso(datetime.fromtimestamp(at / 1_000_000, UTC)),
        }
        try:
            return mention(view, own_did=self._did)
        except ValidationError as error:
            raise ValueError(complaint(error)) from error

    async def _named(self, found: list[Mention]) -> list[Mention]:
        """The mentions with their authors' names: the stream has only numbers."""
        if self._profiles is None or not found:
            return found
        dids = list(dict.fromkeys(one.author.id or "" for one in found))
        known: dict[str, Any] = {}
        for start in range(0, len(dids), BATCH):
            path = "/xrpc/app.bsky.actor.getProfiles"
            try:
                data = (await self._profiles.get(path, params={"actors": dids[start : start + BATCH]})).json()
            except PlatformError:
                return found  # names can wait, posts cannot
            profiles = data.get("profiles") if isinstance(data, dict) else None
            items = [item for item in profiles if isinstance(item, dict)] if isinstance(profiles, list) else []
            known |= {str(item.get("did")): item for item in items}
        return [_with_name(one, known.get(one.author.id or "", {})) for one in found]


def _uri(event: JSON, commit: JSON) -> str:
    return f"at://{event.get('did')}/{COLLECTION}/{commit.get('rkey')}"


def _with_name(one: Mention, profile: JSON) -> Mention:
    from carecli.platforms.bluesky.posts import HANDLE

    handle, name, followers = (profile.get(key) for key in ("handle", "displayName", "followersCount"))
    author = replace(one.author, followers=followers if type(followers) is int else None)
    if isinstance(name, str) and name:
        author = replace(author, name=name.encode("utf-8", "replace").decode())
    if not isinstance(handle, str) or not HANDLE.fullmatch(handle):
        return replace(one, author=author)
    url = f"https://bsky.app/profile/{handle}/post/{one.external_id.rpartition('/')[2]}"
    return replace(one, author=replace(author, handle=handle), url=url)


def _links(record: JSON) -> list[Any]:
    """The addresses in a post's links and in its card."""
    found, facets = list[Any](), record.get("facets")
    for facet in facets if isinstance(facets, list) else ():
        features = facet.get("features") if isinstance(facet, dict) else None
        found += [
            part.get("uri") for part in (features if isinstance(features, list) else ()) if isinstance(part, dict)
        ]
    embed = record.get("embed")
    external = embed.get("external") if isinstance(embed, dict) else None
    return [*found, external.get("uri") if isinstance(external, dict) else None]


def _descriptions(record: JSON) -> list[Any]:
    embed = record.get("embed")
    images = embed.get("images") if isinstance(embed, dict) else None
    return [image.get("alt") for image in images if isinstance(image, dict)] if isinstance(images, list) else []


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Jetstream]:
    from carecli.platforms.web.http import Client

    try:
        import websockets  # noqa: F401 - asked for here, so that its absence is told before anything else
    except ImportError as error:
        raise ConfigError("Jetstream needs the extra `live`", hint="pip install 'carecli[live]'") from error
    address = setup.text("profiles_url", PROFILES)
    if not address:
        yield Jetstream(setup, None)
        return
    async with Client(address, timeout=setup.seconds("timeout", 20), attempts=1) as profiles:
        yield Jetstream(setup, profiles)


JETSTREAM = Platform(
    name="jetstream",
    title="Bluesky's stream of all posts",
    open=_open,
    settings={
        "search": "words or phrases to listen for, in the query language (default: the brand's keywords)",
        "did": "the account's DID, did:plc:…: posts that mention or answer it are found, too",
        "seconds": f"how long each fetch reads (default {SECONDS})",
        "base_url": "the stream's address (default: the four of Bluesky, in turn)",
        "profiles_url": f"where authors' names come from, empty: nowhere (default {PROFILES})",
    },
    mentions_of="bluesky",
    access="Free, no account. About 50 posts a second pass by, and all are downloaded. The stream keeps about 36 "
    "hours: fetch at least daily. To answer, add a source of the platform bluesky.",
)
