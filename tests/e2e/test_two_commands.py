"""The README's two commands, and the tour that the first one ends in: on a machine that has nothing yet."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from carecli.cli import demo
from carecli.text import width
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "src" / "carecli" / "data" / "demo.jsonl"

# Runs before the program in its process: no network, and every file that is opened for writing is named.
WATCH = """
import os, sys

_log = open(os.environ["WATCH_LOG"], "a", encoding="utf-8", buffering=1)

def _watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        _log.write(f"network {event} {arguments[1:]}\\n")
        raise OSError("there is no network")
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        if isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _log.write(f"file {os.path.abspath(os.fsdecode(arguments[0]))}\\n")
    elif event in ("os.mkdir", "sqlite3.connect"):
        _log.write(f"file {os.path.abspath(os.fsdecode(arguments[0]))}\\n")

sys.addaudithook(_watch)
"""


def command(heading: str) -> str:
    """The first code line under a heading of the README; its block holds nothing else."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    block = re.search(r"^```\w*\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert block is not None, f"no code under {heading}"
    (line,) = block[1].strip().splitlines()
    return line


@pytest.mark.parametrize(("heading", "last"), [("Try it", ".venv/bin/care demo"), ("Test it", "scripts/check.py")])
def test_a_command_of_the_readme_is_one_line_that_names_what_is_there(heading: str, last: str) -> None:
    line = command(heading)
    assert line.endswith(last)
    parts = [part.split() for part in line.split("&&")]
    made = {".venv/bin/pip", ".venv/bin/care"}
    for program, *arguments in parts:
        assert program in made or shutil.which(program), f"{program} is neither made by the command nor a program"
        assert all((ROOT / argument).is_file() for argument in arguments if argument.endswith(".py"))
    if ".venv/bin/care" in line:
        assert ["python3", "-m", "venv", ".venv"] in parts
        assert any(part[0] == ".venv/bin/pip" and part[-1] == "." for part in parts)
        assert "care" in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]


def test_ci_runs_the_command_that_the_readme_names() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "## Test it" in script
    assert command("Test it") not in script, "it is read from the README, not copied"


class Nowhere(World):
    """A world of which nothing is set."""

    @property
    def environment(self) -> dict[str, str]:
        mine = {key: value for key, value in super().environment.items() if not key.startswith(("CARE_", "XDG_"))}
        return {**mine, **self.env}

    @property
    def temporary(self) -> Path:
        return self.folder.parent / "tmp"

    def watched(self, kind: str) -> list[str]:
        """What the program did, as its own process saw it."""
        lines = (self.folder.parent / "watch" / "log").read_text(encoding="utf-8").splitlines()
        return [line.partition(" ")[2] for line in lines if line.startswith(kind)]


def made_nowhere(tmp_path: Path) -> Nowhere:
    """A user with an empty home, no settings, and a machine without a network."""
    for name in ("home", "tmp", "watch"):
        (tmp_path / name).mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    paths = [str(tmp_path / "watch"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return Nowhere(
        tmp_path / "home",
        env={
            "TMPDIR": str(tmp_path / "tmp"),
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "WATCH_LOG": str(tmp_path / "watch" / "log"),
        },
    )


def steps(text: str) -> list[str]:
    """The commands that the tour shows, without their case and draft numbers."""
    shown = re.findall(r"^\$ care (.*)$", text, flags=re.MULTILINE)
    return [re.sub(r'"[^"]*"|\b\d+\b', "_", line) for line in shown]


def step(text: str, name: str) -> str:
    """What stands under one step."""
    found = re.search(rf"^\$ care {re.escape(name)}.*?(?=^\$ care |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert found is not None, f"no step {name}"
    return found[0]


def emergencies() -> set[str]:
    """Who is in an emergency, as the author of the sample meant it."""
    rows: list[Mapping[str, object]] = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return {
        str(row["author_handle"])
        for row in rows
        if isinstance(expect := row.get("expect"), dict) and expect.get("intent") == "emergency"
    }


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Nowhere, str]:
    """Where the tour was, and what it said."""
    nowhere = made_nowhere(tmp_path_factory.mktemp("tour"))
    return nowhere, nowhere.run("demo").stdout


@pytest.mark.xdist_group("demo")
def test_the_demo_goes_through_the_whole_loop(toured: tuple[Nowhere, str]) -> None:
    _, text = toured
    order = ["fetch", "queue", "claim", "show", "draft", "reply", "reply", "reply", "report"]
    assert [line.split()[0] for line in steps(text)] == order
    assert [line for line in steps(text) if line.startswith("reply")] == [
        "reply _ _ --dry-run",
        "reply _ --draft _ --dry-run",
        "reply _ --draft _ --yes",
    ]
    assert re.search(r"aeroluna +memory +(\d+) +\1 +0", step(text, "fetch"))
    assert re.search(r"^ *Draft \d+: \S", step(text, "draft"), flags=re.MULTILINE)
    assert re.search(r"^ *block: .*\[[a-z-]+\]$", step(text, "reply"), flags=re.MULTILINE)
    sent = text[text.index("--yes") :]
    assert re.search(r"reply \d+ is sent: https://", sent)
    assert re.search(r"case \d+ is now pending", sent)
    assert "First response" in step(text, "report")
    for advice in ("care init", "care source add mastodon", "care login", "care fetch", "care report", "care import"):
        assert advice in text[text.index("That was the loop") :]


@pytest.mark.xdist_group("demo")
def test_the_emergency_is_first_in_the_demos_queue(toured: tuple[Nowhere, str]) -> None:
    rows = re.findall(r"^ *\d+ +\d+ .*", step(toured[1], "queue"), flags=re.MULTILINE)
    first = rows[0]
    assert "emergency" in first
    assert any(handle in first for handle in emergencies()), first


@pytest.mark.xdist_group("demo")
def test_the_demo_needs_no_network_and_leaves_nothing_behind(toured: tuple[Nowhere, str]) -> None:
    nowhere, _ = toured
    assert nowhere.watched("network") == []
    written = nowhere.watched("file")
    assert any(path.endswith("care.db") for path in written), "the watch works"
    elsewhere = [path for path in written if not path.startswith((str(nowhere.temporary), os.devnull))]
    assert elsewhere == []
    assert [*nowhere.temporary.iterdir(), *nowhere.folder.iterdir()] == []


def test_a_kept_demo_can_be_played_with_and_is_never_overwritten(tmp_path: Path) -> None:
    nowhere = made_nowhere(tmp_path)
    folder = nowhere.folder / "my demo"
    text = nowhere.run("demo", "--keep", str(folder)).stdout
    assert {path.name for path in folder.iterdir()} >= {"care.db", "care.toml"}
    assert f"care --db {folder / 'care.db'}" in text.replace("'", "")
    where = ("--db", str(folder / "care.db"), "--config", str(folder / "care.toml"))
    assert len(nowhere.json(*where, "queue")) > 20
    (sent,) = [case for case in nowhere.json(*where, "queue", "--all", "--limit", "500") if case["assignee"] == "you"]
    assert sent["status"] == "pending"
    before = (folder / "care.db").read_bytes()
    again = nowhere.run("demo", "--keep", str(folder), expect=2)
    assert str(folder) in again.stderr
    assert "empty folder" in again.stderr
    assert again.stdout == ""
    assert (folder / "care.db").read_bytes() == before
    assert "Traceback" not in again.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_on_a_terminal_no_line_is_too_wide_and_no_mention_speaks_to_it(tmp_path: Path) -> None:
    import pexpect

    nowhere = made_nowhere(tmp_path)
    screen: pexpect.spawn[str] = pexpect.spawn(
        sys.executable,
        ["-m", "carecli", "demo"],
        env={**nowhere.environment, "TERM": "xterm-256color"},
        cwd=str(nowhere.folder),
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=90,
    )
    text = screen.read()
    screen.close()
    assert screen.exitstatus == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n")
    assert demo.NEXT.splitlines()[0] in plain
    strange = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069].{0,20}", plain)
    assert strange == []
    too_wide = [(width(line), line) for line in plain.split("\n") if width(line) > 80]
    assert too_wide == []
