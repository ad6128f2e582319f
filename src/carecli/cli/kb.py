"""`care kb`: the knowledge base."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.cases import who
from carecli.cli.context import Context, interactive
from carecli.cli.editor import edited
from carecli.cli.options import Agent, CaseNumber, Json
from carecli.errors import CareError, UsageError
from carecli.text import counted

kb = typer.Typer(help="The knowledge base.", no_args_is_help=True, rich_markup_mode=None)

ArticleNumber = Annotated[int, typer.Argument(metavar="ARTICLE", min=1, help="The article's number.")]
Title = Annotated[str | None, typer.Option("--title", help="What it is about, in the words that customers use.")]
Language = Annotated[str | None, typer.Option("--language", help="en, he, pl, zh …")]
Url = Annotated[str | None, typer.Option("--url", help="The page that says the same in public.")]
Owner = Annotated[str | None, typer.Option("--owner", help="Who keeps it right.")]
Review = Annotated[str | None, typer.Option("--review", metavar="DATE", help="When it has to be looked at again.")]
Topic = Annotated[list[str] | None, typer.Option("--topic", help="A topic; repeat for more.")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(kb, name="kb")


def _facts(**given: Any) -> dict[str, Any]:
    """What was given of an article's facts. Raises UsageError for a date that is none."""
    from carecli.replies.articles import day

    facts = {key: value for key, value in given.items() if value is not None}
    if "review_by" in facts:
        try:
            facts["review_by"] = day(facts["review_by"])
        except ValueError as error:
            raise UsageError(f"--review {error}") from None
    return facts


@kb.command()
def add(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="What it is about, in the words that customers use.")],
    text: Annotated[str | None, typer.Argument(help="The answer; left out or -: stdin, or your editor.")] = None,
    language: Language = None,
    url: Url = None,
    owner: Owner = None,
    review: Review = None,
    topic: Topic = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Write an article.

    Example: care kb add "Power banks on board" "Only in the cabin bag." --language en --review 2027-05-01
    """
    from carecli.store import knowledge

    run: Context = context.obj
    words = _written(text)
    facts = _facts(language=language, url=url, owner=owner or who(agent), review_by=review, topics=topic)
    number = knowledge.add(run.store, {"title": title, "text": words, **facts}, now=run.now, agent=who(agent))
    _changed(run, number, json, "is in the knowledge base")


def _written(text: str | None) -> str:
    if text in (None, "-"):
        text = edited("") if interactive() and text is None else sys.stdin.read()
    if not (text or "").strip():
        raise UsageError("an article needs a text", hint="give it as TEXT, or on stdin")
    return str(text).strip()


@kb.command("import")
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A Markdown file, or a folder of them.", exists=True)],
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Read Markdown files; lines `title: …`, `language: …`, `url: …`, `owner: …`, `review: DATE`, `topics: a, b`
    between two lines of `---` may stand first. The same files again change nothing.
    """
    from carecli.responding import knowledge

    run: Context = context.obj
    done = knowledge.import_files(run.store, _files(path), now=run.now, agent=who(agent))
    if json:
        rejected = [{"file": name, "reason": reason} for name, reason in done.rejected]
        output.document({"new": done.new, "updated": done.updated, "unchanged": done.unchanged, "rejected": rejected})
    else:
        errors.note(f"{done.new} new, {done.updated} updated, {done.unchanged} unchanged.")
    for name, reason in done.rejected:
        errors.warn(f"{name}: {reason}")
    if done.rejected:
        raise typer.Exit(4)


def _files(path: Path) -> Iterator[tuple[str, str]]:
    found = sorted(path.rglob("*.md")) if path.is_dir() else [path]
    for file in found:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CareError(f"cannot read {file}: {error}") from error
        yield file.relative_to(path).as_posix() if path.is_dir() else file.name, text


@kb.command("list")
def list_(context: typer.Context, language: Language = None, json: Json = False) -> None:
    """All articles."""
    from carecli.store import knowledge

    run: Context = context.obj
    _table(run, knowledge.listed(run.store, language=language), json, "The knowledge base is empty.")


@kb.command()
def stale(context: typer.Context, json: Json = False) -> None:
    """Articles whose review is overdue, the longest first; a reply that cites one gets a finding."""
    from carecli.responding import knowledge as stage
    from carecli.store import knowledge

    run: Context = context.obj
    rows = knowledge.listed(run.store, stale_on=stage.today(run.config, run.now))
    _table(run, rows, json, "Nothing is stale.")


