"""Bluesky against the real thing: accounts, notifications, threads, search and replies of a local network."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import httpx
import pytest

from carecli.errors import AuthError, NotProcessed, PlatformError, RateLimited, Unreachable
from carecli.model import JSON, Mention, Page, Reply
from carecli.platforms.base import Checker, Fetcher, Poster, Setup
from carecli.platforms.bluesky import BLUESKY
from carecli.platforms.bluesky.client import BlueskyClient
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.atproto import Network, Person, Written

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("atproto")]

T = TypeVar("T")


def setup_for(person: Person, password: str | None = None, **settings: Any) -> Setup:
    secrets = {"PASSWORD": password or person.password}
    known = {"base_url": person.pds, "handle": person.handle, **settings}
    return Setup("bluesky", known, secrets.get, (person.handle,))


def using(setup: Setup, work: Callable[[BlueskyClient], Awaitable[T]]) -> T:
    """What `work` gives with a client that lives as long as it."""

    async def run() -> T:
        async with BLUESKY.open(setup) as client:
            assert isinstance(client, BlueskyClient)
            return await work(client)

    return asyncio.run(run())


def pages(setup: Setup, cursor: JSON | None = None, *, since: datetime | None = None, most: int = 10_000) -> list[Page]:
    async def work(client: BlueskyClient) -> list[Page]:
        found = []
        async for page in client.fetch(cursor or {}, since=since):
            found.append(page)
            if len(found) == most:
                break
        return found

    return using(setup, work)


def mentions(found: list[Page]) -> dict[str, Mention]:
    assert all(page.skipped == () for page in found)
    return {one.external_id: one for page in found for one in page.mentions}


def answer(setup: Setup, to: Mention, text: str, *, key: str, at: datetime | None = None) -> str:
    reply = Reply(text, to, "en", created_at=at or datetime.now(UTC))
    return using(setup, lambda client: client.post(reply, key=key)).external_id


@contextmanager
def cutting_proxy(pds: str, cut: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Forwards to `pds`; the answer of the first putRecord never arrives, although the server has done it."""
    left = [1]

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            kept = {"authorization", "content-type", "atproto-proxy"}
            headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
            upstream = httpx.request(self.command, pds + self.path, content=body, headers=headers, timeout=30)
            if "putRecord" in self.path and left and left.pop():
                assert upstream.status_code == 200
                cut()
                self.close_connection = True
                return
            self.send_response(upstream.status_code)
            self.send_header("Content-Type", upstream.headers.get("content-type", "application/json"))
            self.send_header("Content-Length", str(len(upstream.content)))
            self.end_headers()
            self.wfile.write(upstream.content)

        do_GET = do_POST = forward  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def brand(atproto: Network) -> Person:
    return atproto.person("acme")


@pytest.fixture
def zoe(atproto: Network) -> Person:
    return atproto.person("zoe")


def test_mentions_replies_and_quotes_arrive_directed(atproto: Network, brand: Person, zoe: Person) -> None:
    ours = brand.say("our news", langs=["en"])
    named = zoe.say(f"hey @{brand.handle}, it crashes", mentions=brand, langs=["pl", "en"])
    under = zoe.say("does not work", to=ours)
    embed = {"$type": "app.bsky.embed.record", "record": {"uri": ours.uri, "cid": ours.cid}}
    quote = zoe.say("look at this", embed=embed)
    zoe.say("nobody is named here")
    atproto.sync()
    found = mentions(pages(setup_for(brand, brand.app_password())))
    assert set(found) == {ours.uri, named.uri, under.uri, quote.uri}
    assert [found[one.uri].directed for one in (ours, named, under, quote)] == [None, True, True, True]
    assert [found[one.uri].inbound for one in (ours, named, under, quote)] == [False, True, True, True]
    one = found[named.uri]
    assert (one.text, one.language, one.host) == (f"hey @{brand.handle}, it crashes", "pl", "")
    assert (one.author.handle, one.author.id, one.author.followers) == (zoe.handle, zoe.did, 0)
    assert one.url == f"https://bsky.app/profile/{zoe.handle}/post/{named.uri.rpartition('/')[2]}"
    assert (one.in_reply_to, one.thread_root, one.likes, one.replies) == (None, None, 0, 0)
    assert (found[under.uri].in_reply_to, found[under.uri].thread_root) == (ours.uri, ours.uri)
    assert found[ours.uri].replies == 1
    assert named.cid in (one.raw or "")


def test_a_deep_thread_keeps_its_root(atproto: Network, brand: Person, zoe: Person) -> None:
    root = zoe.say(f"@{brand.handle} help", mentions=brand)
    ours = brand.say("which version?", to=root)
    below = zoe.say("version 3", to=ours)
    atproto.sync()
    found = mentions(pages(setup_for(brand)))
    assert found[below.uri].thread_root == root.uri
    assert found[below.uri].in_reply_to == ours.uri
    assert found[ours.uri].inbound is False


