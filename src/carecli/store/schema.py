"""The tables, one migration per version; names are for people who open the file with any SQLite tool.

Times are ISO 8601 text in UTC, yes and no are 1 and 0, lists are JSON. `cases` and `segments` are projections of
`mentions` and `events` (see carecli.cases.lifecycle): they can be rebuilt, `events` can only grow.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from carecli.store import schema_answering

migrations = Migrations("carecli")


@migrations()
def v1_the_whole_loop(db: Database) -> None:
    """Sources, authors, mentions, cases with their log, drafts, replies, search and the views for reports."""
    for statement in (*_TABLES, *_INDEXES, *_GUARDS, *_VIEWS):
        db.conn.execute(statement)


@migrations()
def v2_fetching(db: Database) -> None:
    """When a source may be asked again, unfinished backfills, what is gone at the source, matches and reposts."""
    for statement in _FETCHING:
        db.conn.execute(statement)


@migrations()
def v3_answering(db: Database) -> None:
    """Knowledge, approval, promises, threads, linked customers."""
    for statement in schema_answering.STATEMENTS:
        db.conn.execute(statement)


@migrations()
def v4_signals_and_clocks(db: Database) -> None:
    """Risks and repeated texts of mentions; what waits in a case, since when, through which source."""
    for statement in _SIGNALS:
        db.conn.execute(statement)


@migrations()
def v5_reposts(db: Database) -> None:
    """Which mentions repeat another one word for word."""
    for statement in _REPOSTS:
        db.conn.execute(statement)


@migrations()
def v6_embeddings(db: Database) -> None:
    """Embeddings of texts for the semantic engine, a cache."""
    db.conn.execute("CREATE TABLE embeddings (text_hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")


@migrations()
def v7_half_written_replies(db: Database) -> None:
    """What agents have begun to write in `care triage`."""
    db.conn.execute(_UNSENT)


@migrations()
def v8_brands_and_hindsight(db: Database) -> None:
    """Whose mention it is where there are several brands; when a segment last changed."""
    for statement in _HINDSIGHT:
        db.conn.execute(statement)


@migrations()
def v9_second_looks(db: Database) -> None:
    """When a mention was last looked at again, for edits and deletions at its source."""
    db.conn.execute("CREATE TABLE looks (mention_id INTEGER PRIMARY KEY REFERENCES mentions, at TEXT NOT NULL)")


@migrations()
def v10_one_gist(db: Database) -> None:
    """Reposts are found by the gist of a text, as its copies are."""
    db.conn.execute("DROP INDEX mentions_by_fingerprint")
    db.conn.execute("ALTER TABLE mentions DROP COLUMN fingerprint")


@migrations()
def v11_what_drafts_answer(db: Database) -> None:
    """Which message a draft answers: one that the customer has overtaken is not sent."""
    for statement in _OVERTAKEN:
        db.conn.execute(statement)


@migrations()
def v12_imported(db: Database) -> None:
    """Of which platforms files brought mentions: what is fetched from these may be there already."""
    db.conn.execute(
        """
        INSERT OR IGNORE INTO notes (key, value) SELECT DISTINCT 'imported ' || platform, '' FROM mentions
        WHERE source = 'import' OR source LIKE 'import:%'
            OR source IN (SELECT name FROM sources WHERE platform = 'file')
        """
    )


@migrations()
def v13_campaigns(db: Database) -> None:
    """Whom we wrote to unasked, what came of it, and who does not want that."""
    for statement in schema_answering.CAMPAIGNS:
        db.conn.execute(statement)


@migrations()
def v14_topics_of_cases(db: Database) -> None:
    """Topics as an index: who else wrote about the same, however long ago."""
    for statement in _TOPICS:
        db.conn.execute(statement)


@migrations()
def v15_edits_that_drafts_answer(db: Database) -> None:
    """A draft knows which edits its writer had seen."""
    for statement in _EDITED:
        db.conn.execute(statement)


def migrate(connection: sqlite3.Connection, version: int, newest: int) -> None:
    """Bring the file from `version` to `newest` in one transaction; a crash or an error leaves it as it was."""
    connection.execute("PRAGMA journal_mode = WAL")
    db = Database(connection, execute_plugins=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # another process may have migrated while this one waited for the lock
        if connection.execute("PRAGMA user_version").fetchone()[0] == version:
            migrations.apply(db)
            connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_TABLES = (
    "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE sources (
        name TEXT PRIMARY KEY,
        platform TEXT NOT NULL,
        cursor TEXT NOT NULL DEFAULT '{}',
        last_fetch_at TEXT,
        last_success_at TEXT,
        last_error TEXT
    )
    """,
    """
    CREATE TABLE authors (
        author_id INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        host TEXT NOT NULL,
        account TEXT NOT NULL, -- the platform's id of the account, or the handle where it gives none
        handle TEXT NOT NULL,
        name TEXT,
        followers INTEGER,
        url TEXT,
        UNIQUE (platform, host, account)
    )
    """,
    """
    CREATE TABLE cases (
        case_id INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        host TEXT NOT NULL,
        customer_id INTEGER NOT NULL REFERENCES authors,
        latest_mention_id INTEGER NOT NULL REFERENCES mentions, -- the newest message of a customer
        status TEXT NOT NULL CHECK (status IN ('open', 'pending', 'snoozed', 'resolved')),
        priority INTEGER NOT NULL,
        reasons TEXT NOT NULL,
        language TEXT,
        sentiment TEXT NOT NULL,
        sentiment_score REAL NOT NULL,
        intent TEXT NOT NULL,
        topics TEXT NOT NULL,
        urgency TEXT NOT NULL,
        needs_reply INTEGER NOT NULL,
        needs_attention INTEGER NOT NULL,
        directed INTEGER NOT NULL,
        assignee TEXT,
        tags TEXT NOT NULL,
        mention_count INTEGER NOT NULL,
        reopened INTEGER NOT NULL,
        opened_at TEXT NOT NULL,
        segment_opened_at TEXT NOT NULL,
        segment_first_reply_at TEXT,
        first_reply_at TEXT,
        resolved_at TEXT,
        waiting_since TEXT,
        snoozed_until TEXT,
        merged_into INTEGER REFERENCES cases
    )
    """,
    """
    CREATE TABLE conversations ( -- below a message that has no case, each customer has one
        platform TEXT NOT NULL,
        host TEXT NOT NULL,
        external_id TEXT NOT NULL,
        author_id INTEGER NOT NULL REFERENCES authors,
        case_id INTEGER NOT NULL REFERENCES cases,
        PRIMARY KEY (platform, host, external_id, author_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX conversations_of_case ON conversations (case_id)",
    """
    CREATE TABLE mentions (
        mention_id INTEGER PRIMARY KEY,
        platform TEXT NOT NULL,
        host TEXT NOT NULL,
        external_id TEXT NOT NULL,
        source TEXT NOT NULL,
        author_id INTEGER NOT NULL REFERENCES authors,
        case_id INTEGER REFERENCES cases,
        inbound INTEGER NOT NULL,
        directed INTEGER NOT NULL,
        automatic INTEGER NOT NULL DEFAULT 0,
        visibility TEXT NOT NULL,
        text TEXT NOT NULL,
        url TEXT,
        in_reply_to TEXT,
        thread_root TEXT,
        declared_language TEXT,
        created_at TEXT NOT NULL,
        edited_at TEXT,
        fetched_at TEXT NOT NULL,
        likes INTEGER,
        reposts INTEGER,
        replies INTEGER,
        content_hash BLOB NOT NULL,
        triaged_at TEXT,
        language TEXT,
        sentiment TEXT,
        sentiment_score REAL,
        intent TEXT,
        topics TEXT NOT NULL DEFAULT '[]',
        urgency TEXT,
        needs_reply INTEGER,
        confidence REAL,
        why TEXT NOT NULL DEFAULT '[]',
        UNIQUE (platform, host, external_id)
    )
    """,
    """
    CREATE TABLE raw_mentions ( -- what the platform sent, as JSON compressed by zstd
        mention_id INTEGER PRIMARY KEY REFERENCES mentions,
        json_zstd BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE corrections ( -- a person's word on a signal: it outranks the engine for ever
        mention_id INTEGER NOT NULL REFERENCES mentions,
        signal TEXT NOT NULL,
        value TEXT NOT NULL,
        corrected_at TEXT NOT NULL,
        agent TEXT,
        PRIMARY KEY (mention_id, signal)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE segments ( -- one stretch of a case, from a customer's message to resolution
        case_id INTEGER NOT NULL REFERENCES cases,
        number INTEGER NOT NULL,
        opened_at TEXT NOT NULL,
        needs_reply INTEGER NOT NULL,
        first_reply_at TEXT,
        resolved_at TEXT,
        pending_seconds REAL NOT NULL,
        replies INTEGER NOT NULL,
        intent TEXT NOT NULL, -- of the message in it that pressed most
        urgency TEXT NOT NULL,
        language TEXT,
        PRIMARY KEY (case_id, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE events (
        event_id INTEGER PRIMARY KEY,
        case_id INTEGER NOT NULL REFERENCES cases,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        agent TEXT,
        data TEXT NOT NULL DEFAULT '{}'
    )
    """,
    """
    CREATE TABLE drafts (
        draft_id INTEGER PRIMARY KEY,
        case_id INTEGER NOT NULL REFERENCES cases,
        text TEXT NOT NULL,
        language TEXT NOT NULL,
        voice TEXT NOT NULL,
        maker TEXT NOT NULL,
        sources TEXT NOT NULL,
        findings TEXT NOT NULL,
        created_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE replies (
        reply_id INTEGER PRIMARY KEY,
        case_id INTEGER NOT NULL REFERENCES cases,
        mention_id INTEGER NOT NULL REFERENCES mentions, -- the message that is answered
        draft_id INTEGER REFERENCES drafts,
        text TEXT NOT NULL,
        language TEXT,
        private INTEGER NOT NULL,
        agent TEXT,
        key TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL CHECK (status IN ('approved', 'sending', 'sent', 'failed', 'unsure', 'cancelled')),
        attempts INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        sent_at TEXT,
        external_id TEXT,
        url TEXT,
        last_error TEXT
    )
    """,
    "CREATE VIRTUAL TABLE mention_words USING fts5 (words, content='', tokenize='unicode61 remove_diacritics 0')",
)

_UNSENT = """
    CREATE TABLE unsent ( -- a reply that somebody is still writing, as it was typed
        case_id INTEGER NOT NULL REFERENCES cases,
        agent TEXT NOT NULL,
        text TEXT NOT NULL,
        draft_id INTEGER REFERENCES drafts, -- the draft that it began as
        private INTEGER NOT NULL,
        read INTEGER REFERENCES mentions, -- the newest message that its writer had seen
        saved_at TEXT NOT NULL,
        PRIMARY KEY (case_id, agent)
    ) WITHOUT ROWID
    """

_INDEXES = (
    "CREATE INDEX mentions_of_case ON mentions (case_id)",
    "CREATE INDEX mentions_untriaged ON mentions (created_at) WHERE triaged_at IS NULL",
    """
    CREATE INDEX mentions_orphaned ON mentions (platform, host, in_reply_to)
    WHERE case_id IS NULL AND in_reply_to IS NOT NULL
    """,
    """
    CREATE INDEX mentions_by_time ON mentions (
        created_at, inbound, directed, platform, language, sentiment, intent, topics, source
    )
    """,
    """
    CREATE INDEX cases_in_queue ON cases ( -- with all that `care queue` filters by, so that it reads nothing else
        needs_attention, priority DESC, waiting_since, case_id,
        language, sentiment, intent, assignee, topics, snoozed_until
    ) WHERE needs_attention = 1 AND merged_into IS NULL
    """,
    "CREATE INDEX cases_by_urgency ON cases (priority DESC, waiting_since, case_id) WHERE merged_into IS NULL",
    """
    CREATE INDEX cases_by_status ON cases (status, priority DESC, waiting_since, case_id)
    WHERE merged_into IS NULL
    """,
    "CREATE INDEX cases_of_customer ON cases (customer_id, opened_at)",
    "CREATE INDEX cases_merged ON cases (merged_into) WHERE merged_into IS NOT NULL",
    "CREATE INDEX segments_by_time ON segments (opened_at)",
    "CREATE INDEX segments_by_resolution ON segments (resolved_at, opened_at, needs_reply, number)",
    "CREATE INDEX events_of_case ON events (case_id)",
    "CREATE INDEX drafts_of_case ON drafts (case_id)",
    "CREATE INDEX replies_of_case ON replies (case_id)",
    "CREATE INDEX replies_unfinished ON replies (status) WHERE status NOT IN ('sent', 'cancelled')",
)

_SIGNALS = (
    "ALTER TABLE mentions ADD COLUMN risks TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE mentions ADD COLUMN gist INTEGER",  # equal where two texts say the same words
    "ALTER TABLE cases ADD COLUMN source TEXT",
    "ALTER TABLE cases ADD COLUMN risks TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE cases ADD COLUMN unanswered TEXT NOT NULL DEFAULT '[]'",  # [time, urgency, intent, priority] of each
    "ALTER TABLE segments ADD COLUMN priority INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE segments ADD COLUMN asked TEXT",  # the same, of what the first answer answers
    "CREATE INDEX mentions_by_gist ON mentions (gist) WHERE gist IS NOT NULL",
    """
    CREATE INDEX cases_waiting ON cases ( -- with all that the order of the queue at this moment is made of
        priority DESC, waiting_since, case_id, needs_attention, status, snoozed_until,
        language, sentiment, intent, urgency, assignee, topics, source, unanswered, segment_first_reply_at
    ) WHERE waiting_since IS NOT NULL AND merged_into IS NULL
    """,
    # every case is written anew, a few at a time, by whoever next needs it (carecli.casework.priorities)
    "INSERT INTO notes (key, value) SELECT 'priorities to do', 'open' WHERE EXISTS (SELECT 1 FROM cases)",
)

_HINDSIGHT = (
    "ALTER TABLE mentions ADD COLUMN brand TEXT",  # as its file said; NULL: that of its source
    "ALTER TABLE cases ADD COLUMN brand TEXT",
    "CREATE INDEX cases_of_brand ON cases (brand) WHERE brand IS NOT NULL",
    "ALTER TABLE segments ADD COLUMN changed_at TEXT",  # carecli.cases.lifecycle.Segment
    """
    UPDATE segments SET changed_at = max(
        opened_at,
        coalesce((SELECT max(m.created_at) FROM mentions m WHERE m.case_id = segments.case_id
                  AND (m.inbound = 1 OR m.created_at > segments.resolved_at)), ''),
        coalesce((SELECT max(e.at) FROM events e WHERE e.case_id = segments.case_id AND e.kind = 'undone'), '')
    )
    """,
    "DROP INDEX segments_by_resolution",
    "CREATE INDEX segments_by_resolution ON segments (resolved_at, opened_at, needs_reply, number, changed_at)",
    "CREATE INDEX events_undone ON events (at, case_id) WHERE kind = 'undone'",
)

_GUARDS = (
    """
    CREATE TRIGGER events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END
    """,
    """
    CREATE TRIGGER events_never_vanish BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END
    """,
)

_VIEWS = (
    """
    CREATE VIEW report_mentions AS
    SELECT m.mention_id, m.case_id, m.platform, m.source, m.external_id, m.url, a.handle AS author_handle,
           a.name AS author_name, a.followers AS author_followers, m.inbound, m.directed, m.text, m.language,
           m.sentiment, m.sentiment_score, m.intent, m.topics, m.urgency, m.needs_reply, m.created_at, m.in_reply_to,
           m.likes, m.reposts, m.replies
    FROM mentions m JOIN authors a USING (author_id)
    """,
    """
    CREATE VIEW report_cases AS
    SELECT c.case_id, c.status, c.priority, c.language, c.sentiment, c.intent, c.topics, c.urgency, c.needs_reply,
           c.directed, c.assignee, c.tags, c.platform, a.handle AS customer_handle, a.name AS customer_name,
           m.text AS newest_text, m.url AS newest_url, c.opened_at, c.first_reply_at, c.resolved_at, c.waiting_since,
           c.mention_count, c.reopened
    FROM cases c JOIN authors a ON a.author_id = c.customer_id JOIN mentions m ON m.mention_id = c.latest_mention_id
    WHERE c.merged_into IS NULL
    """,
    """
    CREATE VIEW report_responses AS
    SELECT s.case_id, s.number, s.opened_at, s.needs_reply, s.first_reply_at,
           CAST(strftime('%s', s.first_reply_at) AS INTEGER) - CAST(strftime('%s', s.opened_at) AS INTEGER)
               AS first_response_seconds,
           s.resolved_at, s.pending_seconds, s.replies
    FROM segments s JOIN cases c USING (case_id) WHERE c.merged_into IS NULL
    """,
    """
    CREATE VIEW report_replies AS
    SELECT r.reply_id, r.case_id, r.status, r.agent, r.private, r.language, r.text, r.created_at, r.sent_at, r.url,
           r.attempts, r.last_error
    FROM replies r
    """,
)

_FETCHING = (
    "ALTER TABLE sources ADD COLUMN failures INTEGER NOT NULL DEFAULT 0",  # in a row, since the last success
    "ALTER TABLE sources ADD COLUMN next_try_at TEXT",
    "ALTER TABLE sources ADD COLUMN asked_to_wait INTEGER NOT NULL DEFAULT 0",  # by the platform: nobody overrides it
    "ALTER TABLE sources ADD COLUMN backfill TEXT",  # {since, cursor} of one that has not come to its end
    "ALTER TABLE mentions ADD COLUMN deleted_at TEXT",  # when we heard that it is gone at the source
    "ALTER TABLE mentions ADD COLUMN matched TEXT",  # why it was taken: what of the brand's query it holds
    "ALTER TABLE cases ADD COLUMN reposts INTEGER NOT NULL DEFAULT 0",  # the same text again, by others or elsewhere
    """
    CREATE TABLE withdrawn_mentions ( -- what deleted mentions said; nothing shows it, `mentions.text` is empty
        mention_id INTEGER PRIMARY KEY REFERENCES mentions,
        text TEXT NOT NULL,
        json_zstd BLOB
    )
    """,
    """
    CREATE TABLE undirected_texts ( -- to find reposts: what the texts of undirected cases come down to
        text_hash BLOB NOT NULL,
        case_id INTEGER NOT NULL REFERENCES cases,
        platform TEXT NOT NULL,
        author_id INTEGER NOT NULL REFERENCES authors,
        created_at TEXT NOT NULL,
        PRIMARY KEY (text_hash, case_id)
    ) WITHOUT ROWID
    """,
)

_REPOSTS = (
    "DROP TABLE undirected_texts",  # never filled
    "ALTER TABLE mentions ADD COLUMN fingerprint BLOB",  # of an undirected text that may be repeated
    "ALTER TABLE mentions ADD COLUMN repost_of INTEGER REFERENCES mentions",  # the first with the same text
    "CREATE INDEX mentions_by_fingerprint ON mentions (fingerprint) WHERE fingerprint IS NOT NULL",
    "CREATE INDEX mentions_reposted ON mentions (case_id) WHERE repost_of IS NOT NULL",
)

_OVERTAKEN = (
    "ALTER TABLE drafts ADD COLUMN mention_id INTEGER REFERENCES mentions",  # the newest when the text was written
    """
    UPDATE drafts SET mention_id = (
        SELECT m.mention_id FROM mentions m
        WHERE m.case_id = drafts.case_id AND m.inbound = 1 AND m.fetched_at <= drafts.created_at
        ORDER BY m.created_at DESC, m.mention_id DESC LIMIT 1
    )
    """,
)

_TOPICS = (
    """
    CREATE TABLE case_topics ( -- `cases.topics` the other way round: who wrote last about a topic
        topic TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        case_id INTEGER NOT NULL REFERENCES cases,
        PRIMARY KEY (topic, opened_at, case_id)
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO case_topics
    SELECT DISTINCT t.value, c.opened_at, c.case_id FROM cases c, json_each(c.topics) t WHERE c.topics <> '[]'
    ORDER BY 1, 2, 3
    """,
    """
    CREATE TRIGGER case_topics_follow AFTER UPDATE OF topics, opened_at ON cases
    WHEN new.topics <> old.topics OR new.opened_at <> old.opened_at
    BEGIN
        DELETE FROM case_topics WHERE case_id = old.case_id AND opened_at = old.opened_at
            AND topic IN (SELECT value FROM json_each(old.topics));
        INSERT OR IGNORE INTO case_topics SELECT value, new.opened_at, new.case_id FROM json_each(new.topics);
    END
    """,
)

_EDITED = (
    "ALTER TABLE drafts ADD COLUMN seen_edit INTEGER",  # the event of the newest edit when the text was written
    """
    UPDATE drafts SET seen_edit = (
        SELECT max(e.event_id) FROM events e
        WHERE e.case_id = drafts.case_id AND e.kind = 'edited' AND e.at <= coalesce(
            (SELECT max(v.changed_at) FROM draft_versions v WHERE v.draft_id = drafts.draft_id), drafts.created_at
        )
    )
    """,
)
