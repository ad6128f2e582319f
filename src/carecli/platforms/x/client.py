"""X's API as one account: mentions, own posts and searches within a budget; answers to who mentioned it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply, iso
from carecli.platforms.base import Setup
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.fields import Fields, comparable, language, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, one, pages, sheet
from carecli.platforms.x import BUDGET, HOW, LIMIT, LINK, PAGE_SIZE, measure
from carecli.platforms.x.budget import OWN_READ, POST_READ, USER_READ, Budget
from carecli.platforms.x.signed import Signed
from carecli.text import fold, single_line

WEB = "https://x.com"
# The search knows seven days; a minute is kept from its edge.
SEARCHED = timedelta(days=7) - timedelta(minutes=1)
SKEW = timedelta(days=1)
# What is read again each time, for what arrives late: short, because it may cost again on the next day.
OVERLAP = timedelta(minutes=2)
MOST_PAGES = 8
# The guides' names are sent, and both they and those of the newer specification are read.
WANTED: dict[str, str | int] = {
    "tweet.fields": "created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,lang,public_metrics,"
    "entities,note_tweet",
    "expansions": "author_id",
    "user.fields": "username,name,public_metrics",
}
SUMMONED = (
    "X lets programs answer only people who mention or quote the account (since February 2026); answer this one on "
    "the site"
)


class X:
    """Fetcher, Poster and Checker of one account. The cursor also holds what the month has cost."""

    def __init__(self, api: Signed, setup: Setup) -> None:
        self._api = api
        self._queries = setup.searches("x")
        self._size = setup.whole("page_size", PAGE_SIZE, 10, PAGE_SIZE)
        self._limit = setup.seconds("budget", BUDGET)
        self._history = timedelta(days=setup.whole("history_days", 1, 1, 7))
        self._handle = fold(setup.text("handle").lstrip("@"))
        if self._limit < 0:
            raise ConfigError(f"budget of the source '{setup.source}' is below zero")

    async def check(self) -> str:
        """Who is signed in, and what reading costs. Raises PlatformError."""
        me = await self._me()
        usage = await self._api.get("usage/tweets", {})
        read = usage.count("data.project_usage")
        each = OWN_READ + USER_READ
        parts = [f"signed in as @{me.text('username')}", f"a mention costs about ${each:.3f} with its author"]
        if self._queries:
            parts.append(f"a search hit ${POST_READ + USER_READ:.3f}")
        parts.append(
            f"the budget of ${self._limit:.2f} a month is enough for about {int(self._limit / each):,} mentions"
        )
        if read is not None:
            parts.append(f"{read:,} posts read by your app so far, as X counts")
        return "; ".join(parts)

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Mentions, own posts, searches, until the month's budget is used up, which is an error."""
        held = cursor.get("budget")
        budget = Budget(self._limit, datetime.now(UTC), held if isinstance(held, dict) else {})
        budget.allow(OWN_READ + USER_READ)
        me = await self._me()
        user = f"users/{me.id('id')}"
        listings = [
            self._listing("mentions", f"{user}/mentions", {}, cursor, since, budget, me),
            self._listing("own", f"{user}/tweets", {}, cursor, since, budget, me),
        ]
        for query in self._queries:
            params: dict[str, str | int] = {"query": query, "sort_order": "recency"}
            name = f"search:{query}"
            listings.append(self._listing(name, "tweets/search/recent", params, cursor, since, budget, me))
        told, failure = cursor, None
        try:
            async for page in pages(listings, cursor, since, history=self._history):
                told = {**page.cursor, "budget": budget.save()}
                yield replace(page, cursor=told)
        except PlatformError as error:
            failure = error
        # What was paid for is kept, whatever else went wrong.
        if told.get("budget") != budget.save() and budget.spent:
            yield Page((), {**told, "budget": budget.save()})
        if failure is not None:
            raise failure

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - X takes no key
        """Answer below the post of somebody who mentioned the account."""
        if reply.private:
            raise NotProcessed("care does not send private messages on X", hint="write one on the site")
        if not reply.to.directed:
            raise NotProcessed("this post did not mention the account", hint=SUMMONED)
        if (length := measure(reply.text)) > LIMIT:
            raise NotProcessed(f"the reply has {length} characters as X counts; {LIMIT} are allowed")
        body = {"text": reply.text, "reply": {"in_reply_to_tweet_id": reply.to.external_id}}
        answer = await self._api.send("tweets", body)
        try:
            name = Fields(answer.json()).id("data.id")
        except ValueError as error:
            raise BadAnswer(f"{answer.where} did not answer with the post") from error
        return Receipt(name, f"{WEB}/i/status/{name}")

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The account's own post that answers the same post with the same words, not older than the reply."""
        me, at = await self._me(), ""
        start = (reply.created_at or reply.to.created_at) - SKEW
        wanted = _words(reply.text)
        for _ in range(MOST_PAGES):
            params = {**WANTED, "max_results": 100, "start_time": iso(start)} | ({"pagination_token": at} if at else {})
            data = await self._api.get(f"users/{me.id('id')}/tweets", params)
            for item in (Fields(value) for value in data.items("data") if isinstance(value, dict)):
                if _referenced(item, "replied_to") == reply.to.external_id and _words(_text(item)) == wanted:
                    name = item.id("id")
                    return Receipt(name, f"{WEB}/i/status/{name}", moment(item.get("created_at")))
            at = data.text("meta.next_token")
            if not at:
                return None
        raise PlatformError("the account has written more since then than can be looked through")

    async def _me(self) -> Fields:
        me = Fields((await self._api.get("users/me", {})).get("data") or {})
        if not me.text("id"):
            raise AuthError("the keys belong to no account", hint=HOW)
        if self._handle and self._handle != fold(me.text("username")):
            raise AuthError(f"the keys belong to @{me.text('username')}, not to @{self._handle}", hint=HOW)
        return me

    def _listing(
        self,
        name: str,
        path: str,
        params: dict[str, str | int],
        cursor: JSON,
        since: datetime | None,
        budget: Budget,
        me: Fields,
    ) -> Listing:
        searched = name.startswith("search:")
        price = POST_READ if searched else OWN_READ
        oldest = datetime.now(UTC) - SEARCHED if searched else None
        begin = _begin(cursor.get(name), since, datetime.now(UTC) - self._history)
        start = iso(max(begin, oldest) if oldest else begin)

        async def read(at: str | None) -> Sheet:
            budget.allow(price + USER_READ)
            # A token goes with the start that it was given for.
            first, token = at.split(" ", 1) if at else (start, "")
            asked = {**params, **WANTED, "max_results": self._size, "start_time": first}
            if token:
                asked["next_token" if searched else "pagination_token"] = token
            data = await self._api.get(path, asked)
            values, users = data.items("data"), _users(data)
            budget.charge([_name(value) for value in values], list(users), price)
            if name == "own":
                _count_answers(values, budget)
            following = data.text("meta.next_token")
            found = sheet(values, lambda item: self._entry(item, users, me, name), name)
            gone = tuple(_problem(value) for value in data.items("errors"))
            return Sheet(found.entries, f"{first} {following}" if following else None, (*found.skipped, *gone))

        return Listing(name, read, own_limit=searched, overlap=OVERLAP)

    def _entry(self, item: Fields, users: dict[str, Fields], me: Fields, listing: str) -> Entry:
        name, author = item.id("id"), item.text("author_id")
        who = users.get(author, Fields({}))
        inbound = author != me.text("id")
        handle = who.text("username")
        written = item.time("created_at")
        directed = listing == "mentions" or item.text("in_reply_to_user_id") == me.text("id")
        metrics = Fields(item.get("public_metrics") or {})
        reposts = metrics.count("retweet_count")
        mention = Mention(
            platform="x",
            external_id=name,
            text=_text(item),
            created_at=written,
            author=Author(
                handle or author or "unknown",
                who.note("name"),
                author or None,
                who.count("public_metrics.followers_count"),
                f"{WEB}/{handle}" if handle else None,
            ),
            url=f"{WEB}/{handle or 'i'}/status/{name}",
            in_reply_to=_referenced(item, "replied_to"),
            thread_root=item.note("conversation_id") if item.text("conversation_id") != name else None,
            language=language(item.text("lang")) if item.text("lang") not in {"und", "zxx"} else None,
            inbound=inbound,
            directed=(directed or _names(item, me)) if inbound else None,
            likes=metrics.count("like_count"),
            reposts=metrics.count("repost_count") if reposts is None else reposts,
            replies=metrics.count("reply_count"),
            raw=item.raw(),
        )
        return one(mention)


