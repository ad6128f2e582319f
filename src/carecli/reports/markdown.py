"""A report as Markdown: pipe tables (GitHub's), where no name from outside can be markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carecli.reports.tables import Cell, Row, Section

TITLE = "Customer care report"

# What Markdown or HTML could read as markup within a line; the last two would start a link.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|&~#!$]|:(?=\S)|(?<=www)\.", re.IGNORECASE)


def markdown(tables: Sequence[Section], *, title: str = TITLE) -> str:
    """`tables` as a Markdown document."""
    return "\n\n".join([f"# {escape(title)}", *map(_block, tables)]) + "\n"


def escape(words: str) -> str:
    """`words` so that Markdown shows them as they are."""
    return _MARKUP.sub(r"\\\g<0>", words)


def _block(table: Section) -> str:
    parts = [f"## {table.title}"]
    if table.rows:
        parts.append("\n".join(_table(table)))
    parts += table.notes
    return "\n\n".join(parts)


def _table(table: Section) -> list[str]:
    heads = [*table.columns, *([table.counted] if table.counted else [])]
    words = {"text", "time", "link"}
    marks = [":---", *(":---" if cell.unit in words else "---:" for cell in table.rows[0].cells)]
    marks += ["---:"] * (table.counted is not None)
    return [_pipes(heads), _pipes(marks), *(_pipes(_row(row, table.counted)) for row in table.rows)]


def _row(row: Row, counted: str | None) -> list[str]:
    of = [] if counted is None else ["" if row.of is None else f"{row.of:,}"]
    return [escape(row.name), *map(_cell, row.cells), *of]


def _cell(cell: Cell) -> str:
    return escape(cell.shown) if cell.unit in {"text", "link"} else cell.shown


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
