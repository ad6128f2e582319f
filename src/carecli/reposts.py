"""Which messages are the same text again: reposts, cross-posts and syndicated copies of what addresses nobody.

Kept conservative, because one who complains in the same words as another is another customer: only long texts, or
texts with a link, by other authors or on other platforms, within a week of each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from carecli.text import words

WINDOW = timedelta(days=7)
_LONG = 40  # characters
_LONG_WITH_LINK = 20
_LINK = re.compile(r"https?://", re.IGNORECASE)
_QUOTED = re.compile(r"\s*RT @\S+:?\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Copy:
    """One message as far as it matters here; `mention` is its number."""

    mention: int
    print: bytes
    platform: str
    author: int
    at: datetime


def fingerprint(text: str) -> bytes | None:
    """Eight bytes that texts share which say the same, whatever their case, spaces and punctuation.

    None for a text that two people may well write by themselves.
    """
    said = " ".join(words(_QUOTED.sub("", text, count=1)))
    if len(said) < (_LONG_WITH_LINK if _LINK.search(text) else _LONG):
        return None
    return blake2b(said.encode("utf-8", "replace"), digest_size=8).digest()


def originals(new: Iterable[Copy], known: Mapping[bytes, Iterable[Copy]]) -> dict[int, int]:
    """Of the `new` messages, oldest first, those that repeat another one: their numbers → that one's number."""
    found: dict[int, int] = {}
    firsts = {key: list(copies) for key, copies in known.items()}
    for copy in new:
        earlier = firsts.setdefault(copy.print, [])
        first = next((other for other in earlier if _repeats(copy, other)), None)
        if first is None:
            earlier.append(copy)
        else:
            found[copy.mention] = first.mention
    return found


def _repeats(copy: Copy, first: Copy) -> bool:
    others = (copy.platform, copy.author) != (first.platform, first.author)
    return others and abs(copy.at - first.at) <= WINDOW
