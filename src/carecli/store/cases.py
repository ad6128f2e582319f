"""Cases: conversations with a number, found by what they hang on, listed by what presses most."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from carecli.cases.lifecycle import Life, Turn
from carecli.errors import NotFound
from carecli.model import iso, parse_iso
from carecli.store import brands
from carecli.store.brands import Brand
from carecli.store.connect import Columns, Connection, Row, Store


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases: every field given must fit. `everything` includes what nobody has to answer.

    `words`: a search over their messages, in the language of `carecli.store.search.expression`.
    """

    status: str | None = None
    language: str | None = None
    sentiment: str | None = None
    intent: str | None = None
    topic: str | None = None
    assignee: str | None = None
    everything: bool = False
    unassigned: bool = False
    words: str | None = None
    brand: Brand | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """What a case's row says beyond its life: the signals of the message that presses most, and its priority.

    `segments` are the (intent, urgency, language, priority, asked) of each of the life's segments; `asked` and the
    signal `unanswered` are what `carecli.sla.packed` makes. `source` brought the first message, `brand` is what the
    first one says that names any.
    """

    case: int
    life: Life
    latest_mention: int
    mention_count: int
    customer: int
    signals: Mapping[str, Any]
    directed: bool
    priority: int
    reasons: Sequence[str]
    segments: Sequence[tuple[str, str, str | None, int, str | None]]
    source: str
    brand: str | None = None


MOST_FOUND = 5_000  # mentions of a search, the newest, whose cases are listed
_SPOKEN_OF = """
    c.case_id IN (SELECT +case_id FROM mentions WHERE mention_id IN (
        SELECT rowid FROM mention_words WHERE mention_words MATCH :words ORDER BY rowid DESC LIMIT :most))
"""

_SHOWN = """
    SELECT c.*, a.handle AS customer_handle, a.name AS customer_name, m.text AS text, m.url AS url,
           m.external_id AS latest_external_id, m.created_at AS latest_at, m.deleted_at AS latest_deleted_at,
           s.urgency AS segment_urgency, s.intent AS segment_intent, s.priority AS segment_priority,
           s.asked AS segment_asked, (
               SELECT found.matched FROM mentions found WHERE found.case_id = c.case_id AND found.matched IS NOT NULL
               ORDER BY found.created_at DESC LIMIT 1
           ) AS match
    FROM cases c JOIN authors a ON a.author_id = c.customer_id JOIN mentions m ON m.mention_id = c.latest_mention_id
    LEFT JOIN segments s ON s.case_id = c.case_id AND s.number = c.reopened -- the last one
"""


def get(store: Store, case: int) -> Row:
    """One case, followed to the one that it was merged into. Raises NotFound."""
    row = store.row(f"{_SHOWN} WHERE c.case_id = ?", [case])
    if row is None:
        raise NotFound(
            f"there is no case {case}", hint="`care queue` lists the open cases, `care queue --all` every one"
        )
    return row if row["merged_into"] is None else get(store, row["merged_into"])


def listed(
    store: Store, which: Filter, *, now: datetime, limit: int | None = None, waiting: bool | None = None
) -> list[Row]:
    """Cases that fit, by stored priority, then by how long the customer waits, then by number.

    `waiting`: only those in which somebody waits for an answer, or only the others.
    """
    conditions, parameters = _conditions(which, now)
    if waiting is not None:
        conditions.append(f"c.waiting_since IS {'NOT ' if waiting else ''}NULL")
    return store.rows(
        f"{_SHOWN} WHERE {' AND '.join(conditions)} ORDER BY c.priority DESC, c.waiting_since, c.case_id LIMIT :limit",
        {**parameters, "limit": -1 if limit is None else limit},
    )


def among(store: Store, which: Filter, numbers: Sequence[int], *, now: datetime) -> list[Row]:
    """Those of these cases that fit, whether they need attention or not."""
    conditions, parameters = _conditions(replace(which, everything=True), now)
    return store.rows(
        f"""
        {_SHOWN} WHERE {" AND ".join(conditions)} AND c.case_id IN (SELECT value FROM json_each(:numbers))
        AND (c.snoozed_until IS NULL OR c.snoozed_until <= :now)
        """,
        {**parameters, "numbers": json.dumps(list(numbers))},
    )


def _conditions(which: Filter, now: datetime) -> tuple[list[str], dict[str, Any]]:
    conditions = ["c.merged_into IS NULL"]
    parameters: dict[str, Any] = {"now": iso(now)}
    if which.status == "open":
        # the plus keeps SQLite from looking both statuses up and sorting all that it finds
        conditions.append("(+c.status = 'open' OR c.status = 'snoozed' AND c.snoozed_until <= :now)")
    elif which.status is not None:
        conditions.append("c.status = :status")
    elif not which.everything:
        # what needs attention is open or snoozed; the index `cases_in_queue` has all that is asked here and below
        conditions += ["c.needs_attention = 1", "(c.snoozed_until IS NULL OR c.snoozed_until <= :now)"]
    if which.status == "snoozed":
        conditions.append("c.snoozed_until > :now")
    _narrow(which, conditions, parameters)
    return conditions, parameters


