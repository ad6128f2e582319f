"""A separate world for a test: its own database, configuration and clock, driven through the real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NOW = "2026-11-20T12:00:00Z"


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

    def run(
        self, *arguments: str, stdin: str = "", expect: int | Sequence[int] = 0
    ) -> subprocess.CompletedProcess[str]:
        """`care ARGUMENTS`, checked for its exit status and for tracebacks."""
        done = subprocess.run(
            [sys.executable, "-m", "carecli", *arguments],
            env=self.environment,
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
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
