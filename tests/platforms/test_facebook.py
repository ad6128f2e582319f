"""Facebook Pages against a server that plays the Graph API, and what Meta's three platforms have in common."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited, Unreachable
from carecli.model import JSON, Mention, Reply
from carecli.platforms.facebook import FACEBOOK
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.graph import SECRET, TOKEN, GraphFake, refusal
from tests.platforms.servers import Request, Script, json_script

PAGE = {"id": "1122", "name": "Acme"}
ZOE = {"id": "998", "name": "Zoe"}
INLINE = 3  # fewer than asked for, which is allowed


class Wall(GraphFake):
    """Posts of the Page and of visitors, oldest first, and comments by post."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[JSON] = []
        self.comments: dict[str, list[JSON]] = {}
        self.tagged: list[JSON] = []
        self.messages: list[JSON] = []
        self.lost = False
        self.route("GET", "/me", lambda _request: PAGE)
        self.route("GET", "/1122", lambda _request: PAGE)
        self.route("GET", "/1122/feed", self.feed)
        self.route("GET", "/1122/tagged", lambda request: self.paged(self.tagged[::-1], request))
        self.route("GET", "/([0-9_]+)/comments", self.below)
        self.route("POST", "/([0-9_]+)/comments", self.add)
        self.route("POST", "/me/messages", self.message)

    def submit(self, text: str, author: JSON | None = PAGE, posts: list[JSON] | None = None) -> str:
        name = f"1122_{len(self.posts) + len(self.tagged) + 5000}"
        link = f"https://www.facebook.com/acme/posts/{name}"
        made = {"id": name, "message": text, "created_time": self.at(), "permalink_url": link}
        (self.posts if posts is None else posts).append(made if author is None else {**made, "from": author})
        self.comments[name] = []
        return name

    def write(self, text: str, post: str, author: JSON | None = ZOE, parent: str = "") -> str:
        name = f"{post.partition('_')[2]}_{sum(map(len, self.comments.values()))}"
        made = {"id": name, "message": text, "created_time": self.at(), "like_count": 1, "comment_count": 0}
        made |= {"from": author} if author else {}
        self.comments[post].append({**made, "parent": {"id": parent}} if parent else made)
        return name

    def feed(self, request: Request) -> object:
        found = self.paged(self.posts[::-1], request)
        assert "comments.filter(stream).order(reverse_chronological)" in request.first("fields") or found["data"]
        for one in found["data"]:
            newest = self.comments[one["id"]][::-1]
            first = Request("GET", "", {}, {}, b"")
            one["comments"] = self.paged(newest, first, INLINE)
        return found

    def below(self, request: Request, name: str) -> object:
        everything = self.comments.get(name, [])
        if name not in self.comments:
            everything = [item for items in self.comments.values() for item in items]
            everything = [item for item in everything if item.get("parent", {}).get("id") == name]
        return self.paged(everything[::-1], request)

    def add(self, request: Request, name: str) -> Script:
        text = parse_qs(request.body.decode())["message"][0]
        post = (
            name
            if name in self.comments
            else next(p for p, c in self.comments.items() if any(i["id"] == name for i in c))
        )
        made = self.write(text, post, PAGE, "" if name == post else name)
        return Script(500, b"") if self.lost else json_script({"id": made})

    def message(self, request: Request) -> object:
        form = {name: json.loads(values[0]) for name, values in parse_qs(request.body.decode()).items()}
        self.messages.append(form)
        return {"recipient_id": "998", "message_id": "m_1"}


@pytest.fixture
def wall() -> Iterator[Wall]:
    with Wall() as server:
        yield server


def opened(wall: Wall, secrets: JSON | None = None, **settings: Any) -> Opened:
    given = {"base_url": wall.url, "page_size": 5}
    return FACEBOOK.open(source(FACEBOOK, {**given, **settings}, secrets or {"TOKEN": TOKEN}))


class TestVisitors(FetcherContract, PosterContract):
    many = 13

    @pytest.fixture(autouse=True)
    def _server(self, wall: Wall) -> None:
        self.wall = wall

    def open(self) -> Opened:
        return opened(self.wall)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.wall.submit(text, ZOE) for text in texts]


