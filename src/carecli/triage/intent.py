"""What the writer wants: evidence from cues, marks and the feeling is weighed, and the heaviest intent wins.

Danger is looked for first, because missing it costs most. Spam comes next, unless somebody reports a fraud. What is
left is weighed: a thank-you beside a problem is a complaint, a question in anger too; praise of a competitor is
no praise. In languages without cues only question marks and the feeling speak, and the confidence says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from carecli.model import Intent
from carecli.triage import cues
from carecli.triage.cues import Hit, Hits, because
from carecli.triage.prepare import Prepared
from carecli.triage.symbols import ASKS, LAUGHS, OUTRAGED, SMIRKS

# A text that says nothing else is chatter; whatever is heavier than this wins.
_CHATTER = 1.0
_NEGATIVE, _POSITIVE = -0.15, 0.25
_LETTER = re.compile(r"[^\W\d_]")

# Characters between a word of harm and who is harmed.
_BESIDE = 30

# Ties go to what costs more when it is missed.
_ORDER: tuple[Intent, ...] = ("complaint", "request", "lead", "suggestion", "question", "praise", "chatter")


_NOTHING: dict[Intent, float] = dict.fromkeys(_ORDER, 0.0) | {"chatter": _CHATTER}


class Opinion(NamedTuple):
    """What the rules alone say: the intent, the confidence (0…1), the reasons; and what they rest on."""

    intent: Intent
    confidence: float
    why: tuple[str, ...]
    hits: Hits
    weights: Mapping[Intent, float]


def decide(p: Prepared, score: float) -> Opinion:
    """The rules' opinion of a prepared text whose sentiment is `score` (−1…1)."""
    hits = cues.find_all([p.tokens], [p.plain], [p.language])[0]
    weights = _weigh(p, hits, score)
    known = p.language in cues.LANGUAGES
    if danger := _danger(p, hits, score):
        return Opinion("emergency", 0.9 if known else 0.5, (because("danger", danger),), hits, weights)
    if (spam := _spam(p, hits)) is not None:
        return Opinion("spam", 0.85 if known else 0.5, spam, hits, weights)
    # `weights` is in the order of `_ORDER`, and the first of the heaviest wins.
    second, first = sorted(weights.values())[-2:]
    best = next(intent for intent in _ORDER if weights[intent] == first)
    why = reasons(p, best, hits, score) or (f"nothing points to more than {best}",)
    return Opinion(best, _confidence(first, second, known=known), why, hits, weights)


def asks(p: Prepared) -> bool:
    """Whether a question mark stands in the text."""
    return p.marks & ASKS != 0


def laughs(p: Prepared) -> bool:
    """Whether the writer laughs, in letters or emoji."""
    return p.marks & LAUGHS != 0


def is_outraged(p: Prepared) -> bool:
    """Whether question marks pile up or shout."""
    return p.marks & OUTRAGED != 0


def smirks(p: Prepared) -> bool:
    """Whether an emoji stands there that is as often mockery as joy."""
    return p.marks & SMIRKS != 0


def _danger(p: Prepared, hits: Hits, score: float) -> tuple[Hit, ...]:
    """The words of danger; those that may be a figure of speech count unless the writer laughs or is happy."""
    if sure := hits.get("emergency", ()):
        return sure
    if score >= _POSITIVE or not ("emergency_maybe" in hits or "harm" in hits) or laughs(p):
        return ()
    return hits.get("emergency_maybe") or _harm(hits)


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


def _spam(p: Prepared, hits: Hits) -> tuple[str, ...] | None:
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


def _weigh(p: Prepared, hits: Hits, score: float) -> dict[Intent, float]:
    """How much speaks for each intent; the weights are ours, judged on care texts of four languages."""
    if not hits and not p.marks & ASKS and _NEGATIVE < score < _POSITIVE:
        return dict(_NOTHING)
    complaint = _complaint(p, hits, score)
    praise = _praise(p, hits, score)
    if "sarcasm" in hits or (complaint >= 2.0 and "problem" in hits and score < _POSITIVE):
        praise *= 0.4
    return {
        "complaint": complaint,
        "request": 3.1 * ("request" in hits),
        "lead": 3.6 * ("lead" in hits),
        "suggestion": 3.4 * ("suggestion" in hits),
        "question": _question(p, hits, score),
        "praise": praise,
        "chatter": _CHATTER,
    }


