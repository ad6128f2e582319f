"""All report SQL: rows and counts of a period, [since, until) as ISO text; figures are made of them elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from carecli.store.connect import Row, Store

_PERIOD = "created_at >= ? AND created_at < ?"


def totals(store: Store, since: str, until: str) -> Row:
    """One row: total, inbound, outbound, directed (inbound), service (inbound with a service intent)."""
    row = store.row(
        f"""
        SELECT count(*) AS total, coalesce(sum(inbound), 0) AS inbound, coalesce(sum(1 - inbound), 0) AS outbound,
               coalesce(sum(inbound AND directed), 0) AS directed,
               coalesce(sum(inbound AND intent IN ('complaint', 'question', 'request')), 0) AS service
        FROM mentions WHERE {_PERIOD}
        """,
        [since, until],
    )
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return row


def by(store: Store, column: str, since: str, until: str) -> dict[str, int]:
    """Inbound mentions by platform, language, sentiment or intent; `unknown` where there is none."""
    if column not in ("platform", "language", "sentiment", "intent"):
        raise ValueError(column)
    return _counts(
        store.rows(
            f"""
            SELECT coalesce({column}, 'unknown') AS name, count(*) AS n FROM mentions
            WHERE {_PERIOD} AND inbound = 1 GROUP BY 1
            """,
            [since, until],
        )
    )


def by_topic(store: Store, since: str, until: str) -> dict[str, int]:
    """Inbound mentions by topic; one with two topics counts under both."""
    return _counts(
        store.rows(
            f"""
            SELECT value AS name, count(*) AS n FROM mentions, json_each(topics)
            WHERE {_PERIOD} AND inbound = 1 AND topics <> '[]' GROUP BY 1
            """,
            [since, until],
        )
    )


def by_slot(store: Store, since: str, until: str, *, characters: int) -> list[Row]:
    """Inbound and negative mentions by the first `characters` of their UTC time: 13 are hours, 16 minutes."""
    return store.rows(
        f"""
        SELECT substr(created_at, 1, {int(characters)}) AS slot, count(*) AS inbound,
               sum(sentiment IS 'negative') AS negative
        FROM mentions WHERE {_PERIOD} AND inbound = 1 GROUP BY 1 ORDER BY 1
        """,
        [since, until],
    )


def negative_by_hour(store: Store, since: str, until: str) -> list[Row]:
    """Negative inbound mentions by UTC hour (`slot`, 2026-11-20T10); hours without one are left out."""
    return store.rows(
        f"""
        SELECT substr(created_at, 1, 13) AS slot, count(*) AS negative FROM mentions
        WHERE {_PERIOD} AND inbound = 1 AND sentiment = 'negative' GROUP BY 1
        """,
        [since, until],
    )


def negative_topics_by_hour(store: Store, since: str, until: str) -> list[Row]:
    """Negative inbound mentions by UTC hour (`slot`) and topic (`name`)."""
    return store.rows(
        f"""
        SELECT substr(created_at, 1, 13) AS slot, value AS name, count(*) AS n FROM mentions, json_each(topics)
        WHERE {_PERIOD} AND inbound = 1 AND sentiment = 'negative' AND topics <> '[]' GROUP BY 1, 2
        """,
        [since, until],
    )


def segments(store: Store, since: str, until: str, instant: str) -> list[Any]:
    """Every segment of the cases that have one opened in the period, as tuples of `SEGMENT`; times since 1970.

    The last value says whether it changed after `instant`.
    """
    cursor = store.connection.cursor()
    cursor.row_factory = None  # plain tuples: there are very many
    select = f"SELECT {SEGMENT}, s.changed_at > ?3 FROM segments s {_OF_CASE}"
    with store.explained():
        found = cursor.execute(f"{select} WHERE s.opened_at >= ?1 AND s.opened_at < ?2", [since, until, instant])
        inside = found.fetchall()
        # cases that were opened again have others
        return (
            inside
            + cursor.execute(
                f"""
            {select} WHERE s.case_id IN (SELECT case_id FROM segments WHERE number > 0)
                AND NOT (s.opened_at >= ?1 AND s.opened_at < ?2)
                AND EXISTS (SELECT 1 FROM segments o WHERE o.case_id = s.case_id AND o.opened_at >= ?1
                            AND o.opened_at < ?2)
            """,
                [since, until, instant],
            ).fetchall()
        )


def _epoch(column: str) -> str:
    return f"CAST(strftime('%s', {column}) AS INTEGER)"


_OF_CASE = "JOIN cases c USING (case_id) JOIN authors a ON a.author_id = c.customer_id"
# in the order of carecli.reports.figures.SegmentRow
SEGMENT = f"""s.case_id, s.number, {_epoch("s.opened_at")},
    CASE c.opened_at WHEN s.opened_at THEN NULL ELSE {_epoch("c.opened_at")} END, {_epoch("s.first_reply_at")},
    {_epoch("s.resolved_at")}, s.needs_reply, s.pending_seconds, s.replies, s.intent, s.urgency, s.language, c.platform,
    a.followers, s.asked, s.priority, c.source"""


def resolved_cases(store: Store, since: str, until: str) -> int:
    """Cases that were resolved in the period, whenever they opened."""
    row = store.row(
        "SELECT count(DISTINCT case_id) FROM segments WHERE resolved_at >= ? AND resolved_at < ?", [since, until]
    )
    return int(row[0]) if row else 0


# What needed a reply only because of a later message did not need one yet.
_UNRESOLVED = """
    FROM segments s WHERE s.resolved_at {} AND s.opened_at <= ?1 AND (
        s.needs_reply = 1 AND (s.changed_at <= ?1 OR EXISTS (
            SELECT 1 FROM mentions m WHERE m.case_id = s.case_id AND m.inbound = 1 AND m.needs_reply = 1
            AND m.repost_of IS NULL AND m.created_at >= s.opened_at AND m.created_at <= ?1))
        OR s.number > 0 AND EXISTS (SELECT 1 FROM segments e WHERE e.case_id = s.case_id AND e.number < s.number
                                    AND e.needs_reply = 1))
    AND s.case_id NOT IN (SELECT value FROM json_each(?2))
