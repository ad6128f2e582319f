"""What all readers of files share: a row, a refusal, what kind of file it is and how its bytes become text.

A row that cannot be read is a `Rejected` with its line and its reason, and the rows around it are read.
Memory does not grow with the file: a line is at most `LONGEST_LINE` characters.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, NamedTuple

from carecli.errors import UsageError

LONGEST_LINE = 16_000_000
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


class Raw(NamedTuple):
    """One row as it came: the line where it begins, its values by column, and its own text where it was
    JSON.
    """

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
        raise UsageError("an old or encrypted Excel file cannot be read", hint="save it as .xlsx or .csv")
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
    """Tells a broken line from a file in another encoding: there, the broken lines outnumber the sound
    ones.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._sound = self._broken = 0

    def reason(self, text: str, line: int) -> str | None:
        """Why `text`, which begins in `line`, cannot be decoded; None when it could. UsageError for the
        file.
        """
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


def next_line(text: io.TextIOWrapper) -> str:
    """The next line, "" at the end; of one that is too long only the beginning, the rest is passed over."""
    line = text.readline(LONGEST_LINE)
    if len(line) == LONGEST_LINE:
        rest = line
        while rest and rest[-1] not in "\r\n":
            rest = text.readline(_CHUNK)
    return line
