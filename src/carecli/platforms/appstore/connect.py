"""Reviews of an own app through App Store Connect, and the one answer that each can have."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from carecli.errors import NotProcessed
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.appstore import LIMIT
from carecli.platforms.base import Setup
from carecli.platforms.web.api import Api, an_object
from carecli.platforms.web.fields import Fields, comparable, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, pages, sheet_of_several
from carecli.platforms.web.tokens import Tokens, key_file, signed

# Tokens may live for 20 minutes at most.
LIFE = 15 * 60
# Reviews of so long are looked at again: somebody may have answered them in the browser.
WINDOW = timedelta(days=14)
SKEW = timedelta(days=1)
HOW = (
    "App Store Connect, Users and Access, Integrations, Team Keys: a key with the role Customer Support, App Manager "
    "or Admin; set key_file, key_id and issuer_id"
)


def tokens(setup: Setup) -> Tokens:
    """Tokens that the source's key signs. Raises ConfigError."""
    path = setup.text("key_file")
    key_id, issuer = setup.needs("key_id", "the id of the key"), setup.needs("issuer_id", "the issuer id of the team")

    async def grant() -> tuple[str, float]:
        now = int(time.time())
        claims = {"iss": issuer, "iat": now - 30, "exp": now + LIFE, "aud": "appstoreconnect-v1"}
        return signed(claims, key_file(setup.source, path), "ES256", key_id=key_id), LIFE

    return Tokens(grant)


class OwnApp:
    """Fetcher, Poster and Checker of one app."""

    def __init__(self, api: Api, app: str, page_size: int) -> None:
        self._api = api
        self._app = app
        self._size = page_size

    async def check(self) -> str:
        """The app's name. Raises PlatformError."""
        data = Fields(await self._api.json(f"v1/apps/{quote(self._app, safe='')}"))
        await self._api.json(self._path, {"limit": 1})
        return f"{data.text('data.attributes.name')}: reviews can be read"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """The reviews, and the answers that they have."""
        async for page in pages([Listing("reviews", self._read, overlap=WINDOW)], cursor, since):
            yield page

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - there is one answer, so it needs no key
        """Answer the review, in place of an answer that it has. Apple publishes it some time later."""
        review = _answerable(reply)
        relation = {"review": {"data": {"type": "customerReviews", "id": review}}}
        data = {
            "type": "customerReviewResponses",
            "attributes": {"responseBody": reply.text},
            "relationships": relation,
        }
        answer = await self._api.send("POST", "v1/customerReviewResponses", json={"data": data})
        written = Fields(answer.json()).get("data.attributes.lastModifiedDate")
        return Receipt(f"{review}:reply", reply.to.url, moment(written))

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The review's answer, where it has the same words and is not older than the reply."""
        review = _answerable(reply)
        path = f"v1/customerReviews/{quote(review, safe='')}/response"
        answer = await self._api.get(path, ok=frozenset({200, 404}))
        found = Fields(an_object(answer)).get("data") if answer.status == 200 else None
        if not isinstance(found, dict):
            return None
        written = Fields(found).time("attributes.lastModifiedDate")
        since = (reply.created_at or reply.to.created_at) - SKEW
        same = comparable(Fields(found).text("attributes.responseBody")) == comparable(reply.text)
        return Receipt(f"{review}:reply", reply.to.url, written) if same and written >= since else None

    @property
    def _path(self) -> str:
        return f"v1/apps/{quote(self._app, safe='')}/customerReviews"

    async def _read(self, at: str | None) -> Sheet:
        """A page of reviews; `at` is the query that Apple's link to it has, wherever that link leads."""
        params: dict[str, str | int] = {"sort": "-createdDate", "include": "response", "limit": self._size}
        data = Fields(await self._api.json(f"{self._path}?{at}") if at else await self._api.json(self._path, params))
        responses = {str(value.get("id")): value for value in data.items("included") if isinstance(value, dict)}
        following = urlsplit(data.text("links.next")).query or None
        return sheet_of_several(data.items("data"), lambda item: self._entries(item, responses), "review", following)

    def _entries(self, item: Fields, responses: JSON) -> Iterator[Entry]:
        """The review, and the answer to it."""
        review, written = item.id("id"), item.time("attributes.createdDate")
        found = responses.get(item.text("relationships.response.data.id"))
        answer = Fields(found) if isinstance(found, dict) else None
        answered = answer.time("attributes.lastModifiedDate") if answer else None
        name = item.text("attributes.reviewerNickname")
        parts = (item.text("attributes.title"), item.text("attributes.body"))
        url = f"https://apps.apple.com/app/id{self._app}?see-all=reviews"
        mention = Mention(
            platform="appstore",
            external_id=review,
            text="\n\n".join(part for part in parts if part),
            created_at=written,
            # Nicknames are not unique, and Apple gives no account: a review stands for its author.
            author=Author(name or "a reader", name or None, review),
            url=url,
            directed=True,
            edited_at=written if answered and written > answered else None,
            raw=item.raw(),
        )
        yield Entry(f"{review}\0{written}", milliseconds(written), (mention,))
        if answer is not None and answered is not None:
            reply = Mention(
                platform="appstore",
                external_id=f"{review}:reply",
                text=answer.text("attributes.responseBody"),
                created_at=answered,
                author=Author(f"app{self._app}"),
                url=url,
                in_reply_to=review,
                thread_root=review,
                inbound=False,
                raw=answer.raw(),
            )
            yield Entry(f"{review}:reply\0{answered}", milliseconds(written), (reply,))


def _answerable(reply: Reply) -> str:
    """The review that is answered. Raises NotProcessed."""
    if reply.private:
        raise NotProcessed("the App Store has no private messages", hint="give an address where to write to you")
    if len(reply.text) > LIMIT:
        raise NotProcessed(f"the reply has {len(reply.text)} characters; {LIMIT} are allowed")
    return reply.to.external_id.removesuffix(":reply")
