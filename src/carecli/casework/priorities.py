"""The part of a case's priority that is stored: made of its messages, with the weights of care.toml.

It does not change with the clock. When [priority] changes, the cases in the
queue are written anew before it is read, the others by the next fetch; the notes remember how far that went.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

from carecli.config import Priority
from carecli.model import Risk, Verdict
from carecli.store import cases
from carecli.store.connect import Columns, Store
from carecli.triage import prioritise

_WEIGHTS, _TO_DO = "priorities", "priorities to do"
_OPEN = "open"  # then the number of the last case that was done, then nothing
_BATCH = 500
_ON_READ = ("sla", "waiting", "waiting_most")


def in_force(store: Store) -> Priority:
    """The weights with which priorities are stored now."""
    kept = store.remembers(_WEIGHTS)
    return Priority(**json.loads(kept)) if kept else Priority()


def is_settled(store: Store, wanted: Priority) -> bool:
    """Whether every case in the queue has its priority by the weights `wanted`."""
    to_do = store.remembers(_TO_DO)
    return _in_force(store) == _kept(wanted) and (to_do is None or not to_do.startswith(_OPEN))


def change(store: Store, wanted: Priority) -> None:
    """Store priorities with the weights `wanted` from now on; cases that have others are to be done."""
    if _in_force(store) == _kept(wanted):
        return
    with store.write():
        store.remember(_WEIGHTS, _kept(wanted))
        store.remember(_TO_DO, _OPEN)


def _in_force(store: Store) -> str:
    return store.remembers(_WEIGHTS) or _kept(Priority())


def _kept(weights: Priority) -> str:
    return json.dumps({k: v for k, v in asdict(weights).items() if k not in _ON_READ}, sort_keys=True)


def to_do(store: Store, *, only_open: bool) -> list[int]:
    """The next cases to be written anew; none when all are done."""
    state = store.remembers(_TO_DO)
    if state is None or (only_open and not state.startswith(_OPEN)):
        return []
    if state.startswith(_OPEN):
        found = cases.numbers_after(store, int(state.removeprefix(_OPEN) or 0), _BATCH, in_queue=True)
        if found:
            return found
        store.remember(_TO_DO, "0")
        return to_do(store, only_open=only_open)
    found = cases.numbers_after(store, int(state), _BATCH, in_queue=False)
    if not found:
        store.forget(_TO_DO)
    return found


def did(store: Store, numbers: Sequence[int]) -> None:
    """These cases have their priorities."""
    opened = (store.remembers(_TO_DO) or "").startswith(_OPEN)
    store.remember(_TO_DO, f"{_OPEN if opened else ''}{numbers[-1]}")


class Customer(NamedTuple):
    """Whose case it is, which of their cases it is, and their followers where the policy asks for them."""

    author: int
    contacts: int
    followers: int | None


class Ranked(NamedTuple):
    """A customer's message with its place in the queue."""

    priority: int
    reasons: tuple[str, ...]
    at: str
    row: Columns


def pressing(item: Ranked) -> tuple[bool, int, str]:
    """What sorts the messages of a case: those that expect an answer, the most pressing, the newest."""
    return bool(item.row["needs_reply"]), item.priority, item.at


def ranked(rows: Sequence[Columns], customer: Customer, weights: Priority, *, directed: bool) -> list[Ranked]:
    """Every message of a customer with its place in the queue; what they wrote before without an answer counts."""
    found: list[Ranked] = []
    unanswered: Counter[int] = Counter()
    for row in rows:
        if not row["inbound"]:
            unanswered = unanswered if row["automatic"] else Counter()
            continue
        unanswered[row["author_id"]] += 1
        priority, reasons = prioritise(
            _verdict(row),
            directed=directed,
            contacts=customer.contacts,
            messages=unanswered[row["author_id"]],
            risks=risks_of(row),
            followers=customer.followers,
            policy=weights,
        )
        found.append(Ranked(priority, reasons, row["created_at"], row))
    return found


def risks_of(row: Columns) -> list[Risk]:
    """The risks of a message."""
    return [found["risk"] for found in json.loads(row["risks"])]


def _verdict(row: Columns) -> Verdict:
    return Verdict(
        row["language"],
        row["sentiment"],
        row["sentiment_score"],
        row["intent"],
        tuple(json.loads(row["topics"])),
        row["urgency"],
        bool(row["needs_reply"]),
        row["confidence"],
    )
