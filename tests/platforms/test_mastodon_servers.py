"""Mastodon's API as servers speak it that are not Mastodon, are broken, or lie."""

from __future__ import annotations

import asyncio
import html
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carecli.errors import AuthError, BadAnswer, PlatformError, Unreachable
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply
from carecli.platforms.mastodon import MASTODON, Mastodon
from carecli.platforms.mastodon.lists import SEARCH_DEPTH
from tests.platforms.fedi import setup_for
from tests.platforms.servers import LyingServer, Request, Script, json_script

START = datetime(2025, 11, 20, 8, tzinfo=UTC)
ME = {"id": "7", "acct": "acme", "display_name": "Acme"}
ZOE = {"id": "9", "acct": "Zoe@Social.Example", "display_name": "Zoe", "followers_count": 41}
IDS = {
    "digits": lambda number: str(98 + number),
    "ulid": lambda number: f"01HX{number:022d}",
    # Neither their order as text nor as numbers is that of time.
    "hex": lambda number: f"{(number * 2654435761) % 2**32:08x}",
}


def status(external_id: str, at: datetime = START, **more: Any) -> JSON:
    return {
        "id": external_id,
        "created_at": at.isoformat(),
        "account": ZOE,
        "content": "<p>help</p>",
        "visibility": "public",
        **more,
    }


@dataclass
class Fake:
    """A server with mentions that can be told to ignore what Mastodon honours."""

    server: LyingServer
    ids: str = "digits"
    since_id: bool = True
    max_id: bool = True
    link: str = "none"
    page: int = 10
    notes: list[JSON] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.on("/api/v1/accounts/verify_credentials", json_script(ME))
        self.server.on("/api/v1/accounts/7/statuses", json_script([]))
        self.server.on("/api/v1/notifications", self.answer)

    def write(self, count: int) -> set[str]:
        """`count` new mentions, a second apart; the ids of their statuses."""
        ids = set()
        for _ in range(count):
            number = len(self.notes)
            at = START + timedelta(seconds=number)
            post = status(IDS[self.ids](number), at)
            self.notes.insert(0, {"id": IDS[self.ids](number + 10**6), "type": "mention", "created_at": at.isoformat()})
            self.notes[0]["status"] = post
            ids.add(post["id"])
        return ids

    def answer(self, request: Request) -> Script:
        place = [str(note["id"]) for note in self.notes]
        start, end = 0, len(self.notes)
        if self.max_id and (below := request.first("max_id")):
            start = place.index(below) + 1
        if self.since_id and (above := request.first("since_id")):
            end = place.index(above)
        page = self.notes[start : min(end, start + self.page)]
        return json_script(page, headers=self.links(page))

    def links(self, page: list[JSON]) -> dict[str, str]:
        if self.link == "none" or not page:
            return {}
        base = "https://evil.example/api" if self.link == "elsewhere" else f"{self.server.url}/api/v1/notifications"
        place = page[-1]["id"]
        more = f'<{base}?limit=80&max_id={place}>; rel="next", ' if place != self.notes[-1]["id"] else ""
        return {"Link": f'{more}<{base}?min_id={page[0]["id"]}>; rel="prev"'}

    def pages(self, cursor: JSON | None = None, most: int = 1000, **settings: object) -> list[Page]:
        found: list[Page] = []

        async def main() -> None:
            async with MASTODON.open(setup_for(self.server.url, **settings)) as client:  # type: ignore[arg-type]
                async for page in client.fetch(json.loads(json.dumps(cursor or {})), since=None):
                    found.append(page)
                    if len(found) >= most:
                        break

        asyncio.run(main())
        return found


def ids_of(pages: list[Page]) -> list[str]:
    return [mention.external_id for page in pages for mention in page.mentions]


