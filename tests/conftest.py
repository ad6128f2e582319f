"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carecli.store import Store, open_store
from tests.world import World


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
