"""Sentiment lexicons: tab-separated files, read once, found in many texts at once, longest first, in linear time.

A line is `entry TAB value [TAB note]`; `#` begins a comment line. An entry is a word, a phrase, or a stem that ends
in `*`; Chinese entries are matched character by character. The value is a valence −3…3, or what the entry does to
its neighbours: `not` negates, `x1.5` strengthens, `but` makes what comes after it weigh more, `again` marks one
more mishap, so that praise before it is not meant. Valence 0 keeps shorter entries inside it from counting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from carecli.text import fold
from carecli.triage.columns import Column, Flags, Floats, Ints, Runs, are
from carecli.triage.steps import ROOT, Steps

Kind = Literal["valence", "not", "times", "but", "again"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_HEBREW_PREFIXES = frozenset("והבלמשכ")
_BEFORE_SHORT_WORDS = frozenset("וש")
_MOST_PREFIXES = 3
_SHORTEST_STEM, _LONGEST_WORD = 2, 64
# How many words may stand between "another" and the mishap that it belongs to.
_NEAR = 2
_NO_ENTRY = -1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a lexicon: its text as written, what it does, and how much."""

    text: str
    kind: Kind
    value: float


class Matches(NamedTuple):
    """Entries found in words, none overlapping: each from word `start` up to but without `end`, in their order.

    `kind` is its place in KINDS, `value` and `entry` what the lexicon has, in columns, too.
    """

    start: Ints
    end: Ints
    entry: Ints
    kind: Ints
    value: Floats

    def those(self, kept: npt.NDArray[Any]) -> Matches:
        """Some of the matches."""
        return Matches(*(column[kept] for column in self))

    def mishaps(self, whose: Ints) -> Ints:
        """The texts, as `whose` has them by word, in which "another", "again" stands beside something bad."""
        again, valence = (are(self.kind, KINDS, kind) for kind in ("again", "valence"))
        beside = (again[:-1] & valence[1:]) | (valence[:-1] & again[1:])
        bad = (self.value[:-1] < 0) | (self.value[1:] < 0)
        near = self.start[1:] - self.end[:-1] <= _NEAR
        texts = whose[self.start]
        found: Ints = np.unique(texts[:-1][beside & bad & near & (texts[1:] == texts[:-1])])
        return found


class Lexicon:
    """The entries of one language as a trie over words (over characters in Chinese).

    `keys_of` says what a word may be in the trie: numbers, from 0.
    """

    def __init__(self, entries: Sequence[Entry], language: str) -> None:
        self.entries = tuple(entries)
        self.names = np.array([entry.text.rstrip("*") for entry in entries], object)
        self._kind = np.array([KINDS.index(entry.kind) for entry in entries], np.int64)
        self._value = np.array([entry.value for entry in entries], float)
        written = [split(entry.text, language) for entry in entries]
        self._numbers = {word: number for number, word in enumerate(sorted({*chain.from_iterable(written)}))}
        self.keys_of = _keys(self._numbers, language)
        edges: dict[tuple[int, int], int] = {}
        ends: dict[int, int] = {}
        for entry, words in enumerate(written):
            node = ROOT
            for word in words:
                node = edges.setdefault((node, self._numbers[word]), len(edges) + 1)
            ends[node] = entry
        self._steps = Steps(edges)
        self._entry = np.full(len(edges) + 1, _NO_ENTRY, np.int64)
        self._entry[list(ends)] = list(ends.values())
        self._goes_on = np.zeros(len(edges) + 1, bool)
        self._goes_on[[node for node, _ in edges]] = True
        self._opening = {key for node, key in edges if node == ROOT}

    def opens(self, keys: Sequence[int]) -> bool:
        """Whether an entry may begin with a word that may be these."""
        return not self._opening.isdisjoint(keys)

    def matches(self, rows: Ints, keys: Keys) -> Matches:
        """The longest entries in words, from left to right; `rows` are those of `keys`.

        What may be nothing in the trie, like the words that stand between two texts, parts them.
        """
        starts = np.flatnonzero(keys.opens.all[rows])
        nodes = np.full(len(starts), ROOT)
        found, reach = np.full(len(rows), _NO_ENTRY, np.int64), np.zeros(len(rows), np.int64)
        length = 0
        while len(starts):
            may_be, who = keys.runs.of(rows[starts + length])
            nodes = self._steps.after(nodes[who], may_be)
            there = np.flatnonzero(nodes)
            starts, nodes, length = starts[who[there]], nodes[there], length + 1
            ending = np.flatnonzero(self._entry[nodes] != _NO_ENTRY)[::-1]  # of several ways the first one counts
            found[starts[ending]], reach[starts[ending]] = self._entry[nodes[ending]], length
            on = self._goes_on[nodes]
            starts, nodes = starts[on], nodes[on]
        there = np.flatnonzero(found != _NO_ENTRY)
        kept = there[_apart(there, there + reach[there])]
        return Matches(kept, kept + reach[kept], found[kept], self._kind[found[kept]], self._value[found[kept]])


