"""Threads, schedules, limits, deletions and links, over a network in memory that fails the way real ones do."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from carecli import act, listen, respond
from carecli.casework import casefile
from carecli.config import Brand, Config, Desk, Guardrails, Source
from carecli.config import Network as Net
from carecli.errors import Conflict, NotProcessed, PlatformError, RateLimited
from carecli.platforms import memory
from carecli.platforms.memory import Network, Post
from carecli.responding import current
from carecli.store import Store, cases, mentions, replies

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG = " ".join(
    f"Step {number}: open the page of trip {number} and choose the seat that you want." for number in range(20)
)


@pytest.fixture
def town() -> Iterator[Network]:
    made = memory.network("town")
    made.clock = lambda: NOW
    yield made
    memory.close("town")


def config(**desk: object) -> Config:
    settings = {"network": "town", "handle": "acme"}
    return Config(
        brand=Brand("Acme", ["acme"]),
        sources={"town": Source("town", "memory", settings=settings)},
        desk=Desk(**desk),  # type: ignore[arg-type]
        network=Net(allow_private=True),
    )


def asked(store: Store, town: Network, settings: Config, text: str = "@acme how do I choose a seat?") -> Post:
    post = town.say("zoe", text, at=NOW - timedelta(minutes=10))
    listen.fetch(store, settings, now=NOW)
    act.triage_new(store, settings, now=NOW)
    return post


def answers(town: Network) -> list[str]:
    return [post.text for post in town.posts.values() if post.author.handle == "acme"]


def threaded(store: Store, settings: Config) -> int:
    parts = respond.parts_of(store, settings, 1, LONG)
    return respond.approve(store, 1, LONG, now=NOW, agent="leo", parts=parts)


def test_a_long_reply_goes_out_as_a_thread(store: Store, town: Network) -> None:
    settings = config()
    first = asked(store, town, settings)
    number = threaded(store, settings)
    (row,) = respond.send(store, settings, [number], now=NOW)
    assert row["status"] == "sent"
    out = [post for post in town.posts.values() if post.author.handle == "acme"]
    assert [post.text[-3:] for post in out] == [f"{n}/{len(out)}" for n in range(1, len(out) + 1)]
    assert [post.reply_to for post in out] == [first.id, *(post.id for post in out[:-1])]
    assert " ".join(post.text[:-4] for post in out) == LONG
    act.triage_new(store, settings, now=NOW)
    listen.fetch(store, settings, now=NOW)
    act.triage_new(store, settings, now=NOW)
    found = casefile.case_file(store, settings, 1, now=NOW)
    assert (len(found.mentions), found.case["status"]) == (1 + len(out), "pending")


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_thread_that_breaks_off_goes_on_where_it_stopped(store: Store, town: Network, lost: int) -> None:
    settings = config()
    asked(store, town, settings)
    number = threaded(store, settings)
    real, count = town.accept, 0

    def accept(*args: object, **more: object) -> Post:
        nonlocal count
        if count == lost:
            town.lose_answer()
        count += 1
        return real(*args, **more)  # type: ignore[arg-type]

    town.accept = accept  # type: ignore[method-assign]
    (row,) = respond.send(store, settings, [number], now=NOW)
    assert row["status"] == "unsure"
    assert replies.parts_out(store, number) == lost
    (row,) = respond.send(store, settings, None, now=NOW)
    assert row["status"] == "sent"
    parts = [part["text"] for part in replies.parts(store, number)]
    assert answers(town) == parts


def test_a_thread_that_is_refused_half_way_says_so_and_can_go_on(store: Store, town: Network) -> None:
    settings = config()
    asked(store, town, settings)
    number = threaded(store, settings)
    real, count = town.accept, 0

    def accept(*args: object, **more: object) -> Post:
        nonlocal count
        count += 1
        if count == 2:
            raise NotProcessed("too many words today", status=422)
        return real(*args, **more)  # type: ignore[arg-type]

    town.accept = accept  # type: ignore[method-assign]
    (row,) = respond.send(store, settings, [number], now=NOW)
    assert (row["status"], replies.parts_out(store, number)) == ("failed", 1)
    (row,) = respond.send(store, settings, [number], now=NOW)
    assert row["status"] == "sent"
    assert answers(town) == [part["text"] for part in replies.parts(store, number)]


def test_a_reply_waits_for_its_time(store: Store, town: Network) -> None:
    settings = config()
    asked(store, town, settings)
    later = NOW + timedelta(hours=2)
    number = respond.approve(store, 1, "In the app, Zoe.", now=NOW, send_at=later)
    assert respond.send(store, settings, None, now=NOW) == []
    assert answers(town) == []
    (row,) = respond.send(store, settings, None, now=later)
    assert (row["reply_id"], row["status"]) == (number, "sent")


def test_a_scheduled_reply_does_not_go_out_into_another_conversation(store: Store, town: Network) -> None:
    settings = config()
    first = asked(store, town, settings)
    later = NOW + timedelta(hours=2)
    number = respond.approve(store, 1, "In the app, Zoe.", now=NOW, send_at=later)
    town.say("zoe", "@acme never mind, I found it", reply_to=first, at=NOW)
    listen.fetch(store, settings, now=NOW)
    act.triage_new(store, settings, now=NOW)
    (row,) = respond.send(store, settings, None, now=later)
    assert row["status"] == "failed"
    assert "has written since" in row["last_error"]
    assert answers(town) == []
    assert respond.send(store, settings, [number], now=later)[0]["status"] == "sent"


def test_what_waited_by_itself_does_not_go_out_into_another_conversation(store: Store, town: Network) -> None:
    settings = config()
    first = asked(store, town, settings)
    number = respond.approve(store, 1, "In the app, Zoe.", now=NOW)
    town.say("zoe", "@acme never mind, I found it", reply_to=first, at=NOW)
    listen.fetch(store, settings, now=NOW)
    act.triage_new(store, settings, now=NOW)
    (row,) = respond.send(store, settings, None, now=NOW)
    assert (row["status"], answers(town)) == ("failed", [])
    assert respond.send(store, settings, [number], now=NOW)[0]["status"] == "sent"


def test_an_edit_stops_what_was_to_go_out_later(store: Store, town: Network) -> None:
    settings = config()
    first = asked(store, town, settings)
    later = NOW + timedelta(hours=2)
    respond.approve(store, 1, "In the app, Zoe.", now=NOW, send_at=later)
    town.clock = lambda: NOW + timedelta(minutes=1)
    town.edit(first, "@acme found it, sorry")
    listen.fetch(store, settings, now=NOW + timedelta(minutes=1))
    (row,) = respond.send(store, settings, None, now=later)
    assert (row["status"], answers(town)) == ("failed", [])
    assert "has edited a message since" in row["last_error"]


def test_an_approval_of_a_private_message_is_none_of_a_public_one(store: Store, town: Network) -> None:
    settings = config()
    asked(store, town, settings)
    draft = respond.propose(store, settings, 1, "Hello.", [], now=NOW, agent="mia", voice=None, private=True)
    respond.decide(store, draft, approve=True, now=NOW, agent="kim")
    with pytest.raises(Conflict, match="approved as a private message"):
        respond.approve(store, 1, "Hello.", now=NOW, agent="mia", draft=draft)
    assert respond.approve(store, 1, "Hello.", now=NOW, agent="mia", draft=draft, private=True)


@pytest.mark.parametrize("name", ["mia", "Mia"])
def test_nobody_approves_their_own(store: Store, town: Network, name: str) -> None:
    settings = config()
    asked(store, town, settings)
    draft = respond.propose(store, settings, 1, "Hello.", [], now=NOW, agent="mia", voice=None)
    with pytest.raises(Conflict, match="your own"):
        respond.decide(store, draft, approve=True, now=NOW, agent=name)


def test_no_more_than_so_many_replies_a_minute(store: Store, town: Network) -> None:
    settings = config(per_minute=2)
    for number in range(3):
        town.say(f"c{number}", "@acme how do I choose a seat?", at=NOW)
    listen.fetch(store, settings, now=NOW)
    act.triage_new(store, settings, now=NOW)
    for case in (1, 2, 3):
        respond.approve(store, case, f"In the app, number {case}.", now=NOW)
    assert [row["status"] for row in respond.send(store, settings, None, now=NOW)] == ["sent", "sent", "approved"]
    later = NOW + timedelta(minutes=2)
    assert [row["status"] for row in respond.send(store, settings, None, now=later)] == ["sent"]


def test_a_platform_that_asks_to_wait_keeps_the_reply_ready(store: Store, town: Network) -> None:
    settings = config()
    asked(store, town, settings)
    respond.approve(store, 1, "In the app, Zoe.", now=NOW)
    town.refuse_post(RateLimited("slow down", retry_after=60))
    assert respond.send(store, settings, None, now=NOW)[0]["status"] == "approved"
    assert respond.send(store, settings, None, now=NOW)[0]["status"] == "sent"


def test_a_post_that_is_gone_is_shown_and_not_answered(store: Store, town: Network) -> None:
    settings = config()
    post = asked(store, town, settings)
    number = respond.approve(store, 1, "In the app, Zoe.", now=NOW)
    town.delete(post)
    assert respond.send(store, settings, [number], now=NOW)[0]["status"] == "failed"
    found = casefile.case_file(store, settings, 1, now=NOW)
    assert "deleted" in [event["kind"] for event in found.events]
    assert mentions.get(store, 1)["deleted_at"] is not None
    assert "deleted" in [one.rule for one in respond.check(store, settings, 1, "In the app.", now=NOW)]


def test_an_answer_that_came_meanwhile_stops_the_second_one(store: Store, town: Network) -> None:
    settings = config()
    asked(store, town, settings)
    known = current.seen(store, cases.get(store, 1))
    first = respond.approve(store, 1, "In the app, Zoe.", now=NOW, agent="leo", known=known)
    respond.send(store, settings, [first], now=NOW)
    act.triage_new(store, settings, now=NOW)
    with pytest.raises(Conflict, match="answered meanwhile"):
        respond.approve(store, 1, "On the page, Zoe.", now=NOW, agent="leo", known=known)


def test_a_person_decides_about_a_reply_that_a_platform_lost(store: Store, town: Network) -> None:
    settings = config()
    asked(store, town, settings)
    number = respond.approve(store, 1, "In the app, Zoe.", now=NOW)
    town.refuse_post(PlatformError("the line is dead"))
    assert respond.send(store, settings, [number], now=NOW)[0]["status"] == "unsure"
    assert respond.resolve_unsure(store, number, went_out=False, now=NOW)["status"] == "approved"


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/ok": 200, "/moved": 301}.get(self.path, 404)
        self.send_response(status)
        if status == 301:
            self.send_header("Location", "/ok")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("path", "words"), [("/ok", None), ("/moved", "leads on to /ok"), ("/gone", "status 404")])
def test_links_are_opened_before_a_reply_goes_out(
    store: Store, town: Network, site: str, path: str, words: str | None
) -> None:
    settings = config()
    asked(store, town, settings)
    found = respond.check(store, settings, 1, f"See {site}{path} please.", now=NOW, follow_links=True)
    messages = [one.message for one in found if one.rule == "link-lands"]
    assert len(messages) == (words is not None)
    assert words is None or words in messages[0]


def test_links_into_the_own_network_are_not_opened(store: Store, town: Network, site: str) -> None:
    from dataclasses import replace

    settings = replace(config(), network=Net())
    asked(store, town, settings)
    found = respond.check(store, settings, 1, f"See {site}/ok please.", now=NOW, follow_links=True)
    assert "private network" in next(one.message for one in found if one.rule == "link-lands")
    closed = replace(settings, guardrails=Guardrails(check_links=False))
    found = respond.check(store, closed, 1, f"See {site}/ok please.", now=NOW, follow_links=True)
    assert all(one.rule != "link-lands" for one in found)
