"""What was worked out for a word, kept for the next time it comes up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

# Longer keys are no words that come again; they would only take room.
_LONGEST = 64

Value = TypeVar("Value")


class Memo(dict[str, Value]):
    """`memo[key]` is `make(key)`, made once for keys that keep coming up.

    Two generations of at most `most` keys: when the younger one is full it becomes the older one, and what nobody asked
    for since goes. So the memory is bounded, and common words are never forgotten.
    """

    __slots__ = ("_make", "_most", "_old")

    def __init__(self, make: Callable[[str], Value], most: int) -> None:
        super().__init__()
        self._make = make
        self._most = most
        self._old: dict[str, Value] = {}

    def __missing__(self, key: str) -> Value:
        if len(key) > _LONGEST:
            return self._make(key)
        if len(self) >= self._most:
            self._old = dict(self)
            self.clear()
        value = self._old.get(key)
        if value is None:
            value = self._make(key)
        self[key] = value
        return value
