"""GitHub against a server that plays its REST and GraphQL APIs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import Mention, Reply, parse_iso
from carecli.platforms.github import GITHUB
from carecli.platforms.testing import FetcherContract, PosterContract
from tests.platforms.fakes import Fake, Opened, check, fetch, find, inbound, post, source, until_error
from tests.platforms.servers import LyingServer, Request, Script, json_script

REPO = "acme/app"


class Hub(Fake):
    """One repository with issues, comments and discussions; the token is acme's."""

    def __init__(self) -> None:
        super().__init__()
        self.about: dict[str, Any] = {"private": False, "has_discussions": True}
        self.issues: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.talks: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.lost, self.token = False, ""
        self.route("GET", "/user", lambda _: {"login": "acme"})
        self.route("GET", f"/repos/{REPO}", lambda _: self.about)
        self.route("GET", f"/repos/({REPO})/issues", lambda r, _: self.listed(self.issues, r))
        self.route("GET", f"/repos/({REPO})/issues/comments", lambda r, _: self.listed(self.comments, r))
        self.route("GET", r"/repos/([\w/]+)/issues/(\d+)", self.one)
        self.route("GET", r"/repos/([\w/]+)/issues/(\d+)/comments", self.below)
        self.route("POST", r"/repos/([\w/]+)/issues/(\d+)/comments", self.add)
        self.route("GET", "/search/issues", self.search)
        self.route("GET", "/notifications", self.notified)
        self.route("POST", "/graphql", self.graphql)

    def answer(self, request: Request) -> Script:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return json_script({"message": "Bad credentials"}, 401)
        return super().answer(request)

    def user(self, login: str) -> dict[str, Any]:
        return {"login": login, "id": sum(map(ord, login)), "type": "User", "html_url": f"https://github.com/{login}"}

    def issue(self, login: str, title: str, body: str | None = None, repo: str = REPO, **more: Any) -> str:
        number, at = len(self.issues) + len(self.talks) + 1, self.stamp()
        item = {"id": 900 + number, "node_id": f"I_{number}", "number": number, "title": title, "body": body}
        item |= {"url": f"{self.url}/repos/{repo}/issues/{number}", "user": self.user(login), "comments": 0}
        item |= {"html_url": f"https://github.com/{repo}/issues/{number}", "created_at": at, "updated_at": at}
        self.issues.append({**item, "reactions": {"+1": 2}, **more})
        return f"{repo}#{number}"

    def comment(self, login: str, place: str, body: str) -> str:
        repo, _, number = place.partition("#")
        identity, at = 5000 + len(self.comments), self.stamp()
        item = {"id": identity, "body": body, "user": self.user(login), "created_at": at, "updated_at": at}
        item |= {"issue_url": f"{self.url}/repos/{repo}/issues/{number}", "node_id": f"IC_{identity}"}
        item |= {"html_url": f"https://github.com/{repo}/issues/{number}#issuecomment-{identity}"}
        self.comments.append(item)
        return f"{place}:{identity}"

    def edit(self, external_id: str, body: str) -> None:
        item = next(item for item in self.comments if external_id.endswith(f":{item['id']}"))
        item |= {"body": body, "updated_at": self.stamp()}

    def talk(self, login: str, title: str) -> str:
        number, at = len(self.issues) + len(self.talks) + 1, self.stamp()
        item = {**self.said(login, ""), "id": f"D_{number}", "number": number, "title": title, "createdAt": at}
        item |= {"url": f"https://github.com/{REPO}/discussions/{number}", "updatedAt": at, "comments": {"nodes": []}}
        self.talks.append(item)
        return f"{REPO}#{number}"

    def said(self, login: str, body: str) -> dict[str, Any]:
        who = {"__typename": "User", "login": login, "databaseId": 7, "url": f"https://github.com/{login}"}
        at = self.stamp()
        identity = 100 + int(self.moment.timestamp()) % 100_000
        return {
            "id": f"DC_{identity}",
            "databaseId": identity,
            "body": body,
            "author": who,
            "createdAt": at,
            "url": f"https://github.com/{REPO}/discussions/1#discussioncomment-{identity}",
            "lastEditedAt": None,
            "upvoteCount": 1,
            "replies": {"nodes": []},
        }

    def say(self, login: str, place: str, body: str, below: str | None = None) -> str:
        talk = next(item for item in self.talks if place == f"{REPO}#{item['number']}")
        made = self.said(login, body)
        tops = talk["comments"]["nodes"]
        top = next((top for top in tops if top["id"] == below), None)
        (top["replies"]["nodes"] if top else tops).append(made)
        talk["updatedAt"] = made["createdAt"]
        return f"{place}:d{made['databaseId']}"

    def listed(self, items: list[dict[str, Any]], request: Request) -> list[Any]:
        since = parse_iso(request.first("since", "1970-01-01"))
        found = [item for item in items if parse_iso(item["updated_at"]) >= since and f"/{REPO}/" in item["html_url"]]
        return self.page(sorted(found, key=lambda item: str(item["updated_at"])), request)

    def page(self, items: Sequence[Any], request: Request) -> list[Any]:
        size, page = int(request.first("per_page", "30")), int(request.first("page", "1"))
        return list(items[(page - 1) * size : page * size])

    def one(self, request: Request, repo: str, number: str) -> object:
        found = [item for item in self.issues if item["html_url"].endswith(f"/{repo}/issues/{number}")]
        return found[0] if found else json_script({"message": "Not Found"}, 404)

    def below(self, request: Request, repo: str, number: str) -> object:
        since = parse_iso(request.first("since"))
        found = [item for item in self.comments if item["issue_url"].endswith(f"/{repo}/issues/{number}")]
        return self.page([item for item in found if parse_iso(item["updated_at"]) >= since], request)

    def add(self, request: Request, repo: str, number: str) -> Script:
        self.comment("acme", f"{repo}#{number}", json.loads(request.body)["body"])
        return Script(502, b"<html>Unicorn") if self.lost else json_script(self.comments[-1], 201)

    def search(self, request: Request) -> object:
        query = request.first("q")
        until = re.search(r"created:<=(\S+)", query)
        phrase = (re.findall(r'"(.*)"', query) or query.split())[0]
        found = [
            item
            for item in reversed(self.issues)
            if phrase in item["title"] and (until is None or item["created_at"] <= until[1])
        ]
        return {"items": self.page(found, request), "total_count": len(found), "incomplete_results": False}

    def notified(self, request: Request) -> object:
        before = request.first("before", "9999")
        found = [note for note in reversed(self.notes) if note["updated_at"] < before]
        return self.page(found, request)

    def graphql(self, request: Request) -> object:
        asked = json.loads(request.body)
        variables = asked["variables"]
        if "mutation" in asked["query"]:
            talk = next(item for item in self.talks if item["id"] == variables["discussion"])
            self.say("acme", f"{REPO}#{talk['number']}", variables["body"], variables["parent"])
            made = self.newest(talk, variables["parent"])
            return {"data": {"addDiscussionComment": {"comment": made}}}
        if "number" in variables:
            found = [item for item in self.talks if item["number"] == variables["number"]]
            return {"data": {"repository": {"discussion": found[0] if found else None}}}
        ordered = sorted(self.talks, key=lambda item: str(item["updatedAt"]), reverse=True)
        start, size = int(variables["after"] or 0), variables["size"]
        more = {"hasNextPage": start + size < len(ordered), "endCursor": str(start + size)}
        return {"data": {"repository": {"discussions": {"nodes": ordered[start : start + size], "pageInfo": more}}}}

    def newest(self, talk: dict[str, Any], below: str | None) -> object:
        tops: list[Any] = talk["comments"]["nodes"]
        return next((top["replies"]["nodes"][-1] for top in tops if top["id"] == below), tops[-1])


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


