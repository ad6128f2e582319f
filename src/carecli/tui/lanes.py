"""Threads with a connection each, so that the keyboard never waits for the disk or the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from carecli.workspace.seat import Seat

Answer = TypeVar("Answer")


class Lane:
    """One thread and one `Seat`; work is done in the order in which it was asked for."""

    def __init__(self, name: str, sit_down: Callable[[], Seat]) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"care-{name}")
        self._sit_down = sit_down
        self._seat: Seat | None = None

    async def ask(self, work: Callable[[Seat], Answer]) -> Answer:
        """What `work` gives, done in the lane's thread; its errors are raised here."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._work, work)

    def soon(self, work: Callable[[Seat], Answer]) -> Future[Answer]:
        """Begin before there is a loop; what it gives can be awaited with `asyncio.wrap_future`."""
        return self._pool.submit(self._work, work)

    def _work(self, work: Callable[[Seat], Answer]) -> Answer:
        if self._seat is None:
            self._seat = self._sit_down()
        return work(self._seat)

    def close(self) -> None:
        """Finish what was asked for, then close the connection."""
        self._pool.submit(self._stand_up).result()
        self._pool.shutdown()

    def _stand_up(self) -> None:
        if self._seat is not None:
            self._seat.store.close()
