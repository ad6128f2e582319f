"""`care triage`, `classify`, `label`: a person and the engine look at the same mentions."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.cases import who
from carecli.cli.context import Context, interactive
from carecli.cli.options import Agent, Json
from carecli.cli.queue import one_of
from carecli.errors import CareError, UsageError
from carecli.model import INTENTS, SENTIMENTS
from carecli.text import counted


def add_to(app: typer.Typer) -> None:
    app.command()(triage)
    app.command()(classify)
    app.command()(label)


def triage(
    context: typer.Context,
    case: Annotated[int | None, typer.Argument(metavar="[CASE]", help="Begin with this case.", min=1)] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="One case at a time, single letters: works everywhere.")
    ] = False,
    agent: Agent = None,
) -> None:
    """Review the queue, most pressing first; every action is one key. ? shows all keys."""
    run: Context = context.obj
    if not plain and not interactive():
        raise UsageError("triage needs a terminal", hint="--plain takes its letters from a pipe, too")
    if not plain and _has_textual():
        from carecli.cli.screen import full_screen

        full_screen(run, case, who(agent))
        return
    from carecli.cli.prompt import review

    review(run, case, who(agent))


def _has_textual() -> bool:
    """Whether the full screen can be drawn; a slim install has no Textual, a dumb terminal no screen."""
    from importlib.util import find_spec

    if os.environ.get("TERM") == "dumb":
        errors.note("This terminal cannot be drawn on: one case at a time, as with --plain.")
        return False
    if find_spec("textual") is None:
        errors.note("The full screen needs Textual: `pip install textual`. Until then one case at a time, as --plain.")
        return False
    return True


def classify(
    context: typer.Context,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE|-]", help="JSON Lines or CSV with a text field, or plain lines."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Classify everything that is stored anew; corrections stay.")
    ] = False,
    json: Json = False,
) -> None:
    """Verdicts for texts, in input order; nothing is stored.

    Example: echo "my luggage is lost" | care classify - --json
    """
    run: Context = context.obj
    if everything and file is not None:
        raise UsageError("--all takes no file")
    if everything:
        _classify_stored(run, json)
    elif file is None:
        raise UsageError("name a file, - for stdin, or give --all")
    else:
        _classify_file(run, file, json)


def _classify_stored(run: Context, json: bool) -> None:
    from carecli import act

    with errors.progress("Classifying") as tell:
        total = act.triage_again(run.store, run.config, now=run.now, progress=lambda done: tell(str(done)))
    if json:
        output.document({"classified": total})
    else:
        errors.note(f"{counted(total, 'mention')} classified.")


def _classify_file(run: Context, file: str, json: bool) -> None:
    from carecli import act

    texts, languages = _texts(file)
    engine = act.engine_of(run.store if run.db_exists else None, run.config, relearn=False)
    verdicts = act.classify_texts(texts, languages, engine)
    if json:
        output.document(verdicts)
        return
    output.show_rtl(run.config.display.rtl)
    rows = (
        [
            verdict["language"],
            f"{verdict['sentiment']} {verdict['sentiment_score']:+.2f}",
            verdict["intent"],
            verdict["urgency"],
            "yes" if verdict["needs_reply"] else "",
            verdict["text"],
        ]
        for verdict in verdicts
    )
    output.table(("lang", "sentiment", "intent", "urgency", "reply", "text"), rows, clip="text")


def _texts(file: str) -> tuple[list[str], list[str | None]]:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise CareError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CareError(f"{file} is not UTF-8 at byte {error.start}") from error
    found = list(_records(text, file))
    return [words for words, _ in found], [language for _, language in found]


def _records(text: str, file: str) -> Iterator[tuple[str, str | None]]:
    first = text.lstrip()[:1]
    lines = [line.rstrip("\r") for line in text.split("\n")]  # splitlines would also cut at U+2028 and U+0085
    if first == "{":
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _json_record(line, f"{file}, line {number}")
    elif lines and "text" in _csv_header(lines[0]):
        yield from _csv_records(text)
    else:
        yield from ((line, None) for line in lines if line.strip())


def _json_record(line: str, place: str) -> tuple[str, str | None]:
    try:
        record = jsonlib.loads(line)
        words, language = record["text"], record.get("language")
    except (ValueError, KeyError, TypeError, RecursionError):
        words = language = None
    if not isinstance(words, str) or not isinstance(language, str | None):
        raise CareError(f"{place}: not a JSON object with a text", hint='write {"text": "…", "language": "en"}')
    return words, language or None


def _csv_header(line: str) -> list[str]:
    import csv

    return [name.strip().lower() for name in next(csv.reader([line]), [])]


def _csv_records(text: str) -> Iterator[tuple[str, str | None]]:
    import csv
    import io

    csv.field_size_limit(1 << 27)
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip().lower() for name in next(reader)]
    column, language = header.index("text"), header.index("language") if "language" in header else None
    try:
        for row in filter(None, reader):
            cells = row + [""] * len(header)
            yield cells[column], None if language is None else cells[language] or None
    except csv.Error as error:
        raise CareError(f"line {reader.line_num} of the CSV cannot be read: {error}") from None


def label(
    context: typer.Context,
    mention: Annotated[
        int,
        typer.Argument(metavar="MENTION", help="The mention's number, as `care show` and `search` give it.", min=1),
    ],
    sentiment: Annotated[str | None, typer.Option("--sentiment", help=", ".join(SENTIMENTS))] = None,
    intent: Annotated[str | None, typer.Option("--intent", help=", ".join(INTENTS))] = None,
    topic: Annotated[list[str] | None, typer.Option("--topic", help="Repeat for more; '' for none.")] = None,
    language: Annotated[str | None, typer.Option("--language", help="en, he, pl, zh …")] = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Correct the engine: your word wins, for ever.

    Example: care label 17 --intent complaint --sentiment negative
    """
    from carecli import act

    run: Context = context.obj
    one_of("--sentiment", sentiment, SENTIMENTS)
    one_of("--intent", intent, INTENTS)
    signals: dict[str, Any] = {
        key: value for key, value in (("sentiment", sentiment), ("intent", intent), ("language", language)) if value
    }
    if topic is not None:
        signals["topics"] = [name for name in topic if name]
    if not signals:
        raise UsageError("nothing to correct", hint="give --sentiment, --intent, --topic or --language")
    row = act.label(run.store, run.config, mention, signals, now=run.now, agent=who(agent))
    if json:
        output.document(shapes.mention(row))
    else:
        errors.note(f"Mention {mention}: {row['intent']}, {row['sentiment']}, language {row['language']}.")
