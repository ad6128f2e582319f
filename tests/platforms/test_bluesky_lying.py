"""Bluesky's client before a server that breaks its promises: scripted answers over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Page, Reply
from carecli.platforms.base import Setup
from carecli.platforms.bluesky import BLUESKY
from carecli.platforms.bluesky.client import BlueskyClient
from carecli.platforms.bluesky.xrpc import forget_sessions
from tests.platforms.servers import LyingServer, Request, Script, json_script

T = TypeVar("T")

SIGN_IN = "/xrpc/com.atproto.server.createSession"
REFRESH = "/xrpc/com.atproto.server.refreshSession"
NOTIFICATIONS = "/xrpc/app.bsky.notification.listNotifications"
FEED = "/xrpc/app.bsky.feed.getAuthorFeed"
SEARCH = "/xrpc/app.bsky.feed.searchPosts"
POSTS = "/xrpc/app.bsky.feed.getPosts"
PROFILES = "/xrpc/app.bsky.actor.getProfiles"
PUT = "/xrpc/com.atproto.repo.putRecord"
RECORD = "/xrpc/com.atproto.repo.getRecord"

DID, ZOE = "did:plc:brand", "did:plc:zoe"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TO = Mention("bluesky", f"at://{ZOE}/app.bsky.feed.post/3m5x2k7q2zk2a", "why?", NOW, Author("zoe.example", id=ZOE))
REPLY = Reply("sorry", TO, "en", created_at=NOW)


def session(number: int = 1) -> dict[str, Any]:
    return {
        "accessJwt": f"access-{number}",
        "refreshJwt": f"refresh-{number}",
        "did": DID,
        "handle": "acme.example",
    }


def view(number: int = 0, **record: Any) -> dict[str, Any]:
    at = f"2026-11-20T08:{59 - number:02}:00Z"
    return {
        "uri": f"at://{ZOE}/app.bsky.feed.post/{number:013}",
        "cid": f"bafy{number}",
        "author": {"did": ZOE, "handle": "zoe.example"},
        "record": {"text": f"post {number}", "createdAt": at} | record,
        "indexedAt": at,
    }


def error(name: str, status: int = 400, headers: Mapping[str, str] | None = None) -> Script:
    return json_script({"error": name, "message": "no"}, status, headers)


@pytest.fixture
def pds(lying: LyingServer) -> LyingServer:
    """A server that is honest so far: signed in, nothing to read, the post of `TO` to be answered."""
    forget_sessions()  # a port may come again
    lying.on(SIGN_IN, json_script(session()))
    lying.on(NOTIFICATIONS, json_script({"notifications": []}))
    lying.on(FEED, json_script({"feed": []}))
    lying.on(SEARCH, json_script({"posts": []}))
    lying.on(PROFILES, json_script({"profiles": [{"did": ZOE, "followersCount": 3}]}))
    lying.on(POSTS, json_script({"posts": [view() | {"uri": TO.external_id}]}))
    lying.on(RECORD, error("RecordNotFound"))
    return lying


def setup_for(server: LyingServer, **settings: Any) -> Setup:
    known = {"base_url": server.url, "handle": "acme.example", **settings}
    return Setup("bluesky", known, {"PASSWORD": "app-password"}.get, ("acme.example",))


def using(setup: Setup, work: Callable[[BlueskyClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with BLUESKY.open(setup) as client:
            assert isinstance(client, BlueskyClient)
            return await work(client)

    return asyncio.run(run())


def pages(setup: Setup, found: list[Page] | None = None, cursor: JSON | None = None) -> list[Page]:
    """All pages; those before an error are left in `found`."""
    kept = [] if found is None else found

    async def work(client: BlueskyClient) -> None:
        async for page in client.fetch(cursor or {}, since=None):
            kept.append(page)

    using(setup, work)
    return kept


def texts(found: list[Page]) -> list[str]:
    return [one.text for page in found for one in page.mentions]


def bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def only_for(token: str, good: Script, name: str = "ExpiredToken", status: int = 400) -> Callable[[Request], Script]:
    return lambda request: good if bearer(request) == token else error(name, status)


def test_an_expired_session_is_renewed_once_and_shared(pds: LyingServer) -> None:
    pds.on(NOTIFICATIONS, only_for("access-2", json_script({"notifications": []})))
    pds.on(REFRESH, only_for("refresh-1", json_script(session(2))))
    pages(setup_for(pds))
    pages(setup_for(pds))
    assert len(pds.asked(SIGN_IN)) == len(pds.asked(REFRESH)) == 1
    assert bearer(pds.asked(FEED)[-1]) == "access-2"


@pytest.mark.parametrize("name", ["ExpiredToken", "InvalidToken"])
def test_when_the_refresh_token_has_ended_too_we_sign_in_again(pds: LyingServer, name: str) -> None:
    pds.on(SIGN_IN, json_script(session(1)), json_script(session(2)))
    pds.on(NOTIFICATIONS, only_for("access-2", json_script({"notifications": []}), name))
    pds.on(REFRESH, error("ExpiredToken"))
    pages(setup_for(pds))
    assert len(pds.asked(SIGN_IN)) == 2


def test_a_session_that_is_never_accepted_is_an_error_not_a_loop(pds: LyingServer) -> None:
    pds.on(NOTIFICATIONS, error("ExpiredToken"))
    pds.on(REFRESH, json_script(session(2)))
    with pytest.raises(AuthError, match="ExpiredToken") as refused:
        pages(setup_for(pds))
    assert len(pds.asked(NOTIFICATIONS)) == 2
    assert "access-" not in refused.value.message


def test_an_expired_session_before_a_write_is_renewed_and_the_write_done_once(pds: LyingServer) -> None:
    done = json_script({"uri": f"at://{DID}/app.bsky.feed.post/x", "cid": "bafy"})
    pds.on(PUT, only_for("access-2", done))
    pds.on(REFRESH, json_script(session(2)))
    receipt = using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert receipt.external_id == f"at://{DID}/app.bsky.feed.post/x"
    assert [bearer(request) for request in pds.asked(PUT)] == ["access-1", "access-2"]


def test_a_session_that_cannot_be_renewed_means_that_nothing_was_sent(pds: LyingServer) -> None:
    pds.on(PUT, error("ExpiredToken"))
    pds.on(REFRESH, error("InternalServerError", 500))
    with pytest.raises(NotProcessed):
        using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert len(pds.asked(PUT)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        json_script({"accessJwt": "a"}),
        json_script([]),
        json_script(session() | {"accessJwt": "evil\r\nX-Header: 1"}),
        Script(200, b"<html>welcome</html>"),
    ],
)
def test_a_session_that_is_none(pds: LyingServer, answer: Script) -> None:
    pds.on(SIGN_IN, answer)
    with pytest.raises(BadAnswer):
        pages(setup_for(pds))
    with pytest.raises(NotProcessed):
        using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert pds.asked(PUT) == []


def test_the_password_goes_to_the_sign_in_only(pds: LyingServer) -> None:
    pds.on(SIGN_IN, json_script({"error": "Bad", "message": "app-password is wrong"}, 401))
    with pytest.raises(AuthError) as refused:
        pages(setup_for(pds))
    assert "app-password" not in f"{refused.value.message} {refused.value.hint}"
    assert [request.path for request in pds.requests] == [SIGN_IN]


def test_a_did_document_cannot_send_us_from_https_to_http_nor_be_junk(pds: LyingServer) -> None:
    for document in (
        {"service": "x"},
        {"service": [1, {"id": "#atproto_pds", "serviceEndpoint": 7}]},
        "junk",
    ):
        pds.on(SIGN_IN, json_script(session() | {"didDoc": document}))
        pages(setup_for(pds, pinned=str(document)))
    with LyingServer() as elsewhere:
        elsewhere.on(NOTIFICATIONS, json_script({"notifications": []}))
        elsewhere.on(FEED, json_script({"feed": []}))
        place = {"id": f"{DID}#atproto_pds", "serviceEndpoint": elsewhere.url}
        pds.on(SIGN_IN, json_script(session() | {"didDoc": {"service": [place]}}))
        pages(setup_for(pds, handle="followed.example"))
        assert len(elsewhere.asked(FEED)) == 1
        pages(setup_for(pds, handle="pinned.example", pinned="yes"))
        assert len(elsewhere.asked(FEED)) == 1


def test_a_rate_limit_says_how_long(pds: LyingServer) -> None:
    reset = str(int(time.time()) + 120)
    pds.on(NOTIFICATIONS, error("RateLimitExceeded", 429, {"RateLimit-Reset": reset}))
    with pytest.raises(RateLimited) as limited:
        pages(setup_for(pds, search="acme"))
    assert limited.value.retry_after == pytest.approx(120, abs=5)
    assert pds.asked(SEARCH) == [], "a server that asks to wait is not asked for the rest"


def test_a_truncated_answer_is_an_error_and_earlier_pages_stay(pds: LyingServer) -> None:
    items = [view(number) for number in range(2)]
    pds.on(
        SEARCH,
        json_script({"posts": items, "cursor": "a"}),
        Script(200, b'{"posts": [', {"Content-Type": "application/json"}),
    )
    found: list[Page] = []
    with pytest.raises(BadAnswer):
        pages(setup_for(pds, search="acme"), found)
    assert texts(found) == ["post 0", "post 1"]
    pds.on(SEARCH, json_script({"posts": [view(2)]}))
    assert texts(pages(setup_for(pds, search="acme"), cursor=found[-1].cursor))[-1] == "post 2"
    asked = [request.first("cursor") for request in pds.asked(SEARCH)]
    assert asked[-1] == "a", "the rest is read from where it stopped"


@pytest.mark.parametrize("body", [[], {"posts": {}}, {"posts": None}, {}, {"posts": [], "cursor": 7}, "posts", None])
def test_a_listing_of_the_wrong_type_is_an_error(pds: LyingServer, body: Any) -> None:
    pds.on(SEARCH, json_script(body))
    with pytest.raises(BadAnswer):
        pages(setup_for(pds, search="acme"))


def test_one_bad_item_is_skipped_and_named(pds: LyingServer) -> None:
    bad = [None, 7, "x", {"uri": "at://x\x1b[31m"}, view(1, text=7), view(2) | {"author": {"did": "junk"}}]
    pds.on(SEARCH, json_script({"posts": [view(0), *bad, view(3)]}))
    pds.on(
        NOTIFICATIONS,
        json_script({"notifications": ["x", {"uri": 1}, {"uri": "at://x", "reason": "like", "indexedAt": "x"}]}),
    )
    found = pages(setup_for(pds, search="acme"))
    assert texts(found) == ["post 0", "post 3"]
    skipped = [line for page in found for line in page.skipped]
    assert len(skipped) == len(bad) + 2
    assert all(line.isprintable() for line in skipped)
    assert any(view(1)["uri"] in line and "text" in line for line in skipped)


def test_a_notification_whose_post_is_not_shown_is_taken_as_it_came(pds: LyingServer) -> None:
    pds.on(POSTS, json_script({"posts": []}))
    pds.on(NOTIFICATIONS, json_script({"notifications": [view(1) | {"reason": "mention"}]}))
    (page,) = [page for page in pages(setup_for(pds)) if page.mentions]
    assert page.mentions[0].directed is True
    assert (page.mentions[0].likes, page.mentions[0].author.followers) == (None, 3)


def test_empty_pages_with_a_cursor_are_not_the_end(pds: LyingServer) -> None:
    pds.on(
        SEARCH,
        json_script({"posts": [], "cursor": "a"}),
        json_script({"posts": [], "cursor": "b"}),
        json_script({"posts": [view(5)]}),
    )
    assert texts(pages(setup_for(pds, search="acme"))) == ["post 5"]


def test_a_stop_among_empty_pages_does_not_begin_anew(pds: LyingServer) -> None:
    limited = error("RateLimitExceeded", 429, {"Retry-After": "900"})
    pds.on(SEARCH, json_script({"posts": [], "cursor": "a"}), json_script({"posts": [], "cursor": "b"}), limited)
    found: list[Page] = []
    with pytest.raises(RateLimited):
        pages(setup_for(pds, search="acme"), found)
    pds.on(SEARCH, json_script({"posts": []}))
    pages(setup_for(pds, search="acme"), cursor=found[-1].cursor)
    assert pds.asked(SEARCH)[-1].first("cursor") == "b"


def test_the_same_cursor_for_ever_is_an_error_and_ends_only_its_listing(pds: LyingServer) -> None:
    pds.on(SEARCH, json_script({"posts": [view(1)], "cursor": "same"}))
    pds.on(FEED, json_script({"feed": [{"post": view(7)}, {"post": view(8), "reason": {"by": "x"}}]}))
    found: list[Page] = []
    with pytest.raises(BadAnswer, match="circles"):
        pages(setup_for(pds, search="acme"), found)
    assert texts(found) == ["post 1", "post 7"]
    assert len(pds.asked(SEARCH)) == 2


@pytest.mark.parametrize("path", [POSTS, PROFILES])
def test_a_page_that_could_not_be_completed_comes_again(pds: LyingServer, path: str) -> None:
    pds.on(POSTS, json_script({"posts": [view(1)]}))
    pds.on(NOTIFICATIONS, json_script({"notifications": [view(1) | {"reason": "reply"}]}))
    good = json_script({"posts": [view(1)], "profiles": []})
    pds.on(path, error("InvalidRequest"), error("InvalidRequest"), good)
    pds.on(SEARCH, json_script({"posts": []}))
    found: list[Page] = []
    with pytest.raises(PlatformError, match="InvalidRequest"):
        pages(setup_for(pds, search="acme"), found)
    assert texts(found) == []
    pds.on(path, good)
    assert texts(pages(setup_for(pds, search="acme"), cursor=found[-1].cursor)) == ["post 1"]


def test_what_was_skipped_once_is_not_named_again(pds: LyingServer) -> None:
    pds.on(SEARCH, json_script({"posts": [view(0), view(1, text=7)]}))
    first = pages(setup_for(pds, search="acme"))
    assert sum(len(page.skipped) for page in first) == 1
    assert pages(setup_for(pds, search="acme"), cursor=first[-1].cursor) == []


def test_a_query_that_is_no_longer_asked_leaves_the_cursor(pds: LyingServer) -> None:
    first = pages(setup_for(pds, search=["acme", "acme app"]))
    assert set(first[-1].cursor["searches"]) == {"acme", "acme app"}
    pds.on(SEARCH, json_script({"posts": [view(1)]}))
    second = pages(setup_for(pds, search="acme"), cursor=first[-1].cursor)
    assert set(second[-1].cursor["searches"]) == {"acme"}


def test_a_failing_search_leaves_the_notifications_alone(pds: LyingServer) -> None:
    pds.on(SEARCH, error("InvalidRequest"))
    pds.on(POSTS, json_script({"posts": [view(1)]}))
    pds.on(NOTIFICATIONS, json_script({"notifications": [view(1) | {"reason": "reply"}]}))
    found: list[Page] = []
    with pytest.raises(PlatformError, match="InvalidRequest"):
        pages(setup_for(pds, search="acme"), found)
    assert texts(found) == ["post 1"]


def test_a_cursor_that_the_server_has_forgotten_is_replaced(pds: LyingServer) -> None:
    def search(request: Request) -> Script:
        if request.first("cursor") == "forgotten":
            return error("InvalidRequest")
        return json_script({"posts": [view(1), view(2)]})

    pds.on(SEARCH, search)
    cursor = {"searches": {"acme": {"high": None, "gaps": [["forgotten", None, None]]}}}
    assert texts(pages(setup_for(pds, search="acme"), cursor=cursor)) == ["post 1", "post 2"]


@pytest.mark.parametrize("cursor", [{"own": 7}, {"searches": []}, {"notifications": {"gaps": "x"}}, {"x": 1}])
def test_a_damaged_cursor_begins_anew(pds: LyingServer, cursor: JSON) -> None:
    pds.on(SEARCH, json_script({"posts": [view(1)]}))
    assert texts(pages(setup_for(pds, search="acme"), cursor=cursor)) == ["post 1"]


@pytest.mark.parametrize(
    "answer",
    [
        error("InternalServerError", 500),
        error("Unavailable", 503, {"Retry-After": "1"}),
        Script(200, b'{"uri": "at'),
        Script(200, b'{"uri": "at://x", "cid": "y"}', cut=10),
        json_script({"uri": 7}),
        Script(200, b"<html>"),
    ],
)
def test_a_write_without_a_clear_answer_has_an_unknown_fate(pds: LyingServer, answer: Script) -> None:
    pds.on(PUT, answer)
    with pytest.raises(PlatformError) as unknown:
        using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert not isinstance(unknown.value, NotProcessed | AuthError | RateLimited)
    assert len(pds.asked(PUT)) == 1, "a write is never repeated by itself"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error("InvalidRequest"), NotProcessed),
        (error("RateLimitExceeded", 429, {"RateLimit-Reset": "1"}), RateLimited),
        (error("AuthMissing", 401), AuthError),
        (error("Forbidden", 403), AuthError),
    ],
)
def test_a_write_that_is_refused_was_surely_not_done(
    pds: LyingServer, answer: Script, expected: type[PlatformError]
) -> None:
    pds.on(PUT, answer)
    with pytest.raises(expected):
        using(setup_for(pds), lambda client: client.post(REPLY, key="k"))


@pytest.mark.parametrize(("path", "status"), [(POSTS, 400), (RECORD, 400), (SIGN_IN, 500)])
def test_what_fails_before_the_write_is_surely_not_sent(pds: LyingServer, path: str, status: int) -> None:
    pds.on(path, error("Broken", status))
    with pytest.raises(NotProcessed):
        using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert pds.asked(PUT) == []


def stored(parent: str) -> Script:
    ref = {"uri": parent, "cid": "bafy"}
    value = {"text": "sorry", "reply": {"root": ref, "parent": ref}}
    return json_script({"uri": f"at://{DID}/app.bsky.feed.post/x", "value": value})


def test_a_refused_swap_means_that_it_is_out_already(pds: LyingServer) -> None:
    pds.on(PUT, error("InvalidSwap"))
    pds.on(RECORD, error("RecordNotFound"), stored(TO.external_id))
    receipt = using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert receipt.external_id == f"at://{DID}/app.bsky.feed.post/x"


def test_somebody_elses_record_under_our_key_is_not_ours(pds: LyingServer) -> None:
    pds.on(RECORD, stored("at://did:plc:else/app.bsky.feed.post/1"))
    with pytest.raises(PlatformError, match="another post"):
        using(setup_for(pds), lambda client: client.find("k", REPLY))
    with pytest.raises(NotProcessed):
        using(setup_for(pds), lambda client: client.post(REPLY, key="k"))
    assert pds.asked(PUT) == []


@pytest.mark.parametrize("answer", [error("InvalidRequest"), json_script([]), Script(200, b"{"), error("Down", 404)])
def test_find_never_says_no_without_being_told(pds: LyingServer, answer: Script) -> None:
    pds.on(RECORD, answer)
    with pytest.raises(PlatformError):
        using(setup_for(pds), lambda client: client.find("k", REPLY))


@pytest.mark.parametrize(("key", "value"), [("page_size", "0"), ("page_size", "101"), ("overlap", "soon")])
def test_a_setting_that_cannot_be_is_named(pds: LyingServer, key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=key):
        pages(setup_for(pds, **{key: value}))
