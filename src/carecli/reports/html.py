"""A report as one HTML file: no script, no request, for eyes, screen readers, paper and dark rooms.

Everything is inside: style, charts (SVG), an empty icon. The page's own policy forbids the rest, so that nothing
that a customer wrote can load or run, whatever it is. Words from outside are marked to find their own direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib import resources
from urllib.parse import urlsplit

from carecli.reports.charts import chart
from carecli.reports.tables import Cell, Part, Row, Section, Tile

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
WORDS = {"text", "link"}


def html(part: Part) -> str:
    """`part` as a whole document; its period is told at the top, so that table comes last."""
    sections = sorted(part.sections, key=lambda table: table.key == "period")
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en" dir="ltr">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n',
            f'<link rel="icon" href="data:,">\n<title>{escape(part.title)}</title>\n<style>\n{_style()}</style>\n',
            "</head>\n<body>\n",
            '<a class="skip" href="#report">Skip to the report</a>\n',
            f"<header>\n<h1>{_free(part.title)}</h1>\n{_about(sections)}{_contents(sections)}</header>\n",
            '<main id="report">\n',
            _tiles(part.tiles),
            *map(_section, sections),
            "</main>\n<footer><p>Made by carecli from the mentions and the log that it keeps.</p></footer>\n",
            "</body>\n</html>\n",
        )
    )


@cache
def _style() -> str:
    return resources.files("carecli.reports").joinpath("style.css").read_text(encoding="utf-8")


def _free(words: str) -> str:
    """Words from outside: escaped, in a direction of their own."""
    return escape(words) if words.isascii() else f'<bdi dir="auto">{escape(words)}</bdi>'


def _about(sections: Sequence[Section]) -> str:
    """The period in one line, where there is one."""
    period = next((each for each in sections if each.key == "period"), None)
    if period is None:
        return ""
    told = {row.name: row.cells[0].shown for row in period.rows}
    return f"<p>{escape(told['since'])} to {escape(told['until'])} ({escape(told['time zone'])})</p>\n"


def _contents(sections: Sequence[Section]) -> str:
    links = "".join(f'<li><a href="#{escape(each.key)}">{escape(each.title)}</a></li>' for each in sections)
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n'


def _tiles(tiles: Sequence[Tile]) -> str:
    if not tiles:
        return ""
    return f'<ul class="tiles" aria-label="Headline figures">{"".join(map(_tile, tiles))}</ul>\n'


def _tile(tile: Tile) -> str:
    small = "".join(f"<small>{escape(words)}</small>" for words in (tile.of, tile.before) if words)
    return f"<li>{escape(tile.name)}<b>{escape(tile.value)}</b>{small}</li>"


def _section(table: Section) -> str:
    key, title = escape(table.key), escape(table.title)
    return "".join(
        (
            f'<section id="{key}" aria-labelledby="{key}-head">\n<h2 id="{key}-head">{title}</h2>\n',
            chart(table),
            _table(table) if table.rows else "",
            *(f'<p class="notes">{_free(note)}</p>\n' for note in table.notes),
            "</section>\n",
        )
    )


def _table(table: Section) -> str:
    heads = [*table.columns, *([table.counted] if table.counted else [])]
    # a table that is wider than the page is scrolled, also by keyboard
    return (
        f'<div class="table" role="region" tabindex="0" aria-label="Table: {escape(table.title)}">\n<table>\n'
        f"<thead><tr>{''.join(_heads(heads, table.rows[0]))}</tr></thead>\n"
        f"<tbody>\n{''.join(_row(row, table.counted) for row in table.rows)}</tbody>\n</table></div>\n"
    )


def _heads(heads: Sequence[str], row: Row) -> Iterable[str]:
    for index, head in enumerate(heads):
        is_words = index == 0 or (index <= len(row.cells) and row.cells[index - 1].unit in {*WORDS, "time"})
        kind = "" if is_words else ' class="n"'
        # a corner is no head of anything
        yield f'<th scope="col"{kind}>{escape(head)}</th>' if head else "<td></td>"


def _row(row: Row, counted: str | None) -> str:
    of = "" if counted is None else f'<td class="n">{"" if row.of is None else f"{row.of:,}"}</td>'
    return f'<tr><th scope="row">{_free(row.name)}</th>{"".join(map(_cell, row.cells))}{of}</tr>\n'


def _cell(cell: Cell) -> str:
    if cell.unit == "link" and isinstance(cell.value, str) and _leads_to_the_web(cell.value):
        return f'<td class="w"><a href="{escape(cell.value)}" rel="noreferrer noopener">{_free(cell.shown)}</a></td>'
    if cell.unit in WORDS:
        return f'<td class="w">{_free(cell.shown)}</td>'
    kind = "" if cell.unit == "time" else ' class="n"'
    return f"<td{kind}>{escape(cell.shown)}</td>"


def _leads_to_the_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
