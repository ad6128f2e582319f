"""JSON Lines, one object a line, and arrays of objects: read as they come, never the whole file at once."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from carecli.platforms.files.rows import LONGEST_LINE, Checked, Raw, Rejected, next_line

_CHUNK = 1 << 16
_BETWEEN = re.compile(r"[\s,]*")


def json_rows(text: io.TextIOWrapper, checked: Checked) -> Iterator[Raw | Rejected]:
    """The objects of `text`; one that is cut off or is no object is rejected, empty lines are passed over.

    A file that begins with `[` is one array; whatever follows its end is read as lines again.
    """
    decoder = _Decoder()
    number = 0
    while line := next_line(text):
        number += 1
        source = line.strip()
        if not source:
            continue
        if source[0] == "[" and not decoder.begun:
            array = _Array(text, line, number)
            yield from array.rows(decoder, checked)
            number = array.line - 1
            for rest in array.rest():
                number += 1
                if rest.strip():
                    yield _of_line(rest, number, decoder, checked)
        else:
            yield _of_line(line, number, decoder, checked)


def _of_line(line: str, number: int, decoder: _Decoder, checked: Checked) -> Raw | Rejected:
    reason = None if line.isascii() else checked.reason(line, number)
    if reason is None and len(line) == LONGEST_LINE:
        reason = f"the line is longer than {LONGEST_LINE:,} characters"
    if reason is not None:
        return Rejected(number, reason)
    source = line.strip()
    try:
        return decoder.row(*decoder.decode(source), number, source)
    except (ValueError, RecursionError) as error:
        cut = "" if line[-1] in "\r\n" else "; the file ends within this line"
        return Rejected(number, _not_json(error) + cut)


class _Decoder:
    """JSON, and what Python adds to it: NaN and Infinity become unknown, and the row loses its own text."""

    def __init__(self) -> None:
        self._json = json.JSONDecoder(parse_constant=self._constant)
        self._odd = False
        self.begun = False

    def _constant(self, _name: str) -> None:
        self._odd = True

    def decode(self, source: str, start: int = 0) -> tuple[Any, int]:
        """The value at `start` and where it ends. ValueError, RecursionError."""
        self._odd, self.begun = False, True
        return self._json.raw_decode(source, start)

    def row(self, value: Any, end: int, line: int, source: str) -> Raw | Rejected:
        if end != len(source):
            return Rejected(line, f"not JSON: more follows after the object (character {end + 1})")
        if not isinstance(value, dict):
            return Rejected(line, "a row has to be a JSON object, {…}")
        return Raw(line, value, None if self._odd else source)


def _not_json(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (character {error.pos + 1})"
    return "not JSON: nested too deeply" if isinstance(error, RecursionError) else "not JSON: a number is too long"


class _Array:
    """An array that is longer than memory: one element after the other from a window of the text."""

    def __init__(self, text: io.TextIOWrapper, window: str, line: int) -> None:
        self._text = text
        self._window = window
        self._at = window.index("[") + 1
        self.line = line

    def rows(self, decoder: _Decoder, checked: Checked) -> Iterator[Raw | Rejected]:
        while self._skip():
            if self._window[self._at] == "]":
                self._at += 1
                return
            try:
                value, end = decoder.decode(self._window, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, json.JSONDecodeError) and self._more():
                    continue
                yield Rejected(self.line, f"{_not_json(error)}; the rest of the array cannot be read")
                self._at = len(self._window)
                return
            source = self._window[self._at : end]
            reason = checked.reason(source, self.line)
            yield (Rejected(self.line, reason) if reason else decoder.row(value, len(source), self.line, source))
            self.line += source.count("\n")
            self._at = end
        yield Rejected(self.line, "the file ends within the array")

    def rest(self) -> list[str]:
        """The lines after the array that are in memory already; the first is the rest of the array's last."""
        window = self._window[self._at :]
        return list(io.StringIO(window + next_line(self._text), newline="")) if window else []

    def _skip(self) -> bool:
        """Move to the next element; False at the end of the file."""
        while True:
            found = _BETWEEN.match(self._window, self._at)
            end = found.end() if found else self._at
            self.line += self._window.count("\n", self._at, end)
            self._at = end
            if end < len(self._window):
                return True
            if not self._more():
                return False

    def _more(self) -> bool:
        """Twice as much of the file from here on; False at its end, and when an element has no end."""
        left = len(self._window) - self._at
        part = self._text.read(max(_CHUNK, left)) if left < LONGEST_LINE else ""
        self._window, self._at = self._window[self._at :] + part, 0
        return bool(part)
