"""vaderSentiment, wrapped: its own rules and figures, in linear time, with words of customer care laid over.

C.J. Hutto and E.E. Gilbert: VADER, a parsimonious rule-based model for sentiment analysis of social media text
(ICWSM 2014). Without overrides the compound score is vaderSentiment's own, which the tests hold.
What VADER's rules ask of one word is asked once and kept in columns. They look three words back and two ahead, for all
words of many texts at once, and only where a word stands there that changes its neighbours; elsewhere a word's valence
is the lexicon's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain, repeat
from string import punctuation
from typing import Any

import numpy as np

from carecli.triage.columns import Column, Flags, Floats, Ints, Runs
from carecli.triage.lexicon import Keys
from carecli.triage.vocabulary import Rows, Tokens, end_of

_BACK, _AHEAD = 3, 2
_NEARER = (1.0, 0.95, 0.9)  # how much a booster counts one, two and three words before
_NEVER_SO = 1.25
_ALPHA = 15.0  # `normalize`
_BEFORE_BUT, _AFTER_BUT = 0.5, 1.5
_EMOTICON = 2  # with fewer letters left, what stands around them belongs to it
# Words that the rules name, one by one.
_WORDS = {
    "no": {"no"}, "or": {"or", "nor"}, "least": {"least"}, "at": {"at", "very"}, "never": {"never"},
    "so": {"so", "this"}, "without": {"without"}, "doubt": {"doubt"}, "kind": {"kind"}, "of": {"of"}, "but": {"but"},
}  # fmt: skip
# What is asked of a word: `changes` that it may change the valence of others, `idiom` that it may be part of one,
# `scored` that the lexicon has it, `boosts` that it adds to the words after it.
_NAMES = ("negates", "upper", "changes", "idiom", "scored", "boosts", *_WORDS)
_FLAG = {name: 1 << place for place, name in enumerate(_NAMES)}
_CHANGING = {"no", "least", "this"}


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

    `known` are the words of its columns. `cleaned` is applied to what stands between two spaces and is not ASCII;
    `noticed` has the same words, in small letters.
    """

    def __init__(
        self,
        valences: Mapping[str, float] | None = None,
        emoji: Mapping[str, str] | None = None,
        *,
        cleaned: Callable[[str], str] = str,
        noticed: Keys | None = None,
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
        self._boosters: dict[str, float] = self._rules.BOOSTER_DICT
        self._traits = self._traits_of_words()
        self._cleaned, self._noticed = cleaned, noticed
        self._tokens = Rows(self._learn, self._forget)
        self._places = Runs(np.int64)
        self._valence, self._booster = Column(np.float64), Column(np.float64)
        self._flags = Column(np.int32)
        self.known: list[str] = []
        self._phrases: dict[str, int] = {}
        self._forget()

    def read(self, tokens: Tokens) -> Words:
        """The words of texts that are given as what stands between their spaces; they hold until the next call."""
        rows = self._tokens.of(tokens.numbers)
        places, _ = self._places.of(rows)
        starts = np.cumsum(tokens.sizes) - tokens.sizes
        return Words(places, np.add.reduceat(self._places.counts[rows], starts) if len(starts) else starts)

    def words_at(self, places: Ints) -> list[str]:
        """The words, in small letters, that stand at some places of the columns."""
        return [self.known[place] for place in places.tolist()]

    def places_of(self, words: Sequence[str]) -> list[int]:
        """Where words, or phrases that the lexicon has, stand in the columns."""
        new = [word for word in dict.fromkeys(words) if word not in self._phrases]
        if new:
            first = len(self.known)
            try:
                self._add(new)
            except BaseException:  # also Ctrl-C, which may leave the columns of different lengths
                self._tokens.clear()
                raise
            self._phrases.update(zip(new, range(first, len(self.known)), strict=True))
        return [self._phrases[word] for word in words]

    def are(self, flag: str, words: Words) -> Flags:
        """Which of the words have a flag."""
        found: Flags = self._flags.all[words.places] & _FLAG[flag] != 0
        return found

    def _traits_of_words(self) -> dict[str, int]:
        """The words that the rules know, in small letters, and their flags as bits."""
        phrases = (*self._rules.SPECIAL_CASES, *(word for word in self._boosters if " " in word))
        idioms = {word for phrase in phrases for word in phrase.split()} - {"the", "to", "for", "of"}
        flagged = {"negates": self._rules.NEGATE, "idiom": idioms, "boosts": self._boosters, **_WORDS}
        flagged["changes"] = {*self._rules.NEGATE, *idioms, *self._boosters, *_CHANGING}
        traits: dict[str, int] = {}
        for flag, words in flagged.items():
            for word in words:
                traits[word] = traits.get(word, 0) | _FLAG[flag]
        return traits

    def _learn(self, tokens: Sequence[str], _: Sequence[str]) -> None:
        bare = [word if len(word := token.strip(punctuation)) > _EMOTICON else token for token in tokens]
        words: list[Sequence[str]] = list(zip(bare, strict=True))
        for place, plain in enumerate(map(str.isascii, tokens)):
            if not plain:
                words[place] = self._words(self._cleaned(tokens[place]))
        if (end := end_of(tokens)) is not None:
            words[end] = ("",) * _BACK
        counts = np.fromiter(map(len, words), np.int64, len(words))
        self._places.add(counts, np.arange(len(self.known), len(self.known) + int(counts.sum())))
        self._add(list(chain.from_iterable(words)))

    def _add(self, words: Sequence[str]) -> None:
        lower = [word.lower() for word in words]
        self.known += lower
        valence = np.array(list(map(self._lexicon.get, lower, repeat(np.nan))), float)
        self._valence.extend(np.nan_to_num(valence))
        self._booster.extend(list(map(self._boosters.get, lower, repeat(0.0))))
        flags = np.array(list(map(self._traits.get, lower, repeat(0))), np.int32)
        flags |= np.array([word.isupper() for word in words], bool) * np.int32(_FLAG["upper"])
        flags |= ~np.isnan(valence) * np.int32(_FLAG["scored"])
        flags[[place for place, word in enumerate(lower) if "n't" in word]] |= _FLAG["negates"] | _FLAG["changes"]
        self._flags.extend(flags)
        if self._noticed:
            self._noticed.extend(lower)

    def _forget(self) -> None:
        self.known, self._phrases = [], {}
        for column in (self._places, self._valence, self._booster, self._flags):
            column.clear()
        if self._noticed:
            self._noticed.clear()
        self._add([""])

    def _words(self, text: str) -> list[str]:
        """The words of what stands between two spaces: emoji spelt out, punctuation around a word gone."""
        if not self._emoji.keys().isdisjoint(text):
            text = "".join(self._spelt(text))
        return [bare if len(bare := word.strip(punctuation)) > _EMOTICON else word for word in text.split()]

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
        changed, starts = np.flatnonzero(odd), words.starts.tolist()
        found[changed] = self._in_windows(words, changed, shouted[whose[changed]])
        for text, buts in _by_text(whose, np.flatnonzero(self.are("but", words))):
            part = starts[text] + np.flatnonzero(hit[starts[text] : starts[text] + words.sizes[text]])
            turned = _after_but(dict(zip(part.tolist(), found[part].tolist(), strict=True)), buts[0])
            found[part] = list(turned.values())
        return found

    def _in_windows(self, words: Words, places: Ints, shouted: Flags) -> Floats:
        """VADER's `sentiment_valence` of some words; `shouted`: some words of the text are in capitals, not all."""
        around = {step: words.places[places + step] for step in range(-_BACK, _AHEAD + 1)}
        flags = {step: self._flags.all[some] for step, some in around.items()}
        index = places - words.starts[words.whose[places]]
        scalar, shout = self._rules.N_SCALAR, self._rules.C_INCR

        def has(flag: str, step: int = 0) -> Flags:
            found: Flags = flags[step] & _FLAG[flag] != 0
            return found

        known = self._valence.all[around[0]]
        found = np.where(has("no") & has("scored", 1), 0.0, known)
        after_no = has("no", -1) | has("no", -2) | (has("no", -3) & has("or", -1))
        found = np.where(after_no, known * scalar, found)
        found += np.where(shouted & has("upper"), np.where(found > 0, shout, -shout), 0.0)
        for back in range(1, _BACK + 1):
            counts = (index >= back) & ~has("scored", -back)
            # `scalar_inc_dec`: a booster counts less the further back it stands.
            boost = np.where(found < 0, -1.0, 1.0) * self._booster.all[around[-back]]
            boost += np.where(shouted & has("upper", -back), np.where(found > 0, shout, -shout), 0.0)
            found += np.where(counts & has("boosts", -back), boost * _NEARER[back - 1], 0.0)
            found = np.where(counts, found * self._negation(has, back), found)
        for at in np.flatnonzero(counts & np.any([has("idiom", step) for step in around], axis=0)).tolist():
            found[at] = self._idiomatic(words, int(places[at]), float(found[at]))
        least = has("least", -1) & ~has("scored", -1) & ~has("at", -2)
        found = np.where(least, found * scalar, found)
        return np.where(has("boosts") | (has("kind") & has("of", 1)), 0.0, found)

    def _negation(self, has: Callable[[str, int], Flags], back: int) -> Floats:
        """VADER's `_negation_check`: what a word `back` words before makes of a valence."""
        factor = np.where(has("negates", -back), self._rules.N_SCALAR, 1.0)
        if back == 1:
            return factor
        between = range(1 - back, 0)
        doubtless = has("without", -back) & np.any([has("doubt", step) for step in between], axis=0)
        never = has("never", -back) & has("so", 1 - back)
        if back == _BACK:
            never |= has("so", -1)
        factor = np.where(doubtless, 1.0, factor)
        return np.where(never, _NEVER_SO, factor)

    def _idiomatic(self, words: Words, place: int, valence: float) -> float:
        """VADER's `_special_idioms_check` of the words around one."""
        end = words.starts[words.whose[place]] + words.sizes[words.whose[place]] - _BACK
        window = words.places[place - _BACK : min(place + _AHEAD + 1, end)]
        return float(self._analyzer._special_idioms_check(valence, self.words_at(window), _BACK))

    def emphasis(self, text: str) -> float:
        """VADER's `_punctuation_emphasis`: what exclamation and question marks add to a sum."""
        return float(self._analyzer._punctuation_emphasis(text)) if "!" in text or "?" in text else 0.0

    def compounds(self, totals: Floats) -> Floats:
        """VADER's `normalize`: sums of valences as scores −1…1."""
        scores: Floats = (totals / np.sqrt(totals * totals + _ALPHA)).round(4)
        return np.clip(scores, -1.0, 1.0)


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
