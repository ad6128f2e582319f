"""Whether a reply still answers what its writer had read: the customer, or a colleague, may have written since."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from carecli.errors import Conflict
from carecli.store import events, mentions, replies
from carecli.store.connect import Row, Store
from carecli.text import single_line

_SHOWN = 280  # characters of the new message that a refusal repeats


class Seen(NamedTuple):
    """What the writer of a reply has seen of a conversation.

    `message` is the customer's newest one, `answers` how many of ours there are to it, `edit` the event of the newest
    change that the customer made to a message.
    """

    message: int
    answers: int
    edit: int | None


def seen(store: Store, case: Row) -> Seen:
    """What whoever looks at a case now sees."""
    message: int = case["latest_mention_id"]
    since = mentions.get(store, message)["created_at"]
    edit = events.last_of(store, case["case_id"], "edited")
    return Seen(message, mentions.answers_since(store, case["case_id"], since), edit)


def ensure_free(
    store: Store,
    case: Row,
    *,
    agent: str | None,
    known: Seen | None,
    draft: Row | None,
    overridden: Collection[str],
) -> None:
    """Raise Conflict where a reply must not go out now.

    That is: the customer or a colleague has written, or the customer has edited, since the writer saw what is
    `known`, or since the draft was written; another agent has the case; another reply is on its way.
    """
    number, target = case["case_id"], case["latest_mention_id"]
    if known is not None:
        ensure_seen(store, case, known)
    if draft is not None:
        ensure_current(store, case, draft)
    if agent is not None and case["assignee"] not in (None, agent) and "claimed" not in overridden:
        hint = f"`care assign {number} {agent}` takes it over, or --override claimed --because …"
        raise Conflict(f"case {number} is {case['assignee']}'s; nothing was sent", hint=hint)
    for other in replies.of_case(store, number):
        if other["status"] in ("approved", "sending", "unsure") and other["mention_id"] == target:
            raise Conflict(
                f"reply {other['reply_id']} to the same message is {other['status']}",
                hint="`care outbox` shows it; send, resolve or cancel it first",
            )


def ensure_seen(store: Store, case: Row, known: Seen) -> None:
    """Raise Conflict where there is more in a conversation than what is `known` of it."""
    number, now = case["case_id"], seen(store, case)
    ensure_read(store, case, known.message)
    if now.edit != known.edit:
        words = f"the customer of case {number} has edited a message; nothing was sent. {_newest(store, case)}"
        raise Conflict(words, hint=f"`care show {number}` has the new words")
    if now.answers > known.answers:
        hint = f"`care show {number}` has the answer"
        raise Conflict(f"case {number} was answered meanwhile; nothing was sent", hint=hint)


def ensure_read(store: Store, case: Row, read: int | None) -> None:
    """Raise Conflict, with the new message, where `read` is not the customer's newest one; None: nobody knows."""
    if read is not None and read != case["latest_mention_id"]:
        number = case["case_id"]
        words = f"the customer of case {number} has written meanwhile; nothing was sent. {_newest(store, case)}"
        raise Conflict(words, hint=f"`care show {number}` has the new message")


def ensure_current(store: Store, case: Row, draft: Row) -> None:
    """Raise Conflict, with the new message, where the customer has written or edited since a draft was."""
    if is_outdated(case, draft):
        number = draft["draft_id"]
        newer = "newest message" if _is_overtaken(case, draft) else "last edit"
        words = f"draft {number} is older than the customer's {newer}; nothing was sent. {_newest(store, case)}"
        hint = f"`care draft {case['case_id']}` proposes anew; `care draft edit {number}` makes it an answer to that"
        raise Conflict(words, hint=hint)


def is_outdated(case: Row, draft: Row) -> bool:
    """Whether a draft, and whatever approval it has, is for an earlier message than the newest one, or for other words.

    `draft` as `replies.draft` gives it.
    """
    return _is_overtaken(case, draft) or draft["newest_edit"] != draft["seen_edit"]


def _is_overtaken(case: Row, draft: Row) -> bool:
    return draft["mention_id"] is not None and draft["mention_id"] != case["latest_mention_id"]


def _newest(store: Store, case: Row) -> str:
    message = mentions.get(store, case["latest_mention_id"])
    text = "" if message["deleted_at"] else single_line(message["text"])
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"It says: “{shown}”" if shown else "It was deleted since."
