"""`care init`, `care login`, `care doctor`, `care demo`: getting started, and finding out what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from carecli import platforms
from carecli.cli import errors, output
from carecli.cli.context import Context, interactive
from carecli.cli.options import Json
from carecli.errors import CareError, ConfigError, UsageError
from carecli.text import counted


def add_to(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(login)
    app.command()(doctor)
    app.command()(demo)


def init(
    context: typer.Context,
    brand: Annotated[str | None, typer.Option("--brand", help="What customers call you.")] = None,
    handle: Annotated[list[str] | None, typer.Option("--handle", help="A handle of your own; repeat for more.")] = None,
    keyword: Annotated[
        list[str] | None, typer.Option("--keyword", help="A word that means you; repeat for more.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", help="A language you answer in: en, he, pl, zh …")
    ] = None,
    timezone: Annotated[str | None, typer.Option("--timezone", help="Your team's time zone, Europe/Warsaw.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a care.toml that is there.")] = False,
    json: Json = False,
) -> None:
    """Write care.toml and the database; asks for what is not given.

    Example: care init --brand "Acme Air" --handle @acmeair --language en --language pl --timezone Europe/Warsaw
    """
    from carecli.config import build
    from carecli.config_check import check
    from carecli.config_edit import create

    run: Context = context.obj
    if run.config_path.exists() and not force:
        raise ConfigError(f"{run.config_path} exists already", hint="edit it, or replace it with --force")
    values: dict[str, Any] = {
        "name": brand or _ask("--brand", "What do customers call you?"),
        "handles": handle or _ask_list("Your own handles, parted by commas"),
        "keywords": keyword or _ask_list("Words that mean you besides, parted by commas"),
        "languages": language or _ask_list("Languages you answer in", "en") or ["en"],
        "timezone": timezone if timezone is not None else _ask_zone(),
    }
    check({"brand": values}, "[brand]", run.config_path)
    build({"brand": values})
    create(run.config_path, values)
    result = {"config": str(run.config_path), "db": str(run.store.path)}
    if json:
        output.document(result)
        return
    output.fields(result)
    output.lines("\nNext: care source add mastodon NAME --set base_url=https://… (docs/platforms), or care import FILE")


def _ask(option: str, question: str) -> str:
    if not interactive():
        raise UsageError(f"{option} is missing", hint=f"give it: care init {option} …")
    answer: str = typer.prompt(question)
    return answer


def _ask_zone() -> str:
    answer: str = typer.prompt("Your time zone", default="UTC") if interactive() else "UTC"
    return answer


def _ask_list(question: str, default: str = "") -> list[str]:
    if not interactive():
        return []
    answer: str = typer.prompt(question, default=default)
    return [part.strip() for part in answer.split(",") if part.strip()]


def login(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A source's name; the name of a platform if it has one source.")],
    kind: Annotated[
        str | None, typer.Option("--kind", help="Which secret: TOKEN, PASSWORD (default: the platform's).")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser", help="Sign in with a browser, where it is offered.")] = False,
) -> None:
    """Store a source's credential in the system's keyring; it is asked for, or read from a pipe.

    Example: care login my-mastodon
    """
    import sys

    from carecli import credentials

    run: Context = context.obj
    name, platform = _source_of(run, source)
    if browser:
        _sign_in(run, name, platform)
        return
    kind = (kind or next(iter(platforms.load(platform).secrets), "TOKEN")).upper()
    asked = sys.stdin.isatty()
    value = typer.prompt(f"{kind} for {name}", hide_input=True) if asked else sys.stdin.readline().strip()
    if not value:
        raise UsageError("no credential was given", hint=f"pipe it in, or set {credentials.variable(name, kind)}")
    credentials.keep(name, kind, value)
    errors.note(f"Stored. Try it: care source test {name}")


def _sign_in(run: Context, name: str, platform: str) -> None:
    """Let a person agree at a browser, and keep what the platform gives for it."""
    import asyncio

    from carecli import credentials

    loaded = platforms.load(platform)
    if loaded.sign_in is None:
        raise UsageError(f"{loaded.title} has no sign-in with a browser", hint=f"care login {name}")
    found = asyncio.run(loaded.sign_in(platforms.setup(run.config, run.config.sources[name]), errors.note))
    for kind, value in found.items():
        credentials.keep(name, kind, value)
    errors.note(f"Stored {', '.join(found)}. Try it: care source test {name}")


def _source_of(run: Context, name: str) -> tuple[str, str]:
    sources = run.config.sources
    if name in sources:
        return name, sources[name].platform
    of_platform = [source for source in sources.values() if source.platform == name]
    if len(of_platform) == 1:
        return of_platform[0].name, name
    raise UsageError(f"no source is called '{name}'", hint=f"care.toml has: {', '.join(sources) or 'none yet'}")


def doctor(context: typer.Context, json: Json = False) -> None:
    """Look at everything that must be right, and say what is not. No network is used."""
    run: Context = context.obj
    checks = [*_config_checks(run), *_store_checks(run)]
    if json:
        output.document(
            [
                {"check": name, "ok": problem is None, "detail": detail, "problem": problem}
                for name, detail, problem in checks
            ]
        )
    else:
        for name, detail, problem in checks:
            output.lines(f"{'ok ' if problem is None else 'BAD'}  {name}: {detail if problem is None else problem}")
    if any(problem is not None for _, _, problem in checks):
        raise typer.Exit(1)


_Check = tuple[str, str, str | None]


def _config_checks(run: Context) -> list[_Check]:
    if not run.config_path.exists():
        return [("configuration", f"{run.config_path}: none yet, defaults are used (`care init`)", None)]
    try:
        config = run.config
    except CareError as error:
        return [("configuration", "", f"{error.message} {error.hint or ''}".strip())]
    found: list[_Check] = [("configuration", str(run.config_path), None)]
    for name, source in config.sources.items():
        try:
            platforms.load(source.platform)
            found.append((f"source {name}", source.platform, None))
        except CareError as error:
            found.append((f"source {name}", "", error.message))
    return found


def _store_checks(run: Context) -> list[_Check]:
    from carecli.cli.source import health, words
    from carecli.store import replies

    try:
        store = run.store
        integrity = store.integrity()
    except CareError as error:
        return [("database", "", error.message)]
    found: list[_Check] = [("database", str(store.path), None if integrity == "ok" else integrity)]
    for name, state in health(run).items():
        if name not in _listened_to(run):
            continue
        detail = f"last success {state['last_success_at'] or 'never'}, {counted(state['mentions'], 'mention')}"
        problem = state["last_error"] or state["silent_seconds"]
        found.append((f"fetching {name}", detail, words(state, run.now) if problem else None))
    waiting = replies.unfinished(store)
    stuck = [row["reply_id"] for row in waiting if row["status"] in ("unsure", "failed")]
    found.append(("outbox", f"{len(waiting)} waiting", f"needs a decision: {stuck} (`care outbox`)" if stuck else None))
    return found


def _listened_to(run: Context) -> set[str]:
    """The sources that are fetched; none where care.toml is broken, which is a finding of its own."""
    try:
        return {name for name, source in run.config.sources.items() if source.enabled}
    except CareError:
        return set()


def demo(
    context: typer.Context,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Keep the demo's database and care.toml there, to play with."),
    ] = None,
) -> None:
    """A tour of the whole loop on sample mentions of two fictional brands: no account, no network.

    It has a database of its own, which is thrown away at the end unless --keep names a folder.
    """
    from carecli.cli.demo import tour

    run: Context = context.obj
    tour(run.now, keep)
