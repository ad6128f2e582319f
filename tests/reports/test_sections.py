"""The tables of a report: what they show of hostile names, and the axis of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carecli.reports.days import timeline
from carecli.reports.model import Coverage, DayCount, Period
from carecli.reports.sections import sections
from carecli.reports.tables import Section
from tests.reports.samples import MONDAY, NOTHING_SAID, WEEK, Setting, four_languages, segment


def table(tables: list[Section], key: str) -> Section:
    return next(each for each in tables if each.key == key)


def test_an_empty_report_shows_zeros_for_counts_and_dashes_for_the_rest() -> None:
    tables = sections(Setting().report())
    assert {row.cells[0].shown for row in table(tables, "response").rows} == {"0"}
    for key in ("times", "rates"):
        cells = [cell for row in table(tables, key).rows for cell in row.cells]
        assert {(cell.value, cell.shown) for cell in cells} == {(None, "–")}
    assert not [each.key for each in tables if each.key in {"by_topic", "by_sentiment"}]


def test_every_share_stands_beside_what_it_counts_over() -> None:
    for each in sections(four_languages()):
        for row in each.rows:
            has_share = any(cell.unit == "share" and cell.value is not None for cell in row.cells)
            assert not has_share or row.of is not None or each.key == "benchmarks", (each.key, row.name)


def test_units_are_named_and_shown_for_people() -> None:
    report = Setting().report(segment(1, 1, replied=3.5), segment(2, 1))
    tables = sections(report)
    rate = table(tables, "rates").rows[0]
    assert (rate.name, rate.cells[0].value, rate.cells[0].shown, rate.of) == (
        "response rate",
        0.5,
        "50.0%",
        2,
    )
    first = table(tables, "times").rows[0]
    assert (first.name, first.cells[0].value, first.cells[0].unit, first.of) == (
        "first response",
        9000,
        "seconds",
        1,
    )
    assert [row.name for row in table(tables, "times").rows][2:] == ["first resolution", "full resolution"]


def test_times_are_local_for_people_and_utc_for_programs() -> None:
    since = table(sections(four_languages()), "period").rows[0].cells[0]
    assert (since.shown, since.value) == ("2026-11-02 00:00", "2026-11-01T23:00:00Z")


def test_names_from_outside_are_one_inert_line() -> None:
    names = {"a\nb": 1, "\x1b]0;title\x07": 1, "x\u202ey": 1}
    counts = replace(NOTHING_SAID, inbound=3, by_topic=names, by_language={"\x00": 1}, by_platform={"\r\n": 1})
    failed = Coverage("evil\x1b[2J", "p\x07", None, "broke\nhere \x1b[1m", 0)
    tables = sections(Setting(counts=counts, coverage=[failed]).report())
    shown = [text for each in tables for row in each.rows for text in (row.name, *(cell.shown for cell in row.cells))]
    assert not [text for text in shown if any(ord(letter) < 32 or letter in "\x7f\u202e" for letter in text)]
    assert "a b" in shown
    assert "broke here" in " ".join(shown)


def test_coverage_says_what_the_report_cannot_know() -> None:
    notes = table(sections(four_languages()), "coverage").notes
    assert notes == (
        "Failed at the last fetch: 1 of 3 sources.",
        "Never fetched: 1 of 3 sources.",
        "No mention in this period: 1 of 3 sources.",
    )
    assert "imported" in table(sections(Setting().report()), "coverage").notes[0]


# --- the axis -----------------------------------------------------------------------------------------------


def test_days_without_mentions_are_on_the_axis() -> None:
    step, spans = timeline([DayCount("2026-11-03", 4, 1)], WEEK)
    assert step == "day"
    assert [(span.name, span.inbound, span.negative) for span in spans][:3] == [
        ("2026-11-02", 0, 0),
        ("2026-11-03", 4, 1),
        ("2026-11-04", 0, 0),
    ]
    assert len(spans) == 7


def test_the_axis_has_the_local_days_of_the_period() -> None:
    _, spans = timeline([], four_languages().period)
    assert [span.name for span in spans] == [f"2026-11-0{day}" for day in range(2, 9)]


@pytest.mark.parametrize(
    ("days", "step", "first"),
    [(31, "day", "2026-01-01"), (32, "week", "2025-12-29"), (300, "month", "2026-01")],
)
def test_a_longer_period_has_longer_steps(days: int, step: str, first: str) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    found, spans = timeline([DayCount("2026-01-15", 2, 1)], Period(since, since + timedelta(days=days)))
    assert (found, spans[0].name) == (step, first)
    assert sum(span.inbound for span in spans) == 2


def test_a_report_without_a_beginning_starts_at_the_first_mention() -> None:
    ever = Period(None, MONDAY)
    assert timeline([], ever) == ("day", [])
    step, spans = timeline([DayCount("2020-05-05", 1, 0), DayCount("2026-10-05", 2, 2)], ever)
    assert (step, spans[0].name, spans[-1].name, len(spans)) == ("month", "2020-05", "2026-10", 78)


@given(st.dictionaries(st.dates(date(2019, 1, 1), date(2026, 12, 31)), st.integers(1, 50), min_size=1, max_size=20))
def test_no_mention_is_lost_or_counted_twice(mentions: dict[date, int]) -> None:
    days = [DayCount(day.isoformat(), count, count // 2) for day, count in mentions.items()]
    _, spans = timeline(days, Period(None, MONDAY))
    assert sum(span.inbound for span in spans) == sum(mentions.values())
    assert sum(span.negative for span in spans) == sum(count // 2 for count in mentions.values())
    assert [span.name for span in spans] == sorted({span.name for span in spans})


@pytest.mark.parametrize(("week_starts", "first"), [("monday", "2026-10-26"), ("sunday", "2026-11-01")])
def test_weeks_of_the_axis_begin_when_the_teams_do(week_starts: str, first: str) -> None:
    period = Period(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC), "UTC", week_starts)
    step, spans = timeline([DayCount("2026-11-01", 3, 1)], period)
    assert step == "week"
    assert [span.name for span in spans if span.inbound] == [first]
