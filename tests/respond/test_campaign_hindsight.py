"""A campaign's figures of a past period are the same whenever they are asked for, whatever happened later."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from carecli import campaigns, report, respond
from carecli.config import Brand, Config, Source
from carecli.errors import Conflict, NotFound, Refused
from carecli.platforms import memory
from carecli.reporting import campaigning
from carecli.store import open_store, prune, replies
from tests.core.tools import NOW
from tests.respond.test_campaigns import COLD, Street

MOVES = ("propose", "skip", "submit", "reject", "agree", "queue", "cancel", "send", "answer", "record")
WHO = ("ann", "bob", "cat")


@contextmanager
def street() -> Iterator[Street]:
    """Three people with a cold, and a brand that has had other posts before."""
    name = f"street-{uuid.uuid4().hex}"
    network = memory.network(name)
    words = {"network": name, "handle": "acme", "keywords": "cold,acme,tissues"}
    config = Config(
        brand=Brand("Acme", ["acme"], keywords=["tissues"]),
        sources={"town": Source("town", "memory", settings=words)},
        campaigns={"colds": replace(COLD, per_day=9, per_person=9)},
    )
    with tempfile.TemporaryDirectory(prefix="care-street-") as folder:
        made = Street(open_store(Path(folder) / "care.db"), network, config)
        network.clock = lambda: made.now
        try:
            made.says("dan", "tissues are nice", ago=6000)
            for who in WHO:
                made.says(who, "such a cold today")
            yield made
        finally:
            made.store.close()
            memory.close(name)


@dataclass
class Days:
    """What people and we do on a street, move by move; what is not possible at a moment does not happen."""

    street: Street
    drafts: list[int] = field(default_factory=list)
    replies: list[int] = field(default_factory=list)

    def __call__(self, move: str, which: int) -> None:
        self.street.now += timedelta(minutes=47)
        with suppress(Conflict, NotFound, Refused, IndexError):
            getattr(self, move)(which)

    def propose(self, which: int) -> None:
        self.drafts += self.street.propose(1)

    def skip(self, which: int) -> None:
        one = self.street
        (row,) = one.store.rows("SELECT c.* FROM cases c WHERE c.customer_id = (SELECT author_id FROM authors"
                                " WHERE handle = ?)", [WHO[which]])  # fmt: skip
        campaigns.skip(one.store, one.config, "colds", row["case_id"], now=one.now, agent="leo", because=None)

    def submit(self, which: int) -> None:
        row = replies.draft(self.street.store, self.drafts[which])
        respond.propose(
            self.street.store, self.street.config, row["case_id"], row["text"], [],
            now=self.street.now, agent="leo", voice=None, draft=row["draft_id"],
        )  # fmt: skip

    def reject(self, which: int) -> None:
        respond.decide(self.street.store, self.drafts[which], approve=False, now=self.street.now, agent="mia")

    def agree(self, which: int) -> None:
        respond.decide(self.street.store, self.drafts[which], approve=True, now=self.street.now, agent="mia")

    def queue(self, which: int) -> None:
        row = replies.draft(self.street.store, self.drafts[which])
        self.replies.append(
            respond.approve(
                self.street.store, row["case_id"], row["text"], now=self.street.now, agent="leo", draft=row["draft_id"]
            )
        )

    def cancel(self, which: int) -> None:
        respond.cancel(self.street.store, self.replies[which], now=self.street.now, agent="leo")

    def send(self, which: int) -> None:
        respond.send(self.street.store, self.street.config, [self.replies[which]], now=self.street.now)

    def answer(self, which: int) -> None:
        sent = [post for post in self.street.network.posts.values() if post.author.handle == "acme"]
        self.street.says(WHO[which], ("thank you!", "stop writing to me", "oh")[which], sent[which], ago=1)

    def record(self, which: int) -> None:
        outcome = ("fulfilled", "converted", "ignored")[which]
        campaigns.record(self.street.store, self.street.config, 1, outcome, now=self.street.now, agent="leo")


def told(street: Street, until: datetime) -> Any:
    """The part `campaigns` of the time until then, without what platforms count: of that there is only today's."""
    part = report.part(
        street.store, street.config, "campaigns", since=NOW - timedelta(hours=1), until=until, now=street.now
    )
    (found,) = part.document["campaigns"]
    return {key: value for key, value in found.items() if key not in ("interaction_lift", "reach")}


REJECTED_LATER = [("propose", 0), ("submit", 0), ("record", 0), ("reject", 0)]
CANCELLED = [("propose", 0), ("queue", 0), ("cancel", 0), ("queue", 0), ("send", 1)]
RECORDED_TWICE = [("propose", 0), ("queue", 0), ("send", 0), ("record", 0), ("answer", 0), ("record", 0)]


@settings(max_examples=15)
@example(REJECTED_LATER)
@example(CANCELLED)
@example(RECORDED_TWICE)
@given(st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 2)), max_size=12))
def test_what_a_campaign_came_to_does_not_change_later(moves: list[tuple[str, int]]) -> None:
    with street() as one:
        days, seen = Days(one), {}
        for move in moves:
            days(*move)
            seen[one.now + timedelta(seconds=1)] = told(one, one.now + timedelta(seconds=1))
        one.now += timedelta(days=3)
        assert {until: told(one, until) for until in seen} == seen


def test_pruning_keeps_what_came_of_messages_and_forgets_what_is_counted_in_texts() -> None:
    with street() as one:
        days = Days(one)
        for move in ("propose", "queue", "send"):
            days(move, 0)
        one.now += timedelta(hours=1)
        (ours,) = [post for post in one.network.posts.values() if post.author.handle == "acme"]
        one.says(one.actions()[0]["customer"]["handle"], "thank you!", ours, ago=1)
        one.now += timedelta(days=60)
        before, gone = told(one, one.now), one.now - timedelta(days=30)
        assert (before["thanked"], before["mention_lift"]["now"]) == (1, 1)
        campaigning.keep_outcomes(one.store, one.config, before=gone)
        prune.prune(one.store, gone)
        after = told(one, one.now)
        lifts = {key: {"now": None, "before": None, "lift": None} for key in ("mention_lift", "category_lift")}
        assert after == {**before, **lifts}
