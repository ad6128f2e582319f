"""The outbox's state machine: a reply goes out at most once, whatever crashes in between.

    approved ──begin──▶ sending ──sent──▶ sent
        ▲                 │ ├──refused──▶ failed ──retry──▶ approved
        │◀───postponed────┘ └──lost, crashed──▶ unsure ──found──▶ sent
        └────────────────absent────────────────────┘ └─unknown─▶ unsure
    approved, failed, unsure ──cancel──▶ cancelled

`sending` is committed before the network is touched. Only an explicit "nothing was done" leads back from it; every
other end of a call is `unsure`, and only a platform's `find`, or a person, leads out of that.
"""

from __future__ import annotations

from typing import Literal, get_args

from carecli.errors import AuthError, Conflict, NotProcessed, RateLimited
from carecli.model import ReplyStatus

Happening = Literal[
    "begin",  # a sender takes the reply
    "sent",  # the platform confirmed it
    "postponed",  # surely not sent, may be tried again as it is: asked to wait, not signed in
    "refused",  # surely not sent, and the platform says why: a person decides
    "lost",  # the call ended and nobody knows how
    "crashed",  # found in `sending` with nobody at work on it
    "found",  # `find`, or a person: it is out
    "absent",  # `find`, or a person: it surely is not
    "unknown",  # `find` cannot tell
    "retry",
    "cancel",
]
HAPPENINGS: tuple[Happening, ...] = get_args(Happening)

_STEPS: dict[tuple[ReplyStatus, Happening], ReplyStatus] = {
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


def step(status: ReplyStatus, happening: Happening) -> ReplyStatus:
    """The status after `happening`; raises Conflict where it cannot happen in `status`."""
    after = _STEPS.get((status, happening))
    if after is None:
        possible = ", ".join(what for (state, what) in _STEPS if state == status) or "nothing more"
        raise Conflict(f"The reply is {status}: {happening} is not possible.", hint=f"Possible now: {possible}.")
    return after


def outcome(error: Exception) -> Happening:
    """What an error of `Poster.post` says of the reply that was being sent."""
    if isinstance(error, RateLimited | AuthError):
        return "postponed"
    return "refused" if isinstance(error, NotProcessed) else "lost"


def after_error(error: Exception) -> ReplyStatus:
    """The status of a reply whose sending ended in `error`: approved, failed, or unsure."""
    return step("sending", outcome(error))
