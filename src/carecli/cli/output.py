"""The only writer to stdout: JSON documents, tables and paragraphs, with untrusted text made safe on the way."""

from __future__ import annotations

import codecs
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from carecli.text import clip as text_clip
from carecli.text import inert, is_rtl, single_line, visual, wants_visual, wrap
from carecli.text import width as cell_width

_rtl = "auto"
_PIPED_CELL = 400  # characters of a cell when nobody clips to a terminal's width
_WIDEST, _NARROWEST = 20, 16  # cells of a column beside the one that gives way, and of that one at the least


def show_rtl(mode: str) -> None:
    """How right-to-left text is shown: `auto`, `logical` or `visual` (care.toml, [display])."""
    global _rtl  # noqa: PLW0603 - one switch for one stream
    _rtl = mode


def document(value: Any) -> None:
    """One JSON document: the exact originals; what could steer a terminal is escaped, as JSON allows."""
    _write(json_safe(json.dumps(value, ensure_ascii=False, indent=2, default=str)))


def json_safe(text: str) -> str:
    r"""JSON `text` of the same value with control characters, direction marks and half characters as `\u009b`.

    On a stream that is not UTF-8 whatever is not ASCII is written so.
    """
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    utf8 = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    return re.sub(_STEERING if utf8 else "[^\x00-\x7e]", _escaped, text)


_STEERING = "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"


def raw(text: str) -> None:
    """Text that is finished and safe already: a rendered report."""
    _write(text)


def data(line: str) -> None:
    """A line of a data file: exact in a pipe, inert before a person's eyes."""
    _write(inert(line) if on_terminal() else line)


def lines(text: str = "") -> None:
    """Paragraphs for people; what is untrusted in them is shown inert."""
    _write("\n".join(_shown(line) for paragraph in inert(text).split("\n") for line in _folded(paragraph)))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, clip: str | None = None) -> None:
    """A table; the column `clip` gives way when the terminal is narrow. Empty cells for None."""
    # written here and not by rich: the tables of `care queue` took a quarter of its start (docs/performance.md)
    limit = _width()
    cells = [[_cell(value, limit) for value in row] for row in rows]
    rooms = _rooms(columns, cells, clip, limit)
    head, rule = _line(columns, rooms), "─" * (sum(rooms) + 2 * (len(rooms) - 1))
    _write("\n".join([f"\x1b[1m{head}\x1b[0m" if _colours() else head, rule, *(_line(row, rooms) for row in cells)]))


def _line(cells: Sequence[str], rooms: Sequence[int]) -> str:
    shown = [text_clip(text, room) for text, room in zip(cells, rooms, strict=True)]
    return "  ".join(
        f"{text}{' ' * (room - cell_width(text))}" for text, room in zip(shown, rooms, strict=True)
    ).rstrip()


def _colours() -> bool:
    return on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _rooms(columns: Sequence[str], cells: Sequence[Sequence[str]], clip: str | None, limit: int | None) -> list[int]:
    """The cells of each column: what it needs, within reason; the one that gives way gets what is left."""
    rooms = [max(map(cell_width, (name, *(row[place] for row in cells)))) for place, name in enumerate(columns)]
    if limit is None or clip is None:
        return rooms
    place = columns.index(clip)
    rooms = [room if at == place else min(room, _WIDEST) for at, room in enumerate(rooms)]
    others = sum(rooms) - rooms[place] + 2 * (len(columns) - 1)
    rooms[place] = max(min(rooms[place], limit - others), _NARROWEST)
    while sum(rooms) + 2 * (len(rooms) - 1) > limit and max(rooms) > 1:
        rooms[rooms.index(max(rooms))] -= 1
    return rooms


def fields(pairs: Mapping[str, Any]) -> None:
    """Names and values, one a line."""
    longest = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        lines(f"{name.ljust(longest)}  {'' if value is None else value}")


def width() -> int:
    """The cells that a line may take: the terminal's, COLUMNS, or 80."""
    return _width() or 80


def on_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()


def _width() -> int | None:
    """None where nothing limits a line: piped, and no COLUMNS."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    return None


def _folded(paragraph: str) -> list[str]:
    """A paragraph as lines that fit, each indented like the first."""
    limit = _width()
    if limit is None or cell_width(paragraph) <= limit:
        return [paragraph]
    words = paragraph.lstrip(" ")
    indent = paragraph[: len(paragraph) - len(words)]
    return [indent + line for line in wrap(words, max(limit - len(indent), _NARROWEST))]


def _cell(value: Any, width: int | None) -> str:
    text = single_line("" if value is None else str(value))
    if width is None and len(text) > _PIPED_CELL:
        text = text[:_PIPED_CELL] + "…"
    return _shown(text)


def _shown(line: str) -> str:
    if line.isascii() or not is_rtl_inside(line):
        return line
    wanted = _rtl == "visual" or (_rtl == "auto" and sys.stdout.isatty() and wants_visual(os.environ))
    return visual(line, rtl=is_rtl(line)) if wanted else line


def is_rtl_inside(line: str) -> bool:
    """Whether any letter of the line runs from right to left."""
    return any("\u0590" <= character <= "\u08ff" for character in line)


def _write(text: str) -> None:
    stream = sys.stdout
    try:
        stream.write(text + "\n")
    except UnicodeEncodeError:  # a terminal that has no such character
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    except BrokenPipeError:
        _unheard()


def finish() -> None:
    """Hand over what is still in the buffer."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _unheard()


def _unheard() -> NoReturn:
    """The reader went away (`care queue | head`): nothing is wrong, and nothing more can be said."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)
