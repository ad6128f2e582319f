"""The embedded sample: complete, plainly invented, and read by the memory platform as its file says."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carecli import data
from carecli.config import build, parse
from carecli.model import (
    ANSWERED_IF_DIRECTED,
    ANSWERED_INTENTS,
    INTENTS,
    JSON,
    SENTIMENTS,
    URGENCIES,
    Mention,
)
from carecli.platforms.base import Setup
from carecli.platforms.memory import MEMORY, close

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BRANDS = ("aeroluna", "zefirmobile")
RECORDS = data.sample("demo")
INBOUND = [record for record in RECORDS if record["inbound"]]
BY_ID = {record["id"]: record for record in RECORDS}
CONFIG = build(parse(data.text("demo.toml"), Path("demo.toml")))


def fetched(brand: str) -> dict[str, Mention]:
    """The mentions that the demo's source of `brand` reads, by id."""
    settings = CONFIG.sources[brand].settings | {"now": NOW.isoformat(), "network": uuid.uuid4().hex}

    async def read() -> dict[str, Mention]:
        async with MEMORY.open(Setup(brand, settings)) as client:
            pages = [page async for page in client.fetch({}, since=None)]
            return {mention.external_id: mention for page in pages for mention in page.mentions}

    try:
        return asyncio.run(read())
    finally:
        close(settings["network"])


@pytest.mark.parametrize("brand", BRANDS)
def test_each_source_reads_exactly_its_brands_mentions(brand: str) -> None:
    found = fetched(brand)
    expected = {r["id"]: r for r in RECORDS if r["brand"] == brand and "after_reply_to" not in r}
    assert set(found) == set(expected)
    for id_, record in expected.items():
        mention = found[id_]
        assert (mention.text, mention.inbound) == (record["text"], record["inbound"])
        assert mention.directed == (record["directed"] if record["inbound"] else None), id_
        assert (mention.author.handle, mention.author.followers, mention.likes, mention.url) == (
            record["author_handle"],
            record["author_followers"],
            record["likes"],
            record["url"],
        )
        assert (NOW - mention.created_at).total_seconds() == record["minutes_ago"] * 60


def test_it_is_large_enough_and_speaks_four_languages() -> None:
    assert len(RECORDS) >= 90
    languages = Counter(record["language"] for record in INBOUND)
    assert set(languages) == {"en", "he", "pl", "zh"}
    assert min(languages.values()) >= 20
    assert {record["brand"] for record in RECORDS} == set(BRANDS)
    intents = {record["expect"]["intent"] for record in INBOUND}
    assert intents == set(INTENTS)


@pytest.mark.parametrize("record", INBOUND, ids=lambda record: record["id"])
def test_every_expectation_is_one_that_triage_can_meet(record: JSON) -> None:
    expect = record["expect"]
    assert expect["sentiment"] in SENTIMENTS
    assert expect["intent"] in INTENTS
    assert expect.get("urgency", "whenever") in URGENCIES
    wanted = expect["intent"] in ANSWERED_INTENTS or (expect["intent"] in ANSWERED_IF_DIRECTED and record["directed"])
    assert expect["needs_reply"] is wanted
    assert (expect["intent"] == "emergency") == (expect.get("urgency") == "emergency")


def test_replies_stay_in_their_thread_and_come_after_what_they_answer() -> None:
    for record in RECORDS:
        if "in_reply_to" in record:
            parent = BY_ID[record["in_reply_to"]]
            assert parent["brand"] == record["brand"]
            assert parent["minutes_ago"] > record["minutes_ago"]
        assert record["minutes_ago"] > 0
    assert len(BY_ID) == len(RECORDS)


def test_one_question_is_asked_twenty_ways_in_four_languages() -> None:
    names = r"power ?bank|charger|battery|ładowark|פאוור ?בנק|מטע(ן|נים) ני|סוללה ני|充电宝|移动电源|行動電源"
    battery = re.compile(names, re.IGNORECASE)
    asked = [r for r in INBOUND if r["expect"]["intent"] == "question" and battery.search(r["text"])]
    assert len(asked) >= 20
    assert {record["language"] for record in asked} == {"en", "he", "pl", "zh"}
    assert len({record["text"] for record in asked}) == len(asked)


def test_a_burst_of_anger_fits_into_one_hour() -> None:
    angry = [
        record["minutes_ago"]
        for record in INBOUND
        if record["brand"] == "zefirmobile" and record["expect"]["sentiment"] == "negative"
    ]
    assert max(sum(start >= ago > start - 60 for ago in angry) for start in angry) >= 12


def test_a_customer_comes_back_after_thanks() -> None:
    last = BY_ID["a06"]
    earlier = BY_ID[last["in_reply_to"]]
    assert earlier["author_handle"] == last["author_handle"]
    assert (earlier["expect"]["intent"], last["expect"]["intent"]) == ("praise", "complaint")


def test_hostile_text_is_there_and_the_file_itself_is_harmless() -> None:
    text = "\n".join(record["text"] for record in RECORDS)
    assert "\x1b[" in text
    assert "[bold" in text
    assert "\u202e" in text
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", data.text("demo.jsonl")) is None


def test_nothing_in_it_could_reach_a_real_person() -> None:
    for record in RECORDS:
        assert not re.search(r"\d{7}", record["text"].replace(" ", "")), record["id"]
        assert not re.search(r"[\w.]+@[\w-]+\.\w", record["text"]), record["id"]
        for host in re.findall(r"https?://([^/\s]+)", record["text"] + " " + record["url"]):
            assert host.endswith(".example")
