"""Reading a listing that can be asked for what changed since a moment, oldest first: the mark alone is enough.

No page shifts, because whatever changes moves to the end; a crash costs one page. A stretch below the mark is read
again each time, for what arrives late, and what was handed out of it is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from carecli.errors import BadAnswer
from carecli.model import JSON
from carecli.platforms.web.newest_first import Gap, known_marks, mark_of, marks_to_keep


@dataclass
class Forward:
    """One run over such a listing, with the same steps as `Walk`. `start` is where the first run begins.

    A place is `second/page`; moments and `overlap` are milliseconds.
    """

    saved: JSON
    start: int
    overlap: int = 0
    _at: str | None = field(init=False)
    _high: int | None = field(init=False)
    _known: dict[str, int] = field(init=False)
    _rest: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        high, rest = self.saved.get("high"), self.saved.get("rest")
        self._high = high if isinstance(high, int) else None
        begin = self.start if self._high is None else self._high - self.overlap
        self._at = rest if isinstance(rest, str) else f"{max(begin, 0) // 1000}/1"
        self._known = dict(known_marks(self.saved.get("known")))

    @property
    def here(self) -> Gap | None:
        """Where to read next; None: this run is done."""
        return Gap(self._at) if self._at is not None else None

    def is_known(self, item: str) -> bool:
        """Whether the item with the id `item` was remembered."""
        return mark_of(item) in self._known

    def remember(self, items: Iterable[tuple[str, int]]) -> None:
        """Items, by id and moment, that need not be handed out again."""
        self._known.update((mark_of(item), moment) for item, moment in items)

    def turn(self, moments: Sequence[int], cursor: str | None, *, now: int) -> None:
        """One page was read at `here`. Raises BadAnswer when the listing goes in circles."""
        if cursor is not None and cursor == self._at:
            raise BadAnswer("the listing goes in circles: the same place came twice")
        self._high = max(self._high or self.start, min(max(moments, default=0), now))
        self._at = self._rest = cursor

    def restart(self) -> bool:
        """A place here is a moment, which cannot become invalid."""
        return False

    def save(self) -> JSON:
        """JSON to go on from, also in another process."""
        floor = (self._high or 0) - self.overlap
        return {"high": self._high, "rest": self._rest, "known": marks_to_keep(self._known, floor)}
