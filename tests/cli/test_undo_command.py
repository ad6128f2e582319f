"""`care undo`: what one did last to a case, deed by deed, back to the beginning."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

WORDS = "We look for your luggage now, Zoe."


def whole(world: World, case: str) -> dict[str, Any]:
    shown: dict[str, Any] = world.json("show", case)
    return {key: value for key, value in shown.items() if key not in ("events", "drafts")}


def kinds(world: World, case: str) -> list[str]:
    return [event["kind"] for event in world.json("show", case)["events"]]


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (("claim", "1"), "claimed"),
        (("assign", "1", "kim"), "assigned"),
        (("snooze", "1", "2h"), "snoozed"),
        (("resolve", "1"), "resolved"),
        (("note", "1", "call her"), "noted"),
        (("tag", "1", "vip"), "tagged"),
        (("label", "1", "--intent", "praise", "--sentiment", "positive"), "labelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_case_is_what_it_was(desk: World, command: tuple[str, ...], kind: str) -> None:
    before = whole(desk, "1")
    desk.run(*command)
    told = desk.run("undo", "1")
    assert told.stderr.splitlines()[-1] == f"Case 1: '{kind}' is undone."
    assert whole(desk, "1") == before
    assert kinds(desk, "1")[-2:] == [kind, "undone"]


def test_one_deed_after_the_other_and_only_ones_own(desk: World) -> None:
    for tag in ("one", "two"):
        desk.run("tag", "1", tag)
    desk.run("tag", "1", "three", "--as", "kim")
    assert desk.json("undo", "1")["tags"] == ["one", "three"]
    assert desk.json("undo", "1")["tags"] == ["three"]
    assert "there is nothing of leo to undo in case 1" in desk.run("undo", "1", expect=1).stderr
    assert desk.json("undo", "1", "--as", "kim")["tags"] == []
    assert "there is no case 99" in desk.run("undo", "99", expect=1).stderr


def test_a_draft_that_waits_is_withdrawn_and_its_words_are_kept(desk: World) -> None:
    text = desk.config.read_text(encoding="utf-8")
    desk.config.write_text(text + "\n[voices.acme]\napproval = true\n", encoding="utf-8")
    desk.run("reply", "1", WORDS, "--yes")
    (draft,) = desk.json("draft", "list", "--waiting")
    assert draft["text"] == WORDS
    assert "'proposed' is undone" in desk.run("undo", "1").stderr
    assert desk.json("draft", "list", "--waiting") == []
    shown = desk.run("triage", "1", "--plain", stdin="r\n\nq\n").stdout
    assert f"0  what you had begun: {WORDS}" in shown


def test_a_reply_that_is_not_out_is_taken_out_of_the_outbox(desk: World) -> None:
    desk.run("reply", "1", WORDS, "--at", "2h", "--yes")
    assert [row["status"] for row in desk.json("outbox")] == ["approved"]
    assert "'claimed' is undone" in desk.run("undo", "1").stderr  # whoever answers a case has it
    assert "'approved' is undone" in desk.run("undo", "1").stderr
    assert desk.json("outbox") == []
    assert desk.json("show", "1")["assignee"] is None
    assert "nothing of leo to undo" in desk.run("undo", "1", expect=1).stderr
