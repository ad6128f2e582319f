"""Clocks: what was promised for a message, in which hours its clock runs, and where it stands.

One set of functions serves the queue, `care sla explain` and the report, so that they cannot disagree:

* Every message that expects an answer starts a clock of its own. A case is due at the earliest of them: an
  emergency in an older question is due soon after it came, neither later nor before.
* The first answer of a segment ends its first-response clocks; messages after it start next-response clocks.
* Response clocks never pause. A resolution clock pauses while the case waits for the customer.
* Late is what comes after `due_at`. Who was not answered, and whose case was closed late, was failed too.

Everything is computed when it is read, so a changed policy changes the past.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Literal

from carecli.cases.lifecycle import Pause
from carecli.config import Config, SlaPolicy
from carecli.hours import Hours, add_business_seconds, adder, business_seconds, parse_duration
from carecli.model import SlaState, iso, parse_iso

Kind = Literal["first_response", "next_response", "resolution"]
_NO_POLICY = SlaPolicy()
NEVER = datetime.max.replace(tzinfo=UTC, microsecond=0)


@dataclass(frozen=True, slots=True)
class Signs:
    """What of a message the policies look at; `priority` is the part that does not change with the clock."""

    urgency: str
    intent: str
    priority: int
    voice: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that expects an answer, and when it came."""

    at: datetime
    signs: Signs


