"""A real cron daemon runs what `care cron install` wrote into a real crontab, in the environment that cron gives.

Nothing of the machine's own tables is run, and nothing is left behind: Debian's cron runs in a mount namespace where
the places of all crontabs are empty; BusyBox's takes a folder of tables and needs no namespace, so one of the two runs
wherever root does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.world import World

# Both wait for the same minute.
pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("cron")]

PATIENCE = 100.0  # seconds: cron looks once a minute
INSTALL = """
set -e
"$1" -m carecli cron install --every 1
# the report's line, too, is for this minute: nobody waits for an hour
crontab -l | sed 's/^7 \\* \\* \\* \\*/* * * * */' | crontab -
"""
WALLS = """
set -e
mount -t tmpfs none /run
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
chgrp crontab /var/spool/cron/crontabs
mount --bind /dev/null /etc/crontab
"""
DEBIAN = f"{WALLS}{INSTALL}exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin cron -f\n"
BUSYBOX = f'mkdir tables\n{INSTALL}exec env -i "$(command -v busybox)" crond -f -c "$PWD/tables" -L "$PWD/crond.log"\n'
CRONTAB = '#!/bin/sh\nexec busybox crontab -c "$CRON_TABLES" "$@"\n'
JOB = """
[reports.daily]
period = "day"
output = "{folder}/day.html"
"""


def without_debians() -> str | None:
    """Why Debian's cron cannot run here, None when it can."""
    if shutil.which("cron") is None or shutil.which("crontab") is None:
        return "cron is not installed: run scripts/install_servers.py"
    made = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run"]
    if shutil.which("unshare") is None or subprocess.run(made, capture_output=True, check=False).returncode:
        return "this user may not make a mount namespace, without which cron would run the machine's own tables"
    return None


def without_busyboxs() -> str | None:
    """Why BusyBox's cron cannot run here, None when it can."""
    if os.name == "nt" or os.geteuid() != 0:
        return "only root may start a cron daemon"
    if shutil.which("busybox") is None:
        return "BusyBox is not installed: run scripts/install_servers.py"
    known = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=False).stdout.split()
    return None if {"crond", "crontab"} <= set(known) else "this BusyBox has no crond"


def desk(folder: Path) -> World:
    """A world with a source to fetch and a report to make, in `folder`."""
    folder.mkdir()
    world = World(folder)
    world.init()
    world.write("care.toml", world.config.read_text() + JOB.format(folder=folder))
    line = '{"id": "1", "text": "@acme my bag is lost", "author": "zoe", "created_at": "2026-11-01T10:00:00Z"}'
    posts = world.write("posts.jsonl", line)
    world.run("source", "add", "file", "posts", "--set", f"path={posts}")
    return world


def debians(folder: Path) -> tuple[World, list[str]]:
    """A desk, and the command that becomes Debian's cron for it."""
    return desk(folder / "50% of $HOME's work"), ["unshare", "--mount", "sh", "-c", DEBIAN]


def busyboxs(folder: Path) -> tuple[World, list[str]]:
    """A desk, and the command that becomes BusyBox's cron for it."""
    program = folder / "crontab"
    program.write_text(CRONTAB)
    program.chmod(0o755)
    world = desk(folder / "half of $HOME's work")  # it knows no way to write a %
    world.env |= {"PATH": f"{folder}:{os.environ['PATH']}", "CRON_TABLES": str(world.folder / "tables")}
    return world, ["sh", "-c", BUSYBOX]


@dataclass
class Cron:
    """A daemon that runs, and the world that it works for."""

    world: World
    daemon: subprocess.Popen[str]

    def works(self) -> None:
        """It fetches, and makes the report."""
        world, wanted = self.world, self.world.folder / "day.html"
        until = time.monotonic() + PATIENCE
        while not (wanted.exists() and world.json("search", "bag")) and time.monotonic() < until:
            assert self.daemon.poll() is None, self.daemon.stdout and self.daemon.stdout.read()
            time.sleep(1)
        log = world.folder / "care.log"
        assert wanted.exists(), log.read_text() if log.exists() else "no line has run"
        assert wanted.read_text().startswith("<!DOCTYPE html>")
        assert world.json("search", "bag")[0]["source"] == "posts"


@contextmanager
def started(world: World, command: list[str]) -> Iterator[Cron]:
    """The daemon that `command` becomes, until it is no longer needed."""
    daemon = subprocess.Popen(
        [*command, "sh", sys.executable],
        env=world.environment,
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Cron(world, daemon)
    finally:
        daemon.terminate()
        daemon.wait(10)


@pytest.fixture(scope="module")
def crons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Cron]]:
    """The daemons that can run here."""
    able = {"debian": (without_debians, debians), "busybox": (without_busyboxs, busyboxs)}
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(started(*made(tmp_path_factory.mktemp(name))))
            for name, (without, made) in able.items()
            if without() is None
        }


def test_debians_cron_fetches_and_reports(crons: dict[str, Cron]) -> None:
    if reason := without_debians():
        pytest.skip(reason)
    crons["debian"].works()


def test_busyboxs_cron_fetches_and_reports(crons: dict[str, Cron]) -> None:
    if reason := without_busyboxs():
        pytest.skip(reason)
    crons["busybox"].works()
