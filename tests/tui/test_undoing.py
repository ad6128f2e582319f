"""`u`: whatever a person did at the screen can be taken back, a reply too as long as it is not out."""

from __future__ import annotations

import pytest
from textual.events import Key

from carecli.errors import NotProcessed
from tests.tui.sitting import Sitting, run, sitting
from tests.tui.town import Town, ours, writing
from tests.world import World

WORDS = "We look for your luggage now, Zoe."


@pytest.fixture
def desk(world: World) -> World:
    world.init()
    world.mentions(*({"id": str(n), "author": f"a{n}", "text": f"@acme my luggage {n} is lost!"} for n in range(1, 9)))
    return world


async def begun_again(person: Sitting) -> str:
    """What is in the editor when the reply is opened again."""
    await person.press("r")
    assert person.news == "What you had begun is here again."
    return person.app.editor.area.text


def test_a_draft_that_waits_for_a_second_person_is_ones_own_again(town: Town) -> None:
    text = town.world.config.read_text(encoding="utf-8")
    town.world.config.write_text(text + "\n[voices.acme]\napproval = true\n", encoding="utf-8")

    async def story() -> None:
        async with writing(town, WORDS) as person:
            await person.press("ctrl+s", "y")
            (draft,) = town.world.json("draft", "list", "--waiting")
            assert draft["text"] == WORDS
            await person.press("u")
            assert person.news == f"undone: proposed draft {draft['draft_id']}"
            assert await begun_again(person) == WORDS
            await person.press("ctrl+s", "y", "u")

    run(story())
    assert town.world.json("draft", "list", "--waiting") == []
    assert ours(town) == []


def test_what_somebody_else_has_agreed_to_is_not_taken_back(town: Town) -> None:
    text = town.world.config.read_text(encoding="utf-8")
    town.world.config.write_text(text + "\n[voices.acme]\napproval = true\n", encoding="utf-8")

    async def story() -> None:
        async with writing(town, WORDS) as person:
            await person.press("ctrl+s", "y")
            (draft,) = town.world.json("draft", "list", "--waiting")
            town.world.run("draft", "approve", str(draft["draft_id"]), "--as", "kim")
            await person.press("u")
            assert f"draft {draft['draft_id']} is approved by now" in person.news

    run(story())


def test_a_scheduled_reply_comes_back_and_so_does_the_claim_that_it_brought(town: Town) -> None:
    async def story() -> None:
        async with writing(town, WORDS) as person:
            case = str(person.app.queue.case)
            await person.press("ctrl+g")
            await person.type("2h\n")
            await person.press("ctrl+s", "y")
            assert town.world.json("show", case)["assignee"] == "leo"
            await person.press("u")
            assert person.news.startswith("undone: scheduled reply")
            assert town.world.json("show", case)["assignee"] is None
            assert await begun_again(person) == WORDS

    run(story())
    assert town.world.json("outbox") == []
    assert ours(town) == []


def test_a_scheduled_reply_that_is_gone_by_now_takes_nothing_else_with_it(town: Town) -> None:
    async def story() -> None:
        async with writing(town, WORDS) as person:
            case = str(person.app.queue.case)
            await person.press("ctrl+g")
            await person.type("2h\n")
            await person.press("ctrl+s", "y")
            (row,) = town.world.json("outbox")
            town.world.run("outbox", "cancel", str(row["reply_id"]), "--as", "kim")
            await person.press("u")
            assert f"reply {row['reply_id']} is cancelled" in person.news
            assert town.world.json("show", case)["assignee"] == "leo"

    run(story())


def test_a_reply_that_failed_comes_back_and_one_that_is_out_stays_out(town: Town) -> None:
    town.network.refuse_post(NotProcessed("the text is not wanted here"))

    async def story() -> None:
        async with writing(town, WORDS) as person:
            await person.press("ctrl+s", "y")
            assert "is failed" in person.news
            await person.press("u")
            assert town.world.json("outbox") == []
            case = person.app.queue.case
            await person.press("c")
            assert await begun_again(person) == WORDS
            await person.press("ctrl+s", "y")
            assert "answered" in person.news
            await person.press("u")
            assert f"case {case} is answered: what is out stays out" in person.news
            await person.press("u")
            assert person.news == f"undone: case {case} is yours"

    run(story())
    assert ours(town) == [WORDS]


def test_words_that_were_thrown_away_come_back(town: Town) -> None:
    async def story() -> None:
        async with writing(town, WORDS) as person:
            await person.press("ctrl+l", "y", "u")
            assert person.news.startswith("undone: threw away the reply to case")
            assert await begun_again(person) == WORDS

    run(story())


def test_words_that_come_before_the_editor_or_a_question_are_no_actions(desk: World) -> None:
    waiting = desk.json("queue")

    async def story() -> None:
        async with sitting(desk) as person:
            case = person.app.queue.case
            for key in ("r", "x", "e", "c"):
                person.app.post_message(Key(key, key))
            await person.rest()
            assert person.app.editor.area.text.endswith("xec")
            await person.press("ctrl+l", "y")
            for key in ("n", "x", "e", "c", "enter"):
                person.app.post_message(Key(key, key if len(key) == 1 else None))
            await person.rest()
            assert person.news == f"case {case} noted."
            notes = [event["data"] for event in desk.json("show", str(case))["events"] if event["kind"] == "noted"]
            assert notes == [{"text": "xec"}]

    run(story())
    assert [one["status"] for one in desk.json("queue")] == [one["status"] for one in waiting]


def test_keys_that_come_faster_than_the_disk_each_meet_a_case_of_their_own(desk: World) -> None:
    waiting = desk.json("queue")

    async def story() -> None:
        async with sitting(desk) as person:
            order = list(person.app.queue.order)
            await person.pilot.press("e", "x", "p", "e")
            await person.rest()
            assert person.app.queue.order == order[4:]
            found = [desk.json("show", str(case)) for case in order[:4]]
            assert [one["status"] for one in found] == ["resolved", "open", "pending", "resolved"]
            assert found[1]["intent"] == "spam"
            await person.pilot.press("u", "u", "u", "u")
            await person.rest()
            assert person.app.queue.order == order

    run(story())
    assert desk.json("queue") == waiting
