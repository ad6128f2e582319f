"""The outbox: never twice, whatever crashes; and every legal step, no other."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from carecli.errors import (
    AuthError,
    BadAnswer,
    CareError,
    Conflict,
    NotProcessed,
    PlatformError,
    RateLimited,
    Unreachable,
)
from carecli.model import ReplyStatus
from carecli.replies.outbox import HAPPENINGS, after_error, outcome, step

LEGAL = {
    ("approved", "begin"): "sending",
    ("approved", "cancel"): "cancelled",
    ("sending", "sent"): "sent",
    ("sending", "postponed"): "approved",
    ("sending", "refused"): "failed",
    ("sending", "lost"): "unsure",
    ("sending", "crashed"): "unsure",
    ("unsure", "found"): "sent",
    ("unsure", "absent"): "approved",
    ("unsure", "unknown"): "unsure",
    ("unsure", "cancel"): "cancelled",
    ("failed", "retry"): "approved",
    ("failed", "cancel"): "cancelled",
}


def test_every_step_is_the_legal_one_or_a_conflict() -> None:
    for status in get_args(ReplyStatus):
        for happening in HAPPENINGS:
            if (status, happening) in LEGAL:
                assert step(status, happening) == LEGAL[status, happening]
            else:
                with pytest.raises(Conflict, match=f"The reply is {status}: {happening} is not possible"):
                    step(status, happening)


def test_a_conflict_says_what_is_possible() -> None:
    with pytest.raises(Conflict) as sent:
        step("sent", "begin")
    with pytest.raises(Conflict) as failed:
        step("failed", "begin")
    assert sent.value.hint == "Possible now: nothing more."
    assert failed.value.hint == "Possible now: retry, cancel."


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotProcessed("the text is too long"), "failed"),
        (RateLimited("wait", retry_after=3.0), "approved"),
        (AuthError("no token"), "approved"),
        (Unreachable("timeout"), "unsure"),
        (BadAnswer("html"), "unsure"),
        (PlatformError("500", status=500), "unsure"),
        (CareError("what?"), "unsure"),
        (KeyError("id"), "unsure"),
        (TimeoutError(), "unsure"),
    ],
)
def test_only_an_explicit_answer_means_surely_not_sent(error: Exception, status: ReplyStatus) -> None:
    assert after_error(error) == status


class Sending(RuleBasedStateMachine):
    """A sender, a platform with a memory of what arrived, and crashes at every point between them."""

    def __init__(self) -> None:
        super().__init__()
        self.status: ReplyStatus = "approved"
        self.delivered = 0
        self.claimed_sent = False
        self.calls = 0

    @precondition(lambda self: self.status == "approved")
    @rule()
    def take(self) -> None:
        self.status = step(self.status, "begin")
        self.calls += 1

    @precondition(lambda self: self.status == "sending")
    @rule(arrives=st.booleans(), answer=st.sampled_from(["ok", "lost", "crash before the answer"]))
    def call(self, *, arrives: bool, answer: str) -> None:
        """The call reaches the platform or not; the answer reaches us only when it did."""
        self.delivered += arrives
        if answer == "ok" and arrives:
            self.status = step(self.status, "sent")
        elif answer == "lost":
            self.status = step(self.status, outcome(Unreachable("reset")))
        else:
            self.status = step(self.status, "crashed")

    @precondition(lambda self: self.status == "sending")
    @rule(error=st.sampled_from([NotProcessed("no"), RateLimited("later"), AuthError("who?")]))
    def refuse(self, error: Exception) -> None:
        """The platform says explicitly that it did nothing."""
        self.status = after_error(error)

    @precondition(lambda self: self.status == "sending")
    @rule()
    def crash_before_the_call(self) -> None:
        self.status = step(self.status, "crashed")

    @precondition(lambda self: self.status == "unsure")
    @rule(answers=st.booleans())
    def find(self, *, answers: bool) -> None:
        if answers:
            self.status = step(self.status, "found" if self.delivered else "absent")
        else:
            self.status = step(self.status, "unknown")

    @rule(happening=st.sampled_from(["retry", "cancel", "begin"]))
    def meddle(self, happening: str) -> None:
        """A person, or a second sender, tries something at any time."""
        if happening == "begin" and self.status == "approved":
            return
        try:
            self.status = step(self.status, happening)  # type: ignore[arg-type]
        except Conflict:
            return
        assert happening != "begin"

    @invariant()
    def never_twice(self) -> None:
        assert self.delivered <= 1

    @invariant()
    def sent_is_true(self) -> None:
        assert self.status != "sent" or self.delivered == 1

    @invariant()
    def nothing_waits_to_be_sent_that_is_out(self) -> None:
        assert self.status not in ("approved", "failed") or self.delivered == 0


Sending.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestSending = Sending.TestCase
