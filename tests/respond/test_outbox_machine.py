"""The outbox as a machine: people, two senders, a platform that fails in every way, and crashes, in any order.

The database is real and lives on the disk; the platform remembers every call. A crash is an exception that no handler
takes, raised inside the call of the platform or at any statement of SQL; what it leaves is opened again.
"""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from carecli import act, listen, respond
from carecli.config import Brand, Config, Source
from carecli.errors import AuthError, CareError, NotProcessed, RateLimited, Unreachable
from carecli.platforms import memory
from carecli.platforms.memory import Network, Post
from carecli.store import open_store, replies
from carecli.store.connect import Row

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Fragile:
    """A connection that dies before its nth statement; 0: never."""

    connection: Any
    left: int = 0

    def execute(self, *arguments: Any) -> Any:
        self._touch()
        return self.connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self._touch()
        return self.connection.executemany(*arguments)

    def _touch(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                raise Crash

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class Town(Network):
    """It posts whatever it is asked to, key or no key, and counts; `next_call` is how the next call of it ends."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.next_call: str = "well"
        self.posted: Counter[str] = Counter()
        self.blind = False  # `find` gets no answer

    def accept(self, author: str, text: str, *, to: Post, visibility: Any, key: str) -> Post:
        how, self.next_call = self.next_call, "well"
        before: dict[str, BaseException] = {
            "crash before": Crash(),
            "refuse": NotProcessed("no", status=422),
            "busy": RateLimited("later"),
            "locked out": AuthError("who?"),
            "unheard": Unreachable("the line is dead"),
        }
        if how in before:
            raise before[how]
        self.posted[key] += 1
        blind, self.blind = self.blind, False  # what it has it knows itself
        post = super().accept(author, text, to=to, visibility=visibility, key=key)
        self.blind = blind
        if how == "crash after":
            raise Crash
        if how == "lost":
            raise Unreachable("the answer got lost")
        return post

    def by_key(self, key: str) -> Post | None:
        if self.blind:
            raise Unreachable("nobody answers")
        return super().by_key(key)


CALLS = ("well", "crash before", "crash after", "refuse", "busy", "locked out", "unheard", "lost")


class Outbox(RuleBasedStateMachine):
    approved = Bundle("approved")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="care-outbox-")
        self.path = Path(self.folder.name) / "care.db"
        self.town = Town(f"town-{uuid.uuid4().hex}")
        memory._NETWORKS[self.town.name] = self.town
        self.now = START
        self.town.clock = lambda: self.now
        settings_ = {"network": self.town.name, "handle": "acme"}
        self.config = Config(
            brand=Brand("Acme", ["acme"]), sources={"town": Source("town", "memory", settings=settings_)}
        )
        self.store = open_store(self.path)
        self.due: dict[int, datetime] = {}  # by the number of a reply: not before then
        self.questions: dict[int, Post] = {}
        self.by_hand: set[int] = set()  # what a person took out, or said of it
        for _ in range(2):
            self.question()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            memory.close(self.town.name)
            self.folder.cleanup()

    def rows(self) -> dict[int, Row]:
        return {row["reply_id"]: row for row in self.store.rows("SELECT * FROM replies")}

    def reopen(self) -> None:
        """As after a crash: what was begun is rolled back, what was committed is there."""
        self.store.close()
        self.store = open_store(self.path)

    # Customers

    @rule()
    def question(self) -> None:
        customer = f"zoe{len(self.questions)}"
        post = self.town.say(customer, "@acme how do I choose a seat?", at=self.now)
        self.fetch()
        (row,) = self.store.rows("SELECT case_id FROM mentions WHERE external_id = ?", [post.id])
        self.questions[row["case_id"]] = post

    @rule(data=st.data())
    def writes_again(self, data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(sorted(self.questions)))
        self.questions[case] = self.town.say(
            self.questions[case].author.handle, "@acme and now?", at=self.now, reply_to=self.questions[case]
        )
        self.fetch()

    def fetch(self) -> None:
        self.now += timedelta(seconds=1)
        listen.fetch(self.store, self.config, now=self.now)
        act.triage_new(self.store, self.config, now=self.now)

    # People

    @rule(target=approved, data=st.data(), later=st.sampled_from([0, 0, 30]), dies=st.sampled_from([0, 0, 0, 3, 7, 9]))
    def approve(self, data: st.DataObject, later: int, dies: int) -> int:
        case = data.draw(st.sampled_from(sorted(self.questions)))
        at = self.now + timedelta(minutes=later) if later else None
        before = set(self.rows())
        self.store.connection = Fragile(self.store.connection, dies)  # type: ignore[assignment]
        try:
            respond.approve(self.store, case, f"In the app. {len(before)}", now=self.now, agent="leo", send_at=at)
        except (CareError, Crash):
            pass
        finally:
            self.reopen()
        made = set(self.rows()) - before
        if at is not None:
            self.due.update(dict.fromkeys(made, at))
        return max(made, default=0)

    @rule(number=approved)
    def cancel(self, number: int) -> None:
        with suppress(CareError):
            respond.cancel(self.store, number, now=self.now)
            self.by_hand.add(number)

    @rule(number=consumes(approved), went_out=st.booleans())
    def says_what_they_saw(self, number: int, went_out: bool) -> None:
        """A person looks at the platform, and tells the truth."""
        row = self.rows().get(number)
        if row is not None and bool(self.town.posted[row["key"]]) == went_out:
            with suppress(CareError):
                respond.resolve_unsure(self.store, number, went_out=went_out, now=self.now)

    @rule(minutes=st.sampled_from([1, 45]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # Senders

    @rule(
        data=st.data(),
        call=st.sampled_from(CALLS),
        dies=st.sampled_from([0, 0, 0, *range(4, 30, 3)]),
        blind=st.booleans(),
    )
    def send(self, data: st.DataObject, call: str, dies: int, blind: bool) -> None:
        """All that waits, or one that is named; the platform, or the process, may fail in between."""
        known = sorted(number for number, row in self.rows().items() if row["status"] not in ("sent", "cancelled"))
        named = data.draw(st.sampled_from([None, *known]))
        self.town.next_call, self.town.blind = call, blind
        self.store.connection = Fragile(self.store.connection, dies)  # type: ignore[assignment]
        if named is not None:
            self.due.pop(named, None)  # a person says: now
        try:
            respond.send(self.store, self.config, None if named is None else [named], now=self.now)
        except Crash:
            pass
        finally:
            self.town.next_call, self.town.blind = "well", False
            self.reopen()
        act.triage_new(self.store, self.config, now=self.now)

    @rule(call=st.sampled_from(["well", "lost", "unheard"]))
    def two_senders_at_once(self, call: str) -> None:
        self.town.next_call = call
        failures: list[BaseException] = []

        def work() -> None:
            try:
                store = open_store(self.path)
                try:
                    respond.send(store, self.config, None, now=self.now)
                finally:
                    store.close()
            except BaseException as error:  # noqa: BLE001 - told below
                failures.append(error)

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert not failures, failures
        self.town.next_call = "well"
        act.triage_new(self.store, self.config, now=self.now)

    # What must hold

    @invariant()
    def nothing_is_posted_twice(self) -> None:
        if hasattr(self, "town"):
            assert all(count == 1 for count in self.town.posted.values())

    @invariant()
    def what_is_said_is_so(self) -> None:
        if not hasattr(self, "town"):
            return
        for number, row in self.rows().items():
            out = bool(self.town.posted[row["key"]])
            assert row["status"] != "sent" or out
            assert row["status"] not in ("approved", "failed") or not out
            assert row["status"] != "cancelled" or number in self.by_hand

    @invariant()
    def nothing_goes_out_before_its_time(self) -> None:
        if hasattr(self, "town"):
            early = [number for number, at in self.due.items() if at > self.now]
            assert all(not self.town.posted[self.rows()[number]["key"]] for number in early if number in self.rows())

    @invariant()
    def what_is_not_out_is_shown(self) -> None:
        if hasattr(self, "town"):
            open_ = {number for number, row in self.rows().items() if row["status"] not in ("sent", "cancelled")}
            assert {row["reply_id"] for row in replies.unfinished(self.store)} == open_


Outbox.TestCase.settings = settings(
    max_examples=25, stateful_step_count=18, suppress_health_check=[HealthCheck.too_slow]
)
TestOutbox = Outbox.TestCase
