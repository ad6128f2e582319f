"""Taking an action back: the log keeps both, and the case is what it would be without it."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from carecli import act
from carecli.config import Config
from carecli.errors import Conflict, NotFound
from carecli.model import iso, parse_iso
from carecli.store import Store, cases, events, open_store, unsent
from carecli.store.connect import VERSION
from carecli.store.unsent import Unsent
from tests.world import NOW, World

AT = parse_iso(NOW)


@pytest.fixture
def desk(world: World) -> Store:
    world.init()
    world.mentions({"id": "1", "text": "@acme my luggage is lost and nobody answers!"})
    return open_store(world.db)


def number(store: Store, kind: str) -> int:
    return max(events.numbers(store, 1, kind, "leo"))


def seen(store: Store) -> dict[str, object]:
    return dict(cases.get(store, 1))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("resolved", {}),
        ("pending", {}),
        ("snoozed", {"until": iso(AT + timedelta(hours=2))}),
        ("claimed", {"assignee": "leo"}),
        ("assigned", {"assignee": None}),
        ("tagged", {"add": ["vip"]}),
        ("noted", {"text": "call her"}),
    ],
)
def test_a_case_is_what_it_was(desk: Store, kind: str, data: dict[str, object]) -> None:
    before = seen(desk)
    act.record(desk, 1, kind, now=AT, agent="leo", data=data)
    row, was = act.undo(desk, Config(), number(desk, kind), now=AT, agent="leo")
    assert (dict(row), was.kind) == (before, kind)
    log = events.of_cases(desk, [1])[1]
    assert [event.kind for event in log][-2:] == [kind, "undone"]


def test_only_what_was_named_is_undone(desk: Store) -> None:
    for tag in ("one", "two", "three"):
        act.record(desk, 1, "tagged", now=AT, agent="leo", data={"add": [tag]})
    middle = sorted(events.numbers(desk, 1, "tagged", "leo"))[1]
    row, _ = act.undo(desk, Config(), middle, now=AT, agent="leo")
    assert row["tags"] == '["one", "three"]'
    with pytest.raises(Conflict, match="undone already"):
        act.undo(desk, Config(), middle, now=AT)
    with pytest.raises(NotFound):
        act.undo(desk, Config(), 9999, now=AT)
    with pytest.raises(Conflict, match="'opened' cannot be undone"):
        act.undo(desk, Config(), events.of_cases(desk, [1])[1][0].number or 0, now=AT)


def test_a_label_goes_back_to_the_one_before_and_then_to_the_engine(desk: Store) -> None:
    config = Config()
    mention = cases.get(desk, 1)["latest_mention_id"]
    engine = seen(desk)["intent"]
    act.label(desk, config, mention, {"intent": "request", "sentiment": "positive"}, now=AT, agent="kim")
    act.label(desk, config, mention, {"intent": "lead"}, now=AT, agent="leo")
    row, _ = act.undo(desk, config, number(desk, "labelled"), now=AT, agent="leo")
    assert (row["intent"], row["sentiment"]) == ("request", "positive")
    kims = max(events.numbers(desk, 1, "labelled", "kim"))
    row, _ = act.undo(desk, config, kims, now=AT, agent="leo")
    assert (row["intent"], row["sentiment"]) == (engine, "negative")


def test_a_label_that_came_later_stays(desk: Store) -> None:
    config = Config()
    mention = cases.get(desk, 1)["latest_mention_id"]
    act.label(desk, config, mention, {"intent": "request"}, now=AT, agent="leo")
    first = number(desk, "labelled")
    act.label(desk, config, mention, {"intent": "lead"}, now=AT, agent="kim")
    row, _ = act.undo(desk, config, first, now=AT, agent="leo")
    assert row["intent"] == "lead"


def test_half_written_replies_belong_to_their_writer(desk: Store) -> None:
    leos = Unsent(1, "leo", "Dear Zoe,\n", None, True, 1)
    unsent.save(desk, leos, now=AT)
    unsent.save(desk, Unsent(1, "kim", "Hi"), now=AT)
    assert unsent.load(desk, 1, "leo") == leos
    assert unsent.cases(desk, "kim") == [1]
    unsent.save(desk, Unsent(1, "leo", "  "), now=AT)
    assert unsent.load(desk, 1, "leo") is None
    unsent.drop(desk, 1, "kim")
    assert unsent.cases(desk, "kim") == []


def test_the_version_before_migrates_and_keeps_what_it_has(world: World) -> None:
    world.init()
    world.mentions({"id": "1", "text": "@acme my luggage is lost and nobody answers!"})
    before = world.json("queue")
    connection = sqlite3.connect(world.db)
    connection.execute("DROP TABLE unsent")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'v7_half_written_replies'")
    connection.execute("PRAGMA user_version = 6")
    connection.commit()
    connection.close()
    assert world.json("queue") == before
    store = open_store(world.db)
    assert store.rows("PRAGMA user_version")[0][0] == VERSION
    unsent.save(store, Unsent(1, "leo", "Dear Zoe"), now=AT)
    assert unsent.cases(store, "leo") == [1]
    store.close()
