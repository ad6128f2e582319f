"""`listen.fetch` and what follows, against the network in memory: nothing lost, nothing twice, failures stay apart."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carecli import act, listen, respond
from carecli.casework import casefile
from carecli.config import Brand, Config, Source
from carecli.errors import Conflict, Locked, NotFound, Unreachable
from carecli.platforms import memory
from carecli.responding import current
from carecli.store import Store, cases, intake, open_store
from carecli.store.cases import Filter

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def network() -> Iterator[memory.Network]:
    name = uuid.uuid4().hex
    yield memory.network(name)
    memory.close(name)


def config(*names: str, **settings: object) -> Config:
    sources = {name: Source(name, "memory", settings={"network": name, "handle": "acme", **settings}) for name in names}
    return Config(brand=Brand(name="Acme", handles=["@acme"], languages=["en"]), sources=sources)


def stored(store: Store) -> set[str]:
    return {row["external_id"] for row in store.rows("SELECT external_id FROM mentions")}


def test_fetch_stores_opens_cases_and_finds_nothing_the_second_time(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    network.say("zoe", "@acme my bag is lost, nobody answers!")
    network.say("max", "@acme how much is a seat?")
    (outcome,) = listen.fetch(store, the_config, now=NOW)
    assert (outcome.error, outcome.new) == (None, 2)
    assert act.triage_new(store, the_config, now=NOW) == 2
    assert len(casefile.queue(store, the_config, Filter(), now=NOW)) == 2
    (again,) = listen.fetch(store, the_config, now=NOW)
    assert (again.new, again.updated) == (0, 0)
    assert act.triage_new(store, the_config, now=NOW) == 0


def test_a_source_that_fails_keeps_its_pages_and_stops_no_other(store: Store, network: memory.Network) -> None:
    other = memory.network(network.name + "-b")
    for number in range(45):
        network.say("zoe", f"@acme question {number}?")
        other.say("max", f"@acme question {number}?")
    network.fail_page(2, Unreachable("the network is down"))
    the_config = config(network.name, other.name)
    first, second = listen.fetch(store, the_config, now=NOW)
    assert first.error is not None
    assert "down" in first.error
    assert first.new == 20
    assert (second.error, second.new) == (None, 45)
    again = {outcome.source: outcome for outcome in listen.fetch(store, the_config, now=NOW)}
    assert again[network.name].new == 25  # resumed where it stopped
    assert len(stored(store)) == 90
    memory.close(other.name)


def test_unknown_names_and_two_at_once(store: Store, network: memory.Network) -> None:
    with pytest.raises(NotFound, match="no source is called 'x'"):
        listen.fetch(store, config(network.name), ["x"], now=NOW)
    with store.lock("fetch"):
        other = open_store(store.path)
        with pytest.raises(Locked):
            listen.fetch(other, config(network.name), now=NOW)
        other.close()


def test_an_unknown_platform_is_an_outcome(store: Store) -> None:
    broken = Config(sources={"x": Source("x", "nosuch")})
    (outcome,) = listen.fetch(store, broken, now=NOW)
    assert outcome.error is not None
    assert "nosuch" in outcome.error


def test_limit_bounds_a_source_and_the_next_fetch_goes_on(store: Store, network: memory.Network) -> None:
    for number in range(50):
        network.say("zoe", f"@acme question {number}?")
    assert listen.fetch(store, config(network.name), now=NOW, limit=20)[0].fetched == 20
    assert listen.fetch(store, config(network.name), now=NOW)[0].new == 30


def test_a_reply_goes_out_once_and_is_no_news_later(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    asked = network.say("zoe", "@acme where is my refund?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    number = respond.approve(store, 1, "@zoe It left us today and arrives by Friday.", now=NOW, agent="leo")
    (row,) = respond.send(store, the_config, [number], now=NOW)
    assert row["status"] == "sent"
    act.triage_new(store, the_config, now=NOW)
    case = cases.get(store, 1)
    assert case["status"] == "pending"
    assert case["first_reply_at"] is not None
    answers = [post for post in network.posts.values() if post.reply_to == asked.id]
    assert len(answers) == 1
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    assert cases.get(store, 1)["mention_count"] == 2
    assert respond.send(store, the_config, now=NOW) == []


def test_a_lost_answer_is_settled_by_asking_not_by_sending_again(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    network.say("zoe", "@acme where is my refund?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    network.lose_answer()
    number = respond.approve(store, 1, "@zoe It is on its way.", now=NOW)
    (row,) = respond.send(store, the_config, [number], now=NOW)
    assert row["status"] == "unsure"
    before = len(network.posts)
    (row,) = respond.send(store, the_config, now=NOW)
    assert row["status"] == "sent"
    assert len(network.posts) == before


def test_a_refused_reply_fails_and_may_be_cancelled(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    post = network.say("zoe", "@acme where is my refund?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    network.delete(post)
    number = respond.approve(store, 1, "@zoe Today.", now=NOW)
    (row,) = respond.send(store, the_config, [number], now=NOW)
    assert row["status"] == "failed"
    assert "gone" in row["last_error"]
    assert respond.cancel(store, number, now=NOW)["status"] == "cancelled"


def test_a_reply_to_what_is_no_longer_the_newest_message_is_not_written_down(
    store: Store, network: memory.Network
) -> None:
    the_config = config(network.name)
    asked = network.say("zoe", "@acme where is my refund?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    seen = current.seen(store, cases.get(store, 1))
    network.say("zoe", "@acme it has come, sorry! But where is my bag?", reply_to=asked)
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    with pytest.raises(Conflict, match="has written meanwhile"):
        respond.approve(store, 1, "@zoe The refund left us today.", now=NOW, known=seen)
    assert respond.send(store, the_config, now=NOW) == []
    seen = current.seen(store, cases.get(store, 1))
    assert respond.approve(store, 1, "@zoe It is on the next flight.", now=NOW, known=seen)


def test_a_source_that_was_renamed_is_answered_through_its_new_name(store: Store, network: memory.Network) -> None:
    before = config(network.name)
    network.say("zoe", "@acme where is my refund?")
    listen.fetch(store, before, now=NOW)
    act.triage_new(store, before, now=NOW)
    number = respond.approve(store, 1, "@zoe It left us today.", now=NOW)
    source = replace(before.sources[network.name], name="support")
    elsewhere = Source("elsewhere", "memory", settings={"network": f"{network.name}-other", "handle": "acme"})
    other = Config(brand=before.brand, sources={"elsewhere": elsewhere})
    (row,) = respond.send(store, other, [number], now=NOW)
    assert row["status"] == "failed", "another server knows nothing of the message"
    after = Config(brand=before.brand, sources={"elsewhere": elsewhere, "support": source})
    (row,) = respond.send(store, after, [number], now=NOW)
    assert row["status"] == "sent"
    memory.close(f"{network.name}-other")


def test_a_setting_that_the_platform_does_not_know_is_named(store: Store, network: memory.Network) -> None:
    (outcome,) = listen.fetch(store, config(network.name, keyword=["acme"]), now=NOW)
    assert outcome.error is not None
    assert f"sources.{network.name}: unknown key 'keyword'" in outcome.error
    assert "did you mean 'keywords'?" in outcome.error


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posts=st.integers(1, 60),
    page_size=st.integers(1, 25),
    faults=st.lists(st.integers(1, 8), max_size=4),
    shifts=st.lists(st.integers(1, 8), max_size=3),
)
def test_whatever_fails_all_of_it_arrives_once(
    tmp_path: Path, posts: int, page_size: int, faults: list[int], shifts: list[int]
) -> None:
    name = uuid.uuid4().hex
    network = memory.network(name)
    network.page_size = page_size
    for number in range(posts):
        network.say(f"user{number % 7}", f"@acme question {number}?", at=NOW - timedelta(minutes=number))
    for page in faults:
        network.fail_page(page, Unreachable("lost"))
    for page in shifts:
        network.shift_page(page, by=1)
    store = open_store(tmp_path / f"{name}.db")
    the_config = config(name)
    for _ in range(len(faults) + 2):
        listen.fetch(store, the_config, [name], now=NOW)  # by its name: it is not left alone after failures
        act.triage_new(store, the_config, now=NOW)
    assert stored(store) == set(network.posts)
    assert store.rows("SELECT count(*) FROM cases")[0][0] == posts
    store.close()
    memory.close(name)


def test_triage_resumes_after_a_crash_between_storing_and_filing(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    posts = [network.say("zoe", f"@acme question {n}?") for n in range(3)]
    listen.fetch(store, the_config, now=NOW)  # a crash here leaves mentions without cases
    assert store.rows("SELECT * FROM cases") == []
    assert act.triage_new(store, the_config, now=NOW) == len(posts)
    assert len(store.rows("SELECT * FROM cases")) == 3


def test_order_of_arrival_never_changes_the_cases(tmp_path: Path) -> None:
    from dataclasses import replace

    from carecli.model import Author, Mention

    def said(number: int, parent: int | None, *, inbound: bool = True) -> Mention:
        return Mention(
            "x",
            str(number),
            "@acme where is my bag?",
            NOW + timedelta(minutes=number),
            Author("zoe" if inbound else "acme"),
            in_reply_to=None if parent is None else str(parent),
            inbound=inbound,
            directed=inbound,
        )

    thread = [said(1, None), said(2, 1, inbound=False), said(3, 2), said(4, 1)]
    shapes = set()
    for number, order in enumerate(itertools.permutations(thread)):
        store = open_store(tmp_path / f"{number}.db")
        for mention in order:
            intake.save_page(store, "s", [replace(mention)], now=NOW)
            act.triage_new(store, Config(), now=NOW)
        alive = store.rows(
            "SELECT status, mention_count, first_reply_at, opened_at, reopened FROM cases WHERE merged_into IS NULL"
        )
        shapes.add(tuple(tuple(row) for row in alive))
        store.close()
    assert len(shapes) == 1, shapes
