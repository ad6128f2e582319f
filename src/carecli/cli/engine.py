"""`care eval`, `care engine`: how good the engine is, what it was taught, and whether that helps."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Json, OutputFile
from carecli.errors import CareError, UsageError
from carecli.text import counted

group = typer.Typer(
    help="The engine: what it was taught, and whether that helps.", no_args_is_help=True, rich_markup_mode=None
)


def add_to(app: typer.Typer) -> None:
    app.command("eval")(evaluate)
    app.add_typer(group, name="engine")


def evaluate(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, tab-separated or JSON Lines with a text column.")],
    min_f1: Annotated[
        float | None,
        typer.Option("--min-f1", metavar="X", min=0, max=1, help="Exit 1 when a signal's macro-F1 is below."),
    ] = None,
    json: Json = False,
) -> None:
    """How good the engine is on a labelled file: accuracy, macro-F1, every class and language, calibration, cost.

    Columns: text; label (a sentiment or an intent) or one column a signal: sentiment, intent, urgency, needs_reply;
    lang and directed (yes or no) where known. What is empty is not judged.

    Example: care eval labelled.csv --min-f1 0.7
    """
    from carecli import act, grading

    run: Context = context.obj
    engine = act.engine_of(run.store if run.db_exists else None, run.config)
    with errors.progress("Classifying"):
        graded = grading.graded(grading.read(file), engine)
    if json:
        output.document(graded)
    else:
        _show(graded)
    low = {name: found["macro_f1"] for name, found in graded.items() if found["macro_f1"] < (min_f1 or 0)}
    if low:
        told = ", ".join(f"{name} {value:.3f}" for name, value in low.items())
        errors.warn(f"macro-F1 is below {min_f1}: {told}")
        raise typer.Exit(1)


def _show(graded: dict[str, Any]) -> None:
    for name, found in graded.items():
        output.lines(
            f"{name}: {counted(found['n'], 'text')}, accuracy {found['accuracy']:.3f}, "
            f"macro-F1 {found['macro_f1']:.3f}, calibration error {found['ece']:.3f}, cost {found['cost']:.2f} a text"
        )
        classes = [
            [label, one["n"], *(_share(one[key]) for key in ("precision", "recall", "f1"))]
            for label, one in found["per_class"].items()
        ]
        output.table(("label", "n", "precision", "recall", "f1"), classes)
        output.lines()
        languages = [
            [language, one["n"], _share(one["accuracy"]), _share(one["macro_f1"]), _recalls(one["recall"])]
            for language, one in found["per_language"].items()
        ]
        output.table(("lang", "n", "accuracy", "macro-F1", "recall"), languages, clip="recall")
        output.lines()
        for label, said in found["confusion"].items():
            wrong = ", ".join(f"{other} {count}" for other, count in said.items() if other != label)
            if wrong:
                output.lines(f"  {label} taken for: {wrong}")
        output.lines()


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _recalls(recall: dict[str, float]) -> str:
    return ", ".join(f"{label} {value:.2f}" for label, value in recall.items())


@group.command()
def status(context: typer.Context, json: Json = False) -> None:
    """What the engine is made of, what it was taught, and whether that helps."""
    run: Context = context.obj
    found = _status(run)
    if json:
        output.document(found)
        return
    output.lines(
        f"The {found['engine']} engine, prior {found['prior']}; {counted(found['corrections'], 'mention')} corrected."
    )
    if found["forgotten_before"]:
        output.lines(f"Corrections up to {found['forgotten_before']} teach nothing (`care engine retrain --all`).")
    _say_lesson(found)


def _status(run: Context) -> dict[str, Any]:
    from carecli import act
    from carecli.classifying import teaching
    from carecli.classifying.meaning import meaning

    return teaching.status(run.store, act.rules(run.config), meaning=meaning(run.store, run.config))


def _say_lesson(found: dict[str, Any]) -> None:
    if found["taught"] + found["watching"] < found["fewest"]:
        output.lines(f"Nothing is learnt from fewer than {found['fewest']} corrections.")
        return
    output.lines(f"Learnt from {found['taught']}; {found['watching']} watch.")
    if found["loss_before"] is None:
        output.lines("None of them watches yet, so nobody knows whether it helps.")
        return
    change = f"the error on those that watch went from {found['loss_before']:.3f} to {found['loss_after']:.3f}"
    output.lines(f"It is used: {change}." if found["used"] else f"It is NOT used: {change}.")


@group.command("eval")
def eval_(context: typer.Context, json: Json = False) -> None:
    """How good the engine is on the corrections that are held back, without and with what it learnt."""
    from carecli import act, grading
    from carecli.classifying import teaching

    run: Context = context.obj
    rows = grading.watching(teaching.exported(run.store))
    if not rows:
        raise CareError("no correction is held back yet", hint="one in five is, by chance: correct some more mentions")
    engine = act.engine_of(run.store, run.config)
    before, after = (grading.graded(rows, each) for each in (engine._replace(learnt=None), engine))
    if json:
        output.document({"without": before, "with": after})
        return
    columns = ("signal", "n", "accuracy before", "after", "macro-F1 before", "after")
    output.table(
        columns,
        (
            [name, one["n"], *(_share(each[name][key]) for key in ("accuracy", "macro_f1") for each in (before, after))]
            for name, one in before.items()
        ),
    )


@group.command()
def retrain(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also from corrections before a reset.")] = False,
    json: Json = False,
) -> None:
    """Learn anew from the corrections, now."""
    from carecli import act
    from carecli.classifying import teaching
    from carecli.classifying.meaning import meaning

    run: Context = context.obj
    if everything:
        teaching.recall(run.store)
    with errors.progress("Learning"):
        teaching.lesson(run.store, act.rules(run.config), anew=True, meaning=meaning(run.store, run.config))
    found = _status(run)
    if json:
        output.document(found)
    else:
        _say_lesson(found)


@group.command()
def reset(context: typer.Context, json: Json = False) -> None:
    """Learn nothing from the corrections so far. They stay, and outrank the engine as before."""
    from carecli.classifying import teaching

    run: Context = context.obj
    teaching.reset(run.store, now=run.now)
    if json:
        output.document(_status(run))
    else:
        errors.note("The engine is as it came. `care engine retrain --all` brings back what it had learnt.")


@group.command()
def export(
    context: typer.Context,
    to: OutputFile = None,
    format_: Annotated[str, typer.Option("--format", "-f", help="jsonl or csv; `care eval` reads both.")] = "jsonl",
    json: Json = False,
) -> None:
    """Every corrected text with its labels.

    Example: care engine export -f csv -o labels.csv
    """
    from carecli.classifying import teaching

    run: Context = context.obj
    if format_ not in ("jsonl", "csv"):
        raise UsageError(f"--format {format_}: jsonl or csv")
    rows = teaching.exported(run.store)
    if json:
        output.document(rows)
        return
    lines = _csv(rows) if format_ == "csv" else [output.json_safe(jsonlib.dumps(r, ensure_ascii=False)) for r in rows]
    if to is None:
        for line in lines:
            output.data(line)
        return
    try:
        to.write_text("".join(line + "\n" for line in lines), encoding="utf-8", errors="surrogatepass", newline="")
    except OSError as error:
        raise CareError(f"cannot write {to}: {error.strerror}") from error
    errors.note(f"{counted(len(rows), 'correction')} written to {to}.")


def _csv(rows: list[dict[str, Any]]) -> list[str]:
    from carecli.cli.data import csv_line

    columns = ("text", "lang", "sentiment", "intent", "needs_reply", "topics", "language")
    return [",".join(columns), *(csv_line(row.get(column) for column in columns) for row in rows)]
