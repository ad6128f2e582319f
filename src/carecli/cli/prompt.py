"""`care triage --plain`: one case at a time, one letter an action; works over ssh and on a screen reader."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from carecli.casework import casefile
from carecli.cli import errors, output
from carecli.cli.adopt import adopt
from carecli.cli.context import Context
from carecli.cli.prompt_actions import ACTIONS, FINISHING, Review
from carecli.cli.queue import full, sheet
from carecli.errors import CareError
from carecli.text import inert
from carecli.workspace.filters import Query
from carecli.workspace.keys import ACTIONS as NAMED
from carecli.workspace.seat import Seat

LETTERS = {  # the actions of the full screen by name, but for those that only move what is seen there
    "next": "k",
    "previous": "b",
    "first": "<",
    "last": ">",
    "reply": "r",
    "claim": "c",
    "resolve": "e",
    "pending": "p",
    "snooze": "z",
    "reopen": "o",
    "undo": "u",
    "note": "n",
    "tag": "t",
    "assign": "a",
    "spam": "x",
    "escalate": "h",
    "sentiment": "s",
    "intent": "i",
    "topics": "w",
    "language": "l",
    "filter": "f",
    "jump": "g",
    "knowledge": "d",
    "gloss": "m",
    "browse": "@",
    "copy": "y",
    "select": "j",
    "select_all": "*",
    "overview": "%",
    "fetch": "+",
    "refresh": "v",
    "help": "?",
    "quit": "q",
}
_WORDS = {  # where it is not the same here
    "next": "Skip: the next case",
    "reply": "Reply: drafts, your words, findings",
    "assign": "Assign to somebody; -: to nobody",
    "copy": "Its address on the web",
    "select": "Several cases: the next action is for all of them",
    "select_all": "All cases of the queue: the next action is for all of them",
    "refresh": "View it again",
    "help": "These letters",
}
_NAMES = {letter: name for name, letter in LETTERS.items()}


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
    state = Review(run, seat, queue, ask)
    output.lines("One letter and Enter; ? lists the letters.\n")
    _view(state)
    for key in _keys(state):
        if key == "q":
            break
        before = state.place, state.queue
        if _step(state, key) and (state.place, state.queue) == before:
            continue
        if not 0 <= state.place < len(state.queue):
            output.lines("That was the last one.")
            break
        _view(state)
    output.lines(f"\nDone: {', '.join(state.done)}" if state.done else "\nNothing was changed.")


def _keys(state: Review) -> Iterator[str]:
    while True:
        chosen = f", {len(state.selected)} selected" if state.selected else ""
        answer = ask(f"[{state.place + 1}/{len(state.queue)}] case {state.case}{chosen}")
        if answer is None:
            return
        yield answer[:1].lower() or "?"


def ask(question: str) -> str | None:
    """A line from the person; None when there is no more (end of input)."""
    sys.stdout.write(f"{inert(question)}> ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stdout.write("\n")
        return None
    return line.strip()


def _step(state: Review, key: str) -> bool:
    """Do what `key` says; True when there is nothing new to see but another case that it may have gone to."""
    name = _NAMES.get(key, "help")
    if name in ("next", "previous", "first", "last", "refresh"):
        _move(state, name)
        return False
    if name == "help":
        output.lines(help_text())
        return True
    chosen = state.cases
    try:
        words = ACTIONS[name](state)
    except CareError as error:
        errors.failed(error, debug=False)
        return True
    if words:
        output.lines(words)
        state.done.append(words.rstrip("."))
    if words and name in FINISHING:
        ahead = [number for number in state.queue[state.place + 1 :] if number not in chosen]
        state.queue[state.place + 1 :] = ahead
        state.place += 1
        return False
    return True


def _move(state: Review, name: str) -> None:
    place = {"next": state.place + 1, "previous": state.place - 1, "first": 0, "last": len(state.queue) - 1}
    state.place = max(place.get(name, state.place), 0)


def help_text() -> str:
    """The letters, in the order and the words of the full screen."""
    words = {action.name: _WORDS.get(action.name, action.words) for action in NAMED}
    return "\n".join(f"  {LETTERS[name]}  {told}" for name, told in words.items() if name in LETTERS)


def _view(state: Review) -> None:
    output.lines("─" * min(output.width(), 80))
    sheet(full(state.run, state.case), casefile.describe_short, state.run.now)
