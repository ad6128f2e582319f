"""The SQL of the parts of a report beyond its summary; periods are [since, until) as ISO text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from carecli.store.connect import Row, Store

_INBOUND = "m.created_at >= ? AND m.created_at < ? AND m.inbound = 1"


def topic_moods(store: Store, since: str, until: str) -> list[Row]:
    """(topic, mentions, negative, positive) of the inbound mentions; one with two topics counts under both."""
    return store.rows(
        f"""
        SELECT value AS topic, count(*) AS mentions, sum(sentiment IS 'negative') AS negative,
               sum(sentiment IS 'positive') AS positive
        FROM mentions m, json_each(m.topics) WHERE {_INBOUND} AND m.topics <> '[]' GROUP BY 1
        """,
        [since, until],
    )


def quotes(store: Store, topic: str, sentiment: str, since: str, until: str, limit: int) -> list[Row]:
    """The strongest inbound mentions of a topic with that sentiment: (text, handle, url, sentiment)."""
    order = "m.sentiment_score" if sentiment == "negative" else "m.sentiment_score DESC"
    return store.rows(
        f"""
        SELECT m.text, a.handle, m.url, m.sentiment FROM mentions m JOIN authors a USING (author_id)
        WHERE {_INBOUND} AND m.text <> '' AND m.sentiment = ? AND instr(m.topics, json_quote(?)) > 0
        ORDER BY {order}, m.mention_id LIMIT ?
        """,
        [since, until, sentiment, topic, limit],
    )


def inbound_texts(store: Store, since: str, until: str, limit: int) -> Iterator[tuple[str, str]]:
    """(author, text) of the newest inbound mentions."""
    for row in store.rows(
        f"""
        SELECT m.author_id, m.text FROM mentions m WHERE {_INBOUND} AND m.text <> ''
        ORDER BY m.created_at DESC LIMIT ?
        """,
        [since, until, limit],
    ):
        yield str(row["author_id"]), row["text"]


def questions(store: Store, since: str, until: str, limit: int) -> list[Row]:
    """Customers' questions, oldest first: (mention_id, case_id, text, language, answered)."""
    return store.rows(
        """
        SELECT m.mention_id, m.case_id, m.text, m.language,
               EXISTS (SELECT 1 FROM mentions r WHERE r.case_id = m.case_id AND r.inbound = 0 AND r.automatic = 0
                       AND r.created_at >= m.created_at AND r.created_at < ?2) AS answered
        FROM mentions m WHERE m.created_at >= ?1 AND m.created_at < ?2 AND m.inbound = 1 AND m.intent = 'question'
            AND m.text <> '' ORDER BY m.created_at, m.mention_id LIMIT ?3
        """,
        [since, until, limit],
    )


def asking(store: Store, since: str, until: str) -> list[int]:
    """The cases in which a customer wrote something in the period that expects an answer."""
    rows = store.rows(
        f"""
        SELECT DISTINCT m.case_id FROM mentions m WHERE {_INBOUND} AND m.needs_reply = 1 AND m.case_id IS NOT NULL
        """,
        [since, until],
    )
    return [row["case_id"] for row in rows]


def asking_again(store: Store, since: str, until: str) -> list[int]:
    """Those of `asking` in which we had answered before."""
    rows = store.rows(
        f"""
        SELECT DISTINCT m.case_id FROM mentions m WHERE {_INBOUND} AND m.needs_reply = 1 AND m.case_id IN (
            SELECT r.case_id FROM mentions r WHERE r.inbound = 0 AND r.automatic = 0 AND r.created_at < ?
        ) AND EXISTS (
            SELECT 1 FROM mentions r WHERE r.case_id = m.case_id AND r.inbound = 0 AND r.automatic = 0
            AND r.created_at <= m.created_at
        )
        """,
        [since, until, until],
    )
    return [row["case_id"] for row in rows]


def agents(store: Store, since: str, until: str) -> list[Row]:
    """Our human posts in customers' cases: (agent, case_id, waited); `waited` only for a first response, in seconds."""
    return store.rows(
        """
        SELECT coalesce(r.agent, a.handle) AS agent, m.case_id,
               (SELECT strftime('%s', s.first_reply_at) - strftime('%s', s.opened_at) FROM segments s
                WHERE s.case_id = m.case_id AND s.first_reply_at = m.created_at AND s.needs_reply = 1
                AND EXISTS (SELECT 1 FROM mentions q WHERE q.case_id = m.case_id AND q.needs_reply = 1
                            AND q.created_at >= s.opened_at AND q.created_at < ?2)) AS waited
        FROM mentions m JOIN authors a USING (author_id)
        LEFT JOIN replies r ON r.case_id = m.case_id AND r.external_id = m.external_id AND r.status = 'sent'
        WHERE m.created_at >= ?1 AND m.created_at < ?2 AND m.inbound = 0 AND m.automatic = 0 AND m.case_id IS NOT NULL
        ORDER BY m.created_at, m.mention_id
        """,
        [since, until],
    )


def resolved_by(store: Store, since: str, until: str) -> dict[str, int]:
    """Agent → cases that they resolved in the period; what was undone by its end does not count."""
    rows = store.rows(
        """
        SELECT agent, count(DISTINCT case_id) AS n FROM events
        WHERE kind = 'resolved' AND at >= ?1 AND at < ?2 AND agent IS NOT NULL AND event_id NOT IN (
            SELECT json_extract(data, '$.event') FROM events WHERE kind = 'undone' AND at >= ?1 AND at < ?2
        ) GROUP BY 1
        """,
        [since, until],
    )
    return {row["agent"]: row["n"] for row in rows}


