"""Secrets of a source: from the environment, else from a command of the user's, else from the system's keyring.

Never from care.toml, never into the store, a log or an error.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from carecli.config import variable
from carecli.errors import AuthError, CareError

SERVICE = "carecli"
__all__ = ["SERVICE", "find", "keep", "variable"]


def find(source: str, kind: str, settings: Mapping[str, Any]) -> str | None:
    """The secret, or None. The first line of what `token_command`, `password_command` of `settings` print is one.

    Raises AuthError where the command fails, or where the secret cannot be one: it would end up in an error's text.
    """
    if value := os.environ.get(variable(source, kind)):
        return _sound(source, kind, value)
    if command := settings.get(f"{kind.lower()}_command"):
        return _sound(source, kind, _from_command(source, command))
    value = _from_keyring(source, kind)
    return None if value is None else _sound(source, kind, value)


def _sound(source: str, kind: str, value: str) -> str:
    """`value` without white space around it; characters that break a header are refused, never shown."""
    value = value.strip()
    if not value or not value.isprintable():
        what = "has characters that no secret has" if value else "is empty"
        raise AuthError(f"the {kind.lower()} of '{source}' {what}", hint="look at where it comes from")
    return value


def keep(source: str, kind: str, value: str) -> None:
    """Store a secret in the system's keyring. Raises CareError where there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, f"{source}/{kind}", value)
    except KeyringError as error:
        raise CareError(
            "this system offers no keyring",
            hint=f"set the environment variable {variable(source, kind)} instead",
        ) from error


def _from_keyring(source: str, kind: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, f"{source}/{kind}")
    except (KeyringError, RuntimeError):
        return None  # no keyring here: the environment is the other way, and the platform's error names it


def _from_command(source: str, command: Any) -> str:
    try:
        words = _words(command)
        done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=30, check=True)  # noqa: S603 - the user's own
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        why = type(error).__name__
        # not `from error`: it carries what the command printed
        raise AuthError(f"the command for the secret of '{source}' failed ({why})") from None
    return next(iter(done.stdout.strip().splitlines()), "")


def _words(command: Any) -> str | list[str]:
    """A command as the system starts it: a list is one already, and Windows parses a line itself."""
    if isinstance(command, list):
        return [str(word) for word in command]
    return str(command) if os.name == "nt" else shlex.split(str(command))
