"""Lemmy against a server that plays both versions of its API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import Reply
from carecli.platforms.lemmy import LEMMY
from carecli.platforms.lemmy.client import next_page
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script

ACME = 1


class Server(Fake):
    """One post with comments, of which those of others address acme. `newer`: it is a 1.0."""

    def __init__(self, *, newer: bool = False) -> None:
        super().__init__()
        self.newer, self.token, self.lost = newer, 0, False
        self.views: list[dict[str, Any]] = []
        if newer:
            self.route("GET", "/api/v4/site", self.site)
            self.route("GET", "/api/v4/account", self.account)
            self.route("GET", "/api/v4/account/notification/list", self.notified)
            self.route("GET", "/api/v4/person/content", self.content)
            self.route("GET", "/api/v4/search", self.found)
            self.route("POST", "/api/v4/comment", self.add)
            self.route("POST", "/api/v4/account/auth/login", self.login)
        else:
            self.route("GET", "/api/v3/site", self.site)
            self.route("GET", "/api/v3/user/mention", lambda r: {"mentions": self.numbered(self.to_us(), r)})
            self.route("GET", "/api/v3/user/replies", lambda r: {"replies": []})
            self.route("GET", "/api/v3/user", self.user)
            self.route("GET", "/api/v3/search", self.search)
            self.route("POST", "/api/v3/comment", self.add)
            self.route("POST", "/api/v3/user/login", self.login)

    def answer(self, request: Request) -> Script:
        free = request.path.endswith(("/login", "/site"))
        if free or request.headers.get("authorization") in {f"Bearer jwt-{self.token}", "Bearer jwt-pasted"}:
            return super().answer(request)
        self.requests.append(request)
        return json_script({"error": "not_logged_in"}, 400 if not self.newer else 401)

    def login(self, request: Request) -> object:
        said = json.loads(request.body)
        if said != {"username_or_email": "acme", "password": "secret-1"}:
            return json_script({"error": "incorrect_login"}, 401)
        self.token += 1
        return {"jwt": f"jwt-{self.token}", "registration_created": False}

    def person(self, name: str) -> dict[str, Any]:
        number = ACME if name == "acme" else sum(map(ord, name))
        address = {"ap_id" if self.newer else "actor_id": f"https://lemmy.example/u/{name}"}
        return {"id": number, "name": name, "display_name": name.title(), **address}

    def site(self, request: Request) -> object:
        languages = [{"id": 0, "code": "und"}, {"id": 37, "code": "en"}]
        signed = "authorization" in request.headers
        mine = {"my_user": {"local_user_view": {"person": self.person("acme")}}} if signed and not self.newer else {}
        return {"all_languages": languages, **mine}

    def account(self, request: Request) -> object:
        return {"local_user_view": {"person": self.person("acme")}}

    def comment(self, who: str, text: str, path: str = "0", below: int = 7, **more: Any) -> str:
        number, at = 34 + len(self.views), self.stamp()
        suffix = "_at" if self.newer else ""
        made = {"id": number, "content": text, "path": f"{path}.{number}", "language_id": 37, f"published{suffix}": at}
        made |= {"ap_id": f"https://lemmy.example/comment/{number}", "deleted": False, "removed": False, **more}
        counts = {"score": 1, "upvotes": 3, "child_count": 0}
        where = {**made, **counts} if self.newer else made
        view = {"comment": where, "creator": self.person(who), **({} if self.newer else {"counts": counts})}
        above = [view["post"]["id"] for view in self.views if view["comment"]["path"] == path]
        below = above[0] if above else below
        about = {"id": below, "name": "Acme", f"published{suffix}": at, "ap_id": f"https://lemmy.example/post/{below}"}
        self.views.append({**view, "post": about, "community": {"id": 2, "name": "apps"}})
        return f"comment/{number}"

    def to_us(self) -> list[dict[str, Any]]:
        return [view for view in reversed(self.views) if view["creator"]["id"] != ACME]

    def ours(self) -> list[dict[str, Any]]:
        return [view for view in reversed(self.views) if view["creator"]["id"] == ACME]

    def numbered(self, items: Sequence[Any], request: Request) -> list[Any]:
        page, limit = int(request.first("page")), int(request.first("limit"))
        assert request.first("sort") == "New"
        return list(items[(page - 1) * limit : page * limit])

    def cursored(self, items: Sequence[Any], request: Request, key: str = "items") -> object:
        start, limit = int(request.first("page_cursor", "c0")[1:]), int(request.first("limit"))
        more = {"next_page": f"c{start + limit}"} if start + limit < len(items) else {"next_page": None}
        return {key: list(items[start : start + limit]), **more}

    def user(self, request: Request) -> object:
        assert request.first("person_id") == str(ACME)
        return {"comments": self.numbered(self.ours(), request), "posts": []}

    def content(self, request: Request) -> object:
        return self.cursored(self.ours() if request.first("type_") == "comments" else [], request)

    def notified(self, request: Request) -> object:
        items = [
            {"notification": {"id": 1, "kind": "mention"}, "data": {"type_": "comment", **view}}
            for view in self.to_us()
        ]
        return self.cursored(items, request)

    def search(self, request: Request) -> object:
        found = [view for view in reversed(self.views) if request.first("q") in view["comment"]["content"]]
        comments = request.first("type_") == "Comments"
        return {"comments": self.numbered(found, request) if comments else [], "posts": []}

    def found(self, request: Request) -> object:
        found = [view for view in reversed(self.views) if request.first("search_term") in view["comment"]["content"]]
        return self.cursored(found if request.first("type_") == "comments" else [], request, "search")

    def add(self, request: Request) -> Script:
        said = json.loads(request.body)
        above = next((view for view in self.views if view["comment"]["id"] == said["parent_id"]), None)
        self.comment("acme", said["content"], above["comment"]["path"] if above else "0")
        return Script(502, b"<html>nginx") if self.lost else json_script({"comment_view": self.views[-1]})


@pytest.fixture(params=["v3", "v4"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(newer=request.param == "v4") as server:
        yield server


def opened(server: Server, secrets: dict[str, str] | None = None, **settings: Any) -> Opened:
    defaults = {"base_url": server.url, "handle": "@acme", "page_size": 10}
    return LEMMY.open(source(LEMMY, {**defaults, **settings}, secrets or {"PASSWORD": "secret-1"}))


class TestLemmy(FetcherContract, PosterContract):
    many = 35

    @pytest.fixture(autouse=True)
    def _server(self, server: Server) -> None:
        self.server = server

    def open(self) -> Opened:
        return opened(self.server, {"TOKEN": "jwt-pasted"})

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.comment("zoe", text) for text in texts]


def test_a_comment_as_it_is_stored(server: Server) -> None:
    top = server.comment("zoe", "@acme *crashes*")
    ours = server.comment("acme", "which one?", "0.34")
    more = server.comment("zoe", "the red one", "0.34.35")
    found = {mention.external_id: mention for mention in fetch(opened(server))[0]}
    assert (found[top].text, found[top].directed, found[top].likes) == ("@acme *crashes*", True, 3)
    assert (found[top].author.handle, found[top].author.name, found[top].language) == ("zoe@lemmy.example", "Zoe", "en")
    assert (found[top].in_reply_to, found[top].thread_root) == ("post/7", "post/7")
    assert (found[ours].inbound, found[ours].in_reply_to) == (False, top)
    assert (found[more].in_reply_to, found[more].url) == (ours, "https://lemmy.example/comment/36")


def test_a_search_and_what_was_deleted_or_edited(server: Server) -> None:
    said = server.comment("acme", "never mind")
    server.comment("zoe", "gone", deleted=True)
    kept = server.comment("kai", "acme airways again")
    mentions, cursor, _ = fetch(opened(server, search="airways"))
    assert inbound(mentions) == [kept]
    assert said in {mention.external_id for mention in mentions}
    key = "updated_at" if server.newer else "updated"
    server.views[-1]["comment"] |= {"content": "acme airways, fine now", key: server.stamp()}
    again = {mention.text for mention in fetch(opened(server, search="airways"), cursor)[0]}
    assert again == {"acme airways, fine now"}


@pytest.mark.parametrize("server", ["v3"], indirect=True)
def test_numbered_pages_that_shift_both_ways_while_they_are_read(server: Server) -> None:
    ids = [server.comment("zoe", f"number {number}") for number in range(145)]
    original, shifts = server.to_us, iter([1, -3, 2, -2, 0, -3])

    def shifting() -> list[dict[str, Any]]:
        found = original()
        shift = next(shifts, 0)
        ids.extend(server.comment("zoe", f"while you read {shift}") for _ in range(shift))
        for view in found[: -shift if shift < 0 else 0]:  # read already
            server.views.remove(view)
        return found

    server.to_us = shifting  # type: ignore[method-assign]
    first, cursor, _ = fetch(opened(server, page_size=30))
    server.to_us = original  # type: ignore[method-assign]
    found = {*inbound(first), *inbound(fetch(opened(server), cursor)[0])}
    left = {f"comment/{view['comment']['id']}" for view in server.views}
    assert left <= found <= set(ids)


@pytest.mark.parametrize("size", [10, 30, 50])
def test_numbered_pages_overlap_and_go_on(size: int) -> None:
    read = size
    for _ in range(60):
        page, limit = (int(part) for part in next_page(read, size).split("/"))
        assert limit <= size
        assert (page - 1) * limit <= read - size // 10
        assert page * limit > read
        read = page * limit


def test_what_was_taken_away_is_told_once(server: Server) -> None:
    comment = server.comment("zoe", "my phone number is")
    server.comment("kai", "keep this")
    _, cursor, _ = fetch(opened(server))
    server.views[0]["comment"] |= {"content": "", "deleted": True}
    pages, _ = until_error(opened(server), cursor)
    assert [page.deleted for page in pages] == [(comment,)]
    assert [page.mentions for page in pages] == [()]
    assert until_error(opened(server), pages[-1].cursor) == ([], None)


def test_limits_come_as_a_400(server: Server) -> None:
    server.comment("zoe", "help")
    (mention,) = fetch(opened(server))[0]
    limit = json_script({"error": "rate_limit_error"}, 400)
    server.fault("GET .*(mention|notification)", limit)
    assert isinstance(until_error(opened(server))[1], RateLimited)
    server.fault("POST .*/comment", limit)
    with pytest.raises(RateLimited):
        post(opened(server), Reply("soon", mention))
    assert len(server.views) == 1


def test_a_session_that_ended_is_renewed(server: Server) -> None:
    server.comment("zoe", "help")
    (mention,) = fetch(opened(server))[0]
    expired = json_script({"error": "not_logged_in"}, 401)
    server.fault("POST .*/comment", expired)
    assert post(opened(server), Reply("soon", mention)).external_id == "comment/35"
    server.fault("POST .*/comment", expired, expired)
    with pytest.raises(AuthError):
        post(opened(server), Reply("soon", mention))
    assert len(server.views) == 2


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (json_script({"error": "language_not_allowed"}, 400), NotProcessed),
        (json_script({"error": "banned_from_community"}, 400), NotProcessed),
        (Script(502, b"<html>nginx"), BadAnswer),
    ],
)
def test_what_a_failed_reply_means(server: Server, script: Script, error: type[PlatformError]) -> None:
    server.comment("zoe", "help")
    reply = Reply("soon", fetch(opened(server))[0][0])
    server.fault("POST .*/comment", script)
    with pytest.raises(error):
        post(opened(server), reply)
    assert find(opened(server), reply) is None


def test_a_lost_answer_is_unknown_and_then_found(server: Server) -> None:
    server.comment("zoe", "help")
    reply = Reply("soon & *surely*", fetch(opened(server))[0][0], language="en")
    for number in range(15):
        server.comment("acme", f"noise {number}")
    server.lost = True
    with pytest.raises(BadAnswer):
        post(opened(server), reply)
    assert find(opened(server), Reply("something else", reply.to)) is None
    receipt = find(opened(server), reply)
    assert receipt is not None
    assert receipt.external_id == "comment/50"
    sent = next(request for request in server.requests if request.path.endswith("/comment"))
    assert json.loads(sent.body)["language_id"] == 37


def test_what_cannot_be_sent(server: Server) -> None:
    server.comment("zoe", "help")
    (mention,) = fetch(opened(server))[0]
    for reply in (Reply("x" * 10_001, mention), Reply("psst", mention, private=True)):
        with pytest.raises(NotProcessed):
            post(opened(server), reply)
    assert len(server.views) == 1


def test_check_and_what_a_source_needs(server: Server) -> None:
    version = "api/v4" if server.newer else "api/v3"
    assert check(opened(server)) == f"signed in as @acme@{server.url.removeprefix('http://')} ({version})"
    with pytest.raises(AuthError, match="incorrect_login") as caught:
        check(opened(server, {"PASSWORD": "secret-2"}))
    assert "secret-2" not in str(caught.value)
    with pytest.raises(AuthError, match="neither a PASSWORD"):
        check(opened(server, handle=""))
    with pytest.raises(ConfigError, match="no base_url"):
        check(opened(server, base_url=""))
