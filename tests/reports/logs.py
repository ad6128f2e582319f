"""Random event logs, the store that they make, and the figures of METRICS written a second time, over plain lists."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import strategies as st

from carecli import act
from carecli.casework import desk, filing
from carecli.config import Brand, Config, OpeningHours, Sla, SlaPolicy
from carecli.hours import add_business_seconds, business_seconds
from carecli.model import Author, Mention
from carecli.store import Store, events, intake, open_store, triaged

BEGIN = datetime(2026, 11, 2, 6, tzinfo=UTC)  # a Monday
END = BEGIN + timedelta(days=30)
TARGETS = {"complaint": 1800.0, "question": 7200.0}
OPEN = ["09:00-17:00"]
CONFIG = Config(
    brand=Brand(name="Acme", handles=["@acme"]),
    hours=OpeningHours(monday=OPEN, tuesday=OPEN, wednesday=OPEN, thursday=OPEN, friday=OPEN),
    sla=Sla(
        first_response="1d",
        urgency={},
        policies=[
            SlaPolicy(name="bad", intent=["complaint"], first_response="30m", next_response="1h", resolution="3h"),
            SlaPolicy(name="asked", intent=["question"], first_response="2h", resolution="1d"),
        ],
    ),
)
KINDS = ("ask", "ask", "chat", "answer", "answer", "answer", "automatic", "resolved", "resolved", "pending", "reopened",
         "undo", "word")  # fmt: skip
PROMISE, PROMISED = "We will get back to you within two hours.", timedelta(hours=2)
SAME_ANSWER = timedelta(minutes=2)


@dataclass(frozen=True)
class Step:
    """Something that happened to a case: a customer or we wrote, or the log grew.

    An answer may promise something (`promises`); a `word` is a person's that it was kept. `undoes` is the place of the
    step that is undone, or that the word is on.
    """

    at: datetime
    case: int
    kind: str
    intent: str = "question"
    undoes: int = -1
    promises: bool = False


@st.composite
def logs(draw: st.DrawFn) -> list[Step]:
    """One to four conversations in the order of time; no two things happen at the same moment."""
    steps: list[Step] = []
    minute = 0
    intents: dict[int, str] = {}
    for _ in range(draw(st.integers(1, 18))):
        minute += draw(st.integers(1, 600))
        case = draw(st.integers(0, 3))
        kind = draw(st.sampled_from(KINDS))
        undoes = -1
        if case not in intents:
            intents[case], kind = draw(st.sampled_from(["complaint", "question", "praise"])), "ask"
        if kind in ("undo", "word"):
            able = list(undoable(steps, case) if kind == "undo" else kept_by_word(steps, case))
            if not able:
                continue
            undoes = draw(st.sampled_from(able))
        promises = kind == "answer" and draw(st.booleans())
        steps.append(Step(BEGIN + timedelta(minutes=minute), case, kind, intents[case], undoes, promises))
    return steps


def undoable(steps: Sequence[Step], case: int) -> Iterator[int]:
    """The places of what can be undone in a case."""
    undone = {step.undoes for step in steps if step.kind == "undo"}
    for place, step in enumerate(steps):
        if step.case == case and step.kind in ("resolved", "pending", "reopened") and place not in undone:
            yield place


def kept_by_word(steps: Sequence[Step], case: int) -> Iterator[int]:
    """The places of a case's promises; a person may say of each, more than once, that it was kept."""
    return (place for place, step in enumerate(steps) if step.case == case and step.promises)


def stored(path: Path, steps: Sequence[Step]) -> Store:
    """The store that these steps make. Verdicts are a person's, so that no figure hangs on the engine."""
    store = open_store(path)
    said = [(place, step) for place, step in enumerate(steps) if step.kind in ("ask", "chat", "answer", "automatic")]
    roots: dict[int, str] = {}
    page = []
    for place, step in said:
        ours = step.kind in ("answer", "automatic")
        root = roots.get(step.case)
        roots.setdefault(step.case, str(place))
        page.append(
            Mention(
                platform="x",
                external_id=str(place),
                text=PROMISE if step.promises else f"hello {step.case} {place}",
                created_at=step.at,
                author=Author("acme" if ours else f"customer{step.case}"),
                in_reply_to=root,
                thread_root=root,
                language="en",
                inbound=not ours,
                directed=not ours,
                automatic=step.kind == "automatic",
            )
        )
    intake.save_page(store, "s", page, now=END)
    numbers = {row["external_id"]: row["mention_id"] for row in store.rows("SELECT * FROM mentions")}
    with store.write() as connection:
        for place, step in said:
            if step.kind in ("ask", "chat"):
                signals = {"intent": step.intent if step.kind == "ask" else "chatter"}
                triaged.correct(connection, numbers[str(place)], signals, agent="test", now=END)
    act.triage_new(store, CONFIG, now=END)
    cases = {row["external_id"]: row["case_id"] for row in store.rows("SELECT * FROM mentions")}
    with store.write() as connection:
        written: dict[int, int] = {}
        for place, step in enumerate(steps):
            case = cases[roots[step.case]]
            if step.kind in ("resolved", "pending", "reopened"):
                written[place] = events.append(connection, case, step.kind, step.at, agent="ann")
            elif step.kind == "undo":
                data = {"event": written[step.undoes]}
                events.append(connection, case, "undone", step.at, agent="ann", data=data)
            elif step.kind == "word":
                ((promise,),) = store.rows(
                    "SELECT promise_id FROM promises WHERE mention_id = ?", [numbers[str(step.undoes)]]
                )
                desk.settle(store, promise, "kept", now=step.at, agent="ann")
        filing.project(store, connection, sorted(set(cases.values()) - {None}))
    return store


