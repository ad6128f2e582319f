"""`care customer`: who somebody is, across platforms, by hand only; and how they are forgotten."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from carecli.cli import errors, output
from carecli.cli.context import Context, interactive
from carecli.cli.options import Json
from carecli.errors import NotFound, UsageError
from carecli.text import counted

customer = typer.Typer(help="Customers, across platforms.", no_args_is_help=True, rich_markup_mode=None)

Who = Annotated[str, typer.Argument(metavar="HANDLE", help="The account: zoe, or mastodon:zoe where several are zoe.")]

MOST_PROFILES = 20_000  # of the customers who wrote last


def add_to(app: typer.Typer) -> None:
    app.add_typer(customer, name="customer")


def _account(run: Context, who: str) -> Any:
    """The one account that is meant. Raises NotFound, UsageError where it is not one."""
    from carecli.store import customers

    platform, colon, handle = who.partition(":")
    found = customers.by_handle(run.store, handle if colon else who, platform if colon else None)
    if not found:
        raise NotFound(f"no customer is called '{who}'", hint="`care search` finds people by their words")
    if len(found) > 1:
        names = ", ".join(f"{row['platform']}:{row['handle']}" for row in found)
        raise UsageError(f"several accounts are called '{who}'", hint=f"say which: {names}")
    return found[0]


@customer.command()
def show(context: typer.Context, who: Who, json: Json = False) -> None:
    """A customer's accounts, cases and promises."""
    from carecli.casework import casefile
    from carecli.store import cases, customers, promises

    run: Context = context.obj
    account = _account(run, who)
    accounts = customers.accounts(run.store, account["author_id"])
    rows = [row for one in accounts for row in cases.of_customer(run.store, one["author_id"], besides=0)]
    promised = casefile.follow_ups(run.store, run.now)
    found = {
        "accounts": [{key: row[key] for key in ("platform", "handle", "name", "url", "followers")} for row in accounts],
        "cases": [casefile.describe(row, run.config, run.now, promised) for row in rows],
        "promises": [
            casefile.promise(row, run.now) for row in promises.of_cases(run.store, [row["case_id"] for row in rows])
        ],
    }
    if json:
        output.document(found)
        return
    output.show_rtl(run.config.display.rtl)
    for row in accounts:
        output.lines(f"{row['name'] or ''} @{row['handle'].lstrip('@')} on {row['platform']}".strip())
    for case in found["cases"]:
        output.lines(f"    {casefile.describe_short(case)}")


@customer.command()
def link(context: typer.Context, who: Who, other: Who, json: Json = False) -> None:
    """Two accounts are one person's: their cases are shown together. You know it; care never guesses it.

    Example: care customer link mastodon:zoe bluesky:zoe.example
    """
    from carecli.store import customers

    run: Context = context.obj
    one, two = _account(run, who), _account(run, other)
    if one["author_id"] == two["author_id"]:
        raise UsageError("that is the same account twice")
    with run.store.write() as connection:
        customers.link(connection, one["author_id"], two["author_id"])
    _linked(run, one, json)


@customer.command()
def suggest(context: typer.Context, json: Json = False) -> None:
    """Accounts whose own profiles say that they are one person's, each of the other; nothing is linked until you do.

    Example: care customer suggest
    """
    from carecli.cases import profiles
    from carecli.store import profiles as rows

    run: Context = context.obj
    with errors.progress("Reading profiles"):
        known = {row["author_id"]: (row, raw) for row, raw in rows.newest(run.store, MOST_PROFILES)}
        person = rows.linked(run.store)
        told = [
            profiles.account(number, row["platform"], row["handle"], row["url"], raw)
            for number, (row, raw) in known.items()
        ]
        found: list[dict[str, Any]] = [
            {
                "accounts": [{key: known[n][0][key] for key in ("platform", "handle", "name", "url")} for n in pair],
                "because": one.because,
            }
            for one in profiles.proposals(told)
            for pair in [(one.one, one.other)]
            if person.get(one.one, -1) != person.get(one.other, -2)
        ]
    if json:
        output.document(found)
        return
    for each in found:
        names = [f"{account['platform']}:{account['handle'].lstrip('@')}" for account in each["accounts"]]
        output.lines(f"{' and '.join(names)}: {each['because']}")
        output.lines(f"    care customer link {' '.join(names)}")
    if not found:
        errors.note("No two profiles link to each other.")


@customer.command()
def unlink(context: typer.Context, who: Who, json: Json = False) -> None:
    """This account is another person's after all."""
    from carecli.store import customers

    run: Context = context.obj
    account = _account(run, who)
    with run.store.write() as connection:
        customers.unlink(connection, account["author_id"])
    _linked(run, account, json)


def _linked(run: Context, account: Any, json: bool) -> None:
    from carecli.store import customers

    accounts = customers.accounts(run.store, account["author_id"])
    if json:
        output.document([{"platform": row["platform"], "handle": row["handle"]} for row in accounts])
    else:
        errors.note(f"One customer: {', '.join(row['platform'] + ':' + row['handle'] for row in accounts)}.")


@customer.command()
def forget(
    context: typer.Context,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Take a person out of the database: their words, names and links on all linked accounts, and our words to them.

    Counts and times stay. What they write later is not stored again. Backups are yours to delete.
    """
    from carecli.store import customers

    run: Context = context.obj
    accounts = customers.accounts(run.store, _account(run, who)["author_id"])
    if not yes:
        if not interactive():
            raise UsageError("this cannot be undone", hint="add --yes")
        names = ", ".join(row["handle"] for row in accounts)
        if not typer.confirm(f"Forget {names}? This cannot be undone.", default=False):
            raise typer.Exit(1)
    with run.store.write() as connection:
        touched = customers.forget(connection, accounts, run.now)
    customers.scrub(run.store)
    if json:
        output.document({"accounts": len(accounts), "cases": touched})
    else:
        errors.note(f"{counted(len(accounts), 'account')} forgotten, in {counted(len(touched), 'case')}.")
