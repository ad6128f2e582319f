"""Cues: the phrases that give an intent or an urgency away, one readable data file for each language.

A file `data/cues_<language>.toml` has one list of phrases for each kind of cue; `phrases.py` says how they are
written, and `^` before a phrase ties it to the start of a sentence. Where words have no spaces between them
(Chinese) a phrase may stand anywhere, and traditional characters are read as simplified ones; elsewhere it begins
and ends with a word, and the one-letter words in `prefixes` may hang before it. The list `<kind>_not` holds what
only looks like the kind: a cue that overlaps one of these does not count.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate, chain
from typing import NamedTuple

from carecli.text import fold
from carecli.triage.automaton import PAUSE, STOP, Automaton, Clue, State, Word
from carecli.triage.memo import Memo
from carecli.triage.phrases import Graph, units

LANGUAGES = ("en", "he", "pl", "zh")
# What is looked for in texts of other languages too.
_ANYWHERE = frozenset({"emergency", "spam", "spam_weak"})

# The other words of danger have their figures of speech in common with `emergency`.
DANGERS = ("symptom", "hazard", "helpless", "trapped", "despair", "attack", "rescue")
_NOT = dict.fromkeys(("emergency_maybe", "harm", *DANGERS), "emergency_not")
_ENDS = frozenset(".!?;¶\u2026。")
_QUOTES = " \t'\""
# A mark inside a word is part of it.
_PIECE = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[\W_]+")
_MOST_TOKENS = 6_000
# A masked name leaves spaces where Chinese has none.
_BETWEEN_HAN = re.compile(r"(?<=[\u3000-\u9fff,!?])[ \t@]{1,40}(?=[\u3000-\u9fff])")
_HAN_ENDS = frozenset(".!?;\n")
_LONGEST = 40
_MOST_PREFIXES = 2
_MOST_QUOTED = 3
# With fewer letters left, the first ones are rather part of the word: the shot in a fast one (מהירה).
_SHORTEST_WITHOUT_PREFIX = (0, 2, 4)
_STOP, _PAUSE = Word(".", STOP), Word(",", PAUSE)


class Hit(NamedTuple):
    """A cue of `kind`; `text` is what stands there. `start` and `end` only tell which cue is before which."""

    kind: str
    start: int
    end: int
    text: str


Hits = Mapping[str, tuple[Hit, ...]]


class Book:
    """All cues of one file, and what is remembered of words that were read."""

    def __init__(self, automaton: Automaton, *, spaced: bool, prefixes: str = "") -> None:
        self.automaton = automaton
        self.spaced = spaced
        self.prefixes = prefixes
        self._tokens: Memo[tuple[Word, ...]] = Memo(self._words_of, _MOST_TOKENS)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of cues that the file has."""
        return frozenset(clue.kind for clue in self.automaton.clues)

    def find(self, tokens: Sequence[str], also: Mapping[str, str] | None = None) -> Hits:
        """The cues in a text by kind, in text order, but for those that overlap what only looks like them.

        That is `<kind>_not`, or the kind that `also` names. `tokens` is what stands between spaces, "¶" for a line
        break; where words stand without spaces, `characters` of the text.
        """
        found = self.hits(self.words(tokens))
        others = also or {}
        return {
            kind: kept
            for kind, hits in found.items()
            if (kept := _meant(hits, found.get(others.get(kind, f"{kind}_not"), ())))
        }

    def words(self, tokens: Sequence[str]) -> list[Word]:
        """What stands between the spaces of a text (characters in Chinese) as words and marks."""
        if self.automaton.forget():
            self._tokens.forget()
        return list(chain.from_iterable(map(self._tokens.__getitem__, tokens)))

    def hits(self, words: Sequence[Word]) -> dict[str, list[Hit]]:
        """The cues among `words` by kind, in text order; of those that begin inside another of their kind none."""
        found: dict[str, list[Hit]] = {}
        places: list[int] = []
        for (kind, _), first, offset, end in self.automaton.find(words):
            if not places:
                shown = [word[0] for word in words]
                places = list(accumulate(map(len, shown), initial=0))
            start, hits = places[first] + offset, found.get(kind)
            if hits is None:
                hits = found[kind] = []
            if not hits or hits[-1].end <= start:
                text = "".join(shown[first:end]).lstrip()[offset:]
                hits.append(Hit(kind, start, places[end], text))
        return found

    def _words_of(self, token: str) -> tuple[Word, ...]:
        folded = fold(token)
        if not self.spaced:
            return (self._character(folded),)
        if folded.isalnum():
            return (self._word(folded),)
        pieces = [piece for piece in _PIECE.findall(folded) if piece.strip(_QUOTES)]
        return tuple(self._word(piece) if piece[0].isalnum() else _mark(piece) for piece in pieces)

    def _character(self, character: str) -> Word:
        role, start = self.automaton.role(character, wild=character not in _HAN_ENDS)
        return Word(character, role, ((0, start),) if start is not None else ())

    def _word(self, text: str) -> Word:
        role, start = self.automaton.role(text[:_LONGEST])
        starts = [(0, start)] if start is not None else []
        starts += self._after_prefixes(text) if self.prefixes else []
        return Word(f" {text}", role, tuple(starts))

    def _after_prefixes(self, text: str) -> list[tuple[int, State]]:
        """The states of phrases that begin inside a word, and how many letters hang before."""
        found = []
        for offset in range(1, min(_MOST_PREFIXES, len(text) - 1) + 1):
            form = text[offset : offset + _LONGEST]
            if text[offset - 1] not in self.prefixes or len(form) < _SHORTEST_WITHOUT_PREFIX[offset]:
                break
            if (start := self.automaton.start(form)) is not None:
                found.append((offset, start))
        return found


