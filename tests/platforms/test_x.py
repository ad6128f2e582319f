"""X against a server that plays its API: it checks every signature, and counts what it would bill."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import quote, unquote

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Reply
from carecli.platforms.testing import FetcherContract, PosterContract
from carecli.platforms.web.oauth1 import Keys, authorization
from carecli.platforms.x import X_PLATFORM, measure
from carecli.platforms.x.budget import Budget
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script
from tests.world import World

SECRETS = {"KEY": "app-key", "SECRET": "app-secret-1", "TOKEN": "token-1-long", "TOKEN_SECRET": "token-secret-1"}
KEYS = Keys(*SECRETS.values())
ME = {"id": "7", "username": "acme", "name": "Acme"}
USERS = {"7": ME, "42": {"id": "42", "username": "zoe", "name": "Zoe", "public_metrics": {"followers_count": 10}}}


class Square(Fake):
    """Posts, oldest first. `billed` counts objects as they are given out."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[JSON] = []
        self.nonces: set[str] = set()
        self.billed, self.lost = 0, False
        self.route("GET", "/users/me", lambda _request: {"data": ME})
        self.route(
            "GET", "/usage/tweets", lambda _request: {"data": {"project_usage": "1234", "project_cap": "3000000"}}
        )
        self.route("GET", "/users/7/mentions", lambda request: self.listed(request, lambda p: "@acme" in p["text"]))
        self.route("GET", "/users/7/tweets", lambda request: self.listed(request, lambda p: p["author_id"] == "7"))
        self.route("GET", "/tweets/search/recent", self.search)
        self.route("POST", "/tweets", self.add)

    def answer(self, request: Request) -> Script:
        given = {
            name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', request.headers["authorization"])
        }
        nonce, at = given["oauth_nonce"], int(given["oauth_timestamp"])
        asked = "&".join(f"{name}={value}" for name, values in request.query.items() for value in map(escaped, values))
        url = f"{self.url}{request.path}" + (f"?{asked}" if asked else "")
        wanted = authorization(request.method, url, KEYS, nonce=nonce, timestamp=at)
        if request.headers["authorization"] != wanted or nonce in self.nonces:
            self.requests.append(request)
            return json_script({"title": "Unauthorized", "detail": "Unauthorized", "status": 401}, 401)
        self.nonces.add(nonce)
        return super().answer(request)

    def write(self, text: str, author: str = "42", to: str = "", **more: Any) -> str:
        name = str(1990000000000000001 + len(self.posts))
        about: JSON = {
            "created_at": self.tick().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "conversation_id": name,
            "lang": "en",
        }
        if to:
            about |= {"referenced_tweets": [{"type": "replied_to", "id": to}], "conversation_id": to}
        metrics = {"like_count": 1, "retweet_count": 2, "reply_count": 0}
        self.posts.append(
            {"id": name, "text": escape(text, quote=False), "author_id": author, "public_metrics": metrics}
        )
        self.posts[-1] |= {**about, **more}
        return name

    def listed(self, request: Request, wanted: Any) -> object:
        assert "note_tweet" in request.first("tweet.fields")
        start, size = request.first("start_time"), int(request.first("max_results"))
        assert 5 <= size <= 100
        found = [p for p in self.posts[::-1] if wanted(p) and p["created_at"] >= start.replace("Z", ".000Z")]
        token = request.first("pagination_token") or request.first("next_token")
        begin = [p["id"] for p in found].index(token) + 1 if token else 0
        page = found[begin : begin + size]
        users = [USERS[author] for author in dict.fromkeys(p["author_id"] for p in page) if author in USERS]
        self.billed += len(page)
        more: JSON = {"next_token": page[-1]["id"]} if begin + size < len(found) else {}
        meta: JSON = {"result_count": len(page), **more}
        return {"data": page, "includes": {"users": users}, "meta": meta} if page else {"meta": meta}

    def search(self, request: Request) -> object:
        edge = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
        if request.first("start_time") < edge:
            return json_script({"title": "Invalid Request", "detail": "start_time must be within 7 days"}, 400)
        return self.listed(request, lambda p: request.first("query") in p["text"])

    def add(self, request: Request) -> Script:
        body = json.loads(request.body)
        text = re.sub(r"https?://\S+", "https://t.co/abc", body["text"])
        made = self.write(f"@zoe {text}", "7", body["reply"]["in_reply_to_tweet_id"])
        return Script(503) if self.lost else json_script({"data": {"id": made, "text": text}}, 201)


