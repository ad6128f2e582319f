"""Matrix as one account. A sync gives the newest messages of each room; what lies between it and the sync before is
a gap, which is kept in the cursor until it is read.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply, Visibility
from carecli.platforms.base import Look, Setup
from carecli.platforms.matrix import API, HOW, LIMIT, PAGE_SIZE, measure
from carecli.platforms.matrix.messages import (
    answered,
    at,
    bundled_edit,
    newer_text,
    receipt,
    redacted,
    replaced,
    taken_away,
    thread,
    time_of,
    url_of,
    without_quotation,
)
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.api import Api
from carecli.platforms.web.fields import Fields, comparable, milliseconds
from carecli.text import fold, single_line

HISTORY = timedelta(days=30)
SKEW = timedelta(days=1)
MOST_PAGES = 20
KINDS = ["m.room.message", "m.room.encrypted", "m.room.redaction"]


@dataclass
class Room:
    """What is asked for once in a fetch: members' names, who may read, and who sent which event."""

    names: dict[str, str] = field(default_factory=dict)
    visibility: Visibility = "internal"
    senders: dict[str, Fields] = field(default_factory=dict)


@dataclass
class _Batch:
    """What some events brought: messages, the ids of those that were redacted, and what cannot be read."""

    mentions: list[Mention] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.mentions or self.gone or self.skipped)

    def page(self, state: JSON) -> Page:
        return Page(tuple(self.mentions), _copy(state), tuple(self.skipped), tuple(self.gone))


