"""Charts of a report's tables as SVG: drawn here, without a script, a font or a picture from elsewhere.

Each has a title and a description in words for who does not see it; its numbers stand in the table below it. Colours
are classes, so that the page's style decides for light, dark and paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from carecli import text
from carecli.reports.tables import Cell, Row, Section

WIDTH = 640
MOST_BARS = 15
LABEL = 190  # the width of the names beside bars
LABEL_CELLS = 26
ROW = 24
RIGHT = 86  # what the value behind a bar may take
HEIGHT = 220
LEFT, TOP, BOTTOM = 48, 12, 30
MOST_TICKS = 8


def chart(table: Section) -> str:
    """The SVG of `table`, or nothing where it has no chart, or no number to show."""
    if table.chart == "bars":
        return _bars(table)
    if table.chart == "time":
        return _columns(table)
    return _intervals(table) if table.chart == "interval" else ""


def _svg(table: Section, height: float, description: str, shapes: Iterable[str]) -> str:
    key = escape(table.key)
    return (
        f'<svg viewBox="0 0 {WIDTH} {_n(height)}" role="img" aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(table.title)}</title>'
        f'<desc id="{key}-desc">{escape(description)}</desc>{"".join(shapes)}</svg>'
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'


def _words(x: float, y: float, words: str, anchor: str = "start") -> str:
    """`words` at a place; where they run from right to left, their start is at the other end."""
    direction = ""
    if text.is_rtl(words):
        anchor = {"start": "end", "end": "start"}.get(anchor, anchor)
        direction = ' direction="rtl"'
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"{direction}>{escape(words)}</text>'


def _number(cell: Cell) -> float:
    return float(cell.value) if isinstance(cell.value, (int, float)) else 0.0


# Horizontal bars


def _bars(table: Section) -> str:
    shown = [row for row in table.rows if row.cells and isinstance(row.cells[0].value, (int, float))][:MOST_BARS]
    most = max((_number(row.cells[0]) for row in shown), default=0.0)
    if most <= 0:
        return ""
    shapes: list[str] = []
    for index, row in enumerate(shown):
        top = index * ROW
        length = max(0.0, _number(row.cells[0])) / most * (WIDTH - LABEL - RIGHT)
        shapes += [
            _words(LABEL - 10, top + 16, text.clip(row.name, LABEL_CELLS), "end"),
            _rect(LABEL, top + 4, max(length, 1.0 if length else 0.0), ROW - 8, "a"),
            _words(LABEL + length + 6, top + 16, _value(row)),
        ]
    return _svg(table, len(shown) * ROW, _bars_in_words(table, shown), shapes)


def _value(row: Row) -> str:
    share = next((cell.shown for cell in row.cells[1:] if cell.unit == "share" and cell.value is not None), None)
    return row.cells[0].shown if share is None else f"{row.cells[0].shown} ({share})"


def _bars_in_words(table: Section, shown: Sequence[Row]) -> str:
    left_out = len(table.rows) - len(shown)
    told = "; ".join(f"{row.name} {_value(row)}" for row in shown)
    return f"Bars: {told}." + (f" {left_out} more are in the table." if left_out else "")


# Columns over time


def _columns(table: Section) -> str:
    rows = table.rows
    most = max((_number(row.cells[0]) for row in rows), default=0.0)
    if most <= 0:
        return ""
    top = _nice(most)
    room, depth = (WIDTH - LEFT) / len(rows), HEIGHT - TOP - BOTTOM
    shapes = [*_grid(top, depth), *_legend(table)]
    for index, row in enumerate(rows):
        x, width = LEFT + room * index + room * 0.12, room * 0.76
        for cell, kind in zip(row.cells, ("a", "b"), strict=False):
            height = _number(cell) / top * depth
            if height:
                shapes.append(_rect(x, TOP + depth - height, width, height, kind))
    step = math.ceil(len(rows) / MOST_TICKS)
    ticks = range(0, len(rows), step)
    shapes += [_words(LEFT + room * (place + 0.5), HEIGHT - 10, rows[place].name, "middle") for place in ticks]
    return _svg(table, HEIGHT + 24, _columns_in_words(table), shapes)


def _grid(top: float, depth: float) -> list[str]:
    shapes = []
    for part in (0.0, 0.5, 1.0):
        y = TOP + depth * (1 - part)
        value = top * part
        shapes.append(_line(LEFT, y, WIDTH, y, "g"))
        if value == int(value):
            shapes.append(_words(LEFT - 8, y + 4, f"{int(value):,}", "end"))
    return shapes


def _legend(table: Section) -> list[str]:
    shapes = []
    for index, (name, kind) in enumerate(zip(table.columns[1:], ("a", "b"), strict=False)):
        x = LEFT + index * 140
        shapes += [_rect(x, HEIGHT + 6, 12, 12, kind), _words(x + 18, HEIGHT + 16, name)]
    return shapes


def _nice(most: float) -> float:
    """The smallest of 2, 4, 10, 20, 40, 100 … that is not less than `most`."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 4, 10, 20) if step * power >= most and step * power >= 2)


def _columns_in_words(table: Section) -> str:
    rows = table.rows
    high = max(rows, key=lambda row: _number(row.cells[0]))
    sums = (
        f"{name}: {sum(_number(row.cells[place]) for row in rows):,.0f} in all"
        for place, name in enumerate(table.columns[1:])
    )
    return (
        f"Columns from {rows[0].name} to {rows[-1].name}. {'; '.join(sums)}. "
        f"Highest: {high.cells[0].shown} on {high.name}."
    )


# Values with their intervals


def _intervals(table: Section) -> str:
    rows = [row for row in table.rows if all(isinstance(cell.value, (int, float)) for cell in row.cells[:3])]
    if not rows:
        return ""
    low = -1.0 if any(_number(cell) < 0 for row in rows for cell in row.cells[:3]) else 0.0
    room = WIDTH - LABEL - RIGHT

    def place(value: float) -> float:
        return LABEL + (min(1.0, max(low, value)) - low) / (1 - low) * room

    depth = len(rows) * ROW
    shapes = []
    for mark in (low, (low + 1) / 2, 1.0):
        shapes += [
            _line(place(mark), 0, place(mark), depth, "g"),
            _words(place(mark), depth + 16, f"{mark:.0%}", "middle"),
        ]
    for index, row in enumerate(rows):
        middle = index * ROW + ROW / 2
        value, start, end = (place(_number(cell)) for cell in row.cells[:3])
        shapes += [
            _words(LABEL - 10, middle + 4, text.clip(row.name, LABEL_CELLS), "end"),
            _line(start, middle, end, middle, "i"),
            f'<circle class="a" cx="{_n(value)}" cy="{_n(middle)}" r="5"/>',
            _words(WIDTH - RIGHT + 22, middle + 4, row.cells[0].shown),
        ]
    told = "; ".join("{} {}, from {} to {}".format(row.name, *(cell.shown for cell in row.cells[:3])) for row in rows)
    return _svg(table, depth + 24, f"Each value with its 95% interval: {told}.", shapes)
