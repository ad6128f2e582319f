"""A real cron daemon runs what `care cron install` wrote into a real crontab, in the environment that cron gives.

The daemon sees tables of its own: it runs in a mount namespace where the places of all crontabs are empty, so that
nothing of the machine's is run, and nothing is left behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.world import World

pytestmark = pytest.mark.servers

PATIENCE = 100.0  # seconds: cron looks once a minute
DAEMON = """
set -e
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount --bind /dev/null /etc/crontab
"$1" -m carecli cron install --every 1
# the report's line, too, is for this minute: nobody waits for an hour
crontab -l | sed 's/^7 \\* \\* \\* \\*/* * * * */' | crontab -
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin cron -f
"""
JOB = """
[reports.daily]
period = "day"
output = "{folder}/day.html"
"""


def unable() -> str | None:
    """Why no daemon can run here, None when it can."""
    if shutil.which("cron") is None or shutil.which("crontab") is None:
        return "cron is not installed: run scripts/install_servers.py"
    return None


def walled_in() -> bool:
    """Whether this user may make a mount namespace."""
    made = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run"]
    return (
        shutil.which("unshare") is not None and subprocess.run(made, capture_output=True, check=False).returncode == 0
    )


def test_a_cron_daemon_fetches_and_reports(tmp_path: Path) -> None:
    reason = unable()
    if reason and os.environ.get("CARE_REQUIRE_SERVERS") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    if not walled_in():
        pytest.skip("this user may not make a mount namespace, without which cron would run the machine's own tables")
    folder = tmp_path / "50% of $HOME's work"
    folder.mkdir()
    world = World(folder)
    world.init()
    world.write("care.toml", world.config.read_text() + JOB.format(folder=folder))
    line = '{"id": "1", "text": "@acme my bag is lost", "author": "zoe", "created_at": "2026-11-01T10:00:00Z"}'
    posts = world.write("posts.jsonl", line)
    world.run("source", "add", "file", "posts", "--set", f"path={posts}")
    daemon = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", DAEMON, "sh", sys.executable],
        env=world.environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + PATIENCE
        wanted = folder / "day.html"
        while not (wanted.exists() and world.json("search", "bag")) and time.monotonic() < until:
            assert daemon.poll() is None, daemon.stdout and daemon.stdout.read()
            time.sleep(1)
    finally:
        daemon.terminate()
        daemon.wait(10)
    log = folder / "care.log"
    assert wanted.exists(), log.read_text() if log.exists() else "no line has run"
    assert wanted.read_text().startswith("<!DOCTYPE html>")
    assert world.json("search", "bag")[0]["source"] == "posts"
