"""A text in the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from carecli.errors import CareError


def edited(text: str) -> str:
    """`text` as it is after the person closed the editor ($VISUAL, $EDITOR, else vi or notepad)."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    with tempfile.TemporaryDirectory(prefix="care-") as folder:
        file = Path(folder) / "reply.txt"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(command), str(file)], check=True)  # noqa: S603 - the user's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            raise CareError(f"the editor failed: {command}", hint="set EDITOR, or give the text") from error
        return file.read_text(encoding="utf-8")
