"""Stage 3: draft → check → approve → send through the outbox, exactly once.

A reply is written down before it is sent. What a crash leaves `sending` is `unsure`, and is settled by asking the
platform whether it is out, never by sending again blindly.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from carecli import current, desk, drafting, filing, knowledge, outreach
from carecli.config import Config, Voice
from carecli.drafting import Desk
from carecli.errors import Conflict, NotProcessed, UsageError
from carecli.model import Draft, Finding, iso
from carecli.replies import outbox, threads
from carecli.replies.claims import Support
from carecli.replies.drafting import Fit
from carecli.replies.guardrails import check as find_all
from carecli.replies.links import links
from carecli.replies.makers import Request
from carecli.replies.prompting import Prompt
from carecli.replies.rules import Context
from carecli.sending import advance, send, source_of
from carecli.store import cases, drafts, events, mentions, replies
from carecli.store.connect import Connection, Row, Store

RECENT = timedelta(days=90)  # how far back a reply counts as "said before"
# What an override cannot help: the platform, or the law of the desk, would refuse it all the same
FINAL = frozenset({"empty", "length", "own-post", "deleted", "campaign"})


# Drafting and checking


def draft(
    store: Store,
    config: Config,
    case: int,
    *,
    now: datetime,
    voice: str | None = None,
    agent: str | None = None,
    count: int = 3,
    maker: str = "template",
    model: str | None = None,
) -> list[Draft]:
    """Propose replies to a case, each with its findings, and keep them. Raises NotFound, and what a model raises."""
    row = cases.get(store, case)
    make = drafting.maker(maker, config, model=model)
    asked = request(store, config, row, now=now, voice=voice, agent=agent, count=count)
    checked = [replace(one, findings=tuple(_check_draft(store, config, row, one, now, agent))) for one in make(asked)]
    numbers = replies.save_drafts(store, row["case_id"], checked, now=now)
    return [replace(one, draft_id=number) for one, number in zip(checked, numbers, strict=True)]


def request(
    store: Store,
    config: Config,
    row: Row,
    *,
    now: datetime,
    voice: str | None = None,
    agent: str | None = None,
    count: int = 1,
) -> Request:
    """What a maker is told of a case."""
    at = drafting.desk(store, config, row)
    recent = [said["text"] for said in replies.recent_texts(store, since=now - RECENT)]
    name = voice_of(config, at.target, voice)
    return drafting.request(store, config, at, voice=name, agent=signing(config, agent), count=count, recent=recent)


def prompt(store: Store, config: Config, case: int, *, now: datetime, voice: str | None, agent: str | None) -> Prompt:
    """Exactly what a draft by a model would send out of this machine. Raises NotFound."""
    return drafting.prompt(request(store, config, cases.get(store, case), now=now, voice=voice, agent=agent), config)


def voice_of(config: Config, target: Row, voice: str | None) -> str | None:
    """The voice asked for, else the one of the source that brought the message, else None: the first."""
    source = source_of(config, target)
    return voice or (source.voice or None if source else None)


def signing(config: Config, agent: str | None) -> str | None:
    """The name with which an agent signs."""
    known = config.agents.get(agent or "")
    return known.name if known and known.name else agent


def _check_draft(store: Store, config: Config, row: Row, one: Draft, now: datetime, agent: str | None) -> list[Finding]:
    return check(
        store,
        config,
        row["case_id"],
        one.text,
        now=now,
        voice=one.voice,
        agent=agent,
        support=_support(store, config, row) if one.maker == "llm" else None,
    )


def _support(store: Store, config: Config, row: Row) -> Support:
    """What a model's words may rest on."""
    found = drafting.articles_about(store, row["text"])
    said = [turn["text"] for turn in mentions.of_case(store, row["case_id"])]
    return Support([f"{article.title}\n{article.text}" for article in found], [*said, config.brand.name])