def _narrow(which: Filter, conditions: list[str], parameters: dict[str, Any]) -> None:
    """What a filter asks for beside the queue it is about."""
    for column in ("status", "language", "sentiment", "intent", "assignee"):
        value = getattr(which, column)
        if value is not None:
            parameters[column] = value
            if column != "status":
                conditions.append(f"c.{column} = :{column}")
    if which.unassigned:
        conditions.append("c.assignee IS NULL")
    if which.topic is not None:
        parameters["topic"] = which.topic
        conditions.append("instr(c.topics, json_quote(:topic)) > 0")  # `topics` is a JSON list of texts
    if which.brand is not None:
        sql, of_brand = brands.condition(which.brand)
        conditions.append(sql)
        parameters |= of_brand
    if which.words is not None:
        parameters |= {"words": which.words, "most": MOST_FOUND}
        conditions.append(_SPOKEN_OF)


def by_numbers(store: Store, numbers: Iterable[int]) -> list[Row]:
    """Cases in any order."""
    return store.rows(f"{_SHOWN} WHERE c.case_id IN (SELECT value FROM json_each(?))", [json.dumps(list(numbers))])


def waiting(store: Store, which: Filter, *, now: datetime, below: int | None = None) -> Iterator[Row]:
    """What the order at this moment is made of, for each case that fits and whose customer waits; by stored priority.

    Read row by row from one index: whoever has enough stops. `below`: only lower stored priorities than this one.
    """
    conditions, parameters = _conditions(which, now)
    if below is not None:
        conditions.append("c.priority < :below")
        parameters["below"] = below
    return store.each(
        f"""
        SELECT c.case_id, c.priority, c.waiting_since, c.intent, c.urgency, c.source, c.unanswered,
               c.segment_first_reply_at
        FROM cases c INDEXED BY cases_waiting WHERE c.waiting_since IS NOT NULL AND {" AND ".join(conditions)}
        ORDER BY c.priority DESC, c.waiting_since, c.case_id
        """,
        parameters,
    )


def resting(store: Store, which: Filter, *, now: datetime) -> list[Row]:
    """Number and stored priority of each case that fits and whose customer does not wait, in the order of `listed`."""
    conditions, parameters = _conditions(which, now)
    return store.rows(
        f"SELECT c.case_id, c.priority FROM cases c WHERE c.waiting_since IS NULL AND {' AND '.join(conditions)}"
        " ORDER BY c.priority DESC, c.case_id",
        parameters,
    )


def of_customer(store: Store, customer: int, *, besides: int, most: int | None = None) -> list[Row]:
    """A customer's other cases, newest first: all, or so many."""
    return store.rows(
        f"{_SHOWN} WHERE c.customer_id = ? AND c.case_id <> ? AND c.merged_into IS NULL"
        " ORDER BY c.opened_at DESC LIMIT ?",
        [customer, besides, -1 if most is None else most],
    )


def count_of_customer(store: Store, customer: int, *, besides: int) -> int:
    """How many other cases a customer has."""
    row = store.row(
        "SELECT count(*) AS n FROM cases WHERE customer_id = ? AND case_id <> ? AND merged_into IS NULL",
        [customer, besides],
    )
    return int(row["n"]) if row else 0


def turns(store: Store, cases: Sequence[int]) -> dict[int, list[Row]]:
    """Each case's mentions as the fold and the projection need them, oldest first.

    What turned out to be a customer's, and has no verdict yet, is left out until it has one. `praise`: the text, where
    it is praise.
    """
    found: dict[int, list[Row]] = {}
    for row in store.rows(
        """
        SELECT mention_id, case_id, author_id, inbound, directed, automatic, created_at, language, sentiment,
               sentiment_score, intent, topics, urgency, needs_reply, confidence, risks, source, brand,
               CASE WHEN inbound AND intent = 'praise' THEN text END AS praise
        FROM mentions WHERE case_id IN (SELECT value FROM json_each(?)) AND (inbound = 0 OR intent IS NOT NULL)
          AND repost_of IS NULL
        ORDER BY created_at, mention_id
        """,
        [json.dumps(list(cases))],
    ):
        found.setdefault(row["case_id"], []).append(row)
    return found


def as_turns(rows: Iterable[Columns]) -> list[Turn]:
    """What `turns` gives, as `carecli.cases.lifecycle.fold` takes it."""
    return [
        Turn(parse_iso(row["created_at"]), bool(row["inbound"]), bool(row["needs_reply"]), bool(row["automatic"]))
        for row in rows
    ]


