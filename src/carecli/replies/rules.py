"""What a guardrail rule is, what it may know, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carecli.config import Guardrails, Voice
from carecli.model import Intent, Sentiment, Severity, Urgency
from carecli.replies.lexicon import pattern
from carecli.replies.seen import Seen, Span

if TYPE_CHECKING:
    from carecli.replies.citing import Stale
    from carecli.replies.claims import Support


@dataclass(frozen=True)
class Context:
    """Everything that a rule may know about a reply beside its text; all of it is optional.

    `language` is the customer's, as a BCP 47 code. `limit` is the platform's, in the unit of `measure`. `recent` are
    replies sent lately as (label, text), the label such as "case 12, 2026-11-20". `answered`: nobody waits for
    an answer any more. `to_own`: the reply would go under our own post. `deleted`: the post is gone.
    `stale`: articles whose review is overdue. `support`: what a model's draft may rest on, None for a person's words.
    `heard`: what the customer wrote. `agent`: who signs. `barred`: why the agent may not answer. `claimed_by`: another
    agent. `answers`: ours since the customer's newest message. `landings`: link as written → what is wrong with where
    it leads. `threads`: a long reply may go out in parts.
    """

    private: bool = False
    language: str | None = None
    limit: int | None = None
    measure: Callable[[str], int] = len
    rules: Guardrails = field(default_factory=Guardrails)
    voice: Voice = field(default_factory=Voice)
    intent: Intent | None = None
    urgency: Urgency | None = None
    sentiment: Sentiment | None = None
    recent: Sequence[tuple[str, str]] = ()
    answered: bool = False
    to_own: bool = False
    deleted: bool = False
    stale: Sequence[Stale] = ()
    support: Support | None = None
    topics: Sequence[str] = ()
    heard: str = ""
    agent: str | None = None
    brand: str | None = None
    barred: str | None = None
    claimed_by: str | None = None
    answers: int = 0
    landings: Mapping[str, str] = field(default_factory=dict)
    threads: bool = False

    @property
    def emergency(self) -> bool:
        """Whether the customer wrote about an emergency."""
        return self.urgency == "emergency" or self.intent == "emergency"

    @property
    def upset(self) -> bool:
        """Whether the customer complains or is unhappy."""
        return self.intent == "complaint" or self.sentiment == "negative"


@dataclass(frozen=True)
class Hit:
    """One place that a rule objects to, in offsets of the original text, None for the whole of it.

    `severity` is the rule's own default unless a hit says otherwise.
    """

    message: str
    span: Span | None = None
    severity: Severity | None = None


Find = Callable[[Seen, Context], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """A rule: its id in care.toml, its default severity, one line about it, and how it finds."""

    id: str
    severity: Severity
    about: str
    find: Find


def phrases(seen: Seen, *path: str) -> Iterator[Span]:
    """Where phrases at `path` of the languages' data stand, as folded offsets, except where `path`_not matches."""
    for language in sorted(seen.languages):
        yield from phrases_in(language, seen, *path)


def phrases_in(language: str, seen: Seen, *path: str) -> Iterator[Span]:
    """The same for one language."""
    wanted = pattern(language, *path)
    if wanted is None:
        return
    unwanted = pattern(language, *path[:-1], f"{path[-1]}_not")
    without = [match.span() for match in unwanted.finditer(seen.folded)] if unwanted else []
    yield from outside(wanted.finditer(seen.folded), without)


def outside(matches: Iterable[re.Match[str]], without: Sequence[Span]) -> Iterator[Span]:
    """The spans of `matches` that touch none of `without`; both in order, so one walk is enough."""
    index = 0
    for match in matches:
        start, end = match.span()
        while index < len(without) and without[index][1] <= start:
            index += 1
        if index == len(without) or without[index][0] >= end:
            yield start, end


def quoted(seen: Seen, span: Span) -> str:
    """The original text at the folded `span`, short and on one line, to stand in a message."""
    start, end = seen.original(*span)
    return excerpt(seen.text[start:end], 60)


def excerpt(text: str, characters: int) -> str:
    """The beginning of `text` on one line, without control and invisible characters."""
    line = " ".join("".join(c if c.isprintable() or c.isspace() else "" for c in text[: 4 * characters]).split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"
