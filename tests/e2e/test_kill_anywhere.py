"""`care draft` and `care reply`, killed at hundreds of places drawn with a seed: before and after each touch of the
disk and the network, at any call in between, and by the server in the middle of its answer.

Whatever the server did and said meanwhile: afterwards it holds the reply at most once, and the reply is sent, failed,
or shown in `care outbox`.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from carecli.store import open_store
from tests.e2e.liar import MANNERS, MOMENTS, Liar, Manner, Moment
from tests.e2e.nursery import Nursery
from tests.e2e.towns import BlueskyTown, MastodonTown, Town, world_in
from tests.platforms.atproto import Network
from tests.platforms.fedi import Fediverse
from tests.world import World

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")

SEED = 20261122
KILLED = -9
TEXT = "Your bag has been found. Which address may the courier of flight {} bring it to?"


@dataclass
class Ward:
    """A town, a world whose cases wait for an answer, and a nursery; each place is tried on a case of its own."""

    town: Town
    world: World
    nursery: Nursery
    waiting: dict[int, str]
    asked: dict[int, str] = field(default_factory=dict)
    steps: int = 0
    touches: int = 0

    def next_case(self) -> int:
        """A case that no test has touched."""
        case = min(self.waiting)
        self.asked[case] = self.waiting.pop(case)
        return case

    def begin(self, *commands: list[str], **more: Any) -> int:
        environment = {**self.world.environment, "CARE_NOW": ""}
        order = {"commands": commands, "environment": environment, "folder": str(self.world.folder), **more}
        return self.nursery.begin(order)

    def answer(self, case: int, **more: Any) -> int:
        """`care reply`; the pid."""
        return self.begin(["reply", str(case), TEXT.format(case), "--yes"], **more)

    def carry_on(self, *arguments: str, **more: int) -> Any:
        """`care outbox …`, to its end; what it says, None when it was killed."""
        self.begin(["outbox", *arguments, "--json"], **more)
        if self.nursery.end() == KILLED:
            return None
        return json.loads((self.world.folder / "stream1").read_text())

    def counted(self) -> tuple[int, int]:
        """How many steps and touches the last order took that was to be counted (`count`)."""
        steps, touches = json.loads((self.world.folder / "counted.json").read_text())
        return steps, touches

    def measure(self) -> None:
        """One reply that nobody disturbs tells how many places there are."""
        case = self.next_case()
        self.answer(case, count=True)
        assert self.nursery.end() == 0, (self.world.folder / "stream2").read_text()
        self.steps, self.touches = self.counted()
        assert self.touches > 100
        assert self.settled(case) == "sent"

    def status(self, case: int) -> str | None:
        """The state of the case's only reply."""
        store = open_store(self.world.db)
        try:
            rows = store.rows("SELECT status FROM replies WHERE case_id = ?", [case])
            replied = store.rows("SELECT 1 FROM events WHERE case_id = ? AND kind = 'replied'", [case])
        finally:
            store.close()
        assert len(rows) <= 1
        status = str(rows[0]["status"]) if rows else None
        assert len(replied) == (status == "sent"), "the log says otherwise"
        return status

    def is_honest(self, case: int) -> str | None:
        """Nothing is out twice, nothing is claimed that is not so, nothing is lost; the state of the reply."""
        status, out = self.status(case), self.town.answers(self.asked[case])
        assert len(out) <= 1, "posted twice"
        assert status is not None or not out, "posted without having been written down"
        assert status != "sent" or out, "claimed to be sent, and is not there"
        assert status not in ("approved", "failed") or not out, "out, and still to be sent"
        return status

    def settled(self, case: int) -> str | None:
        """Bring the reply to its end; the state that it ends in."""
        status = self.is_honest(case)
        for _ in range(3):
            if status in (None, "sent"):
                break
            (row,) = self.carry_on("list")
            assert (row["case"], row["status"]) == (case, status), "it is not shown as it is"
            # what has failed waits for a person who names it
            self.carry_on("send", *([str(row["reply_id"])] if status == "failed" else []))
            status = self.is_honest(case)
        assert status in (None, "sent"), status
        assert len(self.town.answers(self.asked[case])) == (status == "sent")
        return status


@contextlib.contextmanager
def ward(town: Town, folder: Path, cases: int, **settings: str) -> Iterator[Ward]:
    world = world_in(folder, town, **settings)
    town.say_many(cases)
    world.run("fetch")
    lines = (json.loads(line) for line in world.run("export").stdout.splitlines())
    waiting = {row["case"]: row["id"] for row in lines}
    assert len(waiting) == cases
    with Nursery() as nursery:
        made = Ward(town, world, nursery, waiting)
        made.measure()
        yield made


def killed_at(ward: Ward, **place: int) -> str | None:
    """A reply whose process is killed at this place; what became of it."""
    case = ward.next_case()
    ward.answer(case, **place)
    ended = ward.nursery.end()
    assert ended in (KILLED, 0), (place, ended)  # the number of calls differs a little from run to run
    return ward.settled(case)


