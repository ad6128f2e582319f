"""A report as one tidy CSV table: one line per cell of the other formats.

Columns: `section`, `name` (the line of the table), `group` (its column), `value`, `unit`, `count` (what the
line counts over). Shares are 0…1, durations seconds, times ISO 8601 in UTC; unknown is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from carecli.reports.tables import Section
from carecli.text import guarded

COLUMNS = ("section", "name", "group", "value", "unit", "count")


def csv_table(tables: Sequence[Section]) -> str:
    """`tables` as CSV with a header; lines end with a line feed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(line for table in tables for line in _lines(table))
    return out.getvalue()


def _lines(table: Section) -> Iterable[list[str | float | None]]:
    for row in table.rows:
        for group, cell in zip(table.columns[1:], row.cells, strict=True):
            value = guarded(cell.value) if isinstance(cell.value, str) else cell.value
            yield [table.key, guarded(row.name), group, value, cell.unit, row.of]
