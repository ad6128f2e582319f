"""Does everybody wait equally long? First responses by language, platform, hour and audience, with a rank test.

Each group is compared with all the others of its dimension by the Mann-Whitney U test (1947) with the correction for
ties and for continuity, in its normal approximation; the p-values of all groups together are corrected after Holm
(1979). A group or a rest of fewer than `FEWEST` answers is shown, and not judged.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from carecli.reports.model import Fairness
from carecli.reports.stats import holm, percentile

FEWEST = 5
LEVEL = 0.05
HOURS = ("00:00-06:00", "06:00-12:00", "12:00-18:00", "18:00-24:00")
_LEAST = (100, 1_000, 10_000)
AUDIENCES = ("under 100", "100 to 999", "1,000 to 9,999", "10,000 and more")
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
    answers = _Answers.of(everybody)
    found = [group for name, key in dimensions.items() for group in _groups(name, list(map(key, everybody)), answers)]
    tested = [place for place, group in enumerate(found) if group.p_value is not None]
    corrected = holm([found[place].p_value or 0.0 for place in tested])
    for place, p_value in zip(tested, corrected, strict=True):
        found[place] = replace(found[place], p_value=p_value, differs=p_value < LEVEL)
    return tuple(found)


def audience(followers: int | None) -> str:
    """The group of a customer by what the platform says of their audience."""
    if followers is None:
        return UNKNOWN
    return AUDIENCES[bisect(_LEAST, followers)]


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


class _Answers(NamedTuple):
    """Who was answered, by how long it took: their places, seconds and ranks; `ties` is the sum of t³ − t."""

    places: Sequence[int]
    seconds: Sequence[float]
    ranks: Sequence[float]
    ties: float

    @classmethod
    def of(cls, asked: Sequence[Asked]) -> _Answers:
        """Ranked once, for every dimension; equal values share the middle of their ranks."""
        waits = sorted((one.seconds, place) for place, one in enumerate(asked) if one.seconds is not None)
        ranks: list[float] = []
        ties = 0.0
        for _, equal in groupby(waits, key=itemgetter(0)):
            size = sum(1 for _ in equal)
            ranks += [len(ranks) + (size + 1) / 2] * size
            ties += size**3 - size
        return cls([place for _, place in waits], [seconds for seconds, _ in waits], ranks, ties)


def _groups(dimension: str, names: Sequence[str], answers: _Answers) -> list[Fairness]:
    """The groups of one dimension; `names` says who is in which."""
    needing = Counter(names)
    if len(needing) < 2:
        return []
    values: dict[str, list[float]] = {name: [] for name in needing}
    sums = dict.fromkeys(needing, 0.0)
    for place, seconds, rank in zip(answers.places, answers.seconds, answers.ranks, strict=True):
        name = names[place]
        values[name].append(seconds)
        sums[name] += rank
    total = len(answers.places)
    found = []
    for name in sorted(needing):
        size = len(values[name])
        judged = size >= FEWEST and total - size >= FEWEST
        p_value = _mann_whitney(sums[name], size, total - size, answers.ties) if judged else None
        median = percentile(values[name], 0.5)
        found.append(Fairness(dimension, name, size, median, p_value, None, needing[name]))
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
