"""Discourse forums: what notifies an account, its own posts, searches, or a whole forum; answers in the topic.

A post's id here is `topic/number`, 77/3: that is how posts name what they answer, so that no request is needed to
know it. What stands in a private message is direct, what in a category for some only is internal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply, Visibility
from carecli.platforms.base import Look, Platform, Setup, server_of
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.gone import MISSING, says_gone
from carecli.platforms.web.listings import Complete, Entry, Listing, Sheet, one, pages, sheet
from carecli.platforms.web.markup import to_text
from carecli.text import fold

if TYPE_CHECKING:
    from carecli.platforms.web.api import Api

LIMIT = 32_000
# Kinds of notifications by Discourse's numbers: mentioned, replied, quoted, private message, posted, group mentioned.
WANTED = {1, 2, 3, 6, 9, 15}
PAGE_SIZE = 60
# Offsets shift when what is above them is deleted: so many items are asked for again.
STEP_BACK = 5
BATCH = 50
MOST_POSTS = 500
SKEW = timedelta(days=1)
HOW = (
    "ask an administrator for an API key of your account (Admin, API, New key), or make a user API key with the scopes "
    "read, write, notifications"
)


class Discourse:
    """Fetcher, Poster, Rereader and Checker of one account on one forum."""

    at_once = 1

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._base = str(api.client.base_url).rstrip("/")
        self._host = server_of(setup)
        self._handle = setup.needs("handle", "the account's name on the forum").lstrip("@")
        self._own = {fold(name.lstrip("@")) for name in (*setup.handles, self._handle) if name.strip("@ ")}
        self._queries = setup.searches("words", phrases=True)
        self._forum = setup.flag("forum")
        self._size = setup.whole("page_size", PAGE_SIZE, STEP_BACK + 1, PAGE_SIZE)
        self._open_categories: set[int] | None = None

    async def check(self) -> str:
        """Whether the account's notifications can be read. Raises PlatformError."""
        data = Fields(await self._api.json("notifications.json", {"limit": 1, "silent": "true"}))
        if not isinstance(data.get("notifications"), list):
            raise BadAnswer(f"{self._host} did not answer with notifications")
        return f"{self._handle} at {self._host}; notifications can be read"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Notifications, own posts, searches, and the whole forum where that is set."""
        listings = [
            Listing("notifications", self._notifications, self._completing(directed=True)),
            Listing("own", self._own_posts, self._completing(directed=None)),
        ]
        if self._forum:
            listings.append(Listing("forum", self._latest))
        listings += [self._search(query) for query in self._queries]
        async for page in pages(listings, cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts are now. Moderators see deleted ones, others get a 404."""
        found, gone = list[Mention](), list[str]()
        for mention in known:
            address = f"posts/by_number/{mention.external_id}.json"
            answer = await self._api.get(address, ok=frozenset({200, 403, *MISSING}))
            if answer.status == 200 and not _is_gone(post := Fields(answer.json())):
                found.append(self._mention(post, mention.visibility, directed=None))
            elif answer.status == 200 or says_gone(answer, mention.visibility):
                gone.append(mention.external_id)
        return Look(tuple(found), tuple(gone))

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Discourse takes no key
        """Answer the post in its topic."""
        topic, number = self._answerable(reply)
        body: JSON = {"topic_id": int(topic), "raw": reply.text, "reply_to_post_number": int(number)}
        made = Fields((await self._api.send("POST", "posts.json", json=body)).json())
        if made.text("action") == "enqueued":
            return Receipt(f"{topic}/pending-{made.text('pending_post.id')}", reply.to.url, None, self._host)
        return self._receipt(made)

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The account's own post with the same words that answers the same post, or waits for approval to."""
        topic, number = self._answerable(reply)
        since, wanted = (reply.created_at or reply.to.created_at) - SKEW, comparable(reply.text)
        _, posts = await self._posts(topic, None)
        for post in posts:
            answers = post.text("reply_to_post_number") or "1"
            ours = fold(post.text("username")) == fold(self._handle) and answers == number
            if ours and post.time("created_at") >= since and comparable(_text(post)) == wanted:
                return self._receipt(post)
        answer = await self._api.get(f"posts/{quote(self._handle)}/pending.json", ok=frozenset({200, 404}))
        for item in Fields(answer.json()).items("pending_posts") if answer.status == 200 else ():
            waits = Fields(item)
            words = waits.text("raw") or waits.text("raw_text")
            if waits.text("topic_id") == topic and comparable(words) == wanted:
                return Receipt(f"{topic}/pending-{waits.text('id')}", reply.to.url, None, self._host)
        return None

    def _answerable(self, reply: Reply) -> tuple[str, str]:
        topic, _, number = reply.to.external_id.partition("/")
        if not (topic.isdigit() and number.isdigit()):
            raise NotProcessed("this is no post of a forum, or it waits for approval")
        if reply.private and reply.to.visibility != "direct":
            raise NotProcessed("care does not begin private messages on Discourse", hint="write one on the forum")
        if len(reply.text) > LIMIT:
            raise NotProcessed(f"the reply has {len(reply.text)} characters; {LIMIT} are allowed")
        return topic, number

    async def _notifications(self, at: str | None) -> Sheet:
        # `silent`: to look must not mark anything as seen.
        params: dict[str, str | int] = {"limit": self._size, "offset": int(at or 0), "silent": "true"}
        data = Fields(await self._api.json("notifications.json", params))

        def entry(item: Fields) -> Entry | None:
            wanted = item.get("notification_type") in WANTED and item.text("topic_id")
            place = (item.text("topic_id"), item.id("data.original_post_id")) if wanted else None
            return Entry(f"n{item.id('id')}", milliseconds(item.time("created_at")), item=place)

        return self._offset(data.items("notifications"), entry, "notifications", at, self._size)

    async def _own_posts(self, at: str | None) -> Sheet:
        # 4 and 5: topics and replies of the account.
        params: dict[str, str | int] = {"username": self._handle, "filter": "4,5", "offset": int(at or 0), "limit": 30}
        data = Fields(await self._api.json("user_actions.json", params))

        def entry(item: Fields) -> Entry:
            place = (item.id("topic_id"), item.id("post_id"))
            return Entry(f"p{place[1]}", milliseconds(item.time("created_at")), item=place)

        return self._offset(data.items("user_actions"), entry, "own posts", at, 30)

    def _offset(
        self, values: list[object], entry: Callable[[Fields], Entry | None], name: str, at: str | None, full: int
    ) -> Sheet:
        following = str(int(at or 0) + len(values) - STEP_BACK) if len(values) >= full else None
        return sheet(values, entry, name, following)

    def _search(self, query: str) -> Listing:
        async def read(at: str | None) -> Sheet:
            number = int(at or 1)
            data = Fields(await self._api.json("search.json", {"q": f"{query} order:latest", "page": number}))
            more = data.get("grouped_search_result.more_full_page_results") is True
            return sheet(data.items("posts"), entry, f"search {query}", str(number + 1) if more else None)

        def entry(item: Fields) -> Entry:
            place = (item.id("topic_id"), item.id("id"))
            return Entry(f"p{place[1]}", milliseconds(item.time("created_at")), item=place)

        return Listing(f"search:{query}", read, self._completing(directed=False))

    async def _latest(self, at: str | None) -> Sheet:
        """The forum's newest posts; `at` is the id of the last that was read."""
        data = Fields(await self._api.json("posts.json", {"before": at} if at else {}))
        values = data.items("latest_posts")
        public = await self._categories()

        def entry(post: Fields) -> Entry:
            if _is_gone(post):
                place = f"{post.id('topic_id')}/{post.id('post_number')}"
                return Entry(f"{place}\0gone", milliseconds(post.time("created_at")), deleted=(place,))
            visible: Visibility = "public" if post.get("category_id") in public else "internal"
            return one(self._mention(post, visible, directed=True))

        last = Fields(values[-1]).text("id") if values and isinstance(values[-1], dict) else ""
        return sheet(values, entry, "posts", last if last.isdigit() and last != at else None)

    def _completing(self, *, directed: bool | None) -> Complete:
        async def complete(entries: Sequence[Entry]) -> tuple[list[Mention], list[str]]:
            wanted = dict[str, list[str]]()
            for topic, post in (entry.item for entry in entries if entry.item is not None):
                wanted.setdefault(topic, []).append(post)
            found, problems = list[Mention](), list[str]()
            for topic, ids in wanted.items():
                await self._of_topic(topic, ids, directed, found, problems)
            return found, problems

        return complete

    async def _of_topic(
        self, topic: str, ids: list[str], directed: bool | None, found: list[Mention], problems: list[str]
    ) -> None:
        try:
            visibility, posts = await self._posts(topic, ids)
        except PlatformError as error:
            if error.status not in {403, 404, 410}:
                raise
            problems.append(f"the topic {topic} is gone or closed to us")
            return
        for post in posts:
            try:
                if not _is_gone(post):
                    found.append(self._mention(post, visibility, directed=directed))
            except ValueError as error:
                problems.append(f"a post of the topic {topic}: {error}")

    async def _posts(self, topic: str, ids: list[str] | None) -> tuple[Visibility, list[Fields]]:
        """Who may see the topic, and its posts `ids`; None: its last ones."""
        about = Fields(await self._api.json(f"t/{quote(topic, safe='')}.json", {"include_raw": "true"}))
        if ids is None:
            ids = [str(number) for number in about.items("post_stream.stream")][-MOST_POSTS:]
        held = {post.text("id"): post for post in _objects(about.items("post_stream.posts"))}
        missing = [number for number in ids if number not in held]
        for start in range(0, len(missing), BATCH):
            params = {"post_ids[]": missing[start : start + BATCH], "include_raw": "true"}
            more = Fields(await self._api.json(f"t/{quote(topic, safe='')}/posts.json", params))
            held |= {post.text("id"): post for post in _objects(more.items("post_stream.posts"))}
        return await self._visibility(about), [held[number] for number in ids if number in held]

    async def _visibility(self, topic: Fields) -> Visibility:
        if topic.text("archetype") == "private_message":
            return "direct"
        return "public" if topic.get("category_id") in await self._categories() else "internal"

    async def _categories(self) -> set[int]:
        """The categories that everybody can read."""
        if self._open_categories is None:
            items = _objects(Fields(await self._api.json("site.json")).items("categories"))
            self._open_categories = {item.get("id") for item in items if item.get("read_restricted") is False}
        return self._open_categories

    def _mention(self, post: Fields, visibility: Visibility, *, directed: bool | None) -> Mention:
        topic, number, handle = post.id("topic_id"), post.id("post_number"), post.id("username")
        written, inbound = post.time("created_at"), fold(handle) not in self._own
        # What nobody did is left out of the summary: 2 are likes.
        likes = [item.count("count") for item in _objects(post.items("actions_summary")) if item.get("id") == 2]
        none = 0 if post.get("actions_summary") is not None else None
        root = f"{topic}/1" if number != "1" else None
        return Mention(
            platform="discourse",
            host=self._host,
            external_id=f"{topic}/{number}",
            text=_text(post),
            created_at=written,
            author=Author(handle, post.note("name"), post.note("user_id"), url=f"{self._base}/u/{quote(handle)}"),
            url=self._url(post),
            in_reply_to=f"{topic}/{post.text('reply_to_post_number')}" if post.text("reply_to_post_number") else root,
            thread_root=root,
            visibility=visibility,
            inbound=inbound,
            directed=directed if inbound else None,
            edited_at=post.edited("updated_at", written) if (post.count("version") or 1) > 1 else None,
            likes=likes[0] if likes else none,
            replies=post.count("reply_count"),
            raw=post.raw(),
        )

    def _url(self, post: Fields) -> str:
        slug = quote(post.text("topic_slug") or "-", safe="")
        return f"{self._base}/t/{slug}/{post.text('topic_id')}/{post.text('post_number')}"

    def _receipt(self, post: Fields) -> Receipt:
        place = f"{post.id('topic_id')}/{post.id('post_number')}"
        written = moment(post.get("created_at"))
        return Receipt(place, self._url(post), written, self._host)


