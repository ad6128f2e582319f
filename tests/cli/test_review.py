"""`care triage --plain`, as a person meets it: on a terminal, one letter after the other."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.cli.terminal import STEERING, spawn
from tests.world import World

SEND = "send it? y; n: keep it; p: private or public; t: as several posts or one; or when: 2h, tomorrow 9:00"
WHICH = "which case; w: the reply that you have begun"
TAGS = "tags, parted by spaces; -word takes a tag off"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


class Person:
    """Types answers to prompts and remembers everything that was shown."""

    def __init__(self, child: Any) -> None:
        self.child = child
        self.shown = ""

    def at(self, prompt: str) -> Person:
        self.child.expect_exact(f"{prompt}> ")
        self.shown += self.child.before + prompt
        return self

    def types(self, text: str) -> Person:
        self.child.sendline(text)
        return self

    def end(self) -> str:
        import pexpect

        self.child.expect(pexpect.EOF)
        self.shown += self.child.before
        self.child.close()
        return self.shown


def review(world: World, *arguments: str, **env: str) -> Person:
    return Person(spawn(world, "triage", "--plain", *arguments, **env))


def kinds(world: World, case: str) -> list[str]:
    return [event["kind"] for event in world.json("show", case)["events"]]


def test_a_whole_review(desk: World) -> None:
    first = desk.json("queue")[0]["case"]
    other = str(3 - first)
    person = review(desk)
    prompt = f"[1/2] case {first}"
    person.at(prompt).types("c").at(prompt).types("n").at("note").types("called them").at(prompt)
    person.types("t").at(TAGS).types("vip airport").at(prompt)
    person.types("i").at("intent").types("request").at(prompt)
    person.types("s").at("sentiment").types("3").at(prompt).types("e")
    prompt = f"[2/2] case {other}"
    person.at(prompt).types("?").at(prompt).types("z").at("until when (2h, tomorrow 9:00, monday)").types("2h")
    shown = person.end()
    assert "That was the last one." in shown
    assert "q  Quit" in shown
    assert f"case {first} resolved" in shown
    done = desk.json("show", str(first))
    assert (done["status"], done["assignee"], done["tags"]) == ("resolved", "leo", ["vip", "airport"])
    assert (done["intent"], done["sentiment"]) == ("request", "positive")
    expected = ["opened", "claimed", "noted", "tagged", "labelled", "labelled", "resolved"]
    assert kinds(desk, str(first)) == expected
    snoozed = desk.json("show", other)
    assert (snoozed["status"], snoozed["snoozed_until"]) == ("snoozed", "2026-11-20T14:00:00Z")


def test_quitting_and_the_end_of_input_change_nothing(desk: World) -> None:
    first = desk.json("queue")[0]["case"]
    prompt = f"[1/2] case {first}"
    assert "Nothing was changed." in review(desk).at(prompt).types("q").end()
    person = review(desk).at(prompt)
    person.child.sendeof()
    assert "Nothing was changed." in person.end()
    assert person.child.exitstatus == 0
    person = review(desk).at(prompt)
    person.child.sendintr()
    assert "Traceback" not in person.end()
    assert person.child.exitstatus == 130
    assert kinds(desk, "1") == kinds(desk, "2") == ["opened"]


def test_an_answer_that_is_left_empty_or_wrong_does_nothing(desk: World) -> None:
    prompt = f"[1/2] case {desk.json('queue')[0]['case']}"
    person = review(desk).at(prompt)
    for letter, question, answer in (
        ("n", "note", ""),
        ("a", "to whom; - for nobody", ""),
        ("t", TAGS, ""),
        ("i", "intent", "anger"),
        ("s", "sentiment", "9"),
        ("z", "until when (2h, tomorrow 9:00, monday)", "whenever"),
        ("z", "until when (2h, tomorrow 9:00, monday)", "yesterday"),
        ("z", "until when (2h, tomorrow 9:00, monday)", ""),
        ("r", "a number, or your own words; empty: none", ""),
    ):
        person.types(letter).at(question).types(answer).at(prompt)
    person.types("").at(prompt).types("7").at(prompt)
    assert "Nothing was changed." in person.types("q").end()
    assert kinds(desk, "1") == kinds(desk, "2") == ["opened"]


def test_forth_and_back(desk: World) -> None:
    first = desk.json("queue")[0]["case"]
    one, two = f"[1/2] case {first}", f"[2/2] case {3 - first}"
    review(desk).at(one).types("k").at(two).types("b").at(one).types("b").at(one).types("v").at(one).types("q").end()
    review(desk, str(3 - first)).at(f"[1/2] case {3 - first}").types("q").end()


def test_a_reply_that_cannot_be_posted_says_so(desk: World) -> None:
    first = desk.json("queue")[0]["case"]
    prompt = f"[1/2] case {first}"
    person = review(desk).at(prompt).types("r").at("a number, or your own words; empty: none")
    assert "  1  " in person.shown
    person.types("Please send us your password.").at(SEND).types("y")
    person.child.expect(r"against .*: why may it go out \(it is logged\)\? empty: it does not> ")
    person.types("").at(prompt)
    assert "It was not sent." in person.shown
    assert desk.json("outbox") == []
    person.types("r").at("a number, or your own words; empty: none")
    assert "0  what you had begun: Please send us your password." in person.shown
    person.types("-").at(prompt).types("r").at("a number, or your own words; empty: none").types("1")
    person.at(SEND)
    person.types("n").at(prompt)
    assert desk.json("outbox") == []
    person.types("r").at("a number, or your own words; empty: none").types("We look for it today.")
    person.at(SEND)
    person.types("y").at(prompt)
    assert "is failed" in person.shown
    assert "care outbox" in person.shown
    person.types("q").end()
    (row,) = desk.json("outbox")
    assert (row["status"], row["case"], row["agent"]) == ("failed", first, "leo")
    assert desk.json("show", str(first))["status"] == "open"


def test_a_customer_who_writes_while_one_thinks_is_read_first(desk: World) -> None:
    row = {"id": "9", "author": "zoe", "in_reply_to": "1", "created_at": "2026-11-20T11:50:00Z"}
    person = review(desk, "1").at("[1/2] case 1").types("r").at("a number, or your own words; empty: none").types("1")
    person.child.expect(r"send it\? y; n.*> ")
    desk.mentions({**row, "text": "@acme it has come!"})
    person.types("y").at("[1/2] case 1")
    assert "It says: “@acme it has come!”" in " ".join(person.shown.split())
    assert desk.json("outbox") == []
    person.types("q").end()


def test_a_case_that_somebody_else_has(desk: World) -> None:
    first = desk.json("queue")[0]["case"]
    desk.run("claim", str(first), "--as", "mia")
    prompt = f"[1/2] case {first}"
    person = review(desk, "--as", "kim").at(prompt).types("c").at(prompt)
    assert "mia" in person.shown
    assert "care assign" in person.shown
    person.types("a").at("to whom; - for nobody").types("kim").at(prompt).types("q").end()
    assert desk.json("show", str(first))["assignee"] == "kim"


def test_a_dumb_terminal_and_a_pipe(desk: World) -> None:
    first = desk.json("queue")[0]["case"]
    prompt = f"[1/2] case {first}"
    person = review(desk, TERM="dumb", NO_COLOR="1").at(prompt).types("c").at(prompt).types("q")
    assert "\x1b" not in person.end()
    desk.run("assign", str(first), "")
    done = desk.run("triage", "--plain", stdin="c\nn\nfrom a script\n")
    assert "\x1b" not in done.stdout
    assert kinds(desk, str(first))[-2:] == ["claimed", "noted"]
    assert "--plain" in desk.run("triage", stdin="c\n", expect=2).stderr


def test_what_the_full_screen_can_do_the_prompt_can(desk: World) -> None:
    desk.mentions({"id": "9", "author": "eve", "text": "@acme my bill is wrong!", "url": "https://x.example/9"})
    first, second, _ = (case["case"] for case in desk.json("queue"))
    before = {case: desk.json("show", str(case))["status"] for case in (1, 2, 3)}
    person = review(desk).at(f"[1/3] case {first}").types("e")
    person.at(f"[2/3] case {second}").types("u").at(f"[1/3] case {first}")
    prompt = f"[1/3] case {first}"
    person.types("l").at("language (en, he, pl, zh …)").types("pl").at(prompt).types("u").at(prompt)
    person.types("w").at("topics, parted by commas; - for none").types("bills, app").at(prompt)
    person.types("f").at("filter, as in care queue; empty: all that waits").types("bill").at("[1/1] case 3")
    person.types("y").at("[1/1] case 3").types("x")
    assert "https://x.example/9" in person.end()
    assert {case: desk.json("show", str(case))["status"] for case in (1, 2, 3)} == before
    found = desk.json("show", str(first))
    assert (found["topics"], found["language"]) == (["bills", "app"], "en")
    assert desk.json("show", "3")["intent"] == "spam"
    person = review(desk).at(f"[1/2] case {first}").types("g").at(WHICH).types("3").at("[1/3] case 3")
    person.types("u").at("[1/3] case 3").types("f").at("filter, as in care queue; empty: all that waits")
    person.types("sla:late").at("[1/3] case 3").types("q").end()
    assert desk.json("show", "3")["intent"] != "spam"


# What only moves what is seen on a screen: a prompt prints all of a case, and its letters are all in its help
SEEN_ONLY = {"page_down", "page_up", "read_on", "read_back", "zoom", "palette"}
SEEN_ONLY |= {"queue_pane", "conversation_pane", "context_pane"}


def test_the_prompt_has_a_letter_for_every_action_of_the_screen_that_does_something() -> None:
    from carecli.cli.prompt import LETTERS, help_text
    from carecli.cli.prompt_actions import ACTIONS
    from carecli.workspace.keys import ACTIONS as ON_THE_SCREEN

    assert set(LETTERS) == {action.name for action in ON_THE_SCREEN} - SEEN_ONLY
    assert len(set(LETTERS.values())) == len(LETTERS)
    moves = {"next", "previous", "first", "last", "refresh", "help", "quit"}
    assert set(ACTIONS) == set(LETTERS) - moves
    assert [line[2] for line in help_text().splitlines()] == [
        LETTERS[action.name] for action in ON_THE_SCREEN if action.name in LETTERS
    ]


def test_every_way_of_a_reply_is_there_in_the_prompt_too(desk: World) -> None:
    """Next draft, private, thread, later, override, keep, throw away: `workspace.keys.COMMANDS`, line by line."""
    person = review(desk, "1").at("[1/2] case 1").types("r").at("a number, or your own words; empty: none")
    assert all(f"  {number}  " in person.shown for number in (1, 2, 3))
    person.types("Your card number is 4111 1111 1111 1111, Zoe.").at(SEND)
    assert "public, 45 characters" in person.shown
    assert "[personal-data]" in person.shown
    person.types("p").at(SEND)
    assert "private, 45 characters" in person.shown
    person.types("p").at(SEND).types("t").at(SEND).types("t").at(SEND).types("n").at("[1/2] case 1")
    assert desk.json("outbox") == []
    person.types("k").at("[2/2] case 2").types("g").at(WHICH).types("w")
    person.at("[1/2] case 1").types("r").at("a number, or your own words; empty: none").types("-").at("[1/2] case 1")
    person.types("g").at(WHICH).types("w").at("[1/2] case 1")
    assert "you have begun no reply" in person.shown
    person.types("u").at("[1/2] case 1").types("r").at("a number, or your own words; empty: none")
    person.types("0").at(SEND).types("n").at("[1/2] case 1").types("q")
    shown = person.end()
    assert "Thrown away; u brings it back." in shown
    assert "undone: threw away the reply to case 1" in shown


def test_a_reply_that_was_scheduled_or_failed_in_the_prompt_can_be_taken_back(desk: World) -> None:
    words = "a number, or your own words; empty: none"
    person = review(desk, "1").at("[1/2] case 1").types("r").at(words).types("We look for it today.").at(SEND)
    person.types("2h").at("[2/2] case 2").types("u").at("[1/2] case 1")
    assert desk.json("outbox") == []
    person.types("r").at(words).types("0").at(SEND).types("y").at("[1/2] case 1").types("u").at("[1/2] case 1")
    person.types("a").at("to whom; - for nobody").types("kim").at("[1/2] case 1")
    person.types("a").at("to whom; - for nobody").types("-").at("[1/2] case 1").types("<").at("[1/2] case 1")
    person.types(">").at("[2/2] case 2").types("q")
    shown = person.end()
    assert "undone: scheduled reply" in shown
    assert "undone: wrote reply" in shown
    assert desk.json("outbox") == []
    assert desk.json("show", "1")["assignee"] is None


def test_nothing_waits(world: World) -> None:
    world.init()
    assert "Nothing waits." in review(world).end()


def test_what_strangers_wrote_stays_inert_in_every_prompt(world: World) -> None:
    world.init()
    name = "Zoe\x1b[31m\u202e\x9b2J"
    world.mentions({"text": "@acme my luggage\x1b]52;c;eA==\x07 is lost!", "author": name, "author_name": name})
    person = review(world).at("[1/1] case 1").types("r").at("a number, or your own words; empty: none").types("1")
    person.at(SEND)
    question = person.child.before + person.child.after
    person.types("n").at("[1/1] case 1").types("q")
    assert not STEERING.search(person.end() + question)


def test_several_cases_handing_on_and_replies_with_a_reason_or_later(desk: World) -> None:
    order = [case["case"] for case in desk.json("queue")]
    prompt = f"[1/2] case {order[0]}"
    several = "which cases (4 7 9, or * for the whole queue; empty: only the one in view)"
    words = "a number, or your own words; empty: none"
    person = review(desk).at(prompt).types("j").at(several).types("*").at(f"{prompt}, 2 selected")
    person.types("t").at(TAGS).types("storm").at(prompt)
    person.types("h").at("to whom").types("kim").at("why to kim (a note that they will read)").types("a refund").at(
        prompt
    )
    assert desk.json("show", str(order[0]))["assignee"] == "kim"
    person.types("u").at(prompt)
    assert desk.json("show", str(order[0]))["assignee"] is None
    person.types("m").at(prompt).types("d").at("words that an article has").types("violin").at(prompt)
    person.types("%").at(prompt).types("+").at(prompt)
    person.types("r").at(words).types("Please tell us your passport number.").at(SEND).types("yesterday")
    person.child.expect(r"against .*: why may it go out \(it is logged\)\? empty: it does not> ")
    person.types("the authority asks").at(prompt)
    person.types("r").at(words).types("We look for it today.").at(SEND).types("2h")
    person.at(f"[2/2] case {order[1]}").types("j").at(several).types(" ".join(map(str, order)))
    person.at(f"[2/2] case {order[1]}, 2 selected").types("e")
    shown = person.end()
    assert '[display] gloss = "en"' in shown
    assert "No article has 'violin'" in shown
    assert "2 cases waiting" in shown
    assert "fetched 0 new mentions" in shown
    assert "goes out Fri 20 Nov 14:00" in shown
    assert "2 cases resolved" in shown
    assert all(desk.json("show", str(case))["tags"] == ["storm"] for case in order)
    (row,) = desk.json("outbox")
    assert (row["status"], row["case"]) == ("approved", order[0])
