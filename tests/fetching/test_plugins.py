"""The example plug-in, installed by pip into an environment of its own and fetched from; broken ones beside it."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.world import World

ROOT = Path(__file__).parent.parent.parent
BROKEN = {
    "torn": "raise ImportError('a part of it is missing')",
    "rude": "import sys; sys.exit('no licence')",
    "wrong": "PLATFORM = 'a text'",
    "falls": """
from contextlib import asynccontextmanager
from carecli.platforms.base import Platform

class Client:
    async def fetch(self, cursor, *, since):
        raise KeyError('unexpected')
        yield

@asynccontextmanager
async def opened(setup):
    yield Client()

PLATFORM = Platform('falls', 'falls over while it reads', opened)
""",
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in which carecli, the guestbook and some broken plug-ins are installed."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(ROOT / "examples" / "plugin", folder / "plugin")
    venv.create(folder / "venv", with_pip=False)
    here = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    packages = Path(ask(here, "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # everything else is taken from the environment of the tests
    lines = [str(ROOT / "src"), *site.getsitepackages()]
    (packages / "tests.pth").write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--python", str(here), "install", "--quiet", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*command, "--no-build-isolation", str(folder / "plugin")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name, code in BROKEN.items():
        (packages / f"care_{name}.py").write_text(code, encoding="utf-8")
        info = packages / f"care_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: care-{name}\nVersion: 1.0\n", encoding="utf-8")
        point = f"[carecli.platforms]\n{name} = care_{name}:PLATFORM\n"
        (info / "entry_points.txt").write_text(point, encoding="utf-8")
    return here


def ask(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout


def care(python: Path, world: World, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [python, "-m", "carecli", *arguments],
        env={**world.environment, "PYTHONUTF8": "1", "PATH": os.environ["PATH"]},
        cwd=world.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_an_installed_plug_in_is_fetched_from_and_broken_ones_are_named_and_skipped(python: Path, world: World) -> None:
    entry = {"name": "Zoe", "text": "@house the soup was cold", "written": "2026-03-02T09:30:00Z"}
    (world.folder / "book").mkdir()
    world.write("book/000001.json", json.dumps(entry))
    world.write("book/000002.json", "{half")
    care(python, world, "init", "--brand", "House", "--handle", "house")
    listed = care(python, world, "source", "platforms", "--json")
    names = {platform["name"] for platform in json.loads(listed.stdout)}
    assert {"guestbook", "feed", "falls"} <= names
    assert not {"torn", "rude", "wrong"} & names
    for name, reason in (("torn", "a part of it is missing"), ("rude", "no licence"), ("wrong", "not a carecli")):
        assert any(name in line and reason in line for line in listed.stderr.splitlines())
    care(python, world, "source", "add", "guestbook", "lobby", "--set", f"folder={world.folder / 'book'}")
    lines = [f'\n[sources.{name}]\nplatform = "{name}"\n' for name in BROKEN]
    world.config.write_text(world.config.read_text(encoding="utf-8") + "".join(lines), encoding="utf-8")
    done = care(python, world, "fetch", "--json", expect=4)
    outcomes = {outcome["source"]: outcome for outcome in json.loads(done.stdout)}
    assert (outcomes["lobby"]["new"], outcomes["lobby"]["error"]) == (1, None)
    assert "000002.json" in done.stderr
    assert "a part of it is missing" in outcomes["torn"]["error"]
    assert "no licence" in outcomes["rude"]["error"]
    assert "KeyError" in outcomes["falls"]["error"]
    (case,) = json.loads(care(python, world, "queue", "--all", "--json").stdout)
    assert case["text"] == "@house the soup was cold"
    assert json.loads(care(python, world, "fetch", "lobby", "--json").stdout)[0]["new"] == 0
