"""Texts in, verdicts out: rules and a learnt model look at the same prepared text, and none at its neighbours.

The rules find danger, cues, the tone and marks. The model adds what it learnt from sentences and from the user's
corrections. `prior.py` says how the two are weighed; the reasons name what decided.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from carecli.model import (
    ANSWERED_IF_DIRECTED,
    INTENTS,
    SENTIMENTS,
    URGENCIES,
    Intent,
    Verdict,
    needs_reply,
)
from carecli.triage import cues, evidence, reasons, sentiment, topics, urgency
from carecli.triage import intent as intents
from carecli.triage.columns import Flags, are
from carecli.triage.prepare import Rules, batch, runs
from carecli.triage.reasons import Decided, Readings
from carecli.triage.vocabulary import ONE_AT_A_TIME

if TYPE_CHECKING:
    from carecli.triage.learning import Learnt
    from carecli.triage.linear import Floats
    from carecli.triage.semantic import Vectors

# Texts in, one row of numbers for each out.
Meaning = Callable[[Sequence[str]], "Vectors"]

_EMERGENCY, _QUESTION = INTENTS.index("emergency"), INTENTS.index("question")
# Spam is hidden from the queue, and a question that may lead to a sale is a question: these two have to be clear.
_CLEAR = {INTENTS.index("spam"): 0.5, INTENTS.index("lead"): 0.7}
# Without any ingredient of danger a question without a bad tone ("may it come on board?"), an outage, or what has no
# word that we know (a mere link) has to be one clearly; trouble with an everyday thing ("three weeks and the parcel is
# where it was") less so, as people who are locked in a freezer speak of the wifi, too. So does a feeling in a few words
# ("not good"): somebody who does not want to live any more may not say more, either.
_CLEAR_DANGER, _TROUBLE_OR_DANGER = 0.5, 0.2
_INGREDIENTS = frozenset({*cues.DANGERS, "emergency", "emergency_maybe", "harm"})
_CALM: frozenset[Intent] = frozenset({"praise", "chatter", "suggestion", "spam"})
# What the rules alone decide in a language of whose words the model knows nothing.
_READ_BY_RULES: frozenset[Intent] = frozenset({"emergency", "chatter", "question", "complaint"})
# So few words ("not solved!") are too little for the model to outvote the rules; in so many a feeling may be all.
_FEW_WORDS, _SOME_WORDS = 3, 6
_PLEASED: frozenset[Intent] = frozenset({"praise", "chatter"})
# Of a language that we have no words for, nothing is sure.
_UNKNOWN = 0.6
# With less between its logits a lesson makes no difference that a person would see.
_LITTLE = 1.0


class Taught(NamedTuple):
    """What is looked at beside rules and prior: the user's lesson, and embeddings."""

    learnt: Learnt | None = None
    meaning: Meaning | None = None

    def limits(self) -> tuple[float, float]:
        """From which probability a text is an emergency, and from which it needs a reply."""
        from carecli.triage.prior import shipped

        if self.meaning is None:
            return shipped().emergency, shipped().reply
        from carecli.triage import semantic

        return semantic.shipped().emergency, semantic.shipped().reply


class Judgement(NamedTuple):
    """A verdict and how likely each label of each signal is, in the order of `prior.HEADS`."""

    verdict: Verdict
    sentiment: Sequence[float]
    intent: Sequence[float]
    urgency: Sequence[float]
    needs_reply: Sequence[float]


def classify(
    texts: Sequence[str],
    rules: Rules,
    *,
    languages: Sequence[str | None] | None = None,
    directed: Sequence[bool] | None = None,
    learnt: Learnt | None = None,
    meaning: Meaning | None = None,
) -> list[Verdict]:
    """The verdict of each text, in order; a verdict depends on its own text alone.

    `languages` are what the platform declared (a hint), `directed` says which texts address the brand (False
    where not given), `learnt` is what the user's corrections taught, `meaning` gives texts their embeddings where
    the semantic engine is wanted. Raises ValueError when lengths differ.
    """
    batches = _batches(texts, rules, languages, directed, Taught(learnt, meaning))
    return [verdict for verdicts, _ in batches for verdict in verdicts]


def judge(
    texts: Sequence[str],
    rules: Rules,
    *,
    languages: Sequence[str | None] | None = None,
    directed: Sequence[bool] | None = None,
    learnt: Learnt | None = None,
    meaning: Meaning | None = None,
) -> list[Judgement]:
    """The same with the probabilities of all labels."""
    batches = _batches(texts, rules, languages, directed, Taught(learnt, meaning))
    return [
        Judgement(verdict, *each)
        for verdicts, shares in batches
        for verdict, *each in zip(verdicts, *(share.tolist() for share in shares), strict=True)
    ]


