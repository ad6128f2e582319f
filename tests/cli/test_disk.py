"""Databases that cannot be opened, read or written: one clear error, and nothing that was stored is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world import World

HELLO = {"id": "1", "text": "@acme where is my bag?"}


def explained(world: World, *command: str, words: str, stdin: str = "") -> None:
    """`care COMMAND` fails in one to three lines that name the file and say `words`."""
    error = world.run(*command, stdin=stdin, expect=1).stderr
    assert "unexpected" not in error, error
    assert len(error.splitlines()) <= 3, error
    assert words in error, error


def rows(count: int, *, first: int = 1, size: int = 20) -> str:
    return "".join(
        json.dumps({"id": str(n), "text": f"@acme where is bag {n}? " + "lost " * size, "author": f"u{n}"}) + "\n"
        for n in range(first, first + count)
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=False)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def read_only(small_disk: Path) -> Iterator[World]:
    """A world with one case on a disk that has become read-only."""
    world = World(small_disk)
    world.init()
    world.mentions(HELLO)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    yield world
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_a_read_only_disk(read_only: World) -> None:
    for command in (("note", "1", "hello"), ("claim", "1"), ("label", "1", "--intent", "praise")):
        explained(read_only, *command, words=str(read_only.db))
    explained(read_only, "import", "-", words=str(read_only.db), stdin=rows(1, first=5))
    explained(read_only, "export", "-o", str(read_only.folder / "out.jsonl"), words=str(read_only.folder))
    explained(read_only, "report", "-o", str(read_only.folder / "out.md"), words=str(read_only.folder))
    assert "Traceback" not in read_only.run("queue", expect=(0, 1)).stderr


def test_what_is_stored_can_be_read_from_a_read_only_disk(read_only: World) -> None:
    assert [case["case"] for case in read_only.json("queue")] == [1]
    assert read_only.json("show", "1")["text"] == HELLO["text"]


def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_space(small_disk: Path) -> None:
    world = World(small_disk)
    world.init()
    world.mentions(HELLO)
    ballast = small_disk / "ballast"
    free = shutil.disk_usage(small_disk).free
    ballast.write_bytes(b"x" * (free - 200_000))
    explained(world, "import", "-", words="full", stdin=rows(2_000, first=2, size=60))
    _fill(small_disk)
    explained(world, "queue", words="space")  # SQLite needs a few bytes even to read
    (small_disk / "filler").unlink(missing_ok=True)
    ballast.unlink()
    assert all(check["ok"] for check in world.json("doctor") if check["check"] == "database")
    assert world.json("show", "1")["text"] == HELLO["text"]
    assert world.json("import", "-", stdin=rows(5, first=2))["new"] + len(world.json("queue")) >= 6


def _fill(folder: Path) -> None:
    """Take the last byte."""
    with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 1_000)


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_file_that_may_not_grow(world: World) -> None:
    import resource

    world.init()
    world.mentions(HELLO)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        [sys.executable, "-m", "carecli", "import", "-"],
        env=world.environment,
        input=rows(3_000, first=2, size=60).encode(),
        capture_output=True,
        preexec_fn=limit,
        check=False,
    )
    error = done.stderr.decode()
    assert done.returncode == 1, error
    assert str(world.db) in error
    assert "Traceback" not in error
    assert "unexpected" not in error
    assert all(check["ok"] for check in world.json("doctor"))
    assert world.json("import", "-", stdin=rows(3_000, first=2, size=1))["rejected"] == 0


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


def torn(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (newer, "newer carecli"),
        (torn, "not a sound SQLite database"),
        (lambda path: path.write_bytes(b"PK\x03\x04 no database at all " * 100), "not a sound SQLite database"),
        (lambda path: path.write_bytes(b"short"), "not a sound SQLite database"),
        (lambda path: (path.unlink(), path.mkdir()), "care.db"),
    ],
    ids=["newer", "torn", "another file", "short", "a folder"],
)
def test_what_is_no_database_of_ours(world: World, harm: Callable[[Path], object], words: str) -> None:
    world.init()
    world.mentions(HELLO)
    harm(world.db)
    before = world.db.read_bytes() if world.db.is_file() else b""
    for command in (("queue", "--all"), ("search", "bag"), ("report",)):
        explained(world, *command, words=words)
    explained(world, "import", "-", words=words, stdin=rows(1))
    assert world.run("doctor", expect=1).stdout
    if world.db.is_file() and harm is not torn:
        assert world.db.read_bytes() == before, "a file that is not ours was changed"


@pytest.mark.parametrize("place", ["/proc/care/care.db", "{folder}/file/care.db", "{folder}/" + "x" * 300])
def test_a_place_where_no_file_can_be(world: World, place: str) -> None:
    world.write("file", "not a folder")
    explained(world, "--db", place.format(folder=world.folder), "queue", words="care" if "proc" in place else "")


def test_a_database_of_another_program_is_not_taken_over(world: World) -> None:
    connection = sqlite3.connect(world.db)
    connection.execute("CREATE TABLE customers (id INTEGER, name TEXT)")
    connection.commit()
    connection.close()
    done = world.run("queue", expect=(0, 1))
    connection = sqlite3.connect(world.db)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert tables == {"customers"}, "carecli's tables were put into another program's file"
    assert done.returncode == 1


def test_two_imports_at_once_lose_nothing(world: World) -> None:
    world.init()
    for name, first in (("one", 1), ("two", 10_001), ("three", 20_001)):
        world.write(f"{name}.jsonl", rows(2_500, first=first))
    runs = [world.begin("import", f"{name}.jsonl", "--json") for name in ("one", "two", "three")]
    runs += [world.begin("report", "--json"), world.begin("queue", "--json")]
    for run in runs:
        out, error = run.communicate(timeout=300)
        assert (run.returncode, error) == (0, ""), error
        json.loads(out)
    assert len(world.json("queue", "--all")) == 7_500
    assert {check["ok"] for check in world.json("doctor")} == {True}
    assert world.json("import", "two.jsonl")["new"] == 0


def test_the_same_file_by_two_processes_at_once(world: World) -> None:
    world.init()
    world.write("one.jsonl", rows(1_500))
    runs = [world.begin("import", "one.jsonl", "--json") for _ in range(3)]
    done = [json.loads(run.communicate(timeout=300)[0]) for run in runs]
    assert sum(each["new"] for each in done) == 1_500
    cases = world.json("queue", "--all")
    assert len(cases) == len({case["customer"]["handle"] for case in cases}) == 1_500


def test_a_new_database_by_eight_processes_at_once(world: World) -> None:
    runs = [world.begin("queue", "--json") for _ in range(8)]
    assert [(*run.communicate(timeout=120), run.returncode) for run in runs] == [("[]\n", "", 0)] * 8


def test_a_backup_that_cannot_be_written(desk: World) -> None:
    taken = desk.write("taken.db", "something")
    explained(desk, "backup", str(taken), words="exists already")
    assert taken.read_bytes() == b"something"
    explained(desk, "backup", str(desk.folder / "no" / "such" / "copy.db"), words="copy.db")
    explained(desk, "export", "-o", str(desk.folder / "no" / "out.jsonl"), words="out.jsonl")
    explained(desk, "report", "-o", str(desk.folder), words=str(desk.folder))
