"""How alike two replies are, in any script, and the rule against sending the same one again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from carecli.replies.rules import Context, Hit, excerpt
from carecli.replies.seen import Seen
from carecli.text import terms, words

# Shorter replies ("Thank you!") are alike by nature: they count only when they are the same.
_FEW = 4


Shingles = tuple[frozenset[str], frozenset[str]]


@lru_cache(maxsize=512)
def shingles(text: str) -> Shingles:
    """`text` as two sets: its terms, and the three-character pieces of its words. Kept: the next draft asks again."""
    joined = f" {' '.join(words(text))} "
    return frozenset(terms(text)), frozenset(joined[i : i + 3] for i in range(max(0, len(joined) - 2)))


def similarity(one: str, other: str) -> float:
    """0…1: the larger Jaccard index of the two texts' terms and three-character pieces; 1 for the same words."""
    return alike(shingles(one), shingles(other))


def alike(one: Shingles, other: Shingles) -> float:
    """`similarity` of two texts that are shingled already."""
    if min(len(one[0]), len(other[0])) < _FEW:
        return float(one == other and bool(one[0]))
    return max(_jaccard(a, b) for a, b in zip(one, other, strict=True))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    together = len(one) + len(other) - common
    return common / together if together else 0.0


def repeat(seen: Seen, context: Context) -> Iterator[Hit]:
    """Nearly what was sent before."""
    own = shingles(seen.text)
    scores = [alike(own, shingles(text)) for _, text in context.recent]
    most = max(scores, default=0.0)
    if most < context.rules.similarity or most == 0:
        return
    label, earlier = context.recent[scores.index(most)]
    message = f"{most:.0%} like what was sent before ({label}): “{excerpt(earlier, 120)}”. Say it in words of its own."
    yield Hit(message)
