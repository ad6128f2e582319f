"""A reply whose sender is killed, or whose connection breaks, at every place on its way: one post, never two.

A proxy in front of the real server stops time inside a request. Where the program stands between requests, its
database tells (`sending` is committed before the network is touched). The other moments are drawn with a seed.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.proxy import MOMENTS, Moment, Proxy
from tests.e2e.towns import BlueskyTown, MastodonTown, Town, reply_status, stored, world_in
from tests.platforms.atproto import Network
from tests.platforms.fedi import Fediverse
from tests.world import Running, World

SEED = 20261121
CASES = 30
TEXT = "Your bag has been found. Which address may the courier of flight {} bring it to?"


@dataclass
class Street:
    """A town with a proxy in front and one waiting case for each test; `seconds` is how long a reply takes."""

    town: Town
    proxy: Proxy
    world: World
    waiting: dict[int, str]
    seconds: float = 0.0
    used: list[int] = field(default_factory=list)

    def next_case(self) -> tuple[int, str]:
        """A case and its question that no test has touched."""
        case = next(number for number in sorted(self.waiting) if number not in self.used)
        self.used.append(case)
        return case, self.waiting[case]

    def start_reply(self, case: int) -> Running:
        return self.world.begin("reply", str(case), TEXT.format(case), "--yes", "--json")

    def status(self, case: int) -> str | None:
        return reply_status(self.world.db, case)

    def settle(self, case: int, question: str) -> None:
        """Whatever happened: nothing is claimed that is not so, and one `outbox send` brings it to its end."""
        status, out = self.status(case), self.town.answers(question)
        assert len(out) <= 1
        assert status is not None or not out, "posted without having been written down"
        assert status != "sent" or out, "claimed to be sent, and is not there"
        listed = [row["status"] for row in self.world.json("outbox") if row["case"] == case]
        assert listed == ([] if status in (None, "sent") else [status])
        rows = [row for row in self.world.json("outbox", "send") if row["case"] == case]
        assert [row["status"] for row in rows] == (["sent"] if listed else [])
        self.check(case, question, posted=status is not None)

    def check(self, case: int, question: str, *, posted: bool) -> None:
        """One post in the right thread, recorded; or none and nothing recorded."""
        answers = self.town.answers(question)
        assert len(answers) == posted
        assert self.status(case) == ("sent" if posted else None)
        assert all(answer.text.endswith(TEXT.format(case)) for answer in answers)


@contextlib.contextmanager
def street(town: Town, folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Street]:
    """Open a street; its first case shows that all goes well when nobody is killed, and how long that takes."""
    with Proxy(town.url, without=without) as proxy:
        world = world_in(folder, town, base_url=proxy.url)
        town.say_many(CASES)
        world.run("fetch")
        lines = (json.loads(line) for line in world.run("export").stdout.splitlines())
        made = Street(town, proxy, world, {row["case"]: row["id"] for row in lines})
        case, question = made.next_case()
        started = time.monotonic()
        output, errors = made.start_reply(case).communicate(timeout=60)
        made.seconds = time.monotonic() - started
        assert json.loads(output)["status"] == "sent", errors
        made.check(case, question, posted=True)
        yield made


def kill(process: Running) -> None:
    """SIGKILL, and wait until it is gone."""
    process.kill()
    process.communicate()


def said_below(town: Town, post: str) -> list[str]:
    """The ids of what the brand answered to a post, and to its own answers: a thread hangs on itself."""
    return [one for answer in town.answers(post) for one in (answer.id, *said_below(town, answer.id))]


class Kills:
    """The subclass gives `street`, one for all its tests."""

    looking: str  # the address that is asked whether a reply is out

    @pytest.mark.parametrize("moment", MOMENTS)
    def test_killed_inside_the_request(self, street: Street, moment: Moment) -> None:
        case, question = street.next_case()
        with street.proxy.stop(street.town.posting, moment) as stop:
            process = street.start_reply(case)
            stop.wait()
            kill(process)
        assert len(street.town.answers(question)) == (moment != "asked")
        street.settle(case, question)

    @pytest.mark.parametrize("moment", ["asked", "done", "answering"])
    def test_the_connection_breaks(self, street: Street, moment: Moment) -> None:
        case, question = street.next_case()
        with street.proxy.stop(street.town.posting, moment) as stop:
            stop.drop()
            process = street.start_reply(case)
            output, errors = process.communicate(timeout=60)
        assert process.returncode == 1, errors
        assert json.loads(output)["status"] == "unsure"
        assert "care outbox" in errors
        street.settle(case, question)

    def test_killed_again_while_it_asks_whether_the_reply_is_out(self, street: Street) -> None:
        case, question = street.next_case()
        for path, method, command in (
            (street.town.posting, "POST", ["reply", str(case), TEXT.format(case), "--yes"]),
            (self.looking, "GET", ["outbox", "send"]),
        ):
            with street.proxy.stop(path, "done", method=method) as stop:
                process = street.world.begin(*command)
                stop.wait()
                kill(process)
        assert street.status(case) == "unsure"
        street.settle(case, question)

    def test_killed_again_while_it_sends_the_second_time(self, street: Street) -> None:
        case, question = street.next_case()
        commands = (["reply", str(case), TEXT.format(case), "--yes"], ["outbox", "send"])
        moments: tuple[Moment, ...] = ("asked", "done")
        for moment, command in zip(moments, commands, strict=True):
            with street.proxy.stop(street.town.posting, moment) as stop:
                process = street.world.begin(*command)
                stop.wait()
                kill(process)
        assert len(street.town.answers(question)) == 1
        street.settle(case, question)

    def test_a_thread_is_killed_in_each_of_its_posts(self, street: Street) -> None:
        case, question = street.next_case()
        step = "Step {} for bag {}: go to the desk in hall B and show the number on the receipt."
        text = " ".join(step.format(number, case) for number in range(15))
        command = ["reply", str(case), text, "--thread", "--yes"]
        for _ in range(2):
            with street.proxy.stop(street.town.posting, "done") as stop:
                process = street.world.begin(*command)
                stop.wait()
                kill(process)
            command = ["outbox", "send"]
        (row,) = [row for row in street.world.json("outbox", "send") if row["case"] == case]
        assert row["status"] == "sent"
        posts, above = list[str](), question
        while answers := street.town.answers(above):
            assert len(answers) == 1, "a post of the thread went out twice"
            posts.append(answers[0].text)
            above = answers[0].id
        assert len(posts) >= 3
        assert [post[-3:] for post in posts] == [f"{n}/{len(posts)}" for n in range(1, len(posts) + 1)]
        assert street.status(case) == "sent"

    def test_a_clock_that_is_an_hour_ahead_hides_nothing(self, street: Street) -> None:
        ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        world = replace(street.world, env={**street.world.env, "CARE_NOW": ahead})
        wrong = replace(street, world=world)
        case, question = wrong.next_case()
        with wrong.proxy.stop(wrong.town.posting, "done") as stop:
            process = wrong.start_reply(case)
            stop.wait()
            kill(process)
        wrong.settle(case, question)


class Everywhere(Kills):
    """What the server's manners cannot change, and what a server that knows a key again adds."""

    @pytest.mark.parametrize("seen", ["approved", "sending", "sent"])
    def test_killed_as_soon_as_the_database_says(self, street: Street, seen: str) -> None:
        case, question = street.next_case()
        process = street.start_reply(case)
        order = ["approved", "sending", "sent"]
        while process.poll() is None and street.status(case) not in order[order.index(seen) :]:
            time.sleep(0.0005)
        kill(process)
        assert street.status(case) in order[order.index(seen) :]
        street.settle(case, question)

    @pytest.mark.parametrize("number", range(4))
    def test_killed_at_any_time(self, street: Street, number: int) -> None:
        case, question = street.next_case()
        process = street.start_reply(case)
        time.sleep(street.seconds * random.Random(SEED + number).uniform(0.2, 1.0))
        kill(process)
        street.settle(case, question)

    def test_two_senders_at_once(self, street: Street) -> None:
        case, question = street.next_case()
        with street.proxy.stop(street.town.posting, "asked") as stop:
            process = street.start_reply(case)
            stop.wait()
            kill(process)
        with street.proxy.stop(street.town.posting, "asked") as stop:
            first = street.world.begin("outbox", "send", "--json")
            stop.wait()
            second = street.world.begin("outbox", "send", "--json")
            time.sleep(street.seconds)
            assert second.poll() is None, "the second one waits for the first"
            stop.let_go()
            for sender in (first, second):
                _, errors = sender.communicate(timeout=60)
                assert sender.returncode == 0, errors
        street.check(case, question, posted=True)

    def test_what_was_found_out_is_what_a_fetch_finds(self, street: Street) -> None:
        case, question = street.next_case()
        with street.proxy.stop(street.town.posting, "done") as stop:
            process = street.start_reply(case)
            stop.wait()
            kill(process)
        street.settle(case, question)
        street.town.settle()
        (outcome,) = street.world.json("fetch")
        assert (outcome["new"], outcome["error"]) == (0, None)
        posted = [answer for used in street.used for answer in said_below(street.town, street.waiting[used])]
        assert sorted(stored(street.world, inbound=False)) == sorted(posted)
        assert street.world.json("show", str(case))["status"] == "pending"

    def test_a_request_that_arrives_after_the_second_one(self, street: Street) -> None:
        case, question = street.next_case()
        with street.proxy.stop(street.town.posting, "asked", late=True) as stop:
            process = street.start_reply(case)
            stop.wait()
            kill(process)
            street.settle(case, question)
        street.check(case, question, posted=True)


