"""The arithmetic of a case's clocks, step by step: which promise, since when, which hours counted, due when.

Computed from the conversation and the log alone, with the functions that the queue and the report use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from carecli import sla
from carecli.cases.lifecycle import Segment, fold
from carecli.casework import priorities, turns
from carecli.casework.priorities import Customer, Ranked, pressing
from carecli.config import Config
from carecli.hours import seconds_by_day
from carecli.model import JSON, iso, parse_iso
from carecli.sla import Asked, Clock, Kind, Signs
from carecli.store import cases, conversations, events
from carecli.store.connect import Columns, Row, Store


@dataclass(frozen=True, slots=True)
class Explained:
    """One clock of a case. `days`: the seconds that counted on each date in the team's zone, until `ended_at` or now.

    `segment` counts the stretches of a case from 1. `signs`: what the policies saw of the message.
    """

    segment: int
    kind: Kind
    clock: Clock
    signs: Signs
    ended_at: datetime | None
    ended_by: str | None
    days: tuple[tuple[date, float], ...]
    pauses: tuple[tuple[datetime, datetime | None], ...]

    @property
    def used_seconds(self) -> float:
        return sum(seconds for _, seconds in self.days)

    def as_json(self) -> JSON:
        """As `care sla explain --json` and `care show --json` give it."""
        clock, promised = self.clock, self.clock.promise
        return {
            "segment": self.segment,
            "clock": self.kind,
            "policy": promised.policy if promised else None,
            "urgency": self.signs.urgency,
            "intent": self.signs.intent,
            "priority": self.signs.priority,
            "voice": self.signs.voice,
            "target_seconds": clock.target_seconds,
            "hours": _hours(self),
            "timezone": promised.hours.timezone if promised else None,
            "started_at": _iso(clock.started_at),
            "due_at": _iso(clock.due_at),
            "ended_at": _iso(self.ended_at),
            "ended_by": self.ended_by,
            "state": clock.state,
            "paused": clock.paused,
            "used_seconds": self.used_seconds if promised else None,
            "days": [{"day": day.isoformat(), "seconds": seconds} for day, seconds in self.days],
            "pauses": [{"since": iso(since), "until": _iso(until)} for since, until in self.pauses],
        }


def _hours(explained: Explained) -> str | None:
    promised = explained.clock.promise
    if promised is None:
        return None
    if promised.hours.week is None:
        return "around the clock"
    return f"team {promised.team}" if promised.team else "business hours"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def explain(store: Store, row: Row, config: Config, now: datetime) -> list[Explained]:
    """Every clock of the case whose row this is, oldest first, at `now`; what has no target has no clock."""
    return [each for _, each in of_cases(store, [row["case_id"]], config, now)]


def of_cases(
    store: Store, numbers: Sequence[int], config: Config, now: datetime, *, by_day: bool = True
) -> Iterator[tuple[Segment, Explained]]:
    """Every clock of these cases with the segment that it is of, at `now`; `by_day` False leaves `days` out."""
    latest = iso(now)
    so_far = {case: [m for m in rows if m["created_at"] <= latest] for case, rows in turns.of(store, numbers).items()}
    heard = {case: rows for case, rows in so_far.items() if any(m["inbound"] for m in rows)}
    absorbed = conversations.merged(store, list(heard))
    logs = events.of_cases(store, [*heard, *(old for olds in absorbed.values() for old in olds)])
    ranked = _ranked(store, heard)
    for case, rows in heard.items():
        log = [event for one in (case, *absorbed.get(case, ())) for event in logs.get(one, ()) if event.at <= now]
        life = fold(cases.as_turns(rows), log)
        voice = config.voice_of(next(m["source"] for m in rows if m["inbound"]))
        ends = [*(segment.opened_at for segment in life.segments[1:]), None]
        for number, (segment, end) in enumerate(zip(life.segments, ends, strict=True), 1):
            inside = [m for m in rows if _is_in(m, segment, end)]
            clocks = _Clocks(number, segment, inside, ranked[case], voice, config, now, by_day)
            for each in (*clocks.responses(), *clocks.resolution()):
                yield segment, each


def _ranked(store: Store, heard: Mapping[int, Sequence[Columns]]) -> dict[int, dict[int, Ranked]]:
    """Case → each customer's message with its priority, as it is stored with the case."""
    weights = priorities.in_force(store)
    firsts = {case: next(m for m in rows if m["inbound"]) for case, rows in heard.items()}
    followers = cases.followers(store, firsts) if weights.audience else {}
    contacts = cases.contacts(store, firsts)
    found = {}
    for case, rows in heard.items():
        inbound = [m for m in rows if m["inbound"]]
        directed = any(m["directed"] for m in inbound) or len(inbound) < len(rows)
        customer = Customer(firsts[case]["author_id"], contacts[case], followers.get(case))
        ranked = priorities.ranked(rows, customer, weights, directed=directed)
        found[case] = {item.row["mention_id"]: item for item in ranked}
    return found


