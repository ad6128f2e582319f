"""Response clocks: which target a message has, in which hours it runs, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from carecli.config import Config
from carecli.hours import Hours, add_business_seconds, parse_duration
from carecli.model import SlaState

AROUND_THE_CLOCK = Hours()


@dataclass(frozen=True, slots=True)
class Clock:
    """A response clock: its target in seconds, when it is due, where it stands; no target, no clock."""

    target_seconds: float | None = None
    due_at: datetime | None = None
    state: SlaState = "none"


def target_seconds(urgency: str, config: Config) -> float | None:
    """The first-response target for a message of this urgency; None: none is set."""
    text = config.sla.urgency.get(urgency, config.sla.first_response)
    return _seconds(text) if text else None


@cache
def _seconds(duration: str) -> float:
    return parse_duration(duration)


def hours_of(urgency: str, config: Config) -> Hours:
    """The hours in which the clock of such a message runs: an emergency's at any hour."""
    if urgency == "emergency" or not config.sla.business_hours:
        return AROUND_THE_CLOCK
    return config.team_hours


def clock(
    urgency: str,
    started: datetime,
    answered: datetime | None,
    config: Config,
    *,
    waiting: bool,
    now: datetime,
) -> Clock:
    """The clock of a message that came at `started`; `waiting`: its author still waits for the answer."""
    target = target_seconds(urgency, config)
    if target is None:
        return Clock()
    try:
        due_at = add_business_seconds(started, target, hours_of(urgency, config))
    except ValueError:  # so few hours, so long a target: it is never due
        due_at = datetime.max.replace(tzinfo=UTC, microsecond=0)
    return Clock(
        target,
        due_at,
        _state(due_at, timedelta(seconds=target * config.sla.due_soon), answered, waiting, now),
    )


def _state(due_at: datetime, soon: timedelta, answered: datetime | None, waiting: bool, now: datetime) -> SlaState:
    if answered is not None:
        return "met" if answered <= due_at else "breached"
    if not waiting:
        return "none"  # closed without an answer: no clock runs any more
    if now > due_at:
        return "breached"
    return "due" if due_at - now <= soon else "ok"
