"""Google Play: reviews of an own app from the last seven days, and the one answer that each can have.

An answer's id is the review's with `:reply`. A new answer takes the place of the old one, so sending it twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from carecli.errors import NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.base import Look, Platform, Setup
from carecli.platforms.web.fields import Fields, comparable, language, milliseconds, moment
from carecli.platforms.web.gone import says_gone
from carecli.platforms.web.listings import Entry, Listing, Sheet, pages, sheet_of_several

if TYPE_CHECKING:
    from carecli.platforms.web.answers import Answer
    from carecli.platforms.web.api import Api

BASE_URL = "https://androidpublisher.googleapis.com/androidpublisher/v3"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
LIMIT = 350
# All that the API shows is looked at every time: an answer from the console changes a review of days ago.
WINDOW = timedelta(days=7)
# So young a review is surely listed; of an older one nobody says what it means that it is not found.
SHOWN = timedelta(days=6)
SKEW = timedelta(days=1)
HOW = (
    "invite the service account in Play Console (Users and permissions) for this app with 'Reply to reviews'; its key "
    "comes from Google Cloud (IAM, Service accounts, Keys, JSON)"
)
HINTS = {"": HOW, "accessNotConfigured": "enable the Google Play Android Developer API in the Google Cloud project"}


class GooglePlay:
    """Fetcher, Poster, Rereader and Checker of one app."""

    at_once = 1

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._package = setup.needs("package", "the app's package name, com.acme.app")
        self._path = f"applications/{quote(self._package, safe='')}/reviews"
        self._size = setup.whole("page_size", 100, 1, 100)

    async def check(self) -> str:
        """Whether the reviews can be read. Raises PlatformError."""
        data = await self._api.json(self._path, {"maxResults": 1})
        some = "there are new ones" if data.get("reviews") else "none in the last seven days"
        return f"{self._package}: reviews can be read, {some}"

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Reviews with text of the last seven days, and the answers that they have."""
        async for page in pages([Listing("reviews", self._read, overlap=WINDOW)], cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these reviews are now. Gone is one that would be listed if it were there, in an app that we may read."""
        found, gone = list[Mention](), list[str]()
        for mention in known:
            path = f"{self._path}/{quote(mention.external_id, safe='')}"
            answer = await self._api.get(path, ok=frozenset({200, 404}))
            if answer.status == 200:
                review = next(self._entries(Fields(answer.json())))
                found += review.mentions
            elif says_gone(answer, "public") and datetime.now(UTC) - (mention.edited_at or mention.created_at) < SHOWN:
                await self._api.json(self._path, {"maxResults": 1})
                gone.append(mention.external_id)
        return Look(tuple(found), tuple(gone))

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - there is one answer, so it needs no key
        """Answer the review, in place of an answer that it has."""
        review = _answerable(reply)
        answer = await self._api.send(
            "POST", f"{self._path}/{quote(review, safe='')}:reply", json={"replyText": reply.text}
        )
        edited = Fields(answer.json()).get("result.lastEdited.seconds")
        return Receipt(f"{review}:reply", self._url(review), moment(edited))

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """The review's answer, where it has the same words and is not older than the reply."""
        review = _answerable(reply)
        item = Fields(await self._api.json(f"{self._path}/{quote(review, safe='')}"))
        since = (reply.created_at or reply.to.created_at) - SKEW
        for ours in _said(item, "developerComment"):
            written = ours.time("lastModified.seconds")
            if written >= since and comparable(ours.text("text")) == comparable(reply.text):
                return Receipt(f"{review}:reply", self._url(review), written)
        return None

    async def _read(self, at: str | None) -> Sheet:
        params: dict[str, str | int] = {"maxResults": self._size} | ({"token": at} if at else {})
        data = Fields(await self._api.json(self._path, params))
        following = data.note("tokenPagination.nextPageToken")
        return sheet_of_several(data.items("reviews"), self._entries, "review", following)

    def _entries(self, item: Fields) -> Iterator[Entry]:
        """The review, and the answer to it."""
        review = item.id("reviewId")
        said = next(_said(item, "userComment"), None)
        if said is None:
            raise ValueError(f"{review} has no comment")
        written = said.time("lastModified.seconds")
        ours = next(_said(item, "developerComment"), None)
        answered = ours.time("lastModified.seconds") if ours else None
        title, tab, body = said.text("text").partition("\t")
        mention = Mention(
            platform="googleplay",
            external_id=review,
            text="\n\n".join(part for part in (title, body) if part) if tab else title,
            created_at=written,
            # Nobody's name is unique, and Google gives no account: a review stands for its author.
            author=Author(item.text("authorName") or "a reader", item.note("authorName"), review),
            url=self._url(review),
            language=language(said.text("reviewerLanguage")),
            directed=True,
            edited_at=written if answered and written > answered else None,
            likes=said.count("thumbsUpCount"),
            raw=item.raw(),
        )
        yield Entry(f"{review}\0{written}", milliseconds(written), (mention,))
        if ours is not None and answered is not None:
            reply = Mention(
                platform="googleplay",
                external_id=f"{review}:reply",
                text=ours.text("text"),
                created_at=answered,
                author=Author(self._package),
                url=self._url(review),
                in_reply_to=review,
                thread_root=review,
                inbound=False,
                raw=ours.raw(),
            )
            yield Entry(f"{review}:reply\0{answered}", milliseconds(written), (reply,))

    def _url(self, review: str) -> str:
        name = quote(self._package, safe="")
        return f"https://play.google.com/store/apps/details?id={name}&reviewId={quote(review, safe='')}"


def _said(item: Fields, kind: str) -> Iterator[Fields]:
    for comment in item.items("comments"):
        if isinstance(comment, dict) and isinstance(comment.get(kind), dict):
            yield Fields(comment[kind])


def _answerable(reply: Reply) -> str:
    """The review that is answered. Raises NotProcessed."""
    if reply.private:
        raise NotProcessed("Google Play has no private messages", hint="give an address where to write to you")
    if len(reply.text) > LIMIT:
        raise NotProcessed(f"the reply has {len(reply.text)} characters; {LIMIT} are allowed")
    return reply.to.external_id.removesuffix(":reply")


def judge(answer: Answer) -> PlatformError | None:
    """Google's errors, in the terms of Play Console."""
    from carecli.platforms.web import google

    return google.judge(answer, HINTS)


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[GooglePlay]:
    from carecli.platforms.web import google
    from carecli.platforms.web.api import open_api

    path = setup.needs("key_file", "the path of the service account's JSON key")
    tokens = google.signing(setup.text("token_url", google.TOKEN_URL), setup.source, path, SCOPE, HOW)
    async with open_api(setup, BASE_URL, judge, token=tokens, login=False) as api:
        yield GooglePlay(api, setup)


GOOGLEPLAY = Platform(
    name="googleplay",
    title="Google Play reviews of an own app",
    open=_open,
    settings={
        "package": "the app's package name, com.acme.app",
        "key_file": "the path of the service account's JSON key file",
        "page_size": "reviews per request, 1 to 100 (default 100)",
        "base_url": f"the API's address (default {BASE_URL})",
        "token_url": "where access tokens come from (default: Google's)",
    },
    answers=True,
    limit=LIMIT,
    access="Free for the app's owner; needs a service account that an owner invites in Play Console, which can take a "
    "day to work. Reviews vanish from the API after 7 days: fetch at least daily. Needs pip install 'carecli[stores]'.",
)
