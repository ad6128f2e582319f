"""A real Matrix homeserver on loopback: Synapse with SQLite, started once for all tests; rooms are new for each."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import itertools
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
import pytest

PASSWORD = "correct horse"
SECRET = "for tests only"
CONFIG = """
server_name: care.test
report_stats: false
pid_file: {folder}/pid
media_store_path: {folder}/media
signing_key_path: {folder}/signing.key
log_config: {folder}/log.yaml
registration_shared_secret: "{secret}"
trusted_key_servers: []
suppress_key_server_warning: true
listeners: [{{port: {port}, bind_addresses: ["127.0.0.1"], type: http, resources: [{{names: [client]}}]}}]
database: {{name: sqlite3, args: {{database: "{folder}/home.db"}}}}
caches: {{sync_response_cache_duration: 0}}
rc_message: {{per_second: 1000, burst_count: 10000}}
rc_login: {{address: {{per_second: 100, burst_count: 1000}}, account: {{per_second: 100, burst_count: 1000}}}}
rc_joins: {{local: {{per_second: 100, burst_count: 1000}}}}
rc_room_creation: {{per_second: 100, burst_count: 1000}}
rc_invites: {{per_room: {{per_second: 100, burst_count: 1000}}, per_user: {{per_second: 100, burst_count: 1000}}}}
"""
LOG = "version: 1\ndisable_existing_loggers: true\nroot: {level: ERROR}\n"


class Synapse:
    """The homeserver, with the people `acme` (the brand), `zoe` and `kai`."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._folder = tempfile.TemporaryDirectory(prefix="synapse-")

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (folder / "log.yaml").write_text(LOG, encoding="utf-8")
        (folder / "home.yaml").write_text(CONFIG.format(folder=folder, port=port, secret=SECRET), encoding="utf-8")
        command = [sys.executable, "-m", "synapse.app.homeserver", "-c", str(folder / "home.yaml")]
        keys = subprocess.run([*command, "--generate-keys"], cwd=folder, capture_output=True, text=True, check=False)
        assert keys.returncode == 0, keys.stderr[-2000:]
        self._log = (folder / "stderr").open("w+")
        self._process = subprocess.Popen(command, cwd=folder, stdout=self._log, stderr=self._log)
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=self.url, timeout=60)
        self._wait()
        for name in ("acme", "zoe", "kai"):
            self._register(name)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        self._process.kill()
        self._log.close()
        self._folder.cleanup()

    def _wait(self) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if self._http.get("/_matrix/client/versions").status_code == 200:
                    return
            assert self._process.poll() is None, Path(self._log.name).read_text()[-2000:]
            time.sleep(0.2)
        raise AssertionError("Synapse did not start")

    def _register(self, name: str) -> None:
        nonce = self._http.get("/_synapse/admin/v1/register").json()["nonce"]
        said = b"\0".join(part.encode() for part in (nonce, name, PASSWORD, "notadmin"))
        mac = hmac.new(SECRET.encode(), said, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": False, "mac": mac}
        answer = self._http.post("/_synapse/admin/v1/register", json=body)
        answer.raise_for_status()
        self.tokens[name] = answer.json()["access_token"]

    def ask(self, who: str, method: str, path: str, **more: Any) -> Any:
        """What the server answers to `who`."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = self._http.request(method, f"/_matrix/client/v3/{path}", headers=headers, **more)
        answer.raise_for_status()
        return answer.json()

    def room(self, *members: str, public: bool = True) -> str:
        """A new room of `zoe` that `acme` and `members` have joined."""
        preset = "public_chat" if public else "private_chat"
        body: dict[str, Any] = {"preset": preset, "invite": [f"@{name}:care.test" for name in ("acme", *members)]}
        room = str(self.ask("zoe", "POST", "createRoom", json=body)["room_id"])
        for name in ("acme", *members):
            self.ask(name, "POST", f"join/{quote(room)}", json={})
        return room

    def say(self, room: str, text: str, who: str = "zoe", content: dict[str, Any] | None = None) -> str:
        """`who` writes; the id of the message."""
        body = {"msgtype": "m.text", "body": text, **(content or {})}
        path = f"rooms/{quote(room)}/send/m.room.message/t{next(self._numbers)}"
        return f"{room}/{self.ask(who, 'PUT', path, json=body)['event_id']}"


def start() -> Iterator[Synapse]:
    """The running server; where it is not installed the test is skipped, or fails if servers are required."""
    if importlib.util.find_spec("synapse") is None:
        pytest.skip("matrix-synapse is not installed; on Linux it comes with the extra dev")
    with Synapse() as server:
        yield server
