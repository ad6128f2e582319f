"""Who drafts: a maker takes a request and gives drafts, without findings; three of them keep this one contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from carecli.config import Voice
from carecli.model import Draft
from carecli.replies.composing import CaseBrief, Fit
from carecli.replies.drafting import templates
from carecli.replies.knowledge import Article, from_knowledge


@dataclass(frozen=True)
class Said:
    """One message of the conversation, oldest first in a request; `ours`: the brand wrote it."""

    ours: bool
    text: str


@dataclass(frozen=True)
class Request:
    """All that a maker may know. `recent` are replies sent lately, `articles` those that may help, `seed` decides
    between equals, `names` are people whose names leave the machine in no case, `own`: nothing but the voice's own
    phrasings."""

    case: CaseBrief
    voice: Voice
    voice_name: str
    count: int = 1
    agent: str | None = None
    seed: str = ""
    fit: Fit | None = None
    recent: Sequence[str] = ()
    articles: Sequence[Article] = ()
    conversation: Sequence[Said] = ()
    names: Sequence[str] = ()
    own: bool = False


class Maker(Protocol):
    """Up to `request.count` different drafts, the best first; none where it has nothing to say."""

    def __call__(self, request: Request, /) -> list[Draft]: ...


def template(request: Request) -> list[Draft]:
    """From phrasings of the voice and of the languages."""
    return templates(
        request.case,
        request.voice,
        voice_name=request.voice_name,
        recent=request.recent,
        count=request.count,
        agent=request.agent,
        rng_seed=request.seed,
        fit=request.fit,
        own=request.own,
    )


def knowledge(request: Request) -> list[Draft]:
    """From the passages of articles in the customer's language, quoted and linked."""
    return from_knowledge(
        request.case,
        request.articles,
        request.voice,
        voice_name=request.voice_name,
        count=request.count,
        agent=request.agent,
        rng_seed=request.seed,
        fit=request.fit,
    )
