"""`care cron`: what runs by itself, shown, installed and taken away again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from carecli import crontab
from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Json
from carecli.errors import UsageError

Every = Annotated[int, typer.Option("--every", min=1, max=59, metavar="MINUTES", help="How often to fetch and look.")]
Systemd = Annotated[bool, typer.Option("--systemd", help="systemd user timers in place of crontab lines.")]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE", help="Where runs write (default: beside the database).")
]


def add_to(app: typer.Typer) -> None:
    cron = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What runs by itself: fetch, alert, report.")
    cron.command()(show)
    cron.command()(install)
    cron.command()(remove)
    app.add_typer(cron, name="cron")


def show(
    context: typer.Context, every: Every = 5, systemd: Systemd = False, log: Log = None, json: Json = False
) -> None:
    """The lines, without installing them. Secrets are not in them: use the keyring or a token_command."""
    where, found = _plan(context.obj, every, log)
    files = crontab.units(found, where)
    if json:
        rows = [{"job": job.name, "cron": job.cron, "command": crontab.command(job, where)} for job in found]
        output.document({"jobs": rows, "crontab": crontab.block(found, where), "units": files})
        return
    if systemd:
        for name, text in files.items():
            output.data(f"# {name}\n{text}")
        return
    output.data(crontab.block(found, where).rstrip("\n"))


def install(
    context: typer.Context, every: Every = 5, systemd: Systemd = False, log: Log = None, json: Json = False
) -> None:
    """Install the lines; those of an earlier install are replaced, all others stay.

    Example: care cron install --every 10
    """
    where, found = _plan(context.obj, every, log)
    where.log.parent.mkdir(parents=True, exist_ok=True)
    if systemd:
        crontab.install_units(_unit_folder(), crontab.units(found, where))
    else:
        table = crontab.without(crontab.read(), where)
        gap = "" if not table or table.endswith("\n") else "\n"
        crontab.write(f"{table}{gap}{crontab.block(found, where)}")
    if json:
        output.document({"installed": [job.name for job in found], "log": str(where.log)})
        return
    errors.note(f"Installed: {', '.join(job.name for job in found)}. They write to {where.log}.")


def remove(context: typer.Context, systemd: Systemd = False, json: Json = False) -> None:
    """Take the lines away; all others stay."""
    where, _ = _plan(context.obj, 5, None)
    if systemd:
        names = crontab.units(crontab.jobs(5, fetch=True, reports=True), where)
        there = bool(crontab.remove_units(_unit_folder(), list(names)))
    else:
        table = crontab.read()
        kept = crontab.without(table, where)
        there = kept != table
        if there:
            crontab.write(kept)
    if json:
        output.document({"removed": there})
    else:
        errors.note("Removed." if there else "There was nothing of care's.")


def _unit_folder() -> Path:
    return Path.home() / ".config" / "systemd" / "user"


def _plan(run: Context, every: int, log: Path | None) -> tuple[crontab.Installation, list[crontab.Job]]:
    db, config = run.db_path.absolute(), run.config_path.absolute()
    log = (log or db.with_name(db.stem + ".log")).absolute()
    for path in (db, config, log):
        if any(character in str(path) for character in "\n\r\x00"):
            raise UsageError(f"a path with a line break cannot be in a crontab: {str(path)!r}")
    where = crontab.Installation((sys.executable, "-m", "carecli"), db, config, log)
    return where, crontab.jobs(every, fetch=bool(run.config.sources), reports=bool(run.config.reports))
