"""What campaigns came to: actions, outcomes, reach, and what changed against an equal period before.

The figures follow the Da Grasso case (METRICS: campaign): actions done, reach, mention lift, share of positive among
campaign mentions, category lift, interaction lift. A lift is now ÷ before − 1, unknown (None) without anything before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from carecli.reports import tables
from carecli.reports.parts import Frame, assemble
from carecli.reports.stats import wilson
from carecli.reports.tables import Part, Row, Section

NOTE = (
    "A lift compares with the same length of time just before; it is no proof of what caused it. Reach is what the "
    "platforms say of followers, of those who wrote about it: nobody knows who read anything."
)
OUTCOMES = "Answered, thanked, complained and ignored follow from the conversation; the others were recorded by hand."


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person after we wrote to them."""

    positive: bool
    thanks: bool
    complains: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One opportunity and what became of it.

    `state`: skipped, proposed, rejected, queued or done. `recorded`: outcomes that a person wrote down. `quiet`: it is
    so long ago that silence is an answer. `in_time`: None where it was not fulfilled or had no time to keep.
    """

    state: str
    followers: int | None = None
    said: Sequence[Said] = ()
    recorded: Collection[str] = ()
    quiet: bool = False
    in_time: bool | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """A count in the campaign's time and in the equal time before; None where nothing can be known."""

    now: int | None
    before: int | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class Reach:
    """The authors of campaign mentions, and the followers that platforms report for `known` of them."""

    authors: int
    known: int
    followers: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one campaign; `since` None: it has not begun."""

    campaign: str
    since: datetime | None
    until: datetime
    proposed: int
    skipped: int
    rejected: int
    queued: int
    done: int
    fulfilled: int
    in_time: int
    answered: int
    thanked: int
    converted: int
    complained: int
    ignored: int
    reach: Reach
    mentions: int
    positive: int
    share_of_positive: float | None
    share_low: float | None
    share_high: float | None
    mention_lift: Lift
    category_lift: Lift
    interaction_lift: Lift


def outcomes(action: Action) -> set[str]:
    """What came of a message: what can be computed, and what was recorded."""
    found = set(action.recorded)
    if action.state != "done":
        return found
    if action.said:
        found.add("answered")
        found |= {"thanked"} if any(one.thanks for one in action.said) else set()
        found |= {"complained"} if any(one.complains for one in action.said) else set()
    elif action.quiet and not found - {"fulfilled", "ignored"}:
        found.add("ignored")
    if found & {"answered", "thanked", "converted", "complained"}:
        found.discard("ignored")
    return found


def lift(now: int | None, before: int | None) -> Lift:
    """now ÷ before − 1; unknown where there was nothing before."""
    return Lift(now, before, now / before - 1 if now is not None and before else None)


def measured(
    campaign: str,
    period: tuple[datetime | None, datetime],
    actions: Sequence[Action],
    *,
    mentions: Lift,
    category: Lift,
    interactions: Lift,
) -> Measured:
    """The figures of a campaign over [since, until)."""
    came = Counter(outcome for action in actions for outcome in outcomes(action))
    states = Counter(action.state for action in actions)
    done = [action for action in actions if action.state == "done"]
    about = [one for action in done for one in action.said]
    positive = sum(one.positive for one in about)
    low, high = wilson(positive, len(about)) if about else (None, None)
    return Measured(
        campaign,
        *period,
        proposed=len(actions) - states["skipped"],
        skipped=states["skipped"],
        rejected=states["rejected"],
        queued=states["queued"],
        done=len(done),
        fulfilled=came["fulfilled"],
        in_time=sum(action.in_time is True for action in actions),
        answered=came["answered"],
        thanked=came["thanked"],
        converted=came["converted"],
        complained=came["complained"],
        ignored=came["ignored"],
        reach=_reach(done),
        mentions=len(about),
        positive=positive,
        share_of_positive=positive / len(about) if about else None,
        share_low=low,
        share_high=high,
        mention_lift=mentions,
        category_lift=category,
        interaction_lift=interactions,
    )


def _reach(done: Sequence[Action]) -> Reach:
    heard = [action.followers for action in done if action.said]
    known = [followers for followers in heard if followers is not None]
    return Reach(len(heard), len(known), sum(known) if known else None)


def campaigns_part(frame: Frame, found: Sequence[Measured]) -> Part:
    """Campaigns side by side."""
    return assemble(frame, "campaigns", "Campaigns", tuple(found), (_actions(found), _effects(found)))


def _actions(found: Sequence[Measured]) -> Section:
    names = ("proposed", "done", "fulfilled", "answered", "thanked", "converted", "complained", "ignored", "skipped")
    rows = tuple(
        Row(tables.name(one.campaign), tuple(tables.count(getattr(one, name), "actions") for name in names))
        for one in found
    )
    notes = (OUTCOMES,) if rows else ("No campaign is defined in care.toml.",)
    return Section("campaigns", "What was done", ("campaign", *names), rows, notes, counted=None)


def _effects(found: Sequence[Measured]) -> Section:
    rows = tuple(
        Row(
            tables.name(one.campaign),
            (
                tables.share(one.share_of_positive),
                tables.ratio(one.reach.followers, "followers", 0),
                tables.share(one.mention_lift.lift),
                tables.share(one.category_lift.lift),
                tables.share(one.interaction_lift.lift),
            ),
            one.mentions,
        )
        for one in found
    )
    columns = ("campaign", "positive", "followers", "mention lift", "category lift", "interaction lift")
    return Section("campaign-effects", "What it brought", columns, rows, (NOTE,), counted="mentions")
