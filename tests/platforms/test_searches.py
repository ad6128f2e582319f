"""What each platform that searches is asked for: a source's query in the platform's own words, and its `search`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from carecli.matching import parse
from carecli.platforms import load
from tests.platforms.fakes import Fake, fetch, source
from tests.platforms.graph import TOKEN
from tests.platforms.test_discourse import Forum
from tests.platforms.test_github import Hub
from tests.platforms.test_hackernews import Search
from tests.platforms.test_lemmy import Server as Lemmy
from tests.platforms.test_reddit import KEYS, Site
from tests.platforms.test_stackexchange import Stack
from tests.platforms.test_threads import Loom
from tests.platforms.test_x import SECRETS, Square
from tests.platforms.test_youtube import OAUTH, Tube
from tests.world import World

QUERY = parse('(acme OR luna) "lost bag" -jobs')
WORDS = {'acme "lost bag"', 'luna "lost bag"'}
EITHER = {'acme "lost bag" -jobs OR luna "lost bag" -jobs'}


@dataclass(frozen=True)
class Asked:
    """Where a platform's search is, which parameter holds the words, and what it has to be asked for.

    `named` is what `search = lost bag` is asked for: a phrase, where the platform's searches are not free text.
    """

    platform: str
    server: type[Fake]
    path: str
    parameter: str
    query: set[str]
    named: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.platform} {self.path}"


IN_ISSUES = " in:title,body,comments is:issue"
SEARCHES = [
    Asked("x", Square, "/tweets/search/recent", "query", EITHER, "lost bag", {}, SECRETS),
    Asked("reddit", Site, "/search", "q", EITHER, "lost bag", {"client_id": "app-1", "handle": "acme"}, KEYS),
    Asked("reddit", Site, "/search.rss", "q", EITHER, "lost bag", {"feeds": True}),
    Asked(
        "threads", Loom, "/keyword_search", "q", {"acme lost bag", "luna lost bag"}, "lost bag", {}, {"TOKEN": TOKEN}
    ),
    Asked("hackernews", Search, "/search_by_date", "query", WORDS, '"lost bag"'),
    Asked("stackexchange", Stack, "/search/advanced", "q", WORDS, '"lost bag"'),
    Asked(
        "discourse",
        Forum,
        "/search.json",
        "q",
        {f"{words} order:latest" for words in WORDS},
        '"lost bag" order:latest',
        {"handle": "acme"},
        {"KEY": "key-1"},
    ),
    Asked(
        "github",
        Hub,
        "/search/issues",
        "q",
        {words + IN_ISSUES for words in WORDS},
        f'"lost bag"{IN_ISSUES}',
        {},
        {"TOKEN": "github_pat_x"},
    ),
    # It finds letters as they stand, so it is asked for the longest part alone.
    Asked(
        "lemmy", Lemmy, "/api/v3/search", "q", {"lost bag"}, "lost bag", {"handle": "acme"}, {"PASSWORD": "secret-1"}
    ),
    Asked("youtube", Tube, "/search", "q", WORDS, "lost bag", {"client_id": "c1"}, OAUTH),
]


def asked(case: Asked, settings: Mapping[str, Any], **more: Any) -> set[str]:
    with case.server() as server:
        given = {"base_url": server.url, **case.settings, **settings}
        if "token_url" in load(case.platform).settings:
            given["token_url"] = f"{server.url}/token"
        fetch(load(case.platform).open(source(load(case.platform), given, dict(case.secrets), **more)))
        return {request.first(case.parameter) for request in server.asked(case.path)}


@pytest.mark.parametrize("case", SEARCHES, ids=str)
def test_a_query_is_asked_for_in_the_platforms_own_words(case: Asked) -> None:
    assert asked(case, {}, query=QUERY) == case.query


@pytest.mark.parametrize("case", SEARCHES, ids=str)
def test_what_the_setting_names(case: Asked) -> None:
    assert asked(case, {"search": ["lost bag"]}) == {case.named}


@pytest.mark.parametrize("platform", ["github", "discourse", "stackexchange"])
def test_qualifiers_are_no_phrase(platform: str) -> None:
    case = next(case for case in SEARCHES if case.platform == platform)
    (said,) = asked(case, {"search": ["lost label:bug"]})
    assert said.startswith("lost label:bug ") or said == "lost label:bug"


def test_hacker_news_keeps_what_has_all_the_words_wherever_they_stand() -> None:
    with Search() as server:
        for text in ("a bag that acme lost", "the acmeist poets lost a bag", "acme lost nothing"):
            server.write("zoe", text, "1")
        server.routes[0] = (*server.routes[0][:2], lambda _request: {"hits": server.items, "nbHits": 3})
        settings = {"base_url": server.url, "page_size": 10}
        platform = load("hackernews")
        found, _, _ = fetch(platform.open(source(platform, settings, query=parse("acme bag lost"))))
    assert [mention.text for mention in found] == ["a bag that acme lost"]


def test_adding_x_with_a_query_says_what_its_searches_cost(world: World) -> None:
    world.init()
    settings = ["--set", "budget=20", "--set", "query=acme OR luna"]
    assert "1,333 search hits" in world.run("source", "add", "x", "birds", *settings).stderr
