"""The only writer to stderr: notes, warnings, progress, and each exception's words and exit status."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from carecli.errors import CareError
from carecli.text import inert

_quiet = False


def be_quiet(quiet: bool) -> None:
    """With --quiet only errors are written."""
    global _quiet  # noqa: PLW0603 - one switch for one stream
    _quiet = quiet


def log(verbose: int) -> None:
    """With -v say what is done, with -vv every request."""
    import logging

    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("carecli").setLevel(logging.DEBUG if verbose > 1 else logging.INFO)


def note(message: str) -> None:
    """Something worth knowing; silent with --quiet."""
    if not _quiet:
        _write(message)


def warn(message: str) -> None:
    """Something that went wrong without stopping the command."""
    _write(f"care: {message}")


def failed(error: BaseException, *, debug: bool) -> int:
    """Say what went wrong in one to three lines; returns the exit status."""
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, CareError):
        _write(f"care: {error.message}")
        if error.hint:
            _write(f"  → {error.hint}")
        return error.exit_status
    if isinstance(error, typer.TyperException):
        return _misused(error)
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        _write("care: stopped")
        return 130
    if isinstance(error, UnicodeEncodeError) and "surrogate" in error.reason:
        _write("care: a text that was given is not valid UTF-8, so it cannot be kept")
        _write("  → look at the encoding of the terminal, or of what wrote the command")
        return 2
    words = str(error).splitlines() or [""]
    _write(f"care: an unexpected error: {type(error).__name__}: {words[0][:300]}")
    _write("  → run it again with --debug before the command to see where, and report it")
    return 1


def _misused(error: typer.TyperException) -> int:
    """What is wrong with the command line, in two lines; for a group without a command, its whole help."""
    told = str(getattr(error, "format_message", error.__str__)())
    if "\n  " in told:
        _write(told)
    else:
        where = getattr(getattr(error, "ctx", None), "command_path", "care")
        _write(f"care: {' '.join(told.split())}")
        _write(f"  → `{where} -h` shows what is possible")
    return int(getattr(error, "exit_code", 2))


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """A line on a terminal that says what goes on; nothing elsewhere. Yields a function that renews it."""
    if _quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _text: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(Text(title)) as status:
        yield lambda text: status.update(Text(f"{title} {inert(text)}"))


def _write(line: str) -> None:
    text = inert(line) + "\n"
    stream = sys.stderr
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.write(text.encode("ascii", "backslashreplace").decode())
    stream.flush()
