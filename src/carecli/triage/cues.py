"""Cues: the phrases that give an intent or an urgency away, one readable data file for each language.

A file `data/cues_<language>.toml` has one list of phrases for each kind of cue; `phrases.py` says how they are
written, and `^` before a phrase ties it to the start of a sentence. Where words have no spaces between them
(Chinese) a phrase may stand anywhere, and traditional characters are read as simplified ones; elsewhere it begins
and ends with a word, and the one-letter words in `prefixes` may hang before it. The list `<kind>_not` holds what
only looks like the kind: a cue that overlaps one of these does not count.

Only the phrases whose first word occurs in the text are tried, each at that word alone: the time is linear in the
text, whatever the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from carecli.triage.phrases import by_first_word, first_word, pattern
from carecli.triage.variants import variants

LANGUAGES = ("en", "he", "pl", "zh")
# What is looked for in texts of other languages too.
_ANYWHERE = frozenset({"emergency", "spam", "spam_weak"})

# The other words of danger have their figures of speech in common with `emergency`.
_NOT = {"emergency_maybe": "emergency_not", "harm": "emergency_not"}
_ENDS = frozenset(".!?;\n\u2026。")
# Whatever stands between words and is no single space; a mark inside a word is part of it.
_GAPS = re.compile(r"(?!(?<=[^\W_])['\"][^\W_])(?:[^\w ]|_)[\W_]*|(?<![^\W_]) +| {2,}[\W_]*")
_MOST_WORDS = 50_000
# A masked name leaves spaces where Chinese has none.
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff,!?])[ \t@]{1,40}(?=[\u3000-\u9fff])")
_NUMBER = "0123456789一二两三四五六七八九十百几半"
_LONGEST = 40
_MOST_PREFIXES = 2
_MOST_QUOTED = 3
# With fewer letters left, the first ones are rather part of the word: the shot in a fast one (מהירה).
_SHORTEST_WITHOUT_PREFIX = (0, 2, 4)


class Hit(NamedTuple):
    """A cue of `kind`; `text` is what stands there. `start` and `end` only tell which cue is before which."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Clue:
    """The phrases of one kind that begin with the same word; `anchored`: only at the start of a sentence."""

    kind: str
    anchored: bool
    phrases: tuple[str, ...]

    def pattern(self, *, spaced: bool) -> str:
        """One regular expression over folded text, to be matched at the first word."""
        return "|".join(dict.fromkeys(pattern(phrase, spaced=spaced) for phrase in self.phrases))


class Probe(NamedTuple):
    """All clues for one word as one pattern: group n+1 is what `clues[n]` found there."""

    match: Callable[[str, int], re.Match[str] | None]
    clues: tuple[Clue, ...]


Hits = Mapping[str, tuple[Hit, ...]]
_Candidates = tuple[str, list[tuple[int, Probe]]]
_Shelf = dict[str, dict[tuple[str, bool], list[str]]]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All cues of one language by their first word (`exact`), the start of it (`stems`) or their first character."""

    spaced: bool
    prefixes: str
    exact: Mapping[str, tuple[Clue, ...]]
    stems: Mapping[str, tuple[Clue, ...]]


def find(folded: str, language: str | None) -> Hits:
    """Every cue in `folded` (see `carecli.text.fold`) by kind, in text order.

    A language without a data file has no cues of its own: there the four files' cues for danger and spam count,
    as a cry for help must not get lost over a wrong guess at the language.
    """
    if language in LANGUAGES:
        return _hits(folded, language)
    merged: dict[str, tuple[Hit, ...]] = {}
    for each in LANGUAGES:
        for kind, hits in _hits(folded, each).items():
            if kind in _ANYWHERE:
                merged[kind] = merged.get(kind, ()) + hits
    return merged


def because(name: str, hits: Sequence[Hit]) -> str:
    """A reason for people: its name and the first of the words that it rests on."""
    quoted = list(dict.fromkeys(hit.text.strip(" ,.") for hit in hits))[:_MOST_QUOTED]
    return f"{name}: " + ", ".join(f"'{text}'" for text in quoted)


@lru_cache(maxsize=32)
def _hits(folded: str, language: str) -> Hits:
    text, candidates = _spaced(folded, language) if load(language).spaced else _unspaced(folded, language)
    found: dict[str, list[Hit]] = {}
    for start, probe in candidates:
        match = probe.match(text, start)
        if match is not None and match.lastindex is not None:
            for group, clue in enumerate(probe.clues, start=1):
                end = match.end(group)
                if end > start and (not clue.anchored or _opens(text, start)):
                    hits = found.setdefault(clue.kind, [])
                    if not hits or hits[-1].end <= start:
                        hits.append(Hit(clue.kind, start, end, text[start:end]))
    return {
        kind: kept
        for kind, hits in found.items()
        if (kept := _meant(hits, found.get(_NOT.get(kind, f"{kind}_not"), ())))
    }


def _meant(hits: Sequence[Hit], not_meant: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that overlap none of the others."""
    if not not_meant:
        return tuple(hits)
    return tuple(hit for hit in hits if not any(other.start < hit.end and hit.start < other.end for other in not_meant))


