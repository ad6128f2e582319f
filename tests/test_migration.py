"""A database of the version before: migrated in one step, its cases written anew by whoever needs them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from carecli import act
from carecli.casework import casefile
from carecli.responding import current
from carecli.store import campaigns, cases, open_store, replies, schema
from carecli.store.cases import Filter
from tests.core.tools import ACME, NOW


def old_database(path: Path) -> None:
    """Version 1 with one case, a complaint that waits, written as that version wrote it."""
    first = Migrations("carecli")
    first(name="v1_the_whole_loop")(schema.v1_the_whole_loop)
    with closing(sqlite3.connect(path)) as connection:
        first.apply(Database(connection))
        connection.executescript(
            """
            PRAGMA user_version = 1;
            INSERT INTO authors (author_id, platform, host, account, handle) VALUES (1, 'x', '', 'zoe', 'zoe');
            INSERT INTO cases (case_id, platform, host, customer_id, latest_mention_id, status,
                priority, reasons, sentiment, sentiment_score, intent, topics, urgency, needs_reply, needs_attention,
                directed, tags, mention_count, reopened, opened_at, segment_opened_at, waiting_since)
            VALUES (1, 'x', '', 1, 1, 'open', 12, '["old +12"]', 'negative', -0.5, 'complaint', '[]', 'today',
                1, 1, 1, '[]', 1, 0, '2026-11-20T11:00:00Z', '2026-11-20T11:00:00Z', '2026-11-20T11:00:00Z');
            INSERT INTO mentions (mention_id, platform, host, external_id, source, author_id, case_id, inbound,
                directed, visibility, text, created_at, fetched_at, content_hash, triaged_at, language, sentiment,
                sentiment_score, intent, urgency, needs_reply, confidence)
            VALUES (1, 'x', '', '1', 's', 1, 1, 1, 1, 'public', 'my bag!', '2026-11-20T11:00:00Z',
                '2026-11-20T11:00:00Z', x'00', '2026-11-20T11:00:00Z', 'en', 'negative', -0.5, 'complaint', 'today',
                1, 0.9);
            INSERT INTO segments VALUES (1, 0, '2026-11-20T11:00:00Z', 1, NULL, NULL, 0, 0, 'complaint', 'today', 'en');
            """
        )


def test_an_old_database_is_migrated_and_its_cases_follow(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    old_database(path)
    store = open_store(path)
    try:
        assert store.rows("SELECT changed_at FROM segments")[0][0] == "2026-11-20T11:00:00Z"
        (case,) = casefile.queue(store, ACME, Filter(), now=NOW, limit=5)
        assert case["priority"] == 12 + 1 + 5  # as it was stored, an hour ago, and nearly late
        assert case["sla"] == {"target_seconds": 3600, "due_at": "2026-11-20T12:00:00Z", "state": "due"}
        act.adopt_priorities(store, ACME, only_open=True)
        (case,) = casefile.queue(store, ACME, Filter(), now=NOW)
        assert case["reasons"][0] == "complaint +30"
        row = store.row("SELECT source, unanswered FROM cases")
        assert row is not None
        assert row["source"] == "s"
        assert "complaint" in row["unanswered"]
        assert store.integrity() == "ok"
    finally:
        store.close()


def test_topics_of_an_older_version_are_found_from_their_side(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    old_database(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("""UPDATE cases SET topics = '["baggage", "price"]'""")
        connection.commit()
    store = open_store(path)
    try:
        found = [tuple(row) for row in store.rows("SELECT topic, opened_at, case_id FROM case_topics ORDER BY topic")]
        assert found == [("baggage", "2026-11-20T11:00:00Z", 1), ("price", "2026-11-20T11:00:00Z", 1)]
        with store.write() as connection:
            connection.execute("""UPDATE cases SET topics = '["price"]', opened_at = '2026-11-20T10:00:00Z'""")
        assert [tuple(row) for row in store.rows("SELECT * FROM case_topics")] == [("price", "2026-11-20T10:00:00Z", 1)]
    finally:
        store.close()


def test_a_draft_of_an_older_version_answers_what_was_there_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "care.db"
    old_database(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            INSERT INTO mentions (mention_id, platform, host, external_id, source, author_id, case_id, inbound,
                directed, visibility, text, created_at, fetched_at, content_hash)
            VALUES (2, 'x', '', '2', 's', 1, 1, 1, 1, 'public', 'it came!', '2026-11-20T11:20:00Z',
                '2026-11-20T11:30:00Z', x'00');
            UPDATE cases SET latest_mention_id = 2;
            INSERT INTO drafts (draft_id, case_id, text, language, voice, maker, sources, findings, created_at)
            VALUES (1, 1, 'Which flight?', 'en', 'default', 'template', '[]', '[]', '2026-11-20T11:25:00Z'),
                (2, 1, 'Good!', 'en', 'default', 'template', '[]', '[]', '2026-11-20T11:35:00Z'),
                (3, 1, 'Very good!', 'en', 'default', 'template', '[]', '[]', '2026-11-20T11:45:00Z');
            INSERT INTO events (case_id, at, kind, data) VALUES (1, '2026-11-20T11:40:00Z', 'edited', '{}');
            """
        )
    store = open_store(path)
    try:
        assert [row["mention_id"] for row in store.rows("SELECT * FROM drafts ORDER BY draft_id")] == [1, 2, 2]
        case = cases.get(store, 1)
        assert [current.is_outdated(case, replies.draft(store, number)) for number in (1, 2, 3)] == [True, True, False]
        assert campaigns.blocked(store) == []
    finally:
        store.close()
