"""Texts in, verdicts out: rules and a learnt model look at the same prepared text, and none at its neighbours.

The rules find danger, cues, the tone and marks. The model adds what it learnt from sentences and from the user's
corrections. `prior.py` says how the two are weighed; the reasons name what decided.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from carecli.triage import cues, evidence, prepare, reasons, sentiment, topics, urgency
from carecli.triage import intent as intents
from carecli.triage.prepare import Rules
from carecli.triage.reasons import Decided, Reading

if TYPE_CHECKING:
    from carecli.triage.learning import Learnt
    from carecli.triage.linear import Floats
    from carecli.triage.semantic import Vectors

# Texts in, one row of numbers for each out.
Meaning = Callable[[Sequence[str]], "Vectors"]
Shares = Sequence[float]

# So many texts are looked at together: enough for array operations to pay, little enough for the processor's cache.
_BATCH = 512
_EMERGENCY, _QUESTION = INTENTS.index("emergency"), INTENTS.index("question")
# Spam is hidden from the queue, and a question that may lead to a sale is a question: these two have to be clear.
_CLEAR = {INTENTS.index("spam"): 0.5, INTENTS.index("lead"): 0.7}
# A question without a bad tone or any ingredient of danger has to be one clearly, too: "may it come on board?"
_CLEAR_DANGER = 0.5
_INGREDIENTS = frozenset({*cues.DANGERS, "emergency", "emergency_maybe", "harm"})
_CALM: frozenset[Intent] = frozenset({"praise", "chatter", "suggestion", "spam"})
# What the rules alone decide in a language of whose words the model knows nothing.
_READ_BY_RULES: frozenset[Intent] = frozenset({"emergency", "chatter", "question", "complaint"})
# So few words ("not solved!") or Chinese characters are too little for the model to outvote the rules.
_FEW_WORDS, _FEW_CHARACTERS = 3, 6
_PLEASED: frozenset[Intent] = frozenset({"praise", "chatter"})
# Of a language that we have no words for, nothing is sure.
_UNKNOWN = 0.6


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
    judged = judge(texts, rules, languages=languages, directed=directed, learnt=learnt, meaning=meaning)
    return [each.verdict for each in judged]


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
    hints = languages if languages is not None else [None] * len(texts)
    addressed = directed if directed is not None else [False] * len(texts)
    if len(addressed) != len(texts):
        raise ValueError("`directed` needs one entry for each text")
    if len(hints) != len(texts):
        raise ValueError("`languages` needs one entry for each text")
    found: list[Judgement] = []
    for start in range(0, len(texts), _BATCH):
        part = slice(start, start + _BATCH)
        with _uncollected():
            readings = read(texts[part], rules, hints[part])
            found += _judged(readings, addressed[part], rules, Taught(learnt, meaning))
    return found


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


def read(texts: Sequence[str], rules: Rules, declared: Sequence[str | None]) -> list[Reading]:
    """What the rules alone make of texts, each for itself; `declared` are the platforms' words on their languages.

    One signal after another for all of them, as that keeps its tables in the processor's cache.
    """
    prepared = prepare.prepared(texts, rules, declared)
    feelings = [sentiment.decide(p) for p in prepared]
    opinions = [intents.decide(p, feeling.score) for p, feeling in zip(prepared, feelings, strict=True)]
    hurries = [urgency.decide(opinion.hits, opinion.intent) for opinion in opinions]
    return [
        Reading(p, feeling, opinion, when, pressing)
        for p, feeling, opinion, (when, pressing) in zip(prepared, feelings, opinions, hurries, strict=True)
    ]


def logits(readings: Sequence[Reading], taught: Taught = Taught()) -> Floats:  # noqa: B008 - it never changes
    """The combination's logits, one row a reading."""
    import numpy as np

    from carecli.triage.prior import shipped

    texts = [reading.p.units for reading in readings]
    rows = evidence_of(readings)
    known = np.array([r.p.language in cues.LANGUAGES for r in readings], float)
    words = shipped().words(texts, known)
    if taught.meaning is None:
        combined = shipped().combined(words, rows)
    else:
        from carecli.triage import semantic

        vectors = taught.meaning([reading.p.masked for reading in readings])
        combined = semantic.shipped().logits(words, vectors, rows)
    return combined if taught.learnt is None else combined + taught.learnt.logits(texts, rows)


def evidence_of(readings: Sequence[Reading]) -> Floats:
    """What the rules found, one row a reading, one column for each of `evidence.NAMES`."""
    import numpy as np

    return np.array([evidence.numbers(r.p, r.feeling, r.opinion, r.urgency) for r in readings], float)


