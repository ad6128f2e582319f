"""`care promise`, `agents`, `tidy`: what was promised, who is here, what has fallen silent."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.cases import who
from carecli.cli.context import Context
from carecli.cli.fetch import moment
from carecli.cli.options import Agent, Json, Since, Until
from carecli.text import counted

promise = typer.Typer(help="What we said we would do.", no_args_is_help=True, rich_markup_mode=None)

PromiseNumber = Annotated[
    int, typer.Argument(metavar="PROMISE", min=1, help="Its number, as `care promise list` says.")
]
Because = Annotated[str | None, typer.Option("--because", help="Why; it is kept in the log.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(promise, name="promise")
    app.command()(agents)
    app.command()(tidy)


@promise.command("list")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were kept.")] = False,
    since: Since = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Promises that are open or broken, oldest first.

    A promise is kept by our next answer, by resolving the case, or by `care promise keep`, before it is due.
    """
    from carecli.casework import casefile
    from carecli.model import iso
    from carecli.store import promises

    run: Context = context.obj
    start, end = moment(run, since), moment(run, until, end=True)
    rows = promises.between(run.store, iso(start) if start else "0", iso(end) if end else "9")
    found = [casefile.promise(row, run.now) for row in rows]
    shown = [one for one in found if everything or one["state"] in ("open", "broken")]
    if json:
        output.document(shown)
    elif not shown:
        errors.note("No promise is open.")
    else:
        output.show_rtl(run.config.display.rtl)
        columns = ("promise", "case", "state", "due_at", "words")
        output.table(columns, ([one[column] for column in columns] for one in shown), clip="words")


@promise.command()
def keep(
    context: typer.Context, number: PromiseNumber, because: Because = None, agent: Agent = None, json: Json = False
) -> None:
    """It was kept, in another way than by an answer here."""
    _settle(context, number, "kept", because, agent, json)


@promise.command()
def drop(
    context: typer.Context, number: PromiseNumber, because: Because = None, agent: Agent = None, json: Json = False
) -> None:
    """It never was a promise; it counts nowhere."""
    _settle(context, number, "dropped", because, agent, json)


def _settle(context: typer.Context, number: int, kind: str, because: str | None, agent: str | None, json: bool) -> None:
    from carecli.casework import casefile, desk

    run: Context = context.obj
    row = desk.settle(run.store, number, kind, now=run.now, agent=who(agent), because=because)
    found = casefile.promise(row, run.now)
    if json:
        output.document(found)
    else:
        errors.note(f"Promise {number} is {found['state']}.")


def agents(context: typer.Context, json: Json = False) -> None:
    """The roster of care.toml ([agents]): who is on duty, and who has which case."""
    from carecli.casework import desk

    run: Context = context.obj
    found = desk.roster(run.store, run.config, run.now)
    if json:
        output.document(found)
    elif not found:
        errors.note("There is no roster: add [agents.NAME] to care.toml.")
    else:
        output.table(("agent", "on duty", "languages", "topics", "cases"), map(_line, found), clip="cases")


def _line(agent: dict[str, Any]) -> list[Any]:
    duty = {True: "yes", False: "no", None: None}[agent["on_duty"]]
    lists = (agent["languages"], agent["skills"], map(str, agent["cases"]))
    return [agent["agent"], duty, *(", ".join(names) for names in lists)]


def tidy(context: typer.Context, json: Json = False) -> None:
    """End the claims of agents who went silent (desk.lease), resolve the cases of customers who did
    (desk.resolve_after). `care fetch` does it too.
    """
    from carecli.casework import desk

    run: Context = context.obj
    done = desk.tidy(run.store, run.config, now=run.now)
    if json:
        output.document({"released": list(done.released), "resolved": list(done.resolved)})
    else:
        errors.note(f"{counted(len(done.released), 'claim')} ended, {counted(len(done.resolved), 'case')} resolved.")
