"""The arithmetic of a report's parts: tests by rank, new topics and words, questions in nearly the same words."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.reports import questions
from carecli.reports.fairness import Asked, fairness
from carecli.reports.period import before
from carecli.reports.reach import share_of_voice
from carecli.reports.stats import difference_p, holm
from carecli.reports.voice import TopicCount, new_words, voice


def asked(language: str, *seconds: float | None) -> list[Asked]:
    return [Asked(0.0, each, language, "mastodon", None) for each in seconds]


def exact_rank_p(one: list[float], rest: list[float]) -> float:
    """Two-sided p of the difference of rank sums over every way to deal the values out."""
    values = sorted(one + rest)
    ranks = {value: (2 * values.index(value) + values.count(value) + 1) / 2 for value in values}
    middle = len(one) * (len(values) + 1) / 2
    observed = abs(sum(ranks[value] for value in one) - middle)
    every = [
        abs(sum(ranks[values[place]] for place in places) - middle)
        for places in combinations(range(len(values)), len(one))
    ]
    return sum(each >= observed - 1e-9 for each in every) / len(every)


@settings(max_examples=40)
@given(st.permutations(range(12)), st.integers(5, 7))
def test_the_rank_test_is_near_the_exact_permutation_test(values: list[int], size: int) -> None:
    one, rest = values[:size], values[size:]
    found = fairness(asked("he", *one) + asked("en", *rest), "UTC")
    (hebrew,) = [each for each in found if each.group == "he"]
    assert hebrew.p_value is not None
    exact = exact_rank_p([float(each) for each in one], [float(each) for each in rest])
    assert hebrew.p_value == pytest.approx(min(1.0, 2 * exact), abs=0.15)  # two groups, corrected


def test_a_group_that_waits_longer_differs_and_one_that_does_not_does_not() -> None:
    quick, slow = [float(60 + n) for n in range(30)], [float(600 + n) for n in range(30)]
    unfair = fairness(asked("en", *quick) + asked("he", *slow, None), "UTC")
    assert [(one.group, one.count, one.asked, one.differs) for one in unfair] == [
        ("en", 30, 30, True),
        ("he", 30, 31, True),
    ]
    fair = fairness(asked("en", *quick) + asked("he", *quick), "UTC")
    assert [one.differs for one in fair] == [False, False]


def test_few_answers_are_shown_and_not_judged() -> None:
    found = fairness(asked("en", *range(20)) + asked("pl", 1, 2, 3), "UTC")
    assert [(one.group, one.p_value, one.differs) for one in found] == [("en", None, None), ("pl", None, None)]
    assert fairness(asked("en", 1, 2), "UTC") == ()


def test_hours_are_those_of_the_team_and_audiences_those_reported() -> None:
    noon = datetime(2026, 7, 1, 10, 30, tzinfo=UTC).timestamp()  # half past twelve in Warsaw
    rows = [
        Asked(noon, 5.0, "en", "m", 99),
        Asked(noon, 5.0, "en", "m", 100),
        Asked(noon - 3600, 5.0, "en", "m", 20_000),
    ]
    found = {(one.dimension, one.group): one.count for one in fairness(rows, "Europe/Warsaw")}
    assert found == {
        ("hour", "06:00-12:00"): 1,
        ("hour", "12:00-18:00"): 2,
        ("audience", "under 100"): 1,
        ("audience", "100 to 999"): 1,
        ("audience", "10,000 and more"): 1,
    }


def test_holm_is_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@settings(max_examples=50)
@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 8), st.integers(1, 8))
def test_small_shares_are_compared_exactly(a: int, b: int, more_a: int, more_b: int) -> None:
    n, m = a + more_a, b + more_b

    def ways(x: int) -> int:
        return math.comb(n, x) * math.comb(m, a + b - x)

    possible = [ways(x) for x in range(a + b + 1) if x <= n and 0 <= a + b - x <= m]
    exact = sum(each for each in possible if each <= ways(a)) / sum(possible)
    if min(n, m) * min(a + b, n + m - a - b) / (n + m) < 5:
        assert difference_p(a, n, b, m) == pytest.approx(exact, rel=1e-6)


def test_a_topic_grew_only_by_more_than_chance() -> None:
    now = {"app": TopicCount(40, 30, 2), "bags": TopicCount(50, 5, 20)}
    then = {"app": TopicCount(10, 5, 2), "bags": TopicCount(52, 5, 20)}
    found = voice(now, 200, then, 200, {}, None)
    assert (found.new, found.hurts, found.praised) == (("app",), ("app", "bags"), ("bags", "app"))
    assert [(one.topic, one.before, one.grew) for one in found.topics] == [("bags", 52, False), ("app", 10, True)]
    alone = voice(now, 200, None, 0, {}, None)
    assert alone.new is None
    assert {one.before for one in alone.topics} == {None}


def test_new_words_need_several_people_in_any_script() -> None:
    calm = [(f"c{n}", "the app is fine today") for n in range(40)]
    storm = [*calm[:20], *((f"s{n}", "退款 never came to me @acme https://x.example/outage") for n in range(12))]
    storm += [("one", "conspiracy conspiracy")] * 30
    found = [each.word for each in new_words(storm, calm, ["came"])]
    assert found[0] in {"退款", "never"}
    assert set(found) == {"退款", "never"}


def test_questions_in_nearly_the_same_words_are_one() -> None:
    texts = [
        "@acme when do you open on Sunday?",
        "When do you open on sunday please?",
        "@acme how do I get a refund for my ticket",
        "hey @acme when do you open on Sundays ?",
        "请问退款需要多久？",
        "请问退款需要多久",
        "the weather is nice",
    ]
    found = questions.grouped([questions.Asked(n, n, text, "en", n == 1) for n, text in enumerate(texts)])
    assert [(each.count, each.mentions) for each in found[:2]] == [(3, (0, 1, 3)), (2, (4, 5))]
    assert found[0].answered == 1
    assert sum(each.count for each in found) == len(texts)


def test_shares_of_voice_add_up_and_nothing_is_unknown() -> None:
    shares = share_of_voice({"acme": 30, "rival": 70}, ["bluesky"])
    assert [(each.name, each.share) for each in shares.names] == [("acme", 0.3), ("rival", 0.7)]
    assert [each.share for each in share_of_voice({"acme": 0, "rival": 0}, ["x"]).names] == [None, None]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-03-23", "2026-03-30", "2026-03-16"),  # the clocks change on the 29th
        ("2026-03-30", "2026-04-06", "2026-03-23"),
        ("2026-03-01", "2026-04-01", "2026-02-01"),
        ("2026-01-01", "2027-01-01", "2025-01-01"),
        ("2026-11-20", "2026-11-21", "2026-11-19"),
    ],
)
def test_the_period_before_has_as_many_days_or_months(since: str, until: str, expected: str) -> None:
    zone = ZoneInfo("Europe/Warsaw")
    start, end, first = (datetime.fromisoformat(day).replace(tzinfo=zone) for day in (since, until, expected))
    found = before(start, end, "Europe/Warsaw")
    assert found == (first, start)
