"""How a figure came about: the cases behind it, what each counted as, and the arithmetic, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from carecli.hours import show_duration
from carecli.reports import tables
from carecli.reports.figures import Judged, Wait, began, resolutions, times
from carecli.reports.model import Report
from carecli.reports.parts import Frame, assemble
from carecli.reports.tables import Part, Row, Section
from carecli.text import counted

SHOWN = 200


class Line(NamedTuple):
    """One case behind a figure; `value` in the figure's unit, None where the case adds none. Times since 1970."""

    case: int
    opened_at: float | None
    ended_at: float | None
    value: float | None
    counted: str


@dataclass(frozen=True, slots=True)
class Behind:
    """One case behind a figure, with its times."""

    case: int
    opened_at: datetime | None
    ended_at: datetime | None
    value: float | None
    counted: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A figure, its arithmetic in words, and every case behind it. `unit` is of `value` and of the cases' values."""

    figure: str
    value: float | None
    unit: str
    arithmetic: tuple[str, ...]
    cases: tuple[Behind, ...]


class Facts(NamedTuple):
    """What figures are explained from; what is a function is read when it is asked for."""

    report: Report
    judged: Judged
    backlog: Callable[[], Sequence[Line]]
    answers: Callable[[], Sequence[Line]]
    moods: Callable[[], Sequence[Line]]
    resolved: Callable[[], Sequence[int]]


Answer = tuple[float | None, str, list[str], list[Line]]


def explain(figure: str, facts: Facts) -> Explained:
    """How `figure`, one of `FIGURES`, came about. Raises KeyError for any other."""
    value, unit, arithmetic, lines = FIGURES[figure](facts)
    cases = tuple(
        Behind(line.case, _at(line.opened_at), _at(line.ended_at), line.value, line.counted) for line in lines
    )
    return Explained(figure, value, unit, tuple(arithmetic), cases)


def _at(moment: float | None) -> datetime | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC)


def _line(wait: Wait, value: float | None, counted: str) -> Line:
    return Line(wait.row.case, wait.row.opened_at, wait.end, value, counted)


def _percent(part: float, whole: int, words: str) -> str:
    return f"{words} = {part:,.0f} ÷ {whole:,} = {f'{part / whole:.1%}' if whole else 'unknown: there is none'}"


def _spread(lines: Sequence[Line]) -> tuple[float | None, list[str]]:
    """The median of the lines' values, and how it is found."""
    values = sorted(line.value for line in lines if line.value is not None)
    found = times(values)
    if not values or found.median_seconds is None or found.p90_seconds is None or found.mean_seconds is None:
        return None, ["There is no value, so there is no figure."]
    middle = (
        f"value {(len(values) + 1) // 2}"
        if len(values) % 2
        else f"the mean of values {len(values) // 2} and {len(values) // 2 + 1}"
    )
    rank = 0.9 * (len(values) - 1) + 1
    return found.median_seconds, [
        f"{len(values):,} values, sorted from {show_duration(values[0])} to {show_duration(values[-1])}.",
        f"Median: {middle} = {show_duration(found.median_seconds)}.",
        f"90th percentile: value {rank:.1f}, interpolated = {show_duration(found.p90_seconds)}.",
        f"Mean: {sum(values):,.0f} s ÷ {len(values):,} = {show_duration(found.mean_seconds)}.",
    ]


def _response_rate(facts: Facts) -> Answer:
    response = facts.report.response
    lines = [_line(wait, wait.seconds, "answered" if wait.answered else "not answered") for wait in facts.judged.waits]
    told = [_percent(response.answered, response.needing_reply, "answered ÷ needing a reply")]
    return response.response_rate, "share", told, lines


def _unanswered_complaints(facts: Facts) -> Answer:
    waits = [wait for wait in facts.judged.waits if wait.row.intent == "complaint" and not wait.answered]
    return (
        len(waits),
        "segments",
        [f"{facts.report.response.complaints:,} complaints need a reply; {len(waits):,} of them have none."],
        [_line(wait, wait.seconds, "not answered") for wait in waits],
    )


def _first_response(facts: Facts) -> Answer:
    lines = [_line(wait, wait.seconds, "answered") for wait in facts.judged.waits if wait.answered]
    value, told = _spread(lines)
    return value, "seconds", told, lines


def _first_response_business(facts: Facts) -> Answer:
    lines = [_line(wait, wait.business, "answered") for wait in facts.judged.waits if wait.answered]
    value, told = _spread(lines)
    return value, "seconds", told, lines


