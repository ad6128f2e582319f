"""Quantiles and intervals: known values and what must always hold."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.reports.stats import net_interval, percentile, wilson

SECONDS = st.lists(st.floats(0, 1e9), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.9, 7.0),
        ([10.0, 20.0], 0.5, 15.0),
        ([4.0, 1.0, 3.0, 2.0], 0.9, 3.7),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 0.9, 4.6),
        ([1.0, 2.0, 3.0], 0.0, 1.0),
        ([1.0, 2.0, 3.0], 1.0, 3.0),
    ],
)
def test_percentile_interpolates_linearly(values: list[float], q: float, expected: float | None) -> None:
    assert percentile(values, q) == (None if expected is None else pytest.approx(expected))


@given(SECONDS)
def test_percentiles_agree_with_the_standard_library(values: list[float]) -> None:
    assert percentile(values, 0.5) == pytest.approx(statistics.median(values))
    if len(values) > 1:
        deciles = statistics.quantiles(values, n=10, method="inclusive")
        assert [percentile(values, tenth / 10) for tenth in range(1, 10)] == pytest.approx(deciles)


@given(SECONDS, st.floats(0, 1))
def test_a_percentile_lies_between_the_extremes_whatever_the_order(values: list[float], q: float) -> None:
    found = percentile(values, q)
    assert found is not None
    assert min(values) <= found <= max(values)
    assert percentile(values[::-1], q) == found


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_without_observations_an_interval_is_everything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert net_interval(0, 0, 0) == (-1.0, 1.0)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_intervals_hold_their_estimate_and_mirror(positive: int, negative: int, neutral: int) -> None:
    n = positive + negative + neutral
    low, high = net_interval(positive, negative, n)
    assert -1 <= low <= high <= 1
    assert net_interval(negative, positive, n) == pytest.approx((-high, -low))
    if n:
        assert low - 1e-9 <= (positive - negative) / n <= high + 1e-9
        share_low, share_high = wilson(positive, n)
        assert 0 <= share_low <= positive / n <= share_high <= 1


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40))
def test_more_of_the_same_narrows_the_interval(positive: int, negative: int) -> None:
    n = positive + negative
    low, high = net_interval(positive, negative, n)
    many_low, many_high = net_interval(positive * 10, negative * 10, n * 10)
    assert many_high - many_low < high - low
