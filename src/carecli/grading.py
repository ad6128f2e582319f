"""A labelled file against the engine: read, classified, compared."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from carecli import act
from carecli.config import Config
from carecli.errors import CareError
from carecli.model import INTENTS, SENTIMENTS, URGENCIES
from carecli.text import unguarded
from carecli.triage.engine import Judgement, judge
from carecli.triage.evaluation import Judged, measured

SIGNALS: Mapping[str, tuple[str, ...]] = {
    "sentiment": SENTIMENTS, "intent": INTENTS, "urgency": URGENCIES, "needs_reply": ("no", "yes"),
}  # fmt: skip
_YES_NO = {"true": "yes", "1": "yes", "yes": "yes", "false": "no", "0": "no", "no": "no"}

Labelled = Mapping[str, Any]


def read(path: Path) -> list[Labelled]:
    """The rows of a labelled file: CSV, tab-separated, or JSON Lines. Raises CareError with file and line."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CareError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CareError(f"{path} is not UTF-8 at byte {error.start}") from error
    numbered = _json_rows(text, path) if text.lstrip()[:1] == "{" else _table_rows(text, path)
    return [_checked(row, f"{path}, line {number}") for number, row in numbered]


def _json_rows(text: str, path: Path) -> Sequence[tuple[int, Labelled]]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise CareError(f"{path}, line {number}: not a JSON object")
            rows.append((number, row))
    return rows


def _table_rows(text: str, path: Path) -> Sequence[tuple[int, Labelled]]:
    head = text.split("\n", 1)[0]
    csv.field_size_limit(1 << 27)
    lines = io.StringIO(text, newline="")
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if "\t" in head else csv.DictReader(lines)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise CareError(f"{path}, line {reader.line_num}: {error}") from None
    return [(number, {**row, "text": row.get("text") and unguarded(row["text"])}) for number, row in rows]


def _checked(row: Labelled, place: str) -> Labelled:
    """The row with its labels by signal. Raises CareError for a label that does not exist."""
    if not isinstance(row.get("text"), str):
        raise CareError(f"{place}: no text", hint="a column called text is needed, and label or sentiment, intent …")
    found = {key: row[key] for key in ("lang", "language", "directed") if row.get(key) not in (None, "")}
    found["text"] = row["text"]
    for key in ("lang", "language"):
        if not isinstance(found.get(key, ""), str):
            raise CareError(f"{place}: {key} is {found[key]!r}", hint="a code such as en")
    for name, labels in SIGNALS.items():
        value = row.get(name)
        if value in (None, ""):
            continue
        value = _YES_NO.get(str(value).lower(), value) if name == "needs_reply" else value
        if value not in labels:
            raise CareError(f"{place}: {name} is {value!r}", hint=f"one of {', '.join(labels)}")
        found[name] = value
    if row.get("label") not in (None, ""):
        found[_signal_of(row["label"], place)] = row["label"]
    return found


def _signal_of(label: Any, place: str) -> str:
    for name, labels in SIGNALS.items():
        if label in labels and name in {"sentiment", "intent"}:
            return name
    raise CareError(f"{place}: label {label!r}", hint=f"one of {', '.join((*SENTIMENTS, *INTENTS))}")


def graded(rows: Sequence[Labelled], engine: act.Engine) -> dict[str, Any]:
    """The figures of every signal that has labels. Raises CareError when none has."""
    judgements = judge(
        [row["text"] for row in rows],
        act.rules(engine.config),
        languages=[row.get("lang") or row.get("language") for row in rows],
        directed=[_directed(row, engine.config) for row in rows],
        learnt=engine.learnt,
        meaning=engine.meaning,
    )
    found = {}
    for name in SIGNALS:
        pairs = [(row, each) for row, each in zip(rows, judgements, strict=True) if name in row]
        if pairs:
            found[name] = measured(name, [_judged(name, row, each) for row, each in pairs])
    if not found:
        raise CareError("the file has no labels", hint=f"columns: text, and label or one of {', '.join(SIGNALS)}")
    return found


def _directed(row: Labelled, config: Config) -> bool:
    said = _YES_NO.get(str(row.get("directed", "")).lower())
    return act.addresses_us(row["text"], config) if said is None else said == "yes"


def _judged(name: str, row: Labelled, each: Judgement) -> Judged:
    said = getattr(each.verdict, name)
    said = ("no", "yes")[said] if name == "needs_reply" else said
    sure = getattr(each, name)[SIGNALS[name].index(said)]
    language = row.get("lang") or row.get("language") or each.verdict.language or "none"
    return Judged(row[name], said, sure, str(language))


def watching(rows: Sequence[Labelled]) -> list[Labelled]:
    """The corrected texts that teach nothing, with labels that can be judged."""
    from carecli.triage.learning import watches

    kept = [{**row, "needs_reply": _YES_NO.get(str(row.get("needs_reply")).lower())} for row in rows]
    return [
        {key: value for key, value in row.items() if value is not None and key != "topics"}
        for row in kept
        if watches(row["text"]) and any(row.get(name) for name in SIGNALS)
    ]
