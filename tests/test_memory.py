"""The in-memory platform keeps the contract of every platform, and its network fails the way real ones do."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carecli.errors import (
    AuthError,
    ConfigError,
    NotProcessed,
    PlatformError,
    RateLimited,
    Unreachable,
)
from carecli.model import JSON, Mention, Page, Reply
from carecli.platforms import load
from carecli.platforms.base import Checker, Fetcher, Poster, Setup
from carecli.platforms.memory import LIMIT, MEMORY, MemoryClient, Network, close, network
from carecli.platforms.testing import FetcherContract, PosterContract

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def pages(client: MemoryClient, cursor: JSON | None = None, since: datetime | None = None) -> list[Page]:
    """Everything that one fetch yields."""

    async def read() -> list[Page]:
        return [page async for page in client.fetch(cursor or {}, since=since)]

    return asyncio.run(read())


def mentions(client: MemoryClient, cursor: JSON | None = None) -> list[Mention]:
    return [mention for page in pages(client, cursor) for mention in page.mentions]


def texts(found: list[Mention]) -> list[str]:
    return [mention.text for mention in found]


@pytest.fixture
def town() -> Network:
    return Network("town", page_size=2, clock=lambda: NOON)


@pytest.fixture
def desk(town: Network) -> MemoryClient:
    return MemoryClient(town, "aeroluna", ["Aeroluna"])


@pytest.fixture
def named() -> Iterator[str]:
    """The name of a network of this process that is gone after the test."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    close(name)


def test_what_is_said_comes_back_as_mentions_in_order(town: Network, desk: MemoryClient) -> None:
    town.account("zoe", name="Zoe Z.", followers=41)
    lost = town.say("zoe", "my bag is lost @aeroluna", language="en", likes=3)
    answer = town.say("aeroluna", "which flight?", reply_to=lost)
    town.say("zoe", "AL 208", reply_to=answer)
    first, ours, last = mentions(desk)
    assert (first.text, first.author.name, first.author.followers) == (
        "my bag is lost @aeroluna",
        "Zoe Z.",
        41,
    )
    assert (first.platform, first.host, first.created_at, first.likes) == ("memory", "town", NOON, 3)
    assert (first.in_reply_to, first.thread_root, first.replies) == (None, None, 1)
    assert (ours.inbound, ours.directed, ours.in_reply_to) == (False, None, first.external_id)
    assert (last.inbound, last.directed) == (True, True)
    assert (last.in_reply_to, last.thread_root) == (ours.external_id, first.external_id)
    assert json.loads(first.raw or "")["text"] == first.text


@pytest.mark.parametrize(
    ("text", "directed"),
    [
        ("@aeroluna hello", True),
        ("谢谢@AeroLuna的帮助", True),
        ("flew Aeroluna today", False),
        ("write to desk@aeroluna.example", False),
        ("@aeroluna_fans are loud", False),
        ("nothing to do with anybody", None),
    ],
)
def test_naming_the_handle_is_directed_and_a_keyword_is_not(
    desk: MemoryClient, town: Network, text: str, directed: bool | None
) -> None:
    town.say("zoe", text)
    assert [mention.directed for mention in mentions(desk)] == ([] if directed is None else [directed])


def test_an_answer_between_customers_is_read_but_not_directed(town: Network, desk: MemoryClient) -> None:
    question = town.say("zoe", "@aeroluna where is gate B7?")
    town.say("kai", "up the stairs", reply_to=question)
    assert [mention.directed for mention in mentions(desk)] == [True, False]


def test_without_handle_and_keywords_everything_is_read_and_nothing_is_ours(town: Network) -> None:
    town.say("zoe", "good morning")
    reader = MemoryClient(town)
    assert [mention.inbound for mention in mentions(reader)] == [True]
    with pytest.raises(AuthError):
        asyncio.run(reader.post(Reply("hello", mentions(reader)[0]), key="k"))