class TestComments(FetcherContract):
    """Below seven posts of the Page in turn: two pages of posts, each with more comments than came with it."""

    many = 60

    @pytest.fixture(autouse=True)
    def _server(self, wall: Wall) -> None:
        self.wall = wall
        self.posts = [wall.submit(f"news {number}") for number in range(7)]

    def open(self) -> Opened:
        return opened(self.wall)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.wall.write(text, self.posts[number % 7]) for number, text in enumerate(texts)]


def test_a_comment_as_it_is_stored(wall: Wall) -> None:
    news = wall.submit("news")
    top = wall.write("App <crashes>", news)
    nested = wall.write("me too", news, None, top)
    ours = wall.write("which phone?", news, PAGE, top)
    wall.write("", news)
    found = {mention.external_id: mention for mention in fetch(opened(wall))[0]}
    assert set(found) == {top, nested, ours}
    assert (found[top].text, found[top].in_reply_to, found[top].thread_root) == ("App <crashes>", news, news)
    assert (found[top].author.handle, found[top].author.id, found[top].directed) == ("Zoe", "998", True)
    assert (found[nested].author.handle, found[nested].author.id) == ("unknown", f"?{nested}")
    assert (found[ours].inbound, found[ours].in_reply_to) == (False, top)


def test_what_was_seen_below_a_post_is_not_read_again(wall: Wall) -> None:
    hot = wall.submit("news")
    for number in range(250):
        wall.write(f"number {number}", hot)
    wall.moment += timedelta(minutes=70)
    wall.write("an hour later", hot)
    found, cursor, _ = fetch(opened(wall))
    assert len(found) == 251
    wall.requests.clear()
    late = [wall.write(f"late {number}", hot) for number in range(2)]
    again, _, _ = fetch(opened(wall), cursor)
    assert sorted(inbound(again)) == sorted(late)
    assert wall.paths().count(f"/{hot}/comments") == 1  # of three pages: what reaches below the last hour ends it


def test_tagged_posts(wall: Wall) -> None:
    name = wall.submit("look, @Acme", None, wall.tagged)
    (mention,) = fetch(opened(wall))[0]
    assert (mention.external_id, mention.directed, mention.author.handle) == (name, True, "unknown")
    assert fetch(opened(wall, tagged="false"))[0] == []


def test_a_listing_that_fails_does_not_stop_the_other(wall: Wall) -> None:
    name = wall.submit("hello", ZOE)
    wall.fault("GET /1122/tagged", refusal(10, 403))
    pages, error = until_error(opened(wall))
    assert inbound([mention for page in pages for mention in page.mentions]) == [name]
    assert isinstance(error, AuthError)
    assert "pages_read_user_content" in (error.hint or "")


def test_a_stop_below_a_post_loses_nothing(wall: Wall) -> None:
    news = wall.submit("news")
    ids = [wall.write(f"number {number}", news) for number in range(250)]
    cut = Script(200, b'{"data": [', cut=5)
    wall.fault(f"GET /{news}/comments", json_script(wall.below(asking("100", ids[-INLINE]), news)), cut, cut, cut)
    broken, error = until_error(opened(wall, tagged="false"))
    assert isinstance(error, BadAnswer | Unreachable)
    rest, _, _ = fetch(opened(wall), broken[-1].cursor if broken else {})
    assert {*inbound([mention for page in broken for mention in page.mentions]), *inbound(rest)} == set(ids)


def asking(limit: str, after: str) -> Request:
    return Request("GET", "", {"limit": [limit], "after": [after]}, {}, b"")


@pytest.mark.parametrize(
    ("script", "error", "hint"),
    [
        (refusal(190, error_subcode=463), AuthError, "ended or was taken back"),
        (refusal(200, 403), AuthError, "permission is missing"),
        (refusal(4), RateLimited, ""),
        (refusal(32), RateLimited, ""),
        (refusal(613), RateLimited, ""),
        (refusal(80001, usage={"1122": [{"type": "pages", "estimated_time_to_regain_access": 9}]}), RateLimited, ""),
        (refusal(2, 200 + 300), BadAnswer, ""),
        (refusal(100), PlatformError, ""),
    ],
)
def test_metas_codes(wall: Wall, script: Script, error: type[PlatformError], hint: str) -> None:
    wall.fault("GET /1122/feed", script, script, script)
    _, caught = until_error(opened(wall))
    assert type(caught) is error
    assert hint in (caught.hint or "")
    assert TOKEN not in caught.message
    if b"80001" in script.body:
        assert isinstance(caught, RateLimited)
        assert caught.retry_after == 540