class Keys:
    """What each of so many words may be in a lexicon: word 0, 1, 2 …, and whether an entry may begin with it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self.opens, self.runs = Column(np.bool_), Runs(np.int32)

    def extend(self, words: Sequence[str]) -> None:
        """More words."""
        each = [self._lexicon.keys_of(word) for word in words]
        self.runs.extend(each)
        self.opens.extend([self._lexicon.opens(keys) for keys in each])

    def clear(self) -> None:
        """No words any more."""
        self.opens.clear()
        self.runs.clear()


def _apart(starts: Ints, ends: Ints) -> Flags:
    """Which of these, from left to right, begin where those before have ended."""
    kept, free = np.ones(len(starts), bool), 0
    inside = np.zeros(len(starts), bool)
    inside[1:] = starts[1:] < np.maximum.accumulate(ends)[:-1]
    inside[:-1] |= inside[1:]
    for place in np.flatnonzero(inside).tolist():
        if starts[place] < free:
            kept[place] = False
        else:
            free = ends[place]
    return kept


@cache
def lexicon(language: str) -> Lexicon | None:
    """The lexicon of an ISO 639-1 language, None where there is no file for it."""
    resource = files("carecli.triage").joinpath("data", f"sentiment_{language}.tsv")
    if not language.isascii() or not language.isalpha() or not resource.is_file():
        return None
    return Lexicon(read(resource.read_text(encoding="utf-8")), language)


def read(text: str) -> list[Entry]:
    """The entries of a lexicon file. Raises ValueError that names the line that is wrong."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        try:
            entries.append(_entry(fields[0].strip(), fields[1].strip()))
        except (IndexError, ValueError) as error:
            raise ValueError(f"line {number}: {line!r}") from error
    return entries


def _entry(text: str, value: str) -> Entry:
    match value:
        case "not" | "but" | "again":
            return Entry(text, value, 0.0)
        case _ if value.startswith("x"):
            return Entry(text, "times", float(value[1:]))
        case _:
            return Entry(text, "valence", float(value))


def split(entry: str, language: str) -> list[str]:
    """The tokens of an entry, folded like the text that it is matched with."""
    folded = fold(entry)
    return list(folded.replace(" ", "")) if language == "zh" else folded.split()


def _keys(numbers: Mapping[str, int], language: str) -> Callable[[str], tuple[int, ...]]:
    """What one word may be in the trie: itself, its stems, and in Hebrew what is left without prefixes."""
    stems = frozenset(word[:-1] for word in numbers if word.endswith("*"))
    longest = max(map(len, stems), default=0)

    def of_form(form: str) -> list[int]:
        found = [numbers[form]] if form in numbers else []
        ends = range(min(longest, len(form)), _SHORTEST_STEM - 1, -1)
        return found + [numbers[f"{form[:end]}*"] for end in ends if form[:end] in stems]

    def keys(word: str) -> tuple[int, ...]:
        if len(word) > _LONGEST_WORD:
            return ()
        found = of_form(word)
        for form in _without_prefixes(word) if language == "he" else ():
            found += of_form(form)
        return tuple(dict.fromkeys(found))

    return keys


def _without_prefixes(word: str) -> list[str]:
    """`word` without one, two, three of the letters that Hebrew writes before a word; "ולא" and "שאין" too."""
    if len(word) == 3:
        return [word[1:]] if word[0] in _BEFORE_SHORT_WORDS else []
    forms = []
    for count in range(1, _MOST_PREFIXES + 1):
        if len(word) - count < 3 or word[count - 1] not in _HEBREW_PREFIXES:
            break
        forms.append(word[count:])
    return forms
