"""Reading a newest-first listing with opaque cursors, so that a crash between two pages loses nothing.

Where a walk stands is a high-water mark and a list of gaps. The mark is the newest moment seen; it may move
with the first page, because what is still unread below that page is written down as a gap: the cursor to go
on from, and the moment to stop at. The next walk reads from the head down to the mark, then closes the gaps,
newest first. Moments are epoch milliseconds of the server's own order.

Items arrive late: a stretch below the mark is read again each time. What was handed out of it is remembered, so
that it is not handed out again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from carecli.errors import BadAnswer
from carecli.model import JSON

# One post with a false date must not end the reading: the newest of the last few decides.
LAST_FEW = 5
# A listing that goes on without items this often has no end.
EMPTY_PAGES = 500
# Walks that are interrupted again and again leave gaps; more than this and the oldest two become one.
MOST_GAPS = 16
# Items remembered: those of the overlap, within reason, and at least as many as a few pages show again.
LEAST_KNOWN, MOST_KNOWN = 300, 5000


@dataclass(frozen=True, slots=True)
class Gap:
    """Unread items from the cursor `at`, the moment `reached`, down to `floor`; None: the head, and all."""

    at: str | None = None
    reached: int | None = None
    floor: int | None = None


@dataclass
class Walk:
    """One run over one listing. `saved` is what an earlier run's `save` gave, {} the first time.

    `since` limits this run; what an earlier run left below it stays a gap for a later one. Only the first run
    takes `since` for good. `overlap` (milliseconds) is read again, for items that arrive out of order.
    """

    saved: JSON
    since: int | None = None
    overlap: int = 0
    high: int | None = field(init=False)
    _first: bool = field(init=False)
    _head: Gap | None = field(init=False)
    _gaps: list[Gap] = field(init=False)
    _known: dict[str, int] = field(init=False)
    _later: list[Gap] = field(init=False, default_factory=list)
    _seen: set[str] = field(init=False, default_factory=set)
    _empty: int = field(init=False, default=0)
    _restarted: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.high = _whole(self.saved.get("high"))
        self._first = self.high is None
        self._head = Gap(floor=self.since if self.high is None else self.high - self.overlap)
        self._known = dict(known_marks(self.saved.get("known")))
        self._gaps = []
        for gap in _gaps(self.saved.get("gaps")):
            (self._later if self._too_old(gap.reached) else self._gaps).append(gap)

    @property
    def here(self) -> Gap | None:
        """Where to read next; None: this run is done."""
        return self._head or (self._gaps[0] if self._gaps else None)

    @property
    def begun(self) -> bool:
        """Whether the head was read, so that `save` knows more than `saved`."""
        return self._head is None

    def is_known(self, item: str) -> bool:
        """Whether the item with the id `item` was remembered."""
        return mark_of(item) in self._known

    def remember(self, items: Iterable[tuple[str, int]]) -> None:
        """Items, by id and moment, that need not be handed out again."""
        self._known.update((mark_of(item), moment) for item, moment in items)

    def turn(self, moments: Sequence[int], cursor: str | None, *, now: int) -> None:
        """One page was read at `here`: the moments of its items in their order, and the cursor of the rest.

        Raises BadAnswer when the listing goes in circles.
        """
        gap = self._take()
        if moments:
            self.high = max(self.high or 0, min(max(moments), now))
        reached = max(moments[-LAST_FEW:]) if moments else gap.reached
        left = self._leaves_some(moments, gap)
        if left:
            self._later.append(gap)
        closed = not cursor or (gap.floor is not None and reached is not None and reached < gap.floor)
        if not cursor or closed or self._too_old(reached):
            self._seen.clear()
            self._empty = 0
            if cursor and not closed and not left:
                self._later.append(Gap(cursor, reached, gap.floor))
            return
        self._no_circles(gap, cursor, empty=not moments)
        self._go_on_with(Gap(cursor, reached, gap.floor))

    def restart(self) -> bool:
        """The server no longer takes the cursor of `here`: begin at the head again. False: that was tried."""
        gap = self.here
        if gap is None or gap.at is None or self._restarted:
            return False
        self._restarted = True
        self._gaps[0] = Gap(floor=gap.floor)
        return True

    def save(self) -> JSON:
        """JSON to go on from, also in another process."""
        gaps = sorted(self._gaps + self._later, key=lambda gap: (gap.reached is not None, -(gap.reached or 0)))
        while len(gaps) > MOST_GAPS:
            oldest, newer = gaps.pop(), gaps.pop()
            gaps.append(Gap(newer.at, newer.reached, oldest.floor))
        return {
            "high": self.high,
            "gaps": [[gap.at, gap.reached, gap.floor] for gap in gaps],
            "known": marks_to_keep(self._known, (self.high or 0) - self.overlap),
        }

    def _take(self) -> Gap:
        if self._head is not None:
            gap, self._head = self._head, None
            return gap
        return self._gaps.pop(0)

    def _go_on_with(self, gap: Gap) -> None:
        """Read `gap` next, as one with those of the same cursor: a head that was read again meets its old rest."""
        floors = [gap.floor, *(other.floor for other in self._gaps if other.at == gap.at)]
        known = [floor for floor in floors if floor is not None]
        floor = min(known) if len(known) == len(floors) else None
        self._gaps = [Gap(gap.at, gap.reached, floor), *(other for other in self._gaps if other.at != gap.at)]

    def _leaves_some(self, moments: Sequence[int], gap: Gap) -> bool:
        """Whether this page has items that are too old for this run, but not for ever."""
        if self.since is None or self._first or (gap.floor is not None and gap.floor >= self.since):
            return False
        return min(moments, default=self.since) < self.since

    def _too_old(self, reached: int | None) -> bool:
        return self.since is not None and reached is not None and reached < self.since

    def _no_circles(self, gap: Gap, cursor: str, *, empty: bool) -> None:
        self._seen.add(gap.at or "")
        self._empty = self._empty + 1 if empty else 0
        if cursor in self._seen:
            raise BadAnswer("the listing goes in circles: the same cursor came twice")
        if self._empty >= EMPTY_PAGES:
            raise BadAnswer(f"the listing has no end: {EMPTY_PAGES} empty pages in a row")


def _gaps(saved: Any) -> list[Gap]:
    found = []
    for entry in saved if isinstance(saved, list) else ():
        if isinstance(entry, list) and len(entry) == 3:
            at, reached, floor = entry
            found.append(Gap(at if isinstance(at, str) else None, _whole(reached), _whole(floor)))
    return found


def known_marks(saved: Any) -> Iterator[tuple[str, int]]:
    """What `marks_to_keep` gave, each item's mark with its moment."""
    for entry in saved if isinstance(saved, list) else ():
        if isinstance(entry, list) and len(entry) == 2:
            mark, moment = entry[0], _whole(entry[1])
            if isinstance(mark, str) and moment is not None:
                yield mark, moment


def marks_to_keep(known: dict[str, int], floor: int) -> list[list[str | int]]:
    """The marks worth remembering, newest first: all from the moment `floor` on, and a few pages more."""
    newest = sorted(known.items(), key=lambda entry: (-entry[1], entry[0]))
    wanted = min(sum(moment >= floor for _, moment in newest), MOST_KNOWN)
    return [list(entry) for entry in newest[: max(wanted, LEAST_KNOWN)]]


def mark_of(item: str) -> str:
    """A short name for the item with the id `item`."""
    digest = hashlib.blake2b(item.encode("utf-8", "surrogatepass"), digest_size=9).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
