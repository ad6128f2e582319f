"""CONTRACT.md, "Everywhere": streams, exit statuses, switches and errors of every command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from wcwidth import wcswidth

from tests.world import World

LOOKS = [
    ("queue",),
    ("queue", "--all"),
    ("show", "1"),
    ("search", "bagaż"),
    ("report",),
    ("source", "list"),
    ("source", "platforms"),
    ("outbox",),
    ("outbox", "list"),
    ("draft", "2"),
    ("check", "We open at nine.", "--case", "2"),
    ("reply", "2", "We open at nine.", "--dry-run"),
    ("doctor",),
    ("export",),
]


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_json_is_one_document_and_nothing_else(shop: World, command: tuple[str, ...]) -> None:
    done = shop.run("-v", *command, "--json")
    assert isinstance(json.loads(done.stdout), (dict, list))
    assert done.stdout.endswith("\n")
    assert done.stdout[0] in "[{"


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_a_pipe_gets_neither_colour_nor_control_bytes(shop: World, command: tuple[str, ...]) -> None:
    done = shop.run(*command)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout + done.stderr)


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_quiet_leaves_results_and_errors_only(shop: World, command: tuple[str, ...]) -> None:
    assert shop.run("-q", *command).stderr == ""


@pytest.mark.parametrize("columns", ["40", "60", "120"])
def test_columns_bounds_every_line(shop: World, columns: str) -> None:
    shop.env["COLUMNS"] = columns
    try:
        for command in (("queue", "--all"), ("report",), ("search", "acme")):
            for line in shop.run(*command).stdout.splitlines():
                assert wcswidth(line) <= int(columns), line
    finally:
        del shop.env["COLUMNS"]


def test_without_columns_a_pipe_gets_whole_texts(shop: World) -> None:
    assert "my luggage is lost and nobody answers!" in shop.run("queue", "--all").stdout


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (0, ("queue",)),
        (0, ("--version",)),
        (0, ("queue", "--help")),
        (1, ("show", "999")),
        (1, ("fetch",)),
        (1, ("label", "999", "--intent", "praise")),
        (1, ("label", "2", "--intent", "praise")),
        (1, ("import", "no-such-file.csv")),
        (1, ("source", "remove", "nothing")),
        (1, ("outbox", "cancel", "99")),
        (1, ("outbox", "send", "99")),
        (1, ("reply", "2", "--draft", "99", "--dry-run")),
        (1, ("classify", "no-such-file.txt")),
        (2, ("nonsense",)),
        (2, ("queue", "--nonsense")),
        (2, ("queue", "--status", "nonsense")),
        (2, ("queue", "--sla", "late")),
        (2, ("queue", "--limit", "0")),
        (2, ("show", "zoe")),
        (2, ("show",)),
        (2, ("claim",)),
        (2, ("claim", "1", "--next")),
        (2, ("snooze", "1", "whenever")),
        (2, ("snooze", "1", "2020-01-01")),
        (2, ("label", "1")),
        (2, ("label", "1", "--intent", "anger")),
        (2, ("import", "-", "--map", "text")),
        (2, ("import", "-", "--map", "txet=Message")),
        (2, ("import", "-", "--format", "brand25")),
        (1, ("source", "add", "mastodn", "x")),
        (2, ("source", "add", "mastodon", "../x")),
        (2, ("source", "add", "mastodon", "x", "--set", "base_ulr=https://m.example")),
        (2, ("report", "--since", "sometime")),
        (2, ("report", "--period", "year")),
        (2, ("report", "--period", "week", "--since", "7d")),
        (2, ("report", "nonsense")),
        (2, ("report", "--json", "--format", "csv")),
        (2, ("report", "--format", "docx")),
        (2, ("reply", "2", "We open at nine.")),  # nobody to ask: --yes is named
        (2, ("reply", "2")),
        (2, ("triage",)),
        (2, ("init",)),
        (2, ("login", "nothing")),
        (2, ("draft", "2", "--voice", "nobody")),
        (2, ("export", "--format", "xml")),
        (2, ("classify",)),
        (3, ("check", "Please send us your password.", "--case", "2")),
        (3, ("reply", "2", "Please send us your password.", "--yes")),
    ],
    ids=lambda part: part if isinstance(part, int) else " ".join(part),
)
def test_exit_statuses_and_short_errors(shop: World, status: int, command: tuple[str, ...]) -> None:
    done = shop.run(*command, expect=status)
    if status:
        lines = done.stderr.splitlines()
        assert len(lines) <= 3, done.stderr
        assert status == 3 or lines, "an error without a word"
        assert all(line.strip() for line in lines), done.stderr
    if status == 2:
        assert done.stdout == ""


@pytest.mark.parametrize(
    ("command", "way_out"),
    [
        (("queue", "--nonsense"), "queue"),
        (("queue", "--stauts", "open"), "--status"),
        (("nonsense",), "-h"),
        (("queue", "--status", "closed"), "resolved"),
        (("show", "999"), "care queue"),
        (("fetch",), "care source add"),
        (("reply", "2", "We open at nine."), "--yes"),
        (("claim",), "--next"),
        (("label", "1"), "--intent"),
        (("snooze", "1", "later"), "tomorrow"),
        (("source", "add", "mastodn", "x"), "mastodon"),
        (("source", "add", "mastodon", "x", "--set", "base_ulr=https://m.example"), "base_url"),
        (("import", "-", "--map", "txet=Message"), "text"),
        (("draft", "2", "--voice", "nobody"), "care.toml"),
        (("report", "--format", "docx"), "md"),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_errors_name_the_way_out(shop: World, command: tuple[str, ...], way_out: str) -> None:
    assert way_out in shop.run(*command, expect=(1, 2)).stderr


def test_partly_done_and_another_care_at_work(world: World) -> None:
    from filelock import FileLock

    world.init()
    world.write("good.jsonl", '{"id":"1","text":"@acme hello?","author":"zoe","created_at":"2026-11-20T10:00:00Z"}\n')
    world.run("source", "add", "file", "good", "--set", f"path={world.folder / 'good.jsonl'}")
    world.run("source", "add", "file", "bad", "--set", f"path={world.folder / 'missing'}")
    done = world.run("fetch", "--json", expect=4)
    assert {row["source"]: row["new"] for row in json.loads(done.stdout)} == {"good": 1, "bad": 0}
    assert "bad" in done.stderr
    assert world.run("fetch", "bad", expect=1).stderr
    with FileLock(f"{world.db}.fetch.lock"):
        done = world.run("fetch", expect=5)
        assert "another care" in done.stderr
        assert len(done.stderr.splitlines()) <= 3
        world.run("queue")  # who only looks is not kept waiting
    assert world.run("import", "-", stdin='{"id":"9","text":"x"}\nnonsense\n', expect=4)


def test_the_clock_can_be_fixed_and_says_when_it_cannot(shop: World) -> None:
    until = shop.json("report")["period"]["until"]
    assert until == "2026-11-20T12:00:00Z"
    shop.env["CARE_NOW"] = "yesterday-ish"
    try:
        error = shop.run("queue", expect=2).stderr
    finally:
        del shop.env["CARE_NOW"]
    assert "CARE_NOW" in error
    assert "yesterday-ish" in error


def test_debug_adds_the_traceback(shop: World) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "carecli", "--debug", "show", "999"],
        env=shop.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "there is no case 999" in done.stderr.splitlines()[-2]


def test_care_and_the_module_are_the_same(shop: World) -> None:
    script = Path(sys.executable).with_name("care")
    if not script.exists():
        pytest.skip("carecli is not installed beside this Python")
    for arguments in (["queue", "--json"], ["--help"], ["queue", "--nonsense"]):
        one, other = (
            subprocess.run([*start, *arguments], env=shop.environment, capture_output=True, text=True, check=False)
            for start in ([str(script)], [sys.executable, "-m", "carecli"])
        )
        assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)


@pytest.mark.parametrize("command", ["queue", "report", "doctor"])
def test_a_missing_database_is_made_when_it_is_needed(world: World, command: str) -> None:
    world.run("--help")
    world.run("queue", "--help")
    assert not world.db.exists()
    world.run(command)
    assert world.db.exists()


def test_switches_before_the_command_win_over_the_environment(world: World) -> None:
    world.init()
    other = world.folder / "deep" / "other.db"
    world.run("--db", str(other), "import", "-", stdin='{"id":"1","text":"@acme hello?"}')
    assert other.exists()
    assert world.json("queue", "--all") == []
    assert len(world.json("--db", str(other), "queue", "--all")) == 1
    config = world.write("other.toml", '[brand]\nname = "Other"\ntimezone = "Asia/Jerusalem"\n')
    assert world.json("--config", str(config), "report")["period"]["timezone"] == "Asia/Jerusalem"


def test_a_reader_that_goes_away_is_no_error(world: World) -> None:
    world.mentions(*({"id": str(n), "text": f"number {n} " + "x" * 500} for n in range(1, 500)))
    for command in (["export"], ["queue", "--all"], ["queue", "--all", "--json"]):
        care = world.start(*command)
        assert care.stdout is not None
        assert care.stderr is not None
        care.stdout.read(10)
        care.stdout.close()
        said = care.stderr.read()
        assert (care.wait(60), said) == (0, ""), command


def test_the_demo_needs_nothing_and_leaves_nothing(world: World) -> None:
    done = world.run("demo")
    assert "\x1b" not in done.stdout
    assert not world.db.exists()
    assert not world.config.exists()
    assert "care init" in done.stdout + done.stderr
