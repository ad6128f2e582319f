"""Instagram: comments below the media of an own professional account, media that tag it; answers as replies.

Media are listed by their time, and a reply may come below an old comment: while a medium's number of comments stays
the same, its newest comments alone are looked at; when it changes, all of them are.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from carecli.errors import AuthError, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.base import Platform, Setup
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, sheet
from carecli.text import fold

if TYPE_CHECKING:
    from carecli.platforms.web.meta import Below, Graph

BASE_URL = "https://graph.instagram.com/v26.0"
# Meta does not say how long a comment may be; older documents say 300.
LIMIT = 300
LOOK_BACK_DAYS = 14
PAGE_SIZE = 25
INLINE = 25
MOST_PAGES = 10
SKEW = timedelta(days=1)
REPLY = "id,text,username,from,timestamp,like_count"
COMMENT = f"{REPLY},replies.limit({INLINE}){{{REPLY}}}"
MEDIUM = "id,caption,username,permalink,timestamp,comments_count"
TAG = "tag:"
HOW = (
    "a token with instagram_business_basic, instagram_business_manage_comments, instagram_business_manage_messages: "
    "developers.facebook.com, your app, Instagram, Generate token. It ends after 60 days"
)


class Instagram:
    """Fetcher, Poster and Checker of one professional account."""

    def __init__(self, graph: Graph, setup: Setup) -> None:
        self._graph = graph
        self._account = setup.text("account", "me") or "me"
        self._size = setup.whole("page_size", PAGE_SIZE, 1, 100)
        self._look_back = timedelta(days=setup.whole("look_back_days", LOOK_BACK_DAYS, 0, 365))
        self._tagged = setup.flag("tagged", default=True)
        self._name = ""

    async def check(self) -> str:
        """Who is signed in, after the media were asked for. Raises PlatformError."""
        name = await self._me()
        await self._graph.page(f"{self._account}/media", fields=f"{MEDIUM},comments.limit(1){{{REPLY}}}", limit=1)
        return f"signed in as @{name}; media and comments can be read"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Comments and replies below own media, then media of others that tag the account."""
        from carecli.platforms.web.meta import Below, pages_below

        await self._me()
        below, counts = Below.after(cursor, since), dict[str, int]()
        known = cursor.get("counts")
        counts.update({name: count for name, count in known.items() if type(count) is int} if known else {})
        met = dict[str, int]()
        listings = [self._media(below, counts, met)]
        if self._tagged:
            listings.append(self._tags(below))
        async for page in pages_below(listings, cursor, since, below, self._look_back):
            # A stop keeps what was known before of media that this run has not come to.
            yield replace(page, cursor={**page.cursor, "counts": {**counts, **met}})

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Instagram takes no key
        """Reply below the first comment; `private`: a message, once and within seven days of the comment."""
        name, medium = reply.to.external_id, reply.to.external_id.removeprefix(TAG)
        if reply.private:
            if medium != name:
                raise NotProcessed("only a comment can be answered in private")
            words = json.dumps({"text": reply.text})
            recipient = json.dumps({"comment_id": name})
            path = f"{self._account}/messages"
            return Receipt(await self._graph.send(path, "message_id", recipient=recipient, message=words))
        text = _addressed(reply)
        if len(text) > LIMIT:
            raise NotProcessed(f"the reply has {len(text)} characters with its address; {LIMIT} are allowed")
        if medium != name:
            made = await self._graph.send(f"{self._account}/mentions", media_id=medium, message=text)
        else:
            made = await self._graph.send(f"{_top(reply.to)}/replies", message=text)
        return Receipt(made, reply.to.url)

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The account's own reply below the same comment with the same words, not older than the reply."""
        if reply.private or reply.to.external_id.startswith(TAG):
            raise PlatformError(
                "Instagram does not show what was sent there", hint=f"look at {reply.to.url or 'the inbox'}"
            )
        me, since = fold(await self._me()), (reply.created_at or reply.to.created_at) - SKEW
        wanted, at = comparable(_addressed(reply)), None
        for _ in range(MOST_PAGES):
            values, at = await self._graph.page(f"{_top(reply.to)}/replies", at, fields=REPLY, limit=100)
            for item in (Fields(value) for value in values):
                ours = fold(item.text("username")) == me and comparable(item.text("text")) == wanted
                if ours and item.time("timestamp") >= since:
                    return Receipt(item.id("id"), reply.to.url, moment(item.get("timestamp")))
            if at is None:
                return None
        raise PlatformError("there are more replies than can be looked through")

    async def _me(self) -> str:
        if not self._name:
            me = await self._graph.get(self._account, fields="username")
            if not (name := me.text("username")):
                raise AuthError("the token belongs to no professional account", hint=HOW)
            self._name = name
        return self._name

    def _media(self, below: Below, counts: JSON, met: dict[str, int]) -> Listing:
        fields = f"{MEDIUM},comments.limit({INLINE}){{{COMMENT}}}"

        async def read(at: str | None) -> Sheet:
            values, after = await self._graph.page(f"{self._account}/media", at, fields=fields, limit=self._size)
            entries, skipped, found = list[Entry](), list[str](), dict[str, int]()
            for number, value in enumerate(values, 1):
                try:
                    medium = Fields(value)
                    entries += await self._below(medium, below, counts.get(medium.id("id")), skipped)
                    found[medium.id("id")] = medium.count("comments_count") or 0
                except ValueError as error:
                    skipped.append(f"medium {number} of a page: {error}")
            met.update(found)
            return Sheet(entries, after, tuple(skipped))

        return Listing("media", read, overlap=self._look_back)

    async def _below(self, medium: Fields, below: Below, before: int | None, skipped: list[str]) -> list[Entry]:
        """A place in the listing for the medium, and the comments and replies below it."""
        from carecli.platforms.web.meta import following, rest

        name, comments = medium.id("id"), Fields(medium.get("comments") or {})
        values = comments.items("data")

        async def more(at: str) -> tuple[list[Any], str | None]:
            return await self._graph.page(f"{name}/comments", at, fields=COMMENT, limit=50)

        if medium.count("comments_count") != before:
            values = values + await rest(more, following(comments), lambda _items: False)
        flat = list[JSON]()
        for value in values:
            flat += await self._with_replies(value)
        place = Entry(f"{name}\0medium", milliseconds(medium.time("timestamp")))
        url = medium.note("permalink")
        return [place, *below.entries(flat, medium, lambda item: self._comment(item, name, url), skipped)]

    async def _with_replies(self, value: object) -> list[Any]:
        """A comment and its replies, each of which names it."""
        from carecli.platforms.web.meta import following, rest

        if not isinstance(value, dict):
            return [value]
        top = Fields(value)
        replies = Fields(top.get("replies") or {})

        async def more(at: str) -> tuple[list[Any], str | None]:
            return await self._graph.page(f"{top.text('id')}/replies", at, fields=REPLY, limit=50)

        items = replies.items("data") + await rest(more, following(replies), lambda _items: False)
        inside = [{**item, "parent_id": top.text("id")} if isinstance(item, dict) else item for item in items]
        return [{name: part for name, part in value.items() if name != "replies"}, *inside]

    def _tags(self, below: Below) -> Listing:
        fields = "id,caption,username,permalink,timestamp,like_count,comments_count"

        async def read(at: str | None) -> Sheet:
            values, after = await self._graph.page(f"{self._account}/tags", at, fields=fields, limit=self._size)
            return sheet(values, lambda item: below.entry(self._tag(item)), "tags", after)

        return Listing("tags", read)

    def _comment(self, item: Fields, medium: str, url: str | None) -> Mention | None:
        return self._mention(item, item.id("id"), item.text("text"), item.note("parent_id") or medium, medium, url)

    def _tag(self, item: Fields) -> Mention:
        return self._mention(item, f"{TAG}{item.id('id')}", item.text("caption"), None, None, item.note("permalink"))

    def _mention(
        self, item: Fields, name: str, text: str, parent: str | None, root: str | None, url: str | None
    ) -> Mention:
        handle = item.text("username") or item.text("from.username")
        inbound = fold(handle) != fold(self._name)
        return Mention(
            platform="instagram",
            external_id=name,
            text=text,
            created_at=item.time("timestamp"),
            author=Author(handle or "unknown", id=item.note("from.id") or (None if handle else f"?{name}")),
            url=url,
            in_reply_to=parent,
            thread_root=root,
            inbound=inbound,
            directed=True if inbound else None,
            likes=item.count("like_count"),
            replies=item.count("comments_count"),
            raw=item.raw(),
        )


