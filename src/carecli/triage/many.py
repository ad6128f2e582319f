"""Many short texts at once: one call for all of them instead of one for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

_BETWEEN, _NO_LONGER = "\0", "\1"


def each(make: Callable[[str], str], texts: Sequence[str]) -> list[str]:
    """`make` of each text; it must see no more in texts with NUL between them than in each alone."""
    found = make(_BETWEEN.join(texts)).split(_BETWEEN)
    return found if len(found) == len(texts) else list(map(make, texts))


def each_other(make: Callable[[str], str], texts: Sequence[str]) -> list[str]:
    """The texts, and `make` of those that are not ASCII."""
    found = list(texts)
    others = [place for place, plain in enumerate(map(str.isascii, texts)) if not plain]
    if others:
        for place, text in zip(others, each(make, [texts[place] for place in others]), strict=True):
            found[place] = text
    return found


def pieces(pattern: re.Pattern[str], texts: Sequence[str], whole: int | None) -> tuple[list[str], list[int]]:
    """What a pattern finds in each text, one after another, and how often; the text at `whole` is one piece as it is.

    The pattern finds NUL alone, and \\1 like any control character.
    """
    joined = _BETWEEN.join([*texts, ""])
    if joined.count(_BETWEEN) > len(texts):
        joined = _BETWEEN.join([*(text.replace(_BETWEEN, _NO_LONGER) for text in texts), ""])
    found = pattern.findall(joined)
    ends = [place for place, piece in enumerate(found) if piece == _BETWEEN]
    counts = [end - before - 1 for before, end in pairwise([-1, *ends])]
    found = [piece for piece in found if piece != _BETWEEN]
    if whole is not None:
        start = sum(counts[:whole])
        found[start : start + counts[whole]] = [texts[whole]]
        counts[whole] = 1
    return found, counts
