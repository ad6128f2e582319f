"""Figures: each definition of METRICS on rows made for it, and all of them against a naive second writing."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.hours import add_business_seconds, business_seconds
from carecli.reports.figures import SegmentRow, began
from carecli.reports.model import Period, Report, Times
from tests.reports.samples import MONDAY, NINE_TO_FIVE, NOTHING_SAID, WEEK, Setting, moment, segment


def about(value: float) -> Any:
    return pytest.approx(value)


NEVER = Times(0, None, None, None)


def test_an_empty_period_has_counts_of_zero_and_no_other_figure() -> None:
    response = Setting().report().response
    assert (response.cases, response.needing_reply, response.answered, response.reopened) == (0, 0, 0, 0)
    assert response.response_rate is response.replies_per_resolution is response.sla.rate is None
    assert response.first_response == response.first_response_business == response.resolution == NEVER
    service = Setting().report().service
    assert service.net_sentiment is service.share_of_service_mentions is None


def test_first_response_runs_from_the_mention_to_the_first_answer() -> None:
    rows = [segment(1, 0, replied=1), segment(2, 5, replied=7), segment(3, 5, replied=10), segment(4, 6)]
    response = Setting().report(*rows).response
    assert (response.needing_reply, response.answered, response.response_rate) == (4, 3, 0.75)
    hour = 3600.0
    assert response.first_response == Times(3, 2 * hour, about(4.4 * hour), about(8 / 3 * hour))


def test_what_needs_no_reply_counts_as_a_case_only() -> None:
    response = Setting().report(segment(1, 1, needs_reply=False, replied=2), segment(2, 1)).response
    assert (response.cases, response.needing_reply, response.answered) == (2, 1, 0)
    assert response.first_response == NEVER


def test_business_hours_count_only_the_teams_hours() -> None:
    friday_16, monday_10 = 4 * 24 + 16, 7 * 24 + 10
    fortnight = replace(WEEK, until=WEEK.until + timedelta(days=7))
    response = Setting(fortnight, hours=NINE_TO_FIVE).report(segment(1, friday_16, replied=monday_10)).response
    assert response.first_response.median_seconds == (monday_10 - friday_16) * 3600
    assert response.first_response_business.median_seconds == 7200


def test_around_the_clock_both_first_responses_are_equal() -> None:
    response = Setting().report(segment(1, 3, replied=30), segment(2, 100, replied=101)).response
    assert response.first_response_business == response.first_response


def test_a_customer_who_comes_back_waits_again_but_stays_one_case() -> None:
    rows = [
        segment(1, 1, replied=2, resolved=3, replies=1),
        segment(1, 20, number=1, case_opened=1, replied=25, resolved=26, replies=2),
    ]
    response = Setting().report(*rows).response
    assert (response.cases, response.needing_reply, response.answered, response.reopened) == (1, 2, 2, 1)
    assert response.first_response.median_seconds == 3 * 3600
    assert response.resolution == Times(1, 25 * 3600, 25 * 3600, 25 * 3600)
    assert response.replies_per_resolution == 3


def test_full_resolution_pauses_while_the_customer_is_asked() -> None:
    response = Setting().report(segment(1, 0, replied=1, resolved=10, pending_seconds=4 * 3600.0)).response
    assert response.resolution.median_seconds == 6 * 3600


def test_a_case_that_was_reopened_and_is_open_has_no_full_resolution() -> None:
    rows = [segment(1, 0, replied=1, resolved=2, replies=1), segment(1, 9, number=1, case_opened=0)]
    response = Setting().report(*rows).response
    assert response.resolution == NEVER
    assert response.replies_per_resolution is None


def test_earlier_segments_of_a_case_serve_its_full_resolution_only() -> None:
    rows = [
        segment(1, -50, replied=-49, resolved=-40, pending_seconds=3600.0, replies=2),
        segment(1, 10, number=1, case_opened=-50, replied=11, resolved=20, pending_seconds=7200.0, replies=1),
        segment(2, -30, replied=-1, resolved=-1),
    ]
    response = Setting().report(*rows).response
    assert (response.cases, response.needing_reply, response.reopened) == (1, 1, 1)
    assert response.first_response.median_seconds == 3600
    assert response.resolution.median_seconds == (70 - 3) * 3600
    assert response.replies_per_resolution == 3


def test_the_period_holds_its_beginning_and_not_its_end() -> None:
    week = 7 * 24
    rows = [segment(1, 0), segment(2, -0.001), segment(3, week), segment(4, week - 0.001)]
    assert Setting().report(*rows).response.cases == 2
    from_the_beginning = Setting(period=replace(WEEK, since=None))
    assert from_the_beginning.report(*rows).response.cases == 3


def test_the_state_is_judged_at_the_end_of_the_period() -> None:
    week = 7 * 24
    rows = [
        segment(1, 1, replied=week + 1, resolved=week + 2),
        segment(2, 1, replied=week, resolved=week),
        segment(3, 1, replied=2, resolved=week + 1),
        segment(2, week + 5, number=1, case_opened=1),
    ]
    report = Setting().report(*rows)
    assert report.as_of == WEEK.until
    assert (report.response.answered, report.response.resolution.count) == (2, 1)
    assert report.response.reopened == 0


def test_a_period_that_is_not_over_is_judged_now() -> None:
    now = MONDAY + timedelta(hours=5)
    report = Setting(now=now).report(segment(1, 1, replied=6), segment(2, 2, replied=3), segment(3, 6))
    assert report.as_of == now
    assert (report.response.cases, report.response.answered) == (2, 1)


def test_sla_met_breached_overdue_running_and_without_a_promise() -> None:
    now = MONDAY + timedelta(hours=10)
    rows = [
        segment(1, 1, replied=2),  # exactly in time
        segment(2, 1, replied=2.001),
        segment(3, 1),  # overdue
        segment(4, 9.5),  # running
        segment(5, 1, urgency="whenever"),
        segment(6, 1, needs_reply=False),
        segment(7, 1, resolved=1.5),  # closed in time without an answer: no promise kept, none broken
        segment(8, 1, resolved=5),  # closed too late
        segment(9, 9.5, resolved=12),  # closed after now: still running
    ]
    setting = Setting(now=now, target=lambda row: None if row.urgency == "whenever" else 3600.0)
    sla = setting.report(*rows).response.sla
    assert (sla.met, sla.breached, sla.running, sla.rate) == (1, 3, 2, 0.25)


def test_the_sla_clock_of_an_emergency_ignores_business_hours() -> None:
    rows = [segment(1, 20, replied=33.5), segment(2, 20, replied=33.5, urgency="emergency")]
    setting = Setting(hours=NINE_TO_FIVE, business=lambda row: row.urgency != "emergency")
    sla = setting.report(*rows).response.sla
    assert (sla.met, sla.breached) == (1, 1)


def test_unanswered_complaints_are_those_that_need_a_reply() -> None:
    rows = [
        segment(1, 1),
        segment(2, 1, replied=2),
        segment(3, 1, needs_reply=False),
        segment(4, 1, intent="question"),
    ]
    response = Setting().report(*rows).response
    assert (response.unanswered_complaints, response.complaints) == (1, 2)


def test_benchmarks_stand_beside_our_own_figures() -> None:
    report = Setting().report(segment(1, 1), segment(2, 1, replied=1.5), segment(3, 1), segment(4, 1))
    by_name = {each.name: each for each in report.benchmarks}
    unanswered = by_name["complaints on Twitter left unanswered"]
    assert (unanswered.value, unanswered.ours) == (0.70, 0.75)
    assert by_name["complaints answered"].ours == about(0.25)
    assert by_name["unanswered who wanted an answer"].ours is None
    assert by_name["promise of a first answer within"].ours == 1800
    assert all("2011" in each.source or "no year" in each.source for each in report.benchmarks)
    assert [each.ours for each in Setting().report().benchmarks] == [None] * 4


def test_service_figures_count_over_all_inbound_mentions() -> None:
    moods = {"positive": 2, "neutral": 3, "negative": 5}
    counts = replace(NOTHING_SAID, total=14, inbound=10, outbound=4, by_sentiment=moods, service=6)
    service = Setting(counts=counts).report().service
    assert (service.net_sentiment, service.share_of_service_mentions) == (about(-0.3), 0.6)


def test_distributions_come_highest_first_then_by_name() -> None:
    counts = replace(
        NOTHING_SAID, by_topic={"b": 1, "z": 5, "a": 1}, by_day=[("2026-11-03", 1, 0), ("2026-11-02", 2, 1)]
    )
    mentions = Setting(counts=counts).report().mentions
    assert list(mentions.by_topic) == ["z", "a", "b"]
    assert [day.day for day in mentions.by_day] == ["2026-11-02", "2026-11-03"]


def test_clocks_that_disagree_never_give_a_negative_duration() -> None:
    response = Setting().report(segment(1, 5, replied=4.9, resolved=4.95)).response
    assert response.first_response.median_seconds == response.resolution.median_seconds == 0


# --- against a second, naive writing ------------------------------------------------------------------------

HOUR = timedelta(hours=1)
QUARTERS = st.integers(-200, 1000)


@st.composite
def a_case(draw: st.DrawFn, case: int) -> list[SegmentRow]:
    """A case of one to three segments on a grid of quarters of an hour, as a life's fold would give them."""
    at = start = draw(QUARTERS)
    rows = []
    for number in range(draw(st.integers(1, 3))):
        wait, work = draw(st.integers(0, 120)), draw(st.integers(0, 200))
        answered, resolved = draw(st.booleans()), draw(st.booleans())
        rows.append(
            segment(
                case,
                at / 4,
                number=number,
                case_opened=start / 4,
                replied=(at + wait) / 4 if answered else None,
                resolved=(at + wait + work) / 4 if resolved else None,
                needs_reply=draw(st.booleans()),
                pending_seconds=float(draw(st.integers(0, work)) * 900) if resolved else 0.0,
                replies=draw(st.integers(int(answered), 4)),
                intent=draw(st.sampled_from(["complaint", "question", "praise"])),
                urgency=draw(st.sampled_from(["emergency", "today", "whenever"])),
            )
        )
        if not resolved:
            break
        at += wait + work + draw(st.integers(1, 100))
    return rows


