"""The screen of `care triage`: its layout, its keys, and what is shown when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.containers import Container, Vertical
from textual.events import Key, Resize
from textual.screen import Screen

from carecli.tui import themes
from carecli.tui.actions import Actions
from carecli.tui.bars import show_key
from carecli.workspace.keys import ACTIONS

_OPENS = {"reply", "snooze", "note", "tag", "assign", "escalate", "sentiment", "intent", "topics", "language"}
_OPENS |= {"filter", "jump", "knowledge"}


class Triage(Actions):
    """The application, whole."""

    CSS = """
    Screen { layout: vertical; }
    #main { height: 1fr; layout: horizontal; }
    #queue { width: 42%; }
    #middle { width: 1fr; }
    #context { width: 26%; }
    .two #queue { width: 46%; }
    .two #context, .stack #context, .one #context { display: none; width: 1fr; }
    .two.context #context, .stack.context #context { display: block; }
    .two.context #middle, .stack.context #middle { display: none; }
    .two.tall #main { layout: grid; grid-size: 2 2; grid-columns: 46% 1fr; grid-rows: 1fr 1fr; }
    .two.tall #queue { row-span: 2; width: 100%; }
    .two.tall #middle { width: 100%; }
    .two.tall #context, .stack.tall #context { display: block; width: 100%; }
    .two.tall.writing #middle { row-span: 2; }
    .two.tall.writing #context, .stack.tall.writing #context { display: none; }
    .stack #main, .one #main { layout: vertical; }
    .stack #queue { width: 100%; height: 40%; }
    .stack.tall #queue { height: 35%; }
    .stack.tall #context { height: 30%; }
    .stack #middle, .one #middle, .one #queue { width: 100%; height: 1fr; }
    .one #middle { display: none; }
    .one.middle #middle, .one.context #context { display: block; }
    .one.middle #queue, .one.context #queue { display: none; }
    .one.context #middle { display: none; }
    .two ReplyArea, .three ReplyArea { border-left: solid $foreground 70%; }
    .stack.writing #queue { display: none; }
    .stack.writing Editor { height: 60%; }
    .one.writing #queue, .one.writing #context { display: none; }
    .one.writing #middle { display: block; }
    """
    TITLE = "care triage"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = True
    ALLOW_SELECT: ClassVar[bool] = False

    # What it looks like

    def compose(self) -> ComposeResult:
        yield self.bar
        with Container(id="main"):
            yield self.queue
            with Vertical(id="middle"):
                yield self.conversation
            yield self.context
        yield self.status
        yield self.foot

    def on_mount(self) -> None:
        self.queue.focus()
        self.lay_out()
        self.go(self.begin(self._first_case))

    def on_resize(self, event: Resize) -> None:
        self.lay_out(event.size)

    # Keys

    def on_key(self, event: Key) -> None:
        if len(self.screen_stack) > 1 or self.typing:
            return
        if self.held is not None:  # meant for what is being opened, and no action
            self.held.append(event)
            event.stop()
            return
        name = self._action_of.get(event.character or "") or self._action_of.get(event.key)
        if event.key == "escape" and name is None:
            name = "escape"
        if name is not None:
            event.stop()
            self.opening(name)

    def opening(self, name: str) -> None:
        """Do an action; where it opens something to type into, the keys that come meanwhile are kept for that."""
        if name not in _OPENS:
            self.act(name)
            return
        before, held = set(self._tasks), list[Key]()
        self.held = held
        self.act(name)
        begun = self._tasks - before
        for task in begun:
            task.add_done_callback(lambda _: self.forget(held))
        if not begun:
            self.forget(held)

    def press(self, name: str) -> None:
        """Do what stands in the footer, where somebody clicked on it."""
        if self.typing:
            self.command(name)
        else:
            self.act(name)

    def act(self, name: str) -> None:
        """Do what an action's name says; the command palette comes here, too."""
        getattr(self, f"do_{name}")()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002 - the base's signature
        for action in ACTIONS:
            if action.name not in ("palette", "next", "previous"):
                keys = " ".join(map(show_key, self.keys[action.name])) or "no key"
                yield SystemCommand(action.words, keys, lambda name=action.name: self.act(name))
        for name in themes.NAMES:
            if name != "mono":
                yield SystemCommand(
                    f"Colours: {name}", "until you quit; care.toml keeps it", lambda n=name: self.dress(n)
                )

    def dress(self, name: str) -> None:
        """Change the colours."""
        if self.theme_name != "mono":
            self.use_theme(name)
            self.refresh(layout=True)
            self.screen_stack[0].refresh(layout=True)
            for widget in self.screen_stack[0].query("*"):
                widget.refresh()