def helpers(store: Store, since: str, until: str) -> list[Row]:
    """People's answers to other people's questions: (author_id, handle, platform, asker, answer, thanked)."""
    return store.rows(
        """
        SELECT m.author_id, a.handle, m.platform, q.author_id AS asker, m.mention_id AS answer,
               EXISTS (SELECT 1 FROM mentions t WHERE t.case_id = m.case_id AND t.inbound = 1
                       AND t.in_reply_to = m.external_id AND t.platform = m.platform AND t.host = m.host
                       AND t.author_id = q.author_id AND t.created_at < ?2
                       AND (t.intent = 'praise' OR t.sentiment = 'positive')) AS thanked
        FROM mentions m JOIN authors a USING (author_id)
        JOIN mentions q ON q.platform = m.platform AND q.host = m.host AND q.external_id = m.in_reply_to
        WHERE m.created_at >= ?1 AND m.created_at < ?2 AND m.inbound = 1 AND m.in_reply_to IS NOT NULL
            AND m.intent IS NOT 'spam' AND q.inbound = 1 AND q.author_id <> m.author_id
            AND q.intent IN ('question', 'request', 'complaint')
        """,
        [since, until],
    )


def reach(store: Store, since: str, until: str, *, inbound: bool) -> Row:
    """Sums of what platforms reported, and what they are known for."""
    row = store.row(
        """
        WITH chosen AS (SELECT * FROM mentions WHERE created_at >= ?1 AND created_at < ?2 AND inbound = ?3),
             people AS (SELECT followers FROM authors WHERE author_id IN (SELECT author_id FROM chosen))
        SELECT (SELECT count(*) FROM chosen) AS mentions, (SELECT count(*) FROM people) AS authors,
               (SELECT sum(followers) FROM people) AS followers,
               (SELECT count(followers) FROM people) AS followers_known,
               sum(likes) AS likes, count(likes) AS likes_known, sum(reposts) AS reposts,
               count(reposts) AS reposts_known, sum(replies) AS replies, count(replies) AS replies_known FROM chosen
        """,
        [since, until, int(inbound)],
    )
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return row


def texts_of(store: Store, sources: Sequence[str], since: str, until: str) -> Iterator[str]:
    """The texts of inbound mentions that these sources brought."""
    cursor = store.connection.execute(
        f"""
        SELECT m.text FROM main.mentions m WHERE {_INBOUND} AND m.source IN (SELECT value FROM json_each(?))
        """,
        [since, until, json.dumps(list(sources))],
    )
    for row in cursor:
        yield row["text"]


def turns(store: Store, since: str, until: str) -> list[tuple[Any, ...]]:
    """(case_id, created_at, inbound, automatic, needs_reply) of all cases that we answered in the period.

    By case, then time; a customer's message comes before an answer of the same second.
    """
    cursor = store.connection.cursor()
    cursor.row_factory = None
    with store.explained():
        return cursor.execute(
            """
            SELECT case_id, CAST(strftime('%s', created_at) AS INTEGER), inbound, automatic, needs_reply FROM mentions
            WHERE created_at < ?2 AND case_id IN (
                SELECT case_id FROM mentions
                WHERE created_at >= ?1 AND created_at < ?2 AND inbound = 0 AND automatic = 0
            )
            ORDER BY case_id, created_at, inbound DESC, mention_id
            """,
            [since, until],
        ).fetchall()


def first_words(store: Store, segments: Sequence[tuple[int, str]], at: str) -> list[Row]:
    """Of (case, when a segment opened), in order: platform, the customer's handle, text, url of its first message.

    None for text and url where there was none by `at`: somebody reopened the case.
    """
    return store.rows(
        """
        SELECT c.platform, a.handle, m.text, m.url FROM (
            SELECT key AS place, json_extract(value, '$[0]') AS wanted,
                   (SELECT m.mention_id FROM mentions m
                    WHERE m.case_id = json_extract(value, '$[0]') AND m.created_at >= json_extract(value, '$[1]')
                    AND m.created_at <= ? AND m.inbound = 1 ORDER BY m.created_at, m.mention_id LIMIT 1) AS first
            FROM json_each(?)
        ) JOIN cases c ON c.case_id = wanted JOIN authors a ON a.author_id = c.customer_id
        LEFT JOIN mentions m ON m.mention_id = first ORDER BY place
        """,
        [at, json.dumps([list(each) for each in segments])],
    )


def resolved(store: Store, since: str, until: str) -> list[int]:
    """The cases that were resolved in the period."""
    rows = store.rows(
        "SELECT DISTINCT case_id FROM segments WHERE resolved_at >= ? AND resolved_at < ? ORDER BY 1", [since, until]
    )
    return [row["case_id"] for row in rows]


def case_moods(store: Store, since: str, until: str) -> list[Row]:
    """(case_id, sentiment, mentions) of the inbound mentions that are not neutral."""
    return store.rows(
        f"""
        SELECT m.case_id, m.sentiment, count(*) AS mentions FROM mentions m
        WHERE {_INBOUND} AND m.sentiment IN ('negative', 'positive') AND m.case_id IS NOT NULL
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        [since, until],
    )
