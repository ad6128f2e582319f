"""How the writer feels: a score, a label, and the words that say so.

English goes through vaderSentiment with the words of customer care laid over it; other languages have lexicons of
their own with negation, intensifiers and contrast. Emoji count in every language. Without a lexicon the answer is
"neutral", unless emoji say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from carecli.model import SENTIMENTS
from carecli.triage import english, reading
from carecli.triage.columns import Flags, Floats, Ints
from carecli.triage.prepare import Prepared
from carecli.triage.reading import Hits
from carecli.triage.symbols import ASKS, EMOJI, EXCLAIMS, THANKS, emoji, symbols
from carecli.triage.vocabulary import Tokens

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
_CLOSING_LENGTH = 40
# Valences up to this are hints that count beside others, not in a question.
_HINT = 0.9
_MOST_NAMED = 3
_SAD, _CALM, _GLAD = map(SENTIMENTS.index, ("negative", "neutral", "positive"))


class Feelings(NamedTuple):
    """One entry a text: `score` −1…1, `why` the words that counted, `mixed` for good ones and bad ones.

    `label` is its place in SENTIMENTS, `emoji` the sum of the valences of emoji and emoticons alone.
    """

    label: Ints
    score: Floats
    mixed: Flags
    emoji: Floats
    why: list[tuple[str, ...]]


def decide(prepared: Sequence[Prepared], tokens: Tokens) -> Feelings:
    """The feelings of prepared texts; `tokens` are theirs by number."""
    ready = [_without_closing_thanks(p) if p.marks & THANKS else p for p in prepared]
    count = len(ready)
    words = tokens.with_others(
        {at: p.pieces for at, (p, whole) in enumerate(zip(ready, prepared, strict=True)) if p is not whole}
    )
    shown = reading.listed(
        [[(key, symbols()[key]) for key in emoji(p.tokens)] if p.marks & EMOJI else [] for p in ready]
    )
    spoken = np.array([p.language == "en" for p in ready], bool)
    hits = _hits(ready, words, spoken, shown)
    totals = np.bincount(hits.whose, hits.valence, count).astype(float)  # numpy counts no hits at all in whole numbers
    found = np.bincount(hits.whose, minlength=count)
    scores = np.zeros(count)
    loud = np.array([p.marks & (ASKS | EXCLAIMS) != 0 for p in ready], bool) & (totals != 0)
    emphasis = np.zeros(count)
    for place in np.flatnonzero(loud).tolist():
        emphasis[place] = (english.emphasis if spoken[place] else _emphasis)(ready[place].masked)
    totals += np.copysign(emphasis, totals)
    scores[spoken], scores[~spoken] = english.scores(totals[spoken]), _scores(totals[~spoken], found[~spoken])
    good = np.bincount(hits.whose, np.maximum(hits.valence, 0), count)
    bad = np.bincount(hits.whose, np.maximum(-hits.valence, 0), count)
    emojis = np.where(found > 0, np.bincount(shown.whose, shown.valence, count), 0.0)
    return Feelings(_labels(scores), scores, (good > _HINT) & (bad > _HINT), emojis, _why(hits, count))


def _hits(ready: Sequence[Prepared], tokens: Tokens, spoken: Flags, shown: Hits) -> Hits:
    """What counts: the words of English texts, the words and emoji of others."""
    words = reading.hits_of(tokens, [p.language for p in ready])
    if spoken.any():
        ours = english.hits_of(tokens.of(spoken)).at(np.flatnonzero(spoken))
        words = reading.together(ours, words)
    return reading.together(_without_hints(ready, words), shown.those(~spoken[shown.whose]))


def _without_hints(ready: Sequence[Prepared], hits: Hits) -> Hits:
    """In a question that has no bad word, "days" or "still" hint at nothing."""
    asks = np.array([p.marks & ASKS != 0 or (p.language == "zh" and "吗" in p.plain) for p in ready], bool)
    calm = asks & (np.bincount(hits.whose, hits.valence <= -1, len(ready)) == 0)
    return hits.those((np.abs(hits.valence) > _HINT) | ~calm[hits.whose])


def _without_closing_thanks(p: Prepared) -> Prepared:
    """`p` without the thanks at its end where the text asks for something."""
    tail = p.masked[-_CLOSING_LENGTH:]
    thanks = _CLOSING.search(tail)
    if thanks is None or _ASKS.search(p.masked) is None:
        return p
    return p.without_end(len(p.masked) - len(tail) + thanks.start())


def _labels(scores: Floats) -> Ints:
    labels: Ints = np.select([scores >= _POSITIVE, scores <= _NEGATIVE], [_GLAD, _SAD], _CALM)
    return labels


def _emphasis(text: str) -> float:
    """What exclamation marks add to the tone of a text."""
    return 0.25 * min(3, text.count("!") + text.count("！"))


def _scores(totals: Floats, counts: Ints) -> Floats:
    """Sums of valences as scores; the more words counted, the more of them must agree."""
    scores: Floats = (totals / np.sqrt(totals * totals + _ALPHA + counts**2)).round(4)
    return scores


def _why(hits: Hits, count: int) -> list[tuple[str, ...]]:
    """The words that counted most, bad ones first."""
    tones = 2 * hits.whose + (hits.valence > 0)
    order = np.lexsort((-np.abs(hits.valence), tones))
    why: list[tuple[str, ...]] = [()] * count
    words = zip(tones[order].tolist(), hits.text[order].tolist(), strict=True)
    for tone, some in groupby(words, itemgetter(0)):
        named = list(dict.fromkeys(word for _, word in some))[:_MOST_NAMED]
        why[tone // 2] += (f"{'positive' if tone % 2 else 'negative'}: {', '.join(named)}",)
    return why
