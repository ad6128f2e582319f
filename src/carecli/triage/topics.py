"""What a text is about: the words and phrases that the user gave for each topic.

A word of four letters or more is found with any ending ("refund" in "refunded"), a shorter one as it stands or in the
plural. Polish words lose their last vowel first, Hebrew ones may have prefixes and endings, Chinese ones may stand
anywhere and in either script. Where two keywords begin at the same place, the longer one counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from carecli.text import fold
from carecli.triage.prepare import Prepared
from carecli.triage.variants import variants

_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_HEBREW = re.compile("[\u05d0-\u05ea]")
_FINALS = dict(zip("םןץףך", "מנצפכ", strict=True))
_SHORT = 3
_LONG = 5
_GAP = r"[\W_]{1,3}"


class _Matcher(NamedTuple):
    """One alternation of all keywords, longest first; group n+1 belongs to `owners[n]`: topics and the keyword."""

    pattern: re.Pattern[str]
    owners: tuple[tuple[tuple[str, ...], str], ...]


# The topics of a text in the order of the configuration, and for each the words that named it.
About = tuple[tuple[str, ...], tuple[str, ...]]


def match(prepared: Sequence[Prepared], topics: Mapping[str, Sequence[str]]) -> list[About]:
    """What prepared texts are about."""
    matcher = _matcher(tuple((name, tuple(keywords)) for name, keywords in topics.items()))
    if matcher is None:
        return [((), ())] * len(prepared)
    return [_about(_comparable(p.folded), matcher, topics) for p in prepared]


def _about(text: str, matcher: _Matcher, topics: Mapping[str, Sequence[str]]) -> About:
    named: dict[str, list[str]] = {}
    found = matcher.pattern.search(text)
    while found:
        names, _ = matcher.owners[(found.lastindex or 1) - 1]
        for name in names:
            named.setdefault(name, []).append(found.group())
        # Not from the end: "lost luggage" may name one topic, and "luggage" in it another.
        found = matcher.pattern.search(text, found.start() + 1)
    about = tuple(name for name in topics if name in named)
    return about, tuple(f"topic {name}: {_quoted(named[name])}" for name in about)


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"'{text}'" for text in list(dict.fromkeys(texts))[:2])


def _comparable(folded: str) -> str:
    return folded if folded.isascii() else folded.translate(variants())


@lru_cache(maxsize=16)
def _matcher(topics: tuple[tuple[str, tuple[str, ...]], ...]) -> _Matcher | None:
    owners: dict[str, tuple[str, ...]] = {}
    for name, keywords in topics:
        for keyword in keywords:
            if word := " ".join(_comparable(fold(keyword)).split()):
                owners[word] = (*owners.get(word, ()), name)
    if not owners:
        return None
    longest_first = sorted(owners, key=lambda word: (-len(word), word))
    pattern = "|".join(f"({_source(word)})" for word in longest_first)
    return _Matcher(re.compile(pattern), tuple((owners[word], word) for word in longest_first))


def _source(keyword: str) -> str:
    """One folded keyword as a regular expression over folded text."""
    if _HAN.search(keyword):
        return r"\s?".join(map(re.escape, keyword.split()))
    body, last = _GAP.join(map(re.escape, keyword.split()[:-1])), keyword.rsplit(maxsplit=1)[-1]
    body += (_GAP if body else "") + _last_word(last)
    opening = r"(?<!\w)" if keyword[0].isalnum() else ""
    prefixes = "[והבלמשכ]{0,3}?" if _HEBREW.match(keyword) else ""
    return opening + prefixes + body + (r"(?!\w)" if last[-1].isalnum() else "")


def _last_word(word: str) -> str:
    """A word with the endings that it may have."""
    if not word[-1].isalnum():
        return re.escape(word)
    if _HEBREW.search(word):
        return _hebrew(word)
    if len(word) <= _SHORT:
        return re.escape(word) + "(?:'?s)?"
    if word.endswith("ek") and len(word) >= _LONG:
        return re.escape(word[:-2]) + r"e?k\w{0,24}"
    stem = word[:-1] if word[-1] in "aeiouy" and len(word) >= _LONG else word
    return re.escape(stem) + r"\w{0,24}"


def _hebrew(word: str) -> str:
    """A Hebrew word with plural and possessive endings; a final letter becomes a usual one before them."""
    stem, final = (word[:-1], word[-1]) if word[-1] in "הםןץףך" and len(word) > _SHORT - 1 else (word, "")
    if not final:
        return re.escape(stem) + "[א-ת]{0,3}" if len(word) >= _SHORT else re.escape(word)
    inner = _FINALS.get(final, "")
    return f"{re.escape(stem)}(?:{final}|{inner}[א-ת]{{1,3}})"
