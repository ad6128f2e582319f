"""How a source with several listings is read: page by page in turn, each with its own place in the cursor.

A listing that fails ends alone, and its error is raised at the end. A cursor: `{"mentions": {"high": …, "gaps": …,
"known": …, "from": …}, …}` by the listing's name: what was read, and what is still to be read below it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from carecli.errors import PlatformError, RateLimited, Unreachable
from carecli.model import JSON, Mention, Page
from carecli.platforms.web.fields import Fields, milliseconds
from carecli.platforms.web.newest_first import Walk
from carecli.text import single_line

# How far the first fetch without --since goes back, and what every fetch reads again for what arrives late.
HISTORY = timedelta(days=30)
OVERLAP = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item: `key` changes when its content does, so that an edit comes again; `moment` in epoch milliseconds.

    `mentions` are what it gives: none, the item, or the item and its answer.
    """

    key: str
    moment: int
    mentions: tuple[Mention, ...] = ()
    item: Any = None


@dataclass(frozen=True)
class Sheet:
    """One page of a listing in its own order, newest first; `cursor` leads to the rest, None: there is none."""

    entries: Sequence[Entry]
    cursor: str | None = None
    skipped: tuple[str, ...] = ()


Read = Callable[[str | None], Awaitable[Sheet]]
Complete = Callable[[Sequence[Entry]], Awaitable[tuple[Sequence[Mention], Sequence[str]]]]


@dataclass(frozen=True)
class Listing:
    """One listing: its name in the cursor, and how a page of it is read after a cursor of its own.

    `complete` makes mentions of new entries where that takes more requests. `own_limit`: its rate limit is its
    own, so the others go on. `overlap` is read again each time.
    """

    name: str
    read: Read
    complete: Complete | None = None
    own_limit: bool = False
    overlap: timedelta = OVERLAP


@dataclass
class _Run:
    listing: Listing
    walk: Walk
    since: int
    state: JSON | None
    told: JSON | None = field(init=False)

    def __post_init__(self) -> None:
        self.told = self.state

    def save(self) -> None:
        self.state = {**self.walk.save(), "from": self.since}


async def pages(
    listings: Sequence[Listing], cursor: JSON, since: datetime | None, *, history: timedelta = HISTORY
) -> AsyncIterator[Page]:
    """The pages of all `listings` after `cursor`, each mention once, those of the first listing before the others'.

    The first time, without `since`, they go back by `history`. A `since` before all that was read reads again
    from there. Raises the first PlatformError at the end, Unreachable and RateLimited at once.
    """
    runs = [_run(listing, cursor, since, history) for listing in listings]
    running, handed = list(runs), dict[str, Mention]()
    failure: PlatformError | None = None
    while running:
        for run in tuple(running):
            try:
                mentions, skipped, empty = await _turn(run)
            except PlatformError as error:
                if isinstance(error, Unreachable | RateLimited) and not run.listing.own_limit:
                    raise
                failure = failure or error
                running.remove(run)
                continue
            if run.walk.here is None:
                running.remove(run)
            fresh = tuple(_fresh(mentions, since, handed))
            if fresh or skipped or (empty and run.state != run.told):
                yield Page(fresh, _saved(runs), tuple(skipped))
    if any(run.state != run.told for run in runs):
        yield Page((), _saved(runs))
    if failure is not None:
        raise failure


def _run(listing: Listing, cursor: JSON, since: datetime | None, history: timedelta) -> _Run:
    saved = cursor.get(listing.name)
    state = saved if isinstance(saved, dict) else None
    read_from = state.get("from") if state else None
    if state is None or not isinstance(read_from, int):
        start = milliseconds(since or datetime.now(UTC) - history)
        return _Run(listing, Walk({}, start, _overlap(listing)), start, state)
    wanted = milliseconds(since) if since else None
    if wanted is not None and wanted < read_from:
        # Nothing below `read_from` was read: as if for the first time, without handing out again what is known.
        return _Run(listing, Walk({"known": state.get("known")}, wanted, _overlap(listing)), wanted, state)
    return _Run(listing, Walk(state, wanted, _overlap(listing)), read_from, state)


