"""Reddit against a server that plays its API, its token address and its feeds."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import parse_qs

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Reply, iso
from carecli.platforms.reddit import REDDIT
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import Request, Script, json_script

BASIC = "Basic " + base64.b64encode(b"app-1:app-secret").decode()
XML = {"Content-Type": "application/atom+xml; charset=UTF-8"}


class Site(Fake):
    """Things in the order in which they were written; lists of them are newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.things: list[JSON] = []
        self.token, self.life, self.lost, self.left = 0, 3600, False, 99.0
        self.route("POST", "/token", self.grant)
        self.route("GET", "/api/v1/me", lambda request: self.refused(request) or {"name": "acme"})
        self.route("GET", "/message/(mentions|comments/|selfreply/)", self.inbox)
        self.route("GET", "/user/acme/(comments|submitted)", self.own)
        self.route("GET", "/r/([^/]+)/(new|comments)", self.community)
        self.route("GET", "/search", self.search)
        self.route("POST", "/api/comment", self.comment)
        self.route("GET", r"/(?:r/acme/(new|comments)|(search)|message/(inbox))[/.]*rss", self.feed)

    def grant(self, request: Request) -> object:
        form = parse_qs(request.body.decode())
        assert "by /u/" in request.headers["user-agent"]
        if request.headers["authorization"] != BASIC:
            return json_script({"message": "Unauthorized", "error": 401}, 401)
        if form.get("refresh_token") != ["refresh-1"] and form.get("password") != ["pass word"]:
            return {"error": "invalid_grant"}  # with status 200
        self.token += 1
        return {"access_token": f"access-{self.token}", "expires_in": self.life, "scope": "read"}

    def refused(self, request: Request) -> Script | None:
        good = request.headers.get("authorization") == f"Bearer access-{self.token}"
        return None if good else json_script({"message": "Unauthorized", "error": 401}, 401)

    def write(
        self, text: str, author: str = "zoe", box: str = "mentions", parent: str = "t3_bb24k7", **more: Any
    ) -> str:
        name = f"t1_c{len(self.things)}"
        place = f"/r/acme/comments/bb24k7/x/c{len(self.things)}/"
        made = {"name": name, "author": author, "author_fullname": f"t2_{author}", "body": text, "parent_id": parent}
        about = {"created_utc": self.tick().timestamp(), "edited": False, "score": 1, "context": f"{place}?context=3"}
        self.things.append({"kind": "t1", "box": box, "data": {**made, **about, "subreddit": "acme", **more}})
        return name

    def submit(self, title: str, author: str = "zoe", **more: Any) -> str:
        name = f"t3_p{len(self.things)}"
        made = {"name": name, "author": author, "title": title, "selftext": "", "subreddit": "acme", "num_comments": 3}
        about = {"created_utc": self.tick().timestamp(), "permalink": f"/r/acme/comments/{name[3:]}/x/", "ups": 1}
        self.things.append({"kind": "t3", "box": "", "data": {**made, **about, **more}})
        return name

    def listed(self, request: Request, things: Sequence[JSON]) -> object:
        assert (request.first("raw_json"), request.first("sort")) == ("1", "new")
        if refused := self.refused(request):
            return refused
        newest, after, size = list(reversed(things)), request.first("after"), int(request.first("limit"))
        names = [thing["data"]["name"] for thing in newest]
        # As the real one: after a thing that is gone comes nothing.
        start = (names.index(after) + 1 if after in names else len(names)) if after else 0
        page = newest[start : start + size]
        following = page[-1]["data"]["name"] if start + size < len(newest) else None
        found = {"kind": "Listing", "data": {"after": following, "before": None, "children": page}}
        return json_script(found, 200, {"x-ratelimit-remaining": str(self.left), "x-ratelimit-reset": "300"})

    def inbox(self, request: Request, box: str) -> object:
        others = [thing for thing in self.things if thing["data"]["author"] != "acme"]
        return self.listed(request, [thing for thing in others if thing["box"] == box.strip("/")])

    def own(self, request: Request, kind: str) -> object:
        wanted = "t1" if kind == "comments" else "t3"
        ours = [thing for thing in self.things if thing["data"]["author"] == "acme"]
        return self.listed(request, [thing for thing in ours if thing["kind"] == wanted])

    def community(self, request: Request, name: str, kind: str) -> object:
        if name == "secret":
            return json_script({"reason": "private", "message": "Forbidden", "error": 403}, 403)
        wanted = "t1" if kind == "comments" else "t3"
        return self.listed(request, [thing for thing in self.things if thing["kind"] == wanted])

    def search(self, request: Request) -> object:
        query = request.first("q").lower()
        return self.listed(request, [thing for thing in self.things if query in thing["data"].get("title", "").lower()])

    def comment(self, request: Request) -> object:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form["api_type"] == "json"
        if refused := self.refused(request):
            return refused
        place = f"/r/acme/comments/bb24k7/x/c{len(self.things)}/"
        self.write(form["text"], "acme", "", form["thing_id"], permalink=place)
        made = self.things[-1]
        return Script(504, b"") if self.lost else {"json": {"errors": [], "data": {"things": [made]}}}

    def feed(self, request: Request, *kinds: str | None) -> Script:
        assert "authorization" not in request.headers
        wanted = "t3" if kinds[0] == "new" or kinds[1] else "t1"
        things = [thing["data"] for thing in reversed(self.things) if thing["kind"] == wanted]
        entries = "".join(self.entry(thing) for thing in things[: int(request.first("limit"))])
        body = f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}</feed>'
        return Script(200, body.encode("utf-8", "xmlcharrefreplace"), XML)

    def entry(self, thing: JSON) -> str:
        said = "".join(c if c >= " " else "" for c in thing.get("body") or thing["selftext"])
        html = f'<!-- SC_OFF --><div class="md"><p>{escape(said)}</p>\n</div><!-- SC_ON --> &#32; submitted by /u/x'
        at = iso(self.moment.fromtimestamp(thing["created_utc"], self.moment.tzinfo))
        link = f"https://www.reddit.com/r/acme/comments/bb24k7/x/{thing['name'][3:]}/"
        return (
            f"<entry><author><name>/u/{thing['author']}</name><uri>https://www.reddit.com/user/{thing['author']}</uri>"
            f'</author><content type="html">{escape(html)}</content><id>{thing["name"]}</id><link href="{link}"/>'
            f"<updated>{at}</updated><published>{at}</published>"
            f"<title>{escape(thing.get('title', 'x'))}</title></entry>"
        )


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        yield server