@st.composite
def some_rows(draw: st.DrawFn) -> list[SegmentRow]:
    cases = [draw(a_case(number)) for number in range(draw(st.integers(0, 8)))]
    return [row for case in cases for row in case]


TARGETS = {"emergency": 900.0, "today": 4 * 3600.0, "whenever": None}


class Stretch:
    """A segment with its times as times."""

    def __init__(self, row: SegmentRow) -> None:
        self.row = row
        self.opened, self.case_opened = moment(row.opened_at), moment(began(row))
        self.replied = None if row.first_reply_at is None else moment(row.first_reply_at)
        self.resolved = None if row.resolved_at is None else moment(row.resolved_at)


def naive(rows: list[SegmentRow], setting: Setting) -> dict[str, object]:
    """The definitions of METRICS, word by word and slowly."""
    period = setting.period
    instant = min(setting.now, period.until)
    cases: dict[int, list[Stretch]] = {}
    for one in map(Stretch, rows):
        if one.opened <= instant and one.opened != period.until:
            cases.setdefault(one.row.case, []).append(one)
    here = [one for case in cases.values() for one in case if period.since is None or not one.opened < period.since]
    asked = [one for one in here if one.row.needs_reply]
    replied = [one for one in asked if one.replied and not one.replied > instant]
    waits = [(one.replied - one.opened) / timedelta(seconds=1) for one in replied if one.replied]
    business = [business_seconds(one.opened, one.replied, setting.hours) for one in replied if one.replied]
    firsts, resolutions, touches = [], [], 0
    for case in {one.row.case for one in here}:
        stretches = sorted(cases[case], key=lambda one: one.opened)
        first, end = stretches[0].resolved, stretches[-1].resolved
        if first is not None and not first > instant:
            firsts.append((first - stretches[0].opened) / timedelta(seconds=1) - stretches[0].row.pending_seconds)
        if end is not None and not end > instant:
            total = (end - stretches[0].case_opened) / timedelta(seconds=1)
            resolutions.append(total - sum(one.row.pending_seconds for one in stretches))
            touches += sum(one.row.replies for one in stretches)
    states = [sla_state(one, instant, setting) for one in asked]
    return {
        "cases": len({one.row.case for one in here}),
        "needing_reply": len(asked),
        "answered": len(replied),
        "unanswered_complaints": len([one for one in asked if one.row.intent == "complaint" and one not in replied]),
        "reopened": len({one.row.case for one in here if one.opened != one.case_opened}),
        "first_response": spread(waits),
        "first_response_business": spread(business),
        "first_resolution": spread(firsts),
        "resolution": spread(resolutions),
        "sla": tuple(states.count(state) for state in ("met", "breached", "running")),
        "touches": touches / len(resolutions) if resolutions else None,
    }


