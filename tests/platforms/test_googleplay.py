"""Google Play against a server that plays its reviews and checks the signature of a service account."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import Reply
from carecli.platforms.googleplay import GOOGLEPLAY
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.keys import rsa_key, service_account_file
from tests.platforms.servers import Request, Script, json_script

APP = "com.acme.app"


class Play(Fake):
    """Reviews of one app, newest change first."""

    def __init__(self) -> None:
        super().__init__()
        self.reviews: list[dict[str, Any]] = []
        self.token, self.lost = 0, False
        path = f"/applications/{APP}/reviews"
        self.route("POST", "/token", self.grant)
        self.route("GET", path, self.listed)
        self.route("GET", rf"{path}/([^/]+)", self.one)
        self.route("POST", rf"{path}/([^/]+):reply", self.reply)

    def grant(self, request: Request) -> object:
        form = parse_qs(request.body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        claims = jwt.decode(form["assertion"][0], rsa_key().public_key(), ["RS256"], audience=f"{self.url}/token")
        assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
        if claims["iss"] != "care@acme.iam.example":
            return json_script({"error": "invalid_grant", "error_description": "Invalid JWT: account not found"}, 400)
        self.token += 1
        return {"access_token": f"access-{self.token}", "expires_in": 3599}

    def answer(self, request: Request) -> Script:
        if request.path == "/token" or request.headers.get("authorization") == f"Bearer access-{self.token}":
            return super().answer(request)
        self.requests.append(request)
        return json_script({"error": {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}}, 401)

    def now(self) -> dict[str, str]:
        return {"seconds": str(int(self.tick().timestamp()))}

    def write(self, text: str) -> str:
        identity = f"gp:AOqp{len(self.reviews)}"
        said = {"text": f"\t{text}", "lastModified": self.now(), "starRating": 1, "reviewerLanguage": "pt_BR"}
        comments = [{"userComment": {**said, "thumbsUpCount": 3}}]
        self.reviews.append({"reviewId": identity, "authorName": "Zoe", "comments": comments})
        return identity

    def change(self, identity: str, text: str) -> None:
        said = self.find(identity)["comments"][0]["userComment"]
        said |= {"text": f"Now\t{text}", "lastModified": self.now()}

    def find(self, identity: str) -> dict[str, Any]:
        return next(review for review in self.reviews if review["reviewId"] == identity)

    def listed(self, request: Request) -> object:
        def changed(review: dict[str, Any]) -> int:
            return int(review["comments"][0]["userComment"]["lastModified"]["seconds"])

        ordered = sorted(self.reviews, key=changed, reverse=True)
        ids = [review["reviewId"] for review in ordered]
        size, token = int(request.first("maxResults")), request.first("token")
        start = ids.index(token) + 1 if token else 0
        more = {"tokenPagination": {"nextPageToken": ids[start + size - 1]}} if start + size < len(ids) else {}
        # Without reviews the field is missing altogether.
        return {**({"reviews": ordered[start : start + size]} if ordered else {}), **more}

    def one(self, request: Request, identity: str) -> object:
        return self.find(unquote(identity))

    def reply(self, request: Request, identity: str) -> Script:
        text = json.loads(request.body)["replyText"].replace("<b>", "").replace("</b>", "")
        edited = self.now()
        review = self.find(unquote(identity))
        review["comments"] = [review["comments"][0], {"developerComment": {"text": text, "lastModified": edited}}]
        done = {"result": {"replyText": text, "lastEdited": edited}}
        return Script(503, b"oops") if self.lost else json_script(done)


@pytest.fixture
def play() -> Iterator[Play]:
    with Play() as server:
        yield server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return service_account_file(tmp_path)


def opened(play: Play, key_file: Path, **settings: Any) -> Opened:
    defaults = {"base_url": play.url, "token_url": f"{play.url}/token", "package": APP, "page_size": 10}
    return GOOGLEPLAY.open(source(GOOGLEPLAY, {**defaults, "key_file": str(key_file), **settings}))


class TestGooglePlay(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, play: Play, key_file: Path) -> None:
        self.play, self.key_file = play, key_file

    def open(self) -> Opened:
        return opened(self.play, self.key_file)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.play.write(text) for text in texts]


def test_a_review_as_it_is_stored(play: Play, key_file: Path) -> None:
    identity = play.write("Crashes on start")
    (review,) = fetch(opened(play, key_file))[0]
    assert (review.external_id, review.text, review.language) == (identity, "Crashes on start", "pt-BR")
    assert (review.author.name, review.author.id, review.directed, review.likes) == ("Zoe", identity, True, 3)
    assert review.url == "https://play.google.com/store/apps/details?id=com.acme.app&reviewId=gp%3AAOqp0"
    assert json.loads(review.raw or "")["comments"][0]["userComment"]["starRating"] == 1


def test_an_answer_from_the_console_to_an_older_review_arrives(play: Play, key_file: Path) -> None:
    identity = play.write("old")
    play.moment += timedelta(minutes=90)
    play.write("new")
    _, cursor, _ = fetch(opened(play, key_file))
    play.find(identity)["comments"].append({"developerComment": {"text": "Sorry!", "lastModified": play.now()}})
    (answer,) = fetch(opened(play, key_file), cursor)[0]
    assert (answer.external_id, answer.in_reply_to, answer.inbound) == (f"{identity}:reply", identity, False)


def test_a_review_that_was_changed_after_our_answer_comes_again(play: Play, key_file: Path) -> None:
    identity = play.write("bad")
    mentions, cursor, _ = fetch(opened(play, key_file))
    post(opened(play, key_file), Reply("sorry", mentions[0]))
    play.change(identity, "still bad")
    found = {mention.external_id: mention for mention in fetch(opened(play, key_file), cursor)[0]}
    assert found[identity].text == "Now\n\nstill bad"
    assert found[identity].edited_at is not None


def test_a_lost_answer_is_found_and_a_second_one_changes_nothing(play: Play, key_file: Path) -> None:
    play.write("bad")
    reply = Reply("sorry & soon", fetch(opened(play, key_file))[0][0])
    play.lost = True
    with pytest.raises(BadAnswer):
        post(opened(play, key_file), reply)
    assert find(opened(play, key_file), reply) is not None
    play.lost = False
    assert post(opened(play, key_file), reply).external_id == "gp:AOqp0:reply"
    assert len(play.reviews[0]["comments"]) == 2


@pytest.mark.parametrize(
    ("status", "name", "error", "hint"),
    [
        (403, "PERMISSION_DENIED", AuthError, "Reply to reviews"),
        (429, "RESOURCE_EXHAUSTED", RateLimited, ""),
        (400, "INVALID_ARGUMENT", PlatformError, ""),
    ],
)
def test_failures(play: Play, key_file: Path, status: int, name: str, error: type[PlatformError], hint: str) -> None:
    body = {"error": {"code": status, "message": "The caller does not have permission", "status": name}}
    play.fault("GET", *[json_script(body, status, {"Retry-After": "99"})] * 3)
    _, caught = until_error(opened(play, key_file))
    assert type(caught) is error
    assert hint in (caught.hint or "")
    assert "does not have permission" in caught.message


def test_a_token_that_ended_early_is_renewed(play: Play, key_file: Path) -> None:
    ids = [play.write(f"number {number}") for number in range(15)]
    play.fault("GET", json_script({"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}, 401))
    assert sorted(inbound(fetch(opened(play, key_file))[0])) == sorted(ids)
    assert play.token == 2


def test_an_answer_that_is_cut_off_is_an_error(play: Play, key_file: Path) -> None:
    play.write("one")
    play.fault("GET", *[Script(200, b'{"reviews": [{"reviewId"', {}, cut=10)] * 3)
    assert isinstance(until_error(opened(play, key_file))[1], PlatformError)


def test_what_cannot_be_sent(play: Play, key_file: Path) -> None:
    play.write("bad")
    (review,) = fetch(opened(play, key_file))[0]
    for reply in (Reply("x" * 351, review), Reply("psst", review, private=True)):
        with pytest.raises(NotProcessed):
            post(opened(play, key_file), reply)
    assert len(play.reviews[0]["comments"]) == 1


def test_check_and_what_a_source_needs(play: Play, key_file: Path, tmp_path: Path) -> None:
    assert check(opened(play, key_file)) == "com.acme.app: reviews can be read, none in the last seven days"
    with pytest.raises(ConfigError, match="no package"):
        check(opened(play, key_file, package=""))
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        check(opened(play, tmp_path / "missing.json"))
    other = service_account_file(tmp_path, client_email="other@acme.iam.example")
    with pytest.raises(AuthError, match="account not found"):
        check(opened(play, other))
    broken = service_account_file(tmp_path, private_key="-----BEGIN PRIVATE KEY-----\nsecretsecret\n")
    with pytest.raises(AuthError, match="is none for RS256") as caught:
        check(opened(play, broken))
    assert "secretsecret" not in repr(caught.value)
    broken.write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigError, match="no service account's key"):
        check(opened(play, broken))


def test_a_signature_is_good_for_an_hour(play: Play, key_file: Path) -> None:
    check(opened(play, key_file))
    form = parse_qs(play.requests[0].body.decode())
    claims = jwt.decode(form["assertion"][0], options={"verify_signature": False})
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["exp"] - claims["iat"] == 3600
