"""Bursts of negative mentions: hours that are far above what is usual at that hour of the week.

METRICS.md: against a robust baseline (median and MAD of the same hour of the week, at least 14 days or what exists),
with a minimum count, and a hysteresis to end. What that leaves open is decided here:

* **Usual.** The same hour of the week, on the team's wall clock, in up to `weeks` weeks before. With fewer than two of
  them, every hour of the 14 days before, at least 24; with fewer, nothing can be called unusual yet. An hour in which
  nobody complained counts as 0, from the first mention on.
* **Spread.** 1.4826 × MAD, which is the standard deviation of a normal distribution (Rousseeuw and Croux 1993), and at
  least the square root of the median, as counts that arrive by chance spread so (Poisson), and at least 1.
* **Begins** with an hour of at least `minimum` that is more than `threshold` spreads above the median.
* **Ends** with the first of two complete hours in a row that are less than half as far above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import NamedTuple

WEEK = 168
_DAYS = 14
_FEWEST_HOURS = 24
_CALM_HOURS = 2
_NORMAL = 1.4826
_LEAD = WEEK  # hours before the period in which a burst may have begun that still goes on in it


@dataclass(frozen=True, slots=True)
class Rules:
    """When an hour is unusual; see the module."""

    minimum: int = 5
    threshold: float = 4.0
    weeks: int = 8


class Usual(NamedTuple):
    """What an hour is compared with: the median and spread of so many hours; `weekly`: of the same hour of the week."""

    median: float
    spread: float
    hours: int
    weekly: bool


@dataclass(frozen=True, slots=True)
class Burst:
    """Hours are numbered since 1970 in UTC. `end` is the first calm hour, None while it goes on.

    `mentions`: negative ones in it. `peak` is the highest hour's count, at hour `peak_at`, and `usual` what that hour
    was compared with.
    """

    start: int
    end: int | None
    mentions: int
    peak: int
    peak_at: int
    usual: Usual

    @property
    def ratio(self) -> float | None:
        """The peak against the usual level; None where usually nobody complains."""
        return self.peak / self.usual.median if self.usual.median else None


def bursts(
    negative: Mapping[int, int],
    *,
    first: int,
    since: int,
    until: int,
    complete: int,
    hour_of_week: Callable[[int], int],
    rules: Rules,
) -> list[Burst]:
    """The bursts that touch the hours [since, until), oldest first.

    `negative`: hour → negative inbound mentions, at least from `weeks` weeks and 7 days before `since`. `first`: the
    hour of the first mention of all. `complete`: the first hour that is not over. `hour_of_week` names the hour on the
    team's wall clock, the same every week.
    """
    series = _Series(negative, first, hour_of_week, rules)
    found: list[Burst] = []
    beginning = max(first, since - _LEAD)
    for hour in sorted(hour for hour, count in negative.items() if count >= rules.minimum):
        over = found[-1].end if found else beginning
        if over is None or hour < over or not beginning <= hour < until:
            continue
        if series.is_hot(hour):
            found.append(_burst(series, hour, until, complete))
    return [burst for burst in found if burst.end is None or burst.end > since]


def _burst(series: _Series, start: int, until: int, complete: int) -> Burst:
    end, calm, hour = None, 0, start + 1
    while hour < until and end is None:
        calm = calm + 1 if hour < complete and series.is_calm(hour) else 0
        if calm == _CALM_HOURS:
            end = hour - _CALM_HOURS + 1
        hour += 1
    inside = range(start, until if end is None else end)
    peak_at = max(inside, key=lambda hour: (series.count(hour), -hour))
    usual = series.usual(peak_at) or Usual(0.0, 1.0, 0, weekly=False)
    return Burst(start, end, sum(map(series.count, inside)), series.count(peak_at), peak_at, usual)


class _Series:
    """Counts by hour, and what is usual at each."""

    def __init__(
        self, negative: Mapping[int, int], first: int, hour_of_week: Callable[[int], int], rules: Rules
    ) -> None:
        self._negative = negative
        self._first = first
        self._hour_of_week = hour_of_week
        self._rules = rules
        self._usual: dict[int, Usual | None] = {}

    def count(self, hour: int) -> int:
        return self._negative.get(hour, 0)

    def is_hot(self, hour: int) -> bool:
        usual = self.usual(hour)
        return usual is not None and self.count(hour) >= self._rules.minimum and self._above(hour, usual) > 1

    def is_calm(self, hour: int) -> bool:
        usual = self.usual(hour)
        return usual is None or self._above(hour, usual) < 1 / 2

    def _above(self, hour: int, usual: Usual) -> float:
        return (self.count(hour) - usual.median) / (usual.spread * self._rules.threshold)

    def usual(self, hour: int) -> Usual | None:
        if hour not in self._usual:
            self._usual[hour] = self._compared(hour)
        return self._usual[hour]

    def _compared(self, hour: int) -> Usual | None:
        weekly = self._same_hours(hour)
        if len(weekly) >= 2:
            return _robust(weekly, weekly=True)
        every = [self.count(other) for other in range(max(self._first, hour - 24 * _DAYS), hour)]
        return _robust(every, weekly=False) if len(every) >= _FEWEST_HOURS else None

    def _same_hours(self, hour: int) -> list[int]:
        """The counts of the same hour in the weeks before; where clocks change it is moved, missing or there twice."""
        name = self._hour_of_week(hour)
        around = (hour - WEEK * week + step for week in range(1, self._rules.weeks + 1) for step in (-1, 0, 1))
        return [self.count(other) for other in around if other >= self._first and self._hour_of_week(other) == name]


def _robust(counts: Sequence[int], *, weekly: bool) -> Usual:
    middle = median(counts)
    deviation = median(abs(count - middle) for count in counts)
    return Usual(float(middle), max(_NORMAL * deviation, sqrt(middle), 1.0), len(counts), weekly)


def grown(during: Mapping[str, int], before: Mapping[str, int], *, share: float) -> tuple[str, float] | None:
    """The topic that grew most, and by how many mentions; None without one that grew.

    `during`: mentions by topic in the burst; `before`: in the time that it is compared with, which was so long that the
    burst is `share` of it.
    """
    growth = {topic: count - before.get(topic, 0) * share for topic, count in during.items()}
    best = min(growth, key=lambda topic: (-growth[topic], topic), default=None)
    return None if best is None or growth[best] <= 0 else (best, growth[best])
