"""How long a person waits for a command: whole processes, medians, beside a bare Python and a peer.

    python benchmarks/startup.py [--times 15] [--db MILLION.db]

The commands take turns, so a busy machine slows all of them; what counts are the ratios to `python -c pass`.
`--db` names a database of benchmarks/million.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import measure
from generate import BRAND, NOW, Generator, row

SMALL = 200
AIMS = {"care --version": 6.5, "care --help": 7.0, "care queue, a million": 12.5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--db", type=Path, help="a database of a million mentions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = world(Path(folder))
        commands = listed(arguments.db)
        taken = measure.processes(commands, env, times=arguments.times)
    floor = taken["python -c pass"]
    print(f"{measure.versions()}; medians of {arguments.times} whole processes")
    measure.table(
        ("command", "ms", "× python", "aim"),
        [(name, ms, ms / floor, f"≤ {AIMS[name]}" if name in AIMS else "") for name, ms in taken.items()],
    )


def world(folder: Path) -> dict[str, str]:
    """A small database, a configuration, and the environment that names them."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CARE_", "PYTHONDONTWRITE"))},
        "CARE_DB": str(folder / "care.db"),
        "CARE_CONFIG": str(folder / "care.toml"),
        "CARE_NOW": NOW.isoformat(),
        "COLUMNS": "120",
        "PYTHONIOENCODING": "utf-8",
    }
    languages = [part for code in ("en", "he", "pl", "zh") for part in ("--language", code)]
    _care(env, "init", "--brand", "Acme", "--handle", f"@{BRAND}", *languages)
    lines = folder / "mentions.jsonl"
    lines.write_text("\n".join(map(row, Generator(SMALL))), encoding="utf-8")
    _care(env, "import", str(lines))
    return env


def _care(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "carecli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, check=True, encoding="utf-8").stdout


def listed(million: Path | None) -> dict[str, list[str]]:
    """The commands by name; peers only where they are installed. `care` is what pip made of the entry point."""
    care = shutil.which("care", path=str(Path(sys.executable).parent)) or "care"
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import typer'": [sys.executable, "-c", "import typer"],
        "care --version": [care, "--version"],
        "care --help": [care, "--help"],
        "care queue": [care, "queue", "--limit", "50"],
        "care queue --json": [care, "queue", "--limit", "50", "--json"],
        "care show": [care, "show", "1"],
        "care search": [care, "search", "suitcase"],
        "care report": [care, "report"],
    }
    peer = shutil.which("sqlite-utils", path=str(Path(sys.executable).parent))
    if peer:
        commands["sqlite-utils --version"] = [peer, "--version"]
    if million is not None:
        db = ["--db", str(million)]
        commands["care queue, a million"] = [care, *db, "queue", "--limit", "50"]
        commands["care search, a million"] = [care, *db, "search", "suitcase"]
        commands["care report, 30 days of a million"] = [care, *db, "report", "--since", "30d"]
    return commands


if __name__ == "__main__":
    main()