def _overlap(listing: Listing) -> int:
    return int(listing.overlap.total_seconds() * 1000)


async def _turn(run: _Run) -> tuple[Sequence[Mention], Sequence[str], bool]:
    """The page where `run` stands, without what was handed out before; then `run` stands behind it."""
    here = run.walk.here
    try:
        sheet = await run.listing.read(here.at if here else None)
    except PlatformError as error:
        # A cursor of long ago may have become invalid; that is answered with a plain 400.
        if error.status != 400 or isinstance(error, RateLimited) or not run.walk.restart():
            raise
        sheet = await run.listing.read(None)
    moments = [entry.moment for entry in sheet.entries]
    run.walk.turn(moments, sheet.cursor, now=milliseconds(datetime.now(UTC)))
    new = {entry.key: entry for entry in sheet.entries if not run.walk.is_known(entry.key)}
    mentions, skipped = [mention for entry in new.values() for mention in entry.mentions], list(sheet.skipped)
    if run.listing.complete is not None and new:
        completed, problems = await run.listing.complete(tuple(new.values()))
        mentions += completed
        skipped += problems
    run.walk.remember((entry.key, entry.moment) for entry in new.values())
    run.save()
    return mentions, skipped, not sheet.entries


def _fresh(mentions: Iterable[Mention], since: datetime | None, handed: dict[str, Mention]) -> Iterator[Mention]:
    """Those that this run has not handed out yet; again when it turns out that one is addressed to us."""
    for mention in mentions:
        if since is not None and mention.created_at < since and mention.edited_at is None:
            continue
        before = handed.get(mention.external_id)
        if before is not None and before.directed:
            mention = replace(mention, directed=mention.inbound)  # noqa: PLW2901 - what is addressed stays so
        if before != mention:
            handed[mention.external_id] = mention
            yield mention


def _saved(runs: Iterable[_Run]) -> JSON:
    """The cursor after the pages so far; listings that are no longer asked for are forgotten."""
    saved = {}
    for run in runs:
        run.told = run.state
        if run.state is not None:
            saved[run.listing.name] = run.state
    return saved


def sheet(
    values: Iterable[object], entry: Callable[[Fields], Entry | None], name: str, cursor: str | None = None
) -> Sheet:
    """A page of `values`; what `entry` cannot read (ValueError) is named, what it answers with None is left out."""
    entries, skipped = [], []
    for number, value in enumerate(values, 1):
        try:
            made = entry(Fields(value))
        except ValueError as error:
            skipped.append(single_line(f"{name}, item {number} of a page: {error}"[:300]))
        else:
            if made is not None:
                entries.append(made)
    return Sheet(entries, cursor, tuple(skipped))


def one(mention: Mention, moment: datetime | None = None) -> Entry:
    """The entry of `mention` in a listing that is ordered by `moment`, or by when mentions were written."""
    edited = milliseconds(mention.edited_at) if mention.edited_at else 0
    key = f"{mention.external_id}\0{edited}"
    return Entry(key, milliseconds(moment or mention.created_at), (mention,))


# Listings that can be asked for what lies before a moment: pages that shift don't matter then.


@dataclass(frozen=True, slots=True)
class Until:
    """A place in such a listing: items of the second `second` and before it, from the page `page` (1 …) on."""

    second: int
    page: int = 1

    @classmethod
    def parse(cls, at: str | None) -> Until | None:
        """The place that a cursor names, None for the top."""
        second, _, page = (at or "").partition("/")
        return cls(int(second), int(page)) if second.isdigit() and page.isdigit() else None


def before(at: Until | None, values: Sequence[object], seconds: Callable[[Fields], int], full: int) -> str | None:
    """The cursor of what follows a page of `values`, None where it was not full.

    The next page begins with the second that this one ended in: it may hold more of them.
    """
    if len(values) < full:
        return None
    last = _last_second(values, seconds)
    if last is None or (at is not None and last >= at.second):
        return f"{at.second}/{at.page + 1}" if at is not None else None
    return f"{last}/1"


def _last_second(values: Sequence[object], seconds: Callable[[Fields], int]) -> int | None:
    for value in reversed(values):
        try:
            return seconds(Fields(value))
        except ValueError:
            continue
    return None
