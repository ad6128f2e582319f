"""The SQLite file: short transactions, one writer at a time, nothing lost, nothing written twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carecli.errors import Locked, StoreError
from carecli.model import Author, Mention, Outcome
from carecli.store import Store, events, intake, mentions, open_store, sources
from carecli.store.connect import VERSION
from carecli.store.raw import pack, unpack

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def mention(number: int, text: str = "my bag is lost", **more: object) -> Mention:
    fields: dict[str, object] = {
        "platform": "memory",
        "external_id": f"m{number}",
        "text": text,
        "created_at": NOW - timedelta(minutes=number),
        "author": Author("zoe", "Zoe", followers=41),
        "raw": json.dumps({"id": number}),
        **more,
    }
    return Mention(**fields)  # type: ignore[arg-type]


def count(store: Store, table: str) -> int:
    return int(store.rows(f"SELECT count(*) FROM {table}")[0][0])


def test_the_same_page_again_changes_nothing(store: Store) -> None:
    page = [mention(1), mention(2)]
    assert intake.save_page(store, "s", page, now=NOW) == intake.Saved(2, 0)
    before = [tuple(row) for row in store.rows("SELECT * FROM mentions")]
    assert intake.save_page(store, "s", page, now=NOW + timedelta(hours=1)) == intake.Saved(0, 0)
    assert [tuple(row) for row in store.rows("SELECT * FROM mentions")] == before
    assert count(store, "authors") == 1


def test_an_edit_is_one_update_and_is_found_by_its_new_words(store: Store) -> None:
    from carecli.store import search

    intake.save_page(store, "s", [mention(1, "my suitcase is lost")], now=NOW)
    saved = intake.save_page(store, "s", [mention(1, "my violin is lost")], now=NOW)
    assert saved == intake.Saved(0, 1)
    assert search.find(store, "suitcase", limit=5) == []
    assert search.find(store, "violin", limit=5) == [1]


def test_ids_belong_to_a_platform_and_a_host(store: Store) -> None:
    same = mention(1)
    page = [same, replace(same, host="a.example"), replace(same, platform="other")]
    assert intake.save_page(store, "s", page, now=NOW).new == 3


def test_page_and_cursor_are_one_transaction(store: Store) -> None:
    assert sources.cursor(store, "s", "memory") == {}
    broken = replace(mention(2), visibility=None)  # type: ignore[arg-type]
    with pytest.raises(StoreError):
        intake.save_page(store, "s", [mention(1), broken], now=NOW, cursor={"after": 2})
    assert count(store, "mentions") == 0
    assert sources.cursor(store, "s", "memory") == {}
    intake.save_page(store, "s", [mention(1)], now=NOW, cursor={"after": 1})
    assert sources.cursor(store, "s", "memory") == {"after": 1}


def test_a_source_that_changes_its_platform_starts_anew(store: Store) -> None:
    sources.cursor(store, "s", "memory")
    intake.save_page(store, "s", [], now=NOW, cursor={"after": 1})
    sources.finished(store, Outcome("s", "memory"), now=NOW)
    assert sources.cursor(store, "s", "feed") == {}


def test_the_log_is_append_only(store: Store) -> None:
    intake.save_page(store, "s", [mention(1)], now=NOW)
    with store.write() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute(
            "INSERT INTO cases (case_id, platform, host, customer_id, latest_mention_id, status, priority, reasons,"
            " sentiment, sentiment_score, intent, topics, urgency, needs_reply, needs_attention, directed, tags,"
            " mention_count, reopened, opened_at, segment_opened_at) VALUES (1, 'memory', '', 1, 1, 'open', 0, '[]',"
            " 'neutral', 0, 'chatter', '[]', 'whenever', 0, 0, 0, '[]', 1, 0, 'x', 'x')"
        )
        events.append(connection, 1, "opened", NOW)
    for statement in ("UPDATE events SET kind = 'x'", "DELETE FROM events"):
        with pytest.raises(StoreError, match="append-only"), store.write() as connection:
            connection.execute(statement)
    assert count(store, "events") == 1


def test_what_sqlite_cannot_hold_is_kept_as_well_as_it_can(store: Store) -> None:
    text = "half \ud83d a smile, a NUL \x00 and \u202eoverride"
    intake.save_page(store, "s", [mention(1, text, raw=json.dumps({"text": text}))], now=NOW)
    row = mentions.get(store, 1)
    assert row["text"] == text.replace("\ud83d", "\N{REPLACEMENT CHARACTER}")
    assert json.loads(mentions.raw(store, 1) or "")["text"] == text


@pytest.mark.parametrize("text", ["", "{}", "żółć " * 5000, '{"id": "1", "text": "…"}'])
def test_raw_round_trip(text: str) -> None:
    assert unpack(pack(text)) == text


# Versions


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match="newer carecli"):
        open_store(path)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW report_replies AS SELECT 1")  # in the way of the last statement
    with pytest.raises(StoreError):
        open_store(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    path.write_bytes(b"certainly not SQLite" * 100)
    with pytest.raises(StoreError, match="not a sound SQLite database"):
        open_store(path)


def test_wal_foreign_keys_and_views(store: Store) -> None:
    assert store.rows("PRAGMA journal_mode")[0][0] == "wal"
    assert store.rows("PRAGMA foreign_keys")[0][0] == 1
    for view in ("report_mentions", "report_cases", "report_responses", "report_replies"):
        assert store.rows(f"SELECT * FROM {view}") == []


# Two at once


def test_a_named_lock_is_held_by_one(store: Store) -> None:
    other = open_store(store.path)
    with store.lock("fetch"), pytest.raises(Locked, match="another care"), other.lock("fetch"):
        pass
    with other.lock("fetch"):
        pass
    other.close()


_WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from carecli.model import Author, Mention
from carecli.store import intake, mentions, open_store
path, name, pages = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = open_store(path)
now = datetime(2026, 11, 20, tzinfo=UTC)
print("ready", flush=True)
for page in range(pages):
    batch = [Mention("memory", f"{name}-{page}-{i}", "hello there", now, Author(name)) for i in range(20)]
    intake.save_page(store, name, batch, now=now, cursor={"page": page})
"""


