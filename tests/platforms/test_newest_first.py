"""A newest-first listing is read without a loss, however often the reading is cut off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.errors import BadAnswer
from carecli.platforms.web.newest_first import EMPTY_PAGES, LEAST_KNOWN, MOST_GAPS, MOST_KNOWN, Gap, Walk


class Listing:
    """What a server has: moments, newest first, and cursors that are positions from the oldest end."""

    def __init__(self, size: int) -> None:
        self.moments: list[int] = []
        self.size = size

    def page(self, at: str | None) -> tuple[list[int], str | None]:
        newest_first = sorted(self.moments, reverse=True)
        if at is not None:
            newest_first = [moment for moment in newest_first if moment < int(at)]
        page = newest_first[: self.size]
        return page, str(page[-1]) if page else None


def read(
    listing: Listing, saved: dict[str, Any], *, pages: int = 10_000, since: int | None = None
) -> tuple[list[int], dict[str, Any]]:
    """What a run of at most `pages` pages sees, and what it leaves; all of it went through JSON."""
    walk, seen = Walk(json.loads(json.dumps(saved)), since=since), []
    while walk.here is not None and pages:
        moments, cursor = listing.page(walk.here.at)
        walk.turn(moments, cursor, now=10**9)
        seen += moments
        pages -= 1
    return seen, walk.save() if walk.begun else saved


@given(
    runs=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), min_size=1, max_size=30),
    size=st.integers(1, 5),
)
@settings(max_examples=150)
def test_runs_that_are_cut_off_lose_nothing(runs: list[tuple[int, int]], size: int) -> None:
    listing, seen = Listing(size), set[int]()
    saved: dict[str, Any] = {}
    for arriving, pages in runs:
        newest = max(listing.moments, default=0)
        listing.moments += range(newest + 1, newest + 1 + arriving)
        some, saved = read(listing, saved, pages=pages)
        seen.update(some)
    rest, saved = read(listing, saved)
    assert seen | set(rest) == set(listing.moments)
    assert len(saved.get("gaps", [])) == 0


def test_a_finished_walk_reads_only_what_is_new() -> None:
    listing = Listing(3)
    listing.moments = list(range(1, 31))
    _, saved = read(listing, {})
    listing.moments += [31, 32]
    seen, _ = read(listing, saved)
    assert max(seen) == 32
    assert len(seen) <= 12  # the new ones and the few pages that show that the rest is known


def test_the_newest_comes_first_although_a_backlog_is_left() -> None:
    listing = Listing(2)
    listing.moments = list(range(1, 101))
    _, saved = read(listing, {}, pages=3)
    listing.moments.append(200)
    seen, _ = read(listing, saved, pages=1)
    assert seen[0] == 200


def test_gaps_are_closed_newest_first() -> None:
    listing = Listing(2)
    saved: dict[str, Any] = {}
    for last in (50, 100):
        listing.moments = list(range(1, last + 1))
        _, saved = read(listing, saved, pages=1)
    seen, _ = read(listing, saved)
    met = list(dict.fromkeys(seen))
    assert met == sorted(met, reverse=True)


def test_a_head_that_is_read_again_joins_the_rest_that_it_left() -> None:
    listing = Listing(5)
    listing.moments = list(range(1, 41))
    _, saved = read(listing, {}, pages=1)
    _, again = read(listing, saved, pages=1)
    assert again["gaps"] == saved["gaps"]
    assert len(again["gaps"]) == 1


def test_one_false_date_does_not_end_the_reading() -> None:
    walk = Walk({"high": 1000, "gaps": []})
    walk.turn([1500, 1400, 1300, 1200, 5], "next", now=10**9)
    assert walk.here is not None


def test_a_moment_in_the_future_does_not_hide_what_comes_next() -> None:
    walk = Walk({})
    walk.turn([99_000, 900], None, now=1000)
    assert walk.high == 1000


@given(st.integers(1, 12), st.integers(1, 130), st.integers(0, 4))
@settings(max_examples=100)
def test_since_limits_one_run_and_leaves_the_rest_for_a_later_one(size: int, since: int, pages: int) -> None:
    listing = Listing(size)
    listing.moments = list(range(1, 11))
    _, saved = read(listing, {})
    listing.moments += range(11, 111)
    limited, saved = read(listing, saved, since=since, pages=pages)
    young = {moment for moment in limited if moment >= since}
    rest, saved = read(listing, saved)
    assert young | set(rest) >= set(range(11, 111))
    assert saved["gaps"] == []


def test_a_run_with_since_does_not_read_far_below_it() -> None:
    listing = Listing(10)
    listing.moments = list(range(1, 11))
    _, saved = read(listing, {})
    listing.moments += range(11, 211)
    limited, saved = read(listing, saved, since=190)
    assert min(limited) > 170
    again, _ = read(listing, saved, since=190)
    assert min(again) > 170


def test_what_was_remembered_is_known_in_the_next_run() -> None:
    walk = Walk({}, overlap=10)
    walk.turn([100, 95, 20], None, now=1000)
    walk.remember([("a", 100), ("b", 95), ("שלום", 20)])
    later = Walk(json.loads(json.dumps(walk.save())), overlap=10)
    assert [later.is_known(item) for item in ("a", "b", "שלום", "c")] == [True, True, True, False]


def test_what_is_remembered_is_bounded() -> None:
    walk = Walk({}, overlap=100)
    walk.turn([10_000], None, now=10_000)
    walk.remember((f"old {number}", number) for number in range(2000))
    assert len(walk.save()["known"]) == LEAST_KNOWN
    walk.remember((f"new {number}", 9_950) for number in range(7000))
    assert len(walk.save()["known"]) == MOST_KNOWN


def test_the_first_run_takes_since_for_good() -> None:
    listing = Listing(10)
    listing.moments = list(range(1, 111))
    first, saved = read(listing, {}, since=90)
    again, _ = read(listing, saved)
    assert min(first) > 70
    assert min(again) > 70


def test_the_same_cursor_for_ever_is_an_error() -> None:
    walk = Walk({})
    walk.turn([5], "a", now=10)
    with pytest.raises(BadAnswer, match="circles"):
        walk.turn([4], "a", now=10)


def test_empty_pages_for_ever_are_an_error() -> None:
    walk = Walk({})
    for number in range(EMPTY_PAGES - 1):
        walk.turn([], str(number), now=10)
    with pytest.raises(BadAnswer, match="no end"):
        walk.turn([], "last", now=10)


def test_empty_pages_with_a_cursor_do_not_end_the_reading() -> None:
    walk = Walk({"high": 100, "gaps": []})
    walk.turn([], "a", now=1000)
    assert walk.here is not None
    assert walk.here.at == "a"


def test_gaps_are_joined_before_they_are_many() -> None:
    listing, seen = Listing(1), set[int]()
    saved: dict[str, Any] = {}
    for number in range(0, 200, 5):
        listing.moments += range(number + 1, number + 6)
        some, saved = read(listing, saved, pages=1)
        seen.update(some)
    assert len(saved["gaps"]) <= MOST_GAPS
    rest, _ = read(listing, saved)
    assert seen | set(rest) == set(listing.moments)


def test_a_cursor_that_has_become_invalid_is_replaced_once() -> None:
    walk = Walk({"high": 100, "gaps": [["stale", 50, 10]]})
    walk.turn([60], None, now=1000)
    assert walk.here is not None
    assert walk.here.at == "stale"
    assert walk.restart()
    assert walk.here is not None
    assert walk.here == Gap(None, None, 10)
    assert not walk.restart()


@pytest.mark.parametrize(
    "saved",
    [
        {"high": "x", "gaps": 7, "known": 1},
        {"gaps": [1, [2], [None, "a", 3]], "known": [1, [2, 3], ["a", "b"]]},
        {"high": True},
    ],
)
def test_a_damaged_cursor_begins_anew(saved: dict[str, Any]) -> None:
    walk = Walk(saved)
    assert walk.high is None
    assert walk.here is not None
    assert walk.here.at is None