@dataclass(frozen=True, slots=True)
class Promise:
    """A target in seconds of `hours`, None without one; `policy` is whose it is, `team` whose hours these are."""

    kind: Kind
    policy: str
    seconds: float | None
    hours: Hours
    team: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock: what it promises, since when, when it is due, where it stands; without a target there is none."""

    target_seconds: float | None = None
    due_at: datetime | None = None
    state: SlaState = "none"
    started_at: datetime | None = None
    promise: Promise | None = None
    paused: bool = False
    signs: Signs | None = None


def promise(kind: Kind, signs: Signs, config: Config) -> Promise:
    """What care.toml promises for a message with these signs: the first policy that fits, else [sla] itself."""
    key = (kind, signs.urgency, signs.intent, signs.priority if config.sla.policies else 0, signs.voice)
    known: dict[object, Promise] = config.memory
    if key not in known:
        known[key] = _promised(kind, signs, config)
    return known[key]


def _promised(kind: Kind, signs: Signs, config: Config) -> Promise:
    policy = next((one for one in config.sla.policies if _fits(one, signs)), _NO_POLICY)
    text = _target(kind, policy, signs, config)
    team = policy.team if policy.team is not None else config.voice(signs.voice)[1].team
    paced = config.sla.business_hours if policy.business_hours is None else policy.business_hours
    hours = config.calendars[team]
    if signs.urgency == "emergency" or not paced:
        hours, team = Hours(hours.timezone), ""
    return Promise(kind, _name(policy, config), _seconds(text) if text else None, hours, team)


def _fits(policy: SlaPolicy, signs: Signs) -> bool:
    conditions = ((policy.urgency, signs.urgency), (policy.intent, signs.intent), (policy.voice, signs.voice))
    return all(not allowed or value in allowed for allowed, value in conditions) and signs.priority >= policy.priority


def _target(kind: Kind, policy: SlaPolicy, signs: Signs, config: Config) -> str:
    if kind == "resolution":
        return config.sla.resolution if policy.resolution is None else policy.resolution
    usual = config.sla.urgency.get(signs.urgency, config.sla.first_response)
    if kind == "next_response":
        if policy.next_response is not None:
            return policy.next_response
        if policy.first_response is None and config.sla.next_response is not None:
            return config.sla.next_response
    return usual if policy.first_response is None else policy.first_response


def _name(policy: SlaPolicy, config: Config) -> str:
    for number, one in enumerate(config.sla.policies, 1):
        if one is policy:
            return one.name or f"policy {number}"
    return "[sla]"


@cache
def _seconds(duration: str) -> float:
    return parse_duration(duration)


def due_at(started: datetime, promised: Promise) -> datetime | None:
    """When a clock that began at `started` is due; None without a target."""
    if promised.seconds is None:
        return None
    try:
        return add_business_seconds(started, promised.seconds, promised.hours)
    except ValueError:  # so few hours, so long a target: it is never due
        return NEVER


def response_clock(
    asked: Iterable[Asked],
    kind: Kind,
    config: Config,
    *,
    answered: datetime | None,
    closed: datetime | None,
    now: datetime,
) -> Clock:
    """The clock of messages that wait together: that of the one that is due first.

    `answered` and `closed` are when the wait ended so; what is later than `now` has not happened yet.
    """
    clocks = [one for message in asked if message.at <= now if (one := _started(message, kind, config)) is not None]
    if not clocks:
        return Clock()
    due, message, promised = min(clocks, key=lambda clock: (clock[0], clock[1].at))
    state = _ended(due, _past(answered, now), _past(closed, now))
    if state is None and now > due:
        state = "breached"
    elif state is None:
        state = "due" if any(is_due_soon(other.at, one, config, now) for _, other, one in clocks) else "ok"
    return Clock(promised.seconds, due, state, message.at, promised, signs=message.signs)


def _started(message: Asked, kind: Kind, config: Config) -> tuple[datetime, Asked, Promise] | None:
    promised = promise(kind, message.signs, config)
    due = due_at(message.at, promised)
    return None if due is None else (due, message, promised)


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment <= now else None


def _ended(due: datetime, answered: datetime | None, closed: datetime | None) -> SlaState | None:
    if answered is not None:
        return "met" if answered <= due else "breached"
    if closed is not None:  # in time, but without an answer: nothing was kept, and nothing is owed any more
        return "breached" if closed > due else "none"
    return None


# Messages that wait together, each with its moment in seconds since 1970, urgency, intent and priority
Waiting = Sequence[tuple[float, str, str, int]]
# The state of a clock, its target in seconds, the policy whose that is and the urgency; None without a promise
Stand = tuple[SlaState, float | None, str | None, str | None]
FirstResponse = Callable[[Waiting, str, float | None, float | None, float], Stand]
_Ready = tuple[float, Callable[[float], float], str]  # a target, when it is due, whose it is


def first_responses(config: Config) -> FirstResponse:
    """Where `response_clock` stands for very many first responses; moments are seconds since 1970.

    The function takes what was asked, the voice, when it was answered, when closed, and now. It says `ok` for `due`.
    """
    ready: dict[object, _Ready | None] = {}
    by_priority = bool(config.sla.policies)

    def due_of(urgency: str, intent: str, priority: int, voice: str) -> _Ready | None:
        promised = promise("first_response", Signs(urgency, intent, priority, voice), config)
        if promised.seconds is None:
            return None
        return promised.seconds, adder(promised.seconds, promised.hours), promised.policy

    def clock(asked: Waiting, voice: str, answered: float | None, closed: float | None, now: float) -> Stand:
        due, target, policy, pressing = math.inf, None, None, None
        for at, urgency, intent, priority in asked:
            key = (urgency, intent, priority if by_priority else 0, voice)
            if key not in ready:
                ready[key] = due_of(urgency, intent, priority, voice)
            found = ready[key]
            if found is not None and ((moment := found[1](at)) < due or target is None):
                target, due, policy, pressing = found[0], moment, found[2], urgency
        if target is None:
            return "none", None, None, None
        if answered is not None:
            state: SlaState = "met" if answered <= due else "breached"
        elif closed is not None:
            state = "breached" if closed > due else "none"
        else:
            state = "breached" if now > due else "ok"
        return state, target, policy, pressing

    return clock


def promises_resolution(config: Config) -> bool:
    """Whether anything is promised of when a case is resolved."""
    return bool(config.sla.resolution or any(policy.resolution for policy in config.sla.policies))


def is_due_soon(started: datetime, promised: Promise, config: Config, now: datetime) -> bool:
    """Whether no more than the configured share of the target is left, in the hours that count."""
    target = promised.seconds or 0.0
    return business_seconds(started, now, promised.hours) >= target * (1 - config.sla.due_soon)


def resolution_clock(
    opened: datetime,
    pauses: Sequence[Pause],
    resolved: datetime | None,
    signs: Signs,
    config: Config,
    *,
    now: datetime,
) -> Clock:
    """The clock of a segment from its first message to its resolution, which stands still during `pauses`.

    While it stands still nobody knows when it is due: `due_at` is None.
    """
    promised = promise("resolution", signs, config)
    if promised.seconds is None:
        return Clock()
    resolved = _past(resolved, now)
    spans = active(opened, pauses, resolved or now) or [(opened, opened)]
    used = sum(business_seconds(start, end, promised.hours) for start, end in spans)
    paused = resolved is None and any(start <= now and (end is None or end > now) for start, end in pauses)
    due = None if paused and used <= promised.seconds else _due_within(spans, promised)
    if used > promised.seconds:
        state: SlaState = "breached"
    elif resolved is not None:
        state = "met"
    else:
        state = "due" if used >= promised.seconds * (1 - config.sla.due_soon) else "ok"
    return Clock(promised.seconds, due, state, opened, promised, paused, signs)


def active(opened: datetime, pauses: Sequence[Pause], until: datetime) -> list[tuple[datetime, datetime]]:
    """The stretches of [opened, until] outside `pauses`, which follow each other."""
    spans, start = [], opened
    for begins, ends in pauses:
        if begins > start:
            spans.append((start, min(begins, until)))
        start = until if ends is None else max(start, ends)
    return [span for span in (*spans, (start, until)) if span[0] < span[1]]


def _due_within(spans: Sequence[tuple[datetime, datetime]], promised: Promise) -> datetime | None:
    """When the target is used up, were the last span to go on for ever."""
    missing = promised.seconds or 0.0
    for number, (start, end) in enumerate(spans, 1):
        counted = business_seconds(start, end, promised.hours)
        if counted >= missing or number == len(spans):
            return due_at(start, Promise(promised.kind, "", missing, promised.hours, ""))
        missing -= counted
    return None


# As the store keeps them


def first_asked(asked: str | None, opened_at: str, signs: Signs) -> list[Asked]:
    """What the first answer of a stored segment answers; `asked` is None where that is the message that opened it."""
    return [Asked(parse_iso(opened_at), signs)] if asked is None else unpacked(asked, signs.voice)


def packed(asked: Iterable[Asked]) -> str:
    """Messages as the store keeps them, oldest first: of those with the same signs the first is due first."""
    firsts: dict[Signs, Asked] = {}
    for message in asked:
        firsts.setdefault(message.signs, message)
    return json.dumps([[iso(m.at), m.signs.urgency, m.signs.intent, m.signs.priority] for m in firsts.values()])


def unpacked_seconds(text: str) -> Waiting:
    """`unpacked`, as `first_responses` takes it."""
    return [
        (parse_iso(at).timestamp(), urgency, intent, priority) for at, urgency, intent, priority in json.loads(text)
    ]


def unpacked(text: str, voice: str) -> list[Asked]:
    """What `packed` wrote; the voice is that of the case."""
    return [
        Asked(parse_iso(at), Signs(urgency, intent, priority, voice))
        for at, urgency, intent, priority in json.loads(text)
    ]
