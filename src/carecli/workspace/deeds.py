"""What a person does to cases from a seat, one call each: `care triage` in both its forms does nothing else.

Every action returns a `Deed` that says what was done and what undoes it; errors come as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from carecli.errors import CareError, Refused, UsageError
from carecli.hours import show_moment
from carecli.model import INTENTS, SENTIMENTS, iso
from carecli.store import cases, unsent
from carecli.store.unsent import Unsent
from carecli.text import counted
from carecli.workspace.seat import Seat


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done: for people, to which cases, and the events that undoing it takes back, the last one first.

    `thrown_away` is a half-written reply that undoing brings back; a deed that is `out` is one that nobody can undo.
    """

    words: str
    cases: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    failed: str | None = None
    thrown_away: Unsent | None = None
    out: bool = False


def claim(seat: Seat, numbers: Sequence[int]) -> Deed:
    """Take cases; those that somebody else has are named."""
    from carecli import act

    def one(case: int) -> None:
        act.claim(seat.store, case, agent=seat.agent, now=seat.now, config=seat.config)

    return _each(seat, numbers, "claimed", one, "is yours", "are yours")


def assign(seat: Seat, numbers: Sequence[int], name: str) -> Deed:
    """Give cases to somebody, "" to nobody."""
    whose = f"{name or 'nobody'}'s now"
    return _record(seat, numbers, "assigned", f"is {whose}", f"are {whose}", assignee=name or None)


def escalate(seat: Seat, numbers: Sequence[int], name: str, because: str) -> Deed:
    """Hand cases on to a named person or team; the reason is a note for them. Raises UsageError."""
    from carecli import act
    from carecli.casework import escalation

    who = escalation.known(seat.config, name)
    because = " ".join(because.split())
    if not because:
        raise UsageError("an escalation needs a reason", hint=f"write what {who} has to know")

    def one(case: int) -> None:
        act.record(seat.store, case, "assigned", now=seat.now, agent=seat.agent, data={"assignee": who})
        note = {"text": f"Escalated to {who}: {because}"}
        act.record(seat.store, case, "noted", now=seat.now, agent=seat.agent, data=note)

    return _each(seat, numbers, ("assigned", "noted"), one, f"is escalated to {who}", f"are escalated to {who}")


def resolve(seat: Seat, numbers: Sequence[int]) -> Deed:
    """The customers' problems are solved."""
    return _record(seat, numbers, "resolved", "resolved")


def pending(seat: Seat, numbers: Sequence[int]) -> Deed:
    """It is the customers' turn."""
    return _record(seat, numbers, "pending", "pending")


def reopen(seat: Seat, numbers: Sequence[int]) -> Deed:
    """Not solved after all."""
    return _record(seat, numbers, "reopened", "reopened")


def snooze(seat: Seat, numbers: Sequence[int], until: str) -> Deed:
    """Hide cases until then, in words such as `2h`, `tomorrow 9:00`. Raises UsageError."""
    moment = seat.moment(until)
    shown = show_moment(moment, seat.config.brand.timezone)
    return _record(seat, numbers, "snoozed", f"snoozed until {shown}", until=iso(moment))


def note(seat: Seat, numbers: Sequence[int], text: str) -> Deed:
    """A note for colleagues."""
    return _record(seat, numbers, "noted", "noted", text=text)


def tag(seat: Seat, numbers: Sequence[int], words: str) -> Deed:
    """Put tags on, and those with a minus before them off. Raises UsageError."""
    tags = words.split()
    data: dict[str, Any] = {
        "add": [tag for tag in tags if not tag.startswith("-")],
        "remove": [tag[1:] for tag in tags if tag.startswith("-") and len(tag) > 1],
    }
    if not any(data.values()):
        raise UsageError("no tag was given", hint="write words, parted by spaces; -word takes a tag off")
    return _record(seat, numbers, "tagged", "tagged", **{name: value for name, value in data.items() if value})


def label(seat: Seat, numbers: Sequence[int], signals: dict[str, Any]) -> Deed:
    """Correct what the engine says of each case's newest message of a customer."""
    _check_signals(signals)
    told = ", ".join(f"{name} {'are' if name == 'topics' else 'is'} {_told(value)}" for name, value in signals.items())

    def one(case: int) -> None:
        _label(seat, cases.get(seat.store, case)["latest_mention_id"], signals)

    return _each(seat, numbers, "labelled", one, f"labelled: {told}")


