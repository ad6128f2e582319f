"""`care claim`, `assign`, `snooze`, `resolve`, `reopen`, `note`, `tag`, `undo`: one event each."""

from __future__ import annotations

import getpass
import os
from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Agent, CaseNumber, Json
from carecli.errors import UsageError
from carecli.model import iso


def add_to(app: typer.Typer) -> None:
    for command in (claim, assign, snooze, resolve, reopen, note, tag, undo):
        app.command()(command)


def who(agent: str | None) -> str:
    """Who acts: --as, CARE_AGENT, the login name."""
    if agent := agent or os.environ.get("CARE_AGENT"):
        return agent
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def claim(
    context: typer.Context,
    case: Annotated[int | None, typer.Argument(metavar="[CASE]", help="The case's number.", min=1)] = None,
    next_: Annotated[
        bool, typer.Option("--next", help="The most pressing case that you can answer and nobody has.")
    ] = False,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Take a case: of two who try at once, one gets it.

    Example: care claim --next --as leo
    """
    from carecli import act
    from carecli.cli.adopt import adopt

    run: Context = context.obj
    if (case is None) is not next_:
        raise UsageError("name a case, or give --next", hint="care claim 12, or care claim --next")
    adopt(run)
    row = act.claim(run.store, case, agent=who(agent), now=run.now, config=run.config)
    _shown(run, row, json, f"{row['assignee']} has case {row['case_id']}.")


def assign(
    context: typer.Context,
    case: CaseNumber,
    assignee: Annotated[str, typer.Argument(metavar="AGENT", help="Who gets it; '' for nobody.")],
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Give a case to somebody, also when somebody else has it."""
    _record(
        context,
        case,
        "assigned",
        agent,
        json,
        {"assignee": assignee or None},
        f"is {assignee or 'nobody'}'s now",
    )


def snooze(
    context: typer.Context,
    case: CaseNumber,
    until: Annotated[str, typer.Argument(metavar="UNTIL", help="2h, tomorrow 9:00, monday, 2026-12-01 …")],
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Hide a case until then; it comes back by itself, or when the customer writes."""
    from carecli.reports.period import parse_when

    run: Context = context.obj
    try:
        moment = parse_when(until, run.now, run.config.brand.timezone, direction="future")
    except ValueError as error:
        raise UsageError(str(error)) from None
    if moment <= run.now:
        raise UsageError(f"{iso(moment)} is not in the future")
    _record(context, case, "snoozed", agent, json, {"until": iso(moment)}, f"sleeps until {iso(moment)}")


def resolve(context: typer.Context, case: CaseNumber, agent: Agent = None, json: Json = False) -> None:
    """The customer's problem is solved; a later message of theirs reopens the case."""
    _record(context, case, "resolved", agent, json, {}, "is resolved")


def reopen(context: typer.Context, case: CaseNumber, agent: Agent = None, json: Json = False) -> None:
    """Not solved after all."""
    _record(context, case, "reopened", agent, json, {}, "is open again")


def note(
    context: typer.Context,
    case: CaseNumber,
    text: Annotated[str, typer.Argument(help="What your colleagues should know; customers never see it.")],
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Write a note into the case's log."""
    _record(context, case, "noted", agent, json, {"text": text}, "has a new note")


def tag(
    context: typer.Context,
    case: CaseNumber,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="Tags, as many as you like.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take these tags off instead.")] = False,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Tag a case, or take tags off with --remove."""
    _record(context, case, "tagged", agent, json, {"remove" if remove else "add": tags}, "is tagged")


def undo(context: typer.Context, case: CaseNumber, agent: Agent = None, json: Json = False) -> None:
    """Take back what you did last to a case, and again for what was before; the log keeps both.

    A label, a note, a draft that waits for somebody's word, a reply that is not out yet: all of it. A reply that is out
    stays out.

    Example: care undo 12
    """
    from carecli import act
    from carecli.casework import undoing
    from carecli.store import cases

    run: Context = context.obj
    me = who(agent)
    last = undoing.last(run.store, cases.get(run.store, case)["case_id"], me)
    row, event = act.undo(run.store, run.config, last, now=run.now, agent=me)
    _shown(run, row, json, f"Case {row['case_id']}: '{event.kind}' is undone.")


def _record(
    context: typer.Context,
    case: int,
    kind: str,
    agent: str | None,
    json: bool,
    data: dict[str, Any],
    words: str,
) -> None:
    from carecli import act

    run: Context = context.obj
    row = act.record(run.store, case, kind, now=run.now, agent=who(agent), data=data)
    _shown(run, row, json, f"Case {row['case_id']} {words}.")


def _shown(run: Context, row: Any, json: bool, words: str) -> None:
    from carecli.casework import casefile

    if json:
        output.document(casefile.describe(row, run.config, run.now, casefile.follow_ups(run.store, run.now)))
    else:
        errors.note(words)