def test_searches_find_the_undirected_and_own_posts_stay_outbound(atproto: Network, brand: Person, zoe: Person) -> None:
    word, other = f"zorblax{brand.did[-6:]}", f"quux{brand.did[-6:]}"
    heard = zoe.say(f"my {word} is slow")
    second = zoe.say(f"{other} too")
    both = zoe.say(f"@{brand.handle} my {word} burns", mentions=brand)
    own = brand.say(f"{word} is great")
    atproto.sync()
    found = pages(setup_for(brand, search=[word, other]))
    assert sum(len(page.mentions) for page in found) == 4, "each post once, however many listings have it"
    by_uri = mentions(found)
    assert {one.uri: by_uri[one.uri].directed for one in (heard, second, both, own)} == {
        heard.uri: False,
        second.uri: False,
        both.uri: True,
        own.uri: None,
    }
    assert by_uri[own.uri].inbound is False
    assert set(found[-1].cursor["searches"]) == {word, other}


def test_many_pages_are_read_to_the_end_and_only_what_is_new_later(
    atproto: Network, brand: Person, zoe: Person
) -> None:
    start = datetime.now(UTC) - timedelta(days=2)
    zoe.say_many(
        [
            zoe.record(f"@{brand.handle} n{number}", mentions=brand, at=start + timedelta(minutes=number))
            for number in range(230)
        ]
    )
    atproto.sync()
    found = pages(setup_for(brand))
    assert len(mentions(found)) == 230
    late = zoe.say(f"@{brand.handle} late", mentions=brand)
    atproto.sync()
    found = pages(setup_for(brand), found[-1].cursor)
    assert set(mentions(found)) == {late.uri}
    assert pages(setup_for(brand), found[-1].cursor) == []


def test_what_arrives_late_is_found_below_the_mark(atproto: Network, brand: Person, zoe: Person) -> None:
    now = datetime.now(UTC)
    zoe.say(f"@{brand.handle} in time", mentions=brand)
    atproto.sync()
    found = pages(setup_for(brand))
    late = zoe.say(f"@{brand.handle} from a slow server", mentions=brand, at=now - timedelta(minutes=50))
    atproto.sync()
    assert set(mentions(pages(setup_for(brand), found[-1].cursor))) == {late.uri}


def test_a_run_that_is_cut_off_after_every_page_loses_nothing(atproto: Network, brand: Person, zoe: Person) -> None:
    setup = setup_for(brand, page_size="4", overlap="0")
    start = datetime.now(UTC) - timedelta(hours=3)
    said: set[str] = set()
    cursor: JSON = {}
    seen: dict[str, Mention] = {}
    for burst in range(4):
        for number in range(5):
            at = start + timedelta(minutes=10 * burst + number)
            said.add(zoe.say(f"@{brand.handle} {burst}.{number}", mentions=brand, at=at).uri)
        atproto.sync()
        one_page = pages(setup, cursor, most=1)  # a new client, then gone
        cursor = one_page[-1].cursor
        seen |= mentions(one_page)
    assert len(seen) < len(said)
    rest = pages(setup, cursor)
    assert set(seen | mentions(rest)) == said


def test_nothing_older_than_since(atproto: Network, brand: Person, zoe: Person) -> None:
    now = datetime.now(UTC)
    old = zoe.say(f"@{brand.handle} long ago", mentions=brand, at=now - timedelta(days=30))
    new = zoe.say(f"@{brand.handle} just now", mentions=brand)
    atproto.sync()
    found = mentions(pages(setup_for(brand), since=now - timedelta(days=1)))
    assert set(found) == {new.uri}
    assert old.uri in mentions(pages(setup_for(brand)))


def test_a_claimed_future_is_not_believed(atproto: Network, brand: Person, zoe: Person) -> None:
    ahead = zoe.say(f"@{brand.handle} hello", mentions=brand, at=datetime(2035, 1, 1, tzinfo=UTC))
    atproto.sync()
    found = pages(setup_for(brand))
    assert mentions(found)[ahead.uri].created_at <= datetime.now(UTC)
    later = zoe.say(f"@{brand.handle} and again", mentions=brand)
    atproto.sync()
    assert later.uri in mentions(pages(setup_for(brand), found[-1].cursor))


def test_another_appview_can_be_named(atproto: Network, brand: Person, zoe: Person) -> None:
    named = zoe.say(f"@{brand.handle} hi", mentions=brand)
    atproto.sync()
    assert set(mentions(pages(setup_for(brand, appview=atproto.appview_did)))) == {named.uri}
    with pytest.raises(PlatformError):
        pages(setup_for(brand, appview="did:plc:nobodynobodynobodynobody"))


