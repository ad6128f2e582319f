"""`care campaign`: find people for whom we could do something, propose it, record what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.cases import who
from carecli.cli.context import Context
from carecli.cli.fetch import moment
from carecli.cli.options import Agent, CaseNumber, Json, Limit, OutputFile, Since, Until
from carecli.errors import NotFound

if TYPE_CHECKING:
    from carecli.config import Config

group = typer.Typer(
    help="People for whom we could do something though they did not ask us: [campaigns.NAME] of care.toml.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The campaign, as care.toml calls it.")]
Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="The account: zoe, or mastodon:zoe where it matters.")]
Because = Annotated[str | None, typer.Option("--because", help="Why; it is kept.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(group, name="campaign")


@group.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """The campaigns of care.toml, whether they run, and what they may still propose today."""
    from carecli import campaigns

    run: Context = context.obj
    found = campaigns.overview(run.store, run.config, now=run.now)
    if json:
        output.document(found)
    elif not found:
        errors.note("There is no campaign: add [campaigns.NAME] to care.toml (docs/campaigns.md).")
    else:
        columns = ("campaign", "running", "room_today", "proposed", "done", "answered", "query")
        output.table(columns, ([one[column] for column in columns] for one in found), clip="query")


@group.command()
def find(
    context: typer.Context,
    name: Name,
    everything: Annotated[bool, typer.Option("--all", help="Also those whom it does not write to, with why.")] = False,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Posts that the campaign looks for, the newest first; nothing is kept and nothing is sent.

    Example: care campaign find colds --all
    """
    from itertools import islice

    from carecli import campaigns

    run: Context = context.obj
    every = campaigns.find(run.store, run.config, name, now=run.now)
    found = [one.as_json() for one in islice((o for o in every if everything or o.because is None), limit)]
    if json:
        output.document(found)
    elif not found:
        errors.note("Nothing is found." if everything else "Nobody is to be written to; --all says what was found.")
    else:
        output.show_rtl(run.config.display.rtl)
        output.table(
            ("case", "customer", "text"), ([o["case"], o["customer"]["handle"], o["text"]] for o in found), clip="text"
        )
        for one in found:
            if one["excluded"]:
                output.lines(f"case {one['case']} is left alone: {one['excluded']}")


@group.command()
def propose(
    context: typer.Context,
    name: Name,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="At most so many.")] = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Draft messages to the next people, within the limits. A person sends each: `care reply CASE --draft ID`.

    Example: care campaign propose colds -n 3
    """
    from carecli import campaigns
    from carecli.cli import shapes
    from carecli.cli.reply import findings_lines

    run: Context = context.obj
    with errors.progress("Looking"):
        made = campaigns.propose(run.store, run.config, name, now=run.now, agent=who(agent), count=count)
    if json:
        output.document([{"case": case, **shapes.draft(draft)} for case, draft in made])
        return
    output.show_rtl(run.config.display.rtl)
    for case, draft in made:
        output.lines(f"Case {case}: care reply {case} --draft {draft.draft_id}")
        output.lines(f"    {draft.text}")
        findings_lines(draft.findings)
    if not made:
        errors.note(f"Nobody is to be written to; `care campaign find {name} --all` says why.")


@group.command()
def skip(
    context: typer.Context,
    name: Name,
    case: CaseNumber,
    because: Because = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Pass over what the campaign found in a case: it is not found again."""
    from carecli import campaigns

    run: Context = context.obj
    number = campaigns.skip(run.store, run.config, name, case, now=run.now, agent=who(agent), because=because)
    _told(campaigns.one(run.store, run.config, name, number, now=run.now), json)


@group.command()
def show(context: typer.Context, name: Name, json: Json = False) -> None:
    """Everything that the campaign has taken up or passed over, and what came of it."""
    from carecli import campaigns

    run: Context = context.obj
    found = campaigns.listed(run.store, run.config, name, now=run.now)
    if json:
        output.document(found)
    elif not found:
        errors.note(f"Nothing yet: care campaign propose {name}")
    else:
        output.show_rtl(run.config.display.rtl)
        lines = (
            [
                a["action"],
                a["case"],
                a["customer"]["handle"],
                a["state"],
                ", ".join(a["outcomes"]),
                a["due_at"],
                a["text"],
            ]
            for a in found
        )
        output.table(("action", "case", "customer", "state", "outcomes", "due", "text"), lines, clip="text")


