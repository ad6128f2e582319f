"""Which texts say the same, and which messages are therefore reposts, cross-posts or copies of one another.

`gist` is the one notion of the same text: for reposts that become one case, for copies that a case tells of, for
accounts that say one thing again and again, for topics that a single text would make. Reposts are kept conservative,
because one who complains in the same words as another is another customer: only of what addresses nobody, by other
authors or on other platforms, within a week of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from carecli.text import fold
from carecli.text.plain import compiled

WINDOW = timedelta(days=7)
LONGEST = 4000  # characters that are looked at

_LINK = r"(?i)(?:https?://|\bwww\.)\S*"
_MASKED = rf"{_LINK}|[@#][\w.-]+|\b(?:rt|via)\b"
_WORD = r"[^\W_]+"
_HAN = "[\u3040-\u30ff\u3400-\u9fff]"
_BETWEEN_HAN = f"(?<={_HAN}) | (?={_HAN})"
# Shorter texts are the same by chance: "thank you", "any news?"; not so with the same link behind them.
_FEWEST_WORDS, _FEWEST_HAN, _LONG_WITH_LINK = 6, 12, 20


@dataclass(frozen=True, slots=True)
class Copy:
    """One message as far as it matters here; `mention` is its number."""

    mention: int
    gist: int
    platform: str
    author: int
    at: datetime


def gist(text: str) -> int | None:
    """A number that texts share which say the same, fit for a column of SQLite.

    The same: the same words in the same order, whatever the links, handles, hashtags, emoji, case, accents and
    punctuation. A changed word is another text. A text of few words is the same only with the same link; without one
    two people may well write it by themselves: None.
    """
    text = text[:LONGEST]
    words = compiled(_WORD).findall(fold(compiled(_MASKED).sub(" ", text)))
    if len(words) < _FEWEST_WORDS and len(compiled(_HAN).findall("".join(words))) < _FEWEST_HAN:
        links = [link.casefold().rstrip("/.,;:!?)") for link in compiled(_LINK).findall(text)]
        words += links if words else []
        if not links or len(" ".join(words)) < _LONG_WITH_LINK:
            return None
    said = compiled(_BETWEEN_HAN).sub("", " ".join(words)).encode("utf-8", "replace")
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big", signed=True)


def originals(new: Iterable[Copy], known: Mapping[int, Iterable[Copy]]) -> dict[int, int]:
    """Of the `new` messages, oldest first, those that repeat another one: their numbers → that one's number."""
    found: dict[int, int] = {}
    firsts = {key: list(copies) for key, copies in known.items()}
    for copy in new:
        earlier = firsts.setdefault(copy.gist, [])
        first = next((other for other in earlier if _repeats(copy, other)), None)
        if first is None:
            earlier.append(copy)
        else:
            found[copy.mention] = first.mention
    return found


def _repeats(copy: Copy, first: Copy) -> bool:
    others = (copy.platform, copy.author) != (first.platform, first.author)
    return others and abs(copy.at - first.at) <= WINDOW
