"""What the rules found in texts, as numbers that the combination weighs.

Each number is a finding that a person could check: a kind of cue that occurs, the tone of the lexicon, a mark, and
what the rules alone would have decided. Values are small and in whole sixteenths, so that sums of them are exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from carecli.model import INTENTS, SENTIMENTS, URGENCIES, Intent, Urgency
from carecli.triage.columns import Floats, Ints, are
from carecli.triage.cues import DANGERS, KINDS
from carecli.triage.intent import WEIGHED, Opinions
from carecli.triage.sentiment import Feelings
from carecli.triage.symbols import ASKS, EXCLAIMS, LAUGHS, OUTRAGED, SMIRKS

_WEIGHTS = WEIGHED[:-1]  # that of chatter is always the same
_INTENTS: tuple[Intent, ...] = (*_WEIGHTS, "emergency", "spam", "chatter")
_URGENCIES: tuple[Urgency, ...] = ("today", "week", "whenever")
# Where danger is told, sold or exaggerated it is weighed apart.
_TOLD = ("bygone", "unreal", "mundane", "emergency_not")
_TONES = ("score", "joy", "strength", "mixed", "negative", "positive", "silent")
_MARKS = (
    "asks", "exclaims", "outrage", "laughs", "smirks", "glad_emoji", "sad_emoji", "short", "long",
)  # fmt: skip
NAMES = (
    *KINDS,
    *(f"weight_{name}" for name in _WEIGHTS),
    *_TONES,
    *_MARKS,
    *(f"rules_{name}" for name in _INTENTS),
    *(f"rules_{name}" for name in _URGENCIES),
    *(f"{name}_danger" for name in (*_TOLD, "kind", "lone")),
)
_MOST = 2
_SHORT, _LONG = 15, 120
_SIXTEENTHS = 16


def numbers(lengths: Ints, feelings: Feelings, opinions: Opinions, urgencies: Ints) -> Floats:
    """The evidence of texts of so many characters, one row each, one column for each of NAMES."""
    columns = (
        np.minimum(opinions.hits.table, _MOST),
        _rounded(opinions.weights[:, : len(_WEIGHTS)] / 3),
        *_tones(feelings),
        *_marks(lengths, feelings, opinions),
        *(are(opinions.intent, INTENTS, name) for name in _INTENTS),
        *(are(urgencies, URGENCIES, name) for name in _URGENCIES),
        *_dangers(feelings, opinions),
    )
    return np.column_stack(columns).astype(np.float64)


def _dangers(feelings: Feelings, opinions: Opinions) -> Sequence[npt.NDArray[np.bool_]]:
    """Whether ingredients of danger stand beside what takes the danger out, or alone."""
    has = opinions.hits.has
    found = np.sum([has(kind) for kind in DANGERS], axis=0)
    kind = has("thanks", "praise") | are(feelings.label, SENTIMENTS, "positive")
    return (*((found > 0) & has(name) for name in _TOLD), (found > 0) & kind, found == 1)


def _tones(feelings: Feelings) -> Sequence[npt.NDArray[np.generic]]:
    score, silent = _rounded(2 * feelings.score), feelings.score == 0
    sad, glad = (are(feelings.label, SENTIMENTS, tone) for tone in ("negative", "positive"))
    return score, np.maximum(score, 0.0), np.abs(score), feelings.mixed, sad, glad, silent


def _marks(lengths: Ints, feelings: Feelings, opinions: Opinions) -> Sequence[npt.NDArray[np.generic]]:
    return (
        *(opinions.marks & mark != 0 for mark in (ASKS, EXCLAIMS, OUTRAGED, LAUGHS, SMIRKS)),
        feelings.emoji > 0,
        feelings.emoji < 0,
        lengths < _SHORT,
        lengths > _LONG,
    )


def _rounded(values: Floats) -> Floats:
    rounded: Floats = np.rint(values * _SIXTEENTHS) / _SIXTEENTHS
    return rounded
