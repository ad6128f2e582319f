"""`care reply`: checks, asks, queues durably, posts; never twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.cases import who
from carecli.cli.context import Context, interactive
from carecli.cli.editor import edited
from carecli.cli.options import Agent, CaseNumber, Json, Private, Voice
from carecli.errors import Refused, UsageError
from carecli.model import Finding


@dataclass(frozen=True)
class _Wanted:
    """What the command line says of a reply."""

    case: int
    text: str
    agent: str
    private: bool
    voice: str | None
    draft: int | None
    overrides: tuple[Any, ...]
    send_at: datetime | None
    parts: tuple[str, ...]
    read: int
    answers: int


def add_to(app: typer.Typer) -> None:
    app.command()(reply)


def reply(
    context: typer.Context,
    case: CaseNumber,
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="The reply; left out: --draft, or your editor.")
    ] = None,
    draft: Annotated[int | None, typer.Option("--draft", metavar="ID", help="Begin with this draft.")] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Open it in $EDITOR first.")] = False,
    agent: Agent = None,
    private: Private = False,
    voice: Voice = None,
    at: Annotated[str | None, typer.Option("--at", metavar="WHEN", help="Send it then: 2h, tomorrow 9:00 …")] = None,
    thread: Annotated[bool, typer.Option("--thread", help="A long reply goes out as several posts.")] = False,
    override: Annotated[
        list[str] | None, typer.Option("--override", metavar="RULE", help="Send although this rule blocks; repeat.")
    ] = None,
    because: Annotated[str | None, typer.Option("--because", help="Why a rule is overridden; it is logged.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show, send nothing, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking; what blocks still blocks.")] = False,
    json: Json = False,
) -> None:
    """Check a reply, ask, write it down, send it: once, also over a crash.

    Example: care reply 12 "Sorry, Zoe: your bag lands tonight at 21:40." --as leo
    """
    run: Context = context.obj
    read, answers = _seen(run, case)
    words = _words(run, case, text, draft, edit)
    private = private or _is_private(run, draft)
    asked = _Wanted(
        case,
        words,
        who(agent),
        private,
        voice or _voice_of(run, draft),
        draft,
        _overrides(override, because),
        _moment(run, at),
        _parts(run, case, words, private=private, thread=thread),
        read,
        answers,
    )
    found = _checked(run, asked, thread=thread)
    blocked = _blocked(asked, found)
    if dry_run or blocked:
        posts: dict[str, Any] = {"parts": list(asked.parts)} if len(asked.parts) > 1 else {}
        _shown(json, _result(None, "blocked" if blocked else "dry-run", found, words, **posts), found)
        if blocked:
            raise blocked
        return
    if not _agreed(run, asked, found, json):
        return
    _confirm(asked, found, yes=yes)
    _queue_and_send(run, asked, found, json)


def _voice_of(run: Context, draft: int | None) -> str | None:
    """The voice that a draft was written in, where care.toml still has it."""
    from carecli.store import replies

    name = None if draft is None else str(replies.draft(run.store, draft)["voice"])
    return name if name in run.config.voices else None


def _is_private(run: Context, draft: int | None) -> bool:
    """Whether a draft was written as a private message: it never goes out in the open by a forgotten option."""
    from carecli.store import replies

    return draft is not None and bool(replies.draft(run.store, draft)["private"])


def _seen(run: Context, case: int) -> tuple[int, int]:
    """The customer's newest message as this command begins, and how many answers of ours it has."""
    from carecli.store import cases, mentions

    row = cases.get(run.store, case)
    read: int = row["latest_mention_id"]
    return read, mentions.answers_since(run.store, row["case_id"], mentions.get(run.store, read)["created_at"])


def _parts(run: Context, case: int, words: str, *, private: bool, thread: bool) -> tuple[str, ...]:
    """The posts that the reply goes out as. Raises Refused, NotProcessed."""
    from carecli import respond
    from carecli.store import cases

    if private and not respond.can_be_private(run.store, run.config, case):
        platform = cases.get(run.store, case)["platform"]
        raise Refused(f"{platform} has no private messages", hint=_elsewhere(run))
    return tuple(respond.parts_of(run.store, run.config, case, words)) if thread else (words,)


def _checked(run: Context, asked: _Wanted, *, thread: bool) -> list[Finding]:
    from carecli import respond

    return respond.check(
        run.store,
        run.config,
        asked.case,
        asked.text,
        now=run.now,
        private=asked.private,
        voice=asked.voice,
        agent=asked.agent,
        draft=asked.draft,
        thread=thread,
        follow_links=True,
    )


def _blocked(asked: _Wanted, found: Sequence[Finding]) -> Refused | None:
    """The refusal of what blocks and was not overridden."""
    from carecli import respond

    blocked = respond.still_blocking(found, asked.overrides)
    if not blocked:
        return None
    rule = blocked[0].rule
    way_out = "change the text" if rule in respond.FINAL else f'change the text, or --override {rule} --because "…"'
    if rule == "length":
        way_out += "; --thread sends it as several posts"
    return Refused(blocked[0].message, hint=f"rule {rule}; {way_out}")


def _elsewhere(run: Context) -> str:
    link = run.config.desk.private_link
    return f"invite the customer to {link}" if link else "set desk.private_link to a page where customers reach you"


def _overrides(rules: Sequence[str] | None, because: str | None) -> tuple[Any, ...]:
    from carecli.config import RULES
    from carecli.respond import Override

    if rules and not (because or "").strip():
        raise UsageError("an override needs a reason", hint='--override RULE --because "…"')
    for rule in rules or ():
        if rule not in RULES:
            import difflib

            near = difflib.get_close_matches(rule, RULES, n=1, cutoff=0.5)
            raise UsageError(f"no rule is called '{rule}'", hint=f"did you mean '{near[0]}'?" if near else None)
    return tuple(Override(rule, str(because)) for rule in rules or ())


