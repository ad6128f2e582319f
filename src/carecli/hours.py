"""Business hours: which seconds of the world count for a team's clocks.

A week is seven lists of ranges (Monday first), each range a pair of minutes after midnight in the team's time
zone; holidays are dates without hours, a country's own among them. No hours at all means around the clock, but for
holidays. A range that
ends at or before its start runs past midnight: its tail belongs to the next date, and goes with that date's
holiday.

A moment counts when the clock on the wall is inside a range then. So on the day when clocks are put forward
the hour that does not exist is not counted; when they are put back the hour that is lived twice counts twice.
Everything is calculated in whole microseconds since 1970, UTC day by UTC day, and what a day offers is kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from carecli.national import national_days

Range = tuple[int, int]
Week = tuple[tuple[Range, ...], ...]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MIDNIGHT = 24 * 60
_RANGE = r"\s*([0-9]{1,2}):([0-9]{2})\s*[-–]\s*([0-9]{1,2}):([0-9]{2})\s*"
_DURATION = r"\s*(?:(?:[0-9]{1,9}(?:\.[0-9]{1,3})?)[wdhms]\s*)+"
_AMOUNT = r"([0-9.]+)([wdhms])"
_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST = 100 * 366 * 86400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = 3  # a Thursday
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = _MIDNIGHT * _MINUTE
_DAYS_BEFORE = 800  # of sums before the first day that is asked for
_DAYS_KEPT = 100_000  # 1970 to 2199, the years that mentions may come from, are 84,000


@dataclass(frozen=True, slots=True)
class Hours:
    """A team's calendar; `week` None is around the clock. `countries` are those whose public holidays it keeps."""

    timezone: str = "UTC"
    week: Week | None = None
    holidays: frozenset[date] = frozenset()
    countries: tuple[str, ...] = ()


def parse_hours(
    timezone: str, days: Mapping[str, Sequence[str]], holidays: Iterable[date], countries: Sequence[str] = ()
) -> Hours:
    """The calendar that care.toml describes: day names in English and ranges like `09:00-17:30`.

    A range may end at 24:00 or run past midnight (`22:00-06:00`); ranges may overlap; a day left out is
    closed; no range at all is around the clock. Raises ValueError that names the bad day, range or time zone.
    Countries are taken as they are: `carecli.national` is asked when their days are first needed.
    """
    _zone(timezone)
    if unknown := [day for day in days if day not in _DAYS]:
        raise ValueError(f"{unknown[0]!r} is not a day of the week: write {', '.join(_DAYS)}")
    week = tuple(tuple(_range(day, text) for text in days.get(day, ())) for day in _DAYS)
    return Hours(timezone, _tidy(week) if any(week) else None, frozenset(holidays), tuple(countries))


def business_seconds(start: datetime, end: datetime, hours: Hours) -> float:
    """Seconds of [start, end] inside business hours; 0 when `end` is not after `start`."""
    first, last = _microseconds(start), _microseconds(end)
    if last <= first:
        return 0.0
    if _is_always_open(hours):
        return (last - first) / _SECOND
    return _calendar(hours).between(first, last) / _SECOND


def counter(hours: Hours) -> Callable[[float, float], float]:
    """`business_seconds` of these hours for very many moments, which are given as seconds since 1970."""
    if _is_always_open(hours):
        return lambda start, end: end - start if end > start else 0.0
    between = _calendar(hours).between

    def counted(start: float, end: float) -> float:
        return between(round(start * _SECOND), round(end * _SECOND)) / _SECOND if end > start else 0.0

    return counted


def adder(seconds: float, hours: Hours) -> Callable[[float], float]:
    """`add_business_seconds` of these seconds for very many moments, since 1970; infinity where it never comes."""
    missing = round(seconds * _SECOND)
    if missing <= 0:
        return lambda start: start
    if hours.week is not None and not any(hours.week):
        return lambda _start: math.inf
    if _is_always_open(hours):
        return lambda start: start + seconds
    after = _calendar(hours).after

    def reached(start: float) -> float:
        try:
            return after(round(start * _SECOND), missing) / _SECOND
        except OverflowError:
            return math.inf

    return reached


