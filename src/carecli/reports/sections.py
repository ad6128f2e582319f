"""A Report as tables, built once, so that text, Markdown and CSV agree cell for cell.

Names (topics, sources, languages, errors) come from outside and are made inert here, before any format sees
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carecli.reports import extras, tables
from carecli.reports.days import Span, timeline
from carecli.reports.model import Mentions, Report, Response, Times, to_json
from carecli.reports.stats import net_interval, wilson
from carecli.reports.tables import NOTHING, Cell, Part, Row, Section, Tile
from carecli.text import counted

CALENDAR = (
    "First response: from the customer's message to the first answer by a person, in the platforms' own "
    "times. It never pauses; business hours count the team's hours only."
)
RESOLUTION = (
    "First and full resolution: from a case's first message to its first, and to its last resolution, less the time "
    "spent waiting for the customer."
)
NEEDING = (
    "Complaints, questions, requests and emergencies need a reply, and so do praise and suggestions that "
    "address the brand; spam, chatter and the brand's own posts do not. A customer who comes back after a "
    "resolution is counted again."
)
SLA = "SLA: unanswered and overdue counts as breached; a clock still inside its target is in neither."
INTERVALS = (
    "Low and high bound the 95% interval (after Wilson). Net sentiment: (positive - negative) / all inbound, "
    "with the neutral ones."
)


TITLE = "Customer care report"


def summary_part(report: Report) -> Part:
    """The summary, ready for every format."""
    return Part("summary", TITLE, to_json(report), tuple(sections(report)), tuple(_tiles(report)))


def _tiles(report: Report) -> Iterable[Tile]:
    response, mentions = report.response, report.mentions
    first, promised = response.first_response, response.sla.met + response.sla.breached
    before = extras.before_by_figure(report.comparison)

    def tile(name: str, cell: Cell, of: str, figure: str) -> Tile:
        return Tile(name, cell.shown, of, before.get(figure, ""))

    yield tile(
        "by customers", tables.count(mentions.inbound), f"of {counted(mentions.total, 'mention')}", "inbound mentions"
    )
    rate = tables.share(response.response_rate)
    yield tile("answered", rate, f"of {response.needing_reply:,} that need it", "response rate")
    median = tables.seconds(first.median_seconds)
    yield tile("first response, median", median, f"over {first.count:,}", "first response, median")
    yield tile("target met", tables.share(response.sla.rate), f"of {promised:,}", "SLA: target met")
    net = tables.share(report.service.net_sentiment)
    yield tile("net sentiment", net, f"over {mentions.inbound:,}", "net sentiment")
    yield tile("backlog", tables.count(response.backlog_open), "open cases", "backlog at the end")


def sections(report: Report) -> list[Section]:
    """The tables of `report`, in reading order; a distribution without entries is left out."""
    return [
        extras.period_section(report.period, report.as_of),
        _mentions(report.mentions),
        _timeline(report),
        *_distributions(report.mentions),
        _response(report.response),
        _times(report.response),
        _rates(report),
        *_comparison(report),
        *extras.fairness_sections(report.fairness),
        *extras.crises_sections(report.crises, report.period.timezone),
        benchmarks_section(report),
        extras.coverage_section(report.coverage, report.period.timezone),
    ]


def _comparison(report: Report) -> Iterable[Section]:
    if report.comparison is not None:
        yield extras.comparison_section(report.comparison, report.period.timezone)


def _mentions(mentions: Mentions) -> Section:
    def row(name: str, value: int, whole: int) -> Row:
        return Row(name, (tables.count(value), tables.part(value, whole)), whole)

    rows = (
        Row("all", (tables.count(mentions.total), tables.part(mentions.total, mentions.total)), mentions.total),
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
    return Section(f"by_{step}", title, columns, tuple(map(_span, spans)), counted=None, chart="time")


def _span(span: Span) -> Row:
    return Row(span.name, (tables.count(span.inbound), tables.count(span.negative)))


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
    rows = tuple(
        Row(tables.name(name), (tables.count(count), tables.part(count, inbound)), inbound)
        for name, count in counts.items()
    )
    title = f"Inbound mentions by {dimension}"
    return Section(f"by_{dimension}", title, (dimension, "mentions", "share"), rows, chart="bars")


def response_sections(report: Report) -> tuple[Section, Section, Section]:
    """How many were answered, how fast, and what shares that makes."""
    return _response(report.response), _times(report.response), _rates(report)


def _response(response: Response) -> Section:
    sla = response.sla
    promised = sla.met + sla.breached + sla.running
    needing = response.needing_reply

    def row(name: str, value: int, unit: str, of: int | None = None) -> Row:
        return Row(name, (tables.count(value, unit),), of)

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
        return Row(name, tuple(map(tables.seconds, cells)), times.count)

    rows = (
        row("first response", response.first_response),
        row("first response, business hours", response.first_response_business),
        row("first resolution", response.first_resolution),
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
        return Row(name, (tables.share(value), tables.share(low), tables.share(high)), of)

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
        row(
            "reopen rate",
            response.reopen_rate,
            wilson(min(response.reopened, response.resolved_cases), response.resolved_cases),
            response.resolved_cases,
        ),
        Row(
            "replies per resolved case",
            (tables.ratio(response.replies_per_resolution, "replies"), nothing, nothing),
            response.resolution.count,
        ),
    )
    return Section("rates", "Rates", ("", "value", "low", "high"), rows, (INTERVALS,), chart="interval")


def benchmarks_section(report: Report) -> Section:
    """Published figures beside ours."""

    def cell(value: float | None, unit: str) -> Cell:
        return tables.seconds(value) if unit == "seconds" else tables.share(value)

    rows = tuple(
        Row(each.name, (cell(each.value, each.unit), cell(each.ours, each.unit), tables.words(each.source)))
        for each in report.benchmarks
    )
    note = "Complaints: ours are those that need a reply. First answer: ours is the median first response."
    return Section("benchmarks", "Benchmarks", ("", "value", "ours", "source"), rows, (note,), counted=None)
