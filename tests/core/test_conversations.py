"""Which messages are one case: the same, whatever order they arrive in, as a naive look at the finished trees says."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carecli.store import Store, open_store
from tests.core.tools import arrive, said

CUSTOMERS = ("zoe", "max", "ola")


@dataclass(frozen=True)
class Post:
    """A post of a tree: its number, who wrote it (None: we did), what it answers."""

    number: int
    who: str | None
    to: int | None


@st.composite
def forests(draw: st.DrawFn) -> list[Post]:
    posts: list[Post] = []
    for number in range(draw(st.integers(1, 9))):
        to = draw(st.none() | st.integers(0, number - 1)) if number else None
        posts.append(Post(number, draw(st.sampled_from([*CUSTOMERS, None, None])), to))
    return posts


def naive(posts: Sequence[Post]) -> set[frozenset[int]]:
    """The cases of finished trees: what a message answers decides, and below a post of ours to everybody its writer."""
    keys: dict[int, object] = {}
    for post in posts:  # parents come first
        key = None if post.to is None else keys[post.to]
        if key is None and post.who is not None:
            top = post.to
            while top is not None and posts[top].to is not None:
                top = posts[top].to
            key = ("case", post.number) if top is None else ("below", top, post.who)
        keys[post.number] = key
    found: dict[object, set[int]] = {}
    for number, key in keys.items():
        if key is not None:
            found.setdefault(key, set()).add(number)
    return {frozenset(numbers) for numbers in found.values()}


def filed(store: Store) -> set[frozenset[int]]:
    found: dict[int, set[int]] = {}
    for row in store.rows("SELECT case_id, external_id FROM mentions WHERE case_id IS NOT NULL"):
        found.setdefault(row["case_id"], set()).add(int(row["external_id"]))
    return {frozenset(numbers) for numbers in found.values()}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(forests(), st.data())
def test_cases_are_those_of_the_finished_trees(posts: list[Post], data: st.DataObject) -> None:
    order = data.draw(st.permutations(posts), label="order")
    size = data.draw(st.integers(1, len(posts)), label="page size")
    with TemporaryDirectory() as folder, closing(open_store(Path(folder) / "care.db")) as store:
        for start in range(0, len(order), size):
            page = [
                said(
                    str(post.number),
                    post.number,
                    to=None if post.to is None else str(post.to),
                    ours=post.who is None,
                    who=post.who,
                )
                for post in order[start : start + size]
            ]
            arrive(store, *page)
        assert filed(store) == naive(posts)


def test_two_customers_below_a_post_that_is_not_here_have_a_case_each(store: Store) -> None:
    arrive(store, said("2", 2, to="1", who="zoe"), said("3", 3, to="1", who="max"), said("4", 4, to="1", who="zoe"))
    assert filed(store) == {frozenset({2, 4}), frozenset({3})}
    arrive(store, said("1", 1, ours=True))
    assert filed(store) == {frozenset({2, 4}), frozenset({3})}, "it was a post of ours to everybody"
    arrive(store, said("5", 5, to="1", who="max"), said("6", 6, to="1", who="ola"))
    assert filed(store) == {frozenset({2, 4}), frozenset({3, 5}), frozenset({6})}


def test_they_are_one_conversation_when_it_was_a_customers(store: Store) -> None:
    arrive(store, said("2", 2, to="1", who="zoe"), said("3", 3, to="1", who="max"))
    arrive(store, said("1", 1, who="ola"))
    assert filed(store) == {frozenset({1, 2, 3})}
    assert [event["kind"] for event in store.rows("SELECT kind FROM events ORDER BY event_id")].count("merged") == 1