def add_business_seconds(start: datetime, seconds: float, hours: Hours) -> datetime:
    """The first moment, in UTC, at which `seconds` of business time have passed since `start`.

    With nothing to wait for that is `start`. Raises ValueError when it never comes: no hours on any day, or
    past the year 9999.
    """
    moment, missing = _microseconds(start), round(seconds * _SECOND)
    if missing <= 0:
        return start.astimezone(UTC)
    if hours.week is not None and not any(hours.week):
        raise ValueError("business time never passes: there are no business hours on any day")
    try:
        reached = moment + missing if _is_always_open(hours) else _calendar(hours).after(moment, missing)
        return _EPOCH + timedelta(microseconds=reached)
    except OverflowError as error:
        raise ValueError("business time reaches past the year 9999") from error


def seconds_by_day(start: datetime, end: datetime, hours: Hours) -> list[tuple[date, float]]:
    """What each date of [start, end] in the team's zone adds to `business_seconds`, dates without hours included."""
    first, last = _microseconds(start), _microseconds(end)
    if last <= first:
        return []
    days = _calendar(hours).by_date(first, last)
    return [(date.fromordinal(_EPOCH_DAY + day), counted / _SECOND) for day, counted in days.items()]


def parse_duration(text: str) -> float:
    """Seconds of a duration like `90s`, `15m`, `4h`, `1h30m`, `1.5h`, `1d` or `2w`; a day is 24 hours.

    Units go from large to small, each at most once. Raises ValueError for anything else, and above 100 years.
    """
    amounts = re.findall(_AMOUNT, text) if re.fullmatch(_DURATION, text) else []
    units = [unit for _, unit in amounts]
    if not units or units != [unit for unit in _UNITS if unit in units]:
        raise ValueError(f"{text!r} is not a duration like 90s, 15m, 4h, 1h30m, 1d or 2w")
    seconds = sum(float(amount) * _UNITS[unit] for amount, unit in amounts)
    if seconds > _LONGEST:
        raise ValueError(f"{text!r} is longer than 100 years")
    return seconds


def show_duration(seconds: float) -> str:
    """`seconds` for people, cut to two units: `45s`, `14m`, `3h 05m`, `2d 4h`, and `-14m`."""
    whole = int(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days:
        return f"{sign}{days}d {hours % 24}h"
    if hours:
        return f"{sign}{hours}h {minutes % 60:02d}m"
    return f"{sign}{minutes}m" if minutes else f"{sign}{whole}s"


def show_moment(moment: datetime, timezone: str) -> str:
    """A moment for people, by the wall clock of a time zone: `Fri 20 Nov 13:05`."""
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(timezone)).strftime("%a %d %b %H:%M")


def _is_always_open(hours: Hours) -> bool:
    return hours.week is None and not hours.holidays and not hours.countries


def _microseconds(moment: datetime) -> int:
    """Since 1970. The difference of two times in one zone is what their clocks show, so UTC comes first."""
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, malformed, a directory of zones
        raise ValueError(f"{name!r} is not a time zone: write one like Europe/Warsaw") from error


def _range(day: str, text: str) -> Range:
    match = re.fullmatch(_RANGE, text)
    if match:
        start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
        start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
        if max(start_minute, end_minute) < 60 and start < _MIDNIGHT and end <= _MIDNIGHT and start != end:
            return start, end
    raise ValueError(f"{day}: {text!r} is not a range of hours like 09:00-17:30")


def _tidy(week: Week) -> Week:
    """The same hours with every range inside its date, in order and without overlap."""
    dates: list[list[Range]] = [[] for _ in week]
    for index, ranges in enumerate(week):
        for start, end in ranges:
            until = end if end > start else end + _MIDNIGHT
            dates[index].append((start, min(until, _MIDNIGHT)))
            if until > _MIDNIGHT:
                dates[(index + 1) % len(week)].append((0, until - _MIDNIGHT))
    return tuple(map(_merged, dates))


def _merged(ranges: list[Range]) -> tuple[Range, ...]:
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class _Offer:
    """The open spans of one UTC day, in microseconds since 1970, and their sum."""

    spans: tuple[tuple[int, int], ...]
    total: int

    def before(self, moment: int) -> int:
        return sum(min(end, moment) - start for start, end in self.spans if start < moment)


