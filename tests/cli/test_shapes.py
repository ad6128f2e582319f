"""CONTRACT.md, the `--json` column: every key, every type, null for what is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli import shapes
from tests.world import World


def fits(value: Any, shape: Any) -> None:
    assert not (found := shapes.differences(value, shape)), "\n".join(found)


def test_the_queue(shop: World) -> None:
    every = shop.json("queue", "--all")
    fits(every, [shapes.CASE])
    assert len(every) == 6
    zoe = next(case for case in every if case["customer"]["handle"] == "zoe")
    assert zoe["status"] == "pending"
    assert zoe["first_reply_at"] == "2026-11-20T10:05:07Z"
    assert zoe["customer"]["name"] == "Zoe Q"
    assert zoe["url"] == "https://social.example/1"
    assert zoe["mentions"] == 2
    bob = next(case for case in every if case["customer"]["handle"] == "bob")
    assert (bob["url"], bob["first_reply_at"], bob["customer"]["name"], bob["assignee"]) == (None,) * 4


def test_one_case(shop: World) -> None:
    shop.run("draft", "1")
    shown = shop.json("show", "1")
    fits(shown, shapes.SHOWN)
    assert [mention["inbound"] for mention in shown["mentions"]] == [True, False]
    assert shown["mentions"][1]["in_reply_to"] == "1"
    assert shown["mentions"][1]["intent"] is None
    assert shown["mentions"][0]["metrics"] == {"likes": 3, "reposts": None, "replies": None}
    assert shown["customer"]["followers"] == 120
    assert shown["drafts"]


def test_search(shop: World) -> None:
    for word in ("luggage", "bagaż", "bagaz", "מזוודה", "行李"):
        found = shop.json("search", word)
        fits(found, [shapes.MENTION])
        assert len(found) == 1, word
    assert shop.json("search", "nothing-like-it") == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("claim", "2", "--as", "mia"), {"assignee": "mia"}),
        (("claim", "--next", "--as", "mia"), {"assignee": "mia"}),
        (("assign", "2", "mia"), {"assignee": "mia"}),
        (("snooze", "2", "2h"), {"status": "snoozed", "snoozed_until": "2026-11-20T14:00:00Z"}),
        (("resolve", "2"), {"status": "resolved", "resolved_at": "2026-11-20T12:00:00Z"}),
        (("reopen", "2"), {"status": "open"}),
        (("note", "2", "called them"), {}),
        (("tag", "2", "vip", "airport"), {"tags": ["vip", "airport"]}),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_what_changes_a_case_gives_the_case(desk: World, command: tuple[str, ...], expected: dict[str, Any]) -> None:
    case = desk.json(*command)
    fits(case, shapes.CASE)
    assert {key: case[key] for key in expected} == expected


def test_label(desk: World) -> None:
    mention = desk.json("label", "1", "--intent", "praise", "--sentiment", "positive", "--topic", "crew")
    fits(mention, shapes.MENTION)
    assert mention["corrected"] is True
    assert (mention["intent"], mention["sentiment"], mention["topics"]) == ("praise", "positive", ["crew"])
    assert desk.json("queue", "--topic", "crew")[0]["intent"] == "praise"


def test_drafts_findings_and_the_outbox(desk: World) -> None:
    fits(desk.json("draft", "2", "-n", "2"), [shapes.DRAFT])
    assert len(desk.json("draft", "2", "-n", "2")) == 2
    findings = desk.json("check", "Please send us your password.", "--case", "2", expect=3)
    fits(findings, [shapes.FINDING])
    assert "block" in {finding["severity"] for finding in findings}
    dry = desk.json("reply", "2", "We open at nine.", "--dry-run")
    fits(dry, shapes.REPLY)
    assert (dry["reply_id"], dry["status"], dry["url"]) == (None, "dry-run", None)
    assert desk.json("outbox") == []
    blocked = desk.json("reply", "2", "Please send us your password.", "--yes", expect=3)
    fits(blocked, shapes.REPLY)
    assert (blocked["reply_id"], blocked["status"]) == (None, "blocked")
    failed = desk.json("reply", "2", "We open at nine.", "--yes", expect=1)  # a file cannot be answered
    fits(failed, shapes.REPLY)
    assert failed["status"] == "failed"
    for command in (("outbox",), ("outbox", "list")):
        rows = desk.json(*command)
        fits(rows, [shapes.OUTBOX])
        assert [row["attempts"] for row in rows] == [1]
    again = desk.json("outbox", "send", "1", expect=1)
    fits(again, [shapes.OUTBOX])
    assert again[0]["attempts"] == 2
    cancelled = desk.json("outbox", "cancel", "1")
    fits(cancelled, shapes.OUTBOX)
    assert cancelled["status"] == "cancelled"
    assert desk.json("outbox") == []


def test_the_report(shop: World, world: World) -> None:
    report = shop.json("report")
    fits(report, shapes.REPORT)
    assert list(report) == list(shapes.REPORT)
    assert report["mentions"]["total"] == 7
    assert report["mentions"]["by_platform"] == {"import": 6}
    assert report["response"]["first_response"] == {
        "count": 1,
        "median_seconds": 307,
        "p90_seconds": 307,
        "mean_seconds": 307,
    }
    empty = world.json("report")
    fits(empty, shapes.REPORT)
    assert empty["response"]["response_rate"] is None
    assert empty["response"]["first_response"]["median_seconds"] is None
    assert empty["response"]["sla"]["rate"] is None
    assert empty["service"]["net_sentiment"] is None
    assert empty["period"]["since"] is None


def test_import_and_classify(world: World) -> None:
    world.init()
    done = world.json("import", "-", stdin='{"id":"1","text":"@acme hi?"}\nnonsense\n', expect=4)
    fits(done, shapes.IMPORTED)
    assert (done["read"], done["new"], done["rejected"]) == (2, 1, 1)
    assert done["errors"][0]["line"] == 2
    lines = ["my luggage is lost", "dziękuję, świetna obsługa", "האם אתם פתוחים היום?", "谢谢你们"]
    found = world.json("classify", "-", stdin="\n".join(lines))
    fits(found, [shapes.VERDICT])
    assert [verdict["text"] for verdict in found] == lines
    assert [verdict["language"] for verdict in found] == ["en", "pl", "he", "zh"]
    assert world.json("classify", "--all") == {"classified": 1}


def test_what_classify_reads(world: World) -> None:
    odd = ["one\u2028line", "another\x85line", "a\x0bb", ""]
    rows = "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in odd)
    assert [verdict["text"] for verdict in world.json("classify", "-", stdin=rows)] == odd
    table = 'text,language\n"two\nlines",en\n,\nlast,pl\n'
    assert [verdict["text"] for verdict in world.json("classify", "-", stdin=table)] == ["two\nlines", "", "last"]
    for bad in ('{"text": null}', '{"words": "x"}', '{"text": "x"', '{"text": "x", "language": 5}'):
        assert "line 1" in world.run("classify", "-", stdin=bad, expect=1).stderr


def test_sources_and_fetch(world: World) -> None:
    fits(world.json("init", "--brand", "Acme"), {"config": shapes.words, "db": shapes.words})
    path = world.write("in.jsonl", '{"id":"1","text":"@acme hi?","created_at":"2026-11-20T10:00:00Z"}')
    fits(world.json("source", "add", "file", "inbox", "--set", f"path={path}"), shapes.SOURCE)
    rows = world.json("source", "list")
    fits(rows, [shapes.SOURCE])
    assert rows[0]["last_fetch_at"] is None
    fits(world.json("source", "test", "inbox"), {"source": shapes.words, "found": shapes.words})
    fetched = world.json("fetch")
    fits(fetched, [shapes.FETCHED])
    assert (fetched[0]["new"], fetched[0]["error"]) == (1, None)
    assert world.json("fetch")[0]["fetched"] == 0
    assert world.json("source", "list")[0]["last_fetch_at"] == "2026-11-20T12:00:00Z"
    assert world.json("source", "list")[0]["mentions"] == 1
    fits(world.json("source", "remove", "inbox"), {"removed": shapes.words})
    assert world.json("source", "list") == []
    assert len(world.json("queue", "--all")) == 1


def test_doctor_backup_and_export(shop: World, world: World) -> None:
    check = {"check": shapes.words, "ok": bool, "detail": str, "problem": shapes.maybe(shapes.words)}
    fits(shop.json("doctor"), [check])
    target = world.folder / "copy.db"
    fits(shop.json("backup", str(target)), {"backup": shapes.words, "bytes": shapes.count})
    assert shop.json("--db", str(target), "queue", "--all") == shop.json("queue", "--all")
    exported = shop.json("export")
    lines = shop.run("export").stdout.splitlines()
    assert [json.loads(line) for line in lines] == exported
    assert {row["id"] for row in exported} == {str(number) for number in range(1, 8)}
