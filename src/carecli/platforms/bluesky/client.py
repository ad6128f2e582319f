"""The client of Bluesky: reads listings in turn, and answers under keys that follow from the outbox.

The listings take turns page by page, so that a limit or a failure in one never starves the others. A
reply's record key follows from its outbox key: a repeated `post` cannot make a second post, and `find` is one
look-up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited, Unreachable
from carecli.model import JSON, Mention, Page, Receipt, Reply
from carecli.platforms.base import Look
from carecli.platforms.bluesky import LIMIT, looks, measure
from carecli.platforms.bluesky import reply as bluesky_reply
from carecli.platforms.bluesky.lists import BATCH, Entry, Lists, Sheet, field_of, milliseconds
from carecli.platforms.bluesky.posts import (
    POST,
    AuthorView,
    PostUri,
    PostView,
    Stored,
    complaint,
    mention,
    web_url,
)
from carecli.platforms.bluesky.xrpc import Session, Xrpc, error_name, nothing_sent
from carecli.platforms.web.answers import Answer, printable
from carecli.platforms.web.newest_first import Walk

# After one of these there is no use in asking the same server for the next listing.
FINAL = (AuthError, RateLimited, Unreachable)


class Put(BaseModel):
    """What putRecord answers."""

    uri: PostUri


@dataclass
class Stream:
    """One listing in a run of `fetch`: `query` for a search, `state` after its last page, `told` in a cursor."""

    name: str
    query: str = ""
    walk: Walk = field(default_factory=lambda: Walk({}))
    state: JSON | None = None
    told: JSON | None = None


class BlueskyClient:
    """Fetcher, Poster, Rereader and Checker.

    Cursor: `{"own": walk, "notifications": walk, "searches": {query: walk}}`. `overlap` in milliseconds.
    """

    at_once = BATCH

    def __init__(
        self,
        xrpc: Xrpc,
        lists: Lists,
        *,
        searches: Iterable[str] = (),
        own_handles: frozenset[str] = frozenset(),
        overlap: int = 0,
    ) -> None:
        self.xrpc = xrpc
        self.lists = lists
        self.searches = tuple(dict.fromkeys(searches))
        self.own_handles = own_handles
        self.overlap = overlap

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Pages of all listings in turn. A listing that fails ends alone; its error is raised at the end.

        A post comes once in a run, and again only when a notification adds that it addresses us.
        """
        await self.xrpc.session()
        streams = self._streams(cursor, since)
        running = list(streams)
        seen: dict[str, bool] = {}
        failure: PlatformError | None = None
        while running:
            for stream in tuple(running):
                try:
                    sheet, mentions = await self._turn(stream, since)
                except FINAL:
                    raise
                except PlatformError as error:
                    failure = failure or error
                    running.remove(stream)
                    continue
                if stream.walk.here is None:
                    running.remove(stream)
                fresh = _unseen(mentions, seen)
                # A page of what is known is not worth a stop: whoever stops at each page has to get on.
                if fresh or sheet.skipped or (not sheet.entries and stream.state != stream.told):
                    yield Page(tuple(fresh), _saved(streams), tuple(sheet.skipped))
        if any(stream.state != stream.told for stream in streams):
            yield Page((), _saved(streams))
        if failure is not None:
            raise failure

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts are now."""
        own_did = (await self.xrpc.session()).did
        return await looks.look_again(
            known, self.lists.posts, self.xrpc.ask, own_did=own_did, own_handles=self.own_handles
        )

    async def check(self) -> str:
        """Who is signed in and where, after one notification was asked for."""
        session = await self.xrpc.session()
        await self.lists.notifications(None, limit=1)
        return f"signed in as @{session.handle} ({session.did}) at {session.server}; notifications can be read"

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Put the reply under its own key: a repeat finds it there, and nothing is put over anything."""
        _refuse(reply)
        with nothing_sent():
            session = await self.xrpc.session()
            if (found := await self.find(key, reply)) is not None:
                return found
            to = await self._answerable(reply.to.external_id, session)
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
            return _receipt(_checked(Put, answer).uri, reply, session)
        if error_name(answer) == "InvalidSwap" and (found := await self.find(key, reply)) is not None:
            return found
        raise self.xrpc.refusal(answer)

    async def find(self, key: str, reply: Reply) -> Receipt | None:
        """The receipt of the record under the reply's key, as the account's own server has it."""
        session = await self.xrpc.session()
        stored = await self._own(_record_key(key, reply), session)
        if stored is None:
            return None
        answered = stored.record.reply.parent.uri if stored.record.reply else None
        if answered != reply.to.external_id:
            raise PlatformError(f"another post stands under the key of this reply: {printable(stored.uri)}")
        return _receipt(stored.uri, reply, session)

    def _streams(self, cursor: JSON, since: datetime | None) -> list[Stream]:
        floor = milliseconds(since) if since else None
        searches = (Stream("search", query) for query in self.searches)
        streams = [Stream("notifications"), *searches, Stream("own")]
        for stream in streams:
            stream.state = stream.told = _state(cursor, stream)
            stream.walk = Walk(stream.state or {}, since=floor, overlap=self.overlap)
        return streams

    async def _turn(self, stream: Stream, since: datetime | None) -> tuple[Sheet, list[Mention]]:
        """The page where `stream` stands, without what was handed out before; then `stream` stands behind it."""
        here = stream.walk.here
        at = here.at if here else None
        try:
            sheet = await self._read(stream, at)
        except PlatformError as error:
            # A cursor of long ago may have become invalid; that is answered with a plain 400.
            if error.status != 400 or isinstance(error, FINAL) or not stream.walk.restart():
                raise
            sheet = await self._read(stream, None)
        stream.walk.turn(sheet.moments, sheet.cursor, now=milliseconds(datetime.now(UTC)))
        new = [entry for entry in sheet.entries if not stream.walk.is_known(entry.uri)]
        mentions = await self._mentions(new, sheet)
        too_old = {one.external_id for one in mentions if since is not None and one.created_at < since}
        stream.walk.remember((entry.uri, entry.moment) for entry in new if entry.uri and entry.uri not in too_old)
        stream.state = stream.walk.save()
        return sheet, [one for one in mentions if one.external_id not in too_old]

    async def _read(self, stream: Stream, at: str | None) -> Sheet:
        if stream.name == "own":
            return await self.lists.own(at)
        if stream.name == "search":
            return await self.lists.search(stream.query, at)
        return await self.lists.notifications(at)

    async def _mentions(self, entries: list[Entry], sheet: Sheet) -> list[Mention]:
        own_did = (await self.xrpc.session()).did
        # The AppView's own view of a post has counts, which a notification lacks.
        views = await self.lists.posts(entry.uri for entry in entries) if sheet.notified else {}
        made = []
        for entry in entries:
            view = views.get(entry.uri, entry.view)
            try:
                made.append(mention(view, own_did=own_did, own_handles=self.own_handles, notified=sheet.notified))
            except ValidationError as error:
                sheet.skipped.append(f"{printable(entry.uri or 'a post', 120)}: {complaint(error)}")
        counts = await self.lists.followers(one.author.id for one in made if one.author.id)
        return [replace(one, author=replace(one.author, followers=counts.get(one.author.id or ""))) for one in made]

    async def _own(self, record_key: str, session: Session) -> Stored | None:
        """A post of the account itself, from its own server."""
        ask = {"repo": session.did, "collection": POST, "rkey": record_key}
        answer = await self.xrpc.ask("com.atproto.repo.getRecord", ask)
        if error_name(answer) == "RecordNotFound":
            return None
        if answer.status != 200:
            raise self.xrpc.failure(answer)
        return _checked(Stored, answer)

    async def _answerable(self, uri: str, session: Session) -> PostView | Stored:
        """The post `uri` as it stands now. Raises NotProcessed when it cannot be answered."""
        own = f"at://{session.did}/{POST}/"
        if uri.startswith(own):  # the AppView shows the part of a thread before this one some moments late
            stored = await self._own(uri.removeprefix(own), session)
            if stored is not None and stored.cid:
                return stored
        view = (await self.lists.posts([uri])).get(uri)
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
            did = field_of(answer.json(), "did") if answer.status == 200 else None
            if isinstance(did, str) and did.startswith("did:"):
                found[handle] = did
        return found


