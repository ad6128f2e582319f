"""Changing care.toml without losing its owner's comments and order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import Table

from carecli.config import parse, read, same_variables
from carecli.errors import ConfigError, NotFound


def create(path: Path, brand: Mapping[str, Any]) -> None:
    """Write a new care.toml for `brand`, with the tables that people change next as comments."""
    document = tomlkit.document()
    document.add(tomlkit.comment("carecli's configuration: docs/configuration.md explains every key."))
    document.add("brand", _table(brand))
    document.add(tomlkit.nl())
    for line in _SUGGESTIONS.strip().splitlines():
        document.add(tomlkit.comment(line) if line else tomlkit.nl())
    _write(path, tomlkit.dumps(document))


def add_source(path: Path, name: str, platform: str, settings: Mapping[str, Any]) -> None:
    """Add `[sources.NAME]`. Raises ConfigError when there is one already, or one whose secrets would be the same."""
    document = _document(path)
    sources = document.setdefault("sources", tomlkit.table(is_super_table=True))
    if name in sources:
        raise ConfigError(f"{path}: there is a source '{name}' already", hint=f"`care source remove {name}` first")
    if problem := same_variables(name, sources):
        raise ConfigError(f"{path}: {problem}", hint="give it another name, one that differs in letters or digits")
    sources[name] = _table({"platform": platform, **settings})
    _write(path, tomlkit.dumps(document))


def remove_source(path: Path, name: str) -> None:
    """Take `[sources.NAME]` out. Raises NotFound."""
    document = _document(path)
    sources = document.get("sources", {})
    if name not in sources:
        raise NotFound(f"{path}: there is no source '{name}'", hint="`care source list` shows them")
    del sources[name]
    _write(path, tomlkit.dumps(document))


def _document(path: Path) -> TOMLDocument:
    text = read(path) or ""
    parse(text, path)  # names file and line of what is not TOML
    return tomlkit.parse(text)


def _table(values: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(key, list(value) if isinstance(value, tuple) else value)
    return table


def _write(path: Path, text: str) -> None:
    path = path.resolve()  # a link to it, as dotfiles have, stays a link
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        if path.exists():
            shutil.copymode(path, partial)
        os.replace(partial, path)  # noqa: PTH105 - Path.replace is the same call
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


_SUGGESTIONS = """
[hours]                       # left out: around the clock
monday = ["09:00-17:30"]

[sla]
first_response = "4h"

[topics]
baggage = ["luggage", "bagaż", "מזוודה", "行李"]

[voices.default]
signature = "– {agent}"
"""
