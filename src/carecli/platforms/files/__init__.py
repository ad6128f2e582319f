"""Mentions from files: what `care import` reads, and a folder that is listened to like any other source.

JSON Lines, CSV and XLSX become mentions in the order of the file. A row that is not taken is a `Rejected` and
the others are read. A row that repeats an earlier one word for word is passed over; one with the id of an
earlier row and other content is rejected, because nobody can say which of the two is right. To notice both,
about 150 bytes per row are kept; nothing else grows with the file.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Literal, cast, get_args
from zoneinfo import ZoneInfo

from carecli.errors import BadAnswer, CareError, ConfigError, PlatformError, UsageError
from carecli.model import JSON, Mention, Page
from carecli.platforms.base import Fetcher, Platform, Setup
from carecli.platforms.files.fields import Converter
from carecli.platforms.files.jsonl import json_rows
from carecli.platforms.files.presets import Preset
from carecli.platforms.files.presets import load as load_preset
from carecli.platforms.files.rows import Raw, Rejected, Rewound, kind_of, text_of
from carecli.platforms.files.tables import csv_rows, xlsx_rows

__all__ = ["FILE", "Format", "ReadOptions", "Rejected", "Row", "load_preset", "read"]

Format = Literal["auto", "jsonl", "csv", "xlsx"]
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx")
PAGE = 1_000
_LARGEST_XLSX = 500_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One mention and the line where it begins; `inbound` is what the row itself says of that, None for
    nothing.
    """

    line: int
    mention: Mention
    inbound: bool | None = None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file.

    `columns` maps fields to columns. `platform` and `brand` are for rows that name none, `timezone` for times without
    an offset, `undated` for rows without `created_at`, which are rejected without it. `encoding` None: UTF-8, or what a
    byte order mark says. `preset` knows the columns of another tool's exports; `columns` win over it.
    """

    format: Format = "auto"
    platform: str = "import"
    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    encoding: str | None = None
    undated: datetime | None = None
    brand: str | None = None
    preset: Preset | None = None


def read(source: Path | BinaryIO, options: ReadOptions | None = None) -> Iterator[Row | Rejected]:
    """The mentions of a file, and the rows that are refused, as they come. Lines count from 1.

    Raises UsageError where an option would help: an unknown encoding, format, zone or column; CareError when
    the file cannot be opened. Rows that came before an error are good.
    """
    options = options or ReadOptions()
    if options.format not in get_args(Format):
        raise UsageError(f"there is no format {options.format!r}", hint=f"one of {', '.join(get_args(Format))}")
    converter = Converter(
        {} if options.preset is not None else options.columns,
        platform=options.platform,
        zone=_zone(options.timezone),
        undated=options.undated,
        brand=options.brand,
    )
    if not isinstance(source, Path):
        yield from _converted(source, "", options, converter)
        return
    try:
        with source.open("rb") as stream:
            yield from _converted(stream, source.suffix, options, converter)
    except OSError as error:
        raise CareError(f"{source} cannot be read: {error.strerror}") from error


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise UsageError(f"there is no time zone {name!r}", hint="for example: Europe/Warsaw") from None


def _converted(stream: BinaryIO, suffix: str, options: ReadOptions, converter: Converter) -> Iterator[Row | Rejected]:
    seen: dict[int, tuple[int, int]] = {}
    for raw in _rows(Rewound(stream), suffix, options, converter):
        if isinstance(raw, Rejected):
            yield raw
            continue
        try:
            mention, inbound = converter.mention(raw)
        except ValueError as error:
            yield Rejected(raw.line, str(error))
            continue
        content = (raw.line, hash(mention.raw))
        first = seen.setdefault(hash((mention.platform, mention.external_id)), content)
        if first is content:
            yield Row(raw.line, mention, inbound)
        elif first[1] != content[1]:
            yield Rejected(raw.line, f"duplicate id, first on line {first[0]}")


def _rows(stream: Rewound, suffix: str, options: ReadOptions, converter: Converter) -> Iterator[Raw | Rejected]:
    kind = kind_of(stream.head, suffix) if options.format == "auto" else options.format
    fitted = options.preset.mapped(options.columns).rows if options.preset is not None else iter
    if kind == "xlsx":
        yield from _with_columns(fitted(_workbook(stream)), converter)
        return
    text, checked = text_of(stream, options.encoding)
    read_ = json_rows(text, checked) if kind == "jsonl" else csv_rows(text, checked)
    rows = fitted(read_) if kind == "jsonl" else _with_columns(fitted(read_), converter)
    try:
        yield from rows
    except UnicodeError as error:
        raise checked.wrong(str(error.reason) if isinstance(error, UnicodeDecodeError) else "it") from error
    finally:
        text.detach()


def _workbook(stream: Rewound) -> Iterator[Raw | Rejected]:
    """A workbook has to be seekable, a pipe is not: it goes through a temporary file."""
    with tempfile.SpooledTemporaryFile(max_size=10_000_000) as copy:
        while part := stream.read(1 << 20):
            copy.write(part)
            if copy.tell() > _LARGEST_XLSX:
                raise UsageError(f"the Excel file is larger than {_LARGEST_XLSX:,} bytes", hint="save it as CSV")
        copy.seek(0)
        yield from xlsx_rows(cast("BinaryIO", copy))


def _with_columns(rows: Iterator[Raw | Rejected], converter: Converter) -> Iterator[Raw | Rejected]:
    """The rows of a table; UsageError for all of them when its header lacks what every mention needs."""
    checked = False
    for row in rows:
        if not checked and isinstance(row, Raw):
            _check_columns(tuple(row.values), converter)
            checked = True
        yield row


def _check_columns(names: tuple[str, ...], converter: Converter) -> None:
    layout = converter.layout(names)
    listed = ", ".join(repr(name) for name in names[:30])
    for name in ("id", "text"):
        if name not in layout:
            raise UsageError(f"no column is called {name!r}; there are {listed}", hint=f"--map {name}=COLUMN")
    for column in layout.values():
        if column not in names:
            raise UsageError(f"no column is called {column!r}; there are {listed}")


class Folder:
    """Reads the files of a folder, or one file, that are new or changed since the last fetch.

    The cursor holds, per file name, its size, its time of change, a hash of its content and how many rows were
    read: a file that did not change costs one look, one that only grew gives its new rows, any other that changed
    is read again as a whole. A fetch that broke off goes on at the next row.
    """

    def __init__(self, path: str, options: ReadOptions) -> None:
        self._path = Path(path).expanduser()
        self._options = options

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Pages of about a thousand rows. A file that cannot be read does not stop the others."""
        old: dict[str, JSON] = cursor.get("files", {})
        present = {path.name: path for path in await asyncio.to_thread(self._files)}
        # A file that is gone is forgotten; its mentions stay.
        states = {name: state for name, state in old.items() if name in present}
        errors: list[str] = []
        for name, path in present.items():
            state = await asyncio.to_thread(_state, path, states.get(name))
            if state is None:
                continue
            try:
                async for page in self._pages(path, state, since):
                    states[name] = page.cursor
                    yield Page(page.mentions, {"files": dict(states)}, page.skipped)
            except CareError as error:
                errors.append(f"{name}: {error.message}")
        if errors:
            raise BadAnswer("; ".join(errors), hint="mend or remove the file; the others are read")

    async def check(self) -> str:
        """What would be read."""
        paths = await asyncio.to_thread(self._files)
        for path in paths[:1]:
            first = await asyncio.to_thread(next, read(path, self._options), None)
            what = "nothing" if first is None else f"a row on line {first.line}"
            return f"{self._path}: {len(paths)} file(s); {path.name} begins with {what}"
        return f"{self._path}: no files yet"

    def _files(self) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        try:
            found = sorted(self._path.iterdir())
        except OSError as error:
            raise PlatformError(f"{self._path} cannot be read: {error.strerror}") from error
        return [path for path in found if path.suffix.lower() in SUFFIXES and path.is_file()]

    async def _pages(self, path: Path, state: JSON, since: datetime | None) -> AsyncIterator[Page]:
        """Pages whose cursor is the state of this one file."""
        rows = itertools.islice(read(path, self._options), state["rows"], None)
        while True:
            batch = await asyncio.to_thread(list, itertools.islice(rows, PAGE))
            whole = len(batch) < PAGE
            mentions = tuple(
                row.mention
                for row in batch
                if isinstance(row, Row) and (since is None or row.mention.created_at >= since)
            )
            skipped = tuple(f"{path.name}:{row.line}: {row.reason}" for row in batch if isinstance(row, Rejected))
            state = {**state, "rows": state["rows"] + len(batch), "whole": whole}
            yield Page(mentions, state, skipped)
            if whole:
                return


