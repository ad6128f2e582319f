"""Topics by example: a text is about what a sentence of care.toml is about when it shares most of its words.

For what no single word gives away ("it never came"). Words are compared by their beginnings, so that endings do not
matter, Chinese by pairs of characters; short words, which are mostly grammar, do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from carecli.text import fold
from carecli.triage.variants import variants

MAX_CHARACTERS = 4000

_WORD = re.compile(r"[^\W_]+")
_HAN_RUN = re.compile("[\u3400-\u9fff]{2,}")
_GRAMMAR = 3  # letters of a word that says nothing by itself
_STEM = 5
_SHARE = 0.6
_FEWEST = 2


def like(text: str, examples: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The topics of whose examples one is like `text`, in the order of `examples`, and the reasons in words."""
    known = _prepared(tuple((topic, tuple(sentences)) for topic, sentences in examples.items()))
    said = _content(text) if known else frozenset()
    found: dict[str, str] = {}
    for topic, sentence, words in known:
        shared = len(words & said)
        if topic not in found and shared >= _FEWEST and shared >= _SHARE * len(words):
            found[topic] = sentence
    return tuple(found), tuple(f"topic {topic}: like '{sentence}'" for topic, sentence in found.items())


@lru_cache(maxsize=16)
def _prepared(
    examples: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[tuple[str, str, frozenset[str]], ...]:
    return tuple((topic, text, _content(text)) for topic, texts in examples for text in texts)


def _content(text: str) -> frozenset[str]:
    folded = fold(text[:MAX_CHARACTERS])
    if not folded.isascii():
        folded = folded.translate(variants())
    pairs = {run[at : at + 2] for run in _HAN_RUN.findall(folded) for at in range(len(run) - 1)}
    words = {word[:_STEM] for word in _WORD.findall(_HAN_RUN.sub(" ", folded)) if len(word) > _GRAMMAR}
    return frozenset(pairs | words)