def contacts(store: Store, firsts: Mapping[int, Columns], *, most: int = 14) -> dict[int, int]:
    """Which of its customer's cases each case is, 1 for the first one; further than `most` is not counted.

    `firsts`: the first message of each case. A case that came later never changes the count of an earlier one.
    """
    asked = [[case, first["author_id"], first["created_at"]] for case, first in firsts.items()]
    rows = store.rows(
        """
        WITH asked AS (SELECT json_extract(value, '$[0]') AS case_id, json_extract(value, '$[1]') AS customer_id,
                              json_extract(value, '$[2]') AS at FROM json_each(?1))
        SELECT asked.case_id, 1 + (SELECT count(*) FROM (
            SELECT 1 FROM cases c WHERE c.customer_id = asked.customer_id AND c.opened_at <= asked.at
            AND c.case_id <> asked.case_id AND c.merged_into IS NULL LIMIT ?2
        )) AS cases FROM asked
        """,
        [json.dumps(asked), most - 1],
    )
    return {row["case_id"]: row["cases"] for row in rows}


def numbers_after(store: Store, case: int, limit: int, *, in_queue: bool) -> list[int]:
    """The next cases by number; `in_queue`: of those that need attention or whose customer waits."""
    wanted = "AND (needs_attention = 1 OR waiting_since IS NOT NULL)" if in_queue else ""
    rows = store.rows(
        f"SELECT case_id FROM cases WHERE case_id > ? AND merged_into IS NULL {wanted} ORDER BY case_id LIMIT ?",
        [case, limit],
    )
    return [row["case_id"] for row in rows]


def followers(store: Store, firsts: Mapping[int, Columns]) -> dict[int, int | None]:
    """The followers of each case's customer, as far as the platform says; `firsts` as in `contacts`."""
    authors = {first["author_id"] for first in firsts.values()}
    rows = store.rows(
        "SELECT author_id, followers FROM authors WHERE author_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(authors))],
    )
    known = {row["author_id"]: row["followers"] for row in rows}
    return {case: known.get(first["author_id"]) for case, first in firsts.items()}


def project(connection: Connection, projections: Sequence[Projection]) -> None:
    """Write what the fold made of these cases: their rows and their segments."""
    connection.executemany(
        """
        UPDATE cases SET status = ?, priority = ?, reasons = ?, language = ?, sentiment = ?, sentiment_score = ?,
            intent = ?, topics = ?, urgency = ?, needs_reply = ?, needs_attention = ?, directed = ?, assignee = ?,
            tags = ?, mention_count = ?, reopened = ?, opened_at = ?, segment_opened_at = ?,
            segment_first_reply_at = ?, first_reply_at = ?, resolved_at = ?, waiting_since = ?, snoozed_until = ?,
            latest_mention_id = ?, customer_id = ?, source = ?, risks = ?, unanswered = ?, brand = ?
        WHERE case_id = ?
        """,
        [_values(p) for p in projections],
    )
    connection.executemany("DELETE FROM segments WHERE case_id = ?", [(p.case,) for p in projections])
    connection.executemany(
        """
        INSERT INTO segments (case_id, number, opened_at, needs_reply, first_reply_at, resolved_at, pending_seconds,
                              replies, changed_at, intent, urgency, language, priority, asked)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                p.case,
                number,
                iso(s.opened_at),
                s.needs_reply,
                s.first_reply_at and iso(s.first_reply_at),
                s.resolved_at and iso(s.resolved_at),
                s.pending_seconds,
                s.replies,
                iso(s.changed_at or s.opened_at),
                *signals,
            )
            for p in projections
            for number, (s, signals) in enumerate(zip(p.life.segments, p.segments, strict=True))
        ],
    )


def _values(p: Projection) -> tuple[Any, ...]:
    life, signals = p.life, p.signals
    segment = life.segments[-1]
    return (
        life.status,
        p.priority,
        json.dumps(p.reasons, ensure_ascii=False),
        *(signals[key] for key in ("language", "sentiment", "sentiment_score", "intent", "topics", "urgency")),
        life.needs_reply,
        life.needs_attention,
        p.directed,
        life.assignee,
        json.dumps(life.tags, ensure_ascii=False),
        p.mention_count,
        life.reopened,
        iso(life.opened_at),
        iso(segment.opened_at),
        *(moment and iso(moment) for moment in (segment.first_reply_at, life.first_reply_at, life.resolved_at)),
        *(moment and iso(moment) for moment in (life.waiting_since, life.snoozed_until)),
        p.latest_mention,
        p.customer,
        p.source,
        signals["risks"],
        signals["unanswered"],
        p.brand,
        p.case,
    )
