"""The little language in which the cues are written, as regular expressions over plain text.

A phrase is plain words with few signs: a space is any short gap between words, `*` the rest of a word, `~` any word,
`#` a number, `…` up to four words (twelve Chinese characters) of the same sentence, `(a|b)` alternatives, `(a )?`
something that may be missing, `(a |b )*` up to three of them and `(a |b )+` at least one. An apostrophe may be left out
by the writer; case and accents don't matter. A phrase begins with a word or with alternatives.

Every repetition is bounded, so that no text can make a search slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from carecli.text import fold

_SIGN = re.compile(r"\)[*+]|[ *~#()|?…']|[^ *~#()|?…']+")
_SIGNS = {"(": "(?:", ")": ")", ")*": "){0,3}", ")+": "){1,3}", "|": "|", "?": "?"}
# Between the words of a plain text stands a space, a comma and a space, or a stop and a space.
_GAP = ",? "
_SPACED = {
    " ": _GAP,
    "*": "[^ ,.]*+",
    "~": "[^ ,.]+",
    "#": r"\d+",
    "…": f"(?:{_GAP}[^ ,.]+){{0,4}}?{_GAP}",
    "'": "'?",
}
_UNSPACED = {
    " ": "",
    "*": "",
    "#": "[0-9一二两三四五六七八九十百几半]{1,4}",
    "~": "[^.!?;\n]",
    "…": "[^.!?;\n]{0,12}?",
    "'": "'?",
}


def pattern(source: str, *, spaced: bool) -> str:
    """One phrase as a regular expression over folded text, to be matched at the phrase's first word."""
    signs = {**_SIGNS, **(_SPACED if spaced else _UNSPACED)}
    # The gap is inside the sign for "up to four words": the spaces around it are only for the reader.
    source = re.sub(r" ?… ?", "…", source)
    body = "".join(signs.get(part) or re.escape(fold(part).replace("。", ".")) for part in _SIGN.findall(source))
    if spaced:
        return f"(?:{body})(?=[ ,.])"
    return f"(?<![a-z])(?:{body})(?![a-z])" if source[0].isascii() else body


def by_first_word(source: str) -> Iterator[str]:
    """`source` once for each alternative that it may begin with."""
    if not source.startswith("("):
        yield source
        return
    *alternatives, rest = _alternatives(source)
    repeated = rest[:1] if rest[:1] in {"?", "*", "+"} else ""
    rest = rest.removeprefix(repeated)
    if repeated in {"?", "*"}:
        yield from by_first_word(rest)
    for alternative in alternatives:
        yield from by_first_word(alternative + rest)


def first_word(phrase: str) -> tuple[str, bool]:
    """The word that `phrase` begins with, folded, and whether it is only the start of a word."""
    word = re.split(r"[ …]", phrase, maxsplit=1)[0]
    stem = re.split(r"[*(?]", word, maxsplit=1)[0]
    if not stem or stem == "~":
        raise ValueError(f"a phrase begins with a word: {phrase!r}")
    return fold(stem), stem != word


def _alternatives(source: str) -> list[str]:
    """What stands between the `|` of the group that `source` begins with, and last what follows the group."""
    depth, start, found = 0, 1, []
    for index, sign in enumerate(source):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if (sign == "|" and depth == 1) or depth == 0:
            found.append(source[start:index])
            start = index + 1
        if depth == 0:
            return [*found, source[start:]]
    raise ValueError(f"a bracket is not closed: {source!r}")