def _is_in(message: Columns, segment: Segment, end: datetime | None) -> bool:
    return iso(segment.opened_at) <= message["created_at"] and (end is None or message["created_at"] < iso(end))


@dataclass(frozen=True, slots=True)
class _Clocks:
    """The clocks of one segment of a case, with what each of them needs."""

    number: int
    segment: Segment
    messages: Sequence[Columns]
    heard: Mapping[int, Ranked]
    voice: str
    config: Config
    now: datetime
    by_day: bool = True

    def responses(self) -> Iterable[Explained]:
        """The first-response clock, then one for every time that the customer wrote again."""
        kind: Kind = "first_response"
        waiting: list[Asked] = []
        for message in self.messages:
            if message["inbound"]:
                waiting += [self._asked(message)] if message["needs_reply"] else []
            elif not message["automatic"]:
                at = parse_iso(message["created_at"])
                yield from self._response(kind, waiting or self._opening(kind, message), at)
                kind, waiting = "next_response", []
        yield from self._response(kind, waiting, None)

    def _opening(self, kind: Kind, answer: Columns) -> list[Asked]:
        """What was answered before anything was asked: the message that opened the segment, or those before it."""
        earlier = (m for m in self.messages if m["inbound"] and m["created_at"] <= answer["created_at"])
        before = [self.heard[m["mention_id"]] for m in earlier]
        before = before or [one for one in self.heard.values() if one.at <= answer["created_at"]]
        if kind != "first_response" or not self.segment.needs_reply or not before:
            return []
        return [Asked(self.segment.opened_at, self._asked(max(before, key=pressing).row).signs)]

    def _response(self, kind: Kind, waiting: Sequence[Asked], answered: datetime | None) -> Iterable[Explained]:
        closed = self.segment.resolved_at
        clock = sla.response_clock(waiting, kind, self.config, answered=answered, closed=closed, now=self.now)
        if clock.started_at is None or clock.promise is None or clock.signs is None:
            return
        ended = answered or closed
        how = "answered" if answered else "closed without an answer" if closed else None
        days = seconds_by_day(clock.started_at, ended or self.now, clock.promise.hours) if self.by_day else ()
        yield Explained(self.number, kind, clock, clock.signs, ended, how, tuple(days), ())

    def resolution(self) -> Iterable[Explained]:
        """The clock that runs until the case is resolved, with the target of what presses most in the segment."""
        asking = [self.heard[m["mention_id"]] for m in self.messages if m["inbound"] and m["needs_reply"]]
        if not asking:
            return
        signs = self._asked(max(asking, key=pressing).row).signs
        opened, pauses, resolved = self.segment.opened_at, self.segment.pauses, self.segment.resolved_at
        clock = sla.resolution_clock(opened, pauses, resolved, signs, self.config, now=self.now)
        if clock.promise is not None:
            days: dict[date, float] = {}
            for start, end in sla.active(opened, pauses, resolved or self.now) if self.by_day else ():
                for day, seconds in seconds_by_day(start, end, clock.promise.hours):
                    days[day] = days.get(day, 0.0) + seconds
            how = "resolved" if resolved else None
            yield Explained(self.number, "resolution", clock, signs, resolved, how, tuple(days.items()), pauses)

    def _asked(self, message: Columns) -> Asked:
        priority = self.heard[message["mention_id"]].priority
        signs = Signs(message["urgency"], message["intent"], priority, self.voice)
        return Asked(parse_iso(message["created_at"]), signs)
