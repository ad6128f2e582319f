"""A guestbook as a platform of carecli: a folder with one JSON file per entry.

The web page of a small hotel writes `000001.json`, `000002.json` and so on, each

    {"name": "Zoe", "text": "Lovely view.", "written": "2026-03-02T09:30:00Z", "answers": "000001"}

where `answers` is only there for an answer to another entry. Our own answers are entries too, with
`"house": true` and the key under which they were sent. The highest number is the newest entry, so the
cursor is the last number that was read.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carecli.errors import ConfigError, NotProcessed, Unreachable
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply, iso, parse_iso
from carecli.platforms.base import Platform, Setup

BAD_ENTRY = (OSError, ValueError, KeyError, TypeError, RecursionError)
PAGE_SIZE = 50
LIMIT = 1000


class Guestbook:
    """Fetcher, Poster and Checker over one folder."""

    def __init__(self, folder: Path, *, house: str, page_size: int = PAGE_SIZE) -> None:
        self.folder = folder
        self.house = house
        self.page_size = page_size

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Entries by number; a file that is no entry is skipped and named."""
        after = int(cursor.get("after", 0))
        new = [path for path in await asyncio.to_thread(self._entries) if int(path.stem) > after]
        for start in range(0, len(new), self.page_size):
            page = new[start : start + self.page_size]
            yield await asyncio.to_thread(self._page, page, since)

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Write our answer as the next entry, unless the key has one already."""
        if len(reply.text) > LIMIT:
            raise NotProcessed(f"the answer has {len(reply.text)} characters, {LIMIT} fit")
        return await asyncio.to_thread(self._post, reply, key)

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002 - the contract's
        """The entry that was written with `key`."""
        return await asyncio.to_thread(self._find, key)

    async def check(self) -> str:
        """How many entries there are."""
        entries = await asyncio.to_thread(self._entries)
        return f"guestbook {self.folder.name}: {len(entries)} entries, we sign as {self.house}"

    def _entries(self) -> list[Path]:
        try:
            found = [path for path in self.folder.iterdir() if path.suffix == ".json" and path.stem.isdecimal()]
        except OSError as error:
            message = f"the guestbook {self.folder} cannot be read: {error.strerror}"
            raise Unreachable(message, hint="check the source's setting folder") from error
        return sorted(found, key=lambda path: int(path.stem))

    def _page(self, paths: list[Path], since: datetime | None) -> Page:
        mentions: list[Mention] = []
        skipped: list[str] = []
        for path in paths:
            try:
                mention = self._mention(path)
            except BAD_ENTRY as error:
                skipped.append(f"{path.name}: {error!r}")
                continue
            if since is None or mention.created_at >= since:
                mentions.append(mention)
        return Page(tuple(mentions), {"after": int(paths[-1].stem)}, tuple(skipped))

    def _mention(self, path: Path) -> Mention:
        raw = path.read_text(encoding="utf-8")
        entry = _entry(raw)
        ours = entry.get("house") is True
        answers = entry.get("answers")
        return Mention(
            platform="guestbook",
            host=self.folder.name,
            external_id=path.stem,
            text=str(entry["text"]),
            created_at=parse_iso(entry["written"]),
            author=Author(str(entry["name"])),
            in_reply_to=None if answers is None else str(answers),
            inbound=not ours,
            directed=None if ours else True,
            raw=raw,
        )

    def _post(self, reply: Reply, key: str) -> Receipt:
        earlier = self._find(key)
        if earlier is not None:
            return earlier
        if reply.to.external_id not in {path.stem for path in self._entries()}:
            raise NotProcessed(f"the entry {reply.to.external_id} is gone", status=404)
        now = iso(datetime.now(UTC))
        entry = {"name": self.house, "text": reply.text, "written": now, "answers": reply.to.external_id}
        number = self._add(entry | {"house": True, "key": key})
        return Receipt(number, created_at=parse_iso(now), host=self.folder.name)

    def _add(self, entry: JSON) -> str:
        """Write `entry` under the next free number: whole or not at all, also with two writers."""
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".part", encoding="utf-8") as draft:
            json.dump(entry, draft, ensure_ascii=False)
            draft.flush()
            number = max((int(path.stem) for path in self._entries()), default=0) + 1
            while True:
                try:
                    os.link(draft.name, self.folder / f"{number:06}.json")
                except FileExistsError:
                    number += 1
                else:
                    return f"{number:06}"

    def _find(self, key: str) -> Receipt | None:
        for path in reversed(self._entries()):
            try:
                entry = _entry(path.read_text(encoding="utf-8"))
            except BAD_ENTRY:
                continue  # fetch names it
            if entry.get("house") is True and entry.get("key") == key:
                return Receipt(path.stem, created_at=parse_iso(entry["written"]), host=self.folder.name)
        return None


def _entry(raw: str) -> dict[str, Any]:
    entry = json.loads(raw)
    if not isinstance(entry, dict):
        raise TypeError("not a JSON object")
    return entry


def _folder(setup: Setup) -> Path:
    return Path(setup.text("folder")).expanduser()


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Guestbook]:
    if not setup.text("folder"):
        raise ConfigError(f"source {setup.source}: the setting folder is missing")
    house = setup.text("handle") or next(iter(setup.handles), "house")
    yield Guestbook(_folder(setup), house=house)


GUESTBOOK = Platform(
    name="guestbook",
    title="a guestbook: a folder with one JSON file per entry",
    open=_open,
    host=lambda setup: _folder(setup).name,
    settings={
        "folder": "the folder with the entries",
        "handle": "the name that signs our answers (the brand's first handle)",
    },
    answers=True,
    limit=LIMIT,
)
