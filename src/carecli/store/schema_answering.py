"""The tables for answering: knowledge, versions of drafts, promises, parts of long replies, linked customers."""

from __future__ import annotations

STATEMENTS = (
    """
    CREATE TABLE articles (
        article_id INTEGER PRIMARY KEY,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        language TEXT,
        url TEXT,
        owner TEXT,
        review_by TEXT, -- a date: from the day after it the article is stale
        topics TEXT NOT NULL DEFAULT '[]',
        origin TEXT UNIQUE, -- what it was made from: a file's name, a case
        version INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE article_versions ( -- every state that an article has had, the present one too
        article_id INTEGER NOT NULL REFERENCES articles,
        version INTEGER NOT NULL,
        title TEXT NOT NULL,
        text TEXT NOT NULL,
        language TEXT,
        url TEXT,
        owner TEXT,
        review_by TEXT,
        topics TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        agent TEXT,
        PRIMARY KEY (article_id, version)
    ) WITHOUT ROWID
    """,
    "CREATE VIRTUAL TABLE article_words USING fts5 (words, content='', tokenize='unicode61 remove_diacritics 0')",
    "ALTER TABLE drafts ADD COLUMN agent TEXT",
    "ALTER TABLE drafts ADD COLUMN private INTEGER NOT NULL DEFAULT 0",
    # waiting, approved or rejected where another person has to agree, else NULL
    "ALTER TABLE drafts ADD COLUMN approval TEXT CHECK (approval IN ('waiting', 'approved', 'rejected'))",
    """
    CREATE TABLE draft_versions ( -- every text that a draft has had, the present one too
        draft_id INTEGER NOT NULL REFERENCES drafts,
        version INTEGER NOT NULL,
        text TEXT NOT NULL,
        changed_at TEXT NOT NULL,
        agent TEXT,
        PRIMARY KEY (draft_id, version)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX drafts_waiting ON drafts (draft_id) WHERE approval = 'waiting'",
    """
    CREATE TABLE promises ( -- what our posts said we would do; kept by the next answer, a resolution or a person's word
        promise_id INTEGER PRIMARY KEY,
        mention_id INTEGER NOT NULL REFERENCES mentions,
        words TEXT NOT NULL,
        due_at TEXT NOT NULL,
        remind_at TEXT NOT NULL, -- when the case comes back into the queue
        settled_at TEXT, -- by a person's word
        settled_as TEXT CHECK (settled_as IN ('kept', 'dropped')),
        settled_by TEXT,
        because TEXT,
        UNIQUE (mention_id, words)
    )
    """,
    "CREATE INDEX promises_to_keep ON promises (remind_at) WHERE settled_at IS NULL",
    "ALTER TABLE replies ADD COLUMN send_at TEXT",  # not before this instant
    """
    CREATE TABLE reply_parts ( -- of a reply that goes out as a thread; each part has a key and a fate of its own
        reply_id INTEGER NOT NULL REFERENCES replies,
        number INTEGER NOT NULL,
        text TEXT NOT NULL,
        key TEXT NOT NULL UNIQUE,
        external_id TEXT,
        url TEXT,
        host TEXT,
        created_at TEXT,
        PRIMARY KEY (reply_id, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE people ( -- accounts of one customer, linked by hand
        author_id INTEGER PRIMARY KEY REFERENCES authors,
        person_id INTEGER NOT NULL
    )
    """,
    "CREATE INDEX people_by_person ON people (person_id)",
    """
    CREATE TABLE forgotten ( -- accounts whose words are not stored again; nobody can be read out of a hash
        account_hash BLOB PRIMARY KEY,
        at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

CAMPAIGNS = (
    """
    CREATE TABLE campaign_actions ( -- an opportunity that was taken up, or passed over
        action_id INTEGER PRIMARY KEY,
        campaign TEXT NOT NULL, -- as care.toml calls it
        mention_id INTEGER NOT NULL REFERENCES mentions, -- what somebody wrote
        draft_id INTEGER REFERENCES drafts, -- what we propose to write; NULL: passed over
        at TEXT NOT NULL,
        agent TEXT,
        note TEXT,
        UNIQUE (campaign, mention_id)
    )
    """,
    "CREATE INDEX campaign_actions_of_draft ON campaign_actions (draft_id) WHERE draft_id IS NOT NULL",
    """
    CREATE TABLE campaign_outcomes ( -- what a person recorded; what follows from the conversation is never stored
        action_id INTEGER NOT NULL REFERENCES campaign_actions,
        outcome TEXT NOT NULL
            CHECK (outcome IN ('fulfilled', 'answered', 'thanked', 'converted', 'complained', 'ignored')),
        at TEXT NOT NULL,
        agent TEXT,
        note TEXT,
        PRIMARY KEY (action_id, outcome)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE do_not_contact ( -- who is never written to unasked
        platform TEXT NOT NULL, -- '' for every platform
        handle TEXT NOT NULL, -- in lower case, without @
        at TEXT NOT NULL,
        agent TEXT, -- NULL: the person asked for it in a message
        because TEXT,
        lifted INTEGER NOT NULL DEFAULT 0, -- taken off again, until they ask anew
        PRIMARY KEY (platform, handle)
    ) WITHOUT ROWID
    """,
)
