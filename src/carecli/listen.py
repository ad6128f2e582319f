"""Stage 1: sources → pages → store. Each source ends as an Outcome value; one that fails never stops the others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from carecli import platforms
from carecli.config import Config, Source
from carecli.errors import AuthError, NotFound, PlatformError, Stopped
from carecli.listening.fetching import Progress, Run, fetch_all, normal_handle, own_handles, saved
from carecli.model import Mention, Outcome
from carecli.platforms.base import Checker, Platform
from carecli.platforms.files import ReadOptions, Rejected, Row, read
from carecli.store.connect import Store
from carecli.text import counted

IMPORT_BATCH = 2_000


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

    Resumes where each source stopped; with `since` it then reads back to that moment, in as many fetches as that
    takes. `limit` bounds the mentions per source. One that failed often, or asked to wait, is left alone until its
    next try; to name it helps against the first, never against the second. Raises NotFound for unknown names, Locked
    when another fetch runs, and Stopped after Ctrl-C: what was read by then is stored.
    """
    chosen = _chosen(config, names)
    run = Run(
        store,
        config,
        now,
        since,
        limit,
        progress,
        named=bool(names),
        chance=random.SystemRandom().random,
        own=own_handles(config),
    )
    with store.lock("fetch"):
        outcomes, stopped = fetch_all(run, chosen)
    if stopped:
        new = counted(sum(outcome.new for outcome in outcomes), "new mention")
        done = sum(outcome.done for outcome in outcomes)
        raise Stopped(
            f"stopped: {new} stored, {done} of {counted(len(outcomes), 'source')} read to the end",
            hint="nothing is lost: the next `care fetch` goes on from there",
        )
    return outcomes


def _chosen(config: Config, names: Sequence[str]) -> list[Source]:
    for name in names:
        if name not in config.sources:
            raise NotFound(
                f"no source is called '{name}'",
                hint=f"care.toml has: {', '.join(config.sources) or 'none yet'}",
            )
    return [s for s in config.sources.values() if (s.name in names if names else s.enabled)]


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

    try:
        return asyncio.run(ask())
    except AuthError as error:
        hint = _credential(platform, name, error.hint or "")
        raise AuthError(error.message, hint=hint, status=error.status) from error


def _credential(platform: Platform, source: str, hint: str) -> str | None:
    """What to do about a refused credential, with what the platform says it must be and be allowed."""
    if platform.secrets and "care login" not in hint:
        hint = f"{hint}; then `care login {source}`" if hint else f"give another one with `care login {source}`"
    needed = "; ".join(f"{kind} is: {words}" for kind, words in platform.secrets.items() if words not in hint)
    return ". ".join(filter(None, (hint, needed))) or None


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
    run = Run(store, config, now, progress=progress, own=own_handles(config))
    outcome, rejected, batch = Outcome(source, "import"), list[Rejected](), list[Mention]()
    for row in rows:
        if isinstance(row, Rejected):
            rejected.append(row)
            continue
        batch.append(row.mention if row.inbound is None else replace(row.mention, inbound=row.inbound))
        if len(batch) >= IMPORT_BATCH:
            outcome = saved(run, outcome, batch)
            progress(outcome)
            batch = []
    return saved(run, outcome, batch), rejected


__all__ = ["ReadOptions", "Rejected", "fetch", "import_rows", "normal_handle", "read", "test"]
