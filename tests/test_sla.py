"""Clocks: policies, several messages that wait together, pauses, and the order of the queue that comes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carecli import act, report
from carecli.casework import casefile, priorities, ranking
from carecli.config import Config, OpeningHours, Priority, Sla, SlaPolicy, Source, Team, Voice
from carecli.hours import Hours, business_seconds, parse_hours, seconds_by_day
from carecli.model import Mention
from carecli.sla import Asked, Signs, active, packed, promise, resolution_clock, response_clock, unpacked
from carecli.store import Store, cases, open_store
from carecli.store.cases import Filter
from tests.core.tools import ACME, NOW, arrive, minute, said

FIRE = "@acme help, the engine is on fire, people are hurt!"
QUESTION = "@acme when do you open?"
CALM = Signs("whenever", "question", 40, "default")
DANGER = Signs("emergency", "emergency", 97, "default")


def clock(asked: Sequence[Asked], config: Config = ACME, **changes: Any) -> Any:
    given = {"answered": None, "closed": None, "now": NOW, **changes}
    return response_clock(asked, "first_response", config, **given)


# Which promise


def test_without_policies_the_urgency_decides_then_the_default() -> None:
    config = replace(ACME, sla=Sla(first_response="4h", urgency={"emergency": "15m"}))
    assert promise("first_response", CALM, config).seconds == 4 * 3600
    assert promise("first_response", DANGER, config).seconds == 900
    assert promise("next_response", CALM, config).seconds == 4 * 3600
    assert promise("resolution", CALM, config).seconds is None


def test_the_first_policy_that_fits_wins() -> None:
    policies = [
        SlaPolicy(name="bank", voice=["bank"], first_response="10m", resolution="1d"),
        SlaPolicy(name="pressing", priority=60, first_response="20m", next_response="5m"),
        SlaPolicy(intent=["question", "request"], urgency=["whenever"], first_response=""),
    ]
    config = replace(ACME, voices={"main": Voice(), "bank": Voice()}, sla=Sla(policies=policies, next_response="2h"))

    def promised(kind: Any, **signs: Any) -> tuple[str, float | None]:
        found = promise(kind, replace(CALM, **{"voice": "main", **signs}), config)
        return found.policy, found.seconds

    assert promised("first_response", voice="bank", priority=80) == ("bank", 600)
    assert promised("next_response", voice="bank") == ("bank", 600)
    assert promised("resolution", voice="bank") == ("bank", 86400)
    assert promised("first_response", priority=60) == ("pressing", 1200)
    assert promised("next_response", priority=60) == ("pressing", 300)
    assert promised("first_response", priority=59) == ("policy 3", None)
    assert promised("first_response", urgency="week") == ("[sla]", 4 * 3600)
    assert promised("next_response", urgency="week") == ("[sla]", 2 * 3600)


def test_teams_have_hours_of_their_own() -> None:
    night = Team("Asia/Jerusalem", OpeningHours(sunday=["22:00-24:00"], holidays=[date(2026, 11, 22)]))
    config = replace(
        ACME,
        hours=OpeningHours(monday=["09:00-17:00"]),
        teams={"night": night, "day": Team()},
        voices={"main": Voice(), "club": Voice(team="night")},
        sources={"club": Source("club", "memory", voice="club"), "other": Source("other", "memory")},
        sla=Sla(policies=[SlaPolicy(intent=["complaint"], team="day")]),
    )
    assert (config.voice_of("club"), config.voice_of("other"), config.voice_of(None)) == ("club", "main", "main")
    club = promise("first_response", replace(CALM, voice="club"), config)
    assert (club.team, club.hours.timezone, club.hours.holidays) == (
        "night",
        "Asia/Jerusalem",
        frozenset({date(2026, 11, 22)}),
    )
    assert promise("first_response", replace(CALM, voice="main"), config).hours == config.team_hours
    complaint = promise("first_response", replace(CALM, voice="club", intent="complaint"), config)
    assert (complaint.team, complaint.hours.week) == ("day", None)
    danger = promise("first_response", replace(DANGER, voice="club"), config)
    assert (danger.team, danger.hours) == ("", Hours("Asia/Jerusalem"))


def test_public_holidays_are_those_of_the_country() -> None:
    office = parse_hours("Europe/Warsaw", dict.fromkeys(("tuesday", "wednesday"), ("09:00-17:00",)), [], ["PL"])
    start, end = (datetime(2026, 11, day, tzinfo=UTC) for day in (10, 12))
    assert business_seconds(start, end, office) == 8 * 3600  # the 11th is Independence Day
    assert business_seconds(start, end, replace(office, countries=("US-NY",))) == 8 * 3600  # Veterans Day
    assert business_seconds(start, end, replace(office, countries=("GB",))) == 16 * 3600
    assert business_seconds(start, end, Hours("Europe/Warsaw", None, frozenset(), ("PL",))) == 86400


def test_days_add_up_to_what_counts() -> None:
    office = parse_hours("Asia/Jerusalem", {"sunday": ["09:00-13:00", "14:00-17:30"], "monday": ["22:00-02:00"]}, [])
    start, end = datetime(2026, 11, 20, 3, 17, tzinfo=UTC), datetime(2026, 12, 1, 9, 1, 5, tzinfo=UTC)
    days = seconds_by_day(start, end, office)
    assert sum(seconds for _, seconds in days) == business_seconds(start, end, office)
    assert [day for day, _ in days] == [date(2026, 11, 20) + timedelta(n) for n in range(12)]
    assert dict(days)[date(2026, 11, 22)] == 7.5 * 3600
    assert dict(days)[date(2026, 11, 24)] == 2 * 3600


# Messages that wait together


def test_a_later_emergency_is_due_soon_after_it_came_and_not_before() -> None:
    old, fire = Asked(minute(0), CALM), Asked(minute(110), DANGER)
    found = clock([old, fire])
    assert (found.due_at, found.started_at, found.state) == (minute(125), minute(110), "ok")
    assert clock([old, fire], now=minute(122)).state == "due"
    assert clock([old, fire], now=minute(126)).state == "breached"
    nearly = clock([old, Asked(minute(238), DANGER)], now=minute(239))
    assert (nearly.due_at, nearly.started_at, nearly.state) == (minute(240), minute(0), "due")


def test_what_was_not_answered_in_time_is_late_also_when_it_was_closed() -> None:
    asked = [Asked(minute(0), replace(CALM, urgency="today"))]
    states = [
        (clock(asked, answered=minute(60)).state, "met"),
        (clock(asked, answered=minute(60) + timedelta(seconds=1)).state, "breached"),
        (clock(asked, closed=minute(60)).state, "none"),
        (clock(asked, closed=minute(61)).state, "breached"),
        (clock(asked, closed=minute(30), answered=minute(61)).state, "breached"),
        (clock(asked, answered=minute(61), now=minute(10)).state, "ok"),
        (clock([], now=minute(10)).state, "none"),
    ]
    assert [found for found, _ in states] == [expected for _, expected in states]


def test_a_message_that_is_kept_says_the_same() -> None:
    asked = [Asked(minute(0), CALM), Asked(minute(1), DANGER), Asked(minute(2), CALM)]
    assert unpacked(packed(asked), "default") == asked[:2]  # the third cannot be due before the first


# Resolution


def test_a_resolution_clock_pauses_while_the_customer_is_asked() -> None:
    config = replace(ACME, sla=Sla(resolution="60m"))
    pauses = [(minute(20), minute(80)), (minute(90), None)]

    def at(number: float, resolved: float | None = None) -> tuple[str, bool, datetime | None]:
        end = None if resolved is None else minute(resolved)
        known = [(a, b if b and b <= minute(number) else None) for a, b in pauses if a <= minute(number)]
        found = resolution_clock(minute(0), known, end, CALM, config, now=minute(number))
        return found.state, found.paused, found.due_at

    assert at(10) == ("ok", False, minute(60))
    assert at(50) == ("ok", True, None)
    assert at(85) == ("ok", False, minute(120))
    assert at(1000) == ("ok", True, None)
    assert at(1000, resolved=95) == ("met", False, minute(120))
    late = resolution_clock(minute(0), [], minute(61), CALM, config, now=NOW)
    assert (late.state, late.due_at) == ("breached", minute(60))
    soon = resolution_clock(minute(0), [], None, CALM, config, now=minute(46))
    assert soon.state == "due"
    assert resolution_clock(minute(0), [], None, CALM, ACME, now=NOW).state == "none"


def test_active_stretches_leave_the_pauses_out() -> None:
    pauses = [(minute(0), minute(5)), (minute(10), minute(12)), (minute(20), None)]
    assert active(minute(0), pauses, minute(30)) == [(minute(5), minute(10)), (minute(12), minute(20))]


# Through the store


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = open_store(tmp_path / "care.db")
    yield opened
    opened.close()


def test_an_emergency_in_an_old_question_is_not_late_at_once(store: Store) -> None:
    arrive(store, said("1", 0, text=QUESTION))
    arrive(store, said("2", 110, to="1", text=FIRE))
    sla = casefile.describe(cases.get(store, 1), ACME, NOW)["sla"]
    assert sla == {"target_seconds": 900, "due_at": "2026-11-20T12:05:00Z", "state": "ok"}


def test_after_an_answer_the_next_message_has_its_own_promise(store: Store) -> None:
    config = replace(ACME, sla=Sla(first_response="1h", urgency={}, next_response="10m"))
    arrive(store, said("1", 0, text=QUESTION), said("2", 30, ours=True, to="1"), said("3", 115, to="1", text=QUESTION))
    (case,) = casefile.queue(store, config, Filter(), now=NOW)
    assert case["sla"] == {"target_seconds": 600, "due_at": "2026-11-20T12:05:00Z", "state": "ok"}
    assert report.summary(store, config, since=None, until=NOW, now=NOW).response.sla.met == 1
    clocks = casefile.case_file(store, config, 1, now=NOW).clocks
    assert [(one["clock"], one["state"], one["due_at"]) for one in clocks] == [
        ("first_response", "met", "2026-11-20T11:00:00Z"),
        ("next_response", "ok", "2026-11-20T12:05:00Z"),
    ]


def test_the_queue_the_report_and_the_explanation_agree_on_what_was_closed(store: Store) -> None:
    arrive(store, said("1", 0, text=QUESTION), said("2", 0, text=QUESTION, who="bob"))
    config = replace(ACME, sla=Sla(first_response="1h"))
    act.record(store, 1, "resolved", now=minute(30))
    act.record(store, 2, "resolved", now=minute(90))
    shown = {
        case["case"]: case["sla"]["state"] for case in casefile.queue(store, config, Filter(everything=True), now=NOW)
    }
    assert shown == {1: "none", 2: "breached"}
    figures = report.summary(store, config, since=None, until=NOW, now=NOW).response.sla
    assert (figures.met, figures.breached, figures.running) == (0, 1, 0)
    assert [casefile.case_file(store, config, case, now=NOW).clocks[0]["state"] for case in (1, 2)] == [
        "none",
        "breached",
    ]


# The order of the queue


POLICY = Sla(
    first_response="3h",
    urgency={"emergency": "15m", "today": "1h"},
    next_response="30m",
    policies=[SlaPolicy(intent=["praise"], first_response=""), SlaPolicy(priority=60, first_response="40m")],
)
HOURS = OpeningHours(friday=["10:00-10:30", "11:15-12:00"])
TEXTS = (
    QUESTION,
    FIRE,
    "@acme my bag is lost, this is terrible, answer me today!",
    "@acme lovely crew, thank you",
    "ok",
)


@st.composite
def desks(draw: st.DrawFn) -> list[list[tuple[int, bool, str]]]:
    """Threads of (minute, ours, text)."""
    threads = []
    for _ in range(draw(st.integers(1, 6))):
        minutes = sorted(draw(st.sets(st.integers(0, 119), min_size=1, max_size=4)))
        lines = [(at, n > 0 and draw(st.booleans()), draw(st.sampled_from(TEXTS))) for n, at in enumerate(minutes)]
        threads.append(lines)
    return threads


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(desks(), st.integers(0, 200), st.booleans(), st.floats(0, 8), st.integers(0, 30), st.integers(1, 8))
def test_the_first_of_the_queue_are_those_of_the_whole_sorted_queue(
    threads: list[list[tuple[int, bool, str]]], now: int, paced: bool, waiting: float, most: int, limit: int
) -> None:
    config = replace(ACME, sla=POLICY, hours=HOURS if paced else OpeningHours())
    config = replace(config, priority=Priority(waiting=waiting, waiting_most=most))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "care.db")
        try:
            for number, lines in enumerate(threads):
                arrive(store, *(post(number, n, *line) for n, line in enumerate(lines)))
            check_order(store, config, minute(now), limit)
        finally:
            store.close()


def post(thread: int, number: int, at: int, ours: bool, text: str) -> Mention:
    who = "acme" if ours else f"u{thread}"
    return said(f"{thread}-{number}", at, ours=ours, text=text, to=None if number == 0 else f"{thread}-0", who=who)


def check_order(store: Store, config: Config, now: datetime, limit: int) -> None:
    moment = ranking._Moment(config, now)
    for row in cases.waiting(store, Filter(everything=True), now=now):
        whole = cases.get(store, row["case_id"])
        state = ranking.clock(whole, config, now).state
        assert moment.state(row) == state
        assert moment.priority(row, state) == ranking.priority(whole, state, config, now)[0]
    for which in (Filter(), Filter(everything=True), Filter(status="open"), Filter(intent="question")):
        rows = cases.listed(store, which, now=now)
        described = [casefile.describe(row, config, now) for row in rows]
        described.sort(key=lambda case: (-case["priority"], case["waiting_since"] or "", case["case"]))
        assert casefile.queue(store, config, which, now=now) == described
        assert casefile.queue(store, config, which, now=now, limit=limit) == described[:limit]
        for sla in ("breached", "due", "ok", "met", "none"):
            fitting = [case for case in described if case["sla"]["state"] == sla]
            assert casefile.queue(store, config, which, now=now, sla=sla, limit=limit) == fitting[:limit]
    everything = cases.listed(store, Filter(everything=True), now=now)
    clocks = (casefile.case_file(store, config, row["case_id"], now=now).clocks for row in everything)
    first = [one["state"] for of_case in clocks for one in of_case if one["clock"] == "first_response"]
    figures = report.summary(store, config, since=None, until=now + timedelta(seconds=1), now=now).response.sla
    if now >= minute(119):
        assert (first.count("met"), first.count("breached")) == (figures.met, figures.breached)


# Own weights


def test_a_changed_policy_puts_the_past_in_its_place(store: Store) -> None:
    arrive(store, said("1", 0, text=QUESTION), said("2", 1, text="@acme my bag is lost, this is terrible!", who="bob"))
    act.label(store, ACME, 1, {"intent": "question"}, now=NOW)
    act.label(store, ACME, 2, {"intent": "complaint"}, now=NOW)
    act.record(store, 1, "resolved", now=minute(2))
    before = {row["case_id"]: row["priority"] for row in cases.listed(store, Filter(everything=True), now=NOW)}
    config = replace(ACME, priority=Priority(intent={"complaint": 1, "question": 70}))
    assert not priorities.is_settled(store, config.priority)
    act.adopt_priorities(store, config, only_open=True)
    assert priorities.is_settled(store, config.priority)
    after = {row["case_id"]: row["priority"] for row in cases.listed(store, Filter(everything=True), now=NOW)}
    assert after == {1: before[1], 2: before[2] - 29}
    act.adopt_priorities(store, config)
    assert cases.get(store, 1)["priority"] == before[1] + 52
    assert priorities.to_do(store, only_open=False) == []
    act.adopt_priorities(store, ACME)
    assert {row["case_id"]: row["priority"] for row in cases.listed(store, Filter(everything=True), now=NOW)} == before
