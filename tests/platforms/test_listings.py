"""How listings are walked: whatever happens between two pages, everything arrives, and what is known does not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.errors import BadAnswer, PlatformError, RateLimited
from carecli.model import JSON, Author, Mention, Page, iso
from carecli.platforms.web.fields import Fields, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, Until, beyond, one, pages, sheet

NOW = datetime.now(UTC).replace(microsecond=0)
SIZE = 5


@dataclass
class Shelf:
    """A platform's list: numbers with the moments that they were written or changed at."""

    items: dict[int, datetime] = field(default_factory=dict)
    forward: bool = False
    asked: int = 0

    def put(self, number: int, at: datetime) -> None:
        self.items[number] = at

    def listing(self) -> Listing:
        return Listing("shelf", self.read, forward=self.forward)

    async def read(self, at: str | None) -> Sheet:
        self.asked += 1
        place = Until.parse(at)
        found = sorted(self.items.items(), key=lambda item: (item[1], item[0]), reverse=not self.forward)
        if place is not None:
            edge = datetime.fromtimestamp(place.second, UTC)
            found = [item for item in found if (item[1] >= edge if self.forward else item[1] <= edge)]
        number = place.page if place else 1
        values = [{"id": str(key), "at": iso(at)} for key, at in found[(number - 1) * SIZE : number * SIZE]]
        return sheet(values, self.entry, "shelf", beyond(place, values, "at", SIZE))

    def entry(self, item: Fields) -> Entry:
        made = Mention("shelf", item.id("id"), f"text {item.text('at')}", item.time("at"), Author("zoe"))
        return Entry(f"{made.external_id}\0{item.text('at')}", one(made).moment, (made,))


def walk(listings: Sequence[Listing], cursor: JSON, *, since: datetime | None = None, most: int = 99) -> list[Page]:
    async def main() -> list[Page]:
        found = list[Page]()
        async for page in pages(listings, json.loads(json.dumps(cursor)), since):
            found.append(page)
            if len(found) >= most:
                break
        return found

    return asyncio.run(main())


def ids(found: Sequence[Page]) -> list[str]:
    return [mention.external_id for page in found for mention in page.mentions]


# Steps: so many items at the same moment, so many seconds later; then so many pages are read before a stop.
STEPS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 90), st.integers(0, 4)), min_size=1, max_size=8)


@given(steps=STEPS, forward=st.booleans())
@settings(max_examples=60)
def test_whatever_arrives_between_stops_comes_once(steps: list[tuple[int, int, int]], forward: bool) -> None:
    shelf, cursor, found = Shelf(forward=forward), JSON(), list[str]()
    clock, number = NOW - timedelta(days=2), 0
    for count, seconds, stop in steps:
        clock += timedelta(seconds=seconds)
        for _ in range(count):
            shelf.put(number, clock)
            number += 1
        if stop:
            read = walk([shelf.listing()], cursor, most=stop)
            found += ids(read)
            cursor = read[-1].cursor if read else cursor
    while read := walk([shelf.listing()], cursor, most=3):
        found += ids(read)
        cursor = read[-1].cursor
    assert sorted(found, key=int) == [str(one) for one in range(number)]


@given(changes=st.lists(st.tuples(st.integers(0, 29), st.integers(1, 3)), max_size=12))
@settings(max_examples=40)
def test_what_changes_while_pages_are_read_is_never_missed(changes: list[tuple[int, int]]) -> None:
    shelf, cursor, seen = Shelf(forward=True), JSON(), dict[str, str]()
    clock = NOW - timedelta(days=2)
    for number in range(30):
        clock += timedelta(seconds=1)
        shelf.put(number, clock)
    for number, stop in changes:
        read = walk([shelf.listing()], cursor, most=stop)
        cursor = read[-1].cursor if read else cursor
        seen |= {mention.external_id: mention.text for page in read for mention in page.mentions}
        clock += timedelta(seconds=1)
        shelf.put(number, clock)
    seen |= {mention.external_id: mention.text for page in walk([shelf.listing()], cursor) for mention in page.mentions}
    assert seen == {str(number): f"text {iso(at)}" for number, at in shelf.items.items()}


