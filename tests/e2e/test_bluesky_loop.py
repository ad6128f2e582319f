"""The whole program against the reference servers of the AT Protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.loop import Loop
from tests.e2e.towns import BlueskyTown, Town, world_in
from tests.platforms.atproto import Network

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("atproto")]


class TestBluesky(Loop):
    @pytest.fixture
    def town(self, atproto: Network) -> Town:
        return BlueskyTown(atproto)


def test_searches_are_heard_and_what_has_both_comes_once(tmp_path: Path, atproto: Network) -> None:
    town = BlueskyTown(atproto)
    word = f"flumox{town.brand.did[-6:]}"
    world = world_in(tmp_path, town, search=word)
    heard = town.zoe.say(f"my {word} is late again, thank you for nothing")
    both = town.say(f"my {word} is gone, where is it?")
    (outcome,) = world.json("fetch")
    assert (outcome["new"], outcome["error"]) == (2, None)
    found = {case["url"].rpartition("/")[2]: case["directed"] for case in world.json("queue", "--all")}
    assert found == {heard.uri.rpartition("/")[2]: False, both.rpartition("/")[2]: True}
    (again,) = world.json("fetch")
    assert (again["new"], again["updated"]) == (0, 0)


def test_a_private_reply_is_refused_and_nothing_is_posted(tmp_path: Path, atproto: Network) -> None:
    town = BlueskyTown(atproto)
    world = world_in(tmp_path, town)
    question = town.say("where is my bag?")
    world.run("fetch")
    (case,) = world.json("queue")
    done = world.run("reply", str(case["case"]), "It lands tonight.", "--private", "--yes", expect=(1, 2, 3))
    assert "rivate" in done.stderr
    assert town.answers(question) == []
