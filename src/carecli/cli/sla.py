"""`care sla explain`: the arithmetic behind a deadline, so that nobody has to believe it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import CaseNumber, Json
from carecli.text import counted

_SHOWN = 14  # days of a long wait; the others are summed
_NAMES = {"first_response": "First response", "next_response": "Next response", "resolution": "Resolution"}


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Deadlines: what was promised, and how it is counted.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command()(explain)
    group.callback()(lambda: None)
    app.add_typer(group, name="sla")


def explain(context: typer.Context, case: CaseNumber, json: Json = False) -> None:
    """Every clock of a case: which policy, since when, the hours that counted on each day, when due, where it stands.

    Example: care sla explain 12
    """
    from carecli.casework import deadlines
    from carecli.cli.adopt import adopt
    from carecli.store import cases

    run: Context = context.obj
    adopt(run)
    row = cases.get(run.store, case)
    found = [one.as_json() for one in deadlines.explain(run.store, row, run.config, run.now)]
    if json:
        output.document({"case": row["case_id"], "now": run.now, "clocks": found})
        return
    if not found:
        why = "nobody in it expects an answer, or no target is set"
        errors.note(f"Nothing was promised for case {row['case_id']}: {why}.")
        return
    for clock in found:
        _show(clock, run.now)


def _show(clock: dict[str, Any], now: datetime) -> None:
    from carecli.hours import show_duration
    from carecli.model import parse_iso

    zone = ZoneInfo(clock["timezone"])

    def at(moment: str | None) -> str:
        return "not known yet" if moment is None else f"{parse_iso(moment).astimezone(zone):%a %Y-%m-%d %H:%M:%S}"

    again = f" (segment {clock['segment']})" if clock["segment"] > 1 else ""
    output.lines(f"{_NAMES[clock['clock']]}{again}: {clock['state']}{', paused' if clock['paused'] else ''}")
    output.lines(
        f"  policy    {clock['policy']}, for {clock['intent']}, urgency {clock['urgency']}, "
        f"priority {clock['priority']}, voice {clock['voice']}"
    )
    target = show_duration(clock["target_seconds"])
    output.lines(f"  promised  {target} of {clock['hours']}, times in {clock['timezone']}")
    output.lines(f"  started   {at(clock['started_at'])}")
    for pause in clock["pauses"]:
        output.lines(f"  paused    {at(pause['since'])} to {at(pause['until']) if pause['until'] else 'now'}")
    days = [day for day in clock["days"] if day["seconds"]]
    for day in days[:_SHOWN]:
        output.lines(f"  counted   {day['day']}  {show_duration(day['seconds'])}")
    if rest := days[_SHOWN:]:
        output.lines(
            f"  counted   {counted(len(rest), 'more day')}  {show_duration(sum(day['seconds'] for day in rest))}"
        )
    until = f"now, {now.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
    if clock["ended_at"]:
        until = f"{clock['ended_by']} {at(clock['ended_at'])}"
    output.lines(f"  together  {show_duration(clock['used_seconds'])} until {until}")
    output.lines(f"  due       {at(clock['due_at'])}\n")
