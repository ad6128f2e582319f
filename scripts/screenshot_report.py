"""Make the picture of an HTML report that docs/reports.md shows, from the demo's mentions, in a real Chromium.

python scripts/screenshot_report.py [FILE.png]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.reports import browser_parts  # noqa: E402 - after the path

NOW = "2026-11-20T12:00:00Z"


def main() -> None:
    """Run the demo in a folder of its own, write its report, and look at it. Raises SystemExit without a browser."""
    if reason := browser_parts.missing():
        raise SystemExit(reason)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "report.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {**os.environ, "CARE_NOW": NOW, "CARE_DB": str(folder / "care.db")}
        env["CARE_CONFIG"] = str(folder / "care.toml")
        care = [sys.executable, "-m", "carecli"]
        subprocess.run([*care, "demo", "--keep", name], env=env, check=True, stdout=subprocess.DEVNULL)
        page = folder / "report.html"
        subprocess.run([*care, "report", "--since", "7d", "--format", "html", "-o", str(page)], env=env, check=True)
        browser_parts.look(page, target)
    print(target)


if __name__ == "__main__":
    main()
