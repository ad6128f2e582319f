"""How the writer feels: a score, a label, and the words that say so.

English goes through vaderSentiment with the words of customer care laid over it; other languages have lexicons of
their own with negation, intensifiers and contrast. Emoji count in every language. Without a lexicon the answer is
"neutral", unless emoji say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from carecli.model import SENTIMENTS
from carecli.triage import english, reading
from carecli.triage.columns import Flags, Floats, Ints
from carecli.triage.prepare import Batch, Prepared
from carecli.triage.reading import Hits
from carecli.triage.symbols import ASKS, EMOJI, EXCLAIMS, THANKS, emoji, symbols

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


def decide(batch: Batch) -> Feelings:
    """The feelings of prepared texts."""
    spoken, count = np.array([language == "en" for language in batch.languages], bool), len(batch.prepared)
    texts = _without_courtesy(batch)
    shown = _shown(texts)
    hits = _hits(texts, spoken, shown)
    totals = np.bincount(hits.whose, hits.valence, count).astype(float)  # numpy counts no hits at all in whole numbers
    found = np.bincount(hits.whose, minlength=count)
    scores = np.zeros(count)
    emphasis = np.zeros(count)
    for place in np.flatnonzero((texts.marks & (ASKS | EXCLAIMS) != 0) & (totals != 0)).tolist():
        emphasis[place] = (english.emphasis if spoken[place] else _emphasis)(texts.prepared[place].masked)
    totals += np.copysign(emphasis, totals)
    scores[spoken], scores[~spoken] = english.scores(totals[spoken]), _scores(totals[~spoken], found[~spoken])
    good = np.bincount(hits.whose, np.maximum(hits.valence, 0), count)
    bad = np.bincount(hits.whose, np.maximum(-hits.valence, 0), count)
    emojis = np.where(found > 0, np.bincount(shown.whose, shown.valence, count), 0.0)
    return Feelings(_labels(scores), scores, (good > _HINT) & (bad > _HINT), emojis, _why(hits, count))


def _without_courtesy(batch: Batch) -> Batch:
    """The same texts; those that ask for something without the thanks at their end."""
    ready, changed = list(batch.prepared), dict[int, Sequence[str]]()
    for place in np.flatnonzero(batch.marks & THANKS).tolist():
        ready[place] = _without_closing_thanks(batch.prepared[place])
        if ready[place] is not batch.prepared[place]:
            changed[place] = ready[place].pieces
    return batch._replace(prepared=ready, tokens=batch.tokens.with_others(changed))


def _shown(texts: Batch) -> Hits:
    """The emoji and emoticons of texts."""
    found: list[Sequence[tuple[str, float]]] = [()] * len(texts.prepared)
    for place in np.flatnonzero(texts.marks & EMOJI).tolist():
        found[place] = [(key, symbols()[key]) for key in emoji(texts.prepared[place].tokens)]
    return reading.listed(found)


def _hits(texts: Batch, spoken: Flags, shown: Hits) -> Hits:
    """What counts: the words of English texts, the words and emoji of others."""
    words = reading.hits_of(texts.tokens, texts.languages)
    if spoken.any():
        ours = english.hits_of(texts.tokens.of(spoken)).at(np.flatnonzero(spoken))
        words = reading.together(ours, words)
    return reading.together(_without_hints(texts, words), shown.those(~spoken[shown.whose]))


def _without_hints(texts: Batch, hits: Hits) -> Hits:
    """In a question that has no bad word, "days" or "still" hint at nothing."""
    told = zip(texts.languages, texts.prepared, strict=True)
    asks = np.array([language == "zh" and "吗" in p.plain for language, p in told], bool) | (texts.marks & ASKS != 0)
    calm = asks & (np.bincount(hits.whose, hits.valence <= -1, len(texts.prepared)) == 0)
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
    tones, words, start = tones[order], hits.text[order].tolist(), 0
    ends = np.flatnonzero(np.diff(tones, append=-1)) + 1
    why: list[tuple[str, ...]] = [()] * count
    for tone, end in zip(tones[ends - 1].tolist(), ends.tolist(), strict=True):
        named, start = list(dict.fromkeys(words[start:end]))[:_MOST_NAMED], end
        why[tone // 2] += (f"{'positive' if tone % 2 else 'negative'}: {', '.join(named)}",)
    return why
