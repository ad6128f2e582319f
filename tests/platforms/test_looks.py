"""A second look at known mentions: edits, deletions, and failures that are neither, on every platform that has one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from carecli.errors import PlatformError
from carecli.model import Mention
from carecli.platforms.bluesky import BLUESKY
from carecli.platforms.testing import RereaderContract
from tests.platforms.fakes import Fake, Opened, fetch, source, until_error
from tests.platforms.fedi import Fediverse
from tests.platforms.keys import service_account_file
from tests.platforms.servers import Request, Script, json_script
from tests.platforms.synapse import Synapse
from tests.platforms.test_discourse import Forum
from tests.platforms.test_discourse import opened as on_forum
from tests.platforms.test_github import REPO, Hub
from tests.platforms.test_github import opened as on_hub
from tests.platforms.test_googleplay import APP, Play
from tests.platforms.test_googleplay import opened as on_play
from tests.platforms.test_hackernews import Search
from tests.platforms.test_hackernews import opened as on_news
from tests.platforms.test_lemmy import Server as Lemmy
from tests.platforms.test_lemmy import opened as on_lemmy
from tests.platforms.test_matrix import opened as on_matrix
from tests.platforms.test_matrix import synapse
from tests.platforms.test_reddit import Site
from tests.platforms.test_reddit import opened as on_reddit
from tests.platforms.test_stackexchange import Stack
from tests.platforms.test_stackexchange import opened as on_stack
from tests.platforms.test_youtube import Tube
from tests.platforms.test_youtube import opened as on_tube

__all__ = ["synapse"]


def breaking(server: Fake, pattern: str, status: int) -> None:
    """From now on requests for `pattern` get this status; what asks again is not made to wait."""
    waits = {"Retry-After": "0"} if status >= 500 else {}
    script = json_script({"error": "no", "message": "no"}, status, waits)
    for method in ("GET", "POST"):
        server.routes.insert(0, (method, re.compile(pattern), lambda *_asked: script))


class Looked(RereaderContract):
    """With a server of its own per test, whose looks go to `pattern`."""

    kind: type[Fake]
    pattern: str

    @pytest.fixture(autouse=True)
    def _server(self) -> Any:
        with self.kind() as self.server:
            self.begin()
            yield

    def begin(self) -> None:
        """What is there before the test."""

    def break_down(self, status: int) -> None:
        breaking(self.server, self.pattern, status)


class TestGitHubComments(Looked):
    kind, pattern = Hub, r"/repos/.*/issues/comments/.*"
    server: Hub

    def begin(self) -> None:
        self.place = self.server.issue("acme", "Known problems")
        self.server.route("GET", rf"/repos/{REPO}/issues/comments/(\d+)", self.one)

    def one(self, request: Request, number: str) -> object:
        found = [item for item in self.server.comments if str(item["id"]) == number]
        return found[0] if found else json_script({"message": "Not Found"}, 404)

    def open(self) -> Opened:
        return on_hub(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.comment("zoe", self.place, text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        self.server.edit(external_id, text)

    def take_away(self, external_id: str) -> None:
        self.server.comments = [c for c in self.server.comments if not external_id.endswith(f":{c['id']}")]

    def test_in_a_repository_that_is_closed_to_us_nothing_is_gone(self) -> None:
        known = list(self.known("the first").values())
        self.take_away(known[0].external_id)
        breaking(self.server, f"/repos/{REPO}", 404)
        assert self.look(known).deleted == ()


class TestGitHubIssues(Looked):
    kind, pattern = Hub, r"/repos/.*/issues/\d+"
    server: Hub

    def open(self) -> Opened:
        return on_hub(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.issue("zoe", text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        next(item for item in self.server.issues if external_id.endswith(f"#{item['number']}"))["title"] = text

    def take_away(self, external_id: str) -> None:
        number = external_id.partition("#")[2]
        script = json_script({"message": "This issue was deleted"}, 410)
        self.server.routes.insert(0, ("GET", re.compile(rf"/repos/{REPO}/issues/{number}"), lambda _request: script))

    def test_an_issue_that_was_moved_out_of_sight_is_not_gone(self) -> None:
        known = list(self.known("the first").values())
        self.server.issues.clear()  # 404
        assert self.look(known).deleted == ()


class TestGitHubDiscussions(Looked):
    kind, pattern = Hub, "/graphql"
    server: Hub

    def begin(self) -> None:
        self.place = self.server.talk("acme", "Ideas")
        asked = self.server.graphql
        self.server.route("POST", "/graphql", asked)
        self.server.routes.insert(0, ("POST", re.compile("/graphql"), lambda r: self.node(r) or asked(r)))

    def node(self, request: Request) -> object:
        variables = json.loads(request.body)["variables"]
        if "id" not in variables:
            return None
        tops = [top for talk in self.server.talks for top in talk["comments"]["nodes"]]
        found = [item for item in (*self.server.talks, *tops) if item["id"] == variables["id"]]
        if found:
            return {"data": {"node": found[0]}}
        return {"data": {"node": None}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve to a node"}]}

    def open(self) -> Opened:
        return on_hub(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.say("zoe", self.place, text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        tops = self.server.talks[0]["comments"]["nodes"]
        top = next(top for top in tops if external_id.endswith(f":d{top['databaseId']}"))
        top |= {"body": text, "lastEditedAt": self.server.stamp()}

    def take_away(self, external_id: str) -> None:
        tops = self.server.talks[0]["comments"]["nodes"]
        tops[:] = [top for top in tops if not external_id.endswith(f":d{top['databaseId']}")]


class TestYouTube(Looked):
    kind, pattern = Tube, "/(comments|videos)"
    server: Tube

    def begin(self) -> None:
        listed = self.server.list_replies
        self.server.routes.insert(0, ("GET", re.compile("/comments"), lambda r: self.by_ids(r) or listed(r)))

    def by_ids(self, request: Request) -> object:
        wanted = request.first("id").split(",")
        tops = [thread["snippet"]["topLevelComment"] for thread in self.server.threads]
        found = [top for top in tops if top["id"] in wanted]
        return (self.server.refused(request) or {"items": found}) if "id" in request.query else None

    def open(self) -> Opened:
        return on_tube(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write(text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        thread = next(thread for thread in self.server.threads if thread["id"] == external_id)
        thread["snippet"]["topLevelComment"]["snippet"] |= {"textDisplay": text, "updatedAt": self.server.stamp()}

    def take_away(self, external_id: str) -> None:
        self.server.threads = [thread for thread in self.server.threads if thread["id"] != external_id]

    def test_videos_too(self) -> None:
        about = {"title": "Acme review", "description": "bad", "channelId": "UCkai", "channelTitle": "Kai"}
        for number in (8, 9):
            video = {"id": {"videoId": f"v{number}"}, "snippet": {**about, "publishedAt": self.server.stamp()}}
            self.server.videos.append(video)
        known = [m for m in fetch(on_tube(self.server, search="Acme"))[0] if m.external_id.startswith("video:")]
        still = {**self.server.videos[0], "id": "v8"}
        self.server.route("GET", "/videos", lambda request: self.server.refused(request) or {"items": [still]})
        look = self.look(known)
        assert (look.deleted, [mention.external_id for mention in look.mentions]) == (("video:v9",), ["video:v8"])


class TestReddit(Looked):
    kind, pattern = Site, "/api/info"
    server: Site

    def begin(self) -> None:
        self.server.route("GET", "/api/info", self.info)

    def info(self, request: Request) -> object:
        wanted = request.first("id").split(",")
        things = [thing for thing in self.server.things if thing["data"]["name"] in wanted]
        return self.server.refused(request) or {"kind": "Listing", "data": {"after": None, "children": things}}

    def thing(self, external_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(t["data"] for t in self.server.things if t["data"]["name"] == external_id)
        return found

    def open(self) -> Opened:
        return on_reddit(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write(text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        self.thing(external_id)["body"] = text

    def take_away(self, external_id: str) -> None:
        self.thing(external_id).update(author="[deleted]", body="[deleted]")

    def test_a_post_without_its_words_keeps_its_title_and_is_gone(self) -> None:
        name = self.server.submit("Acme lost my bag", selftext="my number is 555-0199")
        (known,) = [m for m in fetch(on_reddit(self.server, subreddits="acme"))[0] if m.external_id == name]
        self.thing(name)["selftext"] = "[removed]"
        assert self.look([known]).deleted == (name,)

    def test_what_is_left_out_is_not_gone(self) -> None:
        known = list(self.known("in a community that is closed now").values())
        self.server.things.clear()
        assert self.look(known).deleted == ()

    def test_a_listing_says_so_too(self) -> None:
        (name,) = self.write(["my number is 555-0199"])
        _, cursor, _ = fetch(self.open())
        self.take_away(name)
        pages, _ = until_error(self.open(), cursor)
        assert [page.deleted for page in pages if page.deleted] == [(name,)]


class TestStackExchange(Looked):
    kind, pattern = Stack, r"/(questions|answers|comments)/.*"
    server: Stack

    def begin(self) -> None:
        self.server.route("GET", r"/questions/([\d;]+)", self.some)

    def some(self, request: Request, ids: str) -> object:
        wanted = ids.split(";")
        found = [item for item in self.server.questions if str(item["question_id"]) in wanted]
        return self.server.wrapped(found, request)

    def question(self, external_id: str) -> dict[str, Any]:
        return next(q for q in self.server.questions if external_id.endswith(f":q{q['question_id']}"))

    def open(self) -> Opened:
        return on_stack(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.ask(5, text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        self.question(external_id).update(body=f"<p>{text}</p>", last_edit_date=int(self.server.tick().timestamp()))

    def take_away(self, external_id: str) -> None:
        self.server.questions.remove(self.question(external_id))


class TestDiscourse(Looked):
    kind, pattern = Forum, r"/posts/by_number/.*"
    server: Forum

    def begin(self) -> None:
        self.server.route("GET", r"/posts/by_number/(\d+)/(\d+).json", self.one)

    def one(self, request: Request, topic: str, number: str) -> object:
        here = (int(topic), int(number))
        found = [post for post in self.server.posts if (post["topic_id"], post["post_number"]) == here]
        missing = {"errors": ["The requested URL could not be found."], "error_type": "not_found"}
        return found[0] if found else json_script(missing, 404)

    def post(self, external_id: str) -> dict[str, Any]:
        return next(p for p in self.server.posts if external_id == f"{p['topic_id']}/{p['post_number']}")

    def open(self) -> Opened:
        return on_forum(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write("zoe", text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        self.post(external_id).update(raw=text, version=2, updated_at=self.server.stamp())

    def take_away(self, external_id: str) -> None:
        self.server.posts.remove(self.post(external_id))

    def test_a_post_that_a_moderator_still_sees_is_gone(self) -> None:
        known = self.known("by its author", "by a moderator", "stays")
        first, second, _ = known
        self.post(first)["user_deleted"] = True
        self.post(second)["deleted_at"] = self.server.stamp()
        assert self.look(list(known.values())).deleted == (first, second)

    def test_where_not_everybody_reads_a_404_says_nothing(self) -> None:
        (known,) = self.known("in private").values()
        self.take_away(known.external_id)
        assert self.look([replace(known, visibility="direct")]).deleted == ()


class TestLemmy(Looked):
    kind, pattern = Lemmy, r"/api/v3/comment"
    server: Lemmy

    def begin(self) -> None:
        self.server.route("GET", "/api/v3/comment", self.one)

    def view(self, number: str) -> Any:
        return next((view for view in self.server.views if str(view["comment"]["id"]) == number), None)

    def one(self, request: Request) -> object:
        view = self.view(request.first("id"))
        return {"comment_view": view} if view else json_script({"error": "couldnt_find_comment"}, 404)

    def open(self) -> Opened:
        return on_lemmy(self.server)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.comment("zoe", text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        view = self.view(external_id.partition("/")[2])
        view["comment"] |= {"content": text, "updated": self.server.stamp()}

    def take_away(self, external_id: str) -> None:
        self.view(external_id.partition("/")[2])["comment"] |= {"content": "", "deleted": True}

    def test_what_was_purged_is_gone(self) -> None:
        (known,) = self.known("never was").values()
        self.server.views.clear()
        assert self.look([known]).deleted == (known.external_id,)


class TestHackerNews(Looked):
    kind, pattern = Search, r"/v0/item/.*"
    server: Search

    def begin(self) -> None:
        self.story = self.server.write("acme", "Show HN")
        self.server.route("GET", r"/v0/item/(\d+)\.json", self.one)

    def item(self, external_id: str) -> dict[str, Any]:
        return next(item for item in self.server.items if item["objectID"] == external_id)

    def one(self, _request: Request, number: str) -> Script:
        item = self.item(number)
        text = item.get("comment_text") or item.get("story_text")
        said = {"by": item["author"], "text": text, "type": "comment", "time": item["created_at_i"]}
        return json_script({"id": int(number), **(item.get("gone") or said)})

    def open(self) -> Opened:
        return on_news(self.server, items_url=f"{self.server.url}/v0")

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write("zoe", text, self.story) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        self.item(external_id)["comment_text"] = text

    def take_away(self, external_id: str) -> None:
        self.item(external_id)["gone"] = {"deleted": True}

    def test_what_a_moderator_took_away_and_what_is_not_known_yet(self) -> None:
        first, second = self.known("killed", "so new that the other server does not know it").values()
        self.item(first.external_id)["gone"] = {"dead": True, "text": "killed"}
        self.server.routes.insert(
            0, ("GET", re.compile(rf"/v0/item/{second.external_id}\.json"), lambda *_: json_script(None))
        )
        look = self.look([first, second])
        assert (look.deleted, look.mentions) == ((first.external_id,), ())

    def test_a_walk_back_does_not_bring_back_what_the_search_still_shows(self) -> None:
        kept, gone, edited = self.write(["number one", "number two", "number three"])
        self.item(gone)["gone"] = {"deleted": True}
        self.item(edited)["gone"] = {"text": "other words"}
        walk = until_error(self.open(), since=datetime.now(UTC) - timedelta(days=20))[0]
        found = {mention.external_id: mention.text for page in walk for mention in page.mentions if mention.inbound}
        assert found == {kept: "number one", edited: "other words"}
        assert {name for page in walk for name in page.deleted} == {gone}
        self.break_down(403)
        walk = until_error(self.open(), since=datetime.now(UTC) - timedelta(days=20))[0]
        assert {kept, gone, edited} <= {mention.external_id for page in walk for mention in page.mentions}
        assert any("not looked at again" in line for page in walk for line in page.skipped)

    def test_the_same_words_in_other_markup_are_no_edit(self) -> None:
        (known,) = self.known('it\'s "late" & lost').values()
        self.edit(known.external_id, "it&#x27;s &quot;late&quot; &amp; <i>lost</i>")
        assert [mention.text for mention in self.look([known]).mentions] == [known.text]


class TestGooglePlay(Looked):
    kind, pattern = Play, rf"/applications/{APP}/reviews/.*"
    server: Play

    @pytest.fixture(autouse=True)
    def _key(self, tmp_path: Path) -> None:
        self.key_file = service_account_file(tmp_path)

    def begin(self) -> None:
        path = rf"/applications/{APP}/reviews/([^/]+)"
        self.server.routes.insert(0, ("GET", re.compile(path), self.one))

    def one(self, _request: Request, identity: str) -> object:
        found = [review for review in self.server.reviews if review["reviewId"] == unquote(identity)]
        return found[0] if found else json_script({"error": {"code": 404, "message": "Review not found"}}, 404)

    def open(self) -> Opened:
        return on_play(self.server, self.key_file)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write(text) for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("Now\n\n")

    def edit(self, external_id: str, text: str) -> None:
        self.server.change(external_id, text)

    def take_away(self, external_id: str) -> None:
        self.server.reviews.remove(self.server.find(external_id))

    def test_of_an_old_review_and_of_a_closed_app_a_404_says_nothing(self) -> None:
        (known,) = self.known("late").values()
        self.take_away(known.external_id)
        old = replace(known, created_at=known.created_at - timedelta(days=7))
        assert self.look([old]).deleted == ()
        breaking(self.server, rf"/applications/{APP}/reviews", 403)
        with pytest.raises(PlatformError):
            self.look([known])


class TestMastodon(RereaderContract):
    @pytest.fixture(autouse=True)
    def _server(self, fediverse: Fediverse) -> None:
        self.fediverse = fediverse
        self.failing: int | None = None

    def open(self) -> Opened:
        return self.fediverse.open()

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.fediverse.write("zoe", f"@acme {text}") for text in texts]

    def written(self, mention: Mention) -> str:
        return mention.text.removeprefix("@acme ")

    def edit(self, external_id: str, text: str) -> None:
        self.fediverse.ask("PUT", f"/api/v1/statuses/{external_id}", "zoe", json={"status": f"@acme {text}"})

    def take_away(self, external_id: str) -> None:
        self.fediverse.ask("DELETE", f"/api/v1/statuses/{external_id}", "zoe")

    def break_down(self, status: int) -> None:
        self.failing = status

    def look(self, known: Sequence[Mention]) -> Any:
        if self.failing is None:
            return super().look(known)
        headers = {"Retry-After": "0"} if self.failing >= 500 else {}
        effect = {"type": "status", "status": self.failing, "headers": headers}
        with self.fediverse.fault(effect, path="/api/v1/statuses/*", count=9):
            return super().look(known)

    def test_the_page_of_a_proxy_and_what_not_all_may_see_say_nothing(self) -> None:
        (known,) = self.known("hello").values()
        effect = {"type": "status", "status": 404, "body": "<html>nginx</html>"}
        with self.fediverse.fault(effect, path="/api/v1/statuses/*"):
            assert super().look([known]).deleted == ()
        self.take_away(known.external_id)
        assert super().look([replace(known, visibility="direct")]).deleted == ()


class Sky(Fake):
    """As much of an account's own server as a look needs, with the AppView behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, dict[str, Any]] = {}
        self.records: set[str] = set()
        session = {"did": "did:plc:acme", "handle": "acme.test", "accessJwt": "a", "refreshJwt": "r"}
        self.route("POST", "/xrpc/com.atproto.server.createSession", lambda _: session)
        self.route("GET", "/xrpc/app.bsky.notification.listNotifications", self.notified)
        self.route("GET", "/xrpc/app.bsky.feed.getAuthorFeed", lambda _: {"feed": []})
        self.route("GET", "/xrpc/app.bsky.actor.getProfiles", lambda _: {"profiles": []})
        self.route("GET", "/xrpc/app.bsky.feed.getPosts", self.posts)
        self.route("GET", "/xrpc/com.atproto.repo.getRecord", self.record)

    def write(self, text: str) -> str:
        uri, at = f"at://did:plc:zoe/app.bsky.feed.post/3m{len(self.records):011}", self.stamp()
        about = {"uri": uri, "cid": "b", "author": {"did": "did:plc:zoe", "handle": "zoe.test"}, "indexedAt": at}
        self.shown[uri] = {**about, "record": {"text": text, "createdAt": at}}
        self.records.add(uri)
        return uri

    def notified(self, _request: Request) -> object:
        return {"notifications": [{**view, "reason": "mention"} for view in reversed(self.shown.values())]}

    def posts(self, request: Request) -> object:
        return {"posts": [self.shown[uri] for uri in request.query["uris"] if uri in self.shown]}

    def record(self, request: Request) -> Script:
        uri = f"at://{request.first('repo')}/{request.first('collection')}/{request.first('rkey')}"
        if uri in self.records:
            return json_script({"uri": uri, "value": {}})
        return json_script({"error": "InvalidRequest", "message": f"Could not locate record: {uri}"}, 400)


