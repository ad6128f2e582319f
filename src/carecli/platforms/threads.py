"""Threads: replies in an account's own threads, mentions and searches where Meta has approved them; replies.

Threads are listed by their time, so those of the last weeks are looked at again for new replies. An answer takes two
steps, a container and its publication: until the second nothing is out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from carecli.errors import AuthError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.base import Platform, Setup
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, sheet
from carecli.text import fold

if TYPE_CHECKING:
    from carecli.platforms.web.meta import Below, Graph

BASE_URL = "https://graph.threads.net/v1.0"
LIMIT = 500
MOST_LINKS = 5
LOOK_BACK_DAYS = 14
PAGE_SIZE = 50
MOST_PAGES = 10
SKEW = timedelta(days=1)
READY_TRIES = 10
POST = "id,text,username,permalink,timestamp,media_type,has_replies,is_reply,root_post,replied_to,is_quote_post"
LINK = re.compile(r"https?://[^\s<>\"]+")
EMOJI = re.compile("[\u00a9\u00ae\u200d\u20e3\u2139-\u3299\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]")
HOW = (
    "a token with threads_basic, threads_content_publish, threads_read_replies, threads_manage_replies: "
    "developers.facebook.com, your app, Threads, User token generator. It ends after 60 days. Mentions take "
    "threads_manage_mentions, searches threads_keyword_search, both after a review by Meta"
)


def measure(text: str) -> int:
    """The length that Threads counts: characters, an emoji by its UTF-8 bytes."""
    return sum(len(char.encode("utf-8", "replace")) if _is_emoji(char) else 1 for char in text)


def _is_emoji(char: str) -> bool:
    # Kana and their like lie within the range of the pattern.
    return EMOJI.match(char) is not None and not "\u2e80" <= char <= "\u3029" and not "\u3031" <= char <= "\u3296"


class Threads:
    """Fetcher, Poster and Checker of one account. `pause` in seconds between looks at a container."""

    def __init__(self, graph: Graph, setup: Setup, *, pause: float = 1.0) -> None:
        self._graph = graph
        self._size = setup.whole("page_size", PAGE_SIZE, 1, 100)
        self._look_back = timedelta(days=setup.whole("look_back_days", LOOK_BACK_DAYS, 0, 365))
        self._mentions = setup.flag("mentions")
        self._queries = setup.searches("threads")
        self._pause = pause
        self._name = ""

    async def check(self) -> str:
        """Who is signed in, and how many replies are left today. Raises PlatformError."""
        name = await self._me()
        fields = "reply_quota_usage,reply_config"
        values, _ = await self._graph.page("me/threads_publishing_limit", fields=fields)
        quota = Fields(values[0] if values else {})
        left = (quota.count("reply_config.quota_total") or 1000) - (quota.count("reply_quota_usage") or 0)
        await self._graph.page("me/threads", fields=POST, limit=1)
        if self._mentions:
            await self._graph.page("me/mentions", fields=POST, limit=1)
        for query in self._queries[:1]:
            await self._graph.page("keyword_search", fields=POST, limit=1, **_asked(query))
        return f"signed in as @{name}; {left} replies left today"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Replies in own threads, own replies, mentions, searches."""
        from carecli.platforms.web.meta import Below, pages_below

        await self._me()
        below = Below.after(cursor, since)
        listings = [self._threads(below), self._flat("own", "me/replies", {}, below, directed=None)]
        if self._mentions:
            listings.append(self._flat("mentions", "me/mentions", {}, below, directed=True))
        listings += [
            self._flat(f"search:{query}", "keyword_search", _asked(query), below, directed=False)
            for query in self._queries
        ]
        async for page in pages_below(listings, cursor, since, below, self._look_back):
            yield page

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Threads takes no key
        """Reply below the post."""
        if reply.private:
            raise NotProcessed(
                "Threads has no private messages for programs", hint="answer in public, without personal data"
            )
        if (length := measure(reply.text)) > LIMIT:
            raise NotProcessed(f"the reply has {length} characters as Threads counts; {LIMIT} are allowed")
        if len(set(LINK.findall(reply.text))) > MOST_LINKS:
            raise NotProcessed(f"Threads takes {MOST_LINKS} links at most")
        try:
            container = await self._container(reply)
        except (AuthError, RateLimited, NotProcessed):
            raise
        except PlatformError as error:
            # Nothing is out before the publication, whatever happened to the container.
            raise NotProcessed(error.message, hint=error.hint, status=error.status) from error
        return Receipt(await self._graph.send("me/threads_publish", creation_id=container))

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The account's own reply to the same post with the same words, not older than the reply."""
        since, wanted = (reply.created_at or reply.to.created_at) - SKEW, comparable(reply.text)
        at: str | None = None
        for _ in range(MOST_PAGES):
            values, at = await self._graph.page("me/replies", at, fields=POST, limit=100)
            items = [Fields(value) for value in values]
            for item in items:
                same = item.text("replied_to.id") == reply.to.external_id and comparable(item.text("text")) == wanted
                if same and item.time("timestamp") >= since:
                    return Receipt(item.id("id"), item.note("permalink"), moment(item.get("timestamp")))
            if at is None or (items and items[-1].time("timestamp") < since):
                return None
        raise PlatformError("the account has written more since then than can be looked through")

    async def _container(self, reply: Reply) -> str:
        """The reply as a container that is ready to be published."""
        name = await self._graph.send(
            "me/threads", media_type="TEXT", text=reply.text, reply_to_id=reply.to.external_id
        )
        for _ in range(READY_TRIES):
            state = await self._graph.get(name, fields="status,error_message")
            if state.text("status") == "FINISHED":
                return name
            if state.text("status") in {"ERROR", "EXPIRED"}:
                raise NotProcessed(f"Threads cannot publish the reply: {state.text('error_message')[:200]}")
            await asyncio.sleep(self._pause)
        raise NotProcessed("Threads did not make the reply ready in time")

    async def _me(self) -> str:
        if not self._name:
            me = await self._graph.get("me", fields="id,username")
            if not (name := me.text("username")):
                raise AuthError("the token belongs to no account", hint=HOW)
            self._name = name
        return self._name

    def _threads(self, below: Below) -> Listing:
        async def read(at: str | None) -> Sheet:
            values, after = await self._graph.page("me/threads", at, fields=POST, limit=self._size)
            entries, skipped = list[Entry](), list[str]()
            for number, value in enumerate(values, 1):
                try:
                    entries += await self._conversation(Fields(value), below, skipped)
                except ValueError as error:
                    skipped.append(f"thread {number} of a page: {error}")
            return Sheet(entries, after, tuple(skipped))

        return Listing("threads", read, overlap=self._look_back)

    async def _conversation(self, thread: Fields, below: Below, skipped: list[str]) -> list[Entry]:
        """A place in the listing for the thread, and what is new in it."""
        from carecli.platforms.web.meta import rest

        name = thread.id("id")
        place = Entry(f"{name}\0thread", milliseconds(thread.time("timestamp")))
        if thread.get("has_replies") is False:
            return [place]

        async def more(at: str) -> tuple[list[Any], str | None]:
            return await self._graph.page(f"{name}/conversation", at or None, fields=POST, reverse="true", limit=100)

        values = await rest(more, "", lambda items: below.is_over(items, "timestamp"))
        return [place, *below.entries(values, thread, lambda item: self._mention(item, name, directed=True), skipped)]

    def _flat(self, name: str, path: str, params: dict[str, str], below: Below, *, directed: bool | None) -> Listing:
        async def read(at: str | None) -> Sheet:
            values, after = await self._graph.page(path, at, fields=POST, limit=self._size, **params)
            return sheet(values, entry, name, after)

        def entry(item: Fields) -> Entry:
            return below.entry(self._mention(item, None, directed=directed))

        return Listing(name, read, own_limit=name.startswith("search:"))

    def _mention(self, item: Fields, root: str | None, *, directed: bool | None) -> Mention:
        handle = item.text("username")
        inbound = fold(handle) != fold(self._name)
        root = item.note("root_post.id") or root
        return Mention(
            platform="threads",
            external_id=item.id("id"),
            text=item.text("text"),
            created_at=item.time("timestamp"),
            author=Author(handle or "unknown", url=f"https://www.threads.net/@{handle}" if handle else None),
            url=item.note("permalink"),
            in_reply_to=item.note("replied_to.id") or root,
            thread_root=root,
            inbound=inbound,
            directed=directed if inbound else None,
            raw=item.raw(),
        )


