"""The rule about citing the knowledge base: a stale article is never cited silently."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carecli.replies.rules import Context, Hit, excerpt
from carecli.replies.seen import Seen, Span

_TELLING = 20  # characters of a passage that are no coincidence


@dataclass(frozen=True)
class Stale:
    """An article whose review is overdue, with the passages that a reply could repeat."""

    id: int
    title: str
    passages: Sequence[str]
    url: str | None
    owner: str | None
    review_by: str


def stale_article(seen: Seen, context: Context) -> Iterator[Hit]:
    """The reply cites an article whose review is overdue: by its link, or word for word."""
    for stale in context.stale:
        for span in _cited(seen.text, stale):
            owner = f"; ask {stale.owner}" if stale.owner else ""
            named = f"article {stale.id} (“{excerpt(stale.title, 60)}”)"
            yield Hit(f"This cites {named}, to be reviewed by {stale.review_by}: is it still right{owner}?", span)


def _cited(text: str, stale: Stale) -> Iterator[Span]:
    if stale.url:
        for match in re.finditer(re.escape(stale.url) + r"(?![\w/-])", text):
            yield match.span()
    for passage in stale.passages:
        place = text.find(passage)
        if place >= 0 and len(passage) >= _TELLING:
            yield place, place + len(passage)
