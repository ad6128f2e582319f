"""`care queue`, `care show`: what waits, most pressing first, and one case with all that is known."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.context import Context
from carecli.cli.options import CaseNumber, Json, Limit
from carecli.errors import UsageError
from carecli.model import INTENTS, SENTIMENTS, STATUSES, parse_iso
from carecli.text import counted

if TYPE_CHECKING:
    from carecli.store.brands import Brand

GONE = "(deleted at the source)"


def add_to(app: typer.Typer) -> None:
    app.command()(queue)
    app.command()(show)


def queue(
    context: typer.Context,
    status: Annotated[str | None, typer.Option("--status", help=", ".join(STATUSES))] = None,
    language: Annotated[str | None, typer.Option("--language", help="en, he, pl, zh …")] = None,
    sentiment: Annotated[str | None, typer.Option("--sentiment", help=", ".join(SENTIMENTS))] = None,
    intent: Annotated[str | None, typer.Option("--intent", help=", ".join(INTENTS))] = None,
    topic: Annotated[str | None, typer.Option("--topic", help="A topic of care.toml.")] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Whose cases.")] = None,
    sla: Annotated[str | None, typer.Option("--sla", help="breached, due or ok")] = None,
    brand: Annotated[str | None, typer.Option("--brand", metavar="NAME", help="Of one of several brands.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every conversation, chatter included.")] = False,
    limit: Limit = None,
    json: Json = False,
) -> None:
    """The open cases that need a reply or a decision, most pressing first.

    On a terminal the first 50; in a pipe or with --json all of them.
    """
    from carecli.casework import casefile
    from carecli.cli.adopt import adopt
    from carecli.store.cases import Filter

    run: Context = context.obj
    one_of("--status", status, STATUSES)
    one_of("--sentiment", sentiment, SENTIMENTS)
    one_of("--intent", intent, INTENTS)
    one_of("--sla", sla, ("breached", "due", "ok", "met", "none"))
    adopt(run)
    which = Filter(status, language, sentiment, intent, topic, assignee, everything, brand=_brand(run, brand))
    shown = limit if limit is not None or json or not output.on_terminal() else 50
    found = casefile.queue(run.store, run.config, which, now=run.now, sla=sla, limit=shown)
    if json:
        output.document(found)
        return
    if not found:
        errors.note(
            "Nothing waits."
            if not any((status, language, sentiment, intent, topic, assignee, sla, brand))
            else "No case fits."
        )
        return
    output.show_rtl(run.config.display.rtl)
    cases_table(found, run.now)


def _brand(run: Context, name: str | None) -> Brand | None:
    """Raises UsageError for a brand that there is not, naming those that there are."""
    if name is None:
        return None
    from carecli.casework import brands

    return brands.meant(run.store, run.config, brands.known(run.store, run.config, name) or name)


def cases_table(found: list[dict[str, Any]], now: datetime) -> None:
    """Cases as a table, one a line."""
    columns = ("case", "pri", "sla", "waits", "lang", "intent", "who", "text")
    output.table(columns, (_line(case, now) for case in found), clip="text")


def one_of(option: str, value: str | None, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not allowed, naming those that are."""
    if value is not None and value not in allowed:
        raise UsageError(f"{option} {value}: one of {', '.join(allowed)}")


def _line(case: dict[str, Any], now: datetime) -> list[Any]:
    who = case["assignee"] and f"→{case['assignee']}"
    return [
        case["case"],
        case["priority"],
        _sla_words(case["sla"], now),
        waited(case, now),
        case["language"],
        case["intent"],
        who or case["customer"]["handle"],
        GONE if case["text"] is None else case["text"],
    ]


def waited(case: dict[str, Any], now: datetime) -> str:
    """How long the customer waits, for people; the status when nobody does."""
    from carecli.hours import show_duration

    if case["waiting_since"] is None:
        return "promised" if case["follow_up"] else str(case["status"])
    return show_duration((now - parse_iso(case["waiting_since"])).total_seconds())


def _sla_words(sla: dict[str, Any], now: datetime) -> str:
    from carecli.hours import show_duration

    if sla["due_at"] is None or sla["state"] in ("met", "none"):
        return str(sla["state"]) if sla["state"] == "met" else ""
    left = (parse_iso(sla["due_at"]) - now).total_seconds()
    return f"{sla['state']} {show_duration(abs(left))}"


def show(context: typer.Context, case: CaseNumber, json: Json = False) -> None:
    """The whole conversation, the customer's history, the verdict and why, drafts, log."""
    from carecli.casework import casefile

    run: Context = context.obj
    found = full(run, case)
    if json:
        output.document(found)
        return
    output.show_rtl(run.config.display.rtl)
    sheet(found, casefile.describe_short, run.now)


