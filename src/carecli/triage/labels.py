"""What words may be: each may have several labels, which are whole words, beginnings of words, or have digits.

The letters of all labels are one graph, which many words walk side by side; where a word leaves it, or ends, its labels
are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from carecli.triage.columns import Ints, Runs
from carecli.triage.steps import NOWHERE, ROOT, Steps

_DIGITS = re.compile(r"\d+")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半")

# Letters, and what comes after them: "" nothing, `*` anything, `~` more letters. Digits are "#".
Label = tuple[str, str]
Numbers = tuple[int, ...]


class Labels:
    """Labels, numbered from 0, and the sets of them that words have.

    `runs` has the labels of each set: the whole word first, then beginnings, the longest first. Without spaces between
    words (`spaced` False) a numeral is a "#".
    """

    def __init__(self, labels: Sequence[Label], *, spaced: bool = True) -> None:
        tree = _Tree()
        for number, (text, ending) in enumerate(labels):
            tree.add(text, ending, number)
            if text == "#" and not spaced:
                for numeral in sorted(_NUMERALS):
                    tree.add(numeral, ending, number)
        self._letters = Steps(tree.edges)
        self.runs = Runs(np.int32)
        self.runs.extend(list(tree.sets()))
        self._joined: dict[tuple[int, int], int] = {}

    def sets(self, words: Sequence[str]) -> Ints:
        """The set of the labels of each word; most have an empty one."""
        others = [(place, word) for place, word in enumerate(words) if word and not word.isalpha()]
        shaped = {place: shape for place, word in others if (shape := _DIGITS.sub("#", word)) != word}
        found = self._walked([*words, *shaped.values()])
        for place, other in zip(shaped, found[len(words) :].tolist(), strict=True):
            found[place] = self._both(int(found[place]), other)
        return found[: len(words)]

    def _walked(self, words: Sequence[str]) -> Ints:
        codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        nodes, found = np.full(len(words), ROOT), np.zeros(len(words), np.int64)
        walkers, ends = np.arange(len(words)), np.cumsum(lengths)
        places = ends - lengths
        while len(walkers):
            over = places == ends
            found[walkers[over]] = 2 * nodes[over] + 1
            walkers, nodes, places, ends = walkers[~over], nodes[~over], places[~over], ends[~over]
            after = self._letters.after(nodes, codes[places])
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


class _Tree:
    """The letters of labels: what begins alike goes the same way."""

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
