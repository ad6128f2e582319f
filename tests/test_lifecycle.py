"""The life of a case as a fold: what each happening does, and what holds whatever happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.cases.lifecycle import Turn, fold
from carecli.model import Event

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def asks(minutes: float) -> Turn:
    return Turn(at(minutes), inbound=True, needs_reply=True)


def chats(minutes: float) -> Turn:
    return Turn(at(minutes), inbound=True)


def answers(minutes: float, *, automatic: bool = False) -> Turn:
    return Turn(at(minutes), inbound=False, automatic=automatic)


def happens(kind: str, minutes: float, **data: object) -> Event:
    return Event(kind, at(minutes), "leo", data)


def test_a_question_waits_until_it_is_answered() -> None:
    before = fold([asks(0)], [])
    assert (before.status, before.waiting_since, before.needs_attention) == ("open", at(0), True)
    after = fold([asks(0), answers(12)], [])
    assert (after.status, after.waiting_since, after.first_reply_at) == ("pending", None, at(12))
    assert not after.needs_attention


def test_chatter_opens_a_case_that_nobody_has_to_look_at() -> None:
    life = fold([chats(0)], [])
    assert (life.status, life.needs_reply, life.needs_attention) == ("open", False, False)


def test_an_automatic_answer_is_none() -> None:
    life = fold([asks(0), answers(1, automatic=True)], [])
    assert life.first_reply_at is None
    assert life.waiting_since == at(0)


def test_waiting_counts_from_the_oldest_unanswered_message() -> None:
    assert fold([asks(0), answers(5), asks(10), asks(20)], []).waiting_since == at(10)


def test_a_later_message_reopens_a_resolved_case_with_a_new_segment() -> None:
    life = fold([asks(0), answers(5), asks(60)], [happens("resolved", 30)])
    assert (life.status, life.reopened, len(life.segments)) == ("open", 1, 2)
    assert life.segments[0].resolved_at == at(30)
    assert life.segments[1].opened_at == at(60)
    assert life.segments[1].first_reply_at is None
    assert life.resolved_at is None


def test_a_pending_case_is_open_again_when_the_customer_writes() -> None:
    assert fold([asks(0), answers(5), chats(9)], []).status == "open"


def test_the_clock_of_the_resolution_pauses_while_pending() -> None:
    life = fold([asks(0), answers(10)], [happens("resolved", 40)])
    assert life.segments[0].pending_seconds == 30 * 60


def test_snoozing_wakes_on_a_message() -> None:
    asleep = fold([asks(0)], [happens("snoozed", 5, until="2026-11-21T08:00:00Z")])
    assert (asleep.status, asleep.snoozed_until) == ("snoozed", START + timedelta(days=1))
    awake = fold([asks(0), asks(9)], [happens("snoozed", 5, until="2026-11-21T08:00:00Z")])
    assert (awake.status, awake.snoozed_until) == ("open", None)


def test_reopening_by_hand_asks_for_attention() -> None:
    life = fold([asks(0), answers(1)], [happens("resolved", 2), happens("reopened", 3)])
    assert (life.status, life.waiting_since, life.needs_attention) == ("open", at(3), True)


def test_a_broadcast_before_the_first_customer_is_no_answer() -> None:
    life = fold([answers(-10), asks(0)], [])
    assert (life.opened_at, life.first_reply_at, life.status) == (at(0), None, "open")


def test_assignee_and_tags_follow_the_log() -> None:
    log = [
        happens("claimed", 1, assignee="leo"),
        happens("tagged", 2, add=["vip", "bag"]),
        happens("tagged", 3, remove=["vip"]),
        happens("assigned", 4, assignee=None),
        happens("noted", 5, text="no effect on the state"),
    ]
    life = fold([asks(0)], log)
    assert (life.assignee, life.tags) == (None, ("bag",))


_minutes = st.integers(0, 10_000)
_turns = st.lists(
    st.builds(
        lambda m, inbound, needs: Turn(at(m), inbound=inbound, needs_reply=inbound and needs),
        _minutes,
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)
_events = st.lists(
    st.builds(
        lambda kind, m: happens(kind, m, until="2027-01-01T00:00:00Z"),
        st.sampled_from(["resolved", "reopened", "pending", "snoozed", "noted"]),
        _minutes,
    ),
    max_size=8,
)


@settings(max_examples=200)
@given(_turns, _events, st.randoms(use_true_random=False))
def test_whatever_happens(turns: list[Turn], log: list[Event], random: object) -> None:
    turns = [asks(0), *turns]
    life = fold(turns, log)
    shuffled = list(turns)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled, log).segments == life.segments  # arrival order never matters
    assert len(life.segments) == life.reopened + 1
    for earlier, later in zip(life.segments, life.segments[1:], strict=False):
        assert earlier.resolved_at is not None
        assert earlier.resolved_at <= later.opened_at
    for segment in life.segments:
        end = segment.resolved_at or at(20_000)
        assert segment.first_reply_at is None or segment.first_reply_at >= segment.opened_at
        assert 0 <= segment.pending_seconds <= (end - segment.opened_at).total_seconds()
    assert sum(s.replies for s in life.segments) <= sum(not turn.inbound for turn in turns)
    if life.status == "resolved":
        assert life.resolved_at is not None
        assert life.waiting_since is None
        assert not life.needs_attention
