"""What a command imports: start-up is waited for every time, and one careless import doubles it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.world import World

# What only some commands need, and none of those that read
HEAVY = {
    "httpx",
    "pydantic",
    "sqlite_utils",
    "numpy",
    "py3langid",
    "vaderSentiment",
    "openpyxl",
    "feedparser",
    "keyring",
    "snowballstemmer",
    "zstandard",
    "textual",
}
# What a version or a list of commands needs none of
WORKING = {"rich.console", "rich.table", "sqlite3", "tomllib", "carecli.store", "carecli.model", "importlib.metadata"}
# What looking at cases needs none of
STAGES = {"rich.console", "carecli.act", "carecli.listen", "carecli.triage.engine", "carecli.platforms"}

_PROBE = """
import json, sys
sys.argv[0] = "care"
from carecli.cli.app import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(world: World, *arguments: str) -> set[str]:
    """The modules that `care ARGUMENTS` leaves behind; the command must succeed."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *arguments],
        env=world.environment,
        cwd=world.folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    modules = set(json.loads(done.stderr.splitlines()[-1]))
    assert "carecli.cli.app" in modules
    return modules


@pytest.fixture
def lived_in(world: World) -> World:
    """A world with a configuration that was checked and two cases."""
    world.init()
    world.mentions(
        {"id": "1", "text": "@acme where is my suitcase? It did not arrive.", "language": "en"},
        {"id": "2", "text": "@acme thank you, lovely crew!", "language": "en", "author": "mia"},
    )
    world.run("queue")
    return world


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_who_only_asks_what_there_is_loads_next_to_nothing(world: World, arguments: list[str]) -> None:
    assert loaded(world, *arguments) & (HEAVY | WORKING | STAGES) == set()
    assert not world.db.exists()


@pytest.mark.parametrize(
    "arguments",
    [["queue"], ["queue", "--json"], ["show", "1"], ["report"], ["report", "--format", "json"]],
    ids=" ".join,
)
def test_commands_that_read_load_no_heavy_library(lived_in: World, arguments: list[str]) -> None:
    assert loaded(lived_in, *arguments) & (HEAVY | STAGES) == set()


@pytest.mark.parametrize("arguments", [["claim", "1"], ["tag", "1", "luggage"], ["resolve", "1"]], ids=" ".join)
def test_whoever_changes_a_case_waits_for_no_engine(lived_in: World, arguments: list[str]) -> None:
    assert loaded(lived_in, *arguments) & {"numpy", "py3langid", "vaderSentiment", "carecli.triage.engine"} == set()


def test_the_full_screen_library_is_for_the_full_screen_alone(lived_in: World) -> None:
    assert not {"textual", "carecli.tui"} & loaded(lived_in, "triage", "--plain")


def test_search_loads_the_stemmer_and_nothing_else_that_is_heavy(lived_in: World) -> None:
    assert loaded(lived_in, "search", "suitcase") & HEAVY == {"snowballstemmer"}


def test_a_configuration_that_changed_is_checked_again(lived_in: World) -> None:
    text = lived_in.config.read_text(encoding="utf-8")
    lived_in.config.write_text(text + "\n# changed\n", encoding="utf-8")
    assert "pydantic" in loaded(lived_in, "queue")
    assert "pydantic" not in loaded(lived_in, "queue")