def escaped(text: str) -> str:
    return quote(text, safe="-._~")


@pytest.fixture
def square() -> Iterator[Square]:
    with Square() as server:
        yield server


def opened(square: Square, secrets: JSON = SECRETS, **settings: Any) -> Opened:
    return X_PLATFORM.open(source(X_PLATFORM, {"base_url": square.url, "page_size": 10, **settings}, secrets))


class TestX(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, square: Square) -> None:
        self.square = square

    def open(self) -> Opened:
        return opened(self.square)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.square.write(f"@acme {text}") for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("@acme ")


def test_the_signature_of_the_specification() -> None:
    # RFC 5849 has HMAC-SHA1 over other parameters; this is the example of X's own guide "Creating a signature".
    keys = Keys(
        "xvz1evFS4wEEPTGEFPHBog",
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    url = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true&status=" + escaped(
        "Hello Ladies + Gentlemen, a signed OAuth request!"
    )
    made = authorization("post", url, keys, nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp=1318622958)
    assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in made
    assert "LswwdoUa" not in made


def test_a_post_as_it_is_stored(square: Square) -> None:
    link = {"url": "https://t.co/x1", "expanded_url": "https://shop.example/a?b=1&c=2"}
    root = square.write("first")
    name = square.write("@acme app <crashes> &amp; burns https://t.co/x1", to=root, entities={"urls": [link]})
    (mention,) = fetch(opened(square))[0]
    assert mention.text == "@acme app <crashes> &amp; burns https://shop.example/a?b=1&c=2"
    assert (mention.external_id, mention.in_reply_to, mention.thread_root) == (name, root, root)
    assert (mention.author.handle, mention.author.id, mention.author.followers) == ("zoe", "42", 10)
    assert (mention.url, mention.language) == (f"https://x.com/zoe/status/{name}", "en")
    assert (mention.likes, mention.reposts, mention.directed) == (1, 2, True)


def test_both_spellings_of_the_specification_are_read(square: Square) -> None:
    metrics = {"like_count": 1, "repost_count": 5}
    square.write("@acme short…", note_post={"text": "@acme long &amp; full"}, public_metrics=metrics)
    square.posts[0]["referenced_posts"] = [{"type": "replied_to", "id": "9"}]
    (mention,) = fetch(opened(square))[0]
    assert (mention.text, mention.reposts, mention.in_reply_to) == ("@acme long & full", 5, "9")


def test_searches_stay_within_seven_days_and_what_is_left_out_is_named(square: Square) -> None:
    hit = square.write("acme is down", entities={"mentions": []})
    square.write("@acme help")
    found, _, _ = fetch(opened(square, search="acme"), since=datetime.now(UTC) - timedelta(days=20))
    assert {mention.external_id: mention.directed for mention in found}[hit] is False
    problem = {"value": "99", "title": "Not Found Error", "detail": "Could not find tweet with id: [99]."}
    square.fault("GET /users/7/mentions", json_script({"data": [{"id": "1"}], "errors": [problem], "meta": {}}))
    _, _, skipped = fetch(opened(square))
    assert skipped[0].startswith("mentions, item 1")
    assert skipped[1] == "X left out 99: Could not find tweet with id: [99]."


