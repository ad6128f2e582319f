"""`care reply --edit`: the words are written in the person's own editor, on a real terminal."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import seen
from tests.world import World

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

LATER = '{"id": "2", "text": "@acme it has come, but where is my refund?", "author": "zoe", "in_reply_to": "1"}'


def editor(folder: Path, body: str) -> str:
    """An editor that does `body`, Python that may use `file`; as $EDITOR wants it."""
    script = folder / "editor.py"
    script.write_text(f"import pathlib, subprocess, sys\nfile = pathlib.Path(sys.argv[1])\n{body}\n", encoding="utf-8")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"


@pytest.fixture
def asked(world: World) -> World:
    world.init()
    world.mentions({"id": "1", "text": "@acme my bag is lost, nobody answers!", "author": "zoe"})
    return world


def test_what_the_editor_leaves_is_the_reply(asked: World, tmp_path: Path) -> None:
    words = editor(tmp_path, 'file.write_text(file.read_text() + " It lands at nine.\\n", encoding="utf-8")')
    shown = seen(asked, "reply", "1", "Sorry, Zoe.", "--edit", "--dry-run", EDITOR=words, VISUAL="")
    assert "dry-run: Sorry, Zoe. It lands at nine." in " ".join(shown.split())


def test_a_customer_who_writes_while_the_editor_is_open_is_read_first(asked: World, tmp_path: Path) -> None:
    (tmp_path / "later.jsonl").write_text(LATER, encoding="utf-8")
    command = [sys.executable, "-m", "carecli", "import", str(tmp_path / "later.jsonl")]
    words = editor(tmp_path, f'subprocess.run({command!r}, check=True)\nfile.write_text("It lands at nine.")')
    shown = " ".join(seen(asked, "reply", "1", "Sorry.", "--edit", "--yes", EDITOR=words, VISUAL="").split())
    assert "has written meanwhile" in shown
    assert asked.json("outbox") == []
