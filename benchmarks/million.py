"""What it costs to read from a million mentions: the queue and its filters, search in four languages, reports.

    python benchmarks/million.py [--db FILE] [--count 1000000]

The database is built once, through the real road, and kept; that takes minutes. Milliseconds are medians of warm runs.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import measure
from generate import BRAND, NOW, Generator

from carecli import act, report
from carecli.casework import casefile, filing
from carecli.config import Brand, Config, Sla
from carecli.model import iso, parse_iso
from carecli.store import Store, cases, events, intake, mentions, metrics, open_store, search, sources
from carecli.store.cases import Filter

PAGE = 2_000
AFTER = {"pending": timedelta(days=2), "open": timedelta(days=30)}  # after the last message a case is resolved
CONFIG = Config(
    brand=Brand(name="Acme", handles=[BRAND], languages=["en", "he", "pl", "zh"], timezone="Europe/Warsaw"),
    sla=Sla(first_response="4h", urgency={"emergency": "15m", "today": "2h"}),
    topics={
        "baggage": ["bag", "suitcase", "bagaż", "walizka", "מזוודה", "行李"],
        "refund": ["refund", "zwrot", "החזר", "退款"],
        "network": ["internet", "network", "אינטרנט", "网络"],
        "booking": ["booking", "order", "rezerwacja", "zamówienie", "הזמנה", "订单"],
    },
)


# The database


def build(path: Path, count: int) -> None:
    """Make a database of `count` mentions: saved, triaged, most answered cases resolved."""
    partial = path.with_name(path.name + ".partial")
    for old in path.parent.glob(partial.name + "*"):
        old.unlink()
    store = open_store(partial)
    sources.cursor(store, "benchmark", "mastodon")
    started = time.monotonic()
    for number, page in enumerate(_pages(Generator(count)), 1):
        intake.save_page(store, "benchmark", page, now=NOW, cursor={"after": page[-1].external_id})
        act.triage_new(store, CONFIG, now=NOW)
        if number % 25 == 0:
            done = number * PAGE
            print(f"{done:,} mentions, {done / (time.monotonic() - started):,.0f} a second", file=sys.stderr)
    resolve(store)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    partial.replace(path)


def resolve(store: Store) -> None:
    """Resolve three of four answered cases, and nearly all that nobody answered for a month, as teams do."""
    rows = store.rows(
        """
        SELECT case_id, status, max(created_at) AS last FROM mentions JOIN cases USING (case_id)
        WHERE status = 'pending' AND case_id % 4 > 0 OR needs_attention = 1 AND case_id % 20 > 0 GROUP BY case_id
        """
    )
    ended = ((row["case_id"], parse_iso(row["last"]) + AFTER[row["status"]]) for row in rows)
    for batch in _pages((case, at) for case, at in ended if at < NOW):
        with store.write() as connection:
            for case, at in batch:
                events.append(connection, case, "resolved", at, agent="leo")
            filing.project(store, connection, [case for case, _ in batch])


def _pages(things: Any) -> Iterator[list[Any]]:
    iterator = iter(things)
    while page := list(itertools.islice(iterator, PAGE)):
        yield page


# What is measured


def queue(store: Store, now: datetime) -> dict[str, Callable[[], Any]]:
    """The first 50 cases: the SQL alone, then with deadlines as the command shows them."""
    filters = {
        "open": Filter(),
        "everything": Filter(everything=True),
        "status pending": Filter(status="pending"),
        "status resolved": Filter(status="resolved"),
        "status snoozed (none)": Filter(status="snoozed"),
        "language he": Filter(language="he"),
        "language xx (none)": Filter(language="xx"),
        "sentiment positive": Filter(sentiment="positive"),
        "intent emergency": Filter(intent="emergency"),
        "intent suggestion": Filter(intent="suggestion"),
        "topic refund": Filter(topic="refund"),
        "topic nothing (none)": Filter(topic="nothing"),
        "assignee nobody has (none)": Filter(assignee="nobody"),
        "all, language pl, topic network": Filter(language="pl", topic="network", everything=True),
    }
    found: dict[str, Callable[[], Any]] = {}
    for name, which in filters.items():
        found[f"queue SQL, {name}"] = lambda which=which: cases.listed(store, which, now=now, limit=50)  # type: ignore[misc]
    found["queue with deadlines"] = lambda: casefile.queue(store, CONFIG, Filter(), now=now, limit=50)
    found["queue --sla breached"] = lambda: casefile.queue(store, CONFIG, Filter(), now=now, sla="breached", limit=50)
    return found


def searches(store: Store) -> dict[str, Callable[[], Any]]:
    """Common, less common and missing words of four languages, and two-character Chinese words."""
    queries = {
        "en common": "the",
        "en": "suitcase",
        "en two words": "refund weeks",
        "en quoted": '"charged twice"',
        "en prefix": "cancel",
        "pl common": "nie",
        "pl": "walizka",
        "pl diacritics": "płatność",
        "he common": "לא",
        "he": "מזוודה",
        "zh one character": "的",
        "zh common, two characters": "客服",
        "zh two characters": "退款",
        "zh four characters": "客服电话",
        "rare": "quiestlogra",
        "missing": "zzyzx",
    }
    found: dict[str, Callable[[], Any]] = {}
    for name, query in queries.items():
        found[f"search {name}: {query}"] = lambda query=query: mentions.by_ids(  # type: ignore[misc]
            store, search.find(store, query, limit=50)
        )
    return found


def reports(store: Store, now: datetime) -> dict[str, Callable[[], Any]]:
    """The summary of shorter and longer periods."""
    found: dict[str, Callable[[], Any]] = {}
    for name, days in (("a day", 1), ("30 days", 30), ("a year", 365)):
        since = now - timedelta(days=days)
        found[f"report, {name}"] = lambda since=since: report.summary(store, CONFIG, since=since, until=now, now=now)  # type: ignore[misc]
    found["report, everything"] = lambda: report.summary(store, CONFIG, since=None, until=now, now=now)
    return found


def show(store: Store, now: datetime) -> dict[str, Callable[[], Any]]:
    """One case with all that hangs on it."""
    case = cases.listed(store, Filter(), now=now, limit=1)[0]["case_id"]
    return {"show": lambda: casefile.case_file(store, CONFIG, case, now=now)}


AIMS = (
    ("queue SQL, open", 1.0),
    ("queue SQL", 10.0),
    ("search", 30.0),
    ("report, 30 days", 60.0),
    ("report, a year", 600.0),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--db", type=Path, help="where the database is kept (default: the temporary folder)")
    parser.add_argument("--only", default="", help="measure only what begins so: queue, search, report, show")
    arguments = parser.parse_args()
    path = arguments.db or Path(tempfile.gettempdir()) / f"carecli-benchmark-{arguments.count}.db"
    if not path.exists():
        build(path, arguments.count)
    store = open_store(path)
    print(f"{measure.versions()}; {sizes(store)}")
    now = parse_iso((metrics.span(store) or ("", iso(NOW)))[1])
    measured: dict[str, Callable[[], Any]] = {
        **queue(store, now),
        **searches(store),
        **show(store, now),
        **reports(store, now),
    }
    rows: list[Sequence[Any]] = []
    for name, work in measured.items():
        if name.startswith(arguments.only):
            ms = measure.median_ms(work, times=3 if name.startswith("report") else 7)
            aim = next((most for start, most in AIMS if name.startswith(start)), None)
            rows.append((name, ms, "" if aim is None else f"≤ {aim:.0f}", "" if aim is None or ms <= aim else "missed"))
    measure.table(("what", "ms", "aim", ""), rows)


def sizes(store: Store) -> str:
    """How much there is."""
    count = store.rows("SELECT count(*) FROM mentions")[0][0]
    statuses = store.rows("SELECT status, count(*) FROM cases GROUP BY 1")
    shown = ", ".join(f"{row[1]:,} {row[0]}" for row in statuses)
    size = store.path.stat().st_size
    return f"{count:,} mentions, cases: {shown}; {size / 1e6:,.0f} MB, {size / count:,.0f} bytes a mention"


if __name__ == "__main__":
    main()
