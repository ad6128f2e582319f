"""Every key does what its command does, and what it did can be taken back; the database is asked what it holds."""

from __future__ import annotations

import pytest

from tests.respond.model import parrot
from tests.tui.sitting import run, sitting
from tests.world import World


@pytest.fixture
def desk(world: World) -> World:
    """Three open conversations."""
    world.init()
    world.mentions(
        {"id": "1", "text": "@acme my luggage is lost and nobody answers!", "url": "https://social.example/1"},
        {"id": "2", "author": "bob", "text": "@acme when do you open on Sunday?"},
        {"id": "3", "author": "kim", "text": "@acme my bill is wrong, this is a scandal!"},
    )
    return world


def state(world: World, case: int) -> dict[str, object]:
    found = world.json("show", str(case))
    return {key: found[key] for key in ("status", "assignee", "tags", "intent", "sentiment", "language", "topics")}


def whole(world: World, case: int) -> dict[str, object]:
    """Everything that the fold and the engine say of a case, as `care show` and `care queue --all` tell it."""
    shown = world.json("show", str(case))
    listed = next(one for one in world.json("queue", "--all") if one["case"] == case)
    return {"listed": listed, **{key: value for key, value in shown.items() if key not in ("events", "drafts")}}


def kinds(world: World, case: int) -> list[str]:
    return [event["kind"] for event in world.json("show", str(case))["events"]]