class Matrix:
    """Fetcher, Poster, Rereader and Checker of one account.

    Cursor: `{"since": token, "from": the oldest moment wanted so far, "gaps": [[room, from, to, floor], …]}`.
    """

    at_once = 1

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._places = setup.texts("rooms")
        self._size = setup.whole("page_size", PAGE_SIZE, 1, 1000)
        self._own = {fold(handle) for handle in setup.handles}
        self._me = ""
        self._rooms: dict[str, Room] = {}

    async def check(self) -> str:
        """Who is signed in, in how many rooms. Raises PlatformError."""
        me = await self._who()
        joined = Fields(await self._api.json(f"{API}/joined_rooms")).items("joined_rooms")
        return f"signed in as {me}; {len(joined)} rooms"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """The newest of all rooms, then what lies between, newest first."""
        await self._who()
        floor, token, gaps = _begin(cursor, since)
        data, known = await self._sync(token), len(gaps)
        following = data.text("next_batch")
        if not following:
            raise BadAnswer("the server's sync has no next_batch")
        batch = _Batch()
        joined = data.get("rooms.join")
        for room, value in (joined if isinstance(joined, dict) else {}).items():
            timeline = Fields(value if isinstance(value, dict) else {})
            await self._read(room, timeline.items("timeline.events"), since, batch)
            if timeline.get("timeline.limited") is True and timeline.text("timeline.prev_batch"):
                gaps.append([room, timeline.text("timeline.prev_batch"), token, floor])
        state: JSON = {"since": following, "from": floor, "gaps": gaps}
        # A sync that brought nothing can be asked for again, so its page is spared.
        if batch or len(gaps) != known:
            yield batch.page(state)
        while gaps:
            batch = _Batch()
            await self._close(gaps, since, batch)
            yield batch.page(state)

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these messages are now: a redacted one has kept its place without its words."""
        await self._who()
        found, gone = list[Mention](), list[str]()
        for mention in known:
            room, _, name = mention.external_id.partition("/")
            event = await self._event(room, name)
            if event is None:
                continue  # closed to us, or forgotten by the server
            if redacted(event):
                gone.append(mention.external_id)
            elif (made := await self._mention(room, event)) is not None:
                found.append(made)
        return Look(tuple(found), tuple(gone))

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Answer in the room; the key is the transaction, so that a repeat sends nothing twice."""
        room, _, event = reply.to.external_id.partition("/")
        if not (room and event):
            raise NotProcessed("this is no message of a Matrix room")
        if reply.private and reply.to.visibility != "direct":
            raise NotProcessed("care does not open private rooms", hint="write to the person in your client")
        if (size := measure(reply.text)) > LIMIT:
            raise NotProcessed(f"the reply has {size} bytes; {LIMIT} are allowed")
        relation: JSON = {"m.in_reply_to": {"event_id": event}}
        if root := (reply.to.thread_root or "").partition("/")[2]:
            relation |= {"rel_type": "m.thread", "event_id": root}
        body = {
            "msgtype": "m.text",
            "body": reply.text,
            "m.relates_to": relation,
            "m.mentions": {"user_ids": [reply.to.author.id or reply.to.author.handle]},
        }
        path = f"{API}/rooms/{_part(room)}/send/m.room.message/{_part(key)}"
        answer = await self._api.send("PUT", path, json=body)
        try:
            return receipt(room, Fields(answer.json()))
        except ValueError as error:
            raise BadAnswer(f"{answer.where} did not answer with an event") from error

    async def find(self, key: str, reply: Reply) -> Receipt | None:
        """The own message with this transaction, or that answers the same message with the same words."""
        me, (room, _, event) = await self._who(), reply.to.external_id.partition("/")
        since = milliseconds((reply.created_at or reply.to.created_at) - SKEW)
        wanted, place = comparable(reply.text), ""
        for _ in range(MOST_PAGES):
            data = await self._messages(room, place, 100)
            found = [Fields(value) for value in data.items("chunk") if isinstance(value, dict)]
            for item in found:
                same = answered(item.get("content")) == event and comparable(item.text("content.body")) == wanted
                if item.text("sender") == me and (same or item.text("unsigned.transaction_id") == key):
                    return receipt(room, item)
            oldest = min((item.count("origin_server_ts") or since for item in found), default=since)
            place = data.text("end")
            if not place or (found and oldest < since):
                return None
        raise PlatformError("the room has more messages since then than can be looked through")

    async def _who(self) -> str:
        if not self._me:
            me = Fields(await self._api.json(f"{API}/account/whoami"))
            if not me.text("user_id"):
                raise AuthError("the token belongs to no account", hint=HOW)
            self._me = me.text("user_id")
            self._own.add(fold(self._me))
        return self._me

    async def _sync(self, token: str | None) -> Fields:
        wanted: JSON = {"timeline": {"limit": self._size, "types": KINDS}, "state": {"types": []}}
        wanted |= {"ephemeral": {"types": []}, "account_data": {"types": []}}
        if self._places:
            wanted["rooms"] = [await self._room_id(place) for place in self._places]
        params = {"timeout": "0", "filter": json.dumps({"room": wanted, "presence": {"types": []}})}
        return Fields(await self._api.json(f"{API}/sync", {**params, **({"since": token} if token else {})}))

    async def _room_id(self, place: str) -> str:
        if place.startswith("!"):
            return place
        found = Fields(await self._api.json(f"{API}/directory/room/{_part(place)}")).text("room_id")
        if not found:
            raise ConfigError(f"the server knows no room {place}", hint="rooms are !ids or #aliases:server")
        return found

    async def _messages(self, room: str, place: str, limit: int, to: str | None = None) -> Fields:
        """Messages before `place` ("": the end), newest first, down to the place `to`."""
        params: dict[str, str | int] = {"dir": "b", "limit": limit, "filter": json.dumps({"types": KINDS})}
        params |= ({"from": place} if place else {}) | ({"to": to} if to else {})
        return Fields(await self._api.json(f"{API}/rooms/{_part(room)}/messages", params))

    async def _close(self, gaps: list[Any], since: datetime | None, batch: _Batch) -> None:
        """Read one page of the first gap; what remains of it stays in `gaps`."""
        room, place, to, floor = gaps[0]
        try:
            data = await self._messages(room, place, self._size, to)
        except PlatformError as error:
            if error.status not in {403, 404}:
                raise
            batch.skipped.append(f"the room {room} is closed to us now")
            gaps.pop(0)
            return
        events = data.items("chunk")
        await self._read(room, events, since, batch)
        times = [Fields(event).count("origin_server_ts") for event in events if isinstance(event, dict)]
        known = [time for time in times if time is not None]
        end = data.text("end")
        if not end or end == place or (to is None and known and max(known[-5:]) < floor):
            gaps.pop(0)
        else:
            gaps[0] = [room, end, to, floor]

    async def _read(self, room: str, events: list[Any], since: datetime | None, batch: _Batch) -> None:
        sealed, found = 0, list[Mention]()
        for value in events:
            try:
                event = Fields(value)
                if event.text("type") == "m.room.encrypted":
                    sealed += 1
                    continue
                if name := taken_away(event):
                    batch.gone.append(f"{room}/{name}")
                    continue
                mention = await self._mention(room, event)
            except ValueError as error:
                batch.skipped.append(single_line(f"{room}: {error}"[:300]))
                continue
            if mention is not None and (since is None or (mention.edited_at or mention.created_at) >= since):
                found.append(mention)
        # A message and its edit: the text that counts is the edited one, whichever came first.
        newest = {m.external_id: m for m in sorted(found, key=lambda m: m.edited_at or m.created_at)}
        batch.mentions += newest.values()
        if sealed:
            batch.skipped.append(f"{room}: {sealed} encrypted messages cannot be read")

    async def _mention(self, room: str, event: Fields) -> Mention | None:
        """None: redacted, or no message."""
        edited, text, sent = None, "", event
        if name := replaced(event.get("content")):
            original = await self._event(room, name)
            if original is None or original.text("sender") != event.text("sender"):
                return None
            edited, text, sent = time_of(event), newer_text(event.data), original
        elif edit := bundled_edit(event):
            edited, text = time_of(edit), newer_text(edit.data)
        text = text or event.text("content.body")
        return await self._made(room, sent, text, edited) if text else None

    async def _made(self, room: str, event: Fields, text: str, edited: datetime | None) -> Mention:
        sender, name, content = event.id("sender"), event.id("event_id"), event.get("content")
        about, parent, root = await self._about(room), answered(content), thread(content)
        inbound = fold(sender) not in self._own
        return Mention(
            platform="matrix",
            external_id=f"{room}/{name}",
            text=without_quotation(text, parent),
            created_at=time_of(event),
            author=Author(sender, about.names.get(sender) or None, sender, url=f"https://matrix.to/#/{sender}"),
            url=url_of(room, name, sender.partition(":")[2]),
            in_reply_to=f"{room}/{parent}" if parent else None,
            thread_root=f"{room}/{root}" if root else None,
            visibility=about.visibility,
            inbound=inbound,
            directed=await self._addresses(room, content, parent) if inbound else None,
            automatic=event.text("content.msgtype") == "m.notice",
            edited_at=edited,
            raw=event.raw(),
        )

    async def _addresses(self, room: str, content: object, parent: str | None) -> bool | None:
        """Whether a message is to us; None: the brand's handles decide."""
        named = at(content, "m.mentions", "user_ids")
        if self._rooms[room].visibility == "direct" or (isinstance(named, list) and self._me in named):
            return True
        above = await self._event(room, parent) if parent else None
        return True if above is not None and above.text("sender") == self._me else None

    async def _event(self, room: str, name: str) -> Fields | None:
        """The event `name`, None where it is gone; asked for once."""
        held = self._rooms.setdefault(room, Room()).senders
        if name not in held:
            path = f"{API}/rooms/{_part(room)}/event/{_part(name)}"
            answer = await self._api.get(path, ok=frozenset({200, 403, 404}))
            held[name] = Fields(answer.json() if answer.status == 200 else {})
        return held[name] if held[name].data else None

    async def _about(self, room: str) -> Room:
        about = self._rooms.setdefault(room, Room())
        if not about.names:
            path = f"{API}/rooms/{_part(room)}"
            members = (await self._api.get(f"{path}/joined_members", ok=frozenset({200, 403, 404}))).json()
            joined = members.get("joined") if isinstance(members, dict) else None
            people = {user: Fields(value) for user, value in (joined or {}).items() if isinstance(value, dict)}
            about.names = {user: one.text("display_name") for user, one in people.items()} or {self._me: ""}
            rules = await self._api.get(f"{path}/state/m.room.join_rules", ok=frozenset({200, 403, 404}))
            open_to_all = rules.status == 200 and Fields(rules.json()).text("join_rule") == "public"
            about.visibility = "public" if open_to_all else "direct" if len(people) <= 2 else "internal"
        return about