@kb.command()
def search(
    context: typer.Context,
    query: Annotated[list[str], typer.Argument(metavar="QUERY...", help="Words that must all be there.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 20,
    json: Json = False,
) -> None:
    """Full text over the articles, in all languages, best first."""
    from carecli.store import knowledge

    run: Context = context.obj
    _table(run, knowledge.find(run.store, " ".join(query), limit=limit), json, "Nothing found.")


def _table(run: Context, rows: list[Any], json: bool, nothing: str) -> None:
    from carecli.responding import knowledge

    found = [knowledge.described(row, run.config, run.now) for row in rows]
    if json:
        output.document(found)
    elif not found:
        errors.note(nothing)
    else:
        output.show_rtl(run.config.display.rtl)
        columns = ("article", "language", "review", "owner", "title")
        lines = ([a["article"], a["language"], _review(a), a["owner"], a["title"]] for a in found)
        output.table(columns, lines, clip="title")


def _review(article: dict[str, Any]) -> str | None:
    return f"{article['review_by']} stale" if article["stale"] else article["review_by"]


@kb.command()
def show(context: typer.Context, number: ArticleNumber, json: Json = False) -> None:
    """One article with its versions."""
    from carecli.responding import knowledge as stage
    from carecli.store import knowledge

    run: Context = context.obj
    row = knowledge.get(run.store, number)
    found = stage.described(row, run.config, run.now)
    found["versions"] = [
        {"version": v["version"], "changed_at": v["changed_at"], "agent": v["agent"], "title": v["title"]}
        for v in knowledge.versions(run.store, number)
    ]
    if json:
        output.document(found)
        return
    output.show_rtl(run.config.display.rtl)
    output.lines(f"Article {number}, version {found['version']}: {found['title']}")
    output.lines(
        f"language {found['language'] or 'unknown'}, owner {found['owner'] or 'nobody'}, review {_review(found)}"
    )
    if found["url"]:
        output.lines(found["url"])
    output.lines(f"\n{found['text']}")


@kb.command()
def edit(
    context: typer.Context,
    number: ArticleNumber,
    text: Annotated[str | None, typer.Option("--text", help="The new answer; - is stdin.")] = None,
    title: Title = None,
    language: Language = None,
    url: Url = None,
    owner: Owner = None,
    review: Review = None,
    topic: Topic = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Change an article, in $EDITOR when nothing is given; the version before is kept.

    Example: care kb edit 3 --review 2027-11-01
    """
    from carecli.replies import articles
    from carecli.store import knowledge

    run: Context = context.obj
    changes = _facts(title=title, language=language, url=url, owner=owner, review_by=review, topics=topic)
    if text is not None:
        changes["text"] = _written(text)
    if not changes:
        if not interactive():
            raise UsageError("nothing to change", hint="give --text, --title, --review …")
        before = knowledge.described(knowledge.get(run.store, number))
        try:
            changes = articles.parse(edited(articles.markdown(before)), name=before["title"])
        except ValueError as error:
            raise UsageError(str(error), hint="nothing was changed") from None
        changes = {**dict.fromkeys(knowledge.FIELDS), **changes}
    _, differs = knowledge.change(run.store, number, changes, now=run.now, agent=who(agent))
    _changed(run, number, json, "has a new version" if differs else "is as it was")


@kb.command()
def promote(
    context: typer.Context,
    case: CaseNumber,
    title: Title = None,
    url: Url = None,
    agent: Agent = None,
    json: Json = False,
) -> None:
    """Make an article of the last answer to a case, without anything that says who asked."""
    from carecli.responding import knowledge

    run: Context = context.obj
    done = knowledge.promote(run.store, case, now=run.now, title=title, url=url, agent=who(agent))
    pieces = f"{counted(done.removed, 'piece')} of personal data taken out"
    _changed(run, done.number, json, f"was made from case {case}; {pieces}: read it before you rely on it")


def _changed(run: Context, number: int, json: bool, words: str) -> None:
    from carecli.responding import knowledge as stage
    from carecli.store import knowledge

    if json:
        output.document(stage.described(knowledge.get(run.store, number), run.config, run.now))
    else:
        errors.note(f"Article {number} {words}.")


@kb.command()
def gaps(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", min=1, help="How far back.")] = 90,
    least: Annotated[int, typer.Option("--least", min=1, help="Asked in at least so many cases.")] = 2,
    json: Json = False,
) -> None:
    """Frequent questions that no article answers, most frequent first."""
    from carecli.responding import knowledge

    run: Context = context.obj
    with errors.progress("Comparing questions"):
        found = knowledge.gaps(run.store, now=run.now, days=days, least=least)
    if json:
        output.document(
            [
                {
                    "question": gap.question,
                    "language": gap.language,
                    "asked": len(gap.asked),
                    "cases": sorted({question.case for question in gap.asked}),
                    "topics": sorted({topic for question in gap.asked for topic in question.topics}),
                }
                for gap in found
            ]
        )
    elif not found:
        errors.note("No frequent question is without an article.")
    else:
        output.show_rtl(run.config.display.rtl)
        output.table(
            ("asked", "language", "question"), ([len(g.asked), g.language, g.question] for g in found), clip="question"
        )
