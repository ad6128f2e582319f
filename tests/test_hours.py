"""Business hours, against a minute-by-minute count and against what a team would say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.hours import (
    Hours,
    Range,
    add_business_seconds,
    business_seconds,
    parse_duration,
    parse_hours,
    show_duration,
)

WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
OFFICE = parse_hours("Europe/Warsaw", dict.fromkeys(WORKDAYS, ("09:00-13:00", "14:00-17:30")), [])
ROUND_THE_CLOCK = Hours("Europe/Warsaw")
NEVER = Hours(week=((),) * 7)
HOUR = 3600.0


def at(text: str, zone: str = "Europe/Warsaw") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def counted(start: datetime, end: datetime, hours: Hours) -> float:
    """The definition, minute by minute: what a clock on the team's wall shows."""
    assert hours.week is not None
    zone = ZoneInfo(hours.timezone)
    seconds, moment = 0, start.astimezone(UTC)
    while moment < end:
        wall = moment.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        ranges = () if wall.date() in hours.holidays else hours.week[wall.weekday()]
        seconds += 60 * any(opens <= minute < closes for opens, closes in ranges)
        moment += timedelta(minutes=1)
    return float(seconds)


# Around the nights when clocks change, in spring and in autumn.
CHANGES = {
    "Europe/Warsaw": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Asia/Jerusalem": ("2026-03-27", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Africa/Cairo": ("2026-04-24", "2026-10-29"),
}


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Hours, datetime]:
    """Any week in a zone with changes, and a moment (on the minute) within two days of one."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES[zone]))).replace(tzinfo=UTC)
    minute = st.integers(0, 1440)
    day = st.lists(st.tuples(minute, minute).filter(lambda pair: pair[0] < pair[1]), max_size=3)
    week: list[tuple[Range, ...]] = [tuple(draw(day)) for _ in range(7)]
    holidays = draw(st.frozensets(st.integers(-2, 2), max_size=2))
    hours = Hours(zone, tuple(week), frozenset((change + timedelta(days=n)).date() for n in holidays))
    return hours, change + timedelta(minutes=draw(st.integers(-1500, 1500)))


minutes = st.integers(0, 2000)
seconds = st.integers(0, 400_000_000_000).map(lambda microseconds: microseconds / 1e6)  # what a datetime can hold


@settings(max_examples=60)
@given(calendars(), minutes)
def test_counts_what_the_clock_on_the_wall_shows(calendar: tuple[Hours, datetime], span: int) -> None:
    hours, start = calendar
    end = start + timedelta(minutes=span)
    assert business_seconds(start, end, hours) == counted(start, end, hours)


@settings(max_examples=100)
@given(calendars(), seconds, seconds)
def test_spans_add_up_and_never_exceed_real_time(calendar: tuple[Hours, datetime], one: float, two: float) -> None:
    hours, a = calendar
    b = a + timedelta(seconds=one)
    c = b + timedelta(seconds=two)
    first, second, both = (business_seconds(*span, hours) for span in ((a, b), (b, c), (a, c)))
    assert first + second == pytest.approx(both, abs=1e-5)
    assert 0 <= first <= both <= (c - a).total_seconds()


@settings(max_examples=100)
@given(calendars(), seconds)
def test_the_end_of_a_target_is_the_first_moment_that_has_it(calendar: tuple[Hours, datetime], target: float) -> None:
    hours, start = calendar
    if not any(hours.week or ()):
        with pytest.raises(ValueError, match="no business hours on any day"):
            add_business_seconds(start, target + 1, hours)
        return
    due = add_business_seconds(start, target, hours)
    assert business_seconds(start, due, hours) == pytest.approx(target, abs=1e-5)
    if due > start:
        assert business_seconds(start, due - timedelta(seconds=1), hours) < business_seconds(start, due, hours)


@given(st.integers(-2_000_000_000, 4_000_000_000), seconds)
def test_around_the_clock_is_plain_time(epoch: int, target: float) -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch)
    end = start + timedelta(seconds=target)
    assert business_seconds(start, end, ROUND_THE_CLOCK) == (end - start).total_seconds()
    assert add_business_seconds(start, target, ROUND_THE_CLOCK) == end
    assert business_seconds(end, start, ROUND_THE_CLOCK) == 0


def test_a_lunch_break_and_a_night_do_not_count() -> None:
    start, end = at("2026-01-12T12:00"), at("2026-01-13T10:00")  # Monday to Tuesday
    assert business_seconds(start, end, OFFICE) == (1 + 3.5 + 1) * HOUR
    assert add_business_seconds(start, 5.5 * HOUR, OFFICE) == end


def test_a_target_that_ends_with_a_shift_ends_there_and_not_with_the_next() -> None:
    assert add_business_seconds(at("2026-01-12T09:00"), 4 * HOUR, OFFICE) == at("2026-01-12T13:00")
    assert add_business_seconds(at("2026-01-16T17:00"), HOUR, OFFICE) == at("2026-01-19T09:30")  # over a weekend


def test_nothing_to_wait_for_is_the_start_itself_even_when_closed() -> None:
    sunday = at("2026-01-18T03:00")
    assert add_business_seconds(sunday, 0, OFFICE) == sunday
    assert add_business_seconds(sunday, -5, NEVER) == sunday


def test_answers_are_in_utc() -> None:
    for hours in (OFFICE, ROUND_THE_CLOCK):
        for wait in (0, HOUR):
            assert add_business_seconds(at("2026-01-12T09:00"), wait, hours).tzinfo is UTC


def test_times_of_one_zone_are_compared_as_moments() -> None:
    """Python subtracts two times with the same zone by what their clocks show: an hour less on this night."""
    before, after = at("2026-10-24T22:00"), at("2026-10-25T22:00")
    assert business_seconds(before, after, ROUND_THE_CLOCK) == 25 * HOUR
    assert add_business_seconds(before, 25 * HOUR, ROUND_THE_CLOCK) == after
    first, second = at("2026-10-25T02:30"), at("2026-10-25T02:10").replace(fold=1)
    assert business_seconds(first, second, ROUND_THE_CLOCK) == 40 * 60


def test_offsets_do_not_matter() -> None:
    tokyo = timezone(timedelta(hours=9))
    start, end = at("2026-01-12T08:00"), at("2026-01-12T12:00")
    assert business_seconds(start.astimezone(tokyo), end.astimezone(UTC), OFFICE) == 3 * HOUR


@pytest.mark.parametrize(("day", "expected"), [("2026-03-29", 3), ("2026-10-25", 5), ("2026-03-22", 4)])
def test_the_night_of_a_clock_change_is_shorter_or_longer(day: str, expected: int) -> None:
    night = parse_hours("Europe/Warsaw", {"sunday": ["00:00-04:00"]}, [])
    start = at(f"{day}T00:00")
    assert business_seconds(start, start + timedelta(days=1), night) == expected * HOUR


def test_a_range_past_midnight_belongs_to_two_dates() -> None:
    night = parse_hours("Europe/Warsaw", {"monday": ["22:00-06:00"], "sunday": ["22:00-06:00"]}, [])
    monday = at("2026-01-12T00:00")
    assert business_seconds(monday, at("2026-01-13T00:00"), night) == (6 + 2) * HOUR
    assert business_seconds(monday, at("2026-01-14T00:00"), night) == (6 + 2 + 6) * HOUR
    by_hand = Hours("Europe/Warsaw", (((1320, 360),), *((),) * 5, ((1320, 360),)))
    assert business_seconds(monday, at("2026-01-14T00:00"), by_hand) == 14 * HOUR


def test_a_holiday_has_no_hours_in_the_teams_own_zone() -> None:
    days = dict.fromkeys((*WORKDAYS, "saturday", "sunday"), ("00:00-24:00",))
    closed = parse_hours("Asia/Jerusalem", days, [date(2026, 9, 21)])
    start, end = at("2026-09-20T12:00", "Asia/Jerusalem"), at("2026-09-22T12:00", "Asia/Jerusalem")
    assert business_seconds(start, end, closed) == 24 * HOUR
    assert add_business_seconds(start, 12 * HOUR + 1, closed) == at("2026-09-22T00:00:01", "Asia/Jerusalem")


def test_a_team_without_hours_still_has_its_holidays() -> None:
    hours = parse_hours("UTC", {}, [date(2026, 12, 25)])
    assert hours.week is None
    eve, after = datetime(2026, 12, 24, 12, tzinfo=UTC), datetime(2026, 12, 26, 12, tzinfo=UTC)
    assert business_seconds(eve, after, hours) == 24 * HOUR
    assert add_business_seconds(eve, 13 * HOUR, hours) == datetime(2026, 12, 26, 1, tzinfo=UTC)


def test_a_team_that_never_opens() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert business_seconds(start, start + timedelta(days=400), NEVER) == 0
    with pytest.raises(ValueError, match="no business hours on any day"):
        add_business_seconds(start, 1, NEVER)


def test_the_ends_of_the_calendar() -> None:
    last = datetime(9999, 12, 31, 12, tzinfo=UTC)
    assert business_seconds(last - timedelta(days=7), last, OFFICE) > 0
    for hours in (OFFICE, ROUND_THE_CLOCK):
        with pytest.raises(ValueError, match="9999"):
            add_business_seconds(last, 1e6, hours)


def test_parsed_hours_are_in_order_and_without_overlap() -> None:
    hours = parse_hours("UTC", {"monday": ["14:00 – 18:00", "9:00-13:00", "12:00-13:30"]}, [])
    assert hours.week == (((540, 810), (840, 1080)), *((),) * 6)
    assert parse_hours("UTC", {"friday": []}, []).week is None


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "9-17",
        "09:00",
        "09:00-24:01",
        "09:60-10:00",
        "24:00-06:00",
        "09:00-09:00",
        "09:00-17:00h",
        "٠٩:٠٠-17:00",
    ],
)
def test_a_bad_range_is_named(bad: str) -> None:
    with pytest.raises(ValueError, match="monday") as raised:
        parse_hours("UTC", {"monday": ["09:00-10:00", bad]}, [])
    assert repr(bad) in str(raised.value)


@pytest.mark.parametrize("bad", ["", "Europe/Nowhere", "Europe", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_a_bad_zone_is_named(bad: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone") as raised:
        parse_hours(bad, {}, [])
    assert repr(bad) in str(raised.value)


def test_a_bad_day_is_named() -> None:
    with pytest.raises(ValueError, match="'montag' is not a day"):
        parse_hours("UTC", {"montag": ["09:00-17:00"]}, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("15m", 900),
        ("4h", 14400),
        ("1h30m", 5400),
        (" 1h 30m ", 5400),
        ("1.5h", 5400),
        ("1d", 86400),
        ("2w", 1209600),
        ("1w2d3h4m5s", 788645),
        ("0s", 0),
    ],
)
def test_durations_are_read(text: str, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "90", "m", "-5m", "5 minutes", "30m1h", "1h1h", "1e3s", "1.h", "٥m", "999999999w", "9" * 99 + "s"],
)
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_duration(text)
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "0s"),
        (45.9, "45s"),
        (59.9, "59s"),
        (60, "1m"),
        (14 * 60 + 59, "14m"),
        (3599.9, "59m"),
        (3 * 3600 + 300, "3h 05m"),
        (86399, "23h 59m"),
        (2 * 86400 + 4 * 3600, "2d 4h"),
        (400 * 86400, "400d 0h"),
        (-14 * 60, "-14m"),
        (-0.4, "0s"),
    ],
)
def test_durations_are_shown(amount: float, expected: str) -> None:
    assert show_duration(amount) == expected
