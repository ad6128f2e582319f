"""The reply: a text area, its length as the platform counts, and what the guardrails say while it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import TextArea

from carecli.model import Draft, Finding
from carecli.responding.current import Seen
from carecli.store.unsent import Unsent
from carecli.text import clip, inert, is_rtl, single_line
from carecli.tui.paint import Line, Painter
from carecli.tui.pane import Text
from carecli.workspace.answering import Answer
from carecli.workspace.keys import COMMANDS

_ROLES = {"block": "bad", "confirm": "warn", "note": "dim"}


class ReplyArea(TextArea):
    """Where the reply is typed: no character that could steer the terminal gets in by a draft or a paste."""

    def get_line(self, line_index: int) -> RichText:
        line = self.document.get_line(line_index)
        return RichText(line if line.isprintable() else line.translate(_Shown()), end="", no_wrap=True)

    class Command(Message):
        """One of the editor's own keys was pressed."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    async def _on_key(self, event: Key) -> None:
        if event.key in COMMANDS:
            event.stop()
            event.prevent_default()
            self.post_message(self.Command(COMMANDS[event.key][0]))
            return
        await super()._on_key(event)

    async def _on_paste(self, event: Paste) -> None:
        event.text = cleaned(event.text)
        await super()._on_paste(event)


class _Shown(dict[int, int]):
    """A table for `str.translate`: one visible character for each that is not."""

    def __missing__(self, code: int) -> int:
        kept = chr(code) in "\t\u200d" or inert(f"a{chr(code)}") == f"a{chr(code)}"
        return code if kept else 0x2400 + code if code < 0x20 else 0xFFFD


def cleaned(text: str) -> str:
    """`text` without control characters and direction overrides: no reply needs them."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t\u200d\u200c\u200e\u200f" or inert(f"a{c}") == f"a{c}")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a text would be, looked at: the text and its findings."""

    text: str
    findings: tuple[Finding, ...]


