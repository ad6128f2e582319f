"""A real AT Protocol network for tests: PLC, PDS and AppView of the reference code, on loopback.

Needs Node and the npm packages that `scripts/install_servers.py` installs, PostgreSQL and Redis. Where one is
missing the tests are skipped with the reason; with CARE_REQUIRE_SERVERS=1 they fail instead.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.platforms.atproto_parts import PACKAGE_FOLDER, missing, packages, postgres_program

START_SECONDS = 120
POST = "app.bsky.feed.post"

Process = subprocess.Popen[Any]


@dataclass(frozen=True)
class Written:
    """A post that is out; `root` is the post that its thread began with, itself for a root."""

    uri: str
    cid: str
    root: tuple[str, str]


@dataclass
class Person:
    """An account on a PDS, and what a person does with it."""

    pds: str
    did: str
    handle: str
    password: str
    _token: str = field(repr=False)
    _sync: Callable[[], None] = field(repr=False)

    def call(self, nsid: str, body: dict[str, Any]) -> Any:
        """The JSON that the procedure `nsid` answers."""
        answer = httpx.post(f"{self.pds}/xrpc/{nsid}", json=body, headers=self._bearer(), timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, nsid: str, **params: Any) -> Any:
        """The JSON that the query `nsid` answers."""
        answer = httpx.get(f"{self.pds}/xrpc/{nsid}", params=params, headers=self._bearer(), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def say(self, text: str, *, to: Written | None = None, at: datetime | None = None, **extra: Any) -> Written:
        """Post `text`, as an answer to `to`; every `@handle` of `mentions` in it becomes a mention.

        The AppView indexes two accounts at a time and tells nobody of an answer to what it is just indexing: what is
        answered is waited for, as a person would have read it.
        """
        if to:
            self._sync()
        made = self.call(
            "com.atproto.repo.createRecord",
            {"repo": self.did, "collection": POST, "record": self.record(text, to=to, at=at, **extra)},
        )
        return Written(made["uri"], made["cid"], to.root if to else (made["uri"], made["cid"]))

    def say_many(self, records: list[dict[str, Any]]) -> list[str]:
        """Post many records with few requests; their uris."""
        uris: list[str] = []
        for start in range(0, len(records), 100):
            writes = [
                {"$type": "com.atproto.repo.applyWrites#create", "collection": POST, "value": record}
                for record in records[start : start + 100]
            ]
            done = self.call("com.atproto.repo.applyWrites", {"repo": self.did, "writes": writes})
            uris += [result["uri"] for result in done["results"]]
        return uris

    def record(
        self,
        text: str,
        *,
        to: Written | None = None,
        at: datetime | None = None,
        mentions: Person | None = None,
        **extra: Any,
    ) -> dict[str, Any]:
        """The record of a post."""
        moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds")
        made: dict[str, Any] = {
            "$type": POST,
            "text": text,
            "createdAt": moment.replace("+00:00", "Z"),
            **extra,
        }
        if to:
            root, parent = ({"uri": uri, "cid": cid} for uri, cid in (to.root, (to.uri, to.cid)))
            made["reply"] = {"root": root, "parent": parent}
        if mentions:
            start = text.encode().index(f"@{mentions.handle}".encode())
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": mentions.did}
            index = {"byteStart": start, "byteEnd": start + len(mentions.handle) + 1}
            made["facets"] = [{"index": index, "features": [feature]}]
        return made

    def app_password(self) -> str:
        """A new app password."""
        made = self.call("com.atproto.server.createAppPassword", {"name": f"care {time.monotonic_ns()}"})
        return str(made["password"])

    def posts(self) -> list[dict[str, Any]]:
        """The records of this account's posts, newest first, as its own server has them."""
        found = self.ask("com.atproto.repo.listRecords", repo=self.did, collection=POST, limit=100)
        return list(found["records"])

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


