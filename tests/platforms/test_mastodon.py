"""Mastodon against a stateful server of its API."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from carecli.model import Mention
from carecli.platforms.base import Fetcher
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fedi import Fediverse


class TestMastodon(FetcherContract, PosterContract):
    @pytest.fixture(autouse=True)
    def _server(self, fediverse: Fediverse) -> None:
        self.fediverse = fediverse

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        return self.fediverse.open(hashtags=["acme"], search=["number"])

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.fediverse.write("zoe", f"@acme {text}") for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("@acme ")
