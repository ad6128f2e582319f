"""The rows of a file of strangers, one at a time: JSON Lines, a JSON array, CSV.

A row that cannot be read is a `Rejected` with its line and its reason, and the rows around it are read. Memory does
not grow with the file: a line is at most `LONGEST_LINE` characters, a CSV field `LONGEST_FIELD`.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, NamedTuple

from carecli.errors import UsageError

LONGEST_LINE = 16_000_000
LONGEST_FIELD = 1_000_000
DELIMITERS = ",;\t|"
_CHUNK = 1 << 16
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SUFFIXES: dict[str, Literal["jsonl", "csv"]] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "csv",
}  # fmt: skip
_QUOTES = (
    ("end of data", "a quote is opened and never closed"),
    ("field limit", f"a field is longer than {LONGEST_FIELD:,} characters, or a quote is never closed"),
    ("expected after", "a quote inside a quoted field is not doubled"),
)


class Raw(NamedTuple):
    """One row as it came: the line where it begins, its values by column, and its own text where it was JSON."""

    line: int
    values: dict[str, Any]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not taken, its line in the file (from 1) and the reason, safe to show."""

    line: int
    reason: str


class Rewound(io.RawIOBase):
    """A stream whose first bytes were read already, from its first byte on; for pipes, which cannot seek."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.head = stream.read(_CHUNK)
        self._left = memoryview(self.head)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._left[: len(buffer)] if self._left else self._stream.read(len(buffer))
        self._left = self._left[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def kind_of(head: bytes, suffix: str) -> Literal["jsonl", "csv", "xlsx"]:
    """What a file is, by its first bytes and the end of its name. UsageError for what is none of ours."""
    if head.startswith(b"PK"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise UsageError("an old Excel file (.xls) cannot be read", hint="save it as .xlsx or .csv")
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"%PDF")):
        raise UsageError("this is a compressed file or a document, not rows", hint="unpack or export it first")
    if suffix.lower() in _SUFFIXES:
        return _SUFFIXES[suffix.lower()]
    start = head.lstrip(codecs.BOM_UTF8 + b"\xff\xfe\0 \t\r\n")
    return "jsonl" if start[:1] in (b"{", b"[") else "csv"


def text_of(stream: Rewound, encoding: str | None) -> tuple[io.TextIOWrapper, Checked]:
    """`stream` as text, and who watches its encoding: UTF-8 unless named, or marked by a byte order mark."""
    named = encoding or next((name for bom, name in _BOMS if stream.head.startswith(bom)), "utf-8")
    try:
        codec = codecs.lookup(named).name
        codec = "utf-8-sig" if codec == "utf-8" else codec
        buffered = io.BufferedReader(stream, _CHUNK)
        return io.TextIOWrapper(buffered, codec, errors="surrogateescape", newline=""), Checked(named)
    except LookupError:
        raise UsageError(f"there is no encoding {named!r}", hint="for example: --encoding windows-1250") from None


class Checked:
    """Tells a broken line from a file in another encoding: there, the broken lines outnumber the sound ones."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._sound = self._broken = 0

    def reason(self, text: str, line: int) -> str | None:
        """Why `text`, which begins in `line`, cannot be decoded; None when it could. UsageError for the file."""
        if text.isascii():
            return None
        try:
            text.encode()
        except UnicodeEncodeError as error:
            byte = ord(text[error.start]) & 0xFF
            where = f"line {line}, character {error.start + 1}: the byte 0x{byte:02X}"
            self._broken += 1
            if self._broken > 1 and self._broken > self._sound:
                raise self.wrong(where) from None
            return f"character {error.start + 1}: the byte 0x{byte:02X} is not {self._encoding}"
        self._sound += 1
        return None

    def wrong(self, where: str) -> UsageError:
        return UsageError(
            f"the file is not in {self._encoding} ({where} cannot be read)",
            hint="name its encoding, for example: --encoding windows-1250",
        )


def _line(text: io.TextIOWrapper) -> str:
    """The next line; of one that is too long only the beginning, the rest is passed over."""
    line = text.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE:
        rest = line
        while rest and rest[-1] not in "\r\n":
            rest = text.readline(LONGEST_LINE)
    return line


class _Decoder:
    """JSON as Python writes it too: NaN and Infinity are unknown, and `odd` tells that there were some."""

    def __init__(self) -> None:
        self._json = json.JSONDecoder(parse_constant=self._constant)
        self.odd = False

    def _constant(self, _name: str) -> None:
        self.odd = True

    def row(self, source: str, line: int) -> Raw | Rejected:
        """The row that `source` is, whole."""
        self.odd = False
        try:
            value = self._json.decode(source)
        except (ValueError, RecursionError) as error:
            return Rejected(line, _not_json(error))
        return self._checked(value, line, source)

    def row_at(self, text: str, start: int, line: int) -> tuple[Raw | Rejected, int]:
        """The row that begins at `start`, and where it ends. ValueError, RecursionError."""
        self.odd = False
        value, end = self._json.raw_decode(text, start)
        return self._checked(value, line, text[start:end]), end

    def _checked(self, value: Any, line: int, source: str) -> Raw | Rejected:
        if not isinstance(value, dict):
            return Rejected(line, "a row has to be a JSON object, {…}")
        return Raw(line, value, None if self.odd else source)


def _not_json(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (character {error.pos + 1})"
    return "not JSON: nested too deeply" if isinstance(error, RecursionError) else "not JSON: a number is too long"


def json_rows(text: io.TextIOWrapper, checked: Checked) -> Iterator[Raw | Rejected]:
    """One object a line, or one array of objects; what follows the array is read as lines again."""
    decoder = _Decoder()
    number = 0
    begun = False
    while line := _line(text):
        number += 1
        source = line.strip()
        if not source:
            continue
        if not begun and source[0] == "[":
            array = _Array(text, line, number)
            yield from array.rows(decoder, checked)
            number = array.number
            yield from _json_lines(array.rest(), number, decoder, checked)
        else:
            yield _json_line(line, number, decoder, checked)
        begun = True


def _json_lines(lines: list[str], number: int, decoder: _Decoder, checked: Checked) -> Iterator[Raw | Rejected]:
    for number, line in enumerate(lines, number):
        if line.strip():
            yield _json_line(line, number, decoder, checked)


def _json_line(line: str, number: int, decoder: _Decoder, checked: Checked) -> Raw | Rejected:
    reason = checked.reason(line, number)
    if reason is None and len(line) == LONGEST_LINE:
        reason = f"the line is longer than {LONGEST_LINE:,} characters"
    if reason is not None:
        return Rejected(number, reason)
    row = decoder.row(line.strip(), number)
    if isinstance(row, Rejected) and line[-1] not in "\r\n":
        return Rejected(number, f"{row.reason}; the file ends within this line")
    return row
