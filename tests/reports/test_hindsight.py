"""Figures on real stores made from random event logs: equal to a second writing, the same whenever they are asked.

`logs.figures` is that second writing: plain Python over lists of what happened.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from carecli import report
from carecli.config import Config
from carecli.reporting.parts import next_responses
from carecli.reports.figures import times
from carecli.reports.model import Report, Times, as_json
from carecli.store import Store
from tests.reports.logs import BEGIN, CONFIG, END, Counts, Step, figures, logs, stored

PERIODS = st.tuples(st.integers(0, 120), st.integers(1, 180)).map(
    lambda given: (BEGIN + timedelta(hours=given[0]), BEGIN + timedelta(hours=given[0] + given[1]))
)
Span = tuple[datetime, datetime]


def hour(number: float) -> datetime:
    return BEGIN + timedelta(hours=number)


@contextmanager
def store_of(steps: Sequence[Step]) -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="care-log-") as name:
        store = stored(Path(name) / "care.db", steps)
        try:
            yield store
        finally:
            store.close()


def summary(store: Store, span: Span, now: datetime) -> Report:
    return report.summary(store, CONFIG, since=span[0], until=span[1], now=now)


def computed(store: Store, span: Span) -> dict[str, object]:
    """The figures of a report that is made long after the period."""
    found = summary(store, span, END)
    response = found.response
    later = times([each[2] for each in next_responses(store, *(moment.isoformat()[:19] + "Z" for moment in span))])

    def flat(each: Times) -> object:
        numbers = (each.count, each.median_seconds, each.p90_seconds, each.mean_seconds)
        return tuple(None if number is None else pytest.approx(number) for number in numbers)

    plain = ("cases", "needing_reply", "answered", "unanswered_complaints", "reopened", "resolved_cases",
             "reopen_rate", "replies_per_resolution", "backlog_open")  # fmt: skip
    spreads = ("first_response", "first_response_business", "first_resolution", "resolution")
    return {
        **{name: getattr(response, name) for name in plain},
        **{name: flat(getattr(response, name)) for name in spreads},
        "sla": (response.sla.met, response.sla.breached, response.sla.running),
        "next_response": flat(later),
        "targets": kept(store, span),
        "promises": promises(store, span),
        "said": found.mentions.inbound,
    }


def kept(store: Store, span: Span, config: Config = CONFIG) -> Counts:
    """The part `sla`, by policy and over all."""
    found = report.part(store, config, "sla", since=span[0], until=span[1], now=END).document["sla"]
    return {
        (each["clock"], each["group"]): (each["met"], each["breached"], each["running"], each["closed"])
        for each in found
        if each["by"] != "urgency"
    }


def promises(store: Store, span: Span) -> tuple[object, ...]:
    """The first line of the part `promises`: everybody's."""
    found = report.part(store, CONFIG, "promises", since=span[0], until=span[1], now=END).document["promises"][0]
    return tuple(found[key] for key in ("made", "kept", "broken", "open", "median_late_seconds"))


AFTER_THE_RESOLUTION = [
    Step(hour(1), 0, "ask"),
    Step(hour(2), 0, "resolved"),
    Step(hour(3), 0, "answer"),
    Step(hour(9), 0, "ask"),
]
UNDONE = [
    Step(hour(1), 0, "ask"),
    Step(hour(2), 0, "resolved"),
    Step(hour(3), 0, "ask"),
    Step(hour(30), 0, "undo", undoes=1),
]

KEPT_TWICE = [
    Step(hour(1), 0, "ask"),
    Step(hour(2), 0, "answer", promises=True),
    Step(hour(3), 0, "word", undoes=1),
    Step(hour(20), 0, "word", undoes=1),
]
RESOLVED_IN_VAIN = [
    Step(hour(1), 0, "ask"),
    Step(hour(2), 0, "answer", promises=True),
    Step(hour(3), 0, "resolved"),
    Step(hour(5), 0, "undo", undoes=2),
    Step(hour(6), 0, "answer"),
]


@settings(max_examples=40)
@example(KEPT_TWICE, (hour(0), hour(10)))
@example(RESOLVED_IN_VAIN, (hour(0), hour(4)))
@example(RESOLVED_IN_VAIN, (hour(0), hour(10)))
@example(AFTER_THE_RESOLUTION, (hour(0), hour(4)))
@example(AFTER_THE_RESOLUTION, (hour(0), hour(12)))
@example(UNDONE, (hour(2.5), hour(10)))
@given(logs(), PERIODS)
def test_figures_of_a_log_equal_a_second_writing(steps: list[Step], span: Span) -> None:
    with store_of(steps) as store:
        assert computed(store, span) == figures(steps, *span)


UNRESOLVED = replace(
    CONFIG, sla=replace(CONFIG.sla, policies=[replace(p, resolution=None) for p in CONFIG.sla.policies])
)


@settings(max_examples=20)
@given(logs(), PERIODS)
def test_where_no_resolution_is_promised_the_other_clocks_are_the_same(steps: list[Step], span: Span) -> None:
    with store_of(steps) as store:
        every = kept(store, span)
        assert kept(store, span, UNRESOLVED) == {key: each for key, each in every.items() if key[0] != "resolution"}


def told(store: Store, name: str, span: Span, now: datetime) -> Any:
    """A part without the state of sources, which has no past."""
    document = report.part(store, CONFIG, name, since=span[0], until=span[1], now=now).document
    return {key: value for key, value in document.items() if key not in ("coverage", "crises")}


REOPENED_BY_HAND = [
    Step(hour(1), 0, "ask"),
    Step(hour(2), 0, "resolved"),
    Step(hour(3), 0, "reopened"),
    Step(hour(5), 0, "ask"),
]
ANSWERED_LATER = [
    Step(hour(1), 1, "ask", intent="question"),
    Step(hour(18), 1, "chat", intent="question"),
    Step(hour(27), 1, "answer", intent="question"),
]


@settings(max_examples=20)
@example(REOPENED_BY_HAND, (hour(0), hour(4)))
@example(ANSWERED_LATER, (hour(0), hour(26)))
@example(KEPT_TWICE, (hour(0), hour(10)))
@example(RESOLVED_IN_VAIN, (hour(0), hour(4)))
@example(AFTER_THE_RESOLUTION, (hour(0), hour(2.5)))
@example(UNDONE, (hour(2.5), hour(10)))
@given(logs(), PERIODS)
def test_a_report_of_a_past_period_is_the_same_whenever_it_is_made(steps: list[Step], span: Span) -> None:
    until = span[1]
    cut = [step for step in steps if step.at <= until]
    if not cut:
        return
    names = ("summary", "response", "backlog", "unanswered", "agents", "questions", "fairness", "sla", "promises")
    with store_of(cut) as then:
        expected = {name: told(then, name, span, until) for name in names}
        whole = replace(summary(then, span, until), coverage=())
    with store_of(steps) as later:
        assert {name: told(later, name, span, END) for name in names} == expected
        assert as_json(replace(summary(later, span, END), coverage=()), whole=True) == as_json(whole, whole=True)