def test_a_fetch_resumes_after_every_page(town: Network, desk: MemoryClient) -> None:
    for number in range(5):
        town.say("zoe", f"@aeroluna {number}")
    found = pages(desk)
    assert [len(page.mentions) for page in found] == [2, 2, 1]
    assert texts(mentions(desk, found[0].cursor)) == ["@aeroluna 2", "@aeroluna 3", "@aeroluna 4"]
    assert pages(desk, json.loads(json.dumps(found[-1].cursor))) == []
    town.say("kai", "@aeroluna late")
    assert texts(mentions(desk, found[-1].cursor)) == ["@aeroluna late"]


@given(sizes=st.integers(1, 5), ours=st.lists(st.booleans(), max_size=12), cut=st.integers(0, 12))
def test_stopping_anywhere_loses_nothing_and_repeats_nothing(sizes: int, ours: list[bool], cut: int) -> None:
    town = Network(page_size=sizes)
    for number, concerns_us in enumerate(ours):
        town.say("zoe", f"@aeroluna {number}" if concerns_us else f"{number}")
    desk = MemoryClient(town, "aeroluna")
    whole = pages(desk)
    read = whole[:cut]
    rest = mentions(desk, read[-1].cursor if read else {})
    assert [mention for page in read for mention in page.mentions] + rest == mentions(desk)
    assert len(mentions(desk)) == sum(ours)


def test_since_leaves_out_what_is_older_and_still_moves_the_cursor(town: Network, desk: MemoryClient) -> None:
    town.say("zoe", "@aeroluna old", at=NOON - timedelta(days=2))
    town.say("zoe", "@aeroluna new")
    found = pages(desk, since=NOON - timedelta(days=1))
    assert texts([mention for page in found for mention in page.mentions]) == ["@aeroluna new"]
    assert pages(desk, found[-1].cursor) == []


def test_a_cursor_of_another_life_reads_from_the_beginning(town: Network, desk: MemoryClient) -> None:
    town.say("zoe", "@aeroluna hello")
    assert texts(mentions(desk, {"life": "earlier", "after": 99})) == ["@aeroluna hello"]


def test_an_edited_post_arrives_again_and_a_deleted_one_is_gone(town: Network, desk: MemoryClient) -> None:
    post = town.say("zoe", "@aeroluna helo")
    other = town.say("kai", "@aeroluna hi", reply_to=post)
    cursor = pages(desk)[-1].cursor
    town.edit(post, "@aeroluna hello")
    (again,) = mentions(desk, cursor)
    assert (again.external_id, again.text, again.edited_at) == (post.id, "@aeroluna hello", NOON)
    assert [mention.external_id for mention in mentions(desk)] == [other.id, post.id]
    town.delete(other)
    (left,) = mentions(desk)
    assert (left.external_id, left.replies) == (post.id, 0)


def test_an_answer_to_a_deleted_post_keeps_the_root_that_it_names(town: Network, desk: MemoryClient) -> None:
    post = town.say("zoe", "@aeroluna hello")
    town.say("kai", "@aeroluna me too", reply_to=post)
    town.delete(post)
    (orphan,) = mentions(desk)
    assert (orphan.in_reply_to, orphan.thread_root) == (post.id, post.id)


def test_a_page_that_fails_leaves_the_earlier_ones_valid_and_the_next_fetch_whole(
    town: Network, desk: MemoryClient
) -> None:
    for number in range(4):
        town.say("zoe", f"@aeroluna {number}")
    town.fail_page(2, RateLimited("slow down", retry_after=3.0))

    seen: list[Page] = []

    async def read() -> None:
        async for page in desk.fetch({}, since=None):
            seen.append(page)  # noqa: PERF401 - what was read before the error counts

    with pytest.raises(RateLimited):
        asyncio.run(read())
    (before,) = seen
    assert texts(mentions(desk, before.cursor)) == ["@aeroluna 2", "@aeroluna 3"]


