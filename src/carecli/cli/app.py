"""The only entry: assembles the commands, reads the switches before them, turns exceptions into exit statuses."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from carecli import __version__
from carecli.cli.rooms import Rooms

HELP = """Social customer care from the terminal: listen, triage, reply, report.

Start with `care demo` (no account, no network), then `care init`."""

app = typer.Typer(
    name="care",
    cls=Rooms,
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"care {__version__}\n")
        raise typer.Exit


@app.callback()
def switches(
    context: typer.Context,
    db: Annotated[
        Path | None,
        typer.Option("--db", envvar="CARE_DB", metavar="FILE", help="The SQLite file (default: your data folder)."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", envvar="CARE_CONFIG", metavar="FILE", help="care.toml (default: your config folder)."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only results and errors.")] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows requests.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Read the switches that stand before a command."""
    from carecli.cli import errors
    from carecli.cli.context import Context

    errors.be_quiet(quiet)
    if verbose:
        errors.log(verbose)
    context.obj = Context(db, config, quiet, verbose, debug)
    context.call_on_close(context.obj.close)


def main() -> None:
    """Run `care`; never returns."""
    debug = "--debug" in sys.argv or bool(os.environ.get("CARE_DEBUG"))
    try:
        status = app(prog_name="care", standalone_mode=False)
        if output := sys.modules.get("carecli.cli.output"):  # else nothing was written
            output.finish()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort
        from carecli.cli import errors

        status = errors.failed(error, debug=debug)
    sys.exit(status or 0)
