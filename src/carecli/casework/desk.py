"""The team's desk: promises and their follow-ups, who may take which case, claims that end, cases that fall silent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from carecli.casework import casefile, filing, ranking
from carecli.config import DAYS, Agent, Config
from carecli.errors import Conflict, NotFound
from carecli.hours import business_seconds, parse_duration, parse_hours
from carecli.model import JSON, iso, parse_iso
from carecli.store import cases, events, promises
from carecli.store import desk as rows
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store

# Promises


def settle(
    store: Store, number: int, kind: str, *, now: datetime, agent: str | None = None, because: str | None = None
) -> Row:
    """A person's word on a promise: `kept`, or `dropped` because it never was one. Raises NotFound."""
    with store.write() as connection:
        row = promises.get(store, number)
        at = max(now, parse_iso(row["made_at"]))
        promises.settle(connection, number, kind, at, agent=agent, because=because)
        data = {"promise": number, "words": row["words"], "because": because}
        events.append(connection, row["case_id"], f"promise {kind}", at, agent=agent, data=data)
        return promises.get(store, number)


# Who may take what


def on_duty(config: Config, agent: Agent, now: datetime) -> bool:
    """Whether an agent of the roster works now: in their own hours, or in the team's where they have none."""
    own = {day: getattr(agent.hours, day) for day in DAYS}
    hours = parse_hours(config.brand.timezone, own, agent.hours.holidays) if any(own.values()) else config.team_hours
    return business_seconds(now, now + timedelta(seconds=1), hours) > 0


def may_answer(config: Config, name: str | None, case: Row) -> str | None:
    """Why this agent may not answer this case, None when they may."""
    topics = json.loads(case["topics"])
    emergency = "emergency" in (case["urgency"], case["intent"])
    if emergency and config.desk.emergency and name not in config.desk.emergency:
        return f"an emergency goes to {' or '.join(config.desk.emergency)}"
    for topic in topics:
        named = config.desk.named.get(topic)
        if named and name not in named:
            return f"the topic {topic} goes to {' or '.join(named)}"
    agent = config.agents.get(name or "")
    if agent is not None:
        barred = [topic for topic in topics if topic in agent.never]
        if barred:
            return f"{name} does not answer the topic {barred[0]}"
    return None


def suits(config: Config, name: str, case: Row) -> bool:
    """Whether a case is for this agent: allowed, in their languages, topics and platforms. No roster, no limits."""
    if may_answer(config, name, case) is not None:
        return False
    agent = config.agents.get(name)
    if agent is None:
        return True
    topics = json.loads(case["topics"])
    return (
        (not agent.languages or case["language"] is None or case["language"].split("-")[0] in agent.languages)
        and (not agent.platforms or case["platform"] in agent.platforms)
        and (not agent.skills or not topics or bool(set(topics) & set(agent.skills)))
    )


# Claims


def claim(store: Store, case: int | None, *, agent: str, now: datetime, config: Config | None = None) -> Row:
    """Give a case (None: the most pressing one that this agent can answer) to `agent`; of two who try, one gets it.

    A customer's own agent, who answered them before and is on duty, comes first. Raises Conflict when somebody else
    holds the case, NotFound when nothing waits.
    """
    config = config or Config()
    with store.write():
        end_leases(store, config, now=now)
        row = _next(store, config, agent, now) if case is None else cases.get(store, case)
        if row["assignee"] not in (None, agent):
            hint = f"`care assign {row['case_id']} {agent}` takes it over"
            raise Conflict(f"case {row['case_id']} is {row['assignee']}'s", hint=hint)
        if row["assignee"] == agent:
            return row
        return filing.record(store, row["case_id"], "claimed", now=now, agent=agent, data={"assignee": agent})


def _next(store: Store, config: Config, agent: str, now: datetime) -> Row:
    free = ranking.ordered(store, config, Filter(unassigned=True), now=now)
    fitting = (row for row in free if suits(config, agent, row))
    kept_back: Row | None = None
    for row in fitting:
        preferred = preferred_agent(store, row["customer_id"])
        others = preferred not in (None, agent) and _is_on_duty(config, preferred, now)
        if not others or row["urgency"] == "emergency":
            return row
        kept_back = kept_back or row
    if kept_back is not None:
        return kept_back
    words = "that you can answer" if free else "in the queue"
    raise NotFound(f"nothing {words} is unassigned", hint="`care queue` shows who works on what")


def _is_on_duty(config: Config, name: str | None, now: datetime) -> bool:
    agent = config.agents.get(name or "")
    return agent is not None and on_duty(config, agent, now)


def preferred_agent(store: Store, customer: int) -> str | None:
    """Who answered this customer last, on any of their linked accounts."""
    return rows.last_agent(store, customer)


def lease_ends(store: Store, config: Config, case: Row) -> datetime | None:
    """When a claim ends unless its agent does something on the case; None: never, or nobody has it."""
    if not config.desk.lease or case["assignee"] is None:
        return None
    last = rows.last_act(store, case["case_id"], case["assignee"])
    return None if last is None else parse_iso(last) + timedelta(seconds=parse_duration(config.desk.lease))


def end_leases(store: Store, config: Config, *, now: datetime, only: Sequence[int] | None = None) -> list[int]:
    """Free the cases that wait for an answer and whose agent has gone silent; returns their numbers."""
    if not config.desk.lease:
        return []
    before = iso(now - timedelta(seconds=parse_duration(config.desk.lease)))
    ended = []
    for row in rows.silent_claims(store, before):
        if only is None or row["case_id"] in only:
            data = {"agent": row["assignee"], "silent_since": row["last_act"]}
            filing.record(store, row["case_id"], "released", now=now, data=data)
            ended.append(int(row["case_id"]))
    return ended


@dataclass(frozen=True)
class Tidied:
    """What a round of tidying did, as numbers of cases."""

    released: tuple[int, ...]
    resolved: tuple[int, ...]


def tidy(store: Store, config: Config, *, now: datetime) -> Tidied:
    """Free cases whose agents went silent, and resolve those whose customers did. Each is one event."""
    with store.write():
        released = end_leases(store, config, now=now)
        resolved = _resolve_silent(store, config, now)
    return Tidied(tuple(released), tuple(resolved))


def _resolve_silent(store: Store, config: Config, now: datetime) -> Iterable[int]:
    if not config.desk.resolve_after:
        return []
    silence = parse_duration(config.desk.resolve_after)
    waiting = casefile.follow_ups(store, now)
    ended = []
    for row in rows.silent_customers(store, iso(now - timedelta(seconds=silence))):
        if row["case_id"] not in waiting:  # what we owe an answer is not over
            data = {"because": "silence", "since": row["last_at"]}
            filing.record(store, row["case_id"], "resolved", now=now, data=data)
            ended.append(int(row["case_id"]))
    return ended


def roster(store: Store, config: Config, now: datetime) -> list[JSON]:
    """Every agent of the roster, on duty or not, and the cases that they hold; others who hold some follow."""
    held = rows.held(store)
    names = [*config.agents, *(name for name in held if name not in config.agents)]
    found = []
    for name in names:
        agent = config.agents.get(name, Agent())
        found.append(
            {
                "agent": name,
                "name": agent.name or None,
                "on_duty": on_duty(config, agent, now) if name in config.agents else None,
                "languages": agent.languages,
                "skills": agent.skills,
                "platforms": agent.platforms,
                "cases": held.get(name, []),
            }
        )
    return found