def check(
    store: Store,
    config: Config,
    case: int,
    text: str,
    *,
    now: datetime,
    private: bool = False,
    voice: str | None = None,
    agent: str | None = None,
    support: Support | None = None,
    draft: int | None = None,
    thread: bool = False,
    follow_links: bool = False,
) -> list[Finding]:
    """What the guardrails find in a reply to this case, by place. Raises NotFound.

    `draft`: the draft that the text came from; a model's claims are checked against the knowledge base.
    `follow_links`: open every link, as is done before a reply goes out.
    """
    row = cases.get(store, case)
    at = drafting.desk(store, config, row)
    _, manner = config.voice(voice_of(config, at.target, voice))
    if draft is not None and replies.draft(store, draft)["maker"] == "llm":
        support = _support(store, config, row)
    context = _context(store, config, at, manner, private, now, agent)
    landed = landings(config, text) if follow_links else {}
    platform = at.platform
    if thread and platform and platform.limit and len(_parts(text, at)) > 1:
        context = replace(context, limit=None)
    found = find_all(text, replace(context, support=support, landings=landed))
    unwanted = outreach.obstacle(store, config, draft, now=now)
    return [Finding("campaign", "block", unwanted), *found] if unwanted else found


def landings(config: Config, text: str) -> Mapping[str, str]:
    """What is wrong with the links of `text`, by the link; they are opened."""
    if not config.guardrails.check_links:
        return {}
    found = [text[slice(*link.span)] for link in links(text) if link.scheme in ("", "http", "https") and link.host]
    if not found:
        return {}
    from carecli.platforms.web.landing import landings as open_all

    return open_all(found, timeout=config.network.timeout, allow_private=config.network.allow_private)


def _context(
    store: Store, config: Config, at: Desk, voice: Voice, private: bool, now: datetime, agent: str | None
) -> Context:
    row, target, platform = at.case, at.target, at.platform
    said = replies.recent_texts(store, since=now - RECENT)
    waiting = row["waiting_since"] is not None or row["status"] in ("open", "snoozed")
    holder = row["assignee"]
    return Context(
        private=private,
        language=row["language"],
        limit=None if platform is None else platform.limit,
        measure=len if platform is None else platform.measure,
        rules=config.guardrails,
        voice=voice,
        intent=row["intent"],
        urgency=row["urgency"],
        sentiment=row["sentiment"],
        recent=[(f"case {one['case_id']}, {one['at'][:10]}", one["text"]) for one in said],
        answered=not waiting,
        answers=mentions.answers_since(store, row["case_id"], target["created_at"]),
        to_own=not target["inbound"],
        deleted=target["deleted_at"] is not None,
        stale=knowledge.stale(store, config, now=now),
        topics=tuple(json.loads(row["topics"])),
        heard=row["text"],
        agent=signing(config, agent),
        brand=config.brand.name,
        barred=None if agent is None else desk.may_answer(config, agent, row),
        claimed_by=holder if agent is not None and holder not in (None, agent) else None,
    )


def fit(store: Store, config: Config, case: int) -> Fit | None:
    """How long a reply to this case may be, and how its platform counts; None where nothing is known. NotFound."""
    platform = drafting.desk(store, config, cases.get(store, case)).platform
    return None if platform is None else Fit(platform.limit, platform.measure)


# Approval


def approval_needed(config: Config, case: Row, *, voice: str | None, agent: str | None) -> str | None:
    """Why another person has to agree to a reply, None where nobody has to."""
    name, manner = config.voice(voice)
    if manner.approval:
        return f"the voice {name} needs a second person's word"
    known = config.agents.get(agent or "")
    if known is not None and known.approval:
        return f"{agent}'s replies need a second person's word"
    topic = next((topic for topic in json.loads(case["topics"]) if topic in config.desk.approval), None)
    return f"the topic {topic} needs a second person's word" if topic else None