def test_a_second_fetch_costs_next_to_nothing(square: Square) -> None:
    for number in range(25):
        square.write(f"@acme number {number}")
    square.moment += timedelta(minutes=10)
    last = square.write("@acme the last")
    _, cursor, _ = fetch(opened(square))
    assert cursor["budget"]["dollars"] == pytest.approx(26 * 0.001 + 0.010)
    square.billed = 0
    found, cursor, _ = fetch(opened(square), cursor)
    assert (found, square.billed) == ([], 1)  # `last` alone, which was counted today
    assert cursor["budget"]["dollars"] == pytest.approx(26 * 0.001 + 0.010)
    assert last == square.posts[-1]["id"]


def test_the_budget_is_held_and_what_was_read_is_kept(square: Square) -> None:
    ids = [square.write(f"@acme number {number}") for number in range(25)]
    pages, error = until_error(opened(square, budget="0.022"))
    assert isinstance(error, PlatformError)
    assert "the budget for X is used up: about $0.02 of $0.02" in error.message
    assert "`budget` in care.toml" in (error.hint or "")
    found = inbound([mention for page in pages for mention in page.mentions])
    assert found == ids[:14:-1]
    asked = len(square.requests)
    _, again = until_error(opened(square, budget="0.022"), pages[-1].cursor)
    assert isinstance(again, PlatformError)
    assert len(square.requests) == asked  # not one more request
    rest, _, _ = fetch(opened(square, budget="1"), pages[-1].cursor)
    assert sorted([*found, *inbound(rest)]) == sorted(ids)


def test_a_budget_is_for_a_month() -> None:
    november = Budget(1.0, datetime(2026, 11, 30, 23, tzinfo=UTC))
    november.charge(["1", "2", "1"], ["42"], 0.005)
    november.charge(["2"], ["42"], 0.005)
    assert november.spent == pytest.approx(0.02)
    assert Budget(1.0, datetime(2026, 11, 30, 23, 30, tzinfo=UTC), november.save()).spent == pytest.approx(0.02)
    assert Budget(1.0, datetime(2026, 12, 1, tzinfo=UTC), november.save()).spent == 0
    with pytest.raises(PlatformError, match="2026-11"):
        Budget(0.02, november.now, november.save()).allow(0.001)


def test_answers_count_once_in_the_month_that_they_were_written_in() -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    november = Budget(5.0, at)
    for _ in range(2):
        november.answered("1", at, link=False)
        november.answered("2", at, link=True)
    november.answered("0", at - timedelta(days=31), link=True)
    assert november.spent == pytest.approx(0.21)
    later = Budget(5.0, at + timedelta(hours=1), november.save())
    later.answered("1", at, link=False)
    assert later.spent == pytest.approx(0.21)
    december = Budget(5.0, at + timedelta(days=1), november.save())
    december.answered("1", at, link=False)
    assert december.spent == 0


def test_an_answer_that_was_posted_costs_something(square: Square) -> None:
    square.live = True
    mention = mention_of(square)
    _, cursor, _ = fetch(opened(square))
    before = cursor["budget"]["dollars"]
    post(opened(square), Reply("sorry!", mention))
    _, cursor, _ = fetch(opened(square), cursor)
    # 0.01 for the answer; to read it and its author again is one more read each
    assert cursor["budget"]["dollars"] == pytest.approx(before + 0.010 + 0.001 + 0.010)
    _, cursor, _ = fetch(opened(square), cursor)
    assert cursor["budget"]["dollars"] == pytest.approx(before + 0.010 + 0.001 + 0.010)


def test_the_estimate_is_shown_before_anything_is_spent(world: World) -> None:
    world.init()
    said = world.run("source", "add", "x", "birds", "--set", "budget=20", "--set", "search=acme").stderr
    assert "Paid for every call" in said
    assert "the budget of $20.00 a month is enough for about 1,818 mentions of as many people" in said
    assert "1,333 search hits" in said


def test_what_was_paid_for_counts_although_the_fetch_fails(square: Square) -> None:
    square.write("@acme hello")
    square.fault("GET /users/7/tweets", json_script({"title": "Service Unavailable"}, 503), Script(503), Script(503))
    pages, error = until_error(opened(square))
    assert isinstance(error, BadAnswer)
    assert pages[-1].cursor["budget"]["dollars"] == pytest.approx(0.011)


