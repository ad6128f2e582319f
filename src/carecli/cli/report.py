"""`care report`: the figures of a period, in the format that its reader wants."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.fetch import moment
from carecli.cli.options import Json, OutputFile, Since, Until
from carecli.errors import UsageError

if TYPE_CHECKING:
    from carecli.reports.tables import Part

NAMES = (
    "summary, response, sla, backlog, voice, questions, unanswered, agents, fairness, crises, reach, ambassadors, "
    "benchmarks, coverage, share-of-voice, campaigns, promises"
)

Name = Annotated[str, typer.Argument(metavar="[NAME]", help=f"Which report: {NAMES}.")]
Period = Annotated[str | None, typer.Option("--period", help="The last complete day, week or month.")]
Format = Annotated[str | None, typer.Option("--format", "-f", help="text, json, csv, md or html.")]
MailTo = Annotated[
    list[str] | None,
    typer.Option("--mail", metavar="ADDRESS", help="Mail it (care.toml, [mail]); repeat for more."),
]
Webhook = Annotated[str | None, typer.Option("--webhook", metavar="URL", help="POST it as JSON.")]
Anonymise = Annotated[
    bool, typer.Option("--anonymise", help="No handles, no quotes, no addresses: for reports that leave the team.")
]
Explain = Annotated[
    str | None,
    typer.Option("--explain", metavar="FIGURE", help="The cases behind a figure, and its arithmetic."),
]
Brand = Annotated[
    str | None, typer.Option("--brand", metavar="NAME", help="Of one of several brands alone: docs/reports.md.")
]
Due = Annotated[
    bool, typer.Option("--due", help="Make the reports of care.toml, [reports.NAME], that are due; for cron.")
]


def add_to(app: typer.Typer) -> None:
    app.command()(report)


def report(
    context: typer.Context,
    name: Name = "summary",
    since: Since = None,
    until: Until = None,
    period: Period = None,
    format_: Format = None,
    to: OutputFile = None,
    mail: MailTo = None,
    webhook: Webhook = None,
    anonymise: Anonymise = False,
    explain: Explain = None,
    brand: Brand = None,
    due: Due = False,
    json: Json = False,
) -> None:
    """What was said, how it was answered, how fast; without a period everything until now.

    Example: care report --period week --format md -o week.md
    """
    from carecli import report as stage

    run: Context = context.obj
    if due:
        _due(run, json)
        return
    start, end = _period(run, since, until, period)
    part = stage.part(
        run.store,
        run.config,
        name,
        since=start,
        until=end,
        now=run.now,
        anonymous=anonymise,
        explain=explain,
        brand=brand,
    )
    _deliver(run, part, _format(format_, json, to), to, mail or [], webhook)


def _deliver(run: Context, part: Part, form: str, to: Path | None, mail: list[str], webhook: str | None) -> None:
    """Mail, post and write the report as asked; one that goes nowhere is shown."""
    from carecli.reports.render import render

    text = render(part, form, width=output.width())
    if to is None and not (mail or webhook):
        output.raw(output.json_safe(text.rstrip("\n")) if form == "json" else text.rstrip("\n"))
        return
    from carecli.reporting import delivery

    if mail:
        ending = "txt" if form == "text" else form
        delivery.mail(run.config, mail, part.title, render(part, "text"), (f"report.{ending}", text))
        errors.note(f"Mailed to {', '.join(mail)}.")
    if webhook:
        delivery.post(webhook, part, render(part, "text"))
        errors.note("Posted to the webhook.")
    if to is not None:
        delivery.write(to, text)
        errors.note(f"Written to {to}.")


def _due(run: Context, json: bool) -> None:
    from carecli import report_jobs
    from carecli.model import iso

    with errors.progress("Reporting") as tell:
        made = report_jobs.run_due(run.store, run.config, now=run.now, tell=tell)
    if json:
        output.document(
            [
                {"job": m.job, "since": iso(m.since), "until": iso(m.until), "sent": list(m.sent), "error": m.error}
                for m in made
            ]
        )
    for one in made:
        if one.error is None:
            errors.note(f"{one.job}: {iso(one.since)} to {iso(one.until)} → {', '.join(one.sent)}")
        else:
            errors.warn(f"{one.job}: {iso(one.since)} to {iso(one.until)}: {one.error}")
    failed = sum(one.error is not None for one in made)
    if failed:
        raise typer.Exit(1 if failed == len(made) else 4)


def _period(run: Context, since: str | None, until: str | None, period: str | None) -> tuple[datetime | None, datetime]:
    from carecli.reports.period import last_complete

    if period is None:
        return moment(run, since), moment(run, until, end=True) or run.so_far
    if since or until:
        raise UsageError("--period and --since/--until exclude each other")
    unit: Any = period
    try:
        return last_complete(unit, run.now, run.config.brand.timezone, run.config.report.week_starts)
    except ValueError as error:
        raise UsageError(f"--period {error}") from None


def _format(given: str | None, json: bool, to: Path | None) -> str:
    if json:
        if given not in (None, "json"):
            raise UsageError(f"--json and --format {given} exclude each other")
        return "json"
    by_ending = {".md": "md", ".csv": "csv", ".json": "json", ".html": "html"}
    return given or (by_ending.get(to.suffix.lower(), "text") if to else "text")
