"""What people read, byte for byte; `CARE_GOLDEN=write` writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.world import World

GOLDEN = Path(__file__).parent / "golden"
OUTPUTS = {
    "queue.txt": ("queue",),
    "queue-all.txt": ("queue", "--all"),
    "show.txt": ("show", "2"),
    "report.txt": ("report",),
    "report.md": ("report", "--format", "md"),
}


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose every figure is known: corrected by hand, so that no change of the engine shows."""
    world = World(tmp_path_factory.mktemp("golden"), env={"COLUMNS": "100"})
    world.init("--timezone", "Europe/Warsaw")
    lost = {"id": "1", "text": "@acme my luggage is lost and nobody answers!\nFlight AC 12.", "author_name": "Zoe Q"}
    world.mentions(
        {**lost, "author_followers": 1200, "url": "https://social.example/zoe/1"},
        {"id": "2", "author": "acme", "in_reply_to": "1", "text": "Sorry, Zoe. We are looking for it."},
        {"id": "3", "in_reply_to": "2", "text": "And now? [bold] \x1b[31m", "created_at": "2026-11-20T11:30:00Z"},
        {"id": "4", "author": "bob", "text": "@acme when do you open on Sunday?"},
        {"id": "5", "author": "dana", "text": "@acme המזוודה שלי אבדה", "created_at": "2026-11-19T08:00:00Z"},
        {"id": "6", "author": "li", "text": "@acme 我的行李丢了"},
        {"id": "7", "author": "kim", "text": "nice weather today"},
    )
    labels = {
        "complaint": ("luggage", "המזוודה", "行李"),
        "question": ("Sunday", "now"),
        "chatter": ("weather",),
    }
    for intent, found in labels.items():
        for word in found:
            for mention in world.json("search", word):
                sentiment = {"complaint": "negative", "question": "neutral"}.get(intent, "positive")
                language = {"המזוודה": "he", "行李": "zh"}.get(word, "en")
                options = ("--intent", intent, "--sentiment", sentiment, "--topic", "baggage", "--language", language)
                world.run("label", str(mention["mention"]), *options)
    number = next(case["case"] for case in world.json("queue", "--all") if case["customer"]["handle"] == "zoe")
    assert number == 2, "the oldest message is the first case"
    world.run("claim", str(number), "--as", "mia")
    world.run("note", str(number), "called the desk")
    world.run("tag", str(number), "vip")
    return world


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_is_as_agreed(fixed: World, name: str) -> None:
    said = fixed.run(*OUTPUTS[name]).stdout
    file = GOLDEN / name
    if os.environ.get("CARE_GOLDEN") == "write":
        file.write_bytes(said.encode())
    assert said == file.read_bytes().decode(), f"CARE_GOLDEN=write pytest {Path(__file__).name} accepts the change"