@pytest.mark.parametrize("link", ["none", "here", "elsewhere"])
@pytest.mark.parametrize("since_id", [True, False])
@pytest.mark.parametrize("ids", IDS)
def test_every_kind_of_server_is_read_completely(lying: LyingServer, ids: str, since_id: bool, link: str) -> None:
    fake = Fake(lying, ids=ids, since_id=since_id, link=link)
    first = fake.write(35)
    pages = fake.pages()
    assert (sorted(ids_of(pages)), len(pages) >= 4) == (sorted(first), True)
    cursor = pages[-1].cursor
    assert fake.pages(cursor) == []
    later = fake.write(25)
    # A stop after each page: what came is never asked for again, and what comes meanwhile is not lost.
    found: list[str] = []
    for _ in range(20):
        step = fake.pages(cursor, most=1)
        if not step:
            break
        found += ids_of(step)
        cursor = step[-1].cursor
        if len(found) == 10:
            later |= fake.write(1)
    assert sorted(found) == sorted(later)
    assert {request.headers.get("host") for request in lying.requests} == {f"127.0.0.1:{lying.port}"}


def test_the_first_fetch_is_five_pages_deep(lying: LyingServer) -> None:
    fake = Fake(lying)
    fake.write(100)
    pages = fake.pages()
    assert len(ids_of(pages)) == 50
    assert fake.pages(pages[-1].cursor) == []


def test_a_server_that_always_gives_the_same_page_is_named(lying: LyingServer) -> None:
    fake = Fake(lying, max_id=False, since_id=False)
    fake.write(30)
    with pytest.raises(BadAnswer, match="same page"):
        fake.pages()
    assert len(lying.asked("/api/v1/notifications")) == 2


def test_empty_pages_with_a_way_on_are_passed(lying: LyingServer) -> None:
    def answer(request: Request) -> Script:
        below = int(request.first("max_id", "4"))
        link = {"Link": f'<https://x.example/?max_id={below - 1}>; rel="next"'}
        note = {"id": "1", "type": "mention", "created_at": START.isoformat(), "status": status("1")}
        if below == 1:
            return json_script([])
        return json_script([note] if below == 2 else [], headers=link)

    fake = Fake(lying)
    lying.on("/api/v1/notifications", answer)
    assert ids_of(fake.pages()) == ["1"]


def test_broken_items_are_skipped_and_named_once(lying: LyingServer) -> None:
    fake = Fake(lying, since_id=False)
    fake.write(2)
    broken: list[Any] = [
        {"id": "b1", "type": "mention", "created_at": "yesterday", "status": status("x")},
        {"id": "b2", "type": "mention", "created_at": START.isoformat(), "status": None},
        {"id": "b3\x1b[31m", "type": "mention", "created_at": START.isoformat(), "status": {"id": "y"}},
        {"id": 77, "type": "follow", "created_at": START.isoformat()},
    ]
    fake.notes[1:1] = broken
    pages = fake.pages()
    assert len(ids_of(pages)) == 2
    named = [text for page in pages for text in page.skipped]
    assert len(named) == 3
    assert all("mentions:7 item b" in text and "\x1b" not in text for text in named)
    assert "created_at" in next(text for text in named if "b1" in text)
    assert fake.pages(pages[-1].cursor) == []


def test_items_without_an_id_are_named(lying: LyingServer) -> None:
    fake = Fake(lying)
    lying.on("/api/v1/notifications", json_script([None, 3, {"type": "mention"}, []]))
    assert len([text for page in fake.pages() for text in page.skipped]) == 4


