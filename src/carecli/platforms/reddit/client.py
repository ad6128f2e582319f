"""Reddit's API as one approved account: its inbox, what it wrote, communities and searches; comments as answers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.base import Look, Setup
from carecli.platforms.reddit import HOW, LIMIT, PAGE_SIZE
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.api import Api, an_object
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, one, pages, sheet
from carecli.text import fold

WEB = "https://www.reddit.com"
GONE = {"[deleted]", "[removed]"}
# So long a pause is waited for here, in seconds; a longer one ends the fetch.
LONGEST_WAIT = 30
SKEW = timedelta(days=1)
MOST_PAGES = 10
# A place is the last names of a page: the last one may be deleted meanwhile, and then nothing follows it.
HOLD_ON_TO = 3
SCOPES = (
    ("/message/", "privatemessages"),
    ("/api/comment", "submit"),
    ("/user/", "history"),
    ("/api/v1/me", "identity"),
    ("/", "read"),
)
UNITS = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600}


class Reddit:
    """Fetcher, Poster, Rereader and Checker of one account, named `name` or whoever the key belongs to."""

    at_once = 100

    def __init__(self, api: Api, setup: Setup, name: str) -> None:
        self._api = api
        self._name = name
        self._subreddits = [place.removeprefix("/").removeprefix("r/") for place in setup.texts("subreddits")]
        self._queries = setup.searches("reddit")
        self._size = setup.whole("page_size", PAGE_SIZE, 1, PAGE_SIZE)
        self._own = {fold(handle.lstrip("@").removeprefix("u/")) for handle in setup.handles if handle.strip("@ ")}
        self._ready = 0.0

    async def check(self) -> str:
        """Who is signed in, after the inbox was asked for. Raises PlatformError."""
        name = await self._me()
        await self._things("/message/mentions", {}, None)
        return f"signed in as u/{name}; the inbox can be read"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Mentions and replies, what the account wrote, communities, searches."""
        user = f"/user/{quote(await self._me(), safe='')}"
        listings = [
            self._listing("mentions", "/message/mentions", directed=True),
            self._listing("replies", "/message/comments/", directed=True),
            self._listing("below", "/message/selfreply/", directed=True),
            self._listing("own", f"{user}/comments", directed=None),
            self._listing("posts", f"{user}/submitted", directed=None),
        ]
        for place in self._subreddits:
            listings.append(self._listing(f"new:{place}", f"/r/{quote(place, safe='')}/new", directed=None))
            listings.append(self._listing(f"comments:{place}", f"/r/{quote(place, safe='')}/comments", directed=None))
        for query in self._queries:
            params = {"q": query, "t": "all", "type": "link"}
            listings.append(self._listing(f"search:{query}", "/search", params, directed=False))
        async for page in pages(listings, cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts and comments are now. What Reddit leaves out may stand where we may not read."""
        data = await self._listed("/api/info", {"id": ",".join(mention.external_id for mention in known)})
        things = [Fields(Fields(child).get("data")) for child in data.items("children")]
        found = tuple(self._mention(thing, None) for thing in things if not _is_gone(thing))
        return Look(found, tuple(thing.id("name") for thing in things if _is_gone(thing)))

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Reddit takes no key
        """Comment below the post or comment."""
        if reply.private:
            raise NotProcessed("care does not begin private messages on Reddit", hint="write one on the site")
        if len(reply.text) > LIMIT:
            raise NotProcessed(f"the reply has {len(reply.text)} characters; {LIMIT} are allowed")
        form = {"thing_id": reply.to.external_id, "text": reply.text, "api_type": "json", "raw_json": "1"}
        answer = await self._api.send("POST", "/api/comment", form=form)
        things = Fields(answer.json()).items("json.data.things")
        try:
            return _receipt(Fields(Fields(things[0]).get("data")))
        except (ValueError, IndexError) as error:
            raise BadAnswer(f"{answer.where} did not answer with the comment") from error

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The account's own comment below the same thing with the same words, not older than the reply."""
        since, wanted = (reply.created_at or reply.to.created_at) - SKEW, comparable(reply.text)
        path, at = f"/user/{quote(await self._me(), safe='')}/comments", None
        for _ in range(MOST_PAGES):
            found, at = await self._things(path, {}, at)
            comments = [Fields(thing) for thing in found]
            for item in comments:
                same = item.text("parent_id") == reply.to.external_id and comparable(item.text("body")) == wanted
                if same and item.time("created_utc") >= since:
                    return _receipt(item)
            if at is None or (comments and comments[-1].time("created_utc") < since):
                return None
        raise PlatformError("the account has written more since then than can be looked through")

    async def _me(self) -> str:
        data = Fields(await self._api.json("/api/v1/me", {"raw_json": 1}))
        name = data.id("name") if data.text("name") else ""
        if not name:
            raise AuthError("the key belongs to no account", hint=HOW)
        if self._name and fold(self._name) != fold(name):
            raise ConfigError(f"the key belongs to u/{name}, not to u/{self._name}")
        self._own.add(fold(name))
        return name

    def _listing(self, name: str, path: str, params: dict[str, str] | None = None, *, directed: bool | None) -> Listing:
        async def read(at: str | None) -> Sheet:
            things, following = await self._things(path, params or {}, at)
            return sheet(things, entry, name, following)

        def entry(item: Fields) -> Entry | None:
            mention = self._mention(item, directed)
            if _is_gone(item):
                name = mention.external_id
                return Entry(f"{name}\0gone", milliseconds(mention.created_at), deleted=(name,))
            return one(mention) if mention.text else None

        return Listing(name, read)

    async def _things(self, path: str, params: dict[str, str], at: str | None) -> tuple[list[object], str | None]:
        """A page after the place `at`, and the next place."""
        for name in reversed(at.split(",")) if at else [""]:
            data = await self._listed(path, {**params, **({"after": name} if name else {})})
            things = [Fields(child).get("data") for child in data.items("children") if isinstance(child, dict)]
            if things:
                break
        names = [Fields(thing).text("name") for thing in things if isinstance(thing, dict)]
        following = ",".join(name for name in names[-HOLD_ON_TO:] if name)
        return things, following if data.text("after") and following else None

    async def _listed(self, path: str, params: dict[str, str]) -> Fields:
        wait = self._ready - time.monotonic()
        if wait > LONGEST_WAIT:
            raise RateLimited(f"Reddit's requests are used up for {wait:.0f} s", status=429, retry_after=wait)
        await asyncio.sleep(max(wait, 0))
        answer = await self._api.get(path, {**params, "limit": self._size, "sort": "new", "raw_json": 1})
        if _number(answer, "x-ratelimit-remaining", 1) < 1:
            self._ready = time.monotonic() + _number(answer, "x-ratelimit-reset", 0)
        data = Fields(an_object(answer)).get("data")
        if not isinstance(data, dict) or not isinstance(data.get("children"), list):
            raise BadAnswer(f"{answer.where} did not answer with a listing")
        return Fields(data)

    def _mention(self, item: Fields, directed: bool | None) -> Mention:
        external_id, author, written = item.id("name"), item.text("author"), item.time("created_utc")
        comment = external_id.startswith("t1_")
        place = item.text("permalink") or item.text("context").partition("?")[0]
        inbound = fold(author) not in self._own
        parts = [item.text("body")] if comment else [item.text("title"), item.text("selftext")]
        return Mention(
            platform="reddit",
            external_id=external_id,
            text="\n\n".join(part for part in parts if part),
            created_at=written,
            author=Author(author or "[deleted]", id=item.note("author_fullname"), url=f"{WEB}/user/{author}"),
            url=f"{WEB}{place}" if place.startswith("/") else None,
            in_reply_to=item.note("parent_id") if comment else None,
            thread_root=(item.note("link_id") or _root_of(place)) if comment else None,
            inbound=inbound,
            directed=directed if inbound else None,
            automatic=item.get("distinguished") == "admin" or fold(author) == "automoderator",
            edited_at=item.edited("edited", written),
            likes=item.count("score"),
            replies=item.count("num_comments"),
            raw=item.raw(),
        )


def _is_gone(item: Fields) -> bool:
    """Whether its author or a moderator took it away, or its author has left: a post keeps its title then."""
    return bool(GONE & {item.text("author"), item.text("body"), item.text("selftext")})


def _root_of(place: str) -> str | None:
    """The post that the address of a comment names."""
    match = re.match(r"/r/[^/]+/comments/([a-z0-9]{1,20})/", place)
    return f"t3_{match[1]}" if match else None


def _receipt(item: Fields) -> Receipt:
    place = item.text("permalink")
    return Receipt(item.id("name"), f"{WEB}{place}" if place else None, moment(item.get("created_utc")))


def _number(answer: Answer, header: str, default: float) -> float:
    try:
        return float(answer.headers.get(header, default))
    except ValueError:
        return default


def judge(answer: Answer) -> PlatformError | None:
    """What Reddit means: errors inside a 200, a 403 that is HTML, and which scope another one lacks."""
    path = answer.url.partition("://")[2].partition("?")[0]
    path = path[path.find("/") :] if "/" in path else "/"
    if answer.status == 200:
        return _error_inside(answer) if path.endswith("/api/comment") else None
    if answer.status == 403 and "json" not in answer.headers.get("content-type", ""):
        hint = "Reddit blocks many hosting providers; try from another network"
        return PlatformError(f"{answer.where} answered with a page: Reddit blocks this network", hint=hint, status=403)
    if answer.status in {401, 403}:
        scope = next(scope for prefix, scope in SCOPES if path.startswith(prefix))
        hint = f"the key needs the scope {scope}; a private community also needs the account as a member. {HOW}"
        return AuthError(f"{answer.where} answered {answer.status}: {_said(answer)}", hint=hint, status=answer.status)
    return None


def _said(answer: Answer) -> str:
    try:
        data = Fields(answer.json())
    except (PlatformError, ValueError):
        return answer.reason()
    return " ".join(part for part in (answer.reason(), data.text("reason")) if part)


def _error_inside(answer: Answer) -> PlatformError | None:
    """`{"json": {"errors": [[name, words, field]]}}`: the comment was not made."""
    try:
        errors = Fields(answer.json()).items("json.errors")
    except (PlatformError, ValueError):
        return None
    if not errors:
        return None
    parts = [str(part) for part in errors[0][:2]] if isinstance(errors[0], list) else [str(errors[0])]
    said = f"Reddit refuses the comment: {': '.join(parts)}"[:300]
    if parts[0] == "RATELIMIT":
        return RateLimited(said, hint="new accounts may write seldom", status=429, retry_after=_wait_in(parts[-1]))
    if parts[0] == "USER_REQUIRED":
        return AuthError(said, hint=HOW, status=401)
    return NotProcessed(said, status=200)


def _wait_in(words: str) -> float | None:
    match = re.search(r"([0-9]{1,5}) (millisecond|second|minute|hour)", words)
    # "9 minutes" may be nearly 10.
    return (int(match[1]) + 1) * UNITS[match[2]] if match else None