def asked(atproto: Network, brand: Person, zoe: Person) -> tuple[Written, Mention]:
    """A question in a thread, and how it arrives."""
    root = zoe.say("hello all")
    question = zoe.say(f"@{brand.handle} why?", mentions=brand, to=root)
    atproto.sync()
    return question, mentions(pages(setup_for(brand)))[question.uri]


def test_a_reply_lands_in_the_thread_once(atproto: Network, brand: Person, zoe: Person) -> None:
    question, mention = asked(atproto, brand, zoe)
    text = f"@{zoe.handle} see https://acme.example/why, #help 🙏"
    at = datetime.now(UTC)
    first = answer(setup_for(brand), mention, text, key="k1", at=at)
    assert answer(setup_for(brand), mention, text, key="k1", at=at.replace(microsecond=0)) == first
    (record,) = brand.posts()
    assert record["uri"] == first
    value = record["value"]
    assert value["text"] == text
    assert value["langs"] == ["en"]
    assert value["reply"]["parent"] == {"uri": question.uri, "cid": question.cid}
    assert value["reply"]["root"]["uri"] == question.root[0]
    kinds = [facet["features"][0]["$type"].rpartition("#")[2] for facet in value["facets"]]
    assert kinds == ["mention", "link", "tag"]
    assert value["facets"][0]["features"][0]["did"] == zoe.did
    atproto.sync()
    told = zoe.ask("app.bsky.notification.listNotifications")["notifications"]
    assert first in {one["uri"] for one in told}


def test_other_keys_are_other_replies(atproto: Network, brand: Person, zoe: Person) -> None:
    _, mention = asked(atproto, brand, zoe)
    at = datetime.now(UTC)
    made = {answer(setup_for(brand), mention, "sorry", key=f"k{number}", at=at) for number in range(3)}
    assert len(made) == len(brand.posts()) == 3


def test_a_lost_answer_is_unknown_and_the_repeat_makes_no_second_post(
    atproto: Network, brand: Person, zoe: Person
) -> None:
    _, mention = asked(atproto, brand, zoe)
    reply = Reply("sorry, fixed", mention, "en", created_at=datetime.now(UTC))
    with cutting_proxy(brand.pds) as url:
        setup = setup_for(brand, base_url=url, pinned="true")
        with pytest.raises(PlatformError) as lost:
            using(setup, lambda client: client.post(reply, key="k"))
        assert not isinstance(lost.value, NotProcessed | AuthError | RateLimited)
        found = using(setup, lambda client: client.find("k", reply))
        assert found is not None
        assert using(setup, lambda client: client.post(reply, key="k")) == found
    assert [one["uri"] for one in brand.posts()] == [found.external_id]


CHILD = """
import asyncio, sys
from datetime import datetime, UTC
from carecli.model import Author, Mention, Reply
from carecli.platforms.base import Setup
from carecli.platforms.bluesky import BLUESKY

url, handle, password, uri, at = sys.argv[1:]
to = Mention("bluesky", uri, "", datetime.now(UTC), Author("zoe"))
reply = Reply("from a process that dies", to, "en", created_at=datetime.fromisoformat(at))
setup = Setup("bluesky", {"base_url": url, "handle": handle, "pinned": True}, {"PASSWORD": password}.get)

async def main():
    async with BLUESKY.open(setup) as client:
        await client.post(reply, key="k")

asyncio.run(main())
"""


def test_after_a_kill_another_process_finds_the_reply(atproto: Network, brand: Person, zoe: Person) -> None:
    _, mention = asked(atproto, brand, zoe)
    at = datetime.now(UTC)
    reply = Reply("from a process that dies", mention, "en", created_at=at)
    child: list[subprocess.Popen[bytes]] = []
    with cutting_proxy(brand.pds, lambda: os.kill(child[0].pid, signal.SIGKILL)) as url:
        command = [sys.executable, "-c", CHILD, url, brand.handle, brand.password, mention.external_id]
        child.append(subprocess.Popen([*command, at.isoformat()]))
        assert child[0].wait(60) == -signal.SIGKILL
    found = using(setup_for(brand), lambda client: client.find("k", reply))
    assert found is not None
    assert [one["uri"] for one in brand.posts()] == [found.external_id]
    assert using(setup_for(brand), lambda client: client.find("another key", reply)) is None


def test_what_went_out_before_is_found_although_the_question_is_gone(
    atproto: Network, brand: Person, zoe: Person
) -> None:
    question, mention = asked(atproto, brand, zoe)
    at = datetime.now(UTC)
    first = answer(setup_for(brand), mention, "sorry", key="k", at=at)
    rkey = question.uri.rpartition("/")[2]
    zoe.call("com.atproto.repo.deleteRecord", {"repo": zoe.did, "collection": "app.bsky.feed.post", "rkey": rkey})
    atproto.sync()
    assert answer(setup_for(brand), mention, "sorry", key="k", at=at) == first
    with pytest.raises(NotProcessed, match="gone"):
        answer(setup_for(brand), mention, "sorry", key="other", at=at)


