"""Cells: the only way of text to the screen. What strangers wrote comes out inert, straight and in reading order.

A `Line` is a list of (text, role) pieces; a role is a name of the palette (`themes.py`). Nothing is ever markup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from carecli.config import Display
from carecli.text import (
    apart,
    clip,
    inert,
    is_rtl,
    single_line,
    visual,
    wants_apart,
    wants_visual,
    width,
    wrap,
)

Piece = tuple[str, str]
Line = list[Piece]
Palette = Mapping[str, Style]

_FIRST_RTL, _LAST_RTL = "\u0590", "\u08ff"
_LEFT_TO_RIGHT = "\u200e"  # no cell wide: keeps a terminal that reorders from mixing two panes of one row
_TALLEST = 400  # lines of one message; more are counted


@dataclass(frozen=True, slots=True)
class Painter:
    """How this terminal wants text: `reorder` right-to-left ourselves, emoji sequences in `parts`."""

    reorder: bool = False
    parts: bool = False

    @classmethod
    def of(cls, display: Display, env: Mapping[str, str] | None = None) -> Painter:
        """What care.toml says, else what the environment tells of the terminal."""
        env = os.environ if env is None else env
        return cls(
            display.rtl == "visual" or (display.rtl == "auto" and wants_visual(env)),
            display.emoji == "parts" or (display.emoji == "auto" and wants_apart(env)),
        )

    def short(self, text: object, cells: int) -> str:
        """One line of exactly `cells` cells: clipped with "…" or filled."""
        safe = single_line(str(text)[: 20 * cells + 200])
        safe = clip(apart(safe) if self.parts else safe, cells)
        return self._turned(safe, is_rtl(safe)) + " " * (cells - width(safe))

    def long(self, text: str, cells: int) -> list[str]:
        """Paragraphs of at most `cells` cells a line; right-to-left ones stand at the right where we reorder."""
        cells = max(cells, 4)
        safe = inert(text)
        lines: list[str] = []
        for paragraph in (apart(safe) if self.parts else safe).split("\n"):
            rtl = is_rtl(paragraph)
            for line in wrap(paragraph, cells):
                room = " " * (cells - width(line)) if rtl and self.reorder else ""
                lines.append(room + self._turned(line, rtl))
            if len(lines) > _TALLEST:
                return [*lines[:_TALLEST], f"… the message is longer: {len(text)} characters"]
        return lines

    @staticmethod
    def cells(text: str) -> int:
        """The cells that safe text takes."""
        return width(text.replace(_LEFT_TO_RIGHT, ""))

    def _turned(self, line: str, rtl: bool) -> str:
        if line.isascii() or not any(_FIRST_RTL <= character <= _LAST_RTL for character in line):
            return line
        return visual(line, rtl=rtl) if self.reorder else line + _LEFT_TO_RIGHT


def strip(line: Iterable[Piece], cells: int, palette: Palette, base: str = "text") -> Strip:
    """A line as Textual draws it, exactly `cells` wide; pieces are safe already (from a `Painter`, or our own)."""
    ground = palette[base]
    coloured = base in ("text", "bar")  # inks are made for these grounds; on others they only keep their weight
    inks = {role: _ink(ground, palette[role], coloured) if role else ground for _, role in line}
    segments = [Segment(text, inks[role]) for text, role in line if text]
    used = sum(segment.cell_length for segment in segments)
    if used < cells:
        segments.append(Segment(" " * (cells - used), ground))
    drawn = Strip(segments, max(used, cells))
    return drawn if used <= cells else drawn.crop(0, cells)


def _ink(ground: Style, ink: Style, coloured: bool) -> Style:
    return ground + (ink if coloured else Style(bold=ink.bold, underline=ink.underline))
