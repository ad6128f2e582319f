"""What X costs, and the month's budget for it: estimates by X's price list, kept in the cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from carecli.errors import PlatformError
from carecli.model import JSON
from carecli.platforms.web.newest_first import mark_of

# Dollars per object, by X's list of August 2026. What is read twice in a UTC day is billed once.
OWN_READ = 0.001
POST_READ = 0.005
USER_READ = 0.010
ANSWER, ANSWER_WITH_LINK = 0.010, 0.20
# What was read today, or answered this month, and is remembered, so that it is not counted twice.
MOST_KNOWN = 1000


@dataclass
class Budget:
    """Dollars spent in `month` (UTC) of at most `limit`. `cursor` is what an earlier `save` gave."""

    limit: float
    now: datetime
    cursor: JSON = field(default_factory=dict)
    spent: float = field(init=False, default=0.0)
    _day: str = field(init=False)
    _read: dict[str, None] = field(init=False, default_factory=dict)
    _answered: dict[str, None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.now = self.now.astimezone(UTC)
        self._day = self.now.date().isoformat()
        spent = self.cursor.get("dollars")
        if self.cursor.get("month") == self.month and isinstance(spent, int | float) and spent >= 0:
            self.spent = float(spent)
        self._read = self._marks("read") if self.cursor.get("day") == self._day else {}
        self._answered = self._marks("answered") if self.cursor.get("month") == self.month else {}

    def _marks(self, key: str) -> dict[str, None]:
        found = self.cursor.get(key)
        return {name: None for name in found if isinstance(name, str)} if isinstance(found, list) else {}

    @property
    def month(self) -> str:
        """Such as 2026-11."""
        return self._day[:7]

    def charge(self, posts: list[str], users: list[str], price: float) -> None:
        """Count what was read by ids, each once a day, at `price` dollars a post."""
        found = {mark_of(f"p{name}"): price for name in posts} | {mark_of(f"u{name}"): USER_READ for name in users}
        self.spent += sum(cost for mark, cost in found.items() if mark not in self._read)
        self._read.update(dict.fromkeys(found))

    def answered(self, name: str, at: datetime, *, link: bool) -> None:
        """Count an answer of ours, once: what was posted by `at` is known when the own posts are read."""
        mark = mark_of(f"a{name}")
        if at.astimezone(UTC).date().isoformat()[:7] == self.month and mark not in self._answered:
            self._answered[mark] = None
            self.spent += ANSWER_WITH_LINK if link else ANSWER

    def allow(self, least: float) -> None:
        """Raises PlatformError when not even `least` dollars are left."""
        if self.spent + least > self.limit:
            raise PlatformError(
                f"the budget for X is used up: about ${self.spent:.2f} of ${self.limit:.2f} in {self.month}, so "
                "nothing more is read",
                hint="it begins again next month; `budget` in care.toml raises it",
            )

    def save(self) -> JSON:
        """JSON for the cursor."""
        read, answered = list(self._read)[-MOST_KNOWN:], list(self._answered)[-MOST_KNOWN:]
        spent = round(self.spent, 4)
        return {"month": self.month, "dollars": spent, "day": self._day, "read": read, "answered": answered}
