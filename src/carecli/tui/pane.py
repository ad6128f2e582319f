"""A pane: a title line that stays, and below it lines that are drawn when they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.events import Key, MouseScrollDown, MouseScrollUp, Resize
from textual.strip import Strip
from textual.widget import Widget

from carecli.tui.paint import Line, Painter, Palette, strip

if TYPE_CHECKING:
    from collections.abc import Callable

    from carecli.tui.app import Triage

Build = "Callable[[Painter, int], list[Line]]"


class Pane(Widget, can_focus=True):
    """The base of all panes; `top` is the first line below the title that is seen."""

    name_of_pane: ClassVar[str] = ""
    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    top = 0

    @property
    def care(self) -> Triage:
        """The application, by its own type."""
        return cast("Triage", self.app)

    @property
    def painter(self) -> Painter:
        """How this terminal wants text."""
        return self.care.painter

    @property
    def palette(self) -> Palette:
        """The colours of now."""
        return self.care.palette

    @property
    def room(self) -> int:
        """Lines below the title."""
        return max(self.size.height - 1, 0)

    def title_line(self) -> Line:
        """What the title says."""
        raise NotImplementedError

    def line(self, place: int) -> Line:
        """One line below the title."""
        raise NotImplementedError

    def base(self, _place: int) -> str:
        """The role of a line's ground."""
        return "text"

    def render_line(self, y: int) -> Strip:
        cells = self.size.width
        if y == 0:
            return strip(self.title_line(), cells, self.palette, "title" if self.has_focus else "idle")
        place = self.top + y - 1
        return strip([*self.wall(), *self.line(place)], cells, self.palette, self.base(place))

    def wall(self) -> Line:
        """What parts the pane from one at its left."""
        return []

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


class Text(Pane):
    """A pane of prepared lines: told what to say as a function of its width, it says it anew at every width.

    One that `follows` and shows its last line still does when there is less room.
    """

    def __init__(
        self,
        name: str,
        *,
        id: str,  # noqa: A002 - Textual's name for it
        walled: bool = False,
        follows: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._walled, self._follows, self._ended = walled, follows, True
        self.heading = name
        self._build: Callable[[Painter, int], list[Line]] = lambda _painter, _cells: []
        self._lines: list[Line] = []

    def show(self, heading: str, build: Callable[[Painter, int], list[Line]], *, keep: bool = False) -> None:
        """Say something else; `keep` stays where the reader is."""
        self.heading, self._build = heading, build
        if not keep:
            self.top = 0
        self._rebuild()

    def _rebuild(self) -> None:
        self._lines = self._build(self.painter, max(self.size.width - 1, 8)) if self.size.width else []
        self.scroll_lines(0)
        self.refresh()

    def scroll_lines(self, count: int) -> None:
        """Read on, or back."""
        self.top = max(0, min(self.top + count, len(self._lines) - self.room))
        self._ended = self.top + self.room >= len(self._lines)
        self.refresh()

    def scroll_to_end(self) -> None:
        """Show the last line."""
        self.scroll_lines(len(self._lines))

    def title_line(self) -> Line:
        below = len(self._lines) - self.top - self.room
        more = (f"  ↑{self.top}" if self.top else "") + (f"  ↓{below} more" if below > 0 else "")
        cells = max(self.size.width - len(more), 4)
        return [(self.painter.short(self.heading, cells), ""), (more, "")]

    def wall(self) -> Line:
        return [("│", "dim")] if self._walled and self.region.x > 0 else []

    def line(self, place: int) -> Line:
        return self._lines[place] if place < len(self._lines) else []

    def on_resize(self, _event: Resize) -> None:
        ended = self._ended
        self._rebuild()
        if self._follows and ended:
            self.scroll_to_end()

    def on_key(self, event: Key) -> None:
        page = max(self.room - 1, 1)
        steps = {"down": 1, "up": -1, "pagedown": page, "pageup": -page, "home": -len(self._lines)}
        if event.key in steps or event.key == "end":
            self.scroll_lines(steps.get(event.key, len(self._lines)))
            event.stop()

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        self.scroll_lines(3)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        self.scroll_lines(-3)
