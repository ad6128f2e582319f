"""Hacker News through its public search: what is said of the brand, replies to an account, the account's own posts.

There is no way to write by program; `care show` gives the address where a person answers.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carecli.errors import BadAnswer, ConfigError, PlatformError
from carecli.matching import parse
from carecli.model import JSON, Author, Mention, Page
from carecli.platforms.base import Look, Platform, Setup, as_phrase
from carecli.platforms.web.fields import Fields, comparable, milliseconds
from carecli.platforms.web.listings import HISTORY, Entry, Listing, Sheet, Until, beyond, one, pages, sheet
from carecli.platforms.web.markup import to_text
from carecli.text import fold

if TYPE_CHECKING:
    from carecli.platforms.web.api import Api

BASE_URL = "https://hn.algolia.com/api/v1"
ITEMS_URL = "https://hacker-news.firebaseio.com/v0"
WEB = "https://news.ycombinator.com"
PAGE_SIZE = 200
# Threads that an account took part in and that are listened to for replies: all go into one request.
MOST_THREADS = 60


class HackerNews:
    """Fetcher, Rereader and Checker. `handle` is the account whose replies are fetched, "" for none."""

    at_once = 1

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._handle = setup.text("handle").strip().lstrip("@")
        asked = setup.searches("words", phrases=True) or tuple(map(as_phrase, setup.keywords))
        try:
            self._queries = {query: parse(query) for query in asked}
        except ValueError as error:
            raise ConfigError(f"search of the source '{setup.source}': {error}") from None
        self._own = {fold(name.lstrip("@")) for name in (*setup.handles, self._handle) if name.strip("@ ")}
        self._items = setup.text("items_url", ITEMS_URL).rstrip("/")
        self._size = setup.whole("page_size", PAGE_SIZE, 10, 1000)
        if not self._handle and not self._queries:
            raise ConfigError(
                f"the source '{setup.source}' has nothing to look for", hint="set search, handle or [brand] keywords"
            )

    async def check(self) -> str:
        """How much is found. Raises PlatformError."""
        found = []
        if self._handle:
            data = await self._search("", f"(story,comment),author_{self._handle}", None)
            found.append(f"{data.get('nbHits', 0)} posts by {self._handle}")
        for query in self._queries:
            data = await self._search(query, "(story,comment)", None)
            found.append(f"{data.get('nbHits', 0)} posts with {query!r}")
        return "; ".join(found)

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Own posts, replies to them, and what each query finds."""
        listings = []
        if self._handle:
            own, threads = await self._threads()
            listings.append(self._listing("own", "", f"(story,comment),author_{self._handle}", own))
            if threads:
                tags = ",".join(f"story_{thread}" for thread in threads)
                listings.append(self._listing("replies", "", f"comment,({tags})", own, only_replies=True))
        listings += [self._listing(f"search:{query}", query, "(story,comment)", set()) for query in self._queries]
        async for page in pages(listings, cursor, since):
            yield page if since is None else await self._as_they_are(page)

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts are now, by the site's own items: the search goes on showing what was deleted."""
        items = await asyncio.gather(*map(self._item, known))
        gone = tuple(mention.external_id for mention, item in zip(known, items, strict=True) if _is_gone(item))
        there = ((mention, item) for mention, item in zip(known, items, strict=True) if item and not _is_gone(item))
        return Look(tuple(_as_now(mention, item) for mention, item in there), gone)

    async def _item(self, mention: Mention) -> Fields | None:
        """The site's own item; None for one that its server does not know yet."""
        address = f"{self._items}/item/{quote(mention.external_id, safe='')}.json"
        value = (await self._api.client.get(address, follow=True)).json()
        return Fields(value) if isinstance(value, dict) else None

    async def _as_they_are(self, page: Page) -> Page:
        """A page of a walk back: the search's old copies must not bring back what a look has found gone or edited."""
        try:
            look = await self.look_again(page.mentions)
        except (PlatformError, ValueError) as error:
            return replace(page, skipped=(*page.skipped, f"not looked at again: {error}"[:300]))
        now = {mention.external_id: mention for mention in look.mentions}
        kept = (mention for mention in page.mentions if mention.external_id not in look.deleted)
        mentions = tuple(now.get(mention.external_id, mention) for mention in kept)
        return replace(page, mentions=mentions, deleted=(*page.deleted, *look.deleted))

    def _listing(self, name: str, query: str, tags: str, own: set[str], *, only_replies: bool = False) -> Listing:
        async def read(at: str | None) -> Sheet:
            place = Until.parse(at)
            values = _hits(await self._search(query, tags, place))
            return sheet(values, entry, name, beyond(place, values, "created_at_i", self._size))

        def entry(item: Fields) -> Entry | None:
            made = self._mention(item, own)
            # The search also finds what only looks like it.
            fits = not query or self._queries[query].match(made.text) is not None
            wanted = fits and (made.directed or not only_replies or made.thread_root in own)
            return one(made) if wanted else Entry(made.external_id, milliseconds(made.created_at))

        return Listing(name, read)

    async def _search(self, query: str, tags: str, at: Until | None) -> dict[str, Any]:
        params: dict[str, str | int] = {
            # A single word is found as the beginning of others without the marks.
            "query": f'"{query}"' if query and not re.search('[ "]', query) else query,
            "tags": tags,
            "hitsPerPage": self._size,
            "page": at.page - 1 if at else 0,
            "typoTolerance": "false",
            "advancedSyntax": "true",
        }
        if at is not None:
            params["numericFilters"] = f"created_at_i<={at.second}"
        return await self._api.json("search_by_date", params)

    async def _threads(self) -> tuple[set[str], Sequence[str]]:
        """The account's latest posts, and the threads that they stand in."""
        floor = (datetime.now(UTC) - HISTORY).timestamp()
        own, threads = set[str](), dict[str, None]()
        for value in _hits(await self._search("", f"(story,comment),author_{self._handle}", None)):
            try:
                item = Fields(value)
                own.add(item.id("objectID"))
                if item.time("created_at_i").timestamp() >= floor:
                    threads[item.text("story_id") or item.id("objectID")] = None
            except ValueError:
                continue  # the listing of own posts names it
        return own, list(threads)[:MOST_THREADS]

    def _mention(self, item: Fields, own: set[str]) -> Mention:
        external_id, author = item.id("objectID"), item.text("author")
        parent = item.note("parent_id")
        inbound = fold(author) not in self._own
        return Mention(
            platform="hackernews",
            external_id=external_id,
            text=_text(item),
            created_at=item.time("created_at_i"),
            author=Author(author or "[deleted]", url=f"{WEB}/user?id={author}" if author else None),
            url=f"{WEB}/item?id={external_id}",
            in_reply_to=parent,
            thread_root=item.note("story_id") if parent else None,
            inbound=inbound,
            directed=parent in own if inbound else None,
            likes=item.count("points"),
            replies=item.count("num_comments"),
            raw=item.raw(),
        )


