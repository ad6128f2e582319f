"""What needs somebody now: promises about to break, emergencies, crises, silent sources, a stuck outbox.

Each alert is told once: which are open is remembered, and when its cause is gone an all-clear is told, once. The hook
is a command of the user's that gets each as JSON on stdin; nothing that a customer wrote is in it, and no shell reads
it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from carecli.casework import casefile
from carecli.config import Config
from carecli.hours import parse_duration, show_duration
from carecli.model import JSON, iso, parse_iso
from carecli.reporting import crises
from carecli.reports.model import Crisis
from carecli.reports.stats import percentile
from carecli.store import replies, sources
from carecli.store.cases import Filter
from carecli.store.connect import Store
from carecli.text import counted

OPEN = "open alerts"
BREACHED_LATELY = timedelta(days=1)  # older ones are the backlog, which reports tell
GAPS, FEWEST_GAPS, MUCH_LONGER = 200, 20, 3.0  # newest gaps of a source that tell what is usual for it
HOOK_SECONDS = 60

Kind = Literal["sla", "emergency", "crisis", "silent-source", "outbox"]
State = Literal["new", "open", "cleared"]


@dataclass(frozen=True)
class Alert:
    """One thing that needs somebody; `key` is the same as long as its cause is."""

    key: str
    kind: Kind
    title: str
    since: datetime
    case: int | None = None
    url: str | None = None


@dataclass(frozen=True)
class Told:
    """An alert and whether it is new, was told before, or is over; `error`: why the hook did not take it."""

    alert: Alert
    state: State
    error: str | None = None


def check(store: Store, config: Config, *, now: datetime) -> list[Told]:
    """Look at everything, tell what is new and what is over to the hook, remember both. Raises Locked.

    What the hook does not take is not remembered, so the next call tells it again.
    """
    with store.lock("alert"):
        before = {key: _remembered(key, value) for key, value in json.loads(store.remembers(OPEN) or "{}").items()}
        found = {alert.key: alert for alert in _current(store, config, now)}
        told = [Told(alert, "open" if key in before else "new") for key, alert in found.items()]
        told += [Told(alert, "cleared") for key, alert in before.items() if key not in found]
        told = [one if one.state == "open" else _tell(config, one, now) for one in told]
        kept = [one.alert for one in told if (one.state == "cleared") == (one.error is not None)]
        store.remember(OPEN, json.dumps({alert.key: document(alert) for alert in kept}))
    return told


def document(alert: Alert) -> JSON:
    """An alert as JSON."""
    return {
        "alert": alert.key,
        "kind": alert.kind,
        "title": alert.title,
        "since": iso(alert.since),
        "case": alert.case,
        "url": alert.url,
    }


def _remembered(key: str, value: JSON) -> Alert:
    return Alert(key, value["kind"], value["title"], parse_iso(value["since"]), value["case"], value["url"])


def _tell(config: Config, told: Told, now: datetime) -> Told:
    hook = config.alerts.hook
    if not hook:
        return told
    given = json.dumps({**document(told.alert), "state": told.state, "at": iso(now)}) + "\n"
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, as a list: no shell
            hook, input=given, capture_output=True, encoding="utf-8", timeout=HOOK_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Told(told.alert, told.state, f"the hook {hook[0]} cannot be run ({type(error).__name__})")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [""]
        return Told(told.alert, told.state, f"the hook {hook[0]} failed with status {done.returncode} {last[0][:200]}")
    return told


def _current(store: Store, config: Config, now: datetime) -> Iterator[Alert]:
    yield from _of_cases(casefile.queue(store, config, Filter(), now=now), now)
    yield from of_crises(crises.of_period(store, config, since=now - timedelta(days=1), instant=now))
    yield from _silent(store, config, now)
    yield from _stuck(store, config, now)


def _of_cases(waiting: Iterable[JSON], now: datetime) -> Iterator[Alert]:
    for case in waiting:
        since, number, clock = case["waiting_since"], case["case"], case["sla"]
        if since is None:
            continue
        if case["urgency"] == "emergency":
            title = f"case {number}: an emergency waits for an answer"
            yield Alert(f"emergency:{number}:{since}", "emergency", title, parse_iso(since), number, case["url"])
        if clock["state"] in ("due", "breached"):
            left = (parse_iso(clock["due_at"]) - now).total_seconds()
            if left < -BREACHED_LATELY.total_seconds():
                continue
            words = f"is due in {show_duration(left)}" if left >= 0 else f"is {show_duration(-left)} late"
            title = f"case {number}: the first answer {words}"
            yield Alert(f"sla:{number}:{since}", "sla", title, parse_iso(since), number, case["url"])


def of_crises(found: Iterable[Crisis]) -> Iterator[Alert]:
    """An alert for each crisis that is not over."""
    for crisis in found:
        if crisis.ended_at is None:
            ratio = "" if crisis.peak_ratio is None else f", {crisis.peak_ratio:.1f} times the usual"
            about = "" if crisis.topic is None else f" about {crisis.topic}"
            title = f"{counted(crisis.mentions, 'negative mention')}{about}{ratio}"
            yield Alert(f"crisis:{iso(crisis.started_at)}", "crisis", title, crisis.started_at)


def _silent(store: Store, config: Config, now: datetime) -> Iterator[Alert]:
    least = parse_duration(config.alerts.silent_after)
    states = sources.quick_states(store)
    for source in config.sources.values():
        state = states.get(source.name)
        if not source.enabled or state is None:
            continue
        success = state["last_success_at"]
        if state["last_error"] and (success is None or (now - parse_iso(success)).total_seconds() > least):
            since = parse_iso(success or state["last_fetch_at"])
            title = f"{source.name} cannot be read any more: care source test {source.name}"
            yield Alert(f"silent:{source.name}", "silent-source", title, since)
            continue
        moments = [parse_iso(text).timestamp() for text in sources.newest(store, source.name, GAPS + 1, until=now)]
        gaps = [later - earlier for later, earlier in pairwise(moments)]
        usual = percentile(gaps, 0.95)
        if usual is None or len(gaps) < FEWEST_GAPS:
            continue
        quiet = now.timestamp() - moments[0]
        if quiet > max(least, MUCH_LONGER * usual):
            title = f"{source.name} is silent for {show_duration(quiet)}; {show_duration(usual)} would be long for it"
            yield Alert(f"silent:{source.name}", "silent-source", title, now - timedelta(seconds=quiet))


def _stuck(store: Store, config: Config, now: datetime) -> Iterator[Alert]:
    least = parse_duration(config.alerts.stuck_after)
    for row in replies.unfinished(store):
        waited = (now - parse_iso(row["created_at"])).total_seconds()
        if waited >= least:
            number, since = row["reply_id"], parse_iso(row["created_at"])
            title = f"reply {number} is {row['status']} for {show_duration(waited)}: care outbox"
            yield Alert(f"outbox:{number}", "outbox", title, since, row["case_id"])
