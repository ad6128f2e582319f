"""The whole program against the platforms that are played by servers of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.json_towns import DiscourseTown, GitHubTown, LemmyTown, YouTubeTown
from tests.e2e.loop import Loop
from tests.e2e.towns import Town
from tests.platforms.test_discourse import Forum
from tests.platforms.test_github import Hub
from tests.platforms.test_lemmy import Server
from tests.platforms.test_youtube import Tube


class TestGitHub(Loop):
    @pytest.fixture
    def town(self) -> Iterator[Town]:
        with Hub() as server:
            yield GitHubTown(server)


class TestYouTube(Loop):
    @pytest.fixture
    def town(self) -> Iterator[Town]:
        with Tube() as server:
            yield YouTubeTown(server)


class TestDiscourse(Loop):
    @pytest.fixture
    def town(self) -> Iterator[Town]:
        with Forum() as server:
            yield DiscourseTown(server)


class TestLemmy(Loop):
    @pytest.fixture(params=[False, True], ids=["v3", "v4"])
    def town(self, request: pytest.FixtureRequest) -> Iterator[Town]:
        with Server(newer=request.param) as server:
            yield LemmyTown(server)
