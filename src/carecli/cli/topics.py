"""`care topics`: what people write about that care.toml has no name for."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context
from carecli.cli.options import Json


def add_to(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Topics that people write about and care.toml does not know yet.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command()(propose)
    group.callback()(lambda: None)
    app.add_typer(group, name="topics")


def propose(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="What is new in so many days …")] = 7,
    before: Annotated[int, typer.Option("--before", min=1, max=3650, help="… against so many days before.")] = 28,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """Words that many customers write now and few wrote before, by language; put the good ones under [topics].

    Example: care topics propose --days 3
    """
    from carecli.model import iso
    from carecli.store import mentions
    from carecli.triage.mining import propose as mine

    run: Context = context.obj
    since = run.now - timedelta(days=days)
    earlier = since - timedelta(days=before)
    config = run.config
    named = (word for words in config.topics.values() for word in words)
    known = [config.brand.name, *config.brand.keywords, *config.own_handles, *named]
    found = mine(
        mentions.texts(run.store, iso(since), iso(run.now + timedelta(seconds=1)), limit=_MOST),
        mentions.texts(run.store, iso(earlier), iso(since), limit=_MOST),
        limit=limit,
        known=known,
    )
    if json:
        output.document([proposal._asdict() for proposal in found])
        return
    if not found:
        errors.note(f"Nothing new in the last {days} days, compared with the {before} before.")
        return
    output.show_rtl(config.display.rtl)
    output.table(("words", "lang", "texts", "before", "times", "example"), map(_line, found), clip="example")


_MOST = 20_000


def _line(proposal: Any) -> list[Any]:
    times = "new" if proposal.ratio is None else f"{proposal.ratio:.1f} x"
    return [proposal.words, proposal.language, proposal.now, proposal.before, times, proposal.example]
