"""The pictures of the documents, made from the demo: `python scripts/screenshots.py` writes docs/images/*.svg.

Nothing in them depends on this machine or this day: the demo's mentions, a fixed clock, a fixed size.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from carecli.cli.context import Context
from carecli.model import parse_iso
from carecli.seat import Seat
from carecli.store.connect import open_store
from carecli.tui.app import Triage

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
NOW = "2026-11-20T12:00:00Z"
PICTURES: dict[str, tuple[tuple[int, int], str, tuple[str, ...]]] = {
    "triage": ((160, 40), "dark", ("j", "j")),
    "triage-80x24": ((80, 24), "light", ("j", "j")),
    "triage-reply": ((120, 36), "dark", ("j", "j", "r")),
    "triage-contrast": ((120, 30), "contrast", ("j", "j", "space", "space")),
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
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    without_comments = re.sub(r"<!--.*?-->\s*", "", without_fonts, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", without_comments)


if __name__ == "__main__":
    main()