def _begin(cursor: JSON, since: datetime | None) -> tuple[int, str | None, list[Any]]:
    """The oldest moment that is wanted, the sync to go on from, and what is still to be read."""
    start, token, gaps = cursor.get("from"), cursor.get("since"), cursor.get("gaps")
    wanted = milliseconds(since or datetime.now(UTC) - HISTORY)
    if not isinstance(start, int) or not isinstance(token, str) or (since is not None and wanted < start):
        return wanted, None, []
    sound = [gap for gap in gaps if isinstance(gap, list) and len(gap) == 4] if isinstance(gaps, list) else []
    return start, token, sound


def _copy(state: JSON) -> JSON:
    return {**state, "gaps": [list(gap) for gap in state["gaps"]]}


def _part(text: str) -> str:
    return quote(text, safe="")


def judge(answer: Answer) -> PlatformError | None:
    """Matrix says `{"errcode", "error"}`."""
    try:
        code = Fields(answer.json()).text("errcode") if answer.status >= 400 else ""
    except (PlatformError, ValueError):
        return None
    said = single_line(f"{answer.where} answered {answer.status}: {code} {answer.reason()}")
    if code in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"}:
        return AuthError(said, hint=HOW, status=401)
    if code == "M_FORBIDDEN" and answer.status == 403 and "/send/" in answer.url:
        return AuthError(said, hint="the account is no longer in that room, or may not write there", status=403)
    if code == "M_TOO_LARGE":
        return NotProcessed(said, status=413)
    return None
