"""Sentiment lexicons: tab-separated files, read once, found in many texts at once, longest first, in linear time.

A line is `entry TAB value [TAB note]`; `#` begins a comment line. An entry is a word, a phrase, or a stem that ends
in `*`; Chinese entries are matched character by character. The value is a valence −3…3, or what the entry does to
its neighbours: `not` negates, `x1.5` strengthens, `but` makes what comes after it weigh more, `again` marks one
more mishap, so that praise before it is not meant. Valence 0 keeps shorter entries inside it from counting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from carecli.text import fold
from carecli.triage.columns import Column, Flags, Floats, Ints, Runs, are
from carecli.triage.labels import Forms, Label, Labels
from carecli.triage.steps import ROOT, Steps

Kind = Literal["valence", "not", "times", "but", "again"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# Hebrew writes one, two, three of these letters before a word, before short words only "and" and "that" ("ולא").
_HEBREW_PREFIXES, _BEFORE_SHORT_WORDS = "והבלמשכ", "וש"
_MOST_PREFIXES, _SHORT = 3, 3
_LONGEST_WORD = 64
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

    `labels` says what a word may be in the trie.
    """

    def __init__(self, entries: Sequence[Entry], language: str) -> None:
        self.entries = tuple(entries)
        self.names = np.array([entry.text.rstrip("*") for entry in entries], object)
        self._kind = np.array([KINDS.index(entry.kind) for entry in entries], np.int64)
        self._value = np.array([entry.value for entry in entries], float)
        written = [split(entry.text, language) for entry in entries]
        number = {label: at for at, label in enumerate(dict.fromkeys(map(_label, chain.from_iterable(written))))}
        self.labels = Labels.of(list(number))
        self._hebrew = language == "he"
        edges: dict[tuple[int, int], int] = {}
        ends: dict[int, int] = {}
        for entry, words in enumerate(written):
            node = ROOT
            for word in words:
                node = edges.setdefault((node, number[_label(word)]), len(edges) + 1)
            ends[node] = entry
        triples = [(node, key, target) for (node, key), target in edges.items()]
        self._steps = Steps(np.array(triples, np.int64).reshape(-1, 3).T)
        self._entry = np.full(len(edges) + 1, _NO_ENTRY, np.int64)
        self._entry[list(ends)] = list(ends.values())
        self._goes_on = np.zeros(len(edges) + 1, bool)
        self._goes_on[[node for node, _ in edges]] = True
        numbers, sets = self.labels.runs.of(np.arange(len(self.labels.runs)))
        opening = self._steps.after(np.full(len(numbers), ROOT), numbers)
        self._opens = np.bincount(sets, opening, len(self.labels.runs)) > 0

    def forms(self, words: Sequence[str]) -> Forms:
        """What each word may be written as in the lexicon: as it is, in Hebrew also without prefixes."""
        found = Forms.of([word if len(word) <= _LONGEST_WORD else "" for word in words])
        if not self._hebrew:
            return found
        short = found.ends - found.starts == _SHORT
        hanging = found.hanging(_HEBREW_PREFIXES, [_SHORT] * _MOST_PREFIXES)
        hanging[short] = found.hanging(_BEFORE_SHORT_WORDS, [_SHORT - 1])[short]
        return found.without(np.zeros(len(words), np.int64), hanging)

    def opens(self, sets: Ints) -> Flags:
        """Whether an entry may begin with a word that has one of these sets of labels."""
        found: Flags = self._opens[sets]
        return found

    def matches(self, rows: Ints, keys: Keys) -> Matches:
        """The longest entries in words, from left to right; `rows` are those of `keys`.

        What may be nothing in the trie, like the words that stand between two texts, parts them.
        """
        starts = np.flatnonzero(keys.opens.all[rows])
        nodes = np.full(len(starts), ROOT)
        found, reach = np.full(len(rows), _NO_ENTRY, np.int64), np.zeros(len(rows), np.int64)
        length = 0
        while len(starts):
            sets, who = keys.sets.of(rows[starts + length])
            labels, which = self.labels.runs.of(sets)
            who = who[which]
            nodes = self._steps.after(nodes[who], labels)
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
    """What each of so many words may be in a lexicon: word 0, 1, 2 …; `opens`: an entry may begin with it.

    `sets` are sets of labels, one for each form that it may be written in.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self.opens, self.sets = Column(np.bool_), Runs(np.int32)

    def extend(self, words: Sequence[str]) -> None:
        """More words."""
        forms = self._lexicon.forms(words)
        sets = self._lexicon.labels.sets(forms)
        self.sets.add(np.bincount(forms.whose, minlength=len(words)), sets)
        self.opens.extend(np.bincount(forms.whose, self._lexicon.opens(sets), len(words)) > 0)

    def clear(self) -> None:
        """No words any more."""
        self.opens.clear()
        self.sets.clear()


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


def _label(word: str) -> Label:
    return (word[:-1], "*") if word.endswith("*") else (word, "")
