"""What the tokens of texts say, as columns: votes for a language (`language.py`) and marks (`symbols.py`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from carecli.text import fold
from carecli.triage.columns import Column, Ints, Vocabulary, joined
from carecli.triage.language import FOREIGN, Votes, votes
from carecli.triage.symbols import marks

_VOTES, _MARKS = Column(np.int32, len(Votes._fields)), Column(np.int8)


def said(
    texts: Sequence[Sequence[str]], masked: Sequence[str], plain: Sequence[str], whole: Sequence[bool]
) -> tuple[Ints, list[int]]:
    """The sums of the votes of each text's tokens, one row a text and one column a vote, and their marks together.

    The words of a `whole` text come once, so it is looked at as it is (`masked`, and `plain` folded).
    """
    flat, counts = joined([[] if alone else tokens for tokens, alone in zip(texts, whole, strict=True)], "")
    numbers = _VOCABULARY.numbers(flat)
    starts = np.cumsum(counts) - counts
    summed: Ints = np.add.reduceat(_VOTES.all[numbers], starts, axis=0, dtype=np.int64)
    signs = np.bitwise_or.reduceat(_MARKS.all[numbers], starts).tolist()
    for place, alone in enumerate(whole):
        if alone:
            summed[place] = FOREIGN
            signs[place] = marks(masked[place], plain[place])
    return summed, signs


def _learn(tokens: Sequence[str]) -> None:
    _VOTES.extend(votes(tokens))
    _MARKS.extend([marks(token, fold(token)) for token in tokens])


def _forget() -> None:
    _VOTES.clear()
    _MARKS.clear()


_VOCABULARY = Vocabulary(_learn, _forget)
