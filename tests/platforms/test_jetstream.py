"""Jetstream against a real WebSocket server that plays it: cursors, seams that repeat, lost connections."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from carecli.errors import ConfigError, Unreachable
from carecli.model import JSON, Mention
from carecli.platforms.jetstream import JETSTREAM
from carecli.platforms.testing import FetcherContract
from tests.platforms.fakes import Opened, check, fetch, source, until_error
from tests.platforms.servers import LyingServer, Script, json_script


class Stream:
    """Events in their order; whoever connects gets those from its cursor on, then what is new."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.asked: list[dict[str, list[str]]] = []
        self.trickles = False  # the last event again and again
        self.cut = 0  # after so many events the connection is lost, once
        self.moment = datetime.now(UTC) - timedelta(hours=2)
        self.number = 0
        self._server = serve(self._play, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)

    def _play(self, client: ServerConnection) -> None:
        assert client.request is not None
        query = parse_qs(urlsplit(client.request.path).query)
        self.asked.append(query)
        start, sent = int(query.get("cursor", ["0"])[0]), 0
        with suppress(ConnectionClosed):
            for event in list(self.events):
                data = json.loads(event) if event.startswith("{") else {}
                if data.get("time_us", start) < start:
                    continue
                if self.cut and sent == self.cut:
                    self.cut = 0
                    client.socket.close()  # no closing frame: the line is dead
                    return
                client.send(event)
                sent += 1
            while self.trickles and self.events:
                client.send(self.events[-1])
                time.sleep(0.02)
            client.recv()

    def event(self, record: JSON | None, *, did: str = "did:plc:zoe", operation: str = "create", **more: Any) -> str:
        self.moment += timedelta(seconds=1)
        self.number += 1
        key, at = f"3m5x{self.number:09}", int(self.moment.timestamp() * 1_000_000)
        commit: JSON = {
            "operation": operation,
            "collection": "app.bsky.feed.post",
            "rkey": key,
            "cid": f"bafy{self.number}",
        }
        commit |= {"record": record} if record else {}
        self.events.append(json.dumps({"did": did, "time_us": at, "kind": "commit", "commit": commit} | more))
        return f"at://{did}/app.bsky.feed.post/{key}"

    def write(self, text: str, **more: Any) -> str:
        at = (self.moment + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return self.event({"$type": "app.bsky.feed.post", "text": text, "createdAt": at, "langs": ["en"], **more})


@pytest.fixture
def stream() -> Iterator[Stream]:
    with Stream() as server:
        yield server


def opened(stream: Stream, **settings: Any) -> Opened:
    given = {"base_url": stream.url, "profiles_url": "", "search": "acme", "seconds": 1}
    return JETSTREAM.open(source(JETSTREAM, {**given, **settings}))


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


class TestJetstream(FetcherContract):
    many = 40

    @pytest.fixture(autouse=True)
    def _server(self, stream: Stream) -> None:
        self.stream = stream
        stream.moment = datetime.now(UTC) - timedelta(minutes=8)

    def open(self) -> Opened:
        return opened(self.stream)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.stream.write(f"acme {text}") for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("acme ")


def test_what_is_heard(stream: Stream) -> None:
    ids = {
        "word": stream.write("ACME, why?"),
        "link": stream.write(
            "look", facets=[{"index": {"byteStart": 0, "byteEnd": 4}, "features": [{"uri": "https://acme.example/x"}]}]
        ),
        "card": stream.write("look", embed={"external": {"uri": "https://acme.example"}}),
        "image": stream.write("look", embed={"images": [{"alt": "an acme bag"}]}),
        "answer": stream.write(
            "no", reply={part: {"uri": "at://did:plc:brand/x/1", "cid": "b"} for part in ("root", "parent")}
        ),
    }
    stream.write("acmeists and pacme")
    stream.event(None, operation="delete")
    stream.event(None, kind="identity")
    found = {
        mention.external_id: mention for mention in fetch(opened(stream, did="did:plc:brand"), since=hours_ago(3))[0]
    }
    assert set(found) == set(ids.values())
    assert found[ids["answer"]].directed
    assert found[ids["word"]].directed is False
    assert (found[ids["word"]].platform, found[ids["word"]].author.handle) == ("bluesky", "did:plc:zoe")


def test_a_lost_connection_goes_on_with_nothing_twice(stream: Stream) -> None:
    ids = [stream.write(f"acme number {number}") for number in range(60)]
    stream.cut = 30
    mentions, cursor, _ = fetch(opened(stream, seconds=4), since=hours_ago(3))
    assert [mention.external_id for mention in mentions] == ids
    first, second = (int(asked["cursor"][0]) for asked in stream.asked)
    assert second > first
    assert cursor["time_us"] == int(stream.moment.timestamp() * 1_000_000)


def test_authors_get_their_names(stream: Stream) -> None:
    name = stream.write("acme hello")
    profile = {"did": "did:plc:zoe", "handle": "zoe.example", "displayName": "Zoe", "followersCount": 41}
    with LyingServer() as names:
        names.on("/xrpc/app.bsky.actor.getProfiles", json_script({"profiles": [profile]}), Script(500))
        for wanted in (("zoe.example", "Zoe", 41), ("did:plc:zoe", None, None)):
            (mention,) = fetch(opened(stream, profiles_url=names.url), since=hours_ago(3))[0]
            assert (mention.author.handle, mention.author.name, mention.author.followers) == wanted
            assert mention.external_id == name


def test_what_the_stream_no_longer_has_is_told(stream: Stream) -> None:
    stream.write("acme hello")
    old = int(hours_ago(40).timestamp() * 1_000_000)
    mentions, _, skipped = fetch(opened(stream), {"time_us": old})
    assert len(mentions) == 1
    assert skipped == ["the stream keeps about 36 hours: what was written in 4 hours before is not there"]
    stream.trickles = True
    _, _, skipped = fetch(opened(stream), {"time_us": int(hours_ago(3).timestamp() * 1_000_000)})
    assert skipped == ["the stream is 120 minutes ahead: raise `seconds`, or fetch more often"]


def test_broken_messages_and_clocks_that_run_ahead(stream: Stream) -> None:
    stream.events += ["nonsense", "{}", "[1]"]
    stream.event({"text": "acme without an author"}, did="nobody")
    name = stream.write("acme hello")
    stream.moment = datetime.now(UTC) + timedelta(days=3)
    ahead = stream.write("acme from tomorrow")
    mentions, cursor, skipped = fetch(opened(stream), since=hours_ago(3))
    assert [mention.external_id for mention in mentions] == [name, ahead]
    assert skipped[:3] == ["a message of the stream cannot be read"] * 3
    assert skipped[3].startswith("a post of the stream: uri")
    assert mentions[1].created_at <= datetime.now(UTC)
    assert cursor["time_us"] <= time.time() * 1_000_000


def test_check_and_what_it_needs(stream: Stream) -> None:
    stream.write("hello")
    assert check(opened(stream)).startswith(f"connected to {stream.url}; ")
    with pytest.raises(ConfigError, match="nothing to look for"):
        check(opened(stream, search=""))
    with LyingServer() as web:
        web.on("/subscribe", Script(200, b"<html>"))
        _, error = until_error(opened(stream, base_url=web.url, seconds=10))
    assert isinstance(error, Unreachable)
