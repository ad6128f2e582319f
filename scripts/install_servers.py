"""Install what the server tests need beyond Python; run by `.ci/run`, safe to run again.

PostgreSQL, Redis, cron, BusyBox and Chromium come by apt-get, as root; the AT Protocol network and axe-core by npm,
and a small language model by pip, into a cache outside the tree.

    python scripts/install_servers.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.platforms import atproto_parts  # noqa: E402 - after the path
from tests.reports import browser_parts  # noqa: E402 - after the path
from tests.respond import small_model  # noqa: E402 - after the path


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _missing_debian_packages() -> list[str]:
    missing = []
    if atproto_parts.postgres_program("postgres") is None:
        missing.append("postgresql")
    if shutil.which("redis-server") is None:
        missing.append("redis-server")
    if shutil.which("cron") is None:
        missing.append("cron")
    if shutil.which("busybox") is None or "crond" not in _output("busybox", "--list").split():
        missing.append("busybox-static")  # Debian's other one has no crond
    if shutil.which("tmux") is None:
        missing.append("tmux")
    if shutil.which("node") is None or shutil.which("npm") is None:
        missing += ["nodejs", "npm"]
    if browser_parts.chromium() is None:
        missing += ["chromium", "chromium-driver", "fonts-noto-core", "fonts-noto-cjk"]
    return missing


def install_debian_packages() -> None:
    """By apt-get, and only what is not there. Raises SystemExit when that takes a person."""
    missing = _missing_debian_packages()
    if not missing:
        return
    names = " ".join(missing)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SystemExit(f"missing: {names}; install these by hand, or run this as root on Debian")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True, env=quiet)


def install_npm_packages(folder: Path, target: Path) -> Path:
    """What `folder` asks for into `target`, in one move, so that a broken install is never taken for a whole one."""
    wanted = (folder / "package.json").read_bytes()
    have = target / "package.json"
    if (target / "node_modules").is_dir() and have.is_file() and have.read_bytes() == wanted:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="installing-", dir=target.parent))
    try:
        (fresh / "package.json").write_bytes(wanted)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=fresh,
            check=True,
        )
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def main() -> None:
    install_debian_packages()
    for what, parts in (("AT Protocol network", atproto_parts), ("browser tests", browser_parts)):
        print(f"{what}: {install_npm_packages(parts.PACKAGE_FOLDER, parts.packages())}")
    print(f"small language model: {small_model.install()}")


if __name__ == "__main__":
    main()
