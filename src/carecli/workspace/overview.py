"""How the day goes, in few figures: volume and sentiment by hour, the queue's clocks, growing topics, agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from carecli.casework import casefile, ranking
from carecli.config import Config
from carecli.model import iso
from carecli.store import metrics, overview
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store

HOURS = 24
WEEK = timedelta(days=7)
LOOKED_AT = 5_000  # cases of the queue, the most pressing, whose clocks are counted
TOPICS = 12


@dataclass(frozen=True, slots=True)
class Hour:
    """Inbound mentions of one hour, which begins at `at`."""

    at: datetime
    inbound: int = 0
    negative: int = 0
    positive: int = 0


@dataclass(frozen=True, slots=True)
class Growth:
    """A topic's inbound mentions of the last seven days and of the seven before."""

    topic: str
    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Worker:
    """An agent: open cases, and what was resolved and answered in the last 24 hours."""

    agent: str
    has: int
    resolved: int
    replied: int


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it. `clocks` counts SLA states in the queue, of the `looked_at` most pressing of `waiting` cases."""

    hours: Sequence[Hour]
    clocks: Mapping[str, int]
    waiting: int
    looked_at: int
    topics: Sequence[Growth]
    agents: Sequence[Worker]


def look(store: Store, config: Config, *, now: datetime) -> Overview:
    """The figures of this moment: the hour that runs is the last one."""
    top = now.replace(minute=0, second=0, microsecond=0)
    first = top - timedelta(hours=HOURS - 1)
    counted = {row["hour"]: row for row in overview.hours(store, iso(first), iso(now + timedelta(seconds=1)))}
    waiting = ranking.order(store, config, Filter(), now=now)
    queue = casefile.queue(store, config, Filter(), now=now, limit=LOOKED_AT)
    return Overview(
        hours=[_hour(first + timedelta(hours=step), counted) for step in range(HOURS)],
        clocks=Counter(case["sla"]["state"] for case in queue),
        waiting=len(waiting),
        looked_at=len(queue),
        topics=_growth(store, now),
        agents=[
            Worker(row["agent"], row["has"], row["resolved"], row["replied"])
            for row in overview.agents(store, iso(now - timedelta(hours=24)))
        ],
    )


def _hour(at: datetime, counted: Mapping[str, Row]) -> Hour:
    row = counted.get(iso(at)[:13])
    if row is None:
        return Hour(at)
    return Hour(at, *(int(row[name]) for name in ("inbound", "negative", "positive")))


def _growth(store: Store, now: datetime) -> list[Growth]:
    until, week, fortnight = iso(now + timedelta(seconds=1)), iso(now - WEEK), iso(now - 2 * WEEK)
    this, last = metrics.by_topic(store, week, until), metrics.by_topic(store, fortnight, week)
    found = [Growth(topic, this.get(topic, 0), last.get(topic, 0)) for topic in {*this, *last}]
    return sorted(found, key=lambda growth: (growth.before - growth.now, growth.topic))[:TOPICS]


__all__ = ["Growth", "Hour", "Overview", "Worker", "look"]
