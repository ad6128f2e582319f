"""Mastodon and the servers that speak its API: mentions, own posts, hashtags, search; replies in the thread.

Only what every such server does is relied on. `max_id` pages, all else is a hint: `since_id` may be ignored,
the Link header may be missing, ids may be digits, ULIDs or hex, `Idempotency-Key` may mean nothing.
Handles are `user@host` in lower case, for accounts of the server itself too.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from carecli.errors import (
    AuthError,
    BadAnswer,
    ConfigError,
    NotProcessed,
    PlatformError,
    RateLimited,
    Unreachable,
)
from carecli.model import JSON, Mention, Page, Receipt, Reply
from carecli.platforms.base import Look, Platform, Setup
from carecli.platforms.mastodon import looks, paging
from carecli.platforms.mastodon.api import LANGUAGE, Account, Mapper, Status, read
from carecli.platforms.mastodon.lists import Entry, Stream, own_posts, read_page, readable, streams
from carecli.platforms.mastodon.streaming import listen
from carecli.platforms.web.answers import printable
from carecli.platforms.web.http import Client
from carecli.platforms.web.markup import to_text
from carecli.text import grapheme_count

LIMIT = 500
URL_LENGTH = 23
# The first fetch without a date goes back so many pages of each list (80 notifications or 40 posts a page).
FIRST_PAGES = 5
# How much the clocks of this machine and of the server may differ when a lost reply is looked for: what is missed
# here is sent twice, so a clock in the wrong time zone has to be within it.
SKEW = timedelta(days=1)
FIND_PAGES = 25

LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]']")
MENTION = re.compile(r"(?<![\w/@])@([\w.-]*\w)@[\w-]+(?:\.[\w-]+)*(?::\d+)?")
ANSWERED_AS = {"public": "public", "unlisted": "unlisted", "followers": "private"}


def measure(text: str) -> int:
    """The length that Mastodon counts: graphemes, every link as 23, `@user@host` as `@user`."""
    return grapheme_count(LINK.sub("x" * URL_LENGTH, MENTION.sub(r"@\1", text)))


def host(setup: Setup) -> str:
    """The server that ids belong to, with its port where it has an unusual one."""
    base = setup.text("base_url")
    return urlsplit(base if "://" in base else f"https://{base}").netloc.rpartition("@")[2].lower()


class Mastodon:
    """Fetcher, Poster, Rereader and Checker of one account on one server."""

    at_once = 1

    def __init__(self, client: Client, setup: Setup) -> None:
        self._client = client
        self._setup = setup
        self._host = host(setup)
        self._limit = setup.whole("max_characters", LIMIT)
        self._stream_seconds = setup.whole("stream_seconds", 0, 0, 24 * 3600)
        self._account: Account | None = None

    async def check(self) -> str:
        """Who is signed in, once the account's lists could be read. Raises PlatformError."""
        account = await self._me()
        await readable(self._client, account, self._host)
        return f"signed in as @{Mapper(self._host, account).handle(account)}"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Own posts, mentions, hashtags, searches; each has its part of the cursor, each status comes once.

        The first time and without `since`, each list is read five pages deep. A hashtag or search that fails
        does not stop the others: its error is raised at the end.
        """
        account = await self._me()
        mapper = Mapper(self._host, account, self._setup.handles)
        met: set[str] = set()
        failed: PlatformError | None = None
        for stream in streams(account, self._setup.texts("hashtags"), self._setup.searches("mastodon")):
            try:
                async for page in self._walk(stream, cursor, since, mapper, met):
                    cursor = page.cursor
                    yield page
            except PlatformError as error:
                if isinstance(error, RateLimited | Unreachable) or (stream.hinted and isinstance(error, AuthError)):
                    raise
                failed = failed or error
        if self._stream_seconds:
            tags = self._setup.texts("hashtags")
            async for page in listen(self._client, mapper, tags, cursor, seconds=self._stream_seconds):
                yield page
        if failed is not None:
            raise failed

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts are now."""
        mapper = Mapper(self._host, await self._me(), self._setup.handles)
        return await looks.look_again(self._client, mapper, known)

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Answer in the thread, no wider than the customer wrote, under the customer's content warning."""
        text = self._addressed(reply)
        warning = _warning(reply)
        if (length := measure(text) + measure(warning)) > self._limit:
            raise NotProcessed(f"the reply has {length} characters with its address; {self._limit} are allowed")
        body: dict[str, str] = {
            "status": text,
            "in_reply_to_id": reply.to.external_id,
            "visibility": "direct" if reply.private else ANSWERED_AS.get(reply.to.visibility, "direct"),
        }
        if warning:
            body["spoiler_text"] = warning
        if reply.language and LANGUAGE.fullmatch(reply.language):
            body["language"] = reply.language
        answer = await self._client.send("POST", "/api/v1/statuses", json=body, headers={"Idempotency-Key": key})
        status = read(Status, answer.json())
        if isinstance(status, str):
            raise BadAnswer(f"{answer.where} did not answer with the post: {status}")
        return self._receipt(status)

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002 - servers don't give keys back
        """The own post that answers the same status with the same words, not older than the reply."""
        account = await self._me()
        since = (reply.created_at or reply.to.created_at) - SKEW
        wanted = _comparable(self._addressed(reply))

        def matches(status: Status) -> bool:
            ours = status.account.id == account.id and status.in_reply_to_id == reply.to.external_id
            return ours and status.created_at >= since and _comparable(to_text(status.content)) == wanted

        async for status in self._own_since(account, since):
            if matches(status):
                return self._receipt(status)
        # Some servers leave direct posts out of the list.
        for status in await self._thread(reply.to.external_id):
            if matches(status):
                return self._receipt(status)
        return None

    async def _walk(
        self, stream: Stream, cursor: JSON, since: datetime | None, mapper: Mapper, met: set[str]
    ) -> AsyncIterator[Page]:
        """One pass, after the rest of the pass that was interrupted."""
        state: JSON = cursor.get(stream.key) or {}
        passes = 2 if "pass" in state else 1
        while passes:
            found = await read_page(self._client, stream, state)
            step = paging.advance(
                state, found.items(), found.following, paging.Bounds(since, FIRST_PAGES, datetime.now(UTC))
            )
            fresh = [entry for entry in reversed(found.entries) if entry.item.id in step.fresh]
            mentions = tuple(_mentions(fresh, since, mapper, met, directed=stream.notifications))
            named = (f"{stream.key} item {entry.item.id}: {entry.problem}" for entry in fresh if entry.problem)
            skipped = tuple(printable(text) for text in (*named, *found.nameless))
            if mentions or skipped or step.state != state:
                state = step.state
                cursor = {**cursor, stream.key: state}
                yield Page(mentions, cursor, skipped)
            passes -= step.done

    async def _me(self) -> Account:
        if self._account is None:
            self._account = await self._signed_in()
        return self._account

    async def _signed_in(self) -> Account:
        give = f"give it with `care login {self._setup.source}`"
        hint = f"make a token at {self._host} (Preferences, Development) and {give}"
        try:
            answer = await self._client.get("/api/v1/accounts/verify_credentials")
        except PlatformError as error:
            # What other servers than Mastodon answer to a bad token.
            if error.status in {400, 401, 403, 422}:
                raise AuthError(f"{self._host} refuses the token: {error.message}", hint=hint) from error
            raise
        account = read(Account, answer.json())
        if isinstance(account, str):
            raise BadAnswer(f"{answer.where} did not answer with an account: {account}", status=answer.status)
        expected = self._setup.text("handle").strip().lstrip("@").partition("@")[0].lower()
        if expected and expected != account.acct.partition("@")[0].lower():
            raise AuthError(f"the token belongs to @{account.acct}, not to @{expected}", hint=hint)
        return account

    async def _own_since(self, account: Account, since: datetime) -> AsyncIterator[Status]:
        stream = own_posts(account, hinted=False)
        state: JSON = {}
        for _ in range(FIND_PAGES):
            found = await read_page(self._client, stream, state)
            for entry in found.entries:
                if entry.status is not None:
                    yield entry.status
            bounds = paging.Bounds(since, 1, datetime.now(UTC))
            step = paging.advance(state, found.items(), found.following, bounds)
            if step.done:
                return
            state = step.state
        raise BadAnswer(f"{self._host} has more own posts since then than can be looked through")

    async def _thread(self, status_id: str) -> list[Status]:
        answer = await self._client.get(f"/api/v1/statuses/{quote(status_id, safe='')}/context", ok=(200, 404, 410))
        data = answer.json() if answer.status == 200 else {}
        values = data.get("descendants") if isinstance(data, dict) else None
        found = (read(Status, value) for value in values or ())
        return [status for status in found if isinstance(status, Status)]

    def _addressed(self, reply: Reply) -> str:
        """The text with the customer's address in it: without one, nobody is notified."""
        user, _, server = reply.to.author.handle.lstrip("@").lower().partition("@")
        local = server in {"", self._host}
        address = f"@{user}" if local else f"@{user}@{server}"
        present = re.search(rf"(?<![\w/@]){re.escape(address)}(?![\w@])", reply.text, re.IGNORECASE)
        if present is None and local:
            present = re.search(rf"(?<![\w/@])@{re.escape(user)}@{re.escape(self._host)}", reply.text, re.IGNORECASE)
        return reply.text if present else f"{address} {reply.text}"

    def _receipt(self, status: Status) -> Receipt:
        return Receipt(status.id, status.url, status.created_at, self._host)