def _count_answers(posts: list[Any], budget: Budget) -> None:
    """Own posts that answer somebody have cost something, too."""
    for item in (Fields(value) for value in posts if isinstance(value, dict)):
        written = moment(item.get("created_at"))
        if written is not None and _referenced(item, "replied_to"):
            budget.answered(item.text("id"), written, link=bool(item.items("entities.urls")))


def _begin(saved: Any, since: datetime | None, history: datetime) -> datetime:
    """Where reading has to begin: below the gaps that were left, and at the second of the newest post that is known."""
    if since is not None or not isinstance(saved, dict):
        return since or history
    marks = [saved.get("high"), *(gap[2] for gap in saved.get("gaps") or () if isinstance(gap, list) and len(gap) == 3)]
    known = [mark for mark in marks if type(mark) is int]
    return datetime.fromtimestamp(min(known) / 1000, UTC) - OVERLAP if known else history


def _users(data: Fields) -> dict[str, Fields]:
    users = (Fields(value) for value in data.items("includes.users") if isinstance(value, dict))
    return {user.text("id"): user for user in users}


def _name(value: Any) -> str:
    return str(value.get("id")) if isinstance(value, dict) else "?"


def _problem(value: Any) -> str:
    """A part of an answer that X left out."""
    found = Fields(value) if isinstance(value, dict) else Fields({})
    return single_line(
        f"X left out {found.text('value') or 'a part'}: {found.text('detail') or found.text('title')}"[:300]
    )


