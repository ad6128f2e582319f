"""Does everybody wait equally long? First responses by language, platform, hour and audience, with a rank test.

Each group is compared with all the others of its dimension by the Mann-Whitney U test (1947) with the correction for
ties and for continuity, in its normal approximation; the p-values of all groups together are corrected after Holm
(1979). A group or a rest of fewer than `FEWEST` answers is shown, and not judged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from carecli.reports.model import Fairness
from carecli.reports.stats import holm, percentile

FEWEST = 5
LEVEL = 0.05
HOURS = ("00:00-06:00", "06:00-12:00", "12:00-18:00", "18:00-24:00")
AUDIENCES = ((100, "under 100"), (1_000, "100 to 999"), (10_000, "1,000 to 9,999"), (math.inf, "10,000 and more"))
UNKNOWN = "unknown"


class Asked(NamedTuple):
    """Somebody who needed an answer: when (seconds since 1970), how long it took (None: none came), who."""

    at: float
    seconds: float | None
    language: str | None
    platform: str
    followers: int | None


def fairness(asked: Iterable[Asked], timezone: str) -> tuple[Fairness, ...]:
    """Every group of every dimension that has more than one, in the order of the dimensions and of their names."""
    dimensions: Mapping[str, Callable[[Asked], str]] = {
        "language": lambda one: one.language or UNKNOWN,
        "platform": lambda one: one.platform,
        "hour": partial(_block, _LocalHours(ZoneInfo(timezone))),
        "audience": lambda one: audience(one.followers),
    }
    everybody = list(asked)
    found = [group for name, key in dimensions.items() for group in _groups(name, everybody, key)]
    tested = [place for place, group in enumerate(found) if group.p_value is not None]
    corrected = holm([found[place].p_value or 0.0 for place in tested])
    for place, p_value in zip(tested, corrected, strict=True):
        found[place] = replace(found[place], p_value=p_value, differs=p_value < LEVEL)
    return tuple(found)


def audience(followers: int | None) -> str:
    """The group of a customer by what the platform says of their audience."""
    if followers is None:
        return UNKNOWN
    return next(name for least, name in AUDIENCES if followers < least)


class _LocalHours(dict[int, int]):
    """Quarter of an hour since 1970 → hour of the local day; zones change by quarters at the least."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self.zone = zone

    def __missing__(self, quarter: int) -> int:
        hour = self[quarter] = datetime.fromtimestamp(quarter * 900, UTC).astimezone(self.zone).hour
        return hour


def _block(hours: _LocalHours, one: Asked) -> str:
    return HOURS[hours[int(one.at // 900)] // 6]


def _groups(dimension: str, asked: Sequence[Asked], key: Callable[[Asked], str]) -> list[Fairness]:
    needing: defaultdict[str, int] = defaultdict(int)
    answers: list[tuple[float, str]] = []
    for one in asked:
        name = key(one)
        needing[name] += 1
        if one.seconds is not None:
            answers.append((one.seconds, name))
    if len(needing) < 2:
        return []
    values: defaultdict[str, list[float]] = defaultdict(list)
    for seconds, name in answers:
        values[name].append(seconds)
    p_values = _rank_tests(answers, {name: len(found) for name, found in values.items()})
    return [
        Fairness(
            dimension, name, len(values[name]), percentile(values[name], 0.5), p_values.get(name), None, needing[name]
        )
        for name in sorted(needing)
    ]


def _rank_tests(answers: list[tuple[float, str]], sizes: Mapping[str, int]) -> dict[str, float]:
    """Group → the two-sided p-value of its ranks among all, before correction; groups too small are left out."""
    answers.sort()
    total = len(answers)
    sums: defaultdict[str, float] = defaultdict(float)
    ties = 0.0
    start = 0
    while start < total:
        end = start + 1
        while end < total and answers[end][0] == answers[start][0]:
            end += 1
        rank = (start + 1 + end) / 2  # equal values share the middle of their ranks
        for _, name in answers[start:end]:
            sums[name] += rank
        ties += (end - start) ** 3 - (end - start)
        start = end
    found = {}
    for name, size in sizes.items():
        rest = total - size
        if size >= FEWEST and rest >= FEWEST:
            found[name] = _mann_whitney(sums[name], size, rest, ties)
    return found


def _mann_whitney(rank_sum: float, size: int, rest: int, ties: float) -> float:
    """Two-sided p of the rank sum of `size` values among `size + rest`; `ties` is the sum of t³ − t."""
    total = size + rest
    u = rank_sum - size * (size + 1) / 2
    variance = size * rest / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0  # all waited equally long
    z = max(0.0, abs(u - size * rest / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))
