"""Secrets of a source: from the environment, else from a command of the user's, else from the system's keyring.

Never from care.toml, never into the store, a log or an error.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

from carecli.errors import CareError

SERVICE = "carecli"


def variable(source: str, kind: str) -> str:
    """The environment variable of a secret: source `my-shop`, kind TOKEN → `CARE_MY_SHOP_TOKEN`."""
    return f"CARE_{re.sub(r'[^A-Z0-9]', '_', source.upper())}_{kind}"


def find(source: str, kind: str, settings: Mapping[str, Any]) -> str | None:
    """The secret, or None. `settings` may hold `token_command`, `password_command`: their output is the secret."""
    if value := os.environ.get(variable(source, kind)):
        return value
    if command := settings.get(f"{kind.lower()}_command"):
        return _from_command(source, str(command))
    return _from_keyring(source, kind)


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


def _from_command(source: str, command: str) -> str:
    try:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - the user's own
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise CareError(f"the command for the secret of '{source}' failed ({type(error).__name__})") from error
    return done.stdout.strip()