# `since` is a lower bound that belongs to what is wanted, by the times that the platform gives; each item comes once,
# however many share its second, on whatever page it stands, and however the platform's clock goes.
@given(
    moments=st.lists(st.integers(0, 6), min_size=1, max_size=40),
    boundary=st.integers(0, 6),
    forward=st.booleans(),
    stop=st.integers(1, 4),
    read_before=st.booleans(),
    skew=st.sampled_from([timedelta(), timedelta(hours=3), -timedelta(hours=3)]),
)
@settings(max_examples=50)
def test_since_is_exact_at_its_boundary(
    moments: list[int], boundary: int, forward: bool, stop: int, read_before: bool, skew: timedelta
) -> None:
    begin = NOW - timedelta(days=1) + skew
    shelf = Shelf({number: begin + timedelta(seconds=at) for number, at in enumerate(moments)}, forward=forward)
    cursor, since = JSON(), begin + timedelta(seconds=boundary)
    found = list[str]()
    if read_before:  # the walk back of a source that has gone on to the end of its list
        since_then = begin + timedelta(seconds=7)
        shelf.put(len(moments), since_then)
        read = walk([shelf.listing()], cursor, since=since_then)
        found, cursor = ids(read), read[-1].cursor
    for _ in range(60):
        if not (read := walk([shelf.listing()], cursor, since=since, most=stop)):
            break
        found, cursor = found + ids(read), read[-1].cursor
    else:
        raise AssertionError("it never comes to an end")
    wanted = [number for number, at in shelf.items.items() if at >= since]
    assert sorted(found, key=int) == [str(number) for number in wanted]


def test_an_item_from_the_future_was_written_when_it_was_seen() -> None:
    shelf = Shelf({1: NOW - timedelta(hours=1), 2: NOW + timedelta(days=2)})
    (page,) = walk([shelf.listing()], {}, since=NOW - timedelta(hours=2), most=1)
    assert ids([page]) == ["2", "1"]
    assert all(mention.created_at <= datetime.now(UTC) for mention in page.mentions)
    shelf.put(3, NOW + timedelta(seconds=1))
    assert "3" in ids(walk([shelf.listing()], page.cursor, most=3))  # the mark did not run ahead


@pytest.mark.parametrize("forward", [False, True])
def test_the_first_fetch_goes_back_a_month_and_an_earlier_since_further(forward: bool) -> None:
    shelf = Shelf({number: NOW - timedelta(days=10 * number, hours=1) for number in range(10)}, forward=forward)
    first = walk([shelf.listing()], {})
    assert sorted(ids(first)) == ["0", "1", "2"]
    cursor = first[-1].cursor
    assert walk([shelf.listing()], cursor) == []
    second = walk([shelf.listing()], cursor, since=NOW - timedelta(days=65))
    assert sorted(ids(second)) == ["3", "4", "5", "6"]
    assert walk([shelf.listing()], second[-1].cursor) == []


@pytest.mark.parametrize("forward", [False, True])
def test_what_arrives_late_is_found_within_the_hour(forward: bool) -> None:
    shelf = Shelf({number: NOW - timedelta(minutes=200 - number) for number in range(20)}, forward=forward)
    cursor = walk([shelf.listing()], {})[-1].cursor
    shelf.put(99, NOW - timedelta(minutes=200 - 10, seconds=30))
    assert ids(walk([shelf.listing()], cursor)) == ["99"]


@pytest.mark.parametrize("hours", [-3, 3])
@pytest.mark.parametrize("forward", [False, True])
def test_a_servers_clock_may_go_wrong(hours: int, forward: bool) -> None:
    base = NOW + timedelta(hours=hours)
    shelf = Shelf({number: base + timedelta(seconds=number) for number in range(23)}, forward=forward)
    first = walk([shelf.listing()], {})
    assert sorted(ids(first), key=int) == [str(number) for number in range(23)]
    assert max(mention.created_at for page in first for mention in page.mentions) <= datetime.now(UTC)
    shelf.put(23, base + timedelta(seconds=40))
    assert ids(walk([shelf.listing()], first[-1].cursor)) == ["23"]


def failing(error: PlatformError, *, own_limit: bool = False) -> Listing:
    async def read(_at: str | None) -> Sheet:
        raise error

    return Listing("bad", read, own_limit=own_limit)


