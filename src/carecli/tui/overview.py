"""The pictures: bars of characters, each with its number, so that they say the same without colour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from textual.app import ComposeResult
from textual.events import Key

from carecli.text import counted
from carecli.tui.dialogs import Dialog
from carecli.tui.paint import Line, Painter
from carecli.tui.pane import Text
from carecli.workspace.overview import HOURS, Growth, Hour, Overview, Worker

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_HIGH = 8  # lines of the columns
_STATES = (
    ("breached", "!! missed", "bad"),
    ("due", "! due soon", "warn"),
    ("ok", "in time", "good"),
    ("none", "no clock", "dim"),
)


class Pictures(Dialog):
    """Overview. Any key that does not scroll leads back."""

    DEFAULT_CSS = "Pictures > Text { width: 100%; height: 100%; }"

    def compose(self) -> ComposeResult:
        yield Text("Overview", id="overview")

    def on_mount(self) -> None:
        self.query_one(Text).focus()
        self.query_one(Text).show("Overview · counting …", lambda _painter, _cells: [])
        self.run_worker(self._count(), exit_on_error=False)

    async def _count(self) -> None:
        care = self.care
        found = await care.sender.ask(lambda seat: seat.overview())
        zone = care.config.brand.timezone
        self.query_one(Text).show("Overview · any key: back", lambda painter, cells: drawn(found, zone, painter, cells))

    def on_key(self, event: Key) -> None:
        if event.key != "escape":
            self.dismiss(None)
        event.stop()


def drawn(found: Overview, timezone: str, painter: Painter, cells: int) -> list[Line]:
    """The whole overview for a width."""
    zone = ZoneInfo(timezone)
    return [
        *_volume(found.hours, zone, cells),
        [],
        *_clocks(found, painter, cells),
        [],
        *_topics(found.topics, painter, cells),
        [],
        *_agents(found.agents, painter, cells),
    ]


def _volume(listed: Sequence[Hour], zone: ZoneInfo, cells: int) -> list[Line]:
    room = 3 if cells >= HOURS * 3 + 8 else 2 if cells >= HOURS * 2 + 8 else 1
    most = max((hour.inbound for hour in listed), default=0) or 1
    total, negative = sum(h.inbound for h in listed), sum(h.negative for h in listed)
    positive = sum(h.positive for h in listed)
    by_customers = f"{counted(total, 'mention')} by customers"
    lines: list[Line] = [
        [("Volume by hour, the last 24 hours", "key")],
        [(f"{by_customers}: {negative} negative (▒), {positive} positive, at most {most} an hour", "dim")],
    ]
    for level in range(_HIGH - 1, -1, -1):
        scale = f"{most if level == _HIGH - 1 else '':>5} "
        lines.append([(scale, "dim"), *(_column(hour, level, most, room) for hour in listed)])
    lines.append([(" " * 6, ""), *((_hour_name(hour.at, zone, room), "dim") for hour in listed)])
    if room > 1:
        lines += _numbers(listed, room)
    return lines


def _column(hour: Hour, level: int, most: int, room: int) -> tuple[str, str]:
    """One cell of a column: the negative part is below, and drawn with another character."""
    height, bad = hour.inbound * _HIGH * 8 / most, hour.negative * _HIGH * 8 / most
    filled = max(0, min(8, round(height - level * 8)))
    if bad - level * 8 >= 4:
        return "▒" * (room - 1 or 1) + " " * (room > 1), "bad"
    return _EIGHTHS[filled] * (room - 1 or 1) + " " * (room > 1), "accent"


def _numbers(hours: Sequence[Hour], room: int) -> list[Line]:
    """The numbers below the columns, as far as they fit into one."""
    rows = (
        ("all", "", [hour.inbound for hour in hours]),
        ("neg", "bad", [hour.negative for hour in hours]),
        ("pos", "good", [hour.positive for hour in hours]),
    )
    most = 10 ** (room - 1 or 1) - 1
    return [
        [(f"{name:>5} ", "dim"), *((f"{min(n, most) or '·':>{room - 1}} ", role) for n in counts)]
        for name, role, counts in rows
        if max(counts) <= most
    ]


def _hour_name(at: datetime, zone: ZoneInfo, room: int) -> str:
    hour = at.astimezone(zone).hour
    return (f"{hour:02d}" if hour % 3 == 0 or room > 2 else "").ljust(room)[: max(room, 2) if room > 1 else 1]


def _clocks(found: Overview, painter: Painter, cells: int) -> list[Line]:
    of = f"{counted(found.waiting, 'case')} waiting" + (
        f"; the {found.looked_at:,} most pressing are counted" if found.looked_at < found.waiting else ""
    )
    lines: list[Line] = [[("First response targets in the queue", "key")], [(of, "dim")]]
    counts = [(words, found.clocks.get(state, 0), role) for state, words, role in _STATES]
    return [*lines, *_bars(counts, painter, cells)]


def _bars(counts: list[tuple[str, int, str]], painter: Painter, cells: int) -> list[Line]:
    most = max((count for _, count, _ in counts), default=0) or 1
    room = max(min(cells - 30, 50), 4)
    return [
        [(painter.short(name, 18) + f" {count:>6,} ", ""), ("█" * max(round(count * room / most), count > 0), role)]
        for name, count, role in counts
    ]


def _topics(listed: Sequence[Growth], painter: Painter, cells: int) -> list[Line]:
    lines: list[Line] = [[("Topics, the last 7 days and the 7 before; what grows most comes first", "key")]]
    most = max((max(t.now, t.before) for t in listed), default=0) or 1
    room = max(min(cells - 40, 40), 4)
    for topic in listed:
        change = topic.now - topic.before
        sign, role = ("▲", "warn") if change > 0 else ("▼", "good") if change < 0 else ("=", "dim")
        told = f" {topic.now:>5,} from {topic.before:>5,} {sign}{abs(change):<5,}"
        lines.append(
            [(painter.short(topic.topic, 14), ""), (told, role), ("█" * round(topic.now * room / most), "accent")]
        )
    return lines if listed else [*lines, [("no topic was spoken of", "dim")]]


def _agents(listed: Sequence[Worker], painter: Painter, cells: int) -> list[Line]:
    lines: list[Line] = [[("Agents, the last 24 hours", "key")]]
    for worker in listed:
        told = f" {worker.has:>4} open  {worker.replied:>4} answered  {worker.resolved:>4} resolved"
        lines.append([(painter.short(worker.agent, max(min(cells - len(told), 20), 6)), "accent"), (told, "")])
    return lines if listed else [*lines, [("nobody has a case or did anything", "dim")]]
