"""care.toml: an error names file, line, key and a way out; what changes the file keeps its owner's words."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.world import World

SECRET = "hunter2-s3cr3t"


def explained(world: World, content: str | bytes) -> str:
    world.write("care.toml", content)
    done = world.run("queue", expect=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) <= 3
    return done.stderr


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ('[brand]\nnmae = "Acme"\n', 2, ("brand.nmae", "'name'")),
        ('# ours\n\n[brand]\nname = "Acme"\n\n[sla]\nfirst_respones = "4h"\n', 7, ("sla.first_respones", "response")),
        ('[barnd]\nname = "Acme"\n', 1, ("barnd", "'brand'")),
        ('[voices.calm]\nsignture = "x"\n', 2, ("voices.calm.signture", "'signature'")),
        ("[guardrails]\nsimilarty = 0.5\n", 2, ("guardrails.similarty", "'similarity'")),
        ('[hours]\nmonady = ["09:00-17:00"]\n', 2, ("hours.monady", "'monday'")),
        ('[brand]\nname = "Acme"\nhandles = "acme"\n', 3, ("brand.handles",)),
        ("[brand]\nname = 5\n", 2, ("brand.name",)),
        ('[brand]\nhandles = ["acme", 5]\n', 2, ("brand.handles",)),
        ('[sla]\nbusiness_hours = "no"\n', 2, ("sla.business_hours",)),
        ('[sla]\ndue_soon = "half"\n', 2, ("sla.due_soon",)),
        ('[sla]\ndue_soon = "0.5"\n', 2, ("sla.due_soon",)),
        ('[sources.a]\nplatform = "feed"\nenabled = "false"\n', 3, ("sources.a.enabled",)),
        ('[network]\ntimeout = "10"\n', 2, ("network.timeout",)),
        ('[guardrails.severity]\ncanned = "nope"\n', 2, ("guardrails.severity.canned", "block")),
        ('[display]\nrtl = "left"\n', 2, ("display.rtl", "visual")),
        ('[sla]\nfirst_response = "4 hours"\n', 2, ("sla.first_response", "4 hours", "4h")),
        ('[sla]\n\nurgency = { emergency = "soon" }\n', 3, ("sla.urgency", "soon")),
        ('[sla.urgency]\ntoday = "1h"\nemergnecy = "5m"\n', 3, ("emergnecy", "'emergency'")),
        ('[hours]\ntuesday = ["09:00-17:00"]\nmonday = ["9-17"]\n', 3, ("monday", "9-17", "09:00-17:30")),
        ('[hours]\nmonday = ["25:00-26:00"]\n', 2, ("monday",)),
        ('[hours]\nholidays = ["someday"]\n', 2, ("hours.holidays",)),
        ('[brand]\nname = "Acme"\ntimezone = "Europe/Warsawa"\n', 3, ("brand.timezone", "Europe/Warsawa")),
        ('[sources.feed]\nplatfrom = "feed"\n', 1, ("sources.feed", "platform")),
        ('[brand]\nname = "Acme\n', 2, ()),
        ("[brand]\nname = Acme\n", 2, ()),
    ],
    ids=lambda part: part.replace("\n", " ")[:40] if isinstance(part, str) else "",
)
def test_a_mistake_is_named(world: World, content: str, line: int, words: tuple[str, ...]) -> None:
    error = explained(world, content)
    assert str(world.config) in error
    assert f":{line}:" in error or f"line {line}" in error, error
    for word in words:
        assert word in error, error


def test_not_a_text_file(world: World) -> None:
    assert "UTF-8" in explained(world, b'[brand]\nname = "Fl\xfcgel"\n')
    world.config.unlink()
    world.config.mkdir()
    assert str(world.config) in world.run("queue", expect=2).stderr


def test_a_mended_file_works_and_a_broken_one_is_noticed_again(world: World) -> None:
    explained(world, '[brand]\nnmae = "Acme"\n')
    world.write("care.toml", '\ufeff[brand]\nname = "Acme"\n')
    world.run("queue")
    world.run("queue")
    explained(world, '[brand]\nnmae = "Acme"\n')
    doctor = world.json("doctor", expect=1)
    assert any(not check["ok"] and "nmae" in check["problem"] for check in doctor)


def test_init_asks_for_nothing_in_a_pipe(world: World) -> None:
    assert "--brand" in world.run("init", expect=2).stderr
    assert not world.config.exists()
    made = world.json("init", "--brand", "Acme Air", "--handle", "@acme", "--handle", "acme_help", "--keyword", "acmé")
    assert made == {"config": str(world.config), "db": str(world.db)}
    assert world.db.exists()
    brand = tomllib.loads(world.config.read_text(encoding="utf-8"))["brand"]
    assert brand == {
        "name": "Acme Air",
        "handles": ["@acme", "acme_help"],
        "keywords": ["acmé"],
        "languages": ["en"],
        "timezone": "UTC",
    }


def test_init_twice_keeps_the_first(world: World) -> None:
    world.init()
    before = world.config.read_text(encoding="utf-8")
    error = world.run("init", "--brand", "Other", expect=2).stderr
    assert "--force" in error
    assert world.config.read_text(encoding="utf-8") == before
    world.run("init", "--brand", "Other", "--force")
    assert tomllib.loads(world.config.read_text(encoding="utf-8"))["brand"]["name"] == "Other"


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../etc/passwd"])
def test_init_refuses_a_zone_that_does_not_exist(world: World, zone: str) -> None:
    error = world.run("init", "--brand", "Acme", "--timezone", zone, expect=2).stderr
    assert "zone" in error
    assert not world.config.exists()


def test_init_writes_what_it_reads(world: World) -> None:
    name = 'Acme "Air" \\ [x] \u202e\n#1'
    world.run("init", "--brand", name, "--keyword", "行李")
    brand = tomllib.loads(world.config.read_text(encoding="utf-8"))["brand"]
    assert (brand["name"], brand["keywords"]) == (name, ["行李"])
    world.run("queue")


OURS = """# Our own words
[brand]
name = "Acme" # the brand