def _top(to: Mention) -> str:
    """The comment that replies stand below: there is one level of them."""
    return to.in_reply_to if to.in_reply_to and to.in_reply_to != to.thread_root else to.external_id


def _addressed(reply: Reply) -> str:
    """The text; one to a reply names the person, who is not told otherwise."""
    address = f"@{reply.to.author.handle}"
    inside = _top(reply.to) != reply.to.external_id
    return f"{address} {reply.text}" if inside and fold(address) not in fold(reply.text) else reply.text


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Instagram]:
    from carecli.platforms.web.meta import open_graph

    async with open_graph(setup, BASE_URL, "Instagram", HOW) as graph:
        yield Instagram(graph, setup)


INSTAGRAM = Platform(
    name="instagram",
    title="Instagram, a professional account of your own",
    open=_open,
    settings={
        "account": "the account's id, where the token is one of Facebook Login (default: me)",
        "tagged": "false: leave out media of others that tag the account",
        "look_back_days": f"how old a medium may be and still be looked at for comments (default {LOOK_BACK_DAYS})",
        "page_size": f"media per request, 1 to 100 (default {PAGE_SIZE})",
        "base_url": f"the API's address (default {BASE_URL})",
    },
    secrets={
        "TOKEN": HOW,
        "SECRET": "the app's secret, where the app demands signed requests (optional)",
    },
    answers=True,
    private=True,
    limit=LIMIT,
    access="Free for a professional account of your own: make an app at developers.facebook.com, about 20 minutes, no "
    "review. The token ends after 60 days. Mentions in other people's texts come by webhook only, so not here.",
)
