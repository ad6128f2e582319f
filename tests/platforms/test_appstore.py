"""The App Store: App Store Connect with a signed token, and the public feeds with their moods."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import Reply, iso
from carecli.platforms.appstore import APPSTORE
from carecli.platforms.base import Poster
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.keys import ec_key, pem, rsa_key
from tests.platforms.servers import Request, Script, json_script

APP = "4242"


class Connect(Fake):
    """App Store Connect for one app; links to pages lead to the address that the vendor knows itself by."""

    def __init__(self) -> None:
        super().__init__()
        self.reviews: list[dict[str, Any]] = []
        self.responses: dict[str, dict[str, Any]] = {}
        self.lost = False
        self.route("GET", f"/v1/apps/{APP}", lambda _: {"data": {"attributes": {"name": "Acme"}}})
        self.route("GET", f"/v1/apps/{APP}/customerReviews", self.listed)
        self.route("GET", r"/v1/customerReviews/([\w-]+)/response", self.response)
        self.route("POST", "/v1/customerReviewResponses", self.respond)

    def answer(self, request: Request) -> Script:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, ec_key().public_key(), ["ES256"], audience="appstoreconnect-v1")
            good = jwt.get_unverified_header(token)["kid"] == "KEY1" and claims["iss"] == "issuer-1"
            good = good and claims["exp"] - claims["iat"] <= 20 * 60
        except jwt.PyJWTError:
            good = False
        if good:
            return super().answer(request)
        self.requests.append(request)
        error = {
            "status": "401",
            "code": "NOT_AUTHORIZED",
            "title": "Authentication credentials are missing or invalid.",
        }
        return json_script({"errors": [error]}, 401)

    def write(self, text: str, title: str = "") -> str:
        identity = f"0000-{len(self.reviews)}"
        said = {"rating": 1, "title": title, "body": text, "reviewerNickname": "Zoe", "territory": "USA"}
        self.reviews.append({"id": identity, "attributes": {**said, "createdDate": self.stamp()}})
        return identity

    def listed(self, request: Request) -> object:
        assert (request.first("sort"), request.first("include")) in {("-createdDate", "response"), ("", "")}
        ordered = sorted(self.reviews, key=lambda review: str(review["attributes"]["createdDate"]), reverse=True)
        ids = [review["id"] for review in ordered]
        size, cursor = int(request.first("limit")), request.first("cursor")
        start = ids.index(cursor) + 1 if cursor else 0
        page = ordered[start : start + size]
        query = (
            f"sort=-createdDate&include=response&limit={size}&cursor={ids[start + size - 1]}"
            if page[size - 1 :]
            else ""
        )
        more = {"next": f"https://api.example{request.path}?{query}"} if query and start + size < len(ids) else {}
        included = [self.responses[review["id"]] for review in page if review["id"] in self.responses]
        return {"data": [self.related(review) for review in page], "included": included, "links": more}

    def related(self, review: dict[str, Any]) -> dict[str, Any]:
        response = self.responses.get(review["id"])
        return {**review, "relationships": {"response": {"data": {"id": response["id"]} if response else None}}}

    def response(self, request: Request, review: str) -> object:
        return {"data": self.responses[review]} if review in self.responses else {"data": None}

    def respond(self, request: Request) -> Script:
        data = json.loads(request.body)["data"]
        review = data["relationships"]["review"]["data"]["id"]
        said = {"responseBody": data["attributes"]["responseBody"], "lastModifiedDate": self.stamp()}
        made = {
            "type": "customerReviewResponses",
            "id": f"r{review}",
            "attributes": {**said, "state": "PENDING_PUBLISH"},
        }
        self.responses[review] = made
        return Script(500, b"oops") if self.lost else json_script({"data": made}, 201)


@pytest.fixture
def connect() -> Iterator[Connect]:
    with Connect() as server:
        yield server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "AuthKey.p8"
    path.write_text(pem(ec_key()), encoding="ascii")
    return path


def opened(server: Connect, key_file: Path, **settings: Any) -> Opened:
    defaults = {"base_url": server.url, "app": f"id{APP}", "key_id": "KEY1", "issuer_id": "issuer-1", "page_size": 10}
    return APPSTORE.open(source(APPSTORE, {**defaults, "key_file": str(key_file), **settings}))


class TestOwnApp(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, connect: Connect, key_file: Path) -> None:
        self.connect, self.key_file = connect, key_file

    def open(self) -> Opened:
        return opened(self.connect, self.key_file)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.connect.write(text) for text in texts]


def test_a_review_and_its_response_as_they_are_stored(connect: Connect, key_file: Path) -> None:
    identity = connect.write("Crashes on start", title="Bad")
    mentions, cursor, _ = fetch(opened(connect, key_file))
    (review,) = mentions
    assert (review.text, review.author.name, review.directed) == ("Bad\n\nCrashes on start", "Zoe", True)
    receipt = post(opened(connect, key_file), Reply("sorry", review))
    (answer,) = fetch(opened(connect, key_file), cursor)[0]
    assert (answer.external_id, answer.text) == (receipt.external_id, "sorry")
    assert (answer.in_reply_to, answer.inbound) == (identity, False)


def test_a_lost_answer_is_found_and_a_second_one_changes_nothing(connect: Connect, key_file: Path) -> None:
    connect.write("bad")
    reply = Reply("sorry & soon", fetch(opened(connect, key_file))[0][0])
    connect.lost = True
    with pytest.raises(BadAnswer):
        post(opened(connect, key_file), reply)
    receipt = find(opened(connect, key_file), reply)
    connect.lost = False
    assert receipt is not None
    assert post(opened(connect, key_file), reply).external_id == receipt.external_id
    assert len(connect.responses) == 1


@pytest.mark.parametrize(
    ("status", "code", "error", "hint"),
    [
        (403, "FORBIDDEN_ERROR", AuthError, "Customer Support"),
        (429, "RATE_LIMIT_EXCEEDED", RateLimited, ""),
        (409, "ENTITY_ERROR", PlatformError, ""),
    ],
)
def test_failures(
    connect: Connect, key_file: Path, status: int, code: str, error: type[PlatformError], hint: str
) -> None:
    body = {"errors": [{"status": str(status), "code": code, "title": "A title", "detail": "The detail"}]}
    connect.fault("GET", json_script(body, status))
    _, caught = until_error(opened(connect, key_file))
    assert type(caught) is error
    assert hint in (caught.hint or "")
    assert "A title: The detail" in caught.message


def test_what_cannot_be_sent(connect: Connect, key_file: Path) -> None:
    connect.write("bad")
    (review,) = fetch(opened(connect, key_file))[0]
    for reply in (Reply("x" * 5971, review), Reply("psst", review, private=True)):
        with pytest.raises(NotProcessed):
            post(opened(connect, key_file), reply)
    assert connect.responses == {}


def test_check_and_what_an_own_app_needs(connect: Connect, key_file: Path) -> None:
    assert check(opened(connect, key_file)) == "Acme: reviews can be read"
    with pytest.raises(AuthError, match="missing or invalid") as caught:
        check(opened(connect, key_file, key_id="KEY2"))
    assert "Team Keys" in (caught.value.hint or "")
    with pytest.raises(ConfigError, match="no issuer_id"):
        check(opened(connect, key_file, issuer_id=""))
    with pytest.raises(ConfigError, match="no app"):
        check(opened(connect, key_file, app=""))
    key_file.write_text(pem(rsa_key()), encoding="ascii")
    with pytest.raises(AuthError, match="is none for ES256"):
        check(opened(connect, key_file))


class Feeds(Fake):
    """The public feeds: one entry is an object, none is no field at all; `empty` addresses forget everything."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.empty: set[str] = set()
        self.route("GET", r"/(\w+)/rss/customerreviews/page=(\d+)/id=4242/sortBy=mostRecent/json", self.first)
        self.route("GET", r"/(\w+)/rss/customerreviews/id=4242/sortBy=mostRecent/page=(\d+)/json", self.second)

    def write(self, text: str, country: str = "us", title: str = "") -> str:
        identity = f"12{sum(map(len, self.entries.values())):09}"
        name = {"name": {"label": "Zoe"}, "uri": {"label": f"https://itunes.apple.com/{country}/reviews/id555"}}
        zone = self.tick().astimezone(UTC) - timedelta(hours=7)
        at = {"updated": {"label": zone.strftime("%Y-%m-%dT%H:%M:%S-07:00")}, "im:rating": {"label": "1"}}
        said = {"title": {"label": title}, "content": {"label": text}, "author": name, "im:voteSum": {"label": "2"}}
        self.entries.setdefault(country, []).append({"id": {"label": identity}, **said, **at})
        return identity

    def first(self, request: Request, country: str, page: str) -> object:
        return self.feed("first", country, int(page))

    def second(self, request: Request, country: str, page: str) -> object:
        return self.feed("second", country, int(page))

    def feed(self, address: str, country: str, page: int) -> object:
        found = self.entries.get(country, [])[::-1]
        last = -(-len(found) // 50) or 1
        links = [{"attributes": {"rel": "last", "href": f"https://itunes.apple.com/rss/page={last}/id=4242"}}]
        shown = found[page * 50 - 50 : page * 50]
        if address in self.empty or not shown:
            return {"feed": {"link": links}}
        return {"feed": {"link": links, "entry": shown if len(shown) > 1 else shown[0]}}


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with Feeds() as server:
        yield server


def any_app(feeds: Feeds, **settings: Any) -> Opened:
    return APPSTORE.open(source(APPSTORE, {"base_url": feeds.url, "app": APP, **settings}))


class TestAnyApp(FetcherContract):
    many = 120

    @pytest.fixture(autouse=True)
    def _server(self, feeds: Feeds) -> None:
        self.feeds = feeds

    def open(self) -> Opened:
        return any_app(self.feeds)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.feeds.write(text) for text in texts]