def _hits(data: dict[str, Any]) -> list[Any]:
    found = data.get("hits")
    if not isinstance(found, list):
        raise BadAnswer("the search did not answer with a list of hits")
    return found


def _text(item: Fields) -> str:
    """A comment's text; of a story its title, text and link."""
    if comment := item.text("comment_text"):
        return to_text(comment)
    parts = (item.text("title"), to_text(item.text("story_text")), item.text("url"))
    return "\n\n".join(part for part in parts if part)


def _is_gone(item: Fields | None) -> bool:
    """Whether its author deleted it, or moderators killed it."""
    return item is not None and (item.get("deleted") is True or item.get("dead") is True)


def _as_now(known: Mention, item: Fields) -> Mention:
    """`known` with the item's words, where they are others: the search writes the same words in another way."""
    parts = (to_text(item.text("title")), to_text(item.text("text")), item.text("url"))
    text = "\n\n".join(part for part in parts if part)
    same = not text or comparable(text) == comparable(known.text)
    return replace(known, text=known.text if same else text, likes=item.count("score"))


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[HackerNews]:
    from carecli.platforms.web.api import open_api

    async with open_api(setup, BASE_URL, login=False) as api:
        yield HackerNews(api, setup)


HACKERNEWS = Platform(
    name="hackernews",
    title="Hacker News",
    open=_open,
    settings={
        "handle": "the account whose posts get replies (optional)",
        "search": "what to look for: one phrase or a list (default: the brand's keywords)",
        "base_url": f"the search's address (default {BASE_URL})",
        "items_url": f"where single posts are looked at again (default {ITEMS_URL})",
        "page_size": f"posts per request, 10 to 1000 (default {PAGE_SIZE})",
    },
    access="Free, no account needed. Hacker News has no way to answer by program: `care show` gives the address.",
)
