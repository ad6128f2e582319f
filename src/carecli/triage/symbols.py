"""Emoji, emoticons and marks: what they say of the writer in every language.

The marks of a text are bits of one integer: those of all its tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from carecli.text import fold
from carecli.triage.columns import Ints
from carecli.triage.lexicon import read
from carecli.triage.memo import Memo

ASKS, EXCLAIMS, OUTRAGED, LAUGHS, SMIRKS, EMOJI, THANKS, LOOK = (1 << place for place in range(8))

_LAUGHTER = re.compile(
    r"[😂🤣😆😹💀😝😜😛]|\b(?:lol|lmao|rofl|(?:ha){2,10}h?|(?:he){2,10}h?|xd+)\b|ח{3,40}|[哈呵嘿]{2,40}|笑死|hh{2,40}"
)
# One of these is in every laughter.
_LAUGHING_LETTERS = frozenset("😂🤣😆😹💀😝😜😛lrhxח哈呵嘿笑")
_LAUGHTER_BEGINS = frozenset("ח哈呵嘿笑")
# What may stand beside a word without making an emoticon.
_BESIDE = '.,!?"'
# One of these is in every laughter of letters.
_MAY_LAUGH = re.compile("lol|lmao|rofl|haha|hehe|xd|hhh|חחח|[哈呵嘿笑]")
_OUTRAGE = re.compile(r"\?\s?!|!\s?\?|\?{3,}|‽")
_SMIRK = frozenset("🙃🙄👏👍🥳🎉")
# With a letter in front of each it is found much faster.
_THANKS = re.compile("thank|thx|tks|ty(?<![a-z]ty)(?![a-z])|dziek|תודה|谢|謝")
_BETWEEN = "\0"
_COMMON = ".,!?'\"-。，！？、；：（）“”…~"
_MOST_TOKENS = 2_000


def marks(token: str, folded: str) -> int:
    """The marks of a token, or of a whole text, of which `folded` is the folded form."""
    core = folded.strip(_BESIDE)
    if core.isalnum():
        found = LAUGHS if _LAUGHTER.search(core) else 0
        found |= EMOJI if folded in symbols() else 0
    else:
        found = LAUGHS if not _LAUGHING_LETTERS.isdisjoint(folded) and _LAUGHTER.search(folded) else 0
        found |= SMIRKS if not _SMIRK.isdisjoint(token) else 0
        found |= EMOJI if _emoji_of(token) else 0
    if "!" in folded:
        found |= EXCLAIMS
    if "?" in folded or "؟" in folded:
        found |= ASKS | (OUTRAGED if _OUTRAGE.search(folded) else 0)
    return found


def marks_alone(tokens: Sequence[str], folded: Sequence[str]) -> Ints:
    """The marks of each token, with LOOK where one that is a single character may mean more among others."""
    cores = [text.strip(_BESIDE) for text in folded]
    # What is left of most words is neither laughter nor an emoticon: then only what stands around it counts.
    shapes = ["a" if core is text else text.replace(core, "a", 1) for core, text in zip(cores, folded, strict=True)]
    found = np.fromiter(map(_OF_SHAPE.__getitem__, shapes), np.int64, len(tokens))
    odd = ~np.array([core.isalnum() for core in cores], bool)
    odd |= np.fromiter(map((symbols().keys() | _LAUGHTER_BEGINS).__contains__, folded), bool, len(tokens))
    odd[_with(_MAY_LAUGH, folded)] = True
    for place in np.flatnonzero(odd).tolist():
        found[place] = _alone(tokens[place], folded[place])
    found[_with(_THANKS, folded)] |= THANKS
    return found


def _with(pattern: re.Pattern[str], texts: Sequence[str]) -> Ints:
    """The places of texts in which a pattern is found, which looks over no NUL; some more than once."""
    ends = np.cumsum([len(text) + 1 for text in texts])
    found: Ints = np.searchsorted(ends, [match.start() for match in pattern.finditer(_BETWEEN.join(texts))], "right")
    return found


def _alone(token: str, folded: str) -> int:
    found = marks(token, folded)
    plain = found & ~(ASKS | EXCLAIMS) == 0 and folded not in _LAUGHTER_BEGINS
    return found if plain and (folded.isalnum() or _no_emoticon().fullmatch(folded)) else found | LOOK


_OF_SHAPE = Memo(lambda shape: _alone(shape, shape), _MOST_TOKENS)


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
