"""Texts in, verdicts out: rules and a learnt model look at the same prepared text, and none at its neighbours.

The rules find danger, cues, the tone and marks. The model adds what it learnt from sentences and from the user's
corrections. `prior.py` says how the two are weighed; the reasons name what decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from carecli.model import (
    ANSWERED_IF_DIRECTED,
    ANSWERED_INTENTS,
    INTENTS,
    SENTIMENTS,
    URGENCIES,
    Intent,
    Sentiment,
    Urgency,
    Verdict,
)
from carecli.triage import cues, evidence, reasons, sentiment, topics, urgency
from carecli.triage import intent as intents
from carecli.triage.prepare import Rules, prepare
from carecli.triage.reasons import Decided, Reading

if TYPE_CHECKING:
    from carecli.triage.learning import Learnt
    from carecli.triage.linear import Floats

Shares = Sequence[float]

# So many texts are looked at together: enough for array operations to pay, little enough for the processor's cache.
_BATCH = 512
_EMERGENCY = INTENTS.index("emergency")
_CALM: frozenset[Intent] = frozenset({"praise", "chatter", "suggestion", "spam"})
# Of a language that we have no words for, nothing is sure.
_UNKNOWN = 0.6


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
) -> list[Verdict]:
    """The verdict of each text, in order; a verdict depends on its own text alone.

    `languages` are what the platform declared (a hint), `directed` says which texts address the brand (False
    where not given), `learnt` is what the user's corrections taught. Raises ValueError when lengths differ.
    """
    return [each.verdict for each in judge(texts, rules, languages=languages, directed=directed, learnt=learnt)]


def judge(
    texts: Sequence[str],
    rules: Rules,
    *,
    languages: Sequence[str | None] | None = None,
    directed: Sequence[bool] | None = None,
    learnt: Learnt | None = None,
) -> list[Judgement]:
    """The same with the probabilities of all labels."""
    hints = languages if languages is not None else [None] * len(texts)
    addressed = directed if directed is not None else [False] * len(texts)
    if len(addressed) != len(texts):
        raise ValueError("`directed` needs one entry for each text")
    readings = [read(text, rules, hint) for text, hint in zip(texts, hints, strict=True)]
    found: list[Judgement] = []
    for start in range(0, len(texts), _BATCH):
        part = slice(start, start + _BATCH)
        found += _judged(readings[part], addressed[part], rules, learnt)
    return found


def read(text: str, rules: Rules, declared: str | None = None) -> Reading:
    """What the rules alone make of a text."""
    p = prepare(text, rules, declared)
    feeling = sentiment.decide(p)
    opinion = intents.decide(p, feeling.score)
    when, pressing = urgency.decide(p, opinion.intent)
    return Reading(p, feeling, opinion, when, pressing)


def logits(readings: Sequence[Reading], learnt: Learnt | None = None) -> Floats:
    """The combination's logits, one row a reading."""
    import numpy as np

    from carecli.triage.features import hashed
    from carecli.triage.prior import shipped

    features = hashed([reading.p.comparable for reading in readings])
    rows = evidence_of(readings)
    known = np.array([r.p.language in cues.LANGUAGES for r in readings], float)
    combined = shipped().logits(features, rows, known)
    return combined if learnt is None else combined + learnt.logits(features, rows)


def evidence_of(readings: Sequence[Reading]) -> Floats:
    """What the rules found, one row a reading, one column for each of `evidence.NAMES`."""
    import numpy as np

    return np.array([evidence.numbers(r.p, r.feeling, r.opinion, r.urgency) for r in readings], float)


