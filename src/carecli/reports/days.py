"""The time axis of a report: days, or weeks and months where days would be too many to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from carecli.reports.model import DayCount, Period
from carecli.reports.period import WEEKDAYS

Step = Literal["day", "week", "month"]

MOST_DAYS = 31
MOST_WEEKS = 27
LONGEST_PADDING = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Span:
    """One day, week (named by its first day) or month (`2026-11`) of the axis."""

    name: str
    inbound: int
    negative: int


def timeline(days: Sequence[DayCount], period: Period) -> tuple[Step, list[Span]]:
    """`days` on an axis without holes, and the step of that axis.

    A period of up to a year is shown whole; a longer one, or one without a beginning, from its first to its
    last day with a mention.
    """
    first, last = _ends(days, period)
    if first is None or last is None:
        return "day", []
    length = (last - first).days + 1
    step: Step = "day" if length <= MOST_DAYS else "week" if length <= 7 * MOST_WEEKS else "month"
    label = _labels(period.week_starts)[step]
    inbound: defaultdict[str, int] = defaultdict(int)
    negative: defaultdict[str, int] = defaultdict(int)
    for day in days:
        name = label(date.fromisoformat(day.day))
        inbound[name] += day.inbound
        negative[name] += day.negative
    names = dict.fromkeys(label(day) for day in _dates(first, last))
    return step, [Span(name, inbound[name], negative[name]) for name in names]


def _labels(week_starts: str) -> dict[Step, Callable[[date], str]]:
    first = WEEKDAYS.index(week_starts)
    return {
        "day": date.isoformat,
        "week": lambda day: (day - timedelta(days=(day.weekday() - first) % 7)).isoformat(),
        "month": lambda day: f"{day:%Y-%m}",
    }


def _ends(days: Sequence[DayCount], period: Period) -> tuple[date | None, date | None]:
    spoken = [date.fromisoformat(day.day) for day in days]
    if period.since is not None and timedelta() < period.until - period.since <= LONGEST_PADDING:
        zone = ZoneInfo(period.timezone)
        # The step back happens in UTC: local arithmetic would be wrong over a change of the clocks.
        end = period.until.astimezone(UTC) - timedelta(microseconds=1)
        spoken += [period.since.astimezone(zone).date(), end.astimezone(zone).date()]
    return min(spoken, default=None), max(spoken, default=None)


def _dates(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)
