"""The cues that were found in many texts, as columns; what stands there is put together only where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from carecli.triage.columns import Flags, Ints

# The rows of a table of cues, which has one column for each. `START` and `END` count characters of the text; the words
# are `COUNT` ones of page `PAGE` from `WORD` on, without the first `OFFSET` letters.
TEXT, KIND, START, END, PAGE, WORD, COUNT, OFFSET = range(8)
_MOST_QUOTED = 3


class Hit(NamedTuple):
    """A cue of `kind`; `text` is what stands there. `start` and `end` only tell which cue is before which."""

    kind: str
    start: int
    end: int
    text: str


class Page(NamedTuple):
    """Words that were read: the rows of each, and how those are shown."""

    rows: Ints
    shown: Sequence[str]

    def quoted(self, word: int, count: int, offset: int) -> str:
        """So many words, without a space before them and the first letters."""
        rows = self.rows[word : word + count].tolist()
        text = self.shown[rows[0]] if count == 1 else "".join([self.shown[row] for row in rows])
        return text.lstrip()[offset:]


class Hits:
    """The cues in so many texts, in text order: how often each of `kinds` occurs in each, and where.

    `table` has a row for each text and a column for each kind, `cues` a column for each cue, in order of text and kind.
    """

    def __init__(self, texts: int, kinds: Sequence[str], cues: Ints, pages: Sequence[Page]) -> None:
        self.kinds = tuple(kinds)
        self._at = {kind: index for index, kind in enumerate(kinds)}
        self.pages = pages
        cells = cues[TEXT] * len(kinds) + cues[KIND]
        self.cues = cues[:, np.argsort(cells, kind="stable")]
        counts = np.bincount(cells, minlength=texts * len(kinds))
        self._ends = np.cumsum(counts)
        self.table: Ints = counts.reshape(texts, len(kinds))
        self._there = np.ascontiguousarray(self.table.T > 0)

    def count(self, kind: str) -> Ints:
        """How often a kind occurs in each text."""
        column: Ints = self.table[:, self._at[kind]]
        return column

    def has(self, kind: str, *others: str) -> Flags:
        """In which texts one of the kinds occurs."""
        there: Flags = self._there[self._at[kind]].copy()
        for other in others:
            there |= self._there[self._at[other]]
        return there

    def of(self, text: int, *kinds: str) -> tuple[Hit, ...]:
        """The cues of these kinds in one text, those of the first kind first."""
        return tuple(
            Hit(kind, start, end, self.pages[page].quoted(*words))
            for kind in kinds
            for start, end, page, *words in self._columns_of(text, kind).T.tolist()
        )

    def quoted(self, text: int, kind: str) -> list[str]:
        """What stands at the cues of a kind in one text."""
        return [self.pages[page].quoted(*words) for _, _, page, *words in self._columns_of(text, kind).T.tolist()]

    def _columns_of(self, text: int, kind: str) -> Ints:
        at = self._at[kind]
        end = int(self._ends[text * len(self.kinds) + at])
        return self.cues[START:, end - int(self.table[text, at]) : end]


class Why:
    """Reasons of texts, from the cues in them: `found` has a list for each text."""

    def __init__(self, hits: Hits) -> None:
        self._hits = hits
        self.found: list[list[str]] = [[] for _ in hits.table]

    def cue(self, kind: str, name: str, where: Flags) -> None:
        """One more of this name for each of these texts in which the kind occurs."""
        for place in np.flatnonzero(where & self._hits.has(kind)).tolist():
            self.found[place].append(because(name, self._hits.quoted(place, kind)))

    def add(self, reason: str, where: Flags) -> None:
        """One more for each of these texts."""
        for place in np.flatnonzero(where).tolist():
            self.found[place].append(reason)


def because(name: str, texts: Sequence[str]) -> str:
    """A reason for people: its name and the first of the words that it rests on."""
    quoted = [text.strip(" ,.") for text in texts]
    if len(quoted) > 1:
        quoted = list(dict.fromkeys(quoted))[:_MOST_QUOTED]
    return f"{name}: '" + "', '".join(quoted) + "'"


def are(values: Sequence[str], *ones: str) -> Flags:
    """Which of the values is one of these."""
    return np.fromiter((value in ones for value in values), bool, len(values))