def propose(
    store: Store,
    config: Config,
    case: int,
    text: str,
    findings: Sequence[Finding],
    *,
    now: datetime,
    agent: str | None,
    voice: str | None,
    private: bool = False,
    draft: int | None = None,
    read: int | None = None,
) -> int:
    """Keep a reply as a draft that waits for another person's word; returns the draft's number.

    `read` as in `approve`. Raises Conflict when the customer has written since.
    """
    with store.write() as connection:
        row = cases.get(store, case)
        current.ensure_read(store, row, read)
        if draft is None:
            name = config.voice(voice)[0]
            one = Draft(text, row["language"] or "", name, "person", findings=tuple(findings))
            draft = replies.save_drafts(store, row["case_id"], [one], now=now)[0]
        known = replies.draft(store, draft)
        if known["text"] != text:
            drafts.rewrite(connection, known, text, _json(findings), now=now, agent=agent)
        drafts.own(connection, draft, agent=agent, private=private, approval="waiting")
        events.append(connection, row["case_id"], "proposed", now, agent=agent, data={"draft": draft})
    return draft


def edit_draft(store: Store, config: Config, number: int, text: str, *, now: datetime, agent: str | None = None) -> Row:
    """Give a draft another text; an approval has to be given again. Raises NotFound, Conflict when it is out."""
    with store.write() as connection:
        row = replies.draft(store, number)
        if any(
            reply["draft_id"] == number and reply["status"] == "sent"
            for reply in replies.of_case(store, row["case_id"])
        ):
            raise Conflict(f"draft {number} was sent", hint=f"`care reply {row['case_id']}` answers again")
        found = check(store, config, row["case_id"], text, now=now, voice=row["voice"], agent=agent, draft=number)
        drafts.rewrite(connection, row, text, _json(found), now=now, agent=agent)
        events.append(connection, row["case_id"], "draft edited", now, agent=agent, data={"draft": number})
        return replies.draft(store, number)


def decide(store: Store, number: int, *, approve: bool, now: datetime, agent: str, because: str | None = None) -> Row:
    """Another person's word on a draft.

    Raises NotFound, Conflict for one's own draft, one that does not wait, or one that the customer has overtaken.
    """
    with store.write() as connection:
        row = replies.draft(store, number)
        if row["approval"] != "waiting":
            state = row["approval"] or "one that needs nobody's word"
            raise Conflict(f"draft {number} is {state}", hint="`care draft list --waiting` shows what waits")
        if approve and (row["agent"] or "").casefold() == agent.casefold():
            raise Conflict(f"draft {number} is your own", hint="somebody else has to approve it: --as")
        if approve:
            current.ensure_current(store, cases.get(store, row["case_id"]), row)
        drafts.decide(connection, number, "approved" if approve else "rejected")
        data = {"draft": number, "because": because}
        kind = "draft approved" if approve else "draft rejected"
        events.append(connection, row["case_id"], kind, now, agent=agent, data=data)
        return replies.draft(store, number)


def renew(store: Store, number: int) -> Row:
    """A person has read the customer's newest message beside this draft: it answers that one from now on.

    What was approved as an answer to an earlier message waits for that word again. Raises NotFound.
    """
    with store.write() as connection:
        drafts.renew(connection, number)
        return replies.draft(store, number)


def _json(findings: Sequence[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in findings], ensure_ascii=False)


# The outbox


class Override(NamedTuple):
    """A person's word against a rule that blocks."""

    rule: str
    because: str


def still_blocking(findings: Sequence[Finding], overrides: Sequence[Override]) -> list[Finding]:
    """The findings that block and that no override lifts. Raises UsageError for an override that lifts nothing."""
    blocking = [one for one in findings if one.severity == "block"]
    for override in overrides:
        if override.rule in FINAL:
            raise UsageError(f"{override.rule} cannot be overridden", hint="change the reply")
        if all(one.rule != override.rule for one in findings):
            raise UsageError(f"nothing to override: {override.rule} found nothing here")
    lifted = {override.rule for override in overrides}
    return [one for one in blocking if one.rule not in lifted]


