"""Several processes answer the same message at once, on a server that posts twice for whoever asks twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.liar import Liar
from tests.e2e.towns import world_in
from tests.world import Running, World

TEXT = "The bag was found. Which street may the courier bring it to?"


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as made:
        made.manner = "is slow"  # so that everybody has begun before the first one ends
        yield made


@pytest.fixture
def asked(tmp_path: Path, liar: Liar) -> tuple[World, str]:
    question = liar.say("where is my bag?")
    world = world_in(tmp_path, liar)
    world.run("fetch")
    return world, question


def ended(runs: list[Running]) -> list[tuple[int, str, str]]:
    said = [run.communicate() for run in runs]
    return [(run.returncode, *streams) for run, streams in zip(runs, said, strict=True)]


@pytest.mark.parametrize("agents", [["leo", "leo"], ["leo", "mia", "kim"]], ids=["one agent", "three agents"])
def test_one_draft_is_sent_once(asked: tuple[World, str], liar: Liar, agents: list[str]) -> None:
    world, question = asked
    draft = str(world.json("draft", "1", "-n", "1")[0]["draft_id"])
    ends = ended([world.begin("reply", "1", "--draft", draft, "--as", agent, "--yes", "--json") for agent in agents])
    assert sum(code == 0 for code, _, _ in ends) == 1, ends
    assert all(error.startswith("care: ") for code, _, error in ends if code), ends
    assert len(liar.answers(question)) == 1
    assert world.json("outbox") == []
    (won,) = [json.loads(said) for code, said, _ in ends if code == 0]
    shown = world.json("show", "1")
    assert [row["status"] for row in shown["replies"]] == [won["status"]] == ["sent"]


def test_one_outbox_is_emptied_once_by_all_who_empty_it(asked: tuple[World, str], liar: Liar) -> None:
    world, question = asked
    liar.manner = "refuses"
    world.run("reply", "1", TEXT, "--yes", expect=1)
    liar.manner = "is slow"
    ends = ended([world.begin("outbox", "send", "1", "--json") for _ in range(3)])
    assert {code for code, _, _ in ends} <= {0, 1}, ends
    assert len(liar.answers(question)) == 1
    assert [row["status"] for row in world.json("show", "1")["replies"]] == ["sent"]
