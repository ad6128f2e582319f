"""What is done with many words at once comes out as it would for each."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from carecli.text import fold
from carecli.triage.labels import Forms
from carecli.triage.many import each, each_other, pieces
from carecli.triage.prepare import Rules, prepare
from carecli.triage.symbols import LOOK, THANKS, marks, marks_alone

TEXTS = st.lists(st.text("aB'.!ĄÇ5\0\1 ", max_size=5), max_size=6)
TOKENS = st.lists(st.text("haxdlo'.,!?:()5T_😂👏ח哈", min_size=1, max_size=6), max_size=8)
WORDS = st.lists(st.text("והבא", max_size=6), max_size=6)


@given(TEXTS)
def test_a_change_of_each(texts: list[str]) -> None:
    assert each(str.lower, texts) == [text.lower() for text in texts]
    assert each_other(fold, texts) == [text if text.isascii() else fold(text) for text in texts]


@given(TEXTS)
def test_the_pieces_of_each(texts: list[str]) -> None:
    pattern = re.compile(r"[a-zA-Z']+|[^\w\0]|\0")
    found, counts = pieces(pattern, texts, None)
    each_alone = [re.findall(r"[a-zA-Z']+|[^\w]", text.replace("\0", "\1")) for text in texts]
    assert found == [piece for alone in each_alone for piece in alone]
    assert counts == [len(alone) for alone in each_alone]


def test_one_is_a_piece_as_it_is() -> None:
    assert pieces(re.compile(r"\w|\0"), ["ab", "c d", ""], 1) == (["a", "b", "c d"], [2, 1, 0])
    assert pieces(re.compile(r"\w|\0"), ["ab", "", "c d"], 1) == (["a", "b", "", "c", "d"], [2, 1, 2])


@given(TOKENS)
def test_the_marks_of_each(tokens: list[str]) -> None:
    folded = [fold(token) for token in tokens]
    found = marks_alone(tokens, folded)
    assert (found & ~(LOOK | THANKS)).tolist() == [marks(*pair) for pair in zip(tokens, folded, strict=True)]


@given(st.text("好谢哈呵lolxdhaT_ :;()<3!?？！。‽🙃😂", max_size=12))
def test_the_marks_of_a_text_are_those_of_all_its_characters(text: str) -> None:
    p = prepare(f"好{text}", Rules())
    assert p.marks & ~THANKS == marks(p.masked, p.plain)
    assert bool(p.marks & THANKS) == any(thanks in text.lower() for thanks in ("谢", "thx"))


def hanging(word: str, letters: str, least: Sequence[int]) -> int:
    """How many letters may hang before one word."""
    for count, fewest in enumerate(least):
        if len(word) - count - 1 < fewest or word[count] not in letters:
            return count
    return len(least)


@given(WORDS)
def test_the_letters_that_hang_before_each(words: list[str]) -> None:
    found = Forms.of(words).hanging("והב", [2, 3, 4])
    assert found.tolist() == [hanging(word, "והב", [2, 3, 4]) for word in words]
    marked = Forms.of([f" {word}" for word in words]).hanging("והב", [2, 3, 4], 1)
    assert marked.tolist() == found.tolist()
