"""What the conversation and the context of a case say, as lines for any width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from carecli.casework.casefile import CaseFile
from carecli.model import JSON, iso
from carecli.store.connect import Row
from carecli.text import counted
from carecli.tui.paint import Line, Painter
from carecli.tui.words import SENTIMENT, ago, at, clock

_DEEPEST = 4  # levels of a thread that are indented
_MOMENTS = ("until", "send_at", "due_at")  # of an event: times of ours
_LATEST = 30  # lines of the log, the newest


class Conversation:
    """The messages as a thread, each with who, when and what the engine heard, glossed where the reader wants it."""

    def __init__(self, file: CaseFile, timezone: str, now: datetime, glosses: Mapping[int, str] | None = None) -> None:
        self._file, self._timezone, self._now = file, timezone, now
        self._glosses = glosses or {}

    def __call__(self, painter: Painter, cells: int) -> list[Line]:
        lines: list[Line] = []
        for row, depth in threaded(self._file.mentions):
            indent = "  " * min(depth, _DEEPEST)
            lines += [[(indent, ""), *line] for line in self._head(row, painter, cells - len(indent))]
            lines += [[(f"{indent}  {text}", "")] for text in painter.long(row["text"], cells - len(indent) - 2)]
            if gloss := self._glosses.get(row["mention_id"]):
                told = painter.long(f"≈ {gloss}", cells - len(indent) - 2)
                lines += [[(f"{indent}  {text}", "dim")] for text in told]
            lines.append([])
        return lines[:-1]

    def _head(self, row: Row, painter: Painter, cells: int) -> list[Line]:
        """Who, when, and what the engine heard: in one line, or in two where that cuts nothing off."""
        when = f"{ago(row['created_at'], self._now)}, {at(row['created_at'], self._timezone)}"
        name = row["author_name"] or row["author_handle"] or "somebody"
        heard = [] if not row["inbound"] else [row["language"] or "?", row["intent"] or "", row["sentiment"] or ""]
        told = " ".join(filter(None, heard)) if row["inbound"] else "us"
        corrected = ", corrected" if row["inbound"] and row["corrections"] != "{}" else ""
        ink = "accent" if row["inbound"] else "good"
        who = painter.short(name, 30).rstrip()
        rest = f"{when} · {told}{corrected}"
        if painter.cells(who) + 3 + len(rest) <= cells:
            return [[(who, ink), (f" · {rest}", "dim")]]
        who = painter.short(name, max(min(cells - len(when) - 3, 30), 6)).rstrip()
        room = max(cells - painter.cells(who) - 3, 4)
        first: Line = [(who, ink), (" · ", "dim"), (painter.short(when, room), "dim")]
        return [first, *([(f"  {line}", "dim")] for line in painter.long(f"{told}{corrected}", cells - 2))]


class Newest:
    """A case of which only the queue's row is known yet: its newest message."""

    def __init__(self, case: JSON | None) -> None:
        self._text = case and case["text"]

    def __call__(self, painter: Painter, cells: int) -> list[Line]:
        return [[(f"  {line}", "")] for line in painter.long(self._text or "", cells - 2)]


def threaded(rows: list[Row]) -> list[tuple[Row, int]]:
    """Messages below what they answer, oldest first, each with its depth."""
    known = {row["external_id"] for row in rows}
    below: dict[str | None, list[Row]] = {}
    for row in rows:
        parent = (
            row["in_reply_to"] if row["in_reply_to"] in known and row["in_reply_to"] != row["external_id"] else None
        )
        below.setdefault(parent, []).append(row)
    found: list[tuple[Row, int]] = []
    seen: set[int] = set()
    waiting = [(row, 0) for row in reversed(below.get(None, []))]
    while waiting:
        row, depth = waiting.pop()
        if row["mention_id"] not in seen:
            seen.add(row["mention_id"])
            found.append((row, depth))
            waiting += [(child, depth + 1) for child in reversed(below.get(row["external_id"], []))]
    return [*found, *((row, 0) for row in rows if row["mention_id"] not in seen)]  # what answers itself in a ring