def _mentions(
    entries: Iterable[Entry], since: datetime | None, mapper: Mapper, met: set[str], *, directed: bool
) -> Iterator[Mention]:
    """The mentions among `entries`, without what came in another stream of this fetch."""
    for entry in entries:
        status = entry.status
        if status is None or status.id in met or (since is not None and status.created_at < since):
            continue
        met.add(status.id)
        yield mapper.mention(status, entry.raw, directed=directed)


def _warning(reply: Reply) -> str:
    try:
        raw = json.loads(reply.to.raw or "{}")
    except ValueError:
        return ""
    warning = raw.get("spoiler_text") if isinstance(raw, Mapping) else None
    return warning if isinstance(warning, str) else ""


def _comparable(text: str) -> str:
    """The letters of a text, without what servers change on the way: markup, quotes, full addresses."""
    short = MENTION.sub(r"@\1", text).casefold()
    return re.sub(r"\W+", "", short) or " ".join(short.split())


@asynccontextmanager
async def open_source(setup: Setup) -> AsyncIterator[Mastodon]:
    """A client for the account that the token belongs to. Raises ConfigError, AuthError."""
    if not setup.text("base_url"):
        raise ConfigError(f"the source '{setup.source}' has no base_url, the address of its Mastodon server")
    token = setup.secret("TOKEN")
    if not token:
        raise AuthError(
            f"the source '{setup.source}' has no token for {host(setup)}",
            hint=f"make one on the server (Preferences, Development); give it with `care login {setup.source}`",
        )
    headers = {"Authorization": f"Bearer {token.strip()}"}
    async with Client(setup.text("base_url"), headers=headers, timeout=setup.seconds("timeout", 20)) as client:
        yield Mastodon(client, setup)


MASTODON = Platform(
    name="mastodon",
    title="Mastodon",
    open=open_source,
    host=host,
    settings={
        "base_url": "the server's address, https://social.example",
        "handle": "the account that the token must belong to (optional)",
        "hashtags": "hashtags to listen to, without #",
        "search": "words to search for, where the server has full-text search",
        "stream_seconds": "how long each fetch also listens to the streams after reading the lists (default 0: not)",
        "max_characters": f"the longest post that the server takes ({LIMIT})",
    },
    secrets={
        "TOKEN": "access token (on the server: Preferences, Development, New application) with read:accounts "
        "read:notifications read:search read:statuses write:statuses"
    },
    answers=True,
    private=True,
    limit=LIMIT,
    measure=measure,
)
