"""What Facebook, Instagram and Threads share: Meta's Graph API with its codes, its limits, its paging.

Tokens travel in the address, so addresses that Meta gives are never followed and never shown: of `paging.next` only
the cursor is used. With the app's secret every request is signed (appsecret_proof).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Page
from carecli.platforms.base import Setup
from carecli.platforms.web.answers import Answer
from carecli.platforms.web.api import Api, Judge, needed, open_api
from carecli.platforms.web.fields import Fields, milliseconds
from carecli.platforms.web.listings import HISTORY, OVERLAP, Entry, Listing, Sheet, one, pages
from carecli.text import single_line

# Meta's codes: https://developers.facebook.com/docs/graph-api/guides/error-handling
RATE = {4, 17, 32, 341, 613, *range(80000, 80015)}
NO_TOKEN = {102, 190}
BLOCKED = 368
TEMPORARY = {1, 2}
# Of the allowance, in percent: more, and the next request would be answered with hours of silence.
FULL = 95
USAGE = ("x-business-use-case-usage", "x-app-usage")
MOST_PAGES = 200
SKEW = timedelta(days=1)


class Graph:
    """Reads and writes in `app`, one of Meta's, as the account of `token`; `secret` signs requests, "" for none."""

    def __init__(self, api: Api, app: str, token: str, secret: str) -> None:
        self._api = api
        self._app = app
        self._access = {"access_token": token}
        if secret:
            proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            self._access["appsecret_proof"] = proof
            api.client.hide(proof)
        self._full: RateLimited | None = None

    async def get(self, path: str, **params: str | int) -> Fields:
        """The object at `path`. Raises PlatformError, RateLimited also shortly before Meta would."""
        if self._full is not None:
            raise self._full
        answer = await self._api.get(path, {**params, **self._access})
        self._full = _nearly_full(answer)
        data = answer.json()
        if not isinstance(data, dict):
            raise BadAnswer(f"{answer.where} did not answer with an object")
        return Fields(data)

    async def page(self, path: str, at: str | None = None, **params: str | int) -> tuple[list[Any], str | None]:
        """A page of the list at `path`, and the cursor of what follows."""
        data = await self.get(path, **params, **({"after": at} if at else {}))
        if not isinstance(data.get("data"), list):
            raise BadAnswer(f"Meta did not answer with a list for {path}")
        return data.items("data"), following(data)

    async def send(self, path: str, made: str = "id", /, **form: str) -> str:
        """A write; the id of what it made, which the answer has as `made`.

        NotProcessed, RateLimited and AuthError: surely not done.
        """
        answer = await self._api.send("POST", f"{path}?{urlencode(self._access)}", form=form)
        data = Fields(answer.json())
        try:
            return data.id(made)
        except ValueError as error:
            raise BadAnswer(f"{self._app} did not answer with an id") from error


def following(data: Fields) -> str | None:
    """The cursor of the next page. The last page has one too, but no address of a next page."""
    address = data.text("paging.next")
    if not address:
        return None
    return data.text("paging.cursors.after") or parse_qs(urlsplit(address).query).get("after", [""])[0] or None


def judging(hint: str, app: str) -> Judge:
    """What Meta's codes mean to `app`; `hint`: which permissions it takes and where to get them."""

    def judge(answer: Answer) -> PlatformError | None:
        error = _error(answer)
        if answer.status < 400 or error is None:
            return None
        code, kind = error.count("code") or 0, error.count("error_subcode") or 0
        said = single_line(f"{app} answered {answer.status}: {error.text('message')[:200]} (code {code}/{kind})")
        if code in RATE:
            return RateLimited(
                said, hint="Meta's limits are for a day or an hour", status=429, retry_after=_regain(answer)
            )
        if code in NO_TOKEN:
            return AuthError(said, hint=f"the token has ended or was taken back; make {hint}", status=401)
        if code in {3, 10} or 200 <= code < 300:
            return AuthError(said, hint=f"a permission is missing; make {hint}", status=403)
        if code == BLOCKED:
            return NotProcessed(said, hint="Meta takes this for spam: write less, and not the same again", status=400)
        # With these nobody knows whether a write was done.
        return BadAnswer(said, status=503) if code in TEMPORARY or error.get("is_transient") is True else None

    return judge


def _error(answer: Answer) -> Fields | None:
    try:
        found = Fields(answer.json()).get("error")
    except (PlatformError, ValueError):
        return None
    return Fields(found) if isinstance(found, dict) else None


