"""What the tokens of texts say, as columns: votes for a language (`language.py`) and marks (`symbols.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from carecli.text import fold
from carecli.triage.columns import Column, Ints
from carecli.triage.language import FOREIGN, Votes, votes
from carecli.triage.symbols import marks
from carecli.triage.vocabulary import Rows, Tokens

# Four votes to an integer: no sum of a text's is larger than what fits a lane.
_LANES = -(-len(Votes._fields) // 4)
_VOTES, _MARKS = Column(np.uint16, 4 * _LANES), Column(np.int8)


def said(tokens: Tokens, whole: Mapping[int, tuple[str, str]]) -> tuple[Ints, Ints]:
    """The sums of the votes of each text's tokens, one row a text and one column a vote, and their marks together.

    The words of a `whole` text come once, so it is looked at as it is (masked, and folded).
    """
    rows, starts = _ROWS.of(tokens.numbers), np.cumsum(tokens.sizes) - tokens.sizes
    if not len(starts):
        return np.zeros((0, len(Votes._fields)), np.int64), starts
    lanes = np.add.reduceat(_VOTES.all.view(np.int64)[rows], starts, axis=0)
    summed = lanes.view(np.uint16)[:, : len(Votes._fields)].astype(np.int64)
    signs: Ints = np.bitwise_or.reduceat(_MARKS.all[rows], starts)
    for place, (masked, plain) in whole.items():
        summed[place] = FOREIGN
        signs[place] = marks(masked, plain)
    return summed, signs


def _learn(tokens: Sequence[str]) -> None:
    found = votes(tokens)
    _VOTES.extend(np.pad(found, ((0, 0), (0, 4 * _LANES - found.shape[1]))))
    _MARKS.extend([marks(token, fold(token)) for token in tokens])


def _forget() -> None:
    _VOTES.clear()
    _MARKS.clear()


_ROWS = Rows(_learn, _forget)
