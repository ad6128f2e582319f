"""The client of Bluesky: reads three kinds of newest-first listings, and answers under keys of its own.

A listing is the account's own posts, its notifications, or one search. They take turns page by page, so a limit or
a failure in one never starves the others. A reply's record key follows from the outbox key, so a repeated `post`
cannot make a second post, and `find` is one look-up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited, Unreachable
from carecli.model import JSON, Mention, Page, Receipt, Reply
from carecli.platforms import bluesky_reply
from carecli.platforms.answers import Answer, printable
from carecli.platforms.bluesky import LIMIT, measure
from carecli.platforms.bluesky_posts import (
    POST,
    WEB,
    NotificationView,
    PostView,
    Record,
    complaint,
    mention,
    moment,
)
from carecli.platforms.newest_first import Walk
from carecli.platforms.xrpc import Xrpc, error_name, nothing_sent

REASONS = ("mention", "reply", "quote")
BATCH = 25
# After one of these there is no use in asking the same server for the next listing.
FINAL = (AuthError, RateLimited, Unreachable)


class Listing(BaseModel):
    """One page of any listing: its items are checked one by one."""

    feed: list[Any] | None = None
    notifications: list[Any] | None = None
    posts: list[Any] | None = None
    profiles: list[Any] | None = None
    cursor: str | None = None


class Put(BaseModel):
    """What putRecord answers."""

    uri: str
    cid: str


class Stored(BaseModel):
    """What getRecord answers."""

    uri: str
    value: Record


@dataclass
class _Turn:
    """What one page gave: post views that are to become mentions, moments of all items, what was skipped."""

    views: list[JSON] = field(default_factory=list)
    notified: bool = False
    moments: list[int] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    cursor: str | None = None


@dataclass
class _Stream:
    name: str
    walk: Walk
    query: str | None = None


class BlueskyClient:
    """Fetcher, Poster and Checker. Cursor: `{"own": walk, "notifications": walk, "searches": {query: walk}}`."""

    def __init__(
        self,
        xrpc: Xrpc,
        *,
        searches: tuple[str, ...] = (),
        own_handles: frozenset[str] = frozenset(),
        appview: str = "",
        page_size: int = 100,
        overlap: int = 3_600_000,
    ) -> None:
        self.xrpc = xrpc
        self.searches = tuple(dict.fromkeys(searches))
        self.own_handles = own_handles
        self.page_size = page_size
        self.overlap = overlap
        self._proxy = {"atproto-proxy": appview} if appview else {}
        self._followers: dict[str, int | None] = {}

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Pages of all listings in turn. A listing that fails ends alone; its error is raised at the end.

        A post comes once in a run, and again only when a notification adds that it addresses us.
        """
        session = await self.xrpc.session()
        streams = self._streams(cursor, since)
        seen: dict[str, bool] = {}
        failure: PlatformError | None = None
        running = list(streams)
        while running:
            for stream in tuple(running):
                try:
                    turn = await self._turn(stream, session.did)
                    mentions = await self._mentions(turn, session.did)
                except FINAL:
                    raise
                except PlatformError as error:
                    failure = failure or error
                    running.remove(stream)
                    continue
                if stream.walk.here is None:
                    running.remove(stream)
                fresh = [one for one in mentions if since is None or one.created_at >= since]
                yield Page(tuple(_unseen(fresh, seen)), _saved(cursor, streams), tuple(turn.skipped))
        if failure is not None:
            raise failure

    async def check(self) -> str:
        """Who is signed in and where, after one notification was asked for."""
        session = await self.xrpc.session()
        await self._list("app.bsky.notification.listNotifications", {"limit": 1})
        return (
            f"signed in as @{session.handle} ({session.did}) at {session.server}, notifications can be read"
        )

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Put the reply under its own key: a repeat finds it there. Nothing is ever put twice or over something."""
        _refuse(reply)
        with nothing_sent():
            session = await self.xrpc.session()
            if (found := await self.find(key, reply)) is not None:
                return found
            to = await self._answerable(reply.to.external_id)
            dids = await self._dids(reply.text)
        at = reply.created_at or datetime.now(UTC)
        answer = await self.xrpc.procedure(
            "com.atproto.repo.putRecord",
            {
                "repo": session.did,
                "collection": POST,
                "rkey": _record_key(key, reply),
                "swapRecord": None,
                "record": bluesky_reply.record(reply, to=to, at=at, dids=dids),
            },
        )
        if answer.status == 200:
            return self._receipt(_checked(Put, answer).uri, reply, session.handle)
        if error_name(answer) == "InvalidSwap" and (found := await self.find(key, reply)) is not None:
            return found
        raise self.xrpc.refusal(answer)

    async def find(self, key: str, reply: Reply) -> Receipt | None:
        """The receipt of the record under the reply's key, as the account's own server has it."""
        session = await self.xrpc.session()
        answer = await self.xrpc.ask(
            "com.atproto.repo.getRecord",
            {"repo": session.did, "collection": POST, "rkey": _record_key(key, reply)},
        )
        if error_name(answer) == "RecordNotFound":
            return None
        if answer.status != 200:
            raise self.xrpc.refusal(answer)
        stored = _checked(Stored, answer)
        answered = stored.value.reply.parent.uri if stored.value.reply else None
        if answered != reply.to.external_id:
            raise PlatformError(f"another post stands under the key of this reply: {printable(stored.uri)}")
        return self._receipt(stored.uri, reply, session.handle)

    def _streams(self, cursor: JSON, since: datetime | None) -> list[_Stream]:
        floor = _milliseconds(since) if since else None

        def walk(saved: object) -> Walk:
            return Walk(saved if isinstance(saved, dict) else {}, since=floor, overlap=self.overlap)

        searches = _searches(cursor)
        return [
            _Stream("notifications", walk(cursor.get("notifications"))),
            *(_Stream("search", walk(searches.get(query)), query) for query in self.searches),
            _Stream("own", walk(cursor.get("own"))),
        ]

    async def _turn(self, stream: _Stream, did: str) -> _Turn:
        """Read the page where `stream` stands, and move its walk on."""
        here = stream.walk.here
        at = here.at if here else None
        try:
            turn = await self._read(stream, did, at)
        except PlatformError as error:
            if error.status != 400 or isinstance(error, FINAL) or not stream.walk.restart():
                raise
            turn = await self._read(stream, did, None)
        stream.walk.turn(turn.moments, turn.cursor, now=_milliseconds(datetime.now(UTC)))
        return turn

    async def _read(self, stream: _Stream, did: str, at: str | None) -> _Turn:
        page: dict[str, Any] = {"limit": self.page_size} | ({"cursor": at} if at else {})
        if stream.name == "own":
            page |= {"actor": did, "filter": "posts_with_replies"}
            listing = await self._list("app.bsky.feed.getAuthorFeed", page)
            # What has a reason is somebody's repost, not a post of ours.
            items = [item for item in _must(listing.feed, "feed") if not _of(item, "reason")]
            return _turn([_of(item, "post") for item in items], listing.cursor, "own posts")
        if stream.name == "search":
            page |= {"q": stream.query, "sort": "latest"}
            listing = await self._list("app.bsky.feed.searchPosts", page)
            return _turn(
                _must(listing.posts, "posts"), listing.cursor, f"search {printable(stream.query or '', 40)}"
            )
        listing = await self._list("app.bsky.notification.listNotifications", page | {"reasons": REASONS})
        return await self._notified(_must(listing.notifications, "notifications"), listing.cursor)

    async def _notified(self, items: list[Any], cursor: str | None) -> _Turn:
        """The posts behind notifications: as the AppView shows them, else as the notification itself has them."""
        turn = _Turn(notified=True, cursor=cursor)
        wanted: dict[str, JSON] = {}
        for number, item in enumerate(items):
            try:
                notification = NotificationView.model_validate(item)
            except ValidationError as error:
                turn.skipped.append(f"notification {number + 1}: {complaint(error)}")
                continue
            if (at := moment(notification.indexedAt)) is not None:
                turn.moments.append(_milliseconds(at))
            if notification.reason in REASONS:
                wanted[notification.uri] = item
        views = await self._views(wanted)
        turn.views = [views.get(uri, item) for uri, item in wanted.items()]
        return turn

    async def _mentions(self, turn: _Turn, did: str) -> list[Mention]:
        made = []
        for view in turn.views:
            try:
                one = mention(view, own_did=did, own_handles=self.own_handles, notified=turn.notified)
            except ValidationError as error:
                turn.skipped.append(
                    f"{printable(str(_of(view, 'uri') or 'a post'), 120)}: {complaint(error)}"
                )
            else:
                made.append(one)
        await self._count_followers(one.author.id for one in made if one.author.id)
        return [
            replace(one, author=replace(one.author, followers=self._followers.get(one.author.id or "")))
            for one in made
        ]

    async def _count_followers(self, dids: Iterable[str]) -> None:
        unknown = [did for did in dict.fromkeys(dids) if did not in self._followers]
        for batch in _batches(unknown):
            listing = await self._list("app.bsky.actor.getProfiles", {"actors": batch})
            counts = {
                _of(profile, "did"): _of(profile, "followersCount")
                for profile in _must(listing.profiles, "profiles")
            }
            for did in batch:
                count = counts.get(did)
                self._followers[did] = count if type(count) is int else None

    async def _views(self, uris: Iterable[str]) -> dict[str, JSON]:
        views: dict[str, JSON] = {}
        for batch in _batches(list(uris)):
            listing = await self._list("app.bsky.feed.getPosts", {"uris": batch})
            views |= {str(_of(view, "uri")): view for view in _must(listing.posts, "posts")}
        return views

    async def _list(self, nsid: str, params: dict[str, Any]) -> Listing:
        data = await self.xrpc.query(nsid, params, headers=self._proxy)
        try:
            return Listing.model_validate(data)
        except ValidationError as error:
            raise BadAnswer(f"{nsid} is not a listing: {complaint(error)}") from error

    async def _answerable(self, uri: str) -> PostView:
        """The post `uri` as it stands now. Raises NotProcessed when it cannot be answered."""
        view = (await self._views([uri])).get(uri)
        if view is None:
            raise NotProcessed(f"the post {printable(uri)} is gone or not shown to us", status=404)
        try:
            to = PostView.model_validate(view)
        except ValidationError as error:
            raise NotProcessed(f"the post {printable(uri)} cannot be read: {complaint(error)}") from error
        if to.viewer.get("replyDisabled"):
            raise NotProcessed("the author does not allow us to reply in this thread")
        return to

    async def _dids(self, text: str) -> dict[str, str]:
        """The accounts behind the handles in `text`; a handle that is nobody's stays plain text."""
        found = {}
        for handle in bluesky_reply.handles_in(text):
            answer = await self.xrpc.ask("com.atproto.identity.resolveHandle", {"handle": handle})
            did = _of(answer.json(), "did") if answer.status == 200 else None
            if isinstance(did, str) and did.startswith("did:"):
                found[handle] = did
        return found

    def _receipt(self, uri: str, reply: Reply, handle: str) -> Receipt:
        return Receipt(uri, f"{WEB}/{handle}/post/{uri.rpartition('/')[2]}", reply.created_at)


