"""Questions at the foot of the screen, which leave the case in view; a list of choices; a confirmation; help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input

from carecli.text import single_line
from carecli.tui.paint import Line, Painter
from carecli.tui.pane import Text

if TYPE_CHECKING:
    from carecli.tui.app import Triage


class Dialog(ModalScreen[str | None]):
    """The base: dismissed with an answer, or with None by Escape."""

    DEFAULT_CSS = """
    Dialog { background: transparent; }
    #asked { dock: bottom; height: auto; width: 100%; }
    #asked > Input { height: 1; border: none; padding: 0 1; width: 100%; }
    """

    @property
    def care(self) -> Triage:
        """The application, by its own type."""
        return cast("Triage", self.app)

    async def key_escape(self) -> None:
        self.dismiss(None)


class Ask(Dialog):
    """A line of text. `hint` stands above it."""

    def __init__(self, question: str, hint: str, initial: str = "") -> None:
        super().__init__()
        self._question, self._hint, self._initial = question, hint, initial

    def compose(self) -> ComposeResult:
        field = Input(self._initial, select_on_focus=False, compact=True)
        field.cursor_position = len(self._initial)
        yield Vertical(Page(self._question, build=self._told, focusable=False), field, id="asked")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def _told(self, painter: Painter, cells: int) -> list[Line]:
        hint = f"{self._hint} · Enter: done · Esc: not at all"
        return [[(line, "dim")] for line in painter.long(single_line(hint), cells)]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)


class Choose(Dialog):
    """One of several, by its number, or with the arrows and Enter."""

    def __init__(self, question: str, choices: Sequence[str], now: str | None = None) -> None:
        super().__init__()
        self._question, self._choices = question, list(choices)
        self._place = self._choices.index(now) if now in self._choices else 0
        self._now = now

    def compose(self) -> ComposeResult:
        yield Vertical(Page(self._question, build=self._build), id="asked")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def _build(self, painter: Painter, cells: int) -> list[Line]:
        lines: list[Line] = []
        for place, choice in enumerate(self._choices):
            here = place == self._place
            text = painter.short(f"{place + 1} {choice}{'  (now)' if choice == self._now else ''}", cells - 2)
            lines.append([("> " if here else "  ", "key"), (text, "key" if here else "")])
        return [*lines, [("A number, or arrows and Enter; Esc: not at all", "dim")]]

    def on_key(self, event: Key) -> None:
        if event.key in ("down", "j", "up", "k"):
            self._place = (self._place + (1 if event.key in ("down", "j") else -1)) % len(self._choices)
            self.query_one(Page).again()
        elif event.key == "enter":
            self.dismiss(self._choices[self._place])
        elif event.character and event.character.isdigit() and 0 < int(event.character) <= len(self._choices):
            self.dismiss(self._choices[int(event.character) - 1])
        else:
            return
        event.stop()


class Confirm(Dialog):
    """Something to read, then y for yes; anything else that is not scrolling is no."""

    def __init__(self, question: str, build: Callable[[Painter, int], list[Line]]) -> None:
        super().__init__()
        self._question, self._build = question, build

    def compose(self) -> ComposeResult:
        yield Vertical(Page(self._question, build=self._build), id="asked")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def on_key(self, event: Key) -> None:
        page = self.query_one(Page)
        if event.key in ("down", "up", "pageup", "pagedown"):
            step = 1 if event.key in ("down", "up") else max(page.room, 1)
            page.scroll_lines(step if event.key in ("down", "pagedown") else -step)
        elif event.key in ("y", "Y"):
            self.dismiss("y")
        elif event.key != "escape":
            self.dismiss(None)
        event.stop()


class Page(Text):
    """Lines in a dialog, as high as they are."""

    def __init__(
        self,
        heading: str,
        *,
        build: Callable[[Painter, int], list[Line]],
        focusable: bool = True,
    ) -> None:
        super().__init__(heading, id="page")
        self.can_focus = focusable
        self._given = build

    def on_mount(self) -> None:
        self.again()

    def again(self) -> None:
        """Say it anew, in as many lines as it takes."""
        cells = max(self.app.size.width - 1, 8)
        needed = min(len(self._given(self.painter, cells)), max(self.app.size.height - 4, 3))
        self.styles.height = needed + 1
        self.show(self.heading, self._given, keep=True)

    def base(self, _place: int) -> str:
        return "bar"
