"""What must hold on every platform that is read and answered: one class of tests, inherited by the platforms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.proxy import Proxy
from tests.e2e.towns import Town, add_source, stored, tick, world_in
from tests.world import World

TEXT = "Your bag has been found, it is on the next plane to you. Which address may the courier bring it to?"
WRONG = "wrong-secret-5e8b1c77"


class Loop:
    """The subclass gives `town`."""

    @pytest.fixture
    def own_world(self, tmp_path: Path, town: Town) -> World:
        return world_in(tmp_path, town)

    def test_from_the_first_mention_to_the_report(self, own_world: World, town: Town) -> None:
        world = own_world
        question = town.say("you lost my bag, this is terrible. Where is it?")
        assert town.handle in world.run("source", "test", "social").stdout
        assert _fetched(world) == (1, 0)
        (case,) = world.json("queue")
        number = str(case["case"])
        assert (case["status"], case["needs_reply"], case["directed"]) == ("open", True, True)
        assert case["customer"]["handle"].startswith("zoe")

        drafts = world.json("draft", number)
        assert drafts
        assert all(draft["text"] for draft in drafts)
        world.run("reply", number, "Send us your card number here.", "--yes", expect=3)
        assert world.json("reply", number, TEXT, "--dry-run")["status"] == "dry-run"
        assert "--yes" in world.run("reply", number, TEXT, expect=2).stderr
        assert town.answers(question) == []
        tick()
        assert world.json("reply", number, TEXT, "--yes")["status"] == "sent"
        (answer,) = town.answers(question)
        assert answer.text.endswith(TEXT)
        town.settle()

        before = world.json("show", number)
        assert _fetched(world)[0] == 0, "what care posted itself is known already"
        shown = world.json("show", number)
        assert [one["external_id"] for one in shown["mentions"]] == [question, answer.id]
        assert [one["inbound"] for one in shown["mentions"]] == [True, False]
        assert shown["status"] == before["status"] == "pending"
        assert shown["first_reply_at"] == shown["mentions"][1]["created_at"]
        assert world.json("queue") == []
        self.check_report(world, shown)

        tick()
        second = town.say("it is still not here, I am very angry", to=answer.id)
        assert _fetched(world) == (1, 0)
        assert _status(world, number) == "open"
        tick()
        assert world.json("resolve", number)["status"] == "resolved"
        assert _fetched(world) == (0, 0)
        assert _status(world, number) == "resolved"
        tick()
        town.say("and now it is broken, what are you going to do?", to=second)
        assert _fetched(world) == (1, 0)
        assert _status(world, number) == "open"
        assert len(world.json("queue", "--all")) == 1, "all of it is one conversation"
        response = world.json("report")["response"]
        assert (response["reopened"], response["cases"]) == (1, 1)

    def check_report(self, world: World, shown: dict[str, Any]) -> None:
        """One answer, as fast as the platform's times say."""
        from carecli.model import parse_iso

        asked, answered = (parse_iso(one["created_at"]) for one in shown["mentions"])
        seconds = (answered - asked).total_seconds()
        assert seconds >= 1
        report = world.json("report")
        assert report["mentions"]["total"] == 2
        assert report["response"]["first_response"] == {
            "count": 1,
            "median_seconds": seconds,
            "p90_seconds": seconds,
            "mean_seconds": seconds,
        }
        assert (report["response"]["answered"], report["response"]["response_rate"]) == (1, 1.0)
        assert [(source["source"], source["mentions"]) for source in report["coverage"]] == [("social", 2)]

    def test_killed_between_two_pages_nothing_is_lost_and_nothing_comes_twice(self, tmp_path: Path, town: Town) -> None:
        with Proxy(town.url) as proxy:
            world = world_in(tmp_path, town, base_url=proxy.url)
            written = town.say_many(2 * town.page + 11)
            with proxy.stop(town.listing, "asked", method="GET", nth=1) as stop:
                process = world.begin("fetch")
                stop.wait()
                process.kill()
                process.communicate()
            kept = stored(world)
            assert len(kept) == town.page, "the first page stays"
            written.append(town.say("and one more, where is it?"))
            assert _fetched(world) == (len(written) - town.page, 0)
            assert sorted(stored(world)) == sorted(written)
            assert _fetched(world) == (0, 0)
            assert len(world.json("queue", "--limit", "1000")) == len(written)

    def test_a_wrong_secret_is_named_without_being_shown(self, own_world: World, town: Town) -> None:
        own_world.env[f"CARE_SOCIAL_{town.kind}"] = WRONG
        for command in (["source", "test", "social"], ["-vv", "fetch", "--json"]):
            done = own_world.run(*command, expect=1)
            assert re.search(r"care login|CARE_SOCIAL", done.stderr), f"no way out in: {done.stderr}"
            assert WRONG not in done.stdout + done.stderr
        written = b"".join(path.read_bytes() for path in own_world.folder.rglob("*") if path.is_file())
        assert WRONG.encode() not in written
        assert own_world.json("source", "list")[0]["last_error"]

    def test_a_source_that_fails_does_not_stop_the_other(self, own_world: World, town: Town) -> None:
        add_source(own_world, town, "broken", base_url=town.url)
        own_world.env[f"CARE_BROKEN_{town.kind}"] = WRONG
        town.say("where is my bag?")
        outcomes = {one["source"]: one for one in own_world.json("fetch", expect=4)}
        assert (outcomes["social"]["new"], outcomes["social"]["error"]) == (1, None)
        assert outcomes["broken"]["error"]
        assert WRONG not in outcomes["broken"]["error"]
        assert len(own_world.json("queue")) == 1


def _fetched(world: World) -> tuple[int, int]:
    """(new, skipped with an error) of one `care fetch` of one source."""
    (outcome,) = world.json("fetch")
    return outcome["new"], int(outcome["error"] is not None)


def _status(world: World, case: str) -> str:
    return str(world.json("show", case)["status"])
