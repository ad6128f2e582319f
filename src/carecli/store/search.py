"""Full-text search in every language, in one FTS5 index of prepared words.

SQLite's tokenizer knows neither Chinese (no spaces) nor Hebrew (prefixes) nor Polish (endings), so the words are
prepared here: folded; Han characters as pairs; Hebrew words also without their prefixes. A query asks for a word in
all its forms: whatever begins with its Polish or English Snowball stem.
"""

from __future__ import annotations

import functools
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable

from carecli.store.connect import Store
from carecli.text import fold
from carecli.text.plain import compiled

Stem = Callable[[str], str]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_LETTER = rf"[^\W_{_HAN}]"
_WORD = rf"[{_HAN}]+|{_LETTER}+"
_HAN_RUN = f"[{_HAN}]"
_HEBREW = "[\u0590-\u05ff]"
_HEBREW_PREFIXES = "והבלמשכ"
_HEBREW_ENDINGS = ("ים", "ות", "ה", "ת", "י")
_LONG_STEM = 4
_SHORT_ENDINGS = ("", "s", "a", "u", "y", "i", "e", "em", "om", "ow", "ami", "ach", "owi", "ie")
_LONGEST = 40  # letters of a word that are indexed: the rest distinguishes nothing
# What does not go into the index as it stands: runs of Han (1), Hebrew words that may begin with a prefix (2), long
# words (3), and signs of which SQLite's older Unicode may not know that they are no letters
_REWRITTEN = (
    rf"([{_HAN}]+)|(?<!{_LETTER})([{_HEBREW_PREFIXES}]{_LETTER}{{3,}})|({_LETTER}{{{_LONGEST + 1},}})"
    rf"|[^\w\x00-\x7f{_HAN}]+"
)


def add(connection: sqlite3.Connection, rows: Iterable[tuple[int, str]]) -> None:
    """Index (mention, text) rows."""
    connection.executemany(
        "INSERT INTO mention_words (rowid, words) VALUES (?, ?)",
        [(number, indexed(text)) for number, text in rows],
    )


def remove(connection: sqlite3.Connection, mention: int, text: str) -> None:
    """Take a text out of the index; `text` must be what was indexed."""
    connection.execute(
        "INSERT INTO mention_words (mention_words, rowid, words) VALUES ('delete', ?, ?)",
        [mention, indexed(text)],
    )


def find(store: Store, query: str, *, limit: int) -> list[int]:
    """The newest mentions that hold every word of `query`; "quoted words" must stand together."""
    match = expression(query)
    if not match:
        return []
    rows = store.rows(
        "SELECT rowid FROM mention_words WHERE mention_words MATCH ? ORDER BY rowid DESC LIMIT ?",
        [match, limit],
    )
    return [row[0] for row in rows]


def indexed(text: str) -> str:
    """`text` as it goes into the index, whose own tokenizer parts the words."""
    folded = fold(text)
    if folded.isascii() and len(max(folded.split(), key=len, default="")) <= _LONGEST:
        return folded
    return compiled(_REWRITTEN).sub(_rewritten, folded)


def _rewritten(found: re.Match[str]) -> str:
    if found.lastindex is None:
        return " "
    if found.lastindex == 1:
        return f" {' '.join(_pairs(found[0]))} "
    word = found[0][:_LONGEST]
    return " ".join((word, *_without_prefixes(word)))


@functools.cache
def _stemmer(language: str) -> Stem:
    import snowballstemmer

    stem: Stem = snowballstemmer.stemmer(language).stemWord
    return stem


def _pairs(run: str) -> list[str]:
    """行李丢 → 行李 李丢 丢: any word of two characters is a token, one character is the beginning of one."""
    return [run[index : index + 2] for index in range(len(run))]


def _without_prefixes(word: str) -> Iterable[str]:
    for cut in range(1, min(4, len(word) - 2)):
        if word[cut - 1] not in _HEBREW_PREFIXES:
            return
        yield word[cut:]


def expression(query: str) -> str:
    """`query` in FTS5's language; nothing of the user's own punctuation reaches it."""
    parts = []
    for index, piece in enumerate(query.split('"')):
        words = compiled(_WORD).findall(unicodedata.normalize("NFC", piece).casefold())
        if index % 2 and len(words) > 1:
            parts.append("NEAR(" + " ".join(f'"{_phrase(fold(word))}"' for word in words) + f", {len(words) * 3})")
        else:
            parts.extend(_any_of(word) for word in words)
    return " AND ".join(parts)


def any_word(text: str, *, most: int = 40) -> str:
    """What finds any of the first `most` different words of `text`, for ranking; empty where it has none."""
    words = dict.fromkeys(compiled(_WORD).findall(unicodedata.normalize("NFC", text).casefold()))
    parts: list[str] = []
    for word in list(words)[:most]:
        if compiled(_HAN_RUN).match(word):  # a sentence without spaces: any two characters of it that stand together
            parts.extend(f'"{pair}"' for pair in _pairs(fold(word))[:-1] or [fold(word)])
        else:
            parts.append(_any_of(word))
    return " OR ".join(dict.fromkeys(parts))


def _phrase(word: str) -> str:
    return " ".join(_pairs(word)[:-1]) or word if compiled(_HAN_RUN).match(word) else word


def _any_of(word: str) -> str:
    if compiled(_HAN_RUN).match(word):
        return f'"{word}" *' if len(word) == 1 else f'"{_phrase(word)}"'
    forms = _hebrew_forms(fold(word)) if compiled(_HEBREW).match(word) else _latin_forms(word[:_LONGEST])
    return "(" + " OR ".join(dict.fromkeys(forms)) + ")"


def _latin_forms(word: str) -> Iterable[str]:
    yield f'"{fold(word)}"'
    if len(word) < 3 or not word.isalpha():
        return
    for language in ("polish", "english"):
        stem = fold(_stemmer(language)(word))  # the stemmer knows ó and ę, the index does not
        if len(stem) >= _LONG_STEM:
            yield f'"{stem}" *'
        elif len(stem) == _LONG_STEM - 1:  # lot*, car* would find half the language
            yield from (f'"{stem}{ending}"' for ending in _SHORT_ENDINGS)


def _hebrew_forms(word: str) -> Iterable[str]:
    bare = word[1:] if word[0] == "ה" and len(word) > 3 else word
    for form in (word, bare):
        yield f'"{form}"'
        for ending in _HEBREW_ENDINGS:
            if form.endswith(ending) and len(form) - len(ending) >= 3:
                yield f'"{form[: -len(ending)]}" *'
                break
