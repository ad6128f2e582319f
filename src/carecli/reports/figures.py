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
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from carecli.hours import Hours, counter
from carecli.model import SlaState
from carecli.reports.benchmarks import benchmarks
from carecli.reports.fairness import Asked, fairness
from carecli.reports.model import (
    Coverage,
    Crisis,
    DayCount,
    Fairness,
    Mentions,
    Period,
    Report,
    Response,
    Service,
    SlaFigures,
    Times,
)
from carecli.reports.stats import percentile
from carecli.sla import Stand


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


class SegmentRow(NamedTuple):
    """One segment of a case (`cases.lifecycle.Segment`) with what figures group by; times in seconds since 1970.

    `number` counts the segments of the case from 0, so 1 and above are reopenings. `case_opened_at` is the
    time of the case's first inbound mention, None where it is this segment's. `replies` and `pending_seconds` as in
    `Segment`; `followers` of the customer, as the platform reported them. `asked` is what the first answer has to
    answer, as `carecli.sla` packs it, None for the message that opened the segment; `priority` and `source` choose a
    policy. `changed`: it changed after the instant in a way that `judge` cannot leave out (`Segment.changed_at`). A
    tuple, because a report reads hundreds of thousands.
    """

    case: int
    number: int
    opened_at: float
    case_opened_at: float | None
    first_reply_at: float | None
    resolved_at: float | None
    needs_reply: int
    pending_seconds: float
    replies: int
    intent: str
    urgency: str
    language: str | None
    platform: str
    followers: int | None
    asked: str | None = None
    priority: int = 0
    source: str = ""
    changed: int = 0


def began(row: SegmentRow) -> float:
    """When the case of a segment did."""
    return row.opened_at if row.case_opened_at is None else row.case_opened_at


class Wait(NamedTuple):
    """How long the customer of a segment that needs a reply waited: for it, in vain, or until the instant.

    `end` is what ended it, in seconds since 1970; `clock` is what the SLA says of it, `target`, `policy` and `urgency`
    are of what decided that; None where nothing is promised.
    """

    row: SegmentRow
    end: float
    seconds: float
    business: float
    answered: bool
    target: float | None
    clock: SlaState
    policy: str | None = None
    urgency: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The segments of a period, judged at one instant: those that opened `inside` it, and all of their cases."""

    instant: datetime
    inside: Sequence[SegmentRow]
    of_their_cases: Sequence[SegmentRow]
    waits: Sequence[Wait]


# Where a segment's first-response clock stands at an instant in seconds since 1970
Standing = Callable[[SegmentRow, float], Stand]


def judge(
    period: Period,
    segments: Iterable[SegmentRow],
    *,
    now: datetime,
    hours: Hours,
    standing: Standing,
) -> Judged:
    """Which segments count in `period`, and how each customer's wait ended.

    `segments`: every segment of the cases that have one opened in the period, in any order; segments that
    lie outside it only serve the full resolution (its last resolve, its pending time) and the replies of
    these cases.
    """
    instant = min(period.until, now).astimezone(UTC)
    at, until, latest = instant.timestamp(), period.until.timestamp(), now.timestamp()
    since = -math.inf if period.since is None else period.since.timestamp()
    known = [
        row if (row[4] or 0) <= at and (row[5] or 0) <= at else _as_of(row, at)  # its reply and its resolution
        for row in segments
        if row[2] < until and row[2] <= latest
    ]
    inside = [row for row in known if row.opened_at >= since]
    cases = {row.case for row in inside}
    judging = _Judging(at, counter(hours), standing)
    waits = [judging.wait(row) for row in inside if row.needs_reply]
    return Judged(instant, inside, [row for row in known if row.case in cases], waits)


def summarise(
    period: Period,
    counts: MentionCounts,
    judged: Judged,
    *,
    backlog_open: int,
    resolved_cases: int = 0,
    coverage: Iterable[Coverage] = (),
    crises: Sequence[Crisis] | None = None,
    with_fairness: bool = True,
) -> Report:
    """The report of `period`. `backlog_open`: cases not resolved at the instant of `judged`. `resolved_cases`: cases
    that were resolved in the period, whenever they opened. `with_fairness` False leaves out what takes longest.
    """
    response = _response(judged, backlog_open, resolved_cases)
    return Report(
        period=period,
        mentions=_mentions(counts),
        response=response,
        service=_service(counts),
        fairness=fairness_of(judged, period.timezone) if with_fairness else None,
        crises=None if crises is None else tuple(crises),
        benchmarks=benchmarks(
            complaints=response.complaints,
            unanswered_complaints=response.unanswered_complaints,
            median_first_response=response.first_response.median_seconds,
        ),
        coverage=tuple(coverage),
        as_of=judged.instant,
    )


def fairness_of(judged: Judged, timezone: str) -> tuple[Fairness, ...]:
    """Whether everybody waited equally long."""
    return fairness(map(_asked, judged.waits), timezone)


def _asked(wait: Wait) -> Asked:
    row = wait.row
    return Asked(row.opened_at, wait.seconds if wait.answered else None, row.language, row.platform, row.followers)


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """`counts` with the highest first, ties by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _as_of(row: SegmentRow, instant: float) -> SegmentRow:
    """`row` as it was then: what happened later has not happened."""
    reply, resolved = row.first_reply_at, row.resolved_at
    if (reply is None or reply <= instant) and (resolved is None or resolved <= instant):
        return row
    return row._replace(
        first_reply_at=None if reply is None or reply > instant else reply,
        resolved_at=None if resolved is None or resolved > instant else resolved,
    )


