"""Fixtures of the platform tests; the servers themselves live in modules next to this one."""

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
