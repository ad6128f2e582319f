"""`care triage` in full: what the screen needs from the command line, and its end."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from os import environ

from carecli.cli.adopt import adopt
from carecli.cli.context import Context
from carecli.errors import NotFound
from carecli.store.connect import open_store
from carecli.workspace.seat import Seat


def full_screen(run: Context, case: int | None, agent: str) -> None:
    """Run the screen until the person quits. Raises what went wrong in it."""
    gc.disable()  # what is loaded for the first paint stays: looking through it again and again delays it
    config, path = run.config, run.db_path
    adopt(run)
    if case is not None:
        from carecli.store import cases

        case = cases.get(run.store, case)["case_id"]
    now = run.now if environ.get("CARE_NOW") else None
    from carecli.tui import themes
    from carecli.tui.app import Triage

    def clock() -> datetime:
        return now or datetime.now(UTC)

    theme = themes.chosen(config.display.theme)
    if theme == "mono":
        environ["NO_COLOR"] = "1"
    app = Triage(lambda: Seat(open_store(path), config, agent, clock), config, agent, clock, case=case, theme=theme)
    app.run()
    if app.failure is not None and not isinstance(app.failure, NotFound):
        raise app.failure
