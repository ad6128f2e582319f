"""GitHub's JSON as mentions, from REST and from GraphQL. Pure functions, no network."""

from __future__ import annotations

import re
from dataclasses import dataclass

from carecli.model import Author, Mention, Visibility
from carecli.platforms.web.fields import Fields
from carecli.text import fold

MARKED = re.compile(r"\s*<!-- care:([\w-]{1,100}) -->\s*$")
ISSUE = re.compile(r"/repos/([\w.-]+/[\w.-]+)/issues/([0-9]+)$")
PLACE = re.compile(r"([\w.-]+/[\w.-]+)#([0-9]+)(?::(d?)([0-9]+))?")
# What was not there for everybody to read must not be shown to everybody.
VISIBILITY: dict[bool, Visibility] = {True: "internal", False: "public"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mention stands: its repository and number, and which comment of it, in a discussion or not."""

    repo: str
    number: str
    comment: str | None = None
    discussion: bool = False

    @classmethod
    def parse(cls, external_id: str) -> Place | None:
        """The place that an external id names."""
        match = PLACE.fullmatch(external_id)
        return cls(match[1], match[2], match[4], match[3] == "d") if match else None


@dataclass(frozen=True, slots=True)
class Eyes:
    """Whose eyes a mention is seen with: the account's and the brand's own names, folded, on the server `host`."""

    own: frozenset[str]
    host: str = ""

    def ours(self, login: str) -> bool:
        """Whether `login` is one of ours."""
        return fold(login) in self.own

    def names_us(self, text: str) -> bool:
        """Whether `text` mentions one of our names with an @."""
        return any(fold(name) in self.own for name in re.findall(r"(?<![\w/`])@([\w-]+)", text))


def issue_place(address: str) -> str | None:
    """The external id of the issue at the API address `address`, None where it is another thing."""
    match = ISSUE.search(address)
    return f"{match[1].lower()}#{match[2]}" if match else None


def issue(item: Fields, eyes: Eyes, *, directed: bool, private: bool = False) -> Mention | None:
    """An issue, None for a pull request. Raises ValueError."""
    place = issue_place(item.text("url"))
    if item.get("pull_request") is not None or place is None:
        return None
    return _mention(item, eyes, place, None, directed=directed, private=private)


def comment(item: Fields, eyes: Eyes, *, directed: bool, private: bool = False) -> Mention | None:
    """A comment on an issue, None for one on a pull request. Raises ValueError."""
    parent = issue_place(item.text("issue_url"))
    if parent is None or "/pull/" in item.text("html_url"):
        return None
    return _mention(item, eyes, f"{parent}:{item.id('id')}", parent, directed=directed, private=private)


def _mention(
    item: Fields, eyes: Eyes, external_id: str, parent: str | None, *, directed: bool, private: bool
) -> Mention:
    login, written = item.text("user.login") or "ghost", item.time("created_at")
    inbound = not eyes.ours(login)
    text = text_of(item.text("title"), item.text("body"))
    return Mention(
        platform="github",
        host=eyes.host,
        external_id=external_id,
        text=text,
        created_at=written,
        author=Author(login, id=item.note("user.id"), url=item.note("user.html_url")),
        url=item.note("html_url"),
        in_reply_to=parent,
        thread_root=parent,
        visibility=VISIBILITY[private],
        inbound=inbound,
        directed=(directed or eyes.names_us(text)) if inbound else None,
        automatic=item.text("user.type") == "Bot",
        # What an issue is updated by may be a label; a comment is updated by edits alone.
        edited_at=item.edited("updated_at", written) if parent else None,
        likes=item.count("reactions.+1"),
        replies=item.count("comments"),
        raw=item.raw(),
    )


def discussed(item: Fields, eyes: Eyes, place: str, parent: str | None, *, private: bool) -> Mention:
    """A discussion (`parent` None) or a comment in one, from GraphQL. Raises ValueError."""
    login, written = item.text("author.login") or "ghost", item.time("createdAt")
    inbound = not eyes.ours(login)
    return Mention(
        platform="github",
        host=eyes.host,
        external_id=place,
        text=text_of(item.text("title"), item.text("body")),
        created_at=written,
        author=Author(login, id=item.note("author.databaseId"), url=item.note("author.url")),
        url=item.note("url"),
        in_reply_to=parent,
        thread_root=place.partition(":")[0] if parent else None,
        visibility=VISIBILITY[private],
        inbound=inbound,
        directed=True if inbound else None,
        automatic=item.text("author.__typename") == "Bot",
        edited_at=item.edited("lastEditedAt", written),
        likes=item.count("upvoteCount"),
        raw=item.raw(),
    )


def text_of(title: str, body: str) -> str:
    """Title and body as they were written, without the key that a reply of ours carries."""
    return "\n\n".join(part for part in (title, MARKED.sub("", body)) if part)


def key_of(body: str) -> str | None:
    """The key of the reply that `body` is."""
    match = MARKED.search(body)
    return match[1] if match else None
