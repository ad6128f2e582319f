"""Somebody sits at the full screen: real database, real application, keys and what is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textual import _wait
from textual.pilot import Pilot

from carecli.cli.context import Context
from carecli.model import parse_iso
from carecli.store.connect import open_store
from carecli.tui.app import Triage
from carecli.workspace.seat import Seat
from tests.world import NOW, World

# Textual waits until the process has been idle for 20 ms, two to five times a key, and most of a test is that. Here
# idleness is looked at more often; what is under way in other threads is waited for by itself (`rest`).
_wait.SLEEP_GRANULARITY /= 4
_wait.SLEEP_IDLE /= 4


@dataclass
class Sitting:
    """The application with somebody's hands on it."""

    app: Triage
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        """One key after the other, each when the one before is done with."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def type(self, text: str) -> None:
        """Type a text; the last key is waited for."""
        for character in text:
            await self.pilot.press({" ": "space", "\n": "enter"}.get(character, character))
        await self.rest()

    async def rest(self) -> None:
        """Until nothing is under way."""
        await self.pilot.pause()
        await self.app.settle()
        await self.pilot.pause()
        await self.app.settle()
        await self.pilot.pause()
        if self.app.failure is not None:
            raise self.app.failure

    async def until(self, seen: Callable[[], bool], what: str) -> None:
        """Wait for what happens by itself."""
        for _ in range(600):
            if seen():
                return
            await self.pilot.pause(0.05)
        raise AssertionError(f"{what} did not happen; on the screen:\n{self.text}")

    @property
    def lines(self) -> list[str]:
        """The screen as it is now."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines) + "\n"

    @property
    def news(self) -> str:
        """The line that says what was done."""
        return self.app.status.words


@asynccontextmanager
async def sitting(
    world: World,
    *,
    size: tuple[int, int] = (120, 32),
    agent: str = "leo",
    theme: str = "dark",
    case: int | None = None,
    clock: Callable[[], datetime] = lambda: parse_iso(NOW),
) -> AsyncIterator[Sitting]:
    """Sit down in a world; leaves by the application's own end."""
    run = Context(world.db, world.config)
    config = run.config
    run.close()
    app = Triage(lambda: Seat(open_store(world.db), config, agent, clock), config, agent, clock, case=case, theme=theme)
    async with app.run_test(size=size) as pilot:
        seat = Sitting(app, pilot)
        await seat.rest()
        yield seat
        if app.failure is not None:
            raise app.failure


def run(story: Coroutine[Any, Any, None]) -> None:
    """Play it to its end."""
    asyncio.run(story)
