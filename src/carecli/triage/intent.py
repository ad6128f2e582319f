"""What the writer wants: evidence from cues, marks and the feeling is weighed, and the heaviest intent wins.

Danger is looked for first, because missing it costs most. Spam comes next, unless somebody reports a fraud. What is
left is weighed: a thank-you beside a problem is a complaint, a question in anger too; praise of a competitor is
no praise. In languages without cues only question marks and the feeling speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from carecli.model import INTENTS, Intent
from carecli.triage import cues
from carecli.triage.columns import Flags, Floats, Ints, are
from carecli.triage.hits import Hit, Hits, Why, because, near
from carecli.triage.prepare import Batch
from carecli.triage.symbols import ASKS, LAUGHS, OUTRAGED, SMIRKS

# A text that says nothing else is chatter; whatever is heavier than this wins.
_CHATTER = 1.0
_NEGATIVE, _POSITIVE = -0.15, 0.25
_LETTER = re.compile(r"[^\W\d_]")

# Characters between a word of harm and who is harmed.
_BESIDE = 30

# Ties go to what costs more when it is missed.
WEIGHED: tuple[Intent, ...] = ("complaint", "request", "lead", "suggestion", "question", "praise", "chatter")
_WEIGHED = np.array([INTENTS.index(intent) for intent in WEIGHED])
_SPAM, _EMERGENCY = INTENTS.index("spam"), INTENTS.index("emergency")


class Opinions(NamedTuple):
    """What the rules alone say, one entry a text: the intent (its place in INTENTS), and what it rests on.

    `weights` has a column for each of WEIGHED; `special` are the reasons for emergencies and spam, `marks` those of
    each text (`symbols.py`).
    """

    intent: Ints
    weights: Floats
    special: dict[int, tuple[str, ...]]
    hits: Hits
    marks: Ints


class Texts(NamedTuple):
    """What is asked of many texts at once."""

    batch: Batch
    score: Floats
    hits: Hits

    def marked(self, mark: int) -> Flags:
        """Which texts have a mark."""
        there: Flags = self.batch.marks & mark != 0
        return there


def decide(batch: Batch, scores: Floats) -> Opinions:
    """The rules' opinions of prepared texts whose sentiment is `scores` (−1…1)."""
    t = Texts(batch, scores, cues.find_all(batch.tokens, [p.plain for p in batch.prepared], batch.languages))
    weights = _weights(t)
    intents, special = _WEIGHED[weights.argmax(axis=1)], {}
    for place, why in _spam(t):
        intents[place], special[place] = _SPAM, why
    for place, danger in _danger(t):
        intents[place], special[place] = _EMERGENCY, (because("danger", danger),)
    return Opinions(intents, weights, special, t.hits, batch.marks)


def _danger(t: Texts) -> Iterator[tuple[int, list[str]]]:
    """The words of danger; those that may be a figure of speech count unless the writer laughs or is happy."""
    sure = t.hits.has("emergency")
    yield from t.hits.each(sure, "emergency")
    maybe = (t.score < _POSITIVE) & ~t.marked(LAUGHS) & ~sure
    yield from t.hits.each(maybe, "emergency_maybe")
    for place in _places(maybe & t.hits.has("harm") & ~t.hits.has("emergency_maybe")):
        if danger := _harm(t.hits.of(place, "harm", "person")):
            yield place, danger


def _places(asked: Flags) -> list[int]:
    """The places of the texts that are looked at one by one."""
    places: list[int] = np.flatnonzero(asked).tolist()
    return places


def _harm(hits: Sequence[Hit]) -> list[str]:
    """Words of harm that stand beside a person or beside another one."""
    ordered = sorted(hits, key=lambda hit: hit.start)
    found: set[Hit] = set()
    for at, one in enumerate(ordered):
        for other in islice(ordered, at + 1, None):
            if other.start > one.end + _BESIDE:
                break
            if other.start >= one.end and (one.kind != other.kind or one.text != other.text):
                found |= {one, other}
    return [hit.text for hit in hits if hit.kind == "harm" and hit in found]


