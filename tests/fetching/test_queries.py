"""Queries in care.toml: local filtering of any source, searches of platforms that search, and what `care show` says."""

from __future__ import annotations

from tests.platforms.servers import LyingServer, Script, json_script
from tests.world import World


def entries(*titles: str) -> Script:
    items = "".join(f"<item><guid>urn:{n}</guid><title>{title}</title></item>" for n, title in enumerate(titles))
    body = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return Script(200, body.encode(), {"Content-Type": "application/rss+xml"})


def test_a_feed_is_filtered_and_show_says_why(world: World) -> None:
    with LyingServer() as server:
        server.on("/feed", entries("Orange juice is healthy", "Orange has no network, awful!", "Bananas"))
        world.init()
        world.config.write_text(
            world.config.read_text(encoding="utf-8")
            + "\n[brand.queries]\nname = 'orange -\"orange juice\"'\n"
            + f'\n[sources.blog]\nplatform = "feed"\nurl = "{server.url}/feed"\nallow_private = true\nquery = "name"\n',
            encoding="utf-8",
        )
        (outcome,) = world.json("fetch")
    assert (outcome["fetched"], outcome["new"], outcome["error"]) == (1, 1, None)
    (case,) = world.json("queue", "--all")
    shown = world.json("show", str(case["case"]))
    assert shown["mentions"][0]["match"] == shown["match"] == case["match"]
    assert case["match"] == "'orange' in “orange has no network, awful!”"
    assert "found by: 'orange' in" in world.run("show", str(case["case"])).stdout


def test_replies_to_what_was_found_come_with_it(world: World) -> None:
    rows = [
        '{"id": "1", "text": "Acme lost my bag", "author": "zoe", "created_at": "2026-11-20T10:00Z"}',
        '{"id": "2", "text": "mine too!", "author": "max", "created_at": "2026-11-20T10:01Z", "in_reply_to": "1"}',
        '{"id": "3", "text": "nice weather", "author": "kai", "created_at": "2026-11-20T10:02Z"}',
        '{"id": "4", "text": "indeed", "author": "kai", "created_at": "2026-11-20T10:02Z", "in_reply_to": "3"}',
    ]
    world.init()
    path = world.write("archive.jsonl", "\n".join(rows))
    world.run("source", "add", "file", "archive", "--set", f"path={path}", "--set", "query=acme")
    (outcome,) = world.json("fetch")
    assert outcome["new"] == 2
    (case,) = world.json("queue", "--all")
    assert case["mentions"] == 2


def test_mastodon_is_asked_for_the_query(world: World) -> None:
    with LyingServer() as server:
        account = {"id": "1", "acct": "shop", "username": "shop", "display_name": "", "url": server.url}
        server.on("/api/v1/accounts/verify_credentials", json_script(account))
        for path in ("/api/v1/notifications", "/api/v1/accounts/1/statuses"):
            server.on(path, json_script([]))
        server.on("/api/v2/search", json_script({"statuses": []}))
        world.init()
        world.env["CARE_SHOP_TOKEN"] = "t"
        at = f"base_url={server.url}"
        world.run("source", "add", "mastodon", "shop", "--set", at, "--set", "query=(acme OR luna) -jobs")
        world.run("fetch")
        asked = {request.first("q") for request in server.asked("/api/v2/search")}
    assert asked == {"acme -jobs", "luna -jobs"}


def test_a_wrong_query_names_file_line_and_key(world: World) -> None:
    world.init()
    text = world.config.read_text(encoding="utf-8") + '\n[brand.queries]\nname = "(acme"\n'
    world.config.write_text(text, encoding="utf-8")
    said = world.run("queue", expect=2).stderr
    line = text.splitlines().index('name = "(acme"') + 1
    assert f"care.toml:{line}: [brand.queries.name] a ( is never closed" in said
