"""The line at the top, and the two at the foot: what was done, and which keys there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.events import Click, Resize
from textual.strip import Strip
from textual.widget import Widget

from carecli.text import clip, single_line
from carecli.tui.paint import Line, strip
from carecli.tui.words import at
from carecli.workspace.keys import ACTIONS, COMMANDS

if TYPE_CHECKING:
    from carecli.tui.app import Triage

_MOST_LINES = 3  # of what was done or went wrong
_SHOWN_KEYS = {"space": "Space", "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp", "down": "↓", "up": "↑"}


class _Row(Widget):
    """One line of the screen."""

    DEFAULT_CSS = "_Row { height: 1; width: 100%; }"

    @property
    def care(self) -> Triage:
        """The application, by its own type."""
        return cast("Triage", self.app)

    def pieces(self, cells: int) -> Line:
        """What stands on it."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is one
        return strip(self.pieces(self.size.width), self.size.width, self.care.palette, "bar")


class Bar(_Row):
    """Who works on what: brand, agent, filter, collapsed panes, the time."""

    def pieces(self, cells: int) -> Line:
        care = self.care
        clock = at(care.clock().isoformat(), care.config.brand.timezone)
        room = max(cells - len(clock) - 2, 8)
        brand = single_line(care.config.brand.name or "care")
        left = self._left(brand)
        if care.painter.cells(left) > room:
            left = self._left(clip(brand, 20 if cells >= 100 else 12))
        return [(care.painter.short(left, room), "accent"), (f"  {clock}", "dim")]

    def _left(self, brand: str) -> str:
        care = self.care
        parts = [f"{brand} · {care.agent}", f"/ {care.asked.text or 'all that waits'}"]
        if care.begun:
            parts.append(f"{care.begun} half-written (w)")
        if hidden := care.collapsed:
            parts.insert(1 if self.size.width >= 70 else 0, f"hidden: {', '.join(hidden)}")
        return " · ".join(parts)


class Status(_Row):
    """What was done last, or went wrong."""

    words, role = "", ""

    def say(self, words: str, role: str = "") -> None:
        """Say it until something else is said."""
        self.words, self.role = words, role
        self.styles.height = len(self._lines())
        self.refresh()

    def on_resize(self, _event: Resize) -> None:
        self.styles.height = len(self._lines())

    def _lines(self) -> list[str]:
        """What there is to do about an error stands at its end: it may take some lines."""
        sign = {"bad": "! ", "warn": "? "}.get(self.role, "")
        found = self.care.painter.long(single_line(sign + self.words), self.size.width) if self.size.width else [""]
        return found if len(found) <= _MOST_LINES else [*found[: _MOST_LINES - 1], f"{found[_MOST_LINES - 1][:-1]}…"]

    def render_line(self, y: int) -> Strip:
        lines, cells = self._lines(), self.size.width
        return strip([(lines[y] if y < len(lines) else "", self.role)], cells, self.care.palette, "bar")


class Foot(_Row):
    """The keys of the moment, as many as fit; the last one names the rest. A click is the key."""

    def pieces(self, cells: int) -> Line:
        line: Line = []
        for _, key, short in self._fitting(cells):
            line += [("  ", "")] if line else []
            line += [(show_key(key), "key"), (f" {short}", "")]
        return line

    def on_click(self, event: Click) -> None:
        place = 0
        for name, key, short in self._fitting(self.size.width):
            end = place + _cells(key, short)
            if place <= event.x < end:
                self.care.press(name)
            place = end + 2

    def _fitting(self, cells: int) -> list[tuple[str, str, str]]:
        """Name, key and word of those that there is room for."""
        care = self.care
        if care.typing:
            named = [(name, key, short) for key, (name, short, _) in COMMANDS.items()]
        else:
            named = [(a.name, care.keys[a.name][0], a.short) for a in ACTIONS if a.short and care.keys[a.name]]
        room = cells + 2
        if sum(_cells(key, short) + 2 for _, key, short in named) <= room:
            return named
        found, last = list[tuple[str, str, str]](), named[-1]
        room -= _cells(*last[1:]) + 2
        for one in named[:-1]:
            room -= _cells(*one[1:]) + 2
            if room < 0:
                break
            found.append(one)
        return [*found, last]


def _cells(key: str, short: str) -> int:
    return len(show_key(key)) + 1 + len(short)


def show_key(key: str) -> str:
    """A key as a person knows it."""
    if key.startswith("ctrl+"):
        return f"^{key[5:].upper()}"
    return _SHOWN_KEYS.get(key, key.upper() if key[0] == "f" and key[1:].isdigit() else key)