@dataclass(frozen=True, slots=True)
class _Judging:
    """What waits are judged by."""

    instant: float
    business: Callable[[float, float], float]
    standing: Standing

    def wait(self, row: SegmentRow) -> Wait:
        end, answered = row.first_reply_at, True
        if end is None:
            end, answered = row.resolved_at, False
            if end is None:
                end = self.instant
        seconds = max(0.0, end - row.opened_at)
        business = self.business(row.opened_at, end)
        clock, target, policy, urgency = self.standing(row, self.instant)
        return Wait(row, end, seconds, business, answered, target, clock, policy, urgency)


def _response(judged: Judged, backlog_open: int, resolved_cases: int) -> Response:
    waits = judged.waits
    firsts, fulls = resolutions(judged.of_their_cases)
    replies = sum(row.replies for row in judged.of_their_cases if row.case in fulls)
    answered = [wait for wait in waits if wait.answered]
    complaints = [wait for wait in waits if wait.row.intent == "complaint"]
    reopened = len({row.case for row in judged.inside if row.number > 0})
    return Response(
        cases=len({row.case for row in judged.inside}),
        needing_reply=len(waits),
        answered=len(answered),
        response_rate=ratio(len(answered), len(waits)),
        unanswered_complaints=sum(not wait.answered for wait in complaints),
        first_response=times([wait.seconds for wait in answered]),
        first_response_business=times([wait.business for wait in answered]),
        resolution=times(list(fulls.values())),
        sla=sla_figures(waits),
        backlog_open=backlog_open,
        reopened=reopened,
        replies_per_resolution=ratio(replies, len(fulls)),
        complaints=len(complaints),
        first_resolution=times(list(firsts.values())),
        resolved_cases=resolved_cases,
        reopen_rate=ratio(reopened, resolved_cases),
    )


def resolutions(rows: Sequence[SegmentRow]) -> tuple[dict[int, float], dict[int, float]]:
    """Two maps of case → seconds: from its first mention to its first, and to its last resolve.

    The time that the case waited for its customer is left out. Cases never resolved are in neither, those that are
    open again only in the first.
    """
    firsts: dict[int, float] = {}
    fulls: dict[int, float] = {}
    several: dict[int, list[SegmentRow]] = {}
    for row in rows:
        if row.number == 0 and row.resolved_at is not None:
            firsts[row.case] = fulls[row.case] = max(0.0, row.resolved_at - began(row) - row.pending_seconds)
        elif row.number:
            several.setdefault(row.case, []).append(row)
    if several:
        _reopened_resolutions(rows, several, fulls)
    return firsts, fulls


def _reopened_resolutions(
    rows: Iterable[SegmentRow], several: dict[int, list[SegmentRow]], fulls: dict[int, float]
) -> None:
    """Write the full resolution of cases that were reopened into `fulls`, take it out where they are open."""
    for row in rows:
        if row.number == 0 and row.case in several:
            several[row.case].append(row)
    for case, segments in several.items():
        last = max(segments, key=lambda row: row.number)
        fulls.pop(case, None)
        if last.resolved_at is not None:
            pending = sum(row.pending_seconds for row in segments)
            fulls[case] = max(0.0, last.resolved_at - began(last) - pending)


def sla_figures(waits: Iterable[Wait]) -> SlaFigures:
    """The clocks of `waits`, counted."""
    states = Counter(wait.clock for wait in waits)
    met, breached = states["met"], states["breached"]
    return SlaFigures(met, breached, ratio(met, met + breached), states["ok"] + states["due"])


def times(seconds: Sequence[float]) -> Times:
    """Count, median, 90th percentile and mean of durations."""
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
    return Service(ratio(net, counts.inbound), ratio(counts.service, counts.inbound), counts.service)


def ratio(part: float, whole: int) -> float | None:
    """`part` ÷ `whole`; None without any."""
    return part / whole if whole else None
