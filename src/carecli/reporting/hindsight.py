"""Segments as they were at an earlier instant, so that a report of a past period is the same whenever it is made.

The store keeps what came of a case until now. For most, leaving out the answer and the resolution that came later is
enough, and `carecli.reports.figures` does that. The others (a customer wrote again, we wrote after the resolution,
somebody undid something) are folded anew from what had happened by then. Corrections and edits change the past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from carecli.casework.filing import projected
from carecli.model import iso, parse_iso
from carecli.reports.figures import SegmentRow
from carecli.store import metrics, part_metrics
from carecli.store.cases import Projection
from carecli.store.connect import Store

BATCH = 500


class Open(NamedTuple):
    """A segment of the backlog; `opened_at` in ISO 8601."""

    opened_at: str
    case: int
    number: int
    urgency: str
    intent: str
    language: str | None


@dataclass(frozen=True)
class Hindsight:
    """A store as it was at `instant`."""

    store: Store
    instant: datetime

    @cached_property
    def _at(self) -> str:
        return iso(self.instant)

    @cached_property
    def undone(self) -> list[int]:
        """Cases whose rows don't tell what was then: something in them was undone later."""
        return metrics.undone_after(self.store, self._at)

    def segments(self, start: str, end: str) -> list[SegmentRow]:
        """Every segment of the cases that have one opened in [start, end), as it was."""
        rows = list(map(SegmentRow._make, metrics.segments(self.store, start, end, self._at)))
        at = self.instant.timestamp()
        changed = {row.case for row in rows if row.changed and row.opened_at <= at} | set(self.undone)
        if not changed:
            return rows
        then = [row for each in self._projected(sorted(changed)) for row in _rows(each)]
        first, last = _seconds(start), _seconds(end)
        inside = {row.case for row in then if first <= row.opened_at < last}
        kept = [row for row in rows if row.case not in changed]
        return kept + [self._with_customer(row) for row in then if row.case in inside]

    @cached_property
    def _customers(self) -> dict[int, tuple[str, int | None, str]]:
        return {}

    def _with_customer(self, row: SegmentRow) -> SegmentRow:
        platform, followers, source = self._customers[row.case]
        return row._replace(platform=platform, followers=followers, source=source)

    def _projected(self, cases: Sequence[int]) -> Iterator[Projection]:
        for place in range(0, len(cases), BATCH):
            some = cases[place : place + BATCH]
            self._customers.update(metrics.customers_of(self.store, some))
            yield from projected(self.store, some, at=self.instant)

    def backlog(self) -> int:
        """Cases that were open to somebody's answer or decision, and not resolved."""
        return metrics.backlog(self.store, self._at, self.undone) + sum(1 for _ in self._undone_open())

    def open_segments(self) -> list[Open]:
        """The segments that `backlog` counts, oldest first."""
        rows = metrics.backlog_segments(self.store, self._at, self.undone)
        later = {row["case_id"] for row in rows if row["later"]}
        now = {each.case: each for each in map(_open, self._projected(sorted(later))) if each is not None}
        found = [
            now.get(row["case_id"])
            or Open(*(row[key] for key in ("opened_at", "case_id", "number", "urgency", "intent", "language")))
            for row in rows
        ]
        return sorted([*found, *self._undone_open()], key=lambda each: each[:3])

    def _undone_open(self) -> Iterator[Open]:
        for each in self._projected(self.undone):
            found = _open(each)
            if found is not None:
                yield found

    def resolved(self, start: str, end: str) -> list[int]:
        """The cases that were resolved in [start, end), whenever they opened."""
        found = set(part_metrics.resolved(self.store, start, end)) - set(self.undone)
        return sorted(found | self._undone_resolved(start, end))

    def resolved_count(self, start: str, end: str) -> int:
        """How many `resolved` gives."""
        if self.undone:
            return len(self.resolved(start, end))
        return metrics.resolved_cases(self.store, start, end)

    def _undone_resolved(self, start: str, end: str) -> set[int]:
        return {
            each.case
            for each in self._projected(self.undone)
            if any(s.resolved_at is not None and start <= iso(s.resolved_at) < end for s in each.life.segments)
        }


def _open(projection: Projection) -> Open | None:
    """What of a case is in the backlog, None for nothing."""
    segments = projection.life.segments
    last = segments[-1]
    if last.resolved_at is not None or not any(segment.needs_reply for segment in segments):
        return None
    urgency, intent, language = (projection.signals[key] for key in ("urgency", "intent", "language"))
    return Open(iso(last.opened_at), projection.case, len(segments) - 1, urgency, intent, language)


def _rows(projection: Projection) -> Iterator[SegmentRow]:
    life = projection.life
    for number, (segment, signals) in enumerate(zip(life.segments, projection.segments, strict=True)):
        intent, urgency, language, priority, asked = signals
        yield SegmentRow(
            case=projection.case,
            number=number,
            opened_at=_whole(segment.opened_at),
            case_opened_at=_whole(life.opened_at),
            first_reply_at=None if segment.first_reply_at is None else _whole(segment.first_reply_at),
            resolved_at=None if segment.resolved_at is None else _whole(segment.resolved_at),
            needs_reply=int(segment.needs_reply),
            pending_seconds=segment.pending_seconds,
            replies=segment.replies,
            intent=intent,
            urgency=urgency,
            language=language,
            platform="",
            followers=None,
            asked=asked,
            priority=priority,
        )


def _whole(moment: datetime) -> float:
    return float(int(moment.timestamp()))


def _seconds(text: str) -> float:
    """An ISO time as seconds since 1970; what sorts before every time is before them all."""
    return float("-inf") if text < "1" else parse_iso(text).timestamp()


__all__ = ["Hindsight", "Open"]
