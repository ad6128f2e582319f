"""The second look in the loop: who is looked at, how often, what is stored of it, and what a failure leaves alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from carecli import act, listen
from carecli.casework import casefile, filing
from carecli.config import Brand, Config, Source
from carecli.model import Outcome, iso
from carecli.store import Store, search
from tests.platforms.servers import LyingServer, Request, json_script
from tests.platforms.test_discourse import ACME, Forum
from tests.world import World

HOUR = timedelta(hours=1)


class Club(Forum):
    """A forum whose posts can be looked at one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.looked: list[str] = []
        self.route("GET", r"/posts/by_number/(\d+)/(\d+).json", self.one)

    def one(self, request: Request, topic: str, number: str) -> object:
        self.looked.append(f"{topic}/{number}")
        here = (int(topic), int(number))
        found = [post for post in self.posts if (post["topic_id"], post["post_number"]) == here]
        return found[0] if found else json_script({"errors": ["not found"], "error_type": "not_found"}, 404)


@pytest.fixture
def club(monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    monkeypatch.setenv("CARE_CLUB_KEY", "key-1")
    with Club() as server:
        yield server


def config(club: LyingServer, **settings: object) -> Config:
    known = {"base_url": club.url, "handle": ACME, "allow_private": True, **settings}
    brand = Brand(name="Acme", handles=["@acme"], languages=["en"])
    return Config(brand=brand, sources={"club": Source("club", "discourse", settings=known)})


NOW = datetime.now(UTC)


def fetched(store: Store, the_config: Config, hours: float = 0) -> Outcome:
    """One fetch and what follows, so many hours from now."""
    now = NOW + hours * HOUR
    (outcome,) = listen.fetch(store, the_config, ["club"], now=now)
    act.triage_new(store, the_config, now=now)
    assert outcome.error is None
    return outcome


def test_a_deletion_hides_the_words_and_leaves_the_case(store: Store, club: Club) -> None:
    the_config = config(club)
    club.write("zoe", "Where is my violin? My number is 555-0199!")
    kept = club.write("max", "How much is a seat, please?")
    fetched(store, the_config)
    club.posts = [post for post in club.posts if post["username"] != "zoe"]
    assert fetched(store, the_config, 2).deleted == 1
    (number,) = [row["case_id"] for row in store.rows("SELECT case_id FROM mentions WHERE deleted_at IS NOT NULL")]
    shown = casefile.case_file(store, the_config, number, now=NOW)
    assert (shown.case["text"], shown.case["status"]) == (None, "open")
    assert shown.events[-1]["kind"] == "deleted"
    assert search.find(store, "violin", limit=5) == []
    assert store.rows("SELECT 1 FROM mentions WHERE external_id = ? AND deleted_at IS NULL", [kept])
    club.looked.clear()
    assert fetched(store, the_config, 4).deleted == 0
    assert club.looked == [kept]  # what is gone is not asked for again


def test_an_edit_is_an_event_and_keeps_what_is_known_of_the_mention(store: Store, club: Club) -> None:
    the_config = config(club)
    club.write("max", "How much is a seat, please?")
    fetched(store, the_config)
    club.posts[0].update(raw="You lost my bag, this is awful!", version=2, updated_at=club.stamp(), name=None)
    outcome = fetched(store, the_config, 2)
    assert (outcome.updated, outcome.new, outcome.fetched) == (1, 0, 0)
    shown = casefile.case_file(store, the_config, 1, now=NOW)
    assert (shown.events[-1]["kind"], shown.events[-1]["data"]["before"]) == ("edited", "How much is a seat, please?")
    assert (shown.case["text"], shown.case["sentiment"]) == ("You lost my bag, this is awful!", "negative")
    assert (shown.case["directed"], shown.case["customer"]["name"]) == (True, "Max")
    assert fetched(store, the_config, 4).updated == 0


def test_looks_are_few_and_take_turns(store: Store, club: Club) -> None:
    the_config = config(club, looks="2")
    ids = [club.write("zoe", f"Where is parcel {number}, please?") for number in range(5)]
    fetched(store, the_config)
    assert club.looked == []  # what was fetched now is as it is now
    looks = []
    for hours in (2.0, 2.1, 2.2, 2.3, 3.2):
        club.looked.clear()
        fetched(store, the_config, hours)
        looks.append(sorted(club.looked))
    assert [len(one) for one in looks] == [2, 2, 1, 0, 2]
    assert sorted(looks[0] + looks[1] + looks[2]) == sorted(ids)
    assert looks[4] == looks[0]
    club.looked.clear()
    fetched(store, config(club, looks="0"), 9)
    assert club.looked == []


def test_what_is_done_or_old_is_left_alone(store: Store, club: Club) -> None:
    the_config = config(club)
    club.write("zoe", "Where is my bag?")
    old = club.write("max", "How much is a seat, please?")
    fetched(store, the_config)
    done = store.rows("SELECT case_id FROM mentions WHERE external_id <> ?", [old])[0]["case_id"]
    filing.record(store, done, "resolved", now=NOW, agent="leo")
    fetched(store, the_config, 2)
    assert club.looked == [old]
    fetched(store, the_config, 24 * 40)
    assert club.looked == [old]


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_failure_is_named_and_no_deletion(store: Store, club: Club, status: int) -> None:
    the_config = config(club, looks="1")
    club.write("zoe", "Where is my bag?")
    club.write("zoe", "Where is my other bag?")
    fetched(store, the_config)
    refusal = json_script({"errors": ["no"]}, status, {"Retry-After": "0"})
    club.routes.insert(0, ("GET", re.compile("/posts/by_number/.*"), lambda *_asked: refusal))
    outcome = fetched(store, the_config, 2)
    assert outcome.deleted == 0
    assert status == 403 or "a look at known mentions" in outcome.skipped[0]
    assert store.rows("SELECT 1 FROM mentions WHERE deleted_at IS NOT NULL") == []
    club.routes.pop(0)
    club.looked.clear()
    fetched(store, the_config, 2.1)
    assert len(club.looked) == 1  # the other one: the first waits for its next turn


def test_a_limit_ends_the_looks_and_is_kept(store: Store, club: Club) -> None:
    the_config = config(club)
    club.write("zoe", "Where is my bag?")
    fetched(store, the_config)
    limit = json_script({"errors": ["slow down"], "extras": {"wait_seconds": 600}}, 429)
    club.fault("GET /posts/by_number.*", limit)
    (outcome,) = listen.fetch(store, the_config, now=NOW + 2 * HOUR)
    assert outcome.next_try is not None
    (waiting,) = listen.fetch(store, the_config, now=NOW + 2 * HOUR + timedelta(minutes=5))
    assert waiting.waiting


def test_a_post_of_a_stream_is_withdrawn_where_it_belongs(world: World) -> None:
    """Jetstream's posts are Bluesky's: a deletion has to find them under that name."""
    from tests.platforms.test_jetstream import Stream

    with Stream() as stream:
        world.env["CARE_NOW"] = iso(NOW)
        world.init("--keyword", "acme")
        uri = stream.write("acme lost my bag")
        at = f"base_url={stream.url}"
        world.run("source", "add", "jetstream", "sky", "--set", at, "--set", "seconds=1", "--set", "profiles_url=")
        assert world.json("fetch", "--since", "3h")[0]["new"] == 1
        gone = json.loads(stream.events[-1])
        gone["commit"] = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": uri.rpartition("/")[2]}
        stream.events.append(json.dumps({**gone, "time_us": gone["time_us"] + 1}))
        assert world.json("fetch")[0]["deleted"] == 1
    (case,) = world.json("queue", "--all")
    assert case["text"] is None
