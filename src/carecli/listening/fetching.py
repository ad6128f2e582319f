"""The engine of `care fetch`: all sources at once, each page with its cursor, each failure with its next try.

A source is read forward from its cursor, and then, where somebody asked for older mentions, back to that day; both
places are kept with every page, so that whatever ends a fetch costs one page.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from carecli import platforms
from carecli.cases.conversations import Place
from carecli.config import Config, Source
from carecli.errors import BadAnswer, CareError, RateLimited, StoreError
from carecli.listening import looking, patience
from carecli.matching import Query
from carecli.model import JSON, Mention, Outcome, Page, iso
from carecli.platforms.base import Fetcher
from carecli.platforms.web.turns import taking_turns
from carecli.store import conversations, intake, sources
from carecli.store.connect import Store
from carecli.store.intake import Beside
from carecli.store.sources import Backfill, State
from carecli.text import fold

AT_ONCE = 16
_STUCK = 3  # pages in a row that neither bring anything new nor move the cursor

Progress = Callable[[Outcome], None]
log = logging.getLogger("carecli.fetch")


@dataclass(frozen=True)
class Run:
    """What all sources of one fetch share.

    `named`: a person asked for just these sources, so a pause after failures of theirs does not count. `chance`
    gives numbers from 0 to 1.
    """

    store: Store
    config: Config
    now: datetime
    since: datetime | None = None
    limit: int | None = None
    progress: Progress = lambda _outcome: None
    named: bool = False
    chance: Callable[[], float] = lambda: 0.0
    own: frozenset[str] = frozenset()
    started: float = field(default_factory=time.monotonic)

    @property
    def clock(self) -> datetime:
        """The time by now: the run began at `now`."""
        return self.now + timedelta(seconds=time.monotonic() - self.started)


def fetch_all(run: Run, chosen: Sequence[Source]) -> tuple[list[Outcome], bool]:
    """How each source ended, and whether a person stopped the fetch: then some of them are not done.

    Raises StoreError: a full disk is nobody's platform.
    """
    states = sources.begin(run.store, ((source.name, source.platform) for source in chosen))
    return asyncio.run(_all([_Reading(run, source, states[source.name]) for source in chosen]))


async def _all(readings: Sequence[_Reading]) -> tuple[list[Outcome], bool]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(reading: _Reading) -> None:
        async with gate:
            await reading.read()

    stopped = False
    with taking_turns():
        tasks = [asyncio.create_task(one(reading)) for reading in readings]
        try:
            await asyncio.gather(*tasks)
        except asyncio.CancelledError:  # Ctrl-C, as asyncio tells it
            stopped = True
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return [reading.outcome for reading in readings], stopped


class _Reading:
    """One source in one fetch."""

    def __init__(self, run: Run, source: Source, state: State) -> None:
        self.run = run
        self.source = source
        self.state = state
        self.outcome = Outcome(source.name, source.platform)
        self._place = ("", "")
        self._query: Query | None = None

    async def read(self) -> None:
        """All its pages; what goes wrong is in the outcome. Raises StoreError, CancelledError."""
        run, began = self.run, time.monotonic()
        if (until := self._not_before()) is not None:
            self.outcome = replace(self.outcome, error=self._why(until), next_try=until, waiting=True, done=True)
            run.progress(self.outcome)
            return
        run.progress(self.outcome)
        problem: BaseException | None = None
        try:
            await self._pages()
        except StoreError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plug-in may fail in any way; the others go on
            problem = error
        outcome = replace(self.outcome, seconds=round(time.monotonic() - began, 3), done=True)
        if problem is not None:
            pause = patience.pause(problem, self.state.failures + 1, run.chance())
            outcome = replace(outcome, error=_words(problem), next_try=run.clock + pause if pause else None)
        self.outcome = outcome
        sources.finished(run.store, outcome, now=run.now, asked_to_wait=isinstance(problem, RateLimited))
        log.info("%s", _line(outcome))
        run.progress(outcome)

    def _not_before(self) -> datetime | None:
        """When the source may be asked again, if not now."""
        until = self.state.next_try
        if until is None or until <= self.run.now or (self.run.named and not self.state.asked_to_wait):
            return None
        return until

    def _why(self, until: datetime) -> str:
        said = f": {self.state.last_error}" if self.state.last_error else ""
        if self.state.asked_to_wait:
            return f"not asked before {iso(until)}, as the platform wishes{said}"
        return (
            f"not asked before {iso(until)}, after {self.state.failures} failures"
            f" (`care fetch {self.source.name}` tries now){said}"
        )

    async def _pages(self) -> None:
        run, source = self.run, self.source
        backfill = self._wanted()
        platform = platforms.load(source.platform)
        setup = platforms.setup(run.config, source)
        self._place = (platform.mentions_of or platform.name, platform.host(setup))
        self._query = setup.query
        async with platform.open(setup) as client:
            # the first walk of all goes back as far as is wished; a later one must not leave out what is new
            first = not self.state.cursor
            whole = await self._walk(client, self.state.cursor, backfill.since if first and backfill else None)
            if whole and backfill is not None and not first:
                whole = await self._walk(client, backfill.cursor, backfill.since, backfill)
            if whole:
                await self._look_again(client, setup.whole("looks", looking.REQUESTS, 0, 10_000))
        if whole and backfill is not None:
            with run.store.write() as connection:
                sources.fill(connection, source.name, None)

    def _wanted(self) -> Backfill | None:
        """How far back to read, in this fetch or, when something ends it, in the next ones."""
        since, known = self.run.since, self.state.backfill
        if since is None or (known is not None and known.since <= since):
            return known
        with self.run.store.write() as connection:
            sources.fill(connection, self.source.name, Backfill(since, {}))
        return Backfill(since, {})

    async def _walk(
        self, client: Fetcher, cursor: JSON, since: datetime | None, backfill: Backfill | None = None
    ) -> bool:
        """Store the pages after `cursor`; True when they came to their end. Without end is one that goes in circles."""
        stuck, last = 0, None
        pages = client.fetch(cursor, since=since)
        try:
            async for page in pages:
                stuck = stuck + 1 if page.cursor == cursor and (not page.mentions or page == last) else 0
                if stuck >= _STUCK:
                    raise BadAnswer(f"{self.source.name} answers with the same page again and again")
                cursor, last = page.cursor, page
                self._keep(page, backfill)
                if self.run.limit is not None and self.outcome.fetched >= self.run.limit:
                    return False
        finally:
            if (close := getattr(pages, "aclose", None)) is not None:
                await close()
        return True

    async def _look_again(self, client: Fetcher, requests: int) -> None:
        """What happened since to open mentions, on a platform that does not tell by itself."""
        run, source = self.run, self.source.name
        async for found in looking.look_again(run.store, client, source, now=run.now, requests=requests):
            beside = Beside(None, found.deleted, self._place, found.looked)
            changed = intake.save_page(run.store, source, found.mentions, now=run.now, beside=beside)
            self.outcome = replace(
                self.outcome,
                updated=self.outcome.updated + changed.updated,
                deleted=self.outcome.deleted + changed.deleted,
                skipped=self.outcome.skipped + found.skipped,
            )
            run.progress(self.outcome)

    def _keep(self, page: Page, backfill: Backfill | None) -> None:
        filled = None if backfill is None else Backfill(backfill.since, page.cursor)
        beside = Beside(filled, page.deleted, self._place)
        cursor = page.cursor if backfill is None else None
        self.outcome = saved(
            self.run, self.outcome, page.mentions, cursor=cursor, beside=beside, skipped=page.skipped, query=self._query
        )
        self.run.progress(self.outcome)


def saved(
    run: Run,
    outcome: Outcome,
    batch: Sequence[Mention],
    *,
    cursor: JSON | None = None,
    beside: Beside | None = None,
    skipped: tuple[str, ...] = (),
    query: Query | None = None,
) -> Outcome:
    """Store what concerns us of a batch, with its page's cursor where it came from a source, and count it."""
    ours = list(_as_ours(batch, run.own))
    ours = ours if query is None else _fitting(run.store, ours, query)
    changed = intake.save_page(run.store, outcome.source, ours, now=run.now, cursor=cursor, beside=beside)
    return replace(
        outcome,
        fetched=outcome.fetched + len(ours),
        new=outcome.new + changed.new,
        updated=outcome.updated + changed.updated,
        deleted=outcome.deleted + changed.deleted,
        skipped=outcome.skipped + skipped,
    )