def _refuse(reply: Reply) -> None:
    if reply.private:
        raise NotProcessed(
            "private replies on Bluesky are not sent by care",
            hint="write in the app's chat, then note it with `care note`",
        )
    if (length := measure(reply.text)) > LIMIT:
        raise NotProcessed(f"the reply is too long: {length} of {LIMIT} (graphemes, or tens of bytes)", status=400)


def _record_key(key: str, reply: Reply) -> str:
    # Without a moment of its own, that of the post which it answers keeps the key the same for ever.
    return bluesky_reply.record_key(key, reply.created_at or reply.to.created_at)


def _receipt(uri: str, reply: Reply, session: Session) -> Receipt:
    url = web_url(uri, AuthorView(did=session.did, handle=session.handle))
    return Receipt(uri, url, reply.created_at)


def _unseen(mentions: Iterable[Mention], seen: dict[str, bool]) -> list[Mention]:
    fresh = []
    for one in mentions:
        directed = bool(one.directed)
        if one.external_id not in seen or (directed and not seen[one.external_id]):
            seen[one.external_id] = directed
            fresh.append(one)
    return fresh


def _saved(streams: list[Stream]) -> JSON:
    """The cursor after the pages so far; queries that are no longer asked are forgotten."""
    for stream in streams:
        stream.told = stream.state
    searches = {stream.query: stream.state for stream in streams if stream.query and stream.state is not None}
    others = {stream.name: stream.state for stream in streams if not stream.query and stream.state is not None}
    return {**others, "searches": searches}


def _state(cursor: JSON, stream: Stream) -> JSON | None:
    place = cursor.get("searches") if stream.query else cursor
    found = field_of(place, stream.query or stream.name)
    return found if isinstance(found, dict) else None


Door = TypeVar("Door", bound=BaseModel)


def _checked(door: type[Door], answer: Answer) -> Door:
    try:
        return door.model_validate(answer.json())
    except ValidationError as error:
        raise BadAnswer(f"{answer.where} is not what it should be: {complaint(error)}") from error
