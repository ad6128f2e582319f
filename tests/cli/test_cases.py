"""From messages to cases: what belongs together, who waits, what brings a case back."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.world import World

A: dict[str, Any] = {"id": "a", "created_at": "2026-11-20T10:00:00Z", "text": "@acme my bag is lost!"}
B: dict[str, Any] = {
    "id": "b",
    "created_at": "2026-11-20T10:10:00Z",
    "author": "acme",
    "in_reply_to": "a",
    "text": "Sorry, which flight?",
}
C: dict[str, Any] = {"id": "c", "created_at": "2026-11-20T10:20:00Z", "in_reply_to": "b", "text": "AC 12, any news?"}
D: dict[str, Any] = {"id": "d", "created_at": "2026-11-20T10:30:00Z", "in_reply_to": "a", "text": "@acme hello?!"}
HELLO: dict[str, Any] = {"id": "1", "text": "@acme where is my bag?", "created_at": "2026-11-20T10:00:00Z"}


def conversations(world: World) -> list[tuple[str, int, str, str | None]]:
    return [(c["opened_at"], c["mentions"], c["status"], c["first_reply_at"]) for c in world.json("queue", "--all")]


def at(world: World, moment: str) -> World:
    world.env["CARE_NOW"] = moment
    return world


@pytest.mark.parametrize(
    "order", [(A, B, C, D), (D, C, B, A), (C, A, D, B)], ids=lambda rows: "".join(row["id"] for row in rows)
)
def test_one_conversation_is_one_case_in_any_order_of_the_file(world: World, order: tuple[dict[str, Any], ...]) -> None:
    world.init()
    world.mentions(*order)
    assert conversations(world) == [("2026-11-20T10:00:00Z", 4, "open", "2026-11-20T10:10:00Z")]
    assert [m["external_id"] for m in world.json("show", "1")["mentions"]] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "order", list(itertools.permutations((A, B, C)))[1:], ids=lambda o: "".join(r["id"] for r in o)
)
def test_the_parent_may_arrive_in_a_later_import(world: World, order: tuple[dict[str, Any], ...]) -> None:
    world.init()
    for row in order:
        world.mentions(row)
    assert conversations(world) == [("2026-11-20T10:00:00Z", 3, "open", "2026-11-20T10:10:00Z")]


def test_two_cases_that_turn_out_to_be_one_are_merged(world: World) -> None:
    world.init()
    world.mentions(A)
    world.mentions({"id": "c", "in_reply_to": "m", "created_at": "2026-11-20T11:00:00Z", "text": "@acme any news?"})
    assert len(world.json("queue", "--all")) == 2
    world.run("note", "2", "seen at the desk")
    world.run("tag", "2", "vip")
    world.run("claim", "2", "--as", "mia")
    world.mentions({"id": "m", "in_reply_to": "a", "created_at": "2026-11-20T10:30:00Z", "text": "@acme it was AC 12"})
    (case,) = world.json("queue", "--all")
    assert (case["case"], case["mentions"], case["tags"], case["assignee"]) == (1, 3, ["vip"], "mia")
    shown = world.json("show", "2")  # the old number still leads to it
    assert shown["case"] == 1
    kinds = [event["kind"] for event in shown["events"]]
    assert "merged" in kinds
    assert "noted" in kinds
    world.run("resolve", "2")
    assert world.json("show", "1")["status"] == "resolved"


def test_posts_of_the_brand_to_everybody_open_no_case(world: World) -> None:
    world.init()
    world.mentions(
        {"id": "ad", "author": "acme", "created_at": "2026-11-20T09:00:00Z", "text": "Fly to Warsaw!"},
        {"id": "x", "author": "zoe", "in_reply_to": "ad", "text": "My bag is lost!"},
        {"id": "y", "author": "bob", "in_reply_to": "ad", "text": "When do you open?"},
    )
    assert sorted(c["customer"]["handle"] for c in world.json("queue", "--all")) == ["bob", "zoe"]


def test_another_customer_in_the_thread_keeps_the_case_with_its_first(world: World) -> None:
    world.init()
    world.mentions(HELLO, {"id": "2", "author": "bob", "in_reply_to": "1", "text": "same here @acme, any news?"})
    (case,) = world.json("queue", "--all")
    assert case["customer"]["handle"] == "zoe"
    assert case["text"] == "same here @acme, any news?"


def test_a_resolved_case_comes_back_when_the_customer_writes(world: World) -> None:
    world.init()
    world.mentions(HELLO)
    resolved = world.json("resolve", "1")
    assert (resolved["status"], resolved["resolved_at"], resolved["sla"]["state"]) == (
        "resolved",
        "2026-11-20T12:00:00Z",
        "none",
    )
    assert world.json("queue") == []
    at(world, "2026-11-20T14:00:00Z")
    world.mentions({"id": "2", "in_reply_to": "1", "created_at": "2026-11-20T13:00:00Z", "text": "@acme not solved!"})
    (case,) = world.json("queue")
    assert (case["case"], case["status"], case["resolved_at"]) == (1, "open", None)
    assert case["waiting_since"] == "2026-11-20T13:00:00Z"
    assert world.json("report")["response"]["reopened"] == 1


def test_thanks_after_the_end_need_no_answer_but_a_look(world: World) -> None:
    world.init()
    world.mentions(HELLO)
    world.run("resolve", "1")
    at(world, "2026-11-20T14:00:00Z")
    world.mentions({"id": "2", "in_reply_to": "1", "created_at": "2026-11-20T13:00:00Z", "text": "ok"})
    assert world.json("show", "1")["status"] == "open"
    assert world.json("show", "1")["sla"]["state"] in ("none", "ok")


def test_reopen_by_hand(world: World) -> None:
    world.init()
    world.mentions(HELLO)
    world.run("resolve", "1")
    assert world.json("reopen", "1")["status"] == "open"
    assert [case["case"] for case in world.json("queue")] == [1]


def test_snoozed_until_the_time_or_the_next_message(world: World) -> None:
    world.init()
    world.mentions(HELLO, {"id": "2", "author": "bob", "text": "@acme when do you open?"})
    for case in ("1", "2"):
        snoozed = world.json("snooze", case, "2h")
        assert (snoozed["status"], snoozed["snoozed_until"]) == ("snoozed", "2026-11-20T14:00:00Z")
    assert world.json("queue") == []
    assert len(world.json("queue", "--status", "snoozed")) == 2
    at(world, "2026-11-20T13:30:00Z")
    world.mentions({"id": "3", "in_reply_to": "1", "created_at": "2026-11-20T13:00:00Z", "text": "@acme hello?"})
    assert [case["case"] for case in world.json("queue")] == [1]
    at(world, "2026-11-20T14:00:01Z")
    awake = {case["case"]: (case["status"], case["snoozed_until"]) for case in world.json("queue")}
    assert awake == {1: ("open", None), 2: ("open", None)}
    assert world.json("queue", "--status", "snoozed") == []
    assert len(world.json("queue", "--status", "open")) == 2


def test_after_our_answer_the_customer_has_the_turn(world: World) -> None:
    world.init()
    world.mentions(A, B)
    (case,) = world.json("queue", "--all")
    assert (case["status"], case["waiting_since"], case["sla"]["state"]) == ("pending", None, "met")
    assert world.json("queue") == []
    assert [c["case"] for c in world.json("queue", "--status", "pending")] == [1]
    world.mentions(A, B, C)
    (case,) = world.json("queue")
    assert (case["status"], case["waiting_since"]) == ("open", "2026-11-20T10:20:00Z")


def test_every_change_is_one_event_with_its_agent(world: World) -> None:
    world.init()
    world.mentions(HELLO)
    world.run("claim", "1", "--as", "mia")
    world.run("note", "1", "called", "--as", "mia")
    world.run("tag", "1", "vip", "press")
    world.run("tag", "1", "press", "--remove")
    world.run("assign", "1", "kim")
    world.run("assign", "1", "")
    world.run("snooze", "1", "1h")
    world.run("resolve", "1")
    world.run("reopen", "1")
    shown = world.json("show", "1")
    assert (shown["tags"], shown["assignee"], shown["status"]) == (["vip"], None, "open")
    told = [(event["kind"], event["agent"]) for event in shown["events"]]
    assert told == [
        ("opened", None),
        ("claimed", "mia"),
        ("noted", "mia"),
        *((kind, "leo") for kind in ("tagged", "tagged", "assigned", "assigned", "snoozed", "resolved", "reopened")),
    ]
    assert all(event["at"] == "2026-11-20T12:00:00Z" for event in shown["events"][1:])


def test_eight_at_once_one_wins_each_case(world: World) -> None:
    world.init()
    world.mentions(*({"id": str(n), "author": f"u{n}", "text": "@acme where is my bag?"} for n in range(1, 9)))
    runs = [world.begin("claim", "3", "--as", f"agent{n}", "--json") for n in range(8)]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    statuses = [run.returncode for run in runs]
    assert sorted(statuses) == [0] + [1] * 7, errors
    winner = f"agent{statuses.index(0)}"
    assert world.json("show", "3")["assignee"] == winner
    assert all(winner in error for error, status in zip(errors, statuses, strict=True) if status)
    assert world.json("claim", "3", "--as", winner)["assignee"] == winner  # again is no conflict
    world.run("assign", "3", "")
    runs = [world.begin("claim", "--next", "--as", f"agent{n}", "--json") for n in range(8)]
    errors = [run.communicate(timeout=120)[1] for run in runs]
    assert [run.returncode for run in runs] == [0] * 8, errors
    assert {case["assignee"] for case in world.json("queue")} == {f"agent{n}" for n in range(8)}
    assert world.run("claim", "--next", expect=1).stderr


def test_what_was_known_of_a_customer_is_not_lost(world: World) -> None:
    """A later message that says less, of the same file or another, takes nothing away."""
    world.init()
    known = {"author_name": "Zoe Q", "author_followers": 120}
    world.mentions({**HELLO, **known}, {"id": "2", "in_reply_to": "1", "text": "@acme hello?"})
    world.mentions({"id": "3", "in_reply_to": "1", "text": "@acme anybody?"})
    customer = world.json("show", "1")["customer"]
    assert (customer["name"], customer["followers"]) == ("Zoe Q", 120)