def approve(
    store: Store,
    case: int,
    text: str,
    *,
    now: datetime,
    agent: str | None = None,
    private: bool = False,
    draft: int | None = None,
    read: int | None = None,
    answers: int | None = None,
    overrides: Sequence[Override] = (),
    send_at: datetime | None = None,
    parts: Sequence[str] = (),
) -> int:
    """Write a reply down, approved and ready to be sent; returns its number. Nothing has been sent yet.

    `read` is the newest message (its mention's number) that its writer had seen, `answers` how many of ours to it.
    The case is the agent's from now on. Raises Conflict when the customer or a colleague has written since, also since
    `draft` was written, when another agent has claimed the case, or when another reply to the same message is already
    on its way.
    """
    with store.write() as connection:
        row = cases.get(store, case)
        begun = None if draft is None else replies.draft(store, draft)
        current.ensure_free(
            store,
            row,
            agent=agent,
            read=read,
            answers=answers,
            draft=begun,
            overridden={override.rule for override in overrides},
        )
        if begun is not None and begun["approval"] == "approved" and begun["private"] and not private:
            raise Conflict(f"draft {draft} was approved as a private message", hint="--private")
        number = replies.add(
            connection,
            case=row["case_id"],
            mention=row["latest_mention_id"],
            text=text,
            language=row["language"],
            private=private,
            agent=agent,
            key=uuid.uuid4().hex,
            draft=draft,
            now=now,
            send_at=send_at,
            parts=[(part, uuid.uuid4().hex) for part in parts] if len(parts) > 1 else (),
        )
        _log(connection, row["case_id"], number, now, agent, overrides, send_at)
        if agent is not None and row["assignee"] is None:
            filing.record(store, row["case_id"], "claimed", now=now, agent=agent, data={"assignee": agent})
        return number


def _log(
    connection: Connection,
    case: int,
    number: int,
    now: datetime,
    agent: str | None,
    overrides: Sequence[Override],
    send_at: datetime | None,
) -> None:
    for override in overrides:
        data = {"reply": number, "rule": override.rule, "because": override.because}
        events.append(connection, case, "overridden", now, agent=agent, data=data)
    data = {"reply": number} | ({"send_at": iso(send_at)} if send_at else {})
    events.append(connection, case, "approved", now, agent=agent, data=data)


def parts_of(store: Store, config: Config, case: int, text: str) -> list[str]:
    """`text` as the posts of a thread; one where it fits. Raises NotProcessed when it cannot be parted."""
    at = drafting.desk(store, config, cases.get(store, case))
    found = _parts(text, at) if config.desk.threads else [text]
    if not found:
        raise NotProcessed(f"this is too long for a thread of {threads.MOST} posts", hint="shorten it")
    return found


def _parts(text: str, at: Desk) -> list[str]:
    platform = at.platform
    if platform is None or platform.limit is None:
        return [text]
    # every post begins with whom it is to
    room = platform.limit - platform.measure(f"@{at.target['author_handle'].lstrip('@')} ")
    return [text] if platform.measure(text) <= platform.limit else threads.parts(text, room, platform.measure)


def can_be_private(store: Store, config: Config, case: int) -> bool:
    """Whether this case's platform has private messages that care can send."""
    platform = drafting.desk(store, config, cases.get(store, case)).platform
    return platform is None or platform.private


def cancel(store: Store, number: int, *, now: datetime, agent: str | None = None) -> Row:
    """Take a reply out of the outbox. Raises Conflict when it is out or on its way."""
    return _decided(store, number, "cancel", now, agent)


def resolve_unsure(store: Store, number: int, *, went_out: bool, now: datetime, agent: str | None = None) -> Row:
    """A person looked at the platform: the reply is out, or it is not and may be sent. Raises Conflict."""
    return _decided(store, number, "found" if went_out else "absent", now, agent)


def _decided(store: Store, number: int, happening: outbox.Happening, now: datetime, agent: str | None) -> Row:
    with store.lock("outbox", wait=10), store.write() as connection:
        row = advance(store, replies.get(store, number), happening)
        data = {"reply": number, "status": row["status"]}
        events.append(connection, row["case_id"], "outbox decision", now, agent=agent, data=data)
        return row


__all__ = [
    "Override",
    "approval_needed",
    "approve",
    "cancel",
    "check",
    "decide",
    "draft",
    "edit_draft",
    "fit",
    "prompt",
    "propose",
    "renew",
    "resolve_unsure",
    "send",
]