# --- the second writing ---


@dataclass
class Stretch:
    """A segment, as METRICS defines it: `asks` are (time, intent) of what expects an answer."""

    case: int
    opened: datetime
    asks: list[tuple[datetime, str]] = field(default_factory=list)
    replies: list[datetime] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused: datetime | None = None
    resolved: datetime | None = None

    def wake(self, at: datetime) -> None:
        if self.paused is not None:
            self.pauses.append((self.paused, at))
        self.paused = None


def happened(steps: Sequence[Step], at: datetime) -> list[Step]:
    """What had happened by then; what had been undone by then had not."""
    known = [(place, step) for place, step in enumerate(steps) if step.at <= at]
    undone = {step.undoes for _, step in known if step.kind == "undo"}
    return [step for place, step in known if place not in undone and step.kind != "undo"]


def stretches(steps: Iterable[Step]) -> list[Stretch]:
    """Every segment, by case and time."""
    cases: dict[int, list[Stretch]] = {}
    for step in steps:
        mine = cases.setdefault(step.case, [])
        begins = step.kind in ("ask", "chat") or (step.kind == "reopened" and mine)
        if begins and (not mine or mine[-1].resolved):
            mine.append(Stretch(step.case, step.at))
        if mine:
            happen(mine[-1], step)
    return [one for mine in cases.values() for one in mine]


def happen(last: Stretch, step: Step) -> None:
    """`step` changes the segment that runs."""
    if step.kind == "answer":
        last.replies.append(step.at)
    if last.resolved or step.kind in ("automatic", "word"):
        return
    if step.kind == "ask":
        last.asks.append((step.at, step.intent))
    if step.kind == "answer" and last.paused is not None:
        return  # it waits for the customer already
    last.wake(step.at)
    if step.kind in ("answer", "pending"):
        last.paused = step.at
    elif step.kind == "resolved":
        last.resolved = step.at


def spread(values: list[float]) -> tuple[int, float | None, float | None, float | None]:
    """Count, median, 90th percentile, mean."""
    if not values:
        return 0, None, None, None
    p90 = statistics.quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0]
    return len(values), statistics.median(values), p90, statistics.mean(values)


def seconds(span: timedelta) -> float:
    return span / timedelta(seconds=1)


def clock(
    asks: Sequence[tuple[datetime, str]], targets: dict[str, float], end: datetime | None, how: str, at: datetime
) -> str:
    """Where the clock of messages that wait together stands: the one that is due first decides."""
    hours = CONFIG.team_hours
    due = min(add_business_seconds(when, targets.get(intent, 86400.0), hours) for when, intent in asks)
    if (end or at) > due:
        return "breached"
    return "running" if end is None else "met" if how == "answered" else "closed"


def figures(steps: Sequence[Step], since: datetime, until: datetime) -> dict[str, object]:
    """What METRICS says of [since, until), judged at its end."""
    known = stretches(happened(steps, until))
    here = [one for one in known if since <= one.opened < until]
    asked = [one for one in here if one.asks]
    answered = [one for one in asked if one.replies]
    firsts, fulls, replies = [], [], 0
    for case in {one.case for one in here}:
        mine = [one for one in known if one.case == case and one.opened < until]
        paused = [sum(seconds(b - a) for a, b in one.pauses) for one in mine]
        if mine[0].resolved:
            firsts.append(seconds(mine[0].resolved - mine[0].opened) - paused[0])
        if mine[-1].resolved:
            fulls.append(seconds(mine[-1].resolved - mine[0].opened) - sum(paused))
            replies += sum(len(one.replies) for one in mine)
    states = []
    for one in asked:
        before = [ask for ask in one.asks if not one.replies or ask[0] <= one.replies[0]]
        # answered before anything was asked: the message that opened the segment was
        waiting = before or [(one.opened, "chatter")]
        end, how = (one.replies[0], "answered") if one.replies else (one.resolved, "closed")
        states.append(clock(waiting, TARGETS, end, how, until))
    reopened = {one.case for one in here if one is not next(each for each in known if each.case == one.case)}
    resolved = {one.case for one in known if one.resolved and since <= one.resolved < until}
    waits = [(one.opened, one.replies[0]) for one in answered]
    return {
        "cases": len({one.case for one in here}),
        "needing_reply": len(asked),
        "answered": len(answered),
        "unanswered_complaints": sum(not one.replies and one.asks[0][1] == "complaint" for one in asked),
        "reopened": len(reopened),
        "resolved_cases": len(resolved),
        "reopen_rate": len(reopened) / len(resolved) if resolved else None,
        "first_response": spread([seconds(b - a) for a, b in waits]),
        "first_response_business": spread([business_seconds(a, b, CONFIG.team_hours) for a, b in waits]),
        "first_resolution": spread(firsts),
        "resolution": spread(fulls),
        "sla": tuple(states.count(state) for state in ("met", "breached", "running")),
        "replies_per_resolution": replies / len(fulls) if fulls else None,
        "backlog_open": backlog(known),
        "targets": targets(known, since, until),
        "next_response": spread(next_responses(happened(steps, until), since, until)),
        "promises": promised(steps, since, until),
        "said": sum(since <= step.at < until and step.kind in ("ask", "chat") for step in steps),
    }


