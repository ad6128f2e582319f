"""Real servers on loopback for tests: `LyingServer` answers as scripted, well or badly."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Script:
    """One scripted answer.

    `delay` in seconds before the status line. `cut`: so many bytes of the body are sent, then the connection
    is closed although more was announced. `endless`: the body is repeated until the client leaves, with
    `pause` seconds between. `hang`: nothing is answered at all.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    endless: bool = False
    pause: float = 0.0
    hang: bool = False


@dataclass(frozen=True)
class Request:
    """One request as the server saw it; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def first(self, name: str, default: str = "") -> str:
        """The first value of the query parameter `name`."""
        return self.query.get(name, [default])[0]


Route = Callable[[Request], Script]


def json_script(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Script:
    """`value` as a JSON answer."""
    return Script(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


class LyingServer:
    """An HTTP server on a free loopback port whose every route is a script; a context manager.

    `on(path, a, b, c)` answers a, then b, then c for ever; `on(path, function)` computes the answer. All
    that was asked is in `requests`.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._routes: dict[str, Route] = {}
        self._stop = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *scripts: Script | Route) -> None:
        """What `path` answers from now on."""
        left = list(scripts)

        def route(request: Request) -> Script:
            step = left.pop(0) if len(left) > 1 else left[0]
            return step if isinstance(step, Script) else step(request)

        self._routes[path] = route

    def asked(self, path: str) -> list[Request]:
        """The requests for `path`, in order."""
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Script:
        self.requests.append(request)
        route = self._routes.get(request.path)
        return route(request) if route else json_script({"error": "Record not found"}, 404)

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than the server lives; True when it ended."""
        return self._stop.wait(seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else every answer waits 40 ms for an acknowledgement
    server: _Server

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Quiet."""

    def serve(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(split.query, keep_blank_values=True)
        request = Request(self.command, split.path, query, headers, self.rfile.read(length))
        self.play(self.server.lying.answer(request))

    def play(self, script: Script) -> None:
        if script.hang:
            self.server.lying.wait(30)
            self.close_connection = True
            return
        self.server.lying.wait(script.delay)
        self.send_response(script.status)
        for name, value in script.headers.items():
            self.send_header(name, value)
        if script.endless:
            self.repeat(script)
            return
        if script.status != 304:
            self.send_header("Content-Length", str(len(script.body)))
        self.end_headers()
        self.wfile.write(script.body[: script.cut])
        self.close_connection = script.cut is not None

    def repeat(self, script: Script) -> None:
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        started = time.monotonic()
        while time.monotonic() - started < 30 and not self.server.lying.wait(script.pause):
            self.wfile.write(script.body)
            self.wfile.flush()


for _verb in ("GET", "POST", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_verb}", _Handler.serve)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, lying: LyingServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lying = lying
