"""What a text is about, as terms that can be counted and compared in any script."""

from __future__ import annotations

from carecli.text.folding import words


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
