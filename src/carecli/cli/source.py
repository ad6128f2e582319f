"""`care source`: which accounts, feeds and folders are listened to."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

import typer

from carecli import platforms
from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Json
from carecli.config import Source
from carecli.errors import CareError, UsageError
from carecli.model import iso, parse_iso
from carecli.platforms.base import Platform

group = typer.Typer(
    help="Sources: accounts, feeds and folders that are listened to.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(group, name="source")


@group.command()
def add(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="mastodon, github, feed …: `care source platforms` lists them.")],
    name: Annotated[str, typer.Argument(help="A short name of your choice.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting; repeat for more (docs/platforms)."),
    ] = None,
    json: Json = False,
) -> None:
    """Add a source to care.toml.

    Example: care source add mastodon support --set base_url=https://mastodon.example --set hashtags=acme,acmeair
    """
    from carecli import credentials
    from carecli.config_edit import add_source

    run: Context = context.obj
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise UsageError(f"'{name}' is no name for a source", hint="letters, digits, - _ . and a letter or digit first")
    loaded = platforms.load(platform)
    settings = dict(_pair(text) for text in set_ or [])
    if unknown := platforms.unknown_setting(loaded, settings):
        raise UsageError(f"--set {unknown[0]}: unknown setting", hint=unknown[1])
    estimate = loaded.estimate(platforms.setup(run.config, Source(name, platform, settings=settings)))
    add_source(run.config_path, name, platform, settings)
    run.__dict__.pop("config", None)
    if json:
        output.document(_row(run, name))
        return
    errors.note(f"Added {name} ({loaded.title}) to {run.config_path}.")
    if loaded.access:
        errors.note(loaded.access)
    if estimate:
        errors.note(estimate)
    option = " --kind {}" if len(loaded.secrets) > 1 else ""
    for kind, help_line in loaded.secrets.items():
        command = f"`care login {name}{option.format(kind)}`"
        errors.note(f"{kind}: {help_line}. Give it with {command}, or set {credentials.variable(name, kind)}.")
    errors.note(f"Try it: care source test {name}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--set {text}: not KEY=VALUE")
    return key, value


@group.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """Show every source: its last success, its error, its next try, and a silence that is longer than usual."""
    run: Context = context.obj
    known = health(run)
    rows = [_row(run, name, known.get(name)) for name in run.config.sources]
    if json:
        output.document(rows)
    elif not rows:
        errors.note("No sources yet: care source add PLATFORM NAME; platforms: " + ", ".join(platforms.available()))
    else:
        columns = ("name", "platform", "enabled", "last_success_at", "mentions", "health")
        shown = ({**row, "health": _in_short(row, run.now)} for row in rows)
        output.table(columns, ([row[column] for column in columns] for row in shown), clip="health")
        for row in rows:  # below, where it has room
            if _trouble(row, run.now):
                output.lines(f"{row['name']}: {words(row, run.now)}")


_STATE: dict[str, Any] = {
    "last_fetch_at": None,
    "last_error": None,
    "mentions": 0,
    "last_success_at": None,
    "next_try_at": None,
    "silent_seconds": None,
}


def _row(run: Context, name: str, state: dict[str, Any] | None = None) -> dict[str, Any]:
    source = run.config.sources[name]
    return {"name": name, "platform": source.platform, "enabled": source.enabled, **(state or _STATE)}


def health(run: Context) -> dict[str, dict[str, Any]]:
    """How each source that ever ran is: what is known of it, and for how long it is silent where that is unusual."""
    from carecli.listening.patience import too_silent
    from carecli.store import sources

    habits = sources.habits(run.store, run.now)
    found = {}
    for name, state in sources.states(run.store).items():
        asked = state["last_success_at"]
        silence = too_silent(habits.get(name, ()), parse_iso(asked)) if asked else None
        row = {key: state[key] for key in _STATE if key != "silent_seconds"}
        found[name] = {**row, "silent_seconds": silence and silence.total_seconds()}
    return found


def words(state: dict[str, Any], now: datetime) -> str:
    """What is wrong with a source, or that nothing is."""
    return "; ".join(_trouble(state, now).values()) or _in_short(state, now)


def _in_short(state: dict[str, Any], now: datetime) -> str:
    if trouble := _trouble(state, now):
        return next(iter(trouble))
    if state["last_fetch_at"] is None:
        return "never read to its end" if state["mentions"] else "never fetched"
    return "ok"


def _trouble(state: dict[str, Any], now: datetime) -> dict[str, str]:
    """What is wrong with a source, each in a word and in full; the gravest first."""
    from carecli.hours import show_duration

    found = {}
    if state["last_error"]:
        found["fails"] = str(state["last_error"])
    if state["next_try_at"] and state["next_try_at"] > iso(now):
        found["waits"] = f"not asked before {state['next_try_at']}"
    if state["silent_seconds"]:
        found["silent"] = f"silent for {show_duration(state['silent_seconds'])}, longer than usual"
    return found


@group.command()
def test(context: typer.Context, name: str, json: Json = False) -> None:  # noqa: PT028 - a command, not a test
    """Make one real request to a source and say what it found."""
    from carecli import listen

    run: Context = context.obj
    found = listen.test(run.config, name)
    if json:
        output.document({"source": name, "found": found})
    else:
        output.lines(found)


@group.command()
def remove(context: typer.Context, name: str, json: Json = False) -> None:
    """Take a source out of care.toml; its mentions stay."""
    from carecli.config_edit import remove_source
    from carecli.store import sources

    run: Context = context.obj
    remove_source(run.config_path, name)
    if run.db_path.exists():
        sources.forget(run.store, name)
    if json:
        output.document({"removed": name})
    else:
        errors.note(f"Removed {name}; its mentions stay.")


@group.command("platforms")
def platforms_(context: typer.Context, json: Json = False) -> None:
    """List the installed platforms with their settings and secrets."""
    del context
    loaded = [platform for name in platforms.available() if (platform := _loaded(name)) is not None]
    if json:
        keys = ("name", "title", "answers", "access", "settings", "secrets")
        output.document([{key: getattr(platform, key) for key in keys} for platform in loaded])
        return
    for platform in loaded:
        output.lines(f"{platform.name}: {platform.title}{', can be answered' if platform.answers else ''}")
        if platform.access:
            output.lines(f"    {platform.access}")
        for key, words in {**platform.settings, **platform.secrets}.items():
            output.lines(f"    {key}: {words}")


def _loaded(name: str) -> Platform | None:
    """A broken plug-in is named and passed over."""
    try:
        return platforms.load(name)
    except CareError as error:
        errors.warn(error.message)
        return None
