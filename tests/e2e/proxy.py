"""A proxy on loopback that stops time inside a request: before it reaches the server, or on the way back."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

import httpx

# Where a watched request stops: before the server has it, when the server has answered, in the middle of handing the
# answer on, and when the client has all of it.
Moment = Literal["asked", "done", "answering", "answered"]
MOMENTS: tuple[Moment, ...] = ("asked", "done", "answering", "answered")

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host", "te"}
_LONGEST_HOLD = 60.0


@dataclass
class Stop:
    """The `nth` request (from 0) with `method` whose path holds `path` stops at `moment` until it is released.

    A stopped request is dropped when it goes on: the connection breaks. `late`: first it still reaches the server.
    """

    path: str
    moment: Moment
    method: str = "POST"
    nth: int = 0
    late: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    goes_on: bool = False

    def wait(self, seconds: float = 30.0) -> None:
        """Until a request stands here."""
        assert self.reached.wait(seconds), f"no {self.method} {self.path} was {self.moment} in {seconds} s"

    def drop(self) -> None:
        """Break the connection, now or as soon as a request gets here."""
        self.released.set()

    def let_go(self) -> None:
        """Go on as if nothing had been."""
        self.goes_on = True
        self.released.set()

    def hold(self) -> bool:
        """Stand here; True when the request goes on after all."""
        self.reached.set()
        self.released.wait(_LONGEST_HOLD)
        return self.goes_on


class Dropped(ConnectionError):
    """The connection breaks here."""


class Proxy:
    """Forwards everything to `upstream`, without the request headers `without`; a context manager."""

    def __init__(self, upstream: str, *, without: tuple[str, ...] = ()) -> None:
        self.upstream = upstream
        self.without = {name.lower() for name in without} | _HOP_BY_HOP | {"accept-encoding"}
        self.asked: list[tuple[str, str]] = []
        self._stops: list[Stop] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def stop(self, path: str, moment: Moment, **more: Any) -> Any:
        """The stop, in force as long as the block lasts; whoever stands at it is dropped at the end."""
        stop = Stop(path, moment, **more)
        with self._lock:
            self._stops.append(stop)
        try:
            yield stop
        finally:
            with self._lock:
                if stop in self._stops:
                    self._stops.remove(stop)
            stop.drop()
            if stop.reached.is_set():
                assert stop.over.wait(_LONGEST_HOLD)

    def stop_of(self, method: str, path: str) -> Stop | None:
        """The stop that this request comes to; each stops one request."""
        with self._lock:
            self.asked.append((method, path))
            for stop in self._stops:
                if method == stop.method and stop.path in path:
                    if stop.nth:
                        stop.nth -= 1
                        continue
                    self._stops.remove(stop)
                    return stop
        return None

    def __enter__(self) -> Self:
        self.http = httpx.Client(base_url=self.upstream, timeout=60)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for stop in self._stops:
            stop.drop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self.http.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Quiet."""

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        stop = self.server.proxy.stop_of(self.command, self.path)
        try:
            self.play(body, stop)
        finally:
            if stop is not None:
                stop.over.set()

    def play(self, body: bytes, stop: Stop | None) -> None:
        moment = stop.moment if stop else None
        if stop and moment == "asked" and not stop.hold():
            if stop.late:
                self.forward(body)
            raise Dropped
        answer = self.forward(body)
        if stop and moment == "done" and not stop.hold():
            raise Dropped
        self.send_response(answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        half = len(answer.content) // 2
        self.wfile.write(answer.content[:half])
        self.wfile.flush()
        if stop and moment == "answering" and not stop.hold():
            raise Dropped
        self.wfile.write(answer.content[half:])
        self.wfile.flush()
        if stop and moment == "answered":
            stop.hold()

    def forward(self, body: bytes) -> httpx.Response:
        """What the server says to this request."""
        proxy = self.server.proxy
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in proxy.without]
        headers.append(("Accept-Encoding", "identity"))
        return proxy.http.request(self.command, self.path, headers=headers, content=body)


for _verb in ("GET", "POST", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_verb}", _Handler.pass_on)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
