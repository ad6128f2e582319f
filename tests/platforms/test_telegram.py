"""Telegram against a server that plays its Bot API: one queue of updates that are gone once they are confirmed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited, Unreachable
from carecli.model import JSON, Mention, Reply
from carecli.platforms.telegram import TELEGRAM, measure
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script

TOKEN = "12345:AAE-secret"
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Acme users", "username": "acmeusers"}
CLOSED = {"id": -1009876543210, "type": "supergroup", "title": "Acme staff"}
ZOE = {"id": 42, "is_bot": False, "first_name": "Zoe", "username": "zoe", "language_code": "en"}
BOT = {"id": 12345, "is_bot": True, "first_name": "Acme", "username": "acme_bot"}
PRIVATE = {"id": 42, "type": "private", "first_name": "Zoe", "username": "zoe"}


def refusal(status: int, description: str, **parameters: object) -> Script:
    """An error in Telegram's shape."""
    error = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
    return json_script(error, status)


class Chats(Fake):
    """A bot's queue. `forgets` False keeps what was confirmed, which only a test would want."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[JSON] = []
        self.sent: list[JSON] = []
        self.forgets, self.lost, self.hook, self.reads_all = True, False, "", True
        self.number = 54
        self.update = 1000
        bot = f"/bot{TOKEN}"
        self.route("GET", f"{bot}/getMe", self.me)
        self.route("GET", f"{bot}/getWebhookInfo", lambda _request: self.ok({"url": self.hook}))
        self.route("GET", f"{bot}/getUpdates", self.updates)
        self.route("POST", f"{bot}/sendMessage", self.send)
        self.route("GET", "/bot[^/]+/.*", lambda _request: refusal(401, "Unauthorized"))

    def ok(self, result: object) -> object:
        return {"ok": True, "result": result}

    def me(self, _request: Request) -> object:
        return self.ok({**BOT, "can_read_all_group_messages": self.reads_all})

    def message(self, text: str, chat: JSON = GROUP, sender: JSON | None = ZOE, **more: Any) -> JSON:
        self.number += 1
        found = {"message_id": self.number, "date": int(self.tick().timestamp()), "chat": chat, "text": text, **more}
        return found if sender is None else {**found, "from": sender}

    def arrive(self, kind: str, message: JSON) -> str:
        self.update += 1
        self.queue.append({"update_id": self.update, kind: message})
        return f"{message['chat']['id']}/{message.get('message_id')}"

    def write(self, text: str, chat: JSON = GROUP, sender: JSON | None = ZOE, **more: Any) -> str:
        return self.arrive("message", self.message(text, chat, sender, **more))

    def updates(self, request: Request) -> object:
        offset, limit = int(request.first("offset")), int(request.first("limit"))
        assert "edited_message" in json.loads(request.first("allowed_updates"))
        waiting = [update for update in self.queue if update["update_id"] >= offset]
        if self.forgets:
            self.queue = waiting
        return self.ok(waiting[:limit])

    def send(self, request: Request) -> Script:
        body = json.loads(request.body)
        self.sent.append(body)
        chat = GROUP if body["chat_id"] == GROUP["id"] else {"id": body["chat_id"], "type": "supergroup"}
        made = self.message(body["text"], chat, BOT)
        return Script(502, b"oops") if self.lost else json_script(self.ok(made))


@pytest.fixture
def chats() -> Iterator[Chats]:
    with Chats() as server:
        yield server


def opened(server: Chats, token: str | None = TOKEN, **settings: Any) -> Opened:
    secrets = {"TOKEN": token} if token else {}
    return TELEGRAM.open(
        source(TELEGRAM, {"base_url": server.url, "page_size": 10, **settings}, secrets, handles=("acmehelp",))
    )


class TestTelegram(FetcherContract, PosterContract):
    many = 25
    own_posts = False
    finds = False

    @pytest.fixture(autouse=True)
    def _server(self, chats: Chats) -> None:
        self.chats = chats
        chats.forgets = False  # the contract reads the same messages from the beginning more than once

    def open(self) -> Opened:
        return opened(self.chats)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.chats.write(text) for text in texts]


def test_a_message_as_it_is_stored(chats: Chats) -> None:
    mark = {"type": "mention", "offset": 3, "length": 9}
    chats.write("😀 @acme_bot app <crashes>", entities=[mark], reply_to_message={"message_id": 7, "from": ZOE})
    (mention,) = fetch(opened(chats))[0]
    assert (mention.external_id, mention.text) == ("-1001234567890/55", "😀 @acme_bot app <crashes>")
    assert (mention.directed, mention.in_reply_to, mention.thread_root) == (True, "-1001234567890/7", None)
    assert (mention.author.handle, mention.author.id, mention.author.followers) == ("zoe", "42", None)
    assert (mention.url, mention.visibility) == ("https://t.me/acmeusers/55", "public")


def test_entities_are_counted_in_utf_16(chats: Chats) -> None:
    # Counted in code points, the mention would begin one letter later.
    chats.write("😀 @acme_bot hi", entities=[{"type": "mention", "offset": 2, "length": 9}])
    assert fetch(opened(chats))[0][0].directed is None


def test_whom_a_message_addresses(chats: Chats) -> None:
    chats.write("hello?", PRIVATE)
    chats.write("nothing yet", reply_to_message={"message_id": 7, "from": BOT})
    chats.write("anybody here?", CLOSED)
    chats.write("/help@acme_bot", entities=[{"type": "bot_command", "offset": 0, "length": 14}])
    found = fetch(opened(chats))[0]
    assert [mention.directed for mention in found] == [True, True, None, True]
    assert [mention.visibility for mention in found] == ["direct", "public", "internal", "public"]
    assert [mention.url for mention in found[:3]] == [None, "https://t.me/acmeusers/56", "https://t.me/c/9876543210/57"]
    assert found[0].language == "en"


def test_who_speaks_for_the_brand(chats: Chats) -> None:
    chats.write("we look into it", sender=None, sender_chat=GROUP)
    chats.write("me too", sender={"id": 7, "first_name": "Ada", "last_name": "B"})
    chats.write("we are on it", sender={"id": 8, "first_name": "Lee", "username": "AcmeHelp"})
    chats.arrive("channel_post", chats.message("release 4.2", {"id": -1005, "type": "channel", "title": "News"}, None))
    found = fetch(opened(chats))[0]
    assert [mention.inbound for mention in found] == [False, True, False, False]
    assert [mention.author.handle for mention in found] == ["acmeusers", "id7", "AcmeHelp", "News"]
    assert found[1].author.name == "Ada B"


def test_a_page_is_confirmed_only_after_it_was_stored(chats: Chats) -> None:
    ids = [chats.write(f"number {number}") for number in range(25)]
    pages, cut = until_error(opened(chats))
    assert cut is None
    assert [len(page.mentions) for page in pages] == [10, 10, 5]
    # The last page is not confirmed: it is there until the next fetch asks for what follows it.
    assert [update["message"]["message_id"] for update in chats.queue] == [75, 76, 77, 78, 79]
    assert inbound([mention for page in pages for mention in page.mentions]) == ids
    assert fetch(opened(chats), pages[-1].cursor)[0] == []
    assert chats.queue == []


def _asking(offset: int) -> Request:
    query = {"offset": [str(offset)], "limit": ["10"], "allowed_updates": ['["edited_message"]']}
    return Request("GET", "/", query, {}, b"")


def test_what_was_not_stored_comes_again(chats: Chats) -> None:
    ids = [chats.write(f"number {number}") for number in range(25)]
    whole = json.dumps(chats.updates(_asking(0))).encode()
    chats.fault(r"GET .*/getUpdates", Script(200, whole, {}, cut=len(whole) // 2), Script(502), Script(502))
    pages, error = until_error(opened(chats))
    assert (pages, isinstance(error, Unreachable | BadAnswer)) == ([], True)
    assert sorted(inbound(fetch(opened(chats))[0])) == sorted(ids)


def test_an_edit_comes_as_the_same_message(chats: Chats) -> None:
    first = chats.message("app crashes")
    chats.arrive("message", first)
    _, cursor, _ = fetch(opened(chats))
    chats.arrive("edited_message", {**first, "text": "fixed!", "edit_date": int(chats.tick().timestamp())})
    (again,) = fetch(opened(chats), cursor)[0]
    assert (again.external_id, again.text, again.edited_at is not None) == ("-1001234567890/55", "fixed!", True)


def test_what_says_nothing_is_left_out_and_what_is_broken_is_named(chats: Chats) -> None:
    chats.arrive("message", {**chats.message(""), "new_chat_members": [ZOE]})
    chats.arrive("message", {"chat": GROUP, "text": "no number", "date": 1})
    chats.write("", caption="look at this")
    chats.queue.append({"update_id": 2000, "poll": {}})
    mentions, cursor, skipped = fetch(opened(chats))
    assert [mention.text for mention in mentions] == ["look at this"]
    assert skipped == ["update 1002: message_id is no id"]
    assert cursor == {"offset": 2001}


def test_only_the_chats_that_are_set(chats: Chats) -> None:
    chats.write("here")
    chats.write("there", CLOSED)
    assert [mention.text for mention in fetch(opened(chats, chats="@AcmeUsers"))[0]] == ["here"]


def test_a_queue_that_stands_still_is_stopped(chats: Chats) -> None:
    for number in range(25):
        chats.write(f"number {number}")
    page = json_script(chats.updates(_asking(0)))
    chats.fault(r"GET .*/getUpdates", page, page)
    pages, error = until_error(opened(chats))
    assert len(pages) == 1
    assert isinstance(error, BadAnswer)


def mention_of(chats: Chats, chat: JSON = GROUP, **more: Any) -> Mention:
    chats.write("app crashes", chat, **more)
    return fetch(opened(chats))[0][-1]


def test_an_answer_stands_below_the_message(chats: Chats) -> None:
    mention = mention_of(chats, is_topic_message=True, message_thread_id=9)
    receipt = post(opened(chats), Reply("sorry", mention))
    (sent,) = chats.sent
    assert sent["reply_parameters"] == {"message_id": 55, "allow_sending_without_reply": True}
    assert (sent["chat_id"], sent["text"], sent["message_thread_id"]) == (GROUP["id"], "sorry", 9)
    assert (receipt.external_id, receipt.url) == ("-1001234567890/56", "https://t.me/acmeusers/56")


def test_a_group_that_has_moved_is_answered_in_its_new_place(chats: Chats) -> None:
    mention = mention_of(chats, {"id": -77, "type": "group", "title": "Old"})
    chats.fault(r"POST .*", refusal(400, "group chat was upgraded", migrate_to_chat_id=-10077))
    receipt = post(opened(chats), Reply("sorry", mention))
    assert receipt.external_id == "-10077/56"
    assert "reply_parameters" not in chats.sent[-1]


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        (refusal(400, "message text is empty"), NotProcessed, "text is empty"),
        (refusal(403, "bot was blocked by the user"), AuthError, "was blocked"),
        (refusal(429, "Too Many Requests", retry_after=7), RateLimited, "429"),
    ],
)
def test_what_telegram_refuses_was_not_sent(
    chats: Chats, script: Script, error: type[PlatformError], said: str
) -> None:
    mention = mention_of(chats)
    chats.fault(r"POST .*", script)
    with pytest.raises(error, match=said) as caught:
        post(opened(chats), Reply("sorry", mention))
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 7
    assert TOKEN not in caught.value.message
    assert chats.sent == []


def test_a_lost_answer_stays_unknown(chats: Chats) -> None:
    reply = Reply("sorry", mention_of(chats))
    chats.lost = True
    with pytest.raises(BadAnswer) as caught:
        post(opened(chats), reply)
    assert not isinstance(caught.value, NotProcessed)
    with pytest.raises(PlatformError, match="cannot tell") as unknown:
        find(opened(chats), reply)
    assert "https://t.me/acmeusers/55" in (unknown.value.hint or "")


def test_what_cannot_be_sent(chats: Chats) -> None:
    mention = mention_of(chats)
    for reply in (Reply("😀" * 2049, mention), Reply("psst", mention, private=True)):
        with pytest.raises(NotProcessed) as caught:
            post(opened(chats), reply)
    assert "https://t.me/acme_bot?start=" in (caught.value.hint or "")
    assert chats.sent == []
    direct = mention_of(chats, PRIVATE)
    assert post(opened(chats), Reply("psst", direct, private=True)).external_id.startswith("42/")


def test_two_readers_are_told_apart_from_a_bad_token(chats: Chats) -> None:
    chats.fault(r"GET .*/getUpdates", refusal(409, "Conflict: terminated by other getUpdates request"))
    _, error = until_error(opened(chats))
    assert isinstance(error, PlatformError)
    assert "deleteWebhook" in (error.hint or "")


def test_the_token_is_never_shown(chats: Chats, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "carecli.http")
    chats.fault(r"GET .*/getUpdates", Script(200, b"<html>"))
    _, no_json = until_error(opened(chats))
    chats.fault(r"GET .*/getUpdates", Script(418, b"teapot"))
    _, odd = until_error(opened(chats))
    for error in (no_json, odd):
        assert isinstance(error, PlatformError)
        assert "/botHIDDEN/getUpdates" in error.message
    assert "getUpdates" in caplog.text
    assert TOKEN not in caplog.text


def test_check(chats: Chats) -> None:
    assert check(opened(chats)) == "signed in as @acme_bot; reads all messages of its groups"
    chats.reads_all = False
    assert "/setprivacy" in check(opened(chats))
    chats.hook = "https://elsewhere.example"
    with pytest.raises(PlatformError, match="webhook"):
        check(opened(chats))
    for token in ("999:other", None, "a/b"):
        with pytest.raises(AuthError) as caught:
            check(opened(chats, token))
        assert "999:other" not in caught.value.message
        assert "@BotFather" in (caught.value.hint or "")
    with pytest.raises(ConfigError, match="shorter than its timeout"):
        check(opened(chats, wait=30))


def test_length_is_counted_in_utf_16() -> None:
    assert [measure(text) for text in ("abc", "é", "😀", "👩‍👩‍👧")] == [3, 1, 2, 8]
