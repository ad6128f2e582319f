"""A Report as tables, built once, so that text, Markdown and CSV agree cell for cell.

Names (topics, sources, languages, errors) come from outside and are made inert here, before any format sees
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from carecli import text
from carecli.hours import show_duration
from carecli.model import iso
from carecli.reports.days import Span, timeline
from carecli.reports.model import Coverage, Crisis, Mentions, Report, Response, Times
from carecli.reports.stats import net_interval, wilson

NOTHING = "–"
CALENDAR = (
    "First response: from the customer's message to the first answer by a person, in the platforms' own "
    "times. It never pauses; business hours count the team's hours only."
)
RESOLUTION = (
    "Full resolution: from a case's first message to its last resolution, less the time spent waiting for the customer."
)
NEEDING = (
    "Complaints, questions, requests and emergencies need a reply, and so do praise and suggestions that "
    "address the brand; spam, chatter and the brand's own posts do not. A customer who comes back after a "
    "resolution is counted again."
)
SLA = "SLA: unanswered and overdue counts as breached; a clock still inside its target is in neither."
CRISES = (
    "Negative mentions an hour against the median of the same hour in the weeks before; a crisis ends after two "
    "hours that are calm."
)
INTERVALS = (
    "Low and high bound the 95% interval (after Wilson). Net sentiment: (positive - negative) / all inbound, "
    "with the neutral ones."
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: as data with its unit (CSV) and as people read it; None where nothing is known."""

    value: str | float | None
    unit: str
    shown: str


@dataclass(frozen=True, slots=True)
class Row:
    """A named line of a table; `of` is how many the line counts over, None where it is a count itself."""

    name: str
    cells: tuple[Cell, ...]
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One table. `columns` head the name and the cells; `counted` heads `of`, None leaves that column out.

    `chart`: text shows a bar for the first cell of each row.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    counted: str | None = "of"
    chart: bool = False


def sections(report: Report) -> list[Section]:
    """The tables of `report`, in reading order; a distribution without entries is left out."""
    return [
        _period(report),
        _mentions(report.mentions),
        _timeline(report),
        *_distributions(report.mentions),
        _response(report.response),
        _times(report.response),
        _rates(report),
        *_crises(report),
        _benchmarks(report),
        _coverage(report),
    ]


def _count(value: int, unit: str = "mentions") -> Cell:
    return Cell(value, unit, f"{value:,}")


def _share(value: float | None) -> Cell:
    return Cell(value, "share", NOTHING if value is None else f"{value:.1%}")


def _part(value: int, whole: int) -> Cell:
    return _share(value / whole if whole else None)


def _seconds(value: float | None) -> Cell:
    return Cell(value, "seconds", NOTHING if value is None else show_duration(value))


def _ratio(value: float | None, unit: str) -> Cell:
    return Cell(value, unit, NOTHING if value is None else f"{value:.1f}")


def _words(value: str | None) -> Cell:
    clean = None if value is None else _name(value)
    return Cell(clean, "text", NOTHING if clean is None else clean)


def _moment(value: datetime | None, timezone: str) -> Cell:
    if value is None:
        return Cell(None, "time", NOTHING)
    local = value.astimezone(ZoneInfo(timezone))
    return Cell(iso(value), "time", f"{local:%Y-%m-%d %H:%M}")


def _name(untrusted: str) -> str:
    return text.single_line(untrusted)


def _period(report: Report) -> Section:
    period = report.period
    rows = (
        Row("since", (_moment(period.since, period.timezone),)),
        Row("until", (_moment(period.until, period.timezone),)),
        Row("state as of", (_moment(report.as_of, period.timezone),)),
        Row("time zone", (_words(period.timezone),)),
    )
    return Section("period", "Period", ("", "value"), rows, counted=None)


def _mentions(mentions: Mentions) -> Section:
    def row(name: str, value: int, whole: int) -> Row:
        return Row(name, (_count(value), _part(value, whole)), whole)

    rows = (
        Row("all", (_count(mentions.total), _part(mentions.total, mentions.total)), mentions.total),
        row("by customers (inbound)", mentions.inbound, mentions.total),
        row("by the brand (outbound)", mentions.outbound, mentions.total),
        row("inbound, addressed to the brand", mentions.directed, mentions.inbound),
        row("inbound, not addressed to it", mentions.undirected, mentions.inbound),
    )
    return Section("mentions", "Mentions", ("", "mentions", "share"), rows)


def _timeline(report: Report) -> Section:
    step, spans = timeline(report.mentions.by_day, report.period)
    title = f"Inbound mentions by {step}"
    columns = (step, "inbound", "negative")
    return Section(f"by_{step}", title, columns, tuple(map(_span, spans)), counted=None, chart=True)


def _span(span: Span) -> Row:
    return Row(span.name, (_count(span.inbound), _count(span.negative)))


def _distributions(mentions: Mentions) -> Iterable[Section]:
    for dimension, counts in (
        ("sentiment", mentions.by_sentiment),
        ("intent", mentions.by_intent),
        ("topic", mentions.by_topic),
        ("language", mentions.by_language),
        ("platform", mentions.by_platform),
    ):
        if counts:
            yield _distribution(dimension, counts, mentions.inbound)


def _distribution(dimension: str, counts: Mapping[str, int], inbound: int) -> Section:
    rows = tuple(Row(_name(name), (_count(count), _part(count, inbound)), inbound) for name, count in counts.items())
    title = f"Inbound mentions by {dimension}"
    return Section(f"by_{dimension}", title, (dimension, "mentions", "share"), rows, chart=True)


