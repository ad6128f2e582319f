"""What strangers write is shown inert, wherever it stands; `--json` gives it as it came."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import STEERING, seen, unstyled
from tests.world import World

ESCAPES = (
    "\x1b[2J\x1b[31mred\x1b]0;title\x07 \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ \x1b]52;c;ZXZpbA==\x07"
)
CONTROLS = "\x9b31m\x9d52;c;x\x9c bell\x07 back\x08\x08 \x7f vertical\x0b form\x0c next\x85line"
MARKUP = "[bold red]loud[/bold red] [link=https://evil.example]x[/link] [/] :smiley: {0} {agent} %s %(x)s"
BIDI = "abc \u202eevil\u202c \u2066isolated\u2069 \u200fmark \u2028line\u2029 \u061c"
HIDDEN = "zero\u200bwidth \ufeff\U000e0041\U000e0042 \ue000 soft\u00adhyphen"
FORMULAS = ('=HYPERLINK("https://evil.example","x")', "+1+1", "-1+1", "@SUM(A1)", "\tx", "＝1+1")
HOSTILE = f"@acme my bag is lost! {ESCAPES} {CONTROLS} {MARKUP} {BIDI} {HIDDEN} \r\r overwritten"
LOOKS = [
    ("queue", "--all"),
    ("show", "1"),
    ("search", "bag"),
    ("report",),
    ("report", "--format", "md"),
    ("report", "--format", "csv"),
    ("draft", "1"),
    ("check", "We look for it.", "--case", "1"),
    ("reply", "1", "--draft", "1", "--dry-run"),
    ("outbox",),
    ("claim", "1"),
    ("tag", "1", HOSTILE[:60]),
    ("note", "1", HOSTILE.replace("\0", "")),
    ("doctor",),
]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which everything that a stranger can choose is hostile."""
    world = World(tmp_path_factory.mktemp("attacked"))
    world.init()
    row: dict[str, Any] = {
        "author": f"zoe{ESCAPES}",
        "author_name": f"Zoe {ESCAPES}{BIDI}{MARKUP}",
        "platform": f"x{ESCAPES}",
        "language": "en",
        "extra": ESCAPES,
    }
    name = f"in{ESCAPES}{BIDI}.jsonl".replace("/", "")
    rows = [
        {"id": "1", "text": HOSTILE, "created_at": "2026-11-20T10:00:00Z", **row},
        {"id": "2", "text": HOSTILE, "in_reply_to": "1", "created_at": "2026-11-20T10:01:00Z", **row},
        {"id": ESCAPES, "text": f"@acme open? {BIDI}", "created_at": "2026-11-20T10:01:00Z", **row},
    ]
    world.write(name, "".join(json.dumps(each) + "\n" for each in rows) + f"broken {ESCAPES}\n")
    told = world.run("import", name, expect=4)
    assert not STEERING.search(told.stdout + told.stderr)
    world.run("reply", "1", f"We look for it {ESCAPES}".replace("\x07", ""), "--yes", expect=(1, 3))
    world.run("draft", "1")
    world.run("reply", "1", "We look for it.", "--yes", expect=1)
    world.run("note", "1", ESCAPES)
    return world


@pytest.mark.parametrize("command", LOOKS, ids=lambda command: " ".join(command)[:20].split("\x1b")[0])
def test_nothing_of_it_reaches_a_pipe_raw(attacked: World, command: tuple[str, ...]) -> None:
    done = attacked.run(*command, expect=(0, 1, 3))
    text = done.stdout + done.stderr
    if command[:3] == ("report",):
        text = text.replace("\u200e", "")  # the report's own mark after right-to-left words
    assert not (found := STEERING.search(text.replace("\r\n", "\n"))), repr(text[max(0, found.start() - 80) :][:160])


def test_markup_is_shown_as_it_was_written(attacked: World) -> None:
    for command in (("show", "1"), ("search", "bag")):
        assert "[bold red]loud[/bold red] [link=https://evil.example]x[/link] [/] :smiley:" in (
            attacked.run(*command).stdout
        )
    assert "\\x1b[2J" in attacked.run("show", "1").stdout


def test_json_gives_the_original_and_is_safe_on_a_terminal(attacked: World) -> None:
    done = attacked.run("show", "1", "--json")
    first = json.loads(done.stdout)["mentions"][0]
    assert first["text"] == HOSTILE
    assert first["author"]["name"] == f"Zoe {ESCAPES}{BIDI}{MARKUP}".strip()
    assert not STEERING.search(done.stdout)
    for command in (("queue", "--all"), ("search", "bag"), ("export",)):
        assert any(row["text"] == HOSTILE for row in attacked.json(*command))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("command", [("queue", "--all"), ("show", "1"), ("search", "bag"), ("draft", "1")], ids=str)
