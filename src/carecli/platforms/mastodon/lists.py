"""The lists of a Mastodon server: how each is asked for, and what a page of it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from carecli.errors import AuthError, BadAnswer
from carecli.model import JSON
from carecli.platforms.mastodon import paging
from carecli.platforms.mastodon.api import Account, Notification, Status, read
from carecli.platforms.web.http import Answer, Client, Params

NEXT = re.compile(r"<([^<>]*)>[^<>,]*;\s*rel=\"?next\"?")
# A search is asked for so many posts at most: its pages are counted by offset, which some servers ignore.
SEARCH_DEPTH = 200


@dataclass(frozen=True)
class Stream:
    """One list of the server: its key in the cursor, its address, and what its items are.

    `hinted`: the server may leave out what is older than `since_id`; not so where items can arrive late.
    """

    key: str
    path: str
    params: Params = field(default_factory=dict)
    notifications: bool = False
    hinted: bool = False
    search: bool = False


@dataclass(frozen=True)
class Entry:
    """One item of a page; `status` None: it has none that matters; `problem`: why it cannot be read."""

    item: paging.Item
    status: Status | None = None
    raw: JSON = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True)
class Read:
    """One page as it came, newest first; `nameless` are items so broken that they have no id."""

    entries: tuple[Entry, ...]
    nameless: tuple[str, ...]
    following: str | None

    def items(self) -> list[paging.Item]:
        """What paging needs to know."""
        return [entry.item for entry in self.entries]


def streams(account: Account, hashtags: Sequence[str], queries: Sequence[str]) -> list[Stream]:
    """All that is listened to, the account's own lists first."""
    mentions = Stream(
        f"mentions:{account.id}",
        "/api/v1/notifications",
        {"types[]": ["mention"], "limit": 80, "include_filtered": "true"},
        notifications=True,
        hinted=True,
    )
    tags = dict.fromkeys(tag.lstrip("#") for tag in hashtags if tag.strip("# "))
    return [
        own_posts(account),
        mentions,
        *(Stream(f"tag:{tag}", f"/api/v1/timelines/tag/{quote(tag, safe='')}", {"limit": 40}) for tag in tags),
        *(
            Stream(
                f"search:{query}",
                "/api/v2/search",
                {"q": query, "type": "statuses", "limit": 40},
                search=True,
            )
            for query in dict.fromkeys(queries)
        ),
    ]


def own_posts(account: Account, *, hinted: bool = True) -> Stream:
    """What the account itself wrote, answers too."""
    path = f"/api/v1/accounts/{quote(account.id, safe='')}/statuses"
    return Stream(f"own:{account.id}", path, {"limit": 40, "exclude_reblogs": "true"}, hinted=hinted)


async def readable(client: Client, account: Account, host: str) -> None:
    """Ask for one item of each of the account's own lists. Raises AuthError, which names the scope that is missing."""
    scopes = {own_posts(account).path: "read:statuses", "/api/v1/notifications": "read:notifications"}
    for path, scope in scopes.items():
        try:
            await client.get(path, params={"limit": 1})
        except AuthError as error:
            hint = f"the token needs the scope {scope}: {host}, Preferences, Development, your application"
            raise AuthError(error.message, hint=hint, status=error.status) from error


async def read_page(client: Client, stream: Stream, state: JSON) -> Read:
    """The page of `stream` that comes after `state`. Raises PlatformError."""
    place = paging.position(state)
    params: dict[str, Any] = dict(stream.params)
    if place is not None:
        params["offset" if stream.search else "max_id"] = place
    if stream.hinted and state.get("top"):
        params["since_id"] = state["top"]
    answer = await client.get(stream.path, params=params)
    values = _values(answer, search=stream.search)
    entries, nameless = [], []
    for number, value in enumerate(values, 1):
        entry = _entry(value, notification=stream.notifications)
        if isinstance(entry, str):
            nameless.append(f"{stream.key} item {number} of a page: {entry}")
        else:
            entries.append(entry)
    following = _following_search(values, place) if stream.search else _following(answer, values)
    return Read(tuple(entries), tuple(nameless), following)


def _values(answer: Answer, *, search: bool) -> list[Any]:
    data = answer.json()
    if search and isinstance(data, dict):
        data = data.get("statuses")
    if not isinstance(data, list):
        raise BadAnswer(f"{answer.where} did not answer with a list", status=answer.status)
    return data


def _entry(value: object, *, notification: bool) -> Entry | str:
    """One item; a text says what is wrong with one that has not even an id."""
    if not isinstance(value, dict):
        return "is no object"
    found = read(Notification, value) if notification else read(Status, value)
    if isinstance(found, str):
        name = value.get("id")
        known = isinstance(name, str | int) and bool(name)
        # Its time is unknown: it must not make a page look newer than it is.
        return Entry(paging.Item(str(name), paging.EPOCH), problem=found) if known else found
    item = paging.Item(found.id, found.created_at)
    if isinstance(found, Status):
        return Entry(item, found if found.reblog is None else None, value)
    if found.type != "mention":
        return Entry(item)
    raw = value.get("status")
    status = read(Status, raw)
    if isinstance(status, str) or not isinstance(raw, dict):
        return Entry(item, problem=f"status.{status}")
    return Entry(item, status, raw)


def _following(answer: Answer, values: list[Any]) -> str | None:
    """Where the list goes on. Of a Link header only `max_id` is used: its address may be anywhere."""
    if link := answer.headers.get("link"):
        match = NEXT.search(link)
        found = parse_qs(urlsplit(match[1]).query).get("max_id") if match else None
        return found[0] if found else None
    ids = [value.get("id") for value in values if isinstance(value, dict)]
    return str(ids[-1]) if ids and ids[-1] is not None else None


def _following_search(values: list[Any], place: str | None) -> str | None:
    offset = int(place or 0) + len(values)
    return str(offset) if values and offset < SEARCH_DEPTH else None