@dataclass
class Network:
    """The running network. `limited_pds` is a second server, with the real rate limits and no AppView."""

    pds: str
    appview: str
    appview_did: str
    limited_pds: str
    _node: subprocess.Popen[str]
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def person(self, name: str, *, pds: str | None = None) -> Person:
        """A new account whose handle begins with `name`."""
        handle, password = f"{name}{next(self._numbers)}.test", f"hunter-{os.urandom(8).hex()}"
        server = pds or self.pds
        body = {"handle": handle, "email": f"{handle}@example.com", "password": password}
        answer = httpx.post(f"{server}/xrpc/com.atproto.server.createAccount", json=body, timeout=30)
        answer.raise_for_status()
        made = answer.json()
        return Person(server, made["did"], handle, password, made["accessJwt"], self.sync)

    def sync(self) -> None:
        """Wait until the AppView has all that was posted."""
        assert self._node.stdin is not None
        self._node.stdin.write("sync\n")
        self._node.stdin.flush()
        assert _line(self._node, 30) == "synced", "the network has died"


@contextlib.contextmanager
def running_network() -> Iterator[Network]:
    """Start everything on free ports, stop it by process id."""
    folder = Path(tempfile.mkdtemp(prefix="carecli-atproto-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        postgres, database = stack.enter_context(_postgres(folder / "postgres"))
        redis, cache = stack.enter_context(_redis(folder))
        environment = {
            "DB_POSTGRES_URL": database,
            "REDIS_HOST": cache,
            "STOP_WITH_US": f"{postgres.pid},{redis.pid}",
        }
        yield stack.enter_context(_network(folder / "node", environment))


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[tuple[Process, str]]:
    """A database server of its own, with nothing synced to disk; as root it runs as the user postgres."""
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(mode=0o700)
    if user:
        shutil.chown(folder, user, user)
    common: dict[str, Any] = {
        "user": user,
        "group": user,
        "extra_groups": [] if user else None,
        "cwd": folder,
    }
    data, port = folder / "data", _free_port()
    subprocess.run(
        [
            _program("initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        **common,
    )
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    flags = [f"-c{name}={value}" for name, value in options.items()]
    server = subprocess.Popen(
        [_program("postgres"), "-D", data, "-p", str(port), *flags],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
        **common,
    )
    with _stopping(server, signal.SIGINT):
        _wait_for_port(port, server)
        address = f"postgresql://postgres@127.0.0.1:{port}"
        _until_answering([_program("psql"), "-qc", "create database atproto", f"{address}/postgres"])
        yield server, f"{address}/atproto"


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[tuple[Process, str]]:
    port = _free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with _stopping(subprocess.Popen(command, stdout=subprocess.DEVNULL), signal.SIGTERM) as server:
        _wait_for_port(port, server)
        yield server, f"127.0.0.1:{port}"


@contextlib.contextmanager
def _network(folder: Path, environment: dict[str, str]) -> Iterator[Network]:
    folder.mkdir()
    for script in PACKAGE_FOLDER.glob("*.mjs"):
        shutil.copy(script, folder)
    (folder / "node_modules").symlink_to(packages() / "node_modules")
    log = folder / "log"
    node = subprocess.Popen(
        ["node", "network.mjs"],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder),
            "LOG_ENABLED": "false",
            **environment,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("wb"),
        text=True,
    )
    with _stopping(node, signal.SIGTERM):
        ready = _line(node, START_SECONDS)
        assert ready.startswith("{"), f"the network did not start: {log.read_text(errors='replace')[-2000:]}"
        yield Network(**json.loads(ready), _node=node)
        assert node.stdin is not None
        node.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            node.wait(10)


@contextlib.contextmanager
def _stopping(process: Process, how: signal.Signals) -> Iterator[Process]:
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _line(process: subprocess.Popen[str], seconds: float) -> str:
    """The next line that starts as ours do; "" when the process dies or takes longer."""
    assert process.stdout is not None
    alarm = threading.Timer(seconds, process.kill)
    alarm.start()
    try:
        for line in process.stdout:
            if line.startswith("{") or line.strip() == "synced":
                return line.strip()
        return ""
    finally:
        alarm.cancel()


def _program(name: str) -> str:
    found = postgres_program(name)
    assert found is not None
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, server: Process) -> None:
    for _ in range(600):
        assert server.poll() is None, f"{server.args!r} ended with status {server.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{server.args!r} does not listen")


def _until_answering(command: list[str]) -> None:
    for _ in range(100):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError(done.stderr)


@pytest.fixture(scope="session")
def atproto() -> Iterator[Network]:
    """The network, started once for all tests of a session."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with running_network() as network:
        yield network
