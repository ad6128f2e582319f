"""How the writer feels: a score, a label, how sure that is, and the words that say so.

English goes through vaderSentiment with the words of customer care laid over it; other languages have lexicons of
their own with negation, intensifiers and contrast. Emoji count in every language. Without a lexicon the answer is
"neutral" with little confidence, unless emoji say otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise

from carecli.model import Sentiment
from carecli.text import fold
from carecli.triage.lexicon import Lexicon, Match, lexicon, read, variants
from carecli.triage.prepare import Prepared
from carecli.triage.vader import Vader

# The usual normalisation of a sum of valences, and where neutral ends; care texts complain with few words.
_ALPHA = 15.0
_NEGATIVE, _POSITIVE = -0.15, 0.25
# How many tokens after a negation are negated.
_REACH = {"zh": 5, "he": 3, "pl": 3}
_STOPS = frozenset(".!?;:…,\n。！？；，、()")
_TOKEN = re.compile(r"[^\W_]+(?:['\"][^\W_]+)*|[.!?;:…,\n。！？；，、()]")
_REPEATED = re.compile(r"(.)\1{2,}")
# Thanks that close a question or a request are courtesy, not joy.
_ASKS = re.compile(
    r"[?？]|\b(?:please|pls|plz|could you|can you|proszę|prosze|poproszę|poprosze)\b|בבקשה|אשמח|请|請|麻烦|麻煩|求",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:\b(?:many thanks|thanks(?: so much| a lot| in advance)?|thank you(?: so much| very much| in advance)?|"
    r"thx|ty|tks|dzięki|dzieki|(?:bardzo |z góry )?(?:dziękuję|dziekuje))|(?:המון )?תודה(?: רבה)?(?: מראש)?|"
    r"(?:谢谢|謝謝|感谢|感謝|多谢|多謝)(?:大家|你|您|了|啦)?)[\s!.,。！，~🙏😊🙂]*\Z",
    re.IGNORECASE,
)
_THANKS = "thanks much lot advance you thx ty tks dzięki dzieki dziękuję dziekuje תודה רבה מראש 谢 謝 大家 你 您 了 啦"
_THANKS_END, _AFTER_THANKS = tuple(_THANKS.split()), " \t\n!.,。！，~🙏😊🙂"
_CLOSING_LENGTH = 40
# Valences up to this are hints that count beside others, not in a question.
_HINT = 0.9
# A negation that has nothing to negate: something did not happen. English has more of them that mean little.
_NOTHING, _ENGLISH_NOTHING = -0.8, -0.5
_NEGATION_WORDS = "not never cannot cant dont doesnt didnt wont isnt wasnt havent hasnt couldnt"
_ENGLISH_NEGATIONS = frozenset(_NEGATION_WORDS.split())
# How many words may stand between "another" and the mishap that it belongs to.
_NEAR = 2
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Feeling:
    """`score` −1…1, `confidence` 0…1, `why` the words that counted."""

    label: Sentiment
    score: float
    confidence: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One word or phrase that counts, with its valence after negation and all."""

    text: str
    valence: float


def decide(p: Prepared) -> Feeling:
    """The feeling of a prepared text."""
    p = _without_closing_thanks(p)
    if p.language == "en":
        score, hits = _english(p)
        return _feeling(p, score, hits, known=True)
    words = lexicon(p.language) if p.language else None
    hits = _without_hints(p, _own(p, words)) if words else []
    hits += [Hit(key, valence) for key, valence in _emoji(p)]
    return _feeling(p, _score(hits, p.masked), hits, known=words is not None)


def _without_hints(p: Prepared, hits: list[Hit]) -> list[Hit]:
    """In a question that has no bad word, "days" or "still" hint at nothing."""
    asks = "?" in p.folded or (p.language == "zh" and ("吗" in p.folded or "嗎" in p.folded))
    if not asks or any(hit.valence <= -1 for hit in hits):
        return hits
    return [hit for hit in hits if abs(hit.valence) > _HINT]


