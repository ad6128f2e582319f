"""A reply in `care triage --plain`: words, findings, and how it goes out, asked line by line."""

from __future__ import annotations

from collections.abc import Callable

from carecli import answering
from carecli.answering import Answer, Way
from carecli.cli import output
from carecli.model import iso
from carecli.seat import Seat
from carecli.store.unsent import Unsent

Ask = Callable[[str], str | None]
_HOW = "send it? y; n; p: as a private message; or when: 2h, tomorrow 9:00"


def reply(seat: Seat, case: int, ask: Ask) -> str | None:
    """Answer a case; what was done in words, None where nothing was sent."""
    from carecli.cli.reply import findings_lines

    opened = answering.answer(seat, case)
    value = _words(seat, opened, ask)
    if value is None:
        return None
    way = _as_thread(seat, value, ask)
    found = answering.check(seat, value, thread=way.thread)
    findings_lines(found)
    rules = answering.to_override(found)
    if rules:
        because = ask(f"against {', '.join(rules)}: why may it go out (it is logged)? empty: it does not") or ""
        if not because.strip():
            output.lines("It was not sent.")
            return None
        way = Way(because.strip(), rules, thread=way.thread)
    return _sent(seat, value, way, opened, ask)


def _words(seat: Seat, opened: Answer, ask: Ask) -> Unsent | None:
    for number, one in enumerate(opened.drafts, 1):
        output.lines(f"  {number}  {one.text}")
    if opened.unsent is not None:
        output.lines(f"  0  what you had begun: {opened.unsent.text}")
    answer = ask("a number, or your own words; empty: none") or ""
    if answer == "0" and opened.unsent is not None:
        return opened.unsent
    if not answer:
        return None
    digit = answer.isdigit() and 0 < int(answer) <= len(opened.drafts)
    chosen = opened.drafts[int(answer) - 1] if digit else None
    text, draft = (chosen.text, chosen.draft_id) if chosen else (answer, None)
    return Unsent(opened.case, seat.agent, text, draft, read=opened.read)


def _as_thread(seat: Seat, value: Unsent, ask: Ask) -> Way:
    """Several posts, where it is too long for one and the person wants that."""
    if all(one.rule != "length" for one in answering.check(seat, value)):
        return Way()
    parts = answering.posts(seat, value, Way(thread=True))
    return Way(thread=len(parts) > 1 and _yes(ask(f"too long for one post: as {len(parts)} posts? y or n")))


def _sent(seat: Seat, value: Unsent, way: Way, opened: Answer, ask: Ask) -> str | None:
    output.lines("\n\n".join(answering.posts(seat, value, way)))
    how = ask(_HOW) or "n"
    if how.lower() in ("n", "no"):
        return None
    private = how.lower() == "p"
    later = "" if private or _yes(how) else how
    value = Unsent(value.case, value.agent, value.text, value.draft, private or value.private, value.read)
    way = Way(way.because, way.overridden, later, way.thread)
    approved = answering.approve(seat, value, answers=opened.answers, way=way)
    if approved.reply is None:
        output.lines(f"Not sent: {approved.because}. Somebody else: care draft approve {approved.draft}")
        return None
    if approved.at is not None:
        return f"reply {approved.reply} goes out at {iso(approved.at)}, with the first `care outbox send` after that."
    sent = answering.send(seat, approved.reply)
    if sent.status != "sent":
        output.lines(f"Reply {sent.reply} is {sent.status}: {sent.error} (care outbox)")
        return None
    return f"case {value.case} answered."


def _yes(answer: str | None) -> bool:
    return (answer or "").lower() in ("y", "yes")
