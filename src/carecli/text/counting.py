"""How many of something there are, in words."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """ "1 mention", "2 mentions", "1,204 replies"; `many` where an s is not enough."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
