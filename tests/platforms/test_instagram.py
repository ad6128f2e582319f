"""Instagram against a server that plays its API: media, comments, replies one level below them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Reply
from carecli.platforms.instagram import INSTAGRAM
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.graph import TOKEN, GraphFake, refusal
from tests.platforms.servers import Request, Script, json_script

INLINE = 3


class Gallery(GraphFake):
    """Media of the account `acme`, oldest first; comments by medium, replies by comment."""

    def __init__(self) -> None:
        super().__init__()
        self.media: list[JSON] = []
        self.comments: dict[str, list[JSON]] = {}
        self.replies: dict[str, list[JSON]] = {}
        self.tags: list[JSON] = []
        self.sent: list[tuple[str, JSON]] = []
        self.lost = False
        self.number = 17_900
        self.route("GET", "/me", lambda _request: {"id": "1", "username": "acme"})
        self.route("GET", "/me/media", self.list_media)
        self.route("GET", "/me/tags", lambda request: self.paged(self.tags[::-1], request))
        self.route("GET", "/([0-9]+)/comments", lambda request, name: self.paged(self.below(name), request))
        self.route("GET", "/([0-9]+)/replies", lambda request, name: self.paged(self.replies[name][::-1], request))
        self.route("POST", "/([0-9]+)/replies", self.reply)
        self.route("POST", "/me/(mentions|messages)", self.send)

    def fresh(self) -> str:
        self.number += 1
        return str(self.number)

    def show(self) -> str:
        name = self.fresh()
        link = f"https://www.instagram.com/p/{name}/"
        self.media.append({"id": name, "caption": "new", "username": "acme", "permalink": link, "timestamp": self.at()})
        self.comments[name] = []
        return name

    def write(self, text: str, medium: str, author: str = "zoe") -> str:
        name = self.fresh()
        made = {"id": name, "text": text, "username": author, "timestamp": self.at(), "like_count": 1}
        self.comments[medium].append(made)
        self.replies[name] = []
        return name

    def answer_to(self, comment: str, text: str, author: str = "kai") -> str:
        made = {"id": self.fresh(), "text": text, "username": author, "timestamp": self.at()}
        self.replies[comment].append(made)
        return str(made["id"])

    def below(self, name: str) -> list[JSON]:
        found = []
        for comment in self.comments[name][::-1]:
            below = self.paged(self.replies[comment["id"]][::-1], Request("GET", "", {}, {}, b""), INLINE)
            found.append({**comment, "replies": below} if self.replies[comment["id"]] else comment)
        return found

    def list_media(self, request: Request) -> object:
        found = self.paged(self.media[::-1], request)
        for place, one in enumerate(found["data"]):
            comments = self.below(one["id"])
            count = len(comments) + sum(len(self.replies[comment["id"]]) for comment in comments)
            inside = {"comments": self.paged(comments, Request("GET", "", {}, {}, b""), INLINE)} if comments else {}
            found["data"][place] = {**one, "comments_count": count, **inside}
        return found

    def reply(self, request: Request, comment: str) -> object:
        text = parse_qs(request.body.decode())["message"][0]
        if comment not in self.replies:
            return refusal(100, error_subcode=33)
        made = self.answer_to(comment, text, "acme")
        return Script(500) if self.lost else {"id": made}

    def send(self, request: Request, where: str) -> object:
        self.sent.append((where, {name: values[0] for name, values in parse_qs(request.body.decode()).items()}))
        return {"id": self.fresh()} if where == "mentions" else {"recipient_id": "9", "message_id": "m_1"}


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    with Gallery() as server:
        yield server


def opened(gallery: Gallery, token: str = TOKEN, **settings: Any) -> Opened:
    given = {"base_url": gallery.url, "page_size": 5}
    return INSTAGRAM.open(source(INSTAGRAM, {**given, **settings}, {"TOKEN": token}))


class TestInstagram(FetcherContract, PosterContract):
    """Below seven media in turn: two pages of media, each with more comments than came with it."""

    many = 60

    @pytest.fixture(autouse=True)
    def _server(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self.media = [gallery.show() for _ in range(7)]

    def open(self) -> Opened:
        return opened(self.gallery)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.gallery.write(text, self.media[number % 7]) for number, text in enumerate(texts)]


def test_a_comment_and_its_replies_as_they_are_stored(gallery: Gallery) -> None:
    medium = gallery.show()
    top = gallery.write("App <crashes> 😡", medium)
    below = [gallery.answer_to(top, f"me too {number}") for number in range(5)]
    ours = gallery.answer_to(top, "which phone?", "acme")
    found = {mention.external_id: mention for mention in fetch(opened(gallery))[0]}
    assert set(found) == {top, *below, ours}
    assert (found[top].text, found[top].in_reply_to, found[top].thread_root) == ("App <crashes> 😡", medium, medium)
    assert (found[top].author.handle, found[top].directed, found[top].likes) == ("zoe", True, 1)
    assert found[top].url == f"https://www.instagram.com/p/{medium}/"
    assert (found[ours].inbound, found[ours].in_reply_to) == (False, top)


def test_a_reply_below_an_old_comment_is_found(gallery: Gallery) -> None:
    medium = gallery.show()
    first = gallery.write("the first", medium)
    for number in range(10):
        gallery.write(f"number {number}", medium)
    _, cursor, _ = fetch(opened(gallery))
    late = gallery.answer_to(first, "still broken")
    again, cursor, _ = fetch(opened(gallery), cursor)
    assert inbound(again) == [late]
    gallery.requests.clear()
    assert fetch(opened(gallery), cursor)[0] == []
    assert gallery.paths() == ["/me", "/me/media", "/me/tags"]


def test_a_medium_that_could_not_be_read_wholly_is_read_again(gallery: Gallery) -> None:
    medium = gallery.show()
    ids = [gallery.write(f"number {number}", medium) for number in range(10)]
    gallery.fault(f"GET /{medium}/comments", refusal(4))
    pages, error = until_error(opened(gallery))
    assert isinstance(error, RateLimited)
    rest, _, _ = fetch(opened(gallery), pages[-1].cursor if pages else {})
    assert sorted(inbound(rest)) == sorted(ids)


def test_media_that_tag_the_account(gallery: Gallery) -> None:
    gallery.tags.append({"id": "77", "caption": "with @acme", "username": "zoe", "timestamp": gallery.at()})
    gallery.tags.append({"caption": "no id", "username": "zoe", "timestamp": gallery.at()})
    mentions, _, skipped = fetch(opened(gallery))
    (mention,) = mentions
    assert (mention.external_id, mention.text, mention.directed) == ("tag:77", "with @acme", True)
    assert skipped == ["tags, item 1 of a page: id is no id"]
    post(opened(gallery), Reply("thank you", mention))
    assert gallery.sent == [("mentions", {"media_id": "77", "message": "thank you"})]
    with pytest.raises(PlatformError, match="does not show"):
        find(opened(gallery), Reply("thank you", mention))
    with pytest.raises(NotProcessed, match="only a comment"):
        post(opened(gallery), Reply("thank you", mention, private=True))
    assert fetch(opened(gallery, tagged="false"))[0] == []


def test_an_answer_to_a_reply_stands_below_the_comment_and_names_the_person(gallery: Gallery) -> None:
    top = gallery.write("App crashes", gallery.show())
    below = gallery.answer_to(top, "me too")
    found = {mention.external_id: mention for mention in fetch(opened(gallery))[0]}
    reply = Reply("update it", found[below])
    receipt = post(opened(gallery), reply)
    assert gallery.replies[top][-1]["text"] == "@kai update it"
    again = find(opened(gallery), reply)
    assert again is not None
    assert again.external_id == receipt.external_id


def mention_of(gallery: Gallery) -> Mention:
    gallery.write("App crashes", gallery.show())
    return fetch(opened(gallery))[0][0]


def test_a_lost_answer_is_unknown_and_then_found(gallery: Gallery) -> None:
    reply = Reply("sorry", mention_of(gallery))
    gallery.lost = True
    with pytest.raises(BadAnswer):
        post(opened(gallery), reply)
    assert find(opened(gallery), reply) is not None


def test_a_private_answer_and_what_cannot_be_sent(gallery: Gallery) -> None:
    mention = mention_of(gallery)
    assert post(opened(gallery), Reply("your order", mention, private=True)).external_id == "m_1"
    ((where, form),) = gallery.sent
    assert where == "messages"
    assert json.loads(form["recipient"]) == {"comment_id": mention.external_id}
    with pytest.raises(NotProcessed, match="301 characters"):
        post(opened(gallery), Reply("x" * 301, mention))
    gallery.fault("POST", refusal(368))
    with pytest.raises(NotProcessed) as caught:
        post(opened(gallery), Reply("buy", mention))
    assert "spam" in (caught.value.hint or "")


def test_check(gallery: Gallery) -> None:
    gallery.show()
    assert check(opened(gallery)) == "signed in as @acme; media and comments can be read"
    with pytest.raises(AuthError) as caught:
        check(opened(gallery, "IG-ended"))
    assert "ends after 60 days" in (caught.value.hint or "")
    gallery.fault("GET /me/media", refusal(10, 403))
    with pytest.raises(AuthError) as caught:
        check(opened(gallery))
    assert "instagram_business_manage_comments" in (caught.value.hint or "")
    gallery.fault("GET /me", json_script({"id": "1"}))
    with pytest.raises(AuthError, match="no professional account"):
        check(opened(gallery))