def _state(path: Path, old: JSON | None) -> JSON | None:
    """Where reading `path` begins; None when it is read already, as it is now."""
    try:
        now = path.stat()
        if old is not None and (old["size"], old["changed"]) == (now.st_size, now.st_mtime_ns):
            return None if old["whole"] else old
        before, whole = _digests(path, 0 if old is None else old["size"])
    except OSError:
        # Reading it will say what is wrong.
        return {"size": -1, "changed": -1, "digest": "", "rows": 0, "whole": False}
    grown = old is not None and before == old["digest"]
    return {
        "size": now.st_size,
        "changed": now.st_mtime_ns,
        "digest": whole,
        "rows": old["rows"] if old is not None and grown else 0,
        "whole": False,
    }


def _digests(path: Path, size: int) -> tuple[str, str]:
    """Hashes of the first `size` bytes, "" unless a line ends there, and of the whole file."""
    found = blake2b(digest_size=16)
    last = b""
    with path.open("rb") as file:
        while size > 0 and (part := file.read(min(size, 1 << 20))):
            found.update(part)
            size -= len(part)
            last = part[-1:]
        before = found.hexdigest() if last == b"\n" and size == 0 else ""
        while part := file.read(1 << 20):
            found.update(part)
    return before, found.hexdigest()


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    if not setup.text("path"):
        raise ConfigError(f"source {setup.source}: the setting `path` is missing")
    columns = setup.settings.get("columns", {})
    if not isinstance(columns, Mapping):
        columns = dict(pair.split("=", 1) for pair in setup.texts("columns") if "=" in pair)
    kind = setup.text("format", "auto")
    preset = None if kind in get_args(Format) else load_preset(kind)
    yield Folder(
        setup.text("path"),
        ReadOptions(
            format="auto" if preset is not None else cast("Format", kind),
            preset=preset,
            platform=setup.text("mentions_platform", "import"),
            columns=columns,
            timezone=setup.text("timezone", "UTC"),
            encoding=setup.text("encoding") or None,
        ),
    )


FILE = Platform(
    name="file",
    title="Files: JSON Lines, CSV, Excel",
    open=_open,
    settings={
        "path": "a file, or a folder whose files are read: " + ", ".join(SUFFIXES),
        "format": "auto, jsonl, csv, xlsx, or the exports of a tool: brand24, sentione, newspoint, your preset's path",
        "mentions_platform": "the platform of rows that name none",
        "columns": "which column is which field: id=Post ID,text=Message",
        "timezone": "of times without an offset",
        "encoding": "of files that are not UTF-8",
    },
)
