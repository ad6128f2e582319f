"""How the writer feels: a score, a label, how sure that is, and the words that say so.

English goes through vaderSentiment with the words of customer care laid over it; other languages have lexicons of
their own with negation, intensifiers and contrast. Emoji count in every language. Without a lexicon the answer is
"neutral" with little confidence, unless emoji say otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from carecli.model import Sentiment
from carecli.triage import english, reading
from carecli.triage.lexicon import lexicon
from carecli.triage.prepare import Prepared
from carecli.triage.reading import Hit
from carecli.triage.symbols import ASKS, EMOJI, emoji, symbols

# The usual normalisation of a sum of valences, and where neutral ends; care texts complain with few words.
_ALPHA = 15.0
_NEGATIVE, _POSITIVE = -0.15, 0.25
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
_MOST_NAMED = 3
# The confidence in "neutral" where nothing could be read, and the length under which a text says little.
_GUESS, _SHORT_TEXT = 0.2, 15


class Feeling(NamedTuple):
    """`score` −1…1, `confidence` 0…1, `why` the words that counted; `mixed`: good ones and bad ones.

    `emoji` is the sum of the valences of emoji and emoticons alone.
    """

    label: Sentiment
    score: float
    confidence: float
    why: tuple[str, ...] = ()
    mixed: bool = False
    emoji: float = 0.0


def decide(p: Prepared) -> Feeling:
    """The feeling of a prepared text."""
    p = _without_closing_thanks(p)
    shown = [Hit(key, symbols()[key]) for key in emoji(p.tokens)] if p.marks & EMOJI else []
    shown_sum = sum([hit.valence for hit in shown])
    if p.language == "en":
        hits = _without_hints(p, english.hits_of(p.tokens))
        return _feeling(p, english.score(hits, p.masked), hits, shown_sum, known=True)
    words = lexicon(p.language) if p.language else None
    hits = _without_hints(p, reading.hits_of(p, words)) if words else []
    hits += shown
    return _feeling(p, _score(hits, p.masked), hits, shown_sum, known=words is not None)


def _without_hints(p: Prepared, hits: list[Hit]) -> list[Hit]:
    """In a question that has no bad word, "days" or "still" hint at nothing."""
    asks = p.marks & ASKS or (p.language == "zh" and "吗" in p.plain)
    if not hits or not asks or any(hit.valence <= -1 for hit in hits):
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
    return p.without_end(len(p.masked) - len(tail) + thanks.start())


def _feeling(p: Prepared, score: float, hits: Sequence[Hit], shown: float, *, known: bool) -> Feeling:
    label: Sentiment = "negative" if score <= _NEGATIVE else "positive" if score >= _POSITIVE else "neutral"
    if not hits:
        return Feeling(label, score, _confidence_without_hits(p) if known else _GUESS)
    positive = sum([hit.valence for hit in hits if hit.valence > 0])
    negative = -sum([hit.valence for hit in hits if hit.valence < 0])
    mixed = positive > _HINT and negative > _HINT
    agreement = abs(positive - negative) / ((positive + negative) or 1.0)
    return Feeling(label, score, _confidence(score, label, agreement, known=known), _why(hits), mixed, shown)


def _why(hits: Sequence[Hit]) -> tuple[str, ...]:
    strongest = sorted(hits, key=_strength, reverse=True) if len(hits) > 1 else hits
    negative = dict.fromkeys([hit.text for hit in strongest if hit.valence < 0])
    positive = dict.fromkeys([hit.text for hit in strongest if hit.valence > 0])
    named = (("negative", negative), ("positive", positive))
    return tuple([f"{name}: {', '.join(list(texts)[:_MOST_NAMED])}" for name, texts in named if texts])


def _strength(hit: Hit) -> float:
    return abs(hit.valence)


def _confidence_without_hits(p: Prepared) -> float:
    return 0.5 if len(p.masked) >= _SHORT_TEXT else 0.4


def _confidence(score: float, label: Sentiment, agreement: float, *, known: bool) -> float:
    """Low without a lexicon, near a threshold, and when the words disagree; set by eye on labelled texts."""
    if label == "neutral":
        return round(0.3 + 0.2 * agreement, 3) if known else _GUESS
    confidence = 0.3 + 0.2 * agreement + 0.45 * min(1.0, abs(score) / 0.7)
    return round(confidence if known else confidence * 0.6, 3)


def _score(hits: Sequence[Hit], text: str) -> float:
    """The sum of the valences as a score; the more words counted, the more of them must agree."""
    total = sum(hit.valence for hit in hits)
    if not total:
        return 0.0
    emphasis = 0.25 * min(3, text.count("!") + text.count("！"))
    total += emphasis if total > 0 else -emphasis
    return round(total / math.sqrt(total * total + _ALPHA + len(hits) ** 2), 4)
