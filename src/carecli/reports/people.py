"""Who answered: the team's agents, and customers who help other customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carecli.reports import tables
from carecli.reports.model import Times
from carecli.reports.parts import Frame, assemble
from carecli.reports.tables import Part, Row, Section

AGENT = (
    "Who answered is who sent the reply with care, else the account that wrote it. First responses count for the "
    "agent who gave them, in the period in which they were given; nothing here is a ranking."
)
THANKED = "People who answered other customers' questions; thanked: the one who asked answered them kindly."


@dataclass(frozen=True, slots=True)
class Agent:
    """What one agent did in the period; `first_response` is over the first responses that they gave."""

    agent: str
    replies: int
    cases: int
    first_response: Times
    resolved: int


@dataclass(frozen=True, slots=True)
class Ambassador:
    """Somebody who answers other people's questions."""

    handle: str
    platform: str
    answers: int
    helped: int
    thanked: int


def agents_part(frame: Frame, agents: Sequence[Agent]) -> Part:
    """The team's work, person by person."""
    rows = tuple(
        Row(
            tables.name(each.agent),
            (
                tables.count(each.replies, "replies"),
                tables.count(each.cases, "cases"),
                tables.count(each.resolved, "cases"),
                tables.seconds(each.first_response.median_seconds),
                tables.seconds(each.first_response.p90_seconds),
            ),
            each.first_response.count,
        )
        for each in agents
    )
    columns = ("agent", "replies", "cases", "resolved", "median first response", "90th pct")
    notes = (AGENT,) if rows else ("Nobody answered in this period.",)
    table = Section("agents", "Agents", columns, rows, notes, counted="counted", chart="bars")
    return assemble(frame, "agents", "Who answered", tuple(agents), (table,))


def ambassadors_part(frame: Frame, people: Sequence[Ambassador]) -> Part:
    """Customers who help customers."""
    rows = tuple(
        Row(
            tables.name(each.handle),
            (
                tables.count(each.answers, "answers"),
                tables.count(each.helped, "people"),
                tables.count(each.thanked, "answers"),
                tables.words(each.platform),
            ),
        )
        for each in people
    )
    columns = ("who", "answers", "people helped", "thanked", "platform")
    notes = (THANKED,) if rows else ("Nobody answered another customer's question in this period.",)
    table = Section("ambassadors", "Ambassadors", columns, rows, notes, counted=None)
    return assemble(frame, "ambassadors", "Customers who help customers", tuple(people), (table,))
