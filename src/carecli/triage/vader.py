"""vaderSentiment, wrapped: its own rules and figures, in linear time, with words of customer care laid over.

C.J. Hutto and E.E. Gilbert: VADER, a parsimonious rule-based model for sentiment analysis of social media text
(ICWSM 2014). Without overrides the compound score is vaderSentiment's own, which the tests hold.
What VADER's rules ask of one word is asked once and kept (`Term`, and columns of them for many texts at once). They
look three words back and two ahead, and only where a word stands there that changes its neighbours; elsewhere a word's
valence is the lexicon's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain
from string import punctuation
from typing import Any, NamedTuple

import numpy as np

from carecli.triage.columns import Column, Flags, Floats, Ints, Vocabulary, joined, spread

_BACK, _AHEAD = 3, 2
_SECOND, _THIRD = 0.95, 0.9  # how much a booster counts two and three words before
_NEVER_SO = 1.25
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5
_EMOTICON = 2  # with fewer letters left, what stands around them belongs to it


class Term(NamedTuple):
    """One word as VADER's rules see it.

    `valence` is the lexicon's, None where it has none; `booster` what it adds to a word after it, None for no booster;
    `changes`: it may change the valence of others; `idiom`: it may be part of one.
    """

    word: str
    lower: str
    valence: float | None
    booster: float | None
    negates: bool
    upper: bool
    changes: bool
    idiom: bool


_NOTHING = Term("", "", None, None, negates=False, upper=False, changes=False, idiom=False)


class Words:
    """The words of many texts, one text after another: `places` in the scorer's columns, `sizes` how many of each text.

    So many empty words end each text as the rules look back. `whose` is the text of each word, text i begins at
    `starts[i]`.
    """

    def __init__(self, places: Ints, sizes: Ints) -> None:
        self.places = places
        self.sizes = sizes
        self.starts = np.cumsum(sizes) - sizes
        self.whose = np.repeat(np.arange(len(sizes)), sizes)

    def of(self, text: int) -> Ints:
        """The places of the words of one text."""
        start = self.starts[text]
        return self.places[start : start + self.sizes[text] - _BACK]


class Vader:
    """VADER's scorer with `valences` laid over its lexicon (0 takes a word out) and `emoji` over its emoji.

    `known` are the words of its columns. `cleaned` is applied to what stands between two spaces; `noticed` are
    words (in small letters) to be told of, by the name of their flag.
    """

    def __init__(
        self,
        valences: Mapping[str, float] | None = None,
        emoji: Mapping[str, str] | None = None,
        *,
        cleaned: Callable[[str], str] = str,
        noticed: Mapping[str, Container[str]] | None = None,
    ) -> None:
        from vaderSentiment import vaderSentiment

        self._rules: Any = vaderSentiment
        self._analyzer: Any = vaderSentiment.SentimentIntensityAnalyzer()
        lexicon: dict[str, float] = self._analyzer.lexicon
        for word, valence in (valences or {}).items():
            lexicon[word] = valence
            if not valence:
                del lexicon[word]
        self._lexicon = lexicon
        self._emoji = {**self._analyzer.emojis, **(emoji or {})}
        self._negations = frozenset(self._rules.NEGATE)
        phrases = (*self._rules.SPECIAL_CASES, *(word for word in self._rules.BOOSTER_DICT if " " in word))
        self._idioms = frozenset(word for phrase in phrases for word in phrase.split()) - {"the", "to", "for", "of"}
        self._cleaned, self._noticed = cleaned, dict(noticed or {})
        self._names = (*_FLAGS, *self._noticed)
        self._vocabulary = Vocabulary(self._learn, self._forget)
        self._first, self._count = Column(np.int64), Column(np.int64)
        self._valence, self._flags = Column(np.float64), Column(np.bool_, len(self._names))
        self.known: list[Term] = []
        self._phrases: dict[str, int] = {}
        self._forget()

    def read(self, texts: Sequence[Sequence[str]]) -> Words:
        """The words of texts that are given as what stands between their spaces; they hold until the next call."""
        tokens, sizes = joined(texts, "")
        numbers = self._vocabulary.numbers(tokens)
        counts = self._count.all[numbers]
        places = spread(self._first.all[numbers], counts)
        ends = np.cumsum(sizes)
        return Words(places, np.add.reduceat(counts, ends - sizes) if len(texts) else ends)

    def terms_at(self, places: Ints) -> list[Term]:
        """The words that stand at some places of the columns."""
        return [self.known[place] for place in places.tolist()]

    def place(self, word: str) -> int:
        """Where a word, or a phrase that the lexicon has, stands in the columns."""
        place = self._phrases.get(word)
        if place is None:
            place = self._phrases[word] = len(self.known)
            self._add([self.term(word)])
        return place

    def are(self, flag: str, words: Words) -> Flags:
        """Which of the words have a flag: one of `noticed`, or of a `Term`."""
        found: Flags = self._flags.all[words.places, self._names.index(flag)]
        return found

    def _learn(self, tokens: Sequence[str]) -> None:
        terms = [list(self.terms(self._cleaned(token))) if token else [_NOTHING] * _BACK for token in tokens]
        counts = list(map(len, terms))
        self._first.extend(len(self.known) + np.cumsum(counts) - counts)
        self._count.extend(counts)
        self._add(list(chain.from_iterable(terms)))

    def _add(self, terms: Sequence[Term]) -> None:
        self.known += terms
        self._valence.extend([term.valence or 0.0 for term in terms])
        noticed = self._noticed.values()
        self._flags.extend(
            [(t.negates, t.upper, t.changes, t.lower == "but", *(t.lower in each for each in noticed)) for t in terms]
        )

    def _forget(self) -> None:
        self.known, self._phrases = [], {}
        for column in (self._first, self._count, self._valence, self._flags):
            column.clear()
        self._add([_NOTHING])

    def term(self, word: str) -> Term:
        """What the rules ask of a word."""
        lower = word.lower()
        negates = lower in self._negations or "n't" in lower
        booster = self._rules.BOOSTER_DICT.get(lower)
        idiom = lower in self._idioms
        changes = negates or idiom or booster is not None or lower in {"no", "least", "this"}
        return Term(word, lower, self._lexicon.get(lower), booster, negates, word.isupper(), changes, idiom)

    def terms(self, text: str) -> Iterator[Term]:
        """The words of a text, or of a part between spaces: emoji spelt out, punctuation around a word gone."""
        if not text.isascii() and not self._emoji.keys().isdisjoint(text):
            text = "".join(self._spelt(text))
        for word in text.split():
            bare = word.strip(punctuation)
            yield self.term(bare if len(bare) > _EMOTICON else word)

    def _spelt(self, text: str) -> Iterator[str]:
        """The characters of `text`, emoji as words, with a space before where there is none."""
        before = " "
        for character in text:
            name = self._emoji.get(character)
            yield character if name is None else name if before == " " else f" {name}"
            before = character

    def valences(self, words: Words) -> Floats:
        """The valence of every word among its neighbours, 0 where it has none."""
        known, upper = self._valence.all[words.places], self.are("upper", words)
        whose, hit = words.whose, known != 0
        capitals = np.bincount(whose, upper, len(words.sizes))
        shouted = (capitals > 0) & (capitals < words.sizes - _BACK)
        odd = hit & (_beside(self.are("changes", words), _BACK, _AHEAD) | (upper & shouted[whose]))
        found: Floats = known.copy()
        starts = words.starts.tolist()
        for text, places in _by_text(whose, np.flatnonzero(odd)):
            terms = self.terms_at(words.of(text))
            for place in places:
                found[place] = self._in_window(terms, place - starts[text], shouted=bool(shouted[text]))
        for text, places in _by_text(whose, np.flatnonzero(self.are("but", words))):
            part = starts[text] + np.flatnonzero(hit[starts[text] : starts[text] + words.sizes[text]])
            changed = _after_but(dict(zip(part.tolist(), found[part].tolist(), strict=True)), places[0])
            found[part] = list(changed.values())
        return found

    def _in_window(self, terms: Sequence[Term], index: int, *, shouted: bool) -> float:
        """VADER's `sentiment_valence` of one word."""
        term, known = terms[index], terms[index].valence or 0.0
        after = terms[index + 1] if index + 1 < len(terms) else None
        if term.booster is not None or (term.lower == "kind" and after is not None and after.lower == "of"):
            return 0.0
        valence = 0.0 if term.lower == "no" and after is not None and after.valence is not None else known
        if _after_no(terms, index):
            valence = known * self._rules.N_SCALAR
        if shouted and term.upper:
            valence += self._rules.C_INCR if valence > 0 else -self._rules.C_INCR
        for back in range(1, min(index, _BACK) + 1):
            before = terms[index - back]
            if before.valence is None:
                valence += self._boost(before, valence, back, shouted=shouted)
                valence = self._negated(terms, valence, back, index)
                if back == _BACK:
                    valence = self._idiomatic(terms, valence, index)
        if index and terms[index - 1].lower == "least" and terms[index - 1].valence is None:
            least = index == 1 or terms[index - 2].lower not in {"at", "very"}
            valence *= self._rules.N_SCALAR if least else 1.0
        return float(valence)

    def _boost(self, before: Term, valence: float, back: int, *, shouted: bool) -> float:
        """VADER's `scalar_inc_dec`, weaker the further back the booster stands."""
        if before.booster is None:
            return 0.0
        boost = -before.booster if valence < 0 else before.booster
        if shouted and before.upper:
            boost += self._rules.C_INCR if valence > 0 else -self._rules.C_INCR
        return boost * (1.0, _SECOND, _THIRD)[back - 1]

    def _negated(self, terms: Sequence[Term], valence: float, back: int, index: int) -> float:
        """VADER's `_negation_check`: what a word `back` words before makes of a valence."""
        before = terms[index - back]
        between = [term.lower for term in terms[index - back + 1 : index]]
        if back > 1:
            never = before.lower == "never" and between[0] in {"so", "this"}
            if never or (back == _BACK and between[1] in {"so", "this"}):
                return valence * _NEVER_SO
            if before.lower == "without" and "doubt" in between:
                return valence
        return valence * self._rules.N_SCALAR if before.negates else valence

    def _idiomatic(self, terms: Sequence[Term], valence: float, index: int) -> float:
        window = terms[index - _BACK : index + _AHEAD + 1]
        if not any(term.idiom for term in window):
            return valence
        return float(self._analyzer._special_idioms_check(valence, [term.lower for term in window], _BACK))

    def compounds(self, totals: Floats, texts: Sequence[str]) -> list[float]:
        """Sums of valences as scores −1…1; exclamation and question marks of the texts strengthen them."""
        normalised, emphasis = self._rules.normalize, self._analyzer._punctuation_emphasis
        scores = []
        for total, text in zip(totals.tolist(), texts, strict=True):
            marks = emphasis(text) if total and ("!" in text or "?" in text) else 0.0
            scores.append(round(normalised(total + math.copysign(marks, total)), 4) if total else 0.0)
        return scores


