"""The doors of Bluesky: what strangers send becomes a mention or is refused; what we write has sound facets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from carecli.model import Author, Mention, Reply
from carecli.platforms.bluesky import BLUESKY, measure
from carecli.platforms.bluesky.posts import full_text, mention
from carecli.platforms.bluesky.reply import TID_LETTERS, facets, handles_in, record_key

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
BRAND = "did:plc:brand"


def view(**changes: Any) -> dict[str, Any]:
    """A sound post view; `record`'s fields are merged, the others replaced."""
    record = {
        "$type": "app.bsky.feed.post",
        "text": "the app crashes",
        "createdAt": "2026-11-20T08:00:00Z",
        "langs": ["en"],
    } | changes.pop("record", {})
    return {
        "uri": "at://did:plc:zoe/app.bsky.feed.post/3m5x2k7q2zk2a",
        "cid": "bafyone",
        "author": {"did": "did:plc:zoe", "handle": "zoe.example", "displayName": "Zoe"},
        "record": record,
        "indexedAt": "2026-11-20T08:00:01.120Z",
        "likeCount": 2,
        "repostCount": 1,
        "replyCount": 0,
    } | changes


def link(text: str, shown: str, uri: str) -> dict[str, Any]:
    start = text.encode().index(shown.encode())
    index = {"byteStart": start, "byteEnd": start + len(shown.encode())}
    return {"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}]}


def test_a_post_view_becomes_a_mention() -> None:
    made = mention(view(), own_did=BRAND, followers=7, now=NOW)
    assert json.loads(made.raw or "") == view()
    assert made == Mention(
        platform="bluesky",
        external_id="at://did:plc:zoe/app.bsky.feed.post/3m5x2k7q2zk2a",
        text="the app crashes",
        created_at=datetime(2026, 11, 20, 8, tzinfo=UTC),
        author=Author("zoe.example", "Zoe", "did:plc:zoe", 7, "https://bsky.app/profile/did:plc:zoe"),
        url="https://bsky.app/profile/zoe.example/post/3m5x2k7q2zk2a",
        language="en",
        directed=False,
        likes=2,
        reposts=1,
        replies=0,
        raw=made.raw,
    )


@pytest.mark.parametrize(
    ("created", "indexed", "expected"),
    [
        ("2026-11-20T08:00:00Z", "2026-11-20T08:00:01Z", "08:00:00"),
        ("2031-01-01T00:00:00Z", "2026-11-20T08:00:01Z", "08:00:01"),
        ("2031-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "09:00:00"),
        ("yesterday", "2026-11-20T08:00:01Z", "08:00:01"),
        (None, "2026-11-20T10:00:01+02:00", "08:00:01"),
    ],
)
def test_a_chosen_date_is_never_later_than_what_the_server_saw(
    created: str | None, indexed: str, expected: str
) -> None:
    made = mention(view(record={"createdAt": created}, indexedAt=indexed), own_did=BRAND, now=NOW)
    assert made.created_at.strftime("%H:%M:%S") == expected


@pytest.mark.parametrize(
    "record",
    [
        {"facets": [{"index": {"byteStart": 0, "byteEnd": 3}, "features": [{"did": BRAND}]}]},
        {
            "reply": {
                "root": {"uri": f"at://{BRAND}/x/1", "cid": "a"},
                "parent": {"uri": "at://did:plc:y/x/2", "cid": "b"},
            }
        },
        {
            "reply": {
                "root": {"uri": "at://did:plc:y/x/2", "cid": "b"},
                "parent": {"uri": f"at://{BRAND}/x/1", "cid": "a"},
            }
        },
        {"embed": {"$type": "app.bsky.embed.record", "record": {"uri": f"at://{BRAND}/x/1", "cid": "a"}}},
        {"embed": {"record": {"record": {"uri": f"at://{BRAND}/x/1", "cid": "a"}}, "media": {}}},
    ],
)
def test_what_names_answers_or_quotes_us_is_directed(record: dict[str, Any]) -> None:
    assert mention(view(record=record), own_did=BRAND, now=NOW).directed is True


def test_our_own_posts_are_outbound() -> None:
    assert mention(view(), own_did="did:plc:zoe", now=NOW).inbound is False
    assert mention(view(), own_did=BRAND, own_handles=frozenset({"zoe.example"}), now=NOW).inbound is False
    assert mention(view(), own_did=BRAND, now=NOW).inbound is True


def test_a_broken_handle_is_replaced_by_the_did() -> None:
    for handle in ("handle.invalid", "a b", "../../x", "zoe.example/../x"):
        made = mention(view(author={"did": "did:plc:zoe", "handle": handle}), own_did=BRAND, now=NOW)
        assert made.author.handle == "did:plc:zoe"
        assert made.url == "https://bsky.app/profile/did:plc:zoe/post/3m5x2k7q2zk2a"


def test_labels_tell_bots_and_people_who_hide_from_strangers() -> None:
    labels = [{"val": "bot"}, {"val": "!no-unauthenticated"}, "junk", {"val": 3}]
    made = mention(
        view(author={"did": "did:plc:zoe", "handle": "zoe.example", "labels": labels}), own_did=BRAND, now=NOW
    )
    assert (made.automatic, made.visibility) == (True, "unlisted")


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": "https://example.com"},
        {"uri": "at://did:plc:zoe/app.bsky.feed.post/../../x"},
        {"uri": "at://did:plc:zoe/app.bsky.feed.like/3m5x2k7q2zk2a"},
        {"author": None},
        {"author": {"did": "zoe", "handle": "zoe.example"}},
        {"record": {"text": 7}},
        {"indexedAt": "soon"},
        {"cid": None},
    ],
)
def test_what_is_not_a_post_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        mention(view(**changes), own_did=BRAND, now=NOW)