@group.command()
def record(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ACTION", min=1, help="Its number: `care campaign show NAME`.")],
    outcome: Annotated[
        str, typer.Argument(help="fulfilled, converted; answered, thanked, complained, ignored are mostly computed.")
    ],
    note: Annotated[str | None, typer.Option("--note", help="A word on it.")] = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Write down what came of a message that went out.

    Example: care campaign record 4 fulfilled --note "by bike, 40 minutes"
    """
    from carecli import campaigns

    run: Context = context.obj
    _told(campaigns.record(run.store, run.config, number, outcome, now=run.now, agent=who(agent), note=note), json)


def _told(action: dict[str, Any], json: bool) -> None:
    if json:
        output.document(action)
    else:
        came = f": {', '.join(action['outcomes'])}" if action["outcomes"] else ""
        errors.note(f"Action {action['action']} ({action['customer']['handle']}) is {action['state']}{came}.")


@group.command()
def report(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One campaign; left out: all.")] = None,
    since: Since = None,
    until: Until = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="text, json, csv, md or html.")] = "text",
    to: OutputFile = None,
    json: Json = False,
) -> None:
    """Actions, outcomes, reach, share of positive, and what changed against an equal period before.

    `care report campaigns` is the same with a report's other options (mail, webhook).
    """
    from dataclasses import replace

    from carecli import report as stage
    from carecli.reporting import delivery
    from carecli.reports.render import render
    from carecli.responding import outreach

    run: Context = context.obj
    config: Config = run.config
    if name is not None:
        config = replace(config, campaigns={name: outreach.campaign(config, name)})
    end = moment(run, until, end=True) or run.so_far
    part = stage.part(run.store, config, "campaigns", since=moment(run, since), until=end, now=run.now)
    form = "json" if json else format_
    text = render(part, form, width=output.width()).rstrip("\n")
    if to is not None:
        delivery.write(to, text + "\n")
        errors.note(f"Written to {to}.")
    else:
        output.raw(output.json_safe(text) if form == "json" else text)


@group.command()
def block(
    context: typer.Context, handle: Handle, because: Because = None, agent: Agent = None, json: Json = False
) -> None:
    """Never write to this account unasked, in no campaign. Who asks us to stop is put on the list by themselves."""
    from carecli.store import campaigns

    run: Context = context.obj
    platform, name = _account(handle)
    with run.store.write() as connection:
        campaigns.block(connection, platform, name, now=run.now, agent=who(agent), because=because)
    _list(run, json)


@group.command()
def unblock(context: typer.Context, handle: Handle, agent: Agent = None, json: Json = False) -> None:
    """Take an account off the do-not-contact list."""
    from carecli.store import campaigns

    run: Context = context.obj
    platform, name = _account(handle)
    with run.store.write() as connection:
        if not campaigns.unblock(connection, platform, name, now=run.now, agent=who(agent)):
            raise NotFound(f"'{handle}' is not on the list", hint="`care campaign blocked` shows it")
    _list(run, json)


@group.command()
def blocked(context: typer.Context, json: Json = False) -> None:
    """The do-not-contact list."""
    _list(context.obj, json)


def _list(run: Context, json: bool) -> None:
    from carecli.store import campaigns

    keys = ("platform", "handle", "at", "agent", "because")
    found = [{key: row[key] or None for key in keys} for row in campaigns.blocked(run.store)]
    if json:
        output.document(found)
    elif not found:
        errors.note("Nobody is on the list.")
    else:
        output.table(keys, ([one[key] for key in keys] for one in found), clip="because")


def _account(handle: str) -> tuple[str, str]:
    """(platform or "", name) of `mastodon:zoe` or `zoe`."""
    platform, colon, name = handle.partition(":")
    return (platform.lower(), name) if colon else ("", handle)