def opened(hub: Hub, **settings: Any) -> Opened:
    defaults = {"base_url": hub.url, "repos": "Acme/App", "page_size": 10}
    return GITHUB.open(source(GITHUB, {**defaults, **settings}, {"TOKEN": "github_pat_x"}))


class TestIssues(FetcherContract, PosterContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, hub: Hub) -> None:
        self.hub = hub

    def open(self) -> Opened:
        return opened(self.hub)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.hub.issue("zoe", text) for text in texts]


class TestComments(FetcherContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, hub: Hub) -> None:
        self.hub = hub
        self.place = hub.issue("acme", "Known problems")

    def open(self) -> Opened:
        return opened(self.hub)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.hub.comment("zoe", self.place, text) for text in texts]


class TestDiscussions(FetcherContract, PosterContract):
    many = 45

    @pytest.fixture(autouse=True)
    def _server(self, hub: Hub) -> None:
        self.hub = hub

    def open(self) -> Opened:
        return opened(self.hub)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.hub.talk("zoe", text) for text in texts]


def by_id(mentions: Sequence[Mention]) -> dict[str, Mention]:
    return {mention.external_id: mention for mention in mentions}


def test_an_issue_and_its_comments_as_they_are_stored(hub: Hub) -> None:
    place = hub.issue("zoe", "App crashes", "on **start**")
    answer = hub.comment("acme", place, "which version?\n\n<!-- care:abc-1 -->")
    found = by_id(fetch(opened(hub))[0])
    issue, comment = found[place], found[answer]
    assert (issue.text, issue.directed, issue.visibility, issue.likes) == (
        "App crashes\n\non **start**",
        True,
        "public",
        2,
    )
    assert (issue.author.handle, issue.url) == ("zoe", "https://github.com/acme/app/issues/1")
    assert (comment.text, comment.inbound, comment.in_reply_to) == ("which version?", False, place)
    # An Enterprise Server has ids of its own.
    assert {mention.host for mention in found.values()} == {hub.url.removeprefix("http://")}
    assert GITHUB.host(source(GITHUB, {})) == ""