KEYS = {"TOKEN": "refresh-1", "SECRET": "app-secret"}


def opened(site: Site, secrets: JSON = KEYS, **settings: Any) -> Opened:
    given = {"base_url": site.url, "token_url": f"{site.url}/token", "client_id": "app-1", "handle": "acme"}
    return REDDIT.open(source(REDDIT, {**given, "page_size": 10, **settings}, secrets))


def feeds(site: Site, secrets: JSON | None = None, **settings: Any) -> Opened:
    given = {"base_url": site.url, "feeds": "true", "subreddits": "acme", "handle": "acme"}
    return REDDIT.open(source(REDDIT, {**given, **settings}, secrets))


class TestReddit(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, site: Site) -> None:
        self.site = site

    def open(self) -> Opened:
        return opened(self.site)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.site.write(text) for text in texts]


class TestFeeds(FetcherContract):
    @pytest.fixture(autouse=True)
    def _server(self, site: Site) -> None:
        self.site = site

    def open(self) -> Opened:
        return feeds(self.site)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.site.submit(text) for text in texts]

    def test_hostile_text_is_kept(self) -> None:
        # XML cannot carry control characters, and blanks at the ends are the feed's; the rest must arrive.
        (name,) = self.write(
            ["[bold red]x[/] <b>tags</b> &lt;half&gt; ../../etc =cmd|' /C calc'!A0 \u202eleft 中文 👩‍👩‍👧"]
        )
        (mention,) = self.read({})[0]
        assert (mention.external_id, mention.text) == (name, self.site.things[0]["data"]["title"])


