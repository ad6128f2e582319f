"""Campaigns: find people for whom we can do something, propose a message, send it like any other reply, learn from it.

A proposal is a draft: guardrails, approval and outbox are those of every reply, and `outreach` is asked at each step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carecli import respond
from carecli.config import Config
from carecli.errors import Conflict, NotFound, Refused, UsageError
from carecli.hours import parse_duration
from carecli.model import INTENTS, JSON, Draft
from carecli.replies import makers
from carecli.reporting import campaigning
from carecli.responding import outreach
from carecli.store import campaigns as rows
from carecli.store import cases, replies
from carecli.store.connect import Row, Store
from carecli.text import counted


@dataclass(frozen=True)
class Opportunity:
    """A post that a campaign looks for; `because` says why nothing is proposed, None where it may be."""

    row: Row
    why: str
    because: str | None

    def as_json(self) -> JSON:
        """As CONTRACT.md's style wants it."""
        return {
            "case": self.row["case_id"],
            "mention": self.row["mention_id"],
            "customer": {key: self.row[key] for key in ("platform", "handle", "name")},
            "text": self.row["text"],
            "language": self.row["language"],
            "url": self.row["url"],
            "created_at": self.row["created_at"],
            "why": self.why,
            "excluded": self.because,
        }


def find(store: Store, config: Config, name: str, *, now: datetime) -> Iterator[Opportunity]:
    """What a campaign could take up now, the newest first, and what speaks against the others. Raises NotFound."""
    asked = outreach.campaign(config, name)
    for row, why in outreach.candidates(store, config, asked, now=now):
        yield Opportunity(row, why, outreach.excluded(store, config, name, row, now=now))


def propose(
    store: Store, config: Config, name: str, *, now: datetime, agent: str, count: int | None = None
) -> list[tuple[int, Draft]]:
    """Draft messages to the next people, within the campaign's limits; (case, draft) of each. Nothing is sent.

    Raises Refused when the campaign does not run now, or today's limit is reached; NotFound.
    """
    asked = outreach.campaign(config, name)
    why = outreach.closed(config, asked, now)
    if why:
        raise Refused(f"the campaign '{name}' does not run: {why}", hint="its days are in care.toml: since, until")
    made: list[tuple[int, Draft]] = []
    with store.lock("campaigns", wait=30):  # the limits hold for two who propose at once, too
        room = outreach.room(store, config, name, now=now)
        if not room:
            raise Refused(f"the campaign '{name}' has had its {counted(asked.per_day, 'message')} of today")
        for row, _ in outreach.candidates(store, config, asked, now=now):
            if len(made) >= min(room, count or room):
                break
            # asked again for each: whoever has just got a message is not written to once more
            if outreach.excluded(store, config, name, row, now=now) is None:
                made += _proposed(store, config, name, row, now, agent)
    return made


def _proposed(store: Store, config: Config, name: str, row: Row, now: datetime, agent: str) -> list[tuple[int, Draft]]:
    """The draft for one opportunity, kept with its action; none where no maker has words."""
    asked, case = config.campaigns[name], cases.get(store, row["case_id"])
    request = respond.request(store, config, case, now=now, voice=asked.voice or None, agent=agent, count=1)
    if asked.messages:
        every = {code: dict.fromkeys((*INTENTS, "other"), said) for code, said in asked.messages.items()}
        request = replace(request, voice=replace(request.voice, templates=every), own=True)
    drafts = makers.template(request)
    if not drafts:
        return []
    found = respond.check(store, config, case["case_id"], drafts[0].text, now=now, voice=drafts[0].voice, agent=agent)
    one = replace(drafts[0], findings=tuple(found), sources=(f"campaign:{name}", *drafts[0].sources))
    with store.write() as connection:
        number = replies.save_drafts(store, case["case_id"], [one], now=now)[0]
        rows.add(connection, name, row["mention_id"], draft=number, now=now, agent=agent)
    return [(case["case_id"], replace(one, draft_id=number))]


def skip(store: Store, config: Config, name: str, case: int, *, now: datetime, agent: str, because: str | None) -> int:
    """Pass over what a campaign found in a case; it is not found again. Raises NotFound, Conflict."""
    asked = outreach.campaign(config, name)
    number = cases.get(store, case)["case_id"]
    if rows.in_case(store, name, number):
        raise Conflict(f"case {number} was taken up or passed over already", hint=f"`care campaign show {name}`")
    found = next(
        (row for row, _ in outreach.candidates(store, config, asked, now=now) if row["case_id"] == number), None
    )
    if found is None:
        raise NotFound(
            f"'{name}' finds nothing in case {number}", hint=f"`care campaign find {name}` lists what it finds"
        )
    with store.write() as connection:
        return rows.add(connection, name, found["mention_id"], draft=None, now=now, agent=agent, note=because)


def record(
    store: Store, config: Config, number: int, outcome: str, *, now: datetime, agent: str, note: str | None = None
) -> JSON:
    """A person's word on what came of an action. Raises NotFound, UsageError, Conflict for one that was not sent."""
    if outcome not in rows.OUTCOMES:
        raise UsageError(f"no outcome is called '{outcome}'", hint=f"there is: {', '.join(rows.OUTCOMES)}")
    row = rows.get(store, number)
    if row["sent_at"] is None:
        hint = f"`care reply {row['case_id']} --draft {row['draft_id']}`" if row["draft_id"] else None
        raise Conflict(f"nothing was sent for action {number} yet", hint=hint)
    with store.write() as connection:
        rows.record(connection, number, outcome, now=now, agent=agent, note=note)
    return one(store, config, row["campaign"], number, now=now)


def one(store: Store, config: Config, name: str, number: int, *, now: datetime) -> JSON:
    """One action of a campaign as JSON. Raises NotFound."""
    for found in listed(store, config, name, now=now):
        if found["action"] == number:
            return found
    raise NotFound(f"there is no action {number} of '{name}'", hint=f"`care campaign show {name}` lists them")


def listed(store: Store, config: Config, name: str, *, now: datetime) -> list[JSON]:
    """The actions of a campaign as JSON, oldest first. Raises NotFound."""
    asked, until = outreach.campaign(config, name), now + timedelta(seconds=1)
    return [
        campaigning.described(row, action, asked)
        for row, action in campaigning.actions(store, config, name, until=until)
    ]


def overview(store: Store, config: Config, *, now: datetime) -> list[JSON]:
    """Every campaign of care.toml: whether it runs, its limits, what it has done."""
    found = []
    for name, asked in config.campaigns.items():
        done = campaigning.figures(store, config, name, since=None, until=now + timedelta(seconds=1))
        found.append(
            {
                "campaign": name,
                "query": asked.query,
                "running": outreach.closed(config, asked, now) is None,
                "since": asked.since and asked.since.isoformat(),
                "until": asked.until and asked.until.isoformat(),
                "room_today": outreach.room(store, config, name, now=now),
                "per_day": asked.per_day,
                "per_person": asked.per_person,
                "person_within_seconds": parse_duration(asked.person_within),
                "proposed": done.proposed,
                "done": done.done,
                "answered": done.answered,
            }
        )
    return found