def _resolution(place: int, name: str) -> Callable[[Facts], Answer]:
    def figure(facts: Facts) -> Answer:
        found = resolutions(facts.judged.of_their_cases)[place]
        opened: dict[int, float] = {}
        ends: dict[int, list[float]] = {}
        for row in facts.judged.of_their_cases:
            opened[row.case] = began(row)
            if row.resolved_at is not None:
                ends.setdefault(row.case, []).append(row.resolved_at)
        pick = (min, max)[place]
        lines = [Line(case, opened[case], pick(ends[case]), seconds, "resolved") for case, seconds in found.items()]
        value, told = _spread(lines)
        told.append(
            f"From the first message to the {name} resolve, less the time that the case waited for the customer."
        )
        return value, "seconds", told, lines

    return figure


def _next_response(facts: Facts) -> Answer:
    lines = list(facts.answers())
    value, told = _spread(lines)
    return value, "seconds", told, lines


def _sla(facts: Facts) -> Answer:
    figures = facts.report.response.sla
    waits = [wait for wait in facts.judged.waits if wait.target is not None]
    closed = len(waits) - figures.met - figures.breached - figures.running
    told = [
        _percent(figures.met, figures.met + figures.breached, "met ÷ (met + breached)"),
        f"Besides, in neither: {figures.running:,} clocks still running, {closed:,} closed in time without an answer.",
    ]
    words = {"none": "closed in time without an answer", "ok": "running", "due": "running"}
    return figures.rate, "share", told, [_line(w, w.seconds, words.get(w.clock, w.clock)) for w in waits]


def _backlog(facts: Facts) -> Answer:
    lines = list(facts.backlog())
    value = facts.report.response.backlog_open
    return value, "cases", [f"{counted(value, 'case')} open to an answer or a decision at the instant."], lines


def _reopen_rate(facts: Facts) -> Answer:
    response = facts.report.response
    again = {row.case: row for row in facts.judged.inside if row.number > 0}
    told = [_percent(response.reopened, response.resolved_cases, "cases reopened ÷ cases resolved in the period")]
    lines = [Line(row.case, row.opened_at, None, None, "reopened") for row in again.values()]
    lines += [Line(case, None, None, None, "resolved") for case in facts.resolved()]
    return response.reopen_rate, "share", told, lines


def _replies_per_resolution(facts: Facts) -> Answer:
    response = facts.report.response
    fulls = resolutions(facts.judged.of_their_cases)[1]
    replies = dict.fromkeys(fulls, 0)
    for row in facts.judged.of_their_cases:
        if row.case in replies:
            replies[row.case] += row.replies
    value, total = response.replies_per_resolution, sum(replies.values())
    shown = "unknown: there is none" if value is None else f"{value:.2f}"
    told = [f"replies ÷ resolved cases = {total:,} ÷ {len(replies):,} = {shown}"]
    return value, "replies", told, [Line(case, None, None, n, "resolved") for case, n in replies.items()]


def _net_sentiment(facts: Facts) -> Answer:
    moods, inbound = facts.report.mentions.by_sentiment, facts.report.mentions.inbound
    plus, minus = moods.get("positive", 0), moods.get("negative", 0)
    neutral = f"the {inbound - plus - minus:,} neutral ones included"
    told = [
        f"({plus:,} positive - {minus:,} negative) ÷ {inbound:,} inbound mentions, {neutral}.",
        _percent(plus - minus, inbound, "positive - negative ÷ all"),
    ]
    return facts.report.service.net_sentiment, "share", told, list(facts.moods())


FIGURES: Mapping[str, Callable[[Facts], Answer]] = {
    "response-rate": _response_rate,
    "unanswered-complaints": _unanswered_complaints,
    "first-response": _first_response,
    "first-response-business": _first_response_business,
    "next-response": _next_response,
    "first-resolution": _resolution(0, "first"),
    "resolution": _resolution(1, "last"),
    "sla": _sla,
    "backlog": _backlog,
    "reopen-rate": _reopen_rate,
    "replies-per-resolution": _replies_per_resolution,
    "net-sentiment": _net_sentiment,
}


def explained_part(frame: Frame, value: Explained) -> Part:
    """The arithmetic and the cases as tables."""

    def cell(number: float | None) -> tables.Cell:
        if value.unit == "seconds" or (value.unit == "share" and value.figure != "net-sentiment"):
            return tables.seconds(number)
        return tables.ratio(number, "number", 0)

    shown = tables.share(value.value) if value.unit == "share" else cell(value.value)
    head = Section("figure", value.figure, ("", "value"), (Row(value.figure, (shown,)),), value.arithmetic, None)
    rows = tuple(
        Row(
            str(each.case),
            (
                tables.moment(each.opened_at, frame.timezone),
                tables.moment(each.ended_at, frame.timezone),
                cell(each.value),
                tables.words(each.counted),
            ),
        )
        for each in value.cases[:SHOWN]
    )
    more = len(value.cases) - len(rows)
    notes = (f"{counted(more, 'more case')}: --json lists all.",) if more else ()
    columns = ("case", "from", "to", "value", "counted as")
    cases = Section("cases", "The cases behind it", columns, rows, notes, counted=None)
    return assemble(frame, "explain", f"How {value.figure} came about", value, (head, cases))