def _text(item: Fields) -> str:
    """The text, decoded once, with links in full where X says what they are."""
    text, entities = item.text("note_tweet.text") or item.text("note_post.text"), item.items("note_tweet.entities.urls")
    if not text:
        text, entities = item.text("text"), item.items("entities.urls")
    for link in (Fields(value) for value in entities if isinstance(value, dict)):
        short, full = link.text("url"), link.text("expanded_url")
        if short and full.startswith(("http://", "https://")):
            text = text.replace(short, full)
    return unescape(text)


def _words(text: str) -> str:
    """What stays the same of a text that X has posted: not its links, not the names that X puts at its beginning."""
    return comparable(LINK.sub("", re.sub(r"^\s*(?:@\w+\s+)+", "", text)))


def _referenced(item: Fields, kind: str) -> str | None:
    for value in item.items("referenced_tweets") + item.items("referenced_posts"):
        found = Fields(value) if isinstance(value, dict) else Fields({})
        if found.text("type") == kind:
            return found.note("id")
    return None


def _names(item: Fields, me: Fields) -> bool:
    named = (value.get("username") for value in item.items("entities.mentions") if isinstance(value, dict))
    return any(isinstance(name, str) and fold(name) == fold(me.text("username")) for name in named)


def judge(answer: Answer) -> PlatformError | None:
    """X's refusals: problem JSON {title, detail, type, status}."""
    said = single_line(f"X answered {answer.status}: {answer.reason()}")
    if answer.status == 401:
        return AuthError(
            said, hint=f"the keys are wrong, taken back, or the clock is off by minutes. {HOW}", status=401
        )
    if answer.status == 402 or "CreditsDepleted" in answer.text()[:4000]:
        return PlatformError(said, hint="the credits are used up: buy more at console.x.com", status=402)
    if answer.status == 403 and "duplicate" in said.lower():
        return NotProcessed(said, hint="the same words were posted lately; look at the account's posts", status=403)
    if answer.status == 403 and answer.url.endswith("/tweets"):
        return NotProcessed(said, hint=SUMMONED, status=403)
    return (
        AuthError(said, hint=f"the app lacks access or the token is read only. {HOW}", status=403)
        if answer.status == 403
        else None
    )
