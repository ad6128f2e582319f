"""Ten cases in a real terminal: tmux draws, keys go in, and the database is asked what it holds."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world import World

NOW = "2026-11-20T12:00:00Z"


class Terminal:
    """A tmux of its own with one window, as wide and high as asked."""

    def __init__(self, world: World, columns: int, lines: int) -> None:
        self._base = ["tmux", "-L", f"care-{uuid.uuid4().hex[:12]}", "-f", os.devnull]
        command = shlex.join([sys.executable, "-m", "carecli", "triage"])
        environment = {**world.environment, "CARE_NOW": NOW, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        kept = [f"-e{name}={value}" for name, value in world.environment.items() if name.startswith("CARE_")]
        size = ["-x", str(columns), "-y", str(lines)]
        inside = f"{command}; echo ended $?; sleep 600"
        session = [*self._base, "new-session", "-d", *size, *kept, inside]
        subprocess.run(session, env=environment, cwd=world.folder, check=True)

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._base, *arguments], capture_output=True, text=True, encoding="utf-8", check=True
        ).stdout

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: `Escape`, `C-s`, `Enter`."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """A text, letter by letter."""
        self._tmux("send-keys", "-l", text)

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return self._tmux("capture-pane", "-p")

    def until(self, *words: str) -> str:
        """Wait until all these words are on the screen."""
        return self.when(lambda text: all(word in text for word in words), " and ".join(words))

    def when(self, seen: Callable[[str], bool], what: str) -> str:
        """Wait until the screen is so."""
        for _ in range(1200):
            text = self.text
            if seen(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"not seen: {what}; but\n{self.text}")

    def close(self) -> None:
        """End this tmux and what runs in it."""
        subprocess.run([*self._base, "kill-server"], capture_output=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo's world: 73 cases of two invented brands, and a network that can be answered."""
    world = World(tmp_path_factory.mktemp("demo"), env={"CARE_NOW": NOW})
    world.run("demo", "--keep", str(world.folder))
    return world


@pytest.fixture
def terminal(demo: World) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux: python scripts/install_servers.py installs it")
    found = Terminal(demo, 120, 36)
    yield found
    found.close()


def status(world: World, case: int) -> str:
    return str(world.json("show", str(case))["status"])


@pytest.mark.skipif(sys.platform == "win32", reason="needs tmux")
def test_ten_cases_in_a_sitting(demo: World, terminal: Terminal, tmp_path: Path) -> None:
    order = [case["case"] for case in demo.json("queue")][:10]
    done: list[int] = []

    def here(case: int) -> None:
        terminal.when(
            lambda text: (
                any(line.startswith(">") and f"{case:>5} " in line[:10] for line in text.splitlines())
                and f"2 Case {case}," in text
            ),
            f"the cursor on case {case}",
        )

    def ends(key: str, words: str) -> None:
        here(order[len(done)])
        terminal.press(key)
        terminal.until(f"case {order[len(done)]} {words}")
        done.append(order[len(done)])

    here(order[0])
    terminal.press("c")
    terminal.until(f"case {order[0]} is yours")
    terminal.press("r")
    terminal.until("Reply to", "draft 1/")
    terminal.press("C-s")
    terminal.until("y: send")
    terminal.press("y")
    terminal.until(f"Case {order[0]} answered")
    done.append(order[0])
    ends("e", "resolved")
    ends("p", "pending")
    ends("x", "is spam")
    here(order[4])
    terminal.press("z")
    terminal.until("Until when?")
    terminal.type("2h")
    terminal.press("Enter")
    terminal.until(f"case {order[4]} snoozed")
    done.append(order[4])
    here(order[5])
    terminal.press("n")
    terminal.until("Note (case")
    terminal.type("zażółć 行李 שלום")
    terminal.press("Enter")
    terminal.until(f"case {order[5]} noted")
    ends("e", "resolved")
    terminal.press("u")
    terminal.until(f"undone: case {order[5]} resolved")
    here(order[5])
    done.pop()
    ends("p", "pending")
    here(order[6])
    terminal.press("Space", "Space")
    terminal.until("2 selected")
    terminal.press("t")
    terminal.until("Tags (2 cases)")
    terminal.type("storm")
    terminal.press("Enter")
    terminal.until("2 cases tagged")
    terminal.press("k", "k")
    ends("e", "resolved")
    ends("e", "resolved")
    here(order[8])
    terminal.press("s")
    terminal.until("Sentiment of case")
    terminal.press("1")
    terminal.until(f"case {order[8]} labelled: sentiment is negative")
    ends("e", "resolved")
    ends("e", "resolved")
    terminal.press("q")
    terminal.until("ended 0")

    assert status(demo, order[0]) == "pending"
    found = demo.json("show", str(order[0]))
    assert found["assignee"] == "leo"
    assert [reply["status"] for reply in found["replies"]] == ["sent"]
    expected = ["pending", "resolved", "pending", "open", "snoozed", "pending", *["resolved"] * 4]
    assert [status(demo, case) for case in order] == expected
    assert demo.json("show", str(order[3]))["intent"] == "spam"
    notes = [e["data"] for e in demo.json("show", str(order[5]))["events"] if e["kind"] == "noted"]
    assert notes == [{"text": "zażółć 行李 שלום"}]
    assert demo.json("show", str(order[6]))["tags"] == demo.json("show", str(order[7]))["tags"] == ["storm"]
    assert not {case["case"] for case in demo.json("queue")} & set(order)


@pytest.mark.skipif(sys.platform == "win32", reason="needs tmux")
def test_without_textual_or_on_a_dumb_terminal_it_goes_on_one_case_at_a_time(demo: World) -> None:
    from tests.cli.terminal import spawn

    (demo.folder / "textual_is_missing").mkdir()
    code = (
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'textual' else found(name, *rest)\n"
    )
    demo.write("textual_is_missing/sitecustomize.py", code)
    for env, words in (
        ({"PYTHONPATH": str(demo.folder / "textual_is_missing")}, "pip install"),
        ({"TERM": "dumb"}, "cannot be drawn on"),
    ):
        child = spawn(demo, "triage", **env)
        child.expect_exact(words)
        child.expect_exact("One letter and Enter")
        child.sendline("q")
        child.expect("Nothing was changed")
        child.close()
