"""What the writer wants: evidence from cues, marks and the feeling is weighed, and the heaviest intent wins.

Danger is looked for first, because missing it costs most. Spam comes next, unless somebody reports a fraud. What is
left is weighed: a thank-you beside a problem is a complaint, a question in anger too; praise of a competitor is
no praise. In languages without cues only question marks and the feeling speak.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from carecli.model import Intent
from carecli.triage import cues
from carecli.triage.columns import Flags, Floats
from carecli.triage.cues import Hit, Hits, because
from carecli.triage.kinds import Kinds
from carecli.triage.prepare import Prepared
from carecli.triage.symbols import ASKS, LAUGHS, OUTRAGED, SMIRKS

# A text that says nothing else is chatter; whatever is heavier than this wins.
_CHATTER = 1.0
_NEGATIVE, _POSITIVE = -0.15, 0.25
_LETTER = re.compile(r"[^\W\d_]")

# Characters between a word of harm and who is harmed.
_BESIDE = 30

# Ties go to what costs more when it is missed.
WEIGHED: tuple[Intent, ...] = ("complaint", "request", "lead", "suggestion", "question", "praise", "chatter")


class Opinions(NamedTuple):
    """What the rules alone say, one entry a text: the intent, and what it rests on.

    `weights` has a column for each of WEIGHED; `special` are the reasons for emergencies and spam.
    """

    intent: list[Intent]
    weights: Floats
    special: dict[int, tuple[str, ...]]
    hits: Sequence[Hits]
    kinds: Kinds


class Texts(NamedTuple):
    """What is asked of many texts at once, as columns."""

    prepared: Sequence[Prepared]
    score: Floats
    hits: Sequence[Hits]
    kinds: Kinds

    def where(self, asked: Flags) -> Iterator[tuple[int, Prepared, Hits]]:
        """The texts, with their places, that are looked at one by one."""
        for place in np.flatnonzero(asked).tolist():
            yield place, self.prepared[place], self.hits[place]


def decide(prepared: Sequence[Prepared], scores: Floats) -> Opinions:
    """The rules' opinions of prepared texts whose sentiment is `scores` (−1…1)."""
    hits = cues.find_all([p.tokens for p in prepared], [p.plain for p in prepared], [p.language for p in prepared])
    t = Texts(prepared, scores, hits, Kinds(hits, [p.marks for p in prepared]))
    weights = _weights(t)
    intents: list[Intent] = [WEIGHED[place] for place in weights.argmax(axis=1).tolist()]
    special = {}
    for place, why in _spam(t):
        intents[place], special[place] = "spam", why
    for place, danger in _danger(t):
        intents[place], special[place] = "emergency", (because("danger", danger),)
    return Opinions(intents, weights, special, hits, t.kinds)


def _danger(t: Texts) -> Iterator[tuple[int, tuple[Hit, ...]]]:
    """The words of danger; those that may be a figure of speech count unless the writer laughs or is happy."""
    sure = t.kinds.has("emergency")
    for place, _, hits in t.where(sure):
        yield place, hits["emergency"]
    maybe = t.kinds.has("emergency_maybe", "harm") & (t.score < _POSITIVE) & ~t.kinds.marked(LAUGHS) & ~sure
    for place, _, hits in t.where(maybe):
        if danger := hits.get("emergency_maybe") or _harm(hits):
            yield place, danger


def _harm(hits: Hits) -> tuple[Hit, ...]:
    """Words of harm that stand beside a person or beside another one."""
    harm, persons = hits.get("harm", ()), hits.get("person", ())
    return tuple(
        one
        for one in harm
        if any(_beside(one, person) for person in persons)
        or any(_beside(one, other) and one.text != other.text for other in harm)
    )


def _beside(one: Hit, other: Hit) -> bool:
    return 0 <= max(one.start, other.start) - min(one.end, other.end) <= _BESIDE