class _Calendar:
    """An `Hours` made ready for counting; days are numbered since 1970."""

    def __init__(self, hours: Hours) -> None:
        self._zone = _zone(hours.timezone)
        self._week = _tidy(hours.week) if hours.week is not None else (((0, _MIDNIGHT),),) * 7
        self._holidays = frozenset(day.toordinal() - _EPOCH_DAY for day in hours.holidays)
        self._countries = hours.countries
        self._offers: dict[int, _Offer] = {}
        self._summed_from, self._sums = 0, list[int]()

    def between(self, first: int, last: int) -> int:
        """Open microseconds of [first, last]."""
        first_day, last_day = first // _DAY, last // _DAY
        whole = self._whole_days(first_day, last_day)
        return whole + self._offer(last_day).before(last) - self._offer(first_day).before(first)

    def _whole_days(self, first: int, last: int) -> int:
        """Open microseconds of the days [first, last); sums from one day on are kept, as most questions are alike."""
        if last - first <= 1:
            return self._offer(first).total if last > first else 0
        if not self._sums:
            self._summed_from, self._sums = first - _DAYS_BEFORE, [0]
        if first < self._summed_from or last - self._summed_from > _DAYS_KEPT:
            return sum(self._offer(day).total for day in range(first, last))
        while len(self._sums) <= last - self._summed_from:
            self._sums.append(self._sums[-1] + self._offer(self._summed_from + len(self._sums) - 1).total)
        return self._sums[last - self._summed_from] - self._sums[first - self._summed_from]

    def by_date(self, first: int, last: int) -> dict[int, int]:
        """Open microseconds of [first, last] by local date."""
        dates = range((first + self._offset(first)) // _DAY, (last + self._offset(last)) // _DAY + 1)
        counted = dict.fromkeys(dates, 0)
        for day in range(first // _DAY, last // _DAY + 1):
            for start, end in self._offer(day).spans:
                since, until = max(first, start), min(last, end)
                if since < until:
                    counted[(since + self._offset(since)) // _DAY] += until - since
        return counted

    def after(self, moment: int, missing: int) -> int:
        """When `missing` open microseconds, at least one, have passed since `moment`.

        Raises OverflowError past the year 9999.
        """
        day = moment // _DAY
        offer = self._offer(day)
        missing += offer.before(moment)
        while missing > offer.total:
            missing -= offer.total
            day += 1
            offer = self._offer(day)
        for start, end in offer.spans:
            if missing <= end - start:
                break
            missing -= end - start
        return start + missing

    def _offer(self, day: int) -> _Offer:
        offer = self._offers.get(day)
        if offer is None:
            if len(self._offers) >= _DAYS_KEPT:
                self._offers.clear()
            spans = tuple(self._spans(day))
            offer = self._offers[day] = _Offer(spans, sum(end - start for start, end in spans))
        return offer

    def _spans(self, day: int) -> Iterator[tuple[int, int]]:
        for start, end, offset in self._stretches(day * _DAY, (day + 1) * _DAY):
            for local_day in range((start + offset) // _DAY, (end + offset - 1) // _DAY + 1):
                midnight = local_day * _DAY - offset
                for opens, closes in self._ranges(local_day):
                    since = max(start, midnight + opens * _MINUTE)
                    until = min(end, midnight + closes * _MINUTE)
                    if since < until:
                        yield since, until

    def _ranges(self, local_day: int) -> tuple[Range, ...]:
        closed = local_day in self._holidays or (self._countries and self._is_national(local_day))
        return () if closed else self._week[(local_day + _EPOCH_WEEKDAY) % 7]

    def _is_national(self, local_day: int) -> bool:
        day = date.fromordinal(max(1, _EPOCH_DAY + local_day))
        return any(day in national_days(code, day.year) for code in self._countries)

    def _stretches(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """[start, end) in parts during which the zone's offset, the third value, does not change."""
        before, after = self._offset(start), self._offset(end - 1)
        if before == after:
            yield start, end, before
            return
        low, high = start, end - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        yield start, high, before
        yield high, end, after

    def _offset(self, moment: int) -> int:
        utc = _EPOCH + timedelta(microseconds=moment)
        try:
            offset = utc.astimezone(self._zone).utcoffset()
        except OverflowError:  # the local time is before the year 1 or after 9999
            offset = None
        return (offset or timedelta()) // _MICROSECOND


@lru_cache(maxsize=32)
def _calendar(hours: Hours) -> _Calendar:
    return _Calendar(hours)
