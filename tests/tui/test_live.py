"""What others do appears by itself, and takes nothing away from the hands that are at work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from carecli.model import parse_iso
from tests.tui.sitting import run, sitting
from tests.world import NOW, World


@pytest.fixture
def desk(world: World) -> World:
    world.init()
    world.mentions(*({"id": str(n), "author": f"a{n}", "text": f"@acme my luggage {n} is lost!"} for n in range(1, 21)))
    return world


def test_new_mentions_and_claims_appear_and_the_cursor_stays(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk, size=(100, 24)) as person:
            await person.press("j", "j", "j")
            queue = person.app.queue
            case, line = queue.case, queue.place - queue.top
            desk.mentions({"id": "99", "author": "eve", "text": "@acme help, there is a fire on board, we will die"})
            await person.until(lambda: len(queue.order) == 21, "the new case")
            await person.rest()
            assert queue.case == case
            assert (queue.place - queue.top, queue.order[0]) == (line, 21)
            desk.run("claim", str(case), "--as", "kim")
            await person.until(lambda: "→kim" in person.text, "kim's claim")
            desk.mentions({"id": "100", "author": "a4", "in_reply_to": str(case), "text": "are you there?"})
            await person.until(lambda: "are you there?" in person.text, "the customer's second message")

    run(story())


def test_a_case_that_others_end_stays_in_view_until_the_cursor_leaves(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk, size=(100, 24)) as person:
            await person.press("j", "j")
            queue = person.app.queue
            case, after = queue.case, queue.order[3]
            desk.run("resolve", str(case), "--as", "kim")
            await person.until(lambda: " done " in person.text, "the end of the case")
            assert queue.case == case
            await person.press("c")
            assert f"case {case} is yours" in person.news
            await person.press("j")
            assert queue.case == after
            assert case not in queue.order

    run(story())


def test_half_written_words_and_their_cursor_stay(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk, size=(120, 40)) as person:
            await person.press("r")
            person.app.editor.area.select_all()
            await person.press("backspace")
            await person.type("Dear Zoe")
            await person.press("left", "left")
            where = person.app.editor.area.cursor_location
            case = person.app.queue.case
            desk.mentions({"id": "99", "author": "eve", "text": "@acme help, there is a fire on board, we will die"})
            await person.until(lambda: len(person.app.queue.order) == 21, "the new case")
            desk.run("resolve", str(case), "--as", "kim")
            await person.until(lambda: " done " in person.text, "the end of the case")
            area = person.app.editor.area
            assert (area.text, area.cursor_location, area.has_focus) == ("Dear Zoe", where, True)
            assert person.app.queue.case == case
            await person.type("!")
            assert area.text == "Dear Z!oe"

    run(story())


def test_clocks_go_on_without_a_key(desk: World) -> None:
    moment = [parse_iso(NOW)]

    def clock() -> datetime:
        return moment[0]

    async def story() -> None:
        async with sitting(desk, size=(100, 24), clock=clock) as person:
            before = person.lines[2]
            moment[0] += timedelta(hours=5)
            await person.until(lambda: person.lines[2] != before, "the next tick")
            assert "!!" in person.lines[2]

    run(story())


def test_only_what_is_shown_is_loaded(desk: World) -> None:
    desk.mentions(*({"id": f"m{n}", "author": f"b{n}", "text": "@acme my bill is wrong!"} for n in range(700)))

    async def story() -> None:
        async with sitting(desk, size=(100, 24)) as person:
            queue = person.app.queue
            assert len(queue.order) == 720
            assert len(queue.rows) < 150
            await person.press("end")
            assert "720 of 720" in person.text
            assert queue.case == queue.order[-1]
            assert all(number in queue.rows for number in queue.shown)
            assert len(queue.rows) < 200

    run(story())
