"""`care sla explain`, policies in care.toml, risks and authors in `care show`, `care topics propose`, crises."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cli.shapes import CLOCK, differences
from tests.world import World

DESK = """
[brand]
name = "Acme"
handles = ["acme"]
timezone = "Europe/Warsaw"
[hours]
thursday = ["09:00-13:00", "14:00-17:00"]
friday = ["09:00-17:00"]
[teams.night.hours]
saturday = ["00:00-24:00"]
[sla]
first_response = "6h"
resolution = "1d"
[[sla.policies]]
name = "money"
intent = ["complaint"]
first_response = "90m"
[topic_examples]
parcel = ["my parcel never arrived at the address"]
"""
QUESTION = "@acme when do you open on Sunday?"


@pytest.fixture
def office(world: World) -> World:
    world.write("care.toml", DESK)
    world.env["CARE_NOW"] = "2026-11-20T12:00:00Z"
    return world


def test_the_arithmetic_is_shown_step_by_step(office: World) -> None:
    office.mentions({"id": "1", "created_at": "2026-11-19T11:30:00Z", "text": QUESTION})
    office.run("label", "1", "--intent", "question")  # whatever the engine says
    first, *_ = office.run("sla", "explain", "1").stdout.split("\n\n")
    head, policy, *steps = first.splitlines()
    assert (head, policy[:26]) == ("First response: breached", "  policy    [sla], for que")
    assert steps == [
        "  promised  6h 00m of business hours, times in Europe/Warsaw",
        "  started   Thu 2026-11-19 12:30:00",
        "  counted   2026-11-19  3h 30m",
        "  counted   2026-11-20  4h 00m",
        "  together  7h 30m until now, Fri 2026-11-20 13:00:00",
        "  due       Fri 2026-11-20 11:30:00",
    ]
    explained = office.json("sla", "explain", "1")
    assert explained["case"] == 1
    assert differences(explained["clocks"], [CLOCK]) == []
    response, resolution = explained["clocks"]
    assert (response["clock"], response["state"], response["due_at"]) == (
        "first_response",
        "breached",
        "2026-11-20T10:30:00Z",
    )
    assert response["days"] == [{"day": "2026-11-19", "seconds": 12600}, {"day": "2026-11-20", "seconds": 14400}]
    assert (resolution["clock"], resolution["state"], resolution["used_seconds"]) == ("resolution", "ok", 27000)
    assert office.json("show", "1")["clocks"] == explained["clocks"]
    assert office.json("show", "1")["sla"]["due_at"] == response["due_at"]


def test_a_policy_of_ones_own_and_the_pause_after_an_answer(office: World) -> None:
    office.mentions(
        {"id": "1", "created_at": "2026-11-20T08:00:00Z", "text": "@acme you lost my bag, this is terrible!"},
        {"id": "2", "author": "acme", "created_at": "2026-11-20T09:00:00Z", "in_reply_to": "1", "text": "Sorry."},
    )
    office.run("label", "1", "--intent", "complaint")
    response, resolution = office.json("sla", "explain", "1")["clocks"]
    assert (response["policy"], response["target_seconds"], response["state"]) == ("money", 5400, "met")
    assert response["ended_by"] == "answered"
    assert (resolution["paused"], resolution["due_at"], resolution["used_seconds"]) == (True, None, 3600)
    assert resolution["pauses"] == [{"since": "2026-11-20T09:00:00Z", "until": None}]
    assert "paused" in office.run("sla", "explain", "1").stdout


def test_nothing_promised_is_said(office: World) -> None:
    office.mentions({"id": "1", "text": "nice weather today"})
    assert office.json("sla", "explain", "1")["clocks"] == []
    assert "Nothing was promised" in office.run("sla", "explain", "1").stderr
    assert "no case 9" in office.run("sla", "explain", "9", expect=1).stderr


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ('[[sla.policies]]\nintent = ["complaint"]\nfirst_response = "soon"', 3, ("sla.policies", "soon")),
        ('[[sla.policies]]\n[[sla.policies]]\nintent = ["anger"]', 3, ("sla.policies", "complaint")),
        ('[[sla.policies]]\nteam = "night"', 2, ("no team called 'night'",)),
        ('[[sla.policies]]\nvoice = ["x"]', 2, ("no voice called 'x'",)),
        ('[[sla.policies]]\nfirst_respones = "1h"', 2, ("first_respones", "'first_response'")),
        ("[priority.intent]\nanger = 3", 2, ("priority.intent.anger",)),
        ("[priority]\nnegativity = -1", 2, ("priority.negativity",)),
        ("[priority.risk]\nlegl = 3", 2, ("legl", "'legal'")),
        ('[hours]\ncountries = ["XX"]', 2, ("XX", "PL")),
        ('[teams.night.hours]\nmonday = ["9-17"]', 2, ("9-17",)),
        ("[crisis]\nminimum = 0", 2, ("crisis.minimum",)),
    ],
)
def test_mistakes_are_named_with_their_line(world: World, more: str, line: int, words: tuple[str, ...]) -> None:
    world.write("care.toml", more + "\n")
    said = world.run("queue", expect=2).stderr
    assert f"care.toml:{line}:" in said
    assert all(word in said for word in words)


def test_risks_copies_and_authors_are_shown(office: World) -> None:
    text = "@acme you lost my bag, my lawyer will contact you about it, this is terrible"
    office.mentions(
        {"id": "1", "author": "kim", "author_name": "Kim Novak", "text": text},
        {"id": "2", "author": "bag_bot", "text": text + " https://x.example/1"},
        {"id": "3", "author": "dan", "text": "@acme my parcel has never arrived at our address"},
    )
    kim = office.json("show", "1")
    assert (kim["risks"], kim["copies"]) == (["legal"], 1)
    assert kim["mentions"][0]["author"]["kind"] == "person"
    assert kim["mentions"][0]["risks"] == [{"risk": "legal", "words": "my lawyer"}]
    assert "risk: a legal threat +15" in kim["reasons"]
    assert kim["reasons"][-1] == "the same words from 1 other"
    bot = office.json("show", "2")
    assert bot["mentions"][0]["author"]["kind"] == "bot"
    assert "written by a bot: calls itself a bot" in bot["reasons"]
    assert office.json("show", "3")["topics"] == ["parcel"]


def test_own_weights_reorder_what_is_stored(office: World) -> None:
    office.mentions(
        {"id": "1", "author": "kim", "text": QUESTION},
        {"id": "2", "author": "dan", "text": "@acme you lost my bag, this is terrible!"},
    )
    office.run("label", "1", "--intent", "question")
    office.run("label", "2", "--intent", "complaint")
    assert [case["case"] for case in office.json("queue")] == [2, 1]
    office.write("care.toml", DESK + "\n[priority.intent]\nquestion = 90\n")
    changed = office.run("queue", "--json")
    assert [case["case"] for case in json.loads(changed.stdout)] == [1, 2]
    assert "[priority] has changed" in changed.stderr
    assert office.run("queue").stderr == ""
    assert office.json("claim", "--next")["case"] == 1


def test_a_crisis_is_reported_with_the_topic_that_grew(office: World) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    usual = [
        {"id": f"b{n}", "author": f"u{n}", "created_at": (start + timedelta(hours=9 * n)).isoformat(), "text": text}
        for n, text in enumerate(["terrible delay again", "nice day"] * 25)
    ]
    burst: list[dict[str, Any]] = [
        {
            "id": f"z{n}",
            "author": f"v{n}",
            "created_at": (datetime(2026, 11, 19, 9, tzinfo=UTC) + timedelta(minutes=3 * n)).isoformat(),
            "text": f"the mobile app crashes, this is terrible, try {n}",
        }
        for n in range(30)
    ]
    office.mentions(*usual, *burst)
    (crisis,) = office.json("report", "--since", "2026-11-15")["crises"]
    assert (crisis["started_at"], crisis["ended_at"]) == ("2026-11-19T09:00:00Z", "2026-11-19T11:00:00Z")
    assert (crisis["mentions"], crisis["peak"]) == (30, 20)
    assert "app crashes" in crisis["topic"]
    assert "Thursdays" in crisis["baseline"]
    assert office.json("report", "--until", "2026-11-18")["crises"] == []
    assert "app crashes" in office.run("report").stdout
    office.write("care.toml", DESK + '\n[topics]\napps = ["app"]\n[crisis]\nminimum = 20\n')
    (first, *_) = office.json("topics", "propose", "--days", "3")
    assert "crashes" in first["words"] or "try" in first["words"]
    assert (first["now"], first["before"], first["language"]) == (30, 0, "en")
    office.write("care.toml", DESK + "\n[crisis]\nminimum = 21\n")
    assert office.json("report")["crises"] == []
