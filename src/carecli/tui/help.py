"""All keys, as they are now."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key

from carecli.tui.bars import show_key
from carecli.tui.dialogs import Dialog, Page
from carecli.tui.paint import Line, Painter
from carecli.workspace.keys import ACTIONS, COMMANDS

_GROUPS = {
    "move": "Moving",
    "case": "The case",
    "label": "Correcting the engine",
    "find": "Finding",
    "screen": "Screen",
}
_SIGNS = (
    "Signs: > cursor   * selected   w half-written reply   !! target missed by   ! due soon   - · + sentiment",
    "An action is for all selected cases, or for the one under the cursor. Remap: [keys] in care.toml.",
)


class Help(Dialog):
    """Dismissed by any key that does not scroll."""

    def compose(self) -> ComposeResult:
        yield Vertical(Page("All keys", build=self._build), id="asked")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def _build(self, painter: Painter, cells: int) -> list[Line]:
        keys = self.care.keys
        lines: list[Line] = []
        for group, title in _GROUPS.items():
            lines.append([(title, "accent")])
            for action in ACTIONS:
                if action.group == group:
                    shown = " ".join(map(show_key, keys[action.name])) or "–"
                    lines.append(_told(painter, shown, action.words, cells))
        lines.append([("While a reply is written", "accent")])
        lines += [_told(painter, show_key(key), words, cells) for key, (_, _, words) in COMMANDS.items()]
        for sentence in _SIGNS:
            lines += [[(line, "dim")] for line in painter.long(sentence, cells)]
        return lines

    def on_key(self, event: Key) -> None:
        page = self.query_one(Page)
        step = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page.room, "space": page.room, "pageup": -page.room}
        if event.key in step:
            page.scroll_lines(step[event.key])
        elif event.key != "escape":
            self.dismiss(None)
        event.stop()


def _told(painter: Painter, keys: str, words: str, cells: int) -> Line:
    return [(f"  {painter.short(keys, 14)}", "key"), (painter.short(words, max(cells - 16, 8)), "")]