def test_half_characters_never_get_in() -> None:
    author = {"did": "did:plc:zoe", "handle": "zoe.example", "displayName": "Z\ud800"}
    made = mention(view(author=author, record={"text": "broken \udfff letter"}), own_did=BRAND, now=NOW)
    for text in (made.text, made.author.name, made.raw):
        assert text
        assert text.encode()
    assert made.text.startswith("broken ")
    assert made.text.endswith(" letter")


@pytest.mark.parametrize("langs", [None, [], "en", [7], ["<b>"], [""], {"a": 1}])
def test_a_language_that_is_none_is_unknown(langs: Any) -> None:
    assert mention(view(record={"langs": langs}), own_did=BRAND, now=NOW).language is None


def test_shortened_links_are_written_out_by_bytes() -> None:
    text = "קרס 😀 example.com/help/wh... איפה"
    long = "https://example.com/help/what-to-do?x=1"
    assert full_text(text, [link(text, "example.com/help/wh...", long)]) == f"קרס 😀 {long} איפה"


@pytest.mark.parametrize("shown", ["example.com/he", "click here...", "xample.com/help…"])
def test_a_text_that_is_not_the_shortened_link_stays(shown: str) -> None:
    text = f"see {shown} now"
    assert full_text(text, [link(text, shown, "https://example.com/help/me")]) == text


@given(
    text=st.text(max_size=60),
    spans=st.lists(st.tuples(st.integers(-3, 90), st.integers(-3, 90)), max_size=5),
    junk=st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda part: st.lists(part, max_size=3)),
)
@settings(max_examples=150)
def test_hostile_facets_change_nothing(text: str, spans: list[tuple[int, int]], junk: Any) -> None:
    broken: list[Any] = [
        {"index": {"byteStart": start, "byteEnd": end}, "features": [{"uri": "https://evil.example/"}, junk]}
        for start, end in spans
    ]
    assert full_text(text, [*broken, junk, {"index": junk}]) == text
    assert full_text(text, junk) == text


@given(
    st.text(max_size=80),
    st.lists(st.sampled_from(["#tag", "https://a.example/x", "@zoe.example", "😀", "ש "])),
)
@settings(max_examples=150)
def test_our_facets_cut_the_text_where_they_say(text: str, parts: list[str]) -> None:
    whole = " ".join([text, *parts])
    data, done = whole.encode("utf-8", "surrogatepass"), 0
    for facet in facets(whole, {"zoe.example": "did:plc:zoe"}):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert done <= start < end <= len(data)
        done = end
        piece, feature = data[start:end].decode(), facet["features"][0]
        assert piece in (
            feature.get("uri"),
            "@zoe.example",
            f"#{feature.get('tag')}",
            f"＃{feature.get('tag')}",
        )


def test_facets_of_a_reply() -> None:
    text = "שלום @Zoe.example, see (https://acme.example/a_(b)). #Help! #2026 mail@zoe.example"
    found = {
        text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in facets(text, {"zoe.example": "did:plc:zoe"})
    }
    assert found == {
        "@Zoe.example": {"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:zoe"},
        "https://acme.example/a_(b)": {
            "$type": "app.bsky.richtext.facet#link",
            "uri": "https://acme.example/a_(b)",
        },
        "#Help": {"$type": "app.bsky.richtext.facet#tag", "tag": "Help"},
    }
    assert handles_in(text) == ["zoe.example"]


@given(st.text(max_size=40), st.integers(946_684_800, 4_102_444_800))
@settings(max_examples=100)
def test_record_keys_are_tids_of_their_second(key: str, second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    made = record_key(key, at)
    assert len(made) == 13
    number = sum(TID_LETTERS.index(letter) << shift for letter, shift in zip(made, range(60, -1, -5), strict=True))
    assert number >> 63 == 0
    moment = datetime.fromtimestamp((number >> 10) // 1_000_000, UTC)
    assert moment == at
    assert made == record_key(key, at + timedelta(microseconds=999_999))


def test_record_keys_differ_by_outbox_key() -> None:
    assert len({record_key(f"key-{number}", NOW) for number in range(1000)}) == 1000


def test_both_limits_are_one_measure() -> None:
    assert measure("a" * 300) == 300
    assert measure("👨‍👩‍👧‍👦" * 100) == 250  # 25 bytes each: 2,500 bytes are tighter than 100 graphemes
    assert measure("é" * 300) == 300
    assert BLUESKY.measure is measure


def test_a_reply_of_the_outbox_needs_no_moment() -> None:
    reply = Reply("sorry", mention(view(), own_did=BRAND, now=NOW))
    assert record_key("k", reply.created_at or reply.to.created_at) == record_key("k", reply.to.created_at)
