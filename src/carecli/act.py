"""Stage 2: new mentions → verdicts → cases, with their queue, deadlines, corrections and log.

Everything that changes a case appends to its log or adds a mention, and then writes the case anew from both
(`carecli.lifecycle.fold`); nothing edits a case in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from carecli.config import Config
from carecli.conversations import Message, Place, plan
from carecli.errors import Conflict, NotFound
from carecli.lifecycle import Life, Segment, Turn, fold
from carecli.model import JSON, Verdict, iso, parse_iso
from carecli.store import cases, events, mentions
from carecli.store.cases import Filter, Projection
from carecli.store.connect import Connection, Row, Store
from carecli.triage import Rules, classify, prioritise
from carecli.triage.engine import needs_reply

BATCH = 2_000

Progress = Callable[[int], None]


# Verdicts and cases


def triage_new(store: Store, config: Config, *, now: datetime, progress: Progress | None = None) -> int:
    """Give every new mention its verdict and its case, oldest first. Returns how many there were.

    Resumable: what a crash leaves untriaged is found again by the next call.
    """
    total = 0
    while batch := mentions.untriaged(store, BATCH):
        total += _filed(store, batch, _verdicts(store, batch, rules(config)), now)
        if progress is not None:
            progress(total)
    return total


def _filed(store: Store, batch: Sequence[Row], verdicts: Mapping[int, _Judged], now: datetime) -> int:
    """Write verdicts and cases in one transaction; returns how many mentions it did.

    What another process triaged, corrected or changed since `batch` was read is left to it, or to the next batch.
    """
    with store.write() as connection:
        rows = mentions.still_untriaged(connection, batch)
        numbers = [row["mention_id"] for row in rows]
        corrected = mentions.corrections(store, numbers)
        final = [(number, _corrected(verdicts[number], corrected.get(number, {}))) for number in numbers]
        mentions.save_verdicts(connection, final, now=now)
        touched = _file_into_cases(connection, rows, now)
        _reopen_unseen(connection, numbers, now)
        _project(store, connection, touched)
    return len(rows)


def triage_again(store: Store, config: Config, *, now: datetime, progress: Progress | None = None) -> int:
    """Classify everything that is stored anew, after a change of engine or configuration; corrections stay."""
    with store.write() as connection:
        mentions.forget_verdicts(connection)
    return triage_new(store, config, now=now, progress=progress)


def rules(config: Config) -> Rules:
    """What triage has to know of the brand."""
    names = (config.brand.name, *config.brand.keywords)
    return Rules(
        languages=tuple(config.brand.languages),
        brand_names=tuple(name for name in names if name),
        handles=config.own_handles,
        topics=config.topics,
    )


class _Judged(NamedTuple):
    """What the engine says of a mention, None for our own, and whether it addresses us."""

    verdict: Verdict | None
    directed: bool


def _verdicts(store: Store, batch: Sequence[Row], the_rules: Rules) -> dict[int, _Judged]:
    inbound = [row for row in batch if row["inbound"]]
    parents = cases.ours_at(store.connection, [p for row in inbound if (p := _at(row, "in_reply_to")) is not None])
    directed = [bool(row["directed"]) or _at(row, "in_reply_to") in parents for row in inbound]
    verdicts = classify(
        [row["text"] for row in inbound],
        the_rules,
        languages=[row["declared_language"] for row in inbound],
        directed=directed,
    )
    found = {row["mention_id"]: _Judged(None, directed=False) for row in batch}
    for row, verdict, to_us in zip(inbound, verdicts, directed, strict=True):
        found[row["mention_id"]] = _Judged(verdict, to_us)
    return found


def _corrected(judged: _Judged, signals: Mapping[str, Any]) -> Verdict | None:
    """A person's word outranks the engine; what follows from it follows."""
    verdict = judged.verdict
    if verdict is None or not signals:
        return verdict
    changes: dict[str, Any] = {key: signals[key] for key in ("language", "intent") if key in signals}
    if "topics" in signals:
        changes["topics"] = tuple(signals["topics"])
    if "sentiment" in signals and signals["sentiment"] != verdict.sentiment:
        score = {"negative": -0.5, "neutral": 0.0, "positive": 0.5}[signals["sentiment"]]
        changes |= {"sentiment": signals["sentiment"], "sentiment_score": score}
    if "intent" in signals and signals["intent"] != verdict.intent:
        changes["needs_reply"] = needs_reply(signals["intent"], directed=judged.directed)
        changes |= {"urgency": "emergency"} if signals["intent"] == "emergency" else {}
        if verdict.urgency == "emergency" and signals["intent"] != "emergency":
            changes["urgency"] = "today"
    if "needs_reply" in signals:
        changes["needs_reply"] = signals["needs_reply"]
    words = ", ".join(f"{key} = {signals[key]}" for key in sorted(signals))
    return replace(verdict, **changes, confidence=1.0, why=(f"corrected by a person: {words}", *verdict.why))


