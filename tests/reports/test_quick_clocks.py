"""The clocks of very many segments at once, against the clock of one that the queue shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from carecli import sla
from carecli.config import Config, OpeningHours, Sla, SlaPolicy
from carecli.hours import add_business_seconds, adder, business_seconds, counter
from tests.reports.logs import BEGIN, CONFIG

WEEKENDS = Config(
    hours=OpeningHours(saturday=["10:00-14:00"], sunday=["22:00-02:00"]),
    sla=Sla(
        first_response="4h",
        policies=[
            SlaPolicy(priority=50, first_response="30m"),
            SlaPolicy(intent=["praise"], first_response="2d", business_hours=False),
        ],
    ),
)
NO_PROMISE = Config(sla=Sla(first_response="", urgency={}))
MINUTES = st.integers(0, 20_000)
MESSAGES = st.tuples(
    MINUTES,
    st.sampled_from(["emergency", "today", "whenever"]),
    st.sampled_from(["complaint", "question", "praise"]),
    st.integers(0, 100),
)


@settings(max_examples=150)
@given(
    st.sampled_from([CONFIG, WEEKENDS, NO_PROMISE, Config()]),
    st.lists(MESSAGES, min_size=1, max_size=3),
    st.none() | MINUTES,
    st.none() | MINUTES,
    MINUTES,
)
def test_many_clocks_at_once_say_what_one_says(
    config: Config,
    messages: list[tuple[int, str, str, int]],
    answered: int | None,
    closed: int | None,
    now: int,
) -> None:
    last = max(now, *(message[0] for message in messages))  # nobody is told of messages that have not come

    def moment(minutes: int | None) -> datetime | None:
        return None if minutes is None or minutes > last else BEGIN + timedelta(minutes=minutes)

    def seconds(minutes: int | None) -> float | None:
        at = moment(minutes)
        return None if at is None else at.timestamp()

    messages.sort()
    one = sla.response_clock(
        [
            sla.Asked(BEGIN + timedelta(minutes=at), sla.Signs(urgency, intent, priority, "default"))
            for at, urgency, intent, priority in messages
        ],
        "first_response",
        config,
        answered=moment(answered),
        closed=moment(closed),
        now=BEGIN + timedelta(minutes=last),
    )
    begun = BEGIN.timestamp()
    quick = sla.first_responses(config)(
        [(begun + 60.0 * at, urgency, intent, priority) for at, urgency, intent, priority in messages],
        "default",
        seconds(answered),
        seconds(closed),
        begun + 60.0 * last,
    )
    policy, urgency = one.promise and one.promise.policy, one.signs and one.signs.urgency
    assert quick == ("ok" if one.state == "due" else one.state, one.target_seconds, policy, urgency)


@settings(max_examples=100)
@given(st.sampled_from([CONFIG, WEEKENDS, Config()]), MINUTES, MINUTES)
def test_many_moments_at_once_count_what_one_counts(config: Config, start: int, wait: int) -> None:
    hours = config.team_hours
    first, last = (BEGIN + timedelta(minutes=minutes) for minutes in (start, start + wait))
    assert counter(hours)(first.timestamp(), last.timestamp()) == business_seconds(first, last, hours)
    assert counter(hours)(last.timestamp(), first.timestamp()) == 0
    reached = adder(wait * 60.0, hours)(first.timestamp())
    assert reached == add_business_seconds(first, wait * 60.0, hours).timestamp()
