"""A reply in `care triage --plain`: words, their length, findings, and how it goes out, asked line by line."""

from __future__ import annotations

from dataclasses import replace

from carecli.cli import output
from carecli.cli.prompt_actions import Review
from carecli.hours import show_moment
from carecli.store.unsent import Unsent
from carecli.workspace import answering
from carecli.workspace.answering import Answer, Way
from carecli.workspace.deeds import Deed

_HOW = "send it? y; n: keep it; p: private or public; t: as several posts or one; or when: 2h, tomorrow 9:00"


def reply(state: Review) -> str | None:
    """Answer the case in view; what was done in words, None where nothing was sent."""
    opened = answering.answer(state.seat, state.case)
    value = _words(state, opened)
    if value is None:
        return None
    way = Way()
    while True:
        _show(state, opened, value, way)
        how = (state.ask(_HOW) or "n").strip()
        if how.lower() == "p":
            value = replace(value, private=not value.private)
        elif how.lower() == "t":
            way = replace(way, thread=not way.thread)
        else:
            break
    _keep(state, opened, value)
    if how.lower() in ("n", "no"):
        return None
    return _sent(state, opened, value, replace(way, at="" if how.lower() in ("y", "yes") else how))


def _words(state: Review, opened: Answer) -> Unsent | None:
    for number, one in enumerate(opened.drafts, 1):
        output.lines(f"  {number}  {one.text}")
    begun = opened.unsent
    if begun is not None:
        output.lines(f"  0  what you had begun: {begun.text}\n  -  throws that away")
    answer = state.ask("a number, or your own words; empty: none") or ""
    if begun is not None and answer == "0":
        return begun
    if begun is not None and answer == "-":
        answering.throw_away(state.seat, begun.case)
        state.deeds.append(Deed(f"threw away the reply to case {begun.case}", (begun.case,), thrown_away=begun))
        output.lines("Thrown away; u brings it back.")
        return None
    if not answer:
        return None
    digit = answer.isdigit() and 0 < int(answer) <= len(opened.drafts)
    chosen = opened.drafts[int(answer) - 1] if digit else None
    text, draft = (chosen.text, chosen.draft_id) if chosen else (answer, None)
    return Unsent(opened.case, state.seat.agent, text, draft, read=opened.seen.message)


def _show(state: Review, opened: Answer, value: Unsent, way: Way) -> None:
    """What would go out, how long it is as the platform counts, and what the guardrails find."""
    from carecli.cli.reply import findings_lines

    posts = answering.posts(state.seat, value, way)
    output.lines("\n\n".join(posts))
    fit = opened.fit
    used = fit.measure(value.text.strip()) if fit else len(value.text.strip())
    length = f"{used} of {fit.limit}" if fit and fit.limit else f"{used} characters"
    several = f", as {len(posts)} posts" if len(posts) > 1 else ""
    output.lines(f"  {'private' if value.private else 'public'}, {length}{several}")
    findings_lines(answering.check(state.seat, value, thread=way.thread))


def _keep(state: Review, opened: Answer, value: Unsent) -> None:
    """Words of one's own are kept until they are sent, whatever happens; a proposal as it came needs no keeping."""
    if value.text not in {draft.text for draft in opened.drafts}:
        answering.keep(state.seat, value)


def _sent(state: Review, opened: Answer, value: Unsent, way: Way) -> str | None:
    seat = state.seat
    rules = answering.to_override(answering.check(seat, value, thread=way.thread))
    if rules:
        because = state.ask(f"against {', '.join(rules)}: why may it go out (it is logged)? empty: it does not") or ""
        if not because.strip():
            output.lines("It was not sent.")
            return None
        way = replace(way, because=because.strip(), overridden=rules)
    approved = answering.approve(seat, value, known=opened.seen, way=way)
    case = (value.case,)
    if approved.reply is None:
        state.deeds.append(Deed(f"proposed draft {approved.draft}", case, approved.events))
        output.lines(f"Not sent: {approved.because}. Somebody else: care draft approve {approved.draft}")
        return None
    if approved.at is not None:
        state.deeds.append(Deed(f"scheduled reply {approved.reply}", case, approved.events))
        when = show_moment(approved.at, state.run.config.brand.timezone)
        return f"reply {approved.reply} goes out {when}, with the first `care outbox send` after that."
    sent = answering.send(seat, approved.reply)
    if sent.status != "sent":
        state.deeds.append(Deed(f"wrote reply {sent.reply}", case, approved.events))
        output.lines(f"Reply {sent.reply} is {sent.status}: {sent.error} (care outbox)")
        return None
    state.deeds.append(Deed(f"case {value.case} is answered", case, out=True))
    return f"case {value.case} answered."