def _question(p: Prepared, hits: Hits, score: float) -> float:
    requests = hits.get("request", ())
    # "Can you send me …?" asks for the sending.
    asked = any(
        all(hit.end <= other.start or other.end <= hit.start for other in requests) for hit in hits.get("question", ())
    )
    weight = 2.1 * asked + 1.2 * asks(p)
    unsolved = "again" in hits and ("problem" in hits or "complaint" in hits)
    if unsolved or ("why" in hits and score <= _NEGATIVE):
        # "Why is it still not here?" wants no explanation.
        weight *= 0.6
    return weight


def _complaint(p: Prepared, hits: Hits, score: float) -> float:
    strong, problems = len(hits.get("complaint", ())), len(hits.get("problem", ()))
    sarcastic, again = "sarcasm" in hits, "again" in hits
    asked = any(kind in hits for kind in ("question", "request", "suggestion", "lead"))
    weight = 4.5 * sarcastic + 1.3 * ("spam_report" in hits and not asks(p))
    if strong:
        weight += 2.4 + 0.7 * min(strong - 1, 2)
    if problems:
        # A problem told calmly in a question or a request is its background.
        calm = asked and score > _NEGATIVE and not strong
        weight += (1.0 if calm else 1.8) + 0.5 * min(problems - 1, 2)
        weight += 1.5 * (score > _NEGATIVE and smirks(p))
    if weight or score <= _NEGATIVE:
        weight += 0.9 * again + 0.8 * (asks(p) and is_outraged(p))
    if score >= _POSITIVE and not strong and not sarcastic:
        weight -= 1.2 * score
    elif score <= _NEGATIVE:
        weight += (1.1 - 1.2 * score) * (_tone_alone(p, hits) if not weight else 1.0)
    if "request" in hits and not (strong or again or sarcastic):
        # Who says what is wrong and what to do about it wants it done.
        return min(weight, 3.0)
    return max(weight, 0.0)


def _tone_alone(p: Prepared, hits: Hits) -> float:
    """How much a negative tone counts that no word of a complaint goes with."""
    return 0.5 if "thanks" in hits or "praise" in hits or laughs(p) else 1.0


def _praise(p: Prepared, hits: Hits, score: float) -> float:
    if "rival" in hits:
        return 0.0
    weight = 2.2 * ("praise" in hits) + 1.8 * ("thanks" in hits)
    if "praise" not in hits and ("question" in hits or "request" in hits or "problem" in hits):
        # Courtesy is not joy.
        weight *= 0.4
    if score >= _POSITIVE:
        if weight:
            weight += 0.7 + score
        elif ("service" in hits or p.handles) and not laughs(p):
            weight = 0.6 + 0.8 * score
    elif score <= _NEGATIVE:
        weight *= 0.6
    return weight * (0.3 if _turns(hits) else 1.0)


def _turns(hits: Hits) -> bool:
    """Whether a "but" leads from kind words to a problem."""
    if "but" not in hits:
        return False
    blamed = [hit.start for kind in ("problem", "complaint", "again") for hit in hits.get(kind, ())]
    return max(blamed, default=-1) >= hits["but"][0].start


def _confidence(best: float, second: float, *, known: bool) -> float:
    """From the margin between the two heaviest; nothing to go by is little to be sure of."""
    margin = (best - second) / (best + second)
    sureness = min(0.6, 0.9 - 0.4 * second) if best <= _CHATTER else 0.45 + 0.5 * min(1.0, 1.6 * margin)
    return round(sureness if known else 0.5 * sureness, 3)


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
    if intent == "question" and asks(p):
        found.append("a question mark")
    if intent == "complaint" and score <= _NEGATIVE:
        found.append("the tone is negative")
    if intent == "praise" and score >= _POSITIVE:
        found.append("the tone is positive")
    return tuple(found)
