"""What the rules found in a text, as numbers that the combination weighs.

Each number is a finding that a person could check: a kind of cue that occurs, the tone of the lexicon, a mark, and
what the rules alone would have decided. Values are small and in whole sixteenths, so that sums of them are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

from carecli.model import Intent, Urgency
from carecli.triage import cues
from carecli.triage import intent as intents
from carecli.triage.prepare import Prepared
from carecli.triage.sentiment import Feeling
from carecli.triage.symbols import EXCLAIMS

_KINDS = """
emergency emergency_maybe harm person spam spam_weak spam_report lead question why request suggestion complaint problem
again sarcasm thanks praise rival but service today soon stuck fraud outage locked deadline week money emergency_not
bygone unreal mundane
"""
KINDS = (*_KINDS.split(), *cues.DANGERS)
_WEIGHED: tuple[Intent, ...] = ("complaint", "request", "lead", "suggestion", "question", "praise")
_INTENTS: tuple[Intent, ...] = (*_WEIGHED, "emergency", "spam", "chatter")
_URGENCIES: tuple[Urgency, ...] = ("today", "week", "whenever")
# Where danger is told, sold or exaggerated it is weighed apart.
_TOLD = ("bygone", "unreal", "mundane", "emergency_not")
_TONES = ("score", "joy", "strength", "mixed", "negative", "positive", "silent")
_MARKS = (
    "asks", "exclaims", "outrage", "laughs", "smirks", "glad_emoji", "sad_emoji", "short", "long",
)  # fmt: skip
NAMES = (
    *KINDS,
    *(f"weight_{name}" for name in _WEIGHED),
    *_TONES,
    *_MARKS,
    *(f"rules_{name}" for name in _INTENTS),
    *(f"rules_{name}" for name in _URGENCIES),
    *(f"{name}_danger" for name in (*_TOLD, "kind", "lone")),
)
_MOST = 2
_SHORT, _LONG = 15, 120
_SIXTEENTHS = 16


_KIND_AT = {kind: index for index, kind in enumerate(KINDS)}
_WEIGHT_AT = len(KINDS)
_TONE_AT = _WEIGHT_AT + len(_WEIGHED)
_INTENT_AT = {name: _TONE_AT + len(_TONES) + len(_MARKS) + index for index, name in enumerate(_INTENTS)}
_URGENCY_AT = {name: _TONE_AT + len(_TONES) + len(_MARKS) + len(_INTENTS) + i for i, name in enumerate(_URGENCIES)}
_NOTHING = [0.0] * len(NAMES)


def numbers(p: Prepared, feeling: Feeling, opinion: intents.Opinion, urgency: Urgency) -> list[float]:
    """The evidence of one text, as many numbers as `NAMES`."""
    row = _NOTHING.copy()
    for kind, hits in opinion.hits.items():
        place = _KIND_AT.get(kind)
        if place is not None:
            row[place] = float(min(len(hits), _MOST))
    for place, name in enumerate(_WEIGHED, _WEIGHT_AT):
        if weight := opinion.weights[name]:
            row[place] = _rounded(weight / 3)
    row[_TONE_AT : _TONE_AT + len(_TONES)] = _tones(feeling)
    row[_TONE_AT + len(_TONES) : _TONE_AT + len(_TONES) + len(_MARKS)] = _marks(p, feeling)
    row[_INTENT_AT[opinion.intent]] = 1.0
    row[-len(_TOLD) - 2 :] = _dangers(feeling, opinion.hits)
    if urgency in _URGENCY_AT:
        row[_URGENCY_AT[urgency]] = 1.0
    return row


def _dangers(feeling: Feeling, hits: cues.Hits) -> Sequence[float]:
    """Whether ingredients of danger stand beside what takes the danger out, or alone."""
    found = sum(kind in hits for kind in cues.DANGERS)
    kind = "thanks" in hits or "praise" in hits or feeling.label == "positive"
    return (*(float(found > 0 and name in hits) for name in _TOLD), float(found > 0 and kind), float(found == 1))


def _tones(feeling: Feeling) -> Sequence[float]:
    score = _rounded(2 * feeling.score)
    return (
        score,
        max(score, 0.0),
        abs(score),
        feeling.mixed,
        feeling.label == "negative",
        feeling.label == "positive",
        not feeling.score,
    )


def _marks(p: Prepared, feeling: Feeling) -> Sequence[float]:
    return (
        intents.asks(p),
        p.marks & EXCLAIMS != 0,
        intents.is_outraged(p),
        intents.laughs(p),
        intents.smirks(p),
        feeling.emoji > 0,
        feeling.emoji < 0,
        len(p.text) < _SHORT,
        len(p.text) > _LONG,
    )


def _rounded(value: float) -> float:
    return round(value * _SIXTEENTHS) / _SIXTEENTHS
