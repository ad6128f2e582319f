"""`care fetch`, `care import`: the two roads by which mentions come in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Json, Limit, Since
from carecli.errors import CareError, UsageError
from carecli.model import Outcome, iso
from carecli.text import counted

if TYPE_CHECKING:
    from carecli.platforms.files import Rejected

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Sources (default: all).")]
File = Annotated[str, typer.Argument(metavar="FILE", help="JSON Lines, CSV or XLSX; - is stdin.")]
Format = Annotated[
    str, typer.Option("--format", help="auto, jsonl, csv, xlsx; brand24, sentione, newspoint, or your preset.")
]
PlatformName = Annotated[str, typer.Option("--platform", help="For rows that name none.")]
Columns = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column a field is in; repeat for more."),
]
Brand = Annotated[str | None, typer.Option("--brand", help="For rows that name no brand.")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="For files that are not UTF-8, cp1250 for example.")]


def add_to(app: typer.Typer) -> None:
    app.command()(fetch)
    app.command("import")(import_)


def fetch(
    context: typer.Context,
    names: Names = None,
    since: Since = None,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Pull what is new from all or the named sources, classify it, open or update cases.

    Every source resumes where it stopped; --since reads back to that day besides. One that failed often is left
    alone for a while (name it to try at once), one whose platform asked to wait until then. Ctrl-C stops between two
    pages and loses nothing. Exit status 4: some sources failed, the rest is stored.

    Example: care fetch support --since 30d
    """
    from carecli import listen
    from carecli.casework import desk

    run: Context = context.obj
    if not run.config.sources:
        raise CareError("there are no sources yet", hint="care source add PLATFORM NAME, or care import FILE")
    start = moment(run, since)
    with errors.progress("Fetching") as tell:
        outcomes = listen.fetch(
            run.store,
            run.config,
            names or [],
            now=run.now,
            since=start,
            limit=limit,
            progress=_Board(tell).show,
        )
    _classify(run)
    desk.tidy(run.store, run.config, now=run.now)
    if json:
        output.document([_row(outcome) for outcome in outcomes])
    else:
        outcomes_table(outcomes)
    _warn_of_skipped(outcomes)
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        errors.warn(f"{outcome.source}: {outcome.error}")
    if failed:
        raise typer.Exit(1 if len(failed) == len(outcomes) else 4)


def _classify(run: Context) -> None:
    """What has come in, while its number is shown."""
    from carecli import act

    with errors.progress("Classifying") as tell:
        act.triage_new(run.store, run.config, now=run.now, progress=lambda done: tell(str(done)))


def _warn_of_skipped(outcomes: Sequence[Outcome]) -> None:
    """Name what each source gave that cannot be read, the first five of it."""
    for outcome in outcomes:
        for skipped in outcome.skipped[:5]:
            errors.warn(f"{outcome.source}: skipped {skipped}")
        if len(outcome.skipped) > 5:
            errors.warn(f"{outcome.source}: {len(outcome.skipped) - 5} more items skipped")


class _Board:
    """What a person sees while sources are read: how many are done, and how far the others are."""

    most = 8

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._running: dict[str, Outcome] = {}
        self._done = 0

    def show(self, outcome: Outcome) -> None:
        """`outcome` is news."""
        if outcome.done:
            self._running.pop(outcome.source, None)
            self._done += 1
        else:
            self._running[outcome.source] = outcome
        shown = list(self._running.values())[-self.most :]
        lines = [f"    {running.source}: {counted(running.fetched, 'mention')}, {running.new} new" for running in shown]
        if more := len(self._running) - len(lines):
            lines.append(f"    and {more} more")
        self._tell("\n".join([f"({counted(self._done, 'source')} done)", *lines]))


_SHOWN = ("source", "platform", "fetched", "new", "updated", "deleted", "seconds", "error", "next_try")


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {key: getattr(outcome, key) for key in _SHOWN}
    return {**row, "next_try": outcome.next_try and iso(outcome.next_try)}


