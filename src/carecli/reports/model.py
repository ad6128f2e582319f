"""The Report: one value that feeds every renderer.

The fields are the keys of `care report --json`, in that order. A few more are shown by the other formats
only, because a figure needs its denominator beside it; they carry `SHOWN_APART` and `to_json` leaves them
out. Durations are seconds, shares are 0…1, times are aware; what cannot be computed is None, a count is
never None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any

from carecli.model import JSON, iso

SHOWN_APART: Mapping[str, bool] = {"json": False}


@dataclass(frozen=True, slots=True)
class Period:
    """[since, until) of a report; `since` None is from the beginning. `timezone` is an IANA name."""

    since: datetime | None
    until: datetime
    timezone: str = "UTC"
    week_starts: str = field(default="monday", metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class DayCount:
    """Inbound mentions of one local day, `day` as ISO date; `negative` of them were negative."""

    day: str
    inbound: int
    negative: int


@dataclass(frozen=True, slots=True)
class Mentions:
    """What was said in the period; `by_…` count inbound mentions only, highest first."""

    total: int
    inbound: int
    directed: int
    undirected: int
    by_platform: Mapping[str, int]
    by_language: Mapping[str, int]
    by_sentiment: Mapping[str, int]
    by_intent: Mapping[str, int]
    by_topic: Mapping[str, int]
    by_day: tuple[DayCount, ...]
    outbound: int = field(metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, over `count` of them; no time statistic without at least one."""

    count: int
    median_seconds: float | None
    p90_seconds: float | None
    mean_seconds: float | None


@dataclass(frozen=True, slots=True)
class SlaFigures:
    """`rate` is met ÷ (met + breached); `running` clocks are inside their target and in neither."""

    met: int
    breached: int
    rate: float | None
    running: int = field(metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class Response:
    """How the brand answered. What is a case and what a segment: see `carecli.reports.figures`."""

    cases: int
    needing_reply: int
    answered: int
    response_rate: float | None
    unanswered_complaints: int
    first_response: Times
    first_response_business: Times
    resolution: Times
    sla: SlaFigures
    backlog_open: int
    reopened: int
    replies_per_resolution: float | None
    complaints: int = field(metadata=SHOWN_APART)
    first_resolution: Times = field(metadata=SHOWN_APART)
    resolved_cases: int = field(metadata=SHOWN_APART)
    reopen_rate: float | None = field(metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class Service:
    """`net_sentiment` is −1…1: (positive − negative) ÷ all inbound."""

    net_sentiment: float | None
    share_of_service_mentions: float | None
    service_mentions: int = field(metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class Fairness:
    """The first response of one group of customers, compared with everybody else's.

    `p_value` is corrected for the number of groups, None where there are too few to compare. `asked`: how many of
    the group needed an answer.
    """

    dimension: str
    group: str
    count: int
    median_seconds: float | None
    p_value: float | None
    differs: bool | None
    asked: int = field(default=0, metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class Crisis:
    """A burst of negative mentions; `peak_ratio` is the highest hour against the usual level, None where that is 0.

    `peak` is that hour's count, `usual` the level, `baseline` says what it was computed from. No end: it goes on.
    """

    started_at: datetime
    ended_at: datetime | None
    peak_ratio: float | None
    topic: str | None
    mentions: int
    peak: int
    usual: float
    baseline: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A published figure beside ours; `unit` is `share` or `seconds`, for both."""

    name: str
    value: float
    ours: float | None
    source: str
    unit: str = field(metadata=SHOWN_APART)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one source contributed to the period, and whether it could be heard at all.

    `failing_since`: when it was last read with success, where it fails now. `silent_since`: its last mention, where the
    silence after it is longer than usual for it.
    """

    source: str
    platform: str
    last_fetch_at: datetime | None
    last_error: str | None
    mentions: int
    failing_since: datetime | None = None
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure beside itself in the period before; `change` is the difference. `count`: what it counts over."""

    figure: str
    value: float | None
    before: float | None
    change: float | None
    count: int | None
    count_before: int | None
    unit: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same figures in the period before, [since, until)."""

    since: datetime
    until: datetime
    figures: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says. `as_of` is the instant at which open and answered were judged."""

    period: Period
    mentions: Mentions
    response: Response
    service: Service
    fairness: tuple[Fairness, ...] | None
    crises: tuple[Crisis, ...] | None
    benchmarks: tuple[Benchmark, ...]
    coverage: tuple[Coverage, ...]
    comparison: Comparison | None = field(default=None, kw_only=True)
    as_of: datetime = field(metadata=SHOWN_APART)


def to_json(report: Report) -> JSON:
    """`report` as the document that CONTRACT promises: its keys, its order, times with Z, unknown null."""
    document: JSON = as_json(report)
    return document


def as_json(value: Any, *, whole: bool = False) -> Any:
    """Figures as JSON: dataclasses become objects, times end with Z; with `whole` also what is `SHOWN_APART`."""
    if is_dataclass(value):
        kept = (each for each in fields(value) if whole or each.metadata.get("json", True))
        return {each.name: as_json(getattr(value, each.name), whole=whole) for each in kept}
    if isinstance(value, Mapping):
        return {str(key): as_json(each, whole=whole) for key, each in value.items()}
    if isinstance(value, tuple):
        return [as_json(each, whole=whole) for each in value]
    return iso(value) if isinstance(value, datetime) else value
