"""`care reply`: checks, asks, queues durably, posts; never twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from carecli.cli import errors, output, shapes
from carecli.cli.cases import who
from carecli.cli.context import Context, interactive
from carecli.cli.options import Agent, CaseNumber, Json, Private, Voice
from carecli.cli.wanted import Line, Wanted, wanted
from carecli.errors import Refused, UsageError
from carecli.model import Finding


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
    asked = wanted(
        run,
        Line(case, text, draft, edit, who(agent), private, voice, at, thread, override or [], because),
    )
    found = _checked(run, asked, thread=thread)
    blocked = _blocked(asked, found)
    if dry_run or blocked:
        posts: dict[str, Any] = {"parts": list(asked.parts)} if len(asked.parts) > 1 else {}
        _shown(json, _result(None, "blocked" if blocked else "dry-run", found, asked.text, **posts), found)
        if blocked:
            raise blocked
        return
    if not _agreed(run, asked, found, json):
        return
    _confirm(asked, found, yes=yes)
    _queue_and_send(run, asked, found, json)


def _checked(run: Context, asked: Wanted, *, thread: bool) -> list[Finding]:
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


def _blocked(asked: Wanted, found: Sequence[Finding]) -> Refused | None:
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


def _agreed(run: Context, asked: Wanted, found: Sequence[Finding], json: bool) -> bool:
    """Whether nobody else has to agree, or somebody has; otherwise the reply waits for their word, and that is told."""
    from carecli import respond

    waiting = respond.ask_for_word(
        run.store,
        run.config,
        asked.case,
        asked.text,
        found,
        now=run.now,
        agent=asked.agent,
        voice=asked.voice,
        private=asked.private,
        draft=asked.draft,
        read=asked.known.message,
    )
    if waiting is None:
        return True
    _shown(json, _result(None, "waiting", found, asked.text, draft_id=waiting.draft), found)
    errors.note(f"Not sent: {waiting.because}. Somebody else: care draft approve {waiting.draft}")
    return False


def _confirm(asked: Wanted, found: Sequence[Finding], *, yes: bool) -> None:
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


def _queue_and_send(run: Context, asked: Wanted, found: Sequence[Finding], json: bool) -> None:
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
        known=asked.known,
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