def test_a_terminal_gets_the_programs_own_styling_only(attacked: World, command: tuple[str, ...]) -> None:
    text = seen(attacked, *command)
    assert "acme" in text or "Hello" in text
    assert not (found := STEERING.search(unstyled(text))), repr(text[max(0, found.start() - 80) :][:160])
    dumb = seen(attacked, *command, TERM="dumb", NO_COLOR="1")
    assert "\x1b" not in dumb


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_data_formats_are_inert_on_a_terminal_and_exact_in_a_pipe(attacked: World, form: str) -> None:
    assert not STEERING.search(seen(attacked, "export", "--format", form))
    assert not STEERING.search(seen(attacked, "show", "1", "--json"))
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(attacked.run("export", "--format", "csv").stdout, newline="")))
        assert rows[0]["author_name"].startswith(f"Zoe {ESCAPES}")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_right_to_left_text_is_shown(shop: World) -> None:
    number = next(str(case["case"]) for case in shop.json("queue", "--all") if case["language"] == "he")
    words = "המזוודה"
    assert words in shop.run("show", number).stdout  # in a pipe: as it was written
    for mode, form in (("logical", words), ("visual", words[::-1])):
        config = shop.folder / f"{mode}.toml"
        config.write_text(f'[brand]\nhandles = ["acme"]\n[display]\nrtl = "{mode}"\n')
        for command in (("show", number), ("queue", "--all")):
            assert form in seen(shop, "--config", str(config), *command), (mode, command)


def test_formulas_are_text_in_every_table(world: World) -> None:
    world.init()
    world.mentions(
        *(
            {"id": str(n), "text": f"{formula} @acme?", "author": formula, "author_name": formula, "platform": formula}
            for n, formula in enumerate(FORMULAS, 1)
        )
    )
    for command in (("export", "--format", "csv"), ("report", "--format", "csv")):
        cells = [cell for row in csv.reader(io.StringIO(world.run(*command).stdout, newline="")) for cell in row]
        assert any("HYPERLINK" in cell for cell in cells)
        risky = [
            cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) and not _number(cell)
        ]
        assert risky == []


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_markdown_holds_no_markup_of_strangers(world: World) -> None:
    world.init()
    world.mentions({"platform": "<script>alert(1)</script>|[x](https://evil.example)`*_", "text": "hi"})
    text = world.run("report", "--format", "md").stdout
    assert "script" in text
    assert "<script" not in text.replace("\\<script", "")
    assert not re.search(r"(?<!\\)\]\(", text)


def test_a_hundred_thousand_combining_marks(world: World) -> None:
    world.init()
    text = "@acme my bag is lost z" + "\u0301\u0336\u20dd" * 33_334
    world.mentions({"text": text})
    assert world.json("show", "1")["text"] == text
    for command in (("queue",), ("show", "1"), ("search", "bag"), ("draft", "1"), ("report",)):
        out = world.run(*command).stdout
        assert sum(1 for c in out if c in "\u0301\u0336\u20dd") < 200, command
    assert "marks>" in world.run("show", "1").stdout


def test_nul_and_half_characters(world: World) -> None:
    world.init()
    text = "@acme my bag\x00 is lost \ud83d half \udc00"
    world.mentions({"text": text, "author_name": "Z\x00\ud800"})
    shown = world.json("show", "1")
    assert shown["text"] == text.translate(dict.fromkeys([0, 0xD83D, 0xDC00], "\ufffd"))  # SQLite holds neither
    (exported,) = world.json("export")
    assert exported["raw"]["text"] == text  # the source keeps them
    assert json.loads(world.run("export").stdout)["raw"]["text"] == text
    for command in (("queue",), ("show", "1"), ("search", "half"), ("draft", "1")):
        assert not STEERING.search(world.run(*command).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes")
def test_a_file_name_that_is_no_text(world: World) -> None:
    world.init()
    name = b"\xff\x1b[31m.jsonl".decode("utf-8", "surrogateescape")
    (Path(world.folder) / name).write_text('{"id":"1","text":"@acme hi?"}\n')
    assert world.json("import", name)["new"] == 1
    done = world.run("import", name + "x", expect=1)
    assert not STEERING.search(done.stderr)
    assert world.json("search", "hi")[0]["source"].startswith("import:\ufffd")


@pytest.mark.skipif(sys.platform != "linux", reason="arguments are bytes")
@pytest.mark.parametrize(
    "command", [("note", "1"), ("tag", "1"), ("assign", "1"), ("claim", "1", "--as"), ("search",), ("snooze", "1")]
)
def test_arguments_that_are_no_text(desk: World, command: tuple[str, ...]) -> None:
    done = desk.run(*command, b"a\xff\x1b[31m".decode("utf-8", "surrogateescape"), expect=(0, 2))
    assert "unexpected" not in done.stderr
    assert not STEERING.search(done.stdout + done.stderr)
    desk.run("show", "1")


def test_a_narrow_stream_gets_escapes_and_valid_json(shop: World) -> None:
    shop.env["PYTHONIOENCODING"] = "ascii"
    try:
        assert shop.json("queue", "--all") == json.loads(shop.run("queue", "--all", "--json").stdout)
        assert any("行李" in case["text"] for case in shop.json("queue", "--all"))
        for command in (("queue", "--all"), ("show", "5"), ("report",), ("search", "bagaż"), ("export",)):
            assert shop.run(*command).stdout.isascii()
    finally:
        del shop.env["PYTHONIOENCODING"]