class TestBluesky(Looked):
    kind, pattern, edits = Sky, "/xrpc/app.bsky.feed.getPosts", False
    server: Sky

    def open(self) -> Opened:
        settings = {"base_url": self.server.url, "handle": "acme.test"}
        return BLUESKY.open(source(BLUESKY, settings, {"PASSWORD": "p"}))

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.write(text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        raise NotImplementedError

    def take_away(self, external_id: str) -> None:
        del self.server.shown[external_id]
        self.server.records.discard(external_id)

    def test_a_post_that_is_only_hidden_from_us_is_not_gone(self) -> None:
        (known,) = self.known("from somebody who blocks us now").values()
        del self.server.shown[known.external_id]
        assert self.look([known]).deleted == ()


@pytest.mark.xdist_group("synapse")
class TestMatrix(RereaderContract):
    refusals = ()  # a real server does not fail on demand

    @pytest.fixture(autouse=True)
    def _server(self, synapse: Synapse) -> None:
        self.server = synapse
        self.room = synapse.room("kai")

    def open(self) -> Opened:
        return on_matrix(self.server, self.room)

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.server.say(self.room, text) for text in texts]

    def edit(self, external_id: str, text: str) -> None:
        relation = {"rel_type": "m.replace", "event_id": external_id.partition("/")[2]}
        newer = {"m.new_content": {"msgtype": "m.text", "body": text}, "m.relates_to": relation}
        self.server.say(self.room, f"* {text}", content=newer)

    def take_away(self, external_id: str) -> None:
        room, _, event = external_id.partition("/")
        self.server.ask("zoe", "PUT", f"rooms/{quote(room)}/redact/{quote(event)}/r1", json={})

    def break_down(self, status: int) -> None:
        raise NotImplementedError

    def test_a_sync_tells_of_it_too(self) -> None:
        (name,) = self.write(["my password is 1234"])
        _, cursor, _ = fetch(self.open())
        self.take_away(name)
        pages, _ = until_error(self.open(), cursor)
        assert {gone for page in pages for gone in page.deleted} == {name}

    def test_in_a_room_that_is_closed_to_us_nothing_is_gone(self) -> None:
        (known,) = self.known("hello").values()
        self.server.ask("acme", "POST", f"rooms/{quote(self.room)}/leave", json={})
        self.server.ask("acme", "POST", f"rooms/{quote(self.room)}/forget", json={})
        look = self.look([known])
        assert look.deleted == ()