def _without_closing_thanks(p: Prepared) -> Prepared:
    """`p` without the thanks at its end where the text asks for something."""
    tail = p.masked[-_CLOSING_LENGTH:]
    if not tail.lower().rstrip(_AFTER_THANKS).endswith(_THANKS_END):
        return p
    thanks = _CLOSING.search(tail)
    if thanks is None or _ASKS.search(p.masked) is None:
        return p
    masked = p.masked[: len(p.masked) - len(tail) + thanks.start()]
    return replace(p, masked=masked, folded=fold(masked))


def _feeling(p: Prepared, score: float, hits: Sequence[Hit], *, known: bool) -> Feeling:
    label: Sentiment = "negative" if score <= _NEGATIVE else "positive" if score >= _POSITIVE else "neutral"
    return Feeling(label, score, _confidence(p, score, label, hits, known=known), _why(hits))


def _why(hits: Sequence[Hit]) -> tuple[str, ...]:
    if not hits:
        return ()
    strongest = sorted(hits, key=lambda hit: abs(hit.valence), reverse=True)
    negative = list(dict.fromkeys(hit.text for hit in strongest if hit.valence < 0))
    positive = list(dict.fromkeys(hit.text for hit in strongest if hit.valence > 0))
    named = (("negative", negative), ("positive", positive))
    return tuple(f"{name}: {', '.join(texts[:_MOST_NAMED])}" for name, texts in named if texts)


def _confidence(p: Prepared, score: float, label: Sentiment, hits: Sequence[Hit], *, known: bool) -> float:
    """Low without a lexicon, for a few letters, near a threshold, and when the words disagree."""
    positive = sum(hit.valence for hit in hits if hit.valence > 0)
    negative = -sum(hit.valence for hit in hits if hit.valence < 0)
    if not positive and not negative:
        return (0.5 if len(p.masked) >= 15 else 0.4) if known else 0.2
    agreement = abs(positive - negative) / (positive + negative)
    if label == "neutral":
        return round(0.3 + 0.2 * agreement, 3) if known else 0.2
    confidence = 0.3 + 0.2 * agreement + 0.45 * min(1.0, abs(score) / 0.7)
    return round(confidence if known else confidence * 0.6, 3)


# English


@cache
def _care_lexicon() -> Lexicon:
    found = lexicon("en")
    if found is None:
        raise FileNotFoundError("sentiment_en.tsv is missing from the package")
    return found


@cache
def _vader() -> Vader:
    """VADER with the care words and our emoji over its own."""
    valences = {entry.text: entry.value for entry in _care_lexicon().entries if entry.kind == "valence"}
    symbols = _symbols()
    return Vader(valences | symbols, {key: f"{key} " for key in symbols if len(key) == 1})


def _english(p: Prepared) -> tuple[float, list[Hit]]:
    vader, care = _vader(), _care_lexicon()
    text = p.masked.replace("’", "'")
    words = vader.words(text if text.isascii() else _one_of_each(text))
    lower = [word.lower() for word in words]
    matches = care.matches(lower)
    if matches:
        words, lower = _merged(words, lower, matches)
    valences = vader.valences(words, lower)
    valences = _with_idle_negations(lower, valences, text)
    hits = [Hit(word.rstrip("*"), valence) for word, valence in zip(lower, valences, strict=True) if valence]
    if _one_more_mishap(matches):
        hits = _unmeant(hits)
    hits = _without_hints(p, hits)
    return vader.compound([hit.valence for hit in hits], text), hits


def _with_idle_negations(lower: Sequence[str], valences: list[float], text: str) -> list[float]:
    """The valences, and a small one for each negation that none of the next three words takes up."""
    if "n't" not in text and _ENGLISH_NEGATIONS.isdisjoint(lower):
        return valences
    for index, word in enumerate(lower):
        if ("n't" in word or word in _ENGLISH_NEGATIONS) and not any(valences[index : index + 4]):
            valences[index] = _ENGLISH_NOTHING
    return valences


