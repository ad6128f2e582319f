"""Numbers of words, and what is kept under them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from carecli.triage.columns import Column
from carecli.triage.vocabulary import Rows, numbered


def test_what_was_learnt_by_half_is_forgotten() -> None:
    lengths, broken = Column(int), [True]

    def learn(words: Sequence[str]) -> None:
        for word in words:
            lengths.extend([len(word)])
            if broken:
                raise KeyboardInterrupt

    rows = Rows(learn, lengths.clear)
    with pytest.raises(KeyboardInterrupt):
        rows.of(numbered([["lost", "luggage"]]).numbers)
    broken.clear()
    found = rows.of(numbered([["luggage", "is", "lost"]]).numbers)
    assert lengths.all[found].tolist() == [7, 2, 4, 0]
