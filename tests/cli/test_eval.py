"""`care eval` and `care engine` as a user runs them."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from carecli import grading
from carecli.classifying import teaching
from carecli.model import parse_iso
from carecli.store import triaged
from carecli.store.connect import open_store
from carecli.triage import Rules, learning
from tests.triage.test_learning import texts
from tests.world import NOW, World

GOOD = """text,label,lang
My parcel never arrived and your chat is useless,negative,en
Best customer service ever,positive,en
"""


def test_a_labelled_file_is_judged(world: World) -> None:
    file = world.write("good.csv", GOOD)
    found = world.json("eval", str(file))
    assert set(found) == {"sentiment"}
    assert found["sentiment"]["n"] == 2
    assert found["sentiment"]["accuracy"] == found["sentiment"]["macro_f1"] == 1.0
    assert found["sentiment"]["per_language"]["en"]["recall"] == {"negative": 1.0, "positive": 1.0}
    assert found["sentiment"]["cost"] == 0
    assert not world.db.exists()
    assert "macro-F1 1.000" in world.run("eval", str(file)).stdout


def test_a_floor_that_is_missed_ends_with_one(world: World) -> None:
    upside_down = GOOD.replace(",negative", ",?").replace(",positive", ",negative").replace(",?", ",positive")
    file = world.write("bad.csv", upside_down)
    done = world.run("eval", str(file), "--min-f1", "0.5", "--json", expect=1)
    assert json.loads(done.stdout)["sentiment"]["confusion"]["negative"] == {"positive": 1}
    assert "sentiment 0.000" in done.stderr
    assert world.run("eval", str(world.write("good.csv", GOOD)), "--min-f1", "0.9").returncode == 0


def test_every_signal_has_its_column(world: World) -> None:
    rows = [
        {"text": "My flight was cancelled and nobody answers", "intent": "complaint", "needs_reply": True},
        {"text": "There is smoke in the cabin, people cannot breathe", "urgency": "emergency", "intent": "emergency"},
    ]
    file = world.write("rows.jsonl", "\n".join(map(json.dumps, rows)))
    found = world.json("eval", str(file))
    assert {name: one["n"] for name, one in found.items()} == {"intent": 2, "urgency": 1, "needs_reply": 1}
    tabs = world.write("rows.tsv", 'text\tneeds_reply\nWhat are your "opening hours"?\tyes\n')
    assert world.json("eval", str(tabs))["needs_reply"]["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("text,label\nhello,wonderful\n", "line 2: label 'wonderful'"),
        ("text,sentiment\nhello,praise\n", "line 2: sentiment is 'praise'"),
        ("words,label\nhello,praise\n", "no text"),
        ("text,lang\nhello,en\n", "no labels"),
        ('{"text": "a"}\n[1]\n', "line 2: not a JSON object"),
        ('{"text": "a", "label": "praise", "lang": 5}\n', "line 1: lang is 5"),
        ('{"text": "a", "label": "praise", "language": ["en"]}\n', "line 1: language is ['en']"),
    ],
)
def test_a_file_that_is_wrong_is_named(world: World, content: str, told: str) -> None:
    done = world.run("eval", str(world.write("wrong.csv", content)), expect=1)
    assert told in done.stderr


def test_an_empty_text_is_judged_like_any_other(world: World) -> None:
    file = world.write("empty.csv", "text,label\n,chatter\n")
    assert world.json("eval", str(file))["intent"]["n"] == 1


@pytest.fixture
def corrected(world: World) -> World:
    """A world with forty mentions of which each is corrected."""
    world.init()
    labelled = texts("en")[:40]
    world.mentions(*({"id": str(n), "text": text} for n, (text, _) in enumerate(labelled, 1)))
    store = open_store(world.db)
    for number, (_, label) in enumerate(labelled, 1):
        with store.write() as connection:
            triaged.correct(connection, number, {"sentiment": label}, agent=None, now=parse_iso(NOW))
    store.close()
    world.run("label", "1", "--sentiment", labelled[0][1])
    return world


def test_corrections_teach_are_watched_forgotten_and_remembered(corrected: World) -> None:
    taught = corrected.json("engine", "retrain")
    assert taught["corrections"] == 40
    assert taught["taught"] + taught["watching"] == 40
    assert taught["used"]
    assert taught["loss_after"] < taught["loss_before"]
    assert corrected.json("engine", "status") == taught
    assert "It is used" in corrected.run("engine", "status").stdout
    compared = corrected.json("engine", "eval")
    assert compared["with"]["sentiment"]["accuracy"] >= compared["without"]["sentiment"]["accuracy"]

    unseen = "the EU server is goated, the new map is goated"
    after = corrected.json("classify", "-", stdin=unseen)[0]
    forgot = corrected.json("engine", "reset")
    assert (forgot["taught"], forgot["used"], forgot["corrections"]) == (0, False, 40)
    before = corrected.json("classify", "-", stdin=unseen)[0]
    assert after["sentiment_score"] > before["sentiment_score"]
    assert corrected.json("engine", "retrain", "--all") == taught

    exported = corrected.run("engine", "export", "-f", "csv").stdout
    file = corrected.write("labels.csv", exported)
    assert corrected.json("eval", str(file))["sentiment"]["n"] == 40
    assert len(corrected.json("engine", "export")) == 40


def test_what_another_engine_was_taught_is_learnt_anew(corrected: World) -> None:
    corrected.run("engine", "retrain")
    unseen = "the EU server is goated, the new map is goated"
    before = corrected.json("classify", "-", stdin=unseen)
    store = open_store(corrected.db)
    _, _, content = (store.remembers("engine learnt") or "").partition(" ")
    lesson = learning.loaded(base64.b85decode(content))
    assert lesson.learnt is not None
    # of a version whose rules found three things fewer
    other = lesson._replace(learnt=replace(lesson.learnt, mix=lesson.learnt.mix[:-3]))
    store.remember("engine learnt", f"{'0' * 64} {base64.b85encode(learning.dumped(other)).decode()}")
    store.close()
    assert corrected.json("classify", "-", stdin=unseen) == before
    corrected.run("label", "1", "--intent", "praise")


def test_of_too_few_corrections_nothing_is_used_any_more(corrected: World) -> None:
    corrected.run("engine", "retrain")
    store, rules = open_store(corrected.db), Rules()
    assert teaching.learnt(store, rules, relearn=False) is not None
    with store.write() as connection:
        connection.execute("DELETE FROM corrections WHERE mention_id > 9")
    assert teaching.learnt(store, rules, relearn=False) is None
    store.close()


def test_after_a_reset_too_few_corrections_forget_what_was_learnt(corrected: World) -> None:
    corrected.run("engine", "retrain")
    store, rules = open_store(corrected.db), Rules()
    store.remember("engine forgot", NOW)
    assert not teaching.lesson(store, rules).useful
    assert teaching.learnt(store, rules, relearn=False) is None
    store.close()


def test_of_very_many_corrections_the_newest_teach(corrected: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(corrected.db)
    with store.write() as connection:
        triaged.correct(connection, 7, {"intent": "praise"}, agent=None, now=parse_iso(NOW) + timedelta(hours=1))
    (newest,) = triaged.all_corrections(store, since=None, newest=1)
    assert newest["text"] == texts("en")[6][0]
    assert json.loads(newest["signals"])["intent"] == "praise"
    monkeypatch.setattr(teaching, "MOST", 25)
    found = teaching.lesson(store, Rules(), anew=True)
    store.close()
    assert found.taught + found.watching == 25


def test_a_correction_of_one_mention_stays_whatever_was_learnt(corrected: World) -> None:
    shown = {found["mention"]: found for found in corrected.json("search", "season")}
    corrected.run("classify", "--all")
    again = {found["mention"]: found for found in corrected.json("search", "season")}
    assert all(found["corrected"] for found in again.values())
    assert {n: one["sentiment"] for n, one in shown.items()} == {n: one["sentiment"] for n, one in again.items()}


def test_texts_are_exported_as_they_are(world: World) -> None:
    labelled = ["late\nagain", "late\ragain", "late\u2028again", "late\x85again", "@acme late", "-5 stars", "'s a pity"]
    world.init()
    world.mentions(*({"id": str(n), "text": text} for n, text in enumerate(labelled, 1)))
    for number in range(1, len(labelled) + 1):
        world.run("label", str(number), "--sentiment", "negative")
    stored = [row["text"] for row in world.json("engine", "export")]
    for kind in ("csv", "jsonl"):
        target = world.folder / f"out.{kind}"
        world.run("engine", "export", "-f", kind, "-o", str(target))
        assert [row["text"] for row in grading.read(target)] == stored
    assert stored[0] == labelled[0]


def test_without_corrections_there_is_nothing_to_say(world: World) -> None:
    world.init()
    assert "Nothing is learnt" in world.run("engine", "status").stdout
    assert "held back" in world.run("engine", "eval", expect=1).stderr
