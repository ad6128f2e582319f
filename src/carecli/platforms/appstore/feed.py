"""The public review feeds of any app: 50 a page, ten pages, one list for each storefront."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from carecli.errors import BadAnswer
from carecli.model import JSON, Author, Mention, Page
from carecli.platforms.web.api import Api
from carecli.platforms.web.fields import Fields
from carecli.platforms.web.listings import Entry, Listing, Sheet, one, pages, sheet

PAGE_SIZE = 50
MOST_PAGES = 10
# The feeds are at times empty under one of their addresses and not under the other.
ADDRESSES = (
    "{country}/rss/customerreviews/page={page}/id={app}/sortBy=mostRecent/json",
    "{country}/rss/customerreviews/id={app}/sortBy=mostRecent/page={page}/json",
)


class AnyApp:
    """Fetcher and Checker of one app in some storefronts."""

    def __init__(self, api: Api, app: str, countries: Sequence[str]) -> None:
        self._api = api
        self._app = app
        self._countries = [country.strip().lower() for country in countries]

    async def check(self) -> str:
        """How many reviews the first page of each storefront has. Raises PlatformError."""
        found = [f"{country}: {len((await self._entries(country, 1))[0])}" for country in self._countries]
        return f"app {self._app}, reviews on the first page: {', '.join(found)}"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """The newest reviews of each storefront."""
        listings = [self._listing(country, known=_had_some(cursor.get(country))) for country in self._countries]
        async for page in pages(listings, cursor, since):
            yield page

    def _listing(self, country: str, *, known: bool) -> Listing:
        async def read(at: str | None) -> Sheet:
            number = int(at or 1)
            values, last = await self._entries(country, number)
            if not values and (known or number > 1) and number <= last:
                # Not "no more reviews": what was read before would be taken for the end of the list.
                raise BadAnswer(f"the feed of {country} is empty now, which happens", hint="the next fetch asks again")
            following = str(number + 1) if len(values) >= PAGE_SIZE and number < last else None
            return sheet(values, entry, f"reviews of {country}", following)

        def entry(item: Fields) -> Entry | None:
            # The app itself stands among its reviews in some feeds.
            return None if item.get("im:rating") is None else one(self._mention(item, country))

        return Listing(country, read)

    async def _entries(self, country: str, page: int) -> tuple[list[object], int]:
        """The entries of a page, and the number of the last page as far as the feed tells."""
        last = MOST_PAGES
        for address in ADDRESSES:
            data = Fields(await self._api.json(address.format(country=country, page=page, app=self._app)))
            if not isinstance(data.get("feed"), dict):
                raise BadAnswer(f"the feed of {country} is none")
            last = min(_last_page(data), MOST_PAGES)
            if values := data.items("feed.entry"):
                return values, last
        return [], last

    def _mention(self, item: Fields, country: str) -> Mention:
        title, body = item.text("title.label"), item.text("content.label")
        name, address = item.text("author.name.label"), item.text("author.uri.label")
        account = re.search(r"/id([0-9]+)", address)
        return Mention(
            platform="appstore",
            external_id=item.id("id.label"),
            text="\n\n".join(part for part in (title, body) if part),
            created_at=item.time("updated.label"),
            author=Author(name or "a reader", name or None, account[1] if account else item.id("id.label")),
            url=f"https://apps.apple.com/{country}/app/id{self._app}?see-all=reviews",
            directed=True,
            likes=item.count("im:voteSum.label"),
            raw=item.raw(),
        )


def _had_some(state: object) -> bool:
    """Whether a listing in this state has given reviews before."""
    return isinstance(state, dict) and bool(state.get("known"))


def _last_page(data: Fields) -> int:
    """The number of the last page, by the link that leads to it."""
    for link in data.items("feed.link"):
        attributes = Fields(link).get("attributes") if isinstance(link, dict) else None
        if isinstance(attributes, dict) and attributes.get("rel") == "last":
            found = re.search(r"page=([0-9]{1,4})", str(attributes.get("href")))
            return int(found[1]) if found else MOST_PAGES
    return MOST_PAGES
