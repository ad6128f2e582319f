"""What every command shares: paths, the clock and the switches; config and store are opened once, when first used."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from carecli import __version__, config
from carecli.errors import StoreError, UsageError
from carecli.model import parse_iso
from carecli.store.connect import Store, open_store


@dataclass
class Context:
    """One run of the program."""

    db: Path | None = None
    config_file: Path | None = None
    quiet: bool = False
    verbose: int = 0
    debug: bool = False

    @property
    def db_path(self) -> Path:
        """The database: --db, CARE_DB, else the user's data folder."""
        return self.db or _default("user_data_path", "care.db")

    @property
    def config_path(self) -> Path:
        """The configuration: --config, CARE_CONFIG, else the user's config folder."""
        return self.config_file or _default("user_config_path", "care.toml")

    @cached_property
    def now(self) -> datetime:
        """The instant of this run: CARE_NOW, else the system's clock. Raises UsageError."""
        fixed = os.environ.get("CARE_NOW")
        if not fixed:
            return datetime.now(UTC)
        try:
            return parse_iso(fixed)
        except ValueError:
            raise UsageError(f"CARE_NOW is not an ISO 8601 time: {fixed!r}") from None

    @property
    def so_far(self) -> datetime:
        """The end of a period that reaches until now. Times are stored as whole seconds; this one is within it."""
        return self.now + timedelta(microseconds=-self.now.microsecond % 1_000_000)

    @cached_property
    def store(self) -> Store:
        """The open database, made where there is none."""
        return open_store(self.db_path)

    @cached_property
    def config(self) -> config.Config:
        """care.toml; it is validated in full only when its content is new to this database."""
        path = self.config_path
        text = config.read(path)
        if text is None:
            return config.Config()
        data = config.parse(text, path)
        fingerprint = blake2b(f"{__version__}\n{text}".encode(), digest_size=16).hexdigest()
        if not self.db_exists or self.store.remembers("config checked") != fingerprint:
            from carecli.config_check import check

            check(data, text, path)
            if self.db_exists:
                with suppress(StoreError):  # a read-only file: the check is made again next time
                    self.store.remember("config checked", fingerprint)
        return config.build(data)

    @property
    def db_exists(self) -> bool:
        """Whether there is a database already, open or not."""
        return "store" in self.__dict__ or self.db_path.exists()

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()


def _default(folder: str, name: str) -> Path:
    import platformdirs

    path: Callable[..., Path] = getattr(platformdirs, folder)
    return path("carecli", appauthor=False) / name


def interactive() -> bool:
    """Whether a person sits at both ends: only then is anything asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