def _judged(
    readings: Sequence[Reading], directed: Sequence[bool], rules: Rules, learnt: Learnt | None
) -> list[Judgement]:
    from carecli.triage.linear import softmax
    from carecli.triage.prior import INTENT, NEEDS_REPLY, SENTIMENT, URGENCY

    if not readings:
        return []
    combined = logits(readings, learnt)
    shares = [softmax(combined[:, head]).round(6) for head in (SENTIMENT, INTENT, URGENCY, NEEDS_REPLY)]
    decided = _decided(readings, *shares[:3])
    named = _reasons(readings, decided)
    judged = zip(*(share.tolist() for share in shares), strict=True)
    found = []
    for reading, to_us, each, labels, why in zip(readings, directed, judged, decided, named, strict=True):
        verdict = _verdict(reading, labels, each, rules, why, directed=to_us)
        found.append(Judgement(verdict, *each))
    return found


def _decided(readings: Sequence[Reading], feelings: Floats, wants: Floats, hurry: Floats) -> list[Decided]:
    """The labels; an emergency needs far less than a half."""
    from carecli.triage.prior import shipped

    danger = (wants[:, _EMERGENCY] >= shipped().emergency).tolist()
    tones, intents_, pressing = (
        feelings.argmax(axis=1).tolist(),
        wants.argmax(axis=1).tolist(),
        (hurry[:, 1:].argmax(axis=1) + 1).tolist(),
    )
    return [
        _labels(reading, SENTIMENTS[tone], "emergency" if alarm else INTENTS[intent], URGENCIES[when])
        for reading, tone, alarm, intent, when in zip(readings, tones, danger, intents_, pressing, strict=True)
    ]


def _labels(reading: Reading, tone: Sentiment, intent: Intent, when: Urgency) -> Decided:
    if reading.p.language not in cues.LANGUAGES and reading.opinion.intent in {"emergency", "chatter"}:
        intent = reading.opinion.intent  # of words that it never learnt the model knows nothing
    if intent == "emergency":
        when = "emergency"
    elif intent in _CALM:
        when = "whenever"
    return Decided(tone, intent, when)


def _reasons(readings: Sequence[Reading], decided: Sequence[Decided]) -> list[tuple[str, ...]]:
    """What the rules say, and what weighed most in the model where it decided against them."""
    from carecli.triage.prior import shipped

    why = [reasons.of_rules(*each) for each in zip(readings, decided, strict=True)]
    open_ones = [reasons.undecided(*each) for each in zip(readings, decided, strict=True)]
    asked = [index for index, label in enumerate(open_ones) if label is not None]
    texts, labels = [readings[index].p.comparable for index in asked], [str(open_ones[index]) for index in asked]
    for index, more in zip(asked, reasons.weightiest(shipped().linear, texts, labels), strict=True):
        why[index] += more
    return [
        each or (f"nothing points to more than {labels.intent}",) for each, labels in zip(why, decided, strict=True)
    ]


def _verdict(
    reading: Reading,
    decided: Decided,
    shares: tuple[Shares, Shares, Shares, Shares],
    rules: Rules,
    why: tuple[str, ...],
    *,
    directed: bool,
) -> Verdict:
    from carecli.triage.prior import shipped

    p, (feelings, wants, _, reply) = reading.p, shares
    about, named = topics.match(p, rules.topics)
    sureness = min(max(feelings), wants[INTENTS.index(decided.intent)])
    expected = reply[1] >= shipped().reply and _may_expect(decided.intent, directed=directed)
    return Verdict(
        language=p.language,
        sentiment=decided.sentiment,
        sentiment_score=round(feelings[2] - feelings[0], 4),
        intent=decided.intent,
        topics=about,
        urgency=decided.urgency,
        needs_reply=expected or needs_reply(decided.intent, directed=directed),
        confidence=round(sureness if p.language in cues.LANGUAGES else sureness * _UNKNOWN, 3),
        why=(*why, *named),
    )


def _may_expect(intent: Intent, *, directed: bool) -> bool:
    return intent != "spam" and (directed or intent not in ANSWERED_IF_DIRECTED)


def needs_reply(intent: Intent, *, directed: bool) -> bool:
    """Whether whoever writes with this intent expects an answer; spam never does."""
    return intent in ANSWERED_INTENTS or (directed and intent in ANSWERED_IF_DIRECTED)
