"""What a line of `care reply` asks for: its words, whom they are from, and how they go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carecli.cli.context import Context, interactive
from carecli.cli.editor import edited
from carecli.errors import Refused, UsageError
from carecli.responding.current import Seen


@dataclass(frozen=True)
class Line:
    """The arguments and options as they were typed."""

    case: int
    text: str | None
    draft: int | None
    edit: bool
    agent: str
    private: bool
    voice: str | None
    at: str | None
    thread: bool
    override: Sequence[str]
    because: str | None


@dataclass(frozen=True)
class Wanted:
    """A reply that is to be checked, agreed to and sent; `known` is what its writer had seen of the conversation."""

    case: int
    text: str
    agent: str
    private: bool
    voice: str | None
    draft: int | None
    overrides: tuple[Any, ...]
    send_at: datetime | None
    parts: tuple[str, ...]
    known: Seen


def wanted(run: Context, line: Line) -> Wanted:
    """What a line comes to. Raises UsageError, Conflict where the draft is overtaken, Refused, NotProcessed."""
    known = _seen(run, line.case)
    words = _words(run, line.case, line.text, line.draft, line.edit)
    private = line.private or _is_private(run, line.draft)
    return Wanted(
        case=line.case,
        text=words,
        agent=line.agent,
        private=private,
        voice=line.voice or _voice_of(run, line.draft),
        draft=line.draft,
        overrides=_overrides(line.override, line.because),
        send_at=_moment(run, line.at),
        parts=_parts(run, line.case, words, private=private, thread=line.thread),
        known=known,
    )


def _voice_of(run: Context, draft: int | None) -> str | None:
    """The voice that a draft was written in, where care.toml still has it."""
    from carecli.store import replies

    name = None if draft is None else str(replies.draft(run.store, draft)["voice"])
    return name if name in run.config.voices else None


def _is_private(run: Context, draft: int | None) -> bool:
    """Whether a draft was written as a private message: it never goes out in the open by a forgotten option."""
    from carecli.store import replies

    return draft is not None and bool(replies.draft(run.store, draft)["private"])


def _seen(run: Context, case: int) -> Seen:
    """The conversation as it is when this command begins."""
    from carecli.responding import current
    from carecli.store import cases

    return current.seen(run.store, cases.get(run.store, case))


def _parts(run: Context, case: int, words: str, *, private: bool, thread: bool) -> tuple[str, ...]:
    """The posts that the reply goes out as. Raises Refused, NotProcessed."""
    from carecli import respond
    from carecli.store import cases

    if private and not respond.can_be_private(run.store, run.config, case):
        platform = cases.get(run.store, case)["platform"]
        raise Refused(f"{platform} has no private messages", hint=_elsewhere(run))
    return tuple(respond.parts_of(run.store, run.config, case, words)) if thread else (words,)


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
    from carecli.responding import current
    from carecli.store import cases, replies

    row, answered = replies.draft(run.store, draft), cases.get(run.store, case)
    number = answered["case_id"]
    if row["case_id"] != number:
        raise UsageError(f"draft {draft} is for case {row['case_id']}", hint=f"`care draft {number}` proposes others")
    current.ensure_current(run.store, answered, row)
    return str(row["text"])
