"""What every bundled platform owes to whoever adds it: help lines, a page, and word of what it costs beforehand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from carecli import platforms
from tests.world import World

DOCS = Path(__file__).parents[2] / "docs"
NETWORKED = {
    "appstore": ("app", "countries", "key_file"),
    "discourse": ("handle", "forum"),
    "github": ("repos", "notifications"),
    "googleplay": ("package", "key_file"),
    "hackernews": ("handle", "search"),
    "lemmy": ("handle", "search"),
    "stackexchange": ("site", "tags"),
    "youtube": ("channel", "client_id"),
}


@pytest.mark.parametrize("name", NETWORKED)
def test_help_lines_and_a_section_of_the_docs(name: str) -> None:
    platform = platforms.load(name)
    page = (DOCS / "platforms.md").read_text(encoding="utf-8")
    assert platform.name == name
    assert "base_url" in platform.settings
    assert set(NETWORKED[name]) <= platform.settings.keys()
    section = page[page.index(f"](#{'-'.join(_heading(name).split())})") :]
    body = section[section.lower().index(f"\n## {_heading(name)}\n") :].split("\n## ")[1]
    for key in platform.settings.keys() - {"base_url", "token_url"}:
        assert f"`{key}`" in body, f"docs/platforms.md does not tell of {key}"
    for kind in platform.secrets:
        assert f"`{kind}`" in body, f"docs/platforms.md does not tell of {kind}"
    if platform.limit:
        assert f"{platform.limit:,}" in body, "docs/platforms.md does not tell how long an answer may be"


def _heading(name: str) -> str:
    return {
        "appstore": "app store",
        "googleplay": "google play",
        "hackernews": "hacker news",
        "stackexchange": "stack exchange",
    }.get(name, name)


@pytest.mark.parametrize("name", NETWORKED)
def test_what_it_takes_is_said_before_anything_else(tmp_path: Path, name: str) -> None:
    world = World(tmp_path)
    world.init()
    said = world.run("source", "add", name, "mine").stderr.splitlines()
    platform = platforms.load(name)
    assert said[1] == platform.access
    assert len(said) == 3 + len(platform.secrets)
    listed = {one["name"]: one["access"] for one in world.json("source", "platforms")}
    assert listed[name] == platform.access
    assert platform.access in world.run("source", "platforms").stdout


@pytest.mark.parametrize("name", NETWORKED)
def test_a_source_without_anything_says_what_is_missing(tmp_path: Path, name: str) -> None:
    world = World(tmp_path)
    world.run("init", "--brand", "Acme", "--language", "en")
    world.run("source", "add", name, "mine")
    for command in (("source", "test", "mine"), ("fetch",)):
        done = world.run(*command, expect=(1, 2))
        assert "mine" in done.stderr
        assert "Error" not in done.stderr


def test_what_is_known_of_a_platform_needs_no_network_library() -> None:
    """Guardrails ask for the limit of a platform: that must not cost what opening it costs."""
    names = sorted(NETWORKED)
    probe = (
        "import json, sys; from carecli import platforms; "
        f"[platforms.load(name) for name in {names}]; "
        "print(json.dumps(sorted({'httpx', 'pydantic', 'jwt', 'sqlite_utils'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
