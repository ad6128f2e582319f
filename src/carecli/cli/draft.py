"""`care draft`: proposals, and the drafts that wait for another person's word."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from carecli.cli import errors, output, shapes
from carecli.cli.cases import who
from carecli.cli.context import Context, interactive
from carecli.cli.editor import edited
from carecli.cli.options import Agent, CaseNumber, Json, Voice
from carecli.cli.reply import findings_lines
from carecli.errors import UsageError

DraftNumber = Annotated[int, typer.Argument(metavar="DRAFT", min=1, help="The draft's number.")]


class _Default(TyperGroup):
    """`care draft 12` is `care draft propose 12`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["propose", *args]
        return list(super().parse_args(ctx, args))


group = typer.Typer(
    cls=_Default,
    help="Propose replies to a case (`care draft CASE`), and look after drafts that wait for a second person.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(group, name="draft")


@group.command()
def propose(
    context: typer.Context,
    case: CaseNumber,
    voice: Voice = None,
    with_: Annotated[str, typer.Option("--with", help="Who drafts: template, knowledge or llm.")] = "template",
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, max=20, help="How many.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="With llm: which model.")] = None,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="With llm: show exactly what would leave this machine, and stop.")
    ] = False,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Propose replies that name the customer's problem, in their language and your voice; nothing is sent.

    Example: care draft 12 --with knowledge
    """
    from carecli import respond

    run: Context = context.obj
    if show_prompt:
        _show_prompt(run, case, voice, agent, with_, model, json)
        return
    number = count or (1 if with_ == "llm" else 3)
    with errors.progress("Drafting"):
        drafts = respond.draft(
            run.store,
            run.config,
            case,
            now=run.now,
            voice=voice,
            agent=who(agent),
            count=number,
            maker=with_,
            model=model,
        )
    if json:
        output.document([shapes.draft(one) for one in drafts])
        return
    output.show_rtl(run.config.display.rtl)
    for one in drafts:
        output.lines(f"Draft {one.draft_id}  ({one.language}, voice {one.voice}, from {', '.join(one.sources)})")
        output.lines("\n".join(f"    {line}" for line in one.text.split("\n")))
        findings_lines(one.findings)
    errors.note(f"Send one: care reply {case} --draft {drafts[0].draft_id}" if drafts else "No draft fits this case.")


def _show_prompt(
    run: Context, case: int, voice: str | None, agent: str | None, with_: str, model: str | None, json: bool
) -> None:
    from carecli import respond
    from carecli.responding import drafting

    if with_ != "llm":
        raise UsageError("--show-prompt goes with --with llm", hint="the other makers send nothing anywhere")
    told = respond.prompt(run.store, run.config, case, now=run.now, voice=voice, agent=who(agent))
    if json:
        name = model or run.config.llm.model or drafting.model_name(run.config, None)
        shown = {"model": name, "system": told.system, "prompt": told.user, "placeholders": told.mask.held}
        output.document(shown)
        return
    output.lines(f"system:\n{told.system}\n\nuser:\n{told.user}")
    if told.mask.held:
        output.lines("\nThese stay here; only their placeholders leave:")
        output.fields(told.mask.held)


@group.command("list")
def list_(
    context: typer.Context,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for a second person.")] = False,
    case: Annotated[int | None, typer.Option("--case", min=1, help="Only those of this case.")] = None,
    json: Json = False,
) -> None:
    """Drafts, oldest first."""
    from carecli.store import drafts

    run: Context = context.obj
    rows = drafts.listed(run.store, waiting=waiting, case=case)
    if json:
        output.document([shapes.stored_draft(row) for row in rows])
    elif not rows:
        errors.note("No draft waits." if waiting else "There are no drafts.")
    else:
        output.show_rtl(run.config.display.rtl)
        lines = ([r["draft_id"], r["case_id"], r["agent"], r["approval"], r["text"]] for r in rows)
        output.table(("draft", "case", "by", "approval", "text"), lines, clip="text")


@group.command()
def show(context: typer.Context, number: DraftNumber, json: Json = False) -> None:
    """One draft with every text that it has had."""
    from carecli.store import drafts, replies

    run: Context = context.obj
    found = shapes.stored_draft(replies.draft(run.store, number))
    found["versions"] = [
        {key: row[key] for key in ("version", "text", "changed_at", "agent")}
        for row in drafts.versions(run.store, number)
    ]
    if json:
        output.document(found)
        return
    output.show_rtl(run.config.display.rtl)
    output.lines(f"Draft {number} for case {found['case']}: {found['approval'] or 'free to send'}")
    output.lines(found["text"])
    for version in found["versions"]:
        output.lines(f"\nversion {version['version']}, {version['changed_at']}, {version['agent'] or 'unknown'}:")
        output.lines(f"    {version['text']}")


@group.command()
def edit(
    context: typer.Context,
    number: DraftNumber,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="The new text; left out: your editor.")] = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Change a draft's text, until it is sent; the text before is kept, an approval is asked for again."""
    from carecli import respond
    from carecli.store import replies

    run: Context = context.obj
    if text is None:
        if not interactive():
            raise UsageError("there is no text", hint="give it as TEXT")
        text = edited(replies.draft(run.store, number)["text"])
    row = respond.edit_draft(run.store, run.config, number, text.strip(), now=run.now, agent=who(agent))
    _told(row, json)


@group.command()
def approve(context: typer.Context, number: DraftNumber, agent: Agent = None, json: Json = False) -> None:
    """Agree to somebody else's draft; its text, and only that, may go out: `care reply CASE --draft ID`."""
    from carecli import respond

    run: Context = context.obj
    _told(respond.decide(run.store, number, approve=True, now=run.now, agent=who(agent)), json)


@group.command()
def reject(
    context: typer.Context,
    number: DraftNumber,
    because: Annotated[str, typer.Option("--because", help="What is wrong with it.")],
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Send a draft back to its writer."""
    from carecli import respond

    run: Context = context.obj
    _told(respond.decide(run.store, number, approve=False, now=run.now, agent=who(agent), because=because), json)


def _told(row: Any, json: bool) -> None:
    if json:
        output.document(shapes.stored_draft(row))
    else:
        errors.note(f"Draft {row['draft_id']}: {row['approval'] or 'free to send'}.")
