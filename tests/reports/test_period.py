"""Periods and moments: what people write, on days when the clocks change, and what must always hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carecli.reports.period import WEEKDAYS, Direction, Unit, last_complete, parse_when

WARSAW = "Europe/Warsaw"
ZONES = st.sampled_from(
    ["UTC", WARSAW, "Asia/Jerusalem", "Asia/Kolkata", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe"]
)
MOMENTS = st.integers(946684800, 2051222400).map(lambda second: datetime.fromtimestamp(second, UTC))
UNITS: list[Unit] = ["day", "week", "month"]

# A Saturday, 10:20 in Warsaw.
NOW = datetime(2026, 11, 21, 9, 20, tzinfo=UTC)


def at(words: str, zone: str = WARSAW) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("unit", "since", "until"),
    [
        ("day", "2026-11-20", "2026-11-21"),
        ("week", "2026-11-09", "2026-11-16"),
        ("month", "2026-10-01", "2026-11-01"),
    ],
)
def test_the_last_complete_span_ends_before_now(unit: Unit, since: str, until: str) -> None:
    assert last_complete(unit, NOW, WARSAW) == (at(since), at(until))


def test_a_week_may_begin_on_sunday() -> None:
    assert last_complete("week", NOW, WARSAW, "sunday") == (at("2026-11-08"), at("2026-11-15"))
    assert last_complete("week", NOW, WARSAW, "saturday") == (at("2026-11-14"), at("2026-11-21"))


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2026-03-30T12:00", 23), ("2026-10-26T12:00", 25), ("2026-11-21T12:00", 24)],
)
def test_a_day_on_which_the_clocks_change_has_its_own_length(now: str, hours: int) -> None:
    since, until = last_complete("day", at(now), WARSAW)
    assert until - since == timedelta(hours=hours)


def test_a_day_whose_midnight_does_not_exist_begins_when_it_begins() -> None:
    # Cairo went from 23:59 to 1:00 on 28 April 2023.
    since, until = last_complete("day", at("2023-04-29T12:00", "Africa/Cairo"), "Africa/Cairo")
    assert since == datetime(2023, 4, 27, 22, tzinfo=UTC)
    assert until - since == timedelta(hours=23)


@given(st.sampled_from(UNITS), MOMENTS, ZONES, st.sampled_from(WEEKDAYS))
def test_complete_spans_tile_the_calendar(unit: Unit, now: datetime, zone: str, week_start: str) -> None:
    since, until = last_complete(unit, now, zone, week_start)
    assert since < until <= now
    assert last_complete(unit, until, zone, week_start) == (since, until)
    _, before = last_complete(unit, until - timedelta(seconds=1), zone, week_start)
    assert before == since


def test_unknown_spans_zones_and_weekdays_are_named() -> None:
    with pytest.raises(ValueError, match="'year'"):
        last_complete("year", NOW, WARSAW)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"'Mars/Olympus'.*IANA"):
        last_complete("day", NOW, "Mars/Olympus")
    with pytest.raises(ValueError, match=r"'funday'.*monday"):
        last_complete("week", NOW, WARSAW, "funday")
    with pytest.raises(ValueError, match="time zone"):
        parse_when("now", NOW, "../etc/passwd")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("now", "2026-11-21T10:20"),
        ("today", "2026-11-21"),
        ("Yesterday", "2026-11-20"),
        ("tomorrow 9:00", "2026-11-22T09:00"),
        ("2026-11-01", "2026-11-01"),
        ("2026-11-01 9:30", "2026-11-01T09:30"),
        ("2026-11-01T09:30", "2026-11-01T09:30"),
        ("2026-11-01 09:30:15", "2026-11-01T09:30:15"),
        ("7d", "2026-11-14T10:20"),
        ("7 days ago", "2026-11-14T10:20"),
        ("in 2 hours", "2026-11-21T12:20"),
        ("24h", "2026-11-20T10:20"),
        ("1d12h", "2026-11-19T22:20"),
        ("90s", "2026-11-21T10:18:30"),
        ("2w", "2026-11-07T10:20"),
        ("monday", "2026-11-16"),
        ("saturday", "2026-11-21"),
        ("saturday 9:00", "2026-11-21T09:00"),
        ("saturday 17:00", "2026-11-14T17:00"),
        ("8:00", "2026-11-21T08:00"),
        ("12:00", "2026-11-20T12:00"),
    ],
)
def test_what_lies_behind(words: str, expected: str) -> None:
    assert parse_when(words, NOW, WARSAW) == at(expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("30m", "2026-11-21T10:50"),
        ("7d", "2026-11-28T10:20"),
        ("1h ago", "2026-11-21T09:20"),
        ("tomorrow", "2026-11-22"),
        ("monday", "2026-11-23"),
        ("saturday", "2026-11-28"),
        ("saturday 9:00", "2026-11-28T09:00"),
        ("saturday 17:00", "2026-11-21T17:00"),
        ("8:00", "2026-11-22T08:00"),
        ("12:00", "2026-11-21T12:00"),
    ],
)
def test_what_lies_ahead(words: str, expected: str) -> None:
    assert parse_when(words, NOW, WARSAW, direction="future") == at(expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026-11-01", "2026-11-02"),
        ("today", "2026-11-22"),
        ("yesterday", "2026-11-21"),
        ("sunday", "2026-11-16"),
        ("2026-11-01 9:30", "2026-11-01T09:30"),
        ("1h", "2026-11-21T09:20"),
    ],
)
def test_an_end_includes_the_day_it_names(words: str, expected: str) -> None:
    assert parse_when(words, NOW, WARSAW, end=True) == at(expected)


def test_an_offset_says_which_moment_is_meant() -> None:
    assert parse_when("2026-11-21T09:30Z", NOW, WARSAW) == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert parse_when("2026-11-21 09:30+02:00", NOW, WARSAW) == datetime(2026, 11, 21, 7, 30, tzinfo=UTC)


def test_days_of_a_span_keep_the_wall_clock_and_hours_do_not() -> None:
    monday = at("2026-03-30T09:00")  # the clocks went forward the night before
    assert parse_when("1d", monday, WARSAW) == at("2026-03-29T09:00")
    saturday = at("2026-03-28T09:00")
    assert parse_when("1d", saturday, WARSAW, direction="future") == at("2026-03-29T09:00")
    assert parse_when("24h", saturday, WARSAW, direction="future") == at("2026-03-29T10:00")


def test_times_that_the_clocks_skip_or_repeat() -> None:
    assert parse_when("2026-03-29 2:30", NOW, WARSAW) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert parse_when("2026-10-25 2:30", NOW, WARSAW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "7",
        "7x",
        "d",
        "-7d",
        "in 7d ago",
        "2026-13-01",
        "2026-02-30",
        "25:00",
        "monday 25:61",
        "9999999d",
        "999999w",
        "2026-11-21T25:00",
        "tomorrow noon",
        "0000-01-01",
        "９d",
        "monday monday",
        "0001-01-01",
    ],
)
def test_what_cannot_be_read_is_named_with_what_can(words: str) -> None:
    with pytest.raises(ValueError, match=r"cannot read .* write a date") as refusal:
        parse_when(words, NOW, "Asia/Tokyo")
    assert repr(words) in str(refusal.value)


@given(st.text(max_size=30), st.booleans(), st.sampled_from(["past", "future"]))
def test_any_text_is_a_moment_or_a_refusal(words: str, end: bool, direction: Direction) -> None:
    try:
        found = parse_when(words, NOW, WARSAW, end, direction)
    except ValueError as refusal:
        assert repr(words) in str(refusal)  # noqa: PT017 - both ways out are fine, and the message is checked
    else:
        assert found.tzinfo is UTC


@given(MOMENTS, ZONES)
def test_iso_text_comes_back_as_the_moment_it_was(moment: datetime, zone: str) -> None:
    assert parse_when(moment.isoformat(), NOW, zone) == moment


@given(MOMENTS, ZONES, st.sampled_from(WEEKDAYS), st.integers(0, 23), st.sampled_from(["past", "future"]))
def test_a_weekday_is_the_nearest_on_its_side(
    now: datetime, zone: str, weekday: str, hour: int, direction: Direction
) -> None:
    found = parse_when(f"{weekday} {hour}:30", now, zone, direction=direction)
    assert (found > now) == (direction == "future")
    assert abs(found - now) <= timedelta(days=7, hours=2)
