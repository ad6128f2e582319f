"""`care draft`, `check`, `reply`, `outbox`: from a case to an answer that is out exactly once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.cases import who
from carecli.cli.context import Context, interactive
from carecli.cli.editor import edited
from carecli.cli.options import Agent, CaseNumber, Json, Voice
from carecli.errors import Conflict, Refused, UsageError

Private = Annotated[bool, typer.Option("--private", help="As a direct message, where the platform has them.")]


def add_to(app: typer.Typer) -> None:
    app.command()(draft)
    app.command()(check)
    app.command()(reply)
    app.add_typer(outbox, name="outbox")


def draft(
    context: typer.Context,
    case: CaseNumber,
    voice: Voice = None,
    with_: Annotated[str, typer.Option("--with", help="Who drafts: template.")] = "template",
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=20, help="How many.")] = 3,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Propose replies that name the customer's problem, in their language and your voice; nothing is sent."""
    from carecli import respond

    run: Context = context.obj
    if with_ != "template":
        raise UsageError(f"--with {with_}: there is only template yet")
    drafts = respond.draft(run.store, run.config, case, now=run.now, voice=voice, agent=who(agent), count=count)
    if json:
        output.document([shapes.draft(one) for one in drafts])
        return
    output.show_rtl(run.config.display.rtl)
    for one in drafts:
        output.lines(f"Draft {one.draft_id}  ({one.language}, voice {one.voice}, from {', '.join(one.sources)})")
        output.lines("\n".join(f"    {line}" for line in one.text.split("\n")))
        findings_lines(one.findings)
    errors.note(f"Send one: care reply {case} --draft {drafts[0].draft_id}" if drafts else "No draft fits this case.")


def findings_lines(findings: Any) -> None:
    """Findings for people, one a line."""
    for one in findings:
        output.lines(f"    {one.severity}: {one.message} [{one.rule}]")


def check(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="The reply to look at.")],
    case: Annotated[int, typer.Option("--case", min=1, help="The case that it answers.")],
    private: Private = False,
    voice: Voice = None,
    json: Json = False,
) -> None:
    """The guardrails alone. Exit status 3 when one blocks."""
    from carecli import respond

    run: Context = context.obj
    found = respond.check(run.store, run.config, case, text, now=run.now, private=private, voice=voice)
    if json:
        output.document([shapes.finding(one) for one in found])
    elif found:
        findings_lines(found)
    else:
        errors.note("Nothing found.")
    if any(one.severity == "block" for one in found):
        raise typer.Exit(3)


def reply(
    context: typer.Context,
    case: CaseNumber,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="The reply; left out: --draft, or your editor.")
    ] = None,
    draft: Annotated[int | None, typer.Option("--draft", metavar="ID", help="Begin with this draft.")] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Open it in $EDITOR first.")] = False,
    agent: Agent = None,
    private: Private = False,
    voice: Voice = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show, send nothing, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking; what blocks still blocks.")] = False,
    json: Json = False,
) -> None:
    """Check a reply, ask, write it down, send it: once, also over a crash.

    Example: care reply 12 "Sorry, Zoe: your bag lands tonight at 21:40." --as leo
    """
    from carecli import respond
    from carecli.store import cases

    run: Context = context.obj
    read = cases.get(run.store, case)["latest_mention_id"]
    words = _words(run, case, text, draft, edit)
    found = respond.check(run.store, run.config, case, words, now=run.now, private=private, voice=voice)
    shown = [shapes.finding(one) for one in found]
    blocked = [one for one in found if one.severity == "block"]
    if dry_run or blocked:
        status = "blocked" if blocked else "dry-run"
        _result(json, {"reply_id": None, "status": status, "findings": shown, "url": None, "text": words}, found)
        if blocked:
            raise Refused(blocked[0].message, hint=f"rule {blocked[0].rule}; change the text and try again")
        return
    _confirm(words, found, yes=yes)
    number = respond.approve(
        run.store, case, words, now=run.now, agent=who(agent), private=private, draft=draft, read=read
    )
    row = _sent(run, [number])[0]
    result = {
        "reply_id": number,
        "status": row["status"],
        "findings": shown,
        "url": row["url"],
        "text": words,
    }
    _result(json, result, found)
    if row["status"] != "sent":
        errors.warn(f"reply {number} is {row['status']}: {row['last_error']}")
        errors.warn("it is in the outbox: `care outbox` shows it, `care outbox send` tries again")
        raise typer.Exit(1)


def _words(run: Context, case: int, text: str | None, draft: int | None, edit: bool) -> str:
    if text is not None and draft is not None:
        raise UsageError("TEXT and --draft exclude each other", hint="edit a draft with --draft ID --edit")
    words = text if draft is None else _drafted(run, case, draft)
    if words is None or edit:
        if not interactive():
            raise UsageError("there is no text", hint="give it as TEXT, or --draft ID")
        words = edited(words or "")
    return words.strip()


def _drafted(run: Context, case: int, draft: int) -> str:
    """The text of a draft, which has to be one of this case: it may name another customer."""
    from carecli.store import cases, replies

    row, number = replies.draft(run.store, draft), cases.get(run.store, case)["case_id"]
    if row["case_id"] != number:
        raise UsageError(f"draft {draft} is for case {row['case_id']}", hint=f"`care draft {number}` proposes others")
    return str(row["text"])


def _confirm(words: str, found: Any, *, yes: bool) -> None:
    """A person sends: asked on a terminal, said with --yes elsewhere."""
    if yes:
        return
    if not interactive():
        raise UsageError("nothing is sent without a person's word", hint="add --yes to send, or --dry-run to look")
    output.lines(words)
    findings_lines(found)
    if not typer.confirm("Send it?", default=False):
        raise typer.Exit(1)


def _sent(run: Context, numbers: list[int] | None) -> list[Any]:
    from carecli import act, respond

    with errors.progress("Sending"):
        rows = respond.send(run.store, run.config, numbers, now=run.now)
    act.triage_new(run.store, run.config, now=run.now)
    return rows


def _result(json: bool, result: dict[str, Any], found: Any) -> None:
    if json:
        output.document(result)
        return
    output.lines(f"{result['status']}: {result['text']}")
    findings_lines(found)
    if result["url"]:
        output.lines(result["url"])


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
        output.table(columns, ([row[column] for column in columns] for row in rows), clip="text")


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
    rows = _sent(run, None if number is None else [number])
    if json:
        output.document([shapes.reply(row) for row in rows])
    else:
        for row in rows:
            output.lines(
                f"reply {row['reply_id']}: {row['status']}{': ' + row['last_error'] if row['last_error'] else ''}"
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
    sent: Annotated[bool | None, typer.Option("--sent/--not-sent", help="What you saw on the platform.")] = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Say of an unsure reply whether it is out; --not-sent makes it ready to be sent."""
    from carecli import respond

    run: Context = context.obj
    if sent is None:
        raise UsageError("say what you saw: --sent or --not-sent")
    _settled(respond.resolve_unsure(run.store, number, went_out=sent, now=run.now, agent=who(agent)), json)


def _settled(row: Any, json: bool) -> None:
    if json:
        output.document(shapes.reply(row))
    else:
        errors.note(f"Reply {row['reply_id']} is {row['status']}.")
