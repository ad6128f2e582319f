"""Stack Overflow and its sisters: questions by tag or words, what mentions or answers an account, its own answers.

Ids collide between questions, answers, comments and sites, so they are `stackoverflow:q7`, `…:a8`, `…:c9`. Nothing
is sent: writing needs an app that the site has agreed to, and automatic comments are punished.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carecli.errors import AuthError, BadAnswer, ConfigError, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Page
from carecli.platforms.base import Look, Platform, Setup
from carecli.platforms.web.fields import Fields
from carecli.platforms.web.listings import HISTORY, Entry, Listing, Sheet, Until, beyond, one, pages, sheet
from carecli.platforms.web.markup import to_text

if TYPE_CHECKING:
    from carecli.platforms.web.answers import Answer
    from carecli.platforms.web.api import Api

BASE_URL = "https://api.stackexchange.com/2.3"
SITE = "stackoverflow"
# A wait that the site asks for is waited for, up to so many seconds; the next fetch goes on after a longer one.
LONGEST_WAIT = 30.0
THROTTLED = 502
KEY = "register an app at stackapps.com/apps/oauth/register and give its key"

Make = Callable[[Fields], Mention]


class StackExchange:
    """Fetcher, Rereader and Checker of one site."""

    at_once = 100

    def __init__(self, api: Api, setup: Setup, key: str | None) -> None:
        self._api = api
        self._site = setup.text("site", SITE).strip()
        self._common = {"site": self._site, "filter": "withbody", **({"key": key} if key else {})}
        self._user = setup.text("user_id").strip()
        self._queries = setup.searches("words", phrases=True)
        self._tags = setup.texts("tags")
        self._size = setup.whole("page_size", 100, 1, 100)
        self._ready: dict[str, float] = {}
        if not (self._user or self._queries or self._tags):
            raise ConfigError(f"the source '{setup.source}' has nothing to read", hint="set tags, search or user_id")
        if self._user and not self._user.isdigit():
            raise ConfigError(
                f"user_id of the source '{setup.source}' is no number", hint="it is in your profile's URL"
            )

    async def check(self) -> str:
        """The account's name and what is left of the quota. Raises PlatformError."""
        data = await self._ask("info" if not self._user else f"users/{self._user}", {})
        left = f"{data.count('quota_remaining')} of {data.count('quota_max')} requests left today"
        if not self._user:
            return f"{self._site}; {left}"
        if not (items := data.items("items")):
            raise ConfigError(f"{self._site} has no user {self._user}")
        return f"{self._site}, {to_text(Fields(items[0]).text('display_name'))}; {left}"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """What mentions or answers the account, its own answers and comments, questions by tag and by words."""
        listings = []
        if self._user:
            user = f"users/{self._user}"
            listings.append(self._listing("mentioned", f"{user}/mentioned", {}, self._comment))
            if posts := await self._own_posts():
                below = f"posts/{';'.join(posts)}/comments"
                listings.append(self._listing("below", below, {}, self._comment))
            listings.append(self._listing("answers", f"{user}/answers", {}, self._answer))
            listings.append(self._listing("comments", f"{user}/comments", {}, self._comment))
        asked = [(f"tag:{tag}", {"tagged": tag}) for tag in self._tags]
        asked += [(f"search:{query}", {"q": query}) for query in self._queries]
        listings += [self._listing(name, "search/advanced", params, self._question) for name, params in asked]
        async for page in pages(listings, cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these posts and comments are now: those that the site does not list by their ids are gone."""
        kinds = (("q", "questions", self._question), ("a", "answers", self._answer), ("c", "comments", self._comment))
        asked, found = [mention.external_id for mention in known], dict[str, Mention]()
        for kind, path, make in kinds:
            mark = f"{self._site}:{kind}"
            ids = [name.removeprefix(mark) for name in asked if name.startswith(mark)]
            if not ids:
                continue
            data = await self._ask(f"{path}/{';'.join(ids)}", {"pagesize": self.at_once})
            found |= {(made := make(Fields(item))).external_id: made for item in data.items("items")}
        ours = (name for name in asked if name.startswith(f"{self._site}:"))
        return Look(tuple(found.values()), tuple(name for name in ours if name not in found))

    def _listing(self, name: str, path: str, params: dict[str, str], make: Make) -> Listing:
        async def read(at: str | None) -> Sheet:
            place = Until.parse(at)
            asked: dict[str, str | int] = {**params, "sort": "creation", "order": "desc", "pagesize": self._size}
            if place is not None:
                asked |= {"todate": place.second, "page": place.page}
            data = await self._ask(path, asked)
            values = data.items("items")
            following = beyond(place, values, "creation_date", 1) if data.get("has_more") is True else None
            return sheet(values, entry, name, following)

        def entry(item: Fields) -> Entry:
            return one(make(item))

        return Listing(name, read)

    async def _own_posts(self) -> list[str]:
        """Ids of what the account posted lately: comments below them address it."""
        since = int((datetime.now(UTC) - HISTORY).timestamp())
        params = {"sort": "creation", "order": "desc", "pagesize": 100, "fromdate": since}
        data = await self._ask(f"users/{self._user}/posts", params)
        return [found for item in data.items("items") if (found := Fields(item).text("post_id")).isdigit()]

    async def _ask(self, path: str, params: dict[str, Any]) -> Fields:
        """A page of `path`. Even a good answer may ask to leave its method alone for a while."""
        method = re.sub(r"[0-9;]+", "", path)
        wait = self._ready.get(method, 0) - time.monotonic()
        if wait > LONGEST_WAIT:
            raise RateLimited(f"{self._site} asks for a pause of {wait:.0f} s", status=429, retry_after=wait)
        await asyncio.sleep(max(wait, 0))
        data = Fields(await self._api.json(path, {**self._common, **params}))
        if pause := data.count("backoff"):
            self._ready[method] = time.monotonic() + pause
        if not isinstance(data.get("items"), list):
            raise BadAnswer(f"{self._site} did not answer with a list of items")
        return data

    def _question(self, item: Fields) -> Mention:
        title, body = to_text(item.text("title")), to_text(item.text("body"))
        return self._mention(item, f"q{item.id('question_id')}", f"{title}\n\n{body}".strip(), directed=False)

    def _answer(self, item: Fields) -> Mention:
        question, answer = f"q{item.id('question_id')}", item.id("answer_id")
        url = f"{self._web}/a/{answer}"
        return self._mention(item, f"a{answer}", to_text(item.text("body")), question, question, url=url)

    def _comment(self, item: Fields) -> Mention:
        post, comment = item.id("post_id"), item.id("comment_id")
        kind = "a" if item.text("post_type") == "answer" else "q"
        url = f"{self._web}/{kind}/{post}#comment{comment}_{post}"
        return self._mention(item, f"c{comment}", to_text(item.text("body")), f"{kind}{post}", url=url)

    def _mention(
        self,
        item: Fields,
        number: str,
        text: str,
        parent: str | None = None,
        root: str | None = None,
        *,
        url: str | None = None,
        directed: bool = True,
    ) -> Mention:
        written, author = item.time("creation_date"), item.note("owner.user_id")
        inbound = not self._user or author != self._user
        name = to_text(item.text("owner.display_name")) or f"user{author or ''}"
        return Mention(
            platform="stackexchange",
            external_id=f"{self._site}:{number}",
            text=text,
            created_at=written,
            author=Author(name, name, f"{self._site}:{author}" if author else None, url=item.note("owner.link")),
            url=item.note("link") or url,
            in_reply_to=f"{self._site}:{parent}" if parent else None,
            thread_root=f"{self._site}:{root}" if root else None,
            inbound=inbound,
            directed=directed if inbound else None,
            edited_at=item.edited("last_edit_date", written),
            likes=item.count("score"),
            replies=item.count("answer_count"),
            raw=item.raw(),
        )

    @property
    def _web(self) -> str:
        return f"https://{self._site}" if "." in self._site else f"https://{self._site}.com"


def judge(answer: Answer) -> PlatformError | None:
    """Stack Exchange's own way to say no: `error_id` in the body, mostly with status 400."""
    if answer.status == 200:
        return None
    try:
        data = Fields(answer.json())
    except (BadAnswer, ValueError):
        return None
    number, said = data.count("error_id"), answer.reason()
    if number == THROTTLED:
        asked = re.search(r"in ([0-9]{1,6}) seconds", said)
        wait = float(asked[1]) if asked else None
        return RateLimited(f"the requests are used up: {said}", hint=KEY, status=429, retry_after=wait)
    if number in {401, 402, 403, 405, 406} or (number == 400 and "key" in said):
        return AuthError(f"{answer.where}: {said}", hint=KEY, status=answer.status)
    return None


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[StackExchange]:
    from carecli.platforms.web.api import ODD, open_api

    refused = f"the site blocks addresses that ask too much; with a key it allows more: {KEY}"
    async with open_api(setup, BASE_URL, judge, odd=ODD | {503}, refused=refused) as api:
        yield StackExchange(api, setup, setup.secret("KEY"))


STACKEXCHANGE = Platform(
    name="stackexchange",
    title="Stack Overflow and other Stack Exchange sites",
    open=_open,
    settings={
        "site": f"the site: {SITE}, superuser, travel.stackexchange … (default {SITE})",
        "tags": "tags whose new questions are read: acme; acme;android means both",
        "search": "words or phrases that questions are searched for",
        "user_id": "the number of your account on that site: replies to it, and its own answers",
        "page_size": "items per request, 1 to 100 (default 100)",
        "base_url": f"the API's address (default {BASE_URL})",
    },
    secrets={"KEY": f"optional, for 10,000 requests a day instead of 300: {KEY}"},
    access="Free: 300 requests a day without a key. Answer by hand, and say whom you work for: the site punishes "
    "automatic comments.",
)
