"""YouTube: comments on a channel's own videos and on chosen others, videos about the brand; answers below a comment.

Ids are YouTube's; a reply's is `parent.child`, and replies are one level deep. Threads are listed by their first
comment's time, so those of the last week are looked at again for new replies.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.base import Look, Platform, Setup
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, one, pages, sheet, sheet_of_several
from carecli.text import fold

if TYPE_CHECKING:
    from carecli.platforms.web.answers import Answer
    from carecli.platforms.web.api import Api

BASE_URL = "https://www.googleapis.com/youtube/v3"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
LIMIT = 10_000
LOOK_BACK_DAYS = 7
SKEW = timedelta(days=1)
MOST_REPLY_PAGES = 10
# A new comment is not shown at once: so long, that it is not there does not mean that it was not sent.
SHOWN_AFTER = timedelta(minutes=5)
HOW = f"the credential needs the scope {SCOPE} and a channel of its own (docs/platforms.md says how to get it)"
HINTS = {
    "": HOW,
    "accessNotConfigured": "enable the YouTube Data API v3 in your Google Cloud project",
    "keyInvalid": "make an API key in your Google Cloud project: APIs and services, Credentials",
    "API_KEY_INVALID": "make an API key in your Google Cloud project: APIs and services, Credentials",
    "commentsDisabled": "comments are switched off there",
}


class YouTube:
    """Fetcher, Poster, Rereader and Checker of one channel."""

    at_once = 50

    def __init__(self, api: Api, setup: Setup, key: str | None) -> None:
        self._api = api
        self._key = {"key": key} if key else {}
        self._channel = setup.text("channel").strip()
        self._videos = setup.texts("videos")
        self._queries = setup.searches("words")
        self._size = setup.whole("page_size", 100, 1, 100)
        self._look_back = timedelta(days=setup.whole("look_back_days", LOOK_BACK_DAYS, 0, 365))
        self._own = {fold(name.lstrip("@")) for name in (*setup.handles, setup.text("handle")) if name.strip("@ ")}
        self._can_send = key is None
        if not (self._channel or self._videos or self._queries):
            raise ConfigError(
                f"the source '{setup.source}' has nothing to read", hint="set channel (UC…), videos or search"
            )

    async def check(self) -> str:
        """The channel's name, and whether it can be answered for. Raises PlatformError."""
        found = "videos and searches only"
        if not self._channel:
            # One unit; a search would take one of a hundred a day.
            await self._get("videos", part="id", chart="mostPopular", maxResults=1)
        else:
            data = await self._get("channels", part="snippet", id=self._channel)
            if not (items := data.items("items")):
                raise ConfigError(f"YouTube has no channel {self._channel}", hint="its id begins with UC")
            found = f"channel {Fields(items[0]).text('snippet.title')}"
        if not self._can_send:
            return f"{found}; read only (an API key cannot answer)"
        mine = [
            Fields(item).text("id") for item in (await self._get("channels", part="id", mine="true")).items("items")
        ]
        if self._channel and self._channel not in mine:
            raise AuthError("the refresh token belongs to another channel", hint=HOW)
        return f"{found}; can be answered"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """The channel's comments, those on chosen videos, and videos that a search finds."""
        listings = [self._threads("videos:" + video, {"videoId": video}) for video in self._videos]
        if self._channel:
            where = {"allThreadsRelatedToChannelId": self._channel}
            listings.insert(0, self._threads("comments", where, directed=True))
        listings += [self._search(query) for query in self._queries]
        async for page in pages(listings, cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these comments and videos are now: those that YouTube does not list by their ids are gone."""
        found, asked = list[Mention](), [mention.external_id for mention in known]
        videos = [name.partition(":")[2] for name in asked if name.startswith("video:")]
        comments = [name for name in asked if not name.startswith("video:")]
        for item in await self._by_ids("comments", comments, textFormat="plainText"):
            found.append(self._mention(item, "", None))
        for item in await self._by_ids("videos", videos):
            found += self._video(item, item.id("id")).mentions
        there = {mention.external_id for mention in found}
        return Look(tuple(found), tuple(name for name in asked if name not in there))

    async def _by_ids(self, path: str, ids: Sequence[str], **params: str) -> list[Fields]:
        if not ids:
            return []
        data = await self._get(path, part="snippet", id=",".join(ids), **params)
        if not isinstance(data.get("items"), list):
            raise BadAnswer(f"YouTube did not answer with a list of {path}")
        return [Fields(item) for item in data.items("items")]

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - YouTube takes no key
        """Answer below the thread's first comment; whoever answered there is named with an @."""
        top, text = self._addressed(reply)
        body = {"snippet": {"parentId": top, "textOriginal": text}}
        answer = await self._api.send("POST", "comments?part=snippet", json=body)
        return _receipt(Fields(answer.json()), reply)

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The channel's own comment in the same thread with the same words, not older than the reply."""
        top, text = self._addressed(reply)
        since, wanted = (reply.created_at or reply.to.created_at) - SKEW, comparable(text)
        for item in await self._replies(top):
            ours = item.text("snippet.authorChannelId.value") == self._channel
            if ours and item.time("snippet.publishedAt") >= since and comparable(_text(item)) == wanted:
                return _receipt(item, reply)
        if reply.created_at is not None and datetime.now(UTC) - reply.created_at < SHOWN_AFTER:
            raise PlatformError("YouTube may not show the answer yet", hint="try again in some minutes")
        return None

    def _addressed(self, reply: Reply) -> tuple[str, str]:
        """The id of the thread's first comment, and the text with its address. Raises NotProcessed."""
        if reply.private:
            raise NotProcessed("YouTube has no private messages", hint="answer in public, without personal data")
        if not self._can_send or not self._channel:
            raise NotProcessed("an API key cannot answer", hint=HOW)
        top, _, below = reply.to.external_id.partition(".")
        address = f"@{reply.to.author.handle.lstrip('@')}"
        text = reply.text if not below or fold(address) in fold(reply.text) else f"{address} {reply.text}"
        if len(text) > LIMIT:
            raise NotProcessed(f"the reply has {len(text)} characters; {LIMIT} are allowed")
        return top, text

    def _threads(self, name: str, where: dict[str, str], *, directed: bool | None = None) -> Listing:
        async def read(at: str | None) -> Sheet:
            more = {"pageToken": at} if at else {}
            data = await self._get(
                "commentThreads",
                part="snippet,replies",
                order="time",
                textFormat="plainText",
                maxResults=self._size,
                **where,
                **more,
            )
            threads, following = data.items("items"), data.note("nextPageToken")
            return sheet_of_several(threads, lambda item: self._of_thread(item, directed), f"{name}, item", following)

        async def complete(entries: Sequence[Entry]) -> tuple[list[Mention], list[str]]:
            found, problems = list[Mention](), list[str]()
            for thread in (entry.item for entry in entries if entry.item is not None):
                video = thread.text("snippet.videoId")
                for item in await self._replies(thread.id("id")):
                    try:
                        found.append(self._mention(item, video, directed))
                    except ValueError as error:
                        problems.append(f"{name}, a reply: {error}")
            return found, problems

        return Listing(name, read, complete, overlap=self._look_back)

    def _of_thread(self, thread: Fields, directed: bool | None) -> list[Entry]:
        """The first comment, the replies that came with it, and whether there are more of these."""
        top, video = Fields(thread.get("snippet.topLevelComment")), thread.text("snippet.videoId")
        mentions = [self._mention(top, video, directed)]
        replies = thread.items("replies.comments")
        mentions += [self._mention(Fields(reply), video, directed) for reply in replies]
        # All have the moment of the thread: that is what the listing is ordered by.
        at, count = mentions[0].created_at, thread.count("snippet.totalReplyCount") or 0
        entries = [one(mention, at) for mention in mentions]
        if count > len(replies):
            entries.append(Entry(f"{thread.id('id')}\0{count} replies", milliseconds(at), item=thread))
        return entries

    async def _replies(self, top: str) -> list[Fields]:
        found, at = list[Fields](), ""
        for _ in range(MOST_REPLY_PAGES):
            more = {"pageToken": at} if at else {}
            data = await self._get(
                "comments", part="snippet", parentId=top, maxResults=100, textFormat="plainText", **more
            )
            found += [Fields(item) for item in data.items("items") if isinstance(item, dict)]
            at = data.text("nextPageToken")
            if not at:
                return found
        raise PlatformError(f"the thread {top} has more replies than can be looked through")

    def _search(self, query: str) -> Listing:
        async def read(at: str | None) -> Sheet:
            more = {"pageToken": at} if at else {}
            data = await self._get(
                "search", part="snippet", type="video", q=query, order="date", maxResults=min(self._size, 50), **more
            )
            return sheet(data.items("items"), found, f"search {query}", data.note("nextPageToken"))

        def found(item: Fields) -> Entry:
            return self._video(item, item.id("id.videoId"))

        return Listing(f"search:{query}", read, own_limit=True)

    async def _get(self, path: str, **params: str | int) -> Fields:
        return Fields(await self._api.json(path, {**params, **self._key}))

    def _mention(self, item: Fields, video: str, directed: bool | None) -> Mention:
        external_id, written = item.id("id"), item.time("snippet.publishedAt")
        top, _, below = external_id.partition(".")
        handle = item.text("snippet.authorDisplayName").lstrip("@")
        author = item.note("snippet.authorChannelId.value")
        inbound = author != self._channel and fold(handle) not in self._own
        return Mention(
            platform="youtube",
            external_id=external_id,
            text=_text(item),
            created_at=written,
            author=Author(handle or author or "unknown", id=author, url=item.note("snippet.authorChannelUrl")),
            url=f"https://www.youtube.com/watch?v={video}&lc={external_id}",
            in_reply_to=top if below else None,
            thread_root=top if below else None,
            inbound=inbound,
            directed=directed if inbound else None,
            edited_at=item.edited("snippet.updatedAt", written),
            likes=item.count("snippet.likeCount"),
            raw=item.raw(),
        )

    def _video(self, item: Fields, video: str) -> Entry:
        channel = item.text("snippet.channelId")
        name = item.text("snippet.channelTitle")
        inbound = channel != self._channel
        parts = (item.text("snippet.title"), item.text("snippet.description"))
        return one(
            Mention(
                platform="youtube",
                external_id=f"video:{video}",
                text="\n\n".join(part for part in parts if part),
                created_at=item.time("snippet.publishedAt"),
                author=Author(name or channel, name or None, channel, url=f"https://www.youtube.com/channel/{channel}"),
                url=f"https://www.youtube.com/watch?v={video}",
                inbound=inbound,
                directed=False if inbound else None,
                raw=item.raw(),
            )
        )


def _text(item: Fields) -> str:
    return item.text("snippet.textOriginal") or item.text("snippet.textDisplay")


def _receipt(item: Fields, reply: Reply) -> Receipt:
    external_id = item.id("id")
    url = (reply.to.url or "").partition("&lc=")[0]
    written = moment(item.get("snippet.publishedAt"))
    return Receipt(external_id, f"{url}&lc={external_id}" if url else None, written)


def judge(answer: Answer) -> PlatformError | None:
    """Google's errors, in YouTube's terms."""
    from carecli.platforms.web import google

    return google.judge(answer, HINTS)


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[YouTube]:
    from carecli.platforms.web import google
    from carecli.platforms.web.api import open_api

    refresh, key = setup.secret("TOKEN"), setup.secret("KEY")
    if not refresh and not key:
        raise AuthError(
            f"the source '{setup.source}' has neither a TOKEN nor a KEY",
            hint=f"a KEY (API key) can read; to answer, {HOW}; `care login {setup.source}`",
        )
    secret, tokens = setup.secret("SECRET") or "", None
    if refresh:
        address, client_id = (
            setup.text("token_url", google.TOKEN_URL),
            setup.needs("client_id", "the OAuth client's id"),
        )
        hint = (
            f"make a new refresh token for the scope {SCOPE} (those of an app in testing end after 7 days): "
            f"`care login {setup.source} --browser`"
        )
        tokens = google.refreshing(address, client_id, secret, refresh, hint)
    async with open_api(setup, BASE_URL, judge, token=tokens, hidden=(refresh, secret, key)) as api:
        yield YouTube(api, setup, None if refresh else key)


async def _sign_in(setup: Setup, say: Callable[[str], None]) -> Mapping[str, str]:
    from carecli.platforms.web import google, oauth

    client_id = setup.needs("client_id", "the id of your OAuth client")
    token_url = setup.text("token_url", google.TOKEN_URL)
    more = {"access_type": "offline", "prompt": "consent"}
    app = oauth.App(google.AUTHORISE_URL, token_url, client_id, setup.secret("SECRET") or "", SCOPE, more)
    return {"TOKEN": await oauth.refresh_token(app, say)}


YOUTUBE = Platform(
    name="youtube",
    title="YouTube comments",
    open=_open,
    settings={
        "channel": "the channel's id, UC…",
        "videos": "ids of other people's videos whose comments are read",
        "search": "searches for videos about the brand; 100 a day in all",
        "client_id": "the id of your OAuth client, where a TOKEN is used",
        "look_back_days": f"how old a thread may be and still be looked at for new replies (default {LOOK_BACK_DAYS})",
        "page_size": "threads per request, 1 to 100 (default 100)",
        "base_url": f"the API's address (default {BASE_URL})",
        "token_url": "where access tokens come from (default: Google's)",
    },
    secrets={
        "TOKEN": "to read and to answer: comes by `care login NAME --browser`, once the SECRET is there",
        "SECRET": "the secret of your OAuth client, with a TOKEN",
        "KEY": "an API key instead, to read only",
    },
    answers=True,
    limit=LIMIT,
    sign_in=_sign_in,
    access="Free. Needs a Google Cloud project of your own with the YouTube Data API: about 15 minutes. "
    "10,000 units a day: a page of comments costs 1, an answer 50.",
)
