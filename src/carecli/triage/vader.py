"""vaderSentiment, wrapped: its own rules and figures, in linear time, with words of customer care laid over.

C.J. Hutto and E.E. Gilbert: VADER, a parsimonious rule-based model for sentiment analysis of social media text
(ICWSM 2014). Without overrides the compound score is vaderSentiment's own, which the tests hold.
VADER's rules for a word look three words back and two ahead, so each word is scored in such a window, and only
where the window holds a word that changes its neighbours; elsewhere a word's valence is the lexicon's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from string import punctuation
from typing import Any

_BACK, _AHEAD = 3, 2


@dataclass(frozen=True, slots=True)
class Window:
    """The words around one, as VADER's rules want them."""

    words_and_emoticons: Sequence[str]
    is_cap_diff: bool


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

    @cached_property
    def _changing(self) -> frozenset[str]:
        """The words that may change the valence of one of the three words after them."""
        return frozenset({"no", "least", "this", *self._rules.NEGATE, *self._rules.BOOSTER_DICT})

    @cached_property
    def _idioms(self) -> tuple[str, ...]:
        """What VADER knows of more than one word, and the single words among its special cases."""
        return tuple(phrase for phrase in (*self._rules.SPECIAL_CASES, *self._rules.BOOSTER_DICT) if " " in phrase)

    def words(self, text: str) -> list[str]:
        """The words of `text`, emoji spelt out, punctuation around a word gone; emoticons stay."""
        if not text.isascii() and not self._emoji.keys().isdisjoint(text):
            text = "".join(self._spelt(text))
        return [stripped if len(stripped := token.strip(punctuation)) > 2 else token for token in text.split()]

    def _spelt(self, text: str) -> Iterator[str]:
        """The characters of `text`, emoji as words, with a space before where there is none."""
        before = " "
        for character in text:
            name = self._emoji.get(character)
            yield character if name is None else name if before == " " else f" {name}"
            before = character

    def valences(self, words: Sequence[str], lower: Sequence[str]) -> list[float]:
        """The valence of every word, 0 where the lexicon has none; `lower` are the same words in lower case."""
        lexicon, changing = self._lexicon, self._changing
        valences = [0.0] * len(words)
        hits = [index for index, word in enumerate(lower) if word in lexicon]
        if not hits:
            return valences
        capitals = sum(map(str.isupper, words))
        shouted = 0 < capitals < len(words)
        changes = [word in changing or "n't" in word for word in lower]
        line = " ".join(lower)
        idiom = any(phrase in line for phrase in self._idioms)
        for index in hits:
            start, end = max(0, index - _BACK), index + _AHEAD + 1
            if idiom or any(changes[start : index + 1]) or (shouted and words[index].isupper()):
                valences[index] = self._in_window(words[start:end], lower[start:end], index - start, shouted)
            else:
                valences[index] = lexicon[lower[index]]
        if "but" in lower:
            valences = self._analyzer._but_check(words, valences)
        return valences

    def _in_window(self, words: Sequence[str], lower: Sequence[str], index: int, shouted: bool) -> float:
        if lower[index] in self._rules.BOOSTER_DICT or lower[index : index + 2] == ["kind", "of"]:
            return 0.0
        valence: float = self._analyzer.sentiment_valence(0, Window(words, shouted), words[index], index, [])[0]
        return valence

    def compound(self, valences: Sequence[float], text: str) -> float:
        """The valences as one score −1…1; exclamation and question marks of `text` strengthen it."""
        if not valences:
            return 0.0
        total = float(sum(valences))
        emphasis = self._analyzer._punctuation_emphasis(text) if "!" in text or "?" in text else 0.0
        total += emphasis if total > 0 else -emphasis if total < 0 else 0.0
        return round(float(self._rules.normalize(total)), 4)