def test_a_comment_as_it_is_stored(site: Site) -> None:
    name = site.write("u/acme app <crashes> &amp; burns", edited=site.moment.timestamp() + 60)
    (mention,) = fetch(opened(site))[0]
    assert (mention.external_id, mention.text) == (name, "u/acme app <crashes> &amp; burns")
    assert (mention.in_reply_to, mention.thread_root, mention.directed) == ("t3_bb24k7", "t3_bb24k7", True)
    assert mention.url == "https://www.reddit.com/r/acme/comments/bb24k7/x/c0/"
    assert (mention.author.handle, mention.author.id, mention.author.followers) == ("zoe", "t2_zoe", None)
    assert mention.edited_at is not None


def test_communities_searches_and_own_words(site: Site) -> None:
    site.submit("Acme is down", selftext="since today")
    site.write("we know", "acme", "", "t3_p0")
    site.write("AUTO: read the rules", "AutoModerator", "")
    found = {mention.text: mention for mention in fetch(opened(site, subreddits="r/acme", search="acme"))[0]}
    assert (found["Acme is down\n\nsince today"].replies, found["Acme is down\n\nsince today"].inbound) == (3, True)
    assert found["we know"].inbound is False
    assert found["AUTO: read the rules"].automatic


def test_what_is_gone_is_left_out(site: Site) -> None:
    site.write("[removed]")
    site.write("[deleted]", "[deleted]")
    assert fetch(opened(site))[0] == []


def test_a_place_that_was_deleted_does_not_end_the_list(site: Site) -> None:
    ids = [site.write(f"number {number}") for number in range(25)]
    pages, _ = until_error(opened(site))
    first = pages[0]
    # The page ended at number 15; number 15 and 16 are deleted before the next one is asked for.
    site.things = [thing for thing in site.things if thing["data"]["name"] not in {ids[15], ids[16]}]
    rest = fetch(opened(site), first.cursor)[0]
    assert {*inbound(first.mentions), *inbound(rest)} == set(ids)


def test_tokens_end_and_are_renewed(site: Site) -> None:
    site.write("app crashes")
    (mention,) = fetch(opened(site))[0]
    site.fault("POST /api/comment", json_script({"message": "Unauthorized", "error": 401}, 401))
    post(opened(site), Reply("sorry", mention))
    assert [thing["data"]["author"] for thing in site.things] == ["zoe", "acme"]
    assert site.token == 3


def test_a_refusal_inside_200_is_one(site: Site) -> None:
    for secrets in ({"TOKEN": "refresh-9", "SECRET": "app-secret"}, {"PASSWORD": "refresh-9", "SECRET": "app-secret"}):
        _, error = until_error(opened(site, secrets))
        assert isinstance(error, AuthError)
        assert "invalid_grant" in error.message
        assert "approved" in (error.hint or "")
    assert check(opened(site, {"PASSWORD": "pass word", "SECRET": "app-secret"})).startswith("signed in as u/acme")


def mention_of(site: Site) -> Mention:
    site.write("app crashes")
    return fetch(opened(site))[0][0]


@pytest.mark.parametrize(
    ("errors", "error", "wait"),
    [
        (["RATELIMIT", "you are doing that too much. try again in 9 minutes.", "ratelimit"], RateLimited, 600),
        (["THREAD_LOCKED", "Comments are locked.", "parent"], NotProcessed, None),
        (["USER_REQUIRED", "Please log in to do that.", None], AuthError, None),
    ],
)
def test_errors_inside_200_mean_not_sent(
    site: Site, errors: list[Any], error: type[PlatformError], wait: int | None
) -> None:
    reply = Reply("sorry", mention_of(site))
    site.fault("POST /api/comment", json_script({"json": {"errors": [errors]}}))
    with pytest.raises(error, match=errors[0]) as caught:
        post(opened(site), reply)
    assert getattr(caught.value, "retry_after", None) == wait
    assert find(opened(site), reply) is None


