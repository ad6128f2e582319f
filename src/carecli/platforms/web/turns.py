"""Whose turn it is: no server is asked by too many at once, and none before it said that it may be asked again.

`with taking_turns():` holds for every `Client` that is used inside, whatever source or platform it belongs to;
without it clients know nothing of each other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from carecli.errors import RateLimited

PER_HOST = 4
PATIENCE = 30.0  # seconds that a request waits for its server; longer waits are the next fetch's
_REMAINING = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")


@dataclass
class Turns:
    """The servers of one fetch: who talks to them, and which of them have asked for a rest until when."""

    per_host: int = PER_HOST
    _open: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _rests: dict[tuple[str, str, str], float] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, host: str, who: str, path: str) -> AsyncIterator[None]:
        """Hold one of the places at `host`, when the rest of `path` for `who` is over. Raises RateLimited.

        By path, because most platforms count by endpoint; one that counts all together says so at the next one.
        """
        async with self._open.setdefault(host, asyncio.Semaphore(self.per_host)):
            while (left := self._rests.get((host, who, path), 0.0) - time.monotonic()) > 0:
                if left > PATIENCE:
                    raise RateLimited(
                        f"{host} has no requests left for us", hint=f"try again in {left:.0f} s", retry_after=left
                    )
                await asyncio.sleep(left)
            yield

    def rest(self, host: str, who: str, path: str, seconds: float) -> None:
        """`path` of `host` is not to be asked by `who` for so long."""
        until = time.monotonic() + seconds
        self._rests[host, who, path] = max(until, self._rests.get((host, who, path), 0.0))


_turns: ContextVar[Turns | None] = ContextVar("turns", default=None)


@contextmanager
def taking_turns(per_host: int = PER_HOST) -> Iterator[None]:
    """All requests made inside share their servers."""
    token = _turns.set(Turns(per_host))
    try:
        yield
    finally:
        _turns.reset(token)


def current() -> Turns | None:
    """The turns that requests made here share."""
    return _turns.get()


def spent(headers: Mapping[str, str]) -> bool:
    """Whether an answer says that it was the last one before the limit: no requests remaining."""
    for name in _REMAINING:
        value = headers.get(name, "").strip()
        if value:
            return value in {"0", "0.0"}
    return False