def test_a_closed_thread_is_not_answered(atproto: Network, brand: Person, zoe: Person) -> None:
    root = zoe.say(f"@{brand.handle} no answers please", mentions=brand)
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": root.uri,
        "allow": [],
        "createdAt": "2026-01-01T00:00:00Z",
    }
    rkey = root.uri.rpartition("/")[2]
    zoe.call(
        "com.atproto.repo.putRecord",
        {"repo": zoe.did, "collection": "app.bsky.feed.threadgate", "rkey": rkey, "record": gate},
    )
    atproto.sync()
    mention = mentions(pages(setup_for(brand)))[root.uri]
    with pytest.raises(NotProcessed, match="does not allow"):
        answer(setup_for(brand), mention, "sorry", key="k")
    assert brand.posts() == []


def test_private_and_too_long_replies_are_refused(atproto: Network, brand: Person, zoe: Person) -> None:
    _, mention = asked(atproto, brand, zoe)
    with pytest.raises(NotProcessed, match="private") as refused:
        using(setup_for(brand), lambda client: client.post(Reply("hi", mention, private=True), key="k"))
    assert refused.value.hint
    for text in ("a" * 301, "👨‍👩‍👧‍👦" * 121):
        with pytest.raises(NotProcessed, match="too long"):
            answer(setup_for(brand), mention, text, key="k")
    longest = "👨‍👩‍👧‍👦" * 120
    assert answer(setup_for(brand), mention, longest, key="k")


def test_check_says_who_is_signed_in(atproto: Network, brand: Person) -> None:
    said = using(setup_for(brand, brand.app_password()), lambda client: client.check())
    assert brand.handle in said
    assert brand.did in said
    assert "localhost" in said, "the account's own server, as its DID document names it"


def test_a_wrong_password_says_so_and_shows_nothing(atproto: Network, brand: Person) -> None:
    with pytest.raises(AuthError) as refused:
        using(setup_for(brand, "wrong-secret-password"), lambda client: client.check())
    assert "wrong-secret-password" not in f"{refused.value.message}{refused.value.hint}"
    assert "AuthenticationRequired" in refused.value.message
    with pytest.raises(AuthError, match="no app password"):
        using(Setup("b", {"base_url": brand.pds, "handle": brand.handle}), lambda client: client.check())


def test_one_sign_in_serves_the_whole_process(atproto: Network) -> None:
    person = atproto.person("calm", pds=atproto.limited_pds)
    for _ in range(35):  # 30 sign-ins in five minutes are allowed
        setup = setup_for(person)
        assert using(setup, lambda client: client.xrpc.session()).did == person.did


def test_the_real_limit_of_sign_ins_is_reported_with_its_wait(atproto: Network) -> None:
    person = atproto.person("busy", pds=atproto.limited_pds)
    place = f"{atproto.limited_pds}/xrpc/com.atproto.server.createSession"
    body = {"identifier": person.handle, "password": "wrong"}
    statuses = [httpx.post(place, json=body, timeout=30).status_code for _ in range(31)]
    assert statuses[-1] == 429
    with pytest.raises(RateLimited) as asked_to_wait:
        using(setup_for(person), lambda client: client.check())
    assert asked_to_wait.value.retry_after is not None
    assert 0 < asked_to_wait.value.retry_after <= 300


def test_a_server_that_is_not_there(atproto: Network, brand: Person) -> None:
    with pytest.raises((Unreachable, NotProcessed)):
        using(setup_for(brand, base_url="http://127.0.0.1:9", pinned="true"), lambda client: client.check())


class TestContract(FetcherContract, PosterContract):
    """What every platform must hold to, with four pages of what one customer wrote."""

    @pytest.fixture(autouse=True)
    def _people(self, atproto: Network, brand: Person, zoe: Person) -> None:
        self.network, self.brand, self.zoe = atproto, brand, zoe
        self.at = datetime.now(UTC) - timedelta(minutes=5)

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        self.network.sync()
        return BLUESKY.open(setup_for(self.brand, page_size="25"))

    def write(self, texts: Sequence[str]) -> list[str]:
        records = []
        for text in texts:
            self.at += timedelta(milliseconds=10)
            record = self.zoe.record(text, at=self.at)
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.brand.did}
            record["facets"] = [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [feature]}]
            records.append(record)
        uris = self.zoe.say_many(records)
        self.network.sync()
        return uris


def test_the_client_is_all_that_a_platform_can_be(atproto: Network, brand: Person) -> None:
    async def work(client: BlueskyClient) -> None:
        assert isinstance(client, Poster)
        assert isinstance(client, Checker)

    using(setup_for(brand), work)
