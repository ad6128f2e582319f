"""Options that several commands share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for scripts.")]
CaseNumber = Annotated[int, typer.Argument(metavar="CASE", help="The case's number, as `care queue` shows it.", min=1)]
Agent = Annotated[
    str | None,
    typer.Option("--as", metavar="AGENT", help="Who does it (default: CARE_AGENT, else the login name)."),
]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="From then on: 2026-11-20, 7d, yesterday, monday 9:00."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Until then; a day includes itself.")]
Private = Annotated[bool, typer.Option("--private", help="As a direct message, where the platform has them.")]
Voice = Annotated[
    str | None, typer.Option("--voice", help="A voice of care.toml (default: the source's, else the first).")
]
OutputFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of the terminal."),
]