def _usages(answer: Answer) -> list[Fields]:
    """The figures of the usage headers: one object, or lists of them by account."""
    found = list[Fields]()
    for name in USAGE:
        try:
            data = json.loads(answer.headers.get(name, "null"))
        except ValueError:
            continue
        if isinstance(data, dict):
            lists = [value for value in data.values() if isinstance(value, list)] or [[data]]
            found += [Fields(value) for values in lists for value in values if isinstance(value, dict)]
    return found


def _regain(answer: Answer) -> float | None:
    """Seconds until there is access again."""
    minutes = max((usage.count("estimated_time_to_regain_access") or 0 for usage in _usages(answer)), default=0)
    return 60.0 * minutes if minutes else None


def _nearly_full(answer: Answer) -> RateLimited | None:
    shares = [usage.count(name) or 0 for usage in _usages(answer) for name in ("call_count", "total_time")]
    if max(shares, default=0) < FULL:
        return None
    said = f"{max(shares)} % of what Meta allows is used up; the rest is left for answers"
    return RateLimited(said, hint="fetch less often", status=429, retry_after=_regain(answer) or 3600.0)


@asynccontextmanager
async def open_graph(setup: Setup, base_url: str, app: str, hint: str) -> AsyncIterator[Graph]:
    """A Graph for the source's TOKEN, signed where it has the app's SECRET."""
    token = needed(setup, "TOKEN", hint)
    secret = setup.secret("SECRET") or ""
    async with open_api(setup, base_url, judging(hint, app), hidden=(token, secret)) as api:
        yield Graph(api, app, token, secret)


# What stands below own posts: posts are listed by their time, and each of the last days may have something new.

Make = Callable[[Fields], Mention | None]


@dataclass
class Below:
    """What was read below posts. `floor`: older comments were all seen by earlier fetches; `least`: what is older
    than that is not wanted now (epoch milliseconds).
    """

    floor: int
    least: int = 0
    newest: int = field(init=False, default=0)

    @classmethod
    def after(cls, cursor: JSON, since: datetime | None) -> Below:
        """Where the fetch before has ended, or as far back as `since` asks for."""
        seen, least = cursor.get("below"), milliseconds(since) if since else 0
        start = milliseconds(since or datetime.now(UTC) - HISTORY)
        if not isinstance(seen, int):
            return cls(start, least)
        floor = seen - int(OVERLAP.total_seconds() * 1000)
        return cls(min(floor, start) if since else floor, least)

    def entry(self, mention: Mention) -> Entry:
        """The entry of a post of somebody else."""
        if milliseconds(mention.created_at) >= self.least:
            return one(mention)
        return Entry(f"{mention.external_id}\0old", milliseconds(mention.created_at))

    def entries(self, items: Sequence[object], post: Fields, make: Make, skipped: list[str]) -> list[Entry]:
        """Comments as entries with the moment of their post, which the listing is ordered by."""
        made, at = list[Entry](), post.time("timestamp" if post.get("timestamp") else "created_time")
        for value in items:
            try:
                mention = make(Fields(value))
            except ValueError as error:
                skipped.append(single_line(f"below {post.text('id')}: {error}"[:300]))
                continue
            if mention is not None and milliseconds(mention.created_at) >= self.least:
                self.newest = max(self.newest, milliseconds(mention.created_at))
                made.append(one(mention, at))
        return made

    def is_over(self, items: Sequence[object], name: str) -> bool:
        """Whether a page of comments, newest first, reaches below the floor."""
        times = [Fields(value).time(name) for value in items if isinstance(value, dict) and value.get(name)]
        return bool(times) and milliseconds(min(times)) < self.floor


async def rest(read: Callable[[str], Any], at: str | None, is_over: Callable[[list[Any]], bool]) -> list[Any]:
    """All that follows the cursor `at` of a newest-first list, down to a page that `is_over`."""
    found = list[Any]()
    for _ in range(MOST_PAGES):
        if at is None:
            return found
        items, at = await read(at)
        found += items
        if is_over(items):
            return found
    raise BadAnswer(f"a list has more than {MOST_PAGES} pages; not read further")


async def pages_below(
    listings: Sequence[Listing], cursor: JSON, since: datetime | None, below: Below, look_back: timedelta
) -> AsyncIterator[Page]:
    """The pages of `listings`; what was seen below posts moves only when all of them were read.

    Posts are read `look_back` further than `since`: what is below them may be newer.
    """
    seen = cursor.get("below")
    last, kept = cursor, {} if seen is None else {"below": seen}
    async for page in pages(listings, cursor, since - look_back if since else None):
        last = {**page.cursor, **kept}
        yield replace(page, cursor=last)
    if below.newest > (seen or 0):
        yield Page((), {**last, "below": below.newest})


__all__ = ["SKEW", "Below", "Graph", "Sheet", "following", "open_graph", "pages_below", "rest"]
