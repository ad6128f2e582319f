"""The crises of a period: counts by hour, judged by `reports.crises`, each with the topic that grew most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
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
_Topics = dict[int, dict[str, int]]  # hour since 1970 → topic → negative mentions
_BEFORE = 14 * 24
_MOST_TEXTS = 120  # of a burst, the newest, and of before: enough to see what one in four speaks of
_MOST_READ = 40  # bursts of a report whose texts are read, the largest: a year of a noisy brand may have hundreds
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
    negative = {_slot(row["slot"]): row["negative"] for row in counted}
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
    topics = _topics_by_hour(store, found, instant)
    read = set(sorted((burst.mentions for burst in found), reverse=True)[:_MOST_READ])
    return [
        _crisis(store, burst, min(_moment(burst.end or until), instant), hour_of_week, topics, burst.mentions in read)
        for burst in found
    ]


def _topics_by_hour(store: Store, found: Sequence[Burst], instant: datetime) -> _Topics:
    """Topics of negative mentions in each hour of these bursts and of the time before them."""
    topics: _Topics = {}
    if found:
        first = _moment(min(burst.start for burst in found) - _BEFORE)
        for row in metrics.negative_topics_by_hour(store, iso(first), iso(instant)):
            topics.setdefault(_slot(row["slot"]), {})[row["name"]] = row["n"]
    return topics


def _between(topics: _Topics, first: int, last: int) -> Counter[str]:
    """Topics of the hours [first, last)."""
    counted: Counter[str] = Counter()
    for hour in range(first, last):
        counted.update(topics.get(hour, {}))
    return counted


def _crisis(store: Store, burst: Burst, end: datetime, hour_of_week: _Namer, topics: _Topics, read: bool) -> Crisis:
    usual = burst.usual
    name = hour_of_week(burst.peak_at)
    compared = f"{_DAYS[name // 24]} {name % 24:02d}:00" if usual.weekly else "hours of the 14 days before"
    return Crisis(
        started_at=_moment(burst.start),
        ended_at=None if burst.end is None else end,
        peak_ratio=burst.ratio,
        topic=_topic(store, burst, end, topics, read=read),
        mentions=burst.mentions,
        peak=burst.peak,
        usual=usual.median,
        baseline=f"{usual.hours} {compared}: median {usual.median:g}, spread {usual.spread:.2g} an hour",
    )


def _topic(store: Store, burst: Burst, end: datetime, topics: _Topics, *, read: bool) -> str | None:
    """The topic of care.toml that grew most, or the words that are new, when enough of the burst speaks of them.

    `read`: new words are looked for at all.
    """
    start, before = _moment(burst.start), _moment(burst.start - _BEFORE)
    share = (end - start) / (start - before)
    during = _between(topics, burst.start, _hour(end - timedelta(microseconds=1)) + 1)
    best = grown(during, _between(topics, burst.start - _BEFORE, burst.start), share=share)
    if best is not None and best[1] >= _ENOUGH * burst.mentions:
        return best[0]
    if not read:
        return None if best is None else best[0]
    from carecli.triage.mining import propose

    said = mentions.texts(store, iso(start), iso(end), limit=_MOST_TEXTS, negative=True)
    earlier = mentions.texts(store, iso(before), iso(start), limit=_MOST_TEXTS, negative=True)
    least = math.ceil(_ENOUGH * len(said))
    words = next(iter(propose(said, earlier, limit=1, least=max(3, least))), None)
    if words is not None:
        return words.words
    return None if best is None else best[0]


def _hour(moment: datetime) -> int:
    return int(moment.timestamp() // 3600)


def _slot(text: str) -> int:
    return _hour(datetime.fromisoformat(f"{text}:00:00+00:00"))


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
