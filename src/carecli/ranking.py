"""The order of the queue at this moment: what is stored of a case, and what the clock adds to it.

Stored priorities are in an index, most pressing first. Waiting adds a bounded number of points, so the first cases of
the queue are among those whose stored priority is near the top: they are read from the index until no later one can
still come before the last that is shown. Equal priorities are ordered by who waits longer, then by number, so the same
question at the same instant has the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappush, heappushpop

from carecli import sla as clocks
from carecli.config import Config
from carecli.model import SlaState, iso, parse_iso
from carecli.sla import Clock, Kind, Signs
from carecli.store import cases
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store
from carecli.triage.priority import most_added, pressing_now

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
    if limit is None:
        rows = cases.listed(store, which, now=now)
    else:
        first = [number for *_, number in _first(store, config, which, now, sla, limit)]
        rest = cases.listed(store, which, now=now, limit=None if sla else limit, waiting=False if sla else None)
        rows = [*cases.by_numbers(store, first), *(row for row in rest if row["case_id"] not in set(first))]
    ranked = []
    for row in rows:
        state = clock(row, config, now).state
        if sla is None or state == sla:
            ranked.append((_place(row, priority(row, state, config, now)[0]), row))
    return [row for _, row in sorted(ranked, key=lambda item: item[0])[:limit]]


def _place(row: Row, pressing: int) -> tuple[int, str, int]:
    return -pressing, row["waiting_since"] or "", row["case_id"]


def _first(
    store: Store, config: Config, which: Filter, now: datetime, sla: str | None, limit: int
) -> list[tuple[int, str, int]]:
    """The places of the first `limit` cases whose customers wait."""
    states, most = _States(config, now), most_added(config.priority)
    places: list[tuple[int, str, int]] = []
    best: list[int] = []  # the highest priorities so far, the lowest of them first
    for row in cases.waiting(store, which, now=now):
        if len(best) == limit and row["priority"] + most < best[0]:
            break
        state = states.of(row)
        if sla is not None and state != sla:
            continue
        places.append(_place(row, priority(row, state, config, now)[0]))
        (heappush if len(best) < limit else heappushpop)(best, -places[-1][0])
    return sorted(places)[:limit]


class _States:
    """Where many clocks stand at one moment, without computing each.

    Of messages with the same signs, those that came at or before some second are late now: that second is looked for
    once, and then times are compared as text.
    """

    def __init__(self, config: Config, now: datetime) -> None:
        self._config = config
        self._now = now
        self._limits: dict[tuple[Kind, Signs], tuple[str, str] | None] = {}

    def of(self, row: Row) -> SlaState:
        """The same as `clock(row).state`, for a row of `carecli.store.cases.waiting`."""
        voice, kind = self._config.voice_of(row["source"]), _kind(row)
        asked = json.loads(row["unanswered"]) or [
            [row["waiting_since"], row["urgency"], row["intent"], row["priority"]]
        ]
        state: SlaState = "none"
        for at, urgency, intent, pressing in asked:
            limits = self._limit(kind, Signs(urgency, intent, pressing, voice))
            if limits is None or at > iso(self._now):
                continue
            late, soon = limits
            if at <= late:
                return "breached"
            state = "due" if at <= soon or state == "due" else "ok"
        return state

    def _limit(self, kind: Kind, signs: Signs) -> tuple[str, str] | None:
        """The newest times of messages that are late, and of messages that soon will be; None without a promise."""
        key = (kind, signs)
        if key not in self._limits:
            promised = clocks.promise(kind, signs, self._config)
            self._limits[key] = (
                None
                if promised.seconds is None
                else (
                    self._newest(lambda at: (clocks.due_at(at, promised) or clocks.NEVER) < self._now),
                    self._newest(lambda at: clocks.is_due_soon(at, promised, self._config, self._now)),
                )
            )
        return self._limits[key]

    def _newest(self, holds: Callable[[datetime], bool]) -> str:
        """The last whole second up to now for which `holds`, which holds for everything before it; empty: none."""
        start = self._now.replace(microsecond=0)
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
