"""What runs by itself: lines that work where there is next to nothing, one at a time, and what was missed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from carecli.store import open_store
from tests.world import World

CRONTAB = """#!/bin/sh
# What crontab(1) promises: -l shows the table or says that there is none, - reads a new one.
case "$1" in
  -l) if [ -f "$CRONTAB_FILE" ]; then cat "$CRONTAB_FILE"
      else echo "${CRONTAB_NONE:-no crontab for you}" >&2; exit 1; fi;;
  -) cat > "$CRONTAB_FILE";;
esac
"""
JOB = """
[reports.weekly]
period = "week"
format = "html"
output = "{folder}/week-{{since}}.html"
"""


@pytest.fixture
def desk(tmp_path: Path) -> World:
    """A world in a folder that a shell and cron would both stumble over, with a crontab of its own."""
    folder = tmp_path / "50% of $HOME's work"
    folder.mkdir()
    program = tmp_path / "crontab"
    program.write_text(CRONTAB)
    program.chmod(0o755)
    table = tmp_path / "table"
    world = World(folder, env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "CRONTAB_FILE": str(table)})
    world.init()
    world.write("care.toml", world.config.read_text() + JOB.format(folder=folder))
    world.write(
        "posts.jsonl",
        '{"id": "1", "text": "@acme my bag is lost", "author": "zoe", "created_at": "2026-11-01T10:00:00Z"}',
    )
    world.run("source", "add", "file", "posts", "--set", f"path={folder / 'posts.jsonl'}")
    return world


def table(desk: World) -> str:
    return Path(desk.env["CRONTAB_FILE"]).read_text()


def as_cron_runs_it(line: str, home: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A crontab's line as cron runs it: /bin/sh, next to no environment, the home folder, % unescaped."""
    command = line.split(" ", 5)[5].replace("\\%", "%")
    return subprocess.run(
        ["/bin/sh", "-c", command], env=environment, cwd=home, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize("given", [{}, {"LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}])
def test_installed_lines_run_with_an_empty_environment(desk: World, tmp_path: Path, given: dict[str, str]) -> None:
    Path(desk.env["CRONTAB_FILE"]).write_text("0 1 * * * mine\n")
    desk.run("cron", "install")
    lines = [line for line in table(desk).splitlines() if "carecli" in line and not line.startswith("#")]
    assert [line.split(" -m carecli ")[1].split("care.toml")[1].split(" >>")[0].strip("'\" ") for line in lines] == [
        "--quiet fetch",
        "--quiet alert",
        "--quiet report --due",
    ]
    for line, status in zip(lines, (0, 0, 0), strict=True):
        done = as_cron_runs_it(line, tmp_path, {"HOME": str(tmp_path), **given} if given else {})
        assert (done.returncode, done.stdout, done.stderr) == (status, "", ""), (desk.folder / "care.log").read_text()
    assert desk.json("search", "bag")[0]["source"] == "posts"
    assert len(list(desk.folder.glob("week-*.html"))) == 1


def test_installing_twice_is_once_and_removing_leaves_the_rest(desk: World) -> None:
    mine = "MAILTO=me@example.org\n0 1 * * * mine\n"
    Path(desk.env["CRONTAB_FILE"]).write_text(mine)
    desk.run("cron", "install")
    once = table(desk)
    desk.run("cron", "install", "--every", "10")
    assert table(desk).count("--quiet fetch") == 1
    assert "*/10 * * * *" in table(desk)
    desk.run("cron", "install")
    assert table(desk) == once
    assert desk.json("cron", "remove") == {"removed": True}
    assert table(desk) == mine
    assert desk.json("cron", "remove") == {"removed": False}


@pytest.mark.parametrize("said", ["no crontab for me", "crontab: can't open 'me': No such file or directory"])
def test_who_has_no_crontab_gets_one(desk: World, said: str) -> None:
    desk.env["CRONTAB_NONE"] = said
    desk.run("cron", "install")
    assert "--quiet fetch" in table(desk)
    (desk.folder.parent / "table").unlink()
    desk.env["CRONTAB_NONE"] = "crontab: you are not allowed to use this program"
    assert "not allowed" in desk.run("cron", "install", expect=1).stderr


def test_no_secret_is_in_the_lines(desk: World) -> None:
    desk.env["CARE_POSTS_TOKEN"] = "hunter2"
    for options in ((), ("--systemd",), ("--json",)):
        assert "hunter2" not in desk.run("cron", "show", *options).stdout


def test_systemds_units_say_the_same_and_are_sound(desk: World, tmp_path: Path) -> None:
    units = desk.json("cron", "show")["units"]
    assert sorted(units) == sorted(
        f"care-{job}.{kind}" for job in ("fetch", "alert", "report") for kind in ("service", "timer")
    )
    assert "Persistent=true" in units["care-report.timer"]
    assert "50%% of $$HOME" in units["care-report.service"]
    for name, text in units.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in units]
    try:
        done = subprocess.run(
            ["systemd-analyze", "--user", "verify", *paths], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    assert not [line for line in done.stderr.splitlines() if str(tmp_path) in line or "care-" in line], done.stderr


@pytest.mark.parametrize(
    ("lock", "arguments"), [("fetch", ("fetch",)), ("report", ("report", "--due")), ("alert", ("alert",))]
)
def test_a_run_that_finds_the_lock_held_says_so(desk: World, lock: str, arguments: tuple[str, ...]) -> None:
    store = open_store(desk.db)
    with store.lock(lock):
        assert "another care is at work" in desk.run(*arguments, expect=5).stderr
    store.close()


def made(desk: World, now: str) -> list[tuple[str, str | None]]:
    desk.env["CARE_NOW"] = now
    return [(each["since"][:10], each["error"]) for each in desk.json("report", "--due", expect=(0, 1))]


def test_a_missed_report_is_made_up_for_by_the_next_run(desk: World) -> None:
    assert made(desk, "2026-11-20T12:00:00Z") == [("2026-11-09", None)]
    assert made(desk, "2026-11-20T13:00:00Z") == []
    assert made(desk, "2026-12-08T00:00:00Z") == [("2026-11-16", None), ("2026-11-23", None), ("2026-11-30", None)]
    assert sorted(path.name for path in desk.folder.glob("week-*")) == [
        f"week-2026-11-{day}.html" for day in ("09", "16", "23", "30")
    ]


def test_a_report_that_could_not_go_out_stays_due(desk: World) -> None:
    desk.write("care.toml", desk.config.read_text().replace("/week-", "/not-there/week-"))
    ((_, error),) = made(desk, "2026-11-20T12:00:00Z")
    assert error is not None
    assert "not-there" in error
    (desk.folder / "not-there").mkdir()
    assert made(desk, "2026-11-24T12:00:00Z") == [("2026-11-16", None)]