def test_a_shifted_page_repeats_posts_and_loses_none(town: Network, desk: MemoryClient) -> None:
    for number in range(4):
        town.say("zoe", f"@aeroluna {number}")
    town.shift_page(2, by=1)
    assert texts(mentions(desk)) == [f"@aeroluna {number}" for number in (0, 1, 1, 2, 3)]


def test_a_page_shifted_all_the_way_back_does_not_end_the_fetch(town: Network, desk: MemoryClient) -> None:
    for number in range(5):
        town.say("zoe", f"@aeroluna {number}")
    town.shift_page(2, by=9)
    assert texts(mentions(desk)) == [f"@aeroluna {number}" for number in (0, 1, 0, 1, 2, 3, 4)]


def test_a_spoilt_item_is_skipped_and_named(town: Network, desk: MemoryClient) -> None:
    bad = town.say("zoe", "@aeroluna one")
    town.say("zoe", "@aeroluna two")
    town.spoil(bad, "created_at is not a time")
    (page,) = pages(desk)
    assert texts(list(page.mentions)) == ["@aeroluna two"]
    assert page.skipped == (f"post {bad.id}: created_at is not a time",)


def test_a_reply_lands_in_the_thread_once_per_key(town: Network, desk: MemoryClient) -> None:
    town.say("zoe", "my bag is lost @aeroluna")
    (to,) = mentions(desk)
    first = asyncio.run(desk.post(Reply("which flight?", to), key="k1"))
    assert asyncio.run(desk.post(Reply("which flight?", to), key="k1")) == first
    ours = mentions(desk)[-1]
    assert (ours.text, ours.in_reply_to, ours.inbound) == ("which flight?", to.external_id, False)
    assert (ours.external_id, ours.url, ours.host) == (first.external_id, first.url, first.host)
    assert len(town.posts) == 2


def test_an_answer_lost_on_the_way_back_is_found_by_its_key(town: Network, desk: MemoryClient) -> None:
    town.say("zoe", "my bag is lost @aeroluna")
    reply = Reply("which flight?", mentions(desk)[0])
    town.lose_answer()
    assert asyncio.run(desk.find("k1", reply)) is None
    with pytest.raises(Unreachable):
        asyncio.run(desk.post(reply, key="k1"))
    found = asyncio.run(desk.find("k1", reply))
    assert found == asyncio.run(desk.post(reply, key="k1"))
    assert len(town.posts) == 2


@pytest.mark.parametrize("error", [NotProcessed("busy"), RateLimited("slow down"), AuthError("who?")])
def test_a_refused_post_is_surely_not_there(town: Network, desk: MemoryClient, error: PlatformError) -> None:
    town.say("zoe", "my bag is lost @aeroluna")
    reply = Reply("which flight?", mentions(desk)[0])
    town.refuse_post(error)
    with pytest.raises(type(error)):
        asyncio.run(desk.post(reply, key="k1"))
    assert asyncio.run(desk.find("k1", reply)) is None
    assert len(town.posts) == 1


def test_what_does_not_fit_or_has_no_parent_is_refused_before_anything_happens(
    town: Network, desk: MemoryClient
) -> None:
    post = town.say("zoe", "my bag is lost @aeroluna")
    (to,) = mentions(desk)
    with pytest.raises(NotProcessed, match="501 characters"):
        asyncio.run(desk.post(Reply("x" * (LIMIT + 1), to), key="k1"))
    town.delete(post)
    with pytest.raises(NotProcessed, match="gone") as gone:
        asyncio.run(desk.post(Reply("hello", to), key="k1"))
    assert gone.value.status == 404
    assert town.posts == {}


def test_a_private_reply_is_direct_and_no_reply_widens_visibility(town: Network, desk: MemoryClient) -> None:
    town.say("zoe", "@aeroluna help")
    town.say("kai", "@aeroluna between us", visibility="followers")
    public, quiet = mentions(desk)
    asyncio.run(desk.post(Reply("name?", public, private=True), key="k1"))
    asyncio.run(desk.post(Reply("of course", quiet), key="k2"))
    assert [mention.visibility for mention in mentions(desk)[2:]] == ["direct", "followers"]