def outcomes_table(outcomes: Sequence[Outcome]) -> None:
    """How each source ended, one a line."""
    columns = ("source", "platform", "fetched", "new", "updated", "deleted", "seconds", "error")
    rows = map(_row, outcomes)
    output.table(columns, ([row[column] for column in columns] for row in rows), clip="error")


def moment(run: Context, text: str | None, *, end: bool = False) -> datetime | None:
    """What a --since, --until or --before names. Raises UsageError."""
    from carecli.reports.period import parse_when

    if text is None:
        return None
    try:
        return parse_when(text, run.now, run.config.brand.timezone, end=end)
    except ValueError as error:
        raise UsageError(str(error)) from None


def import_(
    context: typer.Context,
    file: File,
    format_: Format = "auto",
    platform: PlatformName = "import",
    map_: Columns = None,
    brand: Brand = None,
    encoding: Encoding = None,
    json: Json = False,
) -> None:
    """Read mentions from a file: the same road as a fetch. The same file twice changes nothing.

    Fields: id, text, created_at, author, author_name, author_followers, url, in_reply_to, language, platform, likes,
    reposts, replies, brand (for `care report --brand`). Rows of the brand's own handles are its replies. Exit status
    4: some rows were rejected.

    A preset knows the columns of another tool's exports: one of ours, NAME.toml in the folder presets/ beside
    care.toml, or the path of such a file.

    Examples: care import export.csv --platform x --map text=Message --map id="Post ID"
    care import mentions.xlsx --format brand24
    """
    from carecli import listen

    run: Context = context.obj
    options = _options(run, format_, platform, map_ or [], encoding, brand)
    name = Path(file).name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # a file's name is bytes
    source = "import" if file == "-" else f"import:{name}"
    with errors.progress("Reading") as tell:
        outcome, rejected = listen.import_rows(
            run.store,
            run.config,
            listen.read(sys.stdin.buffer if file == "-" else Path(file), options),
            source=source,
            now=run.now,
            progress=lambda outcome: tell(counted(outcome.fetched, "row")),
        )
    _classify(run)
    _say_what_came(file, outcome, rejected, json=json)
    if rejected:
        raise typer.Exit(4 if outcome.fetched else 1)


def _say_what_came(file: str, outcome: Outcome, rejected: Sequence[Rejected], *, json: bool) -> None:
    """What the file gave, and each row that is wrong: on a terminal the first twenty."""
    read = outcome.fetched + len(rejected)
    if json:
        wrong = [{"line": row.line, "reason": row.reason} for row in rejected]
        counts = {"read": read, "new": outcome.new, "updated": outcome.updated, "rejected": len(rejected)}
        output.document({**counts, "errors": wrong})
    else:
        output.lines(
            f"{counted(read, 'row')} read: {outcome.new} new, {outcome.updated} updated, {len(rejected)} rejected"
        )
    for row in rejected[:20]:
        errors.warn(f"{file}, line {row.line}: {row.reason}")
    if len(rejected) > 20:
        errors.warn(f"{counted(len(rejected) - 20, 'more rejected row')}; --json lists them all")
    if any("is not utf-8" in row.reason for row in rejected):
        errors.warn("if the whole file is in another encoding, name it: --encoding cp1250")


def _options(
    run: Context, format_: str, platform: str, pairs: list[str], encoding: str | None, brand: str | None
) -> Any:
    from carecli.listen import ReadOptions
    from carecli.platforms.files import Format, load_preset

    columns = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals:
            raise UsageError(f"--map {pair}: not FIELD=COLUMN")
        columns[field] = column
    kind = next((known for known in get_args(Format) if known == format_), None)
    preset = load_preset(format_, run.config_path.parent / "presets") if kind is None else None
    return ReadOptions(
        format=kind or "auto",
        preset=preset,
        platform=platform,
        columns=columns,
        timezone=run.config.brand.timezone,
        encoding=encoding,
        undated=run.now,
        brand=brand,
    )
