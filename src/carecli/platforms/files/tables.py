"""Rows of tables: CSV as spreadsheets write it, and XLSX without ever running what is in it."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from carecli.errors import UsageError
from carecli.platforms.files.rows import Checked, Raw, Rejected, next_line
from carecli.text import unguarded

DELIMITERS = ",;\t|"
LONGEST_FIELD = 1_000_000
# A sheet is read as a stream; all other parts of a workbook are held in memory.
LARGEST_SHEET = 2_000_000_000
LARGEST_PART = 200_000_000
LAST_ROW = 1_048_576
_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
_SEPARATOR = re.compile(r'"?sep=(.)"?\s*')
_BROKEN: tuple[type[Exception], ...] = (
    ValueError, TypeError, LookupError, AttributeError, SyntaxError, OverflowError, EOFError, OSError,
    RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def csv_rows(text: io.TextIOWrapper, checked: Checked) -> Iterator[Raw | Rejected]:
    """The rows below the header of `text`; the delimiter is the one that the header has most of.

    A row whose quotes are broken is rejected alone: reading goes on at its second line. Rows without any
    content are passed over.
    """
    csv.field_size_limit(LONGEST_FIELD)  # of the whole process: others set their own, too
    lines = _Lines(text)
    delimiter = lines.delimiter()
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header: tuple[str, ...] | None = None
    while True:
        lines.begin()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _rejected(lines.first, _quoting(str(error)), header)
            lines.back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        reason = lines.reason(checked)
        if reason is not None:
            yield _rejected(lines.first, reason, header)
        elif not any(map(str.strip, fields)):
            continue
        elif header is None:
            header = named(fields)
        else:
            yield _fitted(header, [unguarded(field) for field in fields], lines.first)


class _Lines(Iterator[str]):
    """The lines of a file for the csv module; they can be given back when a record turns out broken."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self._taken: list[str] = []
        self._number = 0
        self.first = 1

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next_line(self._text)
        if not line:
            raise StopIteration
        self._number += 1
        self._taken.append(line)
        return line

    def begin(self) -> None:
        """A record begins with the next line."""
        self._taken.clear()
        self.first = self._number + 1

    def back(self) -> None:
        """Give back all lines of the record but its first."""
        self._back.extendleft(reversed(self._taken[1:]))
        self._number -= len(self._taken) - 1

    def delimiter(self) -> str:
        """The delimiter of the header; a first line `sep=;`, as Excel writes it, decides and is passed
        over.
        """
        for line in self:
            found = _SEPARATOR.fullmatch(line)
            if found:
                return found[1]
            if line.strip():
                bare = re.sub(r'"[^"]*"', "", line)
                self._back.appendleft(line)
                self._number -= 1
                return max(DELIMITERS, key=bare.count)
        return ","

    def reason(self, checked: Checked) -> str | None:
        """Why the record cannot be taken as text, or None."""
        reasons = (checked.reason(line, self.first + index) for index, line in enumerate(self._taken))
        return next(filter(None, reasons), None)


def _rejected(line: int, reason: str, header: Sequence[str] | None) -> Rejected:
    """Without a header no row has a meaning: UsageError."""
    if header is None:
        raise UsageError(f"the header of the CSV file (line {line}) cannot be read: {reason}")
    return Rejected(line, reason)


def _quoting(error: str) -> str:
    if "end of data" in error:
        return "a quote is opened and never closed"
    if "field limit" in error:
        return f"a field is longer than {LONGEST_FIELD:,} characters, or a quote is never closed"
    return "a quote inside a quoted field is not doubled"


def _fitted(header: Sequence[str], fields: list[str], line: int) -> Raw | Rejected:
    width = len(header)
    if len(fields) < width or any(fields[width:]):
        return Rejected(line, f"{len(fields)} fields, but the header has {width}")
    return Raw(line, dict(zip(header, fields, strict=False)))


def named(cells: Iterable[object]) -> tuple[str, ...]:
    """Names for all columns: one without a name, or with the name of another, is called by its number."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = "" if cell is None else str(cell).strip()
        names.append(f"{name} column {number}".strip() if not name or name in names else name)
    return tuple(names)


def xlsx_rows(stream: IO[bytes]) -> Iterator[Raw | Rejected]:
    """The rows below the header of the first visible sheet of a seekable workbook; the line is the sheet's
    row.

    Formulas give the value that was saved with them. UsageError for a workbook that is broken or a bomb.
    """
    try:
        _check_parts(stream)
        yield from _sheet_rows(stream)
    except _BROKEN as error:
        raise UsageError(
            f"the Excel file is broken ({type(error).__name__})", hint="save it anew, or as CSV"
        ) from error


def _check_parts(stream: IO[bytes]) -> None:
    """Refuse what would fill the memory; `zipfile` reads no further than the size that a part names."""
    with zipfile.ZipFile(stream) as archive:
        for part in archive.infolist():
            largest = LARGEST_SHEET if part.filename.startswith("xl/worksheets/") else LARGEST_PART
            if part.file_size > largest:
                raise UsageError(f"the Excel file unpacks to more than {largest:,} bytes", hint="save it as CSV")
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as content:
                    head = content.read(4096)
                # Office writes neither document types nor UTF-16; both are ways to smuggle entities in.
                if b"<!DOCTYPE" in head or b"\0" in head:
                    raise UsageError("the Excel file holds XML that Excel does not write")


def _sheet_rows(stream: IO[bytes]) -> Iterator[Raw | Rejected]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
        if not sheets:
            return
        # What a sheet says of its own size is often wrong.
        sheets[0].reset_dimensions()
        header: tuple[str, ...] | None = None
        for line, cells in enumerate(sheets[0].iter_rows(values_only=True), 1):
            if line > LAST_ROW:
                raise ValueError("no sheet has so many rows")
            if all(cell is None or cell == "" for cell in cells):
                continue
            if header is None:
                header = named(cells)
            else:
                yield _of_cells(header, cells, line)
    finally:
        book.close()


def _of_cells(header: Sequence[str], cells: Sequence[Any], line: int) -> Raw | Rejected:
    if any(cell not in (None, "") for cell in cells[len(header) :]):
        return Rejected(line, f"{len(cells)} cells, but the header has {len(header)}")
    # A cell whose formula failed has no value.
    known = (None if isinstance(cell, str) and cell in _ERRORS else cell for cell in cells)
    return Raw(line, {**dict.fromkeys(header), **dict(zip(header, known, strict=False))})