def _merged(words: list[str], lower: list[str], matches: Sequence[Match]) -> tuple[list[str], list[str]]:
    """Each match as one word under the name that VADER's lexicon knows it by."""
    new_words: list[str] = []
    new_lower: list[str] = []
    end = 0
    for match in matches:
        if match.entry.kind != "valence":
            continue
        new_words += words[end : match.start]
        new_lower += lower[end : match.start]
        shout = all(map(str.isupper, words[match.start : match.end]))
        new_words.append(match.entry.text.upper() if shout else match.entry.text)
        new_lower.append(match.entry.text)
        end = match.end
    return new_words + words[end:], new_lower + lower[end:]


# The other languages


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


def _own(p: Prepared, words: Lexicon) -> list[Hit]:
    """The hits of a text by the lexicon of its language, neighbours taken into account."""
    language = p.language or ""
    folded = _REPEATED.sub(r"\1", p.folded)
    tokens = list(folded.translate(variants())) if language == "zh" else _TOKEN.findall(folded)
    matches = words.matches(tokens)
    hits = _Reader(tokens, _REACH.get(language, 3)).read(matches)
    return _unmeant(hits) if _one_more_mishap(matches) else hits


def _reach(tokens: Sequence[str], start: int, reach: int) -> int:
    """Where a negation before `start` ends: after `reach` tokens, or at punctuation."""
    end = min(len(tokens), start + reach)
    for index in range(start, end):
        if tokens[index] in _STOPS:
            return index
    return end


def _one_more_mishap(matches: Sequence[Match]) -> bool:
    """Whether "another", "again" stands beside something bad."""
    for one, other in pairwise(matches):
        kinds = {one.entry.kind, other.entry.kind}
        bad = one.entry.value < 0 or other.entry.value < 0
        if kinds == {"again", "valence"} and bad and other.start - one.end <= _NEAR:
            return True
    return False


def _unmeant(hits: list[Hit]) -> list[Hit]:
    """ "Great, another delay": praise that comes first, before one more mishap, is not meant."""
    if not hits or hits[0].valence <= 0:
        return hits
    return [Hit(hit.text, -0.5 * hit.valence) if hit.valence > 0 else hit for hit in hits]


def _score(hits: Sequence[Hit], text: str) -> float:
    """The sum of the valences as a score; the more words counted, the more of them must agree."""
    total = sum(hit.valence for hit in hits)
    if not total:
        return 0.0
    emphasis = 0.25 * min(3, text.count("!") + text.count("！"))
    total += emphasis if total > 0 else -emphasis
    return round(total / math.sqrt(total * total + _ALPHA + len(hits) ** 2), 4)


# Emoji


@cache
def _symbols() -> dict[str, float]:
    text = files("carecli.triage").joinpath("data", "emoji.tsv").read_text(encoding="utf-8")
    return {entry.text.lower(): entry.value for entry in read(text)}


@cache
def _emoticons() -> re.Pattern[str]:
    keys = sorted((key for key in _symbols() if len(key) > 1), key=len, reverse=True)
    return re.compile(r"(?<![\w:/])(?:" + "|".join(map(re.escape, keys)) + r")(?![\w/])")


def _emoji(p: Prepared) -> list[tuple[str, float]]:
    """The emoji and emoticons of a text with their valences; a run of one counts once."""
    symbols = _symbols()
    found = _emoticons().findall(p.folded)
    if not p.masked.isascii() and not symbols.keys().isdisjoint(p.masked):
        found += [character for character in _one_of_each(p.masked) if character in symbols]
    return [(key, symbols[key]) for key in found]


def _one_of_each(text: str) -> str:
    """`text` with runs of one emoji as one emoji, variation selectors gone: forty hearts are one love."""
    symbols = _symbols()
    kept: list[str] = []
    for character in text.replace("\ufe0f", ""):
        if kept and kept[-1] == character and character in symbols:
            continue
        kept.append(character)
    return "".join(kept)
