"""Who somebody is: linked by hand, shown before answering, forgotten on request."""

from __future__ import annotations

import json

import pytest

from carecli.model import Author, Mention, parse_iso
from carecli.store import intake, open_store
from tests.world import NOW, World

ROWS = (
    {"id": "1", "author": "zoe", "author_name": "Zoe Quist", "platform": "x", "text": "@acme my luggage is lost!"},
    {"id": "2", "author": "zquist", "platform": "y", "text": "@acme my luggage is still lost, case of Zoe Quist!"},
    {"id": "3", "author": "bob", "platform": "x", "text": "@acme my luggage never came"},
    {
        "id": "4",
        "author": "acme",
        "platform": "x",
        "in_reply_to": "1",
        "created_at": "2026-11-20T11:00:00Z",
        "text": "Sorry, Zoe Quist. We are looking into it.",
    },
)


@pytest.fixture
def shop(world: World) -> World:
    world.init()
    with world.config.open("a", encoding="utf-8") as file:
        file.write('\n[topics]\nbaggage = ["luggage"]\n')
    world.mentions(*ROWS)
    return world


def test_the_case_shows_what_one_needs_before_answering(shop: World) -> None:
    shop.run("kb", "add", "Lost luggage", "Lost luggage is traced for five days.", "--language", "en")
    shown = shop.json("show", "3")
    assert {one["case"] for one in shown["similar"]} == {1, 2}
    assert [one["title"] for one in shown["knowledge"]] == ["Lost luggage"]
    text = shop.run("show", "3").stdout
    assert "Also about this: case 1" in text
    assert "The knowledge base says (article 1): Lost luggage" in text


def test_who_wrote_about_the_same_is_found_among_all_and_follows_corrections(shop: World) -> None:
    crowd = [{"id": f"n{n}", "author": f"n{n}", "text": "what a nice day, @acme"} for n in range(30)]
    shop.mentions(*({**row, "created_at": "2026-11-20T11:30:00Z"} for row in crowd))
    ids = {row["text"]: row["mention"] for row in shop.json("search", "nice day", "--limit", "50")}
    assert ids
    shop.run("label", str(next(iter(ids.values()))), "--topic", "weather", "--topic", "baggage")
    third = shop.json("show", "3")
    assert next(one["text"] for one in third["similar"]) == "what a nice day, @acme"
    assert {one["case"] for one in third["similar"]} > {1, 2}
    mention = next(row["mention"] for row in third["mentions"] if row["inbound"])
    shop.run("label", str(mention), "--topic", "weather")
    assert len(shop.json("show", "3")["similar"]) == 1
    shop.run("label", str(mention), "--topic", "")
    assert shop.json("show", "3")["similar"] == []


def test_accounts_are_linked_by_hand_only(shop: World) -> None:
    assert shop.json("show", "1")["customer"]["cases"] == []
    assert len(shop.json("customer", "link", "x:zoe", "y:zquist")) == 2
    shown = shop.json("show", "1")["customer"]
    assert [case["case"] for case in shown["cases"]] == [2]
    assert [one["handle"] for one in shown["accounts"]] == ["zoe", "zquist"]
    found = shop.json("customer", "show", "zquist")
    assert {case["case"] for case in found["cases"]} == {1, 2}
    assert [one["state"] for one in found["promises"]] == ["open"]
    shop.run("customer", "unlink", "zquist")
    assert shop.json("show", "1")["customer"]["cases"] == []


def test_links_are_transitive(shop: World) -> None:
    shop.run("customer", "link", "zoe", "zquist")
    shop.run("customer", "link", "bob", "zquist")
    assert [one["handle"] for one in shop.json("customer", "show", "zoe")["accounts"]] == ["zoe", "zquist", "bob"]


def test_who_is_not_there_or_not_one_is_an_error(shop: World) -> None:
    assert "no customer" in shop.run("customer", "show", "nobody", expect=1).stderr
    assert "same account" in shop.run("customer", "link", "zoe", "x:zoe", expect=2).stderr
    shop.mentions({"id": "9", "author": "zoe", "platform": "y", "text": "@acme hello, anybody there?"})
    assert "x:zoe, y:zoe" in shop.run("customer", "show", "zoe", expect=2).stderr


def test_a_person_is_forgotten_everywhere(shop: World) -> None:
    shop.run("note", "1", "Zoe Quist called, she is angry")
    shop.run("draft", "1")
    shop.run("customer", "link", "zoe", "zquist")
    before = shop.json("report")
    assert "--yes" in shop.run("customer", "forget", "zoe", expect=2).stderr
    assert shop.json("customer", "forget", "zoe", "--yes") == {"accounts": 2, "cases": [1, 2]}
    content = b"".join(file.read_bytes() for file in shop.folder.glob("care.db*")).lower()
    assert b"quist" not in content
    assert shop.json("search", "Quist") == []
    for case in ("1", "2"):
        assert "quist" not in shop.run("show", case, "--json").stdout.lower()
    assert shop.json("report")["mentions"] == before["mentions"]
    # the same file again, and more from the same account: nothing of it is stored
    shop.mentions(*ROWS, {"id": "10", "author": "zoe", "platform": "x", "text": "@acme it is me, Zoe Quist!"})
    assert shop.json("search", "Quist") == []


def test_profiles_that_link_to_each_other_are_proposed_and_linked_by_a_person(world: World) -> None:
    world.init()
    there = "https://bsky.app/profile/zoe.example"
    people = [
        ("mastodon", "zoe@social.example", "https://social.example/@zoe", {"acct": "zoe", "note": there}),
        (
            "bluesky",
            "zoe.example",
            None,
            {"handle": "zoe.example", "description": "social.example: @zoe@social.example"},
        ),
        ("bluesky", "eve.example", None, {"handle": "eve.example", "description": "I am @zoe@social.example, really"}),
    ]
    page = [
        Mention(
            platform=platform,
            external_id=str(number),
            text="@acme hello?",
            created_at=parse_iso(NOW),
            author=Author(handle, url=url),
            raw=json.dumps({"account" if platform == "mastodon" else "author": profile}),
        )
        for number, (platform, handle, url, profile) in enumerate(people)
    ]
    store = open_store(world.db)
    intake.save_page(store, "s", page, now=parse_iso(NOW))
    store.close()
    (found,) = world.json("customer", "suggest")
    assert [one["handle"] for one in found["accounts"]] == ["zoe.example", "zoe@social.example"]
    assert "each profile links to the other" in found["because"]
    shown = world.run("customer", "suggest").stdout
    command = next(line.split()[1:] for line in shown.splitlines() if "care customer link" in line)
    assert len(world.json("customer", "show", "zoe.example")["accounts"]) == 1  # nothing was linked yet
    world.run(*command)
    assert len(world.json("customer", "show", "zoe.example")["accounts"]) == 2
    assert world.json("customer", "suggest") == []