def _words(problem: BaseException) -> str:
    if isinstance(problem, CareError):
        return f"{problem.message}{f' ({problem.hint})' if problem.hint else ''}"
    return f"{type(problem).__name__}: {problem}"


def _line(outcome: Outcome) -> str:
    """One source in a log."""
    counted = f"{outcome.fetched} fetched, {outcome.new} new, {outcome.updated} updated, {outcome.deleted} deleted"
    ended = f"; failed: {outcome.error}" if outcome.error else ""
    again = f"; next try at {iso(outcome.next_try)}" if outcome.next_try else ""
    return f"{outcome.source} ({outcome.platform}): {counted} in {outcome.seconds:.1f} s{ended}{again}"


# Whose mention is it, and is it meant for us?


def own_handles(config: Config) -> frozenset[str]:
    """The brand's handles as they are compared; an empty name is nobody's."""
    return frozenset(normal_handle(handle) for handle in config.own_handles) - {""}


def _as_ours(page: Iterable[Mention], own: frozenset[str]) -> Iterable[Mention]:
    """Posts of the brand's own accounts are outbound; what names one of its handles is directed."""
    for mention in page:
        inbound = mention.inbound and normal_handle(mention.author.handle) not in own
        directed = mention.directed
        if directed is None:
            directed = inbound and _addresses(mention.text, own)
        if (inbound, directed) != (mention.inbound, mention.directed):
            mention = replace(mention, inbound=inbound, directed=directed)  # noqa: PLW2901
        yield mention


