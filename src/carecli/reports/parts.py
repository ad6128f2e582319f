"""One part of a report at a time: what all parts share, and those that a summary's figures are enough for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from carecli.reports import extras, sections, tables
from carecli.reports.model import Coverage, Crisis, Fairness, Period, Report, Times, as_json
from carecli.reports.tables import Part, Row, Section, Tile

NEXT = (
    "Next response: from the oldest message that waits for an answer to the next answer by a person, the first one "
    "of a case included."
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every part says of itself. `anonymous`: no handles, no quotes, no addresses."""

    period: Period
    as_of: datetime
    coverage: tuple[Coverage, ...]
    anonymous: bool = False

    @property
    def timezone(self) -> str:
        return self.period.timezone


def assemble(
    frame: Frame, name: str, title: str, value: Any, found: Iterable[Section], tiles: tuple[Tile, ...] = ()
) -> Part:
    """A part: its period, its figures under its name, its coverage; in JSON as in tables."""
    document = {
        "period": as_json(frame.period),
        name.replace("-", "_"): as_json(value, whole=True),
        "coverage": as_json(frame.coverage),
    }
    around = (extras.period_section(frame.period, frame.as_of), *found)
    return Part(name, title, document, (*around, extras.coverage_section(frame.coverage, frame.timezone)), tiles)


def response_part(frame: Frame, report: Report, next_response: Times) -> Part:
    """How the brand answered: shares, times, targets."""
    value = {**as_json(report.response, whole=True), "next_response": as_json(next_response)}
    response, times, rates = sections.response_sections(report)
    cells = (next_response.median_seconds, next_response.p90_seconds, next_response.mean_seconds)
    extra = Row("next response", tuple(map(tables.seconds, cells)), next_response.count)
    times = Section(
        times.key, times.title, times.columns, (*times.rows, extra), (*times.notes, NEXT), times.counted, times.chart
    )
    return assemble(frame, "response", "How customers were answered", value, (response, times, rates))


def fairness_part(frame: Frame, value: tuple[Fairness, ...]) -> Part:
    """Does everybody wait equally long?"""
    found = tuple(extras.fairness_sections(value))
    nobody = (Section("fairness", "Fairness", ("",), (), ("There are no two groups to compare.",)),)
    return assemble(frame, "fairness", "Does everybody wait equally long?", value, found or nobody)


def crises_part(frame: Frame, value: tuple[Crisis, ...]) -> Part:
    """Bursts of negative mentions."""
    found = tuple(extras.crises_sections(value, frame.timezone))
    nobody = (Section("crises", "Crises", ("",), (), ("Not looked for.",)),)
    return assemble(frame, "crises", "Bursts of negative mentions", value, found or nobody)


def benchmarks_part(frame: Frame, report: Report) -> Part:
    """Published figures beside ours."""
    return assemble(frame, "benchmarks", "Beside others", report.benchmarks, (sections.benchmarks_section(report),))


LAG = "Fetch lag: from the platform's time of a customer's message until it was here. What was read back counts, too."


def coverage_part(frame: Frame, lags: Mapping[str, Times]) -> Part:
    """What was heard, and what could not be; `lags`: by source, how long messages took to get here."""
    rows = tuple(
        Row(
            tables.name(source),
            tuple(map(tables.seconds, (each.median_seconds, each.p90_seconds, each.mean_seconds))),
            each.count,
        )
        for source, each in lags.items()
    )
    columns = ("source", "median", "90th pct", "mean")
    table = Section("fetch_lag", "Fetch lag", columns, rows, (LAG,), counted="counted")
    part = assemble(frame, "coverage", "What was heard", frame.coverage, (table,) if rows else ())
    return replace(part, document={**part.document, "fetch_lag": as_json(dict(lags))})