@pytest.mark.parametrize(
    ("keys", "words", "changed"),
    [
        ("c", "is yours", {"assignee": "leo"}),
        ("e", "resolved", {"status": "resolved"}),
        ("p", "pending", {"status": "pending"}),
        ("x", "is spam", {"intent": "spam"}),
        ("s3", "sentiment is positive", {"sentiment": "positive"}),
        ("i3", "intent is request", {"intent": "request"}),
        ("lpl\n", "language is pl", {"language": "pl"}),
        ("Tlost bags, airport\n", "topics are lost bags, airport", {"topics": ["lost bags", "airport"]}),
        ("akim\n", "is kim's now", {"assignee": "kim"}),
        ("tvip airport\n", "tagged", {"tags": ["vip", "airport"]}),
        ("z2h\n", "snoozed until Fri 20 Nov 14:00", {"status": "snoozed"}),
        ("ncalled them\n", "noted", {}),
        ("Ekim\nshe threatens to sue\n", "is escalated to kim", {"assignee": "kim"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_acts_and_u_takes_it_back(desk: World, keys: str, words: str, changed: dict[str, object]) -> None:
    async def story() -> None:
        async with sitting(desk, size=(170, 40)) as person:
            case = person.app.queue.case
            assert case is not None
            before, everything = state(desk, case), whole(desk, case)
            await person.press(keys[0])
            await person.type(keys[1:])
            assert f"case {case} {words}" in person.news or words in person.news
            assert state(desk, case) == before | changed
            if keys[0] == "n":
                assert "leo, 0s ago: called them" in person.text
            if keys[0] == "E":
                assert "leo, 0s ago: Escalated to kim:" in person.text
            await person.press("u")
            assert "undone" in person.news
            assert whole(desk, case) == everything
            assert person.app.queue.case == case
            if keys[0] == "n":
                assert "leo, 0s ago: called them" not in person.text
        assert kinds(desk, case)[-1] == "undone"

    run(story())


def test_a_reopened_case_is_taken_back_too(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk) as person:
            case = person.app.queue.case
            assert case is not None
            desk.run("resolve", str(case), "--as", "kim")
            before = whole(desk, case)
            await person.press("o")
            assert state(desk, case)["status"] == "open"
            await person.press("u")
            assert whole(desk, case) == before

    run(story())


def test_escalating_goes_to_people_whom_the_desk_knows(desk: World) -> None:
    text = desk.config.read_text(encoding="utf-8")
    roster = '\n[agents.kim]\n[agents.lee]\nlanguages = ["he"]\n[desk]\nnamed = { money = ["ann"] }\n'
    desk.config.write_text(text + roster, encoding="utf-8")
    desk.run("label", "3", "--topic", "money")

    async def story() -> None:
        async with sitting(desk, case=3) as person:
            await person.press("E")
            assert "ann answers money" in person.text
            assert person.app.screen.focused.value == "ann"  # type: ignore[union-attr]
            await person.press("ctrl+u")
            await person.type("kum\n")
            assert "nobody is called 'kum' → is kim meant?" in person.text
            await person.press("ctrl+u")
            await person.type("ann\n\n")
            assert "an escalation needs a reason" in person.text
            assert state(desk, 3)["assignee"] is None
            await person.type("40 euros too much\n")
            assert "is escalated to ann" in person.news

    run(story())
    shown = desk.json("show", "3")
    assert shown["assignee"] == "ann"
    assert shown["events"][-1]["data"] == {"text": "Escalated to ann: 40 euros too much"}


def test_a_gloss_is_asked_for_only_where_care_toml_says_so(desk: World) -> None:
    desk.mentions({"id": "9", "author": "dana", "text": "@acme המזוודה שלי אבדה, תתקשרו 054-1234567"})

    async def refused() -> None:
        async with sitting(desk, size=(80, 24), case=4) as person:
            await person.press("G")
            assert '[display] gloss = "en"' in person.text
            assert "(carecli[llm])" in person.text  # the end of an error is what to do about it

    async def glossed(asked: list[tuple[str, str]]) -> None:
        async with sitting(desk, case=4) as person:
            assert asked == []
            await person.press("G")
            assert "≈ my [b]suitcase[/b] is lost" in person.text
            assert "\x1b" not in person.text
            await person.press("G")
            assert "suitcase" not in person.text
            await person.press("G")
            assert "the model gave no gloss" in person.news

    with parrot('Here: ["my [b]suitcase[/b] is lost\\u001b[2J"]') as model:
        run(refused())
        text = desk.config.read_text(encoding="utf-8")
        desk.config.write_text(text + '\n[display]\ngloss = "en"\n[llm]\nmodel = "parrot"\n', encoding="utf-8")
        run(glossed(model.asked))
        system, prompt = model.asked[0]
        assert "language 'en'" in system
        assert "המזוודה" in prompt
        assert "1234567" not in prompt
        assert "acme" not in prompt


def test_an_undone_resolution_leaves_the_clock_where_it_was(desk: World) -> None:
    waiting = {case["case"]: (case["waiting_since"], case["sla"]) for case in desk.json("queue")}

    async def story() -> None:
        async with sitting(desk) as person:
            await person.press("e", "e", "u", "u")

    run(story())
    assert {case["case"]: (case["waiting_since"], case["sla"]) for case in desk.json("queue")} == waiting


def test_what_is_finished_makes_way_for_the_next_and_others_stay(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk) as person:
            order = list(person.app.queue.order)
            await person.press("e")
            assert (person.app.queue.order, person.app.queue.case) == (order[1:], order[1])
            await person.press("c")
            assert person.app.queue.case == order[1]
            await person.press("down", "p")
            assert person.app.queue.case == order[1]

    run(story())


def test_several_at_once_are_one_deed(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk) as person:
            await person.press("space", "space", "e")
            assert person.news == "2 cases resolved."
            assert len(person.app.queue.order) == 1
            await person.press("u")
            assert len(person.app.queue.order) == 3
            await person.press("*", "t")
            await person.type("fair\n")
            assert person.news == "3 cases tagged."
            await person.press("escape", "*", "escape")
            assert person.app.queue.selected == set()

    run(story())
    assert all(case["tags"] == ["fair"] for case in desk.json("queue"))


def test_a_claim_that_comes_too_late_says_so(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk) as person:
            case = person.app.queue.case
            desk.run("claim", str(case), "--as", "kim")
            await person.press("c")
            assert f"case {case} is kim's" in person.news
            assert "care assign" in person.news

    run(story())


def test_wrong_words_change_nothing(desk: World) -> None:
    before = [kinds(desk, case) for case in (1, 2, 3)]

    async def story() -> None:
        async with sitting(desk) as person:
            order = list(person.app.queue.order)
            for keys, complaint in (
                ("g99\n", "there is no case 99"),
                ("gabc\n", "no case's number"),
                ("u", "there is nothing of leo to undo"),
            ):
                await person.press(keys[0])
                await person.type(keys[1:])
                assert complaint in person.news, keys
            for keys, complaint in (
                ("zyesterday\n", "not in the future"),
                ("zsoonish\n", "soonish"),
                ("l!!\n", "no language code"),
                ("lhello\n", "no language code"),
                ("t-\n", "no tag was given"),
                ("/--assigne leo\n", "is --assignee meant?"),
                ("/lang:he\n", "is language:he meant?"),
                ("/topics=bills\n", "is topic=bills meant?"),
                ("/sla:late\n", "one of ok, due"),
            ):
                await person.press(keys[0])
                await person.type(keys[1:])
                assert complaint in person.text, keys
                assert person.app.screen.focused.value == keys[1:-1]  # type: ignore[union-attr]
                await person.press("escape")
                assert (person.app.queue.order, person.app.queue.place) == (order, 0)
            for keys in ("n\n", "z\n", "t\n"):
                await person.press(keys[0])
                await person.type(keys[1:])
            for key in "nztaslTi/g":
                await person.press(key, "escape")

    run(story())
    assert [kinds(desk, case) for case in (1, 2, 3)] == before


def test_filters_speak_the_language_of_the_queue(desk: World) -> None:
    expected = {
        "intent:question": [2],
        "--intent question": [2],
        "intent=question": [2],
        "intent question": [],
        "luggage": [1],
        "--sentiment negative luggage": [1],
        '"bill is wrong"': [3],
        "assignee:me": [],
        "--all --status open": sorted(case["case"] for case in desk.json("queue", "--all")),
        "sla:breached": sorted(case["case"] for case in desk.json("queue", "--sla", "breached")),
        "": [1, 2, 3],
    }

    async def story() -> None:
        async with sitting(desk) as person:
            for words, found in expected.items():
                await person.press("/", "ctrl+u")
                await person.type(f"{words}\n")
                assert sorted(person.app.queue.order) == found, words
            await person.press("/")
            await person.type("luggage\n")
            assert "/ luggage" in person.lines[0]
            await person.press("escape")
            assert len(person.app.queue.order) == 3

    run(story())


def test_a_case_that_is_not_in_the_queue_can_be_looked_at(desk: World) -> None:
    desk.run("resolve", "2")

    async def story() -> None:
        async with sitting(desk) as person:
            order = list(person.app.queue.order)
            await person.press("g")
            await person.type("2\n")
            assert person.app.queue.case == 2
            assert "when do you open" in person.text
            await person.press("o")
            assert person.news == "case 2 reopened."
            await person.press("u", "j", "k")
            assert person.app.queue.order == order

    run(story())
    assert desk.json("show", "2")["status"] == "resolved"


def test_links_are_copied_and_opened_only_if_they_are_web_addresses(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = desk.folder / "opened"
    browser = desk.write("browser", f'#!/bin/sh\necho "$1" >> {opened}\nsleep 1\n')  # who ends at once counts as none
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s &")
    monkeypatch.setattr("webbrowser._tryorder", None)  # BROWSER is read once a process; others may have asked already
    desk.mentions({"id": "9", "author": "eve", "text": "@acme my luggage is lost!", "url": "javascript:alert(1)"})

    async def story() -> None:
        async with sitting(desk, case=1) as person:
            await person.press("y")
            assert person.news == "Copied https://social.example/1"
            assert person.app.clipboard == "https://social.example/1"
            await person.press("b")
            assert person.news == "Opened https://social.example/1"
            await person.press("g")
            await person.type("4\n")
            await person.press("b")
            assert "no web address" in person.news
            await person.press("y")
            assert "no web address" in person.news
            await person.until(opened.exists, "the browser")

    run(story())
    assert opened.read_text(encoding="utf-8") == "https://social.example/1\n"


def test_keys_can_be_others(desk: World) -> None:
    text = desk.config.read_text(encoding="utf-8")
    desk.config.write_text(text + '\n[keys]\nresolve = "w, ctrl+e"\nclaim = ""\n', encoding="utf-8")

    async def story() -> None:
        async with sitting(desk) as person:
            assert "w resolve" in person.lines[-1]
            await person.press("e", "c")
            assert person.news == ""
            await person.press("w")
            assert "resolved" in person.news
            await person.press("ctrl+e")
            assert "resolved" in person.news
            await person.press("?")
            assert "w ^E" in person.text

    run(story())
    desk.config.write_text(text + '\n[keys]\nresolve = "c"\n', encoding="utf-8")
    assert "'c' is the key of both 'claim' and 'resolve'" in desk.run("queue", expect=2).stderr
    desk.config.write_text(text + '\n[keys]\nresolv = "c"\n', encoding="utf-8")
    assert "is 'resolve' meant?" in desk.run("queue", expect=2).stderr


def test_the_palette_has_every_action(desk: World) -> None:
    async def story() -> None:
        async with sitting(desk) as person:
            await person.press("ctrl+p")
            await person.type("set pending")
            await person.until(lambda: "Set pending: the customer's turn" in person.text, "the palette's answer")
            await person.press("enter")
            await person.until(lambda: "pending." in person.news, "the action")

    run(story())
    assert sorted(desk.json("show", str(case))["status"] for case in (1, 2, 3)) == ["open", "open", "pending"]