def _is_gone(post: Fields) -> bool:
    """Whether its author or a moderator took a post away: what is shown then are the forum's own words."""
    return post.get("deleted_at") is not None or post.get("user_deleted") is True


def _text(post: Fields) -> str:
    """A post as it was written, in Markdown, or the text of what became of it."""
    return post.text("raw") or to_text(post.text("cooked"))


def _objects(values: Sequence[object]) -> list[Fields]:
    return [Fields(value) for value in values if isinstance(value, dict)]


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Discourse]:
    from carecli.platforms.web.api import open_api

    base = setup.needs("base_url", "the forum's address")
    user_key, admin_key = setup.secret("TOKEN"), setup.secret("KEY")
    if not user_key and not admin_key:
        raise AuthError(
            f"the source '{setup.source}' has neither a KEY nor a TOKEN", hint=f"{HOW}; `care login {setup.source}`"
        )
    name = setup.text("handle").lstrip("@")
    headers = {"User-Api-Key": user_key} if user_key else {"Api-Key": admin_key or "", "Api-Username": name}
    # 403 both for a wrong key and for a missing permission.
    async with open_api(setup, base, headers=headers, refused=HOW) as api:
        yield Discourse(api, setup)


DISCOURSE = Platform(
    name="discourse",
    title="a Discourse forum",
    open=_open,
    host=server_of,
    settings={
        "base_url": "the forum's address, https://forum.example",
        "handle": "the account's name on the forum",
        "search": "words or phrases to search for",
        "forum": "true: read every post; for a forum of your own",
        "page_size": f"notifications per request, up to {PAGE_SIZE}",
    },
    secrets={
        "KEY": "an API key for the account, made by an administrator (Admin, API)",
        "TOKEN": "instead: a user API key with the scopes read, write, notifications",
    },
    answers=True,
    limit=LIMIT,
    access="Free where the forum lets you: an administrator's API key, or a user API key (20 requests a minute).",
)