def test_a_listing_that_fails_ends_alone_and_is_named_at_the_end() -> None:
    shelf = Shelf({number: NOW - timedelta(minutes=number) for number in range(12)})
    found = list[Page]()

    async def main(listings: list[Listing]) -> None:
        async for page in pages(listings, {}, None):
            found.append(page)

    with pytest.raises(BadAnswer):
        asyncio.run(main([failing(BadAnswer("broken")), shelf.listing()]))
    asyncio.run(main([failing(RateLimited("spent"), own_limit=True), shelf.listing()]))
    assert [page.skipped for page in found if page.skipped] == [("bad has to wait: spent",)]
    assert ids(found) == 2 * [str(number) for number in range(12)]
    asked = shelf.asked
    with pytest.raises(RateLimited):
        asyncio.run(main([failing(RateLimited("slow down")), shelf.listing()]))
    assert shelf.asked == asked, "whoever asks to wait is not asked for the next listing"


def test_a_list_without_end_is_left() -> None:
    async def read(_at: str | None) -> Sheet:
        return Sheet((), "again")

    with pytest.raises(BadAnswer, match="in circles"):
        walk([Listing("endless", read)], {})
    with pytest.raises(BadAnswer, match="in circles"):
        walk([Listing("endless", read, forward=True)], {})


def test_an_item_that_stands_twice_on_a_page_and_on_the_next_comes_once() -> None:
    def made(minutes: int) -> Entry:
        return one(Mention("x", str(minutes), "hello", NOW - timedelta(minutes=minutes), Author("zoe")))

    sheets = {
        None: Sheet([made(1), made(2), made(2), made(3)], "next"),
        "next": Sheet([made(2), made(3), made(4)]),
    }

    async def read(at: str | None) -> Sheet:
        return sheets[at]

    assert ids(walk([Listing("twice", read)], {})) == ["1", "2", "3", "4"]


def test_what_addresses_us_stays_so_in_another_listing() -> None:
    def made(directed: bool) -> Listing:
        async def read(_at: str | None) -> Sheet:
            mention = Mention("x", "1", "hello", NOW - timedelta(hours=1), Author("zoe"), directed=directed)
            return Sheet([one(mention)])

        return Listing(f"directed {directed}", read)

    first = walk([made(True), made(False)], {})
    assert [mention.directed for page in first for mention in page.mentions] == [True]
    second = walk([made(False), made(True)], {})
    assert [mention.directed for page in second for mention in page.mentions] == [False, True]


@pytest.mark.parametrize("cursor", [{"shelf": 7}, {"shelf": {"high": "x", "gaps": 3, "known": [1], "from": None}}])
def test_a_cursor_that_was_damaged_begins_anew(cursor: JSON) -> None:
    shelf = Shelf({1: NOW - timedelta(hours=1)})
    assert ids(walk([shelf.listing()], cursor)) == ["1"]


def test_fields_take_what_is_sound_and_nothing_else() -> None:
    item = Fields(
        {
            "id": 7,
            "name": "a\0b\ud800",
            "none": None,
            "deep": {"er": {"x": True}},
            "n": [-1, True, "12", 2**60],
            "late": "2999-01-01T00:00:00Z",
            "early": -5,
            "odd": "1e9",
            "huge": 10**30,
            "infinite": float("inf"),
        }
    )
    assert (item.id("id"), item.text("name"), item.note("none"), item.get("deep.er.x")) == (
        "7",
        "a\ufffdb\ufffd",
        None,
        True,
    )
    assert item.text("deep.er.x") == ""
    assert [Fields({"n": value}).count("n") for value in item.items("n")] == [None, None, 12, None]
    assert item.time("late") <= datetime.now(UTC)
    assert item.time("early") == datetime(1970, 1, 1, tzinfo=UTC)
    assert item.time("huge") <= datetime.now(UTC)
    for path in ("odd", "infinite", "none", "deep", "name"):
        assert moment(item.get(path)) is None
    with pytest.raises(ValueError, match="name is no id"):
        item.id("name")
    with pytest.raises(ValueError, match="no object"):
        Fields([])
