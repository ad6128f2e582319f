"""`care prune`: retention."""

from __future__ import annotations

from typing import Annotated

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context, interactive
from carecli.cli.fetch import moment
from carecli.cli.options import Json
from carecli.errors import UsageError
from carecli.text import counted


def add_to(app: typer.Typer) -> None:
    app.command()(prune)


def prune(
    context: typer.Context,
    before: Annotated[str, typer.Option("--before", metavar="WHEN", help="Texts older than that: 365d, 2025-01-01.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many there are, change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Forget old texts: what was written, by whom, and what the platform sent. It cannot be undone.

    Verdicts, times and the log stay, so that reports of the past stay the same; their quotes are gone.

    Example: care prune --before 365d
    """
    from carecli.reporting import campaigning
    from carecli.store import prune as retention

    run: Context = context.obj
    until = moment(run, before)
    if until is None or until > run.now:
        raise UsageError(f"--before {before} is not in the past")
    number = retention.count(run.store, until)
    if not dry_run and number:
        if not yes:
            if not interactive():
                raise UsageError("nobody can be asked here", hint="give --yes, or look first with --dry-run")
            typer.confirm(f"Forget the texts of {counted(number, 'mention')} for ever?", abort=True)
        with errors.progress("Pruning"):
            campaigning.keep_outcomes(run.store, run.config, before=until)
            retention.prune(run.store, until)
    if json:
        output.document({"pruned": 0 if dry_run else number, "found": number})
    else:
        output.lines(f"{counted(number, 'mention')} with texts from before then{'' if dry_run else ': forgotten'}.")
