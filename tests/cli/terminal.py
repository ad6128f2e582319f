"""A real terminal for `care`: a pseudo-terminal whose every byte is seen."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from tests.world import World

# What the program's own styling writes: rich's select-graphic-rendition sequences.
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
# The line that says what goes on: drawn again and again without a cursor, then taken away.
_PROGRESS = re.compile(r"\x1b\[\?25l(?:(?:\r\x1b\[2K)?[\u2800-\u28ff] [A-Za-z ]+)+\r\n\x1b\[\?25h\r\x1b\[1A\x1b\[2K")
# Everything that could steer a terminal or mislead its reader; line ends are a terminal's own.
STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def spawn(world: World, *arguments: str, **env: str) -> Any:
    """`care ARGUMENTS` on a terminal; a pexpect child that decodes UTF-8."""
    pexpect = pytest.importorskip("pexpect", reason="needs a pseudo-terminal")
    if not hasattr(pexpect, "spawn"):
        pytest.skip("needs a pseudo-terminal")
    environment = {**world.environment, "TERM": "xterm-256color", **env}
    return pexpect.spawn(
        sys.executable,
        ["-m", "carecli", *arguments],
        env=environment,
        cwd=str(world.folder),
        encoding="utf-8",
        dimensions=(50, 100),
        timeout=60,
        echo=False,
    )


def seen(world: World, *arguments: str, **env: str) -> str:
    """All that `care ARGUMENTS` writes on a terminal until it ends."""
    import pexpect

    child = spawn(world, *arguments, **env)
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before)


def unstyled(text: str) -> str:
    """`text` without the program's own styling and progress."""
    return _PROGRESS.sub("", _STYLE.sub("", text))
