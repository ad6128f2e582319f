"""Is this care.toml right? The one place that imports pydantic for it; an error names file, line, key and a way out."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from carecli.config import DAYS, Config, build
from carecli.errors import ConfigError
from carecli.hours import parse_duration, parse_hours
from carecli.model import URGENCIES

_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([^=#\[]+?)\s*=")


def check(data: dict[str, Any], text: str, path: Path) -> None:
    """Validate `data`, which `text` of the file `path` says. Raises ConfigError for the first thing that is wrong."""
    try:
        # as JSON, because only there pydantic is strict with values and still builds tables: "no" is not false
        TypeAdapter(Config).validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise _explained(error, text, path) from None
    for urgency in data.get("sla", {}).get("urgency", {}):
        if urgency not in URGENCIES:
            near = difflib.get_close_matches(urgency, URGENCIES, n=1, cutoff=0.5)
            where = f"{path}:{line_of(text, ['sla', 'urgency', urgency])}"
            hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(URGENCIES)}"
            raise ConfigError(f"{where}: unknown key 'sla.urgency.{urgency}'", hint=hint)
    for key, attempt in _ATTEMPTS:
        try:
            attempt(build(data))
        except ValueError as error:
            raise ConfigError(f"{path}:{line_of(text, key.split('.'))}: [{key}] {error}") from None


def _between(value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # not a number is not either
        raise ValueError(f"{value} is not a number from {low:g} to {high:g}")


def _target(urgency: str) -> Callable[[Config], object]:
    return lambda config: parse_duration(config.sla.urgency.get(urgency, "0s"))


def _day(day: str) -> Callable[[Config], object]:
    return lambda config: parse_hours("UTC", {day: getattr(config.hours, day)}, ())


# What the types do not say: where in care.toml, and what raises ValueError when it is wrong.
_ATTEMPTS: tuple[tuple[str, Callable[[Config], object]], ...] = (
    ("hours.holidays", lambda config: config.hours),
    ("brand.timezone", lambda config: parse_hours(config.brand.timezone, {}, ())),
    *((f"hours.{day}", _day(day)) for day in DAYS),
    ("sla.first_response", lambda config: parse_duration(config.sla.first_response or "0s")),
    *((f"sla.urgency.{urgency}", _target(urgency)) for urgency in URGENCIES),
    ("sla.due_soon", lambda config: _between(config.sla.due_soon, 0, 1)),
    ("guardrails.similarity", lambda config: _between(config.guardrails.similarity, 0, 1)),
    ("network.timeout", lambda config: _between(config.network.timeout, 0.1, 3600)),
)


def _explained(error: ValidationError, text: str, path: Path) -> ConfigError:
    first = error.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"] if part != "settings"]
    where = f"{path}:{line_of(text, keys)}"
    name = ".".join(keys)
    if first["type"] == "unexpected_keyword_argument":
        near = difflib.get_close_matches(keys[-1], _known(keys[:-1]), n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(_known(keys[:-1]))}"
        return ConfigError(f"{where}: unknown key '{name}'", hint=hint)
    if first["type"] == "missing":
        return ConfigError(f"{where}: '{name}' is missing")
    problem = first["msg"].replace("an object", "a table")
    return ConfigError(f"{where}: '{name}': {problem[0].lower()}{problem[1:]}")


def _known(keys: list[str]) -> list[str]:
    """The keys that may stand in the table at `keys`."""
    kind: Any = Config
    for key in keys:
        kind = get_type_hints(kind).get(key) if is_dataclass(kind) else (get_args(kind) or (None, None))[1]
    return [f.name for f in fields(kind)] if is_dataclass(kind) else []


def line_of(text: str, keys: list[str]) -> int:
    """The line on which the key path stands, or the nearest table above it; 1 when nothing of it is there."""
    best, best_length, table = 1, 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _path(header[1])
            found = table
        elif key := _KEY.match(line):
            found = table + _path(key[1])
        else:
            continue
        if found == keys[: len(found)] and len(found) > best_length:
            best, best_length = number, len(found)
    return best


def _path(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
