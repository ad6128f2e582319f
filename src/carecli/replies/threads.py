"""A long answer as several posts: cut between sentences, each with its place, none longer than the platform takes."""

from __future__ import annotations

import re
from collections.abc import Callable

MOST = 6  # posts that a customer may be asked to read
_ROOM = " 9/9"
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*[\"”’)]*|\n|[.!?。！？]+")


def parts(text: str, limit: int, measure: Callable[[str], int]) -> list[str]:
    """`text` in posts that end in "1/3", "2/3" …; the text itself where it fits. Empty when it needs more than MOST,
    or a word is longer than a post."""
    if measure(text) <= limit:
        return [text]
    cut = _cut(text, limit - measure(_ROOM), measure)
    if not 1 < len(cut) <= MOST:
        return []
    return [f"{part} {number}/{len(cut)}" for number, part in enumerate(cut, 1)]


def _cut(text: str, room: int, measure: Callable[[str], int]) -> list[str]:
    found = [""]
    for piece in _pieces(text, room, measure):
        joined = (found[-1] + piece).strip() if found[-1] else piece.strip()
        if measure(joined) <= room:
            found[-1] = joined if not piece[-1:].isspace() else joined + piece[-1]
        elif measure(piece.strip()) <= room:
            found[-1] = found[-1].strip()
            found.append(piece.lstrip())
        else:
            return []
    return [part.strip() for part in found if part.strip()]


def _pieces(text: str, room: int, measure: Callable[[str], int]) -> list[str]:
    """Sentences with the space after them; one that is too long comes word by word."""
    found: list[str] = []
    for match in re.finditer(rf"(?:{_SENTENCE.pattern})\s*", text):
        if measure(match[0].strip()) <= room:
            found.append(match[0])
        else:
            found.extend(re.findall(r"\S+\s*", match[0]))
    return found