def spam(seat: Seat, numbers: Sequence[int]) -> Deed:
    """Every message of these cases that is a customer's is spam."""

    def one(case: int) -> None:
        for mention in seat.file(case).mentions:
            if mention["inbound"] and mention["intent"] != "spam":
                _label(seat, mention["mention_id"], {"intent": "spam"})

    return _each(seat, numbers, "labelled", one, "is spam", "are spam")


def _label(seat: Seat, mention: int, signals: dict[str, Any]) -> None:
    from carecli import act

    act.label(seat.store, seat.config, mention, signals, now=seat.now, agent=seat.agent)


def undo(seat: Seat, deed: Deed) -> Deed:
    """Take back what `deed` did, the newest event first. Raises Refused for a reply that is out, Conflict."""
    from carecli import act

    if deed.out:
        raise Refused(f"{deed.words}: what is out stays out", hint="undo again takes back what you did before it")
    if deed.thrown_away is not None:
        unsent.save(seat.store, deed.thrown_away, now=seat.now)
    for number in reversed(deed.events):
        act.undo(seat.store, seat.config, number, now=seat.now, agent=seat.agent)
    return Deed(f"undone: {deed.words}", deed.cases)


def undo_last(seat: Seat, case: int) -> Deed:
    """Take back what this agent did last to a case, in whatever session. Raises NotFound."""
    from carecli import act
    from carecli.casework import undoing

    row, event = act.undo(
        seat.store, seat.config, undoing.last(seat.store, case, seat.agent), now=seat.now, agent=seat.agent
    )
    return Deed(f"undone: '{event.kind}' of case {row['case_id']}", (row["case_id"],))


def _record(seat: Seat, numbers: Sequence[int], kind: str, words: str, many: str | None = None, **data: Any) -> Deed:
    from carecli import act

    def one(case: int) -> None:
        act.record(seat.store, case, kind, now=seat.now, agent=seat.agent, data=data)

    return _each(seat, numbers, kind, one, words, many)


def _each(
    seat: Seat,
    numbers: Sequence[int],
    kinds: str | tuple[str, ...],
    one: Callable[[int], None],
    words: str,
    many: str | None = None,
) -> Deed:
    """Do it to each case; one that fails stops none of the others, and raises when it is alone."""
    wanted = (kinds,) if isinstance(kinds, str) else kinds
    done, written, failures = list[int](), list[int](), list[CareError]()
    for case in numbers:
        try:
            before = seat.written(case, *wanted)
            one(case)
        except CareError as error:
            failures.append(error)
            continue
        done.append(case)
        written += sorted(seat.written(case, *wanted) - before)
    if failures and not done:
        raise failures[0]
    failed = "; ".join(error.message for error in failures) or None
    return Deed(f"{_named(done)} {words if len(done) < 2 else many or words}", tuple(done), tuple(written), failed)


def fetch(seat: Seat) -> Deed:
    """Pull what is new from every source."""
    from carecli import act, listen

    outcomes = listen.fetch(seat.store, seat.config, now=seat.now)
    act.triage_new(seat.store, seat.config, now=seat.now)
    failed = "; ".join(f"{one.source}: {one.error}" for one in outcomes if one.error) or None
    return Deed(f"fetched {counted(sum(one.new for one in outcomes), 'new mention')}", failed=failed)


def _named(numbers: Sequence[int]) -> str:
    return f"case {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} cases"


def _told(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "none"


def _check_signals(signals: dict[str, Any]) -> None:
    for name, allowed in (("sentiment", SENTIMENTS), ("intent", INTENTS)):
        if name in signals and signals[name] not in allowed:
            raise UsageError(f"{name} {signals[name]}: one of {', '.join(allowed)}")
    language = signals.get("language", "en")
    if not re.fullmatch("[a-z]{2,3}(-[a-z0-9]{2,8})*", language):
        raise UsageError(f"'{language}' is no language code", hint="write en, he, pl, zh …")
