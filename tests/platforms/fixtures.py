"""The fixtures of real and of lying servers; tests/conftest.py offers them to every test, so each starts once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platforms.fedi import Fediverse
from tests.platforms.servers import LyingServer


@pytest.fixture
def lying() -> Iterator[LyingServer]:
    with LyingServer() as server:
        yield server


@pytest.fixture(scope="session")
def running_fediverse() -> Iterator[Fediverse]:
    with Fediverse() as fediverse:
        yield fediverse


@pytest.fixture
def fediverse(running_fediverse: Fediverse) -> Fediverse:
    running_fediverse.reset()
    return running_fediverse
