"""Moments written by strangers: read when there is one reading, refused when there are two.

ISO 8601 comes first and is fast. Then epoch seconds and milliseconds, RFC 2822, Twitter's own order, numeric
dates and the names of months in English, Polish and Hebrew, `年月日` in Chinese. A date of three numbers with
the year behind is taken when day and month cannot be exchanged: 31/10/2017 is clear and 03/04/2017 is not.
Dots mean that the day comes first, 3.4.2017, in every country that writes them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from zoneinfo import ZoneInfo

# Nothing that this tool reads was written earlier; 0001-01-01 and its like are placeholders.
FIRST_YEAR, LAST_YEAR = 1970, 2199
LONGEST = 100

_MONTHS = (
    "january jan styczeń stycznia sty ינואר בינואר",
    "february feb luty lutego lut פברואר בפברואר",
    "march mar marzec marca מרץ במרץ מרס במרס",
    "april apr kwiecień kwietnia kwi אפריל באפריל",
    "may maj maja מאי במאי",
    "june jun czerwiec czerwca cze יוני ביוני",
    "july jul lipiec lipca lip יולי ביולי",
    "august aug sierpień sierpnia sie אוגוסט באוגוסט",
    "september sep sept wrzesień września wrz ספטמבר בספטמבר",
    "october oct październik października paź אוקטובר באוקטובר",
    "november nov listopad listopada lis נובמבר בנובמבר",
    "december dec grudzień grudnia gru דצמבר בדצמבר",
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_SAYS_NOTHING = frozenset({
    "mon", "monday", "tue", "tues", "tuesday", "wed", "wednesday", "thu", "thur", "thurs", "thursday",
    "fri", "friday", "sat", "saturday", "sun", "sunday", "at", "t",
})  # fmt: skip
# Hours from UTC of the abbreviations that mean one zone; CST, IST, BST and the like mean several and are
# refused.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "IDT": 3,
    "EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip

_EPOCH = re.compile(r"(\d{10})(?:\.(\d{1,9}))?|(\d{13})", re.ASCII)
_COMPACT = re.compile(r"\d{8}(?:T\d{4}(?:\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_TIME = re.compile(
    r"(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?![\d:])(?:\s*([ap])\.?m\b\.?)?",
    re.ASCII | re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:\b(?:UTC|GMT)\s?|(?<!\w))([+-])(\d{2}):?(\d{2})(?!\d)", re.ASCII)
_THREE = re.compile(r"(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})\.?", re.ASCII)
_WORD = re.compile(r"\d+(?:st|nd|rd|th)?\b|[^\W\d_]+")
_BETWEEN = re.compile(r"[\s,.\-/]*")
_HAN_TIME = re.compile(r"(上午|下午)?\s*(\d{1,2})[:时時点點](\d{2})(?:[:分](\d{2})?秒?)?")


def parse_moment(text: str, timezone: str | tzinfo = "UTC") -> datetime:
    """The moment that `text` names, in UTC; without an offset in it, it is local time of `timezone`.

    A local time that a clock change skips or repeats is read as `fold=0`: with the offset from before the
    change. A date alone is its midnight. ValueError where there is no reading or more than one, with the
    reason for a person.
    """
    text = text.strip()
    try:
        moment = _iso(text)
        if moment is None:
            moment = _epoch(text) or _loose(text)
        if moment.tzinfo is None:
            zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
            moment = moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{_shown(text)} is out of range") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{_shown(text)} is not in the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _shown(text: str) -> str:
    # repr makes control characters and bidirectional overrides inert.
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _unreadable(text: str) -> ValueError:
    return ValueError(f"{_shown(text)} is not a date with year, month and day; write YYYY-MM-DD")


def _iso(text: str) -> datetime | None:
    """ISO 8601 with year, month and day; None for anything else.

    `fromisoformat` alone takes any character for the T, and reads some epoch milliseconds as a compact date.
    """
    if (text[4:5] == "-" and text[10:11] in ("", "T", " ")) or _COMPACT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    return None


def _epoch(text: str) -> datetime | None:
    found = _EPOCH.fullmatch(text)
    if found is None:
        return None
    if found[3]:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(found[3]))
    fraction = int((found[2] or "").ljust(6, "0")[:6])
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(found[1]), microseconds=fraction)


def _loose(text: str) -> datetime:
    """Everything else: the time of day and the offset are taken out, what is left has to be a date."""
    if not text or len(text) > LONGEST:
        raise _unreadable(text)
    rest = re.sub(r"\([^()]*\)\s*$", "", _from_han(text) if "年" in text else text)
    rest, clock = _take_time(rest, text)
    zone = None
    if clock is not None:
        rest, zone = _take_zone(rest)
    year, month, day = _date(rest.strip(" ,"), text)
    hour, minute, second, micro = clock or (0, 0, 0, 0)
    try:
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
    except ValueError:
        raise _unreadable(text) from None


def _from_han(text: str) -> str:
    """`2017年10月31日 下午9:45` as `2017-10-31 9:45 pm`."""

    def clock(found: re.Match[str]) -> str:
        half = {"上午": " am", "下午": " pm"}.get(found[1], "")
        return f" {found[2]}:{found[3]}" + (f":{found[4]}" if found[4] else "") + half

    date = re.sub(r"\s*([年月])\s*", "-", text)
    return _HAN_TIME.sub(clock, re.sub(r"[日号號]", " ", date))


def _take_time(rest: str, text: str) -> tuple[str, tuple[int, int, int, int] | None]:
    found = _TIME.search(rest)
    if found is None:
        return rest, None
    hour = int(found[1])
    if found[5]:
        if not 1 <= hour <= 12:
            raise _unreadable(text)
        hour = hour % 12 + (12 if found[5] in "pP" else 0)
    micro = int((found[4] or "").ljust(6, "0")[:6])
    # A leap second has no place in a datetime: it is the second before.
    second = min(int(found[3] or 0), 59) if found[3] == "60" else int(found[3] or 0)
    return rest[: found.start()] + " " + rest[found.end() :], (hour, int(found[2]), second, micro)


def _take_zone(rest: str) -> tuple[str, tzinfo | None]:
    found = _OFFSET.search(rest) if not _THREE.fullmatch(rest.strip(" T,")) else None
    if found is not None:
        away = timedelta(hours=int(found[2]), minutes=int(found[3]))
        zone = fixed_zone(-away if found[1] == "-" else away)
        return rest[: found.start()] + " " + rest[found.end() :], zone
    for word in re.findall(r"[A-Za-z]+", rest):
        hours = _ZONES.get(word.upper())
        if hours is not None:
            return re.sub(rf"\b{word}\b", " ", rest, count=1), fixed_zone(timedelta(hours=hours))
        if word.isupper() and len(word) > 1 and word.casefold() not in _MONTH.keys() | _SAYS_NOTHING:
            raise ValueError(f"{_shown(word)} can mean several time zones, write an offset like +02:00")
    return rest, None


def _date(rest: str, text: str) -> tuple[int, int, int]:
    """(year, month, day) of three numbers, or of two numbers and the name of a month."""
    three = _THREE.fullmatch(rest.strip(" Tt"))
    if three is not None:
        return _of_numbers(three[1], three[3], three[4], dotted=three[2] == ".", text=text)
    if _BETWEEN.fullmatch(_WORD.sub("", rest)) is None:
        raise _unreadable(text)
    words = [word.casefold() for word in _WORD.findall(rest)]
    numbers = [re.sub(r"\D+$", "", word) for word in words if word[0].isdecimal()]
    names = [word for word in words if not word[0].isdecimal() and word not in _SAYS_NOTHING]
    years = [number for number in numbers if len(number) == 4]
    days = [number for number in numbers if len(number) <= 2]
    if len(numbers) != 2 or len(names) != 1 or len(years) != 1 or len(days) != 1 or names[0] not in _MONTH:
        raise _unreadable(text)
    return int(years[0]), _MONTH[names[0]], int(days[0])


def _of_numbers(first: str, second: str, third: str, *, dotted: bool, text: str) -> tuple[int, int, int]:
    """Every order that gives a real date is a reading; exactly one may remain."""
    one, two, three = int(first), int(second), int(third)
    if len(first) == 4 and len(third) <= 2:
        readings = [(one, two, three)]
    elif len(third) == 4 and len(first) <= 2:
        readings = [(three, two, one)] if dotted else [(three, two, one), (three, one, two)]
    elif len(first) <= 2 and len(third) == 2:
        late, early = _century(three), _century(one)
        readings = [(late, two, one)] if dotted else [(late, two, one), (late, one, two), (early, two, three)]
    else:
        raise _unreadable(text)
    real = {reading for reading in readings if _is_real(*reading)}
    if not real:
        raise _unreadable(text)
    if len(real) > 1:
        raise ValueError(f"{_shown(text)} is ambiguous, write YYYY-MM-DD")
    return real.pop()


def _century(year: int) -> int:
    # The rule of POSIX strptime: 69 to 99 are the nineteen hundreds.
    return year + (1900 if year >= 69 else 2000)


def _is_real(year: int, month: int, day: int) -> bool:
    try:
        datetime(year, month, day)  # noqa: DTZ001 - only asks whether the calendar has the day
    except ValueError:
        return False
    return True
