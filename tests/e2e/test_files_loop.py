"""From a company's archive to the figures: import, correct, report; compared with `archive.figures`."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.archive import CARE_TOML, FEELING, FIRST, NOW, WARSAW, Post, archive, as_csv, figures
from tests.world import World

pytestmark = pytest.mark.xdist_group("archive")  # it is imported and corrected once

AT_ONCE = 4


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    return archive()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, posts: list[Post]) -> World:
    """A world with the archive in it, where a person has corrected what the engine got wrong."""
    world = World(tmp_path_factory.mktemp("archive"))
    world.init("--timezone", "Europe/Warsaw")
    world.config.write_text(world.config.read_text(encoding="utf-8") + CARE_TOML, encoding="utf-8")
    path = world.write("archive.csv", as_csv(posts))
    counts = {"read": len(posts), "new": len(posts), "updated": 0, "rejected": 0, "errors": []}
    assert world.json("import", str(path)) == counts
    assert world.json("import", str(path)) == {**counts, "new": 0}, "the same file twice changes nothing"
    correct(world, posts)
    return world


def correct(world: World, posts: list[Post]) -> None:
    """`care label` every message as it was meant; several at once, none is lost."""
    meant = {post.id: post.intent for post in posts if post.intent}
    words = []
    for row in exported(world):
        if row["inbound"]:
            intent = meant[row["id"]]
            words.append([str(row["mention"]), "--intent", intent, "--sentiment", FEELING[intent]])
    with ThreadPoolExecutor(AT_ONCE) as several:
        assert len(list(several.map(lambda options: world.run("label", *options), words))) == len(words)


def exported(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.run("export").stdout.splitlines()]


def same(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Every figure of `wanted` is in `found`; sums of fractions may differ in the last digits."""
    for key, value in wanted.items():
        if isinstance(value, dict) and not key.startswith("by_"):
            same(found[key], value)
        else:
            assert found[key] == (pytest.approx(value) if isinstance(value, float) else value), key


def test_the_corrections_of_all_processes_are_there(told: World, posts: list[Post]) -> None:
    rows = {row["id"]: row for row in exported(told)}
    assert set(rows) == {post.id for post in posts}
    for post in posts:
        row = rows[post.id]
        assert (row["inbound"], row["intent"]) == (post.intent is not None, post.intent)
        assert datetime.fromisoformat(row["created_at"]) == post.at
        if post.intent:
            assert (row["sentiment"], row["language"], row["directed"]) == (FEELING[post.intent], post.language, True)
    assert len({rows[post.id]["case"] for post in posts}) == len({post.talk for post in posts})


def test_the_whole_archive(told: World, posts: list[Post]) -> None:
    wanted = figures(posts, FIRST, NOW)
    assert wanted["response"]["unanswered_complaints"] >= 1
    assert wanted["response"]["sla"]["met"] >= 2
    assert wanted["response"]["sla"]["breached"] >= 2
    report = told.json("report")
    assert report["period"]["timezone"] == "Europe/Warsaw"
    same(report, wanted)


def test_the_night_of_the_change_is_one_day_of_25_hours(told: World, posts: list[Post]) -> None:
    since = datetime(2026, 10, 25, tzinfo=WARSAW).astimezone(UTC)
    until = datetime(2026, 10, 26, tzinfo=WARSAW).astimezone(UTC)
    assert (until - since).total_seconds() == 25 * 3600
    wanted = figures(posts, since, until)
    assert [day["day"] for day in wanted["mentions"]["by_day"]] == ["2026-10-25"]
    assert wanted["mentions"]["inbound"] >= 3
    report = told.json("report", "--since", "2026-10-25", "--until", "2026-10-25")
    assert report["period"] == {
        "since": "2026-10-24T22:00:00Z",
        "until": "2026-10-25T23:00:00Z",
        "timezone": "Europe/Warsaw",
    }
    same(report, wanted)


@pytest.mark.parametrize(
    ("since", "until"), [("2026-10-24", "2026-10-27"), ("2026-10-26", "2026-11-01"), ("2026-12-01", "2026-12-02")]
)
def test_a_period_is_judged_at_its_end(told: World, posts: list[Post], since: str, until: str) -> None:
    first = datetime.fromisoformat(since).replace(tzinfo=WARSAW).astimezone(UTC)
    last = datetime.fromisoformat(until).replace(hour=23, minute=59, second=59, microsecond=999999, tzinfo=WARSAW)
    report = told.json("report", "--since", since, "--until", until)
    same(report, figures(posts, first, last.astimezone(UTC)))


def test_the_clock_can_be_put_back(told: World, posts: list[Post]) -> None:
    """With CARE_NOW in the past the report is the one that was true then."""
    told.env["CARE_NOW"] = "2026-10-29T08:30:00Z"
    try:
        report = told.json("report")
    finally:
        del told.env["CARE_NOW"]
    same(report, figures(posts, FIRST, datetime(2026, 10, 29, 8, 30, tzinfo=UTC)))


def test_the_other_formats_say_the_same(told: World, posts: list[Post], tmp_path: Path) -> None:
    wanted = figures(posts, FIRST, NOW)
    target = tmp_path / "report.csv"
    told.run("report", "-o", str(target))
    cells = [cell for row in csv.reader(io.StringIO(target.read_text(encoding="utf-8"))) for cell in row]
    numbers = [float(cell) for cell in cells if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell)]
    first = wanted["response"]["first_response"]
    for number in (wanted["response"]["needing_reply"], first["median_seconds"], first["p90_seconds"]):
        assert any(found == pytest.approx(number) for found in numbers), number
    text = told.run("report", "--format", "md").stdout
    assert f"{wanted['response']['response_rate']:.1%}" in text
