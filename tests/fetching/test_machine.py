"""Whatever happens on the way: at the end the store holds exactly what the platform holds.

Fetches are killed by SIGKILL or stopped by Ctrl-C, in processes of their own, before any SQL statement; connections
are lost, pages shift and come twice, servers ask to wait; meanwhile customers write, edit and delete.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from carecli import act, listen
from carecli.config import Brand, Config, Source
from carecli.errors import PlatformError, RateLimited, Stopped, Unreachable
from carecli.platforms import memory
from carecli.store import Store, open_store, search, sources

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills forked processes")
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FAULTS = (Unreachable("the line is dead"), RateLimited("slow down", retry_after=60), PlatformError("no"))


class Fetching(RuleBasedStateMachine):
    """A platform with customers on one side, and on the other a `care` that things happen to."""

    @initialize(page_size=st.integers(1, 7))
    def begin(self, page_size: int) -> None:
        self.name = uuid.uuid4().hex
        self.network = memory.network(self.name)
        self.network.page_size = page_size
        self.network.clock = lambda: self.now - timedelta(minutes=1)
        self.now = START
        self.folder = tempfile.TemporaryDirectory(prefix="care-machine-")
        self.path = Path(self.folder.name) / "care.db"
        source = Source(self.name, "memory", settings={"network": self.name, "handle": "acme"})
        self.config = Config(brand=Brand(name="Acme", handles=["@acme"]), sources={self.name: source})
        self.written = 0

    def one(self, number: int) -> memory.Post | None:
        posts = list(self.network.posts.values())
        return posts[number % len(posts)] if posts else None

    @rule(count=st.integers(1, 12), to=st.none() | st.integers(0, 50))
    def customers_write(self, count: int, to: int | None) -> None:
        for _ in range(count):
            self.written += 1
            parent = None if to is None else self.one(to)
            self.network.say(f"user{self.written % 5}", f"@acme question {self.written}?", reply_to=parent)

    @rule(which=st.integers(0, 50))
    def somebody_edits(self, which: int) -> None:
        if (post := self.one(which)) is not None:
            self.written += 1
            self.network.edit(post, f"@acme other words {self.written}")

    @rule(which=st.integers(0, 50))
    def somebody_deletes(self, which: int) -> None:
        if (post := self.one(which)) is not None:
            self.network.delete(post)

    @rule(page=st.integers(1, 4), fault=st.sampled_from(FAULTS))
    def a_page_will_fail(self, page: int, fault: PlatformError) -> None:
        self.network.fail_page(page, fault)

    @rule(page=st.integers(1, 4), by=st.integers(1, 5))
    def a_page_will_shift(self, page: int, by: int) -> None:
        self.network.shift_page(page, by=by)

    @rule(minutes=st.integers(1, 200))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # what is older than the `since` of a first fetch stays where it is, so all is written later than that
    @rule(days=st.none() | st.integers(1, 3), limit=st.none() | st.integers(1, 20), triage=st.booleans())
    def care_fetches(self, days: int | None, limit: int | None, triage: bool) -> None:
        self.fetch(days, limit, triage)

    @rule(days=st.none() | st.integers(1, 3), statement=st.integers(1, 120), by=st.sampled_from(("SIGKILL", "SIGINT")))
    def care_is_killed_or_stopped(self, days: int | None, statement: int, by: str) -> None:
        left = statement

        def count(_sql: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.Signals[by])

        in_a_child(lambda: self.fetch(days, None, True, spy=count))

    def fetch(
        self, days: int | None, limit: int | None, triage: bool, spy: Callable[[str], None] | None = None
    ) -> str | None:
        store = open_store(self.path)
        store.connection.set_trace_callback(spy)
        try:
            since = None if days is None else START - timedelta(days=days)
            (outcome,) = listen.fetch(store, self.config, now=self.now, since=since, limit=limit)
            if triage:
                act.triage_new(store, self.config, now=self.now)
        finally:
            store.close()
        return outcome.error

    @precondition(lambda self: self.path.exists())
    @rule()
    def the_file_is_sound(self) -> None:
        store = open_store(self.path)
        assert store.integrity() == "ok"
        store.close()

    def teardown(self) -> None:
        if not hasattr(self, "network"):
            return
        good = 0
        for _ in range(100):  # every fault happens once, some of them only when a later page is asked for
            self.now += timedelta(days=1)
            good = good + 1 if self.fetch(None, None, True) is None else 0
            if good == 5:
                break
        assert good == 5
        store = open_store(self.path)
        self.check(store)
        store.close()
        memory.close(self.name)
        self.folder.cleanup()

    def check(self, store: Store) -> None:
        rows = store.rows("SELECT mention_id, external_id, text, deleted_at, case_id FROM mentions")
        alive = {row["external_id"]: row["text"] for row in rows if row["deleted_at"] is None}
        assert alive == {post.id: post.text for post in self.network.posts.values()}
        assert all(row["case_id"] is not None for row in rows)
        assert all(row["text"] == "" for row in rows if row["deleted_at"] is not None)
        numbers = {row["mention_id"] for row in rows if row["deleted_at"] is None}
        assert set(search.find(store, "acme", limit=10_000)) == numbers
        filed = store.rows("SELECT sum(mention_count) AS n FROM cases WHERE merged_into IS NULL")[0]["n"] or 0
        assert filed == len(rows)
        assert sources.begin(store, [(self.name, "memory")])[self.name].backfill is None


def in_a_child(work: Callable[[], object]) -> None:
    """Do `work` in a process that may not survive it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except (Stopped, KeyboardInterrupt):
            pass  # as a person wanted
        finally:
            os._exit(0)
    os.waitpid(child, 0)


Fetching.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestFetching = Fetching.TestCase
