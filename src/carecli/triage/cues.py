"""Cues: the phrases that give an intent or an urgency away, one readable data file for each language.

A file `data/cues_<language>.toml` has one list of phrases for each kind of cue. A phrase is plain words with few
signs: a space is any short gap between words, `*` the rest of a word, `~` any word, `#` a number, `…` up to four
words (eight Chinese characters) of the same sentence, `(a|b)` alternatives, `(a )?` something that may be missing,
`(a |b )*` up to three of them and `(a |b )+` at least one, `^` before the phrase the start of a sentence. An apostrophe may be left out by the writer. Case and accents don't matter. A
phrase begins with a word or with alternatives. Where words have no spaces between them a phrase may stand
anywhere, and traditional characters are read as simplified ones; elsewhere it begins and ends with a word, and the one-letter words in `prefixes` may hang before it.
The list `<kind>_not` holds what only looks like the kind: a cue that overlaps one of these does not count.

Only the phrases whose first word occurs in the text are tried, each at that word alone, and every repetition in
them is bounded: the time is linear in the text, whatever the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from carecli.text import fold
from carecli.triage.lexicon import variants

LANGUAGES = ("en", "he", "pl", "zh")

_SIGN = re.compile(r"\)[*+]|[ *~#()|?…']|[^ *~#()|?…']+")
_SIGNS = {"(": "(?:", ")": ")", ")*": "){0,3}", ")+": "){1,3}", "|": "|", "?": "?"}
_END = r".!?;\n。"
_GAP = rf"[^\w{_END}]{{1,4}}"
_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SPACED = {
    " ": _GAP,
    "*": r"\w{0,24}+",
    "#": r"\d{1,6}",
    "~": r"[\w']{1,30}",
    "…": rf"(?:{_GAP}[\w']{{1,30}}){{0,4}}?{_GAP}",
    "'": "'?",
}
_UNSPACED = {
    " ": r"\s?",
    "*": "",
    "#": "[0-9一二两三四五六七八九十百几半]{1,4}",
    "~": rf"[^\s{_END}]",
    "…": rf"[^{_END}]{{0,8}}?",
    "'": "'?",
}
# A masked name leaves spaces where Chinese has none.
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff,!?])[ \t@]{1,40}(?=[\u3000-\u9fff])")
_NUMBER = "0123456789一二两三四五六七八九十百几半"
_LONGEST = 40
_MOST_PREFIXES = 2
_SHORTEST_WITHOUT_PREFIX = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A cue of `kind` at `start`…`end` of the folded text; `text` is what stands there."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Clue:
    """The phrases of one kind that begin with the same word, as one pattern to be matched at that word.

    `anchored`: only at the start of a sentence.
    """

    kind: str
    anchored: bool
    pattern: str

    def compiled(self) -> re.Pattern[str]:
        """The pattern, compiled when it is first needed: most words never occur."""
        return re.compile(self.pattern)


Hits = Mapping[str, tuple[Hit, ...]]
_Probe = tuple[str, bool, Callable[[str, int], re.Match[str] | None]]
_Shelf = dict[str, dict[tuple[str, bool], list[str]]]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All cues of one language by their first word (`exact`), the start of it (`stems`) or their first character."""

    spaced: bool
    prefixes: str
    exact: Mapping[str, Sequence[Clue]]
    stems: Mapping[str, Sequence[Clue]]


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
            if kind in {"emergency", "spam", "spam_weak"}:
                merged[kind] = merged.get(kind, ()) + hits
    return merged


@lru_cache(maxsize=32)
def _hits(folded: str, language: str) -> Hits:
    book = load(language)
    text = folded if book.spaced else _BETWEEN_HAN.sub("", folded.translate(variants()))
    found: dict[str, list[Hit]] = {}
    until: dict[str, int] = {}
    for start, probes in _candidates(text, language, book):
        for kind, anchored, match in probes:
            if start < until.get(kind, 0) or not (hit := match(text, start)) or (anchored and not _opens(text, start)):
                continue
            found.setdefault(kind, []).append(Hit(kind, start, hit.end(), hit.group()))
            until[kind] = hit.end()
    return {kind: kept for kind, hits in found.items() if (kept := _meant(hits, found.get(f"{kind}_not", ())))}


