"""A separate world for a test: its own database, configuration and clock, driven through the real program."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

NOW = "2026-11-20T12:00:00Z"

# A process of its own for every command, forked from one that has imported the program already: starting Python
# takes ten times as long as most commands. `World.start` and tests/test_startup.py start it from nothing.
_PRELOADED = ["tests.forked", "tests.warm"]

# Whoever starts a process asks all others of this test how they ended, and the answer can be read only once: with two
# threads at it, one would find nothing, and multiprocessing calls that 255.
_ONE_ASKS = threading.Lock()


class Forked:
    """`care ARGUMENTS` in a forked process, as `subprocess.Popen` would show it."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], folder: Path, stdin: str = "") -> None:
        from tests.forked import care

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        self._folder = tempfile.TemporaryDirectory(prefix="care-run-")
        self._streams = [Path(self._folder.name) / stream for stream in ("stdin", "stdout", "stderr")]
        self._streams[0].write_bytes(stdin.encode())
        self._process = context.Process(
            target=care, args=(list(arguments), environment, str(folder), list(map(str, self._streams)))
        )
        with _ONE_ASKS:
            self._process.start()

    @property
    def returncode(self) -> int | Any:
        with _ONE_ASKS:
            return self._process.exitcode

    def poll(self) -> int | None:
        """How it has ended; None: it has not."""
        return self.returncode

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def communicate(self, timeout: float = 120) -> tuple[str, str]:
        """Wait for its end, once; what it has written."""
        wait([self._process.sentinel], timeout)
        assert self.returncode is not None, "care did not end"
        with self._folder:
            output, errors = (
                stream.read_bytes().decode() if stream.exists() else "" for stream in self._streams[1:]
            )  # who is killed at once has none
        return output, errors


Running = Forked | subprocess.Popen[str]


def _needs_a_start(environment: dict[str, str]) -> bool:
    return os.name == "nt" or "PYTHONPATH" in environment  # what is injected at the start needs a real one


def run_care(
    arguments: Sequence[str], environment: dict[str, str], folder: Path, stdin: str
) -> subprocess.CompletedProcess[str]:
    """Run `care ARGUMENTS` to its end, in a process of its own."""
    if _needs_a_start(environment):
        command = [sys.executable, "-m", "carecli", *arguments]
        given = stdin.encode()
        ran = subprocess.run(command, env=environment, cwd=folder, input=given, capture_output=True, check=False)
        return subprocess.CompletedProcess(command, ran.returncode, ran.stdout.decode(), ran.stderr.decode())
    process = Forked(arguments, environment, folder, stdin)
    output, errors = process.communicate()
    return subprocess.CompletedProcess(list(arguments), process.returncode, output, errors)


@dataclass
class World:
    """`care` in a folder of its own; `env` adds to or overrides the environment."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def db(self) -> Path:
        return self.folder / "care.db"

    @property
    def config(self) -> Path:
        return self.folder / "care.toml"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            k: v for k, v in os.environ.items() if not k.startswith("CARE_") and k not in ("COLUMNS", "NO_COLOR")
        }
        return {
            **inherited,
            "CARE_DB": str(self.db),
            "CARE_CONFIG": str(self.config),
            "CARE_NOW": NOW,
            "CARE_AGENT": "leo",
            "PYTHONIOENCODING": "utf-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "HOME": str(self.folder),
            **self.env,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin `care ARGUMENTS` without waiting."""
        return subprocess.Popen(
            [sys.executable, "-m", "carecli", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def begin(self, *arguments: str) -> Running:
        """The same, forked where that is possible: for processes that are killed, or compete, once they are at work."""
        environment = self.environment
        return self.start(*arguments) if _needs_a_start(environment) else Forked(arguments, environment, self.folder)

    def run(
        self, *arguments: str, stdin: str = "", expect: int | Sequence[int] = 0
    ) -> subprocess.CompletedProcess[str]:
        """`care ARGUMENTS`, checked for its exit status and for tracebacks."""
        done = run_care(arguments, self.environment, self.folder, stdin)
        allowed = (expect,) if isinstance(expect, int) else tuple(expect)
        assert done.returncode in allowed, (
            f"care {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def json(self, *arguments: str, stdin: str = "", expect: int | Sequence[int] = 0) -> Any:
        """What `care ARGUMENTS --json` says."""
        return json.loads(self.run(*arguments, "--json", stdin=stdin, expect=expect).stdout)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the world's folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def init(self, *extra: str) -> None:
        """A brand with one handle and four languages."""
        languages = [part for code in ("en", "he", "pl", "zh") for part in ("--language", code)]
        self.run("init", "--brand", "Acme", "--handle", "@acme", *languages, *extra)

    def mentions(self, *rows: dict[str, Any], expect: int = 0) -> Any:
        """Import rows; what is left out is filled in."""
        lines = []
        for number, row in enumerate(rows, 1):
            at = datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(minutes=number)
            filled = {"id": str(number), "author": "zoe", "created_at": at.isoformat(), **row}
            lines.append(json.dumps(filled))  # escaped: a lone surrogate has no UTF-8
        return self.json("import", "-", "--format", "jsonl", stdin="\n".join(lines), expect=expect)

    def say(self, **intents: str) -> None:
        """Correct mentions, by their ids, so that a test does not hang on the engine: `_1="complaint"` for the id 1."""
        from carecli import act, config
        from carecli.model import parse_iso
        from carecli.store import open_store

        settings = config.build(config.parse(self.config.read_text(encoding="utf-8"), self.config))
        store = open_store(self.db)
        moods = {"complaint": "negative", "praise": "positive"}
        try:
            for row in store.rows("SELECT mention_id, external_id FROM mentions WHERE inbound = 1"):
                if intent := intents.get(f"_{row['external_id']}"):
                    signals = {"intent": intent, "sentiment": moods.get(intent, "neutral")}
                    act.label(store, settings, row["mention_id"], signals, now=parse_iso(NOW), agent="test")
        finally:
            store.close()
