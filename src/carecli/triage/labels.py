"""What words may be: each may have several labels, which are whole words, beginnings of words, or have digits.

The letters of all labels are one graph, which many words walk side by side; where a word leaves it, or ends, its labels
are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from carecli.triage.columns import Ints, Runs, spread
from carecli.triage.steps import NOWHERE, ROOT, Steps

_DIGIT, _DIGITS = re.compile(r"\d"), re.compile(r"\d+")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半")

# Letters, and what comes after them: "" nothing, `*` anything, `~` more letters. Digits are "#".
Label = tuple[str, str]
Numbers = tuple[int, ...]


class Forms(NamedTuple):
    """What words may be written as: form i is word `whose[i]` without its first `offsets[i]` letters.

    The words are one text, and its code points, each from its `starts` up to its `ends`.
    """

    text: str
    codes: Ints
    starts: Ints
    ends: Ints
    whose: Ints
    offsets: Ints

    @classmethod
    def of(cls, words: Sequence[str]) -> Forms:
        """Words as they are."""
        text, lengths = "".join(words), np.fromiter(map(len, words), np.int64, len(words))
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        ends = np.cumsum(lengths)
        return cls(text, codes, ends - lengths, ends, np.arange(len(words)), np.zeros(len(words), np.int64))

    def without(self, offsets: Ints, more: Ints) -> Forms:
        """Each word without its first letters: `offsets` of them, and in further forms up to so many `more`."""
        whose = np.repeat(np.arange(len(self.ends)), more + 1)
        return self._replace(whose=whose, offsets=spread(offsets, more + 1))

    def hanging(self, letters: str, least: Sequence[int], offset: int = 0) -> Ints:
        """How many letters may hang before each word: such letters, so many left `least` without one, two, three …"""
        known, starts = np.array([ord(letter) for letter in letters], np.int64), self.starts + offset
        found, on = np.zeros(len(starts), np.int64), np.arange(len(starts))
        for count, fewest in enumerate(least, 1):
            on = on[self.ends[on] - starts[on] - count >= fewest]
            on = on[np.isin(self.codes[starts[on] + count - 1], known)]
            found[on] = count
        return found


class Tree(NamedTuple):
    """The letters of labels: what begins alike goes the same way.

    `letters` are the edges of the tree (`steps.py`). There are two sets of labels for each node, one after another, so
    many `numbers` each: those of words that leave the tree there, and of those that end there.
    """

    letters: Ints
    sizes: Ints
    numbers: Ints


def tree_of(labels: Sequence[Label], *, spaced: bool = True) -> Tree:
    """The tree of labels, numbered from 0."""
    growing = _Growing()
    for number, (text, ending) in enumerate(labels):
        growing.add(text, ending, number)
        if text == "#" and not spaced:
            for numeral in sorted(_NUMERALS):
                growing.add(numeral, ending, number)
    sets, edges = list(growing.sets()), np.array(growing.edges, np.int64)
    sizes, numbers = np.array(list(map(len, sets)), np.int64), np.array(list(chain.from_iterable(sets)), np.int64)
    return Tree(edges.reshape(-1, 3).T, sizes, numbers)


class Labels:
    """Labels, numbered from 0, and the sets of them that words have.

    `runs` has the labels of each set: the whole word first, then beginnings, the longest first.
    """

    def __init__(self, tree: Tree) -> None:
        self._letters = Steps(tree.letters)
        self.runs = Runs(np.int32)
        self.runs.add(tree.sizes, tree.numbers)
        self._joined: dict[tuple[int, int], int] = {}

    @classmethod
    def of(cls, labels: Sequence[Label], *, spaced: bool = True) -> Labels:
        """These labels; without spaces between words (`spaced` False) a numeral is a "#"."""
        return cls(tree_of(labels, spaced=spaced))

    def sets(self, forms: Forms) -> Ints:
        """The set of the labels of each form; most have an empty one."""
        found = self._walked(forms)
        digits = np.searchsorted(forms.ends, [match.start() for match in _DIGIT.finditer(forms.text)], "right")
        places = np.unique(digits)
        if len(places):
            bounds = zip(forms.starts[places].tolist(), forms.ends[places].tolist(), strict=True)
            shapes = Forms.of([_DIGITS.sub("#", forms.text[start:end]) for start, end in bounds])
            number = np.full(len(forms.ends), -1)
            number[places] = np.arange(len(places))
            same = np.flatnonzero(number[forms.whose] >= 0)
            shapes = shapes._replace(whose=number[forms.whose[same]], offsets=forms.offsets[same])
            for place, other in zip(same.tolist(), self._walked(shapes).tolist(), strict=True):
                found[place] = self._both(int(found[place]), other)
        return found

    def _walked(self, forms: Forms) -> Ints:
        places, ends = forms.starts[forms.whose] + forms.offsets, forms.ends[forms.whose]
        nodes, found = np.full(len(places), ROOT), np.zeros(len(places), np.int64)
        walkers = np.arange(len(places))
        while len(walkers):
            over = places == ends
            found[walkers[over]] = 2 * nodes[over] + 1
            walkers, nodes, places, ends = walkers[~over], nodes[~over], places[~over], ends[~over]
            after = self._letters.after(nodes, forms.codes[places])
            lost = after == NOWHERE
            found[walkers[lost]] = 2 * nodes[lost]
            walkers, nodes, places, ends = walkers[~lost], after[~lost], places[~lost] + 1, ends[~lost]
        return found

    def _both(self, one: int, other: int) -> int:
        """The set of the labels of both sets."""
        if one == other or not self.runs.counts[other]:
            return one
        if not self.runs.counts[one]:
            return other
        if (one, other) not in self._joined:
            numbers, _ = self.runs.of(np.array([one, other]))
            self.runs.extend([tuple(dict.fromkeys(numbers.tolist()))])
            self._joined[one, other] = len(self.runs) - 1
        return self._joined[one, other]


class _Growing:
    """A tree of letters while labels are added."""

    def __init__(self) -> None:
        self.edges: list[int] = []
        self._after: list[dict[str, int]] = [{}]
        self._at: dict[str, dict[int, Numbers]] = {"": {}, "*": {}, "~": {}}

    def add(self, text: str, ending: str, number: int) -> None:
        """One more label."""
        node = ROOT
        for letter in text:
            after = self._after[node]
            if letter not in after:
                after[letter] = len(self._after)
                self.edges += node, ord(letter), len(self._after)
                self._after.append({})
            node = after[letter]
        self._at[ending][node] = (*self._at[ending].get(node, ()), number)

    def sets(self) -> Iterator[Numbers]:
        """By two for each node: the labels of words that leave the tree there, and of those that end there."""
        whole, beginnings, longer = self._at.values()
        leaves: list[Numbers] = [()]
        yield from ((), ())
        # The edges are in order of the nodes that they lead to.
        for before, node in zip(self.edges[::3], self.edges[2::3], strict=True):
            ends = beginnings.get(node, ()) + leaves[before]
            leaves.append(longer.get(node, ()) + ends)
            yield leaves[node]
            yield whole.get(node, ()) + ends
