"""Promises kept and broken: every clock of a period, by urgency and by the policy that promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from carecli.model import SlaState
from carecli.reports import sections, tables
from carecli.reports.figures import ratio
from carecli.reports.parts import Frame, assemble
from carecli.reports.stats import wilson
from carecli.reports.tables import Part, Row, Section

TITLES = {
    "first_response": "First-response targets",
    "next_response": "Next-response targets",
    "resolution": "Resolution targets",
}
INTERVALS = "Low and high bound the 95% interval (after Wilson)."
BY = ("urgency", "policy", "all")
NOTES = {
    "first_response": "A clock belongs to the period in which its segment began.",
    "next_response": "One clock for every time that a customer wrote again after an answer; it belongs to the period "
    "in which the oldest message that waited came.",
    "resolution": "From the first message of a segment to its resolution, without the time spent waiting for the "
    "customer.",
}


class Clocked(NamedTuple):
    """One clock at the instant of the report: which of TITLES it is, of what urgency, by which policy."""

    clock: str
    urgency: str
    policy: str
    target: float | None
    state: SlaState


@dataclass(frozen=True, slots=True)
class Target:
    """The clocks of one group; `by` is `all`, `urgency` or `policy`. `target_seconds`: where it is one for the group.

    `closed`: closed in time without an answer, which is neither met nor breached. `rate` is met ÷ (met + breached).
    """

    clock: str
    by: str
    group: str
    target_seconds: float | None
    met: int
    breached: int
    running: int
    closed: int
    rate: float | None
    low: float | None
    high: float | None


def targets(clocks: Iterable[Clocked]) -> tuple[Target, ...]:
    """Every group of every clock that was promised anything."""
    groups: defaultdict[tuple[str, str, str], list[Clocked]] = defaultdict(list)
    for each in clocks:
        for by, group in (("urgency", each.urgency), ("policy", each.policy), ("all", "all")):
            groups[each.clock, by, group].append(each)
    order = sorted(groups, key=lambda key: (list(TITLES).index(key[0]), BY.index(key[1]), key[2]))
    return tuple(_target(*key, groups[key]) for key in order)


def _target(clock: str, by: str, group: str, clocks: Sequence[Clocked]) -> Target:
    states = Counter(each.state for each in clocks)
    met, breached, running = states["met"], states["breached"], states["ok"] + states["due"]
    low, high = wilson(met, met + breached) if met + breached else (None, None)
    seconds = {each.target for each in clocks}
    target = seconds.pop() if len(seconds) == 1 else None
    closed = len(clocks) - met - breached - running
    return Target(clock, by, group, target, met, breached, running, closed, ratio(met, met + breached), low, high)


def sla_part(frame: Frame, found: Sequence[Target]) -> Part:
    """A table for each kind of clock."""
    sections_ = [_section(clock, [each for each in found if each.clock == clock]) for clock in TITLES]
    return assemble(frame, "sla", "Promises kept", tuple(found), sections_)


def _section(clock: str, found: Sequence[Target]) -> Section:
    rows = tuple(
        Row(
            f"policy {tables.name(each.group)}" if each.by == "policy" else each.group,
            (
                tables.share(each.rate),
                tables.share(each.low),
                tables.share(each.high),
                tables.seconds(each.target_seconds),
                tables.count(each.met, "clocks"),
                tables.count(each.breached, "clocks"),
                tables.count(each.running, "clocks"),
            ),
            each.met + each.breached,
        )
        for each in found
    )
    columns = ("", "met", "low", "high", "target", "in time", "breached", "running")
    notes = (NOTES[clock], sections.SLA, INTERVALS) if rows else ("Nothing was promised in this period.",)
    return Section(clock, TITLES[clock], columns, rows, notes, chart="interval")
