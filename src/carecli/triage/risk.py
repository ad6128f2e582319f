"""What a text could cost the brand: threats of lawyers or the press, data, safety, children, accessibility, leaving.

The cues are phrases in `data/risk_<language>.toml`, one list for each risk, in the little language of `phrases.py`; a
native speaker can mend them without touching code. A cue that overlaps one of its `<risk>_not` does not count. They are
made for precision: a risk moves a case up, and somebody who is moved up for nothing makes another one wait.

Only phrases whose first word (in Chinese: first character) stands in the text are tried, each there alone, and every
repetition in them is bounded: the time is linear in the text, whatever the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple, cast

from carecli.model import RISKS, Risk
from carecli.text import fold
from carecli.triage.phrases import by_first_word, first_word, pattern
from carecli.triage.variants import variants

LANGUAGES = ("en", "he", "pl", "zh")
MAX_CHARACTERS = 4000

_MASKED = re.compile(r"https?://\S*|\bwww\.\S*|@[\w.-]+")
_WORD = re.compile(r"[^\W_]+(?:['\"-][^\W_]+)*")
_ENDS = frozenset(".!?;\n…。！？")
_NUMBER = "0123456789一二两三四五六七八九十几"
_SHORTEST = 2  # letters of a Hebrew word that stay when prefixes are taken off
_MOST_PREFIXES = 2
_NOT = "_not"
_LONGEST = 24


class Found(NamedTuple):
    """A risk, and the first words that show it."""

    risk: Risk
    words: str


class _Hit(NamedTuple):
    kind: str
    start: int
    end: int


_Shelf = Mapping[str, tuple[tuple[str, str], ...]]  # first word → (kind, pattern)


@dataclass(frozen=True, slots=True, eq=False)
class _Book:
    """The cues of one language by their first word, by the start of it, or by their first character."""

    spaced: bool
    prefixes: str
    words: _Shelf
    stems: _Shelf


def find(text: str, language: str | None) -> tuple[Found, ...]:
    """The risks in a text, each once, in the order of `carecli.model.RISKS`; none in a language without cues."""
    if language not in LANGUAGES:
        return ()
    book = _load(str(language))
    folded = fold(_MASKED.sub(" ", text[:MAX_CHARACTERS]))
    plain, hits = _spaced(folded, book) if book.spaced else _unspaced(folded, book)
    found: dict[str, str] = {}
    for hit in _meant(list(hits), len(plain)):
        found.setdefault(hit.kind, plain[hit.start : hit.end].strip(" ,."))
    return tuple(Found(risk, found[risk]) for risk in RISKS if risk in found)


def _meant(hits: Sequence[_Hit], length: int) -> Iterator[_Hit]:
    """The hits that overlap nothing that only looks like their kind, in a text of `length`."""
    covered: dict[str, bytearray] = {}
    for hit in hits:
        if hit.kind.endswith(_NOT):
            marks = covered.setdefault(hit.kind.removesuffix(_NOT), bytearray(length))
            marks[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
    for hit in hits:
        if not hit.kind.endswith(_NOT) and not any(covered.get(hit.kind, b"")[hit.start : hit.end]):
            yield hit


def _spaced(folded: str, book: _Book) -> tuple[str, Iterator[_Hit]]:
    """The words with a space, a comma or a stop between them, and the cues among them."""
    parts: list[str] = []
    starts: list[tuple[int, str]] = []
    length = end = 0
    for match in _WORD.finditer(folded):
        gap = _gap(folded[end : min(match.start(), end + _LONGEST)]) if parts else ""
        starts.append((length + len(gap), match.group()))
        parts += (gap, match.group())
        length += len(gap) + len(match.group())
        end = match.end()
    plain = "".join(parts) + " "
    return plain, (hit for start, word in starts for hit in _at_word(plain, start, word, book))


def _gap(between: str) -> str:
    if not _ENDS.isdisjoint(between):
        return ". "
    return ", " if between.strip(" '\"") else " "


def _at_word(plain: str, start: int, word: str, book: _Book) -> Iterator[_Hit]:
    for offset in range(min(_MOST_PREFIXES, len(word) - _SHORTEST) + 1 if book.prefixes else 1):
        if offset and word[offset - 1] not in book.prefixes:
            break
        form = word[offset : offset + _LONGEST]
        cues = [*book.words.get(form, ()), *(book.words.get("#", ()) if form[:1].isdigit() else ())]
        for length in range(1, len(form) + 1):
            cues += book.stems.get(form[:length], ())
        yield from _matched(plain, start + offset, cues)


def _unspaced(folded: str, book: _Book) -> tuple[str, Iterator[_Hit]]:
    plain = folded.translate(variants()).replace("。", ".")
    starts = ((start, book.words.get(letter)) for start, letter in enumerate(plain))
    return plain, (hit for start, cues in starts if cues for hit in _matched(plain, start, cues))


def _matched(plain: str, start: int, cues: Iterable[tuple[str, str]]) -> Iterator[_Hit]:
    for kind, source in cues:
        if (match := _compiled(source).match(plain, start)) is not None:
            yield _Hit(kind, start, match.end())


@lru_cache(maxsize=8192)
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source)


@cache
def _load(language: str) -> _Book:
    """The cues of one language. Raises ValueError that names what cannot be read."""
    data = tomllib.loads(files("carecli.triage").joinpath("data", f"risk_{language}.toml").read_text(encoding="utf-8"))
    spaced = bool(data.pop("spaced"))
    prefixes = str(data.pop("prefixes", ""))
    words: dict[str, dict[str, list[str]]] = {}
    stems: dict[str, dict[str, list[str]]] = {}
    for kind, sources in data.items():
        if kind.removesuffix(_NOT) not in RISKS:
            raise ValueError(f"risk_{language}.toml: {kind} is no risk")
        for source in cast("list[str]", sources):
            for phrase in by_first_word(source.replace(" ?", "( )?")):
                word, is_stem = first_word(phrase)
                for key in _keys(word, spaced=spaced):
                    shelf = stems if spaced and is_stem else words
                    shelf.setdefault(key, {}).setdefault(kind, []).append(pattern(phrase, spaced=spaced))
    return _Book(spaced, prefixes, _joined(words), _joined(stems))


def _joined(shelf: Mapping[str, Mapping[str, list[str]]]) -> _Shelf:
    return {
        key: tuple((kind, "|".join(dict.fromkeys(sources))) for kind, sources in kinds.items())
        for key, kinds in shelf.items()
    }


def _keys(word: str, *, spaced: bool) -> Iterable[str]:
    if spaced:
        return {word, word.replace("'", "")}
    return _NUMBER if word == "#" else word[:1]
