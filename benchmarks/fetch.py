"""How fast a thousand feeds and fifty accounts come in: `care fetch` from a loopback server, twice, beside `reader`.

    python benchmarks/fetch.py [--feeds 1000] [--entries 100] [--accounts 50] [--latency 0.0] [--reader PYTHON]

An account is one of Mastodon with 400 mentions in five pages; the road "feeds and accounts" has them besides the feeds.

Each road has its own process and database. The server is another process with twenty ports on 127.0.0.1, each of
which is a server of its own to the limits per host. `--reader` is the Python of an environment with lemon24's `reader`.
Where the time goes is sampled: 200 looks a second at what the main thread does.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import measure

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PORTS = 20
ROADS = ("one source", "a source each", "feeds and accounts")
NOTES, NOTE_PAGE = 400, 80


# The server


def document(feed: int, entries: int) -> bytes:
    """A feed of so many entries, each some 350 bytes."""
    items = "".join(
        f"<item><guid>urn:feed:{feed}:{n}</guid><title>Acme lost bag {n} of traveller {feed}</title>"
        f"<link>https://blog{feed}.example/{n}</link><author>user{n % 17}@blog{feed}.example</author>"
        f"<pubDate>{NOW - timedelta(minutes=7 * n + feed):%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description>Nobody at the counter could say where it is, and the hotline has music {n}.</description></item>"
        for n in range(entries)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{feed}</title>{items}</channel></rss>'.encode()


def account(number: int, path: bytes) -> bytes:
    """What a Mastodon server answers to the account `number`: who it is, no posts, its mentions page by page."""
    if path.endswith(b"/verify_credentials"):
        return json.dumps({"id": str(number), "acct": f"brand{number}"}).encode()
    if b"/notifications" not in path or b"since_id=" in path:
        return b"[]"
    asked = re.search(rb"max_id=([0-9]+)", path)
    top = int(asked[1]) - 1 if asked else (number + 1) * NOTES
    ids = range(top, max(top - NOTE_PAGE, number * NOTES), -1)
    return json.dumps([_note(number, note) for note in ids]).encode()


def _note(number: int, note: int) -> dict[str, Any]:
    at = f"{NOW - timedelta(minutes=3 * ((number + 1) * NOTES - note)):%Y-%m-%dT%H:%M:%SZ}"
    who = {"id": str(note % 37), "acct": f"user{note % 37}@town{number}.example", "display_name": "Zoe"}
    words = f"<p>@brand{number} nobody at the counter could say where bag {note} is, and the hotline has music</p>"
    status = {"id": str(10_000_000 + note), "created_at": at, "account": who, "content": words, "visibility": "public"}
    return {"id": str(note), "type": "mention", "created_at": at, "status": status}


async def serve(feeds: int, entries: int, latency: float) -> None:
    """Every feed and account under every port, feeds with an ETag; the ports go to stdout, `/count` counts requests."""
    pages = [document(feed, entries) for feed in range(feeds)]
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                mastodon = re.match(rb"get /a([0-9]+)/", head)
                path = head.split(b" ", 2)[1]
                if path == b"/count":
                    body = str(asked).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                    await writer.drain()
                    continue
                asked += 1
                await asyncio.sleep(latency)
                if mastodon is not None:
                    body = account(int(mastodon[1]), path)
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                    writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                elif b"if-none-match" in head:
                    writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n')
                else:
                    page = pages[int(path[1:])]
                    writer.write(
                        b'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "1"\r\n'
                        b"Content-Length: %d\r\n\r\n%s" % (len(page), page)
                    )
                await writer.drain()
        writer.close()

    servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in range(PORTS)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextlib.contextmanager
def serving(feeds: int, entries: int, latency: float) -> Iterator[list[str]]:
    """The addresses of all feeds, while their server runs."""
    command = [sys.executable, __file__, "--feeds", str(feeds), "--entries", str(entries), "--latency", str(latency)]
    server = subprocess.Popen([*command, "--serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        ports = json.loads(server.stdout.readline())
        yield [f"http://127.0.0.1:{ports[n % PORTS]}/{n}" for n in range(feeds)]
    finally:
        server.terminate()
        server.wait()


# The roads


class Sampler(threading.Thread):
    """Looks at the main thread: is it in SQLite, in the network's code, or elsewhere?"""

    network = ("/httpx/", "/httpcore/", "/h11/", "/anyio/", "/asyncio/", "selectors.py", "/ssl.py")

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: collections.Counter[str] = collections.Counter()
        self.main = threading.main_thread().ident
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.005):
            frame = sys._current_frames().get(self.main or 0)
            name = frame.f_code.co_filename if frame else ""
            self.seen["network" if any(part in name for part in self.network) else self._where(frame)] += 1

    def _where(self, frame: Any) -> str:
        """In the innermost two frames: SQLite is called from store/."""
        for _ in range(2):
            if frame is not None and "/store/" in frame.f_code.co_filename:
                return "SQLite"
            frame = frame and frame.f_back
        return "elsewhere"


