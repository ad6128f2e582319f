"""The queue: a list that holds numbers and loads only the rows that it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message

from carecli.model import JSON
from carecli.store.connect import Row
from carecli.tui.paint import Line
from carecli.tui.pane import Pane
from carecli.tui.words import SENTIMENT, clock

_KEPT = 600  # rows that stay loaded


class Queue(Pane):
    """The cases in their order, a cursor, a selection. The title stands on the first line, names of columns on it."""

    name_of_pane = "Queue"

    class Moved(Message):
        """The cursor is on another case."""

    class Missing(Message):
        """Rows that are on the screen are not loaded."""

    def __init__(self, describe: Callable[[Sequence[Row]], list[JSON]], now: Callable[[], datetime]) -> None:
        super().__init__(id="queue")
        self._describe, self._now = describe, now
        self.order: list[int] = []
        self.rows: dict[int, Row] = {}
        self.place = 0
        self.selected: set[int] = set()
        self.unsent: set[int] = set()
        self.ghost: int | None = None
        self.complete = True
        self._cases: dict[int, JSON] = {}

    # What it stands on

    @property
    def case(self) -> int | None:
        """The number under the cursor."""
        return self.order[self.place] if self.order else None

    @property
    def chosen(self) -> list[int]:
        """What an action is for: the selection in the queue's order, else the case under the cursor."""
        if self.selected:
            return [number for number in self.order if number in self.selected]
        return [] if self.case is None else [self.case]

    @property
    def shown(self) -> list[int]:
        """The numbers on the screen."""
        return self.order[self.top : self.top + max(self.room, 1)]

    def lookup(self, number: int) -> JSON | None:
        """A case that is loaded, with the clock of the last tick."""
        return self._cases.get(number)

    # What changes it

    def replace(self, order: list[int], *, leave: frozenset[int] = frozenset(), complete: bool = True) -> None:
        """A new order. The cursor stays on its case, on the same line of the screen.

        A case that others took out of the queue stays until the cursor leaves it, so that nobody acts on another case
        than the one in view; `leave` are those that this person took out.
        """
        before, line = self.case, self.place - self.top
        self.complete = complete
        order = list(order)
        places = {number: place for place, number in enumerate(order)} if before is not None else {}
        self.ghost = None
        if before is None or not self.order:
            self.place = 0
        elif before in places:
            self.place = places[before]
        else:
            self.place = min(self.place, len(order) if before not in leave else max(len(order) - 1, 0))
            if before not in leave:
                order.insert(self.place, before)
                self.ghost = before
        self.order = order
        if self.selected:
            self.selected &= set(order)
        self.top = max(self.place - line, 0)
        self._settle()
        if self.case != before:
            self.post_message(self.Moved())

    def learn(self, rows: dict[int, Row], *, afresh: bool = False) -> None:
        """Rows that were loaded; `afresh` forgets those that are not on the screen."""
        if afresh or len(self.rows) > _KEPT:
            near = set(self.shown)
            self.rows = {number: row for number, row in self.rows.items() if number in near}
        self.rows.update(rows)
        self.tick()

    def tick(self) -> None:
        """Draw the clocks of this moment."""
        numbers = [number for number in self.shown if number in self.rows]
        self._cases = dict(zip(numbers, self._describe([self.rows[number] for number in numbers]), strict=True))
        self.refresh()

    def go(self, place: int) -> None:
        """Put the cursor on a place, as far as the queue goes."""
        place = max(0, min(place, len(self.order) - 1))
        if self.ghost is not None and self.order and self.order[place] != self.ghost:
            gone = self.order.index(self.ghost)
            del self.order[gone]
            place -= gone < place
            self.ghost = None
        elif place == self.place:
            return
        self.place = place
        self._settle()
        self.post_message(self.Moved())

    def visit(self, number: int, rows: dict[int, Row]) -> None:
        """Show a case that is not in the queue here, until the cursor leaves it."""
        if self.ghost is not None:
            self.order.remove(self.ghost)
        self.place = min(self.place, len(self.order))
        self.order.insert(self.place, number)
        self.ghost = number
        self.learn(rows)
        self._settle()
        self.post_message(self.Moved())

    def _settle(self) -> None:
        """Scroll so that the cursor is on the screen, and ask for the rows that are."""
        room = max(self.room, 1)
        if self.place < self.top:
            self.top = self.place
        elif self.place >= self.top + room:
            self.top = self.place - room + 1
        self.top = max(0, min(self.top, len(self.order) - room))
        self.ask()

    def ask(self) -> None:
        """Ask for what is on the screen and not loaded; draw."""
        if any(number not in self.rows for number in self.shown):
            self.post_message(self.Missing())
        self.tick()

    # How it looks

    def title_line(self) -> Line:
        total = f"{len(self.order):,}{'' if self.complete else '+'}"
        here = f"{self.place + 1:,} of {total}" if self.order else "empty"
        chosen = f" · {len(self.selected)} selected" if self.selected else ""
        return [(f"1 Queue  {here}{chosen}", "")]

    def line(self, place: int) -> Line:
        if place >= len(self.order):
            return []
        number = self.order[place]
        case = self._cases.get(number)
        pen = "w" if number in self.unsent else " "
        head = [*_sign(">", place == self.place), *_sign("*", number in self.selected), (f"{pen}{number:>5} ", "")]
        if case is None:
            return [*head, ("…", "dim")]
        short = self.painter.short
        words, role = clock(case, self._now())
        sign, mood = SENTIMENT[case["sentiment"]]
        left = short(words, 8).rstrip()
        line: Line = [*head, (left, role), (f"{'':{8 - len(left)}} {short(case['language'] or '?', 2)} ", "dim")]
        line.append((sign, mood))
        width = self.size.width
        platform = short(case["platform"], 8) if width >= 90 else short(case["platform"][:4], 4)
        line.append((f" {platform} ", "dim"))
        who = f"→{case['assignee']}" if case["assignee"] else case["customer"]["name"] or case["customer"]["handle"]
        if width >= 60:
            line.append((short(who, 12) + " ", "accent" if case["assignee"] else "dim"))
        elif case["assignee"]:
            line.append((short(who, 6).rstrip() + " ", "accent"))
        if width >= 90:
            line.append((short(case["intent"], 10) + " ", "warn" if case["intent"] == "emergency" else "dim"))
        elif case["intent"] == "emergency":
            line += [("SOS", "bad"), (" ", "")]
        used = sum(len(text) if text.isascii() else self.painter.cells(text) for text, _ in line)
        line.append((short(case["text"], max(width - used - 1, 4)), ""))
        return line

    def base(self, place: int) -> str:
        if place == self.place and self.order:
            return "cursor" if self.has_focus else "quiet"
        return "text"

    # The mouse, for who likes it

    def on_click(self, event: Click) -> None:
        place = self.top + event.y - 1
        if event.y >= 1 and place < len(self.order):
            if event.ctrl:
                self.selected ^= {self.order[place]}
            self.go(place)

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        self.go(self.place + 3)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        self.go(self.place - 3)

    def on_resize(self, _event: Resize) -> None:
        self._settle()


def _sign(sign: str, shown: bool) -> Line:
    """A sign in its ink; where it is not shown, nothing that could be underlined."""
    return [(sign, "key") if shown else (" ", "")]
