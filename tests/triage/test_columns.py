"""Numbers of words, and what is kept under them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from carecli.triage.columns import Column, Vocabulary


def test_what_was_learnt_by_half_is_forgotten() -> None:
    lengths, broken = Column(int), [True]

    def learn(words: Sequence[str]) -> None:
        for word in words:
            lengths.extend([len(word)])
            if broken:
                raise KeyboardInterrupt

    vocabulary = Vocabulary(learn, lengths.clear)
    with pytest.raises(KeyboardInterrupt):
        vocabulary.numbers(["lost", "luggage"])
    broken.clear()
    numbers = vocabulary.numbers(["luggage", "is", "lost"])
    assert lengths.all[numbers].tolist() == [7, 2, 4]
