"""Exports of other tools: which of their columns is which field, as data files that a user can add to.

A preset is a TOML file: `[columns]` gives for each field the columns that it may be in, the first that is there, and
`[platforms]` what their names of places mean. Tools rename their columns and speak their users' languages, so each
field has several names, compared without case.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from carecli import data
from carecli.errors import UsageError
from carecli.platforms.files.fields import FIELDS
from carecli.platforms.files.rows import Raw, Rejected

_OF_THE_ROW = "#"
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


@dataclass(frozen=True, slots=True)
class Preset:
    """How one tool's exports are read. `columns`: field → candidates; `platform` is for rows that name none."""

    name: str
    title: str
    columns: Mapping[str, Sequence[str]]
    platform: str = "import"
    platforms: Mapping[str, str] = field(default_factory=dict)

    def mapped(self, columns: Mapping[str, str]) -> Preset:
        """The same, with fields in columns that the user names."""
        return replace(self, columns={**self.columns, **{key: (column,) for key, column in columns.items()}})

    def rows(self, rows: Iterator[Raw | Rejected]) -> Iterator[Raw | Rejected]:
        """`rows` with the fields under our names. Raises UsageError when the file has none of a tool's columns."""
        plan: dict[str, tuple[str, ...]] | None = None
        for row in rows:
            if isinstance(row, Rejected):
                yield row
                continue
            if plan is None:
                plan = self._plan(tuple(row.values))
            yield self._fitted(row, plan)

    def _plan(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The columns of each field in a file with the columns `names`."""
        there = {name.strip().casefold(): name for name in reversed(names)}
        plan: dict[str, tuple[str, ...]] = {}
        for wanted, candidates in self.columns.items():
            for candidate in candidates:
                parts = [part.strip().casefold() for part in candidate.split("+")]
                if candidate == _OF_THE_ROW or all(part in there for part in parts):
                    plan[wanted] = tuple(there.get(part, part) for part in parts)
                    break
        if missing := [name for name in ("text", "created_at") if name not in plan]:
            looked = " or ".join(f"'{candidate}'" for candidate in self.columns.get(missing[0], ()))
            raise UsageError(
                f"this is no export of {self.title}: no column for {missing[0]} ({looked}); there are "
                + ", ".join(repr(name) for name in names[:30]),
                hint=f"--map {missing[0]}=COLUMN, or a preset of your own (docs/fetching.md)",
            )
        return plan

    def _fitted(self, row: Raw, plan: Mapping[str, tuple[str, ...]]) -> Raw:
        values: dict[str, Any] = {}
        for wanted, columns in plan.items():
            if columns != (_OF_THE_ROW,):
                given = [row.values[column] for column in columns if row.values[column] not in (None, "")]
                between = "\n" if wanted == "text" else " "
                values[wanted] = given[0] if len(given) == 1 else between.join(map(str, given)) or None
        if plan.get("id") == (_OF_THE_ROW,) or not values.get("id"):
            values["id"] = _id(values)
        place = str(values.get("platform") or self.platform).strip().casefold()
        values["platform"] = self.platforms.get(place, place)
        return Raw(row.line, values, row.source or _encode(row.values))


def _id(values: Mapping[str, Any]) -> str:
    """An id for a row without one: the same whenever the same row is exported."""
    said = "\0".join(str(values.get(key) or "") for key in ("url", "author", "created_at", "text"))
    return f"row:{blake2b(said.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


def bundled() -> dict[str, Traversable]:
    """The presets that come with the program, by name."""
    folder = files(data.__name__).joinpath("presets")
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {entry.name.removesuffix(".toml"): entry for entry in sorted(found, key=lambda entry: entry.name)}


def load(name: str, folder: Path | None = None) -> Preset:
    """The preset `name`: a TOML file of that path, one in `folder`, or a bundled one. Raises UsageError."""
    ours = bundled()
    own = Path(name) if name.endswith(".toml") else None if folder is None else folder / f"{name}.toml"
    try:
        if own is not None and own.is_file():
            return _parsed(own.stem, own.read_text(encoding="utf-8-sig"), str(own))
        if name in ours:
            return _parsed(name, ours[name].read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the preset {own} cannot be read: {error}") from error
    mine = sorted(path.stem for path in folder.glob("*.toml")) if folder is not None and folder.is_dir() else []
    known = ", ".join(dict.fromkeys((*ours, *mine)))
    raise UsageError(
        f"there is no format '{name}'", hint=f"auto, jsonl, csv, xlsx, a preset ({known}), or the path of your own"
    )


def _parsed(name: str, text: str, where: str) -> Preset:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the preset {where}: {error}") from error
    columns, places = table.get("columns"), table.get("platforms", {})
    if not isinstance(columns, dict) or not isinstance(places, dict):
        raise UsageError(f"the preset {where} has no table [columns]")
    if unknown := sorted(columns.keys() - set(FIELDS)):
        raise UsageError(f"the preset {where}: no field is called '{unknown[0]}'", hint=f"{', '.join(FIELDS)}")
    several = {key: [value] if isinstance(value, str) else list(value) for key, value in columns.items()}
    lowered = {str(key).casefold(): str(value) for key, value in places.items()}
    return Preset(name, str(table.get("title", name)), several, str(table.get("platform", "import")), lowered)
