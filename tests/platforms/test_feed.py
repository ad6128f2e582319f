"""Feeds of all kinds from real servers on loopback, honest ones and hostile ones."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.errors import BadAnswer, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Page
from carecli.platforms.base import Checker, Fetcher, Setup
from carecli.platforms.feed import FEED, Feeds
from carecli.platforms.feed.documents import read_document
from carecli.platforms.feed.mentions import mention_of
from carecli.platforms.testing import FetcherContract
from tests.platforms.servers import LyingServer, Request, Script

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGIN = '<?xml version="1.0" encoding="utf-8"?>\n'


def rss(*items: str, head: str = "<title>Blog</title>", begin: str = BEGIN) -> bytes:
    spaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    )
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'{begin}<rss version="2.0" {spaces}><channel>{head}{body}</channel></rss>'.encode()


def item(number: int, text: str = "Acme crashes", **parts: str) -> str:
    fields = {
        "title": f"Review {number}",
        "link": f"https://b.example/{number}",
        "guid": f"https://b.example/{number}",
        "pubDate": "Fri, 20 Nov 2026 08:00:00 +0000",
        "description": text,
        **parts,
    }
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())


def atom(*entries: str) -> bytes:
    return f'{BEGIN}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="pl">{"".join(entries)}</feed>'.encode()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Reader:
    """Fetches again and again, as another process each time would, and keeps what happened."""

    def __init__(self, *urls: str, **options: Any) -> None:
        self.cursor: JSON = {}
        self.clock = Clock()
        self.urls = urls
        self.options = {"allow_private": True, "timeout": 1, "now": self.clock, **options}
        self.pages: list[Page] = []

    def __call__(self, since: datetime | None = None, stop: int = 0) -> list[Mention]:
        """The mentions of one fetch; what was read before an error is in `pages`."""
        self.pages = []

        async def run() -> None:
            async with aclosing(cast("Any", Feeds(self.urls, **self.options).fetch(self.cursor, since=since))) as pages:
                async for page in pages:
                    self.pages.append(page)
                    self.cursor = json.loads(json.dumps(page.cursor))
                    if stop and len(self.pages) == stop:
                        return

        asyncio.run(run())
        return self.mentions

    @property
    def mentions(self) -> list[Mention]:
        return [mention for page in self.pages for mention in page.mentions]


def one(lying: LyingServer, body: bytes, **headers: str) -> Mention:
    lying.on("/feed", Script(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()}))
    (mention,) = Reader(f"{lying.url}/feed")()
    return mention


# The three kinds


def test_rss(lying: LyingServer) -> None:
    mention = one(
        lying,
        rss(
            "<title>Acme &amp;amp; me</title><link>https://b.example/1</link><guid>https://b.example/?p=1</guid>"
            "<pubDate>Fri, 20 Nov 2026 08:00:00 EST</pubDate><dc:creator>Zoé</dc:creator>"
            "<slash:comments>4</slash:comments>"
            "<description>short</description>"
            "<content:encoded><![CDATA[<p>The app <b>crashes</b></p><p>again</p>]]></content:encoded>",
            head="<title>Blog</title><language>en-us</language>",
        ),
    )
    assert mention.text == "Acme & me\nThe app crashes\n\nagain"
    assert (mention.platform, mention.host, mention.external_id) == ("feed", "127.0.0.1", "https://b.example/?p=1")
    assert mention.created_at == datetime(2026, 11, 20, 12, tzinfo=UTC)  # 13:00, clamped
    assert (mention.url, mention.language, mention.replies) == ("https://b.example/1", "en-us", 4)
    assert (mention.author.handle, mention.author.name) == ("Zoé", "Zoé")
    assert mention.directed is False
    assert json.loads(cast("str", mention.raw))["description"] == "short"


def test_atom(lying: LyingServer) -> None:
    mention = one(
        lying,
        atom(
            '<entry><id>tag:b.example,2026:1</id><title type="html">Acme &amp;lt;3</title>'
            '<link rel="self" href="https://b.example/self"/><link href="https://b.example/1"/>'
            "<published>2026-11-20T08:00:00+01:00</published><updated>2026-11-20T09:00:00Z</updated>"
            "<author><name>Zoe</name><uri>https://b.example/zoe</uri></author>"
            '<thr:in-reply-to xmlns:thr="http://purl.org/syndication/thread/1.0" ref="tag:b.example,2026:0"/>'
            '<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p>It <x:em>works</x:em></x:p>'
            "<x:p>now</x:p></x:div></content></entry>"
        ),
    )
    assert mention.text == "Acme <3\nIt works\n\nnow"
    assert (mention.external_id, mention.in_reply_to) == ("tag:b.example,2026:1", "tag:b.example,2026:0")
    assert mention.created_at == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert mention.edited_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert (mention.url, mention.language) == ("https://b.example/1", "pl")
    assert (mention.author.handle, mention.author.url) == ("Zoe", "https://b.example/zoe")


def test_plain_text_of_atom_is_no_markup(lying: LyingServer) -> None:
    mention = one(lying, atom("<entry><id>a:1</id><title>1 &lt;b&gt; 2</title><summary>&lt;i&gt;x</summary></entry>"))
    assert mention.text == "1 <b> 2\n<i>x"


def test_json_feed(lying: LyingServer) -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Blog",
        "language": "he",
        "authors": [{"name": "Dana", "url": "https://b.example/dana"}],
        "items": [
            {
                "id": 7,
                "url": "https://b.example/7",
                "content_text": "1 <b> 2",
                "date_published": "2026-11-20T08:00:00Z",
            },
            {"id": "https://b.example/8", "title": "T", "content_html": "<p>x</p>", "authors": [{"name": "Zoe"}]},
            "no item",
        ],
    }
    lying.on("/feed", Script(body=json.dumps(feed).encode()))
    first, second = Reader(f"{lying.url}/feed")()
    assert (first.external_id, first.text, first.language) == (f"{lying.url}/feed#7", "1 <b> 2", "he")
    assert (first.author.handle, first.author.url) == ("Dana", "https://b.example/dana")
    assert (second.text, second.author.handle, second.created_at) == ("T\nx", "Zoe", NOW)


def test_rdf_and_media_descriptions(lying: LyingServer) -> None:
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Old</title></channel>'
        "<item><title>Acme</title><link>https://b.example/1</link>"
        "<media:group><media:description>from a video</media:description></media:group></item></rdf:RDF>"
    )
    mention = one(lying, body.encode())
    assert (mention.text, mention.external_id) == ("Acme\nfrom a video", "https://b.example/1")


def test_the_author_of_rss_is_a_name_where_there_is_one(lying: LyingServer) -> None:
    lying.on(
        "/feed",
        Script(body=rss(item(1, author="zoe@b.example (Zoe)"), item(2, author="z@b.example"), item(3))),
    )
    found = Reader(f"{lying.url}/feed")()
    assert [mention.author.handle for mention in found] == ["Zoe", "z@b.example", "127.0.0.1"]


# Identity, edits, time


def test_ids_that_are_only_unique_in_their_feed_are_kept_apart(lying: LyingServer) -> None:
    lying.on("/a", Script(body=rss(item(1, guid="17"))))
    lying.on("/b", Script(body=rss(item(1, guid="17"))))
    found = Reader(f"{lying.url}/a", f"{lying.url}/b")()
    assert {mention.external_id for mention in found} == {f"{lying.url}/a#17", f"{lying.url}/b#17"}


def test_entries_without_any_id_are_told_apart_by_title_and_date(lying: LyingServer) -> None:
    body = rss("<title>one</title>", "<title>two</title>", "<title>one</title><pubDate>2026-11-19</pubDate>")
    lying.on("/feed", Script(body=body))
    assert len({mention.external_id for mention in Reader(f"{lying.url}/feed")()}) == 3


def test_of_entries_with_the_same_id_the_first_counts(lying: LyingServer) -> None:
    lying.on("/feed", Script(body=rss(item(1, "new"), item(1, "old"))))
    (mention,) = Reader(f"{lying.url}/feed")()
    assert mention.text == "Review 1\nnew"


def test_new_and_edited_entries_come_and_unchanged_ones_do_not(lying: LyingServer) -> None:
    lying.on(
        "/feed",
        Script(body=rss(item(1), item(2))),
        Script(body=rss(item(1), item(2))),
        Script(body=rss(item(3), item(1, "It works again"), item(2))),
    )
    reader = Reader(f"{lying.url}/feed")
    assert len(reader()) == 2
    assert reader() == []
    assert reader.pages == []
    assert [mention.text for mention in reader()] == ["Review 3\nAcme crashes", "Review 1\nIt works again"]


@pytest.mark.parametrize("date", ["yesterday", "", "0000-00-00", "Fri, 31 Feb 2026 08:00:00 GMT", "9" * 400])
def test_an_entry_without_a_readable_date_was_written_now(lying: LyingServer, date: str) -> None:
    assert one(lying, rss(item(1, pubDate=date))).created_at == NOW


def test_the_future_is_now(lying: LyingServer) -> None:
    assert one(lying, rss(item(1, pubDate="Wed, 01 Jan 2098 00:00:00 GMT"))).created_at == NOW


def test_since_and_keywords(lying: LyingServer) -> None:
    old = item(2, pubDate="Mon, 02 Jan 2006 15:04:05 GMT")
    lying.on("/feed", Script(body=rss(item(1), old, item(3, "Łódź and ACMÉ"), item(4, "something else"))))
    reader = Reader(f"{lying.url}/feed", keywords=("acme", "lodz"))
    found = reader(since=NOW - timedelta(days=1))
    assert [mention.external_id[-1] for mention in found] == ["1", "3"]


# HTTP


def test_what_the_server_gave_is_sent_back_and_304_is_nothing_new(lying: LyingServer) -> None:
    given = {"ETag": 'W/"x-1"', "Last-Modified": "Fri, 20 Nov 2026 08:00:00 GMT"}
    lying.on("/feed", Script(body=rss(item(1)), headers=given), Script(304))
    reader = Reader(f"{lying.url}/feed")
    assert len(reader()) == 1
    assert reader() == reader() == []
    assert reader.pages == []
    first, *others = lying.asked("/feed")
    assert "if-none-match" not in first.headers
    assert "carecli/" in first.headers["user-agent"]
    for request in others:
        assert request.headers["if-none-match"] == 'W/"x-1"'
        assert request.headers["if-modified-since"] == "Fri, 20 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize(("status", "asked"), [(301, 1), (308, 1), (302, 2), (307, 2)])
def test_a_feed_that_moved_for_good_is_asked_where_it_is(lying: LyingServer, status: int, asked: int) -> None:
    lying.on("/old", Script(status, headers={"Location": "/new"}))
    lying.on("/new", Script(body=rss(item(1, guid="17"))))
    reader = Reader(f"{lying.url}/old")
    (mention,) = reader()
    assert mention.external_id == f"{lying.url}/old#17"
    assert reader() == []
    assert len(lying.asked("/old")) == asked


def test_a_move_that_led_nowhere_is_forgotten(lying: LyingServer) -> None:
    lying.on("/old", Script(301, headers={"Location": "/new"}), Script(body=rss(item(2))))
    lying.on("/new", Script(body=rss(item(1))), Script(404))
    reader = Reader(f"{lying.url}/old")
    reader()
    with pytest.raises(PlatformError, match="404"):
        reader()
    assert len(reader()) == 1


def test_gone_is_said_and_not_asked_again(lying: LyingServer) -> None:
    lying.on("/feed", Script(410))
    lying.on("/other", Script(body=rss(item(1))))
    reader = Reader(f"{lying.url}/feed", f"{lying.url}/other")
    with pytest.raises(PlatformError, match=r"/feed: .*410"):
        reader()
    assert len(reader.mentions) == 1
    with pytest.raises(PlatformError, match="gone for good and no longer asked for; remove it"):
        reader()
    assert len(lying.asked("/feed")) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_a_pause_gets_it(lying: LyingServer, status: int) -> None:
    lying.on("/feed", Script(status, headers={"Retry-After": "3600"}), Script(body=rss(item(1))))
    reader = Reader(f"{lying.url}/feed")
    with pytest.raises(RateLimited):
        reader()
    reader.clock.now += timedelta(minutes=30)
    with pytest.raises(RateLimited, match="left alone until 2026-11-20T13:00:00Z"):
        reader()
    assert len(lying.asked("/feed")) == 1
    reader.clock.now += timedelta(minutes=31)
    assert len(reader()) == 1


def test_one_feed_that_fails_does_not_keep_others_from_being_read(lying: LyingServer) -> None:
    lying.on("/good", Script(body=rss(item(1))))
    lying.on("/broken", Script(body=b"<rss><channel>"))
    reader = Reader(f"{lying.url}/missing", f"{lying.url}/good", f"{lying.url}/broken?key=hidden-secret")
    with pytest.raises(BadAnswer, match=r"2 of 3 feeds failed: ") as raised:
        reader()
    assert f"{lying.url}/missing: " in raised.value.message
    assert "hidden-secret" not in raised.value.message
    assert len(reader.mentions) == 1
    assert "404" in reader.cursor["feeds"][f"{lying.url}/missing"]["error"]
    lying.on("/missing", Script(body=rss(item(2))))
    lying.on("/broken", Script(body=rss()))
    assert len(reader()) == 1
    assert "error" not in reader.cursor["feeds"][f"{lying.url}/missing"]


def test_a_fetch_that_was_cut_off_resumes(lying: LyingServer) -> None:
    for number in range(30):
        lying.on(f"/{number}", Script(body=rss(item(number))))
    urls = [f"{lying.url}/{number}" for number in range(30)]
    reader = Reader(*urls)
    begun = reader(stop=3)
    rest = reader()
    ids = [mention.external_id for mention in begun + rest]
    assert len(begun) < 30
    assert len(ids) == len(set(ids)) == 30


def test_many_feeds_are_asked_a_few_at_a_time_and_share_pages(lying: LyingServer) -> None:
    busy, most = [0], [0]

    def slow(request: Request) -> Script:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.02)
        busy[0] -= 1
        return Script(body=rss(item(int(request.path[1:]))))

    for number in range(100):
        lying.on(f"/{number}", slow)
    reader = Reader(*(f"{lying.url}/{number}" for number in range(100)))
    assert len(reader()) == 100
    assert len(reader.pages) <= 20
    assert 2 <= most[0] <= 8


# Hostile servers


def test_private_addresses_are_refused_unless_allowed(lying: LyingServer) -> None:
    lying.on("/feed", Script(body=rss(item(1))))
    with pytest.raises(NotProcessed, match="private network"):
        Reader(f"{lying.url}/feed", allow_private=False)()
    assert lying.requests == []


def test_a_redirect_to_a_private_address_is_refused() -> None:
    with LyingServer() as inner, LyingServer() as outer:
        inner.on("/secret", Script(body=rss(item(1))))
        outer.on("/feed", Script(302, headers={"Location": f"{inner.url}/secret"}))
        setup = Setup("alerts", {"url": f"{outer.url}/feed", "allow_private": "true"})
        assert len(asyncio.run(_fetched(setup))) == 1
        closed = Setup("alerts", {"url": f"{outer.url}/feed"})
        with pytest.raises(NotProcessed):
            asyncio.run(_fetched(closed))
        assert len(inner.requests) == 1


async def _fetched(setup: Setup) -> list[Mention]:
    async with FEED.open(setup) as client:
        return [mention async for page in client.fetch({}, since=None) for mention in page.mentions]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "begin",
    [
        f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]>',
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_are_refused(lying: LyingServer, begin: str, encoding: str) -> None:
    body = rss(item(1, "&l9;&x;"), begin=begin).decode().encode(encoding)
    lying.on("/feed", Script(body=body))
    with pytest.raises(BadAnswer, match="declares entities"):
        Reader(f"{lying.url}/feed")()


def test_entities_behind_a_broken_beginning_are_not_read(lying: LyingServer) -> None:
    body = b'<?broken <!DOCTYPE rss [<!ENTITY x "' + b"x" * 1000 + b'">]>' + rss(item(1, "&x;" * 1000), begin="")
    lying.on("/feed", Script(body=body))
    with pytest.raises(BadAnswer):
        Reader(f"{lying.url}/feed")()


def test_an_entry_may_speak_of_entities(lying: LyingServer) -> None:
    body = rss(item(1, "<![CDATA[write &lt;!ENTITY> or <!ENTITY x>]]>"), begin="<!DOCTYPE rss>")
    assert one(lying, body).text == "Review 1\nwrite <!ENTITY> or"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss.xml?a&amp;b">',
            "an HTML page; its feed may be at http://127.0.0.1:PORT/rss.xml?a&b",
        ),
        (b"<html><body>Log in</body></html>", "an HTML page"),
        (b'<html><link rel=alternate type="application/atom+xml" href="javascript:x">', "an HTML page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "XML of another kind"),
        (b'{"items": []}', "JSON of another kind"),
        (b'{"items": ', "this feed is refused"),
        (b"[" * 100_000, "JSON of another kind"),
        (b'{"a":' * 100_000, "this feed is refused"),
        (b"hello", "text"),
        (b"/etc/passwd", "text"),
        (b"", "an empty answer"),
        (b"<rss><channel><item", "broken or cut-off XML"),
        (b"\x89PNG\r\n\x1a\n\0\0", "text"),
    ],
)
def test_what_is_no_feed_is_named(lying: LyingServer, body: bytes, said: str) -> None:
    lying.on("/feed", Script(body=body))
    with pytest.raises(BadAnswer) as raised:
        Reader(f"{lying.url}/feed")()
    assert f"{lying.url}/feed: " in raised.value.message
    assert said.replace("PORT", str(lying.port)) in raised.value.message


def test_an_endless_feed_is_cut_off(lying: LyingServer) -> None:
    lying.on("/feed", Script(body=b"<item>" * 20_000, endless=True))
    with pytest.raises(BadAnswer, match="more than 10,000,000 bytes"):
        Reader(f"{lying.url}/feed")()


def test_a_gzip_bomb_is_cut_off(lying: LyingServer) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    lying.on("/feed", Script(body=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(BadAnswer, match="more than 10,000,000 bytes"):
        Reader(f"{lying.url}/feed")()


def test_hostile_text_arrives_as_text(lying: LyingServer) -> None:
    text = "a&#x202e;b &lt;script&gt;alert(1)&lt;/script&gt; [bold]x[/bold] =cmd()" + "&#x301;" * 100_000
    mention = one(lying, rss(item(1, text, link="javascript:alert(1)", author="&#x202e;evil")))
    assert mention.text.startswith("Review 1\na\u202eb [bold]x[/bold] =cmd()")
    assert mention.text.endswith("\u0301" * 1000)
    assert mention.url is None
    assert mention.author.handle == "\u202eevil"


def test_escape_sequences_that_xml_forbids_are_taken_out(lying: LyingServer) -> None:
    mention = one(lying, rss(item(1, "a\x1b[2Jb &#27; c")))
    assert mention.text == "Review 1\na[2Jb \ufffd c"


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (item(1, "Fish & Chips&nbsp;&hellip; &bogus; AT&T"), "Review 1\nFish & Chips\u00a0… &bogus; AT&T"),
        (item(1, "<p>one<br>two"), "Review 1\none\ntwo"),
        (item(1, "1 < 2") + "</p></item><item><title>cut of", "Review 1\n1 < 2"),
    ],
)
def test_broken_xml_is_read_as_far_as_it_goes(lying: LyingServer, broken: str, text: str) -> None:
    assert one(lying, rss(broken)).text == text


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (rss(item(1, "zażółć"), begin="").decode().encode("iso-8859-2"), "text/xml; charset=ISO-8859-2"),
        (rss(item(1, "zażółć"), begin='<?xml version="1.0" encoding="windows-1250"?>').decode().encode("cp1250"), ""),
        (rss(item(1, "zażółć"), begin="").decode().encode("utf-16"), "text/xml"),
        (rss(item(1, "zażółć")), "text/xml; charset=us-ascii"),
        (rss(item(1, "zażółć"), begin='<?xml version="1.0" encoding="punycode"?>'), "text/xml; charset=unicode_escape"),
    ],
)
def test_encodings(lying: LyingServer, body: bytes, header: str) -> None:
    assert one(lying, body, Content_Type=header).text == "Review 1\nzażółć"


def test_an_entry_without_text_is_skipped_and_named(lying: LyingServer) -> None:
    lying.on("/feed", Script(body=rss("<guid>https://b.example/0</guid>", item(1))))
    reader = Reader(f"{lying.url}/feed")
    assert len(reader()) == 1
    assert reader.pages[0].skipped == (f"{lying.url}/feed: the entry 'https://b.example/0' has no text",)


@pytest.mark.parametrize(
    "unit", ["<", "<b>", "<p ", "</", "&", "&#x", "<![CDATA[", "<!--", "\n", "<item>", "<a x='1' "]
)
def test_broken_megabytes_are_answered(unit: str) -> None:
    body = b"<rss><channel><item><title>x" + (unit * (2_000_000 // len(unit))).encode()
    with suppress(BadAnswer):
        read_document(body, "", "https://b.example/feed")


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text("<>/&;!?[]rsfeditmchanl \"'=x-", max_size=200).map(str.encode))
def test_any_bytes_are_a_feed_or_a_clear_error(body: bytes) -> None:
    for whole in (body, b"<rss><channel><item>" + body, b'<feed xmlns="http://www.w3.org/2005/Atom">' + body):
        try:
            document = read_document(whole, "", "https://b.example/feed")
        except BadAnswer:
            continue
        for entry in document.entries:
            try:
                mention = mention_of(entry, feed="https://b.example/feed", host="b.example", now=NOW)
            except ValueError:
                continue
            assert mention.text.encode()
            assert mention.external_id


# The platform


def test_settings_of_the_source(lying: LyingServer) -> None:
    lying.on("/a,b", Script(body=rss(item(1), item(2, "nothing of interest"))))
    lying.on("/c", Script(body=rss(item(3))))
    settings: JSON = {
        "url": f"{lying.url}/a,b",
        "urls": f"{lying.url}/c, {lying.url}/a,b",
        "match": "keywords",
        "allow_private": True,
    }
    found = asyncio.run(_fetched(Setup("alerts", settings, keywords=("ACME",))))
    assert sorted(mention.external_id[-1] for mention in found) == ["1", "3"]
    assert FEED.host(Setup("alerts", settings)) == "127.0.0.1"
    assert FEED.host(Setup("alerts", {"urls": ["https://a.example", "https://b.example"]})) == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "`url` is missing"),
        ({"url": "ftp://a.example/feed"}, "not the address of a feed"),
        ({"url": "file:///etc/passwd"}, "not the address of a feed"),
        ({"url": "https://"}, "not the address of a feed"),
        ({"url": "https://a.example", "match": "some"}, "`match` is all or keywords"),
        ({"url": "https://a.example", "timeout": "soon"}, "`timeout` is a number"),
    ],
)
def test_wrong_settings(settings: JSON, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        asyncio.run(_fetched(Setup("alerts", settings)))


def test_check_says_what_it_found(lying: LyingServer) -> None:
    lying.on("/feed", Script(body=rss(item(1), item(2))))

    async def check() -> str:
        async with FEED.open(Setup("alerts", {"url": f"{lying.url}/feed", "allow_private": "yes"})) as client:
            assert isinstance(client, Checker)
            return await client.check()

    assert asyncio.run(check()) == f"{lying.url}/feed: 'Blog', 2 entries"


class TestTheContract(FetcherContract):
    """What every source holds to, kept by a feed with all its entries."""

    @pytest.fixture(autouse=True)
    def feed(self, lying: LyingServer) -> None:
        self.url = f"{lying.url}/feed"
        self.items: list[JSON] = []
        lying.on("/feed", self.answer)

    def answer(self, _request: Request) -> Script:
        feed = {"version": "https://jsonfeed.org/version/1", "items": self.items}
        return Script(body=json.dumps(feed).encode())

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        return FEED.open(Setup("alerts", {"url": self.url, "allow_private": True}))

    def write(self, texts: Sequence[str]) -> list[str]:
        start = len(self.items)
        for number, text in enumerate(texts, start):
            date = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)).isoformat()
            self.items.insert(0, {"id": f"urn:x:{number}", "content_text": text, "date_published": date})
        return [f"urn:x:{number}" for number in range(start, len(self.items))]