def test_a_review_of_a_feed_and_several_countries(feeds: Feeds) -> None:
    american = feeds.write("Crashes", title="Bad")
    polish = feeds.write("Nie działa", "pl")
    found = {mention.external_id: mention for mention in fetch(any_app(feeds, countries="us, PL, il"))[0]}
    assert found.keys() == {american, polish}
    review = found[american]
    assert (review.text, review.author.handle, review.author.id, review.likes) == ("Bad\n\nCrashes", "Zoe", "555", 2)
    assert review.created_at <= datetime.now(UTC)
    assert iso(review.created_at) == iso(feeds.moment - timedelta(seconds=1))


def test_an_empty_answer_is_asked_for_otherwise_and_never_means_that_all_was_read(feeds: Feeds) -> None:
    first = feeds.write("one")
    feeds.empty = {"first"}
    mentions, cursor, _ = fetch(any_app(feeds))
    assert inbound(mentions) == [first]
    feeds.empty = {"first", "second"}
    pages, caught = until_error(any_app(feeds), cursor)
    assert (pages, type(caught)) == ([], BadAnswer)
    feeds.empty = set()
    second = feeds.write("two")
    assert inbound(fetch(any_app(feeds), cursor)[0]) == [second]


def test_a_page_that_is_suddenly_empty_is_read_later(feeds: Feeds) -> None:
    ids = [feeds.write(f"number {number}") for number in range(120)]
    feeds.fault("GET .*page=2", *[json_script({"feed": {}})] * 2)
    pages, caught = until_error(any_app(feeds))
    assert isinstance(caught, BadAnswer)
    assert sum(len(page.mentions) for page in pages) == 50
    rest, _, _ = fetch(any_app(feeds), pages[-1].cursor)
    assert {*inbound(pages[0].mentions), *inbound(rest)} == set(ids)


def test_a_country_without_reviews_is_no_error(feeds: Feeds) -> None:
    mentions, cursor, _ = fetch(any_app(feeds))
    assert mentions == []
    assert fetch(any_app(feeds), cursor)[0] == []
    first = feeds.write("the first of all")
    assert inbound(fetch(any_app(feeds), cursor)[0]) == [first]


def test_the_app_itself_among_its_reviews_is_no_review(feeds: Feeds) -> None:
    feeds.write("one")
    feeds.entries["us"].append({"id": {"label": "https://itunes.apple.com/app"}, "im:name": {"label": "Acme"}})
    mentions, _, skipped = fetch(any_app(feeds))
    assert (len(mentions), skipped) == (1, [])


def test_feeds_cannot_be_answered(feeds: Feeds) -> None:
    async def main() -> bool:
        async with any_app(feeds) as client:
            return isinstance(client, Poster)

    assert asyncio.run(main()) is False
    assert check(any_app(feeds)) == "app 4242, reviews on the first page: us: 0"
