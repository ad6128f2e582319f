"""Newest-first paging against a list that grows, shrinks and shifts between any two requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.errors import BadAnswer
from carecli.model import JSON
from carecli.platforms.mastodon.paging import EPOCH, Bounds, Item, advance, position

START = datetime(2025, 11, 20, 8, tzinfo=UTC)


class Source:
    """A newest-first list; what lies below a position is what was older than it."""

    def __init__(self) -> None:
        self.items: list[tuple[int, Item]] = []
        self.count = 0

    def add(self, many: int) -> None:
        for _ in range(many):
            self.count += 1
            item = Item(f"i{self.count * 7919 % 10007}", START + timedelta(seconds=self.count))
            self.items.insert(0, (self.count, item))

    def page(self, below: str | None, size: int) -> tuple[list[Item], str | None]:
        rest = [(number, item) for number, item in self.items if below is None or number < int(below)][:size]
        return [item for _, item in rest], str(rest[-1][0]) if rest else None


def walk(source: Source, state: JSON, size: int, steps: int, *, pages: int = 10**6) -> tuple[JSON, list[str], bool]:
    """Up to `steps` requests of passes; the state, the fresh ids, and whether a whole pass came to its end."""
    found: list[str] = []
    for _ in range(steps):
        items, following = source.page(position(state), size)
        bounds = Bounds(None, pages, datetime.now(UTC))
        step = advance(json.loads(json.dumps(state)), items, following, bounds)
        state = step.state
        found += step.fresh
        if step.done:
            return state, found, True
    return state, found, False


ACTIONS = st.lists(st.tuples(st.sampled_from(["add", "read", "delete"]), st.integers(1, 60)), min_size=1, max_size=25)


@given(ACTIONS, st.integers(1, 40))
@settings(max_examples=150)
def test_nothing_is_lost_and_nothing_comes_twice(actions: list[tuple[str, int]], size: int) -> None:
    source, state, found = Source(), dict[str, object](), list[str]()
    kept: set[str] = set()
    for action, many in actions:
        if action == "add":
            source.add(many)
        elif action == "delete" and source.items:
            del source.items[many % len(source.items)]
        else:
            state, fresh, _ = walk(source, state, size, many % 4 + 1)
            found += fresh
    kept = {item.id for _, item in source.items}
    for _ in range(2):
        state, fresh, done = walk(source, state, size, 10_000)
        found += fresh
        assert done
    assert kept <= set(found)
    assert len(found) == len(set(found))


def test_the_first_pass_without_a_date_is_bounded() -> None:
    source = Source()
    source.add(100)
    state, found, done = walk(source, {}, 10, 1000, pages=3)
    assert (len(found), done) == (30, True)
    source.add(55)
    _, found, done = walk(source, state, 10, 1000, pages=3)
    assert (len(found), done) == (55, True)


def test_what_comes_after_an_empty_first_pass_is_read_to_its_end() -> None:
    source = Source()
    state, found, done = walk(source, {}, 10, 1, pages=3)
    assert (found, done) == ([], True)
    source.add(90)
    assert len(walk(source, state, 10, 1000, pages=3)[1]) == 90


def test_since_bounds_the_depth() -> None:
    source = Source()
    source.add(100)
    state: JSON = {}
    pages = 0
    done = False
    while not done:
        items, following = source.page(position(state), 10)
        step = advance(state, items, following, Bounds(START + timedelta(seconds=75), 3, START))
        state, done, pages = step.state, step.done, pages + 1
    assert pages == 4


def test_a_time_from_the_future_does_not_hide_what_follows() -> None:
    now = START
    future = Item("f", START + timedelta(days=400))
    state = advance({}, [future], None, Bounds(None, 5, now)).state
    page = [Item(f"n{number}", now + timedelta(seconds=number)) for number in range(3)]
    step = advance(state, page, "next", Bounds(None, 5, now))
    assert (sorted(step.fresh), step.done) == (["n0", "n1", "n2"], False)


def test_the_same_position_again_is_an_error() -> None:
    page = [Item("a", START)]
    state = advance({}, page, "a", Bounds(None, 5, START)).state
    with pytest.raises(BadAnswer):
        advance(state, page, "a", Bounds(None, 5, START))


def test_items_without_a_time_do_not_make_a_page_new() -> None:
    state = advance({}, [Item("a", START)], None, Bounds(None, 5, START)).state
    old = [Item("b", EPOCH), Item("c", START - timedelta(days=1))]
    assert advance(state, old, "c", Bounds(None, 5, START)).done
