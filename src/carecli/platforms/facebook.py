"""Facebook: comments below a Page's posts, what visitors write to it, posts that tag it; answers as comments.

Posts are listed by their time, so those of the last weeks are looked at again for new comments. What the Page itself
posts to everybody is not read; its comments are.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from carecli.errors import AuthError, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.base import Platform, Setup
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, sheet

if TYPE_CHECKING:
    from carecli.platforms.web.meta import Below, Graph

BASE_URL = "https://graph.facebook.com/v26.0"
LIMIT = 8_000
LOOK_BACK_DAYS = 14
PAGE_SIZE = 25
INLINE = 25
SKEW = timedelta(days=1)
MOST_PAGES = 10
COMMENT = "id,message,from,created_time,parent,permalink_url,like_count,comment_count"
POST = "id,message,from,created_time,permalink_url"
HOW = (
    "a Page token with pages_show_list, pages_read_engagement, pages_read_user_content, pages_manage_engagement and "
    "pages_messaging: developers.facebook.com, your app, Graph API Explorer, choose the Page"
)


class Facebook:
    """Fetcher, Poster and Checker of one Page."""

    def __init__(self, graph: Graph, setup: Setup) -> None:
        self._graph = graph
        self._page_id = setup.text("page").strip()
        self._size = setup.whole("page_size", PAGE_SIZE, 1, 100)
        self._look_back = timedelta(days=setup.whole("look_back_days", LOOK_BACK_DAYS, 0, 365))
        self._tagged = setup.flag("tagged", default=True)

    async def check(self) -> str:
        """The Page's name, after one of its posts was asked for. Raises PlatformError."""
        me = await self._me()
        await self._graph.page(f"{me}/feed", fields=f"{POST},comments.limit(1){{{COMMENT}}}", limit=1)
        name = (await self._graph.get(me, fields="name")).text("name")
        return f"the Page {name} ({me}); its posts and comments can be read"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Visitors' posts and all comments below the Page's posts, then posts that tag it."""
        from carecli.platforms.web.meta import Below, pages_below

        me, below = await self._me(), Below.after(cursor, since)
        listings = [self._feed(me, below)]
        if self._tagged:
            listings.append(self._tags(me, below))
        async for page in pages_below(listings, cursor, since, below, self._look_back):
            yield page

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Facebook takes no key
        """Comment below the post or comment; `private`: a message, once and within seven days of the comment."""
        if len(reply.text) > LIMIT:
            raise NotProcessed(f"the reply has {len(reply.text)} characters; {LIMIT} are allowed")
        if reply.private:
            recipient = json.dumps({"comment_id": reply.to.external_id})
            words = json.dumps({"text": reply.text})
            return Receipt(await self._graph.send("me/messages", "message_id", recipient=recipient, message=words))
        name = await self._graph.send(f"{_target(reply.to)}/comments", message=reply.text)
        return Receipt(name, f"https://www.facebook.com/{name}")

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The Page's own comment in the same place with the same words, not older than the reply."""
        if reply.private:
            raise PlatformError(
                "Facebook does not say which private answers were sent", hint="look into the Page's inbox"
            )
        me, since, wanted = await self._me(), (reply.created_at or reply.to.created_at) - SKEW, comparable(reply.text)
        at: str | None = None
        for _ in range(MOST_PAGES):
            params: dict[str, Any] = {"order": "reverse_chronological", "fields": COMMENT, "limit": 100}
            values, at = await self._graph.page(f"{_target(reply.to)}/comments", at, **params)
            items = [Fields(value) for value in values]
            for item in items:
                ours = item.text("from.id") == me and comparable(item.text("message")) == wanted
                if ours and item.time("created_time") >= since:
                    name = item.id("id")
                    return Receipt(name, f"https://www.facebook.com/{name}", moment(item.get("created_time")))
            if at is None or (items and items[-1].time("created_time") < since):
                return None
        raise PlatformError("there are more comments than can be looked through")

    async def _me(self) -> str:
        if not self._page_id:
            me = await self._graph.get("me", fields="id,name")
            if not (name := me.text("id")).isdigit():
                raise AuthError("the token belongs to no Page", hint=HOW)
            self._page_id = name
        return self._page_id

    def _feed(self, me: str, below: Below) -> Listing:
        expanded = f"comments.filter(stream).order(reverse_chronological).limit({INLINE}){{{COMMENT}}}"

        async def read(at: str | None) -> Sheet:
            values, after = await self._graph.page(f"{me}/feed", at, fields=f"{POST},{expanded}", limit=self._size)
            entries, skipped = list[Entry](), list[str]()
            for number, value in enumerate(values, 1):
                try:
                    entries += await self._of_post(Fields(value), me, below, skipped)
                except ValueError as error:
                    skipped.append(f"feed, post {number} of a page: {error}")
            return Sheet(entries, after, tuple(skipped))

        return Listing("feed", read, overlap=self._look_back)

    async def _of_post(self, post: Fields, me: str, below: Below, skipped: list[str]) -> list[Entry]:
        """The post where a visitor wrote it, and what is new below it."""
        from carecli.platforms.web.meta import following, rest

        name, comments = post.id("id"), Fields(post.get("comments") or {})
        values = comments.items("data")

        async def more(at: str) -> tuple[list[Any], str | None]:
            params: dict[str, Any] = {"filter": "stream", "order": "reverse_chronological", "limit": 100}
            return await self._graph.page(f"{name}/comments", at, fields=COMMENT, **params)

        def is_over(items: Sequence[object]) -> bool:
            return below.is_over(items, "created_time")

        if not is_over(values):
            values = values + await rest(more, following(comments), is_over)
        written = post.time("created_time")
        visitor = post.text("from.id") != me and post.text("message")
        # What is no mention still tells the listing where it is.
        first = below.entry(self._post(post, me)) if visitor else Entry(f"{name}\0post", milliseconds(written))
        return [first, *below.entries(values, post, lambda item: self._comment(item, name, me), skipped)]

    def _tags(self, me: str, below: Below) -> Listing:
        async def read(at: str | None) -> Sheet:
            values, after = await self._graph.page(f"{me}/tagged", at, fields=POST, limit=self._size)
            return sheet(values, lambda item: below.entry(self._post(item, me)), "tagged", after)

        return Listing("tagged", read)

    def _post(self, item: Fields, me: str) -> Mention:
        return self._mention(item, me, None, None)

    def _comment(self, item: Fields, post: str, me: str) -> Mention | None:
        if not item.text("message"):  # a sticker or a picture alone
            return None
        return self._mention(item, me, item.note("parent.id") or post, post)

    def _mention(self, item: Fields, me: str, parent: str | None, root: str | None) -> Mention:
        name, author = item.id("id"), item.text("from.id")
        inbound = author != me
        # Without a permission, or by their settings, people have no name: each is somebody of their own then.
        who = Author(item.text("from.name") or "unknown", item.note("from.name"), author or f"?{name}")
        return Mention(
            platform="facebook",
            external_id=name,
            text=item.text("message"),
            created_at=item.time("created_time"),
            author=who,
            url=item.note("permalink_url"),
            in_reply_to=parent,
            thread_root=root,
            inbound=inbound,
            directed=True if inbound else None,
            likes=item.count("like_count"),
            replies=item.count("comment_count"),
            raw=item.raw(),
        )


def _target(to: Mention) -> str:
    """Where an answer goes: comments are two levels deep, so one to a deeper comment stands beside it."""
    return to.in_reply_to if to.in_reply_to and to.in_reply_to != to.thread_root else to.external_id


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Facebook]:
    from carecli.platforms.web.meta import open_graph

    async with open_graph(setup, BASE_URL, "Facebook", HOW) as graph:
        yield Facebook(graph, setup)


FACEBOOK = Platform(
    name="facebook",
    title="a Facebook Page",
    open=_open,
    settings={
        "page": "the Page's id (default: the one that the token belongs to)",
        "tagged": "false: leave out posts elsewhere that tag the Page",
        "look_back_days": f"how old a post may be and still be looked at for comments (default {LOOK_BACK_DAYS})",
        "page_size": f"posts per request, 1 to 100 (default {PAGE_SIZE})",
        "base_url": f"the API's address (default {BASE_URL})",
    },
    secrets={
        "TOKEN": HOW,
        "SECRET": "the app's secret, where the app demands signed requests (optional)",
    },
    answers=True,
    private=True,
    limit=LIMIT,
    access="Free for a Page of your own: make an app at developers.facebook.com, about 20 minutes, no review for "
    "people with a role on the app. Keyword search does not exist.",
)
