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
from collections.abc import Iterator, Mapping, Sequence
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
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff,!?])[ \t]{1,40}(?=[\u3000-\u9fff])")
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
class Phrase:
    """One phrase of a data file: its pattern, and whether only the start of a sentence will do."""

    kind: str
    pattern: str
    anchored: bool


Hits = Mapping[str, tuple[Hit, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All cues of one language by their first word (`exact`), the start of it (`stems`) or its first character."""

    spaced: bool
    prefixes: str
    exact: Mapping[str, Sequence[Phrase]]
    stems: Mapping[str, Sequence[Phrase]]


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
    for start, phrases in _candidates(text, language, book):
        for phrase in phrases:
            if start < until.get(phrase.kind, 0) or (phrase.anchored and not _opens(text, start)):
                continue
            if match := _compiled(phrase.pattern).match(text, start):
                found.setdefault(phrase.kind, []).append(Hit(phrase.kind, start, match.end(), match.group()))
                until[phrase.kind] = match.end()
    return {kind: kept for kind, hits in found.items() if (kept := _meant(hits, found.get(f"{kind}_not", ())))}


def _meant(hits: Sequence[Hit], not_meant: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that overlap none of the others."""
    return tuple(
        hit for hit in hits if not any(other.start < hit.end and hit.start < other.end for other in not_meant)
    )


def _candidates(text: str, language: str, book: Book) -> Iterator[tuple[int, Sequence[Phrase]]]:
    if not book.spaced:
        for start, character in enumerate(text):
            if phrases := book.exact.get(character):
                yield start, phrases
        return
    for word in _WORDS.finditer(text):
        token = word.group()
        if len(token) <= _LONGEST:
            for offset, phrases in _phrases_of(token, language):
                yield word.start() + offset, phrases


@lru_cache(maxsize=32768)
def _phrases_of(token: str, language: str) -> tuple[tuple[int, Sequence[Phrase]], ...]:
    """The phrases that may begin with `token`, and how many letters of it hang before them."""
    book = load(language)
    found = []
    for offset in range(_MOST_PREFIXES + 1 if book.prefixes else 1):
        form = token[offset:]
        if offset and (token[offset - 1] not in book.prefixes or len(form) < _SHORTEST_WITHOUT_PREFIX):
            break
        phrases = [*book.exact.get(form, ()), *(book.exact.get("#", ()) if form[:1].isdigit() else ())]
        for end in range(len(form), 0, -1):
            phrases += book.stems.get(form[:end], ())
        if phrases:
            found.append((offset, tuple(phrases)))
    return tuple(found)


def _opens(text: str, start: int) -> bool:
    """Whether a sentence or a clause may begin at `start`: no word stands before it without a mark between."""
    before = text[max(0, start - 12) : start].rstrip(" \t")
    return not before[-1:].isalnum()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def load(language: str) -> Book:
    """The cues of `language`, one of LANGUAGES. Raises ValueError that names a phrase that cannot be read."""
    text = files("carecli.triage").joinpath("data", f"cues_{language}.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(text))


def build(data: Mapping[str, object]) -> Book:
    """The book of one data file's content. Raises ValueError that names a phrase that cannot be read."""
    spaced = bool(data.get("spaced", True))
    exact: dict[str, list[Phrase]] = {}
    stems: dict[str, list[Phrase]] = {}
    for kind, sources in data.items():
        if kind in {"spaced", "prefixes"}:
            continue
        for source in _strings(sources):
            words = source.lstrip("^").replace(" ?", "( )?")
            phrase = Phrase(kind, _pattern(words, spaced=spaced), source.startswith("^"))
            for word, is_stem in _first_words(words):
                _file(phrase, word, is_stem=is_stem, into=(exact, stems), spaced=spaced)
    return Book(spaced, str(data.get("prefixes", "")), exact, stems)


def _strings(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"a list of texts is needed, not {values!r}")
    return values


def _file(
    phrase: Phrase,
    word: str,
    *,
    is_stem: bool,
    into: tuple[dict[str, list[Phrase]], dict[str, list[Phrase]]],
    spaced: bool,
) -> None:
    exact, stems = into
    if not spaced:
        for character in _NUMBER if word == "#" else word[:1]:
            exact.setdefault(character, []).append(phrase)
        return
    for form in {word, word.replace("'", "")}:
        (stems if is_stem else exact).setdefault(form, []).append(phrase)


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
