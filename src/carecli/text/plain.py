"""What most text is made of, and the two tools that look at the rest.

Plain text has no surprises: every code point is visible, is one grapheme whatever stands beside it, and takes
one or two cells. The tests hold the ranges against the Unicode data of Python and of wcwidth.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

# Letters, digits, punctuation and symbols of the common scripts, one cell each: no marks, controls, joiners.
_NARROW = (
    "\x20-\x7e\xa0-\xac\xae-\u02ff\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0481\u048a-\u052f"
    "\u05be\u05d0-\u05ea\u05f3\u05f4\u060c\u061b\u061f\u0621-\u064a\u0660-\u066d\u0671-\u06d3"
    "\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2100-\u218b\u2190-\u2319\u2500-\u25fc\ufb50-\ufbb1"
)
# The same for two cells: Chinese, Japanese, Korean, and emoji that are one code point.
_WIDE = (
    "\u3001-\u3029\u3030-\u303e\u3041-\u3096\u309b-\u30ff\u3105-\u312f\u3131-\u3163\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufa6d\uff01-\uff60\uffe0-\uffe6\U0001f32d-\U0001f335\U0001f337-\U0001f37c"
    "\U0001f37e-\U0001f393\U0001f3a0-\U0001f3ca\U0001f3e0-\U0001f3f0\U0001f400-\U0001f43e\U0001f442-\U0001f4fc"
    "\U0001f4ff-\U0001f53d\U0001f550-\U0001f567\U0001f5fb-\U0001f64f\U0001f680-\U0001f6c5\U0001f90c-\U0001f93a"
    "\U0001f93c-\U0001f945\U0001f947-\U0001f9ff\U00020000-\U0002a6df"
)
_PLAIN = f"[\n{_NARROW}{_WIDE}]*"
_PLAIN_ASCII = "[\n\x20-\x7e]*"

_TABLE_SIZE = 8192


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern` compiled when it is first needed: large character classes would slow every start."""
    return re.compile(pattern)


def is_plain(text: str) -> bool:
    """Whether `text` consists of plain characters and line feeds only."""
    if text.isascii():
        return text.isprintable() or compiled(_PLAIN_ASCII).fullmatch(text) is not None
    return compiled(_PLAIN).fullmatch(text) is not None


class Table(dict[int, int | str | None]):
    """A table for `str.translate` that asks `rule` once for each code point, and stays small."""

    def __init__(self, rule: Callable[[int], int | str | None]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> int | str | None:
        if len(self) >= _TABLE_SIZE:
            self.clear()
        value = self[code] = self._rule(code)
        return value
