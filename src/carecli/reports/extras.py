"""The tables of a summary that are not always there: the period before, fairness, crises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from carecli.model import iso
from carecli.reports import tables
from carecli.reports.model import Comparison, Coverage, Crisis, Fairness, Period
from carecli.reports.tables import Cell, Row, Section

FAIR = (
    "Each group's first responses beside all others' (Mann-Whitney), p corrected for the number of groups (Holm). "
    "Differs: p below 0.05. Groups with fewer than 5 answers, or fewer than 5 beside them, are not judged."
)
CRISES = (
    "Negative mentions an hour against the median of the same hour in the weeks before; a crisis ends after two "
    "hours that are calm."
)


def figure(value: float | None, unit: str) -> Cell:
    """A value in its unit."""
    if unit == "share":
        return tables.share(value)
    if unit == "seconds":
        return tables.seconds(value)
    return Cell(None, unit, tables.NOTHING) if value is None else tables.count(int(value), unit)


def _change(value: float | None, unit: str) -> Cell:
    """A difference; that of two shares is told in percentage points, as percent of a percent is read wrongly."""
    if value is not None and unit == "share":
        return Cell(value, unit, f"{100 * value:+.1f} pp")
    cell = figure(value, unit)
    return cell if value is None or value <= 0 else Cell(cell.value, unit, f"+{cell.shown}")


def comparison_section(comparison: Comparison, timezone: str) -> Section:
    """Every headline figure now and then, each with what it counts over."""
    rows = tuple(
        Row(
            each.figure,
            (
                figure(each.value, each.unit),
                figure(each.before, each.unit),
                _change(each.change, each.unit),
                Cell(
                    each.count_before,
                    "count",
                    tables.NOTHING if each.count_before is None else f"{each.count_before:,}",
                ),
            ),
            each.count,
        )
        for each in comparison.figures
    )
    since, until = (tables.moment(moment, timezone).shown for moment in (comparison.since, comparison.until))
    columns = ("", "now", "before", "change", "of before")
    return Section(
        "comparison",
        "Compared with the period before",
        columns,
        rows,
        (f"Before: {since} to {until}. pp: percentage points.",),
    )


def before_by_figure(comparison: Comparison | None) -> Mapping[str, str]:
    """Figure → how it was in the period before, in words."""
    figures = () if comparison is None else comparison.figures
    return {each.figure: f"before: {figure(each.before, each.unit).shown}" for each in figures}


def fairness_sections(groups: tuple[Fairness, ...] | None) -> Iterable[Section]:
    """One table of all groups; nothing where everybody is in one group."""
    if not groups:
        return
    rows = tuple(
        Row(
            f"{each.dimension}: {tables.name(each.group)}",
            (
                tables.seconds(each.median_seconds),
                tables.ratio(each.p_value, "p", 3),
                Cell({None: None, True: "yes", False: "no"}[each.differs], "text", _verdict(each.differs)),
                tables.count(each.asked, "segments"),
            ),
            each.count,
        )
        for each in groups
    )
    columns = ("group", "median", "p", "differs", "asked")
    yield Section("fairness", "Fairness", columns, rows, (FAIR,), counted="counted")


def _verdict(differs: bool | None) -> str:
    return tables.NOTHING if differs is None else "yes" if differs else "no"


def crises_sections(crises: tuple[Crisis, ...] | None, timezone: str) -> Iterable[Section]:
    """Only where somebody looked for them: none is worth saying, too."""
    if crises is None:
        return
    zone = ZoneInfo(timezone)
    rows = tuple(_crisis(crisis, zone) for crisis in crises)
    columns = ("began", "until", "negative", "peak hour", "usual", "topic")
    notes = [f"{row.name} compared with {each.baseline}." for row, each in zip(rows, crises, strict=True)]
    quiet = "No hour was far above what is usual at that hour of the week."
    yield Section("crises", "Crises", columns, rows, (CRISES, *notes) if rows else (quiet,), counted=None)


def _crisis(crisis: Crisis, zone: ZoneInfo) -> Row:
    began = crisis.started_at.astimezone(zone)
    until = None if crisis.ended_at is None else crisis.ended_at.astimezone(zone)
    ended = f"{until:%H:%M}" if until and until.date() == began.date() else f"{until:%m-%d %H:%M}" if until else "now"
    cells = (
        Cell(None if crisis.ended_at is None else iso(crisis.ended_at), "time", ended),
        tables.count(crisis.mentions),
        tables.count(crisis.peak),
        tables.ratio(crisis.usual, "mentions"),
        tables.words(crisis.topic),
    )
    return Row(f"{began:%Y-%m-%d %H:%M}", cells)


def period_section(period: Period, as_of: datetime) -> Section:
    """When, as of when, and whose days."""
    rows = (
        Row("since", (tables.moment(period.since, period.timezone),)),
        Row("until", (tables.moment(period.until, period.timezone),)),
        Row("state as of", (tables.moment(as_of, period.timezone),)),
        Row("time zone", (tables.words(period.timezone),)),
    )
    return Section("period", "Period", ("", "value"), rows, counted=None)


def coverage_section(coverage: tuple[Coverage, ...], timezone: str) -> Section:
    """What each source brought, and what could not be heard."""

    gaps = any(each.failing_since or each.silent_since for each in coverage)

    def row(each: Coverage) -> Row:
        cells = (
            tables.words(each.platform),
            tables.count(each.mentions),
            tables.moment(each.last_fetch_at, timezone),
            *([tables.moment(each.failing_since or each.silent_since, timezone)] if gaps else []),
            tables.words(each.last_error),
        )
        return Row(tables.name(each.source), cells)

    columns = ("source", "platform", "mentions", "last fetch", *(["nothing since"] if gaps else []), "last error")
    rows = tuple(map(row, coverage))
    notes = _gaps(coverage)
    return Section("coverage", "Coverage", columns, rows, notes, counted=None)


def _gaps(coverage: tuple[Coverage, ...]) -> tuple[str, ...]:
    """What the report cannot know, in words: failed, never fetched and silent sources."""
    if not coverage:
        return ("No source is configured: the figures cover imported mentions only.",)
    kinds = (
        ("Failed at the last fetch", [each for each in coverage if each.last_error]),
        ("Silent for longer than usual at the end of the period", [each for each in coverage if each.silent_since]),
        ("Never fetched", [each for each in coverage if not each.last_fetch_at]),
        ("No mention in this period", [each for each in coverage if not each.mentions]),
    )
    total = len(coverage)
    return tuple(f"{what}: {len(each)} of {total} sources." for what, each in kinds if each)
