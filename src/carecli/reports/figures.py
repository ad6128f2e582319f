"""What a report says, computed from plain rows: no clock, no database, no configuration.

Four choices that METRICS leaves open, made once here:

* **Segment and case.** `cases` counts distinct cases. Whatever asks "was it answered, and how fast" counts
  segments, because a customer who comes back waits again: `needing_reply`, `answered`,
  `unanswered_complaints`, both first responses and the SLA. In an archive without reopened cases the two
  are equal.
* **Membership.** A segment belongs to the period in which it opened, and a case to every period in which
  one of its segments opened.
* **Promises.** Where the clock of a segment stands is not decided here but by `carecli.sla`, for the queue
  and the report alike. Closed without an answer: too late is breached, in time is neither met nor breached;
  both stay unanswered for the response rate.
* **Instant.** Everything is judged at the end of the period, or now if that is earlier: an answer, a
  resolution or a segment after that instant has not happened yet.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from carecli.hours import Hours, business_seconds
from carecli.model import SlaState
from carecli.reports.benchmarks import benchmarks
from carecli.reports.model import (
    Coverage,
    Crisis,
    DayCount,
    Mentions,
    Period,
    Report,
    Response,
    Service,
    SlaFigures,
    Times,
)
from carecli.reports.stats import percentile
from carecli.sla import Asked


@dataclass(frozen=True, slots=True)
class MentionCounts:
    """Mentions of one period, counted by the store.

    `directed` and `undirected` are inbound; a mention whose platform does not tell is in neither. The
    `by_…` count inbound mentions; a mention with two topics counts under both. `by_day`: (ISO date in the
    period's time zone, inbound, negative). `service`: inbound mentions with a service intent (complaint,
    question, request).
    """

    total: int
    inbound: int
    outbound: int
    directed: int
    undirected: int
    by_platform: Mapping[str, int]
    by_language: Mapping[str, int]
    by_sentiment: Mapping[str, int]
    by_intent: Mapping[str, int]
    by_topic: Mapping[str, int]
    by_day: Sequence[tuple[str, int, int]]
    service: int


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment of a case (`carecli.lifecycle.Segment`) with what figures group by.

    `number` counts the segments of the case from 0, so 1 and above are reopenings. `case_opened_at` is the
    time of the case's first inbound mention. `replies` and `pending_seconds` as in `Segment`. `asked` is what
    the first answer has to answer.
    """

    case: int
    opened_at: datetime
    needs_reply: bool
    first_reply_at: datetime | None
    resolved_at: datetime | None
    pending_seconds: float
    replies: int
    number: int
    intent: str
    urgency: str
    language: str | None
    platform: str
    case_opened_at: datetime
    asked: tuple[Asked, ...] = ()


def summarise(
    period: Period,
    counts: MentionCounts,
    segments: Iterable[SegmentRow],
    *,
    now: datetime,
    hours: Hours,
    standing: Callable[[SegmentRow, datetime], SlaState],
    backlog_open: int,
    coverage: Iterable[Coverage] = (),
    crises: Sequence[Crisis] | None = None,
) -> Report:
    """The report of `period`.

    `segments`: every segment of the cases that have one opened in the period, in any order; segments that
    lie outside it only serve the full resolution (its last resolve, its pending time) and the replies of
    these cases. `standing`: where a segment's first-response clock stands at an instant. `backlog_open`: cases
    not resolved at the instant. `crises` of the period, None where nobody looked for them.
    """
    instant = min(period.until, now).astimezone(UTC)
    known = [_as_of(row, instant) for row in segments if row.opened_at < period.until and row.opened_at <= now]
    inside = [row for row in known if period.since is None or row.opened_at >= period.since]
    waits = [_wait(row, instant, hours) for row in inside if row.needs_reply]
    response = _response(inside, known, waits, backlog_open, _sla(waits, instant, standing))
    return Report(
        period=period,
        mentions=_mentions(counts),
        response=response,
        service=_service(counts),
        fairness=None,
        crises=None if crises is None else tuple(crises),
        benchmarks=benchmarks(
            complaints=response.complaints,
            unanswered_complaints=response.unanswered_complaints,
            median_first_response=response.first_response.median_seconds,
        ),
        coverage=tuple(coverage),
        as_of=instant,
    )


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """`counts` with the highest first, ties by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long the customer of a segment that needs a reply waited: for it, in vain, or until the instant."""

    row: SegmentRow
    seconds: float
    business: float

    @property
    def answered(self) -> bool:
        return self.row.first_reply_at is not None


