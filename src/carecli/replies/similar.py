"""How alike two replies are, in any script, and the rule against sending the same one again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carecli.replies.rules import Context, Hit, excerpt
from carecli.replies.seen import Seen
from carecli.text import words

# Shorter replies ("Thank you!") are alike by nature: they count only when they are the same.
_FEW = 4


def terms(text: str) -> list[str]:
    """What `text` is about, for comparing and ranking: its folded words, and Chinese as pairs of characters."""
    found: list[str] = []
    previous = ""
    for word in words(text):
        if not _is_han(word):
            found.append(word)
        elif previous:
            found.append(previous + word)
        previous = word if _is_han(word) else ""
    return found


def _is_han(word: str) -> bool:
    return len(word) == 1 and "\u3400" <= word <= "\U0003ffff" and not "\uac00" <= word <= "\ud7a3"


def shingles(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """`text` as two sets: its terms, and the three-character pieces of its words."""
    joined = f" {' '.join(words(text))} "
    return frozenset(terms(text)), frozenset(joined[i : i + 3] for i in range(max(0, len(joined) - 2)))


def similarity(one: str, other: str) -> float:
    """0…1: the larger Jaccard index of the two texts' terms and three-character pieces; 1 for the same words."""
    return _alike(shingles(one), shingles(other))


def _alike(one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]]) -> float:
    if min(len(one[0]), len(other[0])) < _FEW:
        return float(one == other and bool(one[0]))
    return max(_jaccard(a, b) for a, b in zip(one, other, strict=True))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    together = len(one | other)
    return len(one & other) / together if together else 0.0


def most_similar(text: str, others: Sequence[str]) -> tuple[int, float] | None:
    """The index of the text of `others` that is most like `text`, and how much; None where there are none."""
    own = shingles(text)
    ranked = [(_alike(own, shingles(other)), -index) for index, other in enumerate(others)]
    if not ranked:
        return None
    best, negative = max(ranked)
    return -negative, best


def repeat(seen: Seen, context: Context) -> Iterator[Hit]:
    """Nearly what was sent before."""
    found = most_similar(seen.text, [text for _, text in context.recent])
    if found is None or found[1] < context.rules.similarity or found[1] == 0:
        return
    index, alike = found
    label, earlier = context.recent[index]
    message = f"{alike:.0%} like what was sent before ({label}): “{excerpt(earlier, 120)}”. Say it in words of its own."
    yield Hit(message)
