"""What the guardrails are told of a case before they look at a reply, and what they find in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from carecli.casework import desk
from carecli.config import Config, Voice
from carecli.model import Draft, Finding
from carecli.replies import threads
from carecli.replies.claims import Support
from carecli.replies.drafting import Fit
from carecli.replies.guardrails import check as find_all
from carecli.replies.links import links
from carecli.replies.rules import Context
from carecli.responding import drafting, knowledge, outreach
from carecli.responding.drafting import Desk
from carecli.responding.sending import source_of
from carecli.store import cases, mentions, replies
from carecli.store.connect import Row, Store

RECENT = timedelta(days=90)  # how far back a reply counts as "said before"


def voice_of(config: Config, target: Row, voice: str | None) -> str | None:
    """The voice asked for, else the one of the source that brought the message, else None: the first."""
    source = source_of(config, target)
    return voice or (source.voice or None if source else None)


def signing(config: Config, agent: str | None) -> str | None:
    """The name with which an agent signs."""
    known = config.agents.get(agent or "")
    return known.name if known and known.name else agent


def check_draft(store: Store, config: Config, row: Row, one: Draft, now: datetime, agent: str | None) -> list[Finding]:
    """What the guardrails find in a draft; a model's claims need an article."""
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
    if thread and platform and platform.limit and len(parts_at(text, at)) > 1:
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


def parts_at(text: str, at: Desk) -> list[str]:
    """`text` as the posts of a thread at this platform; one where it fits, none where it is too long for a thread."""
    platform = at.platform
    if platform is None or platform.limit is None:
        return [text]
    # every post begins with whom it is to
    room = platform.limit - platform.measure(f"@{at.target['author_handle'].lstrip('@')} ")
    return [text] if platform.measure(text) <= platform.limit else threads.parts(text, room, platform.measure)
