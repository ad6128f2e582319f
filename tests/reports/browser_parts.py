"""A real browser for tests of HTML: what it is made of and where it lies; the standard library alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

PACKAGE_FOLDER = Path(__file__).parent / "browser"


def packages() -> Path:
    """Where the npm packages are: in CARE_SERVERS_CACHE, else in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("CARE_SERVERS_CACHE") or cache / "carecli" / "test-servers") / "browser"


def chromium() -> str | None:
    """Debian's Chromium, or whatever goes by that name."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def missing() -> str | None:
    """What a look at a page lacks on this machine."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (packages() / "node_modules" / "axe-core").is_dir():
        return "axe-core is not installed: run scripts/install_servers.py"
    if chromium() is None:
        return "Chromium is not installed"
    return None


def look(page: Path, screenshot: Path | None = None) -> dict[str, Any]:
    """What `browser/look.mjs` finds out about a page: axe-core's findings, requests, colours, its text."""
    command = ["node", str(PACKAGE_FOLDER / "look.mjs"), str(packages()), str(chromium()), str(page.resolve())]
    ran = subprocess.run(
        [*command, *([str(screenshot)] if screenshot else [])], capture_output=True, encoding="utf-8", check=False
    )
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found
