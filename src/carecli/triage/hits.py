"""The cues that were found in many texts, as columns; what stands there is put together only where it is asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from carecli.text import clip
from carecli.triage.columns import Flags, Ints, spread

# The rows of a table of cues, which has one column for each. `START` and `END` count characters of the text; the words
# are `COUNT` ones of page `PAGE` from `WORD` on, without the first `OFFSET` letters.
TEXT, KIND, START, END, PAGE, WORD, COUNT, OFFSET = range(8)
_MOST_QUOTED, _LONGEST_QUOTE = 3, 60


class Hit(NamedTuple):
    """A cue of `kind`; `text` is what stands there. `start` and `end` only tell which cue is before which."""

    kind: str
    start: int
    end: int
    text: str


class Page(NamedTuple):
    """Words that were read: the row of each, and how a row is shown."""

    rows: Sequence[int]
    shown: Sequence[str]

    def quoted(self, word: int, count: int, offset: int) -> str:
        """So many words, without a space before them and the first letters."""
        if count == 1:
            return self.shown[self.rows[word]].lstrip()[offset:]
        return "".join([self.shown[row] for row in self.rows[word : word + count]]).lstrip()[offset:]


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
        self._listed: list[list[int]] | None = None

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
        if self._listed is None:  # once for all texts: lists are quicker to look into than arrays
            self._listed = self.cues[START:].T.tolist()
        found: list[Hit] = []
        for kind in kinds:
            if count := int(self.table[text, self._at[kind]]):
                stop = int(self._ends[text * len(self.kinds) + self._at[kind]])
                for start, end, page, *words in self._listed[stop - count : stop]:
                    found.append(Hit(kind, start, end, self.pages[page].quoted(*words)))
        return tuple(found)

    def each(self, where: Flags, kind: str) -> Iterator[tuple[int, list[str]]]:
        """The texts among these in which a kind occurs, and what stands at its cues there."""
        return ((text, quotes) for text, _, quotes in self.all(where[:, None], [kind]))

    def all(self, where: Flags, kinds: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
        """What stands at the cues of some kinds: the text, the place in `kinds`, and what stands there.

        `where` has a row for each text and a column for each of the kinds, or one for all.
        """
        columns = np.array([self._at[kind] for kind in kinds], np.int64)
        texts, places = np.nonzero(where & (self.table[:, columns] > 0))
        if not len(texts):
            return
        counts = self.table[texts, columns[places]]
        firsts = self._ends[texts * len(self.kinds) + columns[places]] - counts
        quotes, ends = self._quotes(spread(firsts, counts)), np.cumsum(counts)
        spans = zip((ends - counts).tolist(), ends.tolist(), strict=True)
        for text, place, (first, end) in zip(texts.tolist(), places.tolist(), spans, strict=True):
            yield text, place, quotes[first:end]

    def _quotes(self, places: Ints) -> list[str]:
        """What stands at some of the cues."""
        return [
            self.pages[page].quoted(word, count, offset)
            for page, word, count, offset in self.cues[PAGE:, places].T.tolist()
        ]


class Why:
    """Reasons of texts, from the cues in them: `found` has a list for each text with some."""

    def __init__(self, hits: Hits) -> None:
        self._hits = hits
        self.found: dict[int, list[str]] = {}

    def cues(self, names: Mapping[str, str], where: Sequence[Flags]) -> None:
        """One more for each kind that occurs, by its name, in the texts where it is asked for."""
        kinds, named = list(names), list(names.values())
        for text, place, quotes in self._hits.all(np.stack(where, axis=1), kinds):
            self.say(text, because(named[place], quotes))

    def add(self, reason: str, where: Flags) -> None:
        """One more for each of these texts."""
        for place in np.flatnonzero(where).tolist():
            self.say(place, reason)

    def say(self, text: int, reason: str) -> None:
        """One more for a text."""
        self.found.setdefault(text, []).append(reason)


def near(ones: Sequence[Hit], others: Sequence[Hit], most: int) -> list[bool]:
    """Which of the ones overlap one of the others, or stand less than so many characters from one."""
    ordered = sorted(others, key=lambda other: other.start)
    starts, ends = [other.start for other in ordered], list(accumulate((other.end for other in ordered), max))
    before = [bisect_left(starts, one.end + most) for one in ones]
    return [at > 0 and ends[at - 1] > one.start - most for one, at in zip(ones, before, strict=True)]


def because(name: str, texts: Sequence[str]) -> str:
    """A reason for people: its name and the first of the words that it rests on."""
    if len(texts) == 1 and len(texts[0]) <= _LONGEST_QUOTE:
        return f"{name}: '{texts[0].strip(' ,.')}'"
    quoted = list(dict.fromkeys(clip(text.strip(" ,."), _LONGEST_QUOTE) for text in texts))[:_MOST_QUOTED]
    return f"{name}: '" + "', '".join(quoted) + "'"
