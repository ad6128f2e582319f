"""Fixtures of the platform tests; the servers themselves live in modules next to this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platforms.servers import LyingServer


@pytest.fixture
def lying() -> Iterator[LyingServer]:
    with LyingServer() as server:
        yield server
