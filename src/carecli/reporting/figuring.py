"""The figures of one period of a store: period → rows → figures, each computed when it is first asked for.

Nothing is kept beyond that: a figure is always what the store says now. A part that shows crises does not pay for the
response times, and none pays twice.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from carecli import sla
from carecli.config import Config
from carecli.listening.patience import too_silent
from carecli.model import iso, parse_iso
from carecli.reporting import crises
from carecli.reporting.hindsight import Hindsight
from carecli.reports.figures import Judged, MentionCounts, SegmentRow, Standing, fairness_of, judge, summarise
from carecli.reports.model import Coverage, Crisis, Fairness, Period, Report
from carecli.sla import Stand
from carecli.store import metrics, sources
from carecli.store.connect import Store

GAPS = 200  # newest mentions of a source that tell what is usual for it
BEGINNING = "0000"  # sorts before every ISO time


@dataclass(frozen=True)
class Figures:
    """The figures of [since, until), judged at `until` or `now`, whichever is earlier; `since` None: from the first.

    `anonymous`: without what sources say of accounts.
    """

    store: Store
    config: Config
    since: datetime | None
    until: datetime
    now: datetime
    anonymous: bool = False

    @cached_property
    def period(self) -> Period:
        since = self.since or _first(self.store)
        return Period(since, self.until, self.config.brand.timezone, self.config.report.week_starts)

    @property
    def start(self) -> str:
        """The first moment of the period as ISO text."""
        return iso(self.since) if self.since else BEGINNING

    @property
    def end(self) -> str:
        """What is dated from then on is not of the period, or has not happened yet."""
        return iso(self._end)

    @property
    def _end(self) -> datetime:
        return min(self.until, self.now + timedelta(seconds=1))

    @cached_property
    def then(self) -> Hindsight:
        """The store as it was at the instant of the report."""
        return Hindsight(self.store, self.instant)

    @property
    def instant(self) -> datetime:
        """When everything is judged."""
        return min(self.until, self.now).astimezone(UTC)

    @cached_property
    def judged(self) -> Judged:
        with _uncollected():
            return judge(
                self.period,
                self.then.segments(self.start, self.end),
                now=self.now,
                hours=self.config.team_hours,
                standing=_standing(self.config),
            )

    @cached_property
    def coverage(self) -> tuple[Coverage, ...]:
        rows = metrics.coverage(self.store, self.start, self.end)
        found = (_coverage(self.store, row, self.instant) for row in rows)
        return tuple(map(_nameless, found)) if self.anonymous else tuple(found)

    @cached_property
    def crises(self) -> tuple[Crisis, ...]:
        return tuple(crises.of_period(self.store, self.config, since=self.since, instant=self._end))

    @cached_property
    def fairness(self) -> tuple[Fairness, ...]:
        with _uncollected():
            return fairness_of(self.judged, self.config.brand.timezone)

    @cached_property
    def headlines(self) -> Report:
        """The report without what takes longest: crises and fairness."""
        with _uncollected():
            return summarise(
                self.period,
                _counts(self.store, self.config, self.start, self.end),
                self.judged,
                backlog_open=self.then.backlog(),
                resolved_cases=self.then.resolved_count(self.start, self.end),
                coverage=self.coverage,
                with_fairness=False,
            )

    @cached_property
    def report(self) -> Report:
        """The whole report."""
        return replace(self.headlines, crises=self.crises, fairness=self.fairness)


def _standing(config: Config) -> Standing:
    """Where the first response of a segment stands: what `care queue` and `care sla explain` say of it too."""
    voices: dict[str, str] = {}
    clock = sla.first_responses(config)

    def stands(row: SegmentRow, instant: float) -> Stand:
        voice = voices.get(row.source)
        if voice is None:
            voice = voices[row.source] = config.voice_of(row.source)
        asked = (
            ((row.opened_at, row.urgency, row.intent, row.priority),)
            if row.asked is None
            else sla.unpacked_seconds(row.asked)
        )
        return clock(asked, voice, row.first_reply_at, row.resolved_at, instant)

    return stands


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles meanwhile: hundreds of thousands of tuples have none, and looking at them takes longest."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _nameless(found: Coverage) -> Coverage:
    """`found` without what the source says of accounts: errors may name them."""
    return replace(found, last_error=None if found.last_error is None else "failed")


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


def _coverage(store: Store, row: dict[str, object], instant: datetime) -> Coverage:
    last, success, error = row["last_fetch_at"], row["last_success_at"], row["last_error"]
    name = str(row["source"])
    return Coverage(
        source=name,
        platform=str(row["platform"]),
        last_fetch_at=parse_iso(str(last)) if last else None,
        last_error=None if error is None else str(error),
        mentions=int(str(row["mentions"])),
        failing_since=parse_iso(str(success)) if success and error is not None else None,
        silent_since=None if not success else _silent_since(store, name, min(parse_iso(str(success)), instant)),
    )


def _silent_since(store: Store, name: str, asked: datetime) -> datetime | None:
    """The last mention of a source that was read at `asked`, where it should have brought more by then."""
    times = [parse_iso(text) for text in reversed(sources.newest(store, name, GAPS, until=asked))]
    return None if too_silent(times, asked) is None else times[-1]
