"""What a command that reads the queue does first: see that the stored priorities are those of care.toml."""

from __future__ import annotations

from contextlib import suppress

from carecli.cli import errors
from carecli.cli.context import Context
from carecli.errors import StoreError


def adopt(run: Context) -> None:
    """Give the cases in the queue the weights of care.toml, if these have changed; a file that is read-only stays."""
    from carecli.casework import priorities

    with suppress(StoreError):
        if priorities.is_settled(run.store, run.config.priority):
            return
        from carecli import act

        errors.note("[priority] has changed: the queue is put in its new order …")
        act.adopt_priorities(run.store, run.config, only_open=True)