def _mark(piece: str) -> Word:
    return _PAUSE if _ENDS.isdisjoint(piece) else _STOP


def find(tokens: Sequence[str], plain: str, language: str | None) -> Hits:
    """Every cue in a text by kind, in text order: `Prepared.tokens` or, in Chinese, `Prepared.plain`.

    A language without a data file has no cues of its own: there the four files' cues for danger and spam count,
    as a cry for help must not get lost over a wrong guess at the language.
    """
    if language is not None and language in LANGUAGES:
        return _in_language(tokens, plain, language)
    merged: dict[str, tuple[Hit, ...]] = {}
    for each in LANGUAGES:
        for kind, hits in _in_language(tokens, plain, each).items():
            if kind in _ANYWHERE:
                merged[kind] = merged.get(kind, ()) + hits
    return merged


def find_all(tokens, plains, languages):
    return [find(*each) for each in zip(tokens, plains, languages)]


def _in_language(tokens: Sequence[str], plain: str, language: str) -> Hits:
    book = load(language)
    return book.find(tokens if book.spaced else characters(plain), _NOT)


def characters(plain: str) -> list[str]:
    """The characters of a folded text in a script without spaces; no space where a name was masked."""
    text = plain.replace("。", ".")
    return units(_BETWEEN_HAN.sub("", text) if " " in text or "\t" in text else text)


def because(name: str, hits: Sequence[Hit]) -> str:
    """A reason for people: its name and the first of the words that it rests on."""
    quoted = list(dict.fromkeys(hit.text.strip(" ,.") for hit in hits))[:_MOST_QUOTED]
    return f"{name}: " + ", ".join(f"'{text}'" for text in quoted)


def _meant(hits: Sequence[Hit], not_meant: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that overlap none of the others."""
    if not not_meant:
        return tuple(hits)
    return tuple(hit for hit in hits if not any(other.start < hit.end and hit.start < other.end for other in not_meant))


@cache
def load(language: str) -> Book:
    """The cues of `language`, one of LANGUAGES. Raises ValueError that names a phrase that cannot be read."""
    text = files("carecli.triage").joinpath("data", f"cues_{language}.toml").read_text(encoding="utf-8")
    return build(tomllib.loads(text))


def build(data: Mapping[str, object]) -> Book:
    """The book of one data file's content. Raises ValueError that names a phrase that cannot be read."""
    graph, clues = Graph(spaced=bool(data.get("spaced", True))), dict[Clue, int]()
    for kind, sources in data.items():
        if kind not in {"spaced", "prefixes"}:
            for source in _strings(sources):
                clue = Clue(kind, source.startswith("^"))
                graph.add(source.lstrip("^"), clues.setdefault(clue, len(clues)))
    return Book(Automaton(graph, list(clues)), spaced=graph.spaced, prefixes=str(data.get("prefixes", "")))


def _strings(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"a list of texts is needed, not {values!r}")
    return values
