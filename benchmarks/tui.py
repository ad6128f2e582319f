"""How the full screen feels: whole processes in a pseudo-terminal, from the command to the queue's first rows on the
screen (the first paint) and to the first case's conversation, and from a key to what it changes there.

    python benchmarks/tui.py [--db MILLION.db] [--times 5] [--keys 60]

Beside it an empty Textual application, started the same way in turns, so that a busy machine slows both. `--db` names a
database of benchmarks/million.py, which is copied and not changed; without it there is a small one only.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import measure
from startup import world

EMPTY = "from textual.app import App\nclass Empty(App):\n    def on_mount(self): self.bell()\nEmpty().run()"
AIM = 1.8  # times an empty application, to the first paint
COLUMNS, LINES = 120, 36
PATIENCE = 300.0  # the first start may have to migrate and to adopt another care.toml
MESSAGES = b" message"  # in the title of a conversation that was read


class Terminal:
    """A process in a pseudo-terminal; what it writes is read and thrown away but for what is looked for."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self.started = time.perf_counter()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            os.environ.clear()
            os.environ.update(env)
            os.execv(command[0], list(command))
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def until(self, *words: bytes) -> list[float]:
        """Seconds since `started` when each of these was written."""
        seen, found = b"", dict[bytes, float]()
        while len(found) < len(set(words)):
            seen = seen[-16384:] + self._read(PATIENCE)
            found |= {word: time.perf_counter() - self.started for word in words if word in seen and word not in found}
        return [found[word] for word in words]

    def key(self, key: bytes) -> float:
        """Seconds from a key to the first change on the screen."""
        while select.select([self._file], [], [], 0.25)[0]:
            self._read(1)
        self.started = time.perf_counter()
        os.write(self._file, key)
        self._read(PATIENCE)
        return time.perf_counter() - self.started

    def _read(self, patience: float) -> bytes:
        if not select.select([self._file], [], [], patience)[0]:
            raise SystemExit("nothing was drawn")
        return os.read(self._file, 65536)

    def memory_mb(self) -> float:
        """What the process holds now, in megabytes (Linux)."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return float("nan")
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def end(self) -> None:
        """Quit, and wait for it."""
        os.write(self._file, b"\x11")
        deadline = time.monotonic() + PATIENCE
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
            if select.select([self._file], [], [], 0.05)[0]:
                try:
                    os.read(self._file, 65536)
                except OSError:
                    continue
        os.close(self._file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, help="a database of a million mentions")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--keys", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = {**world(Path(folder)), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        worlds = {"care triage, 200 mentions": small}
        if arguments.db:
            copy = Path(folder) / "million.db"
            shutil.copyfile(arguments.db, copy)
            worlds["care triage, a million"] = {**small, "CARE_DB": str(copy)}
        paints, cases, memory = first_paints(worlds, small, arguments.times)
        floor = paints["empty Textual application"]
        print(f"{measure.versions()}; medians of {arguments.times} processes, {COLUMNS}x{LINES}")
        rows = [
            (name, ms, ms / floor, cases[name], cases[name] / floor, memory[name], f"≤ {AIM}" if "care" in name else "")
            for name, ms in paints.items()
        ]
        measure.table(("", "queue, ms", "× empty", "first case, ms", "× empty", "MB", "aim: queue"), rows)
        keys = [(name, *per_key(env, arguments.keys)) for name, env in worlds.items()]
        measure.table(("a key to the first change, ms", "next", "next, worst", "page down", "end", "help"), keys)


def first_paints(
    worlds: Mapping[str, Mapping[str, str]], small: Mapping[str, str], times: int
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Milliseconds to the queue and to the first case, and megabytes then, medians; one round more fills the caches."""
    care = [sys.executable, "-m", "carecli", "triage"]
    runs: dict[str, tuple[list[str], Mapping[str, str], bytes, bytes]] = {
        "empty Textual application": ([sys.executable, "-c", EMPTY], small, b"\x07", b"\x07"),
        **{name: (care, env, b"1 Queue  1 of ", MESSAGES) for name, env in worlds.items()},
    }
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runs}
    for turn in range(times + 1):
        for name, (command, env, first, second) in runs.items():
            terminal = Terminal(command, env)
            queue, case = terminal.until(first, second)
            if turn:
                taken[name].append((queue * 1000, case * 1000, terminal.memory_mb()))
            terminal.end()
    queues, cases, memory = (
        {name: statistics.median(run[column] for run in values) for name, values in taken.items()}
        for column in (0, 1, 2)
    )
    return queues, cases, memory


def per_key(env: Mapping[str, str], count: int) -> tuple[float, float, float, float, float]:
    """Milliseconds per key: median and worst of `count` times next, medians of the others."""
    terminal = Terminal([sys.executable, "-m", "carecli", "triage"], env)
    terminal.until(MESSAGES)
    time.sleep(2.5)
    found = [[terminal.key(key) * 1000 for _ in range(times)] for key, times in (
        (b"j", count), (b"\x1b[H", 1), (b"\x1b[6~", 2), (b"\x1b[F", 1), (b"?", 1),
    )]  # fmt: skip
    terminal.end()
    nexts, _, pages, ends, helps = found  # a key at the end of the queue changes nothing, and would wait for the clock
    return statistics.median(nexts), max(nexts), statistics.median(pages), ends[0], helps[0]


if __name__ == "__main__":
    main()
