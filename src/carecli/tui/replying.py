"""Writing and sending a reply: kept with every key, checked while it is written, sent beside the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from carecli.casework.casefile import CaseFile
from carecli.errors import CareError, Conflict
from carecli.hours import show_moment
from carecli.model import Finding
from carecli.tui.live import Live
from carecli.tui.paint import Line, Painter
from carecli.workspace import answering
from carecli.workspace.answering import Way
from carecli.workspace.deeds import Deed

if TYPE_CHECKING:
    from carecli.store.unsent import Unsent
    from carecli.tui.editor import Editor, ReplyArea


class Replying(Live):
    """The part of the application that answers."""

    _keeping = False
    _checking = False

    def do_reply(self) -> None:
        case = self.queue.case
        if self.writing:
            self.editor.area.focus()
        elif case is not None:
            self.go(self._open(case))

    async def _open(self, case: int) -> None:
        self.say("Looking for words …")
        await self.furnish()
        answer = await self.writer.ask(lambda seat: answering.answer(seat, case))
        if self.queue.case != case:  # the person has gone on
            self.say("")
            return
        self.screen_stack[0].remove_class("context")
        self.editor.begin(answer)
        self.call_later(self.release)
        self.say("What you had begun is here again." if answer.unsent else "")
        self.redraw()
        await self._check()

    def on_editor_typed(self, _event: Editor.Typed | None = None) -> None:
        if not self._keeping:
            self._keeping = True
            self.go(self._keep())
        if not self._checking:
            self._checking = True
            self.go(self._check_typed())

    async def _keep(self) -> None:
        """Write down what is typed until nothing new is: never more than one write is waiting."""
        try:
            kept: Unsent | None = None
            while (value := self.editor.unsent(self.agent)) is not None and value != kept:
                await self._write_down(value)
                kept = value
            if kept is not None and self.writing:
                self.editor.saved = True
                self.editor.tell()
        finally:
            self._keeping = False

    async def _write_down(self, value: Unsent) -> None:
        if self.editor.own_words:
            await self.writer.ask(lambda seat: answering.keep(seat, value))
        else:
            await self.writer.ask(lambda seat: answering.throw_away(seat, value.case))

    async def _check_typed(self) -> None:
        try:
            await self._check()
        finally:
            self._checking = False

    async def _check(self) -> None:
        """Look at the text until it is the one that was looked at."""
        while (value := self.editor.unsent(self.agent)) is not None:
            text = value.text.strip()
            found: tuple[Finding, ...] = ()
            if text:
                found = await self._look_at(value)
            now = self.editor.unsent(self.agent)
            if now is None or (now.text.strip(), now.private) == (text, value.private):
                self.editor.learn(text, found)
                return

    async def _look_at(self, value: Unsent) -> tuple[Finding, ...]:
        thread = self.editor.thread
        return await self.reader.ask(lambda seat: answering.check(seat, value, thread=thread))

    def saw(self, file: CaseFile) -> None:
        """The case in view may have a new message while somebody answers it."""
        answer = self.editor.answer if self.writing else None
        if answer is None or answer.case != file.case["case"]:
            return
        inbound = [row["mention_id"] for row in file.mentions if row["inbound"]]
        edits = [event.number for event in file.log if event.kind == "edited"]
        if inbound and answer.seen.message != inbound[-1] and not self.editor.warning:
            self.editor.warning = "NEW MESSAGE: read it first"
            self.editor.tell()
        elif edits and answer.seen.edit != edits[-1] and not self.editor.warning:
            self.editor.warning = "EDITED: read it again first"
            self.editor.tell()

    def on_reply_area_command(self, event: ReplyArea.Command) -> None:
        event.stop()
        self.command(event.name)

    def command(self, name: str) -> None:
        """Do what one of the editor's own keys does."""
        getattr(self, f"_reply_{name}")()

    def _reply_next_draft(self) -> None:
        self.editor.next_draft()

    def _reply_private(self) -> None:
        self.editor.private = not self.editor.private
        self.editor.forget_findings()
        self.editor.saved = False
        self.editor.tell()
        self.on_editor_typed()

    def _reply_thread(self) -> None:
        self.editor.thread = not self.editor.thread
        self.editor.forget_findings()
        self.on_editor_typed()
        self.say("Longer than one post, it goes out as several." if self.editor.thread else "As one post.")

    def _reply_later(self) -> None:
        self.go(self._later())

    async def _later(self) -> None:
        async def plan(words: str) -> None:
            if words.strip():
                await self.reader.ask(lambda seat: seat.moment(words.strip()))
            self.editor.later = " ".join(words.split())
            self.editor.tell()

        await self.until_right("Go out when?", "2h, tomorrow 9:00, monday; empty: at once", plan, self.editor.later)

    def _reply_override(self) -> None:
        self.go(self._override())

    async def _override(self) -> None:
        """Send although a guardrail blocks: the reason goes into the log."""
        value = self.editor.unsent(self.agent)
        found = await self._look_at(value) if value is not None and value.text.strip() else ()
        rules = answering.to_override(found)
        if not rules:
            self.say("Nothing blocks this reply: ^S sends it.")
            return
        because = await self.ask(f"Why may it go out against {', '.join(rules)}?", "the log keeps your reason")
        if because is None or not because.strip():
            self.say("Not sent: an override needs a reason.")
        else:
            await self._send(Way(because.strip(), rules))

    def _reply_help(self) -> None:
        from carecli.tui.help import Help

        self.push_screen(Help())

    def _reply_leave(self) -> None:
        self.go(self._leave())

    async def _leave(self) -> None:
        value, own = self.editor.unsent(self.agent), self.editor.own_words
        if value is not None:
            await self._write_down(value)
            self._close()
            await self.read_all()
            if own and value.text.strip():
                self.say(f"Kept as it is: the reply to case {value.case}; its line has a w.")

    def _reply_throw_away(self) -> None:
        self.go(self._throw_away())

    async def _throw_away(self) -> None:
        value = self.editor.unsent(self.agent)
        if value is None:
            return
        if not value.text.strip() or await self.confirm(
            "Throw this reply away? y: yes", _read([value.text], value.text, ())
        ):
            self._close()
            await self.writer.ask(lambda seat: answering.throw_away(seat, value.case))
            self.deeds.append(Deed(f"threw away the reply to case {value.case}", (value.case,), thrown_away=value))
            await self.read_all()
            self.say("Thrown away; u brings it back.")

    def _close(self) -> None:
        self.editor.end()
        self.queue.focus()
        self.redraw()

    def _reply_send(self) -> None:
        self.go(self._send())

    async def _send(self, way: Way | None = None) -> None:
        value = self.editor.unsent(self.agent)
        if value is None:
            return
        way = replace(way or Way(), at=self.editor.later, thread=self.editor.thread)
        text = value.text.strip()
        found = await self._look_at(value) if text else ()
        self.editor.learn(text, found)
        blocking = next((one for one in found if one.severity == "block" and one.rule not in way.overridden), None)
        if blocking is not None or not text:
            self.say(f"Not sent: {blocking.message if blocking else 'there is no text'}", "bad")
            return
        parts = await self.reader.ask(lambda seat: answering.posts(seat, value, way))
        if await self.confirm(self._question(value, way, len(parts)), _read(parts, text, found)):
            await self._approve(value, way)
        else:
            self.say("Not sent.")

    def _question(self, value: Unsent, way: Way, posts: int) -> str:
        who = self.editor.answer.customer if self.editor.answer else ""
        how = "as a PRIVATE message" if value.private else "in public" if posts == 1 else f"as {posts} public posts"
        when = f", {way.at}" if way.at else ""
        against = f", AGAINST {', '.join(way.overridden)}" if way.overridden else ""
        return f"Send {how} to {who}{when}{against}? y: send, Esc: back"

    async def _approve(self, value: Unsent, way: Way) -> None:
        known = self.editor.answer.seen if self.editor.answer else None
        self.say("Checking the links, and sending …")
        try:
            approved = await self.sender.ask(lambda seat: answering.approve(seat, value, known=known, way=way))
        except Conflict as error:
            await self._conflict(value, error)
            return
        self._close()
        reply = approved.reply
        if reply is None:
            self.deeds.append(Deed(f"proposed draft {approved.draft}", (value.case,), approved.events))
            await self.read_all()
            self.say(f"Not sent: {approved.because}. Somebody else: care draft approve {approved.draft}", "warn")
            return
        if approved.at is not None:
            self.deeds.append(Deed(f"scheduled reply {reply}", (value.case,), approved.events))
            await self.read_all()
            when = show_moment(approved.at, self.config.brand.timezone)
            self.say(f"Reply {reply} goes out {when}, with the first `care outbox send` after that.", "good")
            return
        self.say(f"Sending reply {reply} to case {value.case} …")
        if self.queue.case == value.case:
            self.queue.go(self.queue.place + 1)
        sent = await self.sender.ask(lambda seat: answering.send(seat, reply))
        self.leave((value.case,))
        await self.read_all()
        if sent.status == "sent":
            self.deeds.append(Deed(f"case {sent.case} is answered", (sent.case,), out=True))
            self.say(f"Case {sent.case} answered: {sent.url or 'sent'}", "good")
        else:
            self.deeds.append(Deed(f"wrote reply {reply}", (value.case,), approved.events))
            self.say(f"Reply {reply} is {sent.status}: {sent.error} (care outbox)", "bad")

    async def _conflict(self, value: Unsent, error: CareError) -> None:
        """The customer wrote or edited meanwhile: show it; whoever sends again has read it."""
        await self.read_all()
        known = self.editor.answer.seen if self.editor.answer else None
        now = await self.reader.ask(lambda seat: answering.look(seat, value.case))
        if known is None or (now.message, now.edit) == (known.message, known.edit):
            raise error
        self.editor.read_now(now)
        self.editor.warning = ""
        self.editor.tell()
        what = "the new message" if now.message != known.message else "it again"
        self.say(f"{error.message}: read {what}, then send again", "warn")


def _read(parts: Sequence[str], text: str, found: tuple[Finding, ...]) -> Callable[[Painter, int], list[Line]]:
    def build(painter: Painter, cells: int) -> list[Line]:
        from carecli.tui.editor import findings_lines

        lines: list[Line] = []
        for number, part in enumerate(parts, 1):
            lines += [[(f"{number} of {len(parts)}", "dim")]] if len(parts) > 1 else []
            lines += [[(line, "")] for line in painter.long(part, cells)]
        told = findings_lines(text, found, painter, cells)
        return [*lines, [], *told] if found else lines

    return build