def backlog(known: Sequence[Stretch]) -> int:
    """Cases in which somebody expected an answer at some time, and whose last segment is not resolved."""
    cases = {one.case: [each for each in known if each.case == one.case] for one in known}
    return sum(not mine[-1].resolved and any(one.asks for one in mine) for mine in cases.values())


def next_responses(steps: Iterable[Step], since: datetime, until: datetime) -> list[float]:
    """From the oldest unanswered message that expects an answer to the next answer by a person."""
    waiting: dict[int, datetime] = {}
    found = []
    for step in steps:
        if step.kind == "ask":
            waiting.setdefault(step.case, step.at)
        elif step.kind == "answer":
            began = waiting.pop(step.case, None)
            if began is not None and since <= step.at < until:
                found.append(seconds(step.at - began))
    return found


def promised(steps: Sequence[Step], since: datetime, until: datetime) -> tuple[int, int, int, int, float | None]:
    """Promises made, kept, broken and open, and the median delay of those that were kept too late."""
    known = happened(steps, until)
    made = [step for step in known if step.promises and since <= step.at < until]
    late, kept, still = [], 0, 0
    for one in made:
        words = [step.at for step in known if step.kind == "word" and steps[step.undoes] is one]
        answers = [s.at for s in known if s.case == one.case and s.kind == "answer" and s.at > one.at + SAME_ANSWER]
        ends = [s.at for s in known if s.case == one.case and s.kind == "resolved" and s.at > one.at]
        done = max(words) if words else min([*answers, *ends], default=None)
        due = one.at + PROMISED
        if done is not None and done > due:
            late.append(seconds(done - due))
        kept += done is not None and done <= due
        still += done is None and due >= until
    return len(made), kept, len(made) - kept - still, still, statistics.median(late) if late else None


POLICIES = {"complaint": "bad", "question": "asked"}
NEXT = {"complaint": 3600.0, "question": 7200.0}
RESOLUTION = {"complaint": 3 * 3600.0, "question": 86400.0}
Counts = dict[tuple[str, str], tuple[int, int, int, int]]


def targets(known: Sequence[Stretch], since: datetime, until: datetime) -> Counts:
    """(clock, policy) → how many clocks were met, breached, run, or were closed in time without an answer."""
    states: dict[tuple[str, str], list[str]] = {}

    def add(kind: str, intent: str, state: str) -> None:
        for policy in (POLICIES.get(intent, "[sla]"), "all"):
            states.setdefault((kind, policy), []).append(state)

    for one in known:
        if not one.asks:
            continue
        intent = one.asks[0][1]
        here = since <= one.opened < until
        if here:
            first = one.replies[0] if one.replies else None
            before = [ask for ask in one.asks if first is None or ask[0] <= first]
            # answered before anything was asked: what opened the segment was answered
            waiting, about = (before, intent) if before else ([(one.opened, "chatter")], "chatter")
            end, how = (first, "answered") if first else (one.resolved, "closed")
            add("first_response", about, clock(waiting, TARGETS, end, how, until))
        if here and intent in RESOLUTION:
            add("resolution", intent, resolution_state(one, RESOLUTION[intent], until))
        for waiting, answered in waits_again(one):
            if since <= waiting[0][0] < until:
                end, how = (answered, "answered") if answered else (one.resolved, "closed")
                add("next_response", intent, clock(waiting, NEXT, end, how, until))
    kinds = ("met", "breached", "running", "closed")
    return {key: tuple(found.count(kind) for kind in kinds) for key, found in states.items()}  # type: ignore[misc]


def waits_again(one: Stretch) -> list[tuple[list[tuple[datetime, str]], datetime | None]]:
    """What waited together after the first answer, and when it was answered."""
    found = []
    ends: list[datetime | None] = [*one.replies[1:], None]
    for begin, end in zip(one.replies, ends, strict=False):
        waiting = [ask for ask in one.asks if begin < ask[0] and (end is None or ask[0] < end)]
        if waiting:
            found.append((waiting, end))
    return found


def resolution_state(one: Stretch, target: float, at: datetime) -> str:
    end = one.resolved or at
    pauses = [*one.pauses, *([(one.paused, end)] if one.paused else [])]
    hours = CONFIG.team_hours
    used = business_seconds(one.opened, end, hours) - sum(business_seconds(a, b, hours) for a, b in pauses)
    return "breached" if used > target else "met" if one.resolved else "running"
