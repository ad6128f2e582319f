"""A second person's word: which replies need it, drafts that wait for it, and what undoes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple

from carecli.config import Config
from carecli.errors import Conflict
from carecli.model import Draft, Finding
from carecli.responding import current
from carecli.responding.checking import check, voice_of
from carecli.store import cases, drafts, events, mentions, replies
from carecli.store.connect import Row, Store


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


class Waiting(NamedTuple):
    """A draft that waits for another person's word, and why."""

    draft: int
    because: str


def ask_for_word(
    store: Store,
    config: Config,
    case: int,
    text: str,
    findings: Sequence[Finding],
    *,
    now: datetime,
    agent: str | None,
    voice: str | None = None,
    private: bool = False,
    draft: int | None = None,
    read: int | None = None,
) -> Waiting | None:
    """Keep a reply for another person to agree to; None where nobody has to, or somebody has. Raises as `propose`."""
    row = cases.get(store, case)
    name = voice_of(config, mentions.get(store, row["latest_mention_id"]), voice)
    because = approval_needed(config, row, voice=name, agent=agent)
    if because is None or (draft is not None and _is_agreed(replies.draft(store, draft), text)):
        return None
    number = propose(
        store,
        config,
        case,
        text,
        findings,
        now=now,
        agent=agent,
        voice=name,
        private=private,
        draft=draft,
        read=read,
    )
    return Waiting(number, because)


def _is_agreed(draft: Row, text: str) -> bool:
    """Whether somebody has agreed to these words of a draft."""
    return bool(draft["approval"] == "approved" and draft["text"] == text)


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
