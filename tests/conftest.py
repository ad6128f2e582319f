"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carecli.store import Store, open_store
from tests.platforms.atproto import atproto
from tests.platforms.fixtures import fediverse, lying, running_fediverse
from tests.world import World

__all__ = ["atproto", "fediverse", "lying", "running_fediverse", "store", "world"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """`care` in a folder of its own."""
    return World(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open, empty database."""
    opened = open_store(tmp_path / "care.db")
    yield opened
    opened.close()
