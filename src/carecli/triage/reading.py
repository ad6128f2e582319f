"""Words with a valence in the languages that have a lexicon of their own: what their neighbours make of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Column, Flags, Floats, Ints, Runs, are
from carecli.triage.lexicon import KINDS, Keys, Lexicon, Matches, lexicon
from carecli.triage.many import each, pieces
from carecli.triage.vocabulary import END, Rows, Tokens, end_of

# How many words after a negation are negated.
_REACH = {"zh": 5}
_USUAL_REACH = 3
# An intensifier strengthens what begins at most so many words after it.
_STRONG_FOR = 2
_STOPS = frozenset(".!?;:…,¶\n。！？；，、()")
_TOKEN = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[.!?;:…,¶\n。！？；，、()\0]")
_CHARACTER = re.compile(r"[\s\S]")
_REPEATED = re.compile(r"([^\0\n])\1{2,}")
# What a negation makes of a good word, and of a bad one; and one that has nothing to negate: something did not happen.
_NOT_GOOD, _NOT_BAD, _NOTHING = -0.8, -0.5, -0.8
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.4


class Hits(NamedTuple):
    """What counts in many texts, in the order of the texts and of what stands in them; entry i is of text `whose[i]`.

    `text` are the words, `valence` is theirs after negation and all.
    """

    whose: Ints
    valence: Floats
    text: npt.NDArray[np.object_]

    def unmeant(self, texts: Ints) -> Hits:
        """ "Great, another delay": praise that comes first, before one more mishap, is not meant. In some texts."""
        valence = self.valence.copy()
        for start, end in np.searchsorted(self.whose, np.stack([texts, texts + 1], axis=1)).tolist():
            if start < end and valence[start] > 0:
                valence[start:end] = np.where(valence[start:end] > 0, -0.5 * valence[start:end], valence[start:end])
        return self._replace(valence=valence)

    def at(self, places: Ints) -> Hits:
        """The same, text i as that at `places[i]`."""
        return self._replace(whose=places[self.whose])

    def those(self, kept: npt.NDArray[Any]) -> Hits:
        """Some of the hits."""
        return Hits(*(column[kept] for column in self))


def together(*several: Hits) -> Hits:
    """All hits, in each text those of the first ones first."""
    hits = Hits(*map(np.concatenate, zip(*several, strict=True)))
    return hits.those(np.argsort(hits.whose, kind="stable"))


def listed(texts: Sequence[Sequence[tuple[str, float]]]) -> Hits:
    """Words, each with its valence, as hits of texts."""
    flat = list(chain.from_iterable(texts))
    whose = np.repeat(np.arange(len(texts)), np.fromiter(map(len, texts), np.int64, len(texts)))
    return Hits(whose, np.array([valence for _, valence in flat], float), np.array([text for text, _ in flat], object))


def hits_of(tokens: Tokens, languages: Sequence[str | None]) -> Hits:
    """What counts in texts by the lexicons of their languages, neighbours taken into account; English has its own.

    The units of a Chinese text are its characters, those of others stand between their spaces.
    """
    found = [listed([])]
    for language in sorted({code for code in languages if code and code != "en"}):
        if reader := _reader(language):
            asked = np.array([code == language for code in languages], bool)
            found.append(reader.read(tokens.of(asked)).at(np.flatnonzero(asked)))
    return together(*found)


class _Reader:
    """Reads texts of one language; keeps what their words are in its lexicon."""

    def __init__(self, words: Lexicon, language: str) -> None:
        self._lexicon = words
        self._reach = _REACH.get(language, _USUAL_REACH)
        self._by_character = language == "zh"
        self._keys = Keys(words)
        self._words = Runs(np.int64)
        self._stops, self._ends = Column(np.bool_), Column(np.bool_)
        self._rows = Rows(self._learn, self._forget)

    def read(self, tokens: Tokens) -> Hits:
        """What counts in the texts."""
        units = self._rows.of(tokens.numbers)
        words, unit = self._words.of(units)
        whose = np.repeat(np.arange(len(tokens.sizes)), tokens.sizes)[unit]
        if self._by_character:
            once = ~_again(words, self._ends.all[words])
            words, whose = words[once], whose[once]
        matches = self._lexicon.matches(words, self._keys)
        stops = np.flatnonzero(self._stops.all[words])
        hits = _Sentences(matches, whose, self._reaches(matches, stops)).hits(self._lexicon.names)
        return hits.unmeant(matches.mishaps(whose))

    def _reaches(self, matches: Matches, stops: Ints) -> Ints:
        """Where a negation ends: after so many words, or where a mark or the text ends."""
        following = np.searchsorted(stops, matches.end)
        found: Ints = np.minimum(np.append(stops, np.iinfo(np.int64).max)[following], matches.end + self._reach)
        return found

    def _learn(self, units: Sequence[str], folded: Sequence[str]) -> None:
        pattern, texts = (_CHARACTER, folded) if self._by_character else (_TOKEN, each(_once, folded))
        words, counts = pieces(pattern, texts, end_of(units))
        self._words.add(np.array(counts, np.int64), np.arange(len(self._stops.all), len(self._stops.all) + len(words)))
        self._keys.extend(words)
        self._stops.extend([word in _STOPS for word in words])
        self._ends.extend([word == END for word in words])

    def _forget(self) -> None:
        for kept in (self._keys, self._words, self._stops, self._ends):
            kept.clear()


@cache
def _reader(language: str) -> _Reader | None:
    words = lexicon(language)
    return _Reader(words, language) if words else None


def _once(text: str) -> str:
    """A text with letters, or marks, that are repeated three times or more once."""
    return _REPEATED.sub(r"\1", text)


def _again(words: Ints, ends: Flags) -> Flags:
    """Which words are the second or a later one of three or more that are the same; what ends a text never is."""
    same = np.zeros(len(words) + 1, bool)
    same[1:-1] = (words[1:] == words[:-1]) & ~ends[1:]
    before = np.concatenate([[False], same[:-2]])
    return same[:-1] & (before | same[1:])


class _Sentences:
    """What a negation, an intensifier, a "but" does to others: `matches` of many texts, one after another.

    `whose` is the text of each word; a negation reaches the words up to `reaches`.
    """

    def __init__(self, matches: Matches, whose: Ints, reaches: Ints) -> None:
        self._matches = matches
        self._reaches = reaches
        self._text = whose[matches.start]
        self._places = np.arange(len(self._text))
        self._not, self._times, self._but = (are(matches.kind, KINDS, kind) for kind in ("not", "times", "but"))
        self._counts = are(matches.kind, KINDS, "valence") & (matches.value != 0)

    def hits(self, names: npt.NDArray[np.object_]) -> Hits:
        """What counts, in order; `names` are those of the entries."""
        entry, counted = self._matches.entry, np.flatnonzero(self._counts)
        negations = np.flatnonzero(self._not)
        negated = self._negated(negations)
        idle = negated < 0
        negations, negated, alone = negations[~idle], negated[~idle], negations[idle]
        valence = self._strengthened()
        valence[negated] *= np.where(valence[negated] > 0, _NOT_GOOD, _NOT_BAD)
        valence *= self._praised_after()
        text = names[entry]
        text[negated] = text[negations] + " " + text[negated]
        # An idle negation counts when the next one comes, or the text has ended.
        order = np.concatenate([2 * counted, self._idle_until(alone)])
        places = np.concatenate([counted, alone])
        valences = np.concatenate([valence[counted], np.full(len(alone), _NOTHING)])
        sequence = np.argsort(order, kind="stable")
        order, places, valences = order[sequence], places[sequence], valences[sequence]
        return Hits(self._text[places], valences * self._turned(order, self._text[places]), text[places])

    def _before(self, asked: Flags) -> Ints:
        """For each match the last one before it, in the same text, that is asked for; −1 where there is none."""
        last = np.full(len(asked) + 1, -1, np.int64)
        last[1:] = np.maximum.accumulate(np.where(asked, self._places, -1)) if len(asked) else []
        last = last[:-1]
        return np.where((last >= 0) & (self._text[last] == self._text), last, -1) if len(last) else last

    def _after(self, places: Ints, asked: Flags) -> Ints:
        """For each of these the next match of its text that is asked for; the number of matches where none is."""
        asked_for = np.append(np.flatnonzero(asked), len(asked))
        found = asked_for[np.searchsorted(asked_for, places, side="right")] if len(places) else places
        texts = np.append(self._text, -1)
        return np.where(texts[found] == self._text[places], found, len(asked))

    def _strengthened(self) -> Floats:
        """Valences after the intensifiers before them."""
        times, value = self._before(self._times), self._matches.value
        strong = (times > self._before(self._counts)) & (self._matches.start < self._matches.end[times] + _STRONG_FOR)
        return np.where(strong, value * value[times], value)

    def _praised_after(self) -> Floats:
        """How much the intensifier right behind each strengthens it ("טוב מאוד")."""
        factors = np.ones(len(self._places))
        behind = self._times[1:] & self._counts[:-1] & (self._matches.start[1:] == self._matches.end[:-1])
        behind &= self._text[1:] == self._text[:-1]
        factors[:-1][behind] = self._matches.value[1:][behind]
        return factors

    def _negated(self, negations: Ints) -> Ints:
        """What each negation negates: the next that counts, if it is near and nothing turns before; −1 for nothing."""
        found = self._after(negations, self._counts)
        until = self._after(negations, self._not | self._but)
        starts = np.append(self._matches.start, np.iinfo(np.int64).max)
        return np.where((found < until) & (starts[found] < self._reaches[negations]), found, -1)

    def _idle_until(self, alone: Ints) -> Ints:
        """Where idle negations count, as twice the place of a match; the odd numbers are the ends of texts."""
        following = self._after(alone, self._not)
        last = np.searchsorted(self._text, self._text[alone], side="right") - 1
        return np.where(following < len(self._places), 2 * following, 2 * last + 1)

    def _turned(self, order: Ints, texts: Ints) -> Floats:
        """What comes before a "but" counts half, what comes after the last one more if something came before."""
        buts = np.flatnonzero(self._but)
        if not len(buts):
            return np.ones(len(order))
        following = np.searchsorted(2 * buts, order)
        halved = np.append(self._text[buts], -1)[following] == texts
        last = buts[following - 1]
        turned = (following > 0) & (self._text[last] == texts)
        before = np.searchsorted(order, 2 * last) - 1
        turned &= (before >= 0) & (texts[before] == texts)
        return np.where(halved, _BEFORE_BUT, np.where(turned, _AFTER_BUT, 1.0))