def test_pull_requests_and_their_comments_are_left_out(hub: Hub) -> None:
    hub.issue("zoe", "Fix it", pull_request={"url": "x"})
    hub.comment("zoe", f"{REPO}#1", "please merge")
    hub.comments[-1]["html_url"] = f"https://github.com/{REPO}/pull/1#issuecomment-1"
    assert fetch(opened(hub))[0] == []


def test_private_repositories_are_internal(hub: Hub) -> None:
    hub.about = {"private": True, "has_discussions": True}
    hub.issue("zoe", "secret")
    hub.talk("zoe", "secret too")
    assert {mention.visibility for mention in fetch(opened(hub))[0]} == {"internal"}


def test_an_edited_comment_comes_again_and_a_label_does_not(hub: Hub) -> None:
    place = hub.issue("zoe", "App crashes")
    comment = hub.comment("zoe", place, "on start")
    _, cursor, _ = fetch(opened(hub))
    hub.issues[0] |= {"updated_at": hub.stamp(), "labels": ["bug"]}
    hub.edit(comment, "on start and at the end")
    (again,) = fetch(opened(hub), cursor)[0]
    assert (again.external_id, again.text) == (comment, "on start and at the end")
    assert again.edited_at is not None


def test_an_issue_that_changes_while_pages_are_read_is_not_lost(hub: Hub) -> None:
    ids = [hub.issue("zoe", f"number {number}") for number in range(25)]
    original = hub.listed

    def shifting(items: list[dict[str, Any]], request: Request) -> list[Any]:
        found = original(items, request)
        hub.issues[0]["updated_at"] = hub.stamp()
        return found

    hub.listed = shifting  # type: ignore[method-assign]
    assert sorted(inbound(fetch(opened(hub))[0])) == sorted(ids)


def test_a_search_brings_issues_of_other_repositories(hub: Hub) -> None:
    place = hub.issue("zoe", "like acme air", repo="other/tool")
    ours = hub.issue("zoe", "acme air itself")
    mentions, cursor, _ = fetch(opened(hub, search="acme air"))
    assert {key: mention.directed for key, mention in by_id(mentions).items()} == {place: False, ours: True}
    assert hub.requests[-1].path == "/search/issues"
    assert hub.requests[-1].first("q") == '"acme air" in:title,body,comments is:issue'
    later = hub.issue("kai", "acme air again", repo="other/tool")
    assert inbound(fetch(opened(hub, search="acme air"), cursor)[0]) == [later]


def test_a_discussion_with_answers_at_two_levels(hub: Hub) -> None:
    place = hub.talk("zoe", "How do I export?")
    top = hub.say("acme", place, "which format?")
    below = hub.say("zoe", place, "CSV", hub.talks[0]["comments"]["nodes"][0]["id"])
    mentions, cursor, _ = fetch(opened(hub))
    found = by_id(mentions)
    assert found[top].inbound is False
    assert (found[below].in_reply_to, found[below].thread_root) == (top, place)
    reply = Reply("here", found[below])
    receipt = post(opened(hub), reply)
    assert find(opened(hub), reply) == receipt
    (ours,) = fetch(opened(hub), cursor)[0]
    assert (ours.external_id, ours.in_reply_to, ours.inbound) == (receipt.external_id, top, False)


def test_notifications_bring_what_is_said_elsewhere(hub: Hub) -> None:
    place = hub.issue("zoe", "Works with @acme?", repo="other/tool")
    reply = hub.comment("kai", place, "ask @acme, they know")
    aside = hub.comment("kai", place, "or the docs")
    number = place.partition("#")[2]
    subject = {"type": "Issue", "url": f"{hub.url}/repos/other/tool/issues/{number}"}
    about = {"full_name": "other/tool", "private": False}
    note = {"id": "1", "reason": "mention", "updated_at": hub.stamp(), "subject": subject, "repository": about}
    hub.notes += [note, {**note, "id": "2", "reason": "subscribed"}]
    mentions, cursor, _ = fetch(opened(hub, notifications="true"))
    assert {key: mention.directed for key, mention in by_id(mentions).items()} == {
        place: True,
        reply: True,
        aside: False,
    }
    assert fetch(opened(hub, notifications="true"), cursor)[0] == []


