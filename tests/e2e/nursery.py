"""A process that has imported the program already and forks one for every order, which can be killed at any step.

An order with `step`, `touch` or `count` is counted; one that only has to come to its end runs at full speed.

Steps are what CPython tells a profiler: every call, of Python or of C, and every return. Those of C functions that
touch the disk or the network (`TOUCHES`) are counted apart, so that a test can stand before and after each of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

TOUCHES = frozenset(
    {"execute", "executemany", "connect", "connect_ex", "send", "sendall", "recv", "recv_into", "flock", "unlink"}
)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def counter(
    step: int | None, touch: int | None
) -> tuple[Callable[[FrameType, str, Any], None], Callable[[], list[int]]]:
    """A profiler that kills its own process at the step or touch that is named, and what it has counted."""
    steps = touches = 0

    def count(_frame: FrameType, event: str, argument: Any) -> None:
        nonlocal steps, touches
        steps += 1
        if steps == step:
            _die()
        if event in {"c_call", "c_return"} and argument.__name__ in TOUCHES:
            touches += 1
            if touches == touch:
                _die()

    return count, lambda: [steps, touches]


def _be(order: dict[str, Any]) -> None:
    """Run the commands of an order one after the other; the exit status is that of the last. Never returns."""
    from carecli.cli.app import main

    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    for number in (1, 2):
        os.dup2(os.open(f"stream{number}", os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), number)
    count, counted = counter(order.get("step"), order.get("touch"))
    status: object = 0
    if {"step", "touch", "count"} & order.keys():  # counting takes as long as the program itself
        sys.setprofile(count)
    for arguments in order["commands"]:
        sys.argv = ["care", *arguments]
        try:
            main()
        except SystemExit as end:
            status = end.code
    sys.setprofile(None)
    sys.stdout.flush()
    sys.stderr.flush()
    Path("counted.json").write_text(json.dumps(counted()))
    os._exit(status if isinstance(status, int) else int(bool(status)))


def _warm_up() -> None:
    """Import what commands import lazily, and compile the rules' patterns: none of that touches anything."""
    import tests.forked
    import tests.warm
    from carecli import platforms

    _ = tests
    for name in ("mastodon", "bluesky"):
        platforms.load(name)


def serve() -> None:
    """One order a line on stdin; on stdout the pid of who carries it out, and then how that ended."""
    _warm_up()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _be(json.loads(line))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


class Nursery:
    """That process, as a test uses it; a context manager."""

    def __enter__(self) -> Self:
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate(timeout=30)

    def begin(self, order: dict[str, Any]) -> int:
        """Start an order; the pid of who carries it out."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self._line())

    def end(self) -> int:
        """The exit status of the order that was begun; negative: the signal that killed it."""
        return int(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


if __name__ == "__main__":
    serve()
