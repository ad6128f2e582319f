"""`care import`: good rows come in once, bad rows are named, and whose row it is decides what it counts for."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.world import World

HEADER = "id,text,created_at,author\n"
GOOD = '{"id":"1","text":"@acme my bag is lost","created_at":"2026-11-20T10:00:00Z","author":"zoe"}\n'


def result(new: int = 0, updated: int = 0, rejected: int = 0) -> dict[str, int]:
    return {"new": new, "updated": updated, "rejected": rejected}


def counted(done: Any) -> dict[str, int]:
    return {key: done[key] for key in ("new", "updated", "rejected")}


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_same_file_twice_changes_nothing(shop: World, world: World) -> None:
    world.init()
    shop.run("export", "-o", str(world.folder / "all.jsonl"))
    first = world.json("import", "all.jsonl")
    assert counted(first) == result(new=7)
    before = world.json("queue", "--all"), world.json("show", "1"), world.json("report")
    second = world.json("import", "all.jsonl")
    assert (second["read"], counted(second)) == (7, result())
    assert (world.json("queue", "--all"), world.json("show", "1"), world.json("report")) == before


def test_a_changed_row_is_an_update_that_the_log_keeps(world: World) -> None:
    world.init()
    world.mentions({"text": "@acme my bag is late"})
    assert counted(world.mentions({"text": "@acme my bag is found, thank you"})) == result(updated=1)
    shown = world.json("show", "1")
    assert shown["text"] == "@acme my bag is found, thank you"
    assert [event["data"]["before"] for event in shown["events"] if event["kind"] == "edited"] == [
        "@acme my bag is late"
    ]
    assert shown["intent"] == "praise"


def test_bad_rows_are_counted_and_named_and_the_others_are_stored(world: World) -> None:
    world.write(
        "mentions.csv",
        HEADER
        + "1,first,2026-11-20T10:00:00Z,zoe\n"
        + "2,too,many,cells,here,really\n"
        + ",no id,2026-11-20T10:00:00Z,zoe\n"
        + "4,,2026-11-20T10:00:00Z,zoe\n"
        + "5,date unreadable,the other day,zoe\n"
        + "6,date ambiguous,03/04/2026,zoe\n"
        + "1,same id other words,2026-11-20T10:00:00Z,zoe\n"
        + "8,last,2026-11-20T10:08:00Z,zoe\n",
    )
    done = world.run("import", "mentions.csv", "--json", expect=4)
    told = json.loads(done.stdout)
    assert (told["read"], counted(told)) == (8, result(new=2, rejected=6))
    assert [error["line"] for error in told["errors"]] == [3, 4, 5, 6, 7, 8]
    reasons = " / ".join(error["reason"] for error in told["errors"])
    for word in ("header has 4", "id is missing", "text is empty", "the other day", "ambiguous", "duplicate id"):
        assert word in reasons
    assert "line 7" in done.stderr
    plain = world.run("import", "mentions.csv", expect=4)
    assert "6 rejected" in plain.stdout
    assert "line 7" in plain.stderr


def test_half_a_line_at_the_end(world: World) -> None:
    world.write("cut.jsonl", GOOD + GOOD.replace('"1"', '"2"')[:40])
    done = world.json("import", "cut.jsonl", expect=4)
    assert counted(done) == result(new=1, rejected=1)
    assert done["errors"][0]["line"] == 2
    assert "ends within" in done["errors"][0]["reason"]


def test_nothing_good_is_a_failure(world: World) -> None:
    world.write("bad.jsonl", "nonsense\n")
    assert counted(world.json("import", "bad.jsonl", expect=1)) == result(rejected=1)
    world.write("empty.jsonl", "")
    assert counted(world.json("import", "empty.jsonl")) == result()


def test_encodings(world: World) -> None:
    text = HEADER + "1,zgubiony bagaż,2026-11-20T10:00:00Z,ola\n"
    world.write("bom.csv", b"\xef\xbb\xbf" + text.encode())
    assert counted(world.json("import", "bom.csv")) == result(new=1)
    world.write("old.csv", text.replace("1,", "2,", 1).encode("cp1250"))
    wrong = world.run("import", "old.csv", expect=(1, 2, 4)).stderr
    assert "--encoding" in wrong
    assert counted(world.json("import", "old.csv", "--encoding", "cp1250")) == result(new=1)
    assert len(world.json("search", "bagaż")) == 2
    world.write("wide.csv", text.replace("1,", "3,", 1).encode("utf-16"))
    assert counted(world.json("import", "wide.csv")) == result(new=1)


def test_a_megabyte_in_one_cell(world: World) -> None:
    text = ("my bag is lost " * 70_000)[:1_000_000]
    row = '{},"{}",2026-11-20T10:00:00Z,zoe\n'
    world.write("long.csv", HEADER + row.format(1, text) + row.format(2, text + text) + row.format(3, "short"))
    done = world.json("import", "long.csv", expect=4)
    assert counted(done) == result(new=2, rejected=1)
    assert done["errors"][0]["line"] == 3
    assert world.json("show", "1")["text"] == text
    assert len(world.run("queue", "--all").stdout) < 5_000


def test_xlsx_and_a_pipe(world: World) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Post ID", "Message", "When", "Who"])
    sheet.append(["10", "@acme where is my bag?", "2026-11-20T10:00:00Z", "zoe"])
    sheet.append([11, "@acme and mine?", "2026-11-20T10:01:00Z", "bob"])
    book.save(world.folder / "sheet.xlsx")
    maps = [
        part for pair in ("id=Post ID", "text=Message", "created_at=When", "author=Who") for part in ("--map", pair)
    ]
    assert counted(world.json("import", "sheet.xlsx", "--platform", "x", *maps)) == result(new=2)
    cases = world.json("queue", "--all")
    assert {(case["platform"], case["customer"]["handle"]) for case in cases} == {("x", "zoe"), ("x", "bob")}
    world.write("broken.xlsx", b"PK\x03\x04 this is no workbook")
    assert world.run("import", "broken.xlsx", expect=(1, 2)).stderr.count("\n") <= 3


def test_mapping_and_platforms_keep_ids_apart(world: World) -> None:
    content = "Nr;Treść;Kiedy\n1;gdzie jest bagaż?;20.11.2026 10:00\n"
    maps = ("--map", "id=Nr", "--map", "text=Treść", "--map", "created_at=Kiedy")
    for platform in ("x", "facebook"):
        assert counted(world.json("import", "-", "--platform", platform, *maps, stdin=content)) == result(new=1)
    assert len(world.json("queue", "--all")) == 2
    assert "Treść" in world.run("import", "-", "--map", "id=Nr", stdin=content, expect=2).stderr


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-11-20 10:00", "2026-11-20T09:00:00Z"),
        ("2026-07-20 10:00", "2026-07-20T08:00:00Z"),
        ("2026-10-25 01:59", "2026-10-24T23:59:00Z"),
        ("2026-10-25 03:00", "2026-10-25T02:00:00Z"),  # the clock went from 03:00 back to 02:00
        ("2026-03-29 03:00", "2026-03-29T01:00:00Z"),
        ("2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00Z"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
    ],
)
def test_times_without_an_offset_are_the_brands(world: World, local: str, utc: str) -> None:
    world.init("--timezone", "Europe/Warsaw")
    world.mentions({"created_at": local, "text": "hello"})
    assert world.json("queue", "--all")[0]["opened_at"] == utc


def test_rows_of_the_brands_own_handles_are_its_replies(world: World) -> None:
    world.init("--handle", "@Acme_Help")
    world.mentions(
        {"id": "a", "created_at": "2026-11-20T08:00:00Z", "text": "@acme my bag is lost!"},
        {"id": "b", "created_at": "2026-11-20T08:05:07Z", "author": "@ACME", "in_reply_to": "a", "text": "Sorry!"},
        {"id": "c", "author": "bob", "created_at": "2026-11-20T08:00:00Z", "text": "@acme when do you open?"},
        {"id": "d", "author": "acme_help", "created_at": "2026-11-20T09:00:00Z", "in_reply_to": "c", "text": "Nine."},
        {"id": "e", "author": "kim", "created_at": "2026-11-20T08:00:00Z", "text": "@acme how do I get a refund?"},
        {"id": "f", "author": "acme", "created_at": "2026-11-20T08:30:00Z", "text": "Fly with us to Warsaw!"},
    )
    report = world.json("report")
    assert report["mentions"]["total"] == 6
    assert report["mentions"]["inbound"] == 3
    response = report["response"]
    assert (response["cases"], response["needing_reply"], response["answered"]) == (3, 3, 2)
    assert response["response_rate"] == pytest.approx(2 / 3)
    first = response["first_response"]
    assert (first["count"], first["median_seconds"], first["mean_seconds"]) == (2, 1953.5, 1953.5)
    assert first["p90_seconds"] == pytest.approx(307 + 0.9 * (3600 - 307))
    assert [case["customer"]["handle"] for case in world.json("queue")] == ["kim"]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_what_was_exported_comes_in_again(shop: World, world: World, kind: str) -> None:
    world.init()
    target = world.folder / f"out.{kind}"
    shop.run("export", "--format", kind, "-o", str(target))
    assert counted(world.json("import", str(target))) == result(new=7)
    kept = ("text", "platform", "customer", "opened_at", "first_reply_at", "status", "url", "mentions", "intent")
    ours, theirs = (
        sorted(([case[key] for key in kept] for case in each.json("queue", "--all")), key=repr)
        for each in (world, shop)
    )
    assert ours == theirs


def test_a_csv_survives_its_own_protection_against_formulas(world: World) -> None:
    texts = ["=1+1 is what your app says", "@acme where is my bag?", "-5 stars", "'quoted' words", "+48 123"]
    world.init()
    world.mentions(*({"id": str(n), "text": text, "author": "@zoe"} for n, text in enumerate(texts, 1)))
    exported = world.run("export", "--format", "csv").stdout
    assert not any(
        cell[:1] in ("=", "+", "-", "@") for row in csv.reader(io.StringIO(exported)) for cell in row if len(cell) > 1
        and not cell.lstrip("-").replace(".", "").isdigit()
    )  # fmt: skip
    world.write("again.csv", exported)
    assert counted(world.json("import", "again.csv")) == result()
    assert sorted(case["text"] for case in world.json("queue", "--all")) == sorted(texts)


def test_line_breaks_of_all_kinds_survive_a_csv(world: World) -> None:
    texts = ["late\nagain", "late\ragain", "late\r\nagain", "late\u2028again", "late\x85again", "late\x0bagain"]
    world.init()
    world.mentions(*({"id": str(n), "text": text} for n, text in enumerate(texts, 1)))
    target = world.folder / "out.csv"
    world.run("export", "--format", "csv", "-o", str(target))
    with target.open(encoding="utf-8", newline="") as file:
        exported = [row["text"] for row in csv.DictReader(file)]
    assert exported == [found["text"] for found in world.json("export")]
    assert exported[0] == texts[0]
