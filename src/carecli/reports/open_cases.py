"""What is not done: the backlog with its ages, and those who never got an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from carecli.reports import tables
from carecli.reports.parts import Frame, assemble
from carecli.reports.tables import Part, Row, Section
from carecli.text import counted

DAY = 86400.0
AGES = (
    (DAY, "under a day"),
    (3 * DAY, "1 to 3 days"),
    (7 * DAY, "3 to 7 days"),
    (30 * DAY, "7 to 30 days"),
    (float("inf"), "30 days and more"),
)
SHOWN = 50


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that waits; `seconds` since its stretch opened, or since somebody waits in vain."""

    case: int
    opened_at: datetime
    seconds: float
    intent: str
    urgency: str
    language: str | None
    platform: str
    handle: str
    text: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Open cases at the instant: how many, by age, urgency and intent, and the oldest of them."""

    open: int
    by_age: dict[str, int]
    by_urgency: dict[str, int]
    by_intent: dict[str, int]
    oldest: tuple[OpenCase, ...]


def backlog(ages: Sequence[tuple[float, str, str]], oldest: Sequence[OpenCase]) -> Backlog:
    """`ages`: (seconds, urgency, intent) of every open case."""
    groups = Counter(next(name for most, name in AGES if seconds < most) for seconds, _, _ in ages)
    return Backlog(
        len(ages),
        {name: groups[name] for _, name in AGES},
        dict(Counter(urgency for _, urgency, _ in ages).most_common()),
        dict(Counter(intent for _, _, intent in ages).most_common()),
        tuple(oldest),
    )


def backlog_part(frame: Frame, value: Backlog) -> Part:
    """What is open, and for how long."""
    dimensions = (("age", value.by_age), ("urgency", value.by_urgency), ("intent", value.by_intent))
    found = [
        Section(
            f"backlog_{name}",
            f"Open cases by {name}",
            (name, "cases", "share"),
            tuple(
                Row(tables.name(group), (tables.count(n, "cases"), tables.part(n, value.open)), value.open)
                for group, n in counts.items()
            ),
            chart="bars",
        )
        for name, counts in dimensions
    ]
    still = f"{counted(value.open, 'case')} open to an answer or a decision."
    note = f"{still} Age counts from when the case opened or reopened."
    return assemble(
        frame, "backlog", "What is open", value, (*found, _cases("oldest", "The oldest", frame, value.oldest, note))
    )


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Customers who needed an answer and got none by the instant; `closed`: resolved without one."""

    count: int
    needing_reply: int
    complaints: int
    closed: int
    cases: tuple[OpenCase, ...]


def unanswered_part(frame: Frame, value: Unanswered) -> Part:
    """The never-answered list."""
    rows = (
        Row(
            "never answered",
            (tables.count(value.count, "segments"), tables.part(value.count, value.needing_reply)),
            value.needing_reply,
        ),
        Row(
            "complaints among them",
            (tables.count(value.complaints, "segments"), tables.part(value.complaints, value.count)),
            value.count,
        ),
        Row(
            "closed without an answer",
            (tables.count(value.closed, "segments"), tables.part(value.closed, value.count)),
            value.count,
        ),
    )
    head = Section("unanswered", "Without an answer", ("", "segments", "share"), rows)
    more = value.count - len(value.cases)
    note = f"{more:,} more are not listed." if more else ""
    return assemble(
        frame,
        "unanswered",
        "Who got no answer",
        value,
        (head, _cases("waiting", "Who waits longest", frame, value.cases, note)),
    )


def _cases(key: str, title: str, frame: Frame, cases: Sequence[OpenCase], note: str) -> Section:
    rows = tuple(
        Row(
            str(each.case),
            (
                tables.seconds(each.seconds),
                tables.words(each.intent),
                tables.words(each.language),
                *(
                    ()
                    if frame.anonymous
                    else (tables.words(each.handle), tables.words(each.text), tables.link(each.url))
                ),
            ),
        )
        for each in cases
    )
    columns = ("case", "age", "intent", "language", *(() if frame.anonymous else ("who", "text", "address")))
    return Section(key, title, columns, rows, (note,) if note else (), counted=None)
