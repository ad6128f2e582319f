"""Exports of monitoring services come in by presets; a user adds one of their own as a data file."""

from __future__ import annotations

import io

import openpyxl
import pytest

from carecli.platforms.files import presets
from tests.world import World

BRAND24 = """Title;Content;Date;Hour;Source;URL;Author;Followers count;Sentiment
Lost;My bag is lost;2026-11-19;14:30;twitter.com;https://x.example/1;zoe;1 200;-1
;Great service;2026-11-19;15:00;Facebook;;max;;1
;Great service;2026-11-19;15:00;Facebook;;max;;1
;;2026-11-19;15:00;Facebook;https://f.example/2;max;;1
"""


def test_brand24(world: World) -> None:
    world.init("--timezone", "Europe/Warsaw")
    world.write("export.csv", BRAND24)
    done = world.json("import", "export.csv", "--format", "brand24", expect=4)
    assert (done["read"], done["new"], done["rejected"]) == (3, 2, 1)  # a row that repeats another is passed over
    assert done["errors"] == [{"line": 5, "reason": "text is missing"}]
    again = world.json("import", "export.csv", "--format", "brand24", expect=4)
    assert (again["new"], again["updated"]) == (0, 0)
    (bag,) = world.json("search", "bag")
    assert (bag["platform"], bag["text"], bag["created_at"]) == ("x", "Lost\nMy bag is lost", "2026-11-19T13:30:00Z")
    assert (bag["author"]["handle"], bag["author"]["followers"], bag["url"]) == ("zoe", 1200, "https://x.example/1")
    (great,) = world.json("search", "great")
    assert great["platform"] == "facebook"
    assert great["external_id"].startswith("row:")


def test_sentione_in_polish_as_a_workbook(world: World) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Data publikacji", "Autor", "Treść", "Adres URL", "Źródło", "Sentyment"])
    book.active.append(["2026-11-19 14:30", "Zoe", "Gdzie jest moja walizka?", "https://f.example/1", "Forum", "neg"])
    buffer = io.BytesIO()
    book.save(buffer)
    world.init()
    world.write("export.xlsx", buffer.getvalue())
    assert world.json("import", "export.xlsx", "--format", "sentione")["new"] == 1
    (found,) = world.json("search", "walizka")
    assert (found["platform"], found["author"]["handle"]) == ("forum", "Zoe")


def test_newspoint_as_a_source(world: World) -> None:
    world.init()
    folder = world.folder / "in"
    folder.mkdir()
    row = "Awaria,Nic nie działa,2026-11-19,https://n.example/1,Internet"
    world.write("in/media.csv", f"Tytuł,Fragment,Data publikacji,Link,Medium\n{row}\n")
    world.run("source", "add", "file", "media", "--set", f"path={folder}", "--set", "format=newspoint")
    (outcome,) = world.json("fetch")
    assert (outcome["new"], outcome["error"]) == (1, None)
    (found,) = world.json("search", "awaria")
    assert (found["text"], found["platform"]) == ("Awaria\nNic nie działa", "web")


def test_a_preset_of_ones_own_and_a_column_besides(world: World) -> None:
    world.init()
    (world.folder / "presets").mkdir()
    world.write("presets/helpdesk.toml", '[columns]\nid = "Ticket"\ntext = "Body"\ncreated_at = "Opened"\n')
    world.write("tickets.csv", "Ticket,Body,Opened,Who\n7,It broke,2026-11-19,zoe\n")
    done = world.json("import", "tickets.csv", "--format", "helpdesk", "--map", "author=Who")
    assert done["new"] == 1
    (found,) = world.json("search", "broke")
    assert (found["external_id"], found["author"]["handle"]) == ("7", "zoe")
    path = str(world.folder / "presets" / "helpdesk.toml")
    assert world.json("import", "tickets.csv", "--format", path, "--map", "author=Who")["new"] == 0


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        (None, "there is no format 'mine'"),
        ("[columns", "mine.toml"),
        ("title = 'x'", "has no table [columns]"),
        ("[columns]\nmood = 'Mood'", "no field is called 'mood'"),
        ("[columns]\ntext = 'Body'\ncreated_at = 'Opened'", "no export of mine: no column for text ('Body')"),
    ],
)
def test_what_is_wrong_with_a_preset_is_said(world: World, preset: str | None, said: str) -> None:
    world.init()
    world.write("x.csv", "a,b\n1,2\n")
    (world.folder / "presets").mkdir()
    if preset is not None:
        world.write("presets/mine.toml", preset)
    assert said in world.run("import", "x.csv", "--format", "mine", expect=2).stderr


def test_every_bundled_preset_is_right() -> None:
    assert list(presets.bundled()) == ["brand24", "newspoint", "sentione"]
    for name in presets.bundled():
        preset = presets.load(name)
        assert preset.columns["id"][-1] == "#"
        assert {"text", "created_at", "author", "url", "platform"} <= preset.columns.keys()
