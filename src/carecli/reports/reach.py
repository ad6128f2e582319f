"""What platforms report of audiences, and the brand's part of what is said: with the labels that keep them honest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carecli.reports import tables
from carecli.reports.parts import Frame, assemble
from carecli.reports.stats import wilson
from carecli.reports.tables import Part, Row, Section

REPORTED = (
    "Sums of what the platforms reported when the mentions were read, not people reached: followers overlap, and not "
    "every follower sees a post."
)
VOICE = "Inbound mentions that name each, on sources that searched for all of them; one that names two counts for both."
BRANDS = "Inbound mentions by the brand that their rows name, on sources that have mentions of all of them."


@dataclass(frozen=True, slots=True)
class Reach:
    """One side's mentions as their platforms report them; a sum is None where no platform said anything.

    `…_known`: how many authors or mentions the sum is over.
    """

    who: str
    mentions: int
    authors: int
    followers: int | None
    followers_known: int
    likes: int | None
    likes_known: int
    reposts: int | None
    reposts_known: int
    replies: int | None
    replies_known: int


def reach_part(frame: Frame, sides: Sequence[Reach]) -> Part:
    """Followers of authors and reactions, as reported."""
    rows = tuple(
        Row(f"{side.who}: {what}", (_sum(value, unit), tables.count(known, of)), whole)
        for side in sides
        for what, value, unit, known, of, whole in (
            ("followers of authors", side.followers, "followers", side.followers_known, "authors", side.authors),
            ("likes", side.likes, "likes", side.likes_known, "mentions", side.mentions),
            ("reposts", side.reposts, "reposts", side.reposts_known, "mentions", side.mentions),
            ("replies", side.replies, "replies", side.replies_known, "mentions", side.mentions),
        )
    )
    table = Section("reach", "Reach as reported", ("", "sum", "known for"), rows, (REPORTED,))
    return assemble(frame, "reach", "Reach as reported", tuple(sides), (table,))


def _sum(value: int | None, unit: str) -> tables.Cell:
    return tables.Cell(None, unit, tables.NOTHING) if value is None else tables.count(value, unit)


@dataclass(frozen=True, slots=True)
class Share:
    """One name's part of all mentions that name any; `share` with its 95% interval."""

    name: str
    mentions: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ShareOfVoice:
    """`of`: the sum of all names' mentions. `sources`: those that searched for every name."""

    sources: tuple[str, ...]
    of: int
    names: tuple[Share, ...]


def share_of_voice(counts: Mapping[str, int], sources: Sequence[str]) -> ShareOfVoice:
    """Shares of `counts`, the brand first."""
    total = sum(counts.values())
    shares = []
    for name, n in counts.items():
        low, high = wilson(n, total) if total else (None, None)
        shares.append(Share(name, n, n / total if total else None, low, high))
    return ShareOfVoice(tuple(sources), total, tuple(shares))


def share_of_voice_part(frame: Frame, value: ShareOfVoice, means: str) -> Part:
    """The brand beside its competitors; `means` says how mentions were counted."""
    rows = tuple(
        Row(
            tables.name(each.name),
            (tables.share(each.share), tables.share(each.low), tables.share(each.high), tables.count(each.mentions)),
            value.of,
        )
        for each in value.names
    )
    note = f"{means} Sources: {', '.join(map(tables.name, value.sources))}."
    columns = ("name", "share", "low", "high", "mentions")
    table = Section("share_of_voice", "Share of voice", columns, rows, (note,), chart="interval")
    return assemble(frame, "share-of-voice", "Share of voice", value, (table,))
