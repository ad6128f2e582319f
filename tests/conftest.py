"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from carecli.store import Store, open_store
from tests.platforms.atproto import atproto
from tests.platforms.fixtures import fediverse, lying, running_fediverse
from tests.world import World

__all__ = ["atproto", "fediverse", "lying", "running_fediverse", "store", "world"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background by a shell: nobody would hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test is a stopwatch: what is loaded first takes longer.
hypothesis.settings.register_profile("care", hypothesis.settings(deadline=None))
hypothesis.settings.load_profile("care")

LONGEST_ID = 80  # characters of a value in the name of a test


def pytest_make_parametrize_id(val: object) -> str | None:
    """Test names without the bytes that they are about.

    An archive's bytes hold the time at which they were made: two processes that collect them in
    different seconds would disagree about the names, and pytest-xdist would refuse to start. Long texts
    are cut; pytest numbers those that look alike.
    """
    if isinstance(val, bytes):
        return "bytes"
    if isinstance(val, str) and len(val) > LONGEST_ID:
        return f"{val[:LONGEST_ID].encode('unicode_escape').decode()}…"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything was installed (`CARE_REQUIRE_SERVERS=1`, set by `.ci/run`) a test that is skipped has failed."""
    report = yield
    if report.skipped and os.environ.get("CARE_REQUIRE_SERVERS") == "1":
        report.outcome = "failed"
    return report


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
