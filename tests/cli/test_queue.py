"""`care queue`: filters, order, limits, and the clocks of the service-level targets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

HOURS = """
[brand]
name = "Acme"
handles = ["acme"]
languages = ["en"]
timezone = "Europe/Warsaw"
[hours]
monday = ["09:00-17:00"]
tuesday = ["09:00-17:00"]
wednesday = ["09:00-17:00"]
thursday = ["09:00-17:00"]
friday = ["09:00-17:00"]
sunday = ["01:00-05:00"]
holidays = [2026-11-11]
[sla]
first_response = "4h"
urgency = { emergency = "15m" }
"""
QUESTION = "@acme when do you open?"


def cases(world: World, *options: str) -> list[int]:
    return [case["case"] for case in world.json("queue", *options)]


def clock(world: World, asked: str, now: str, *more: dict[str, Any], text: str = QUESTION) -> dict[str, Any]:
    world.config.write_text(HOURS)
    world.env["CARE_NOW"] = now
    world.mentions({"id": "q", "created_at": asked, "text": text}, *more)
    found: dict[str, Any] = world.json("show", "1")["sla"]
    return found


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-19T09:00:00Z", "2026-11-19T13:00:00Z"),  # Thursday 10:00 local
        ("2026-11-19T14:00:00Z", "2026-11-20T10:00:00Z"),  # two hours on Thursday, two on Friday
        ("2026-11-20T15:00:00Z", "2026-11-22T03:00:00Z"),  # Friday 16:00: Sunday has hours of its own, at night
        ("2026-11-10T15:00:00Z", "2026-11-12T11:00:00Z"),  # over the holiday
        ("2026-10-24T10:00:00Z", "2026-10-25T03:00:00Z"),  # four hours by the wall, and one is lived twice
        ("2026-03-28T10:00:00Z", "2026-03-30T08:00:00Z"),  # 02:00-03:00 is not lived: three hours, one on Monday
    ],
)
def test_due_by_business_hours(world: World, asked: str, due: str) -> None:
    assert clock(world, asked, asked) == {"target_seconds": 14400, "due_at": due, "state": "ok"}


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-11-19T09:00:00Z", "ok"),
        ("2026-11-19T11:59:59Z", "ok"),
        ("2026-11-19T12:00:00Z", "due"),  # a quarter of four hours is left
        ("2026-11-19T13:00:00Z", "due"),
        ("2026-11-19T13:00:01Z", "breached"),
    ],
)
def test_the_states_of_a_running_clock(world: World, now: str, state: str) -> None:
    assert clock(world, "2026-11-19T09:00:00Z", now)["state"] == state
    assert cases(world, "--sla", state) == [1]
    assert cases(world, "--sla", "breached" if state != "breached" else "ok") == []


@pytest.mark.parametrize(("answered", "state"), [("13:00:00", "met"), ("13:00:01", "breached")])
def test_the_state_of_an_answered_clock(world: World, answered: str, state: str) -> None:
    reply = {"id": "r", "author": "acme", "in_reply_to": "q", "created_at": f"2026-11-19T{answered}Z", "text": "Nine."}
    sla = clock(world, "2026-11-19T09:00:00Z", "2026-11-20T12:00:00Z", reply)
    assert (sla["state"], sla["due_at"]) == (state, "2026-11-19T13:00:00Z")
    figures = world.json("report")["response"]["sla"]
    assert figures == {"met": int(state == "met"), "breached": int(state != "met"), "rate": float(state == "met")}


def test_an_emergency_runs_around_the_clock(world: World) -> None:
    sla = clock(
        world,
        "2026-11-21T23:00:00Z",
        "2026-11-21T23:01:00Z",
        text="@acme help, the engine is on fire, people are hurt, call an ambulance!",
    )
    assert sla == {"target_seconds": 900, "due_at": "2026-11-21T23:15:00Z", "state": "ok"}


def test_no_target_no_clock_and_chatter_has_none(world: World) -> None:
    world.write("care.toml", '[brand]\nhandles = ["acme"]\n[sla]\nfirst_response = ""\nurgency = {}\n')
    world.mentions({"id": "1", "text": QUESTION}, {"id": "2", "author": "kim", "text": "nice weather today"})
    for case in world.json("queue", "--all"):
        assert case["sla"] == {"target_seconds": None, "due_at": None, "state": "none"}


def test_a_changed_target_changes_the_past(world: World) -> None:
    assert clock(world, "2026-11-19T09:00:00Z", "2026-11-19T11:00:00Z")["state"] == "ok"
    world.config.write_text(HOURS.replace('"4h"', '"1h"'))
    assert world.json("show", "1")["sla"]["state"] == "breached"


def test_first_response_in_business_hours(world: World) -> None:
    reply = {"id": "r", "author": "acme", "in_reply_to": "q", "created_at": "2026-11-23T08:30:00Z", "text": "Nine."}
    clock(world, "2026-11-20T15:00:00Z", "2026-11-23T12:00:00Z", reply)
    response = world.json("report")["response"]
    assert response["first_response"]["median_seconds"] == 65.5 * 3600  # Friday 16:00 to Monday 09:30
    assert response["first_response_business"]["median_seconds"] == 5.5 * 3600


def test_filters(shop: World) -> None:
    every = shop.json("queue", "--all")
    for option, key in (("--language", "language"), ("--sentiment", "sentiment"), ("--intent", "intent")):
        for value in {case[key] for case in every}:
            found = cases(shop, "--all", option, value)
            assert found == [case["case"] for case in every if case[key] == value], (option, value)
    for status in ("open", "pending", "snoozed", "resolved"):
        assert cases(shop, "--status", status) == [case["case"] for case in every if case["status"] == status]
    assert cases(shop, "--assignee", "nobody") == []
    assert cases(shop, "--all", "--language", "pl", "--intent", "complaint") == [
        case["case"] for case in every if case["language"] == "pl"
    ]
    assert "No case fits" in shop.run("queue", "--assignee", "nobody").stderr


def test_topics_come_from_the_configuration(world: World) -> None:
    world.write("care.toml", '[topics]\nbaggage = ["luggage", "bagaż", "行李"]\nhours = ["open"]\n')
    world.mentions(
        {"id": "1", "text": "my luggage is lost!"},
        {"id": "2", "text": "我的行李丢了"},
        {"id": "3", "text": "when do you open?"},
    )
    by_text = {case["text"]: case for case in world.json("queue", "--all")}
    assert by_text["my luggage is lost!"]["topics"] == ["baggage"]
    assert {case["text"] for case in world.json("queue", "--all", "--topic", "baggage")} == {
        "my luggage is lost!",
        "我的行李丢了",
    }
    assert world.json("report")["mentions"]["by_topic"] == {"baggage": 2, "hours": 1}


def test_the_most_pressing_comes_first(world: World) -> None:
    world.init()
    world.mentions(
        {"id": "1", "author": "kim", "text": "nice weather today"},
        {"id": "2", "author": "ann", "text": "@acme when do you open?"},
        {"id": "3", "author": "bob", "text": "@acme you lost my bag, this is an outrage, worst service ever!"},
        {"id": "4", "author": "eve", "text": "@acme help, the engine is on fire, people are hurt!"},
        {"id": "5", "author": "dan", "text": "@acme when do you open?"},
    )
    found = world.json("queue")
    assert [case["customer"]["handle"] for case in found] == ["eve", "bob", "ann", "dan"]  # ann waits longer than dan
    assert [case["priority"] for case in found] == sorted((case["priority"] for case in found), reverse=True)
    assert all(case["reasons"] for case in found)
    everyone = world.json("queue", "--all")
    assert [case["customer"]["handle"] for case in everyone] == ["eve", "bob", "ann", "dan", "kim"]
    assert world.json("queue", "--limit", "2") == found[:2]
    assert world.json("queue", "--sla", "ok", "--limit", "1") == [c for c in found if c["sla"]["state"] == "ok"][:1]
    assert world.json("queue", "--all", "--limit", "9") == everyone