def _refuse(reply: Reply) -> None:
    if reply.private:
        raise NotProcessed(
            "private replies on Bluesky are not sent by carecli",
            hint="answer in the app's chat, then note it with `care note`",
        )
    if (length := measure(reply.text)) > LIMIT:
        raise NotProcessed(
            f"the reply has {length} graphemes or tenths of 3,000 bytes, {LIMIT} fit", status=400
        )


def _record_key(key: str, reply: Reply) -> str:
    """The reply's key; without a moment of its own, the moment of what it answers keeps it the same for ever."""
    return bluesky_reply.record_key(key, reply.created_at or reply.to.created_at)


def _turn(views: list[Any], cursor: str | None, name: str) -> _Turn:
    turn = _Turn(cursor=cursor)
    for number, view in enumerate(views):
        if not isinstance(view, dict):
            turn.skipped.append(f"{name}: item {number + 1} is not an object")
            continue
        turn.views.append(view)
        record = _of(view, "record")
        known = [
            moment(at) for at in (_of(view, "indexedAt"), _of(record, "createdAt")) if isinstance(at, str)
        ]
        # The AppView's order: the earlier of what the author claims and what it saw.
        if times := [_milliseconds(at) for at in known if at is not None]:
            turn.moments.append(min(times))
    return turn


