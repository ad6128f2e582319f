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
    r"[?？]|\b(?:please|pls|plz|could you|can you|proszę|prosze|poproszę|poprosze)\b|בבקשה|אשמח|请|請|麻烦|麻煩|求", re.IGNORECASE
)
_CLOSING = re.compile(
    r"(?:\b(?:many thanks|thanks(?: so much| a lot| in advance)?|thank you(?: so much| very much| in advance)?|thx|ty|tks|"
    r"dzięki|dzieki|dziękuję|dziekuje|z góry dziękuję|bardzo dziękuję)|(?:המון )?תודה(?: רבה)?(?: מראש)?|"
    r"(?:谢谢|謝謝|感谢|感謝|多谢|多謝)(?:大家|你|您|了|啦)?)[\s!.,。！，~🙏😊🙂]*\Z",
    re.IGNORECASE,
)
_CLOSING_LENGTH = 40
# Valences up to this are hints that count beside others, not in a question.
_HINT = 0.6
# How many words may stand between "another" and the mishap that it belongs to.
_NEAR = 2


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
    if "?" not in p.folded or any(hit.valence <= -1 for hit in hits):
        return hits
    return [hit for hit in hits if abs(hit.valence) > _HINT]


def _without_closing_thanks(p: Prepared) -> Prepared:
    """`p` without the thanks at its end where the text asks for something."""
    tail = p.masked[-_CLOSING_LENGTH:]
    thanks = _CLOSING.search(tail)
    if thanks is None or _ASKS.search(p.masked) is None:
        return p
    masked = p.masked[: len(p.masked) - len(tail) + thanks.start()]
    return replace(p, masked=masked, folded=fold(masked))


def _feeling(p: Prepared, score: float, hits: Sequence[Hit], *, known: bool) -> Feeling:
    label: Sentiment = "negative" if score <= _NEGATIVE else "positive" if score >= _POSITIVE else "neutral"
    return Feeling(label, score, _confidence(p, score, label, hits, known=known), _why(hits))


def _why(hits: Sequence[Hit]) -> tuple[str, ...]:
    strongest = sorted(hits, key=lambda hit: -abs(hit.valence))
    reasons = []
    for name, sign in (("negative", -1), ("positive", 1)):
        texts = list(dict.fromkeys(hit.text for hit in strongest if hit.valence * sign > 0))[:3]
        if texts:
            reasons.append(f"{name}: {', '.join(texts)}")
    return tuple(reasons)


def _confidence(p: Prepared, score: float, label: Sentiment, hits: Sequence[Hit], *, known: bool) -> float:
    """Low without a lexicon, for a few letters, near a threshold, and when the words disagree."""
    positive = sum(hit.valence for hit in hits if hit.valence > 0)
    negative = -sum(hit.valence for hit in hits if hit.valence < 0)
    if not positive and not negative:
        return (0.55 if len(p.masked) >= 15 else 0.45) if known else 0.2
    agreement = abs(positive - negative) / (positive + negative)
    if label == "neutral":
        return round(0.3 + 0.2 * agreement, 3) if known else 0.2
    confidence = 0.4 + 0.25 * agreement + 0.3 * min(1.0, abs(score))
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
    hits = [Hit(word.rstrip("*"), valence) for word, valence in zip(lower, valences, strict=True) if valence]
    if _one_more_mishap(matches):
        hits = _unmeant(hits)
    hits = _without_hints(p, hits)
    return vader.compound([hit.valence for hit in hits], text), hits


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


def _own(p: Prepared, words: Lexicon) -> list[Hit]:
    """The hits of a text by the lexicon of its language, neighbours taken into account."""
    language = p.language or ""
    folded = _REPEATED.sub(r"\1", p.folded)
    tokens = list(folded.translate(variants())) if language == "zh" else _TOKEN.findall(folded)
    reach = _REACH.get(language, 3)
    hits: list[Hit] = []
    negated_until = -1
    times, times_until = 1.0, -1
    turn, last_end = 0, -2
    matches = words.matches(tokens)
    for match in matches:
        entry, start = match.entry, match.start
        if entry.kind == "not":
            negated_until = _reach(tokens, match.end, reach)
        elif entry.kind == "times":
            if start - last_end <= 0 and hits:
                hits[-1] = Hit(hits[-1].text, hits[-1].valence * entry.value)
            times, times_until = entry.value, match.end + 2
        elif entry.kind == "but":
            hits[turn:] = [Hit(hit.text, hit.valence * 0.5) for hit in hits[turn:]]
            turn, negated_until = len(hits), -1
        elif entry.value:
            valence = entry.value * (times if start < times_until else 1.0)
            if start < negated_until:
                valence *= -0.8 if valence > 0 else -0.5
                negated_until = -1
            hits.append(Hit(entry.text.rstrip("*"), valence))
            times, last_end = 1.0, match.end
    if turn:
        hits[turn:] = [Hit(hit.text, hit.valence * 1.4) for hit in hits[turn:]]
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
