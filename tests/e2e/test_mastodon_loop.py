"""The whole program against a server that speaks Mastodon's API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.loop import Loop
from tests.e2e.towns import MastodonTown, Town, world_in
from tests.platforms.fedi import Fediverse


class TestMastodon(Loop):
    @pytest.fixture
    def town(self, fediverse: Fediverse) -> Town:
        return MastodonTown(fediverse)


def test_hashtags_are_heard_and_what_has_both_comes_once(tmp_path: Path, fediverse: Fediverse) -> None:
    world = world_in(tmp_path, MastodonTown(fediverse), hashtags="acmeair,bagfail")
    tagged = fediverse.write("omar", "three hours on the tarmac, thank you for nothing #acmeair")
    both = fediverse.write("zoe", "@acme my bag is gone, where is it? #acmeair #bagfail")
    fediverse.write("omar", "nice weather #sun")
    (outcome,) = world.json("fetch")
    assert (outcome["new"], outcome["error"]) == (2, None)
    found = {case["customer"]["handle"].partition("@")[0]: case for case in world.json("queue", "--all")}
    assert {name: case["directed"] for name, case in found.items()} == {"omar": False, "zoe": True}
    hits = world.json("search", "tarmac")
    assert [hit["external_id"] for hit in hits] == [tagged]
    assert [hit["external_id"] for hit in world.json("search", "bag")] == [both]
    (again,) = world.json("fetch")
    assert (again["new"], again["updated"]) == (0, 0)


def test_what_is_answered_in_a_browser_counts_as_answered(tmp_path: Path, fediverse: Fediverse) -> None:
    town = MastodonTown(fediverse)
    world = world_in(tmp_path, town)
    question = town.say("where is my bag?")
    world.run("fetch")
    assert len(world.json("queue")) == 1
    fediverse.write("acme", "@zoe it lands tonight", in_reply_to_id=question)
    world.run("fetch")
    assert world.json("queue") == []
    assert world.json("report")["response"]["answered"] == 1


def test_a_private_question_is_answered_in_private(tmp_path: Path, fediverse: Fediverse) -> None:
    town = MastodonTown(fediverse)
    world = world_in(tmp_path, town)
    question = fediverse.write("zoe", "@acme my bag is lost, where is it?", visibility="direct")
    world.run("fetch")
    (case,) = world.json("queue")
    world.run("reply", str(case["case"]), "It lands tonight.", "--yes")
    ours = [post for post in fediverse.posts("acme") if post["in_reply_to_id"] == question]
    assert [post["visibility"] for post in ours] == ["direct"]


def test_a_server_in_trouble_is_asked_again_and_gets_one_post(tmp_path: Path, fediverse: Fediverse) -> None:
    town = MastodonTown(fediverse)
    world = world_in(tmp_path, town)
    town.say("where is my bag?")
    world.run("fetch")
    (case,) = world.json("queue")
    with fediverse.fault({"type": "status", "status": 503}, path="/api/v1/statuses", method="POST"):
        done = world.run("reply", str(case["case"]), "It lands tonight.", "--yes", expect=1)
    assert "care outbox" in done.stderr
    world.run("outbox", "send")
    assert world.json("outbox") == []
    assert len(fediverse.posts("acme")) == 1
