"""A social network in memory: the demo's platform, and the one that tests script instead of mocking.

Its client keeps the contract of every platform: pages that resume, at most one post per key, find by key. Its
`Network` can be told to fail the way real ones do.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

from carecli import data
from carecli.errors import AuthError, ConfigError, NotProcessed
from carecli.model import JSON, Mention, Page, Receipt, Reply, Visibility, iso, parse_iso
from carecli.platforms.base import Platform, Setup
from carecli.platforms.memory.network import Network, Post, load_sample

__all__ = ["MEMORY", "MemoryClient", "Network", "Post", "close", "network"]

LIMIT = 500
SAMPLES = ("demo",)


class MemoryClient:
    """Fetcher, Poster and Checker over a `Network`, signed in as `own_handle`.

    It reads what names the handle or a keyword, the account's own posts, and all that answers one of these.
    With neither handle nor keywords it reads everything.
    """

    def __init__(self, network: Network, own_handle: str = "", keywords: Iterable[str] = ()) -> None:
        self.network = network
        self.own_handle = own_handle.removeprefix("@")
        self.keywords = tuple(keyword.casefold() for keyword in keywords if keyword.strip())
        self._named = re.compile(rf"(?<![\w@])@{re.escape(self.own_handle)}(?![A-Za-z0-9_])", re.IGNORECASE | re.ASCII)

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Pages in the order of arrival; an edited post arrives once more."""
        after = int(cursor["after"]) if cursor.get("life") == self.network.life else 0
        while True:
            await asyncio.sleep(0)
            posts, reached = self.network.ask_page(after, self._wanted)
            if reached == after:
                return
            deleted = self.network.deleted_between(after, reached)
            after = reached
            recent = [post for post in posts if since is None or post.at >= since]
            yield self._page(recent, {"life": self.network.life, "after": after}, tuple(deleted))

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Answer `reply.to`. Refused before anything happens: too long, or the post is gone."""
        if not self.own_handle:
            raise AuthError("nobody is signed in", hint="set the source's handle")
        if len(reply.text) > LIMIT:
            raise NotProcessed(f"the reply has {len(reply.text)} characters, {LIMIT} fit", status=422)
        to = self.network.posts.get(reply.to.external_id)
        if to is None:
            raise NotProcessed(f"the post {reply.to.external_id} is gone", status=404)
        visibility: Visibility = "direct" if reply.private else to.visibility
        await asyncio.sleep(0)
        post = self.network.accept(self.own_handle, reply.text, to=to, visibility=visibility, key=key)
        return self._receipt(post)

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002 - the contract's
        """The receipt of the post with `key`: this network remembers every key."""
        await asyncio.sleep(0)
        post = self.network.by_key(key)
        return self._receipt(post) if post else None

    async def check(self) -> str:
        """Who is signed in, and how much there is to read."""
        await asyncio.sleep(0)
        who = f"signed in as @{self.own_handle}" if self.own_handle else "reading without an account"
        wanted = sum(map(self._wanted, self.network.posts.values()))
        return f"network {self.network.name}: {who}, {wanted} of {len(self.network.posts)} posts concern us"

    def _wanted(self, post: Post) -> bool:
        if not self.own_handle and not self.keywords:
            return True
        return any(self._concerns_us(above) for above in self.network.thread(post))

    def _concerns_us(self, post: Post) -> bool:
        if self._is_ours(post) or self._names_us(post):
            return True
        text = post.text.casefold()
        return any(keyword in text for keyword in self.keywords)

    def _is_ours(self, post: Post) -> bool:
        return bool(self.own_handle) and post.author.handle.casefold() == self.own_handle.casefold()

    def _names_us(self, post: Post) -> bool:
        return bool(self.own_handle) and self._named.search(post.text) is not None

    def _page(self, posts: list[Post], cursor: JSON, deleted: tuple[str, ...]) -> Page:
        skipped = []
        mentions = []
        for post in posts:
            reason = self.network.complaint_about(post)
            if reason is None:
                mentions.append(self._mention(post))
            else:
                skipped.append(f"post {post.id}: {reason}")
        return Page(tuple(mentions), cursor, tuple(skipped), deleted)

    def _mention(self, post: Post) -> Mention:
        ours = self._is_ours(post)
        thread = self.network.thread(post)
        answers_us = len(thread) > 1 and self._is_ours(thread[1])
        return Mention(
            platform="memory",
            host=self.network.name,
            external_id=post.id,
            text=post.text,
            created_at=post.at,
            author=post.author,
            url=post.url,
            in_reply_to=post.reply_to,
            thread_root=thread[-1].reply_to or thread[-1].id if post.reply_to else None,
            language=post.language,
            visibility=post.visibility,
            inbound=not ours,
            directed=None if ours else self._names_us(post) or answers_us,
            edited_at=post.edited_at,
            likes=post.likes,
            replies=self.network.answers[post.id],
            raw=_raw(post),
        )

    def _receipt(self, post: Post) -> Receipt:
        return Receipt(post.id, post.url, post.at, self.network.name)


def _raw(post: Post) -> str:
    """The post as this network would give it to anybody, as JSON text."""
    return json.dumps(
        {
            "id": post.id,
            "account": post.author.handle,
            "text": post.text,
            "at": iso(post.at),
            "reply_to": post.reply_to,
            "language": post.language,
            "likes": post.likes,
        },
        ensure_ascii=False,
    )


_NETWORKS: dict[str, Network] = {}


def network(name: str) -> Network:
    """The network called `name`, created when it is new; its posts live as long as this process."""
    if name not in _NETWORKS:
        _NETWORKS[name] = Network(name, life=f"{uuid.uuid4().hex[:8]}-")
    return _NETWORKS[name]


def close(name: str) -> None:
    """Forget the network called `name` and all that was posted there."""
    _NETWORKS.pop(name, None)


def _opened(setup: Setup) -> Network:
    """The setup's network, with the sample in it that the setup asks for; a sample is loaded once."""
    found = network(setup.text("network", "demo"))
    sample = setup.text("sample")
    if not sample or sample in found.samples:
        return found
    if sample not in SAMPLES:
        raise ConfigError(f"source {setup.source}: no sample is called '{sample}'", hint=f"there is: {SAMPLES[0]}")
    if moment := setup.text("now"):
        found.clock = _fixed(setup.source, moment)
    load_sample(found, data.sample(sample), found.clock())
    found.samples.add(sample)
    return found


def _fixed(source: str, moment: str) -> Callable[[], datetime]:
    try:
        now = parse_iso(moment)
    except ValueError as error:
        hint = "write it like 2026-03-02T09:30:00Z"
        raise ConfigError(f"source {source}: now = '{moment}' is not a time", hint=hint) from error
    return lambda: now


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[MemoryClient]:
    handle = setup.text("handle") or next(iter(setup.handles), "")
    keywords = setup.texts("keywords") or setup.keywords
    yield MemoryClient(_opened(setup), handle, keywords)


MEMORY = Platform(
    name="memory",
    title="a social network in memory, for the demo and for tests",
    open=_open,
    host=lambda setup: setup.text("network", "demo"),
    settings={
        "network": "name of the network in this process (demo)",
        "sample": "embedded mentions to begin with: demo",
        "handle": "the account that reads and answers (the brand's first handle)",
        "keywords": "words that also find posts without the handle (the brand's keywords)",
        "now": "the moment at which the sample ends, ISO 8601 (the present)",
    },
    answers=True,
    private=True,
    limit=LIMIT,
)
