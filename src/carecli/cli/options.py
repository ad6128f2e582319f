"""Options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for scripts.")]
CaseNumber = Annotated[int, typer.Argument(metavar="CASE", help="The case's number, as `care queue` shows it.", min=1)]
Agent = Annotated[Optional[str], typer.Option("--as", metavar="AGENT", help="Who does it (default: CARE_AGENT, else the login name).")]
Limit = Annotated[Optional[int], typer.Option("--limit", "-n", min=1, help="At most so many.")]
Since = Annotated[Optional[str], typer.Option("--since", metavar="WHEN", help="From then on: 2026-11-20, 7d, yesterday, monday 9:00.")]
Until = Annotated[Optional[str], typer.Option("--until", metavar="WHEN", help="Until then; a day includes itself.")]
Voice = Annotated[Optional[str], typer.Option("--voice", help="A voice of care.toml (default: the first).")]
OutputFile = Annotated[Optional[Path], typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of the terminal.")]
