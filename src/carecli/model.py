"""The nouns that everything shares: plain frozen data, no behaviour beyond small derivations.

Times are aware `datetime` values in UTC, durations are seconds, unknown is `None`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

JSON = dict[str, Any]

Sentiment = Literal["negative", "neutral", "positive"]
Intent = Literal["complaint", "question", "request", "praise", "suggestion", "lead", "emergency", "spam", "chatter"]
Urgency = Literal["emergency", "today", "week", "whenever"]
Status = Literal["open", "pending", "snoozed", "resolved"]
SlaState = Literal["ok", "due", "breached", "met", "none"]
Visibility = Literal["public", "unlisted", "followers", "direct", "internal"]
Risk = Literal["legal", "press", "accessibility", "minors", "safety", "data_breach", "churn"]
AuthorKind = Literal["person", "bot", "company", "unknown"]
Severity = Literal["block", "confirm", "note"]
ReplyStatus = Literal["approved", "sending", "sent", "failed", "unsure", "cancelled"]

SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)
INTENTS: tuple[Intent, ...] = get_args(Intent)
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
STATUSES: tuple[Status, ...] = get_args(Status)
RISKS: tuple[Risk, ...] = get_args(Risk)

# Whoever writes with one of these expects an answer (METRICS: needing a reply) …
ANSWERED_INTENTS: frozenset[Intent] = frozenset({"complaint", "question", "request", "emergency"})
# … and with one of these, when it is addressed to the brand.
ANSWERED_IF_DIRECTED: frozenset[Intent] = frozenset({"praise", "suggestion"})


def needs_reply(intent: Intent, *, directed: bool) -> bool:
    """Whether whoever writes with this intent expects an answer; spam never does."""
    return intent in ANSWERED_INTENTS or (directed and intent in ANSWERED_IF_DIRECTED)


def iso(moment: datetime) -> str:
    """`moment` as ISO 8601 text in UTC with whole seconds and `Z`: sorts as it reads."""
    here = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{here.isoformat()[:19]}Z"


def parse_iso(text: str) -> datetime:
    """The moment that `iso` (or any ISO 8601 text with an offset) names; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a mention, as the platform names them; `followers` is None where the platform does not say."""

    handle: str
    name: str | None = None
    id: str | None = None
    followers: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """One post, comment, review or message, as a platform gave it.

    `external_id` is unique within (`platform`, `host`); `in_reply_to` and `thread_root` are external ids.
    `inbound` is False for what the brand itself wrote. `directed` is None where the platform does not tell
    whether the brand was addressed. `raw` is the untouched source, as JSON text. `matched` says what of the brand's
    query was found where (carecli.matching), None where nothing was searched for. `brand` is whose
    customer wrote, where a file of several brands says so.
    """

    platform: str
    external_id: str
    text: str
    created_at: datetime
    author: Author
    host: str = ""
    url: str | None = None
    in_reply_to: str | None = None
    thread_root: str | None = None
    language: str | None = None
    visibility: Visibility = "public"
    inbound: bool = True
    directed: bool | None = None
    automatic: bool = False
    edited_at: datetime | None = None
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    raw: str | None = None
    matched: str | None = None
    brand: str | None = None


class Verdict(NamedTuple):
    """What triage says of one text. `sentiment_score` is −1…1, `confidence` 0…1, `why` is for people."""

    language: str | None
    sentiment: Sentiment
    sentiment_score: float
    intent: Intent
    topics: tuple[str, ...]
    urgency: Urgency
    needs_reply: bool
    confidence: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One guardrail finding: `start` and `end` are character offsets into the checked text, None for the whole."""

    rule: str
    severity: Severity
    message: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed reply; `sources` name where its words come from, `template:complaint/en` or `kb:12`."""

    text: str
    language: str
    voice: str
    maker: Literal["template", "knowledge", "llm", "person"]
    sources: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    draft_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a Poster sends: the text, and the mention that it answers."""

    text: str
    to: Mention
    language: str | None = None
    private: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a reply is out: its id and address on the platform."""

    external_id: str
    url: str | None = None
    created_at: datetime | None = None
    host: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a source: mentions, the cursor that resumes after it, and the items that were skipped, named.

    `deleted` are the external ids of what its author, or the platform, has taken away since.
    """

    mentions: tuple[Mention, ...]
    cursor: JSON
    skipped: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fetch of one source stands or ended; `error` is None when all went well. Durations in seconds.

    `deleted`: how many known mentions are gone at the source. `next_try`: not to be asked again before then;
    `waiting`: so it was not asked this time. `done`: the fetch of this source is over.
    """

    source: str
    platform: str
    fetched: int = 0
    new: int = 0
    updated: int = 0
    seconds: float = 0.0
    error: str | None = None
    skipped: tuple[str, ...] = ()
    deleted: int = 0
    next_try: datetime | None = None
    waiting: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a case's append-only log; `number` is its place in the database, None before it is there."""

    kind: str
    at: datetime
    actor: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = None
