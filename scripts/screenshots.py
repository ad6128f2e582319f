"""The pictures of the documents, made from the demo: `python scripts/screenshots.py` writes docs/images/*.svg.

Nothing in them depends on this machine or this day: the demo's mentions, a fixed clock, a fixed size.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from carecli.cli.context import Context
from carecli.model import parse_iso
from carecli.store.connect import open_store
from carecli.text import width
from carecli.text.cells import clusters
from carecli.tui.app import Triage
from carecli.workspace.seat import Seat

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
NOW = "2026-11-20T12:00:00Z"
THREAD = ("g", "1", "5", "enter")  # a case of some messages
PICTURES: dict[str, tuple[tuple[int, int], str, tuple[str, ...]]] = {
    "triage": ((160, 40), "dark", THREAD),
    "triage-80x24": ((80, 24), "light", ("j", "j")),
    "triage-reply": ((120, 36), "dark", (*THREAD, "r")),
    "triage-contrast": ((120, 44), "contrast", ("j", "j", "space", "space", "j")),
    "triage-overview": ((100, 46), "dark", ("v",)),
}


def main() -> None:
    os.environ.update(CARE_NOW=NOW, TERM="xterm-kitty", COLORTERM="truecolor")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        command = [sys.executable, "-m", "carecli", "demo", "--keep", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for picture, (size, theme, keys) in PICTURES.items():
            svg = asyncio.run(drawn(folder, size, theme, keys))
            (FOLDER / f"{picture}.svg").write_text(svg, encoding="utf-8")
            print(f"docs/images/{picture}.svg")


async def drawn(folder: Path, size: tuple[int, int], theme: str, keys: tuple[str, ...]) -> str:
    """The screen after some keys, as SVG that asks no other server for fonts."""
    run, now = Context(folder / "care.db", folder / "care.toml"), parse_iso(NOW)
    config = run.config
    run.close()

    def sit_down() -> Seat:
        return Seat(open_store(folder / "care.db"), config, "leo", lambda: now)

    app = Triage(sit_down, config, "leo", lambda: now, theme=theme)
    async with app.run_test(size=size) as pilot:
        await app.settle()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            await app.settle()
        await pilot.pause(1.0)
        svg = app.export_screenshot(title="care triage")
    svg = re.sub(r'<text ([^>]*?) x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"([^>]*)>([^<]*)</text>', straight, svg)
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    without_comments = re.sub(r"<!--.*?-->\s*", "", without_fonts, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", without_comments)


def straight(text: re.Match[str]) -> str:
    """A piece of text with each wide character on the two cells that a terminal gives it.

    The drawing counts characters, not cells: it would squeeze Chinese and emoji into half of their room.
    """
    kind, x, y, length, rest, escaped = text.groups()
    said = html.unescape(escaped)
    if said.isascii() or width(said) == len(said):
        return text[0]
    cell, place, pieces = float(length) / len(said), float(x), list[str]()
    for part in runs(said):
        room = width(part) * cell
        shown = html.escape(part).replace(" ", "&#160;")
        if part.strip():
            pieces.append(f'<text {kind} x="{place:g}" y="{y}" textLength="{room:g}"{rest}>{shown}</text>')
        place += room
    return "".join(pieces)


def runs(said: str) -> list[str]:
    """Wide characters one by one, and what stands between them."""
    found: list[str] = []
    for cluster in clusters(said):
        narrow = width(cluster) == 1
        if narrow and found and width(found[-1]) == len(found[-1]):
            found[-1] += cluster
        else:
            found.append(cluster)
    return found


if __name__ == "__main__":
    main()