def _judged(readings: Sequence[Reading], directed: Sequence[bool], rules: Rules, taught: Taught) -> list[Judgement]:
    from carecli.triage.linear import softmax
    from carecli.triage.prior import INTENT, NEEDS_REPLY, SENTIMENT, URGENCY

    if not readings:
        return []
    combined = logits(readings, taught)
    emergency, reply = taught.limits()
    shares = [softmax(combined[:, head]).round(6) for head in (SENTIMENT, INTENT, URGENCY, NEEDS_REPLY)]
    _feel_by_rules(readings, shares[0], taught)
    decided = _decided(readings, emergency, *shares[:3])
    named = _reasons(readings, decided)
    judged = zip(*(share.tolist() for share in shares), strict=True)
    found = []
    for reading, to_us, each, labels, why in zip(readings, directed, judged, decided, named, strict=True):
        expected = each[3][1] >= reply and _may_expect(labels.intent, directed=to_us)
        expected = expected or needs_reply(labels.intent, directed=to_us)
        verdict = _verdict(reading, labels, each, rules, why, expected=expected)
        found.append(Judgement(verdict, *each))
    return found


def _feel_by_rules(readings: Sequence[Reading], feelings: Floats, taught: Taught) -> None:
    """Of words that it never learnt, or of very few, the model knows little: what the rules feel there, is it."""
    for row, reading in zip(feelings, readings, strict=True):
        strange = reading.p.language not in cues.LANGUAGES and taught.learnt is None
        if reading.feeling.label != "neutral" and (strange or _is_short(reading)):
            sure = round(0.5 + abs(reading.feeling.score) / 2, 6)
            row[:] = (sure, 1 - sure, 0) if reading.feeling.label == "negative" else (0, 1 - sure, sure)


def _is_short(reading: Reading) -> bool:
    return len(reading.p.plain) <= _FEW_CHARACTERS if reading.p.plain else len(reading.p.tokens) <= _FEW_WORDS


def _decided(
    readings: Sequence[Reading], emergency: float, feelings: Floats, wants: Floats, hurry: Floats
) -> list[Decided]:
    """The labels; an emergency needs far less than a half."""
    import numpy as np

    least = np.array([_CLEAR_DANGER if _only_asks(reading) else emergency for reading in readings])
    danger = wants[:, _EMERGENCY] >= least
    wants = wants.copy()
    wants[~danger & (wants[:, _EMERGENCY] >= emergency), _QUESTION] = 1.0  # it only asks
    wants[~danger, _EMERGENCY] = 0.0
    for unsure, needed in _CLEAR.items():
        wants[wants[:, unsure] < needed, unsure] = 0.0
    tones, intents_, pressing = (
        feelings.argmax(axis=1).tolist(),
        wants.argmax(axis=1).tolist(),
        (hurry[:, 1:].argmax(axis=1) + 1).tolist(),
    )
    return [
        _labels(reading, SENTIMENTS[tone], "emergency" if alarm else INTENTS[intent], URGENCIES[when])
        for reading, tone, alarm, intent, when in zip(readings, tones, danger.tolist(), intents_, pressing, strict=True)
    ]


def _only_asks(reading: Reading) -> bool:
    hits = reading.opinion.hits
    calm = reading.opinion.intent == "question" and reading.feeling.label != "negative"
    return calm and reading.p.language in cues.LANGUAGES and _INGREDIENTS.isdisjoint(hits)


def _labels(reading: Reading, tone: Sentiment, intent: Intent, when: Urgency) -> Decided:
    if reading.p.language not in cues.LANGUAGES and reading.opinion.intent in _READ_BY_RULES:
        intent, when = reading.opinion.intent, reading.urgency
    elif intent in _PLEASED and reading.opinion.intent == "complaint" and tone == "negative" and _is_short(reading):
        intent, when = "complaint", reading.urgency
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
    prepared, labels = [readings[index].p for index in asked], [str(open_ones[index]) for index in asked]
    for index, more in zip(asked, reasons.weightiest(shipped().linear, prepared, labels), strict=True):
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
    expected: bool,
) -> Verdict:
    p, (feelings, wants, _, _) = reading.p, shares
    about, named = topics.match(p, rules.topics)
    sureness = min(max(feelings), wants[INTENTS.index(decided.intent)])
    return Verdict(
        language=p.language,
        sentiment=decided.sentiment,
        sentiment_score=round(feelings[2] - feelings[0], 4),
        intent=decided.intent,
        topics=about,
        urgency=decided.urgency,
        needs_reply=expected,
        confidence=round(sureness if p.language in cues.LANGUAGES else sureness * _UNKNOWN, 3),
        why=(*why, *named),
    )


def _may_expect(intent: Intent, *, directed: bool) -> bool:
    return intent != "spam" and (directed or intent not in ANSWERED_IF_DIRECTED)


def needs_reply(intent: Intent, *, directed: bool) -> bool:
    """Whether whoever writes with this intent expects an answer; spam never does."""
    return intent in ANSWERED_INTENTS or (directed and intent in ANSWERED_IF_DIRECTED)
