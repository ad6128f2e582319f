"""What a reply promises, and until when: "we are looking into it", "I'll get back to you by Friday".

A promise is a sentence in which the rules `promise` or `follow-up` find something. Its time is what the sentence
says, in any of the four languages; without one the caller's default holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from carecli.replies.lexicon import data, pattern, phrase
from carecli.replies.rules import excerpt, phrases
from carecli.replies.seen import Seen, Span, see
from carecli.text import fold

_LONGEST = 160
_CLOCK = re.compile(r"(?<![\d.:/-])(\d{1,2})(?::(\d{2}))(?![\d:])|(?<!\d)(\d{1,2}) ?(am|pm)(?!\w)|(?<!\d)(\d{1,2})点")
_DAY = re.compile(
    r"(?<![\d./:-])(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?(?![\d/:-])|(?<!\d)(\d{1,2})月(\d{1,2})(?:日|号)"
)
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400}
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_END = time(23, 59, 59)


@dataclass(frozen=True)
class Promise:
    """A sentence that says what we will do; `due` is None where it does not say when."""

    words: str
    span: Span
    due: datetime | None


def promises(text: str, *, made: datetime, zone: ZoneInfo) -> list[Promise]:
    """The promises in a reply that was written at `made`, in order; a day lasts until its end in `zone`."""
    seen = see(text)
    hits = sorted({*phrases(seen, "rules", "promise"), *phrases(seen, "rules", "follow_up")})
    found = []
    for start, end in seen.clauses:
        if seen.folded[end : end + 1] in ("?", "？") or not any(start <= hit[0] < end for hit in hits):
            continue
        span = seen.original(start, end)
        found.append(Promise(excerpt(text[slice(*span)].strip(), _LONGEST), span, due(seen, (start, end), made, zone)))
    return found


def due(seen: Seen, clause: Span, made: datetime, zone: ZoneInfo) -> datetime | None:
    """The last moment that a sentence leaves for what it promises, None where it names none."""
    words, here = seen.folded[slice(*clause)], made.astimezone(zone)
    spans = [moment for code in sorted(seen.languages) for moment in _spans(words, code, here)]
    if spans:
        return min(spans).astimezone(made.tzinfo)
    days = [day for code in sorted(seen.languages) for day in _days(words, code, here.date())]
    days += _dates(words, here.date())
    clock = _clock(words)
    if not days and clock is None:
        return None
    day = min(days) if days else here.date() + timedelta(days=clock is not None and clock <= here.time())
    return datetime.combine(day, clock or _END, zone).astimezone(made.tzinfo)


def names_time(seen: Seen, clause: Span) -> bool:
    """Whether a sentence says until when, whenever it was written."""
    return due(seen, clause, _SOME_TIME, ZoneInfo("UTC")) is not None


def _spans(words: str, code: str, here: datetime) -> Iterator[datetime]:
    """Moments that lie a number of hours, days … after `here`."""
    for match in _span_pattern(code).finditer(words):
        unit = str(match.lastgroup)
        number = next((text for name, text in match.groupdict().items() if name[:1] == "n" and text), None)
        yield _after(here, _value(number, code), unit)
    doubles: Mapping[str, str] = data(code)["due"].get("double", {})
    for unit, word in doubles.items():
        if re.search(rf"(?<!\w)[ובלכ]?{fold(word)}(?!\w)", words):
            yield _after(here, 2, unit)


def _after(here: datetime, number: float, unit: str) -> datetime:
    if unit != "business_day":
        return here + timedelta(seconds=number * _SECONDS[unit])
    day = here
    for _ in range(max(1, round(number))):
        day += timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
    return datetime.combine(day.date(), _END, here.tzinfo)


def _value(number: str | None, code: str) -> float:
    if not number:
        return 1.0
    return float(number) if number.isdecimal() else float(_numbers(code)[number.strip()])


@cache
def _numbers(code: str) -> dict[str, float]:
    return {fold(word): float(value) for word, value in data(code)["due"]["numbers"].items()}


@cache
def _span_pattern(code: str) -> re.Pattern[str]:
    """A number with a unit, or "within" with a unit; the unit is the name of the last group."""
    words = data(code)
    spaced: bool = words["spaced"]
    names = "|".join(sorted(map(re.escape, _numbers(code)), key=len, reverse=True))
    gap, border = (r"[ -]", r"(?!\w)") if spaced else (r"\s?", "")
    opening = r"(?<!\w)[ובלכתה]?" if code == "he" else r"(?<!\w)" if spaced else ""
    within = "|".join(phrase(each.strip(), spaced=spaced) + r"\s?" for each in words["due"]["within"])
    branches = []
    for place, (unit, forms) in enumerate(words["due"]["units"].items()):
        sources = "|".join(phrase(form, spaced=spaced) for form in forms)
        number = rf"(?P<n{place}>\d{{1,3}}|{names}){gap}(?:(?:more|kolejnych) )?"
        lead = rf"(?:{number}|(?:{within}))" if within else number
        branches.append(rf"{lead}(?P<{unit}>{sources}){border}")
    return re.compile(rf"{opening}(?:{'|'.join(branches)})")


def _days(words: str, code: str, today: date) -> Iterator[date]:
    """The days that the words of a language name."""
    named = {"overmorrow": 2, "tomorrow": 1, "today": 0}
    for key, ahead in named.items():
        found = pattern(code, "due", key)
        if found is not None and found.search(words):
            yield today + timedelta(days=ahead)
            break
    friday = today + timedelta(days=(4 - today.weekday()) % 7)
    month = (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    later = bool((next_week := pattern(code, "due", "next_week")) and next_week.search(words))
    weekdays = list(_weekdays(words, code, today, later=later))
    yield from weekdays
    if later and not weekdays:
        yield friday + timedelta(days=7)
    for key, day in (("week", friday), ("month", month)):
        found = pattern(code, "due", key)
        if found is not None and found.search(words) and not weekdays and not later:
            yield day
    yield from _named_dates(words, code, today)


def _weekdays(words: str, code: str, today: date, *, later: bool) -> Iterator[date]:
    weekdays: Sequence[Sequence[str]] = data(code)["due"]["weekdays"]
    for number, forms in enumerate(weekdays):
        if any(_weekday(form, code).search(words) for form in forms):
            ahead = (number - today.weekday()) % 7
            following = 7 - today.weekday() + number  # of the next calendar week
            yield today + timedelta(days=following if later else ahead or 7)


@cache
def _weekday(form: str, code: str) -> re.Pattern[str]:
    spaced: bool = data(code)["spaced"]
    opening = r"(?<!\w)[ובלכ]{0,2}" if code == "he" else r"(?<!\w)" if spaced else ""
    return re.compile(opening + phrase(form, spaced=spaced) + (r"(?!\w)" if spaced else ""))


def _named_dates(words: str, code: str, today: date) -> Iterator[date]:
    """`25 November`, `November 25th`, `25 listopada`, `25 בנובמבר`."""
    months: Sequence[str] = data(code)["due"]["months"]
    for number, name in enumerate(months, 1):
        month = re.escape(fold(name))
        for match in re.finditer(
            rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ?ב?{month}(?!\w)|(?<!\w){month} (\d{{1,2}})(?!\d)", words
        ):
            yield from _next(int(match[1] or match[2]), number, None, today)


def _dates(words: str, today: date) -> Iterator[date]:
    for match in _DAY.finditer(words):
        if match[4]:
            yield from _next(int(match[5]), int(match[4]), None, today)
        else:
            yield from _next(int(match[1]), int(match[2]), match[3], today)


def _next(day: int, month: int, year: str | None, today: date) -> Iterator[date]:
    """The next such day; nothing where there is none."""
    try:
        found = date(int(year) if year else today.year, month, day)
        yield found if year or found >= today else found.replace(year=today.year + 1)
    except ValueError:
        return


def _clock(words: str) -> time | None:
    match = _CLOCK.search(words)
    if match is None:
        return None
    hour, minute = int(match[1] or match[3] or match[5]), int(match[2] or 0)
    if match[4]:
        hour = hour % 12 + 12 * (match[4] == "pm")
    return time(hour, minute) if hour < 24 and minute < 60 else None