"""


def backlog(store: Store, instant: str, besides: Sequence[int] = ()) -> int:
    """Cases that were open to somebody's answer or decision and not resolved at `instant`; `besides` are left out."""
    # a case's next segment opens after the one before is resolved: at any instant one of them at most counts;
    # two counts, as SQLite makes a slow union of an OR
    counts = (f"(SELECT count(*) {_UNRESOLVED.format(when)})" for when in ("IS NULL", "> ?1"))
    row = store.row(f"SELECT {' + '.join(counts)}", [instant, json.dumps(list(besides))])
    return int(row[0]) if row else 0


def backlog_segments(store: Store, instant: str, besides: Sequence[int] = ()) -> list[Row]:
    """The segments that `backlog` counts, with what their cases say now: what is answered in them presses no more.

    `later`: something was said or done in the case after `instant`, so that it may have said something else then.
    """
    columns = """
        s.case_id, s.number, s.opened_at, c.urgency, c.intent, c.language,
        s.resolved_at IS NOT NULL
        OR EXISTS (SELECT 1 FROM mentions m WHERE m.case_id = s.case_id AND m.created_at > ?1)
        OR EXISTS (SELECT 1 FROM events e WHERE e.case_id = s.case_id AND e.at > ?1) AS later
    """
    unresolved = (
        f"SELECT {columns} FROM (SELECT s.* {_UNRESOLVED.format(when)}) s JOIN cases c USING (case_id)"
        for when in ("IS NULL", "> ?1")
    )
    return store.rows(" UNION ALL ".join(unresolved), [instant, json.dumps(list(besides))])


def undone_after(store: Store, instant: str) -> list[int]:
    """Cases in which something was undone later than that: until then it had happened."""
    rows = store.rows(
        """
        SELECT DISTINCT coalesce(c.merged_into, c.case_id) FROM events e JOIN cases c USING (case_id)
        WHERE e.kind = 'undone' AND e.at > ? ORDER BY 1
        """,
        [instant],
    )
    return [row[0] for row in rows]


def customers_of(store: Store, cases: Sequence[int]) -> dict[int, tuple[str, int | None, str]]:
    """Case → platform, the customer's followers, and the source of its first message."""
    rows = store.rows(
        """
        SELECT c.case_id, c.platform, a.followers, c.source FROM cases c
        JOIN authors a ON a.author_id = c.customer_id WHERE c.case_id IN (SELECT value FROM json_each(?))
        """,
        [json.dumps(list(cases))],
    )
    return {row["case_id"]: (row["platform"], row["followers"], row["source"]) for row in rows}


def coverage(store: Store, since: str, until: str) -> list[dict[str, Any]]:
    """Each source with its state and the mentions that it brought for the period."""
    counts = _counts(
        store.rows(f"SELECT source AS name, count(*) AS n FROM mentions WHERE {_PERIOD} GROUP BY 1", [since, until])
    )
    known = {row["name"]: row for row in store.rows("SELECT * FROM sources")}
    files = {
        name: store.rows("SELECT max(fetched_at) FROM mentions WHERE source = ?", [name])[0][0]
        for name in counts
        if name not in known
    }
    return [
        {
            "source": name,
            "platform": known[name]["platform"] if name in known else "import",
            "last_fetch_at": known[name]["last_fetch_at"] if name in known else files[name],
            "last_success_at": known[name]["last_success_at"] if name in known else None,
            "last_error": known[name]["last_error"] if name in known else None,
            "mentions": counts.get(name, 0),
        }
        for name in sorted({*known, *counts})
    ]


def fetch_lags(store: Store, since: str, until: str) -> list[Row]:
    """(source, seconds from when a customer wrote until we had it) of what sources brought for the period."""
    return store.rows(
        f"""
        SELECT source, CAST(strftime('%s', fetched_at) AS INTEGER) - CAST(strftime('%s', created_at) AS INTEGER) AS lag
        FROM mentions WHERE {_PERIOD} AND inbound = 1 AND source IN (SELECT name FROM sources)
        """,
        [since, until],
    )


def span(store: Store) -> tuple[str, str] | None:
    """The times of the oldest and the newest mention, None without any."""
    # one subquery each: SQLite looks one end of an index up, but reads all of it for both
    row = store.row(
        """
        SELECT (SELECT min(created_at) FROM mentions) AS first, (SELECT max(created_at) FROM mentions) AS last
        """
    )
    return None if row is None or row["first"] is None else (row["first"], row["last"])


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    return {row["name"]: row["n"] for row in rows}
