"""The same text by others or elsewhere is one case, counted; whoever only shares a complaint is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from carecli.cases import reposts
from carecli.casework import casefile
from carecli.model import Author, Mention
from carecli.store import Store
from carecli.store.cases import Filter
from tests.core.tools import ACME, NOW, arrive

TEXT = "Acme cancels all flights to Lisbon until Friday, thousands of travellers are stranded at the airport."


def post(number: int, text: str = TEXT, *, directed: bool = False, to: str | None = None, hours: float = 0) -> Mention:
    at = NOW - timedelta(days=1) + timedelta(hours=hours, minutes=number)
    return Mention("x", str(number), text, at, Author(f"user{number}"), in_reply_to=to, inbound=True, directed=directed)


def queue(store: Store) -> list[tuple[int, int, int]]:
    found = casefile.queue(store, ACME, Filter(everything=True), now=NOW)
    return sorted((case["case"], case["mentions"], case["reposts"]) for case in found)


def test_reposts_and_cross_posts_are_one_case_counted(store: Store) -> None:
    arrive(store, post(1), post(2, f"RT @user1: {TEXT.upper()}"))
    arrive(store, replace(post(3), platform="y", author=Author("user1")))
    arrive(store, post(4, TEXT.replace(",", " –")))
    assert queue(store) == [(1, 1, 3)]
    (case,) = casefile.queue(store, ACME, Filter(everything=True), now=NOW)
    assert case["customer"]["handle"] == "user1"
    arrive(store, post(5, "any news?", to="2"))  # whoever answers a repost speaks in that case
    assert queue(store) == [(1, 2, 3)]
    assert len(casefile.case_file(store, ACME, 1, now=NOW).mentions) == 5


@pytest.mark.parametrize(
    "other",
    [
        post(2, TEXT, directed=True),
        post(2, TEXT, to="99"),
        post(2, TEXT, hours=-200),
        post(2, TEXT + " Shame!"),
        replace(post(2), author=Author("user1")),
    ],
    ids=["it is meant for us", "it is a reply", "long ago", "other words", "the same person again"],
)
def test_what_is_no_repost(store: Store, other: Mention) -> None:
    arrive(store, post(1))
    arrive(store, other)
    assert [(count, copies) for _, count, copies in queue(store)] == [(1, 0), (1, 0)]


def test_short_texts_are_everybodys() -> None:
    assert reposts.gist("my bag is lost, acme!") is None
    assert reposts.gist("strike! https://news.example/acme") == reposts.gist("Strike: https://news.example/acme")
    assert reposts.gist("https://a.example") is None


def test_two_people_may_say_the_same_few_words(store: Store) -> None:
    arrive(store, post(1, "my bag is lost, acme!"), post(2, "my bag is lost, acme!"))
    assert [(count, copies) for _, count, copies in queue(store)] == [(1, 0), (1, 0)]


def test_what_was_edited_repeats_what_it_says_now(store: Store) -> None:
    arrive(store, post(1, TEXT.replace("Lisbon", "Porto")))
    arrive(store, post(1))
    arrive(store, post(2))
    assert queue(store) == [(1, 1, 1)]


def test_risks_are_kept_with_what_was_said(store: Store) -> None:
    arrive(store, post(1, "I will see you in court, my lawyer has your letters."), post(2, "nice weather today"))
    rows = store.rows("SELECT text, risks FROM mentions ORDER BY mention_id")
    assert ["legal" in row["risks"] for row in rows] == [True, False]


def test_a_repost_never_reopens_a_case(store: Store) -> None:
    from carecli import act

    arrive(store, post(1))
    act.record(store, 1, "resolved", now=NOW)
    arrive(store, post(2, hours=25))
    found = casefile.case_file(store, ACME, 1, now=NOW).case
    assert (found["status"], found["reposts"]) == ("resolved", 1)


def test_a_case_that_is_merged_brings_its_reposts(store: Store) -> None:
    arrive(store, post(50, "any news?", to="49"))  # case 1: what it answers is still to come
    arrive(store, post(1), post(2))
    assert queue(store) == [(1, 1, 0), (2, 1, 1)]
    arrive(store, post(49, "what now?", to="1"))
    assert queue(store) == [(1, 3, 1)]
