"""Cues that stand close to each other, and how reasons quote them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from carecli.triage.hits import Hit, because, near

SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda span: Hit("", span[0], sum(span), "")), max_size=12
)


@given(SPANS, SPANS, st.integers(0, 25))
def test_what_is_near_is_what_a_look_at_all_pairs_finds(ones: list[Hit], others: list[Hit], most: int) -> None:
    assert near(ones, others, most) == [
        any(one.start - other.end < most and other.start - one.end < most for other in others) for one in ones
    ]


def test_a_reason_is_short_whatever_was_written() -> None:
    assert because("asks", ["refund, "]) == "asks: 'refund'"
    assert because("asks", ["one", "two", "one", "three", "four"]) == "asks: 'one', 'two', 'three'"
    assert len(because("asks", ["refund" + "a" * 3_900])) < 80