def test_a_notification_that_leads_elsewhere_gets_no_token(hub: Hub, lying: LyingServer) -> None:
    subject = {"type": "Issue", "url": f"{lying.url}/repos/other/tool/issues/1"}
    about = {"full_name": "other/tool", "private": False}
    note = {"id": "1", "reason": "mention", "updated_at": hub.stamp(), "subject": subject, "repository": about}
    hub.notes.append(note)
    mentions, _, skipped = fetch(opened(hub, notifications="true"))
    assert (mentions, lying.requests) == ([], [])
    assert "another server" in skipped[0]


@pytest.mark.parametrize(
    ("script", "error", "hint"),
    [
        (json_script({"message": "Bad credentials"}, 401), AuthError, "fine-grained token"),
        (
            json_script({"message": "No"}, 403, {"X-Accepted-GitHub-Permissions": "issues=read"}),
            AuthError,
            "issues=read",
        ),
        (json_script({"message": "You have exceeded a secondary rate limit"}, 403), RateLimited, None),
        (Script(200, b"[{", {"Content-Type": "application/json"}), BadAnswer, None),
        (Script(200, b'[{"id": 1}, {"id": 2}]', {}, cut=9), PlatformError, None),
    ],
)
def test_failures(hub: Hub, script: Script, error: type[PlatformError], hint: str | None) -> None:
    hub.issue("zoe", "one")
    hub.fault(f"GET /repos/{REPO}/issues$", *[script] * 3)
    _, caught = until_error(opened(hub))
    assert isinstance(caught, error)
    assert hint is None or hint in (caught.hint or "")


def test_a_spent_limit_says_when_it_ends(hub: Hub) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 600)}
    hub.fault("GET /user", json_script({"message": "API rate limit exceeded"}, 403, headers))
    _, caught = until_error(opened(hub))
    assert isinstance(caught, RateLimited)
    assert 590 < (caught.retry_after or 0) <= 600


def test_one_listing_without_permission_does_not_stop_the_others(hub: Hub) -> None:
    place = hub.issue("zoe", "one")
    talk = hub.talk("zoe", "two")
    hub.fault(f"GET /repos/{REPO}/issues/comments", json_script({"message": "Forbidden"}, 403))
    pages, caught = until_error(opened(hub))
    assert isinstance(caught, AuthError)
    assert {mention.external_id for page in pages for mention in page.mentions} == {place, talk}


@pytest.mark.parametrize(
    ("kind", "error"),
    [("FORBIDDEN", AuthError), ("RATE_LIMITED", RateLimited), ("UNPROCESSABLE", NotProcessed)],
)
def test_graphql_says_no_with_200(hub: Hub, kind: str, error: type[PlatformError]) -> None:
    hub.talk("zoe", "two")
    (talk,) = fetch(opened(hub))[0]
    refusal = json_script({"data": None, "errors": [{"type": kind, "message": "not today"}]})
    thread = json_script(hub.graphql(Request("POST", "", {}, {}, b'{"query": "", "variables": {"number": 1}}')))
    hub.fault("POST /graphql", thread, refusal)
    with pytest.raises(error, match="not today"):
        post(opened(hub), Reply("hello", talk))


def test_a_reply_whose_answer_was_lost_is_found(hub: Hub) -> None:
    hub.issue("zoe", "one")
    (issue,) = fetch(opened(hub))[0]
    reply = Reply("hello", issue)
    hub.lost = True
    with pytest.raises(BadAnswer):
        post(opened(hub), reply)
    assert find(opened(hub), reply, "another-key") is None
    receipt = find(opened(hub), reply)
    assert receipt is not None
    assert receipt.external_id == f"{REPO}#1:5000"


def test_what_cannot_be_sent(hub: Hub) -> None:
    hub.issue("zoe", "one")
    (issue,) = fetch(opened(hub))[0]
    with pytest.raises(NotProcessed, match="private"):
        post(opened(hub), Reply("psst", issue, private=True))
    with pytest.raises(NotProcessed, match="65536 are allowed"):
        post(opened(hub), Reply("x" * 65_530, issue))
    assert hub.comments == []


def test_check(hub: Hub) -> None:
    assert check(opened(hub)) == "signed in as acme; acme/app, with discussions"
    hub.fault(f"GET /repos/{REPO}$", json_script({"message": "Not Found"}, 404))
    with pytest.raises(AuthError, match="shows no repository acme/app"):
        check(opened(hub))
    with pytest.raises(ConfigError, match="is no repository"):
        check(opened(hub, repos="acme"))
    with pytest.raises(AuthError, match="has no TOKEN"):
        check(GITHUB.open(source(GITHUB, {})))
