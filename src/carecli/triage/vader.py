"""vaderSentiment, wrapped: its own rules and figures, in linear time, with words of customer care laid over.

C.J. Hutto and E.E. Gilbert: VADER, a parsimonious rule-based model for sentiment analysis of social media text
(ICWSM 2014). Without overrides the compound score is vaderSentiment's own, which the tests hold.
What VADER's rules ask of one word is asked once and kept (`Term`). They look three words back and two ahead, and only
where a word stands there that changes its neighbours; elsewhere a word's valence is the lexicon's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from string import punctuation
from typing import Any, NamedTuple

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


class Vader:
    """VADER's scorer with `valences` laid over its lexicon (0 takes a word out) and `emoji` over its emoji."""

    def __init__(self, valences: Mapping[str, float] | None = None, emoji: Mapping[str, str] | None = None) -> None:
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

    def valences(self, terms: Sequence[Term]) -> dict[int, float]:
        """The valence of every word that has one in the lexicon, by its place, in order."""
        hits = [index for index, term in enumerate(terms) if term[2] is not None]
        if not hits:
            return {}
        shouted, changing = _shouted(terms), [term[6] for term in terms]
        found = {}
        for index in hits:
            term = terms[index]
            if (shouted and term.upper) or True in changing[max(0, index - _BACK) : index + _AHEAD + 1]:
                found[index] = self._in_window(terms, index, shouted=shouted)
            else:
                found[index] = term.valence or 0.0
        lower = [term[1] for term in terms]
        return _after_but(found, lower.index("but")) if "but" in lower else found

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

    def compound(self, valences: Sequence[float], text: str) -> float:
        """The valences as one score −1…1; exclamation and question marks of `text` strengthen it."""
        if not valences:
            return 0.0
        total = float(sum(valences))
        emphasis = self._analyzer._punctuation_emphasis(text) if "!" in text or "?" in text else 0.0
        total += emphasis if total > 0 else -emphasis if total < 0 else 0.0
        return round(float(self._rules.normalize(total)), 4)


def _shouted(terms: Sequence[Term]) -> bool:
    """Whether some words, but not all, are in capitals."""
    return 0 < sum([term[5] for term in terms]) < len(terms)


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
