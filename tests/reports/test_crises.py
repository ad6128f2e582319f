"""Crises: what begins one, what ends one, what is usual; and all of it against a naive second writing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import sqrt
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.reports.crises import WEEK, Burst, Rules, bursts, grown

RULES = Rules(minimum=5, threshold=4.0, weeks=8)
MONDAY = 494_016 // WEEK * WEEK + 96  # a Monday, 00:00 UTC


def found(negative: Mapping[int, int], **changes: Any) -> list[Burst]:
    week = {"first": MONDAY - 10 * WEEK, "since": MONDAY, "until": MONDAY + WEEK, "complete": MONDAY + WEEK}
    given: dict[str, Any] = {**week}
    given |= {"hour_of_week": lambda hour: hour % WEEK, "rules": RULES, **changes}
    return bursts(negative, **given)


def usually(count: int, *, weeks: int = 9) -> dict[int, int]:
    """So many every hour in the weeks before, and in the week."""
    return dict.fromkeys(range(MONDAY - weeks * WEEK, MONDAY + WEEK), count)


def test_a_burst_on_a_quiet_day_has_a_beginning_a_peak_and_an_end() -> None:
    (burst,) = found({MONDAY + 10: 6, MONDAY + 11: 14, MONDAY + 12: 3, MONDAY + 15: 1})
    assert (burst.start, burst.end, burst.mentions) == (MONDAY + 10, MONDAY + 13, 23)
    assert (burst.peak, burst.peak_at, burst.ratio) == (14, MONDAY + 11, None)
    assert (burst.usual.median, burst.usual.hours, burst.usual.weekly) == (0, 8, True)


def test_what_is_usual_at_that_hour_is_no_crisis() -> None:
    every_monday = {MONDAY - week * WEEK + 10: 30 for week in range(9)}
    assert found(every_monday) == []
    (burst,) = found({**every_monday, MONDAY + 11: 30})
    assert burst.start == MONDAY + 11


def test_a_few_are_no_crisis_however_quiet_it_was() -> None:
    assert found({MONDAY + 10: 4}) == []
    assert len(found({MONDAY + 10: 5})) == 1


def test_counts_that_arrive_by_chance_are_no_crisis() -> None:
    level = usually(16)
    assert found({**level, MONDAY + 10: 32}) == []  # four times the spread of chance, and not more
    (burst,) = found({**level, MONDAY + 10: 33})
    assert (burst.peak, burst.ratio, burst.usual.spread) == (33, 33 / 16, 4)


def test_one_calm_hour_does_not_end_it() -> None:
    (burst,) = found({MONDAY + 10: 9, MONDAY + 12: 9})
    assert (burst.start, burst.end) == (MONDAY + 10, MONDAY + 13)
    assert [each.start - MONDAY for each in found({MONDAY + 10: 9, MONDAY + 13: 9})] == [10, 13]


def test_what_goes_on_has_no_end_and_an_hour_that_is_not_over_is_not_calm() -> None:
    now = {"until": MONDAY + 13, "complete": MONDAY + 12}
    (burst,) = found({MONDAY + 10: 9}, **now)
    assert burst.end is None
    assert burst.mentions == 9
    (burst,) = found({MONDAY + 10: 9}, until=MONDAY + 13, complete=MONDAY + 13)
    assert burst.end == MONDAY + 11


def test_a_burst_that_began_before_the_period_is_in_it() -> None:
    (burst,) = found({MONDAY - 1: 9, MONDAY: 8})
    assert burst.start == MONDAY - 1
    assert found({MONDAY - 3: 9}) == []


def test_a_young_archive_is_compared_with_all_its_hours_or_not_at_all() -> None:
    first = MONDAY - 30
    level = dict.fromkeys(range(first, MONDAY + WEEK), 2)
    (burst,) = found({**level, MONDAY + 1: 20}, first=first)
    assert (burst.usual.weekly, burst.usual.hours, burst.usual.median) == (False, 31, 2)
    assert found({MONDAY + 1: 50}, first=MONDAY - 22) == []  # 23 hours are no measure


def test_the_wall_clock_decides_what_the_same_hour_is() -> None:
    zone = ZoneInfo("Europe/Warsaw")

    def hour_of_week(hour: int) -> int:
        local = datetime.fromtimestamp(3600 * hour, UTC).astimezone(zone)
        return 24 * local.weekday() + local.hour

    monday = int(datetime(2026, 10, 26, tzinfo=zone).timestamp()) // 3600  # the day after clocks were put back
    nine = [int(datetime(2026, 10, day, 9, tzinfo=zone).timestamp()) // 3600 for day in (5, 12, 19, 26)]
    given = {"first": monday - 10 * WEEK, "since": monday, "until": monday + 24, "complete": monday + 24}
    assert found(dict.fromkeys(nine, 30), hour_of_week=hour_of_week, **given) != []  # three of eight weeks only
    nine += [hour - 4 * WEEK for hour in nine[:3]]
    assert found(dict.fromkeys(nine, 30), hour_of_week=hour_of_week, **given) == []


@pytest.mark.parametrize(
    ("during", "before", "named"),
    [
        ({"app": 10, "bag": 12}, {"bag": 120}, ("app", 10.0)),
        ({"app": 10, "bag": 40}, {"bag": 100}, ("bag", 30.0)),
        ({"b": 3, "a": 3}, {}, ("a", 3.0)),
        ({"bag": 3}, {"bag": 90}, None),
        ({}, {"bag": 9}, None),
    ],
)
def test_the_topic_that_grew_most(during: dict[str, int], before: dict[str, int], named: Any) -> None:
    assert grown(during, before, share=0.1) == named


# The naive writing


Naive = list[tuple[int, int | None, int]]


def naive(negative: Mapping[int, int], first: int, since: int, until: int, complete: int) -> Naive:
    def level(hour: int) -> tuple[float, float] | None:
        same = [h for h in range(max(first, hour - 8 * WEEK - 1), hour - 1) if h % WEEK == hour % WEEK]
        if len(same) < 2:
            same = [h for h in range(first, hour) if h >= hour - 14 * 24]
            if len(same) < 24:
                return None
        counts = [negative.get(h, 0) for h in same]
        middle = median(counts)
        return middle, max(1.0, sqrt(middle), 1.4826 * median([abs(c - middle) for c in counts]))

    out: Naive = []
    running: int | None = None
    calm = 0
    for hour in range(max(first, since - WEEK), until):
        usual = level(hour)
        count = negative.get(hour, 0)
        above = None if usual is None else (count - usual[0]) / usual[1]
        if running is None:
            if above is not None and count >= 5 and above > 4:
                running, calm = hour, 0
            continue
        calm = calm + 1 if hour < complete and (above is None or above < 2) else 0
        if calm == 2:
            out.append((running, hour - 1, sum(negative.get(h, 0) for h in range(running, hour - 1))))
            running = None
            if above is not None and count >= 5 and above > 4:
                running, calm = hour, 0
    if running is not None:
        out.append((running, None, sum(negative.get(h, 0) for h in range(running, until))))
    return [one for one in out if one[1] is None or one[1] > since]


@settings(max_examples=60)
@given(
    st.dictionaries(st.integers(-9 * WEEK, 60), st.integers(1, 12), max_size=60),
    st.dictionaries(st.integers(-20, 60), st.integers(5, 60), max_size=20),
    st.integers(-9 * WEEK, 0),
    st.integers(1, 60),
    st.booleans(),
)
def test_bursts_equal_a_naive_writing(
    base: dict[int, int], high: dict[int, int], first: int, length: int, over: bool
) -> None:
    negative = {MONDAY + hour: count for hour, count in {**base, **high}.items() if hour >= first}
    until = MONDAY + length
    given = {"first": MONDAY + first, "since": MONDAY, "until": until, "complete": until if over else until - 1}
    negative = {hour: count for hour, count in negative.items() if hour < until}
    assert [(b.start, b.end, b.mentions) for b in found(negative, **given)] == naive(negative, **given)