def requests(url: str) -> int:
    """How many the server has answered."""
    with urllib.request.urlopen(f"{url.rpartition('/')[0]}/count") as answer:
        return int(answer.read())


def ours(urls: list[str], accounts: list[str], road: str, folder: Path) -> Iterator[dict[str, Any]]:
    """`care fetch`, twice."""
    from carecli import listen
    from carecli.config import Config, Source
    from carecli.store import open_store

    settings: dict[str, Any] = {"allow_private": True}
    if road == "one source":
        sources = {"all": Source("all", "feed", settings={**settings, "urls": urls})}
    else:
        sources = {f"f{n}": Source(f"f{n}", "feed", settings={**settings, "url": url}) for n, url in enumerate(urls)}
    if road == "feeds and accounts":
        for number, url in enumerate(accounts):
            os.environ[f"CARE_M{number}_TOKEN"] = "t"
            name = f"m{number}"
            sources[name] = Source(name, "mastodon", settings={**settings, "base_url": url})
    config = Config(sources=sources)
    store = open_store(folder / "care.db")
    for turn in ("first", "nothing new"):
        before = requests(urls[0])
        sampler, cpu, began = Sampler(), time.process_time(), time.perf_counter()
        sampler.start()
        outcomes = listen.fetch(store, config, now=NOW)
        taken = time.perf_counter() - began
        sampler.done.set()
        if errors := [outcome.error for outcome in outcomes if outcome.error]:
            raise SystemExit(errors[0])
        looks = sum(sampler.seen.values()) or 1
        yield {
            "turn": turn,
            "seconds": taken,
            "cpu": time.process_time() - cpu,
            "requests": requests(urls[0]) - before,
            "mentions": sum(outcome.new for outcome in outcomes),
            "peak": measure.peak_mb(),
            "shares": {name: sampler.seen[name] / looks for name in ("network", "SQLite", "elsewhere")},
        }


READER = """
import json, resource, sys, time
from reader import make_reader
urls = json.load(sys.stdin)
reader = make_reader(sys.argv[1])
for url in urls: reader.add_feed(url)
for turn in ("first", "nothing new"):
    cpu, began = time.process_time(), time.perf_counter()
    reader.update_feeds(workers=20, scheduled=False)
    print(json.dumps({"turn": turn, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu,
        "mentions": reader.get_entry_counts().total if turn == "first" else 0,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "shares": {}}), flush=True)
"""


def floor(urls: list[str]) -> dict[str, Any]:
    """The requests alone, with the same client: what a second run cannot be cheaper than."""
    from carecli.platforms.web.http import Client

    async def main() -> None:
        left = list(urls)

        async def work() -> None:
            async with Client(urls[0]) as client:
                while left:
                    await client.get(left.pop(), headers={"If-None-Match": '"1"'}, ok={304}, follow=True)

        await asyncio.gather(*(work() for _ in range(8)))

    cpu, began = time.process_time(), time.perf_counter()
    asyncio.run(main())
    return {
        "turn": "requests alone",
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "mentions": 0,
        "peak": measure.peak_mb(),
        "shares": {},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=100)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--reader", help="a Python that has lemon24's reader")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--road", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(given.feeds, given.entries, given.latency))
        return
    if given.road:
        _one_road(given.road, given.accounts)
        return
    rows = []
    with serving(given.feeds, given.entries, given.latency) as urls, tempfile.TemporaryDirectory() as folder:
        for road in ("requests alone", *ROADS, *(["reader"] if given.reader else [])):
            command = [sys.executable, __file__, "--road", road, "--accounts", str(given.accounts)]
            if road == "reader":
                command = [given.reader, "-c", READER, str(Path(folder) / "reader.db")]
            done = subprocess.run(command, input=json.dumps(urls), capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{road}: {done.stderr}")
            rows += [_row(road, json.loads(line)) for line in done.stdout.splitlines()]
    asked = f"{given.feeds} feeds of {given.entries} entries, {given.accounts} accounts of {NOTES} mentions"
    print(f"{asked}, latency {given.latency} s; {measure.versions()}\n")
    columns = ("road", "run", "s", "CPU s", "requests/s", "mentions/s", "peak MB", "network", "SQLite", "elsewhere")
    measure.table(columns, rows)


def _one_road(road: str, count: int) -> None:
    urls = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as folder:
        places = [f"{urls[number % len(urls)].rpartition('/')[0]}/a{number}" for number in range(count)]
        for result in [floor(urls)] if road == "requests alone" else ours(urls, places, road, Path(folder)):
            print(json.dumps(result), flush=True)


def _row(road: str, result: dict[str, Any]) -> list[Any]:
    taken, shares = result["seconds"], result["shares"]
    shown = [f"{shares[name]:.0%}" if shares else "" for name in ("network", "SQLite", "elsewhere")]
    speed = [result["requests"] / taken if "requests" in result else "", result["mentions"] / taken]
    return [road, result["turn"], taken, result["cpu"], *speed, result["peak"], *shown]


if __name__ == "__main__":
    main()
