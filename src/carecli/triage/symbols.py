"""Emoji, emoticons and marks: what they say of the writer in every language.

The marks of a text are counts of the tokens that have them, twelve bits each in one integer, so that those of a text
are the sum of those of its tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from carecli.text import fold
from carecli.triage.lexicon import read
from carecli.triage.memo import Memo

COUNT = 0xFFF
_BITS = 12
# Where the counts of marks begin; language.py keeps its own below.
_FIRST = 10 * _BITS
ASKS, EXCLAIMS, OUTRAGED, LAUGHS, SMIRKS, EMOJI = (COUNT << _FIRST + _BITS * place for place in range(6))

_LAUGHTER = re.compile(
    r"[😂🤣😆😹💀😝😜😛]|\b(?:lol|lmao|rofl|(?:ha){2,10}h?|(?:he){2,10}h?|xd+)\b|ח{3,40}|[哈呵嘿]{2,40}|笑死|hh{2,40}"
)
_OUTRAGE = re.compile(r"\?\s?!|!\s?\?|\?{3,}|‽")
_SMIRK = frozenset("🙃🙄👏👍🥳🎉")
_COMMON = ".,!?'\"-。，！？、；：（）“”…~"
_MOST_TOKENS = 2_000


def marks(token: str, folded: str) -> int:
    """The marks of a token, or of a whole text, of which `folded` is the folded form: each 0 or 1."""
    found = (ASKS if "?" in folded or "؟" in folded else 0) | (EXCLAIMS if "!" in folded else 0)
    if found & ASKS and _OUTRAGE.search(folded):
        found |= OUTRAGED
    if _LAUGHTER.search(folded):
        found |= LAUGHS
    if not _SMIRK.isdisjoint(token):
        found |= SMIRKS
    if _emoji_of(token):
        found |= EMOJI
    return found & _ONES


_ONES = sum(1 << _FIRST + _BITS * place for place in range(6))


@cache
def symbols() -> dict[str, float]:
    """Every emoji and emoticon that we know, with its valence."""
    text = files("carecli.triage").joinpath("data", "emoji.tsv").read_text(encoding="utf-8")
    return {entry.text.lower(): entry.value for entry in read(text)}


@cache
def _emoticons() -> re.Pattern[str]:
    keys = sorted((key for key in symbols() if len(key) > 1), key=len, reverse=True)
    return re.compile(r"(?<![\w:/])(?:" + "|".join(map(re.escape, keys)) + r")(?![\w/])")


@cache
def _no_emoticon() -> re.Pattern[str]:
    """A text that has no sign of an emoticon: only letters, spaces and the commonest marks that are in none."""
    signs = {sign for key in symbols() if len(key) > 1 for sign in key}
    return re.compile(rf"[\w\s{re.escape(''.join(sorted(set(_COMMON) - signs)))}]*")


def emoji(tokens: Iterable[str]) -> list[str]:
    """The emoji and emoticons of a text that we know; a run of one counts once."""
    return [symbol for token in tokens for symbol in _EMOJI[token]]


def _emoji_of(token: str) -> tuple[str, ...]:
    known = symbols()
    if token.isalnum():
        folded = token.lower()
        return (folded,) if folded in known else ()
    found = [] if _no_emoticon().fullmatch(token) else _emoticons().findall(fold(token))
    if not token.isascii() and not known.keys().isdisjoint(token):
        found += [character for character in one_of_each(token) if character in known]
    return tuple(found)


_EMOJI = Memo(_emoji_of, _MOST_TOKENS)


def one_of_each(text: str) -> str:
    """`text` with runs of one emoji as one emoji, variation selectors gone: forty hearts are one love."""
    known = symbols()
    kept: list[str] = []
    for character in text.replace("\ufe0f", ""):
        if kept and kept[-1] == character and character in known:
            continue
        kept.append(character)
    return "".join(kept)
