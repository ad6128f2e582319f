"""Is it over? A customer's message that says thanks, or that it works now, and asks for nothing more."""

from __future__ import annotations

from carecli.replies.lexicon import pattern
from carecli.replies.seen import see

_LONGEST = 200  # characters: who writes more has more to say than thanks


def is_thanks(text: str) -> bool:
    """Whether a message closes a conversation, in any of the four languages. Doubt is no."""
    if len(text) > _LONGEST or "?" in text or "？" in text:
        return False
    seen = see(text)
    thanked = False
    for code in sorted(seen.languages):
        words, more = pattern(code, "thanks", "words"), pattern(code, "thanks", "but")
        found = words is not None and words.search(seen.folded) is not None
        thanked |= found
        rest = words.sub(" ", seen.folded) if found and words is not None else seen.folded
        if more is not None and more.search(rest):
            return False
    return thanked