def test_a_scripted_customer_answers_once_we_have(town: Network, desk: MemoryClient) -> None:
    post = town.say("zoe", "my bag is lost @aeroluna")
    town.when_answered(post, "zoe", "AL 208")
    (to,) = mentions(desk)
    receipt = asyncio.run(desk.post(Reply("which flight?", to), key="k1"))
    asyncio.run(desk.post(Reply("which flight?", to), key="k1"))
    _, _, comeback = mentions(desk)
    assert (comeback.text, comeback.in_reply_to, comeback.directed) == ("AL 208", receipt.external_id, True)
    assert receipt.created_at is not None
    assert comeback.created_at > receipt.created_at


def test_check_says_who_is_signed_in_and_what_concerns_us(town: Network, desk: MemoryClient) -> None:
    town.say("zoe", "@aeroluna hello")
    town.say("zoe", "unrelated")
    assert asyncio.run(desk.check()) == "network town: signed in as @aeroluna, 1 of 2 posts concern us"
    assert "without an account" in asyncio.run(MemoryClient(town).check())


def test_the_platform_opens_a_client_that_does_all_three(named: str) -> None:
    async def use() -> None:
        async with MEMORY.open(Setup("demo", {"network": named}, handles=("aeroluna",))) as client:
            assert isinstance(client, Poster)
            assert isinstance(client, Checker)
            assert isinstance(client, MemoryClient)
            assert client.own_handle == "aeroluna"

    asyncio.run(use())
    assert load("memory") is MEMORY
    assert MEMORY.host(Setup("demo", {"network": named})) == named


def open_demo(name: str, **settings: str) -> MemoryClient:
    async def use() -> MemoryClient:
        setup = Setup("demo", {"network": name, "sample": "demo", **settings})
        async with MEMORY.open(setup) as client:
            assert isinstance(client, MemoryClient)
            return client

    return asyncio.run(use())


def test_the_sample_is_loaded_once_and_ends_at_now(named: str) -> None:
    desk = open_demo(named, handle="aeroluna", now="2026-03-02T12:00:00Z")
    other = open_demo(named, handle="zefirmobile", now="2030-01-01T00:00:00Z")
    assert desk.network is other.network is network(named)
    times = [mention.created_at for mention in mentions(desk)]
    assert times == sorted(times)
    assert timedelta(0) < NOON - times[-1] < timedelta(hours=1)


def test_a_posted_reply_is_seen_by_the_next_client_of_this_process(named: str) -> None:
    desk = open_demo(named, handle="aeroluna", now="2026-03-02T12:00:00Z")
    cursor = pages(desk)[-1].cursor
    emergency = mentions(desk)[-1]
    asyncio.run(desk.post(Reply("Help is on its way to gate B7.", emergency), key="k1"))
    later = open_demo(named, handle="aeroluna")
    ours, comeback = mentions(later, cursor)
    assert (ours.inbound, comeback.inbound) == (False, True)
    assert ours.created_at == NOON


def test_a_network_that_was_closed_begins_anew(named: str) -> None:
    before = network(named)
    before.say("zoe", "hello")
    close(named)
    assert network(named).posts == {}
    assert network(named).life != before.life


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"sample": "dmeo"}, "no sample is called 'dmeo'"), ({"now": "noonish"}, "'noonish' is not a time")],
)
def test_a_wrong_setting_is_named(named: str, settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as wrong:
        open_demo(named, **settings)
    assert wrong.value.hint


class TestContract(FetcherContract, PosterContract):
    """The same rules as for every platform; a client comes and goes, the network stays."""

    @pytest.fixture(autouse=True)
    def place(self) -> None:
        self.town = Network("town")

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[MemoryClient]:
        yield MemoryClient(self.town, "aeroluna")

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        return self._client()

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.town.say("zoe", f"@aeroluna {text}").id for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("@aeroluna ")
