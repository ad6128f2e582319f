"""Somebody asks us not to write to them any more, in any of the four languages."""

from __future__ import annotations

from carecli.replies.lexicon import pattern
from carecli.replies.seen import see

_READ = 2_000  # characters of a message that are looked at


def asks_to_stop(text: str) -> bool:
    """Whether a message tells us to leave its writer alone. Doubt is yes: a message too few harms nobody."""
    seen = see(text[:_READ])
    return any(
        words is not None and words.search(seen.folded) is not None
        for words in (pattern(code, "stop", "words") for code in sorted(seen.languages))
    )