def sla_state(one: Stretch, instant: datetime, setting: Setting) -> str:
    target = TARGETS[one.row.urgency]
    if target is None:
        return "none"
    reply = one.replied if one.replied and one.replied <= instant else None
    closed = one.resolved if one.resolved and one.resolved <= instant else None
    end = reply or closed or instant
    if one.row.urgency == "emergency":
        late = (end - one.opened).total_seconds() > target
    else:  # the hours that are over are over: the same business time a night later is late
        late = end > add_business_seconds(one.opened, target, setting.hours)
    if late:
        return "breached"
    return "met" if reply else "none" if closed else "running"


def spread(values: list[float]) -> tuple[int, float | None, float | None, float | None]:
    if not values:
        return 0, None, None, None
    p90 = statistics.quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0]
    return len(values), statistics.median(values), p90, statistics.mean(values)


def computed(report: Report) -> dict[str, object]:
    response = report.response

    def flat(times: Times) -> object:
        numbers = (times.count, times.median_seconds, times.p90_seconds, times.mean_seconds)
        return tuple(None if number is None else about(number) for number in numbers)

    return {
        "cases": response.cases,
        "needing_reply": response.needing_reply,
        "answered": response.answered,
        "unanswered_complaints": response.unanswered_complaints,
        "reopened": response.reopened,
        "first_response": flat(response.first_response),
        "first_response_business": flat(response.first_response_business),
        "first_resolution": flat(response.first_resolution),
        "resolution": flat(response.resolution),
        "sla": (response.sla.met, response.sla.breached, response.sla.running),
        "touches": response.replies_per_resolution,
    }


@settings(max_examples=60)
@given(
    some_rows(),
    st.one_of(st.none(), st.integers(-100, 300)),
    st.integers(301, 900),
    st.integers(-50, 1000),
    st.randoms(use_true_random=False),
)
def test_figures_equal_a_naive_writing_of_the_definitions(
    rows: list[SegmentRow], since: int | None, until: int, now: int, shuffle: random.Random
) -> None:
    period = Period(None if since is None else MONDAY + since / 4 * HOUR, MONDAY + until / 4 * HOUR)
    setting = Setting(
        period,
        MONDAY + now / 4 * HOUR,
        NINE_TO_FIVE,
        target=lambda row: TARGETS[row.urgency],
        business=lambda row: row.urgency != "emergency",
    )
    expected = naive(rows, setting)
    shuffle.shuffle(rows)
    assert computed(setting.report(*rows)) == expected
