"""Spans and moments as people name them: "last week", "7d", "tomorrow 9:00".

Local days are calendar days of the given time zone, so a day may have 23 or 25 hours. A wall-clock time
that a change of the clocks skips is read with the offset before the change; of one that occurs twice, the
first counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Direction = Literal["past", "future"]
Unit = Literal["day", "week", "month"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS = {"yesterday": -1, "today": 0, "tomorrow": 1}
HELP = (
    "write a date (2026-11-21), a date and time (2026-11-21 09:30), a span (30m, 24h, 7d, 2w), "
    "a weekday, now, today, yesterday or tomorrow, with a time if wanted (tomorrow 9:00)"
)

_PART = r"([0-9]{1,6}) ?(s|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)"
_SPAN = re.compile(rf"(?P<ahead>in )?(?P<span>(?:{_PART} ?)+)(?<! )(?P<ago> ago)?")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(rf"{_DATE.pattern}[t ][0-9]{{2}}.*")  # one-digit hours are read as day and time


def last_complete(period: Unit, now: datetime, timezone: str, week_start: str = "monday") -> tuple[datetime, datetime]:
    """[since, until) in UTC of the last day, week or month that was over at `now`, by local calendar.

    Raises ValueError for an unknown period, time zone or weekday.
    """
    zone = _zone(timezone)
    today = now.astimezone(zone).date()
    if period == "day":
        first, last = today - timedelta(days=1), today
    elif period == "week":
        last = today - timedelta(days=(today.weekday() - _weekday(week_start)) % 7)
        first = last - timedelta(days=7)
    elif period == "month":
        last = today.replace(day=1)
        first = (last - timedelta(days=1)).replace(day=1)
    else:
        raise ValueError(f"unknown period {period!r}: day, week or month")
    return _at(first, time(), zone), _at(last, time(), zone)


def before(since: datetime, until: datetime, timezone: str) -> tuple[datetime, datetime]:
    """[since, until) in UTC of the period before: as many calendar months or days, where it is of whole ones.

    A week over a change of the clocks has 167 or 169 hours; the week before it has 168, and as many days.
    """
    zone = _zone(timezone)
    start, end = since.astimezone(zone), until.astimezone(zone)
    if (start.day, start.time()) == (end.day, end.time()) == (1, time()):
        months = (end.year - start.year) * 12 + end.month - start.month
        index = start.year * 12 + start.month - 1 - months
        return _at(date(index // 12, index % 12 + 1, 1), time(), zone), since.astimezone(UTC)
    if start.time() == end.time():
        first = start.date() - (end.date() - start.date())
        return _at(first, start.time(), zone), since.astimezone(UTC)
    return (since - (until - since)).astimezone(UTC), since.astimezone(UTC)


def parse_when(text: str, now: datetime, timezone: str, end: bool = False, direction: Direction = "past") -> datetime:
    """The moment, in UTC, that `text` names.

    A day without a time is its beginning, or with `end` the beginning of the next day, so that `--until`
    includes the day it names. Spans (`7d`, `1d12h`) lie before `now`, with direction "future" after it;
    `ago` and `in` say so themselves. Days and weeks of a span are calendar days, hours and less are exact.
    A weekday or a time alone is the last one that has begun, or with "future" the next one to come.

    Raises ValueError, with the forms that can be read, for anything else.
    """
    frame = _Frame(now.astimezone(UTC), _zone(timezone), end, direction)
    words = " ".join(text.lower().split())
    try:
        found = _read(words, frame)
    except (OverflowError, ValueError):
        found = None
    if found is None:
        raise ValueError(f"cannot read {text!r} as a time: {HELP}")
    return found


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the words are read against; `now` in UTC."""

    now: datetime
    zone: ZoneInfo
    end: bool
    direction: Direction


def _read(words: str, frame: _Frame) -> datetime | None:
    """What `words` name, or None; a date or time that does not exist raises ValueError."""
    if words == "now":
        return frame.now
    if span := _SPAN.fullmatch(words):
        if span["ahead"] and span["ago"]:
            return None
        ahead = bool(span["ahead"]) or (frame.direction == "future" and not span["ago"])
        return _shift(span["span"], frame, 1 if ahead else -1)
    if _MOMENT.fullmatch(words):
        return _exact(words, frame.zone)
    day, clock = _parts(words)
    if not words or (clock and not _CLOCK.fullmatch(clock)):
        return None
    return _choose(_days(day, frame), clock, frame)


def _parts(words: str) -> tuple[str, str]:
    """The day and the time of day in `words`; either may be empty."""
    if _CLOCK.fullmatch(words):
        return "", words
    day, _, clock = words.partition(" ")
    return day, clock


def _days(day: str, frame: _Frame) -> list[date]:
    """The days that `day` may mean, nearest first; "" is any day, for a time alone."""
    today = frame.now.astimezone(frame.zone).date()
    step = -1 if frame.direction == "past" else 1
    if day in WEEKDAYS:
        away = (WEEKDAYS.index(day) - today.weekday()) % (7 * step)
        return [today + timedelta(days=away), today + timedelta(days=away + 7 * step)]
    if day in WORDS:
        return [today + timedelta(days=WORDS[day])]
    if _DATE.fullmatch(day):
        return [date.fromisoformat(day)]
    return [] if day else [today, today + timedelta(days=step)]


def _choose(days: list[date], clock: str, frame: _Frame) -> datetime | None:
    """The first of `days` that lies on the right side of now, where there is a choice at all."""
    at = time.fromisoformat(clock.zfill(len("00:00"))) if clock else time()
    for day in days:
        moment = _at(day, at, frame.zone)
        if len(days) == 1 or (moment <= frame.now) == (frame.direction == "past"):
            until_its_end = frame.end and not clock
            return _at(day + timedelta(days=1), time(), frame.zone) if until_its_end else moment
    return None


def _exact(words: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(words.upper())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _shift(span: str, frame: _Frame, sign: int) -> datetime:
    amounts = dict.fromkeys("smhdw", 0)
    for number, unit in re.findall(_PART, span):
        amounts[unit[0]] += int(number)
    exact = timedelta(hours=amounts["h"], minutes=amounts["m"], seconds=amounts["s"])
    days = timedelta(days=amounts["d"], weeks=amounts["w"])
    moment = frame.now
    if days:
        local = moment.astimezone(frame.zone) + sign * days
        moment = local.replace(fold=0).astimezone(UTC)
    return moment + sign * exact


def _at(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ValueError(f"unknown weekday {name!r}: {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}: write an IANA name such as Europe/Warsaw") from None
