"""Untrusted text that cannot do anything to a terminal or to its reader."""

from __future__ import annotations

import unicodedata

from carecli.text.plain import Table, compiled, is_plain

MARKS_PER_BASE = 8
_TAB = "    "

# Direction marks and the soft hyphen are common in honest text and draw nothing: they are left out.
_DROPPED = frozenset("\u200e\u200f\u061c\u00ad")
_JOINERS = "\u200c\u200d"
# Joiners make emoji families, Persian and Indic letters; the others of category Cf here are visible signs.
_KEPT_FORMATS = frozenset(
    f"{_JOINERS}\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Letters by category, blank by looks: a name made of them looks empty.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")

# England, Scotland and Wales: the only flags in use that are spelled with tag characters.
_TAGS = (
    "(\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f)|[\U000e0020-\U000e007f]"
)
_STRAY_JOINERS = f"(?<![^\x00-\x7f])[{_JOINERS}]+"
# Over one letter for each character (`_kind`): marks without a base, and too many of them.
_MARK_RUNS = rf"(?:^|(?<=s))m+|m{{{MARKS_PER_BASE + 1},}}"


def inert(text: str) -> str:
    r"""`text` safe to print on a terminal, with its line breaks; plain text comes back as it is.

    Control characters, escape sequences, bidirectional overrides and isolates, lone surrogates, invisible
    formatting, private-use and unassigned code points appear as `\x1b` or `<U+202E>`. Tabs become spaces. Of
    more than eight marks on one base the rest is counted; a mark without a base gets a dotted circle. What
    emoji and scripts need stays: variation selectors, joiners after anything but ASCII. Linear; idempotent.
    """
    if is_plain(text):
        return text
    text = text.replace("\r\n", "\n").replace("\t", _TAB)
    text = compiled(_TAGS).sub(lambda match: match[1] or _visible(ord(match[0])), text)
    text = text.translate(_SHOWN)
    text = compiled(_STRAY_JOINERS).sub(lambda match: "".join(_visible(ord(one)) for one in match[0]), text)
    return _with_few_marks(text)


def single_line(text: str) -> str:
    """`text` inert, with every run of whitespace as one space and none at the ends."""
    # The second pass is for a mark that has lost the whitespace it stood after.
    return inert(" ".join(inert(text).split()))


def _visible(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"<U+{code:04X}>"


def _shown(code: int) -> int | str | None:
    """What one code point looks like; tag characters that are still there belong to a flag."""
    character = chr(code)
    if character == "\n" or character in _KEPT_FORMATS or 0xE0020 <= code <= 0xE007F:
        return code
    if character in _DROPPED:
        return None
    category = unicodedata.category(character)
    hidden = category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or character in _BLANK_LETTERS
    if hidden or (category == "Cn" and not _reserved_for_pictures(code)):
        return _visible(code)
    return code


def _reserved_for_pictures(code: int) -> bool:
    """Where code points that this Python does not know yet are newer emoji or Chinese characters."""
    return 0x1F000 <= code <= 0x1FAFF or (0x20000 <= code <= 0x3FFFD and code & 0xFFFE != 0xFFFE)


def _kind(code: int) -> str:
    """m: hangs on the character before it; s: whitespace; x: the rest."""
    character = chr(code)
    if character in _JOINERS or unicodedata.category(character).startswith("M"):
        return "m"
    return "s" if character.isspace() else "x"


_SHOWN = Table(_shown)
_KINDS = Table(_kind)


def _with_few_marks(text: str) -> str:
    kinds = text.translate(_KINDS)
    parts = []
    end = 0
    for run in compiled(_MARK_RUNS).finditer(kinds):
        start = run.start()
        parts.append(text[end:start])
        if start == 0 or kinds[start - 1] == "s":
            parts.append("\u25cc")
        parts.append(text[start : min(run.end(), start + MARKS_PER_BASE)])
        if (surplus := run.end() - start - MARKS_PER_BASE) > 0:
            parts.append(f"<+{surplus} marks>")
        end = run.end()
    return "".join([*parts, text[end:]])
