"""What our posts promised in a period: kept, broken, still open, by who promised it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from carecli.reports import tables
from carecli.reports.parts import Frame, assemble
from carecli.reports.stats import percentile, wilson
from carecli.reports.tables import Part, Row, Section

NOTE = (
    "Promises made in the period, as they stand at its end. Kept: our next answer, a resolution of the case, or a "
    "person's word, in time; later than due is broken. What was dropped as no promise counts nowhere."
)


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise: whose, its fate (open, kept, broken), and how late it was in seconds; None: it was not."""

    agent: str
    fate: str
    late_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """The promises of one agent, or of everybody (`agent` None); `kept_rate` is kept ÷ (kept + broken)."""

    agent: str | None
    made: int
    kept: int
    broken: int
    open: int
    kept_rate: float | None
    low: float | None
    high: float | None
    median_late_seconds: float | None


def promised(found: Iterable[Promise]) -> tuple[Promised, ...]:
    """Everybody first, then each agent, who promised most first."""
    groups: defaultdict[str, list[Promise]] = defaultdict(list)
    every = [one for one in found if one.fate in ("open", "kept", "broken")]
    for one in every:
        groups[one.agent].append(one)
    order = sorted(groups, key=lambda agent: (-len(groups[agent]), agent))
    return (_counted(None, every), *(_counted(agent, groups[agent]) for agent in order))


def _counted(agent: str | None, ones: list[Promise]) -> Promised:
    fates = [one.fate for one in ones]
    kept, broken = fates.count("kept"), fates.count("broken")
    settled = kept + broken
    low, high = wilson(kept, settled) if settled else (None, None)
    late = sorted(one.late_seconds for one in ones if one.late_seconds is not None)
    rate = kept / settled if settled else None
    return Promised(agent, len(ones), kept, broken, fates.count("open"), rate, low, high, percentile(late, 0.5))


def promises_part(frame: Frame, found: tuple[Promised, ...]) -> Part:
    """What we said we would do."""
    rows = tuple(
        Row(
            "everybody" if one.agent is None else tables.name(one.agent),
            (
                tables.share(one.kept_rate),
                tables.count(one.kept, "promises"),
                tables.count(one.broken, "promises"),
                tables.count(one.open, "promises"),
                tables.seconds(one.median_late_seconds),
            ),
            one.made,
        )
        for one in found
    )
    columns = ("who", "kept in time", "kept", "broken", "open", "median delay")
    table = Section("promises", "What we said we would do", columns, rows, (NOTE,), counted="made", chart="bars")
    return assemble(frame, "promises", "Promises", found, (table,))
