"""`care alert`, `care watch`: what needs somebody now, told once, with an all-clear."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Json
from carecli.errors import CareError, Locked, UsageError

if TYPE_CHECKING:
    from carecli.alerts import Told

SOMETHING = 6  # the exit status while an alert is open


def add_to(app: typer.Typer) -> None:
    app.command()(alert)
    app.command()(watch)


def alert(context: typer.Context, json: Json = False) -> None:
    """Tell what is new and what is over: promises about to break, emergencies, crises, silent sources, stuck replies.

    For cron. care.toml, [alerts] hook = ["command", "argument"] names a command that gets each as JSON on stdin.
    Exit status 0: nothing is open; 6: something is; 1: the hook failed and is tried again next time.
    """
    from carecli import alerts

    run: Context = context.obj
    told = alerts.check(run.store, run.config, now=run.now)
    _show(told, json)
    if any(one.error for one in told):
        raise typer.Exit(1)
    if any(one.state != "cleared" for one in told):
        raise typer.Exit(SOMETHING)


def _show(told: Sequence[Told], json: bool) -> None:
    from carecli import alerts

    if json:
        output.document([{**alerts.document(one.alert), "state": one.state} for one in told])
    else:
        words = {"new": "ALERT", "open": "still open", "cleared": "all clear"}
        for one in told:
            output.lines(f"{words[one.state]}: {one.alert.title}")
    for one in told:
        if one.error:
            errors.warn(one.error)


def watch(
    context: typer.Context,
    every: Annotated[str, typer.Option("--every", metavar="SPAN", help="How long to wait between rounds.")] = "60s",
    rounds: Annotated[
        int | None, typer.Option("--rounds", min=1, help="So many rounds (default: until Ctrl-C).")
    ] = None,
) -> None:
    """Fetch in a loop, classify, and tell what needs somebody; ends cleanly on Ctrl-C or SIGTERM.

    Example: care watch --every 30s
    """
    from carecli.hours import parse_duration

    run: Context = context.obj
    try:
        seconds = parse_duration(every)
    except ValueError as error:
        raise UsageError(f"--every: {error}") from None
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    done = 0
    while not stop.is_set():
        _round(run)
        done += 1
        if done == rounds:
            return
        stop.wait(seconds)


def _round(run: Context) -> None:
    """One round; what goes wrong in it is told, and the next one tries again."""
    import os

    from carecli import act, alerts, listen

    now = run.now if os.environ.get("CARE_NOW") else datetime.now(UTC)
    try:
        if run.config.sources:
            for outcome in listen.fetch(run.store, run.config, now=now):
                if outcome.error:
                    errors.warn(f"{outcome.source}: {outcome.error}")
            act.triage_new(run.store, run.config, now=now)
        told = alerts.check(run.store, run.config, now=now)
    except Locked as error:
        errors.note(f"{error.message}; next round")
        return
    except CareError as error:
        errors.warn(error.message)
        return
    _show([one for one in told if one.state != "open"], json=False)
