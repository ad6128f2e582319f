"""Which texts say the same words: copies, reposts with another link, a template that many people send."""

from __future__ import annotations

import re
from hashlib import blake2b

from carecli.text import fold

MAX_CHARACTERS = 4000

_MASKED = re.compile(r"https?://\S*|\bwww\.\S*|[@#][\w.-]+|\b(?:rt|via)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_BETWEEN_HAN = re.compile("(?<=[\u3040-\u30ff\u3400-\u9fff]) | (?=[\u3040-\u30ff\u3400-\u9fff])")
# Shorter texts are the same by chance: "thank you", "any news?"
_FEWEST_WORDS, _FEWEST_HAN = 6, 12


def gist(text: str) -> int | None:
    """A number that near-identical texts share, fit for a column of SQLite; None for short ones.

    Near-identical: the same words in the same order, whatever the links, handles, hashtags, emoji, case, accents and
    punctuation. A changed word is another text.
    """
    words = _WORD.findall(fold(_MASKED.sub(" ", text[:MAX_CHARACTERS])))
    if len(words) < _FEWEST_WORDS and len(_HAN.findall("".join(words))) < _FEWEST_HAN:
        return None
    said = _BETWEEN_HAN.sub("", " ".join(words)).encode("utf-8", "replace")
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "big", signed=True)
