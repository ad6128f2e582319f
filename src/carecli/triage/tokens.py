"""What the tokens of texts say, as columns: votes for a language (`votes.py`) and marks (`symbols.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from carecli.triage.columns import Column, Ints
from carecli.triage.symbols import ASKS, EXCLAIMS, LOOK, THANKS, marks, marks_alone
from carecli.triage.vocabulary import Rows, Tokens
from carecli.triage.votes import FOREIGN, OF_SCRIPT, Votes, votes

# Four votes to an integer: no sum of a text's is larger than what fits a lane.
_LANES = -(-len(Votes._fields) // 4)
_VOTES, _MARKS = Column(np.uint16, 4 * _LANES), Column(np.int16)


def said(tokens: Tokens, whole: Mapping[int, tuple[str, str]]) -> tuple[Ints, Ints]:
    """The sums of the votes of each text's tokens, one row a text and one column a vote, and their marks together.

    The tokens of a `whole` text (masked, and folded) are its characters: they say which script it is in, and whether
    it has to be looked at as it is for its marks.
    """
    rows, starts = _ROWS.of(tokens.numbers), np.cumsum(tokens.sizes) - tokens.sizes
    if not len(starts):
        return np.zeros((0, len(Votes._fields)), np.int64), starts
    lanes = np.add.reduceat(_VOTES.all.view(np.int64).take(rows, axis=0), starts, axis=0)
    summed = lanes.view(np.uint16)[:, : len(Votes._fields)].astype(np.int64)
    signs: Ints = np.bitwise_or.reduceat(_MARKS.all[rows], starts)
    if whole:
        places = np.fromiter(whole, np.int64, len(whole))
        summed[places, :OF_SCRIPT] = FOREIGN[:OF_SCRIPT]
        loud = np.add.reduceat(_MARKS.all[rows] & (ASKS | EXCLAIMS) != 0, starts, dtype=np.int64)[places]
        for place in places[(signs[places] & LOOK != 0) | (loud > 1)].tolist():
            signs[place] = marks(*whole[place]) | (signs[place] & THANKS)
    return summed, signs & ~LOOK


def _learn(tokens: Sequence[str], folded: Sequence[str]) -> None:
    found = votes(tokens)
    _VOTES.extend(np.pad(found, ((0, 0), (0, 4 * _LANES - found.shape[1]))))
    _MARKS.extend(marks_alone(tokens, folded))


def _forget() -> None:
    _VOTES.clear()
    _MARKS.clear()


_ROWS = Rows(_learn, _forget)
