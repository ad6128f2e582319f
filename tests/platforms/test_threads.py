"""Threads against a server that plays its API: conversations, containers and their publication."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest

from carecli.errors import AuthError, BadAnswer, NotProcessed
from carecli.model import JSON, Mention, Reply
from carecli.platforms.testing import FetcherContract, PosterContract
from carecli.platforms.threads import THREADS, measure
from tests.platforms.fakes import Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.graph import TOKEN, GraphFake, refusal
from tests.platforms.servers import Request, Script


class Loom(GraphFake):
    """Everything that was posted, oldest first, and containers that are not out yet."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[JSON] = []
        self.containers: dict[str, JSON] = {}
        self.states = ["FINISHED"]
        self.approved, self.lost = False, False
        self.route("GET", "/me", lambda _request: {"id": "1", "username": "acme"})
        self.route(
            "GET", "/me/threads", lambda request: self.listed(request, lambda p: self.ours(p) and not p["is_reply"])
        )
        self.route("GET", "/me/replies", lambda request: self.listed(request, lambda p: self.ours(p) and p["is_reply"]))
        self.route("GET", "/me/mentions", self.mentions)
        self.route("GET", "/keyword_search", self.search)
        self.route("GET", "/me/threads_publishing_limit", lambda _request: {"data": [{"reply_quota_usage": 3}]})
        self.route("GET", "/([0-9]+)/conversation", self.conversation)
        self.route(
            "GET", "/(c[0-9]+)", lambda _request, _name: {"status": self.states.pop(0), "error_message": "too odd"}
        )
        self.route("POST", "/me/threads", self.prepare)
        self.route("POST", "/me/threads_publish", self.publish)

    def ours(self, post: JSON) -> bool:
        return bool(post["username"] == "acme")

    def listed(self, request: Request, wanted: Any) -> JSON:
        return self.paged([post for post in self.posts[::-1] if wanted(post)], request)

    def write(self, text: str, author: str = "zoe", to: str = "") -> str:
        name = str(17_000 + len(self.posts))
        link = f"https://www.threads.net/@{author}/post/{name}"
        about = {"permalink": link, "timestamp": self.at(), "is_reply": bool(to), "media_type": "TEXT_POST"}
        if to:
            above = next(post for post in self.posts if post["id"] == to)
            about |= {"replied_to": {"id": to}, "root_post": {"id": above.get("root_post", {"id": to})["id"]}}
        self.posts.append({"id": name, "text": text, "username": author, **about})
        return name

    def conversation(self, request: Request, name: str) -> object:
        assert request.first("reverse") == "true"
        return self.listed(request, lambda p: p.get("root_post", {}).get("id") == name)

    def mentions(self, request: Request) -> object:
        return self.listed(request, lambda p: "@acme" in p["text"]) if self.approved else refusal(10, 403)

    def search(self, request: Request) -> object:
        assert request.first("search_mode") in {"TAG", "KEYWORD"}
        return self.listed(request, lambda p: request.first("q") in p["text"])

    def prepare(self, request: Request) -> object:
        name = f"c{len(self.containers)}"
        self.containers[name] = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        return {"id": name}

    def publish(self, request: Request) -> object:
        form = self.containers.pop(parse_qs(request.body.decode())["creation_id"][0])
        made = self.write(form["text"], "acme", form["reply_to_id"])
        return Script(500) if self.lost else {"id": made}


@pytest.fixture
def loom() -> Iterator[Loom]:
    with Loom() as server:
        yield server


def opened(loom: Loom, token: str = TOKEN, **settings: Any) -> Opened:
    return THREADS.open(source(THREADS, {"base_url": loom.url, "page_size": 5, **settings}, {"TOKEN": token}))


class TestThreads(FetcherContract, PosterContract):
    """In seven threads in turn: two pages of threads."""

    many = 60

    @pytest.fixture(autouse=True)
    def _server(self, loom: Loom) -> None:
        self.loom = loom
        self.threads = [loom.write(f"news {number}", "acme") for number in range(7)]

    def open(self) -> Opened:
        return opened(self.loom)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.loom.write(text, to=self.threads[number % 7]) for number, text in enumerate(texts)]


def test_a_reply_as_it_is_stored(loom: Loom) -> None:
    root = loom.write("news", "acme")
    top = loom.write("App <crashes> 😡", to=root)
    below = loom.write("me too", "kai", to=top)
    found = {mention.external_id: mention for mention in fetch(opened(loom))[0]}
    assert set(found) == {top, below}
    assert (found[top].text, found[top].in_reply_to, found[top].directed) == ("App <crashes> 😡", root, True)
    assert (found[below].in_reply_to, found[below].thread_root) == (top, root)
    assert (found[top].author.handle, found[top].author.followers, found[top].likes) == ("zoe", None, None)
    assert found[top].url == f"https://www.threads.net/@zoe/post/{top}"


