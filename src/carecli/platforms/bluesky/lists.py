"""Bluesky's listings page by page: own posts, notifications, searches, and what completes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from carecli.errors import BadAnswer
from carecli.model import JSON
from carecli.platforms.bluesky.posts import NotificationView, complaint, moment
from carecli.platforms.bluesky.xrpc import Xrpc
from carecli.platforms.web.answers import printable

REASONS = ("mention", "reply", "quote")
# The most that getPosts and getProfiles take at once.
BATCH = 25


class Listing(BaseModel):
    """One page of any listing: its items are checked one by one."""

    feed: list[Any] | None = None
    notifications: list[Any] | None = None
    posts: list[Any] | None = None
    profiles: list[Any] | None = None
    cursor: str | None = None

    def items(self, name: str) -> list[Any]:
        """The list `name`. Raises BadAnswer where there is none."""
        found: list[Any] | None = getattr(self, name)
        if found is None:
            raise BadAnswer(f"the answer has no list of {name}")
        return found


@dataclass(frozen=True, slots=True)
class Entry:
    """One item that may become a mention: `view` has at least a post view's fields. `moment` 0: it has none."""

    view: JSON
    uri: str
    moment: int


@dataclass
class Sheet:
    """One page: what may become mentions, the moments of all items in their order, and what was skipped.

    Moments are epoch milliseconds. `notified`: these are what the account was notified of.
    """

    entries: list[Entry] = field(default_factory=list)
    moments: list[int] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    cursor: str | None = None
    notified: bool = False


class Lists:
    """Reads as the account of `xrpc`; `appview`: the service to read through, `did:web:…#bsky_appview`."""

    def __init__(self, xrpc: Xrpc, *, appview: str = "", page_size: int = 100) -> None:
        self.xrpc = xrpc
        self.page_size = page_size
        self._proxy = {"atproto-proxy": appview} if appview else {}
        self._followers: dict[str, int | None] = {}

    async def own(self, at: str | None) -> Sheet:
        """Posts and replies of the account itself."""
        session = await self.xrpc.session()
        page = self._page(at) | {"actor": session.did, "filter": "posts_with_replies"}
        listing = await self._list("app.bsky.feed.getAuthorFeed", page)
        # What has a reason is somebody's repost, not a post of ours.
        items = [item for item in listing.items("feed") if not field_of(item, "reason")]
        return _sheet([field_of(item, "post") for item in items], listing.cursor, "own posts")

    async def search(self, query: str, at: str | None) -> Sheet:
        """Posts that the AppView finds for `query`."""
        page = self._page(at) | {"q": query, "sort": "latest"}
        listing = await self._list("app.bsky.feed.searchPosts", page)
        return _sheet(listing.items("posts"), listing.cursor, f"search {printable(query, 40)}")

    async def notifications(self, at: str | None, *, limit: int | None = None) -> Sheet:
        """Mentions, replies and quotes, as the notifications have them: `posts` knows more."""
        page = self._page(at) | {"reasons": REASONS} | ({"limit": limit} if limit else {})
        listing = await self._list("app.bsky.notification.listNotifications", page)
        sheet = Sheet(notified=True, cursor=listing.cursor)
        for number, item in enumerate(listing.items("notifications")):
            try:
                notification = NotificationView.model_validate(item)
            except ValidationError as error:
                sheet.skipped.append(f"notification {number + 1}: {complaint(error)}")
                continue
            seen = moment(notification.indexedAt)
            if seen is not None:
                sheet.moments.append(milliseconds(seen))
            if notification.reason in REASONS:
                sheet.entries.append(Entry(item, notification.uri, milliseconds(seen) if seen else 0))
        return sheet

    async def posts(self, uris: Iterable[str]) -> dict[str, JSON]:
        """The posts of `uris` that are there and shown to us, by uri."""
        views: dict[str, JSON] = {}
        for batch in _batches(list(uris)):
            listing = await self._list("app.bsky.feed.getPosts", {"uris": batch})
            views |= {str(field_of(view, "uri")): view for view in listing.items("posts")}
        return views

    async def followers(self, dids: Iterable[str]) -> dict[str, int | None]:
        """How many follow each account; asked once in the life of this client."""
        wanted = list(dict.fromkeys(dids))
        for batch in _batches([did for did in wanted if did not in self._followers]):
            listing = await self._list("app.bsky.actor.getProfiles", {"actors": batch})
            counts = {
                field_of(profile, "did"): field_of(profile, "followersCount") for profile in listing.items("profiles")
            }
            for did in batch:
                count = counts.get(did)
                self._followers[did] = count if type(count) is int else None
        return {did: self._followers[did] for did in wanted}

    def _page(self, at: str | None) -> dict[str, Any]:
        return {"limit": self.page_size} | ({"cursor": at} if at else {})

    async def _list(self, nsid: str, params: dict[str, Any]) -> Listing:
        data = await self.xrpc.query(nsid, params, self._proxy)
        try:
            return Listing.model_validate(data)
        except ValidationError as error:
            raise BadAnswer(f"{nsid} is not a listing: {complaint(error)}") from error


def _sheet(views: list[Any], cursor: str | None, name: str) -> Sheet:
    sheet = Sheet(cursor=cursor)
    for number, view in enumerate(views):
        if not isinstance(view, dict):
            sheet.skipped.append(f"{name}: item {number + 1} is not an object")
            continue
        claimed = field_of(view.get("record"), "createdAt")
        known = [moment(at) for at in (view.get("indexedAt"), claimed) if isinstance(at, str)]
        # The AppView's order: the earlier of what the author claims and of what it saw.
        times = [milliseconds(at) for at in known if at is not None]
        if times:
            sheet.moments.append(min(times))
        sheet.entries.append(Entry(view, str(view.get("uri") or ""), min(times, default=0)))
    return sheet


def field_of(item: Any, name: str) -> Any:
    """The field `name` of an untrusted item, None where it has none."""
    return item.get(name) if isinstance(item, dict) else None


def milliseconds(at: datetime) -> int:
    """`at` as epoch milliseconds."""
    return int(at.timestamp() * 1000)


def _batches(items: list[str]) -> Iterable[list[str]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
