"""Several brands in one database, told apart by rows or by their source, through the program."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carecli import config
from carecli.model import parse_iso
from carecli.store import open_store
from carecli.workspace.filters import parse_query
from carecli.workspace.seat import Seat
from tests.world import NOW, World


def row(number: int, brand: str | None, text: str, author: str, **more: Any) -> dict[str, Any]:
    named = {} if brand is None else {"brand": brand}
    return {"id": str(number), "text": text, "author": author, **named, **more}


@pytest.fixture
def two(world: World) -> World:
    """An archive with two brands, and one mention of nobody's: of the brand of care.toml."""
    world.init("--handle", "@otherair")
    world.mentions(
        row(1, "Acme", "@acme my bag is lost", "zoe"),
        row(2, "Acme", "Which flight was it?", "acme", in_reply_to="1"),
        row(3, "OtherAir", "@otherair my bag is lost", "bob"),
        row(4, "OtherAir", "@otherair you lost my bag", "kim"),
        row(5, None, "Sorry! Which flight?", "otherair", in_reply_to="4"),  # belongs to its conversation
        row(6, "OtherAir", "@otherair I love you", "ann"),
        row(7, None, "@acme when do you open?", "tom"),
    )
    world.say(_1="complaint", _3="complaint", _4="complaint", _6="praise", _7="question")
    return world


def figures(world: World, *options: str) -> tuple[int, int, int, int]:
    found = world.json("report", *options)
    response = found["response"]
    return found["mentions"]["inbound"], found["mentions"]["total"], response["cases"], response["answered"]


def test_a_report_of_one_brand_counts_its_own_only(two: World) -> None:
    assert figures(two) == (5, 7, 5, 2)
    assert figures(two, "--brand", "otherair") == (3, 4, 3, 1)
    assert figures(two, "--brand", "Acme") == (2, 3, 2, 1)
    assert two.json("report", "--brand", "OTHERAIR")["brand"] == "OtherAir"
    assert "OtherAir" in two.run("report", "--brand", "OtherAir").stdout
    for part in ("response", "questions", "agents", "sla", "coverage", "voice"):
        assert two.json("report", part, "--brand", "OtherAir")["brand"] == "OtherAir"
    assert two.json("report", "unanswered", "--brand", "OtherAir")["unanswered"]["count"] == 2
    assert figures(two) == (5, 7, 5, 2)


def test_an_unknown_brand_is_refused_with_those_that_there_are(two: World) -> None:
    told = two.run("report", "--brand", "Nobody", expect=2).stderr
    assert "Acme, OtherAir" in told


def queued(world: World, *options: str) -> list[tuple[str, str]]:
    return sorted((case["customer"]["handle"], case["brand"]) for case in world.json("queue", *options))


def test_the_queue_of_one_brand(two: World) -> None:
    theirs = [("ann", "OtherAir"), ("bob", "OtherAir")]  # kim has been answered
    assert [case for case in queued(two) if case[1] == "OtherAir"] == theirs
    assert queued(two, "--brand", "otherair") == theirs
    assert len(queued(two, "--brand", "OtherAir", "--limit", "1")) == 1
    assert queued(two, "--brand", "Acme", "--intent", "question") == [("tom", "Acme")]
    assert queued(two, "--brand", "OtherAir", "--all") == [*theirs, ("kim", "OtherAir")]
    assert "No case fits" in two.run("queue", "--brand", "Acme", "--sla", "met").stderr
    assert "Acme, OtherAir" in two.run("queue", "--brand", "Nobody", expect=2).stderr


@pytest.mark.parametrize(
    ("words", "cases"),
    [
        ("brand:otherair", ["ann", "bob"]),
        ("--brand OtherAir bag", ["bob"]),
        ('--all brand:"OtherAir"', ["ann", "bob", "kim"]),
        ('brand:"Acme" intent:question', ["tom"]),
        ("brand:Nobody", []),
    ],
)
def test_filters_of_the_screen_know_brands(two: World, words: str, cases: list[str]) -> None:
    settings = config.build(config.parse(two.config.read_text(encoding="utf-8"), two.config))
    store = open_store(two.db)
    seat = Seat(store, settings, "leo", lambda: parse_iso(NOW))
    rows = seat.rows(seat.order(parse_query(words, agent="leo"))).values()
    assert sorted(row["customer_handle"] for row in rows) == cases
    store.close()


def test_share_of_voice_of_the_brands_of_one_archive(two: World) -> None:
    found = two.json("report", "share-of-voice", "--brand", "OtherAir")["share_of_voice"]
    assert [(each["name"], each["mentions"]) for each in found["names"]] == [("OtherAir", 3), ("Acme", 1)]
    assert found["names"][0]["share"] == 0.75
    assert found["sources"] == ["import"]


def test_brands_of_different_files_are_not_compared(world: World) -> None:
    world.init()
    for brand in ("Acme", "OtherAir"):
        line = json.dumps({"id": brand, "text": "hello", "author": "zoe", "created_at": "2026-11-20T10:00:00Z"})
        path = world.write(f"{brand}.jsonl", line)
        world.run("import", str(path), "--brand", brand)
    assert figures(world, "--brand", "OtherAir")[:2] == (1, 1)
    assert "refused" in world.run("report", "share-of-voice", expect=1).stderr


def test_the_brand_of_a_source_is_that_of_its_mentions(world: World) -> None:
    world.init()
    line = json.dumps({"id": "9", "text": "my bag is lost", "author": "zoe", "created_at": "2026-11-20T10:00:00Z"})
    path = world.write("air.jsonl", line)
    table = f'\n[sources.air]\nplatform = "file"\npath = "{path}"\nbrand = "OtherAir"\n'
    world.write("care.toml", world.config.read_text() + table)
    world.run("fetch")
    world.mentions(row(1, None, "@acme hello", "bob"))
    assert figures(world, "--brand", "OtherAir")[:2] == (1, 1)
    assert figures(world, "--brand", "Acme")[:2] == (1, 1)
    (source,) = world.json("report", "coverage", "--brand", "OtherAir")["coverage"]
    assert source["source"] == "air"


def test_a_file_imported_again_with_its_brand_has_it(world: World) -> None:
    world.init()
    line = json.dumps({"id": "1", "text": "hello", "author": "zoe", "created_at": "2026-11-20T10:00:00Z"})
    path = world.write("a.jsonl", line)
    world.run("import", str(path))
    assert world.json("import", str(path), "--brand", "OtherAir")["updated"] == 1
    assert world.json("import", str(path), "--brand", "OtherAir")["updated"] == 0
    assert figures(world, "--brand", "OtherAir")[0] == 1
    exported = json.loads(world.run("export").stdout)
    assert exported["brand"] == "OtherAir"
