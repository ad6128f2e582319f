"""Stage 4: period → rows → figures → rendering. Nothing is kept: a figure is always what the store says now."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from carecli import brands, crises, report_parts, sla
from carecli.config import Config
from carecli.errors import UsageError
from carecli.hindsight import Hindsight
from carecli.model import SlaState, iso, parse_iso
from carecli.patience import too_silent
from carecli.report_parts import Material
from carecli.reports.compare import compared
from carecli.reports.figures import Judged, MentionCounts, SegmentRow, Standing, judge, summarise
from carecli.reports.model import Coverage, Crisis, Period, Report
from carecli.reports.period import before
from carecli.reports.tables import Part
from carecli.store import metrics, sources
from carecli.store.connect import Store

GAPS = 200  # newest mentions of a source that tell what is usual for it
BEGINNING = "0000"  # sorts before every ISO time


def summary(
    store: Store,
    config: Config,
    *,
    since: datetime | None,
    until: datetime,
    now: datetime,
    compare: bool = False,
    brand: str | None = None,
) -> Report:
    """The figures of [since, until), judged at `until` or `now`, whichever is earlier; `since` None: from the first.

    `compare`: with the period before, where there is a beginning. `brand`: of this one alone, see `carecli.brands`.
    """
    with brands.only(store, config, brand):
        found = _summarised(store, config, since, until, now)[0]
        if since is None or not compare:
            return found
        earlier = before(since, until, config.brand.timezone)
        return compared(found, _summarised(store, config, *earlier, now, headlines_only=True)[0])


def part(
    store: Store,
    config: Config,
    name: str,
    *,
    since: datetime | None,
    until: datetime,
    now: datetime,
    anonymous: bool = False,
    explain: str | None = None,
    brand: str | None = None,
) -> Part:
    """One part of the report of [since, until), ready for every format; `anonymous`: no handles, no quotes.
    `explain`: instead, how one figure came about. `brand`: of this one alone, see `carecli.brands`.

    Raises UsageError for a part or a brand that there is not, CareError where a part cannot be told honestly.
    """
    if name not in report_parts.PARTS:
        raise UsageError(f"no report is called '{name}'", hint=f"there is: {', '.join(report_parts.PARTS)}")
    called = brands.known(store, config, brand)
    with brands.only(store, config, brand):
        return brands.labelled(_part(store, config, name, since, until, now, anonymous, explain, called), called)


def _part(
    store: Store,
    config: Config,
    name: str,
    since: datetime | None,
    until: datetime,
    now: datetime,
    anonymous: bool,
    explain: str | None,
    brand: str | None,
) -> Part:
    found, judged = _summarised(store, config, since, until, now)
    start, end = _span(since, until, now)
    earlier = None if since is None else before(since, until, config.brand.timezone)
    if earlier is not None and name == "summary":
        found = compared(found, _summarised(store, config, *earlier, now, headlines_only=True)[0])
    if anonymous:
        found = without_names(found)
    start_before, end_before = (None, None) if earlier is None else map(iso, earlier)
    material = Material(store, config, found, judged, start, end, start_before, end_before, anonymous, brand)
    return report_parts.build(name, material) if explain is None else report_parts.explain(explain, material)


def _span(since: datetime | None, until: datetime, now: datetime) -> tuple[str, str]:
    # what is dated later than now has not happened yet
    return iso(since) if since else BEGINNING, iso(min(until, now + timedelta(seconds=1)))


def _summarised(
    store: Store,
    config: Config,
    since: datetime | None,
    until: datetime,
    now: datetime,
    *,
    headlines_only: bool = False,
) -> tuple[Report, Judged]:
    start, end = _span(since, until, now)
    period = Period(since or _first(store), until, config.brand.timezone, config.report.week_starts)
    then = Hindsight(store, min(until, now))
    with _uncollected():
        judged = judge(
            period,
            then.segments(start, end),
            now=now,
            hours=config.team_hours,
            standing=_standing(config),
        )
        found = summarise(
            period,
            _counts(store, config, start, end),
            judged,
            backlog_open=then.backlog(),
            resolved_cases=then.resolved_count(start, end),
            coverage=[_coverage(store, row, then.instant) for row in metrics.coverage(store, start, end)],
            crises=None if headlines_only else _crises(store, config, since, min(until, now + timedelta(seconds=1))),
            with_fairness=not headlines_only,
        )
    return found, judged


def _crises(store: Store, config: Config, since: datetime | None, instant: datetime) -> list[Crisis]:
    return crises.of_period(store, config, since=since, instant=instant)


def _standing(config: Config) -> Standing:
    """Where the first response of a segment stands: what `care queue` and `care sla explain` say of it too."""
    voices: dict[str, str] = {}
    clock = sla.first_responses(config)

    def stands(row: SegmentRow, instant: float) -> tuple[SlaState, float | None]:
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


def without_names(found: Report) -> Report:
    """`found` without what sources say of accounts: errors may name them."""
    return replace(
        found,
        coverage=tuple(
            replace(each, last_error=None if each.last_error is None else "failed") for each in found.coverage
        ),
    )


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
