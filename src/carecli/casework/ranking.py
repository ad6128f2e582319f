"""The order of the queue at this moment: what is stored of a case, and what the clock adds to it.

Stored priorities are in an index, most pressing first. Waiting adds a bounded number of points, so the first cases of
the queue are among those whose stored priority is near the top: they are read from the index until no later one can
still come before the last that is shown. Equal priorities are ordered by who waits longer, then by number, so the same
question at the same instant has the same answer.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Callable
from datetime import datetime, timedelta

from carecli import sla as clocks
from carecli.config import Config
from carecli.hours import Hours
from carecli.model import SlaState, iso, parse_iso
from carecli.sla import Clock, Kind, Promise, Signs
from carecli.store import cases
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store
from carecli.triage.priority import EMERGENCY, late_points, most_added, pressing_now, waiting_points
from carecli.triage.priority import limit as limit_of

_TOP = 100
_AT, _SIGNS = slice(1, 21), slice(24, None)  # of a message in `unanswered`: its time, and what `sla.Signs` begins with
_LONGEST = 10 * 366 * 86400


def clock(row: Row, config: Config, now: datetime) -> Clock:
    """The response clock of a case's row: of what waits now, else of the first answer in its last segment."""
    voice = config.voice_of(row["source"])
    if row["waiting_since"]:
        asked = clocks.unpacked(row["unanswered"], voice) or [_since(row, voice)]
        return clocks.response_clock(asked, _kind(row), config, answered=None, closed=None, now=now)
    if not row["needs_reply"]:
        return Clock()
    signs = Signs(row["segment_urgency"], row["segment_intent"], row["segment_priority"], voice)
    asked = clocks.first_asked(row["segment_asked"], row["segment_opened_at"], signs)
    answered, closed = (row[name] and parse_iso(row[name]) for name in ("segment_first_reply_at", "resolved_at"))
    return clocks.response_clock(asked, "first_response", config, answered=answered, closed=closed, now=now)


def _kind(row: Row) -> Kind:
    return "next_response" if row["segment_first_reply_at"] else "first_response"


def _since(row: Row, voice: str) -> clocks.Asked:
    """A case that an earlier version wrote: what presses most in it, since somebody waits."""
    return clocks.Asked(parse_iso(row["waiting_since"]), Signs(row["urgency"], row["intent"], row["priority"], voice))


def priority(row: Row, state: str, config: Config, now: datetime) -> tuple[int, tuple[str, ...]]:
    """A case's priority at this moment, and what waiting adds to the stored one, in words."""
    return pressing_now(row["priority"], row["intent"], waits=_waits(row, now), state=state, policy=config.priority)


def _waits(row: Row, now: datetime) -> float | None:
    return None if row["waiting_since"] is None else (now - parse_iso(row["waiting_since"])).total_seconds()


