"""How fast mentions get in: our road against a bare executemany into the same tables, in the same run.

    python benchmarks/ingest.py [--million] [--counts 10000 ...] [--runs 3] [--roads store triage ...]

Every run has a fresh database and its own process, so that peak memory is its own. Making the mentions is not timed;
each batch is made, then its road is.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import measure
from generate import BRAND, NOW, Generator

from carecli.model import Mention, iso
from carecli.store import Store, intake, open_store, sources

PAGE = 2_000
ROADS = ("raw", "store", "again", "door", "triage")
Save = Callable[[Sequence[Mention]], None]


# The roads


def raw(store: Store) -> Save:
    """What somebody writes who has sqlite3 and our tables: rows by executemany, the index by a trigger."""
    connection = store.connection
    connection.execute(
        """
        CREATE TRIGGER mentions_words AFTER INSERT ON mentions
        BEGIN INSERT INTO mention_words (rowid, words) VALUES (new.mention_id, new.text); END
        """
    )

    def save(page: Sequence[Mention]) -> None:
        authors = [_author(m) for m in page]
        rows = [_row(m) for m in page]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_RAW_AUTHOR, authors)
        connection.executemany(_RAW_MENTION, rows)
        connection.executemany(_RAW_JSON, [(m.platform, m.host, m.external_id, m.raw) for m in page])
        connection.execute("COMMIT")

    return save


_RAW_AUTHOR = """
    INSERT OR IGNORE INTO authors (platform, host, account, handle, name, followers) VALUES (?, ?, ?, ?, ?, ?)
"""
_RAW_MENTION = """
    INSERT OR IGNORE INTO mentions (platform, host, external_id, author_id, source, inbound, directed, visibility, text,
        url, in_reply_to, declared_language, created_at, fetched_at, likes, reposts, replies, content_hash)
    VALUES (?1, ?2, ?3, (SELECT author_id FROM authors WHERE platform = ?1 AND host = ?2 AND account = ?4),
        'benchmark', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, x'')
"""
_RAW_JSON = """
    INSERT OR IGNORE INTO raw_mentions
    SELECT mention_id, ?4 FROM mentions WHERE platform = ?1 AND host = ?2 AND external_id = ?3
"""


def _author(m: Mention) -> tuple[Any, ...]:
    return m.platform, m.host, m.author.id, m.author.handle, m.author.name, m.author.followers


def _row(m: Mention) -> tuple[Any, ...]:
    return (
        m.platform,
        m.host,
        m.external_id,
        m.author.id,
        m.inbound,
        bool(m.directed),
        m.visibility,
        m.text,
        m.url,
        m.in_reply_to,
        m.language,
        iso(m.created_at),
        iso(NOW),
        m.likes,
        m.reposts,
        m.replies,
    )


def ours(store: Store) -> Save:
    """`save_page`, as fetch and import call it: a page and its cursor."""
    sources.cursor(store, "benchmark", "mastodon")

    def save(page: Sequence[Mention]) -> None:
        intake.save_page(store, "benchmark", page, now=NOW, cursor={"after": page[-1].external_id})

    return save


def through_the_door(store: Store) -> Save:
    """From what the server sends: JSON text → pydantic → Mention → `save_page`."""
    from carecli.platforms.mastodon.api import Account, Mapper, Status, read

    mapper = Mapper("social.example", Account(id="1", acct=BRAND), [f"@{BRAND}"])
    keep = ours(store)

    def save(page: Sequence[Mention]) -> None:
        found = []
        for m in page:
            value = json.loads(m.raw or "")
            status = read(Status, value)
            assert not isinstance(status, str), status
            found.append(mapper.mention(status, value, directed=False))
        keep(found)

    return save


def triaged(store: Store) -> Save:
    """`save_page`, then verdicts and cases."""
    from carecli import act
    from carecli.config import Brand, Config

    config = Config(brand=Brand(name="Acme", handles=[BRAND], languages=["en", "he", "pl", "zh"]))
    keep = ours(store)

    def save(page: Sequence[Mention]) -> None:
        keep(page)
        act.triage_new(store, config, now=NOW)

    return save


# One run, in a process of its own


def run(road: str, count: int) -> dict[str, float]:
    """Rows a second, bytes a mention and peak memory of one road."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "care.db")
        make = {"raw": raw, "door": through_the_door, "triage": triaged}.get(road, ours)
        save = make(store)
        taken = _timed(save, count)
        if road == "again":
            before = _digest(store)
            taken = _timed(save, count)
            assert _digest(store) == before, "the same rows again must change nothing"
        stored = store.rows("SELECT count(*) FROM mentions")[0][0]
        assert stored == count, (stored, count)
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = store.path.stat().st_size
        store.close()
    return {
        "per_second": count / taken[0],
        "per_cpu_second": count / taken[1],
        "bytes": size / count,
        "peak_mb": measure.peak_mb(),
    }


def _pages(count: int) -> Iterator[Sequence[Mention]]:
    everything = iter(Generator(count))
    while page := list(itertools.islice(everything, PAGE)):
        yield page


def _timed(save: Save, count: int) -> tuple[float, float]:
    """Seconds by the clock, and of this process's work alone, which a busy machine changes less."""
    clock = work = 0.0
    for page in _pages(count):
        started, begun = time.perf_counter(), time.process_time()
        save(page)
        clock += time.perf_counter() - started
        work += time.process_time() - begun
    return clock, work


def _digest(store: Store) -> tuple[Any, ...]:
    return tuple(store.rows("SELECT count(*), max(mention_id), sum(author_id), max(fetched_at) FROM mentions")[0])


def compare(count: int, roads: Sequence[str], runs: int) -> None:
    """All roads, taking turns, medians; ratios to raw executemany."""
    results: dict[str, list[dict[str, float]]] = {road: [] for road in roads}
    for _ in range(runs):
        for road in roads:
            command = [sys.executable, __file__, "--one", road, str(count)]
            results[road].append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
    middle = {
        road: {key: statistics.median(found[key] for found in all_) for key in all_[0]}
        for road, all_ in results.items()
    }
    base = middle["raw"]
    print(f"{count:,} mentions, median of {runs}")
    measure.table(
        ("road", "rows/s", "× raw", "rows per CPU second", "× raw", "bytes a mention", "peak MB"),
        [
            (
                road,
                m["per_second"],
                m["per_second"] / base["per_second"],
                m["per_cpu_second"],
                m["per_cpu_second"] / base["per_cpu_second"],
                m["bytes"],
                m["peak_mb"],
            )
            for road, m in middle.items()
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", action="store_true", help="also a million mentions, once; takes long")
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--roads", nargs="+", choices=ROADS, default=list(ROADS))
    parser.add_argument("--one", nargs=2, metavar=("ROAD", "N"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run(arguments.one[0], int(arguments.one[1]))))
        return
    print(measure.versions())
    roads = ["raw", *(road for road in arguments.roads if road != "raw")]
    for count in arguments.counts:
        compare(count, roads, arguments.runs)
    if arguments.million:
        compare(1_000_000, roads, 1)


if __name__ == "__main__":
    main()
