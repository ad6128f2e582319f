"""YouTube against a server that plays its data API and Google's token address."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import Mention, Reply
from carecli.platforms.testing import FetcherContract, PosterContract
from carecli.platforms.youtube import YOUTUBE
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script

BRAND = "UCbrand"
INLINE = 2  # replies that come with their thread


def refusal(reason: str, status: int = 403) -> Script:
    """An error in Google's shape."""
    error = {"code": status, "message": f"The request failed: {reason}.", "errors": [{"reason": reason}]}
    return json_script({"error": error}, status)


class Tube(Fake):
    """Comment threads of one channel's videos and of other videos; access tokens end when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[dict[str, Any]] = []
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.videos: list[dict[str, Any]] = []
        self.token, self.lost = 0, False
        self.spent: set[str] = set()
        self.clients = {"c1": "client-secret"}
        self.route("POST", "/token", self.grant)
        self.route("GET", "/commentThreads", self.list_threads)
        self.route("GET", "/comments", self.list_replies)
        self.route("POST", "/comments", self.add)
        self.route("GET", "/search", self.search)
        self.route("GET", "/channels", self.channels)

    def grant(self, request: Request) -> object:
        form = parse_qs(request.body.decode())
        secret = form.get("client_secret", [""])[0]
        if form["refresh_token"] != ["refresh-1"] or self.clients.get(form["client_id"][0]) != secret:
            return json_script({"error": "invalid_grant", "error_description": "Token has been expired"}, 400)
        self.token += 1
        return {"access_token": f"access-{self.token}", "expires_in": 3599}

    def refused(self, request: Request) -> Script | None:
        if request.first("key") == "api-key-1" and request.method == "GET":
            return None
        good = request.headers.get("authorization") == f"Bearer access-{self.token}"
        return None if good else refusal("authError", 401)

    def comment(self, author: str, text: str, identity: str) -> dict[str, Any]:
        at = self.stamp()
        who = {"authorDisplayName": f"@{author.removeprefix('UC')}", "authorChannelId": {"value": author}}
        said = {"textDisplay": text, "likeCount": 2, "publishedAt": at, "updatedAt": at}
        return {"id": identity, "snippet": {**who, "authorChannelUrl": f"http://www.youtube.com/{author}", **said}}

    def write(self, text: str, author: str = "UCzoe", video: str = "v1", channel: str = BRAND) -> str:
        identity = f"Ugx{len(self.threads)}"
        about = {"channelId": channel, "videoId": video, "topLevelComment": self.comment(author, text, identity)}
        self.threads.append({"id": identity, "snippet": about})
        self.replies[identity] = []
        return identity

    def answer_to(self, top: str, author: str, text: str) -> str:
        made = self.comment(author, text, f"{top}.{len(self.replies[top])}")
        made["snippet"]["parentId"] = top
        self.replies[top].append(made)
        return str(made["id"])

    def list_threads(self, request: Request) -> object:
        assert (request.first("order"), request.first("textFormat")) == ("time", "plainText")
        if request.first("pageToken") in self.spent:
            self.spent.clear()
            return refusal("invalidPageToken", 400)
        video, channel = request.first("videoId"), request.first("allThreadsRelatedToChannelId")
        threads = [
            thread
            for thread in reversed(self.threads)
            if video == thread["snippet"]["videoId"] or channel == thread["snippet"]["channelId"]
        ]
        found = self.paged(threads, request)
        for thread in found["items"]:
            below = self.replies[thread["id"]]
            thread["snippet"]["totalReplyCount"] = len(below)
            thread["replies"] = {"comments": below[-INLINE:]}
        return self.refused(request) or found

    def list_replies(self, request: Request) -> object:
        return self.refused(request) or self.paged(self.replies[request.first("parentId")], request)

    def paged(self, items: Sequence[Any], request: Request) -> dict[str, Any]:
        """An opaque token that holds its place while new threads arrive above it."""
        size, token = int(request.first("maxResults")), request.first("pageToken")
        ids = [str(item["id"]) for item in items]
        start = ids.index(token) + 1 if token else 0
        page = list(items[start : start + size])
        more = {"nextPageToken": ids[start + size - 1]} if start + size < len(items) else {}
        return {"items": page, **more}

    def add(self, request: Request) -> Script:
        if refused := self.refused(request):
            return refused
        said = json.loads(request.body)["snippet"]
        self.answer_to(said["parentId"], BRAND, said["textOriginal"])
        made = self.replies[said["parentId"]][-1]
        return Script(500, b"oops") if self.lost else json_script(made)

    def search(self, request: Request) -> object:
        found = [item for item in reversed(self.videos) if request.first("q") in item["snippet"]["title"]]
        return self.refused(request) or self.paged(found, request)

    def channels(self, request: Request) -> object:
        item = {"id": BRAND, "snippet": {"title": "acme"}}
        wanted = request.first("mine") or request.first("id") == BRAND
        return self.refused(request) or {"items": [item] if wanted else []}


@pytest.fixture
def tube() -> Iterator[Tube]:
    with Tube() as server:
        yield server


OAUTH = {"TOKEN": "refresh-1", "SECRET": "client-secret"}


def opened(tube: Tube, secrets: dict[str, str] = OAUTH, **settings: Any) -> Opened:
    defaults = {"base_url": tube.url, "token_url": f"{tube.url}/token", "client_id": "c1", "channel": BRAND}
    return YOUTUBE.open(source(YOUTUBE, {**defaults, "page_size": 10, **settings}, secrets))


class TestYouTube(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, tube: Tube) -> None:
        self.tube = tube

    def open(self) -> Opened:
        return opened(self.tube)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.tube.write(text) for text in texts]


class TestWithAnApiKey(FetcherContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, tube: Tube) -> None:
        self.tube = tube

    def open(self) -> Opened:
        return opened(self.tube, {"KEY": "api-key-1"}, channel="", videos="v1")

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.tube.write(text, channel="UCelse") for text in texts]


def test_a_comment_as_it_is_stored(tube: Tube) -> None:
    top = tube.write("App <crashes> & burns")
    below = tube.answer_to(top, BRAND, "which phone?")
    found = {mention.external_id: mention for mention in fetch(opened(tube))[0]}
    assert (found[top].text, found[top].directed, found[top].likes) == ("App <crashes> & burns", True, 2)
    assert (found[top].author.handle, found[top].author.id, found[top].author.followers) == ("zoe", "UCzoe", None)
    assert found[top].url == f"https://www.youtube.com/watch?v=v1&lc={top}"
    assert (found[below].inbound, found[below].in_reply_to, found[below].thread_root) == (False, top, top)


def test_new_replies_in_an_older_thread_come_all(tube: Tube) -> None:
    top = tube.write("App crashes")
    tube.write("something newer")
    _, cursor, _ = fetch(opened(tube))
    ids = [tube.answer_to(top, "UCkai", f"me too {number}") for number in range(5)]
    mentions, cursor, _ = fetch(opened(tube), cursor)
    assert sorted(inbound(mentions)) == sorted(ids)
    assert fetch(opened(tube), cursor)[0] == []


def test_an_edited_comment_comes_again(tube: Tube) -> None:
    top = tube.write("App crashes")
    _, cursor, _ = fetch(opened(tube))
    tube.threads[0]["snippet"]["topLevelComment"]["snippet"] |= {"textDisplay": "fixed!", "updatedAt": tube.stamp()}
    (again,) = fetch(opened(tube), cursor)[0]
    assert (again.external_id, again.text, again.edited_at is not None) == (top, "fixed!", True)


def test_a_page_token_that_ended_begins_at_the_head(tube: Tube) -> None:
    ids = [tube.write(f"number {number}") for number in range(25)]
    pages, _ = until_error(opened(tube))
    tube.spent = {ids[15]}
    rest, cursor, _ = fetch(opened(tube), pages[0].cursor)
    found = set(inbound(pages[0].mentions)) | set(inbound(rest))
    assert tube.spent == set()
    assert set(ids) == found | set(inbound(fetch(opened(tube), cursor)[0]))


def test_a_token_that_ended_is_renewed_also_before_an_answer(tube: Tube) -> None:
    tube.write("App crashes")
    (mention,) = fetch(opened(tube))[0]
    tube.fault("POST /comments", refusal("authError", 401))
    receipt = post(opened(tube), Reply("sorry", mention))
    assert receipt.external_id == f"{mention.external_id}.0"
    assert tube.token == 3
    assert len(tube.replies[mention.external_id]) == 1


def test_a_refresh_token_that_ended_says_what_to_do(tube: Tube) -> None:
    _, caught = until_error(opened(tube, {"TOKEN": "refresh-9", "SECRET": "client-secret"}))
    assert isinstance(caught, AuthError)
    assert "Token has been expired" in caught.message
    assert "refresh-9" not in caught.message
    assert "app in testing end after 7 days" in (caught.hint or "")


@pytest.mark.parametrize(
    ("reason", "error", "hint"),
    [
        ("quotaExceeded", RateLimited, "midnight Pacific"),
        ("insufficientPermissions", AuthError, "youtube.force-ssl"),
        ("accessNotConfigured", AuthError, "enable the YouTube Data API"),
        ("commentsDisabled", PlatformError, "switched off"),
    ],
)
def test_googles_403_has_many_meanings(tube: Tube, reason: str, error: type[PlatformError], hint: str) -> None:
    tube.fault("GET /commentThreads", refusal(reason))
    _, caught = until_error(opened(tube))
    assert type(caught) is error
    assert hint in (caught.hint or "")
    if isinstance(caught, RateLimited):
        assert 0 < (caught.retry_after or 0) <= timedelta(hours=25).total_seconds()


def test_a_spent_search_quota_does_not_stop_the_comments(tube: Tube) -> None:
    ids = [tube.write(f"number {number}") for number in range(25)]
    tube.fault("GET /search", refusal("quotaExceeded"))
    mentions, cursor, skipped = fetch(opened(tube, search="Acme"))
    assert sorted(inbound(mentions)) == sorted(ids)
    assert "search:Acme has to wait" in skipped[0]
    assert fetch(opened(tube, search="Acme"), cursor)[0] == []


def test_a_search_brings_videos(tube: Tube) -> None:
    about = {"title": "Acme review", "description": "bad", "channelId": "UCkai", "channelTitle": "Kai"}
    tube.videos.append({"id": {"videoId": "v9"}, "snippet": {**about, "publishedAt": tube.stamp()}})
    (video,) = fetch(opened(tube, search="Acme"))[0]
    assert (video.external_id, video.text, video.directed) == ("video:v9", "Acme review\n\nbad", False)


def mention_of(tube: Tube) -> Mention:
    tube.write("App crashes")
    return fetch(opened(tube))[0][0]


def test_a_reply_to_a_reply_goes_below_the_first_comment_and_names_the_person(tube: Tube) -> None:
    top = tube.write("App crashes")
    below = tube.answer_to(top, "UCkai", "me too")
    found = {mention.external_id: mention for mention in fetch(opened(tube))[0]}
    reply = Reply("update it", found[below])
    receipt = post(opened(tube), reply)
    assert tube.replies[top][-1]["snippet"]["textDisplay"] == "@kai update it"
    assert find(opened(tube), reply) == receipt


def test_a_lost_answer_is_unknown_and_then_found(tube: Tube) -> None:
    reply = Reply("sorry", mention_of(tube))
    tube.lost = True
    with pytest.raises(BadAnswer):
        post(opened(tube), reply)
    assert find(opened(tube), reply) is not None
    assert len(tube.replies[reply.to.external_id]) == 1


def test_what_was_written_just_now_may_not_be_shown_yet(tube: Tube) -> None:
    reply = Reply("sorry", mention_of(tube), created_at=datetime.now(UTC))
    with pytest.raises(PlatformError, match="may not show the answer yet"):
        find(opened(tube), reply)
    post(opened(tube), reply)
    assert find(opened(tube), reply) is not None


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (refusal("commentTextTooLong", 400), NotProcessed),
        (refusal("commentsDisabled"), NotProcessed),
        (refusal("quotaExceeded"), RateLimited),
        (refusal("insufficientPermissions"), AuthError),
    ],
)
def test_what_youtube_refuses_was_not_sent(tube: Tube, script: Script, error: type[PlatformError]) -> None:
    reply = Reply("sorry", mention_of(tube))
    tube.fault("POST /comments", script)
    with pytest.raises(error):
        post(opened(tube), reply)
    assert find(opened(tube), reply) is None


def test_what_cannot_be_sent(tube: Tube) -> None:
    mention = mention_of(tube)
    for client, reply in (
        (opened(tube), Reply("x" * 10_001, mention)),
        (opened(tube), Reply("psst", mention, private=True)),
        (opened(tube, {"KEY": "api-key-1"}), Reply("hello", mention)),
    ):
        with pytest.raises(NotProcessed):
            post(client, reply)
    assert tube.paths("POST").count("/comments") == 0


def test_check(tube: Tube) -> None:
    assert check(opened(tube)) == "channel acme; can be answered"
    assert check(opened(tube, {"KEY": "api-key-1"})) == "channel acme; read only (an API key cannot answer)"
    with pytest.raises(ConfigError, match="no channel UCother"):
        check(opened(tube, channel="UCother"))
    with pytest.raises(ConfigError, match="nothing to read"):
        check(opened(tube, channel=""))
    with pytest.raises(AuthError, match="neither a TOKEN nor a KEY"):
        check(opened(tube, {}))
    with pytest.raises(AuthError) as caught:
        check(opened(tube, {"KEY": "api-key-2"}))
    assert "api-key-2" not in caught.value.message
