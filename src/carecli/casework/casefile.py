"""A case as people and scripts see it: its row, its clock and all that hangs on it, as plain data."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from carecli.casework import deadlines, ranking
from carecli.config import Config
from carecli.model import JSON, Draft, Event, iso, parse_iso
from carecli.store import cases, conversations, customers, events, knowledge, mentions, promises, replies
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store
from carecli.store.desk import last_agent
from carecli.text import counted
from carecli.triage.authors import Kind, Post, kind_of

SAME_MATTER = timedelta(days=14)  # others who wrote so lately may write about the same
LATEST = 20  # other cases of a customer that a screen shows
FOLLOWED = timedelta(days=30)  # so long after it was due a promise that was not kept comes back into the queue


def promise(row: Row, now: datetime) -> JSON:
    """A promise as `care show` and `care promise` tell it: open, kept, broken, or dropped as none."""
    return {
        "promise": row["promise_id"],
        "case": row["case_id"],
        "words": row["words"],
        "made_at": row["made_at"],
        "due_at": row["due_at"],
        "done_at": row["done_at"],
        "state": promises.fate(row, iso(now)),
    }


def follow_ups(store: Store, now: datetime) -> dict[int, JSON]:
    """The first due of each case's open or overdue promises, by case; `back` when it is time to act on it."""
    found: dict[int, JSON] = {}
    for row in promises.unsettled(store, since=iso(now - FOLLOWED), now=iso(now)):
        found.setdefault(row["case_id"], {**promise(row, now), "back": row["remind_at"] <= iso(now)})
    return found


def describe(row: Row, config: Config, now: datetime, promised: Mapping[int, JSON] | None = None) -> JSON:
    """One case's row as the JSON of CONTRACT.md; `promised` are the `follow_ups` of all cases."""
    promise = (promised or {}).get(row["case_id"])
    asleep = row["status"] == "snoozed" and row["snoozed_until"] > iso(now)
    status = "open" if row["status"] == "snoozed" and not asleep else row["status"]
    clock = ranking.clock(row, config, now)
    priority, waiting = ranking.priority(row, clock.state, config, now)
    due_at = None if clock.due_at is None else iso(clock.due_at)
    return {
        "case": row["case_id"],
        "status": status,
        "priority": priority,
        "reasons": [*json.loads(row["reasons"]), *waiting],
        "language": row["language"],
        "sentiment": row["sentiment"],
        "sentiment_score": row["sentiment_score"],
        "intent": row["intent"],
        "topics": json.loads(row["topics"]),
        "urgency": row["urgency"],
        "needs_reply": bool(row["needs_reply"]),
        "directed": bool(row["directed"]),
        "assignee": row["assignee"],
        "tags": json.loads(row["tags"]),
        "platform": row["platform"],
        "brand": row["brand"] or config.brand_of(row["source"]),
        "customer": {"handle": row["customer_handle"], "name": row["customer_name"]},
        "text": None if row["latest_deleted_at"] else row["text"],
        "url": row["url"],
        "opened_at": row["opened_at"],
        "first_reply_at": row["first_reply_at"],
        "resolved_at": row["resolved_at"],
        "snoozed_until": row["snoozed_until"] if asleep else None,
        "waiting_since": row["waiting_since"],
        "sla": {"target_seconds": clock.target_seconds, "due_at": due_at, "state": clock.state},
        "follow_up": promise and {key: promise[key] for key in ("promise", "words", "due_at", "state")},
        "mentions": row["mention_count"],
        "reposts": row["reposts"],
        "match": row["match"],
    }


def queue(
    store: Store,
    config: Config,
    which: Filter,
    *,
    now: datetime,
    sla: str | None = None,
    limit: int | None = None,
) -> list[JSON]:
    """Cases as CONTRACT.md describes them, most pressing at this moment first; what we promised comes back when due."""
    rows = ranking.ordered(store, config, which, now=now, sla=sla, limit=limit)
    promised = follow_ups(store, now)
    found = [describe(row, config, now, promised) for row in rows]
    if which.status is not None or which.everything or sla is not None:
        return found
    known = {case["case"] for case in found}
    due = [case for case, one in promised.items() if one["back"] and case not in known]
    back = cases.among(store, which, due, now=now) if due else []
    if back:
        found = sorted([*found, *(describe(row, config, now, promised) for row in back)], key=_pressing)
    return found[:limit]


def _pressing(case: JSON) -> tuple[int, str, int]:
    """The order of the queue."""
    return -case["priority"], case["waiting_since"] or "", case["case"]


