"""Lemmy's JSON as mentions, in both versions of its API: the names differ, the things are the same. No network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from carecli.errors import BadAnswer
from carecli.model import Author, Mention, Receipt, Visibility
from carecli.platforms.web.fields import EPOCH, Fields, milliseconds, moment
from carecli.platforms.web.listings import Entry
from carecli.text import fold

VISIBILITIES: dict[str, Visibility] = {"": "public", "public": "public", "unlisted": "unlisted"}


@dataclass(frozen=True)
class Source:
    """One list of the server: its name in the cursor, its address, and under which key its items stand."""

    name: str
    path: str
    params: dict[str, str]
    key: str
    directed: bool | None = None


@dataclass(frozen=True)
class Dialect:
    """A version of the API. `searches` are the words for the kinds that are searched, and where they stand."""

    prefix: str
    lists: tuple[Source, ...]
    own: tuple[Source, ...]
    search_word: str
    search_params: dict[str, str]
    searches: tuple[tuple[str, str], ...]
    numbered: bool

    def search(self, query: str) -> list[Source]:
        """The lists of what is found for `query`."""
        common = {self.search_word: query, **self.search_params}
        return [
            Source(f"search:{kind.lower()}:{query}", "search", {**common, "type_": kind}, key, directed=False)
            for kind, key in self.searches
        ]


NEWEST = {"sort": "New"}
ALL = {"sort": "New", "unread_only": "false"}
V3 = Dialect(
    "api/v3",
    (
        Source("mentions", "user/mention", ALL, "mentions", directed=True),
        Source("replies", "user/replies", ALL, "replies", directed=True),
    ),
    (Source("own comments", "user", NEWEST, "comments"), Source("own posts", "user", NEWEST, "posts")),
    "q",
    {"sort": "New", "listing_type": "All"},
    (("Comments", "comments"), ("Posts", "posts")),
    numbered=True,
)
V4 = Dialect(
    "api/v4",
    (
        Source(
            "notifications",
            "account/notification/list",
            {"type_": "all", "unread_only": "false"},
            "items",
            directed=True,
        ),
    ),
    (
        Source("own comments", "person/content", {"type_": "comments"}, "items"),
        Source("own posts", "person/content", {"type_": "posts"}, "items"),
    ),
    "search_term",
    {"sort": "new", "listing_type": "all"},
    (("comments", "items"), ("posts", "items")),
    numbered=False,
)


@dataclass(frozen=True)
class Eyes:
    """Whose eyes things are seen with: the account's, on its server. `own` are the brand's own handles, folded."""

    id: str
    name: str
    host: str
    own: frozenset[str] = frozenset()
    languages: dict[int, str] = field(default_factory=dict)

    def mention(self, view: Fields, *, directed: bool | None) -> Mention | None:
        """A view of a comment or post, None for one that was deleted. Raises ValueError."""
        kind = kind_of(view)
        if view.get(f"{kind}.deleted") is True or view.get(f"{kind}.removed") is True:
            return None
        place, parent = place_of(view)
        written, edited = moment(either(view, "published")), moment(either(view, "updated"))
        if written is None:
            raise ValueError("published is no time")
        handle, address = self.handle(view), view.note("creator.actor_id") or view.note("creator.ap_id")
        inbound = view.text("creator.id") != self.id and fold(handle) not in self.own
        return Mention(
            platform="lemmy",
            host=self.host,
            external_id=place,
            text=text_of(view),
            created_at=written,
            author=Author(handle, view.note("creator.display_name"), view.note("creator.id"), url=address),
            url=view.note(f"{kind}.ap_id"),
            in_reply_to=parent,
            thread_root=f"post/{view.id('post.id')}" if parent else None,
            language=self._language(view.get(f"{kind}.language_id")),
            visibility=VISIBILITIES.get(view.text("community.visibility").lower(), "internal"),
            inbound=inbound,
            directed=directed if inbound else None,
            automatic=view.get("creator.bot_account") is True,
            edited_at=edited if edited and edited > written else None,
            likes=_first(view, "counts.upvotes", f"{kind}.upvotes"),
            replies=_first(view, "counts.child_count", "comment.child_count", "counts.comments", "post.comments"),
            raw=view.raw(),
        )

    def handle(self, view: Fields) -> str:
        """`user@host` in lower case, also for the server's own accounts."""
        address = view.text("creator.actor_id") or view.text("creator.ap_id")
        return f"{view.id('creator.name')}@{urlsplit(address).netloc or self.host}".lower()

    def receipt(self, view: Fields) -> Receipt:
        """The receipt of our comment."""
        place, _ = place_of(view)
        return Receipt(place, view.note("comment.ap_id"), moment(either(view, "published")), self.host)

    def _language(self, number: object) -> str | None:
        code = self.languages.get(number, "und") if isinstance(number, int) else "und"
        return None if code == "und" else code


def views_of(data: Fields, key: str) -> Iterator[Any]:
    """The comments and posts of a page. In v4 searches may stand elsewhere, and notifications have them in `data`."""
    values = next((found for name in (key, "search", "content") if isinstance(found := data.get(name), list)), None)
    if values is None:
        raise BadAnswer("the server did not answer with a list")
    for value in values:
        inner = value.get("data") if isinstance(value, dict) else None
        view = inner if isinstance(inner, dict) else value
        if not isinstance(view, dict) or "comment" in view or "post" in view:
            yield view


def gone(view: Fields) -> Entry:
    """The entry of a comment or post that its author or a moderator took away: listings go on showing its place."""
    place, _ = place_of(view)
    return Entry(f"{place}\0gone", milliseconds(moment(either(view, "published")) or EPOCH), deleted=(place,))


def kind_of(view: Fields) -> str:
    """What a view is of: a comment, or the post that all comments have beside them."""
    return "comment" if view.get("comment") is not None else "post"


def place_of(view: Fields) -> tuple[str, str | None]:
    """The id of a comment or post, and of what it answers, which a comment's path names."""
    if kind_of(view) == "post":
        return f"post/{view.id('post.id')}", None
    number, path = view.id("comment.id"), view.text("comment.path").split(".")
    above = path[-2] if len(path) > 2 and path[-1] == number else "0"
    return f"comment/{number}", f"comment/{above}" if above != "0" else f"post/{view.id('post.id')}"


def either(view: Fields, name: str) -> object:
    """`published` (v3) or `published_at` (v4) of the comment or post."""
    kind = kind_of(view)
    return view.get(f"{kind}.{name}") or view.get(f"{kind}.{name}_at")


def text_of(view: Fields) -> str:
    """A comment as it was written; of a post its name, text and link."""
    if kind_of(view) == "comment":
        return view.text("comment.content")
    parts = (view.text("post.name"), view.text("post.body"), view.text("post.url"))
    return "\n\n".join(part for part in parts if part)


def _first(view: Fields, *paths: str) -> int | None:
    return next((count for path in paths if (count := view.count(path)) is not None), None)