def _batches(
    texts: Sequence[str],
    rules: Rules,
    languages: Sequence[str | None] | None,
    directed: Sequence[bool] | None,
    taught: Taught,
) -> Iterator[tuple[list[Verdict], list[Floats]]]:
    """The verdicts and the probabilities of so many texts at a time as `runs` says."""
    hints = languages if languages is not None else [None] * len(texts)
    addressed = directed if directed is not None else [False] * len(texts)
    if len(addressed) != len(texts):
        raise ValueError("`directed` needs one entry for each text")
    if len(hints) != len(texts):
        raise ValueError("`languages` needs one entry for each text")
    for part in runs(texts):
        with ONE_AT_A_TIME, _uncollected():
            judged = _judged(texts[part], hints[part], addressed[part], rules, taught)
        yield judged


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles inside a batch, which makes many small objects and no cycle: a tenth of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def read(texts: Sequence[str], rules: Rules, declared: Sequence[str | None]) -> Readings:
    """What the rules alone make of texts, each for itself; `declared` are the platforms' words on their languages."""
    with ONE_AT_A_TIME:
        ready = batch(texts, rules, declared)
        feelings = sentiment.decide(ready)
        opinions = intents.decide(ready, feelings.score)
    known = np.array([language in cues.LANGUAGES for language in ready.languages], bool)
    return Readings(ready, known, feelings, opinions, *urgency.decide(opinions.hits, opinions.intent))


def logits(readings: Readings, taught: Taught = Taught()) -> Floats:  # noqa: B008 - it never changes
    """The combination's logits, one row a reading; ONE_AT_A_TIME is to be held since they were read."""
    engine, lesson = _logits(readings, taught)
    return engine if lesson is None else engine + lesson


def _logits(readings: Readings, taught: Taught) -> tuple[Floats, Floats | None]:
    """What the engine says, and what the user's corrections add to it, if there are any."""
    from carecli.triage.prior import shipped

    rows, whole, tokens = evidence_of(readings), readings.whole, readings.batch.tokens
    with ONE_AT_A_TIME:
        words = shipped().words(shipped().linear.of(tokens, whole), readings.known.astype(float))
    if taught.meaning is None:
        combined = shipped().combined(words, rows)
    else:
        from carecli.triage import semantic

        vectors = taught.meaning([p.masked for p in readings.prepared])
        combined = semantic.shipped().logits(words, vectors, rows)
    if taught.learnt is None:
        return combined, None
    with ONE_AT_A_TIME:
        return combined, taught.learnt.logits(taught.learnt.linear.of(tokens, whole), rows)


def evidence_of(readings: Readings) -> Floats:
    """What the rules found, one row a reading, one column for each of `evidence.NAMES`."""
    return evidence.numbers(readings.batch.lengths, readings.feelings, readings.opinions, readings.urgency)


def _judged(
    texts: Sequence[str], declared: Sequence[str | None], directed: Sequence[bool], rules: Rules, taught: Taught
) -> tuple[list[Verdict], list[Floats]]:
    from carecli.triage.linear import softmax
    from carecli.triage.prior import INTENT, NEEDS_REPLY, SENTIMENT, URGENCY

    readings = read(texts, rules, declared)
    combined, lesson = _logits(readings, taught)
    if lesson is not None:
        combined += lesson
    emergency, reply = taught.limits()
    shares = [softmax(combined[:, head]).round(6) for head in (SENTIMENT, INTENT, URGENCY, NEEDS_REPLY)]
    words = _words(readings)
    brief = (words <= _FEW_WORDS) | ~readings.known
    _feel_by_rules(readings, shares[0], brief & _untaught(lesson, taught))
    decided = _decided(readings, words, emergency, *shares[:3])
    to_us = np.array(directed, bool).astype(np.int64)
    expected = _EXPECTED[decided.intent, to_us] | (_MAY_EXPECT[decided.intent, to_us] & (shares[3][:, 1] >= reply))
    return _verdicts(readings, decided, shares, rules, expected), shares


def _untaught(lesson: Floats | None, taught: Taught) -> Flags | bool:
    """Of which texts the words say hardly anything about the tone by what the user's corrections taught."""
    from carecli.triage.prior import SENTIMENT

    if lesson is None or taught.learnt is None:
        return True
    untaught: Flags = np.ptp((lesson - taught.learnt.bias)[:, SENTIMENT], axis=1) < _LITTLE
    return untaught