def writer(path: Path, name: str, pages: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path), name, str(pages)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_processes_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    both = [writer(path, name, 40) for name in ("a", "b")]
    for process in both:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    store = open_store(path)
    assert count(store, "mentions") == 2 * 40 * 20
    assert store.integrity() == "ok"
    store.close()


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_writer_leaves_whole_pages_only(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    open_store(path).close()
    for _ in range(4):
        process = writer(path, "a", 100_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.15)
        process.send_signal(signal.SIGKILL)
        process.wait()
        store = open_store(path)
        assert store.integrity() == "ok"
        assert count(store, "mentions") % 20 == 0
        assert count(store, "mentions") == store.rows("SELECT count(*) FROM mention_words")[0][0]
        store.close()


# Bad disks


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a way to limit a file's size")
def test_a_full_disk_says_so_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    store = open_store(path)
    intake.save_page(store, "s", [mention(1)], now=NOW)
    pages = store.rows("PRAGMA page_count")[0][0]
    store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # what SQLite itself does when a disk is full
    with pytest.raises(StoreError, match="is full"):
        intake.save_page(store, "s", [mention(n, "a long text " * 200) for n in range(2, 300)], now=NOW)
    store.close()
    store = open_store(path)
    assert count(store, "mentions") == 1
    assert store.integrity() == "ok"
    store.close()


def test_a_backup_is_a_whole_copy_and_never_overwrites(store: Store, tmp_path: Path) -> None:
    intake.save_page(store, "s", [mention(1)], now=NOW)
    store.backup(tmp_path / "copy.db")
    copy = open_store(tmp_path / "copy.db")
    assert count(copy, "mentions") == 1
    copy.close()
    with pytest.raises(StoreError, match="exists already"):
        store.backup(tmp_path / "copy.db")


def test_the_version_of_a_file_counts_its_migrations(store: Store) -> None:
    steps = store.rows("SELECT count(*) AS steps FROM _sqlite_migrations WHERE migration_set = 'carecli'")
    assert steps[0]["steps"] == VERSION == store.rows("PRAGMA user_version")[0][0]


def test_a_database_of_the_version_before_gets_the_tables_for_answering(tmp_path: Path) -> None:
    from sqlite_utils import Database

    from carecli.store import schema

    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        schema.migrations.apply(Database(old, execute_plugins=False), stop_before="v3_answering")
        old.execute("PRAGMA user_version = 2")
        old.execute("INSERT INTO notes VALUES ('kept', 'yes')")
        # a second one fails half way: nothing of it may stay
        old.execute("CREATE TABLE people (blocked)")
    with pytest.raises(StoreError):
        open_store(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        assert old.execute("PRAGMA user_version").fetchone() == (2,)
        assert old.execute("SELECT count(*) FROM sqlite_master WHERE name = 'articles'").fetchone() == (0,)
        old.execute("DROP TABLE people")
    with closing(open_store(path)) as new:
        assert new.remembers("kept") == "yes"
        assert new.rows("PRAGMA user_version")[0][0] == VERSION
        assert new.rows("SELECT * FROM articles") == []
