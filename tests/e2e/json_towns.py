"""The same town on platforms whose servers are played: their state is the test's, their clock the real one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from carecli.model import parse_iso
from tests.e2e.towns import Answer
from tests.platforms.test_discourse import Forum
from tests.platforms.test_github import REPO, Hub
from tests.platforms.test_lemmy import Server
from tests.platforms.test_youtube import BRAND, Tube


class _Played:
    """What they share: everything is there at once."""

    handle = "acme"
    page = 10

    def say(self, text: str, *, to: str | None = None) -> str:
        raise NotImplementedError

    def say_many(self, count: int) -> list[str]:
        return [self.say(f"where is bag number {number}?") for number in range(count)]

    def settle(self) -> None:
        """All is there at once."""


class GitHubTown(_Played):
    """An issue is a question; who goes on, comments below it."""

    platform, kind, secret = "github", "TOKEN", "github_pat_1"
    posting, listing = "/comments", f"/repos/{REPO}/issues?"

    def __init__(self, hub: Hub) -> None:
        hub.live = True
        hub.token = self.secret
        self.hub, self.url = hub, hub.url

    def settings(self, base_url: str) -> Mapping[str, str]:
        return {"base_url": base_url, "repos": REPO, "page_size": str(self.page)}

    def say(self, text: str, *, to: str | None = None) -> str:
        return self.hub.comment("zoe", to.partition(":")[0], text) if to else self.hub.issue("zoe", text)

    def answers(self, to: str) -> list[Answer]:
        ours = [item for item in self.hub.comments if item["user"]["login"] == "acme"]
        return [
            Answer(f"{to}:{item['id']}", item["body"].partition("\n\n<!--")[0], parse_iso(item["created_at"]))
            for item in ours
        ]


class YouTubeTown(_Played):
    """A comment is a question; who goes on, replies below it."""

    platform, kind, secret = "youtube", "TOKEN", "refresh-1"
    posting, listing = "/comments?part", "/commentThreads"

    def __init__(self, tube: Tube) -> None:
        tube.live = True
        self.tube, self.url = tube, tube.url
        tube.clients["c1"] = ""

    def settings(self, base_url: str) -> Mapping[str, str]:
        more = {"token_url": f"{base_url}/token", "client_id": "c1", "channel": BRAND}
        return {"base_url": base_url, "page_size": str(self.page), **more}

    def say(self, text: str, *, to: str | None = None) -> str:
        return self.tube.answer_to(to.partition(".")[0], "UCzoe", text) if to else self.tube.write(text)

    def answers(self, to: str) -> list[Answer]:
        ours = [item for item in self.tube.replies[to] if item["snippet"]["authorChannelId"]["value"] == BRAND]
        return [
            Answer(item["id"], item["snippet"]["textDisplay"], parse_iso(item["snippet"]["publishedAt"]))
            for item in ours
        ]


class DiscourseTown(_Played):
    """A topic is a question; everybody goes on in it."""

    platform, kind, secret = "discourse", "KEY", "key-1"
    posting, listing = "/posts.json", "/notifications.json"

    def __init__(self, forum: Forum) -> None:
        forum.live = True
        self.forum, self.url = forum, forum.url

    def settings(self, base_url: str) -> Mapping[str, str]:
        return {"base_url": base_url, "handle": "acme", "page_size": str(self.page)}

    def say(self, text: str, *, to: str | None = None) -> str:
        topic, _, number = (to or "0/0").partition("/")
        return self.forum.write("zoe", text, int(topic), int(number) or None, kind=2)

    def answers(self, to: str) -> list[Answer]:
        topic = to.partition("/")[0]
        return [
            Answer(f"{topic}/{post['post_number']}", post["raw"], parse_iso(post["created_at"]))
            for post in self.forum.posts
            if post["username"] == "acme" and str(post["topic_id"]) == topic
        ]


class LemmyTown(_Played):
    """Comments, each below a post of its own that nobody of us wrote."""

    platform, kind, secret = "lemmy", "PASSWORD", "secret-1"

    def __init__(self, server: Server) -> None:
        server.live = True
        self.server, self.url = server, server.url
        self.posting = "/comment"
        self.listing = "/notification/list" if server.newer else "/user/mention"

    def settings(self, base_url: str) -> Mapping[str, str]:
        return {"base_url": base_url, "handle": "acme", "page_size": str(self.page)}

    def say(self, text: str, *, to: str | None = None) -> str:
        above = self._view(to)["comment"]["path"] if to else "0"
        return self.server.comment("zoe", text, above, below=1000 + len(self.server.views))

    def answers(self, to: str) -> list[Answer]:
        path = self._view(to)["comment"]["path"]
        return [
            Answer(f"comment/{view['comment']['id']}", view["comment"]["content"], datetime.now(UTC))
            for view in self.server.ours()
            if view["comment"]["path"].startswith(f"{path}.")
        ]

    def _view(self, identity: str) -> dict[str, dict[str, str]]:
        return next(view for view in self.server.views if f"comment/{view['comment']['id']}" == identity)
