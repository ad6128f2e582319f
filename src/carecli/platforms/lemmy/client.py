"""The client of Lemmy: detects the version, reads its lists, comments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from carecli.errors import AuthError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Page, Receipt, Reply
from carecli.platforms.base import Look, Setup, server_of
from carecli.platforms.lemmy import HOW, LIMIT, PAGE_SIZE, SECOND_FACTOR
from carecli.platforms.lemmy.views import V3, V4, Dialect, Eyes, Source, either, gone, place_of, views_of
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.api import Api, open_api
from carecli.platforms.web.fields import Fields, comparable, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, one, pages, sheet
from carecli.text import fold

MOST_FIND_PAGES = 10
SKEW = timedelta(days=1)
VERSION = frozenset({200, 400, 404})
PURGED = {"couldnt_find_comment", "couldnt_find_post", "not_found"}
REFUSED = {"not_logged_in", "incorrect_login", "incorrect_totp_token", "missing_totp_token", "deleted"}


class Lemmy:
    """Fetcher, Poster, Rereader and Checker of one account."""

    at_once = 1

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._host = server_of(setup)
        self._queries = setup.searches("lemmy")
        self._own = frozenset(fold(name.lstrip("@")) for name in setup.handles if name.strip("@ "))
        self._size = setup.whole("page_size", PAGE_SIZE, 10, PAGE_SIZE)
        self._known: tuple[Eyes, Dialect] | None = None

    async def check(self) -> str:
        """Who is signed in, and the version of the server's API. Raises PlatformError."""
        eyes, dialect = await self._signed_in()
        return f"signed in as @{eyes.name}@{self._host} ({dialect.prefix})"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Mentions and replies, own posts and comments, searches."""
        eyes, dialect = await self._signed_in()
        found = [source for query in self._queries for source in dialect.search(query)]
        sources = (*dialect.lists, *dialect.own, *found)
        async for page in pages([self._listing(source, eyes, dialect) for source in sources], cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts and comments are now. What is purged has no place any more, what was deleted keeps it."""
        eyes, dialect = await self._signed_in()
        found, gone = list[Mention](), list[str]()
        for mention in known:
            kind, _, number = mention.external_id.partition("/")
            answer = await self._api.get(f"{dialect.prefix}/{kind}", {"id": number}, ok=VERSION)
            if answer.status == 200:
                made = eyes.mention(Fields(Fields(answer.json()).get(f"{kind}_view")), directed=mention.directed)
                found += [made] if made else []
                gone += [] if made else [mention.external_id]
            elif answer.reason().partition(":")[0] in PURGED:
                gone.append(mention.external_id)
        return Look(tuple(found), tuple(gone))

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Lemmy takes no key
        """Comment below the post or the comment."""
        post, parent = _answerable(reply)
        eyes, dialect = await self._signed_in()
        body: JSON = {"content": reply.text, "post_id": post, "parent_id": parent}
        known = {code: number for number, code in eyes.languages.items()}
        if reply.language in known:
            body["language_id"] = known[reply.language]
        answer = await self._api.send("POST", f"{dialect.prefix}/comment", json=body)
        return eyes.receipt(Fields(Fields(answer.json()).get("comment_view")))

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The account's own comment that answers the same with the same words, not older than the reply."""
        _answerable(reply)
        eyes, dialect = await self._signed_in()
        since, wanted, at = (reply.created_at or reply.to.created_at) - SKEW, comparable(reply.text), None
        for _ in range(MOST_FIND_PAGES):
            values, at = await self._page(dialect.own[0], eyes, dialect, at)
            views = [Fields(value) for value in values]
            for view in views:
                answers = place_of(view)[1] == reply.to.external_id
                if answers and comparable(view.text("comment.content")) == wanted:
                    return eyes.receipt(view)
            ages = [moment(either(view, "published")) for view in views]
            if at is None or all(age is not None and age < since for age in ages):
                return None
        raise PlatformError("the account wrote more since then than can be looked through")

    def _listing(self, source: Source, eyes: Eyes, dialect: Dialect) -> Listing:
        async def read(at: str | None) -> Sheet:
            values, following = await self._page(source, eyes, dialect, at)
            return sheet(values, entry, source.name, following)

        def entry(view: Fields) -> Entry:
            mention = eyes.mention(view, directed=source.directed)
            return one(mention) if mention else gone(view)

        return Listing(source.name, read)

    async def _page(self, source: Source, eyes: Eyes, dialect: Dialect, at: str | None) -> tuple[list[Any], str | None]:
        """The views of a page, newest first, and the place of the next one: `page/limit`, or a cursor of v4."""
        asked: dict[str, str | int] = dict(source.params)
        if source in dialect.own:
            asked["person_id"] = eyes.id
        path = f"{dialect.prefix}/{source.path}"
        if not dialect.numbered:
            data = Fields(
                await self._api.json(path, asked | {"limit": self._size} | ({"page_cursor": at} if at else {}))
            )
            return list(views_of(data, source.key)), data.note("next_page")
        number, limit = (int(part) for part in (at or f"1/{self._size}").split("/"))
        data = Fields(await self._api.json(path, asked | {"page": number, "limit": limit}))
        more = len(data.items(source.key)) >= limit
        return list(views_of(data, source.key)), next_page(number * limit, self._size) if more else None

    async def _signed_in(self) -> tuple[Eyes, Dialect]:
        if self._known is None:
            answer = await self._api.get("api/v4/site", ok=VERSION)
            dialect = V4 if answer.status == 200 else V3
            site = Fields(answer.json() if dialect is V4 else await self._api.json("api/v3/site"))
            mine = Fields(await self._api.json("api/v4/account")) if dialect is V4 else site
            person = mine.get("my_user.local_user_view.person") or mine.get("local_user_view.person")
            if not isinstance(person, dict):
                raise AuthError(f"{self._host} does not take the credential: nobody is signed in", hint=HOW)
            languages = {
                language["id"]: str(language.get("code"))
                for language in site.items("all_languages")
                if isinstance(language, dict) and isinstance(language.get("id"), int)
            }
            account = Fields(person)
            self._known = Eyes(account.id("id"), account.text("name"), self._host, self._own, languages), dialect
        return self._known