def test_what_is_strange_but_harmless_is_read(lying: LyingServer) -> None:
    fake = Fake(lying)
    odd = status(
        "12",
        url=None,
        uri="https://social.example/9",
        language=5.5,
        visibility="local",
        spoiler_text="\ud800warn\x00",
        edited_at="never",
        favourites_count="many",
        mentions="none",
        in_reply_to_id=44,
        content="<b>1 &lt;b> 2</b> \u202eback \U0001f600",
        account={"id": 9, "acct": "ZOË@social.example", "display_name": None},
    )
    odd["id"] = 12
    fake.notes = [{"id": 1, "type": "mention", "created_at": "2025-11-20T08:00:00", "status": odd, "extra": {}}]
    (mention,) = [mention for page in fake.pages() for mention in page.mentions]
    assert (mention.external_id, mention.author.id, mention.in_reply_to) == ("12", "9", "44")
    assert mention.text == "\ufffdwarn\ufffd\n\n1 <b> 2 \u202eback \U0001f600"
    assert (mention.url, mention.edited_at, mention.likes) == ("https://social.example/9", None, None)
    assert mention.author.handle == "zoë@social.example"
    assert (mention.visibility, mention.language) == ("internal", None)
    (mention.raw or "").encode()


@pytest.mark.parametrize(
    ("claimed", "stored"),
    [
        ("0001-01-01T00:00:00+00:00", "1970-01-01"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2025-11-20T23:30:00-02:00", "2025-11-21"),
        ("9999-12-31T23:59:59Z", "today"),
    ],
)
def test_claimed_times(lying: LyingServer, claimed: str, stored: str | None) -> None:
    fake = Fake(lying)
    fake.write(1)
    fake.notes[0]["status"]["created_at"] = claimed
    pages = fake.pages()
    days = [str(mention.created_at.date()) for page in pages for mention in page.mentions]
    today = str(datetime.now(UTC).date())
    assert days == ([] if stored is None else [stored.replace("today", today)])
    assert len([text for page in pages for text in page.skipped]) == (stored is None)


@pytest.mark.parametrize(
    "answer",
    [
        json_script({"error": "invalid_token"}, 401),
        Script(400, b"bad token"),
        Script(422),
        Script(403, b"<html>Forbidden</html>", {"Content-Type": "text/html"}),
    ],
)
def test_every_way_to_refuse_a_token(lying: LyingServer, answer: Script) -> None:
    fake = Fake(lying)
    lying.on("/api/v1/accounts/verify_credentials", answer)
    with pytest.raises(AuthError) as caught:
        fake.pages()
    assert "care login " in (caught.value.hint or "")
    assert "acme_token" not in caught.value.message


@pytest.mark.parametrize("body", [b"<html>Down</html>", b"{}", b'"x"', b"[1", b"null"])
def test_a_page_that_is_no_list(lying: LyingServer, body: bytes) -> None:
    fake = Fake(lying)
    lying.on("/api/v1/notifications", Script(200, body))
    with pytest.raises(BadAnswer, match="/api/v1/notifications"):
        fake.pages()


def test_a_search_that_ignores_its_offset_ends(lying: LyingServer) -> None:
    fake = Fake(lying)
    lying.on("/api/v2/search", json_script({"statuses": [status(str(number)) for number in range(40)]}))
    assert sorted(ids_of(fake.pages(search=["acme"])), key=int) == [str(number) for number in range(40)]
    assert len(lying.asked("/api/v2/search")) <= SEARCH_DEPTH / 40


def test_own_accounts_elsewhere_are_not_customers(lying: LyingServer) -> None:
    fake = Fake(lying)
    fake.write(1)
    setup = setup_for(lying.url)

    async def main() -> list[Mention]:
        async with MASTODON.open(type(setup)(**{**_fields(setup), "handles": ("@zoe@social.example",)})) as client:
            return [mention async for page in client.fetch({}, since=None) for mention in page.mentions]

    assert [mention.inbound for mention in asyncio.run(main())] == [False]


def _fields(setup: Any) -> dict[str, Any]:
    return {name: getattr(setup, name) for name in setup.__dataclass_fields__}


def reply_to(author: str, text: str = "on its way") -> Reply:
    mention = Mention("mastodon", "5", "help", START, Author(author), host="m.example")
    return Reply(text, mention, created_at=START + timedelta(minutes=5))


async def with_client(server: LyingServer, reply: Reply, *, send: bool) -> Receipt | None:
    async with MASTODON.open(setup_for(server.url)) as client:
        assert isinstance(client, Mastodon)
        return await (client.post(reply, key="k") if send else client.find("k", reply))


@pytest.mark.parametrize(
    ("author", "text", "sent"),
    [
        ("zoe@social.example", "hi", "@zoe@social.example hi"),
        ("zoe@social.example", "hi @ZOE@social.example!", "hi @ZOE@social.example!"),
        ("zoe@social.example", "hi @zoe", "@zoe@social.example hi @zoe"),
        ("zoe@social.example", "a@zoe@social.example", "@zoe@social.example a@zoe@social.example"),
        ("zoe@127.0.0.1:{port}", "hi", "@zoe hi"),
        ("zoe@127.0.0.1:{port}", "hi @zoe@127.0.0.1:{port}", "hi @zoe@127.0.0.1:{port}"),
        ("zoe@127.0.0.1:{port}", "hi @zoe@social.example", "@zoe hi @zoe@social.example"),
        ("zoe", "hi @zoey", "@zoe hi @zoey"),
    ],
)
def test_the_customer_is_addressed_exactly_once(lying: LyingServer, author: str, text: str, sent: str) -> None:
    lying.on("/api/v1/statuses", json_script(status("6")))
    author, text, sent = (part.replace("{port}", str(lying.port)) for part in (author, text, sent))
    asyncio.run(with_client(lying, reply_to(author, text), send=True))
    (request,) = lying.requests
    assert json.loads(request.body)["status"] == sent
    assert request.headers["idempotency-key"] == "k"


def test_a_post_whose_answer_is_lost_is_unknown_and_then_found(lying: LyingServer) -> None:
    """The server posts, and ignores the key; the connection breaks before the answer is through."""
    Fake(lying)
    posts: list[JSON] = []

    def take(request: Request) -> Script:
        text = html.escape(json.loads(request.body)["status"], quote=False)
        text = text.replace("@zoe@social.example", '<a class="mention">@<b>zoe</b></a>')
        at = START + timedelta(minutes=5, seconds=len(posts))
        posts.insert(0, status(f"p{len(posts)}", at, account=ME, in_reply_to_id="5", content=f"<p>{text}</p>"))
        return Script(200, b'{"id": "p0", "created', cut=10)

    lying.on("/api/v1/statuses", take)
    lying.on("/api/v1/accounts/7/statuses", lambda request: json_script([] if request.first("max_id") else posts))
    reply = reply_to("zoe@social.example", "on its   way & <soon>")
    with pytest.raises(Unreachable):
        asyncio.run(with_client(lying, reply, send=True))
    assert len(lying.asked("/api/v1/statuses")) == 1
    found = asyncio.run(with_client(lying, reply, send=False))
    assert found is not None
    assert (found.external_id, found.host) == ("p0", f"127.0.0.1:{lying.port}")
    assert asyncio.run(with_client(lying, reply_to("zoe@social.example", "other words"), send=False)) is None


def test_a_direct_reply_is_found_in_the_thread_where_lists_leave_it_out(lying: LyingServer) -> None:
    Fake(lying)
    ours = status("8", START + timedelta(minutes=5), account=ME, in_reply_to_id="5", content="@zoe on its way")
    strangers = {**ours, "id": "7", "account": ZOE}
    older = {**ours, "id": "6", "created_at": (START - timedelta(days=1)).isoformat()}
    lying.on(
        "/api/v1/statuses/5/context", json_script({"ancestors": [], "descendants": [strangers, None, older, ours]})
    )
    found = asyncio.run(with_client(lying, reply_to("zoe@social.example"), send=False))
    assert found is not None
    assert found.external_id == "8"


def test_find_does_not_guess_when_the_server_fails(lying: LyingServer) -> None:
    Fake(lying)
    lying.on("/api/v1/accounts/7/statuses", Script(403))
    with pytest.raises(PlatformError):
        asyncio.run(with_client(lying, reply_to("zoe@social.example"), send=False))
