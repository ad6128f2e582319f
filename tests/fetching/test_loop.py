"""The loop of `care fetch`: waits and back-off, walks back, deletions and edits, Ctrl-C, a migrated database."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carecli import act, listen
from carecli.casework import casefile
from carecli.config import Brand, Config, Source
from carecli.errors import RateLimited, Stopped, Unreachable
from carecli.listening import patience
from carecli.model import Outcome, iso
from carecli.platforms import memory
from carecli.store import Store, cases, mentions, open_store, search, sources
from carecli.store.schema import migrations
from tests.platforms.servers import LyingServer, Script, json_script
from tests.world import World

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def network() -> Iterator[memory.Network]:
    name = uuid.uuid4().hex
    memory.network(name).clock = lambda: NOW - timedelta(hours=1)
    yield memory.network(name)
    memory.close(name)


def config(name: str, *others: Source) -> Config:
    source = Source(name, "memory", settings={"network": name, "handle": "acme"})
    brand = Brand(name="Acme", handles=["@acme"], languages=["en"])
    return Config(brand=brand, sources={one.name: one for one in (source, *others)})


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


# When a source is asked again


def test_a_source_that_asked_to_wait_is_not_asked_earlier_and_says_so(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    network.say("zoe", "@acme where is my bag?")
    network.fail_page(1, RateLimited("too many requests", retry_after=600))
    (refused,) = listen.fetch(store, the_config, now=NOW)
    assert refused.next_try is not None
    assert minutes(9) < refused.next_try - NOW < minutes(11)
    for names in ((), (network.name,)):  # to name it does not help
        (waiting,) = listen.fetch(store, the_config, names, now=NOW + minutes(9))
        assert waiting.waiting
        assert waiting.error is not None
        assert f"not asked before {iso(refused.next_try)}" in waiting.error
        assert "too many requests" in waiting.error
    (later,) = listen.fetch(store, the_config, now=NOW + minutes(11))
    assert (later.error, later.new, later.next_try) == (None, 1, None)


def test_failures_in_a_row_cost_longer_and_longer_pauses_that_a_name_overrides(
    store: Store, network: memory.Network
) -> None:
    the_config = config(network.name)
    network.say("zoe", "@acme where is my bag?")
    for page in range(1, 5):
        network.fail_page(page, Unreachable("the line is dead"))
    assert [listen.fetch(store, the_config, now=NOW)[0].next_try for _ in range(2)] == [None, None]
    third = listen.fetch(store, the_config, now=NOW)[0].next_try
    assert third is not None
    assert minutes(0.5) <= third - NOW <= minutes(1.2)
    (paused,) = listen.fetch(store, the_config, now=NOW)
    assert paused.waiting
    assert paused.error is not None
    assert "after 3 failures" in paused.error
    (named,) = listen.fetch(store, the_config, [network.name], now=NOW)
    assert named.error is not None
    assert "line is dead" in named.error
    (recovered,) = listen.fetch(store, the_config, [network.name], now=NOW)
    assert (recovered.error, recovered.new) == (None, 1)
    assert sources.begin(store, [(network.name, "memory")])[network.name].failures == 0


def test_pauses_double_with_jitter_and_end() -> None:
    broken = Unreachable("x")
    assert [patience.pause(broken, n, 0.0) for n in (1, 2, 3, 4, 5)] == [
        timedelta(), timedelta(), minutes(1), minutes(2), minutes(4),
    ]  # fmt: skip
    assert patience.pause(broken, 4, 1.0) == minutes(1)
    assert patience.pause(broken, 10_000, 0.0) == timedelta(hours=6)
    assert patience.pause(RateLimited("x", retry_after=1e12), 1, 0.5) == timedelta(days=1)
    assert patience.pause(RateLimited("x"), 1, 0.5) == minutes(5)


def feed_config(*urls: str) -> Config:
    feeds = {
        f"f{n}": Source(f"f{n}", "feed", settings={"url": url, "allow_private": True}) for n, url in enumerate(urls)
    }
    return Config(sources=feeds)


RSS = b"""<rss version="2.0"><channel><title>t</title><item><guid>urn:1</guid><title>Acme lost my bag</title>
<pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate></item></channel></rss>"""


def test_a_servers_spent_limit_stops_the_next_request_to_it_and_no_other(store: Store) -> None:
    with LyingServer() as server:
        limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600", "Content-Type": "application/rss+xml"}
        server.on("/spent", Script(200, RSS, limits))
        server.on("/free", Script(200, RSS.replace(b"urn:1", b"urn:2"), {"Content-Type": "application/rss+xml"}))
        spent = f"{server.url}/spent"
        urls = [f"{spent}?{number}" for number in range(9)]
        outcomes = listen.fetch(store, feed_config(*urls, f"{server.url}/free"), now=NOW)
        failed = [outcome for outcome in outcomes if outcome.error]
        assert 1 <= len(server.asked("/spent")) <= 4  # those that were under way when the first answer came
        assert len(failed) == 9 - len(server.asked("/spent"))
        assert "no requests left" in (failed[0].error or "")
        assert failed[0].next_try is not None
        assert failed[0].next_try - NOW > minutes(50)
        assert outcomes[-1].error is None


def test_one_server_is_asked_by_few_at_once(store: Store) -> None:
    busy, most, lock = [0], [0], threading.Lock()
    release = threading.Event()
    with LyingServer() as server:

        def answer(_request: object) -> Script:
            with lock:
                busy[0] += 1
                most[0] = max(most[0], busy[0])
            release.wait(0.05)
            with lock:
                busy[0] -= 1
            return Script(200, RSS, {"Content-Type": "application/rss+xml"})

        for number in range(20):
            server.on(f"/{number}", answer)
        outcomes = listen.fetch(store, feed_config(*(f"{server.url}/{n}" for n in range(20))), now=NOW)
        assert not [outcome.error for outcome in outcomes if outcome.error]
        assert 1 < most[0] <= 4


# Walks back


def test_since_reads_back_without_losing_what_is_new_and_goes_on_after_a_stop(
    store: Store, network: memory.Network
) -> None:
    the_config = config(network.name)
    for number in range(50):
        network.say("zoe", f"@acme question {number}?", at=NOW - timedelta(days=50 - number))
    (first,) = listen.fetch(store, the_config, now=NOW, since=NOW - timedelta(days=5))
    assert first.new == 5
    for number in range(3):
        network.say("max", f"@acme late {number}?", at=NOW - timedelta(days=40))
    network.fail_page(3, Unreachable("lost on the way back"))  # 1 news, 2 back, 3 back
    (broken,) = listen.fetch(store, the_config, now=NOW, since=NOW - timedelta(days=30))
    assert broken.error is not None
    (rest,) = listen.fetch(store, the_config, now=NOW)  # without since: it was asked for, so it is finished
    assert rest.error is None
    found = {row["text"] for row in store.rows("SELECT text FROM mentions")}
    # all since then, and what arrived after the cursor although it was written earlier
    assert found == {f"@acme question {n}?" for n in range(20, 50)} | {f"@acme late {n}?" for n in range(3)}
    assert sources.begin(store, [(network.name, "memory")])[network.name].backfill is None
    (again,) = listen.fetch(store, the_config, now=NOW)
    assert again.fetched == 0


# What changes at the source


def test_what_is_deleted_at_the_source_is_hidden_and_its_case_stays(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    first = network.say("zoe", "@acme where is my violin?")
    network.edit(first, "@acme where is my violin, the old one?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    network.edit(first, "@acme WHERE is my violin, the brown one?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    assert len(search.find(store, "violin", limit=5)) == 1
    network.delete(first)
    (outcome,) = listen.fetch(store, the_config, now=NOW)
    assert (outcome.deleted, outcome.error) == (1, None)
    act.triage_new(store, the_config, now=NOW)
    act.triage_again(store, the_config, now=NOW)
    found = casefile.case_file(store, the_config, 1, now=NOW)
    assert found.case["text"] is None
    assert found.case["needs_reply"]  # absence closes nothing
    assert [event["kind"] for event in found.events] == ["opened", "edited", "deleted"]
    assert "violin" not in str(found.events)
    assert search.find(store, "violin", limit=5) == []
    assert [row["text"] for row, raw in mentions.everything(store) if raw is None] == [""]
    assert listen.fetch(store, the_config, now=NOW)[0].deleted == 0


def test_what_comes_back_is_shown_again(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    post = network.say("zoe", "@acme where is my violin?")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    network.delete(post)
    listen.fetch(store, the_config, now=NOW)
    network.say("zoe", "@acme where is my violin?", id=post.id)
    (outcome,) = listen.fetch(store, the_config, now=NOW)
    assert outcome.updated == 1
    act.triage_new(store, the_config, now=NOW)
    assert casefile.case_file(store, the_config, 1, now=NOW).case["text"] == "@acme where is my violin?"
    assert len(search.find(store, "violin", limit=5)) == 1
    assert store.rows("SELECT * FROM withdrawn_mentions") == []


def test_an_edit_is_triaged_again_and_the_log_keeps_the_old_words(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    post = network.say("zoe", "@acme thank you, lovely flight!")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    assert cases.get(store, 1)["sentiment"] == "positive"
    network.edit(post, "@acme you lost my bag, this is awful!")
    listen.fetch(store, the_config, now=NOW)
    act.triage_new(store, the_config, now=NOW)
    assert cases.get(store, 1)["sentiment"] != "positive"
    edited = casefile.case_file(store, the_config, 1, now=NOW).events[-1]
    assert (edited["kind"], edited["data"]["before"]) == ("edited", "@acme thank you, lovely flight!")


# Ctrl-C


def test_ctrl_c_stops_between_pages_and_keeps_what_was_read(store: Store, network: memory.Network) -> None:
    the_config = config(network.name)
    for number in range(100):
        network.say("zoe", f"@acme question {number}?")
    pages = 0

    def press(outcome: Outcome) -> None:
        nonlocal pages
        pages += bool(outcome.fetched)
        if pages == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped, match=r"new mentions? stored, 0 of 1 source ") as stopped:
        listen.fetch(store, the_config, now=NOW, progress=press)
    assert stopped.value.exit_status == 130
    count = store.rows("SELECT count(*) FROM mentions")[0][0]
    assert 40 <= count < 100
    assert str(count) in stopped.value.message
    (rest,) = listen.fetch(store, the_config, now=NOW)
    assert rest.new == 100 - count


def test_ctrl_c_ends_care_with_130_and_two_lines(world: World) -> None:
    asked = threading.Event()
    with LyingServer() as server:

        def hang(_request: object) -> Script:
            asked.set()
            return Script(hang=True)

        server.on("/feed", hang)
        world.init()
        world.run("source", "add", "feed", "blog", "--set", f"url={server.url}/feed", "--set", "allow_private=true")
        running = world.start("fetch")
        assert asked.wait(60)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said.splitlines()[0] == "care: stopped: 0 new mentions stored, 0 of 1 source read to the end"
    assert len(said.splitlines()) == 2


def test_a_log_has_one_line_per_source(world: World) -> None:
    with LyingServer() as server:
        server.on("/feed", Script(200, RSS, {"Content-Type": "application/rss+xml"}))
        server.on("/gone", json_script({}, 500))
        world.init()
        for name in ("feed", "gone"):
            at = f"url={server.url}/{name}"
            world.run("source", "add", "feed", name, "--set", at, "--set", "allow_private=true")
        done = world.run("-v", "fetch", expect=4)
    lines = [line for line in done.stderr.splitlines() if line.startswith("carecli.fetch: ")]
    assert len(lines) == 2
    assert any(line.startswith("carecli.fetch: feed (feed): 1 fetched, 1 new") for line in lines)
    assert any("gone (feed): 0 fetched" in line and "failed: " in line for line in lines)


# The database of the version before


def test_the_database_of_the_version_before_migrates_and_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    connection = sqlite3.connect(path)
    from sqlite_utils import Database

    migrations.apply(Database(connection), stop_before="v2_fetching")
    connection.execute("INSERT INTO sources (name, platform, cursor) VALUES ('s', 'memory', '{\"after\": 7}')")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    store = open_store(path)
    state = sources.begin(store, [("s", "memory")])["s"]
    assert (state.cursor, state.failures, state.next_try, state.backfill) == ({"after": 7}, 0, None, None)
    store.close()


def test_version_7_migrates_and_goes_on_finding_reposts(tmp_path: Path) -> None:
    from sqlite_utils import Database

    path = tmp_path / "care.db"
    with closing(sqlite3.connect(path)) as connection:
        migrations.apply(Database(connection), stop_before="v8_brands_and_hindsight")
        connection.execute("PRAGMA user_version = 7")
        connection.commit()
    store = open_store(path)
    assert store.rows("SELECT * FROM looks") == []
    assert "fingerprint" not in {row["name"] for row in store.rows("PRAGMA table_info(mentions)")}
    assert store.integrity() == "ok"
    store.close()
