"""Hacker News against a server that plays its search, with its habits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import pytest

from carecli.errors import BadAnswer, ConfigError, RateLimited
from carecli.platforms.hackernews import HACKERNEWS
from carecli.platforms.testing import FetcherContract
from tests.platforms.fakes import Fake, Opened, check, fetch, inbound, source, until_error
from tests.platforms.servers import Request, Script, json_script


class Search(Fake):
    """`search_by_date`: tags with and, or; a phrase anywhere in the text, also inside words as typos are."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []
        self.route("GET", "/search_by_date", self.search)

    def write(self, author: str, text: str, parent: str | None = None, **more: Any) -> str:
        number, at = str(42_000_000 + len(self.items)), int(self.tick().timestamp())
        story = self.story_of(parent) if parent else number
        item = {"objectID": number, "created_at_i": at, "author": author, "points": None, "parent_id": parent}
        html = "<p>".join(escape(part) for part in text.split("\n\n"))
        body = (
            {"comment_text": html, "story_id": int(story)} if parent else {"title": "", "story_text": html, "points": 3}
        )
        kind = "comment" if parent else "story"
        tags = [kind, f"author_{author}", f"story_{story}"]
        self.items.append({**item, **body, "_tags": tags, **more})
        return number

    def story_of(self, number: str) -> str:
        parent = next((item for item in self.items if item["objectID"] == number), None)
        return str(parent.get("story_id") or number) if parent else number

    def search(self, request: Request) -> object:
        phrase = request.first("query").strip('"').lower()
        until = int(request.first("numericFilters", "created_at_i<=9999999999").removeprefix("created_at_i<="))
        found = [
            item
            for item in reversed(self.items)
            if item.get("created_at_i", 0) <= until
            and phrase in (item.get("comment_text") or item.get("story_text") or "").lower()
            and matches(request.first("tags"), item["_tags"])
        ]
        size, page = int(request.first("hitsPerPage")), int(request.first("page"))
        return {"hits": found[page * size : (page + 1) * size], "nbHits": len(found)}


def matches(tags: str, own: Sequence[str]) -> bool:
    """Parts with commas are all needed, of a part in parentheses one."""
    depth, parts = 0, [""]
    for letter in tags:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return all(set(part.strip("()").split(",")) & set(own) for part in parts)


@pytest.fixture
def search() -> Iterator[Search]:
    with Search() as server:
        yield server


def opened(server: Search, **settings: Any) -> Opened:
    defaults = {"base_url": server.url, "page_size": 10, "handle": "acme"}
    return HACKERNEWS.open(source(HACKERNEWS, {**defaults, **settings}))


class TestHackerNews(FetcherContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, search: Search) -> None:
        self.server = search
        self.story = search.write("acme", "Show HN")

    def open(self) -> Opened:
        return opened(self.server, search="number")

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write("zoe", text, self.story) for text in texts]


def test_a_comment_as_it_is_stored(search: Search) -> None:
    story = search.write("acme", "Show HN: Acme")
    number = search.write("zoe", "Acme's app <crashes>\n\nAgain & again", story)
    (mention,) = [mention for mention in fetch(opened(search))[0] if mention.inbound]
    assert (mention.external_id, mention.host, mention.directed) == (number, "", True)
    assert mention.text == "Acme's app <crashes>\n\nAgain & again"
    assert mention.url == f"https://news.ycombinator.com/item?id={number}"
    assert (mention.in_reply_to, mention.thread_root) == (story, story)
    assert (mention.author.handle, mention.author.followers, mention.likes) == ("zoe", None, None)


def test_replies_to_own_comments_elsewhere_and_nothing_else_of_the_thread(search: Search) -> None:
    story = search.write("omar", "Ask HN: airlines?")
    ours = search.write("acme", "we are one", story)
    search.write("kai", "I take the train", story)
    reply = search.write("zoe", "and a late one", ours)
    mentions, cursor, _ = fetch(opened(search))
    assert inbound(mentions) == [reply]
    assert [mention.external_id for mention in mentions if not mention.inbound] == [ours]
    nested = search.write("kai", "agreed", reply)
    assert fetch(opened(search), cursor)[0] == []
    assert nested not in inbound(mentions)


def test_a_search_is_checked_word_by_word(search: Search) -> None:
    said = search.write("zoe", "ACME is down", "1")
    search.write("omar", "the acmeist poets", "1")
    mentions, _, _ = fetch(opened(search, handle="", search="acme"))
    assert inbound(mentions) == [said]
    assert mentions[0].directed is False
    assert search.requests[-1].first("typoTolerance") == "false"


def test_many_items_of_the_same_second(search: Search) -> None:
    story = search.write("acme", "Show HN")
    ids = [search.write("zoe", f"at once {number}", story) for number in range(35)]
    for item in search.items[5:]:
        item["created_at_i"] = search.items[5]["created_at_i"]
    assert sorted(inbound(fetch(opened(search))[0])) == sorted(ids)


def test_items_that_arrive_while_pages_are_read_and_twice(search: Search) -> None:
    story = search.write("acme", "Show HN")
    ids = [search.write("zoe", f"number {number}", story) for number in range(12)]
    original = search.search

    def shifting(request: Request) -> object:
        found = original(request)
        if "comment," in request.first("tags"):
            ids.append(search.write("zoe", "while you read", story))
        return found

    search.routes.clear()
    search.route("GET", "/search_by_date", shifting)
    first, cursor, _ = fetch(opened(search))
    search.routes.clear()
    search.route("GET", "/search_by_date", original)
    second, _, _ = fetch(opened(search), cursor)
    found = inbound(first) + inbound(second)
    assert sorted(found) == sorted(ids)


def test_a_broken_item_is_skipped_and_named(search: Search) -> None:
    story = search.write("acme", "Show HN")
    good = search.write("zoe", "fine", story)
    search.write("kai", "broken", story, objectID=None)
    mentions, _, skipped = fetch(opened(search))
    assert inbound(mentions) == [good]
    assert skipped == ["replies, item 1 of a page: objectID is no id"]


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (json_script({"message": "slow down"}, 429, {"Retry-After": "3600"}), RateLimited),
        (Script(200, b'{"hits": [', {"Content-Type": "application/json"}), BadAnswer),
        (json_script({"hits": None}), BadAnswer),
    ],
)
def test_failures_keep_the_cursor(search: Search, script: Script, error: type[Exception]) -> None:
    story = search.write("acme", "Show HN")
    search.write("zoe", "one", story)
    _, cursor, _ = fetch(opened(search))
    later = search.write("zoe", "two", story)
    search.fault("GET", script)
    assert isinstance(until_error(opened(search), cursor)[1], error)
    assert inbound(fetch(opened(search), cursor)[0]) == [later]


def test_check_and_what_a_source_needs(search: Search) -> None:
    search.write("zoe", "acme", "1")
    assert check(opened(search, search="acme")) == "0 posts by acme; 1 posts with 'acme'"
    with pytest.raises(ConfigError, match="nothing to look for"):
        check(opened(search, handle=""))
