"""The report against a naive count: whatever is said, labelled and done, in whatever order it arrives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carecli import act, report
from carecli.casework import deadlines, filing
from carecli.config import Brand, Config, Sla
from carecli.model import iso
from carecli.reporting import parts
from carecli.reports.model import Report, Response
from carecli.store import Store, cases, events, open_store
from tests.core.tools import ACME, NOW, arrive, minute, said

PLAIN = replace(ACME, sla=Sla(first_response="30m", urgency={}))
TEXTS = ("@acme my bag is lost, this is terrible!", "@acme when does my flight leave?", "the sky is blue", "ok")
LENGTH = 600  # minutes


@dataclass(frozen=True)
class Line:
    """One post of a thread: its place in it, its minute, who wrote it, what it answers."""

    thread: int
    number: int
    at: int
    ours: bool
    to: int | None
    text: str

    @property
    def id(self) -> str:
        return f"{self.thread}-{self.number}"

    @property
    def parent(self) -> str | None:
        return None if self.to is None else f"{self.thread}-{self.to}"


@dataclass(frozen=True)
class Act:
    """What an agent does to the case of a thread, after all has arrived."""

    thread: int
    at: int
    kind: str


@st.composite
def threads(draw: st.DrawFn) -> list[Line]:
    lines = []
    for thread in range(draw(st.integers(1, 3))):
        minutes = sorted(draw(st.sets(st.integers(0, LENGTH), min_size=1, max_size=6)))
        for number, at in enumerate(minutes):
            to = None if number == 0 else draw(st.integers(0, number - 1))
            ours = number > 0 and draw(st.booleans())
            lines.append(Line(thread, number, at, ours, to, draw(st.sampled_from(TEXTS))))
    return lines


acts = st.lists(
    st.builds(Act, st.integers(0, 2), st.integers(0, LENGTH), st.sampled_from(["resolved", "reopened", "pending"])),
    max_size=6,
)


# The naive count


@dataclass
class Stretch:
    opened: int
    needs: bool = False
    asked: int | None = None  # the first message that expects an answer, while there was none
    reply: int | None = None
    resolved: int | None = None
    replies: int = 0
    pending: int = 0


def stretches(lines: Iterable[Line], done: Iterable[Act], needs: dict[str, bool]) -> tuple[list[Stretch], str]:
    """The segments of one thread and its status, step by step."""
    steps: list[tuple[int, int, Any]] = [(line.at, int(line.ours), line) for line in lines]
    steps += [(one.at, 2, one) for one in done]
    found: list[Stretch] = []
    status, since = "open", 0
    for at, kind, step in sorted(steps, key=lambda step: step[:2]):
        before, current = status, found[-1] if found else None
        status = speaks(found, status, step, needs) if kind < 2 else acts_on(found, status, step)
        if current is not None and before == "pending" != status:
            current.pending += at - since
        if before != "pending" == status:
            since = at
    return found, status


def speaks(found: list[Stretch], status: str, line: Line, needs: dict[str, bool]) -> str:
    if line.ours:
        found[-1].replies += 1
        found[-1].reply = line.at if found[-1].reply is None else found[-1].reply
        return "pending" if status == "open" else status
    if not found or status == "resolved":
        found.append(Stretch(line.at))
    found[-1].needs |= needs[line.id]
    if needs[line.id] and found[-1].reply is None and found[-1].asked is None:
        found[-1].asked = line.at
    return "open"


def acts_on(found: list[Stretch], status: str, one: Act) -> str:
    if one.kind == "resolved" and status != "resolved":
        found[-1].resolved = one.at
    if one.kind == "reopened" and status == "resolved":
        found.append(Stretch(one.at))
    if one.kind == "pending" and status == "resolved":
        return "resolved"
    return "open" if one.kind == "reopened" else one.kind


def naive(cases: Sequence[list[Stretch]], since: int, until: int) -> dict[str, Any]:
    """The figures of [since, until) as at `until`, in minutes."""
    known = [[one for one in case if one.opened < until] for case in cases]
    inside = [one for case in known for one in case if since <= one.opened]
    needing = [one for one in inside if one.needs]
    waits = [one.reply - one.opened for one in needing if one.reply is not None and one.reply <= until]
    chosen = [case for case in known if any(since <= one.opened for one in case)]
    full = [case for case in chosen if case[-1].resolved is not None and case[-1].resolved <= until]
    lengths = [(case[-1].resolved or 0) - case[0].opened - sum(one.pending for one in case) for case in full]
    firsts = [case[0] for case in chosen if case[0].resolved is not None and case[0].resolved <= until]
    ended = {
        n for n, case in enumerate(cases) for one in case if one.resolved is not None and since <= one.resolved < until
    }
    reopened = sum(any(since <= one.opened for one in case[1:]) for case in known)
    by_then = [[one for one in case if one.opened <= until] for case in cases]  # the backlog is of that instant
    waiting = [case for case in by_then if case and (case[-1].resolved is None or case[-1].resolved > until)]
    met = breached = 0
    for one in needing:
        answered = one.reply is not None and one.reply <= until
        closed = one.resolved is not None and one.resolved <= until
        end = one.reply if answered else one.resolved if closed else until
        started = one.opened if one.asked is None else one.asked
        assert end is not None
        breached += end - started > 30
        met += answered and end - started <= 30
    return {
        "cases": len(chosen),
        "needing_reply": len(needing),
        "answered": len(waits),
        "first": (len(waits), median(waits) if waits else None, fmean(waits) if waits else None),
        "resolution": (len(lengths), median(lengths) if lengths else None),
        "sla": (met, breached),
        "reopened": reopened,
        "reopen_rate": reopened / len(ended) if ended else None,
        "first_resolution": (
            len(firsts),
            median([(one.resolved or 0) - one.opened - one.pending for one in firsts]) if firsts else None,
        ),
        "backlog": sum(any(one.needs for one in case) for case in waiting),
    }


def ours(response: Response) -> dict[str, Any]:
    first, full = response.first_response, response.resolution

    def minutes(seconds: float | None) -> Any:
        return None if seconds is None else pytest.approx(seconds / 60)

    return {
        "cases": response.cases,
        "needing_reply": response.needing_reply,
        "answered": response.answered,
        "first": (first.count, minutes(first.median_seconds), minutes(first.mean_seconds)),
        "resolution": (full.count, minutes(full.median_seconds)),
        "sla": (response.sla.met, response.sla.breached),
        "reopened": response.reopened,
        "reopen_rate": response.reopen_rate,
        "first_resolution": (response.first_resolution.count, minutes(response.first_resolution.median_seconds)),
        "backlog": response.backlog_open,
    }


def next_waits(lines: Sequence[Line], needs: dict[str, bool], since: int, until: int) -> list[int]:
    """Minutes from the oldest message that waits to each answer in [since, until), over all threads."""
    found = []
    for thread in {line.thread for line in lines}:
        oldest = None
        for line in sorted((line for line in lines if line.thread == thread), key=lambda line: line.at):
            if not line.ours:
                oldest = line.at if oldest is None and needs[line.id] else oldest
                continue
            if oldest is not None and since <= line.at < until:
                found.append(line.at - oldest)
            oldest = None
    return sorted(found)


# Both, side by side


def run(store: Store, lines: Sequence[Line], order: Sequence[int], pages: int, done: Iterable[Act]) -> None:
    """Everything arrives in `order`, `pages` at a time; then the agents act."""
    posts = [
        said(line.id, line.at, to=line.parent, ours=line.ours, text=line.text, who="acme" if line.ours else line.id[0])
        for line in (lines[index] for index in order)
    ]
    for start in range(0, len(posts), pages):
        arrive(store, *posts[start : start + pages], config=PLAIN)
    for one in done:
        case = store.row("SELECT case_id FROM mentions WHERE external_id = ?", [f"{one.thread}-0"])
        if case is not None:
            with store.write() as connection:  # as it was logged then: `record` never logs the past
                events.append(connection, case["case_id"], one.kind, minute(one.at))
                filing.project(store, connection, [case["case_id"]])


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(threads(), acts, st.data())
def test_cases_and_figures_are_those_of_a_naive_count(lines: list[Line], done: list[Act], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(lines))), label="order")
    pages = data.draw(st.integers(1, len(lines)), label="pages")
    since = data.draw(st.integers(0, LENGTH), label="since")
    until = data.draw(st.integers(since + 1, LENGTH + 10), label="until")
    first = {line.thread: line.at for line in lines if line.number == 0}
    done = [one for one in done if one.at >= first.get(one.thread, LENGTH)]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "care.db")
        try:
            run(store, lines, order, pages, done)
            check(store, lines, done, since, until)
        finally:
            store.close()


def test_what_was_reopened_by_hand_is_answered_from_then_on(store: Store) -> None:
    lost = "@acme my bag is lost, this is terrible!"
    moments = ((0, False), (32, True), (33, False), (34, False))
    lines = [Line(0, number, at, ours, 0 if number else None, lost) for number, (at, ours) in enumerate(moments)]
    acts_done = [Act(0, 0, "resolved"), Act(0, 1, "reopened")]
    run(store, lines, range(len(lines)), 1, acts_done)
    for until in (33, 34, 40):
        check(store, lines, acts_done, 0, until)
    (row,) = store.rows("SELECT * FROM cases")
    second = [each for each in deadlines.explain(store, cases.get(store, row["case_id"]), PLAIN, minute(40))
              if each.segment == 2 and each.kind == "first_response"]  # fmt: skip
    assert [(each.clock.started_at, each.clock.state) for each in second] == [(minute(1), "breached")]


def check(store: Store, lines: list[Line], done: list[Act], since: int, until: int) -> None:
    rows = store.rows("SELECT external_id, needs_reply, case_id FROM mentions")
    needs = {row["external_id"]: bool(row["needs_reply"]) for row in rows}
    by_then = []  # what was known when the period ended: a report of it is the same whenever it is made
    for thread in sorted({line.thread for line in lines}):
        mine = [line for line in lines if line.thread == thread]
        acted = [one for one in done if one.thread == thread]
        found, status = stretches(mine, acted, needs)
        early = [line for line in mine if line.at <= until]
        by_then.append(stretches(early, [one for one in acted if one.at <= until] if early else [], needs)[0])
        numbers = {row["case_id"] for row in rows if row["external_id"].startswith(f"{thread}-")}
        assert len(numbers) == 1, "a thread is one case"
        (case,) = store.rows("SELECT * FROM cases WHERE case_id = ?", list(numbers))
        assert (case["status"], case["mention_count"], case["reopened"]) == (status, len(mine), len(found) - 1)
        assert case["needs_reply"] == found[-1].needs
        stored = store.rows("SELECT * FROM segments WHERE case_id = ? ORDER BY number", list(numbers))
        ended = [(row, one) for row, one in zip(stored, found, strict=True) if one.resolved is not None]
        assert all(row["pending_seconds"] / 60 == one.pending for row, one in ended)
        assert [row["replies"] for row in stored] == [one.replies for one in found]
    shown = report.summary(store, PLAIN, since=minute(since), until=minute(until), now=minute(LENGTH + 60))
    assert ours(shown.response) == naive(by_then, since, until)
    later = parts.next_responses(store, iso(minute(since)), iso(minute(until)))
    assert sorted(seconds / 60 for _, _, seconds in later) == next_waits(lines, needs, since, until)
    assert_parts_agree(store, shown, since, until)
    inbound = [line for line in lines if since <= line.at < until and not line.ours]
    assert shown.mentions.inbound == len(inbound)
    assert shown.mentions.total == sum(since <= line.at < until for line in lines)


def assert_parts_agree(store: Store, shown: Report, since: int, until: int) -> None:
    """What the parts and the explanations say is what the summary says."""

    def told(name: str, explain: str | None = None) -> Any:
        asked: dict[str, Any] = {"since": minute(since), "until": minute(until), "now": minute(LENGTH + 60)}
        return report.part(store, PLAIN, name, explain=explain, **asked).document

    response = shown.response
    assert told("backlog")["backlog"]["open"] == response.backlog_open
    assert told("unanswered")["unanswered"]["count"] == response.needing_reply - response.answered
    groups = [group for group in told("sla")["sla"] if (group["clock"], group["by"]) == ("first_response", "all")]
    first = [(group["met"], group["breached"]) for group in groups] or [(0, 0)]
    assert first == [(response.sla.met, response.sla.breached)]
    for figure, value in (
        ("response-rate", response.response_rate),
        ("resolution", response.resolution.median_seconds),
        ("reopen-rate", response.reopen_rate),
        ("backlog", response.backlog_open),
    ):
        explained = told("summary", figure)["explain"]
        assert explained["value"] == value
    assert len(explained["cases"]) == response.backlog_open


# Periods and time zones


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Warsaw", "Pacific/Chatham"])
def test_days_are_those_of_the_wall_clock(store: Store, zone: str) -> None:
    from zoneinfo import ZoneInfo

    start = datetime(2026, 3, 27, tzinfo=UTC)
    moments = [start + timedelta(minutes=7 * number) for number in range(600)]
    far = [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, 0, 0, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)]
    far += [datetime(2026, 7, day, 13, 31, tzinfo=UTC) for day in range(1, 6)]
    posts = [replace(said(str(n), 0), created_at=moment) for n, moment in enumerate([*moments, *far])]
    arrive(store, *posts)
    config = Config(brand=Brand(timezone=zone))
    shown = report.summary(store, config, since=None, until=datetime(2027, 1, 1, tzinfo=UTC), now=NOW + timedelta(99))
    expected: dict[str, int] = {}
    for moment in [*moments, *far]:
        day = moment.astimezone(ZoneInfo(zone)).date().isoformat()
        expected[day] = expected.get(day, 0) + 1
    assert {day.day: day.inbound for day in shown.mentions.by_day} == expected


def test_what_is_dated_later_than_now_has_not_happened(store: Store) -> None:
    arrive(store, said("1", 1), said("2", 300, who="max"))
    shown = report.summary(store, ACME, since=None, until=minute(10_000), now=minute(60))
    assert (shown.mentions.total, shown.response.cases, shown.response.backlog_open) == (1, 1, 1)


def test_the_backlog_of_then_knows_nothing_of_later_questions(store: Store) -> None:
    arrive(store, said("1", 1, text="ok", directed=False))
    act.record(store, 1, "resolved", now=minute(5))
    act.record(store, 1, "reopened", now=minute(10))
    act.record(store, 1, "resolved", now=minute(15))
    arrive(store, said("2", 60, to="1"))
    assert report.summary(store, ACME, since=None, until=minute(12), now=NOW).response.backlog_open == 0
    assert report.summary(store, ACME, since=None, until=minute(70), now=NOW).response.backlog_open == 1
