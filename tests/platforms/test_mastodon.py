"""Mastodon against a stateful server of its API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, RateLimited
from carecli.model import JSON, Mention, Receipt, Reply
from carecli.platforms.base import Checker, Fetcher, Setup
from carecli.platforms.mastodon import MASTODON, Mastodon
from carecli.platforms.testing import FetcherContract, PosterContract
from carecli.platforms.web.markup import to_text
from tests.platforms.fedi import Fediverse, setup_for


class TestMastodon(FetcherContract, PosterContract):
    many = 45

    @pytest.fixture(autouse=True)
    def _server(self, fediverse: Fediverse) -> None:
        self.fediverse = fediverse

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        return self.fediverse.open(hashtags=["acme"], search=["number"])

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.fediverse.write("zoe", f"@acme {text}") for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("@acme ")


def fetch(fediverse: Fediverse, cursor: JSON | None = None, **settings: object) -> tuple[list[Mention], JSON]:
    """All mentions of one fetch, and its last cursor."""

    async def main() -> tuple[list[Mention], JSON]:
        found: list[Mention] = []
        last = cursor or {}
        async with fediverse.open(**settings) as client:  # type: ignore[arg-type]
            async for page in client.fetch(last, since=None):
                found += page.mentions
                last = page.cursor
                assert page.skipped == ()
        return found, last

    return asyncio.run(main())


def post(fediverse: Fediverse, reply: Reply, key: str = "key-1") -> Receipt:
    async def main() -> Receipt:
        async with fediverse.open() as client:
            assert isinstance(client, Mastodon)
            return await client.post(reply, key=key)

    return asyncio.run(main())


def find(fediverse: Fediverse, reply: Reply) -> Receipt | None:
    async def main() -> Receipt | None:
        async with fediverse.open() as client:
            assert isinstance(client, Mastodon)
            return await client.find("key-1", reply)

    return asyncio.run(main())


def mention_of(fediverse: Fediverse, text: str, **more: str) -> Mention:
    external_id = fediverse.write("zoe", text, **more)
    return next(mention for mention in fetch(fediverse)[0] if mention.external_id == external_id)


def test_a_mention_as_it_is_stored(fediverse: Fediverse) -> None:
    external_id = fediverse.write("zoe", "@acme where?\nnow", language="en", spoiler_text="parcel")
    (mention,), _ = fetch(fediverse)
    host = fediverse.url.removeprefix("http://")
    assert (mention.platform, mention.host, mention.external_id) == ("mastodon", host, external_id)
    assert mention.text == "parcel\n\n@acme where?\nnow"
    assert (mention.author.handle, mention.author.name) == (f"zoe@{host}", "Zoe")
    assert (mention.language, mention.visibility, mention.inbound, mention.directed) == ("en", "public", True, True)
    assert (mention.likes, mention.reposts, mention.replies, mention.in_reply_to) == (0, 0, 0, None)
    assert mention.url
    assert json.loads(mention.raw or "")["id"] == external_id
    assert MASTODON.host(setup_for(fediverse.url)) == host


@pytest.mark.parametrize(
    ("visibility", "ours"), [("unlisted", "unlisted"), ("private", "followers"), ("direct", "direct")]
)
def test_visibilities(fediverse: Fediverse, visibility: str, ours: str) -> None:
    assert mention_of(fediverse, "@acme psst", visibility=visibility).visibility == ours


def test_a_thread_with_our_answer_from_the_web(fediverse: Fediverse) -> None:
    question = fediverse.write("zoe", "@acme broken")
    answer = fediverse.write("acme", "@zoe which one?", in_reply_to_id=question)
    more = fediverse.write("zoe", "@acme the red one", in_reply_to_id=answer)
    found = {mention.external_id: mention for mention in fetch(fediverse)[0]}
    assert found.keys() == {question, answer, more}
    assert (found[answer].inbound, found[answer].directed, found[answer].in_reply_to) == (False, None, question)
    assert (found[more].inbound, found[more].in_reply_to) == (True, answer)


def test_hashtags_and_search_bring_what_is_not_addressed_to_us(fediverse: Fediverse) -> None:
    tagged = fediverse.write("zoe", "my #AcmePhone is dead")
    said = fediverse.write("omar", "never again acme telecom")
    both = fediverse.write("omar", "@acme my #acmephone too, acme telecom")
    ours = fediverse.write("acme", "the new #acmephone by acme telecom")
    fediverse.write("omar", "nothing to see")
    found, cursor = fetch(fediverse, hashtags=["#acmephone"], search="acme telecom")
    assert sorted(mention.external_id for mention in found) == sorted([tagged, said, both, ours])
    directed = {mention.external_id: mention.directed for mention in found}
    assert directed == {tagged: False, said: False, both: True, ours: None}
    assert fetch(fediverse, cursor, hashtags=["#acmephone"], search="acme telecom")[0] == []
    later = fediverse.write("zoe", "still dead #acmephone")
    found, _ = fetch(fediverse, cursor, hashtags=["#acmephone"], search="acme telecom")
    assert [mention.external_id for mention in found] == [later]


def test_more_than_two_pages(fediverse: Fediverse) -> None:
    ids = {fediverse.write("zoe", f"@acme number {number}") for number in range(85)}
    found, cursor = fetch(fediverse)
    assert {mention.external_id for mention in found} == ids
    assert len(json.dumps(cursor)) < 10_000


def test_a_reply_is_addressed_and_as_visible_as_the_question(fediverse: Fediverse) -> None:
    question = mention_of(fediverse, "@acme help", visibility="private", spoiler_text="money", language="de")
    receipt = post(fediverse, Reply("sofort", question, language="de"))
    (sent,) = fediverse.posts("acme")
    assert sent["id"] == receipt.external_id
    assert receipt.host == question.host
    assert to_text(sent["content"]) == "@zoe sofort"
    assert sent["in_reply_to_id"] == question.external_id
    assert (sent["visibility"], sent["spoiler_text"], sent["language"]) == ("private", "money", "de")
    assert [note["status"]["id"] for note in fediverse.ask("GET", "/api/v1/notifications", "zoe")] == [sent["id"]]


def test_a_private_reply_is_direct(fediverse: Fediverse) -> None:
    question = mention_of(fediverse, "@acme help")
    reply = Reply("Hi @Zoe, your PIN?", question, private=True)
    receipt = post(fediverse, reply)
    (sent,) = fediverse.posts("acme")
    assert (sent["visibility"], to_text(sent["content"])) == ("direct", "Hi @Zoe, your PIN?")
    found = find(fediverse, reply)
    assert found is not None
    assert found.external_id == receipt.external_id


def test_the_same_key_posts_once(fediverse: Fediverse) -> None:
    reply = Reply("one", mention_of(fediverse, "@acme help"))
    assert post(fediverse, reply).external_id == post(fediverse, reply).external_id
    assert len(fediverse.posts("acme")) == 1


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        ({"type": "status", "status": 503}, BadAnswer),
        ({"type": "malformed"}, BadAnswer),
        ({"type": "ratelimit"}, RateLimited),
        ({"type": "status", "status": 422, "body": {"error": "too long"}}, NotProcessed),
        ({"type": "status", "status": 401}, AuthError),
    ],
)
def test_what_a_failed_post_means(fediverse: Fediverse, effect: dict[str, object], error: type[Exception]) -> None:
    reply = Reply("one", mention_of(fediverse, "@acme help"))
    with fediverse.fault(effect, path="/api/v1/statuses", method="POST"), pytest.raises(error) as caught:
        post(fediverse, reply)
    assert type(caught.value) is error
    assert find(fediverse, reply) is None


def test_a_reply_that_is_too_long_is_not_sent(fediverse: Fediverse) -> None:
    question = mention_of(fediverse, "@acme help")
    with pytest.raises(NotProcessed, match="505 characters"):
        post(fediverse, Reply("x" * 500, question))
    assert fediverse.posts("acme") == []


def test_faults_while_reading(fediverse: Fediverse) -> None:
    fediverse.write("zoe", "@acme help")
    path = "/api/v1/notifications"
    with fediverse.fault({"type": "status", "status": 503, "headers": {"Retry-After": "0"}}, path=path, count=2):
        assert len(fetch(fediverse)[0]) == 1
    with fediverse.fault({"type": "ratelimit"}, path=path), pytest.raises(RateLimited) as caught:
        fetch(fediverse)
    assert caught.value.retry_after == 300
    with fediverse.fault({"type": "malformed"}, path=path), pytest.raises(BadAnswer, match="notifications"):
        fetch(fediverse)


def test_a_search_that_fails_does_not_stop_the_rest(fediverse: Fediverse) -> None:
    external_id = fediverse.write("zoe", "@acme help")

    found: list[Mention] = []

    async def main() -> None:
        async with fediverse.open(search=["acme"], hashtags=["acme"]) as client:
            async for page in client.fetch({}, since=None):
                found.extend(page.mentions)

    fault = fediverse.fault({"type": "status", "status": 403}, path="/api/v1/timelines/tag/*")
    with fault, pytest.raises(AuthError):
        asyncio.run(main())
    assert [mention.external_id for mention in found] == [external_id]


def test_check_names_the_account(fediverse: Fediverse) -> None:
    async def check(who: str, **settings: object) -> str:
        async with fediverse.open(who, **settings) as client:
            assert isinstance(client, Checker)
            return await client.check()

    assert asyncio.run(check("acme", handle="@acme@anywhere.example")).startswith("signed in as @acme@127.0.0.1")
    with pytest.raises(AuthError, match="belongs to @acme, not to @other"):
        asyncio.run(check("acme", handle="other"))
    with pytest.raises(AuthError, match="refuses the token"):
        asyncio.run(check("nobody"))


def test_what_a_source_needs() -> None:
    async def use(setup: Setup) -> None:
        async with MASTODON.open(setup):
            pass

    with pytest.raises(ConfigError, match="base_url"):
        asyncio.run(use(Setup(source="social")))
    with pytest.raises(AuthError, match="no token"):
        asyncio.run(use(setup_for("https://social.example", token=None)))
    with pytest.raises(ConfigError, match="max_characters"):
        asyncio.run(use(setup_for("https://social.example", max_characters="many")))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301", 3),
        ("see https://shop.example/a/very/long/path?with=query.", 4 + 23 + 1),
        ("http://a.example/", 23),
        ("@zoe@social.example hi", 7),
        ("@zoe hi", 7),
        ("mail zoe@social.example", 23),
    ],
)
def test_length_as_the_server_counts(text: str, length: int) -> None:
    assert MASTODON.measure(text) == length


@pytest.mark.parametrize(
    ("path", "scope"),
    [("/api/v1/notifications", "read:notifications"), ("/api/v1/accounts/*/statuses", "read:statuses")],
)
def test_the_test_of_a_source_names_the_scope_that_is_missing(fediverse: Fediverse, path: str, scope: str) -> None:
    async def main() -> str:
        async with fediverse.open() as client:
            assert isinstance(client, Checker)
            return await client.check()

    assert asyncio.run(main()).startswith("signed in as @acme@")
    outside = {"type": "status", "status": 403, "body": {"error": "This action is outside the authorized scopes"}}
    with fediverse.fault(outside, path=path), pytest.raises(AuthError, match="authorized scopes") as caught:
        asyncio.run(main())
    assert f"the token needs the scope {scope}: " in (caught.value.hint or "")
    assert "Preferences, Development" in (caught.value.hint or "")