def _as_of(row: SegmentRow, instant: datetime) -> SegmentRow:
    reply = row.first_reply_at if row.first_reply_at and row.first_reply_at <= instant else None
    resolved = row.resolved_at if row.resolved_at and row.resolved_at <= instant else None
    if reply is row.first_reply_at and resolved is row.resolved_at:
        return row
    return replace(row, first_reply_at=reply, resolved_at=resolved)


def _wait(row: SegmentRow, instant: datetime, hours: Hours) -> _Wait:
    end = row.first_reply_at or row.resolved_at or instant
    seconds = max(0.0, (end - row.opened_at).total_seconds())
    return _Wait(row, seconds, business_seconds(row.opened_at, end, hours))


def _response(
    inside: Sequence[SegmentRow],
    known: Sequence[SegmentRow],
    waits: Sequence[_Wait],
    backlog_open: int,
    sla: SlaFigures,
) -> Response:
    cases = {row.case for row in inside}
    resolved = _full_resolutions([row for row in known if row.case in cases])
    replies = sum(row.replies for row in known if row.case in resolved)
    answered = [wait for wait in waits if wait.answered]
    complaints = [wait for wait in waits if wait.row.intent == "complaint"]
    return Response(
        cases=len(cases),
        needing_reply=len(waits),
        answered=len(answered),
        response_rate=_ratio(len(answered), len(waits)),
        unanswered_complaints=sum(not wait.answered for wait in complaints),
        first_response=_times([wait.seconds for wait in answered]),
        first_response_business=_times([wait.business for wait in answered]),
        resolution=_times(list(resolved.values())),
        sla=sla,
        backlog_open=backlog_open,
        reopened=len({row.case for row in inside if row.number > 0}),
        replies_per_resolution=_ratio(replies, len(resolved)),
        complaints=len(complaints),
    )


def _full_resolutions(rows: Iterable[SegmentRow]) -> dict[int, float]:
    """Case → seconds from its first mention to its last resolve, less its pending ones; no open cases."""
    last: dict[int, SegmentRow] = {}
    pending: defaultdict[int, float] = defaultdict(float)
    seconds: dict[int, float] = {}
    for row in rows:
        pending[row.case] += row.pending_seconds
        if row.case not in last or row.number > last[row.case].number:
            last[row.case] = row
    for case, row in last.items():
        if row.resolved_at is not None:
            total = (row.resolved_at - row.case_opened_at).total_seconds()
            seconds[case] = max(0.0, total - pending[case])
    return seconds


def _sla(waits: Iterable[_Wait], instant: datetime, standing: Callable[[SegmentRow, datetime], SlaState]) -> SlaFigures:
    states = Counter(standing(wait.row, instant) for wait in waits)
    met, breached = states["met"], states["breached"]
    return SlaFigures(met, breached, _ratio(met, met + breached), states["ok"] + states["due"])


def _times(seconds: Sequence[float]) -> Times:
    mean = math.fsum(seconds) / len(seconds) if seconds else None
    return Times(len(seconds), percentile(seconds, 0.5), percentile(seconds, 0.9), mean)


def _mentions(counts: MentionCounts) -> Mentions:
    return Mentions(
        total=counts.total,
        inbound=counts.inbound,
        directed=counts.directed,
        undirected=counts.undirected,
        by_platform=ranked(counts.by_platform),
        by_language=ranked(counts.by_language),
        by_sentiment=ranked(counts.by_sentiment),
        by_intent=ranked(counts.by_intent),
        by_topic=ranked(counts.by_topic),
        by_day=tuple(DayCount(*day) for day in sorted(counts.by_day)),
        outbound=counts.outbound,
    )


def _service(counts: MentionCounts) -> Service:
    net = counts.by_sentiment.get("positive", 0) - counts.by_sentiment.get("negative", 0)
    return Service(_ratio(net, counts.inbound), _ratio(counts.service, counts.inbound), counts.service)


def _ratio(part: float, whole: int) -> float | None:
    return part / whole if whole else None
