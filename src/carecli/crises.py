"""The crises of a period: counts by hour, judged by `reports.crises`, each with the topic that grew most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from carecli.config import Config
from carecli.model import iso, parse_iso
from carecli.reports.crises import WEEK, Burst, Rules, bursts, grown
from carecli.reports.model import Crisis
from carecli.store import mentions, metrics
from carecli.store.connect import Store

_Namer = Callable[[int], int]
_BEFORE = 14 * 24
_MOST_TEXTS = 2_000
_ENOUGH = 0.25  # of a burst's mentions: what fewer speak of does not name it
_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def of_period(store: Store, config: Config, *, since: datetime | None, instant: datetime) -> list[Crisis]:
    """The crises of [since, instant), oldest first; one that goes on has no end yet."""
    span = metrics.span(store)
    if span is None:
        return []
    first, until = _hour(parse_iso(span[0])), _hour(instant - timedelta(microseconds=1)) + 1
    beginning = max(first, _hour(since) if since else first)
    rules = Rules(config.crisis.minimum, config.crisis.threshold, config.crisis.weeks)
    earliest = max(first, beginning - (rules.weeks + 2) * WEEK)
    counted = metrics.negative_by_hour(store, iso(_moment(earliest)), iso(instant))
    negative = {_hour(datetime.fromisoformat(f"{row['slot']}:00:00+00:00")): row["negative"] for row in counted}
    zone = ZoneInfo(config.brand.timezone)

    @cache
    def hour_of_week(hour: int) -> int:
        local = _moment(hour).astimezone(zone)
        return 24 * local.weekday() + local.hour

    found = bursts(
        negative,
        first=first,
        since=beginning,
        until=until,
        complete=_hour(instant),
        hour_of_week=hour_of_week,
        rules=rules,
    )
    return [_crisis(store, burst, min(_moment(burst.end or until), instant), hour_of_week) for burst in found]


def _crisis(store: Store, burst: Burst, end: datetime, hour_of_week: _Namer) -> Crisis:
    usual = burst.usual
    name = hour_of_week(burst.peak_at)
    compared = f"{_DAYS[name // 24]} {name % 24:02d}:00" if usual.weekly else "hours of the 14 days before"
    return Crisis(
        started_at=_moment(burst.start),
        ended_at=None if burst.end is None else end,
        peak_ratio=burst.ratio,
        topic=_topic(store, burst, end),
        mentions=burst.mentions,
        peak=burst.peak,
        usual=usual.median,
        baseline=f"{usual.hours} {compared}: median {usual.median:g}, spread {usual.spread:.2g} an hour",
    )


def _topic(store: Store, burst: Burst, end: datetime) -> str | None:
    """The topic of care.toml that grew most, or the words that are new, when enough of the burst speaks of them."""
    start, before = _moment(burst.start), _moment(burst.start - _BEFORE)
    share = (end - start) / (start - before)
    during = metrics.negative_by_topic(store, iso(start), iso(end))
    best = grown(during, metrics.negative_by_topic(store, iso(before), iso(start)), share=share)
    if best is not None and best[1] >= _ENOUGH * burst.mentions:
        return best[0]
    from carecli.triage.mining import propose

    said = mentions.texts(store, iso(start), iso(end), limit=_MOST_TEXTS, negative=True)
    earlier = mentions.texts(store, iso(before), iso(start), limit=_MOST_TEXTS, negative=True)
    words = next(iter(propose(said, earlier, limit=1)), None)
    if words is not None and words.now >= _ENOUGH * burst.mentions:
        return words.words
    return None if best is None else best[0]


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // 3600)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