def mention_of(square: Square) -> Mention:
    square.write("@acme app crashes")
    return fetch(opened(square))[0][0]


def test_a_repeat_has_a_signature_of_its_own(square: Square) -> None:
    square.fault("GET /users/7/mentions", Script(502))
    mention_of(square)
    assert square.paths().count("/users/7/mentions") == 2


def test_a_lost_answer_is_unknown_and_then_found(square: Square) -> None:
    reply = Reply("sorry, see https://shop.example/help?x=1", mention_of(square))
    square.lost = True
    with pytest.raises(BadAnswer):
        post(opened(square), reply)
    found = find(opened(square), reply)
    assert found is not None
    assert found.external_id == square.posts[-1]["id"]


@pytest.mark.parametrize(
    ("status", "body", "error", "hint"),
    [
        (
            403,
            {"title": "Forbidden", "detail": "You are not allowed to reply to this post"},
            NotProcessed,
            "mention or quote",
        ),
        (403, {"detail": "You are not allowed to create a Tweet with duplicate content."}, NotProcessed, "same words"),
        (401, {"title": "Unauthorized"}, AuthError, "console.x.com"),
        (402, {"title": "CreditsDepleted"}, NotProcessed, "buy more"),
    ],
)
def test_what_x_refuses_was_not_sent(
    square: Square, status: int, body: JSON, error: type[PlatformError], hint: str
) -> None:
    reply = Reply("sorry", mention_of(square))
    square.fault("POST /tweets", json_script(body, status))
    with pytest.raises(error) as caught:
        post(opened(square), reply)
    assert hint in (caught.value.hint or "")
    assert find(opened(square), reply) is None


def test_the_limit_and_when_it_ends(square: Square) -> None:
    reset = int(datetime.now(UTC).timestamp()) + 600
    square.fault(
        "GET /users/7/mentions", json_script({"title": "Too Many Requests"}, 429, {"x-rate-limit-reset": str(reset)})
    )
    _, error = until_error(opened(square))
    assert isinstance(error, RateLimited)
    assert 590 < (error.retry_after or 0) <= 600


def test_who_did_not_mention_the_account_is_not_answered(square: Square) -> None:
    square.write("acme is down")
    (hit,) = fetch(opened(square, search="acme"))[0]
    mention = mention_of(square)
    for reply in (Reply("hi", hit), Reply("x" * 281, mention), Reply("psst", mention, private=True)):
        with pytest.raises(NotProcessed):
            post(opened(square), reply)
    assert square.paths("POST") == []


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("abc", 3),
        ("e\u0301", 1),
        ("中文", 4),
        ("שלום", 4),
        ("👩‍👩‍👧 🇮🇱 1️⃣", 8),
        ("see https://shop.example/a/very/long/address/of/a/page?x=1 now", 31),
        ("at shop.com, and a.b.", 2 + 1 + 23 + 10),
        ("Thanks.We look", 14),
        ("www.shop.pl or shop.pl", 23 + 11),
        ("mail me@shop.com", 16),
    ],
)
def test_length_as_x_counts(text: str, length: int) -> None:
    assert measure(text) == length


def test_check(square: Square) -> None:
    said = check(opened(square, search="acme"))
    assert said.startswith("signed in as @acme; a mention costs about $0.011 with its author; a search hit $0.015")
    assert "the budget of $5.00 a month is enough for about 454 mentions" in said
    assert "1,234 posts read by your app" in said
    for secrets in ({}, {**SECRETS, "TOKEN_SECRET": "wrong"}):
        with pytest.raises(AuthError) as caught:
            check(opened(square, secrets))
        assert "console.x.com" in (caught.value.hint or "")
        assert not any(value in str(caught.value) for value in SECRETS.values())
    with pytest.raises(AuthError, match="not to @other"):
        check(opened(square, handle="other"))
    with pytest.raises(ConfigError):
        check(opened(square, budget="-1"))
