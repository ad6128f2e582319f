"""Reddit's public Atom feeds, without a key: the newest of communities and searches, to read only.

The ids are those of the API, so that whoever gets a key later has nothing twice.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

from carecli.errors import ConfigError, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Page
from carecli.platforms.base import Setup
from carecli.platforms.feed.documents import read_document
from carecli.platforms.feed.mentions import moment
from carecli.platforms.feed.xml import Entry as FeedEntry
from carecli.platforms.files.fields import address
from carecli.platforms.reddit import PAGE_SIZE
from carecli.platforms.web.answers import Answer, retry_after
from carecli.platforms.web.api import Api
from carecli.platforms.web.fields import Fields
from carecli.platforms.web.listings import Entry, Listing, Sheet, one, pages
from carecli.platforms.web.markup import sound, to_text
from carecli.text import fold, single_line

NAME = re.compile(r"t[13]_[a-z0-9]{1,20}")
WRITTEN = re.compile(r"<!-- SC_OFF -->(.*)<!-- SC_ON -->", re.DOTALL)
ROOT = re.compile(r"/comments/([a-z0-9]{1,20})/")
PAUSE = 60.0


class RedditFeeds:
    """Fetcher and Checker. `token` is the private feed token of the account `name`, for its inbox."""

    def __init__(self, api: Api, setup: Setup, name: str, token: str | None) -> None:
        self._api = api
        self._own = {fold(handle.lstrip("@").removeprefix("u/")) for handle in (*setup.handles, name) if handle}
        self._size = setup.whole("page_size", PAGE_SIZE, 1, PAGE_SIZE)
        self._private: dict[str, str] = {}
        self._feeds: list[tuple[str, str, dict[str, str], bool | None]] = []
        if token and name:
            api.client.hide(token)
            self._private = {"feed": token, "user": name}
            self._feeds.append(("inbox", "message/inbox/.rss", {}, True))
        for place in setup.texts("subreddits"):
            folder = f"r/{quote(place.removeprefix('/').removeprefix('r/'), safe='')}"
            self._feeds.append((f"new:{place}", f"{folder}/new/.rss", {}, None))
            self._feeds.append((f"comments:{place}", f"{folder}/comments/.rss", {}, None))
        for query in setup.searches("reddit"):
            self._feeds.append((f"search:{query}", "search.rss", {"q": query, "sort": "new"}, False))
        if not self._feeds:
            hint = "set subreddits or search, or handle and the FEED token"
            raise ConfigError(f"the source '{setup.source}' has nothing to read", hint=hint)

    async def check(self) -> str:
        """Whether the first feed can be read. Raises PlatformError."""
        name, path, params, _ = self._feeds[0]
        entries = await self._entries(path, params)
        return f"{len(self._feeds)} feeds, read only; {name} has {len(entries)} entries"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """The newest entries of each feed: there is no way further back."""
        listings = [self._listing(*feed) for feed in self._feeds]
        async for page in pages(listings, cursor, since):
            yield page

    def _listing(self, name: str, path: str, params: dict[str, str], directed: bool | None) -> Listing:
        async def read(_at: str | None) -> Sheet:
            entries, skipped = list[Entry](), list[str]()
            for number, found in enumerate(await self._entries(path, params), 1):
                try:
                    entries.append(one(self._mention(found, directed)))
                except ValueError as error:
                    skipped.append(single_line(f"{name}, entry {number}: {error}"[:300]))
            return Sheet(entries, None, tuple(skipped))

        return Listing(name, read)

    async def _entries(self, path: str, params: dict[str, str]) -> tuple[FeedEntry, ...]:
        answer = await self._api.get(path, {**params, **self._private, "limit": self._size})
        document = read_document(answer.body, answer.headers.get("content-type", ""), answer.url)
        return document.entries

    def _mention(self, found: FeedEntry, directed: bool | None) -> Mention:
        name = found.id.strip()
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:60]!r} is no name of a post or comment")
        written, link, comment = moment(found.published or found.updated), address(found.url), name.startswith("t1_")
        if written is None:
            raise ValueError("it has no time")
        handle = sound(found.author).strip().removeprefix("/").removeprefix("u/")
        body = WRITTEN.search(found.content)
        said = to_text(body[1]) if body else ""
        text = said if comment else "\n\n".join(part for part in (sound(found.title).strip(), said) if part)
        if not text:
            raise ValueError("it has no text")
        root = ROOT.search(link or "")
        inbound = fold(handle) not in self._own
        return Mention(
            platform="reddit",
            external_id=name,
            text=text,
            created_at=min(written, datetime.now(UTC)),
            author=Author(handle or "[deleted]", url=address(found.author_url)),
            url=link,
            thread_root=f"t3_{root[1]}" if comment and root else None,
            inbound=inbound,
            directed=directed if inbound else None,
            raw=Fields(found.raw).raw(),
        )


def judge_feed(answer: Answer) -> PlatformError | None:
    """Without a key Reddit asks for long pauses, often without saying how long."""
    if answer.status != 403:
        return None
    wait = retry_after(answer, datetime.now(UTC).timestamp()) or PAUSE
    hint = "fetch this source less often, give the FEED token, or try another network"
    return RateLimited(f"{answer.where} answered 403: Reddit lets this address wait", hint=hint, retry_after=wait)
