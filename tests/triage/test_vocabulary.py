"""Numbers of words, and what is kept under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from carecli.triage import prior
from carecli.triage.columns import Column
from carecli.triage.vocabulary import VOCABULARY, Rows, numbered


def test_what_was_learnt_by_half_is_forgotten() -> None:
    lengths, broken = Column(int), [True]

    def learn(words: Sequence[str], _: Sequence[str]) -> None:
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


def test_what_was_forgotten_by_half_is_forgotten() -> None:
    lengths, interrupted = Column(int), [False, True]

    def forget() -> None:
        if interrupted.pop():
            raise KeyboardInterrupt
        lengths.clear()

    rows = Rows(lambda words, _: lengths.extend(list(map(len, words))), forget)
    rows.of(numbered([["lost", "luggage"]]).numbers)
    with pytest.raises(KeyboardInterrupt):
        rows.clear()
    found = rows.of(numbered([["is", "luggage"]]).numbers)
    assert lengths.all[found].tolist() == [2, 7, 0]


def test_numbers_that_were_forgotten_are_given_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = Column(int)
    rows = Rows(lambda words, _: lengths.extend(list(map(len, words))), lengths.clear)
    rows.of(numbered([["lost", "luggage"]]).numbers)
    monkeypatch.setattr("carecli.triage.vocabulary._MOST_UNITS", 1)
    found = rows.of(numbered([["in", "luggage"], ["lost"]]).numbers)
    assert lengths.all[found].tolist() == [2, 7, 0, 4, 0]


def test_words_that_were_numbered_by_half_are_folded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("carecli.triage.vocabulary.fold", interrupted)
        with pytest.raises(KeyboardInterrupt):
            numbered([["ŁÓDŹ", "Straße"]])
    numbers = numbered([["Straße", "Ünders", "ŁÓDŹ"]]).numbers
    assert VOCABULARY.folded_of(numbers) == ["strasse", "unders", "lodz", ""]


def test_some_texts_are_others() -> None:
    tokens = numbered([["a", "b"], [], ["c"]]).with_others({0: ["c"], 1: ["a", "a"]})
    assert tokens.sizes.tolist() == [2, 3, 2]
    assert tokens.numbers.tolist() == numbered([["c"], ["a", "a"], ["c"]]).numbers.tolist()


def test_room_that_was_made_by_half_is_made_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = prior.shipped().linear
    model, other = (replace(shipped) for _ in range(2))

    def no_room(*_: object) -> None:
        raise MemoryError

    model.logits([["hello"]])
    with monkeypatch.context() as broken:
        broken.setattr("numpy.concatenate", no_room)
        with pytest.raises(MemoryError):
            model.logits([["lost", "luggage", "again", "and", "again"]])
    for tokens in (["hello", "there"], ["lost", "luggage", "again", "and", "again"]):
        assert (model.logits([tokens]) == other.logits([tokens])).all()
