"""`care alert`, `care watch`, `care prune`: told once, with an all-clear; and figures that outlive their texts."""

from __future__ import annotations

import json
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carecli.alerts import of_crises
from carecli.reports.model import Crisis
from carecli.store import open_store
from tests.world import World

HOOK = """
import json, os, sys
if os.path.exists(sys.argv[1] + ".broken"):
    sys.exit("the pager is broken")
with open(sys.argv[1], "a") as file:
    file.write(sys.stdin.read())
"""


@pytest.fixture
def desk(world: World) -> World:
    world.init()
    world.write("hook.py", HOOK)
    command = [sys.executable, str(world.folder / "hook.py"), str(world.folder / "told; rm -rf $HOME")]
    sla = '\n[sla]\nfirst_response = "4h"\nurgency = { emergency = "15m" }\n'
    world.write("care.toml", f"{world.config.read_text()}{sla}\n[alerts]\nhook = {json.dumps(command)}\n")
    return world


def told(world: World) -> list[tuple[str, str]]:
    file = world.folder / "told; rm -rf $HOME"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(json.loads(line)["kind"], json.loads(line)["state"]) for line in lines]


def look(world: World, now: str, expect: int) -> list[tuple[str, str]]:
    world.env["CARE_NOW"] = f"2026-11-20T{now}:00Z"
    return [(each["kind"], each["state"]) for each in world.json("alert", expect=expect)]


def asked(world: World, **more: Any) -> None:
    world.mentions({"id": "1", "text": "@acme my bag is lost", "created_at": "2026-11-20T10:00:00Z", **more})
    world.say(_1="complaint")


def test_a_promise_about_to_break_is_told_once_and_then_all_clear(desk: World) -> None:
    asked(desk)
    assert look(desk, "11:00", 0) == []
    assert look(desk, "13:30", 6) == [("sla", "new")]
    assert look(desk, "13:40", 6) == [("sla", "open")]
    assert look(desk, "14:40", 6) == [("sla", "open")]
    desk.run("resolve", "1")
    assert look(desk, "14:50", 0) == [("sla", "cleared")]
    assert look(desk, "14:55", 0) == []
    assert told(desk) == [("sla", "new"), ("sla", "cleared")]


def test_what_a_customer_wrote_is_not_in_an_alert(desk: World) -> None:
    asked(desk, text="@acme my bag is lost $(touch pwned) `id`", author="$(id)")
    look(desk, "13:30", 6)
    given = (desk.folder / "told; rm -rf $HOME").read_text()
    assert "pwned" not in given
    assert "$(id)" not in given
    assert json.loads(given)["case"] == 1


def test_an_emergency_is_told_at_once(desk: World) -> None:
    asked(desk)
    desk.run("label", "1", "--intent", "emergency")
    assert set(look(desk, "10:01", 6)) == {("emergency", "new")}


def test_a_hook_that_fails_is_tried_again(desk: World) -> None:
    asked(desk)
    broken = desk.folder / "told; rm -rf $HOME.broken"
    broken.touch()
    desk.env["CARE_NOW"] = "2026-11-20T13:30:00Z"
    assert "the pager is broken" in desk.run("alert", expect=1).stderr
    broken.unlink()
    assert look(desk, "13:31", 6) == [("sla", "new")]
    broken.touch()
    desk.run("resolve", "1")
    desk.run("alert", expect=1)
    broken.unlink()
    assert look(desk, "13:33", 0) == [("sla", "cleared")]
    assert told(desk) == [("sla", "new"), ("sla", "cleared")]


def test_a_stuck_outbox_is_told(desk: World) -> None:
    asked(desk)
    desk.run(
        "reply", "1", "Sorry, Zoe. Which flight was it?", "--yes", expect=(0, 1)
    )  # from a file: cannot be answered
    assert ("outbox", "new") in look(desk, "12:30", 6)
    desk.run("outbox", "cancel", "1")
    assert ("outbox", "cleared") in look(desk, "12:31", 0)


