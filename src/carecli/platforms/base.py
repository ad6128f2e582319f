"""The contracts between the stages and a platform, kept small.

A platform is one file that exports one `Platform` value under an entry point of the group `carecli.platforms`.
Its `open` yields a client: always a `Fetcher`, and a `Poster` where the platform can be answered.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from carecli.errors import ConfigError
from carecli.matching import Query, to_search
from carecli.model import JSON, Mention, Page, Receipt, Reply


class Fetcher(Protocol):
    """Reads what is new, page by page; the cursor of a page resumes after it, also in another process."""

    def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Pages after `cursor` ({} the first time), not older than `since` where it is given.

        Raises PlatformError; pages that were yielded before stay valid. A page may be empty and only move
        the cursor. One bad item is skipped and named in `Page.skipped`, never a reason to stop.
        """
        ...


@runtime_checkable
class Poster(Protocol):
    """Answers a mention, at most once per key."""

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Send `reply`. NotProcessed, AuthError, RateLimited: surely not sent; any other error: fate unknown."""
        ...

    async def find(self, key: str, reply: Reply) -> Receipt | None:
        """After a crash: did the reply with `key` go out? None: surely not. PlatformError: cannot tell."""
        ...


@runtime_checkable
class Checker(Protocol):
    """Makes one real request for `care source test`."""

    async def check(self) -> str:
        """One sentence of what was found: who is signed in, which feed. Raises PlatformError."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a second look at known mentions found: those that are there, as they are now, and the ids of what is gone.

    Of what is in neither nothing was learnt. Gone is only what the platform says is gone, in answer to an account
    that may see it: never what was not found because of a failure, a limit or a missing permission.
    """

    mentions: tuple[Mention, ...] = ()
    deleted: tuple[str, ...] = ()


@runtime_checkable
class Rereader(Protocol):
    """Looks again at mentions that are known, where the platform tells of no edits and deletions by itself."""

    at_once: int  # how many `look_again` takes, with about one request; 0: none

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How `known` are now. Raises PlatformError: then nothing is concluded about any of them."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What a platform gets to open one source: its settings, its secrets on demand, and what the brand is called.

    `secret("TOKEN")` is the credential of that kind or None. `handles` are the brand's own. `query` says what of the
    undirected is wanted: a platform that searches asks for it (carecli.matching.to_search); what it gives is matched
    again by the program, so a platform need not.
    """

    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: Callable[[str], str | None] = lambda _kind: None
    handles: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    query: Query | None = None

    def text(self, key: str, default: str = "") -> str:
        """The setting `key` as text."""
        value = self.settings.get(key, default)
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """The setting `key` as several texts: a list, or one text with commas."""
        value = self.settings.get(key, ())
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return tuple(str(part) for part in value)

    def whole(self, key: str, default: int, least: int = 1, most: int = 1_000_000) -> int:
        """The setting `key` as a whole number. Raises ConfigError."""
        try:
            value = int(self.text(key, str(default)))
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ConfigError(f"{key} of the source '{self.source}' is not a whole number from {least} to {most}")
        return value

    def needs(self, key: str, what: str) -> str:
        """The setting `key`, which the platform cannot do without. Raises ConfigError."""
        value = self.text(key).strip()
        if not value:
            raise ConfigError(f"the source '{self.source}' has no {key}: {what}")
        return value

    def searches(self, dialect: str, *, phrases: bool = False) -> tuple[str, ...]:
        """What to search for on a platform that speaks `dialect`: the setting `search`, and the query. ConfigError.

        `phrases`: what the setting names are phrases, unless it has quotation marks or qualifiers (label:bug) itself.
        """
        try:
            asked = to_search(self.query, dialect) if self.query else ()
        except ValueError as error:
            raise ConfigError(f"query of the source '{self.source}': {error}") from None
        named = self.texts("search")
        return tuple(dict.fromkeys((*(map(as_phrase, named) if phrases else named), *asked)))

    def seconds(self, key: str, default: float) -> float:
        """The setting `key` as a number of seconds. Raises ConfigError."""
        try:
            return float(self.settings.get(key, default))
        except (TypeError, ValueError):
            raise ConfigError(f"{key} of the source '{self.source}' is not a number") from None

    def flag(self, key: str, *, default: bool = False) -> bool:
        """The setting `key` as yes or no; `--set key=true` arrives as text."""
        value = self.settings.get(key, default)
        return value if isinstance(value, bool) else str(value).strip().lower() in {"1", "true", "yes", "on"}


def as_phrase(words: str) -> str:
    """Several `words` as one phrase, where they are not marked as something else."""
    return f'"{words}"' if " " in words and not re.search(r'"|\w:\S', words) else words


def server_of(setup: Setup) -> str:
    """The server that ids belong to: that of base_url, with its port and its folder where it has them."""
    base = setup.text("base_url")
    parts = urlsplit(base if "://" in base else f"https://{base}")
    return (parts.netloc.rpartition("@")[2] + parts.path.rstrip("/")).lower()


@dataclass(frozen=True, slots=True)
class Platform:
    """What the program knows of a platform without opening it.

    `settings` and `secrets` map each key to its help line. `measure` counts a reply's length in the unit of
    `limit` (None: no known limit). `host` names the server that ids belong to, "" where ids are global.
    `mentions_of` is the platform that its mentions belong to, where that is another one (a stream of its posts).
    `access` says what to know before spending time on it: what it costs, who must agree, what to prepare.
    `estimate` says what a source with these settings costs, where it costs money.
    `sign_in` gets secrets, by kind, from a person at a browser, and is told how to talk to the person.
    """

    name: str
    title: str
    open: Callable[[Setup], AbstractAsyncContextManager[Fetcher]]
    host: Callable[[Setup], str] = lambda _setup: ""
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    answers: bool = False
    private: bool = False
    limit: int | None = None
    measure: Callable[[str], int] = len
    mentions_of: str = ""
    access: str = ""
    estimate: Callable[[Setup], str] = lambda _setup: ""
    sign_in: Callable[[Setup, Callable[[str], None]], Coroutine[Any, Any, Mapping[str, str]]] | None = None