# What is asked of many words at once.
_FLAGS = ("negates", "upper", "changes", "but")


def _beside(flags: Flags, back: int, ahead: int) -> Flags:
    """Where a flag stands at most so many places before or behind, or right there."""
    found = flags.copy()
    for step in range(1, back + 1):
        found[step:] |= flags[:-step]
    for step in range(1, ahead + 1):
        found[:-step] |= flags[step:]
    return found


def _by_text(whose: Ints, places: Ints) -> Iterator[tuple[int, list[int]]]:
    """Each text that some of the places are in, with those."""
    texts, starts = np.unique(whose[places], return_index=True)
    if len(texts):
        yield from zip(texts.tolist(), (part.tolist() for part in np.split(places, starts[1:])), strict=True)


def _after_no(terms: Sequence[Term], index: int) -> bool:
    """Whether a "no" before denies a word."""
    before = [term.lower for term in terms[max(0, index - _BACK) : index]]
    return "no" in before[-2:] or (len(before) == _BACK and before[0] == "no" and before[-1] in {"or", "nor"})


def _after_but(valences: Mapping[int, float], but: int) -> dict[int, float]:
    """VADER's `_but_check`: what comes before a "but" counts half, what comes after it half as much again.

    It finds the place of a valence by its value, the first that has it, so that equal ones may be changed twice.
    """
    found = dict(valences)
    places: dict[float, list[int]] = {}
    for index, valence in found.items():
        places.setdefault(valence, []).append(index)
    for index in valences:
        value = found[index]
        place = places[value][0]
        if value and place != but:
            heappop(places[value])
            new = value * (_BEFORE_BUT if place < but else _AFTER_BUT)
            found[place] = new
            heappush(places.setdefault(new, []), place)
    return found