def _meant(hits: Sequence[Hit], not_meant: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that overlap none of the others."""
    return tuple(
        hit for hit in hits if not any(other.start < hit.end and hit.start < other.end for other in not_meant)
    )


def _candidates(text: str, language: str, book: Book) -> Iterator[tuple[int, Sequence[_Probe]]]:
    if not book.spaced:
        for start, character in enumerate(text):
            if character in book.exact:
                yield start, _probes_at(character, language)
        return
    for word in _WORDS.finditer(text):
        for offset, probes in _probes_of(word.group(), language):
            yield word.start() + offset, probes


@lru_cache(maxsize=32768)
def _probes_of(token: str, language: str) -> tuple[tuple[int, Sequence[_Probe]], ...]:
    """What may begin with `token`, and how many letters of it hang before it."""
    book = load(language)
    found = []
    for offset in range(min(_MOST_PREFIXES, len(token) - 1) + 1 if book.prefixes else 1):
        form = token[offset : offset + _LONGEST]
        if offset and (token[offset - 1] not in book.prefixes or len(form) < _SHORTEST_WITHOUT_PREFIX):
            break
        clues = [*book.exact.get(form, ()), *(book.exact.get("#", ()) if form[0].isdigit() else ())]
        for end in range(len(form), 0, -1):
            clues += book.stems.get(form[:end], ())
        if clues:
            found.append((offset, tuple(map(_probe, clues))))
    return tuple(found)


@cache
def _probes_at(character: str, language: str) -> tuple[_Probe, ...]:
    return tuple(map(_probe, load(language).exact[character]))


@cache
def _probe(clue: Clue) -> _Probe:
    return clue.kind, clue.anchored, clue.compiled().match


def _opens(text: str, start: int) -> bool:
    """Whether a sentence or a clause may begin at `start`: no word stands before it without a mark between."""
    before = text[max(0, start - 12) : start].rstrip(" \t'\"")
    return not before[-1:].isalnum()


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
            words = source.lstrip("^").replace(" ?", "( )?")
            pattern = _pattern(words, spaced=spaced)
            for word, is_stem in dict.fromkeys(_first_words(words)):
                for key in _keys(word, spaced=spaced):
                    shelf = stems if spaced and is_stem else exact
                    patterns = shelf.setdefault(key, {}).setdefault((kind, source.startswith("^")), [])
                    if pattern not in patterns:
                        patterns.append(pattern)
    return Book(spaced, str(data.get("prefixes", "")), _clues(exact), _clues(stems))


def _clues(shelf: _Shelf) -> dict[str, list[Clue]]:
    return {
        key: [Clue(kind, anchored, "|".join(patterns)) for (kind, anchored), patterns in kinds.items()]
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


def _pattern(source: str, *, spaced: bool) -> str:
    """One phrase as a regular expression over folded text, to be matched at the phrase's first word."""
    signs = {**_SIGNS, **(_SPACED if spaced else _UNSPACED)}
    # The gap is inside the sign for "up to four words": the spaces around it are only for the reader.
    source = re.sub(r" ?… ?", "…", source)
    body = "".join(signs.get(part) or re.escape(fold(part)) for part in _SIGN.findall(source))
    return rf"(?:{body})(?!\w)" if spaced else body


def _first_words(source: str) -> Iterator[tuple[str, bool]]:
    """The words that `source` may begin with, folded, and whether each is only the start of a word."""
    if not source.startswith("("):
        word = re.split(r"[ …]", source, maxsplit=1)[0]
        stem = re.split(r"[*(?]", word, maxsplit=1)[0]
        if not stem or stem == "~":
            raise ValueError(f"a phrase begins with a word: {source!r}")
        yield fold(stem), stem != word
        return
    *alternatives, rest = _alternatives(source)
    if rest[:1] in {"?", "*"}:
        rest = rest[1:]
        yield from _first_words(rest)
    for alternative in alternatives:
        yield from _first_words(alternative + rest)


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