class Context:
    """Who the customer is, what the engine thinks and why, promises, knowledge, notes, other cases, the log."""

    def __init__(self, file: CaseFile, timezone: str, now: datetime) -> None:
        self._file, self._timezone, self._now = file, timezone, now

    def __call__(self, painter: Painter, cells: int) -> list[Line]:
        file, case = self._file, self._file.case
        page = _Page(painter, cells)
        self._customer(page, case)
        self._verdict(page, case)
        page.part("Promises", promises(file, self._timezone))
        page.part("Knowledge (K searches)", knowledge(file))
        gone = {event.data.get("event") for event in file.log if event.kind == "undone"}
        notes = [e for e in file.log if e.kind == "noted" and e.number not in gone]
        page.part(
            "Notes", [f"{e.actor or 'somebody'}, {ago(iso(e.at), self._now)}: {e.data.get('text')}" for e in notes]
        )
        stuck = [row for row in file.replies if row["status"] != "sent"]
        page.part(
            "Outbox",
            [f"reply {r['reply_id']} {r['status']}{': ' + r['last_error'] if r['last_error'] else ''}" for r in stuck],
        )
        page.part("Other cases", [self._other(other) for other in file.history])
        if file.others > len(file.history):
            handle = case["customer"]["handle"].lstrip("@")
            page.text(f"… {file.others - len(file.history)} older: care customer show {handle}", "dim")
        page.part("The same from others", similar(file))
        page.part("Log", [self._event(event, gone) for event in reversed(file.log[-_LATEST:])])
        if len(file.log) > _LATEST:
            page.text(f"… {len(file.log) - _LATEST} older: care show {case['case']}", "dim")
        return page.lines

    def _customer(self, page: _Page, case: JSON) -> None:
        customer = case["customer"]
        page.text(f"{customer['name'] or ''} @{customer['handle'].lstrip('@')}".strip(), "accent")
        followers = "" if self._file.followers is None else f", {counted(self._file.followers, 'follower')}"
        earlier = counted(self._file.others, "other case") if self._file.others else "no other cases"
        page.text(f"{case['platform']}{followers}; {earlier}", "dim")

    def _verdict(self, page: _Page, case: JSON) -> None:
        words, role = clock(case, self._now)
        due = case["sla"]["due_at"]
        page.text(f"{case['status']}, priority {case['priority']}{', ' + words if words else ''}", role)
        if due is not None and case["sla"]["state"] in ("ok", "due", "breached"):
            page.text(f"SLA {case['sla']['state']}: due {at(due, self._timezone)}", role)
        before = self._file.preferred_agent
        page.text(f"{case['assignee'] or 'nobody'} has it" + (f"; {before} answered before" if before else ""), "dim")
        if self._file.proposal:
            page.text(f"the customer thanks us: {self._file.proposal}?", "good")
        if case["tags"]:
            page.text(f"tags: {', '.join(case['tags'])}")
        page.part("Verdict", [])
        sign = SENTIMENT[case["sentiment"]][0]
        page.text(f"{case['intent']}, {case['sentiment']} {sign} ({case['sentiment_score']:+.2f}), {case['urgency']}")
        page.text(f"language {case['language'] or 'unknown'}; topics {', '.join(case['topics']) or 'none'}")
        if risks := case.get("risks"):
            page.text("risks: " + ", ".join(str(r if isinstance(r, str) else r[0]) for r in risks), "bad")
        page.text("because: " + ("; ".join(case["reasons"]) or "nothing speaks for haste"), "dim")
        newest = next((row for row in reversed(self._file.mentions) if row["inbound"]), None)
        if newest is not None:
            import json

            for reason in json.loads(newest["why"]):
                page.text(f"– {reason}", "dim")

    def _other(self, other: JSON) -> str:
        opened = at(other["opened_at"], self._timezone)
        return f"{other['case']} {other['status']}, {opened}, {other['intent']}: {other['text'][:200]}"

    def _event(self, event: Any, gone: set[Any]) -> str:
        facts = ", ".join(
            f"{key} {at(value, self._timezone) if key in _MOMENTS else _plainly(value)}"
            for key, value in event.data.items()
            if value not in (None, "")
        )
        who = f" by {event.actor}" if event.actor else ""
        undone = " (undone)" if event.number in gone else ""
        return f"{at(iso(event.at), self._timezone)} {event.kind}{who}{undone}{': ' + facts if facts else ''}"


def _plainly(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


class _Page:
    """Lines that are put together."""

    def __init__(self, painter: Painter, cells: int) -> None:
        self._painter, self._cells = painter, cells
        self.lines: list[Line] = []

    def text(self, words: str, role: str = "") -> None:
        self.lines += [[(line, role)] for line in self._painter.long(words, self._cells)]

    def part(self, title: str, found: Iterable[str]) -> None:
        """A heading with what belongs to it; an empty list says nothing, but `Verdict` is always there."""
        found = list(found)
        if found or title == "Verdict":
            self.lines += [[], [(title, "key")]]
            for words in found:
                self.text(words)


def promises(file: CaseFile, timezone: str) -> list[str]:
    """What was promised to the customer."""
    return [f"{one['state']}, due {at(one['due_at'], timezone)}: “{one['words']}”" for one in file.promises]


def knowledge(file: CaseFile) -> list[str]:
    """Articles that may help."""
    stale = {True: " (review is overdue)", False: ""}
    return [f"{one['article']} {one['title']}{stale[one['stale']]} {one['url'] or ''}" for one in file.knowledge]


def similar(file: CaseFile) -> list[str]:
    """Other customers' cases about the same."""
    return [f"{one['case']} {one['status']}, {one['customer']}: {one['text'][:120]}" for one in file.similar]