def _spaced(folded: str, language: str) -> _Candidates:
    """The words of `folded` with little between them, and where a phrase may begin, with what to look for there."""
    text = _GAPS.sub(_gap, folded) + " "
    probes = _memo(language)
    candidates: list[tuple[int, Probe]] = []
    start = 0
    for word in text.split(" "):
        if word:
            token = word.rstrip(",.")
            found = probes.get(token)
            if found is None:
                found = _remembered(probes, token, language)
            for offset, probe in found:
                candidates.append((start + offset, probe))
        start += len(word) + 1
    return text, candidates


def _gap(match: re.Match[str]) -> str:
    return _between(match.group()[:_LONGEST])


def _remembered(
    probes: dict[str, tuple[tuple[int, Probe], ...]], token: str, language: str
) -> tuple[tuple[int, Probe], ...]:
    """Look a word up once; what it may begin is kept, for so many words."""
    if len(probes) >= _MOST_WORDS:
        probes.clear()
    found = probes[token] = _probes_of(token, language) if token else ()
    return found


@cache
def _memo(language: str) -> dict[str, tuple[tuple[int, Probe], ...]]:  # noqa: ARG001 - one for each language
    return {}


@lru_cache(maxsize=1024)
def _between(gap: str) -> str:
    if not _ENDS.isdisjoint(gap):
        return ". "
    return ", " if gap.strip(" \t'\"") else " "


def _unspaced(folded: str, language: str) -> _Candidates:
    """The same for a script without spaces: simplified characters, and no space where a name was masked."""
    text = _BETWEEN_HAN.sub("", folded.translate(variants()).replace("。", "."))
    probes = ((start, _probe_at(character, language)) for start, character in enumerate(text))
    return text, [(start, probe) for start, probe in probes if probe]


def _probes_of(token: str, language: str) -> tuple[tuple[int, Probe], ...]:
    """What may begin with `token`, and how many letters of it hang before it."""
    book = load(language)
    found = []
    for offset in range(min(_MOST_PREFIXES, len(token) - 1) + 1 if book.prefixes else 1):
        form = token[offset : offset + _LONGEST]
        if offset and (token[offset - 1] not in book.prefixes or len(form) < _SHORTEST_WITHOUT_PREFIX[offset]):
            break
        clues = [*book.exact.get(form, ()), *(book.exact.get("#", ()) if form[0].isdigit() else ())]
        for end in range(len(form), 0, -1):
            clues += book.stems.get(form[:end], ())
        if clues:
            found.append((offset, _probe(tuple(clues), spaced=True)))
    return tuple(found)


@lru_cache(maxsize=8192)
def _probe_at(character: str, language: str) -> Probe | None:
    clues = load(language).exact.get(character)
    return _probe(clues, spaced=False) if clues else None


@lru_cache(maxsize=32768)
def _probe(clues: tuple[Clue, ...], *, spaced: bool) -> Probe:
    """One pattern that looks for every clue and takes nothing; compiled when its word first occurs."""
    source = "".join(f"(?=({clue.pattern(spaced=spaced)})?)" for clue in clues)
    return Probe(re.compile(source).match, clues)


def _opens(text: str, start: int) -> bool:
    """Whether a sentence or a clause may begin at `start`: no word stands before it without a mark between."""
    return not text[max(0, start - 2) : start].rstrip(" ")[-1:].isalnum()


@cache
def load(language: str) -> Book:
    """The cues of `language`, one of LANGUAGES. Raises ValueError that names a phrase that cannot be read."""
    text = files("carecli.triage").joinpath("data", f"cues_{language}.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(text))


def build(data: Mapping[str, object]) -> Book:
    """The book of one data file's content. Raises ValueError that names a phrase that cannot be read."""
    spaced = bool(data.get("spaced", True))
    exact: _Shelf = {}
    stems: _Shelf = {}
    for kind, sources in data.items():
        if kind in {"spaced", "prefixes"}:
            continue
        for source in _strings(sources):
            for phrase in by_first_word(source.lstrip("^").replace(" ?", "( )?")):
                word, is_stem = first_word(phrase)
                for key in _keys(word, spaced=spaced):
                    shelf = stems if spaced and is_stem else exact
                    shelf.setdefault(key, {}).setdefault((kind, source.startswith("^")), []).append(phrase)
    return Book(spaced, str(data.get("prefixes", "")), _clues(exact), _clues(stems))


def _clues(shelf: _Shelf) -> dict[str, tuple[Clue, ...]]:
    return {
        key: tuple(Clue(kind, anchored, tuple(phrases)) for (kind, anchored), phrases in kinds.items())
        for key, kinds in shelf.items()
    }


def _strings(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"a list of texts is needed, not {values!r}")
    return values


def _keys(word: str, *, spaced: bool) -> Sequence[str]:
    """Where a phrase that begins with `word` is found: a word with or without its apostrophe, or a character."""
    if spaced:
        return tuple({word, word.replace("'", "")})
    return _NUMBER if word == "#" else word[:1]