def _unseen(mentions: Iterable[Mention], seen: dict[str, bool]) -> list[Mention]:
    fresh = []
    for one in mentions:
        directed = bool(one.directed)
        if one.external_id not in seen or (directed and not seen[one.external_id]):
            seen[one.external_id] = directed
            fresh.append(one)
    return fresh


def _saved(cursor: JSON, streams: list[_Stream]) -> JSON:
    """`cursor` with how far each listing that has begun is; queries that are no longer asked are forgotten."""
    searches = _searches(cursor)
    saved: JSON = {"searches": {}}
    for stream in streams:
        old = searches.get(stream.query) if stream.query else cursor.get(stream.name)
        state = stream.walk.save() if stream.walk.begun else old
        if state is not None:
            (saved["searches"] if stream.query else saved)[stream.query or stream.name] = state
    return saved


def _searches(cursor: JSON) -> JSON:
    found = cursor.get("searches")
    return found if isinstance(found, dict) else {}


def _checked[Door: BaseModel](door: type[Door], answer: Answer) -> Door:
    try:
        return door.model_validate(answer.json())
    except ValidationError as error:
        raise BadAnswer(f"{answer.where} is not what it should be: {complaint(error)}") from error


def _must(items: list[Any] | None, name: str) -> list[Any]:
    if items is None:
        raise BadAnswer(f"the answer has no list of {name}")
    return items


def _of(item: Any, name: str) -> Any:
    return item.get(name) if isinstance(item, dict) else None


def _batches(items: list[str]) -> Iterable[list[str]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
