"""What is loaded and when: the queue, the case under the cursor and its neighbours, what others changed, the clock."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from carecli.casework.casefile import CaseFile
from carecli.errors import NotFound
from carecli.store.connect import Row
from carecli.text import counted
from carecli.tui.base import Base
from carecli.tui.casepanes import Context, Conversation, Newest
from carecli.tui.queue import Queue
from carecli.workspace.filters import Query
from carecli.workspace.seat import Seat

_FIRST = 80  # numbers that are read before the first paint
_KEPT = 48  # case files that stay loaded
_AROUND = (1, 2, -1, 3)  # neighbours that are loaded before somebody goes there
EVERY = 1.0  # seconds between two looks at what others changed


class Live(Base):
    """The part of the application that reads."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.files: OrderedDict[int, CaseFile] = OrderedDict()
        self.glosses: dict[int, dict[int, str]] = {}  # of a case, by message; gone with the screen
        self._round = 0  # a new one whenever something was written; `files` of an earlier one are read again
        self._read_in: dict[int, int] = {}
        self._wanted = asyncio.Event()
        self._taken_out: set[int] = set()
        self.finishing: set[int] = set()  # being taken out of the queue at this moment
        self.at_work = asyncio.Lock()  # what is done to cases is done in the order of the keys
        self._changes = -1
        self._first = self.reader.soon(_head)  # while the screen is being built

    async def begin(self, case: int | None) -> None:
        """The first paint: the head of the queue, its first case, then all of it, then whatever happens."""
        self._changes, order, rows = await asyncio.wrap_future(self._first)
        self.queue.learn(rows)
        self.queue.replace(order, complete=len(order) < _FIRST)
        if case is None and order:
            await self._load_one(order[0])
            self._show_what_is_read()
        elif case is not None:
            await self.jump(case)
        self.patient |= {
            asyncio.ensure_future(self._told(self._load())),
            asyncio.ensure_future(self._told(self._watch())),
        }
        self._tasks |= self.patient
        self.want()
        if not self.queue.order:
            self.say("Nothing waits.")
        await self.read_all()
        await self.furnish()
        if not gc.isenabled():  # it rested while everything was loaded that stays
            gc.freeze()
            gc.enable()
        await self.writer.ask(lambda seat: seat.warm_up())

    async def read_all(self) -> None:
        """The whole order anew, the rows on the screen, the case in view; place and cursor stay."""
        query = self.asked
        shown = [*self.queue.shown, *self.queue.order[self.queue.top : self.queue.top + 60]]
        order, rows, begun = await self.lister.ask(lambda seat: (seat.order(query), seat.rows(shown), seat.begun()))
        if query != self.asked:
            return
        self._round += 1
        if self.finishing:
            order = [number for number in order if number not in self.finishing]
        self.queue.unsent = set(begun)
        self.begun = len(begun)
        self.queue.replace(order, leave=frozenset(self._taken_out))
        self._taken_out.clear()
        self.queue.learn(rows, afresh=True)
        self.queue.ask()
        self.want()
        self.redraw()

    def leave(self, cases: tuple[int, ...]) -> None:
        """These may vanish from under the cursor: this person took them out of the queue."""
        self._taken_out |= set(cases)

    def step_past(self, cases: Sequence[int]) -> None:
        """Go on to the next case before these are written down as done, so that no key hits one of them twice."""
        if self.asked.which.everything or self.asked.which.status is not None:
            return  # there they may stay
        self.finishing |= set(cases)
        rest = [number for number in self.queue.order if number not in self.finishing]
        self.queue.replace(rest, leave=frozenset(cases), complete=self.queue.complete)

    async def step_back(self, cases: Sequence[int]) -> None:
        """It went wrong: they are in the queue again, and one alone is under the cursor."""
        self.finishing -= set(cases)
        await self.read_all()
        if len(cases) == 1:
            await self.jump(cases[0])

    async def jump(self, case: int) -> None:
        """Put the cursor on a case; one that is not in the queue is shown at this place until the cursor leaves it."""
        file = await self.reader.ask(lambda seat: seat.file(case))
        number = file.case["case"]
        self.files[number] = file
        if number not in self.queue.order:
            rows = await self.reader.ask(lambda seat: seat.rows([number]))
            self.queue.visit(number, rows)
        else:
            self.queue.go(self.queue.order.index(number))

    # The case in view

    def on_queue_moved(self, _event: Queue.Moved) -> None:
        self._show_what_is_read()
        self.want()
        self.bar.refresh()

    def _show_what_is_read(self) -> None:
        """The case under the cursor as far as it is loaded; what is not loaded yet is never another case's."""
        case = self.queue.case
        if case is None or case in self.files:
            self.show(None if case is None else self.files[case])
        elif self.shown is None or self.shown.case["case"] != case:
            self.shown = None
            self.conversation.show(f"2 Case {case}: reading …", Newest(self.queue.lookup(case)))
            self.context.show(f"3 Context of case {case}: reading …", lambda _painter, _cells: [])

    def on_queue_missing(self, _event: Queue.Missing) -> None:
        missing = [number for number in self.queue.shown if number not in self.queue.rows]
        if missing:
            self.go(self._learn(missing))

    async def _learn(self, numbers: list[int]) -> None:
        self.queue.learn(await self.reader.ask(lambda seat: seat.rows(numbers)))

    def want(self) -> None:
        """Have the case under the cursor loaded."""
        self.loaded.clear()
        self._wanted.set()

    async def _load(self) -> None:
        """Load the case under the cursor, then its neighbours; a new wish comes first."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self.loaded.clear()
            for step in (0, *_AROUND):
                place = self.queue.place + step
                if self._wanted.is_set() or not 0 <= place < len(self.queue.order):
                    continue
                number = self.queue.order[place]
                if number not in self.files or self._read_in.get(number) != self._round:
                    await self._load_one(number)
                if step == 0 and number == self.queue.case and number in self.files:
                    self.show(self.files[number])
            if not self._wanted.is_set():
                self.loaded.set()

    async def _load_one(self, number: int) -> None:
        self._read_in[number] = self._round
        try:
            self.files[number] = await self.reader.ask(lambda seat: seat.file(number))
        except NotFound:
            self.files.pop(number, None)
            return
        while len(self.files) > _KEPT:
            self.files.popitem(last=False)

    def show(self, file: CaseFile | None) -> None:
        """The conversation and the context of a case."""
        if file is None:
            self.shown = None
            self.conversation.show("2 Conversation", lambda _painter, _cells: [])
            self.context.show("3 Context", lambda _painter, _cells: [])
            return
        same = self.shown is not None and self.shown.case["case"] == file.case["case"]
        grown = self.shown is not None and same and len(self.shown.mentions) != len(file.mentions)
        self.shown = file
        zone, now = self.config.brand.timezone, self.clock()
        number, count = file.case["case"], len(file.mentions)
        self.conversation.show(
            f"2 Case {number}, {counted(count, 'message')}",
            Conversation(file, zone, now, self.glosses.get(number, {})),
            keep=same,
        )
        if not same or grown:
            self.conversation.scroll_to_end()
        self.context.show(f"3 Context of case {number}", Context(file, zone, now), keep=same)
        self.saw(file)

    def saw(self, file: CaseFile) -> None:
        """A case came into view, or was read anew."""

    # What others do

    async def _watch(self) -> None:
        """Look every second whether the database is another one; draw the clocks."""
        pause = EVERY
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            changes = await self.reader.ask(lambda seat: seat.changes())
            if changes != self._changes:
                self._changes = changes
                await self.read_all()
            self.queue.tick()
            self.bar.refresh()
            pause = max(EVERY, 10 * (time.monotonic() - started))  # a huge queue is not read all the time


def _head(seat: Seat) -> tuple[int, list[int], dict[int, Row]]:
    """What the first paint shows: the head of the queue and its rows; and a mark for what comes later."""
    changes, order = seat.changes(), seat.order(Query(), _FIRST)
    return changes, order, seat.rows(order[:60])