def test_a_lost_answer_is_unknown_and_then_found(site: Site) -> None:
    reply = Reply("sorry *indeed*", mention_of(site))
    site.lost = True
    with pytest.raises(BadAnswer):
        post(opened(site), reply)
    receipt = find(opened(site), reply)
    assert receipt is not None
    assert receipt.external_id == "t1_c1"


def test_what_cannot_be_sent(site: Site) -> None:
    mention = mention_of(site)
    for reply in (Reply("x" * 10_001, mention), Reply("psst", mention, private=True)):
        with pytest.raises(NotProcessed):
            post(opened(site), reply)
    assert "/api/comment" not in site.paths("POST")


def test_no_request_more_than_the_limit_allows(site: Site) -> None:
    for number in range(25):
        site.write(f"number {number}")
    site.left = 0.0
    _, error = until_error(opened(site))
    assert isinstance(error, RateLimited)
    assert 290 < (error.retry_after or 0) <= 300
    assert site.paths().count("/message/mentions") == 1


def test_a_block_is_not_a_missing_scope(site: Site) -> None:
    site.fault("GET /message/mentions", Script(403, b"<html>whoa there</html>", {"Content-Type": "text/html"}))
    _, blocked = until_error(opened(site))
    assert isinstance(blocked, PlatformError)
    assert not isinstance(blocked, AuthError)
    assert "blocks this network" in blocked.message
    site.fault("GET /message/mentions", json_script({"message": "Forbidden", "error": 403}, 403))
    _, scope = until_error(opened(site))
    assert isinstance(scope, AuthError)
    assert "scope privatemessages" in (scope.hint or "")


def test_a_closed_community_does_not_stop_the_others(site: Site) -> None:
    ids = [site.write(f"number {number}") for number in range(12)]
    pages, error = until_error(opened(site, subreddits="secret"))
    assert sorted(inbound([mention for page in pages for mention in page.mentions])) == sorted(ids)
    assert isinstance(error, AuthError)
    assert "private" in error.message


def test_check_and_configuration(site: Site) -> None:
    assert check(opened(site)) == "signed in as u/acme; the inbox can be read"
    with pytest.raises(ConfigError, match="u/acme, not to u/other"):
        check(opened(site, handle="other"))
    for broken, said in (({"client_id": ""}, "no client_id"), ({"feeds": "true", "subreddits": ""}, "nothing to read")):
        with pytest.raises(ConfigError, match=said):
            check(opened(site, {}, **broken))
    with pytest.raises(AuthError, match="neither a TOKEN nor a PASSWORD") as caught:
        check(opened(site, {}))
    assert "feeds=true" in (caught.value.hint or "")


def test_an_entry_of_a_feed(site: Site) -> None:
    name = site.write("app <crashes>")
    site.things.append({"kind": "t1", "data": {**site.things[0]["data"], "name": "nonsense"}})
    mentions, _, skipped = fetch(feeds(site))
    (mention,) = mentions
    assert (mention.external_id, mention.text, mention.thread_root) == (name, "app <crashes>", "t3_bb24k7")
    assert (mention.author.handle, mention.in_reply_to) == ("zoe", None)
    assert skipped == ["comments:acme, entry 1: 'nonsense' is no name of a post or comment"]


def test_the_private_feed_is_the_inbox_and_its_token_is_hidden(site: Site) -> None:
    site.write("u/acme hello")
    (mention,) = fetch(feeds(site, {"FEED": "feed-token-1"}, subreddits=""))[0]
    assert mention.directed
    assert site.requests[-1].first("feed") == "feed-token-1"
    site.fault("GET /message", Script(404))
    _, error = until_error(feeds(site, {"FEED": "feed-token-1"}, subreddits=""))
    assert "feed-token-1" not in str(error)


def test_feeds_that_ask_for_a_pause(site: Site) -> None:
    for script in (Script(429, b"<html>", {"Retry-After": "60"}), Script(403, b"<html>blocked</html>")):
        site.fault("GET /r/acme/new", script)
        _, error = until_error(feeds(site))
        assert isinstance(error, RateLimited)
        assert error.retry_after == 60
    assert check(feeds(site)) == "2 feeds, read only; new:acme has 0 entries"
