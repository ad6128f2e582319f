"""Matrix against a real homeserver, and against a server that plays what the real one will not do on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Reply, parse_iso
from carecli.platforms.matrix import MATRIX, measure
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script
from tests.platforms.synapse import PASSWORD, Synapse, start

ME = "@acme:care.test"
on_synapse = pytest.mark.xdist_group("synapse")  # one server, so one process


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    yield from start()


def opened(server: Synapse, room: str = "", secrets: JSON | None = None, **settings: Any) -> Opened:
    given = {"base_url": server.url, "page_size": 10, "rooms": room}
    return MATRIX.open(source(MATRIX, {**given, **settings}, secrets or {"TOKEN": server.tokens["acme"]}))


@on_synapse
class TestMatrix(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, synapse: Synapse) -> None:
        self.server = synapse
        self.room = synapse.room("kai")

    def open(self) -> Opened:
        return opened(self.server, self.room)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.say(self.room, text) for text in texts]


@on_synapse
def test_messages_as_they_are_stored(synapse: Synapse) -> None:
    room = synapse.room("kai")
    named = synapse.say(room, "app <crashes>", content={"m.mentions": {"user_ids": [ME]}})
    ours = synapse.say(room, "which phone?", "acme")
    relation = {"m.in_reply_to": {"event_id": ours.partition("/")[2]}}
    answer = synapse.say(room, "> <@acme:care.test> which phone?\n\nmine", "kai", content={"m.relates_to": relation})
    thread = {"rel_type": "m.thread", "event_id": named.partition("/")[2]}
    aside = synapse.say(room, "no idea", "kai", content={"m.relates_to": thread})
    found = {mention.external_id: mention for mention in fetch(opened(synapse, room))[0]}
    assert [found[name].directed for name in (named, ours, answer, aside)] == [True, None, True, None]
    assert (found[named].text, found[named].visibility, found[named].author.name) == ("app <crashes>", "public", "zoe")
    assert (found[answer].text, found[answer].in_reply_to, found[ours].inbound) == ("mine", ours, False)
    assert found[aside].thread_root == named
    assert found[named].url == f"https://matrix.to/#/{named}?via=care.test"


@on_synapse
def test_who_may_read_it(synapse: Synapse) -> None:
    two, three = synapse.room(public=False), synapse.room("kai", public=False)
    synapse.say(two, "psst")
    synapse.say(three, "hello all")
    ((direct,), (inside,)) = (fetch(opened(synapse, room))[0] for room in (two, three))
    assert (direct.visibility, direct.directed) == ("direct", True)
    assert (inside.visibility, inside.directed) == ("internal", None)


@on_synapse
def test_edits_redactions_and_sealed_messages(synapse: Synapse) -> None:
    room = synapse.room()
    first, second = synapse.say(room, "app crashes"), synapse.say(room, "my password is 1234")
    _, cursor, _ = fetch(opened(synapse, room))
    edit: JSON = {"m.new_content": {"msgtype": "m.text", "body": "fixed!"}}
    edit["m.relates_to"] = {"rel_type": "m.replace", "event_id": first.partition("/")[2]}
    synapse.say(room, "* fixed!", content=edit)
    gone = quote(second.partition("/")[2])
    synapse.ask("zoe", "PUT", f"rooms/{quote(room)}/redact/{gone}/r1", json={})
    synapse.ask(
        "zoe", "PUT", f"rooms/{quote(room)}/send/m.room.encrypted/e1", json={"algorithm": "m.megolm.v1.aes-sha2"}
    )
    (again,), _, skipped = fetch(opened(synapse, room), cursor)
    assert (again.external_id, again.text, again.edited_at is not None) == (first, "fixed!", True)
    assert skipped == [f"{room}: 1 encrypted messages cannot be read"]
    # From the beginning the edit and the edited message come, both with the newest text.
    assert {(m.external_id, m.text) for m in fetch(opened(synapse, room))[0]} == {(first, "fixed!")}


@on_synapse
def test_one_key_one_message_for_ever(synapse: Synapse) -> None:
    room = synapse.room()
    synapse.say(room, "where is my parcel?")
    (mention,) = fetch(opened(synapse, room))[0]
    reply = Reply("on its way", mention)
    assert post(opened(synapse, room), reply, "key-7") == post(opened(synapse, room), reply, "key-7")
    ours = [m for m in fetch(opened(synapse, room))[0] if not m.inbound]
    assert len(ours) == 1
    assert find(opened(synapse, room), Reply("other words", mention), "key-7") is not None


@on_synapse
def test_signing_in_with_a_password(synapse: Synapse) -> None:
    room = synapse.room()
    secret = {"PASSWORD": PASSWORD}
    synapse.say(room, "hello")
    assert len(fetch(opened(synapse, room, secret, user="acme"))[0]) == 1
    assert check(opened(synapse, "", secret, user="acme")).startswith(f"signed in as {ME}; ")
    with pytest.raises(AuthError, match="refuses the password") as caught:
        check(opened(synapse, "", {"PASSWORD": "a wrong one"}, user="acme"))
    assert "a wrong one" not in caught.value.message
    with pytest.raises(AuthError) as caught:
        check(opened(synapse, "", {"TOKEN": "syt_wrong"}))
    assert "Access token" in (caught.value.hint or "")


@on_synapse
def test_a_room_that_is_closed_to_us_now(synapse: Synapse) -> None:
    room = synapse.room()
    for number in range(25):
        synapse.say(room, f"number {number}")
    pages, _ = until_error(opened(synapse, room))
    (mention, *_) = pages[0].mentions
    synapse.ask("acme", "POST", f"rooms/{quote(room)}/leave", json={})
    synapse.ask("acme", "POST", f"rooms/{quote(room)}/forget", json={})
    _, _, skipped = fetch(opened(synapse, room), pages[0].cursor)
    assert skipped == [f"the room {room} is closed to us now"]
    with pytest.raises(AuthError) as caught:
        post(opened(synapse, room), Reply("hello?", mention))
    assert "no longer in that room" in (caught.value.hint or "")


# What a real server does not do on demand


class Home(Fake):
    """Answers as scripted; one room with one message."""

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", "/_matrix/client/v3/account/whoami", lambda _request: {"user_id": ME})
        self.route("GET", "/_matrix/client/v3/sync", self.sync)
        self.route("GET", ".*/(joined_members|state/.*)", lambda *_groups: {"joined": {}, "join_rule": "public"})
        self.route("GET", ".*/messages", lambda _request: {"chunk": []})
        self.route("PUT", ".*/send/.*", lambda _request: {"event_id": "$new"})

    def sync(self, _request: Request) -> object:
        at = int(self.moment.timestamp() * 1000)
        event = {"type": "m.room.message", "event_id": "$1", "sender": "@zoe:x", "origin_server_ts": at}
        events = [{**event, "content": {"body": "hi"}}, {**event, "event_id": "$2", "content": "odd"}, "nonsense"]
        return {"next_batch": "s1", "rooms": {"join": {"!r:x": {"timeline": {"events": events, "limited": False}}}}}


@pytest.fixture
def home() -> Iterator[Home]:
    with Home() as server:
        yield server


def scripted(home: Home, **settings: Any) -> Opened:
    return MATRIX.open(source(MATRIX, {"base_url": home.url, **settings}, {"TOKEN": "syt_secret"}))


def mention() -> Mention:
    return Mention("matrix", "!r:x/$1", "hi", parse_iso("2026-11-20T08:00:00Z"), Author("@zoe:x", id="@zoe:x"))


def test_broken_events_are_named(home: Home) -> None:
    mentions, cursor, skipped = fetch(scripted(home))
    assert inbound(mentions) == ["!r:x/$1"]
    assert skipped == ["!r:x: is no object"]
    assert cursor["since"] == "s1"


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (json_script({"errcode": "M_LIMIT_EXCEEDED", "error": "Too fast", "retry_after_ms": 90_000}, 429), RateLimited),
        (json_script({"errcode": "M_TOO_LARGE", "error": "event too large"}, 413), NotProcessed),
        (json_script({"errcode": "M_UNKNOWN_TOKEN", "error": "expired", "soft_logout": True}, 401), AuthError),
        (Script(502, b"<html>bad gateway</html>"), BadAnswer),
        (json_script({"no": "event"}), BadAnswer),
    ],
)
def test_what_a_refusal_means(home: Home, script: Script, error: type[PlatformError]) -> None:
    home.fault("PUT .*", script)
    with pytest.raises(error) as caught:
        post(scripted(home), Reply("hello", mention()))
    assert type(caught.value) is error
    assert "syt_secret" not in caught.value.message
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 90


def test_what_is_sent(home: Home) -> None:
    receipt = post(scripted(home), Reply("hello", mention()), "key 1/2")
    request = home.requests[-1]
    assert request.path == "/_matrix/client/v3/rooms/%21r%3Ax/send/m.room.message/key%201%2F2"
    assert json.loads(request.body)["m.mentions"] == {"user_ids": ["@zoe:x"]}
    assert receipt.external_id == "!r:x/$new"
    for reply in (Reply("ש" * 15_001, mention()), Reply("psst", mention(), private=True)):
        with pytest.raises(NotProcessed):
            post(scripted(home), reply)
    assert [measure(text) for text in ("a", "ש", "😀")] == [1, 2, 4]


def test_a_sync_that_is_none_and_missing_settings(home: Home) -> None:
    home.fault("GET .*/sync", json_script({"rooms": {}}))
    assert isinstance(until_error(scripted(home))[1], BadAnswer)
    home.fault("GET .*/directory/room/.*", json_script({}))
    with pytest.raises(ConfigError, match="no room #lost:x"):
        fetch(scripted(home, rooms="#lost:x"))
    with pytest.raises(ConfigError, match="no base_url"):
        check(MATRIX.open(source(MATRIX, {}, {"TOKEN": "x"})))
    with pytest.raises(AuthError, match="neither a TOKEN nor a PASSWORD"):
        check(MATRIX.open(source(MATRIX, {"base_url": home.url}, {})))