def ordered(
    store: Store,
    config: Config,
    which: Filter,
    *,
    now: datetime,
    sla: str | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Cases that fit, with that state of their clock where one is asked for, most pressing at this moment first."""
    moment = _Moment(config, now)
    if limit is None:
        rows = cases.listed(store, which, now=now)
    else:
        first = _first(store, which, moment, sla, limit)
        rest = cases.listed(store, which, now=now, limit=None if sla else limit, waiting=False if sla else None)
        rows = [*cases.by_numbers(store, first), *(row for row in rest if row["case_id"] not in first)]
    ranked = []
    for row in rows:
        state = moment.state(row)
        if sla is None or state == sla:
            ranked.append((_place(row, moment.priority(row, state)), row))
    return [row for _, row in sorted(ranked, key=lambda item: item[0])[:limit]]


def order(
    store: Store,
    config: Config,
    which: Filter,
    *,
    now: datetime,
    sla: str | None = None,
    limit: int | None = None,
) -> list[int]:
    """The numbers of the cases that `ordered` gives, without reading their texts where all of them are asked for."""
    if limit is not None or sla is not None:
        return [row["case_id"] for row in ordered(store, config, which, now=now, sla=sla, limit=limit)]
    moment = _Moment(config, now)
    places = [_place(row, moment.priority(row, moment.state(row))) for row in cases.waiting(store, which, now=now)]
    places += [(-row["priority"], "", row["case_id"]) for row in cases.resting(store, which, now=now)]
    return [number for *_, number in sorted(places)]


def _place(row: Row, pressing: int) -> tuple[int, str, int]:
    return -pressing, row["waiting_since"] or "", row["case_id"]


def _first(store: Store, which: Filter, moment: _Moment, sla: str | None, limit: int) -> set[int]:
    """The numbers of the first `limit` cases whose customers wait.

    Of cases with one stored priority those that wait longest come first, and what comes later can only gain less:
    when one of them cannot be among the first any more, the rest of them need not be read.
    """
    places: list[tuple[int, str, int]] = []  # the first so far, in their order
    below: int | None = None
    while True:
        for row in cases.waiting(store, which, now=moment.now, below=below):
            stored = int(row["priority"])
            if len(places) == limit and moment.best_place(row) > places[-1]:
                if moment.highest(stored) < -places[-1][0]:
                    return {number for *_, number in places}
                below = stored
                break
            state = moment.state(row)
            if sla is None or state == sla:
                insort(places, _place(row, moment.priority(row, state)))
                del places[limit:]
        else:
            return {number for *_, number in places}


class _Moment:
    """Where many clocks stand at one moment, and what waiting adds, without computing each.

    Of messages with the same signs, those that came at or before some second are late now; that second is looked for
    once, and then times are compared as text. The same holds for hours of waiting.
    """

    def __init__(self, config: Config, now: datetime) -> None:
        self.now = now
        self._config = config
        self._text = iso(now)
        self._voices: dict[str | None, str] = {}
        self._limits: dict[tuple[str | None, bool, str], tuple[str, str] | None] = {}
        self._of_promises: dict[tuple[float, Hours], tuple[str, str]] = {}
        self._late = late_points(config.priority)
        self._most = most_added(config.priority)
        most = range(1, config.priority.waiting_most + 1)
        reached = (self._newest(lambda at, n=points: self._hours(at) >= n) for points in most)  # type: ignore[misc]
        self._waited = sorted(reached)

    def _hours(self, at: datetime) -> int:
        return waiting_points((self.now - at).total_seconds(), self._config.priority)

    def highest(self, stored: int) -> int:
        """The highest priority that a waiting case with this stored one can have now; grows with it."""
        return _TOP if stored >= EMERGENCY else min(EMERGENCY - 1, stored + self._most)

    def best_place(self, row: Row) -> tuple[int, str, int]:
        """Where a waiting case would stand if its clock were as late as can be."""
        stored = int(row["priority"])
        most = stored + self._hours_of(row["waiting_since"]) + max([0, *self._late.values()])
        return _place(row, min(self.highest(stored), most))

    def priority(self, row: Row, state: str) -> int:
        """The same as `priority(row)`."""
        since, stored = row["waiting_since"], int(row["priority"])
        if since is None:
            return stored
        return min(limit_of(row["intent"]), stored + self._hours_of(since) + self._late.get(state, 0))

    def _hours_of(self, since: str) -> int:
        """What waiting since then adds."""
        return len(self._waited) - bisect_left(self._waited, since)

    def state(self, row: Row) -> SlaState:
        """The same as `clock(row).state`."""
        if row["waiting_since"] is None or row["unanswered"] == "[]":
            return clock(row, self._config, self.now).state
        source, again = row["source"], row["segment_first_reply_at"] is not None
        state: SlaState = "none"
        for message in row["unanswered"][2:-2].split("], ["):
            at, signs = message[_AT], message[_SIGNS]
            if at > self._text:
                continue
            limits = self._limit(source, again, signs)
            if limits is None:
                continue
            late, soon = limits
            if at <= late:
                return "breached"
            state = "due" if at <= soon or state == "due" else "ok"
        return state

    def _limit(self, source: str | None, again: bool, signs: str) -> tuple[str, str] | None:
        """The newest times of messages that are late, and of messages that soon will be; None without a promise."""
        key = (source, again, signs)
        if key not in self._limits:
            kind: Kind = "next_response" if again else "first_response"
            voice = self._config.voice_of(source)
            urgency, intent, pressing = json.loads(f"[{signs}]")
            promised = clocks.promise(kind, Signs(urgency, intent, pressing, voice), self._config)
            self._limits[key] = None if promised.seconds is None else self._of(promised, promised.seconds)
        return self._limits[key]

    def _of(self, promised: Promise, seconds: float) -> tuple[str, str]:
        key = (seconds, promised.hours)
        if key not in self._of_promises:
            self._of_promises[key] = (
                self._newest(lambda at: (clocks.due_at(at, promised) or clocks.NEVER) < self.now),
                self._newest(lambda at: clocks.is_due_soon(at, promised, self._config, self.now)),
            )
        return self._of_promises[key]

    def _newest(self, holds: Callable[[datetime], bool]) -> str:
        """The last whole second up to now for which `holds`, which holds for everything before it; empty: none."""
        start = self.now.replace(microsecond=0)
        if holds(start):
            return iso(start)
        low = 1
        while not holds(start - timedelta(seconds=low)):
            low *= 2
            if low > _LONGEST:
                return ""
        high = low // 2
        while low - high > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if holds(start - timedelta(seconds=middle)) else (low, middle)
        return iso(start - timedelta(seconds=low))
