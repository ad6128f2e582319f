"""The one command that checks a change: format, lint, types, layers, tests. Needs Python ≥ 3.11 and nothing else.

It makes .venv when there is none, installs the project with its development tools into it, and runs every check
there. Arguments go to pytest: `python3 scripts/check.py -k outbox`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")


def main() -> int:
    """Run the checks in order; all of them, so that one run shows everything. Returns 0 when all pass."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is what tells an old Python
        print("carecli needs Python 3.11 or newer")
        return 2
    if not BIN.exists():
        venv.create(VENV, with_pip=True)
    python = str(BIN / "python")
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[dev]"], must=True)
    results = {
        "format": run([python, "-m", "ruff", "format", "--check", "."]),
        "lint": run([python, "-m", "ruff", "check", "."]),
        "types": run([python, "-m", "mypy"]),
        "layers": run([str(BIN / "lint-imports")]),
        "tests": run([python, "-m", "pytest", "-n", "auto", "--dist", "loadgroup", *sys.argv[1:]]),
    }
    failed = [name for name, status in results.items() if status]
    print(f"\n{'failed: ' + ', '.join(failed) if failed else 'all checks passed'}")
    return 1 if failed else 0


def run(command: list[str], *, must: bool = False) -> int:
    """Run one command in the project's folder; with `must` its failure ends everything."""
    print(
        f"\n$ {' '.join(Path(command[0]).name if part == command[0] else part for part in command)}",
        flush=True,
    )
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if must and status:
        sys.exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
