"""Cells of tables that a spreadsheet may open: what looks like a formula is marked as text."""

from __future__ import annotations

# What a formula begins with; the full-width forms in some locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(cell: str) -> str:
    """`cell` with an apostrophe before it where a spreadsheet would run it; `unguarded` takes it away again."""
    return f"'{cell}" if _is_formula(cell.lstrip("'")) else cell


def unguarded(cell: str) -> str:
    """`cell` without the apostrophe of `guarded`, which spreadsheets write, too."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell.lstrip("'")) else cell


def _is_formula(cell: str) -> bool:
    return cell.startswith(_FORMULA)
