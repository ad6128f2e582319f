"""Discourse against a server that plays a forum."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import Mention, Reply
from carecli.platforms.discourse import DISCOURSE
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script

ACME = "acme"


class Forum(Fake):
    """Topics in two categories, of which 2 is for members; notifications of acme; posts may wait for approval."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[dict[str, Any]] = []
        self.topics: dict[int, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self.pending: list[dict[str, Any]] = []
        self.approval, self.lost, self.raw = False, False, True
        self.route("GET", "/notifications.json", self.notified)
        self.route("GET", "/user_actions.json", self.actions)
        self.route("GET", "/search.json", self.search)
        self.route("GET", "/posts.json", self.latest)
        self.route("GET", r"/t/(\d+).json", self.topic)
        self.route("GET", r"/t/(\d+)/posts.json", self.some)
        self.route("GET", "/posts/acme/pending.json", lambda _: {"pending_posts": self.pending})
        self.route("POST", "/posts.json", self.add)
        self.route("GET", "/site.json", lambda _: {"categories": [self.category(1), self.category(2)]})

    def category(self, number: int) -> dict[str, Any]:
        return {"id": number, "read_restricted": number == 2}

    def write(
        self, who: str, text: str, topic: int = 0, to: int | None = None, kind: int | None = 1, **about: Any
    ) -> str:
        """A post in a topic, a new one without `topic`; `kind` is how acme is notified of it."""
        if not topic:
            topic = len(self.topics) + 70
            self.topics[topic] = {"id": topic, "archetype": "regular", "category_id": 1, **about}
        number, at = 1 + sum(post["topic_id"] == topic for post in self.posts), self.stamp()
        made = {"id": 900 + len(self.posts), "topic_id": topic, "topic_slug": "app", "post_number": number}
        made |= {"username": who, "name": who.title(), "user_id": 5, "created_at": at, "updated_at": at, "version": 1}
        made |= {"raw": text, "cooked": f"<p>{escape(text)}</p>", "reply_to_post_number": to, "reply_count": 0}
        made |= {"category_id": self.topics[topic].get("category_id"), "actions_summary": [{"id": 2, "count": 4}]}
        self.posts.append(made)
        if kind and who != ACME:
            about = {"original_post_id": made["id"]}
            note = {
                "id": made["id"],
                "notification_type": kind,
                "topic_id": topic,
                "post_number": number,
                "data": about,
            }
            self.notes.append({**note, "created_at": at})
        return f"{topic}/{number}"

    def answer(self, request: Request) -> Script:
        good = request.headers.get("api-key") == "key-1" and request.headers.get("api-username") == ACME
        if not good and request.headers.get("user-api-key") != "user-key-1":
            self.requests.append(request)
            body = {"errors": ["The API username or key is invalid."], "error_type": "invalid_access"}
            return json_script(body, 403)
        return super().answer(request)

    def part(self, items: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        start, size = int(request.first("offset", "0")), int(request.first("limit"))
        return items[::-1][start : start + size]

    def notified(self, request: Request) -> object:
        assert request.first("silent") == "true"
        return {"notifications": self.part(self.notes, request)}

    def actions(self, request: Request) -> object:
        ours = [post for post in self.posts if post["username"] == ACME]
        return {"user_actions": [{**post, "post_id": post["id"]} for post in self.part(ours, request)]}

    def search(self, request: Request) -> object:
        words, page = request.first("q").removesuffix(" order:latest").strip('"'), int(request.first("page"))
        found = [{**post, "blurb": "…"} for post in reversed(self.posts) if words in post["raw"]]
        more = {"more_full_page_results": len(found) > page * 10}
        return {"posts": found[page * 10 - 10 : page * 10], "grouped_search_result": more}

    def latest(self, request: Request) -> object:
        before = int(request.first("before", "999999"))
        found = [post for post in reversed(self.posts) if post["id"] <= before and post["category_id"] is not None]
        return {"latest_posts": found[:10]}

    def topic(self, request: Request, number: str) -> object:
        posts = [post for post in self.posts if post["topic_id"] == int(number)]
        if not posts:
            return json_script({"errors": ["The requested URL could not be found."], "error_type": "not_found"}, 404)
        stream = {"stream": [post["id"] for post in posts], "posts": self.shown(posts[:3])}
        return {**self.topics[int(number)], "post_stream": stream}

    def some(self, request: Request, number: str) -> object:
        wanted = set(request.query["post_ids[]"])
        return {"post_stream": {"posts": self.shown([post for post in self.posts if str(post["id"]) in wanted])}}

    def shown(self, posts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [post if self.raw else {key: post[key] for key in post if key != "raw"} for post in posts]

    def add(self, request: Request) -> Script:
        said = json.loads(request.body)
        if len(said["raw"]) < 3:
            return json_script({"action": "create_post", "errors": ["Body is too short"]}, 422)
        if self.approval:
            waits = {"id": 31, "topic_id": said["topic_id"], "raw": said["raw"]}
            self.pending.append(waits)
            return json_script({"success": True, "action": "enqueued", "pending_post": waits})
        to = said["reply_to_post_number"]
        self.write(ACME, said["raw"], said["topic_id"], None if to == 1 else to)
        return Script(504, b"<html>Gateway") if self.lost else json_script(self.posts[-1])


@pytest.fixture
def forum() -> Iterator[Forum]:
    with Forum() as server:
        yield server


def opened(server: Forum, secrets: dict[str, str] | None = None, **settings: Any) -> Opened:
    defaults = {"base_url": server.url, "handle": ACME, "page_size": 10}
    return DISCOURSE.open(source(DISCOURSE, {**defaults, **settings}, secrets or {"KEY": "key-1"}))


class TestNotifications(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, forum: Forum) -> None:
        self.forum = forum

    def open(self) -> Opened:
        return opened(self.forum, {"TOKEN": "user-key-1"})

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.forum.write("zoe", text) for text in texts]


class TestWholeForum(FetcherContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, forum: Forum) -> None:
        self.forum = forum
        self.topic = int(forum.write("acme", "Welcome").partition("/")[0])

    def open(self) -> Opened:
        return opened(self.forum, forum="true")

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.forum.write("zoe", text, self.topic, kind=None) for text in texts]


class TestSearch(TestWholeForum):
    def open(self) -> Opened:
        return opened(self.forum, search="says")

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.forum.write("zoe", f"says {text}", self.topic, kind=None) for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("says ")


def test_a_post_as_it_is_stored(forum: Forum) -> None:
    root = forum.write("zoe", "@acme *crashes* <now>")
    ours = forum.write("acme", "which one?", 70)
    more = forum.write("zoe", "the red one", 70, 2, kind=2)
    found = {mention.external_id: mention for mention in fetch(opened(forum))[0]}
    host = forum.url.removeprefix("http://")
    assert (found[root].text, found[root].host, found[root].in_reply_to) == ("@acme *crashes* <now>", host, None)
    assert (found[root].directed, found[root].visibility, found[root].likes) == (True, "public", 4)
    assert found[more].url == f"{forum.url}/t/app/70/3"
    assert (found[ours].inbound, found[ours].in_reply_to) == (False, root)
    assert (found[more].in_reply_to, found[more].thread_root) == (ours, root)


def test_without_raw_the_html_is_read(forum: Forum) -> None:
    forum.raw = False
    forum.write("zoe", "a < b & c")
    assert fetch(opened(forum))[0][0].text == "a < b & c"


def test_what_is_not_for_everybody_is_marked(forum: Forum) -> None:
    members = forum.write("zoe", "among us", category_id=2)
    message = forum.write("zoe", "my address is", kind=6, archetype="private_message", category_id=None)
    found = {mention.external_id: mention.visibility for mention in fetch(opened(forum, forum="true"))[0]}
    assert found == {members: "internal", message: "direct"}


def test_other_notifications_and_topics_that_are_gone(forum: Forum) -> None:
    forum.write("zoe", "liked", kind=5)
    gone = forum.write("zoe", "gone")
    forum.posts.pop()
    mentions, cursor, skipped = fetch(opened(forum))
    assert mentions == []
    assert skipped == [f"the topic {gone.partition('/')[0]} is gone or closed to us"]
    assert fetch(opened(forum), cursor) == ([], cursor, [])


def test_notifications_that_shift_while_they_are_read(forum: Forum) -> None:
    ids = [forum.write("zoe", f"number {number}") for number in range(25)]
    original = forum.notified

    def shifting(request: Request) -> object:
        found = original(request)
        if request.first("offset") == "0":
            ids.append(forum.write("zoe", "while you read"))
            del forum.notes[20:23]  # read already: what comes after moves up
        return found

    forum.routes.insert(0, ("GET", forum.routes[0][1], shifting))
    first, cursor, _ = fetch(opened(forum))
    forum.routes.pop(0)
    rest, _, _ = fetch(opened(forum), cursor)
    assert sorted({*inbound(first), *inbound(rest)}) == sorted(ids)


@pytest.mark.parametrize("where", ["root", "below"])
def test_replies_and_their_receipts(forum: Forum, where: str) -> None:
    root = forum.write("zoe", "@acme help")
    below = forum.write("kai", "me too", 70, kind=9)
    mention = next(m for m in fetch(opened(forum))[0] if m.external_id == {"root": root, "below": below}[where])
    for number in range(8):
        forum.write("omar", f"noise {number}", 70, kind=None)
    reply = Reply("we *will*, soon", mention)
    receipt = post(opened(forum), reply)
    assert receipt.external_id == "70/11"
    assert find(opened(forum), reply) == receipt
    assert find(opened(forum), Reply("something else", mention)) is None


def test_a_reply_that_waits_for_approval_is_found(forum: Forum) -> None:
    forum.write("zoe", "@acme help")
    reply = Reply("we will, soon", fetch(opened(forum))[0][0])
    forum.approval = True
    receipt = post(opened(forum), reply)
    assert receipt.external_id == "70/pending-31"
    assert find(opened(forum), reply) == receipt


def test_a_lost_answer_is_unknown_and_then_found(forum: Forum) -> None:
    forum.write("zoe", "@acme help")
    reply = Reply("we will, soon", fetch(opened(forum))[0][0])
    forum.lost = True
    with pytest.raises(BadAnswer):
        post(opened(forum), reply)
    assert find(opened(forum), reply) is not None


def test_what_is_refused(forum: Forum) -> None:
    forum.write("zoe", "@acme help")
    mention = fetch(opened(forum))[0][0]
    for reply, said in (
        (Reply("ok", mention), "Body is too short"),
        (Reply("x" * 32_001, mention), "32000 are allowed"),
        (Reply("psst, you", mention, private=True), "does not begin private messages"),
    ):
        with pytest.raises(NotProcessed, match=said):
            post(opened(forum), reply)
    assert len(forum.posts) == 1


def test_limits_say_how_long(forum: Forum) -> None:
    body = {"errors": ["slow down"], "error_type": "rate_limit", "extras": {"wait_seconds": 900}}
    forum.fault("GET", json_script(body, 429))
    _, caught = until_error(opened(forum))
    assert isinstance(caught, RateLimited)
    assert caught.retry_after == 900


@pytest.mark.parametrize("script", [Script(200, b"<html>Sign in"), json_script(["x"])])
def test_answers_that_are_none(forum: Forum, script: Script) -> None:
    forum.fault("GET /notifications", script)
    assert isinstance(until_error(opened(forum))[1], PlatformError)


def test_check_and_what_a_source_needs(forum: Forum) -> None:
    assert check(opened(forum)) == f"acme at {forum.url.removeprefix('http://')}; notifications can be read"
    with pytest.raises(AuthError, match="key is invalid") as caught:
        check(opened(forum, {"KEY": "key-2"}))
    assert "ask an administrator" in (caught.value.hint or "")
    with pytest.raises(ConfigError, match="no handle"):
        check(opened(forum, handle=""))
    with pytest.raises(ConfigError, match="no base_url"):
        check(DISCOURSE.open(source(DISCOURSE, {})))
    with pytest.raises(AuthError, match="neither a KEY nor a TOKEN"):
        check(DISCOURSE.open(source(DISCOURSE, {"base_url": forum.url})))
