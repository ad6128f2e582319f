"""`care check`, `outbox`: the guardrails alone, and replies that are not out yet."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.cases import who
from carecli.cli.context import Context
from carecli.cli.options import Agent, Json, Private, Voice
from carecli.cli.reply import findings_lines, sent
from carecli.errors import Conflict, UsageError


def add_to(app: typer.Typer) -> None:
    app.command()(check)
    app.add_typer(outbox, name="outbox")


def check(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="The reply to look at.")],
    case: Annotated[int, typer.Option("--case", min=1, help="The case that it answers.")],
    private: Private = False,
    voice: Voice = None,
    agent: Agent = None,
    open_links: Annotated[bool, typer.Option("--links", help="Open the links, as `care reply` does.")] = False,
    json: Json = False,
) -> None:
    """The guardrails alone. Exit status 3 when one blocks."""
    from carecli import respond

    run: Context = context.obj
    found = respond.check(
        run.store,
        run.config,
        case,
        text,
        now=run.now,
        private=private,
        voice=voice,
        agent=who(agent),
        follow_links=open_links,
    )
    if json:
        output.document([shapes.finding(one) for one in found])
    elif found:
        findings_lines(found)
    else:
        errors.note("Nothing found.")
    if any(one.severity == "block" for one in found):
        raise typer.Exit(3)


outbox = typer.Typer(
    help="Replies that are not out yet, or whose fate is unknown.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@outbox.callback(invoke_without_command=True)
def outbox_default(context: typer.Context, json: Json = False) -> None:
    """Replies that are not out yet, or whose fate is unknown after a crash."""
    if context.invoked_subcommand is None:
        list_(context, json)


@outbox.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """List them, oldest first."""
    from carecli.store import replies

    run: Context = context.obj
    rows = [shapes.reply(row) for row in replies.unfinished(run.store)]
    if json:
        output.document(rows)
    elif not rows:
        errors.note("The outbox is empty.")
    else:
        columns = ("reply_id", "case", "status", "attempts", "last_error", "text")
        shown = ({**row, "status": shapes.standing(row)} for row in rows)
        output.table(columns, ([row[column] for column in columns] for row in shown), clip="text")


@outbox.command()
def send(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[ID]", help="Only this one.")] = None,
    json: Json = False,
) -> None:
    """Settle what a crash left behind, by asking the platform, and send what waits."""
    from carecli.store import replies

    run: Context = context.obj
    if number is not None and (known := replies.get(run.store, number))["status"] in ("sent", "cancelled"):
        raise Conflict(f"reply {number} is {known['status']}", hint="`care outbox` lists what is not out yet")
    rows = sent(run, None if number is None else [number])
    if json:
        output.document([shapes.reply(row) for row in rows])
    else:
        for row in map(shapes.reply, rows):
            error = f": {row['last_error']}" if row["last_error"] else ""
            output.lines(f"reply {row['reply_id']}: {shapes.standing(row)}{error}")
        if not rows:
            waiting = len(replies.unfinished(run.store))
            errors.note(
                f"Nothing to send now; {waiting} scheduled: `care outbox` says when." if waiting else "Nothing to send."
            )
    if any(row["status"] not in ("sent", "cancelled") for row in rows):
        raise typer.Exit(4 if any(row["status"] == "sent" for row in rows) else 1)


@outbox.command()
def cancel(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Take a reply out of the outbox; it is kept in the log."""
    from carecli import respond

    run: Context = context.obj
    _settled(respond.cancel(run.store, number, now=run.now, agent=who(agent)), json)


@outbox.command()
def resolve(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID")],
    went_out: Annotated[bool | None, typer.Option("--sent/--not-sent", help="What you saw on the platform.")] = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Say of an unsure reply whether it is out; --not-sent makes it ready to be sent."""
    from carecli import respond

    run: Context = context.obj
    if went_out is None:
        raise UsageError("say what you saw: --sent or --not-sent")
    _settled(respond.resolve_unsure(run.store, number, went_out=went_out, now=run.now, agent=who(agent)), json)


def _settled(row: Any, json: bool) -> None:
    if json:
        output.document(shapes.reply(row))
    else:
        errors.note(f"Reply {row['reply_id']} is {row['status']}.")