def _spam(t: Texts) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The texts that are spam, and why."""
    linked = np.fromiter((p.links > 0 for p in t.prepared), bool, len(t.prepared))
    for place, p, hits in t.where(linked | t.kinds.has("spam", "spam_weak")):
        if (why := _spam_in(p, hits)) is not None:
            yield place, why


def _spam_in(p: Prepared, hits: Hits) -> tuple[str, ...] | None:
    """Why the text is spam, None when it is not."""
    if p.links and not _LETTER.search(p.masked):
        return ("spam: nothing but a link",)
    if "spam_report" in hits:
        return None
    strong, weak = hits.get("spam", ()), hits.get("spam_weak", ())
    if strong and (p.links or weak or len(strong) > 1 or not _about_service(hits)):
        return (because("spam", strong + weak),)
    if len({hit.text for hit in weak}) + (p.links > 0) >= 3:
        return (because("spam", weak),)
    return None


def _about_service(hits: Hits) -> bool:
    return any(kind in hits for kind in ("problem", "complaint", "again", "request"))


def _weights(t: Texts) -> Floats:
    """How much speaks for each intent; the weights are ours, judged on care texts of four languages."""
    has, complaint, praise = t.kinds.has, _complaint(t), _praise(t)
    meant = ~(has("sarcasm") | ((complaint >= 2.0) & has("problem") & (t.score < _POSITIVE)))
    columns = {
        "complaint": complaint,
        "request": 3.1 * has("request"),
        "lead": 3.6 * has("lead"),
        "suggestion": 3.4 * has("suggestion"),
        "question": _question(t),
        "praise": np.where(meant, praise, praise * 0.4),
        "chatter": np.full(len(t.prepared), _CHATTER),
    }
    return np.stack([columns[name] for name in WEIGHED], axis=1)


def _question(t: Texts) -> Floats:
    has, asks = t.kinds.has, t.kinds.marked(ASKS)
    asked = has("question")
    for place, _, hits in t.where(asked & has("request")):
        # "Can you send me …?" asks for the sending.
        asked[place] = any(
            all(hit.end <= other.start or other.end <= hit.start for other in hits["request"])
            for hit in hits["question"]
        )
    weight = 2.1 * asked + 1.2 * asks
    # "Why is it still not here?" wants no explanation.
    unsolved = has("again") & has("problem", "complaint")
    return np.where(unsolved | (has("why") & (t.score <= _NEGATIVE)), weight * 0.6, weight)


def _complaint(t: Texts) -> Floats:
    has, score, asks = t.kinds.has, t.score, t.kinds.marked(ASKS)
    strong, problems = t.kinds.count("complaint"), t.kinds.count("problem")
    negative, sarcastic, again, request = score <= _NEGATIVE, has("sarcasm"), has("again"), has("request")
    weight = 4.5 * sarcastic + 1.3 * (has("spam_report") & ~asks)
    weight += np.where(strong > 0, 2.4 + 0.7 * np.minimum(strong - 1, 2), 0.0)
    # A problem told calmly in a question or a request is its background.
    calm = has("question", "request", "suggestion", "lead") & ~negative & (strong == 0)
    told = np.where(calm, 1.0, 1.8) + 0.5 * np.minimum(problems - 1, 2)
    weight += np.where(problems > 0, told, 0.0)
    weight += 1.5 * ((problems > 0) & ~negative & t.kinds.marked(SMIRKS))
    heavier = 0.9 * again + 0.8 * (asks & t.kinds.marked(OUTRAGED))
    weight += np.where((weight > 0) | negative, heavier, 0.0)
    tone = (1.1 - 1.2 * score) * np.where(weight > 0, 1.0, _tone_alone(t))
    pleased = (score >= _POSITIVE) & (strong == 0) & ~sarcastic
    weight += np.where(pleased, -1.2 * score, np.where(negative, tone, 0.0))
    # Who says what is wrong and what to do about it wants it done.
    wants_it_done = request & (strong == 0) & ~again & ~sarcastic
    return np.where(wants_it_done, np.minimum(weight, 3.0), np.maximum(weight, 0.0))


def _tone_alone(t: Texts) -> Floats:
    """How much a negative tone counts that no word of a complaint goes with."""
    return np.where(t.kinds.has("thanks", "praise") | t.kinds.marked(LAUGHS), 0.5, 1.0)


def _praise(t: Texts) -> Floats:
    has, score = t.kinds.has, t.score
    weight = 2.2 * has("praise") + 1.8 * has("thanks")
    # Courtesy is not joy.
    courtesy = ~has("praise") & has("question", "request", "problem")
    weight = np.where(courtesy, weight * 0.4, weight)
    addressed = np.fromiter((p.handles > 0 for p in t.prepared), bool, len(t.prepared))
    liked = (has("service") | addressed) & ~t.kinds.marked(LAUGHS)
    glad = np.where(weight > 0, weight + (0.7 + score), np.where(liked, 0.6 + 0.8 * score, weight))
    weight = np.where(score >= _POSITIVE, glad, np.where(score <= _NEGATIVE, weight * 0.6, weight))
    turning = has("but") & has("problem", "complaint", "again")
    for place, _, hits in t.where(turning):
        weight[place] *= 0.3 if _turns(hits) else 1.0
    weight[has("rival")] = 0.0
    return weight


def _turns(hits: Hits) -> bool:
    """Whether a "but" leads from kind words to a problem."""
    blamed = [hit.start for kind in ("problem", "complaint", "again") for hit in hits.get(kind, ())]
    return max(blamed, default=-1) >= hits["but"][0].start


_NAMED: dict[Intent, tuple[tuple[str, str], ...]] = {
    "complaint": (
        ("sarcasm", "sarcasm"), ("complaint", "complains"), ("problem", "problem"), ("again", "not the first time"),
    ),
    "request": (("request", "asks for an action"),),
    "lead": (("lead", "wants to buy or switch"),),
    "suggestion": (("suggestion", "suggests"),),
    "question": (("question", "asks"),),
    "praise": (("praise", "praises"), ("thanks", "thanks")),
    "chatter": (("rival", "about somebody else"),),
}  # fmt: skip


def reasons(p: Prepared, intent: Intent, hits: Hits, score: float) -> tuple[str, ...]:
    """What speaks for `intent`, in words; empty when nothing does."""
    found = [because(name, hits[kind]) for kind, name in _NAMED.get(intent, ()) if kind in hits]
    if intent == "question" and p.marks & ASKS:
        found.append("a question mark")
    if intent == "complaint" and score <= _NEGATIVE:
        found.append("the tone is negative")
    if intent == "praise" and score >= _POSITIVE:
        found.append("the tone is positive")
    return tuple(found)
