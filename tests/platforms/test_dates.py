"""Moments in every form that people and platforms write, and the ones that must not be guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.platforms.files.dates import parse_moment

OCTOBER = "2017-10-31T21:45:10+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "2017-10-31T21:45:10Z",
        "2017-10-31T23:45:10+02:00",
        "2017-10-31 21:45:10 +0000",
        "2017-10-31 21:45:10 UTC",
        "2017-10-31T21:45:10.000+0000",
        "20171031T214510Z",
        "1509486310",
        "1509486310000",
        "Wed Oct 31 21:45:10 +0000 2017",
        "Tue, 31 Oct 2017 23:45:10 +0200",
        "Tue, 31 Oct 2017 21:45:10 GMT",
        "Tue, 31 Oct 2017 16:45:10 EST",
        "Tue Oct 31 2017 23:45:10 GMT+0200 (Eastern European Standard Time)",
        "31.10.2017 21:45:10",
        "31/10/2017 21:45:10",
        "10/31/2017 9:45:10 PM",
        "10/31/17 9:45:10 p.m.",
        "2017/10/31 21:45:10",
        "31-10-2017 23:45:10 +0200",
        "October 31, 2017 9:45:10 PM",
        "31st Oct 2017 at 21:45:10",
        "31-Oct-2017 21:45:10",
        "31 października 2017, 21:45:10",
        "31 באוקטובר 2017, 21:45:10",
        "2017年10月31日 21:45:10",
        "2017年10月31日 下午9:45:10",
        "  2017-10-31T21:45:10Z  ",
    ],
)
def test_one_reading(text: str) -> None:
    assert parse_moment(text).isoformat() == OCTOBER


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/04/2017", "ambiguous"),
        ("3-4-2017 10:00", "ambiguous"),
        ("31/10/17", "ambiguous"),
        ("10/11/12", "ambiguous"),
        ("2017-10-31 21:45 CST", "several time zones"),
        ("Tue, 31 Oct 2017 21:45:10 IST", "several time zones"),
        ("2017", "not a date"),
        ("2017-10", "not a date"),
        ("Oct 2017", "not a date"),
        ("31 Oct", "not a date"),
        ("Tuesday", "not a date"),
        ("21:45", "not a date"),
        ("yesterday", "not a date"),
        ("2017-13-01", "not a date"),
        ("2017-02-30", "not a date"),
        ("31/31/2017", "not a date"),
        ("2017-10-31 25:00", "not a date"),
        ("2017-10-31 13:00 PM", "not a date"),
        ("12:30 12:40 2017-01-01", "not a date"),
        ("2017-10-31 and more", "not a date"),
        ("", "not a date"),
        ("1" * 5000, "not a date"),
        ("0001-01-01", "out of range"),
        ("1899-12-30", "not in the years"),
        ("9999-12-31T23:59:59-10:00", "out of range"),
    ],
)
def test_no_reading_or_several(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_moment(text, "Europe/Warsaw" if why == "out of range" else "UTC")


def test_equal_day_and_month_are_not_ambiguous() -> None:
    assert parse_moment("04/04/2017") == datetime(2017, 4, 4, tzinfo=UTC)


def test_dots_mean_that_the_day_comes_first() -> None:
    assert parse_moment("3.4.2017") == datetime(2017, 4, 3, tzinfo=UTC)


def test_thirteen_digits_are_milliseconds_even_where_iso_would_read_them() -> None:
    assert parse_moment("1512101212345") == datetime(2017, 12, 1, 4, 6, 52, 345000, tzinfo=UTC)


def test_a_leap_second_is_the_second_before() -> None:
    assert parse_moment("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_local_times_use_the_given_zone() -> None:
    assert parse_moment("2026-07-01 12:00", "Asia/Jerusalem") == datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert parse_moment("1.7.2026", ZoneInfo("Europe/Warsaw")) == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_times_that_a_clock_change_repeats_or_skips_take_the_offset_from_before() -> None:
    assert parse_moment("2026-10-25 02:30", "Europe/Warsaw") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert parse_moment("2026-03-29 02:30", "Europe/Warsaw") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_the_reason_shows_hostile_text_inert() -> None:
    with pytest.raises(ValueError, match="not a date") as raised:
        parse_moment("\x1b[2J\u202e2017")
    assert str(raised.value).isprintable()


moments = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moments, offsets)
def test_whatever_python_writes_is_read_back(moment: datetime, offset: timezone) -> None:
    local = moment.astimezone(offset)
    assert parse_moment(local.isoformat()) == moment
    assert parse_moment(local.strftime("%a %b %d %H:%M:%S %z %Y")) == moment.replace(microsecond=0)
    assert parse_moment(local.strftime("%d %B %Y %I:%M:%S %p %z")) == moment.replace(microsecond=0)


@given(moments)
def test_two_orders_are_read_only_when_they_agree(moment: datetime) -> None:
    text = moment.strftime("%m/%d/%Y")
    if moment.day <= 12 and moment.day != moment.month:
        with pytest.raises(ValueError, match="ambiguous"):
            parse_moment(text)
    else:
        assert parse_moment(text).date() == moment.date()


@settings(max_examples=300)
@given(st.text(max_size=60) | st.text("0123456789-/.: ,TZ+年月日abpmoctUTC", max_size=40))
def test_any_text_gives_a_utc_time_or_a_reason(text: str) -> None:
    try:
        moment = parse_moment(text, "Europe/Warsaw")
    except ValueError:
        return
    assert moment.utcoffset() == timedelta(0)
    assert 1970 <= moment.year <= 2199