def _at(row: Row, column: str) -> Place | None:
    return None if row[column] is None else (row["platform"], row["host"], row[column])


def _message(row: Row) -> Message:
    place = (row["platform"], row["host"], row["external_id"])
    return Message(row["mention_id"], place, _at(row, "in_reply_to"), _at(row, "thread_root"), bool(row["inbound"]))


def _file_into_cases(connection: Connection, batch: Sequence[Row], now: datetime) -> set[int]:
    """Put each mention into the case of its conversation; returns the cases that changed."""
    touched = {row["case_id"] for row in batch if row["case_id"] is not None}
    rows = {row["mention_id"]: row for row in batch if row["case_id"] is None}
    messages = [_message(row) for row in rows.values()]
    places = {place for m in messages for place in (m.place, m.parent, m.root) if place is not None}
    ours = cases.ours_at(connection, places)
    known = cases.at_places(connection, places | {parent for _, parent in ours.values() if parent is not None})
    filing = plan(messages, known, ours, cases.next_number(connection))
    cases.create(connection, [(number, message.place, rows[message.number]) for number, message in filing.new])
    cases.attach(connection, [(case, number) for number, case in filing.cases.items()])
    cases.hang(connection, filing.hooks)
    for case, message in filing.new:
        at = parse_iso(rows[message.number]["created_at"])
        events.append(connection, case, "opened", at, data={"mention": message.number})
    for old, into in filing.merges:
        cases.merge(connection, old, into)
        events.append(connection, into, "merged", now, data={"case": old})
    adopted = _adopt_orphans(connection, filing.known)
    return (touched | set(filing.cases.values()) | adopted) - {old for old, _ in filing.merges}


