"""Reports that make themselves: which periods of which `[reports.NAME]` are due, and sending each once.

A job remembers until when it has reported, so that a run that was missed is made up for by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from carecli import report
from carecli.config import Config, ReportJob
from carecli.errors import CareError, ConfigError
from carecli.model import iso, parse_iso
from carecli.reporting import delivery
from carecli.reports.period import before, last_complete
from carecli.reports.render import render
from carecli.reports.tables import Part
from carecli.store.connect import Store

MOST_MADE_UP = 31  # periods; who was away for longer is not flooded


@dataclass(frozen=True)
class Made:
    """One report of one period; `error` says why it did not go out, and then it is due again."""

    job: str
    since: datetime
    until: datetime
    sent: tuple[str, ...] = ()
    error: str | None = None


def run_due(
    store: Store, config: Config, *, now: datetime, tell: Callable[[str], None] = lambda _words: None
) -> list[Made]:
    """Make every report whose period is over and that was not made yet, oldest first. Raises Locked."""
    found = []
    with store.lock("report"):
        for name, job in config.reports.items():
            for since, until in _due(store, config, name, job, now):
                tell(name)
                made = _make(store, config, name, job, since, until, now)
                found.append(made)
                if made.error is not None:
                    break  # the later ones wait, so that none is left out
                store.remember(_key(name), iso(until))
    return found


def _key(name: str) -> str:
    return f"report made until: {name}"


def _due(store: Store, config: Config, name: str, job: ReportJob, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The periods to report, oldest first: all since the last one, or the last complete one for a new job."""
    zone = config.brand.timezone
    since, until = last_complete(job.period, now, zone, config.report.week_starts)
    done = store.remembers(_key(name))
    if done is None:
        yield since, until
        return
    found: list[tuple[datetime, datetime]] = []
    while until > parse_iso(done) and len(found) < MOST_MADE_UP:
        found.append((since, until))
        since, until = before(since, until, zone)
    yield from reversed(found)


def _make(
    store: Store, config: Config, name: str, job: ReportJob, since: datetime, until: datetime, now: datetime
) -> Made:
    try:
        if not (job.output or job.mail or job.webhook):
            raise ConfigError(f"[reports.{name}] goes nowhere", hint="give it output, mail or webhook")
        part = report.part(
            store,
            config,
            job.report,
            since=since,
            until=until,
            now=now,
            anonymous=job.anonymise,
            brand=job.brand or None,
        )
        return Made(name, since, until, tuple(_sent(store, config, name, job, part, (since, until))))
    except CareError as error:
        return Made(name, since, until, error=f"{error.message}{f' ({error.hint})' if error.hint else ''}")


def _sent(
    store: Store, config: Config, name: str, job: ReportJob, part: Part, span: tuple[datetime, datetime]
) -> Iterator[str]:
    """Send `part` on every road of the job; one that worked is not taken again when a later one fails."""
    zone = ZoneInfo(config.brand.timezone)
    first, last = (moment.astimezone(zone).date().isoformat() for moment in span)
    text = render(part, job.format)
    ending = "txt" if job.format == "text" else job.format
    roads: dict[str, Callable[[], None]] = {}
    if job.output:
        path = Path(job.output.replace("{since}", first).replace("{until}", last)).expanduser()
        roads[str(path)] = lambda: delivery.write(path, text)
    for address in job.mail:
        mail = (f"{part.title}: {first} to {last}", render(part, "text"), (f"{name}-{first}.{ending}", text))
        roads[address] = partial(delivery.mail, config, [address], *mail)
    if job.webhook:
        roads["webhook"] = lambda: delivery.post(job.webhook, part, render(part, "text"))
    for road, send in roads.items():
        key = f"report sent: {name}, {road}"
        if store.remembers(key) != iso(span[1]):
            send()
            store.remember(key, iso(span[1]))
        yield road
