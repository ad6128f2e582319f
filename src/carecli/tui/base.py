"""What every part of the application stands on: its widgets, its threads, its layout, its line of news."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.events import Key
from textual.geometry import Size

from carecli.casework.casefile import CaseFile
from carecli.config import Config
from carecli.errors import CareError, UsageError
from carecli.tui import themes
from carecli.tui.bars import Bar, Foot, Status
from carecli.tui.lanes import Lane
from carecli.tui.paint import Line, Painter, Palette
from carecli.tui.pane import Text
from carecli.tui.queue import Queue
from carecli.workspace.deeds import Deed
from carecli.workspace.filters import Query
from carecli.workspace.keys import bound
from carecli.workspace.seat import Clock, Seat, refreshed

if TYPE_CHECKING:
    from carecli.tui.dialogs import Dialog
    from carecli.tui.editor import Editor

_NARROW, _WIDE, _LOW, _TALL = 100, 150, 18, 40
_PANES = ("1 Queue", "2 Conversation", "3 Context")


class Base(App[None]):
    """`sit_down` takes a seat; every lane calls it once, in its own thread."""

    shown: CaseFile | None = None
    failure: Exception | None = None
    arrangement = "two"

    def __init__(
        self,
        sit_down: Callable[[], Seat],
        config: Config,
        agent: str,
        clock: Clock,
        *,
        case: int | None = None,
        theme: str = "dark",
    ) -> None:
        super().__init__(ansi_color=True if theme == "mono" else None)
        self.config, self.agent, self.clock = config, agent, clock
        self.painter = Painter.of(config.display)
        self.keys = bound(config.keys)
        self._action_of = {key: name for name, keys in self.keys.items() for key in keys}
        self._first_case = case
        self._tasks: set[asyncio.Task[Any]] = set()
        self.zoomed = False
        self.use_theme(theme)
        names = ("reads", "lists", "writes", "sends")  # a long list keeps no case from being read
        self.reader, self.lister, self.writer, self.sender = (Lane(name, sit_down) for name in names)
        self.queue = Queue(lambda rows: refreshed(rows, config, clock()), clock)
        self.conversation = Text("2 Conversation", id="conversation", walled=True, follows=True)
        self.context = Text("3 Context", id="context", walled=True)
        self._editor: Editor | None = None  # heavy, and nobody writes before there is something to read
        self._furnishing = asyncio.Lock()
        self.begun = 0
        self.bar, self.status, self.foot = Bar(id="bar"), Status(id="status"), Foot(id="foot")
        self.asked = Query()
        self.patient: set[asyncio.Task[Any]] = set()  # they end when the screen does
        self.loaded = asyncio.Event()  # the case under the cursor and its neighbours are
        self.deeds: list[Deed] = []
        self.held: list[Key] | None = None  # keys that came while something was being opened

    palette: Palette = themes.PALETTES["dark"]

    def use_theme(self, name: str) -> None:
        """Dark, light, contrast or mono."""
        self.palette = themes.PALETTES[name]
        theme = themes.textual_theme(name)
        self.register_theme(theme)
        self.theme = theme.name
        self.theme_name = name

    # Where things stand

    def lay_out(self, size: Size | None = None) -> None:
        """Three panes where there is room side by side or above each other, two, or one at a time."""
        width, height = size or self.size
        if self.zoomed or height < _LOW or width < 50:
            layout = "one"
        elif width < _NARROW:
            layout = "stack"
        else:
            layout = "two" if width < _WIDE else "three"
        self.arrangement = layout
        screen = self.screen_stack[0]
        for name in ("one", "stack", "two", "three"):
            screen.set_class(name == layout, name)
        screen.set_class(height >= _TALL and layout in ("two", "stack"), "tall")
        screen.set_class(self.writing, "writing")
        self.call_after_refresh(self.redraw)

    def bring_up(self, pane: str) -> None:
        """Show a pane that may be collapsed, and go there."""
        screen = self.screen_stack[0]
        screen.set_class(pane == "context" and not screen.has_class("tall"), "context")
        screen.set_class(pane == "conversation", "middle")
        {"queue": self.queue, "conversation": self.conversation, "context": self.context}[pane].focus()
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw everything that says something about the state."""
        self.screen_stack[0].set_class(self.writing, "writing")
        for widget in (self.bar, self.status, self.foot, self.queue):
            widget.refresh()

    @property
    def collapsed(self) -> list[str]:
        """The panes that are not on the screen."""
        screen = self.screen_stack[0]
        writing, context = self.writing, screen.has_class("context")
        if self.arrangement == "three":
            return []
        if screen.has_class("tall"):
            return ([_PANES[0]] if self.arrangement == "stack" else []) + [_PANES[2]] if writing else []
        if self.arrangement == "one":
            shown = 2 if writing or screen.has_class("middle") else 3 if context else 1
            return [name for number, name in enumerate(_PANES, 1) if number != shown]
        hidden = [_PANES[1] if context else _PANES[2]]
        return [_PANES[0], *hidden] if writing and self.arrangement == "stack" else hidden

    # The reply's editor

    @property
    def editor(self) -> Editor:
        """The reply's editor; `furnish` has been waited for."""
        assert self._editor is not None  # noqa: S101 - nobody asks before
        return self._editor

    @property
    def writing(self) -> bool:
        """Whether a reply is open."""
        return self._editor is not None and self._editor.writing

    @property
    def typing(self) -> bool:
        """Whether keys go into a reply."""
        return self.writing and self.editor.area.has_focus

    async def furnish(self) -> Editor:
        """Have the editor at its place, not to be seen yet."""
        async with self._furnishing:
            if self._editor is None:
                module = await asyncio.to_thread(import_module, "carecli.tui.editor")
                editor: Editor = module.Editor()
                await self.screen_stack[0].query_one("#middle").mount(editor)
                self._editor = editor
        return self._editor

    # Work in the background

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the keyboard; an error is said in the status line."""
        task = asyncio.get_running_loop().create_task(self._told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def release(self) -> None:
        """What was being opened is there: it gets the keys that came meanwhile."""
        held, self.held = self.held or [], None
        for event in held:
            self.post_message(Key(event.key, event.character))

    def forget(self, held: list[Key]) -> None:
        """Nothing was opened: what was meant for it is no action."""
        if self.held is held:
            self.held = None

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except CareError as error:
            self.say(error.message + (f" → {error.hint}" if error.hint else ""), "bad")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - said to the person, and raised again when they quit
            self.failure = error
            self.exit(return_code=1)

    def say(self, words: str, role: str = "") -> None:
        """One line of what was done or went wrong; it stays until the next."""
        self.status.say(words, role)

    async def settle(self) -> None:
        """Wait until nothing is under way but what waits for a person."""
        while busy := [task for task in self._tasks if task not in self.patient]:
            await asyncio.wait(busy, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)
        await self.loaded.wait()

    async def on_unmount(self) -> None:
        for task in list(self._tasks):
            if task in self.patient:
                task.cancel()
        for lane in (self.writer, self.sender, self.reader, self.lister):
            await asyncio.to_thread(lane.close)

    async def ask(self, question: str, hint: str, initial: str = "") -> str | None:
        """A line of text from the person; None: not at all."""
        from carecli.tui.dialogs import Ask

        return await self.answered(Ask(question, hint, initial))

    async def until_right(
        self, question: str, hint: str, do: Callable[[str], Awaitable[None]], initial: str = ""
    ) -> None:
        """Ask for a line and do what it says; what cannot be read is asked for again, with what was typed."""
        words, told = initial, hint
        while (answer := await self.ask(question, told, words)) is not None:
            try:
                await do(answer)
            except UsageError as error:
                words, told = answer, f"! {error.message}" + (f" → {error.hint}" if error.hint else "")
            else:
                return

    async def choose(self, question: str, choices: Sequence[str], now: str | None = None) -> str | None:
        """One of these; None: not at all."""
        from carecli.tui.dialogs import Choose

        return await self.answered(Choose(question, choices, now))

    async def confirm(self, question: str, build: Callable[[Painter, int], list[Line]]) -> bool:
        """Whether a person who has read this says y."""
        from carecli.tui.dialogs import Confirm

        return bool(await self.answered(Confirm(question, build)))

    async def answered(self, dialog: Dialog) -> str | None:
        """What a person says to a dialog."""
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        await self.push_screen(dialog, lambda words: None if answer.done() else answer.set_result(words))
        self.call_later(self.release)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self.patient.add(task)
        try:
            return await answer
        finally:
            self.patient.discard(task)
