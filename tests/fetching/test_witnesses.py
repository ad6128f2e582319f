"""Imported from a file and fetched from its platform: one mention, in either order, however often."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from carecli import act
from carecli.casework import casefile
from carecli.model import Author, Mention, iso
from carecli.store import Store
from carecli.store.intake import Saved, save_page
from tests.core.tools import ACME, NOW
from tests.platforms.servers import LyingServer, json_script
from tests.world import World

URL = "https://m.example/@zoe/115"
AT = NOW - timedelta(hours=3)


def imported(
    external_id: str = "115", *, url: str | None = None, at: datetime = AT, text: str = "my bag is lo…"
) -> Mention:
    return Mention("mastodon", external_id, text, at, Author("zoe"), url=url, raw="{}")


def fetched(external_id: str = "115", text: str = "my bag is lost, why?", host: str = "m.example") -> Mention:
    author = Author(f"zoe@{host}", "Zoe", "42", 7)
    return Mention("mastodon", external_id, text, AT, author, host=host, url=URL, directed=True, likes=3)


def put(store: Store, source: str, *mentions: Mention) -> tuple[int, int]:
    saved: Saved = save_page(store, source, mentions, now=NOW)
    act.triage_new(store, ACME, now=NOW)
    return saved.new, saved.updated


def the_only(store: Store) -> tuple[str, str, str, str, int | None]:
    (row,) = store.rows("SELECT host, external_id, source, text, likes FROM mentions")
    return tuple(row)


@pytest.mark.parametrize(
    "first",
    [imported(), imported("row-1", url=URL), imported("115", url="https://other.example/115")],
    ids=["the id", "the permalink", "the id with another address"],
)
def test_what_was_imported_is_the_platforms_once_it_is_fetched(store: Store, first: Mention) -> None:
    assert put(store, "import:a.csv", first) == (1, 0)
    assert put(store, "social", fetched()) == (0, 1)
    assert the_only(store) == ("m.example", "115", "social", "my bag is lost, why?", 3)
    shown = casefile.case_file(store, ACME, 1, now=NOW)
    assert shown.case["customer"] == {"handle": "zoe@m.example", "name": "Zoe"}
    assert [event["kind"] for event in shown.events] == ["opened"]  # nobody has edited anything
    for _ in range(2):  # and the same file again, and the same page
        assert put(store, "import:a.csv", first) == (0, 0)
        assert put(store, "social", fetched()) == (0, 0)
    assert the_only(store) == ("m.example", "115", "social", "my bag is lost, why?", 3)


def test_a_file_changes_nothing_of_what_was_fetched(store: Store) -> None:
    put(store, "social", fetched())
    assert put(store, "import:a.csv", imported(), imported("row-1", url=URL)) == (0, 0)
    assert the_only(store) == ("m.example", "115", "social", "my bag is lost, why?", 3)


def test_a_platform_whose_ids_are_global(store: Store) -> None:
    first = Mention("x", "1990", "my bag", AT, Author("zoe"), raw="{}")
    put(store, "import", first)
    put(store, "x", Mention("x", "1990", "my bag is lost", AT, Author("zoe", id="42"), likes=1))
    assert put(store, "import", first) == (0, 0)
    (row,) = store.rows("SELECT source, text FROM mentions")
    assert tuple(row) == ("x", "my bag is lost")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (imported(at=AT - timedelta(days=3)), fetched()),
        (imported("9", url=URL, at=AT - timedelta(hours=1)), fetched()),
        (imported("9"), fetched()),
        (Mention("discourse", "115", "else", AT, Author("zoe"), raw="{}"), fetched()),
    ],
    ids=["another time", "an address that many share", "another id", "another platform"],
)
def test_what_only_looks_alike_stays_two(store: Store, first: Mention, second: Mention) -> None:
    put(store, "import", first)
    assert put(store, "social", second) == (1, 0)


def test_of_two_that_could_be_it_none_is_taken(store: Store) -> None:
    put(store, "social", fetched(), fetched(host="n.example"))
    assert put(store, "import", imported()) == (1, 0)


def test_two_sources_of_a_platform_are_as_before(store: Store) -> None:
    """Only a file is a lesser witness."""
    put(store, "one", fetched())
    assert put(store, "two", fetched(text="my bag is lost, why? (edited)")) == (0, 1)
    assert the_only(store)[2:4] == ("one", "my bag is lost, why? (edited)")


def test_as_a_user_would(world: World) -> None:
    at = iso(AT)
    status = {
        "id": "115",
        "created_at": at,
        "account": {"id": "42", "acct": "zoe"},
        "content": "<p>Where is my bag?</p>",
    }
    with LyingServer() as server:
        server.on("/api/v1/accounts/verify_credentials", json_script({"id": "1", "acct": "acme"}))
        server.on("/api/v1/accounts/1/statuses", json_script([]))
        note = {"id": "9", "type": "mention", "created_at": at, "status": {**status, "url": f"{server.url}/@zoe/115"}}
        server.on("/api/v1/notifications", json_script([note]), json_script([]))
        world.init()
        row = {"id": "115", "platform": "mastodon", "text": "Where is my bag?", "author": "zoe", "created_at": at}
        path = world.write("archive.jsonl", json.dumps(row))
        assert world.json("import", str(path))["new"] == 1
        world.env["CARE_SOCIAL_TOKEN"] = "t"
        world.run("source", "add", "mastodon", "social", "--set", f"base_url={server.url}")
        (outcome,) = world.json("fetch")
        assert (outcome["new"], outcome["updated"]) == (0, 1)
        again = world.json("import", str(path))
        assert (again["new"], again["updated"]) == (0, 0)
    (case,) = world.json("queue", "--all")
    assert (case["mentions"], case["directed"]) == (1, True)
