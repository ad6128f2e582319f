"""The fake social network behind memory.py: accounts, posts in the order of arrival, scripted faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from carecli.errors import PlatformError, Unreachable
from carecli.model import JSON, Author, Visibility


@dataclass(frozen=True, slots=True)
class Post:
    """One post as the network keeps it; `reply_to` is the id of another."""

    id: str
    author: Author
    text: str
    at: datetime
    reply_to: str | None = None
    language: str | None = None
    visibility: Visibility = "public"
    url: str | None = None
    likes: int | None = None
    edited_at: datetime | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class Network:
    """A fake social network: its accounts, its posts in the order of their arrival, and its scripted faults.

    `life` tells a network from its successor of the same name in another process: in cursors and new ids.
    Pages are counted from the next one that anybody asks for: 1 is that one.
    """

    def __init__(
        self,
        name: str = "memory",
        *,
        page_size: int = 20,
        clock: Callable[[], datetime] = _now,
        life: str = "",
    ) -> None:
        self.name = name
        self.page_size = page_size
        self.clock = clock
        self.life = life
        self.accounts: dict[str, Author] = {}
        self.posts: dict[str, Post] = {}
        self.answers: Counter[str] = Counter()
        self.samples: set[str] = set()
        self._arrivals: list[str] = []
        self._position: dict[str, int] = {}
        self._keys: dict[str, str] = {}
        self._spoilt: dict[str, str] = {}
        self._scripted: dict[str, list[Post]] = {}
        self._pages_asked = 0
        self._failing: dict[int, PlatformError] = {}
        self._shifted: dict[int, int] = {}
        self._refusals: list[PlatformError] = []
        self._answers_to_lose = 0

    def account(self, handle: str, *, name: str | None = None, followers: int | None = None) -> Author:
        """Create or change the account `handle`; later posts carry what is said here."""
        author = Author(handle, name, handle, followers, f"https://{self.name}.example/@{handle}")
        self.accounts[handle] = author
        return author

    def say(
        self,
        author: str,
        text: str,
        *,
        reply_to: Post | None = None,
        at: datetime | None = None,
        language: str | None = None,
        visibility: Visibility = "public",
        likes: int | None = None,
        id: str | None = None,  # noqa: A002 - the field's name on every platform
        url: str | None = None,
    ) -> Post:
        """The account `author` posts `text`, now or at `at`; it arrives after everything that is there."""
        number = id or f"{self.life}{len(self._arrivals) + 1}"
        account = self.accounts.get(author) or self.account(author)
        post = Post(
            number,
            account,
            text,
            at or self.clock(),
            reply_to.id if reply_to else None,
            language,
            visibility,
            url or f"{account.url}/{number}",
            likes,
        )
        self._arrive(post)
        if post.reply_to is not None:
            self.answers[post.reply_to] += 1
        return post

    def edit(self, post: Post, text: str) -> Post:
        """The author changes `post`; readers meet it again, after everything that is there."""
        changed = replace(self.posts[post.id], text=text, edited_at=self.clock())
        self._arrive(changed)
        return changed

    def delete(self, post: Post) -> None:
        """The author deletes `post`: no page has it any more, and nobody can answer it."""
        gone = self.posts.pop(post.id)
        self._arrivals.append(post.id)
        if gone.reply_to is not None:
            self.answers[gone.reply_to] -= 1

    def thread(self, post: Post) -> list[Post]:
        """`post` and what it answers, upwards to the first post that is still there."""
        found = [post]
        while (above := self.posts.get(found[-1].reply_to or "")) is not None:
            found.append(above)
        return found

    def when_answered(self, post: Post, author: str, text: str, *, language: str | None = None) -> None:
        """Script: one second after a client has answered `post`, `author` replies to that answer."""
        account = self.accounts.get(author) or self.account(author)
        self._scripted.setdefault(post.id, []).append(Post("", account, text, post.at, post.id, language=language))

    def fail_page(self, number: int, error: PlatformError) -> None:
        """Raise `error` once, instead of the page `number`."""
        self._failing[self._pages_asked + number] = error

    def shift_page(self, number: int, *, by: int = 1) -> None:
        """Let page `number` begin with the last `by` posts again, as pages do when posts arrive meanwhile."""
        self._shifted[self._pages_asked + number] = by

    def spoil(self, post: Post, reason: str) -> None:
        """Hand out `post` as an item that cannot be read: skipped, and named with `reason`."""
        self._spoilt[post.id] = reason

    def refuse_post(self, error: PlatformError) -> None:
        """Raise `error` at the next post without accepting it."""
        self._refusals.append(error)

    def lose_answer(self) -> None:
        """Accept the next post, and let its answer get lost on the way back."""
        self._answers_to_lose += 1

    def ask_page(self, after: int, wanted: Callable[[Post], bool]) -> tuple[list[Post], int]:
        """One request: up to `page_size` wanted posts after position `after`, and the position reached."""
        self._pages_asked += 1
        if (error := self._failing.pop(self._pages_asked, None)) is not None:
            raise error
        repeated = self._shifted.pop(self._pages_asked, 0)
        found = [post for at in range(max(0, after - repeated), after) if (post := self._at(at)) and wanted(post)]
        full = len(found) + self.page_size
        while after < len(self._arrivals) and len(found) < full:
            post = self._at(after)
            after += 1
            if post is not None and wanted(post):
                found.append(post)
        return found, after

    def deleted_between(self, after: int, reached: int) -> list[str]:
        """The ids of the posts whose deletion arrived there."""
        return [number for number in dict.fromkeys(self._arrivals[after:reached]) if number not in self.posts]

    def complaint_about(self, post: Post) -> str | None:
        """Why `post` cannot be read, where it was spoilt."""
        return self._spoilt.get(post.id)

    def accept(self, author: str, text: str, *, to: Post, visibility: Visibility, key: str) -> Post:
        """`author` answers `to`, at most once per `key`; faults and scripts play here."""
        if self._refusals:
            raise self._refusals.pop(0)
        post = self.by_key(key)
        if post is None:
            post = self.say(author, text, reply_to=to, visibility=visibility)
            self._keys[key] = post.id
            for line in self._scripted.pop(to.id, ()):
                at = post.at + timedelta(seconds=1)
                self.say(line.author.handle, line.text, reply_to=post, at=at, language=line.language)
        if self._answers_to_lose:
            self._answers_to_lose -= 1
            raise Unreachable(f"the network {self.name} did not answer")
        return post

    def by_key(self, key: str) -> Post | None:
        """The post that was accepted with `key`."""
        return self.posts.get(self._keys.get(key, ""))

    def _at(self, position: int) -> Post | None:
        """What arrived there, unless it was deleted or arrived again since."""
        post = self.posts.get(self._arrivals[position])
        return post if post is not None and self._position[post.id] == position + 1 else None

    def _arrive(self, post: Post) -> None:
        self.posts[post.id] = post
        self._arrivals.append(post.id)
        self._position[post.id] = len(self._arrivals)


def load_sample(target: Network, records: Iterable[JSON], now: datetime) -> None:
    """Post the `records` of carecli.data.sample to `target`, each `minutes_ago` before `now`."""
    scripted = []
    for record in sorted(records, key=lambda record: -float(record["minutes_ago"])):
        handle = record["author_handle"]
        target.account(handle, name=record.get("author_name"), followers=record.get("author_followers"))
        if "after_reply_to" in record:
            scripted.append(record)
            continue
        parent = target.posts[record["in_reply_to"]] if record.get("in_reply_to") else None
        target.say(
            handle,
            record["text"],
            reply_to=parent,
            at=now - timedelta(minutes=float(record["minutes_ago"])),
            language=record.get("language"),
            likes=record.get("likes"),
            id=record["id"],
            url=record.get("url"),
        )
    for record in scripted:
        post = target.posts[record["after_reply_to"]]
        target.when_answered(post, record["author_handle"], record["text"], language=record.get("language"))
