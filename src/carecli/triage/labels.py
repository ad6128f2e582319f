"""What words may be: each may have several labels, which are whole words, beginnings of words, or have digits.

The letters of all labels are one graph, which many words walk side by side; where a word leaves it, or ends, its labels
are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from carecli.triage.columns import Ints, Runs
from carecli.triage.steps import NOWHERE, ROOT, Steps

_DIGITS = re.compile(r"\d+")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半")

# Letters, and what comes after them: "" nothing, `*` anything, `~` more letters. Digits are "#".
Label = tuple[str, str]
Numbers = tuple[int, ...]


class Labels:
    """A number for each label, from 0, and the sets of labels that words have.

    `runs` has the labels of each set: the whole word first, then beginnings, the longest first. Without spaces between
    words (`spaced` False) a numeral is a "#".
    """

    def __init__(self, labels: Iterable[Label], *, spaced: bool = True) -> None:
        self.number: dict[Label, int] = {label: number for number, label in enumerate(sorted(set(labels)))}
        whole = {text: (number,) for (text, ending), number in self.number.items() if not ending}
        if not spaced and "#" in whole:
            whole |= {numeral: (*whole.get(numeral, ()), *whole["#"]) for numeral in sorted(_NUMERALS)}
        written = {*whole, *(text for text, _ in self.number)}
        texts = sorted(sorted({text[:end] for text in written for end in range(1, len(text) + 1)}), key=len)
        at = {text: node for node, text in enumerate(texts, ROOT + 1)} | {"": ROOT}
        self._letters = Steps({(at[text[:-1]], ord(text[-1])): at[text] for text in texts})
        self.runs = Runs(np.int32)
        self.runs.extend(_sets(texts, self.number, whole))
        self._joined: dict[tuple[int, int], int] = {}

    def sets(self, words: Sequence[str]) -> Ints:
        """The set of the labels of each word; most have an empty one."""
        shaped = {place: shape for place, word in enumerate(words) if not word.isalpha() and (shape := _shape(word))}
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
            self._joined[one, other] = len(self.runs)
            numbers, _ = self.runs.of(np.array([one, other]))
            self.runs.extend([tuple(dict.fromkeys(numbers.tolist()))])
        return self._joined[one, other]


def _shape(word: str) -> str:
    """The word with "#" for digits, where it has some."""
    shape = _DIGITS.sub("#", word)
    return "" if shape == word else shape


def _sets(texts: Sequence[str], number: Mapping[Label, int], whole: Mapping[str, Numbers]) -> list[Numbers]:
    """By two for each node, which are in order of length: the labels of words that leave the graph, or end, there."""
    sets: list[Numbers] = [(), ()]
    leaves: dict[str, Numbers] = {"": ()}
    for text in texts:
        ends = _numbers(number, (text, "*")) + leaves[text[:-1]]
        leaves[text] = _numbers(number, (text, "~")) + ends
        sets += [leaves[text], whole.get(text, ()) + ends]
    return sets


def _numbers(number: Mapping[Label, int], label: Label) -> Numbers:
    return (number[label],) if label in number else ()
