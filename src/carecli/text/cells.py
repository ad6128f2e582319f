"""Text in the units that people and terminals count: graphemes and cells.

Text should be inert before it is measured. Widths follow wcwidth; terminals differ on rare emoji and scripts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from carecli.text.plain import is_plain

_CLOSING = frozenset("、。，．！？；：）〕］｝」』】》〉”’…!?,.;:)]}%")
_OPENING = frozenset("（〔［｛「『【《〈“‘")
_UNBREAKABLE_SPACES = frozenset("\u00a0\u2007\u202f")


def graphemes(text: str) -> list[str]:
    """The extended grapheme clusters of `text` (Unicode Standard Annex 29): a reader's characters."""
    return list(clusters(text))


def grapheme_count(text: str) -> int:
    """How many grapheme clusters `text` has: the unit of Bluesky's and Mastodon's limits."""
    return len(text) if is_plain(text) else sum(1 for _ in clusters(text))


def clusters(text: str) -> Iterator[str]:
    """Like `graphemes`, one at a time."""
    if is_plain(text):
        return iter(text)
    from wcwidth import iter_graphemes

    return iter(iter_graphemes(text))


def width(text: str) -> int:
    """Terminal cells that the graphemes of `text` take; control characters take none."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_CELLS.__getitem__, clusters(text)))


def _cluster_width(cluster: str) -> int:
    if cluster == "\n":
        return 0
    if is_plain(cluster):
        return 2 if unicodedata.east_asian_width(cluster) in "WF" else 1
    from wcwidth import wcswidth

    return max(0, wcswidth(cluster))


class _Cells(dict[str, int]):
    """The widths of the clusters that were asked for, as many as fit into a small table."""

    def __missing__(self, cluster: str) -> int:
        if len(self) >= 8192:
            self.clear()
        cells = _cluster_width(cluster)
        if len(cluster) <= 16:
            self[cluster] = cells
        return cells


_CELLS = _Cells()


def clip(text: str, cells: int) -> str:
    """`text` where it fits into `cells` cells, else its first graphemes and "…". One line in, one out."""
    if cells <= 0:
        return ""
    if len(text) <= cells and text.isascii() and text.isprintable():
        return text
    if 2 * len(text) <= cells and "\n" not in text and is_plain(text):
        return text
    kept: list[str] = []
    used = room = 0
    for cluster in clusters(text):
        used += _CELLS[cluster]
        if used > cells:
            return "".join(kept[:room]) + "…"
        kept.append(cluster)
        if used < cells:
            room = len(kept)
    return text


def wrap(text: str, cells: int) -> list[str]:
    """`text` as lines of at most `cells` cells, broken at spaces and beside Chinese characters.

    A word that is too long is broken between graphemes. A line break in `text` stays one; spaces at a break
    go. Closing punctuation does not begin a line where that can be avoided. A grapheme wider than `cells` has
    its own line. Raises ValueError for `cells` below 1.
    """
    if cells < 1:
        raise ValueError(f"cannot wrap to {cells} cells")
    return [line for paragraph in text.split("\n") for line in _wrap_paragraph(paragraph, cells)]


def _wrap_paragraph(paragraph: str, cells: int) -> list[str]:
    if width(paragraph) <= cells:
        return [paragraph]
    lines: list[str] = []
    line, gap = "", ""
    used = 0
    for piece in _pieces(paragraph):
        if _is_space(piece):
            gap += piece
            continue
        needed = width(gap) + width(piece)
        if used + needed <= cells:
            line += gap + piece
            used += needed
        else:
            *full, line = [line, *_chopped(piece, cells)] if line else _chopped(piece, cells)
            lines += full
            used = width(line)
        gap = ""
    return [*lines, line]


def _pieces(paragraph: str) -> Iterator[str]:
    """Spaces, one by one, and what should stay whole: words, and wide characters with their punctuation."""
    piece: list[str] = []
    loose = False  # a line may end after `piece`
    for cluster in clusters(paragraph):
        space = _is_space(cluster)
        wide = not space and _CELLS[cluster] > 1
        held = cluster in _CLOSING or (bool(piece) and piece[-1] in _OPENING)
        if piece and (space or _is_space(piece[0]) or ((wide or loose) and not held)):
            yield "".join(piece)
            piece = []
        piece.append(cluster)
        loose = wide or (loose and cluster in _CLOSING)
    if piece:
        yield "".join(piece)


def _is_space(cluster: str) -> bool:
    return cluster.isspace() and _UNBREAKABLE_SPACES.isdisjoint(cluster)


def _chopped(piece: str, cells: int) -> list[str]:
    """`piece` in lines of at most `cells` cells, between graphemes."""
    if width(piece) <= cells:
        return [piece]
    lines: list[list[str]] = [[]]
    used = 0
    for cluster in clusters(piece):
        size = _CELLS[cluster]
        if lines[-1] and used + size > cells:
            lines.append([])
            used = 0
        lines[-1].append(cluster)
        used += size
    return ["".join(line) for line in lines]
