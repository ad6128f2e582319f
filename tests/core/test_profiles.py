"""Accounts that say that they are one person's: both have to, and nothing else counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.cases.profiles import Account, account, plain, proposals


def mastodon(number: int = 1, handle: str = "zoe@social.example", **profile: Any) -> Account:
    raw = {"account": {"acct": handle, "url": f"https://social.example/@{handle.partition('@')[0]}", **profile}}
    return account(number, "mastodon", handle, raw["account"]["url"], json.dumps(raw))


def bluesky(number: int = 2, handle: str = "zoe.example", **profile: Any) -> Account:
    return account(number, "bluesky", handle, None, json.dumps({"author": {"handle": handle, **profile}}))


TO_BLUESKY = '<p>Also <a href="https://bsky.app/profile/zoe.example" rel="me">there</a></p>'
TO_MASTODON = "I am https://social.example/@zoe on the other side"


@pytest.mark.parametrize(
    "back",
    [
        TO_MASTODON,
        "see @zoe@social.example",
        "HTTPS://www.Social.example/@Zoe/?x=1",
        "social.example/users/zoe https://social.example/users/zoe",
    ],
)
def test_each_links_to_the_other(back: str) -> None:
    (found,) = proposals([mastodon(note=TO_BLUESKY), bluesky(description=back)])
    assert (found.one, found.other) == (1, 2)
    assert "each profile links to the other" in found.because


def test_a_verified_field_is_a_link_back() -> None:
    fields = [{"name": "Bluesky", "value": TO_BLUESKY, "verified_at": "2026-01-01T00:00:00Z"}]
    (found,) = proposals([bluesky(), mastodon(fields=fields)])
    assert "verified" in found.because
    fields[0]["verified_at"] = ""
    assert list(proposals([bluesky(), mastodon(fields=fields)])) == []


@pytest.mark.parametrize(
    "accounts",
    [
        [mastodon(note=TO_BLUESKY), bluesky()],  # anybody can link to anybody
        [mastodon(), bluesky(description=TO_MASTODON)],
        [mastodon(note="zoe.example"), bluesky(description="@zoe")],  # names are no links
        [mastodon(note=TO_BLUESKY), bluesky(description="https://social.example/@zoe2")],
        [mastodon(note="https://social.example/@zoe")],  # to itself
        [mastodon(), bluesky(handle="zoe.example")],  # the same name
        [mastodon(note=TO_BLUESKY), bluesky(description=TO_MASTODON), bluesky(3)],  # two claim one address
    ],
)
def test_nothing_is_guessed(accounts: list[Account]) -> None:
    assert list(proposals(accounts)) == []


def test_what_others_say_in_a_message_is_not_the_authors_word() -> None:
    raw = {
        "account": {"acct": "zoe"},
        "content": TO_BLUESKY,
        "reblog": {"account": {"acct": "eve", "note": TO_BLUESKY}},
        "status": {"account": {"acct": "eve", "note": TO_BLUESKY}},
    }
    eve = account(1, "mastodon", "zoe@social.example", "https://social.example/@zoe", json.dumps(raw))
    assert eve.links == frozenset()


@given(
    st.text()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: (
            st.lists(x) | st.dictionaries(st.sampled_from(["account", "author", "fields", "value", "note", "acct"]), x)
        ),
    ).map(json.dumps)
)
@settings(max_examples=80)
def test_whatever_a_platform_sends_is_read_without_harm(raw: str) -> None:
    found = account(1, "mastodon", "zoe", None, raw)
    assert all(link == plain(link) for link in found.links)
