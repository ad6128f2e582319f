"""Worlds that several files sit in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.town import Town, founded
from tests.world import World


@pytest.fixture
def town(world: World) -> Iterator[Town]:
    """Customers on a network that can be answered."""
    with founded(world) as town:
        yield town
