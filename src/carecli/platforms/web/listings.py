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
from carecli.platforms.web.fields import Fields, milliseconds, seconds
from carecli.platforms.web.newest_first import Walk
from carecli.platforms.web.oldest_first import Forward
from carecli.text import single_line

# How far the first fetch without --since goes back, and what every fetch reads again for what arrives late.
HISTORY = timedelta(days=30)
OVERLAP = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item: `key` changes when its content does, so that an edit comes again; `moment` in epoch milliseconds.

    `mentions` are what it gives: none, the item, or the item and its answer. `deleted` are the external ids of what
    it says is gone.
    """

    key: str
    moment: int
    mentions: tuple[Mention, ...] = ()
    item: Any = None
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One page of a listing in its own order; `cursor` leads to the rest, None: there is none."""

    entries: Sequence[Entry]
    cursor: str | None = None
    skipped: tuple[str, ...] = ()


Read = Callable[[str | None], Awaitable[Sheet]]
Complete = Callable[[Sequence[Entry]], Awaitable[tuple[Sequence[Mention], Sequence[str]]]]


@dataclass(frozen=True)
class Listing:
    """One listing: its name in the cursor, and how a page of it is read after a cursor of its own.

    `complete` makes mentions of new entries where that takes more requests. `own_limit`: its rate limit is its
    own, so it is named and the others go on. `overlap` is read again each time. `forward`: oldest first from a
    moment, so that `read` always gets a place, `Until` read as "since"; all others are newest first.
    """

    name: str
    read: Read
    complete: Complete | None = None
    own_limit: bool = False
    overlap: timedelta = OVERLAP
    forward: bool = False


@dataclass
class _Run:
    listing: Listing
    walk: Walk | Forward
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
    running, handed, limits = list(runs), dict[str, Mention](), list[str]()
    floor = milliseconds(since) if since else 0
    failure: PlatformError | None = None
    while running:
        for run in tuple(running):
            try:
                found = await _turn(run, max(run.since, floor))
            except PlatformError as error:
                if isinstance(error, Unreachable | RateLimited) and not run.listing.own_limit:
                    raise
                if isinstance(error, RateLimited):
                    # Not the source's failure: nothing else of it has to wait for that.
                    limits.append(f"{run.listing.name} has to wait: {error.message}")
                else:
                    failure = failure or error
                running.remove(run)
                continue
            if run.walk.here is None:
                running.remove(run)
            fresh = tuple(_fresh(found.mentions, handed))
            if fresh or found.skipped or found.deleted or (found.empty and run.state != run.told):
                yield Page(fresh, _saved(runs), found.skipped, found.deleted)
    if limits or any(run.state != run.told for run in runs):
        yield Page((), _saved(runs), tuple(limits))
    if failure is not None:
        raise failure


def _run(listing: Listing, cursor: JSON, since: datetime | None, history: timedelta) -> _Run:
    found = cursor.get(listing.name)
    state = found if isinstance(found, dict) else None
    saved: JSON = state or {}
    start, wanted = saved.get("from"), milliseconds(since) if since else None
    if not isinstance(start, int) or (wanted is not None and wanted < start):
        # Nothing below `from` was read: as if for the first time, without handing out again what is known.
        saved = {"known": saved.get("known")}
        start = milliseconds(since or datetime.now(UTC) - history)
        wanted = start
    overlap = int(listing.overlap.total_seconds() * 1000)
    walk = Forward(saved, start, overlap) if listing.forward else Walk(saved, wanted, overlap)
    return _Run(listing, walk, start, state)


@dataclass(frozen=True)
class _Found:
    """What a page brought; `empty`: it had no entries at all."""

    mentions: Sequence[Mention]
    skipped: tuple[str, ...]
    deleted: tuple[str, ...]
    empty: bool


