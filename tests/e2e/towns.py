"""The same small town on two real servers: a brand, a customer who writes to it, and what the brand answered."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from carecli.platforms.web.markup import to_text
from tests.platforms.atproto import Network, Written
from tests.platforms.fedi import Fediverse
from tests.world import World


@dataclass(frozen=True)
class Answer:
    """A post of the brand, as its server has it."""

    id: str
    text: str
    at: datetime


class Town(Protocol):
    """What a test of the whole program needs of a platform.

    `posting` and `listing` are parts of the addresses under which a reply is posted, and the pages of mentions are
    read; `page` is how many mentions one of them has.
    """

    platform: str
    kind: str
    secret: str
    handle: str
    posting: str
    listing: str
    page: int

    @property
    def url(self) -> str:
        """The server's address."""

    def settings(self, base_url: str) -> Mapping[str, str]:
        """What `care source add` is told."""

    def say(self, text: str, *, to: str | None = None) -> str:
        """The customer writes to the brand; the id, once the server shows it."""

    def say_many(self, count: int) -> list[str]:
        """The customer writes `count` times to the brand; the ids."""

    def answers(self, to: str) -> list[Answer]:
        """What the brand answered to this post, oldest first."""

    def settle(self) -> None:
        """Wait until everybody can see everything."""


class MastodonTown:
    """The brand is acme, the customer is zoe."""

    platform, kind, secret, handle = "mastodon", "TOKEN", "acme_token", "acme"
    # This server gives 40 a page, whatever is asked for.
    posting, listing, page = "/api/v1/statuses", "/api/v1/notifications", 40

    def __init__(self, fediverse: Fediverse) -> None:
        self.fediverse = fediverse
        self.url = fediverse.url

    def settings(self, base_url: str) -> Mapping[str, str]:
        return {"base_url": base_url}

    def say(self, text: str, *, to: str | None = None) -> str:
        more = {"in_reply_to_id": to} if to else {}
        return self.fediverse.write("zoe", f"@acme {text}", **more)

    def say_many(self, count: int) -> list[str]:
        return [self.say(f"where is bag number {number}?") for number in range(count)]

    def answers(self, to: str) -> list[Answer]:
        below = self.fediverse.ask("GET", f"/api/v1/statuses/{to}/context", "zoe")["descendants"]
        ours = [status for status in below if status["in_reply_to_id"] == to and status["account"]["acct"] == "acme"]
        return [
            Answer(status["id"], to_text(status["content"]), datetime.fromisoformat(status["created_at"]))
            for status in ours
        ]

    def settle(self) -> None:
        """All is there at once."""


class BlueskyTown:
    """A brand and a customer of a network that others may be on as well."""

    platform, kind = "bluesky", "PASSWORD"
    posting, listing, page = "com.atproto.repo.putRecord", "app.bsky.notification.listNotifications", 100

    def __init__(self, network: Network) -> None:
        self.network = network
        self.brand, self.zoe = network.person("acme"), network.person("zoe")
        self.secret = self.brand.app_password()
        self.url, self.handle = self.brand.pds, self.brand.handle
        self._written: dict[str, Written] = {}

    def settings(self, base_url: str) -> Mapping[str, str]:
        return {"base_url": base_url, "handle": self.brand.handle, "pinned": "true"}

    def say(self, text: str, *, to: str | None = None) -> str:
        parent = None if to is None else self._parent(to)
        made = self.zoe.say(f"@{self.brand.handle} {text}", to=parent, mentions=self.brand)
        self._written[made.uri] = made
        self.settle()
        return made.uri

    def say_many(self, count: int) -> list[str]:
        start = datetime.now(UTC) - timedelta(minutes=count)
        uris = self.zoe.say_many(
            [
                self.zoe.record(
                    f"@{self.brand.handle} where is bag number {number}?",
                    mentions=self.brand,
                    at=start + timedelta(minutes=number),
                )
                for number in range(count)
            ]
        )
        self.settle()
        return uris

    def answers(self, to: str) -> list[Answer]:
        ours = [
            post for post in self.brand.posts() if post["value"].get("reply", {}).get("parent", {}).get("uri") == to
        ]
        return [
            Answer(post["uri"], post["value"]["text"], datetime.fromisoformat(post["value"]["createdAt"]))
            for post in reversed(ours)
        ]

    def settle(self) -> None:
        self.network.sync()

    def _parent(self, uri: str) -> Written:
        if uri in self._written:
            return self._written[uri]
        (post,) = [post for post in self.brand.posts() if post["uri"] == uri]
        root = post["value"]["reply"]["root"]
        return Written(uri, post["cid"], (root["uri"], root["cid"]))


def world_in(folder: Path, town: Town, *, base_url: str | None = None, **settings: str) -> World:
    """A world whose clock is the real one, with the brand's account as the source `social`."""
    variable = f"CARE_SOCIAL_{town.kind}"
    world = World(folder, env={"CARE_NOW": "", variable: town.secret})
    world.run("init", "--brand", "Acme", "--handle", f"@{town.handle}", "--language", "en")
    add_source(world, town, "social", base_url=base_url, **settings)
    return world


def add_source(world: World, town: Town, name: str, *, base_url: str | None = None, **settings: str) -> None:
    """`care source add`."""
    pairs = {**town.settings(base_url or town.url), **settings}.items()
    world.run(
        "source", "add", town.platform, name, *(part for key, value in pairs for part in ("--set", f"{key}={value}"))
    )


def stored(world: World, *, inbound: bool = True) -> list[str]:
    """The platform's ids of all stored mentions, as `care export` writes them."""
    lines = world.run("export").stdout.splitlines()
    rows: Sequence[dict[str, Any]] = [json.loads(line) for line in lines]
    return [row["id"] for row in rows if row["inbound"] is inbound]


def reply_status(db: Path, case: int) -> str | None:
    """The state of the case's newest reply, read beside the program."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=10)) as connection:
        row = connection.execute(
            "SELECT status FROM replies WHERE case_id = ? ORDER BY reply_id DESC LIMIT 1", [case]
        ).fetchone()
    return None if row is None else str(row[0])


def tick() -> None:
    """Wait for the next second: times are stored as whole seconds."""
    time.sleep(1.02 - time.time() % 1)