def _response(response: Response) -> Section:
    sla = response.sla
    promised = sla.met + sla.breached + sla.running
    needing = response.needing_reply

    def row(name: str, value: int, unit: str, of: int | None = None) -> Row:
        return Row(name, (_count(value, unit),), of)

    rows = (
        row("cases", response.cases, "cases"),
        row("needing a reply", needing, "segments"),
        row("answered", response.answered, "segments", needing),
        row("complaints without an answer", response.unanswered_complaints, "segments", response.complaints),
        row("first response target met", sla.met, "segments", promised),
        row("first response target breached", sla.breached, "segments", promised),
        row("target clock still running", sla.running, "segments", promised),
        row("cases resolved", response.resolution.count, "cases", response.cases),
        row("cases reopened", response.reopened, "cases", response.cases),
        row("backlog: all open cases", response.backlog_open, "cases"),
    )
    return Section("response", "Response", ("", "number"), rows, (NEEDING, SLA))


def _times(response: Response) -> Section:
    def row(name: str, times: Times) -> Row:
        cells = (times.median_seconds, times.p90_seconds, times.mean_seconds)
        return Row(name, tuple(map(_seconds, cells)), times.count)

    rows = (
        row("first response", response.first_response),
        row("first response, business hours", response.first_response_business),
        row("full resolution", response.resolution),
    )
    columns = ("", "median", "90th pct", "mean")
    return Section("times", "Response times", columns, rows, (CALENDAR, RESOLUTION), counted="counted")


def _rates(report: Report) -> Section:
    response, service, mentions = report.response, report.service, report.mentions
    sla, inbound = response.sla, mentions.inbound
    moods = mentions.by_sentiment

    def row(name: str, value: float | None, bounds: tuple[float, float], of: int) -> Row:
        low, high = (None, None) if value is None else bounds
        return Row(name, (_share(value), _share(low), _share(high)), of)

    nothing = Cell(None, "replies", NOTHING)
    rows = (
        row(
            "response rate",
            response.response_rate,
            wilson(response.answered, response.needing_reply),
            response.needing_reply,
        ),
        row("SLA: target met", sla.rate, wilson(sla.met, sla.met + sla.breached), sla.met + sla.breached),
        row(
            "net sentiment",
            service.net_sentiment,
            net_interval(moods.get("positive", 0), moods.get("negative", 0), inbound),
            inbound,
        ),
        row(
            "share of service mentions",
            service.share_of_service_mentions,
            wilson(service.service_mentions, inbound),
            inbound,
        ),
        Row(
            "replies per resolved case",
            (_ratio(response.replies_per_resolution, "replies"), nothing, nothing),
            response.resolution.count,
        ),
    )
    return Section("rates", "Rates", ("", "value", "low", "high"), rows, (INTERVALS,))


def _crises(report: Report) -> Iterable[Section]:
    """Only where somebody looked for them: none is worth saying, too."""
    if report.crises is None:
        return
    zone = ZoneInfo(report.period.timezone)
    rows = tuple(_crisis(crisis, zone) for crisis in report.crises)
    columns = ("began", "until", "negative", "peak hour", "usual", "topic")
    notes = [f"{row.name} compared with {each.baseline}." for row, each in zip(rows, report.crises, strict=True)]
    quiet = "No hour was far above what is usual at that hour of the week."
    yield Section("crises", "Crises", columns, rows, (CRISES, *notes) if rows else (quiet,), counted=None)


def _crisis(crisis: Crisis, zone: ZoneInfo) -> Row:
    began = crisis.started_at.astimezone(zone)
    until = None if crisis.ended_at is None else crisis.ended_at.astimezone(zone)
    ended = f"{until:%H:%M}" if until and until.date() == began.date() else f"{until:%m-%d %H:%M}" if until else "now"
    cells = (
        Cell(None if crisis.ended_at is None else iso(crisis.ended_at), "time", ended),
        _count(crisis.mentions),
        _count(crisis.peak),
        _ratio(crisis.usual, "mentions"),
        _words(crisis.topic),
    )
    return Row(f"{began:%Y-%m-%d %H:%M}", cells)


def _benchmarks(report: Report) -> Section:
    def cell(value: float | None, unit: str) -> Cell:
        return _seconds(value) if unit == "seconds" else _share(value)

    rows = tuple(
        Row(each.name, (cell(each.value, each.unit), cell(each.ours, each.unit), _words(each.source)))
        for each in report.benchmarks
    )
    note = "Complaints: ours are those that need a reply. First answer: ours is the median first response."
    return Section("benchmarks", "Benchmarks", ("", "value", "ours", "source"), rows, (note,), counted=None)


def _coverage(report: Report) -> Section:
    def row(each: Coverage) -> Row:
        cells = (
            _words(each.platform),
            _count(each.mentions),
            _moment(each.last_fetch_at, report.period.timezone),
            _words(each.last_error),
        )
        return Row(_name(each.source), cells)

    columns = ("source", "platform", "mentions", "last fetch", "last error")
    rows = tuple(map(row, report.coverage))
    notes = _gaps(report)
    return Section("coverage", "Coverage", columns, rows, notes, counted=None)


def _gaps(report: Report) -> tuple[str, ...]:
    """What the report cannot know, in words: failed, never fetched and silent sources."""
    coverage = report.coverage
    if not coverage:
        return ("No source is configured: the figures cover imported mentions only.",)
    kinds = (
        ("Failed at the last fetch", [each for each in coverage if each.last_error]),
        ("Never fetched", [each for each in coverage if not each.last_fetch_at]),
        ("No mention in this period", [each for each in coverage if not each.mentions]),
    )
    total = len(coverage)
    return tuple(f"{what}: {len(each)} of {total} sources." for what, each in kinds if each)
