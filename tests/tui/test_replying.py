"""A reply: drafts, findings while it is written, its length as the platform counts, kept as typed, sent once."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

import pytest

from carecli.errors import NotProcessed
from carecli.model import parse_iso
from carecli.platforms.memory import LIMIT
from tests.cli.terminal import spawn
from tests.tui.sitting import Sitting, run, sitting
from tests.tui.town import Town, at, clear, heading, ours, writing
from tests.world import NOW, World


def test_from_a_draft_to_an_answer(town: Town) -> None:
    async def story() -> None:
        async with sitting(town.world, size=(130, 40)) as person:
            await at(person, "zoe")
            case = person.app.queue.case
            await person.press("r")
            assert "Reply to Zoe Quinn · public" in heading(person)
            assert "draft 1/" in heading(person)
            first = person.app.editor.area.text
            await person.press("ctrl+n")
            assert person.app.editor.area.text != first
            await clear(person)
            await person.type("Sorry, Zoe: your luggage is found, it lands at 21:40 tonight.")
            assert f"61/{LIMIT}" in heading(person)
            await person.press("ctrl+s")
            assert "Send in public to Zoe Quinn?" in person.text
            await person.press("escape")
            assert person.news == "Not sent."
            await person.press("ctrl+s", "y")
            assert person.news.startswith(f"Case {case} answered:")
            assert person.app.queue.case != case
            assert not person.app.editor.writing
            assert town.world.json("show", str(case))["status"] == "pending"

    run(story())
    ours = [post for post in town.network.posts.values() if post.author.handle == "acme"]
    assert [post.text for post in ours] == ["Sorry, Zoe: your luggage is found, it lands at 21:40 tonight."]


def test_findings_follow_the_words_and_what_blocks_is_not_sent(town: Town) -> None:
    async def story() -> None:
        async with writing(town, "Please send your card number 4111 1111 1111 1111 here.") as person:
            assert "must be changed" in person.text
            await person.press("ctrl+s")
            assert person.news.startswith("Not sent:")
            await clear(person)
            person.app.editor.area.insert("x" * (LIMIT + 2))
            await person.rest()
            assert "TOO LONG by 2" in heading(person)
            await person.press("ctrl+s")
            assert person.news.startswith("Not sent:")
            await clear(person)
            await person.press("ctrl+s")
            assert person.news == "Not sent: there is no text"
            await person.press("ctrl+t")
            assert "PRIVATE" in heading(person)

    run(story())
    assert [post for post in town.network.posts.values() if post.author.handle == "acme"] == []


async def sent_once_read(person: Sitting, what: str) -> None:
    """The first try to send stops, with the words still there; the second one, with others, answers."""
    await person.press("ctrl+s", "y")
    assert f"{what}, then send again" in person.news
    assert person.app.editor.writing
    await clear(person)
    await person.type("Good to hear, Zoe!")
    await person.press("ctrl+s", "y")
    assert "answered" in person.news


def test_who_writes_meanwhile_is_read_first(town: Town) -> None:
    async def story() -> None:
        async with writing(town, "We look for your luggage now, Zoe.") as person:
            asked = next(post for post in town.network.posts.values() if post.author.handle == "zoe")
            town.network.clock = lambda: parse_iso(NOW) - timedelta(minutes=1)
            town.network.say("zoe", "Forget it, I have found it.", reply_to=asked)
            person.app.do_fetch()
            await person.rest()
            assert "NEW MESSAGE: read it first" in heading(person)
            assert "Forget it, I have found it." in person.text
            assert person.app.editor.area.text == "We look for your luggage now, Zoe."
            await sent_once_read(person, "read the new message")

    run(story())
    assert ours(town) == ["Good to hear, Zoe!"]


def test_what_the_customer_has_edited_is_read_again_first(town: Town) -> None:
    async def story() -> None:
        async with writing(town, "We look for your luggage now, Zoe.") as person:
            asked = next(post for post in town.network.posts.values() if post.author.handle == "zoe")
            town.network.edit(asked, "@acme never mind, I have found my luggage")
            person.app.do_fetch()
            await person.rest()
            assert "EDITED: read it again first" in heading(person)
            await sent_once_read(person, "read it again")

    run(story())
    assert ours(town) == ["Good to hear, Zoe!"]


def test_half_a_reply_that_the_customer_has_overtaken_is_not_sent_unread(town: Town) -> None:
    async def story() -> None:
        async with writing(town, "We look for your luggage now, Zoe.") as person:
            await person.press("escape")
            asked = next(post for post in town.network.posts.values() if post.author.handle == "zoe")
            town.network.clock = lambda: parse_iso(NOW) - timedelta(minutes=1)
            town.network.say("zoe", "Forget it, I have found it.", reply_to=asked)
            person.app.do_fetch()
            await person.rest()
        async with sitting(town.world, size=(130, 40)) as person:
            await at(person, "zoe")
            await person.press("r")
            assert "NEW MESSAGE since you began" in heading(person)
            await person.press("ctrl+s", "y")
            assert "read the new message, then send again" in person.news
            assert "Forget it, I have found it." in person.text
            await person.press("ctrl+s", "y")
            assert "answered" in person.news

    run(story())
    ours = [post.text for post in town.network.posts.values() if post.author.handle == "acme"]
    assert ours == ["We look for your luggage now, Zoe."]


def test_a_platform_that_refuses_leaves_the_reply_in_the_outbox(town: Town) -> None:
    town.network.refuse_post(NotProcessed("the text is not wanted here"))

    async def story() -> None:
        async with writing(town, "We look for your luggage now, Zoe.") as person:
            await person.press("ctrl+s", "y")
            assert "is failed: the text is not wanted here" in person.news

    run(story())
    assert [reply["status"] for reply in town.world.json("outbox")] == ["failed"]


def test_what_needs_another_persons_word_waits_for_it(town: Town) -> None:
    text = town.world.config.read_text(encoding="utf-8")
    town.world.config.write_text(text + "\n[voices.acme]\napproval = true\n", encoding="utf-8")

    async def story() -> None:
        async with writing(town, "We look for your luggage now, Zoe.") as person:
            await person.press("ctrl+s", "y")
            assert "needs a second person's word" in person.news
            assert "care draft approve" in person.news

    run(story())
    assert [post for post in town.network.posts.values() if post.author.handle == "acme"] == []
    assert town.world.json("outbox") == []


def test_half_a_reply_is_kept_and_a_proposal_as_it_came_is_not(town: Town) -> None:
    async def story() -> None:
        async with sitting(town.world) as person:
            await at(person, "zoe")
            case = person.app.queue.case
            await person.press("r", "escape")
            assert person.app.queue.unsent == set()
            await person.press("r")
            await clear(person)
            await person.type("Dear Zoe, half a")
            await person.press("escape")
            assert "its line has a w" in person.news
            assert any(line.startswith(">") and f"w{case:>5}" in line for line in person.lines)
        async with sitting(town.world) as person:
            assert "1 half-written (w)" in person.lines[0]
            await person.press("end", "home", "j" if person.app.queue.case == case else "k")
            assert person.app.queue.case != case
            await person.press("g")
            await person.type("w\n")
            assert person.app.queue.case == case
            await person.press("r")
            assert person.news == "What you had begun is here again."
            assert person.app.editor.area.text == "Dear Zoe, half a"
            await person.press("ctrl+l", "escape")
            assert person.app.editor.writing
            await person.press("ctrl+l", "y")
            assert person.news == "Thrown away; u brings it back."
            await person.press("r")
            assert "half a" not in person.app.editor.area.text
        async with sitting(town.world, agent="kim") as person:
            assert person.app.queue.unsent == set()

    run(story())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_half_a_reply_survives_a_kill(world: World) -> None:
    world.init()
    world.mentions({"id": "1", "text": "@acme my luggage is lost and nobody answers!"})
    child = spawn(world, "triage")
    child.expect("my luggage is lost")
    child.send("r")
    child.expect("Reply to")
    for character in "Dear Zoe,":
        child.send(character)
    child.expect("kept", timeout=30)
    _until_kept(world, "Dear Zoe,")
    os.kill(child.pid, signal.SIGKILL)
    child.close(force=True)

    async def story() -> None:
        async with sitting(world, size=(130, 40)) as person:
            await person.press("r")
            assert "Dear Zoe," in person.app.editor.area.text
            assert person.news == "What you had begun is here again."

    run(story())


def _until_kept(world: World, words: str) -> None:
    import sqlite3
    import time

    for _ in range(600):
        connection = sqlite3.connect(world.db)
        kept = [row[0] for row in connection.execute("SELECT text FROM unsent")]
        connection.close()
        if any(words in text for text in kept):
            return
        time.sleep(0.05)
    raise AssertionError("nothing was kept")


def test_steering_characters_do_not_get_into_the_text(town: Town) -> None:
    town.network.account("eve", name="Eve\x1b]52;c;eA==\x07\u202e\x9b2J")
    town.network.say("eve", "@acme my luggage is lost!", language="en")

    async def story() -> None:
        async with sitting(town.world, size=(130, 40)) as person:
            await at(person, "eve")
            await person.press("r")
            for _ in range(3):
                text = person.app.editor.area.text
                assert not any(c in text for c in "\x1b\x07\u202e\x9b")
                await person.press("ctrl+n")
            person.app.copy_to_clipboard("x\x1b[31m\u202ey")
            await person.press("ctrl+v")
            assert "\x1b" not in person.text
            assert "\u202e" not in person.text

    run(story())


def test_what_blocks_goes_out_with_a_reason_that_is_logged(town: Town) -> None:
    numbers: list[int | None] = []

    async def story() -> None:
        async with sitting(town.world, size=(130, 40)) as person:
            await at(person, "zoe")
            numbers.append(person.app.queue.case)
            await person.press("r")
            await clear(person)
            await person.press("ctrl+o")
            assert "Nothing blocks this reply" in person.news
            await person.type("Please tell us your passport number, Zoe.")
            assert "block:" in person.text
            await person.press("ctrl+o", "enter")
            assert "an override needs a reason" in person.news
            await person.press("ctrl+o")
            await person.type("the authority asks for it\n")
            assert "AGAINST" in person.text
            await person.press("escape")
            assert person.news == "Not sent."
            await person.press("ctrl+s")
            assert person.news.startswith("Not sent:")
            await person.press("ctrl+o")
            await person.type("the authority asks for it\n")
            await person.press("y")
            assert "answered" in person.news

    run(story())
    assert ours(town) == ["Please tell us your passport number, Zoe."]
    events = town.world.json("show", str(numbers[0]))["events"]
    assert any("the authority asks for it" in str(event["data"]) for event in events)


def test_what_is_final_cannot_be_overridden(town: Town) -> None:
    async def story() -> None:
        async with writing(town) as person:
            person.app.editor.area.insert("so long " * (LIMIT // 7))
            await person.rest()
            await person.press("ctrl+o")
            assert "length cannot be overridden" in person.news

    run(story())
    assert ours(town) == []


def test_a_long_reply_goes_out_as_a_thread(town: Town) -> None:
    words = " ".join(f"We looked into shelf {number} of the hall." for number in range(LIMIT // 25))

    async def story() -> None:
        async with writing(town) as person:
            person.app.editor.area.insert(words)
            await person.rest()
            await person.press("ctrl+s")
            assert person.news.startswith("Not sent:")
            await person.press("ctrl+r")
            assert "as a THREAD" in heading(person)
            await person.press("ctrl+s")
            assert "public posts to Zoe Quinn" in person.text
            assert "1 of " in person.text
            await person.press("y")
            assert "answered" in person.news

    run(story())
    assert len(ours(town)) > 1
    assert "shelf 0 " in ours(town)[0]


def test_a_reply_may_go_out_later(town: Town) -> None:
    async def story() -> None:
        async with writing(town, "We look for your luggage now, Zoe.") as person:
            await person.press("ctrl+g")
            await person.type("yesterday\n")
            assert person.app.editor.later == ""
            assert "future" in person.text
            await person.press("ctrl+u")
            await person.type("2h\n")
            assert "goes out 2h" in heading(person)
            await person.press("ctrl+s", "y")
            assert "goes out Fri 20 Nov 14:00" in person.news

    run(story())
    assert ours(town) == []
    assert [reply["status"] for reply in town.world.json("outbox")] == ["approved"]
