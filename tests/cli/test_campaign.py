"""`care campaign`, as a person uses it; what goes out is in tests/respond/test_campaigns.py."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shapes import count, differences, maybe, one_of, time, words
from tests.world import World

CAMPAIGN = """
[campaigns.colds]
query = "cold OR katar"
messages = { en = ["Get well soon! May we send you tissues?"], pl = ["Zdrowia! Czy możemy wysłać chusteczki?"] }
since = 2026-11-01
until = 2026-11-30
per_day = 2
within = "2h"
"""
CUSTOMER = {"platform": words, "handle": words, "name": maybe(words)}
OPPORTUNITY = {
    "case": count,
    "mention": count,
    "customer": CUSTOMER,
    "text": words,
    "language": maybe(words),
    "url": maybe(words),
    "created_at": time,
    "why": words,
    "excluded": maybe(words),
}
ACTION = {
    "action": count,
    "campaign": words,
    "case": count,
    "customer": CUSTOMER,
    "said": maybe(words),
    "state": one_of("skipped", "proposed", "rejected", "queued", "done"),
    "outcomes": list,
    "draft_id": maybe(count),
    "text": maybe(words),
    "reply_id": maybe(count),
    "proposed_at": time,
    "sent_at": maybe(time),
    "due_at": maybe(time),
    "in_time": maybe(bool),
    "agent": maybe(words),
    "note": maybe(words),
    "url": maybe(words),
}
BLOCKED = {"platform": maybe(words), "handle": words, "at": time, "agent": maybe(words), "because": maybe(words)}


@pytest.fixture
def town(world: World) -> World:
    world.init()
    world.config.write_text(world.config.read_text(encoding="utf-8") + CAMPAIGN, encoding="utf-8")
    world.mentions(
        {"id": "1", "author": "ann", "text": "what a nice cold I have got, tea and a book"},
        {"id": "2", "author": "ola", "text": "mam katar i leżę pod kocem"},
        {"id": "3", "author": "bob", "text": "@acme when do you open?"},
        {"id": "4", "author": "kim", "text": "cold, and the kettle is on"},
    )
    world.say(_1="chatter", _2="chatter", _4="chatter")
    return world


def test_a_campaign_says_its_own_messages_and_nothing_else(town: World) -> None:
    """Also to the second person in the same language, and to one without a name."""
    text = town.config.read_text(encoding="utf-8")
    town.config.write_text(text.replace("Get well soon!", "Get well soon, {name}!"), encoding="utf-8")
    made = town.json("campaign", "propose", "colds")
    assert {one["text"].count("May we send you tissues?") + one["text"].count("chusteczki") for one in made} == {1}
    assert all("{" not in one["text"] for one in made)


def test_find_propose_skip_and_show(town: World) -> None:
    found = town.json("campaign", "find", "colds")
    assert differences(found, [OPPORTUNITY]) == []
    assert [one["customer"]["handle"] for one in found] == ["kim", "ola", "ann"]
    town.run("campaign", "block", "KIM", "--because", "asked on the phone")
    every = {one["customer"]["handle"]: one["excluded"] for one in town.json("campaign", "find", "colds", "--all")}
    assert every == {"kim": "on the do-not-contact list", "ola": None, "ann": None}
    (made,) = town.json("campaign", "propose", "colds", "-n", "1")
    assert "chusteczki" in made["text"]
    assert made["sources"][0] == "campaign:colds"
    ann = next(one["case"] for one in found if one["customer"]["handle"] == "ann")
    assert town.json("campaign", "skip", "colds", str(ann), "--because", "irony")["state"] == "skipped"
    actions = town.json("campaign", "show", "colds")
    assert differences(actions, [ACTION]) == []
    assert [(one["state"], one["customer"]["handle"]) for one in actions] == [("proposed", "ola"), ("skipped", "ann")]
    assert town.json("campaign", "propose", "colds") == []
    (overview,) = town.json("campaign", "list")
    assert (overview["running"], overview["room_today"], overview["proposed"]) == (True, 1, 1)
    assert "chusteczki" in town.run("campaign", "show", "colds").stdout


def test_a_proposal_goes_the_way_of_every_reply(town: World) -> None:
    (made, _) = town.json("campaign", "propose", "colds")
    case, draft = str(made["case"]), str(made["draft_id"])
    assert town.json("reply", case, "--draft", draft, "--dry-run")["status"] == "dry-run"
    town.run("campaign", "block", made_handle(town, made["case"]))
    refused = town.run("reply", case, "--draft", draft, "--yes", expect=3)
    assert "do-not-contact list" in refused.stderr
    assert town.json("outbox") == []
    town.run("reply", case, "--draft", draft, "--yes", "--override", "campaign", "--because", "x", expect=2)
    town.run("campaign", "unblock", made_handle(town, made["case"]))
    town.run("reply", case, "--draft", draft, "--yes", expect=1)  # an import cannot be answered
    assert [one["state"] for one in town.json("campaign", "show", "colds")] == ["queued", "proposed"]
    assert "nothing was sent" in town.run("campaign", "record", "1", "converted", expect=1).stderr


def made_handle(town: World, case: int) -> str:
    return str(town.json("show", str(case))["customer"]["handle"])


def test_the_list_of_those_who_are_left_alone(town: World) -> None:
    assert town.json("campaign", "blocked") == []
    town.run("campaign", "block", "mastodon:@Nobody")
    listed = town.json("campaign", "block", "@ann", "--because", "by mail")
    assert differences(listed, [BLOCKED]) == []
    assert [(one["platform"], one["handle"]) for one in listed] == [(None, "ann"), ("mastodon", "nobody")]
    assert [one["handle"] for one in town.json("campaign", "unblock", "nobody")] == ["ann"]
    assert "is not on the list" in town.run("campaign", "unblock", "nobody", expect=1).stderr


def test_errors_name_the_way_out(town: World) -> None:
    assert "care.toml has: colds" in town.run("campaign", "find", "flu", expect=1).stderr
    text = town.config.read_text(encoding="utf-8")
    for wrong, word in (
        ('query = "cold OR ("', "campaigns.colds.query"),
        ('query = "cold"\nper_day = 0', "campaigns.colds.per_day"),
        ('query = "cold"\nvoice = "x"', "campaigns.colds.voice"),
        ('query = "cold"\nfresh = "soon"', "campaigns.colds.fresh"),
        ('query = "cold"\nsince = 2026-11-02\nuntil = 2026-11-01', "campaigns.colds.until"),
        ('query = "cold"\nsources = ["x"]', "campaigns.colds.sources"),
        ("per_day = 3", "query"),
    ):
        town.config.write_text(
            text.partition("[campaigns.colds]")[0] + f"[campaigns.colds]\n{wrong}\n", encoding="utf-8"
        )
        assert word in town.run("campaign", "list", expect=2).stderr


def test_a_date_may_be_written_as_text(town: World) -> None:
    text = town.config.read_text(encoding="utf-8").replace("until = 2026-11-30", 'until = "2026-11-10"')
    town.config.write_text(text, encoding="utf-8")
    assert "it ended on 2026-11-10" in town.run("campaign", "propose", "colds", expect=3).stderr


def test_the_report_is_the_same_everywhere(town: World, tmp_path: Path) -> None:
    town.run("campaign", "propose", "colds")
    town.env["CARE_NOW"] = "2026-11-20T12:01:00Z"
    document = town.json("campaign", "report")
    assert document == town.json("report", "campaigns")
    (figures,) = document["campaigns"]
    wanted: dict[str, Any] = {"campaign": "colds", "proposed": 2, "done": 0, "answered": 0, "share_of_positive": None}
    assert {key: figures[key] for key in wanted} == wanted
    assert figures["category_lift"] == {"now": 3, "before": None, "lift": None}
    assert figures["since"] == "2026-11-01T00:00:00Z"
    assert town.json("campaign", "report", "colds")["campaigns"] == [figures]
    assert "What it brought" in town.run("campaign", "report").stdout
    rows = list(csv.reader(io.StringIO(town.run("report", "campaigns", "--format", "csv").stdout)))
    assert any("campaign-effects" in row for row in rows)
    town.run("campaign", "report", "--format", "md", "-o", str(tmp_path / "c.md"))
    assert "colds" in (tmp_path / "c.md").read_text(encoding="utf-8")


def test_who_is_forgotten_leaves_no_word_in_a_campaign(town: World) -> None:
    ann = next(one["case"] for one in town.json("campaign", "find", "colds") if one["customer"]["handle"] == "ann")
    town.run("campaign", "skip", "colds", str(ann), "--because", "ann is on holiday")
    town.run("campaign", "block", "ann", "--because", "ann said so")
    town.run("customer", "forget", "ann", "--yes")
    shown = town.run("campaign", "show", "colds", "--json").stdout + town.run("campaign", "blocked", "--json").stdout
    assert "ann" not in shown.replace("channel", "")