def full(run: Context, case: int) -> dict[str, Any]:
    """A case with its mentions, customer, events, drafts and replies."""
    from carecli.casework import casefile

    found = casefile.case_file(run.store, run.config, case, now=run.now)
    return {
        **found.case,
        "mentions": [_with_kind(shapes.mention(row), found.kinds.get(row["author_id"])) for row in found.mentions],
        "customer": {
            **found.case["customer"],
            "followers": found.followers,
            "accounts": found.accounts,
            "preferred_agent": found.preferred_agent,
            "cases": found.history,
        },
        "copies": found.copies,
        "clocks": found.clocks,
        "similar": found.similar,
        "knowledge": found.knowledge,
        "events": found.events,
        "drafts": [shapes.draft(draft) for draft in found.drafts],
        "replies": [shapes.reply(row) for row in found.replies],
        "promises": found.promises,
        "proposal": found.proposal,
    }


def _with_kind(mention: dict[str, Any], kind: Any) -> dict[str, Any]:
    """A mention whose author is said to be a person, a bot, a company or unknown; our own accounts are ours."""
    return {**mention, "author": {**mention["author"], "kind": None if kind is None else kind.kind}}


def sheet(case: dict[str, Any], short: Any, now: datetime) -> None:
    """One case for people: who, what, why, how long; then the conversation and the log."""
    sla = _sla_words(case["sla"], now)
    output.lines(
        f"Case {case['case']} · {case['status']} · priority {case['priority']}{' · SLA ' + sla if sla else ''}"
    )
    customer = case["customer"]
    followers = "" if customer["followers"] is None else f", {customer['followers']} followers"
    output.lines(f"{customer['name'] or ''} @{customer['handle'].lstrip('@')} on {case['platform']}{followers}".strip())
    topics = f", topics: {', '.join(case['topics'])}" if case["topics"] else ""
    output.lines(
        f"{case['intent']}, {case['sentiment']} ({case['sentiment_score']:+.2f}), {case['urgency']}, "
        f"language {case['language'] or 'unknown'}{topics}"
    )
    output.lines(f"Why: {'; '.join(case['reasons'])}")
    if case["reposts"]:
        output.lines(f"Repeated word for word {counted(case['reposts'], 'time')}, by others or elsewhere")
    if case["assignee"] or case["tags"]:
        output.lines(f"Assigned to {case['assignee'] or 'nobody'}; tags: {', '.join(case['tags']) or 'none'}")
    if case["url"]:
        output.lines(case["url"])
    for mention in case["mentions"]:
        _mention(mention)
    _rest(case, short)


def _mention(mention: dict[str, Any]) -> None:
    who = mention["author"]["handle"] if mention["inbound"] else f"{mention['author']['handle']} (us)"
    output.lines(f"\n{mention['created_at']}  {who}  [mention {mention['mention']}]")
    for line in (GONE if mention["text"] is None else mention["text"]).split("\n"):
        output.lines(f"    {line}")
    if mention["match"]:
        output.lines(f"    — found by: {mention['match']}")
    if mention["why"]:
        output.lines(f"    — {'; '.join(mention['why'])}")


def _rest(case: dict[str, Any], short: Any) -> None:
    if case["customer"]["preferred_agent"]:
        output.lines(f"\n{case['customer']['preferred_agent']} answered them last.")
    if len(case["customer"]["accounts"]) > 1:
        names = (f"{one['handle']} on {one['platform']}" for one in case["customer"]["accounts"])
        output.lines(f"\nThe same customer: {', '.join(names)}")
    if case["customer"]["cases"]:
        output.lines("\nThe customer's other cases:")
        for other in case["customer"]["cases"]:
            output.lines(f"    {short(other)}")
    for other in case["similar"]:
        output.lines(f"\nAlso about this: case {other['case']}, {other['status']}, {other['customer']}:")
        output.lines(f"    {other['text'][:200]}")
    for article in case["knowledge"]:
        stale = ", stale" if article["stale"] else ""
        output.lines(f"\nThe knowledge base says (article {article['article']}{stale}): {article['title']}")
    _work(case)


def _work(case: dict[str, Any]) -> None:
    """What we wrote, owe and did."""
    for draft in case["drafts"]:
        output.lines(f"\nDraft {draft['draft_id']} ({draft['maker']}, {draft['language']}):")
        output.lines(f"    {draft['text']}")
    for reply in case["replies"]:
        error = f": {reply['last_error']}" if reply["last_error"] else ""
        output.lines(f"\nReply {reply['reply_id']}: {shapes.standing(reply)}{error}")
    for promise in case["promises"]:
        output.lines(f"\nPromise {promise['promise']} ({promise['state']}, due {promise['due_at']}):")
        output.lines(f"    {promise['words']}")
    if case["proposal"] == "resolve":
        output.lines(f"\nThey thank you. Is it over? care resolve {case['case']}")
    output.lines("\nLog:")
    for event in case["events"]:
        who = f" by {event['agent']}" if event["agent"] else ""
        facts = ", ".join(f"{key}: {value}" for key, value in event["data"].items() if value is not None)
        output.lines(f"    {event['at']}  {event['kind']}{who}{'  ' + facts if facts else ''}")
