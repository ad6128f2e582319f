"""Stage 4: period → rows → figures → rendering. Nothing is kept: a figure is always what the store says now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from carecli import crises, sla
from carecli.config import Config
from carecli.model import SlaState, iso, parse_iso
from carecli.reports.figures import MentionCounts, SegmentRow, summarise
from carecli.reports.model import Coverage, Period, Report
from carecli.store import metrics
from carecli.store.connect import Row, Store

BEGINNING = "0000"  # sorts before every ISO time


def summary(store: Store, config: Config, *, since: datetime | None, until: datetime, now: datetime) -> Report:
    """The figures of [since, until), judged at `until` or `now`, whichever is earlier; `since` None: from the first."""
    start = iso(since) if since else BEGINNING
    end = iso(min(until, now + timedelta(seconds=1)))  # what is dated later than now has not happened yet
    return summarise(
        Period(since or _first(store), until, config.brand.timezone),
        _counts(store, config, start, end),
        [_segment(row, config) for row in metrics.segments(store, start, end)],
        now=now,
        hours=config.team_hours,
        standing=lambda row, instant: first_response_state(row, config, instant),
        backlog_open=metrics.backlog(store, min(end, iso(now))),
        crises=crises.of_period(store, config, since=since, instant=min(until, now + timedelta(seconds=1))),
        coverage=[_coverage(row) for row in metrics.coverage(store, start, end)],
    )


def first_response_state(row: SegmentRow, config: Config, instant: datetime) -> SlaState:
    """Where the first response of a segment stands: what `care queue` and `care sla explain` say of it too."""
    return sla.response_clock(
        row.asked, "first_response", config, answered=row.first_reply_at, closed=row.resolved_at, now=instant
    ).state


def _first(store: Store) -> datetime | None:
    span = metrics.span(store)
    return None if span is None else parse_iso(span[0])


def _counts(store: Store, config: Config, start: str, end: str) -> MentionCounts:
    totals = metrics.totals(store, start, end)
    return MentionCounts(
        total=totals["total"],
        inbound=totals["inbound"],
        outbound=totals["outbound"],
        directed=totals["directed"],
        undirected=totals["inbound"] - totals["directed"],
        by_platform=metrics.by(store, "platform", start, end),
        by_language=metrics.by(store, "language", start, end),
        by_sentiment=metrics.by(store, "sentiment", start, end),
        by_intent=metrics.by(store, "intent", start, end),
        by_topic=metrics.by_topic(store, start, end),
        by_day=_by_day(store, config.brand.timezone, start, end),
        service=totals["service"],
    )


def _by_day(store: Store, timezone: str, start: str, end: str) -> list[tuple[str, int, int]]:
    """Days of the team's time zone. SQLite counts by hour; zones that are off by part of an hour need minutes."""
    zone = ZoneInfo(timezone)
    whole = _whole_hours(zone, [parse_iso(moment) for moment in metrics.span(store) or ()])
    days: dict[str, list[int]] = {}
    for row in metrics.by_slot(store, start, end, characters=13 if whole else 16):
        text = row["slot"] + (":00:00+00:00" if whole else ":00+00:00")
        day = days.setdefault(datetime.fromisoformat(text).astimezone(zone).date().isoformat(), [0, 0])
        day[0] += row["inbound"]
        day[1] += row["negative"]
    return [(day, inbound, negative) for day, (inbound, negative) in sorted(days.items())]


def _whole_hours(zone: ZoneInfo, span: Sequence[datetime]) -> bool:
    """Whether the zone is whole hours off UTC all the time from the first to the last moment of `span`."""
    moments, moment = list(span), span[0] if span else None
    while moment is not None and moment < span[-1]:
        moments.append(moment)
        moment += timedelta(days=28)  # no daylight-saving time is shorter
    hour = timedelta(hours=1)
    return all((moment.astimezone(zone).utcoffset() or hour) % hour == timedelta() for moment in moments)


def _segment(row: Row, config: Config) -> SegmentRow:
    signs = sla.Signs(row["urgency"], row["intent"], row["priority"], config.voice_of(row["source"]))
    return SegmentRow(
        asked=tuple(sla.first_asked(row["asked"], row["opened_at"], signs)),
        case=row["case_id"],
        opened_at=parse_iso(row["opened_at"]),
        needs_reply=bool(row["needs_reply"]),
        first_reply_at=_moment(row["first_reply_at"]),
        resolved_at=_moment(row["resolved_at"]),
        pending_seconds=row["pending_seconds"],
        replies=row["replies"],
        number=row["number"],
        intent=row["intent"],
        urgency=row["urgency"],
        language=row["language"],
        platform=row["platform"],
        case_opened_at=parse_iso(row["case_opened_at"]),
    )


def _coverage(row: dict[str, object]) -> Coverage:
    last = row["last_fetch_at"]
    return Coverage(
        source=str(row["source"]),
        platform=str(row["platform"]),
        last_fetch_at=_moment(str(last) if last else None),
        last_error=None if row["last_error"] is None else str(row["last_error"]),
        mentions=int(str(row["mentions"])),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_iso(text)
