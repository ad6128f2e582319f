"""One run of the program in a forked process: its own streams, environment, folder and exit status."""

from __future__ import annotations

import io
import os
import sys

# What commands import lazily is imported here once, before the fork; tests/test_startup.py holds the laziness.
import pydantic
import rich.table
import sqlite_utils

import carecli.act
import carecli.cli.app
import carecli.config_check
import carecli.config_edit
import carecli.listen
import carecli.report
import carecli.respond
import carecli.store.schema

__all__ = ["care", "carecli", "pydantic", "rich", "sqlite_utils"]


def care(arguments: list[str], environment: dict[str, str], folder: str, streams: list[str]) -> None:
    """Be `care ARGUMENTS`; never returns."""
    modes = (os.O_RDONLY, os.O_CREAT | os.O_WRONLY, os.O_CREAT | os.O_WRONLY)
    for number, (path, mode) in enumerate(zip(streams, modes, strict=True)):
        os.dup2(os.open(path, mode), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["care", *arguments]
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb"), encoding=encoding)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb"), encoding=encoding)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb"), encoding=encoding, errors="backslashreplace")
    status: object = 0
    try:
        carecli.cli.app.main()
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(bool(status)))