def _moment(run: Context, at: str | None) -> datetime | None:
    from carecli.model import iso
    from carecli.reports.period import parse_when

    if at is None:
        return None
    try:
        moment = parse_when(at, run.now, run.config.brand.timezone, direction="future")
    except ValueError as error:
        raise UsageError(f"--at {error}") from None
    if moment <= run.now:
        raise UsageError(f"--at: {iso(moment)} is not in the future")
    return moment


def _words(run: Context, case: int, text: str | None, draft: int | None, edit: bool) -> str:
    if text is not None and draft is not None:
        raise UsageError("TEXT and --draft exclude each other", hint="edit a draft with --draft ID --edit")
    words = text if draft is None else _drafted(run, case, draft)
    if words is None or edit:
        if not interactive():
            raise UsageError("there is no text", hint="give it as TEXT, or --draft ID")
        words = edited(words or "")
    return words.strip()


def _drafted(run: Context, case: int, draft: int) -> str:
    """The text of a draft, which has to be one of this case, where it may name another customer, and not overtaken."""
    from carecli import current
    from carecli.store import cases, replies

    row, answered = replies.draft(run.store, draft), cases.get(run.store, case)
    number = answered["case_id"]
    if row["case_id"] != number:
        raise UsageError(f"draft {draft} is for case {row['case_id']}", hint=f"`care draft {number}` proposes others")
    current.ensure_current(run.store, answered, row)
    return str(row["text"])


def _agreed(run: Context, asked: _Wanted, found: Sequence[Finding], json: bool) -> bool:
    """Whether nobody else has to agree, or somebody has; otherwise the reply waits for their word, and that is told."""
    from carecli import respond
    from carecli.store import cases, mentions, replies

    row = cases.get(run.store, asked.case)
    voice = respond.voice_of(run.config, mentions.get(run.store, row["latest_mention_id"]), asked.voice)
    reason = respond.approval_needed(run.config, row, voice=voice, agent=asked.agent)
    if reason is None:
        return True
    if asked.draft is not None:
        draft = replies.draft(run.store, asked.draft)
        if draft["approval"] == "approved" and draft["text"] == asked.text:
            return True
    number = respond.propose(
        run.store,
        run.config,
        asked.case,
        asked.text,
        found,
        now=run.now,
        agent=asked.agent,
        voice=voice,
        private=asked.private,
        draft=asked.draft,
        read=asked.read,
    )
    _shown(json, _result(None, "waiting", found, asked.text, draft_id=number), found)
    errors.note(f"Not sent: {reason}. Somebody else: care draft approve {number}")
    return False


def _confirm(asked: _Wanted, found: Sequence[Finding], *, yes: bool) -> None:
    """A person sends: asked on a terminal, said with --yes elsewhere."""
    if yes:
        return
    if not interactive():
        raise UsageError("nothing is sent without a person's word", hint="add --yes to send, or --dry-run to look")
    for part in asked.parts:
        output.lines(part)
    findings_lines(found)
    if not typer.confirm("Send it?", default=False):
        raise typer.Exit(1)


def _queue_and_send(run: Context, asked: _Wanted, found: Sequence[Finding], json: bool) -> None:
    from carecli import respond
    from carecli.model import iso

    number = respond.approve(
        run.store,
        asked.case,
        asked.text,
        now=run.now,
        agent=asked.agent,
        private=asked.private,
        draft=asked.draft,
        read=asked.read,
        answers=asked.answers,
        overrides=asked.overrides,
        send_at=asked.send_at,
        parts=asked.parts,
    )
    if asked.send_at is not None:
        _shown(json, _result(number, "approved", found, asked.text, send_at=iso(asked.send_at)), found)
        errors.note(f"It goes out at {iso(asked.send_at)} with the first `care outbox send` after that.")
        return
    row = sent(run, [number])[0]
    _shown(json, _result(number, row["status"], found, asked.text, url=row["url"]), found)
    if row["status"] != "sent":
        errors.warn(f"reply {number} is {row['status']}: {row['last_error'] or 'so many replies went out this minute'}")
        errors.warn(
            f"it is in the outbox: `care outbox send {number}` tries again, `care outbox cancel {number}` gives up"
        )
        raise typer.Exit(1)


def sent(run: Context, numbers: list[int] | None) -> list[Any]:
    """Send these replies, and file what went out into its cases."""
    from carecli import act, respond

    with errors.progress("Sending"):
        rows = respond.send(run.store, run.config, numbers, now=run.now)
    act.triage_new(run.store, run.config, now=run.now)
    return rows


def findings_lines(findings: Any) -> None:
    """Findings for people, one a line."""
    for one in findings:
        output.lines(f"    {one.severity}: {one.message} [{one.rule}]")


def _result(
    number: int | None, status: str, found: Sequence[Finding], words: str, url: str | None = None, **more: Any
) -> dict[str, Any]:
    findings = [shapes.finding(one) for one in found]
    return {"reply_id": number, "status": status, "findings": findings, "url": url, "text": words, **more}


def _shown(json: bool, result: dict[str, Any], found: Sequence[Finding]) -> None:
    if json:
        output.document(result)
        return
    output.lines(f"{result['status']}: " + "\n\n".join(result.get("parts") or [result["text"]]))
    findings_lines(found)
    if result["url"]:
        output.lines(result["url"])