def _fitting(store: Store, batch: Sequence[Mention], query: Query) -> list[Mention]:
    """Of what does not address us, only what the query fits, and what answers it or something that we know."""
    found: dict[Place, Mention] = {}
    others: list[Mention] = []
    for mention in batch:
        # a stream looks also where no text is, and says then what it has found
        if not (mention.directed or not mention.inbound or mention.matched):
            match = query.match(mention.text, mention.language)
            mention = replace(mention, matched=match.reason if match else None)  # noqa: PLW2901
        if mention.matched or mention.directed or not mention.inbound:
            found[mention.platform, mention.host, mention.external_id] = mention
        else:
            others.append(mention)
    parents = {(m.platform, m.host, m.in_reply_to) for m in others if m.in_reply_to is not None}
    known = set(conversations.at_places(store.connection, parents)) if parents else set[Place]()
    answers = [m for m in others if m.in_reply_to is not None]
    while answers:
        joined = [m for m in answers if (m.platform, m.host, m.in_reply_to) in known.union(found)]
        if not joined:
            break
        found.update(((m.platform, m.host, m.external_id), m) for m in joined)
        answers = [m for m in answers if m not in joined]
    return list(found.values())


def normal_handle(handle: str) -> str:
    """A handle as it is compared: without the leading @, case folded."""
    return fold(handle.strip().lstrip("@"))


def _addresses(text: str, own: frozenset[str]) -> bool:
    if "@" not in text:
        return False
    folded = fold(text)
    return any(_named(folded, handle) for handle in own)


def _named(folded: str, handle: str) -> bool:
    start = 0
    while (at := folded.find("@" + handle, start)) >= 0:
        after = folded[at + len(handle) + 1 : at + len(handle) + 2]
        if not (after.isalnum() or after in ("_", "-")):
            return True
        start = at + 1
    return False
