"""`care search`, `export`, `backup`: finding what is stored, and taking it elsewhere."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.context import Context
from carecli.cli.options import Json, OutputFile
from carecli.errors import CareError, UsageError
from carecli.text import counted, guarded


def add_to(app: typer.Typer) -> None:
    app.command()(search)
    app.command()(export)
    app.command()(backup)


def search(
    context: typer.Context,
    query: Annotated[
        list[str],
        typer.Argument(metavar="QUERY...", help='Words that must all be there; "quoted" ones side by side.'),
    ],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """Full text over all mentions in all languages, newest first; case, accents and endings do not matter.

    Example: care search bagaż
    """
    from carecli.store import mentions
    from carecli.store import search as index

    run: Context = context.obj
    found = mentions.by_ids(run.store, index.find(run.store, " ".join(query), limit=limit))
    if json:
        output.document([shapes.mention(row) for row in found])
        return
    if not found:
        errors.note("Nothing found.")
        return
    output.show_rtl(run.config.display.rtl)
    columns = ("mention", "case", "when", "who", "lang", "text")
    output.table(
        columns,
        (
            [
                r["mention_id"],
                r["case_id"],
                r["created_at"][:16],
                r["author_handle"],
                r["language"],
                r["text"],
            ]
            for r in found
        ),
        clip="text",
    )


def export(
    context: typer.Context,
    to: OutputFile = None,
    format_: Annotated[
        str, typer.Option("--format", "-f", help="jsonl (everything, with the raw source) or csv.")
    ] = "jsonl",
    json: Json = False,
) -> None:
    """Write every mention with its verdict: JSON Lines or CSV that `care import` reads again.

    Example: care export -o mentions.jsonl
    """
    from carecli.store import mentions

    run: Context = context.obj
    if format_ not in ("jsonl", "csv"):
        raise UsageError(f"--format {format_}: jsonl or csv")
    rows = (_exported(row, raw) for row, raw in mentions.everything(run.store))
    if json:
        output.document(list(rows))
        return
    written = (_csv if format_ == "csv" else _jsonl)(rows)
    if to is None:
        for line in written:
            output.data(line)
        return
    try:
        with to.open("w", encoding="utf-8", newline="") as file:
            count = sum(1 for line in written if file.write(line + "\n"))
    except OSError as error:
        raise CareError(f"cannot write {to}: {error.strerror}") from error
    errors.note(f"{counted(count - (format_ == 'csv'), 'mention')} written to {to}.")


def _exported(row: Any, raw: str | None) -> dict[str, Any]:
    shaped = shapes.mention(row)
    author, metrics = shaped.pop("author"), shaped.pop("metrics")
    flat = {"id": shaped.pop("external_id"), "author_handle": author["handle"], "author_name": author["name"]}
    try:
        source = None if raw is None else jsonlib.loads(raw)
    except ValueError:
        source = raw
    brand = {} if row["brand"] is None else {"brand": row["brand"]}
    return {**flat, **brand, "author_followers": author["followers"], **shaped, **metrics, "raw": source}


def _jsonl(rows: Any) -> Any:
    for row in rows:
        yield output.json_safe(jsonlib.dumps(row, ensure_ascii=False))


def _csv(rows: Any) -> Any:
    header: list[str] | None = None
    for row in rows:
        row.pop("raw")
        if header is None:
            header = list(row)
            yield ",".join(header)
        yield csv_line(row[name] for name in header)


def csv_line(cells: Iterable[Any]) -> str:
    """One record of a CSV file, without its end; formulas become text."""
    import csv
    import io

    buffer = io.StringIO()
    # before Python 3.13 a cell with a line break is only quoted where the end of a record has that, too
    csv.writer(buffer, lineterminator="\r\n").writerow(map(_cell, cells))
    return buffer.getvalue().removesuffix("\r\n")


def _cell(value: Any) -> Any:
    """What a spreadsheet would run as a formula becomes text; lists become JSON."""
    if isinstance(value, list):
        return jsonlib.dumps(value, ensure_ascii=False)
    return guarded(value) if isinstance(value, str) else value


def backup(
    context: typer.Context,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
    json: Json = False,
) -> None:
    """Copy the database, whole and consistent, also while other processes write."""
    run: Context = context.obj
    run.store.backup(to)
    if json:
        output.document({"backup": str(to), "bytes": to.stat().st_size})
    else:
        errors.note(f"Copied to {to} ({to.stat().st_size:,} bytes).")
