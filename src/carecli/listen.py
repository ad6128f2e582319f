"""Stage 1: sources → pages → store. Each source ends as an Outcome value; one that fails never stops the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from carecli import platforms
from carecli.config import Config, Source
from carecli.errors import BadAnswer, CareError, NotFound, PlatformError, StoreError
from carecli.model import Mention, Outcome, Page
from carecli.platforms.base import Checker
from carecli.platforms.files import ReadOptions, Rejected, Row, read
from carecli.store import mentions, sources
from carecli.store.connect import Store
from carecli.text import fold

AT_ONCE = 8
IMPORT_BATCH = 2_000
_STUCK = 3  # pages in a row that neither bring anything new nor move the cursor

Progress = Callable[[Outcome], None]


def fetch(
    store: Store,
    config: Config,
    names: Sequence[str] = (),
    *,
    now: datetime,
    since: datetime | None = None,
    limit: int | None = None,
    progress: Progress = lambda _outcome: None,
) -> list[Outcome]:
    """Pull what is new from the named sources (none: all that are enabled), concurrently.

    Resumes where each source stopped; `limit` bounds the mentions per source. Raises NotFound for unknown names and
    Locked when another fetch runs.
    """
    chosen = _chosen(config, names)
    with store.lock("fetch"):
        return asyncio.run(_fetch_all(_Run(store, config, now, since, limit, progress), chosen))


@dataclass(frozen=True)
class _Run:
    """What all sources of one fetch share."""

    store: Store
    config: Config
    now: datetime
    since: datetime | None
    limit: int | None
    progress: Progress


def _chosen(config: Config, names: Sequence[str]) -> list[Source]:
    for name in names:
        if name not in config.sources:
            raise NotFound(
                f"no source is called '{name}'",
                hint=f"care.toml has: {', '.join(config.sources) or 'none yet'}",
            )
    return [s for s in config.sources.values() if (s.name in names if names else s.enabled)]


async def _fetch_all(run: _Run, chosen: Iterable[Source]) -> list[Outcome]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(source: Source) -> Outcome:
        async with gate:
            return await _fetch_one(run, source)

    return list(await asyncio.gather(*(one(source) for source in chosen)))


async def _fetch_one(run: _Run, source: Source) -> Outcome:
    started = time.monotonic()
    outcome = Outcome(source.name, source.platform)
    try:
        async with aclosing(_pages(run, source)) as pages:
            async for page in pages:
                outcome = _saved(run, outcome, page.mentions, page)
                run.progress(outcome)
                if run.limit is not None and outcome.fetched >= run.limit:
                    break
    except StoreError:
        raise  # a full disk is nobody's platform: the whole fetch ends
    except CareError as error:
        outcome = replace(outcome, error=f"{error.message}{f' ({error.hint})' if error.hint else ''}")
    except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way; the other sources go on
        outcome = replace(outcome, error=f"{type(error).__name__}: {error}")
    outcome = replace(outcome, seconds=round(time.monotonic() - started, 3))
    sources.finished(run.store, outcome, now=run.now)
    run.progress(outcome)
    return outcome


async def _pages(run: _Run, source: Source) -> AsyncGenerator[Page, None]:
    """The source's pages after its cursor; a platform that goes round in circles is stopped."""
    platform = platforms.load(source.platform)
    cursor, stuck = sources.cursor(run.store, source.name, source.platform), 0
    last: Page | None = None
    async with platform.open(platforms.setup(run.config, source)) as client:
        async for page in client.fetch(cursor, since=run.since):
            stuck = stuck + 1 if page.cursor == cursor and (not page.mentions or page == last) else 0
            if stuck >= _STUCK:
                raise BadAnswer(f"{source.name} answers with the same page again and again")
            cursor, last = page.cursor, page
            yield page


def _saved(run: _Run, outcome: Outcome, batch: Sequence[Mention], page: Page | None = None) -> Outcome:
    """Store a batch, with its page's cursor where it came from a source, and count it."""
    saved = mentions.save_page(
        run.store,
        outcome.source,
        list(_as_ours(batch, run.config)),
        now=run.now,
        cursor=None if page is None else page.cursor,
    )
    return replace(
        outcome,
        fetched=outcome.fetched + len(batch),
        new=outcome.new + saved.new,
        updated=outcome.updated + saved.updated,
        skipped=outcome.skipped + (() if page is None else page.skipped),
    )


def test(config: Config, name: str) -> str:
    """Make one real request to a source and say what it found. Raises NotFound, PlatformError."""
    (source,) = _chosen(config, [name])
    platform = platforms.load(source.platform)

    async def ask() -> str:
        async with platform.open(platforms.setup(config, source)) as client:
            if not isinstance(client, Checker):
                raise PlatformError(
                    f"{platform.title} has no test of its own", hint=f"try `care fetch {name} --limit 1`"
                )
            return await client.check()

    return asyncio.run(ask())


# Files


def import_rows(
    store: Store,
    config: Config,
    rows: Iterable[Row | Rejected],
    *,
    source: str,
    now: datetime,
    progress: Progress = lambda _outcome: None,
) -> tuple[Outcome, list[Rejected]]:
    """The same road for a file: its good rows are stored, its bad ones come back with their lines and reasons."""
    run = _Run(store, config, now, None, None, progress)
    outcome, rejected, batch = Outcome(source, "import"), list[Rejected](), list[Mention]()
    for row in rows:
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        batch.append(row.mention if row.inbound is None else replace(row.mention, inbound=row.inbound))
        if len(batch) >= IMPORT_BATCH:
            outcome = _saved(run, outcome, batch)
            progress(outcome)
            batch = []
    return _saved(run, outcome, batch), rejected


# Whose mention is it, and is it meant for us?


def _as_ours(page: Iterable[Mention], config: Config) -> Iterable[Mention]:
    """Posts of the brand's own accounts are outbound; what names one of its handles is directed."""
    own = {normal_handle(handle) for handle in config.own_handles} - {""}  # an empty name is nobody's
    for mention in page:
        inbound = mention.inbound and normal_handle(mention.author.handle) not in own
        directed = mention.directed
        if directed is None:
            directed = inbound and _addresses(mention.text, own)
        if (inbound, directed) != (mention.inbound, mention.directed):
            mention = replace(mention, inbound=inbound, directed=directed)  # noqa: PLW2901
        yield mention


def normal_handle(handle: str) -> str:
    """A handle as it is compared: without the leading @, case folded."""
    return fold(handle.strip().lstrip("@"))


def _addresses(text: str, own: set[str]) -> bool:
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


__all__ = ["ReadOptions", "Rejected", "fetch", "import_rows", "read", "test"]