def test_reading_ends_shortly_before_the_limit(wall: Wall) -> None:
    for number in range(12):
        wall.submit(f"number {number}", ZOE)
    wall.headers = {"X-App-Usage": json.dumps({"call_count": 96, "total_time": 10, "total_cputime": 5})}
    _, error = until_error(opened(wall))
    assert isinstance(error, RateLimited)
    assert "96 %" in error.message
    wall.headers = {"X-App-Usage": "not JSON"}
    assert len(fetch(opened(wall))[0]) == 12


def test_signed_requests(wall: Wall) -> None:
    wall.submit("hello", ZOE)
    wall.demands_proof = True
    (mention,) = fetch(opened(wall, {"TOKEN": TOKEN, "SECRET": SECRET}))[0]
    assert post(opened(wall, {"TOKEN": TOKEN, "SECRET": SECRET}), Reply("sorry", mention)).external_id
    assert isinstance(until_error(opened(wall))[1], PlatformError)


def mention_of(wall: Wall) -> Mention:
    news = wall.submit("news")
    wall.write("App crashes", news)
    return fetch(opened(wall))[0][0]


def test_an_answer_to_a_deeper_comment_stands_beside_it(wall: Wall) -> None:
    news = wall.submit("news")
    top = wall.write("App crashes", news)
    nested = wall.write("me too", news, ZOE, top)
    found = {mention.external_id: mention for mention in fetch(opened(wall))[0]}
    reply = Reply("update it", found[nested])
    receipt = post(opened(wall), reply)
    assert wall.paths("POST") == [f"/{top}/comments"]
    again = find(opened(wall), reply)
    assert again is not None
    assert (again.external_id, again.url) == (receipt.external_id, receipt.url)


def test_a_lost_answer_is_unknown_and_then_found(wall: Wall) -> None:
    reply = Reply("sorry", mention_of(wall))
    wall.lost = True
    with pytest.raises(BadAnswer):
        post(opened(wall), reply)
    assert find(opened(wall), reply) is not None


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (refusal(368), NotProcessed),
        (refusal(100), NotProcessed),
        (refusal(17), RateLimited),
        (refusal(200, 403), AuthError),
        (refusal(1, 400, is_transient=True), BadAnswer),
    ],
)
def test_what_meta_refuses_was_not_sent_unless_it_does_not_know(
    wall: Wall, script: Script, error: type[PlatformError]
) -> None:
    reply = Reply("sorry", mention_of(wall))
    wall.fault("POST", script)
    with pytest.raises(error) as caught:
        post(opened(wall), reply)
    assert type(caught.value) is error


def test_a_private_answer(wall: Wall) -> None:
    mention = mention_of(wall)
    reply = Reply("your order is on its way", mention, private=True)
    assert post(opened(wall), reply).external_id == "m_1"
    assert wall.messages == [
        {"recipient": {"comment_id": mention.external_id}, "message": {"text": "your order is on its way"}}
    ]
    with pytest.raises(PlatformError, match="does not say"):
        find(opened(wall), reply)
    with pytest.raises(NotProcessed, match="8001 characters"):
        post(opened(wall), Reply("x" * 8001, mention))


def test_check(wall: Wall) -> None:
    wall.submit("hello", ZOE)
    assert check(opened(wall)) == "the Page Acme (1122); its posts and comments can be read"
    for secrets in ({"TOKEN": "EAAG-other"}, {"KEY": "x"}):
        with pytest.raises(AuthError) as caught:
            check(opened(wall, secrets))
        assert "EAAG-other" not in caught.value.message
        assert "Graph API Explorer" in (caught.value.hint or "")
