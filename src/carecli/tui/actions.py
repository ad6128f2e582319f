"""What each key does: one call of the seat, one line that says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from carecli.errors import CareError, NotFound
from carecli.model import INTENTS, JSON, SENTIMENTS
from carecli.text import counted
from carecli.tui.paint import Line, Painter
from carecli.tui.replying import Replying
from carecli.workspace import deeds
from carecli.workspace.deeds import Deed
from carecli.workspace.filters import parse_query
from carecli.workspace.seat import Seat, open_page, page_address

_MANY = 20  # cases from which on an action asks first


class Actions(Replying):
    """The part of the application that does things; `do_NAME` is what the key of the action NAME does."""

    # Moving

    def do_next(self) -> None:
        self.queue.go(self.queue.place + 1)

    def do_previous(self) -> None:
        self.queue.go(self.queue.place - 1)

    def do_first(self) -> None:
        self.queue.go(0)

    def do_last(self) -> None:
        self.queue.go(len(self.queue.order) - 1)

    def do_page_down(self) -> None:
        self.queue.go(self.queue.place + max(self.queue.room - 1, 1))

    def do_page_up(self) -> None:
        self.queue.go(self.queue.place - max(self.queue.room - 1, 1))

    def do_read_on(self) -> None:
        self.conversation.scroll_lines(max(self.conversation.room // 2, 1))

    def do_read_back(self) -> None:
        self.conversation.scroll_lines(-max(self.conversation.room // 2, 1))

    def do_queue_pane(self) -> None:
        self.bring_up("queue")

    def do_conversation_pane(self) -> None:
        self.bring_up("conversation")

    def do_context_pane(self) -> None:
        self.bring_up("context")

    def do_zoom(self) -> None:
        focused = next((name for name in ("conversation", "context") if getattr(self, name).has_focus), "queue")
        self.zoomed = not self.zoomed
        self.lay_out()
        self.bring_up(focused)

    # One event each

    def do_claim(self) -> None:
        self.deed(deeds.claim)

    def do_resolve(self) -> None:
        self.deed(deeds.resolve, finishes=True)

    def do_pending(self) -> None:
        self.deed(deeds.pending, finishes=True)

    def do_reopen(self) -> None:
        self.deed(deeds.reopen)

    def do_spam(self) -> None:
        self.deed(deeds.spam, finishes=True)

    def do_snooze(self) -> None:
        self.asking("Until when?", "2h, tomorrow 9:00, monday", deeds.snooze, True)

    def do_note(self) -> None:
        self.asking("Note", "customers never see it", deeds.note)

    def do_tag(self) -> None:
        self.asking("Tags", "parted by spaces; -word takes a tag off", deeds.tag)

    def do_assign(self) -> None:
        hint = "an agent's name; empty: nobody"
        self.asking("To whom?", hint, deeds.assign, empty=True)

    def do_escalate(self) -> None:
        self.go(self._escalate())

    async def _escalate(self) -> None:
        chosen = self.queue.chosen
        if not chosen:
            return
        from carecli.casework import escalation

        known = await self.reader.ask(lambda seat: seat.experts(chosen[0]))
        hint = "; ".join(f"{name} {why}" for name, why in known) or "an agent's or a team's name"

        async def explain(name: str) -> None:
            if not name.strip():
                return
            who = escalation.known(self.config, name)

            async def do(because: str) -> None:
                await self._do(lambda seat, cases: deeds.escalate(seat, cases, who, because), chosen)

            await self.until_right(f"Why to {who}? ({_whose(chosen)})", "a note that they will read", do)

        first = known[0][0] if known else ""
        await self.until_right(f"Escalate to whom? ({_whose(chosen)})", hint, explain, first)

    def do_sentiment(self) -> None:
        self.go(self._labelled("sentiment", SENTIMENTS))

    def do_intent(self) -> None:
        self.go(self._labelled("intent", INTENTS))

    def do_language(self) -> None:
        known = "a code: " + ", ".join(self.config.brand.languages)
        self.asking("Language", known, lambda d, cases, words: deeds.label(d, cases, {"language": words.lower()}))

    def do_topics(self) -> None:
        case = self.queue.lookup(self.queue.case or 0)
        known = ", ".join(self.config.topics) or "as you call them"
        self.asking(
            "Topics, parted by commas",
            f"known: {known}; empty: none",
            lambda seat, cases, words: deeds.label(
                seat, cases, {"topics": [w.strip() for w in words.split(",") if w.strip()]}
            ),
            empty=True,
            initial=", ".join(case["topics"]) if case and len(self.queue.chosen) == 1 else "",
        )

    async def _labelled(self, signal: str, choices: tuple[str, ...]) -> None:
        chosen = self.queue.chosen
        case = self.queue.lookup(chosen[0]) if len(chosen) == 1 else None
        if not chosen:
            return
        question = f"{signal.capitalize()} of {_whose(chosen)}"
        answer = await self.choose(question, choices, case[signal] if case else None)
        if answer is not None:
            await self._do(lambda seat, cases: deeds.label(seat, cases, {signal: answer}), chosen)

    def do_undo(self) -> None:
        self.go(self._undo())

    async def _undo(self) -> None:
        case = self.queue.case
        async with self.at_work:  # what was begun before is done first, and is then what was done last
            if self.deeds:
                last = self.deeds.pop()
                done = await self.writer.ask(lambda seat: deeds.undo(seat, last))
            elif case is not None:
                done = await self.writer.ask(lambda seat: deeds.undo_last(seat, case))
            else:
                raise NotFound("there is nothing to undo")
        await self.read_all()
        if len(done.cases) == 1:
            await self.jump(done.cases[0])
        self.say(done.words)

    def deed(self, work: Callable[[Seat, list[int]], Deed], *, finishes: bool = False) -> None:
        """Do it to the selected cases, or to the one under the cursor."""
        if chosen := self.queue.chosen:
            if finishes and len(chosen) < _MANY:
                self.step_past(chosen)  # before the next key comes
            self.go(self._do(work, chosen, finishes=finishes))

    def asking(
        self,
        question: str,
        hint: str,
        work: Callable[[Seat, list[int], str], Deed],
        finishes: bool = False,
        *,
        empty: bool = False,
        initial: str = "",
    ) -> None:
        """Ask for a line, then do it."""
        if chosen := self.queue.chosen:
            self.go(self._asked(f"{question} ({_whose(chosen)})", hint, work, chosen, finishes, empty, initial))

    async def _asked(
        self,
        question: str,
        hint: str,
        work: Callable[[Seat, list[int], str], Deed],
        chosen: list[int],
        finishes: bool,
        empty: bool,
        initial: str,
    ) -> None:
        async def do(words: str) -> None:
            if words.strip() or empty:
                await self._do(lambda seat, cases: work(seat, cases, words.strip()), chosen, finishes=finishes)

        await self.until_right(question, hint, do, initial)

    async def _do(self, work: Callable[[Seat, list[int]], Deed], chosen: list[int], *, finishes: bool = False) -> None:
        if len(chosen) >= _MANY and await self.choose(f"Do this to {len(chosen)} cases?", ("no", "yes")) != "yes":
            return
        if finishes:
            self.step_past(chosen)
        try:
            async with self.at_work:
                done = await self.writer.ask(lambda seat: work(seat, chosen))
                if done.events:
                    self.deeds.append(done)
        except CareError:
            await self.step_back(chosen)
            raise
        self.finishing -= set(chosen)
        self.queue.selected -= set(done.cases)
        if finishes:
            self.leave(done.cases)
        await self.read_all()
        self.say(f"{done.words}." + (f" But: {done.failed}" if done.failed else ""), "warn" if done.failed else "")

    # Finding

    def do_filter(self) -> None:
        self.go(self._filter())

    async def _filter(self) -> None:
        hint = "words of the messages, language:he sla:due intent:complaint assignee:me …, all; empty: the queue"

        async def find(words: str) -> None:
            self.asked = parse_query(words, agent=self.agent)
            await self._read_other()
            self.say("" if self.queue.order else "No case fits; Esc leads back to the queue.")

        await self.until_right("Filter and search", hint, find, self.asked.text)

    async def _read_other(self) -> None:
        """Another filter, another queue: its first case, and nothing selected."""
        self.queue.selected.clear()
        self.leave(tuple(self.queue.order[self.queue.place : self.queue.place + 1]))
        await self.read_all()
        self.queue.go(0)

    def do_jump(self) -> None:
        self.go(self._jump())

    async def _jump(self) -> None:
        words = (await self.ask("Go to case", "its number; w: the reply that you have begun") or "").strip()
        here = self.queue.case
        if words == "w":
            await self.jump(await self.reader.ask(lambda seat: seat.next_begun(here)))
        elif words.lstrip("#").isdecimal():
            await self.jump(int(words.lstrip("#")))
        elif words:
            raise NotFound(f"'{words}' is no case's number")

    def do_knowledge(self) -> None:
        self.go(self._knowledge())

    async def _knowledge(self) -> None:
        words = await self.ask("Knowledge base", "words that an article has")
        if words and words.strip():
            found = await self.reader.ask(lambda seat: seat.knowledge(words.strip()))
            if not found:
                raise NotFound(f"no article has '{words.strip()}'", hint="`care kb add` writes one")
            await self.confirm(f"{counted(len(found), 'article')}; any key: back", _articles(found))

    def do_gloss(self) -> None:
        self.go(self._gloss())

    async def _gloss(self) -> None:
        case = self._in_view().case["case"]
        if self.glosses.pop(case, None) is None:
            self.say("Asking for a gloss …")
            self.glosses[case] = await self.sender.ask(lambda seat: seat.gloss(case))
        self.say("")
        if self.shown is not None and self.shown.case["case"] == case:
            self.show(self.shown)

    def do_browse(self) -> None:
        self.go(self._browse())

    async def _browse(self) -> None:
        address = page_address(self._in_view())
        if await asyncio.to_thread(open_page, address):
            self.say(f"Opened {address}")
        else:
            self.say(f"No browser was found; the address is {address}", "warn")

    def do_copy(self) -> None:
        try:
            address = page_address(self._in_view())
        except CareError as error:
            self.say(error.message, "bad")
            return
        self.copy_to_clipboard(address)
        self.say(f"Copied {address}")

    def _in_view(self) -> Any:
        if self.shown is None:
            raise NotFound("no case is in view")
        return self.shown

    def do_select(self) -> None:
        if self.queue.case is not None:
            self.queue.selected ^= {self.queue.case}
            self.do_next()
            self.queue.refresh()

    def do_select_all(self) -> None:
        everything = set(self.queue.order)
        self.queue.selected = set() if self.queue.selected == everything else everything
        self.queue.refresh()

    def do_escape(self) -> None:
        if self.queue.selected:
            self.queue.selected.clear()
        elif self.asked.text:
            self.asked = parse_query("", agent=self.agent)
            self.go(self._read_other())
        self.bring_up("queue")

    # The screen

    def do_overview(self) -> None:
        from carecli.tui.overview import Pictures

        self.push_screen(Pictures())

    def do_fetch(self) -> None:
        self.go(self._fetch())

    async def _fetch(self) -> None:
        self.say("Fetching …")
        done = await self.sender.ask(deeds.fetch)
        await self.read_all()
        self.say(f"{done.words}." + (f" But {done.failed}" if done.failed else ""), "warn" if done.failed else "")

    def do_refresh(self) -> None:
        self.go(self.read_all())

    def do_palette(self) -> None:
        self.action_command_palette()

    def do_help(self) -> None:
        from carecli.tui.help import Help

        self.push_screen(Help())

    def do_quit(self) -> None:
        self.exit()


def _articles(found: list[JSON]) -> Callable[[Painter, int], list[Line]]:
    def build(painter: Painter, cells: int) -> list[Line]:
        lines: list[Line] = []
        for one in found:
            stale = " (review is overdue)" if one["stale"] else ""
            lines += [[(line, "key")] for line in painter.long(f"{one['article']} {one['title']}{stale}", cells)]
            lines += [[(line, "")] for line in painter.long(one["text"], cells)]
            lines += [[(line, "dim")] for line in painter.long(one["url"] or "", cells) if one["url"]]
            lines.append([])
        return lines[:-1]

    return build


def _whose(cases: list[int]) -> str:
    return f"case {cases[0]}" if len(cases) == 1 else f"{len(cases)} cases"
