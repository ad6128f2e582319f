"""The words of the languages, one data file each: phrasings to write with, and phrases that the rules look for.

A phrase in a data file is folded text with five signs: a space is any short gap between words, `*` the rest of a
word, `#` a number of up to four digits, `(a|b)` alternatives, `(a )?` something optional. Where words have
no spaces between them (Chinese) a phrase may stand anywhere; elsewhere it begins and ends with a word, and
`prefixes` of the language (Hebrew's one-letter words) may hang before it. `^` ties a phrase to the start of a clause.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from carecli.text import fold

LANGUAGES = ("en", "he", "pl", "zh")

_SIGN = re.compile(r"[ *#()|?]|[^ *#()|?]+")
_GAP = r"(?:[^\w.!?;\n]{1,3})"
_SIGNS = {" ": _GAP, "*": r"\w{0,24}+", "#": r"\d{1,4}", "(": "(?:", ")": ")", "|": "|", "?": "?"}
_START = r"(?:\A\W{0,4}|[,:，：]\W{0,2}|(?<!\w)(?:and|then|i|oraz) )"


@cache
def data(language: str) -> Mapping[str, Any]:
    """The data file of `language`, one of LANGUAGES."""
    text = files(__package__).joinpath("data", f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def primary(language: str | None) -> str:
    """The language of a BCP 47 code, without script and region: `zh` of `zh-Hant`; "" of None."""
    code = (language or "").replace("_", "-").split("-")[0].lower()
    return {"iw": "he"}.get(code, code)


def known(language: str | None) -> str | None:
    """The language of LANGUAGES that a code like `zh-Hant` or `en_GB` belongs to, None for any other."""
    code = primary(language)
    return code if code in LANGUAGES else None


@cache
def _variants() -> dict[int, str]:
    pairs: list[str] = data("zh")["variants"]
    return {ord(pair[1]): pair[0] for pair in pairs}


def simplified(text: str) -> str:
    """`text` with the traditional characters that the rules know as their simplified ones, character for character."""
    return text if text.isascii() else text.translate(_variants())


def phrase(source: str, *, spaced: bool) -> str:
    """One phrase of a data file as the source of a regular expression over folded text, without its borders."""
    return "".join(_sign(part, spaced=spaced) for part in _SIGN.findall(simplified(fold(source.lstrip("^")))))


def phrases(sources: Sequence[str], *, spaced: bool, prefixes: str = "") -> str:
    """Several phrases as one source: the border before them is looked at once, so most places cost one step."""
    plain = "|".join(phrase(each, spaced=spaced) for each in sources if not each.startswith("^"))
    if not spaced:
        return f"(?:{plain})"
    hanging = f"[{prefixes}]{{0,2}}" if prefixes else ""
    whole = rf"(?<!\w){hanging}(?:{plain})(?!\w)" if plain else "(?!)"
    anchored = "|".join(phrase(each, spaced=spaced) for each in sources if each.startswith("^"))
    return rf"(?:{whole}|{_START}(?:{anchored})(?!\w))" if anchored else whole


def literal(words: str) -> str:
    """A user's own words as the source of a regular expression: only a space and a final `*` are special."""
    folded = simplified(fold(words.strip()))
    stem = folded.rstrip("*")
    body = _GAP.join(re.escape(part) for part in stem.split())
    if re.search(r"[\u3400-\u9fff]", folded):
        return body
    opening = r"(?<!\w)" if stem[:1].isalnum() else ""
    closing = "" if folded != stem or not stem[-1:].isalnum() else r"(?!\w)"
    return opening + body + closing


def _sign(part: str, *, spaced: bool) -> str:
    if part == " " and not spaced:
        return r"\s?"
    return _SIGNS.get(part) or re.escape(part)


@cache
def pattern(language: str, *path: str) -> re.Pattern[str] | None:
    """All phrases at `path` in the language's data file as one expression, None where there are none."""
    node: Any = data(language)
    for key in path:
        node = node.get(key, {})
    if not node:
        return None
    spaced: bool = data(language)["spaced"]
    prefixes: str = data(language).get("prefixes", "")
    return re.compile(phrases(node, spaced=spaced, prefixes=prefixes))


@cache
def everywhere(*path: str) -> re.Pattern[str]:
    """The phrases at `path` of all languages as one expression, for a few characters at a time."""
    return re.compile("|".join(each.pattern for code in LANGUAGES if (each := pattern(code, *path)) is not None))