async def _turn(run: _Run, floor: int) -> _Found:
    """The page where `run` stands, without what was handed out before; then `run` stands behind it.

    What lies before `floor` is left for a fetch that wants it.
    """
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
    new = [entry for entry in sheet.entries if not run.walk.is_known(entry.key) and _reaches(entry, floor)]
    new = list({entry.key: entry for entry in new}.values())
    mentions, skipped = [mention for entry in new for mention in entry.mentions], list(sheet.skipped)
    if run.listing.complete is not None and new:
        completed, problems = await run.listing.complete(new)
        mentions += completed
        skipped += problems
    run.walk.remember((entry.key, entry.moment) for entry in new)
    run.save()
    deleted = tuple(gone for entry in new for gone in entry.deleted)
    wanted = [mention for mention in mentions if _written(mention) >= floor]
    return _Found(wanted, tuple(skipped), deleted, not sheet.entries)


def _reaches(entry: Entry, floor: int) -> bool:
    """Whether anything of `entry` is not older than `floor`; a listing may be in the order of other changes."""
    return any(_written(mention) >= floor for mention in entry.mentions) if entry.mentions else entry.moment >= floor


def _written(mention: Mention) -> int:
    """When the text of `mention` was written: what was edited comes with what is new."""
    return milliseconds(mention.edited_at or mention.created_at)


def _fresh(mentions: Iterable[Mention], handed: dict[str, Mention]) -> Iterator[Mention]:
    """Those that this run has not handed out yet; again when it turns out that one is addressed to us."""
    for mention in mentions:
        before = handed.get(mention.external_id)
        if before is not None:
            # What addressed us stays so, and the same thing looks different in another listing.
            directed = mention.inbound if before.directed else mention.directed
            mention = replace(mention, directed=directed, raw=before.raw)  # noqa: PLW2901
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

    def entries(item: Fields) -> Iterable[Entry]:
        made = entry(item)
        return () if made is None else (made,)

    return sheet_of_several(values, entries, f"{name}, item", cursor)


def sheet_of_several(
    values: Iterable[object], entries: Callable[[Fields], Iterable[Entry]], what: str, cursor: str | None = None
) -> Sheet:
    """A page of `values` with any number of `entries` each; what cannot be read (ValueError) is named as `what`."""
    found, skipped = list[Entry](), list[str]()
    for number, value in enumerate(values, 1):
        try:
            found += entries(Fields(value))
        except ValueError as error:
            skipped.append(single_line(f"{what} {number} of a page: {error}"[:300]))
    return Sheet(found, cursor, tuple(skipped))


def one(mention: Mention, moment: datetime | None = None) -> Entry:
    """The entry of `mention` in a listing that is ordered by `moment`, or by when mentions were written."""
    edited = milliseconds(mention.edited_at) if mention.edited_at else 0
    key = f"{mention.external_id}\0{edited}"
    return Entry(key, milliseconds(moment or mention.created_at), (mention,))


# Listings that can be asked for what lies before (or after) a moment: pages that shift don't matter then.


@dataclass(frozen=True, slots=True)
class Until:
    """A place in such a listing: items from the epoch second `second` on, from the page `page` (1 …) of these on."""

    second: int
    page: int = 1

    @classmethod
    def parse(cls, at: str | None) -> Until | None:
        """The place that a cursor names, None for the top."""
        second, _, page = (at or "").partition("/")
        return cls(int(second), int(page)) if second.isdigit() and page.isdigit() else None


def beyond(at: Until | None, values: Sequence[object], path: str, full: int) -> str | None:
    """The cursor of what follows a page of `values`, None where it was not full; `path` is the time of each.

    The next page begins with the second that this one ended in: it may hold more of them. Times are taken as the
    server gives them, however its clock goes.
    """
    if len(values) < full:
        return None
    last = next((found for value in reversed(values) if (found := _second(value, path)) is not None), None)
    if last is None or (at is not None and last == at.second):
        return f"{at.second}/{at.page + 1}" if at is not None else None
    return f"{last}/1"


def _second(value: object, path: str) -> int | None:
    found = seconds(Fields(value).get(path)) if isinstance(value, dict) else None
    return None if found is None else int(found)
