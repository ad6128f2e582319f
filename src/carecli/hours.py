"""Business hours: which seconds of the world count for a team's clocks.

A week is seven lists of ranges (Monday first), each range a pair of minutes after midnight in the team's time
zone; holidays are dates without hours. No hours at all means around the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

Range = tuple[int, int]
Week = tuple[tuple[Range, ...], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """A team's calendar; `week` None is around the clock."""

    timezone: str = "UTC"
    week: Week | None = None
    holidays: frozenset[date] = frozenset()


def business_seconds(start: datetime, end: datetime, hours: Hours) -> float:
    """Seconds of [start, end] inside business hours; 0 when `end` is not after `start`."""
    raise NotImplementedError


def add_business_seconds(start: datetime, seconds: float, hours: Hours) -> datetime:
    """The first moment at which `seconds` of business time have passed since `start`."""
    return start + timedelta(seconds=seconds)
