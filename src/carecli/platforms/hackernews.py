"""Hacker News through its public search: what is said of the brand, replies to an account, the account's own posts.

There is no way to write by program; `care show` gives the address where a person answers.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carecli.errors import BadAnswer, ConfigError
from carecli.model import JSON, Author, Mention, Page
from carecli.platforms.base import Platform, Setup
from carecli.platforms.web.fields import Fields, milliseconds
from carecli.platforms.web.listings import HISTORY, Entry, Listing, Sheet, Until, beyond, one, pages, sheet
from carecli.platforms.web.markup import to_text
from carecli.text import fold

if TYPE_CHECKING:
    from carecli.platforms.web.api import Api

BASE_URL = "https://hn.algolia.com/api/v1"
WEB = "https://news.ycombinator.com"
PAGE_SIZE = 200
# Threads that an account took part in and that are listened to for replies: all go into one request.
MOST_THREADS = 60


class HackerNews:
    """Fetcher and Checker. `handle` is the account whose replies are fetched, "" for none."""

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._handle = setup.text("handle").strip().lstrip("@")
        self._queries = setup.searches("words") or setup.keywords
        self._own = {fold(name.lstrip("@")) for name in (*setup.handles, self._handle) if name.strip("@ ")}
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
            yield page

    def _listing(self, name: str, query: str, tags: str, own: set[str], *, only_replies: bool = False) -> Listing:
        async def read(at: str | None) -> Sheet:
            place = Until.parse(at)
            values = _hits(await self._search(query, tags, place))
            return sheet(values, entry, name, beyond(place, values, "created_at_i", self._size))

        def entry(item: Fields) -> Entry | None:
            made = self._mention(item, own)
            wanted = _contains(made.text, query) and (made.directed or not only_replies or made.thread_root in own)
            return one(made) if wanted else Entry(made.external_id, milliseconds(made.created_at))

        return Listing(name, read)

    async def _search(self, query: str, tags: str, at: Until | None) -> dict[str, Any]:
        params: dict[str, str | int] = {
            "query": f'"{query}"' if query else "",
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


def _contains(text: str, query: str) -> bool:
    """Whether `query` stands in `text` as words: the search also finds what merely looks like it."""
    return not query or re.search(rf"(?<!\w){re.escape(fold(query))}(?!\w)", fold(text)) is not None


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
        "page_size": f"posts per request, 10 to 1000 (default {PAGE_SIZE})",
    },
    access="Free, no account needed. Hacker News has no way to answer by program: `care show` gives the address.",
)