def next_page(read: int, size: int) -> str:
    """`page/limit` of what follows the first `read` items, beginning a few items before their end.

    Numbered pages move up when an item that was read is deleted. A page of another length begins elsewhere: of
    those that begin early enough, the one that reaches furthest.
    """
    begin = read - max(size // 10, 1)
    limit = max(range(size // 2, size + 1), key=lambda limit: (begin // limit + 1) * limit)
    return f"{begin // limit + 1}/{limit}"


def _answerable(reply: Reply) -> tuple[int, int | None]:
    """The numbers of the post and of the comment below it that is answered. Raises NotProcessed."""
    kind, _, number = reply.to.external_id.partition("/")
    _, _, post = (reply.to.thread_root or reply.to.external_id).partition("/")
    if kind not in {"comment", "post"} or not (number.isdigit() and post.isdigit()):
        raise NotProcessed("this is no post or comment of Lemmy")
    if reply.private:
        raise NotProcessed("private messages on Lemmy are not sent by care", hint="they are not encrypted anyway")
    if len(reply.text) > LIMIT:
        raise NotProcessed(f"the reply has {len(reply.text)} characters; {LIMIT} are allowed")
    return int(post), int(number) if kind == "comment" else None


def judge(answer: Answer) -> PlatformError | None:
    """Lemmy says nearly everything with status 400 and a name: limits and missing sign-ins too."""
    if answer.status < 400:
        return None
    name = answer.reason()
    if "rate_limit" in name or "too_many_requests" in name:
        return RateLimited(f"{answer.where}: {name}", hint="try again in some minutes", status=429)
    if answer.status in {401, 403} or name.partition(":")[0] in REFUSED:
        hint = SECOND_FACTOR if "totp" in name else HOW
        return AuthError(f"{answer.where}: {name}", hint=hint, status=answer.status)
    return None


async def signed_in(setup: Setup, password: str) -> str:
    """A new token for the account. AuthError, RateLimited, NotProcessed: nothing else was sent."""
    body = {"username_or_email": setup.text("handle").lstrip("@").partition("@")[0], "password": password}
    try:
        async with open_api(setup, "", judge, hidden=(password,)) as api:
            newer = (await api.get("api/v4/site", ok=VERSION)).status == 200
            path = "api/v4/account/auth/login" if newer else "api/v3/user/login"
            token = Fields((await api.send("POST", path, json=body)).json()).text("jwt")
    except (AuthError, RateLimited):
        raise
    except (PlatformError, ValueError) as error:
        raise NotProcessed(f"cannot sign in: {error}") from error
    if not (token and token.isascii() and token.isprintable()):
        raise AuthError(f"{server_of(setup)} gives no token: is the account confirmed?", hint=HOW)
    return token