def _feel_by_rules(readings: Readings, shares: Floats, asked: Flags) -> None:
    """Of words that it never learnt, or of very few, the model knows little: what the rules feel there, is it."""
    scores = readings.feelings.score
    for label, right, wrong in (("negative", 0, 2), ("positive", 2, 0)):
        places = np.flatnonzero(asked & are(readings.feelings.label, SENTIMENTS, label))
        sure = (0.5 + np.abs(scores[places]) / 2).round(6)
        shares[places, right], shares[places, 1], shares[places, wrong] = sure, 1 - sure, 0


def _words(readings: Readings) -> Floats:
    """How many words each text has; two Chinese characters are about one."""
    return np.array([len(p.plain) / 2 if p.plain else len(p.tokens) for p in readings.prepared], np.float64)


def _decided(
    readings: Readings, words: Floats, emergency: float, feelings: Floats, wants: Floats, hurry: Floats
) -> Decided:
    """The labels; an emergency needs far less than a half."""
    known = readings.known
    likely, asking = wants[:, _EMERGENCY] >= emergency, _are_calm_questions(readings)
    has = readings.opinions.hits.has
    safe = ~has(*_INGREDIENTS)
    felt = (words <= _SOME_WORDS) & ~are(readings.feelings.label, SENTIMENTS, "neutral")
    least = np.where(safe & (felt | (has("mundane") & has("problem", "again"))), _TROUBLE_OR_DANGER, emergency)
    least[safe & (asking | has("outage") | ~known)] = _CLEAR_DANGER
    danger = wants[:, _EMERGENCY] >= least
    wants = wants.copy()
    wants[~danger & likely & asking, _QUESTION] = 1.0
    wants[~danger, _EMERGENCY] = 0.0
    for unsure, needed in _CLEAR.items():
        wants[wants[:, unsure] < needed, unsure] = 0.0
    tone, intent = feelings.argmax(axis=1), np.where(danger, _EMERGENCY, wants.argmax(axis=1))
    ours = readings.opinions.intent
    displeased = are(ours, INTENTS, "complaint") & are(tone, SENTIMENTS, "negative") & are(intent, INTENTS, *_PLEASED)
    by_rules = (~known & are(ours, INTENTS, *_READ_BY_RULES)) | ((words <= _FEW_WORDS) & displeased)
    intent = np.where(by_rules, ours, intent)
    when = np.where(by_rules, readings.urgency, hurry[:, 1:].argmax(axis=1) + 1)
    when[are(intent, INTENTS, *_CALM)] = URGENCIES.index("whenever")
    when[intent == _EMERGENCY] = URGENCIES.index("emergency")
    return Decided(tone, intent, when)


def _are_calm_questions(readings: Readings) -> Flags:
    """Which texts are questions without a bad tone."""
    return are(readings.opinions.intent, INTENTS, "question") & ~are(readings.feelings.label, SENTIMENTS, "negative")


def _reasons(readings: Readings, decided: Decided) -> list[list[str]]:
    """What the rules say, and what weighed most in the model where it decided against them."""
    from carecli.triage.prior import shipped

    why, asked = reasons.of_rules(readings, decided)
    for place, more in zip(asked, reasons.weightiest(shipped().linear, readings, asked), strict=True):
        why[place] += more
    return why


def _verdicts(
    readings: Readings, decided: Decided, shares: Sequence[Floats], rules: Rules, expected: Flags
) -> list[Verdict]:
    tones, wants = shares[:2]
    chosen = wants[np.arange(len(wants)), decided.intent]
    sureness = np.minimum(tones.max(axis=1), chosen) * np.where(readings.known, 1.0, _UNKNOWN)
    scores, confidence = (tones[:, 2] - tones[:, 0]).round(4), sureness.round(3)
    about = topics.match(readings.prepared, rules.topics)
    why = [(*said, *named) for said, (_, named) in zip(_reasons(readings, decided), about, strict=True)]
    tone, intent, urgency = (
        [names[label] for label in labels.tolist()]
        for names, labels in zip((SENTIMENTS, INTENTS, URGENCIES), decided, strict=True)
    )
    numbers = expected.tolist(), confidence.tolist()
    themes = [names for names, _ in about]
    return list(map(Verdict, readings.batch.languages, tone, scores.tolist(), intent, themes, urgency, *numbers, why))


def _may_expect(intent: Intent, *, directed: bool) -> bool:
    return intent != "spam" and (directed or intent not in ANSWERED_IF_DIRECTED)


# By intent, and whether it is directed: whether a reply is expected, or may be.
_EXPECTED, _MAY_EXPECT = (
    np.array([[asked(intent, directed=directed) for directed in (False, True)] for intent in INTENTS])
    for asked in (needs_reply, _may_expect)
)
