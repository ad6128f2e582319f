"""The guestbook keeps the contract of every platform."""
# ruff: noqa: S101 - assert is how pytest checks

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from carecli_guestbook import GUESTBOOK, LIMIT, Guestbook

from carecli.errors import ConfigError, NotProcessed, Unreachable
from carecli.model import Reply
from carecli.platforms.base import Checker, Fetcher, Poster, Setup
from carecli.platforms.testing import FetcherContract, PosterContract


class TestGuestbook(FetcherContract, PosterContract):
    """Real files in a folder of the test's own; two pages and a bit."""

    many = 120

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path
        self.numbers = itertools.count(1)

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        return GUESTBOOK.open(Setup("lobby", {"folder": str(self.path), "handle": "house"}))

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.entry({"text": text}) for text in texts]

    def entry(self, more: dict[str, object]) -> str:
        number = f"{next(self.numbers):06}"
        entry = {"name": "Zoe", "written": datetime.now(UTC).isoformat(), **more}
        (self.path / f"{number}.json").write_text(json.dumps(entry), encoding="utf-8")
        return number

    def test_what_is_no_entry_is_skipped_and_named(self) -> None:
        good = self.entry({"text": "hello"})
        half = self.entry({"written": "yesterday"})
        (self.path / "000009.json").write_text('{"text": "half', encoding="utf-8")
        (self.path / "000010.json").write_text("[" * 100_000, encoding="utf-8")
        (self.path / "notes.txt").write_text("not ours", encoding="utf-8")
        (page,) = self.pages({})
        assert [mention.external_id for mention in page.mentions] == [good]
        assert [line.split(":")[0] for line in page.skipped] == [f"{half}.json", "000009.json", "000010.json"]

    def test_a_key_has_one_entry_however_often_it_is_sent(self) -> None:
        reply = self.answer("a towel is on its way")

        async def send() -> str:
            async with self.open() as client:
                assert isinstance(client, Poster)
                return (await client.post(reply, key="k")).external_id

        assert asyncio.run(send()) == asyncio.run(send())
        assert sorted(path.name for path in self.path.iterdir()) == ["000001.json", "000002.json"]

    def test_two_desks_never_write_over_each_other(self) -> None:
        reply = self.answer("one moment")
        book = Guestbook(self.path, house="house")

        async def send() -> list[str]:
            receipts = await asyncio.gather(*(book.post(reply, key=f"k{number}") for number in range(20)))
            return [receipt.external_id for receipt in receipts]

        assert len(set(asyncio.run(send()))) == 20
        assert len(list(self.path.glob("*.json"))) == 21

    def test_refused_before_anything_is_written(self) -> None:
        reply = self.answer("x" * (LIMIT + 1))
        book = Guestbook(self.path, house="house")
        with pytest.raises(NotProcessed, match="1001 characters"):
            asyncio.run(book.post(reply, key="k"))
        (self.path / "000001.json").unlink()
        with pytest.raises(NotProcessed, match="gone"):
            asyncio.run(book.post(Reply("hello", reply.to), key="k"))
        assert list(self.path.iterdir()) == []

    def test_check_counts_and_fails_as_a_fetch_does(self) -> None:
        self.write(["hello"])

        async def check(folder: str) -> str:
            async with GUESTBOOK.open(Setup("lobby", {"folder": folder}, handles=("inn",))) as client:
                assert isinstance(client, Checker)
                return await client.check()

        said = asyncio.run(check(str(self.path)))
        assert said == f"guestbook {self.path.name}: 1 entries, we sign as inn"
        with pytest.raises(Unreachable, match="cannot be read"):
            asyncio.run(check(str(self.path / "nowhere")))
        with pytest.raises(ConfigError, match="folder is missing"):
            asyncio.run(check(""))
