"""What accounts say of themselves: links from one profile to another, read from what platforms sent. Pure.

Two accounts are proposed as one person's only where each says so: A's profile links to B, and B's links back, or A's
server has verified that it does (Mastodon's `verified_at`). Names, faces and words that are alike say nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_PEOPLE = ("account", "author", "user")
_TEXTS = frozenset({"note", "description", "bio", "summary", "website", "blog", "url", "value", "twitter_username"})
_LINK = re.compile(r"https?://[^\s<>\"'()\\]+", re.IGNORECASE)
_FEDERATED = re.compile(r"(?<![\w@/.])@([\w.-]{1,64})@([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.IGNORECASE)
_LONGEST = 5_000  # characters of a profile's text that are read
_MOST = 50  # links of a profile


@dataclass(frozen=True)
class Account:
    """One account: what it is known as, and what its profile links to; `verified` were proven by its server."""

    number: int
    known_as: frozenset[str]
    links: frozenset[str] = field(default_factory=frozenset)
    verified: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two accounts that say they are one person's, and how."""

    one: int
    other: int
    because: str


def account(number: int, platform: str, handle: str, url: str | None, raw: str | None) -> Account:
    """An account as its newest message shows it; `raw`: that message as the platform sent it, as JSON text."""
    links, verified = _said(raw, handle)
    known = known_as(platform, handle, url)
    return Account(number, known, frozenset(links) - known, frozenset(verified) - known)


def known_as(platform: str, handle: str, url: str | None) -> frozenset[str]:
    """The addresses that mean this account and no other."""
    name = handle.strip().lstrip("@").lower()
    found = {plain(url)} if url else set[str]()
    user, at, host = name.partition("@")
    if at and user and host:
        found |= {f"{host}/@{user}", f"{host}/users/{user}"}
    if platform == "bluesky" and "." in name:
        found.add(f"bsky.app/profile/{name}")
    return frozenset(found - {""})


def plain(url: str) -> str:
    """An address without what changes nothing: scheme, www., query, a slash at the end, capitals."""
    bare = re.sub(r"^https?://(?:www\.)?", "", url.strip(), flags=re.IGNORECASE)
    return re.split(r"[?#]", bare)[0].rstrip("/.,;:!").lower()


def proposals(accounts: Sequence[Account]) -> Iterator[Proposal]:
    """Pairs of accounts of which each says that the other is theirs.

    An address that two accounts are known by means neither.
    """
    owners: dict[str, Account | None] = {}
    for one in accounts:
        for name in one.known_as:
            owners[name] = None if name in owners else one
    seen = set[frozenset[int]]()
    for one in accounts:
        for link in sorted(one.links | one.verified):
            other = owners.get(link)
            if other is None or other.number == one.number or frozenset({one.number, other.number}) in seen:
                continue
            back = any(owners.get(name) is one for name in other.links)
            because = _because(link, back=back, verified=link in one.verified)
            if because:
                seen.add(frozenset({one.number, other.number}))
                yield Proposal(one.number, other.number, because)


def _because(link: str, *, back: bool, verified: bool) -> str | None:
    if back:
        return f"each profile links to the other ({link})"
    return f"the profile links to {link}, and its server has verified that it links back" if verified else None


def _said(raw: str | None, handle: str) -> tuple[set[str], set[str]]:
    """What the author's profile inside a message links to, and which of that is verified."""
    try:
        message = json.loads(raw or "{}")
    except ValueError:
        return set(), set()
    links, verified = set[str](), set[str]()
    for person in _people(message, handle):
        for text, proven in _texts(person):
            for link in _links(text[:_LONGEST]):
                if len(links) < _MOST:
                    links.add(link)
                    verified |= {link} if proven else set()
    return links, verified


def _people(message: Any, handle: str) -> Iterator[Mapping[str, Any]]:
    """The author as the message describes them, and nobody whom it quotes or names."""
    if not isinstance(message, Mapping):
        return
    name = handle.strip().lstrip("@").partition("@")[0].lower()
    for place in (message, message.get("status"), message.get("post")):
        if not isinstance(place, Mapping):
            continue
        for key in _PEOPLE:
            person = place.get(key)
            if isinstance(person, Mapping) and name in _names(person):
                yield person


def _names(person: Mapping[str, Any]) -> set[str]:
    told = (person.get(key) for key in ("acct", "username", "handle", "login", "screen_name"))
    return {part for one in told if isinstance(one, str) for part in (one.lower(), one.partition("@")[0].lower())}


def _texts(person: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The texts of a profile, each with whether its server has verified it."""
    for key, value in person.items():
        if isinstance(value, str) and key in _TEXTS:
            yield value, False
        elif key == "fields" and isinstance(value, list):
            for one in value[:20]:
                if isinstance(one, Mapping) and isinstance(one.get("value"), str):
                    yield one["value"], bool(one.get("verified_at"))


def _links(text: str) -> Iterator[str]:
    yield from (plain(found) for found in _LINK.findall(text))
    yield from (f"{host}/@{user}".lower() for user, host in _FEDERATED.findall(text))