# what we listen to
[sources.shop]
platform = "feed" # the blog
url = "https://blog.example/feed"

[sla]
first_response = "2h" # promised
"""


def test_adding_and_removing_sources_keeps_comments_and_order(world: World) -> None:
    world.config.write_text(OURS, encoding="utf-8")
    world.run("source", "add", "mastodon", "m.one", "--set", "base_url=https://m.example", "--set", "hashtags=a,b")
    added = world.config.read_text(encoding="utf-8")
    for line in OURS.splitlines():
        assert line in added
    assert tomllib.loads(added)["sources"]["m.one"] == {
        "platform": "mastodon",
        "base_url": "https://m.example",
        "hashtags": "a,b",
    }
    assert [row["name"] for row in world.json("source", "list")] == ["shop", "m.one"]
    assert "already" in world.run("source", "add", "feed", "shop", "--set", "url=https://x.example", expect=2).stderr
    world.run("source", "remove", "m.one")
    assert world.config.read_text(encoding="utf-8").strip() == OURS.strip()
    assert world.run("source", "remove", "m.one", expect=1).stderr
    world.config.write_text("[brand\n", encoding="utf-8")
    world.run("source", "add", "feed", "x", "--set", "url=https://x.example", expect=2)
    assert world.config.read_text(encoding="utf-8") == "[brand\n"


def test_a_source_can_be_the_first_line_of_the_file(world: World) -> None:
    world.run("source", "add", "file", "inbox", "--set", f"path={world.folder}")
    assert [row["name"] for row in world.json("source", "list")] == ["inbox"]


def secrets_in(world: World, *outputs: str) -> list[str]:
    files = [path for path in world.folder.rglob("*") if path.is_file()]
    found = [path.name for path in files if SECRET.encode() in path.read_bytes()]
    return found + [text for text in outputs if SECRET in text]


@pytest.mark.parametrize("way", ["environment", "command", "failing command"])
def test_secrets_stay_out_of_files_and_errors(world: World, way: str) -> None:
    world.init()
    extra: tuple[str, ...] = ()
    if way == "environment":
        world.env["CARE_M_ONE_TOKEN"] = SECRET
    else:
        script = world.folder.parent / f"{world.folder.name}-secret.py"
        script.write_text(f"import sys; print({SECRET!r}); sys.exit({int(way.startswith('failing'))})")
        extra = ("--set", f"token_command=python3 {script}")
    world.run("source", "add", "mastodon", "m.one", "--set", "base_url=http://127.0.0.1:9", *extra)
    world.config.write_text(world.config.read_text() + "\n[network]\nallow_private = true\n")
    told: list[Any] = [world.run("-vv", "source", "test", "m.one", expect=1)]
    told += [world.run("-vv", "--debug", "fetch", expect=1), world.run("source", "list"), world.run("doctor", expect=1)]
    assert secrets_in(world, *(part for done in told for part in (done.stdout, done.stderr))) == []


def test_login_takes_a_secret_from_a_pipe_and_never_shows_it(world: World) -> None:
    world.init()
    world.run("source", "add", "mastodon", "m1", "--set", "base_url=https://m.example")
    done = world.run("login", "m1", stdin=SECRET + "\n", expect=(0, 1))
    assert secrets_in(world, done.stdout, done.stderr) == []
    assert "CARE_M1_TOKEN" in world.run("login", "mastodon", stdin="", expect=2).stderr


def test_sources_whose_secrets_would_share_a_variable_are_refused(world: World) -> None:
    world.init()
    world.run("source", "add", "mastodon", "my-shop", "--set", "base_url=https://a.example")
    said = world.run("source", "add", "bluesky", "my_shop", expect=2).stderr
    assert "'my_shop' and 'my-shop' would share the variable CARE_MY_SHOP_TOKEN of their secrets" in said
    assert "my_shop" not in world.config.read_text(encoding="utf-8")
    text = world.config.read_text(encoding="utf-8") + '\n[sources.my_shop]\nplatform = "bluesky"\n'
    world.config.write_text(text, encoding="utf-8")
    said = world.run("queue", expect=2).stderr
    line = text.splitlines().index("[sources.my_shop]") + 1
    assert f"care.toml:{line}: [sources.my_shop] 'my_shop' and 'my-shop' would share" in said