def _reopen_unseen(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """A message that came after its case was resolved, though written before that, has been seen by nobody."""
    for row in cases.overtaken(connection, numbers):
        at = max(now, parse_iso(row["resolved_at"]))
        events.append(connection, row["case_id"], "reopened", at, data={"unseen": row["mention_id"]})


def _adopt_orphans(connection: Connection, known: Mapping[Place, int]) -> set[int]:
    """Our answers that were here before what they answer find their cases."""
    homes, adopted = dict(known), set[int]()
    while orphans := cases.orphans(connection, homes):
        found = [(homes[row["platform"], row["host"], row["in_reply_to"]], row) for row in orphans]
        cases.attach(connection, [(case, row["mention_id"]) for case, row in found])
        adopted |= {case for case, _ in found}
        # an answer of ours in several posts: the next one hangs on this one
        homes = {(row["platform"], row["host"], row["external_id"]): case for case, row in found}
    return adopted


def _project(store: Store, connection: Connection, touched: Iterable[int]) -> None:
    """Write these cases anew from their mentions and their logs."""
    numbers = sorted(touched)
    all_turns = cases.turns(store, numbers)
    turns = {case: rows for case, rows in all_turns.items() if any(row["inbound"] for row in rows)}
    cases.empty(connection, [number for number in numbers if number not in turns])
    absorbed = cases.merged(store, numbers)
    logs = events.of_cases(store, [*numbers, *(old for olds in absorbed.values() for old in olds)])
    firsts = {case: next(row for row in rows if row["inbound"]) for case, rows in turns.items()}
    contacts = cases.contacts(store, firsts)
    projections = []
    for case, rows in turns.items():
        log = [event for number in (case, *absorbed.get(case, ())) for event in logs.get(number, ())]
        life = fold(
            [
                Turn(
                    parse_iso(r["created_at"]),
                    bool(r["inbound"]),
                    bool(r["needs_reply"]),
                    bool(r["automatic"]),
                )
                for r in rows
            ],
            log,
        )
        customer = firsts[case]["author_id"]
        projections.append(_projection(case, rows, life, customer, contacts[case]))
    cases.project(connection, projections)


def _projection(case: int, rows: Sequence[Row], life: Life, customer: int, contacts: int) -> Projection:
    inbound = [row for row in rows if row["inbound"]]
    newest = inbound[-1]
    directed = any(row["directed"] for row in inbound) or len(inbound) < len(rows)
    ranked = [
        _Ranked(priority, reasons, row["created_at"], row)
        for row in inbound
        for priority, reasons in [prioritise(_verdict(row), directed=directed, contacts=contacts)]
    ]
    waiting = iso(life.waiting_since) if life.waiting_since else newest["created_at"]
    unanswered = [item for item in ranked if item.at >= waiting] or ranked  # reopened by hand: nothing new was said
    leading = max(unanswered, key=_pressing)
    signals = {key: leading.row[key] for key in ("sentiment", "sentiment_score", "intent", "urgency")}
    topics = dict.fromkeys(topic for item in unanswered for topic in json.loads(item.row["topics"]))
    return Projection(
        case=case,
        life=life,
        latest_mention=newest["mention_id"],
        mention_count=len(rows),
        customer=customer,
        signals={
            **signals,
            "language": newest["language"] or leading.row["language"],
            "topics": json.dumps(list(topics), ensure_ascii=False),
        },
        directed=directed,
        priority=leading.priority,
        reasons=leading.reasons,
        segments=[_segment_signals(segment, end, ranked) for segment, end in _stretches(life)],
    )


class _Ranked(NamedTuple):
    """A customer's message with its place in the queue."""

    priority: int
    reasons: tuple[str, ...]
    at: str
    row: Row


def _pressing(item: _Ranked) -> tuple[bool, int, str]:
    return bool(item.row["needs_reply"]), item.priority, item.at


def _stretches(life: Life) -> Iterable[tuple[Segment, datetime | None]]:
    return zip(life.segments, [*(s.opened_at for s in life.segments[1:]), None], strict=True)


def _segment_signals(segment: Segment, end: datetime | None, ranked: Sequence[_Ranked]) -> tuple[str, str, str | None]:
    """Intent, urgency and language of the message that pressed most in the segment, which another one ends at `end`.

    The urgency sets the target of the first response, so it is that of what had been asked before it.
    """
    inside = [r for r in ranked if r.at >= iso(segment.opened_at) and (end is None or r.at < iso(end))] or ranked
    reply = segment.first_reply_at
    asked = [r for r in inside if reply is None or r.at <= iso(reply)] or inside
    row = max(inside, key=_pressing).row
    return row["intent"], max(asked, key=_pressing).row["urgency"], row["language"]


def _verdict(row: Row) -> Verdict:
    return Verdict(
        row["language"],
        row["sentiment"],
        row["sentiment_score"],
        row["intent"],
        tuple(json.loads(row["topics"])),
        row["urgency"],
        bool(row["needs_reply"]),
        row["confidence"],
    )


# What a person does to a case


def record(
    store: Store,
    case: int,
    kind: str,
    *,
    now: datetime,
    agent: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Row:
    """Append one event to a case's log and write the case anew. Raises NotFound."""
    with store.write() as connection:
        row = cases.get(store, case)
        number: int = row["case_id"]
        # clocks differ: whoever acts has seen what is there, so it comes after that
        at = max(now, parse_iso(row["latest_at"]), events.newest(store, number) or now)
        events.append(connection, number, kind, at, agent=agent, data=data)
        _project(store, connection, [number])
        return cases.get(store, number)


def claim(store: Store, case: int | None, *, agent: str, now: datetime) -> Row:
    """Give a case (None: the most pressing unassigned one) to `agent`; of two who try, one gets it.

    Raises Conflict when somebody else has it, NotFound when nothing waits.
    """
    with store.write():
        if case is None:
            waiting = (row for row in cases.listed(store, Filter(), now=now) if row["assignee"] is None)
            row = next(waiting, None)
            if row is None:
                raise NotFound("nothing in the queue is unassigned", hint="`care queue` shows who works on what")
        else:
            row = cases.get(store, case)
        if row["assignee"] not in (None, agent):
            raise Conflict(
                f"case {row['case_id']} is {row['assignee']}'s",
                hint=f"`care assign {row['case_id']} {agent}` takes it over",
            )
        if row["assignee"] == agent:
            return row
        return record(store, row["case_id"], "claimed", now=now, agent=agent, data={"assignee": agent})


def label(
    store: Store,
    config: Config,
    mention: int,
    signals: Mapping[str, Any],
    *,
    now: datetime,
    agent: str | None = None,
) -> Row:
    """A person's correction of a mention's signals: it wins at once and for ever. Returns the mention."""
    with store.write() as connection:
        row = mentions.get(store, mention)
        if not row["inbound"]:
            raise Conflict(f"mention {mention} is the brand's own post", hint="only customers' mentions have labels")
        mentions.correct(connection, mention, dict(signals), agent=agent, now=now)
        if row["case_id"] is not None:
            data = {"mention": mention, **signals}
            events.append(connection, row["case_id"], "labelled", now, agent=agent, data=data)
    triage_new(store, config, now=now)
    return mentions.get(store, mention)


# Texts that are not stored


def classify_texts(texts: Sequence[str], languages: Sequence[str | None], config: Config) -> list[JSON]:
    """Verdicts for texts that are not stored, as CONTRACT.md describes them, in their order."""
    own = tuple(handle.strip().lstrip("@").casefold() for handle in config.own_handles)
    directed = [any(f"@{handle}" in text.casefold() for handle in own) for text in texts]
    verdicts = classify(texts, rules(config), languages=languages, directed=directed)
    return [
        {
            "text": text,
            "language": verdict.language,
            "sentiment": verdict.sentiment,
            "sentiment_score": verdict.sentiment_score,
            "intent": verdict.intent,
            "topics": list(verdict.topics),
            "urgency": verdict.urgency,
            "needs_reply": verdict.needs_reply,
            "confidence": verdict.confidence,
            "why": list(verdict.why),
        }
        for text, verdict in zip(texts, verdicts, strict=True)
    ]
