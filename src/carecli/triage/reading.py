"""Words with a valence in the languages that have a lexicon of their own: what their neighbours make of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, compress, pairwise
from typing import NamedTuple

import numpy as np

from carecli.text import fold
from carecli.triage.columns import Flags, Floats, Ints
from carecli.triage.lexicon import Lexicon, Match, lexicon
from carecli.triage.memo import Memo
from carecli.triage.prepare import Prepared

# How many tokens after a negation are negated.
_REACH = {"zh": 5}
_USUAL_REACH = 3
_STOPS = frozenset(".!?;:…,¶\n。！？；，、()")
_TOKEN = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[.!?;:…,¶\n。！？；，、()]")
_REPEATED = re.compile(r"(.)\1{2,}")
# A negation that has nothing to negate: something did not happen.
_NOTHING = -0.8
# How many words may stand between "another" and the mishap that it belongs to.
_NEAR = 2
_MOST_TOKENS = 6_000


class Hit(NamedTuple):
    """One word or phrase that counts, with its valence after negation and all."""

    text: str
    valence: float


class Hits(NamedTuple):
    """The hits of many texts, in the order of the texts and of what stands in them; entry i is of text `whose[i]`."""

    whose: Ints
    valence: Floats
    text: list[str]

    def unmeant(self, texts: Sequence[int]) -> Hits:
        """ "Great, another delay": praise that comes first, before one more mishap, is not meant. In some texts."""
        valence = self.valence.copy()
        places = np.array(texts, np.int64)
        for start, end in np.searchsorted(self.whose, np.stack([places, places + 1], axis=1)).tolist():
            if start < end and valence[start] > 0:
                valence[start:end] = np.where(valence[start:end] > 0, -0.5 * valence[start:end], valence[start:end])
        return self._replace(valence=valence)

    def at(self, places: Ints) -> Hits:
        """The same, text i as that at `places[i]`."""
        return self._replace(whose=places[self.whose])

    def those(self, kept: Flags) -> Hits:
        """Some of the hits."""
        return Hits(self.whose[kept], self.valence[kept], list(compress(self.text, kept.tolist())))


class _Reader:
    """Reads the matches of one text from left to right: what a negation, an intensifier, a "but" does to others."""

    def __init__(self, tokens: Sequence[str], reach: int) -> None:
        self.hits: list[Hit] = []
        self._tokens = tokens
        self._reach = reach
        self._negation: Match | None = None
        self._negated_until = -1
        self._times, self._times_until = 1.0, -1
        self._turn, self._last_end = 0, -2

    def read(self, matches: Sequence[Match]) -> list[Hit]:
        for match in matches:
            if match.entry.kind == "not":
                self._idle_negation()
                self._negation, self._negated_until = match, _reach(self._tokens, match.end, self._reach)
            elif match.entry.kind == "times":
                self._strengthen(match)
            elif match.entry.kind == "but":
                self.hits[self._turn :] = [Hit(hit.text, hit.valence * 0.5) for hit in self.hits[self._turn :]]
                self._turn, self._negated_until = len(self.hits), -1
            elif match.entry.value:
                self._count(match)
        self._idle_negation()
        if self._turn:
            self.hits[self._turn :] = [Hit(hit.text, hit.valence * 1.4) for hit in self.hits[self._turn :]]
        return self.hits

    def _strengthen(self, match: Match) -> None:
        """An intensifier strengthens the word right before it ("טוב מאוד") or soon after it."""
        if match.start == self._last_end and self.hits:
            self.hits[-1] = Hit(self.hits[-1].text, self.hits[-1].valence * match.entry.value)
        self._times, self._times_until = match.entry.value, match.end + 2

    def _count(self, match: Match) -> None:
        valence = match.entry.value * (self._times if match.start < self._times_until else 1.0)
        text = match.entry.text.rstrip("*")
        if self._negation and match.start < self._negated_until:
            valence *= -0.8 if valence > 0 else -0.5
            text = f"{self._negation.entry.text} {text}"
            self._negation, self._negated_until = None, -1
        self.hits.append(Hit(text, valence))
        self._times, self._last_end = 1.0, match.end

    def _idle_negation(self) -> None:
        """A negation of nothing good or bad: something did not happen, and people write about it."""
        if self._negation:
            self.hits.append(Hit(self._negation.entry.text, _NOTHING))
            self._negation = None


def hits_of(prepared: Sequence[Prepared]) -> Hits:
    """The hits of texts by the lexicons of their languages, neighbours taken into account; none without a lexicon."""
    lexicons = {language: lexicon(language) for language in {p.language for p in prepared} if language}
    found = [_hits_of(p, words) if (words := lexicons.get(p.language or "")) else ([], False) for p in prepared]
    hits = columns([hits for hits, _ in found])
    return hits.unmeant([text for text, (_, mishap) in enumerate(found) if mishap])


def columns(texts: Sequence[Sequence[Hit]]) -> Hits:
    """The hits of texts as columns."""
    flat = list(chain.from_iterable(texts))
    whose = np.repeat(np.arange(len(texts)), np.fromiter(map(len, texts), np.int64, len(texts)))
    return Hits(whose, np.array([hit.valence for hit in flat], float), [hit.text for hit in flat])


def together(one: Hits, other: Hits) -> Hits:
    """The hits of both, those of `one` first in each text."""
    whose = np.concatenate([one.whose, other.whose])
    order = np.argsort(whose, kind="stable")
    text = [*one.text, *other.text]
    return Hits(whose[order], np.concatenate([one.valence, other.valence])[order], [text[i] for i in order.tolist()])


def _hits_of(p: Prepared, words: Lexicon) -> tuple[list[Hit], bool]:
    """The hits of one text, and whether it tells of one more mishap."""
    language = p.language or ""
    if language == "zh":
        tokens = list(_REPEATED.sub(r"\1", p.plain))
    else:
        tokens = list(chain.from_iterable(map(_TOKENS.__getitem__, p.tokens)))
    matches = words.matches(tokens)
    if not matches:
        return [], False
    hits = _Reader(tokens, _REACH.get(language, _USUAL_REACH)).read(matches)
    return hits, one_more_mishap(matches)


def _tokens_of(token: str) -> tuple[str, ...]:
    """The words and stops of what stands between two spaces."""
    folded = _REPEATED.sub(r"\1", fold(token))
    return (folded,) if folded.isalnum() else tuple(_TOKEN.findall(folded))


_TOKENS = Memo(_tokens_of, _MOST_TOKENS)


def _reach(tokens: Sequence[str], start: int, reach: int) -> int:
    """Where a negation before `start` ends: after `reach` tokens, or at punctuation."""
    end = min(len(tokens), start + reach)
    for index in range(start, end):
        if tokens[index] in _STOPS:
            return index
    return end


def one_more_mishap(matches: Sequence[Match]) -> bool:
    """Whether "another", "again" stands beside something bad."""
    for one, other in pairwise(matches):
        kinds = {one.entry.kind, other.entry.kind}
        bad = one.entry.value < 0 or other.entry.value < 0
        if kinds == {"again", "valence"} and bad and other.start - one.end <= _NEAR:
            return True
    return False