class Editor(Vertical):
    """One reply to one case. It tells the application what changed, and is told what was found."""

    DEFAULT_CSS = """
    Editor { height: 50%; min-height: 7; display: none; }
    Editor > #reply-head { height: 1; }
    Editor > ReplyArea { height: 1fr; border: none; padding: 0 1; }
    Editor > #findings { height: auto; max-height: 50%; }
    """

    class Typed(Message):
        """The text, or whether it is private, is another one."""

    def __init__(self) -> None:
        super().__init__(id="editor")
        self.answer: Answer | None = None
        self.private = False
        self.thread = False
        self.later = ""
        self.warning = ""
        self.saved = True
        self.checked = Checked("", ())
        self._draft = -1
        self._drafts: list[Draft] = []

    def compose(self) -> ComposeResult:
        head = Text("Reply", id="reply-head")
        head.can_focus = False
        yield head
        yield ReplyArea(soft_wrap=True, tab_behavior="focus", id="reply-text", compact=True)
        found = Text("Findings", id="findings", walled=True)
        found.can_focus = False
        yield found

    @property
    def area(self) -> ReplyArea:
        """Where is typed."""
        return self.query_one(ReplyArea)

    @property
    def writing(self) -> bool:
        """Whether a reply is open."""
        return self.answer is not None

    def begin(self, answer: Answer) -> None:
        """Open for a case: with what was half written, else with the first draft."""
        self.answer, self.warning, self.saved = answer, "", True
        self._drafts = list(answer.drafts)
        self._draft = -1
        kept = answer.unsent
        self.private = kept.private if kept else False
        self.thread, self.later = False, ""
        if kept is not None:
            if kept.read not in (None, answer.seen.message):
                self.warning = "NEW MESSAGE since you began"  # the first try to send it shows that message
                self.answer = replace(answer, seen=answer.seen._replace(message=kept.read))
            self._draft = next((i for i, d in enumerate(self._drafts) if d.draft_id == kept.draft), -1)
            self.put(kept.text)
        elif self._drafts:
            self.next_draft()
        else:
            self.put("")
        self.display = True
        self.area.focus()
        self.tell()

    def put(self, text: str) -> None:
        """Show this text, the cursor at its end."""
        self.area.load_text(cleaned(text))
        self.area.move_cursor(self.area.document.end)

    def next_draft(self) -> None:
        """The next proposal in place of the text; the text can be had back with the area's own undo."""
        if not self._drafts:
            return
        self._draft = (self._draft + 1) % len(self._drafts)
        area = self.area
        area.replace(cleaned(self._drafts[self._draft].text), area.document.start, area.document.end)
        area.move_cursor(area.document.end)

    def unsent(self, agent: str) -> Unsent | None:
        """What is written, as the store keeps it."""
        if self.answer is None:
            return None
        return Unsent(self.answer.case, agent, self.area.text, self.draft_id, self.private, self.answer.seen.message)

    @property
    def draft_id(self) -> int | None:
        """The draft that the text began as."""
        return self._drafts[self._draft].draft_id if 0 <= self._draft < len(self._drafts) else None

    @property
    def own_words(self) -> bool:
        """Whether somebody has written anything: a proposal as it came needs no keeping."""
        return self.area.text not in {cleaned(draft.text) for draft in self._drafts}

    def read_now(self, seen: Seen) -> None:
        """The writer has seen the conversation as it is now."""
        if self.answer is not None:
            self.answer = replace(self.answer, seen=seen)

    def end(self) -> None:
        """Close."""
        self.answer = None
        self.display = False

    def learn(self, text: str, findings: tuple[Finding, ...]) -> None:
        """What the guardrails say of a text."""
        self.checked = Checked(text, findings)
        self.tell()

    def forget_findings(self) -> None:
        """What was found holds no longer."""
        self.checked = Checked("", ())

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.writing:
            self.saved = False
            self.tell()
            self.post_message(self.Typed())

    def tell(self) -> None:
        """Say again how long it is and what was found."""
        if self.answer is None:
            return
        text, fit = self.area.text, self.answer.fit
        used = fit.measure(text.strip()) if fit else len(text.strip())
        room = f"{used}/{fit.limit}" if fit and fit.limit else f"{used} characters"
        over = f" TOO LONG by {used - fit.limit}" if fit and fit.limit and used > fit.limit else ""
        name = single_line(self.answer.customer)
        parts = [
            f"Reply to {clip(name, max(12, self.size.width - 52))}",
            "PRIVATE" if self.private else "public",
            *(["as a THREAD"] if self.thread else []),
            *([f"goes out {self.later}"] if self.later else []),
            f"{room}{over}",
            "kept" if self.saved else "…",
        ]
        if len(self._drafts):
            parts.append(f"draft {self._draft + 1}/{len(self._drafts)}" if self._draft >= 0 else "your own words")
        if self.warning:
            parts.insert(0, self.warning)
        self.query_one("#reply-head", Text).show(" · ".join(parts), lambda _painter, _cells: [])
        self._tell_findings(text)

    def _tell_findings(self, text: str) -> None:
        found = self.checked.findings if self.checked.text == text.strip() else ()
        preview = text if any("\u0590" <= c <= "\u08ff" for c in text) else None
        title = _counted(found) if self.checked.text == text.strip() else "Checking…"
        lines = self.query_one("#findings", Text)

        def build(painter: Painter, cells: int) -> list[Line]:
            shown = findings_lines(self.checked.text, found, painter, cells)
            if preview is not None and painter.reorder:
                shown += [[("as it reads:" if is_rtl(preview) else "as it reads, in reading order:", "dim")]]
                shown += [[(line, "accent")] for line in painter.long(preview, cells)]
            return shown

        lines.show(title, build)
        cells = max(self.size.width - 1, 8)
        lines.styles.height = 1 + len(build(self.area.app.painter, cells))  # type: ignore[attr-defined]


def findings_lines(text: str, found: Sequence[Finding], painter: Painter, cells: int) -> list[Line]:
    """Findings with the words that they are about."""
    lines: list[Line] = []
    for one in found:
        place = f" «{text[one.start : one.end]}»" if one.start is not None and one.end is not None else ""
        role = _ROLES[one.severity]
        lines += [[(line, role)] for line in painter.long(f"{one.severity}: {one.message}{place} [{one.rule}]", cells)]
    return lines


def _counted(found: Sequence[Finding]) -> str:
    if not found:
        return "Findings: none"
    blocking = sum(one.severity == "block" for one in found)
    return f"Findings: {len(found)}" + (f", {blocking} of which must be changed" if blocking else "")