@pytest.fixture(scope="module")
def liar_ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with Liar() as liar, ward(liar, tmp_path_factory.mktemp("anywhere"), 220) as made:
        yield made


@pytest.mark.xdist_group("kill-anywhere")
class TestLyingServer:
    """It ignores keys: whoever asks it twice has posted twice."""

    @pytest.fixture
    def ward(self, liar_ward: Ward) -> Iterator[Ward]:
        assert isinstance(liar_ward.town, Liar)
        liar_ward.town.manner = "honest"
        yield liar_ward
        liar_ward.town.manner = "honest"

    def test_killed_at_the_first_and_the_last_place(self, ward: Ward) -> None:
        assert [killed_at(ward, touch=place) for place in (1, ward.touches)] == [None, "sent"]

    @pytest.mark.parametrize("batch", range(10))
    def test_killed_before_and_after_it_touches_the_disk_or_the_network(self, ward: Ward, batch: int) -> None:
        places = random.Random(SEED).sample(range(1, ward.touches + 1), 100)
        for place in places[batch::10]:
            killed_at(ward, touch=place)

    @pytest.mark.parametrize("batch", range(3))
    def test_killed_at_any_call(self, ward: Ward, batch: int) -> None:
        chosen = random.Random(SEED + batch)
        for _ in range(10):
            killed_at(ward, step=chosen.randrange(1, ward.steps))

    @pytest.mark.parametrize("moment", MOMENTS)
    @pytest.mark.parametrize("manner", ["honest", "is slow"])
    def test_killed_by_the_server(self, ward: Ward, manner: Manner, moment: Moment) -> None:
        assert isinstance(ward.town, Liar)
        ward.town.manner = manner
        case = ward.next_case()
        ward.town.murder(ward.answer(case), moment)
        assert ward.nursery.end() == KILLED
        ward.town.manner = "honest"
        assert ward.settled(case) == "sent"

    @pytest.mark.parametrize("manner", MANNERS)
    def test_a_server_that_lies_to_a_process_that_lives(self, ward: Ward, manner: Manner) -> None:
        assert isinstance(ward.town, Liar)
        ward.town.manner = manner
        case = ward.next_case()
        ward.answer(case)
        ended = ward.nursery.end()
        status = ward.is_honest(case)
        assert (ended == 0) == (status == "sent")
        if manner not in ("honest", "is slow"):
            assert status == {"is busy": "approved", "refuses": "failed"}.get(manner, "unsure")
        for _ in range(2):  # it goes on lying
            ward.carry_on("send")
            status = ward.is_honest(case)
        if manner == "forgets":
            assert status == "unsure"  # nobody can tell: it stays with the human, and is not sent again
        ward.town.manner = "honest"
        assert ward.settled(case) == "sent"

    @pytest.mark.parametrize("manner", MANNERS)
    def test_killed_while_the_server_lies_and_again_while_it_recovers(self, ward: Ward, manner: Manner) -> None:
        assert isinstance(ward.town, Liar)
        chosen = random.Random(f"{SEED} {manner}")
        for _ in range(2):
            ward.town.manner = manner
            case = ward.next_case()
            # from where the network is reached on
            ward.answer(case, touch=chosen.randrange(ward.touches // 2, ward.touches))
            ward.nursery.end()
            ward.is_honest(case)
            ward.carry_on("send", touch=chosen.randrange(1, ward.touches // 2))
            ward.is_honest(case)
            ward.town.manner = "honest"
            ward.settled(case)

    def test_killed_while_it_drafts(self, ward: Ward) -> None:
        case = ward.next_case()
        ward.begin(["draft", str(case)], count=True)
        assert ward.nursery.end() == 0
        touches = ward.counted()[1]
        for place in range(1, touches, 5):
            ward.begin(["draft", str(case)], touch=place)
            assert ward.nursery.end() == KILLED
            assert ward.is_honest(case) is None
        ward.answer(case)
        assert ward.nursery.end() == 0
        assert ward.settled(case) == "sent"


class Anywhere:
    """The subclass gives `ward`: a server that others wrote."""

    places: int

    def test_killed_at_places_drawn_with_a_seed(self, ward: Ward) -> None:
        chosen = random.Random(SEED)
        for _ in range(self.places):
            killed_at(ward, touch=chosen.randrange(ward.touches // 3, ward.touches + 1))


@pytest.mark.xdist_group("kill-mastodon")
class TestMastodon(Anywhere):
    places = 20

    @pytest.fixture(scope="class")
    @classmethod
    def ward(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
        folder = tmp_path_factory.mktemp("anywhere")
        with Fediverse() as fediverse, ward(MastodonTown(fediverse), folder, cls.places + 2) as made:
            yield made


@pytest.mark.servers
@pytest.mark.xdist_group("atproto")
class TestBluesky(Anywhere):
    places = 10

    @pytest.fixture(scope="class")
    @classmethod
    def ward(cls, atproto: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
        with ward(BlueskyTown(atproto), tmp_path_factory.mktemp("anywhere"), cls.places + 2) as made:
            yield made
