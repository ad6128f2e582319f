"""What every part of a report is made of: tables of cells, so that all formats agree cell for cell.

Names and words come from outside and are made inert here, before any format sees them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from carecli import text
from carecli.hours import show_duration
from carecli.model import JSON, iso

NOTHING = "–"

Chart = Literal["", "bars", "time", "interval"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: as data with its unit (CSV) and as people read it; None where nothing is known.

    Units: `share`, `seconds`, `text`, `time`, `link`, or the name of what is counted.
    """

    value: str | float | None
    unit: str
    shown: str


@dataclass(frozen=True, slots=True)
class Row:
    """A named line of a table; `of` is how many the line counts over, None where it is a count itself."""

    name: str
    cells: tuple[Cell, ...]
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One table. `columns` head the name and the cells; `counted` heads `of`, None leaves that column out.

    `chart`: `bars` shows the first cell of each row, `time` the first two over time, `interval` three cells as a
    value with its bounds. `key` is the table's name in CSV.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    counted: str | None = "of"
    chart: Chart = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure: what it is, its value, what it counts over, how it was in the period before."""

    name: str
    value: str
    of: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A report that is ready for every format: its JSON document and its tables, in reading order."""

    name: str
    title: str
    document: JSON
    sections: tuple[Section, ...]
    tiles: tuple[Tile, ...] = field(default=())


def count(value: int, unit: str = "mentions") -> Cell:
    """A number of things."""
    return Cell(value, unit, f"{value:,}")


def share(value: float | None) -> Cell:
    """0…1 (or −1…1), shown in percent."""
    return Cell(value, "share", NOTHING if value is None else f"{value:.1%}")


def part(value: int, whole: int) -> Cell:
    """`value` as a share of `whole`; unknown without any."""
    return share(value / whole if whole else None)


def seconds(value: float | None) -> Cell:
    """A duration."""
    return Cell(value, "seconds", NOTHING if value is None else show_duration(value))


def ratio(value: float | None, unit: str, digits: int = 1) -> Cell:
    """A number with decimals."""
    return Cell(value, unit, NOTHING if value is None else f"{value:.{digits}f}")


def words(value: str | None) -> Cell:
    """Words from anywhere, on one line."""
    clean = None if value is None else text.single_line(value)
    return Cell(clean, "text", clean or NOTHING)


def link(value: str | None) -> Cell:
    """An address from anywhere; HTML makes it a link when it leads to the web."""
    clean = None if value is None else text.single_line(value)
    return Cell(clean, "link", clean or NOTHING)


def moment(value: datetime | None, timezone: str) -> Cell:
    """A time: UTC for programs, the team's clock for people."""
    if value is None:
        return Cell(None, "time", NOTHING)
    local = value.astimezone(ZoneInfo(timezone))
    return Cell(iso(value), "time", f"{local:%Y-%m-%d %H:%M}")


def name(untrusted: str) -> str:
    """A name from outside as the head of a line; never empty."""
    return text.single_line(untrusted) or NOTHING
