"""What the local AT Protocol network is made of and where it lies; the standard library alone, for the installer."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PACKAGE_FOLDER = Path(__file__).parent / "atproto_server"


def packages() -> Path:
    """Where the npm packages are: in CARE_SERVERS_CACHE, else in the user's cache folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("CARE_SERVERS_CACHE") or cache / "carecli" / "test-servers") / "atproto"


def postgres_program(name: str) -> str | None:
    """The newest installed PostgreSQL program `name`; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(found[-1]) if found else shutil.which(name)


def missing() -> str | None:
    """What the network lacks on this machine."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (packages() / "node_modules" / "@atproto" / "dev-env").is_dir():
        return "@atproto/dev-env is not installed: run scripts/install_servers.py"
    if postgres_program("initdb") is None:
        return "PostgreSQL is not installed"
    if shutil.which("redis-server") is None:
        return "redis-server is not installed"
    return None
