"""`care triage --plain`: one case at a time, one letter an action; works over ssh and on a screen reader."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from carecli import casefile
from carecli.cli import errors, output
from carecli.cli.adopt import adopt
from carecli.cli.context import Context
from carecli.cli.queue import full, sheet
from carecli.errors import CareError
from carecli.model import INTENTS, SENTIMENTS
from carecli.seat import Deed, Query, Seat, page_address, parse_query
from carecli.text import inert

HELP = """  r  reply: propose drafts, choose one or write your own
  c  claim it          a  assign it to somebody
  e  resolve (end)     p  set pending: the customer's turn
  z  snooze            o  reopen
  n  note              t  tag
  i  correct the intent          s  correct the sentiment
  l  correct the language        w  correct the topics
  x  spam                        u  undo what you did last
  f  filter and search, with the words of care queue
  g  go to a case by its number  y  its address on the web
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

    @property
    def case(self) -> int:
        return self.queue[self.place]


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
        answer = _ask(f"[{state.place + 1}/{len(state.queue)}] case {state.case}")
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
    try:
        words = action(state)
    except CareError as error:
        errors.failed(error, debug=False)
        return True
    if words:
        output.lines(words)
        state.done.append(words.rstrip("."))
    if words and key in _FINISHING:
        state.place += 1
        return False
    return True


def _view(state: _Review) -> None:
    output.lines("─" * min(output.width(), 80))
    sheet(full(state.run, state.case), casefile.describe_short, state.run.now)


def _did(state: _Review, deed: Deed) -> str:
    """Remember what undoes it."""
    if deed.events:
        state.deeds.append(deed)
    return f"{deed.words}."


def _claim(state: _Review) -> str:
    return _did(state, state.seat.claim([state.case]))


def _assign(state: _Review) -> str | None:
    name = _ask("to whom")
    return _did(state, state.seat.assign([state.case], name)) if name else None


def _resolve(state: _Review) -> str:
    return _did(state, state.seat.resolve([state.case]))


def _pending(state: _Review) -> str:
    return _did(state, state.seat.pending([state.case]))


def _reopen(state: _Review) -> str:
    return _did(state, state.seat.reopen([state.case]))


def _spam(state: _Review) -> str:
    return _did(state, state.seat.spam([state.case]))


def _snooze(state: _Review) -> str | None:
    until = _ask("until when (2h, tomorrow 9:00, monday)")
    return _did(state, state.seat.snooze([state.case], until)) if until else None


def _note(state: _Review) -> str | None:
    text = _ask("note")
    return _did(state, state.seat.note([state.case], text)) if text else None


def _tag(state: _Review) -> str | None:
    tags = _ask("tags, parted by spaces")
    return _did(state, state.seat.tag([state.case], tags)) if tags else None


def _undo(state: _Review) -> str:
    done = state.seat.undo(state.deeds.pop()) if state.deeds else state.seat.undo_last(state.case)
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
    return _did(state, state.seat.label([state.case], {signal: chosen}))


def _language(state: _Review) -> str | None:
    code = (_ask("language (en, he, pl, zh …)") or "").lower()
    return _did(state, state.seat.label([state.case], {"language": code})) if code else None


def _topics(state: _Review) -> str | None:
    known = ", ".join(state.run.config.topics)
    answer = _ask(f"topics, parted by commas; - for none{f' (known: {known})' if known else ''}")
    if not answer:
        return None
    topics = [] if answer == "-" else [word.strip() for word in answer.split(",") if word.strip()]
    return _did(state, state.seat.label([state.case], {"topics": topics}))


def _intent(state: _Review) -> str | None:
    return _correct(state, "intent", INTENTS)


def _sentiment(state: _Review) -> str | None:
    return _correct(state, "sentiment", SENTIMENTS)


def _reply(state: _Review) -> str | None:
    from carecli.cli.reply import findings_lines
    from carecli.store.unsent import Unsent

    opened = state.seat.answer(state.case)
    for number, one in enumerate(opened.drafts, 1):
        output.lines(f"  {number}  {one.text}")
    answer = _ask("a number, or your own words; empty: none") or ""
    if not answer:
        return None
    digit = answer.isdigit() and 0 < int(answer) <= len(opened.drafts)
    chosen = opened.drafts[int(answer) - 1] if digit else None
    text = chosen.text if chosen else answer
    value = Unsent(opened.case, state.agent, text, chosen.draft_id if chosen else None, read=opened.read)
    found = state.seat.check(value)
    findings_lines(found)
    if any(one.severity == "block" for one in found):
        output.lines("It was not sent.")
        return None
    if (_ask(f"send it? y or n: {text}") or "").lower() not in ("y", "yes"):
        return None
    approved = state.seat.approve(value, answers=opened.answers)
    if approved.reply is None:
        output.lines(f"Not sent: {approved.because}. Somebody else: care draft approve {approved.draft}")
        return None
    sent = state.seat.send(approved.reply)
    if sent.status != "sent":
        output.lines(f"Reply {sent.reply} is {sent.status}: {sent.error} (care outbox)")
        return None
    return f"case {state.case} answered."


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
}