def test_a_source_that_is_silent_for_much_longer_than_usual_is_told(desk: World) -> None:
    start = datetime(2026, 11, 19, tzinfo=UTC)
    rows = [
        {"id": str(n), "text": "nice", "author": f"a{n}", "created_at": (start + timedelta(minutes=20 * n)).isoformat()}
        for n in range(30)
    ]
    desk.write("posts.jsonl", "\n".join(map(json.dumps, rows)))
    desk.run("source", "add", "file", "posts", "--set", f"path={desk.folder / 'posts.jsonl'}")
    desk.run("fetch")
    desk.env["CARE_NOW"] = "2026-11-19T12:00:00Z"
    assert desk.json("alert", expect=0) == []
    assert look(desk, "00:00", 6) == [("silent-source", "new")]
    rows.append({"id": "back", "text": "nice", "author": "b", "created_at": "2026-11-20T00:10:00Z"})
    desk.write("posts.jsonl", "\n".join(map(json.dumps, rows)))
    desk.run("fetch")
    assert look(desk, "00:11", 0) == [("silent-source", "cleared")]


def test_only_a_crisis_that_is_not_over_is_an_alert() -> None:
    began = datetime(2026, 11, 20, 9, tzinfo=UTC)
    over = Crisis(began, began + timedelta(hours=2), 8.0, "app", 40, 30, 3.0, "Fridays")
    now = Crisis(began + timedelta(hours=3), None, 4.25, "bags", 20, 15, 4.0, "Fridays")
    (alert,) = of_crises([over, now])
    assert (alert.kind, alert.since) == ("crisis", now.started_at)
    assert alert.title == "20 negative mentions about bags, 4.2 times the usual"


def test_watch_fetches_and_tells_until_it_is_stopped(desk: World) -> None:
    row = {"id": "1", "text": "@acme my bag is lost", "author": "zoe", "created_at": "2026-11-20T08:10:00Z"}
    desk.write("posts.jsonl", json.dumps(row))
    desk.run("source", "add", "file", "posts", "--set", f"path={desk.folder / 'posts.jsonl'}")
    desk.run("fetch")
    desk.say(_1="complaint")
    assert "ALERT" in desk.run("watch", "--every", "1s", "--rounds", "2").stdout
    assert told(desk) == [("sla", "new")]
    desk.run("resolve", "1")
    running = desk.start("watch", "--every", "1h")
    until = time.monotonic() + 60
    while told(desk) != [("sla", "new"), ("sla", "cleared")] and time.monotonic() < until:
        time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    said, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (0, "")
    assert "all clear" in said


def test_pruning_forgets_texts_and_keeps_figures(desk: World, tmp_path: Path) -> None:
    asked(desk, created_at="2026-10-01T10:00:00Z", url="https://social.example/zoe/1")
    desk.mentions(
        {"id": "2", "author": "acme", "text": "Sorry, Zoe!", "in_reply_to": "1", "created_at": "2026-10-01T11:00:00Z"},
        {"id": "3", "author": "bob", "text": "@acme where is my bag?", "created_at": "2026-11-20T10:00:00Z"},
    )
    before = {name: desk.json("report", name) for name in ("summary", "response", "sla")}
    assert "--yes" in desk.run("prune", "--before", "30d", expect=2).stderr
    assert desk.json("prune", "--before", "30d", "--dry-run") == {"pruned": 0, "found": 2}
    assert len(desk.json("search", "bag")) == 2
    assert desk.json("prune", "--before", "30d", "--yes") == {"pruned": 2, "found": 2}
    assert {name: desk.json("report", name) for name in before} == before
    for part in ("voice", "questions"):
        assert "are pruned" in desk.run("report", part).stdout
        assert "are pruned" not in desk.run("report", part, "--since", "29d").stdout
    assert [each["author"]["handle"] for each in desk.json("search", "bag")] == ["bob"]
    desk.run("classify", "--all")
    assert {name: desk.json("report", name) for name in before} == before
    store = open_store(desk.db)
    kept = " ".join(
        str(tuple(row)) for table in ("mentions", "authors") for row in store.rows(f"SELECT * FROM {table}")
    )
    assert store.rows("SELECT count(*) FROM raw_mentions")[0][0] == 1
    store.close()
    for word in ("zoe", "Zoe", "lost"):
        assert word not in kept