@dataclass(frozen=True)
class CaseFile:
    """A case as CONTRACT.md describes it, with everything that hangs on it; rows as the store gives them.

    `others` counts the customer's other cases, of which `history` may hold the newest only.
    """

    case: JSON
    mentions: list[Row]
    followers: int | None
    history: list[JSON]
    others: int
    clocks: list[JSON]
    kinds: dict[int, Kind]
    copies: int
    events: list[JSON]
    log: list[Event]
    drafts: list[Draft]
    replies: list[Row]
    promises: list[JSON]
    proposal: str | None
    accounts: list[JSON]
    preferred_agent: str | None
    similar: list[JSON]
    knowledge: list[JSON]


def case_file(store: Store, config: Config, case: int, *, now: datetime, brief: bool = False) -> CaseFile:
    """All that someone needs before answering. Raises NotFound.

    `brief` is what a screen shows: no deadline explained step by step, the newest of the customer's other cases.
    """
    row = cases.get(store, case)
    number = row["case_id"]
    conversation = mentions.of_case(store, number)
    absorbed = conversations.merged(store, [number]).get(number, [])
    accounts = customers.accounts(store, row["customer_id"])
    logs = events.of_cases(store, [number, *absorbed])
    log = sorted((event for events_ in logs.values() for event in events_), key=lambda event: event.at)
    gone = {m["mention_id"] for m in conversation if m["deleted_at"]}
    kinds = {m["author_id"]: _kind(store, m) for m in conversation if m["inbound"]}
    copies = mentions.copies(store, row["latest_mention_id"])
    shown = describe(row, config, now, follow_ups(store, now))
    shown["reasons"] += _remarks(kinds[row["customer_id"]], copies)
    followers = [m["author_followers"] for m in conversation if m["author_id"] == row["customer_id"]]
    return CaseFile(
        case={**shown, "risks": json.loads(row["risks"])},
        mentions=conversation,
        followers=next((number for number in reversed(followers) if number is not None), None),
        history=[
            describe(other, config, now)
            for account in accounts
            for other in cases.of_customer(store, account["author_id"], besides=number, most=LATEST if brief else None)
        ],
        others=sum(cases.count_of_customer(store, account["author_id"], besides=number) for account in accounts),
        clocks=[] if brief else [step.as_json() for step in deadlines.explain(store, row, config, now)],
        kinds=kinds,
        copies=copies,
        events=[{"at": iso(e.at), "kind": e.kind, "agent": e.actor, "data": _shown(e, gone)} for e in log],
        log=log,
        drafts=replies.drafts_of(store, number),
        replies=replies.of_case(store, number),
        promises=[promise(one, now) for one in promises.of_cases(store, [number])],
        proposal=_proposal(row),
        accounts=[{key: a[key] for key in ("platform", "handle", "name", "url")} for a in accounts],
        preferred_agent=last_agent(store, row["customer_id"]),
        similar=[
            {"case": one["case_id"], "status": one["status"], "customer": one["handle"], "text": one["text"]}
            for one in customers.same_matter(store, number, since=iso(now - SAME_MATTER), limit=5)
        ],
        knowledge=_knowledge(store, row, now),
    )


def _shown(event: Event, gone: Collection[int]) -> JSON:
    """What an event says; not what a message said before it was edited, when it is gone."""
    hidden = event.data.get("mention") in gone
    return {key: value for key, value in event.data.items() if not (hidden and key == "before")}


def _kind(store: Store, mention: Row) -> Kind:
    posts = [Post(parse_iso(row["created_at"]), row["gist"]) for row in mentions.posts_of(store, mention["author_id"])]
    return kind_of(mention["author_handle"], mention["author_name"], mention["author_followers"], posts)


def _remarks(kind: Kind, copies: int) -> list[str]:
    """What an agent should know of who writes; it adds no points."""
    found = [f"written by a {kind.kind}: {kind.why}"] if kind.kind in ("bot", "company") else []
    return found + ([f"the same words from {counted(copies, 'other')}"] if copies else [])


def _knowledge(store: Store, row: Row, now: datetime) -> list[JSON]:
    """The articles that share most with what the customer wrote."""
    found = knowledge.about(store, row["text"], limit=20)
    fitting = [one for one in found if one["language"] in (None, row["language"])][:3]
    return [
        {
            "article": one["article_id"],
            "title": one["title"],
            "url": one["url"],
            "stale": one["review_by"] is not None and one["review_by"] < iso(now)[:10],
        }
        for one in fitting
    ]


def _proposal(row: Row) -> str | None:
    """What could be done next: `resolve` where we have answered and the customer thanks us."""
    from carecli.replies.closing import is_thanks

    answered = row["first_reply_at"] is not None and row["status"] in ("open", "pending")
    return "resolve" if answered and is_thanks(row["text"]) else None


def describe_short(case: Mapping[str, Any]) -> str:
    """A case in one line."""
    return f"case {case['case']}, {case['opened_at']}, {case['status']}, {case['intent']}: {(case['text'] or '')[:100]}"