def test_a_thread_without_replies_costs_nothing(loom: Loom) -> None:
    loom.write("news", "acme")
    loom.posts[0]["has_replies"] = False
    assert fetch(opened(loom))[0] == []
    assert loom.paths() == ["/me", "/me/threads", "/me/replies"]


def test_mentions_and_searches_need_a_review(loom: Loom) -> None:
    loom.write("news", "acme")
    reply = loom.write("hello", to=loom.posts[0]["id"])
    named = loom.write("@acme hi, #acme")
    pages, error = until_error(opened(loom, mentions="true"))
    assert inbound([mention for page in pages for mention in page.mentions]) == [reply]
    assert isinstance(error, AuthError)
    assert "after a review" in (error.hint or "")
    loom.approved = True
    found = {mention.external_id: mention for mention in fetch(opened(loom, mentions="true", search="#acme"))[0]}
    assert found[named].directed
    (hit,) = [mention for mention in fetch(opened(loom, search="#acme"))[0] if mention.external_id == named]
    assert hit.directed is False


def test_a_spent_search_does_not_stop_the_replies(loom: Loom) -> None:
    root = loom.write("news", "acme")
    ids = [loom.write(f"number {number}", to=root) for number in range(12)]
    loom.fault("GET /keyword_search", refusal(4))
    pages, error = until_error(opened(loom, search="acme"))
    assert error is None
    assert "search:acme has to wait" in " ".join(line for page in pages for line in page.skipped)
    assert sorted(inbound([mention for page in pages for mention in page.mentions])) == sorted(ids)


def mention_of(loom: Loom) -> Mention:
    loom.write("App crashes", to=loom.write("news", "acme"))
    return fetch(opened(loom))[0][0]


def test_an_answer_waits_until_its_container_is_ready(loom: Loom) -> None:
    mention = mention_of(loom)
    loom.states = ["IN_PROGRESS", "FINISHED"]
    receipt = post(opened(loom), Reply("sorry", mention))
    assert (loom.posts[-1]["id"], loom.posts[-1]["replied_to"]["id"]) == (receipt.external_id, mention.external_id)


def test_whatever_happens_to_a_container_nothing_is_out(loom: Loom) -> None:
    reply = Reply("sorry", mention_of(loom))
    loom.states = ["ERROR"]
    with pytest.raises(NotProcessed, match="too odd"):
        post(opened(loom), reply)
    for script in (Script(500), refusal(2, 500), Script(200, b"<html>"), Script(200, b'{"id": "c', cut=4)):
        loom.fault("POST /me/threads$", script)
        with pytest.raises(NotProcessed):
            post(opened(loom), reply)
    loom.fault("POST /me/threads$", refusal(190))
    with pytest.raises(AuthError):
        post(opened(loom), reply)
    assert find(opened(loom), reply) is None


def test_a_lost_publication_is_unknown_and_then_found(loom: Loom) -> None:
    reply = Reply("sorry", mention_of(loom))
    loom.lost = True
    with pytest.raises(BadAnswer) as caught:
        post(opened(loom), reply)
    assert not isinstance(caught.value, NotProcessed)
    found = find(opened(loom), reply)
    assert found is not None
    assert found.url == f"https://www.threads.net/@acme/post/{found.external_id}"


def test_what_cannot_be_sent(loom: Loom) -> None:
    mention = mention_of(loom)
    links = " ".join(f"https://shop.example/{number}" for number in range(6))
    for reply in (Reply("x" * 501, mention), Reply(links, mention), Reply("psst", mention, private=True)):
        with pytest.raises(NotProcessed):
            post(opened(loom), reply)
    assert loom.paths("POST") == []


def test_length_counts_the_bytes_of_emoji() -> None:
    assert [measure(text) for text in ("abc", "é", "中文カナ、", "😀", "👩‍👩‍👧", "❤️")] == [3, 1, 5, 4, 18, 6]


def test_check(loom: Loom) -> None:
    assert check(opened(loom)) == "signed in as @acme; 997 replies left today"
    for client, error in ((opened(loom, "TH-ended"), AuthError), (opened(loom, mentions="true"), AuthError)):
        with pytest.raises(error) as caught:
            check(client)
        assert "60 days" in (caught.value.hint or "")
        assert "TH-ended" not in str(caught.value)
