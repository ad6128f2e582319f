"""Mastodon's streams against a server that plays server-sent events, whole, cut and without end."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from carecli.errors import ConfigError
from carecli.model import JSON
from carecli.platforms.mastodon import MASTODON
from tests.platforms.fakes import Opened, fetch, until_error
from tests.platforms.fedi import setup_for
from tests.platforms.servers import LyingServer, Script, json_script

NOTIFICATIONS, TAGS = "/api/v1/streaming/user", "/api/v1/streaming/hashtag"
ACCOUNT = {"id": "7", "acct": "acme"}


def status(number: int, text: str, **more: Any) -> JSON:
    who = {"id": "42", "acct": "zoe@social.example", "display_name": "Zoe"}
    made = {"id": str(number), "created_at": "2026-11-20T08:00:00Z", "account": who, "content": f"<p>{text}</p>"}
    return {**made, "visibility": "public", **more}


def event(name: str, data: object) -> bytes:
    said = data if isinstance(data, str) else json.dumps(data)
    return f"event: {name}\ndata: {said}\n\n".encode()


def mention(number: int, text: str, **more: Any) -> bytes:
    body = {"id": f"n{number}", "type": "mention", "created_at": "2026-11-20T08:00:00Z"}
    return event("notification", {**body, "status": status(number, text, **more)})


@pytest.fixture
def server(lying: LyingServer) -> LyingServer:
    lying.on("/api/v1/accounts/verify_credentials", json_script(ACCOUNT))
    for path in ("/api/v1/notifications", "/api/v1/accounts/7/statuses", "/api/v1/timelines/tag/lunafail"):
        lying.on(path, json_script([]))
    return lying


def opened(server: LyingServer, **settings: object) -> Opened:
    return MASTODON.open(setup_for(server.url, "acme_token", stream_seconds=1, **settings))


def test_mentions_and_edits_as_they_happen(server: LyingServer) -> None:
    edited = status(1, "fixed!", edited_at="2026-11-20T08:01:00Z", mentions=[{"id": "7", "acct": "acme"}])
    elsewhere = event("update", status(2, "a friend's lunch")) + event("status.update", status(3, "nothing"))
    said = b":)\n" + mention(1, "app crashes") + event("delete", "9") + event("status.update", edited)
    said += elsewhere + event("delete", "01HXULID") + event("delete", "")
    server.on(NOTIFICATIONS, Script(200, said, {"Content-Type": "text/event-stream"}))
    pages, error = until_error(opened(server))
    assert error is None
    first, second = [found for page in pages for found in page.mentions]
    assert (first.text, first.directed, first.author.handle) == ("app crashes", True, "zoe@social.example")
    assert (second.external_id, second.text, second.edited_at is not None) == ("1", "fixed!", True)
    assert server.asked(NOTIFICATIONS)[0].headers["authorization"] == "Bearer acme_token"
    assert [gone for page in pages for gone in page.deleted] == ["9", "01HXULID"]
    # Streams repeat nothing, so they move nothing: the next fetch reads the lists from where they were.
    assert len({json.dumps(page.cursor) for page in pages if page.mentions}) == 1


def test_the_stream_is_left_after_the_seconds(server: LyingServer) -> None:
    server.on(NOTIFICATIONS, Script(200, b":thump\n", endless=True, pause=0.1))
    started = time.monotonic()
    assert fetch(opened(server))[0] == []
    assert time.monotonic() - started >= 1


def test_a_stream_that_is_closed_to_us_is_named_and_the_others_go_on(server: LyingServer) -> None:
    server.on(NOTIFICATIONS, json_script({"error": "Not found"}, 404))
    server.on(TAGS, Script(200, event("update", status(5, "#lunafail again"))))
    mentions, _, skipped = fetch(opened(server, hashtags="lunafail"))
    assert [(found.external_id, found.directed) for found in mentions] == [("5", False)]
    assert server.asked(TAGS)[0].first("tag") == "lunafail"
    assert skipped == ["stream notifications: the server has none for us; it is polled"]


def test_broken_events_and_lost_lines(server: LyingServer) -> None:
    said = (
        event("notification", {"type": "mention", "status": {"id": "3"}})
        + event("update", "{broken")
        + mention(4, "hi")
    )
    server.on(NOTIFICATIONS, Script(200, said + b"event: notif", cut=len(said) + 3))
    mentions, _, skipped = fetch(opened(server))
    assert [found.external_id for found in mentions] == ["4"]
    assert skipped[0].startswith("stream notifications: notification: created_at")
    assert skipped[1].startswith("stream notifications: update: ")
    assert "ended" in skipped[2]


def test_without_the_setting_nothing_is_streamed(server: LyingServer) -> None:
    fetch(MASTODON.open(setup_for(server.url)))
    assert server.asked(NOTIFICATIONS) == []
    with pytest.raises(ConfigError, match="stream_seconds"):
        fetch(MASTODON.open(setup_for(server.url, stream_seconds="long")))
