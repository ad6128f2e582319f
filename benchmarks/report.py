"""The summary beside the same aggregations written by hand in SQL, on the database of million.py.

    python benchmarks/report.py --db FILE [--until 2025-05-25] [--times 3]

CPU seconds and seconds, medians; both take turns in one process. The SQL by hand knows less: neither business hours
nor rank tests, no reopened cases, no state at an instant.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import measure
from million import CONFIG

from carecli import report
from carecli.model import iso
from carecli.store import Store, open_store

PERIOD = "created_at >= :since AND created_at < :until"
SECONDS = "strftime('%s', first_reply_at) - strftime('%s', opened_at)"
BY_HAND = (
    f"SELECT count(*), sum(inbound), sum(inbound AND directed) FROM mentions WHERE {PERIOD}",
    *(
        f"SELECT {column}, count(*) FROM mentions WHERE {PERIOD} AND inbound = 1 GROUP BY 1"
        for column in ("platform", "language", "sentiment", "intent", "substr(created_at, 1, 10)")
    ),
    f"SELECT value, count(*) FROM mentions, json_each(topics) WHERE {PERIOD} AND inbound = 1 GROUP BY 1",
    (
        "SELECT count(DISTINCT case_id), sum(needs_reply), sum(needs_reply AND first_reply_at IS NOT NULL),"
        " sum(needs_reply AND intent = 'complaint' AND first_reply_at IS NULL), sum(number > 0)"
        " FROM segments WHERE opened_at >= :since AND opened_at < :until"
    ),
    f"""
    WITH waits AS (SELECT {SECONDS} AS s, row_number() OVER (ORDER BY {SECONDS}) AS n, count(*) OVER () AS c
        FROM segments WHERE opened_at >= :since AND opened_at < :until AND needs_reply = 1 AND first_reply_at NOT NULL)
    SELECT avg(s), avg(s) FILTER (WHERE n IN ((c + 1) / 2, (c + 2) / 2)), min(s) FILTER (WHERE n >= 0.9 * c) FROM waits
    """,
    """
    SELECT urgency, sum(strftime('%s', coalesce(first_reply_at, :until)) - strftime('%s', opened_at) <= 14400), count(*)
    FROM segments WHERE opened_at >= :since AND opened_at < :until AND needs_reply = 1 GROUP BY 1
    """,
    (
        "SELECT avg(strftime('%s', s.resolved_at) - strftime('%s', c.opened_at) - pending_seconds), sum(replies)"
        " FROM segments s JOIN cases c USING (case_id) WHERE s.opened_at >= :since AND s.opened_at < :until"
    ),
    (
        "SELECT count(*) FROM segments WHERE opened_at <= :until AND (resolved_at IS NULL OR resolved_at > :until)"
        " AND needs_reply = 1"
    ),
    f"SELECT source, count(*) FROM mentions WHERE {PERIOD} GROUP BY 1",
)


def by_hand(store: Store, since: datetime, until: datetime) -> list[Any]:
    """The rows of every query."""
    span = {"since": iso(since), "until": iso(until)}
    return [store.rows(sql, span) for sql in BY_HAND]


def timed(works: dict[str, Callable[[], Any]], times: int) -> dict[str, tuple[float, float]]:
    """Name → CPU seconds and seconds, medians after one run that warms up; the works take turns."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for turn in range(times + 1):
        for name, work in works.items():
            cpu, clock = time.process_time(), time.perf_counter()
            work()
            if turn:
                taken[name].append((time.process_time() - cpu, time.perf_counter() - clock))
    return {
        name: (statistics.median(cpu for cpu, _ in found), statistics.median(clock for _, clock in found))
        for name, found in taken.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--until", default="2025-05-25")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--days", type=int, nargs="*", default=[1, 30, 365])
    arguments = parser.parse_args()
    store = open_store(arguments.db)
    until = datetime.fromisoformat(arguments.until).replace(tzinfo=UTC)
    print(measure.versions())
    rows: list[tuple[Any, ...]] = []
    for days in arguments.days:
        since = until - timedelta(days=days)
        found = timed(
            {
                "by hand in SQL": lambda since=since: by_hand(store, since, until),  # type: ignore[misc]
                "summary": lambda since=since: report.summary(  # type: ignore[misc]
                    store, CONFIG, since=since, until=until, now=until
                ),
                "summary with the period before": lambda since=since: report.summary(  # type: ignore[misc]
                    store, CONFIG, since=since, until=until, now=until, compare=True
                ),
            },
            arguments.times,
        )
        base = found["by hand in SQL"][0]
        rows += [(f"{days} days: {name}", cpu, clock, cpu / base) for name, (cpu, clock) in found.items()]
    measure.table(("what", "CPU s", "s", "× by hand"), rows)


if __name__ == "__main__":
    main()