@pytest.mark.xdist_group("kill-mastodon")
class TestMastodon(Everywhere):
    looking = "/api/v1/accounts/verify_credentials"

    @pytest.fixture(scope="class")
    @classmethod
    def street(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
        with Fediverse() as fediverse, street(MastodonTown(fediverse), tmp_path_factory.mktemp("kill")) as made:
            yield made


@pytest.mark.xdist_group("kill-mastodon-without-keys")
class TestServerThatIgnoresKeys(Kills):
    looking = "/api/v1/accounts/verify_credentials"

    @pytest.fixture(scope="class")
    @classmethod
    def street(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
        folder = tmp_path_factory.mktemp("kill")
        with Fediverse() as fediverse, street(MastodonTown(fediverse), folder, without=("Idempotency-Key",)) as made:
            yield made


@pytest.mark.servers
@pytest.mark.xdist_group("atproto")
class TestBluesky(Everywhere):
    looking = "com.atproto.repo.getRecord"

    @pytest.fixture(scope="class")
    @classmethod
    def street(cls, atproto: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
        with street(BlueskyTown(atproto), tmp_path_factory.mktemp("kill")) as made:
            yield made

    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "createSession"), ("GET", "getRecord"), ("GET", "app.bsky.feed.getPosts")]
    )
    def test_killed_before_anything_is_written(self, street: Street, method: str, path: str) -> None:
        case, question = street.next_case()
        with street.proxy.stop(path, "done", method=method) as stop:
            process = street.start_reply(case)
            stop.wait()
            kill(process)
        assert street.town.answers(question) == []
        street.settle(case, question)
