"""What each letter of `care triage --plain` does: a question where one is needed, and one call of a deed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carecli.cli import output
from carecli.cli.context import Context
from carecli.model import INTENTS, SENTIMENTS
from carecli.text import counted
from carecli.workspace import deeds
from carecli.workspace.deeds import Deed
from carecli.workspace.filters import Query, parse_query
from carecli.workspace.seat import Seat, page_address

Ask = Callable[[str], str | None]
Action = Callable[["Review"], str | None]  # what was done, in words; None: nothing


@dataclass
class Review:
    """Where the person stands: the queue as it was, and a place in it."""

    run: Context
    seat: Seat
    queue: list[int]
    ask: Ask
    place: int = 0
    deeds: list[Deed] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    selected: list[int] = field(default_factory=list)

    @property
    def case(self) -> int:
        """The case in view."""
        return self.queue[self.place]

    @property
    def cases(self) -> list[int]:
        """What an action is for: those that were selected, else the one in view."""
        return self.selected or [self.case]

    def did(self, deed: Deed) -> str:
        """Remember what undoes it; a selection is for one action."""
        self.selected = []
        if deed.events:
            self.deeds.append(deed)
        return f"{deed.words}." + (f" But: {deed.failed}" if deed.failed else "")

    def go_to(self, case: int) -> None:
        """Put a case in view: at its place, or at this one where it is not in the queue."""
        if case not in self.queue:
            self.queue = [*self.queue[: self.place], case, *self.queue[self.place :]]
        self.place = self.queue.index(case)


def _at_once(work: Callable[[Seat, Sequence[int]], Deed]) -> Action:
    return lambda state: state.did(work(state.seat, state.cases))


def _asked(question: str, work: Callable[[Seat, Sequence[int], str], Deed]) -> Action:
    def act(state: Review) -> str | None:
        answer = state.ask(question)
        return state.did(work(state.seat, state.cases, answer)) if answer else None

    return act


def _assign(state: Review) -> str | None:
    name = state.ask("to whom; - for nobody")
    return state.did(deeds.assign(state.seat, state.cases, "" if name == "-" else name)) if name else None


def _undo(state: Review) -> str:
    last = state.deeds.pop() if state.deeds else None
    done = deeds.undo(state.seat, last) if last else deeds.undo_last(state.seat, state.case)
    state.go_to(done.cases[0])
    return f"{done.words}."


def _jump(state: Review) -> str | None:
    number = (state.ask("which case; w: the reply that you have begun") or "").lstrip("#")
    if number == "w":
        state.go_to(state.seat.next_begun(state.case))
    elif number.isdecimal():
        state.go_to(state.seat.file(int(number)).case["case"])
    elif number:
        output.lines(f"'{number}' is no case's number.")
    return None


def _filter(state: Review) -> str | None:
    words = state.ask("filter, as in care queue; empty: all that waits")
    if words is not None:
        found = state.seat.order(parse_query(words, agent=state.seat.agent))
        if found:
            state.queue, state.place = found, 0
        else:
            output.lines("No case fits.")
    return None


def _address(state: Review) -> str | None:
    output.lines(page_address(state.seat.file(state.case)))
    return None


def _chosen(signal: str, choices: tuple[str, ...]) -> Action:
    def act(state: Review) -> str | None:
        output.lines("  " + "  ".join(f"{number} {name}" for number, name in enumerate(choices, 1)))
        answer = state.ask(signal) or ""
        known = choices[int(answer) - 1] if answer.isdigit() and 0 < int(answer) <= len(choices) else answer
        return _labelled(state, {signal: known}) if known in choices else None

    return act


def _labelled(state: Review, signals: Mapping[str, Any]) -> str:
    return state.did(deeds.label(state.seat, state.cases, dict(signals)))


def _language(state: Review) -> str | None:
    code = (state.ask("language (en, he, pl, zh …)") or "").lower()
    return _labelled(state, {"language": code}) if code else None


def _topics(state: Review) -> str | None:
    known = ", ".join(state.run.config.topics)
    answer = state.ask(f"topics, parted by commas; - for none{f' (known: {known})' if known else ''}")
    if not answer:
        return None
    topics = [] if answer == "-" else [word.strip() for word in answer.split(",") if word.strip()]
    return _labelled(state, {"topics": topics})


def _reply(state: Review) -> str | None:
    from carecli.cli.prompt_reply import reply

    return reply(state)


def _escalate(state: Review) -> str | None:
    for expert, why in state.seat.experts(state.case):
        output.lines(f"  {expert} {why}")
    name = state.ask("to whom")
    because = state.ask(f"why to {name} (a note that they will read)") if name else None
    return state.did(deeds.escalate(state.seat, state.cases, name, because)) if name and because else None


def _gloss(state: Review) -> str | None:
    for number, text in state.seat.gloss(state.case).items():
        output.lines(f"  mention {number} ≈ {text}")
    return None


def _knowledge(state: Review) -> str | None:
    words = state.ask("words that an article has") or ""
    found = state.seat.knowledge(words) if words.strip() else []
    for one in found:
        stale = " (review is overdue)" if one["stale"] else ""
        output.lines(f"  {one['article']} {one['title']}{stale} {one['url'] or ''}\n    {one['text']}")
    if words and not found:
        output.lines(f"No article has '{words}'; `care kb add` writes one.")
    return None


def _several(state: Review) -> str | None:
    """The next action is for all of these."""
    words = state.ask("which cases (4 7 9, or * for the whole queue; empty: only the one in view)") or ""
    if words.strip() == "*":
        return _select(state, state.queue)
    numbers = [int(word.strip("#,")) for word in words.replace(",", " ").split() if word.strip("#,").isdecimal()]
    return _select(state, [state.seat.file(number).case["case"] for number in numbers])


def _all(state: Review) -> str | None:
    return _select(state, [] if state.selected == state.queue else state.queue)


def _select(state: Review, numbers: Sequence[int]) -> str | None:
    state.selected = list(dict.fromkeys(numbers))
    count = len(state.selected)
    output.lines(f"{count} selected: the next action is for all of them." if count else "None selected.")
    return None


def _browse(state: Review) -> str | None:
    import webbrowser

    address = page_address(state.seat.file(state.case))
    output.lines(f"Opened {address}" if webbrowser.open(address) else f"No browser was found; it is {address}")
    return None


def _overview(state: Review) -> str | None:
    found = state.seat.overview()
    hours = " ".join(str(hour.inbound) for hour in found.hours)
    told = [
        f"{counted(found.waiting, 'case')} waiting; of the {found.looked_at} most pressing: "
        + ", ".join(f"{count} {name}" for name, count in found.clocks.items()),
        f"mentions by hour, the last 24: {hours}",
        f"of them {sum(h.negative for h in found.hours)} negative, {sum(h.positive for h in found.hours)} positive",
        *(f"  topic {one.topic}: {one.now} in 7 days, {one.before} in the 7 before" for one in found.topics),
        *(f"  {one.agent}: {one.has} open, {one.replied} answered, {one.resolved} resolved" for one in found.agents),
    ]
    output.lines("\n".join(told))
    return None


def _fetch(state: Review) -> str | None:
    done = deeds.fetch(state.seat)
    output.lines(f"{done.words}." + (f" But {done.failed}" if done.failed else ""))
    state.queue += [number for number in state.seat.order(Query()) if number not in state.queue]
    return None


FINISHING = frozenset(("reply", "resolve", "pending", "snooze", "spam"))  # then the next case comes
ACTIONS: Mapping[str, Action] = {
    "reply": _reply,
    "claim": _at_once(deeds.claim),
    "assign": _assign,
    "resolve": _at_once(deeds.resolve),
    "pending": _at_once(deeds.pending),
    "reopen": _at_once(deeds.reopen),
    "snooze": _asked("until when (2h, tomorrow 9:00, monday)", deeds.snooze),
    "note": _asked("note", deeds.note),
    "tag": _asked("tags, parted by spaces; -word takes a tag off", deeds.tag),
    "intent": _chosen("intent", INTENTS),
    "sentiment": _chosen("sentiment", SENTIMENTS),
    "language": _language,
    "topics": _topics,
    "spam": _at_once(deeds.spam),
    "undo": _undo,
    "filter": _filter,
    "jump": _jump,
    "copy": _address,
    "browse": _browse,
    "escalate": _escalate,
    "select": _several,
    "select_all": _all,
    "knowledge": _knowledge,
    "gloss": _gloss,
    "overview": _overview,
    "fetch": _fetch,
}
