"""`care report`: the figures of a period, in the format that its reader wants."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.fetch import moment
from carecli.cli.options import Json, OutputFile, Since, Until
from carecli.errors import CareError, UsageError


def add_to(app: typer.Typer) -> None:
    app.command()(report)


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which report: summary.")] = "summary",
    since: Since = None,
    until: Until = None,
    period: Annotated[str | None, typer.Option("--period", help="The last complete day, week or month.")] = None,
    format_: Annotated[str | None, typer.Option("--format", "-f", help="text, json, csv or md.")] = None,
    to: OutputFile = None,
    json: Json = False,
) -> None:
    """What was said, how it was answered, how fast; without a period everything until now.

    Example: care report --period week --format md -o week.md
    """
    from carecli import report as stage
    from carecli.reports.render import render

    run: Context = context.obj
    if name != "summary":
        raise UsageError(f"no report is called '{name}'", hint="there is: summary")
    start, end = _period(run, since, until, period)
    value = stage.summary(run.store, run.config, since=start, until=end, now=run.now)
    form = _format(format_, json, to)
    text = render(value, form, width=output.width())
    if to is None:
        output.raw(output.json_safe(text.rstrip("\n")) if form == "json" else text.rstrip("\n"))
    else:
        _write(to, text)
        errors.note(f"Written to {to}.")


def _period(run: Context, since: str | None, until: str | None, period: str | None) -> tuple[datetime | None, datetime]:
    from carecli.reports.period import last_complete

    if period is None:
        return moment(run, since), moment(run, until, end=True) or run.now
    if since or until:
        raise UsageError("--period and --since/--until exclude each other")
    unit: Any = period
    try:
        return last_complete(unit, run.now, run.config.brand.timezone)
    except ValueError as error:
        raise UsageError(f"--period {error}") from None


def _format(given: str | None, json: bool, to: Path | None) -> str:
    if json:
        if given not in (None, "json"):
            raise UsageError(f"--json and --format {given} exclude each other")
        return "json"
    by_ending = {".md": "md", ".csv": "csv", ".json": "json", ".html": "html"}
    return given or (by_ending.get(to.suffix.lower(), "text") if to else "text")


def _write(to: Path, text: str) -> None:
    """Whole or not at all: a reader never sees half a report."""
    partial = to.with_name(to.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, to)  # noqa: PTH105 - Path.replace is the same call
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise CareError(f"cannot write {to}: {error.strerror}") from error