def _asked(query: str) -> dict[str, str]:
    """The parameters that search for `query`: words, or a #tag."""
    mode = "TAG" if query.startswith("#") else "KEYWORD"
    return {"q": query.lstrip("#"), "search_type": "RECENT", "search_mode": mode}


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Threads]:
    from carecli.platforms.web.meta import open_graph

    async with open_graph(setup, BASE_URL, "Threads", HOW) as graph:
        yield Threads(graph, setup)


THREADS = Platform(
    name="threads",
    title="Threads",
    open=_open,
    settings={
        "mentions": "true: read mentions by others (threads_manage_mentions, after a review)",
        "search": "words or #tags to search for (threads_keyword_search, after a review; 2,200 searches a day)",
        "look_back_days": f"how old a thread may be and still be looked at for replies (default {LOOK_BACK_DAYS})",
        "page_size": f"threads per request, 1 to 100 (default {PAGE_SIZE})",
        "base_url": f"the API's address (default {BASE_URL})",
    },
    secrets={
        "TOKEN": HOW,
        "SECRET": "the app's secret, where the app demands signed requests (optional)",
    },
    answers=True,
    limit=LIMIT,
    measure=measure,
    access="Free for replies in your own threads: make an app at developers.facebook.com, about 20 minutes. Mentions "
    "and searches only after a review by Meta, which takes weeks. The token ends after 60 days.",
)
