"""`care triage --plain`: one case at a time, one letter an action; works over ssh and on a screen reader."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from carecli import casefile, deeds
from carecli.cli import errors, output
from carecli.cli.adopt import adopt
from carecli.cli.context import Context
from carecli.cli.queue import full, sheet
from carecli.deeds import Deed
from carecli.errors import CareError
from carecli.filters import Query, parse_query
from carecli.model import INTENTS, SENTIMENTS
from carecli.seat import Seat, page_address
from carecli.text import inert

HELP = """  r  reply: propose drafts, choose one or write your own
  c  claim it          a  assign it to somebody
  e  resolve (end)     p  set pending: the customer's turn
  z  snooze            o  reopen
  n  note              t  tag
  h  hand on to somebody by name, with the reason (escalate)
  j  several cases: the next action is for all of them
  i  correct the intent          s  correct the sentiment
  l  correct the language        w  correct the topics
  x  spam                        u  undo what you did last
  f  filter and search, with the words of care queue
  g  go to a case by its number  y  its address on the web (@ opens it)
  d  search the knowledge base   m  read it in your language (gloss)
  %  overview                    +  fetch what is new
  v  view it again     k  skip: the next case      b  back: the one before
  q  quit"""


@dataclass
class _Review:
    """Where the person stands: the queue as it was, and a place in it."""

    run: Context
    agent: str
    seat: Seat
    queue: list[int]
    place: int = 0
    deeds: list[Deed] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    selected: list[int] = field(default_factory=list)

    @property
    def case(self) -> int:
        return self.queue[self.place]

    @property
    def cases(self) -> list[int]:
        """What an action is for: those that were selected, else the one in view."""
        return self.selected or [self.case]


def review(run: Context, case: int | None, agent: str) -> None:
    """Walk through the queue until it ends or the person quits; ends with what was done."""
    adopt(run)
    seat = Seat(run.store, run.config, agent, lambda: run.now)
    waiting = seat.order(Query())
    queue = waiting if case is None else [case, *(number for number in waiting if number != case)]
    if not queue:
        errors.note("Nothing waits.")
        return
    output.show_rtl(run.config.display.rtl)
    state = _Review(run, agent, seat, queue)
    output.lines("One letter and Enter; ? lists the letters.\n")
    _view(state)
    for key in _keys(state):
        if key == "q":
            break
        if _step(state, key):
            continue
        if not 0 <= state.place < len(state.queue):
            output.lines("That was the last one.")
            break
        _view(state)
    output.lines(f"\nDone: {', '.join(state.done)}" if state.done else "\nNothing was changed.")


def _keys(state: _Review) -> Iterator[str]:
    while True:
        chosen = f", {len(state.selected)} selected" if state.selected else ""
        answer = _ask(f"[{state.place + 1}/{len(state.queue)}] case {state.case}{chosen}")
        if answer is None:
            return
        yield answer[:1].lower() or "?"


def _ask(question: str) -> str | None:
    """A line from the person; None when there is no more (end of input)."""
    sys.stdout.write(f"{inert(question)}> ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stdout.write("\n")
        return None
    return line.strip()


def _step(state: _Review, key: str) -> bool:
    """Do what `key` says; True when the same case stays in view."""
    if key in ("k", "b"):
        state.place += 1 if key == "k" else -1
        state.place = max(state.place, 0)
        return False
    if key == "v":
        return False
    action = _ACTIONS.get(key)
    if action is None:
        output.lines(HELP)
        return True
    chosen = state.cases
    try:
        words = action(state)
    except CareError as error:
        errors.failed(error, debug=False)
        return True
    if words:
        output.lines(words)
        state.done.append(words.rstrip("."))
    if words and key in _FINISHING:
        ahead = [number for number in state.queue[state.place + 1 :] if number not in chosen]
        state.queue[state.place + 1 :] = ahead
        state.place += 1
        return False
    return True


def _view(state: _Review) -> None:
    output.lines("─" * min(output.width(), 80))
    sheet(full(state.run, state.case), casefile.describe_short, state.run.now)


def _did(state: _Review, deed: Deed) -> str:
    """Remember what undoes it; a selection is for one action."""
    state.selected = []
    if deed.events:
        state.deeds.append(deed)
    return f"{deed.words}." + (f" But: {deed.failed}" if deed.failed else "")


def _claim(state: _Review) -> str:
    return _did(state, deeds.claim(state.seat, state.cases))


def _assign(state: _Review) -> str | None:
    name = _ask("to whom")
    return _did(state, deeds.assign(state.seat, state.cases, name)) if name else None


def _resolve(state: _Review) -> str:
    return _did(state, deeds.resolve(state.seat, state.cases))


def _pending(state: _Review) -> str:
    return _did(state, deeds.pending(state.seat, state.cases))


def _reopen(state: _Review) -> str:
    return _did(state, deeds.reopen(state.seat, state.cases))


def _spam(state: _Review) -> str:
    return _did(state, deeds.spam(state.seat, state.cases))


def _snooze(state: _Review) -> str | None:
    until = _ask("until when (2h, tomorrow 9:00, monday)")
    return _did(state, deeds.snooze(state.seat, state.cases, until)) if until else None


def _note(state: _Review) -> str | None:
    text = _ask("note")
    return _did(state, deeds.note(state.seat, state.cases, text)) if text else None


def _tag(state: _Review) -> str | None:
    tags = _ask("tags, parted by spaces")
    return _did(state, deeds.tag(state.seat, state.cases, tags)) if tags else None


def _undo(state: _Review) -> str:
    done = deeds.undo(state.seat, state.deeds.pop()) if state.deeds else deeds.undo_last(state.seat, state.case)
    _go_to(state, done.cases[0])
    return f"{done.words}."


def _go_to(state: _Review, case: int) -> None:
    """Put a case in view: at its place, or at this one where it is not in the queue."""
    if case not in state.queue:
        state.queue.insert(state.place, case)
    state.place = state.queue.index(case)


def _jump(state: _Review) -> str | None:
    number = (_ask("which case") or "").lstrip("#")
    if number.isdecimal():
        _go_to(state, state.seat.file(int(number)).case["case"])
        _view(state)
    return None


def _filter(state: _Review) -> str | None:
    words = _ask("filter, as in care queue; empty: all that waits")
    if words is not None:
        found = state.seat.order(parse_query(words, agent=state.agent))
        if found:
            state.queue, state.place = found, 0
            _view(state)
        else:
            output.lines("No case fits.")
    return None


def _address(state: _Review) -> str | None:
    output.lines(page_address(state.seat.file(state.case)))
    return None


def _correct(state: _Review, signal: str, choices: tuple[str, ...]) -> str | None:
    output.lines("  " + "  ".join(f"{number} {name}" for number, name in enumerate(choices, 1)))
    answer = _ask(signal) or ""
    chosen = choices[int(answer) - 1] if answer.isdigit() and 0 < int(answer) <= len(choices) else answer
    if chosen not in choices:
        return None
    return _did(state, deeds.label(state.seat, state.cases, {signal: chosen}))


def _language(state: _Review) -> str | None:
    code = (_ask("language (en, he, pl, zh …)") or "").lower()
    return _did(state, deeds.label(state.seat, state.cases, {"language": code})) if code else None


def _topics(state: _Review) -> str | None:
    known = ", ".join(state.run.config.topics)
    answer = _ask(f"topics, parted by commas; - for none{f' (known: {known})' if known else ''}")
    if not answer:
        return None
    topics = [] if answer == "-" else [word.strip() for word in answer.split(",") if word.strip()]
    return _did(state, deeds.label(state.seat, state.cases, {"topics": topics}))


def _intent(state: _Review) -> str | None:
    return _correct(state, "intent", INTENTS)


def _sentiment(state: _Review) -> str | None:
    return _correct(state, "sentiment", SENTIMENTS)


def _reply(state: _Review) -> str | None:
    from carecli.cli.prompt_reply import reply

    return reply(state.seat, state.case, _ask)


def _escalate(state: _Review) -> str | None:
    for expert, why in state.seat.experts(state.case):
        output.lines(f"  {expert} {why}")
    name = _ask("to whom")
    because = _ask(f"why to {name} (a note that they will read)") if name else None
    return _did(state, deeds.escalate(state.seat, state.cases, name, because)) if name and because else None


def _gloss(state: _Review) -> str | None:
    for number, text in state.seat.gloss(state.case).items():
        output.lines(f"  mention {number} ≈ {text}")
    return None


def _knowledge(state: _Review) -> str | None:
    words = _ask("words that an article has") or ""
    found = state.seat.knowledge(words) if words.strip() else []
    for one in found:
        stale = " (review is overdue)" if one["stale"] else ""
        output.lines(f"  {one['article']} {one['title']}{stale} {one['url'] or ''}\n    {one['text']}")
    if words and not found:
        output.lines(f"No article has '{words}'; `care kb add` writes one.")
    return None


def _several(state: _Review) -> str | None:
    """The next action is for all of these."""
    words = _ask("which cases (4 7 9, or * for the whole queue; empty: only the one in view)") or ""
    numbers = [int(word.strip("#,")) for word in words.replace(",", " ").split() if word.strip("#,").isdecimal()]
    chosen = state.queue if words.strip() == "*" else [state.seat.file(number).case["case"] for number in numbers]
    state.selected = list(dict.fromkeys(chosen))
    output.lines(f"{len(state.selected)} selected: the next action is for all of them." if chosen else "None selected.")
    return None


def _browse(state: _Review) -> str | None:
    import webbrowser

    address = page_address(state.seat.file(state.case))
    output.lines(f"Opened {address}" if webbrowser.open(address) else f"No browser was found; it is {address}")
    return None


def _overview(state: _Review) -> str | None:
    found = state.seat.overview()
    hours = " ".join(str(hour.inbound) for hour in found.hours)
    told = [
        f"{found.waiting} cases wait; of the {found.looked_at} most pressing: "
        + ", ".join(f"{count} {name}" for name, count in found.clocks.items()),
        f"mentions by hour, the last 24: {hours}; negative: {sum(hour.negative for hour in found.hours)}",
        *(f"  topic {one.topic}: {one.now} in 7 days, {one.before} in the 7 before" for one in found.topics),
        *(f"  {one.agent}: {one.has} open, {one.replied} answered, {one.resolved} resolved" for one in found.agents),
    ]
    output.lines("\n".join(told))
    return None


def _fetch(state: _Review) -> str | None:
    done = deeds.fetch(state.seat)
    output.lines(f"{done.words}." + (f" But {done.failed}" if done.failed else ""))
    state.queue += [number for number in state.seat.order(Query()) if number not in state.queue]
    return None


_FINISHING = frozenset("repzx")
_ACTIONS: dict[str, Callable[[_Review], str | None]] = {
    "r": _reply,
    "c": _claim,
    "a": _assign,
    "e": _resolve,
    "p": _pending,
    "o": _reopen,
    "z": _snooze,
    "n": _note,
    "t": _tag,
    "i": _intent,
    "s": _sentiment,
    "l": _language,
    "w": _topics,
    "x": _spam,
    "u": _undo,
    "f": _filter,
    "g": _jump,
    "y": _address,
    "@": _browse,
    "h": _escalate,
    "j": _several,
    "d": _knowledge,
    "m": _gloss,
    "%": _overview,
    "+": _fetch,
}
