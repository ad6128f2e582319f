"""A report for the terminal: aligned by cell width, no wider than asked, with small bars beside counts."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from carecli import text
from carecli.reports.tables import Row, Section

TITLE = "Customer care report"
INDENT = "  "
GAP = "  "
SHORTEST = 8  # a clipped column keeps this many cells
BAR = 24
SHORTEST_BAR = 5
LEFT_TO_RIGHT = "\u200e"  # an invisible letter, no cells wide
EIGHTHS = " ▏▎▍▌▋▊▉"


def plain(tables: Sequence[Section], width: int = 80, *, title: str = TITLE) -> str:
    """`tables` as lines of at most `width` cells: where a table is wider, its words are clipped."""
    blocks = [title, *(_block(table, width) for table in tables)]
    return "\n\n".join(blocks) + "\n"


def _block(table: Section, width: int) -> str:
    lines = [table.title]
    if table.rows:
        lines += [f"{INDENT}{line}" for line in _table(table, width - len(INDENT))]
    for note in table.notes:
        lines += textwrap.wrap(note, width, initial_indent=INDENT, subsequent_indent=INDENT)
    return "\n".join(lines)


def _table(table: Section, width: int) -> list[str]:
    grid = [_shown(row, table.counted) for row in table.rows]
    heads = [*table.columns, *([table.counted] if table.counted else [])]
    left = [index == 0 or _is_text(table, index) for index in range(len(heads))]
    if len(heads) > 2:  # a single column of values explains itself
        grid.insert(0, heads)
    widths = _fit(grid, left, width)
    bars = _bars(table, width - sum(widths) - len(GAP) * len(widths))
    bars = [""] * (len(grid) - len(bars)) + bars
    return [_line(cells, widths, left, bar) for cells, bar in zip(grid, bars, strict=True)]


def _shown(row: Row, counted: str | None) -> list[str]:
    of = [] if counted is None else ["" if row.of is None else f"{row.of:,}"]
    return [row.name, *(cell.shown for cell in row.cells), *of]


def _is_text(table: Section, index: int) -> bool:
    return index <= len(table.rows[0].cells) and table.rows[0].cells[index - 1].unit in {"text", "time", "link"}


def _fit(grid: Sequence[Sequence[str]], left: Sequence[bool], width: int) -> list[int]:
    """Column widths; where the line would be too long, the widest columns of words give way."""
    widths = [min(width, max(map(text.width, column))) for column in zip(*grid, strict=True)]
    words = [index for index, is_left in enumerate(left) if is_left]
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        widest = max(words, key=widths.__getitem__)
        if widths[widest] <= SHORTEST:
            break
        widths[widest] -= 1
    while sum(widths) + len(GAP) * (len(widths) - 1) > width and max(widths) > SHORTEST // 2:
        widths[widths.index(max(widths))] -= 1  # too narrow a terminal even for the figures' heads
    return widths


def _bars(table: Section, room: int) -> list[str]:
    if table.chart not in ("bars", "time") or room < SHORTEST_BAR:
        return [""] * len(table.rows)
    values = [float(row.cells[0].value or 0) for row in table.rows]
    most = max(values)
    return [_bar(value / most if most else 0.0, min(room, BAR)) for value in values]


def _bar(share: float, room: int) -> str:
    eighths = round(share * room * 8)
    if share > 0:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    return "█" * full + EIGHTHS[rest].strip()


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool], bar: str) -> str:
    padded = []
    for cell, width, is_left in zip(cells, widths, left, strict=True):
        clipped = text.clip(cell, width)
        space = " " * (width - text.width(clipped))
        clipped = _fenced(clipped)
        padded.append(clipped + space if is_left else space + clipped)
    return GAP.join([*padded, bar]).rstrip()


def _fenced(cell: str) -> str:
    """`cell` so that right-to-left words in it do not pull their line's other columns around."""
    if cell.isascii() or not any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in cell):
        return cell
    return f"{LEFT_TO_RIGHT}{cell}{LEFT_TO_RIGHT}"