def _spam(t: Texts) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The texts that are spam, and why."""
    linked = t.batch.links > 0
    report, service = t.hits.has("spam_report"), t.hits.has("problem", "complaint", "again", "request")
    for place in _places(linked & ~t.hits.has("spam", "spam_weak")):
        if not _LETTER.search(t.batch.prepared[place].masked):
            yield place, ("spam: nothing but a link",)
    for place in _places(t.hits.has("spam", "spam_weak") & ~report):
        strong = [hit.text for hit in t.hits.of(place, "spam")]
        weak = [hit.text for hit in t.hits.of(place, "spam_weak")]
        if strong and (linked[place] or weak or len(strong) > 1 or not service[place]):
            yield place, (because("spam", strong + weak),)
        elif len(set(weak)) + linked[place] >= 3:
            yield place, (because("spam", weak),)


def _weights(t: Texts) -> Floats:
    """How much speaks for each intent; the weights are ours, judged on care texts of four languages."""
    has, complaint, praise = t.hits.has, _complaint(t), _praise(t)
    meant = ~(has("sarcasm") | ((complaint >= 2.0) & has("problem") & (t.score < _POSITIVE)))
    columns = {
        "complaint": complaint,
        "request": 3.1 * has("request"),
        "lead": 3.6 * has("lead"),
        "suggestion": 3.4 * has("suggestion"),
        "question": _question(t),
        "praise": np.where(meant, praise, praise * 0.4),
        "chatter": np.full(len(t.batch.prepared), _CHATTER),
    }
    return np.stack([columns[name] for name in WEIGHED], axis=1)


def _question(t: Texts) -> Floats:
    has, asks = t.hits.has, t.marked(ASKS)
    asked = has("question")
    for place in _places(asked & has("request")):
        # "Can you send me …?" asks for the sending.
        asked[place] = not all(near(t.hits.of(place, "question"), t.hits.of(place, "request"), 0))
    weight = 2.1 * asked + 1.2 * asks
    # "Why is it still not here?" wants no explanation.
    unsolved = has("again") & has("problem", "complaint")
    return np.where(unsolved | (has("why") & (t.score <= _NEGATIVE)), weight * 0.6, weight)


def _complaint(t: Texts) -> Floats:
    has, score, asks = t.hits.has, t.score, t.marked(ASKS)
    strong, problems = t.hits.count("complaint"), t.hits.count("problem")
    negative, sarcastic, again, request = score <= _NEGATIVE, has("sarcasm"), has("again"), has("request")
    weight = 4.5 * sarcastic + 1.3 * (has("spam_report") & ~asks)
    weight += np.where(strong > 0, 2.4 + 0.7 * np.minimum(strong - 1, 2), 0.0)
    # A problem told calmly in a question or a request is its background.
    calm = has("question", "request", "suggestion", "lead") & ~negative & (strong == 0)
    told = np.where(calm, 1.0, 1.8) + 0.5 * np.minimum(problems - 1, 2)
    weight += np.where(problems > 0, told, 0.0)
    weight += 1.5 * ((problems > 0) & ~negative & t.marked(SMIRKS))
    heavier = 0.9 * again + 0.8 * (asks & t.marked(OUTRAGED))
    weight += np.where((weight > 0) | negative, heavier, 0.0)
    tone = (1.1 - 1.2 * score) * np.where(weight > 0, 1.0, _tone_alone(t))
    pleased = (score >= _POSITIVE) & (strong == 0) & ~sarcastic
    weight += np.where(pleased, -1.2 * score, np.where(negative, tone, 0.0))
    # Who says what is wrong and what to do about it wants it done.
    wants_it_done = request & (strong == 0) & ~again & ~sarcastic
    return np.where(wants_it_done, np.minimum(weight, 3.0), np.maximum(weight, 0.0))


def _tone_alone(t: Texts) -> Floats:
    """How much a negative tone counts that no word of a complaint goes with."""
    return np.where(t.hits.has("thanks", "praise") | t.marked(LAUGHS), 0.5, 1.0)


def _praise(t: Texts) -> Floats:
    has, score = t.hits.has, t.score
    weight = 2.2 * has("praise") + 1.8 * has("thanks")
    # Courtesy is not joy.
    courtesy = ~has("praise") & has("question", "request", "problem")
    weight = np.where(courtesy, weight * 0.4, weight)
    liked = (has("service") | (t.batch.handles > 0)) & ~t.marked(LAUGHS)
    glad = np.where(weight > 0, weight + (0.7 + score), np.where(liked, 0.6 + 0.8 * score, weight))
    weight = np.where(score >= _POSITIVE, glad, np.where(score <= _NEGATIVE, weight * 0.6, weight))
    for place in _places(has("but") & has("problem", "complaint", "again")):
        weight[place] *= 0.3 if _turns(t.hits.of(place, "but", "problem", "complaint", "again")) else 1.0
    weight[has("rival")] = 0.0
    return weight


def _turns(hits: Sequence[Hit]) -> bool:
    """Whether a "but", the first of these, leads from kind words to a problem."""
    return max(hit.start for hit in hits if hit.kind != "but") >= hits[0].start


_NAMED: dict[Intent, dict[str, str]] = {
    "complaint": {
        "sarcasm": "sarcasm", "complaint": "complains", "problem": "problem", "again": "not the first time",
    },
    "request": {"request": "asks for an action"},
    "lead": {"lead": "wants to buy or switch"},
    "suggestion": {"suggestion": "suggests"},
    "question": {"question": "asks"},
    "praise": {"praise": "praises", "thanks": "thanks"},
    "chatter": {"rival": "about somebody else"},
}  # fmt: skip
_NAMES = {kind: name for names in _NAMED.values() for kind, name in names.items()}
_SPOKEN_FOR = [intent for intent, names in _NAMED.items() for _ in names]


def reasons(said: Ints, hits: Hits, marks: Ints, scores: Floats) -> dict[int, list[str]]:
    """What speaks for the intent of each text, in words, where something does."""
    why, of = Why(hits), {intent: are(said, INTENTS, intent) for intent in _NAMED}
    why.cues(_NAMES, [of[intent] for intent in _SPOKEN_FOR])
    why.add("a question mark", of["question"] & (marks & ASKS != 0))
    why.add("the tone is negative", of["complaint"] & (scores <= _NEGATIVE))
    why.add("the tone is positive", of["praise"] & (scores >= _POSITIVE))
    return why.found
