"""What a person sees of a fetch on a terminal, and Ctrl-C there."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.terminal import spawn
from tests.platforms.servers import LyingServer, Request, Script, json_script
from tests.world import World

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROWS = 10


def endless(request: Request) -> Script:
    """A hashtag with a page of older posts after every page, each half a second later."""
    page = int(request.first("max_id", "0")) // ROWS
    numbers = range(page * ROWS + 1, (page + 1) * ROWS + 1)
    posts = [
        {
            "id": str(number),
            "created_at": (NOW - timedelta(minutes=number)).isoformat(),
            "content": f"<p>@acme app crashes {number}</p>",
            "account": {"id": f"9{number % 3}", "acct": f"zoe{number % 3}"},
            "mentions": [],
        }
        for number in numbers
    ]
    return Script(200, json.dumps(posts).encode(), {"Content-Type": "application/json"}, delay=0.5)


def test_each_source_says_how_far_it_is_and_ctrl_c_stops_between_two_pages(world: World) -> None:
    with LyingServer() as server:
        server.on("/api/v1/accounts/verify_credentials", json_script({"id": "7", "acct": "acme"}))
        server.on("/api/v1/accounts/7/statuses", json_script([]))
        server.on("/api/v1/notifications", json_script([]))
        server.on("/api/v1/timelines/tag/acme", endless)
        server.on("/feed", Script(200, b'<rss version="2.0"><channel><title>t</title></channel></rss>'))
        world.init()
        world.env["CARE_SHOP_TOKEN"] = "token-4711"
        at = f"base_url={server.url}"
        world.run("source", "add", "mastodon", "shop", "--set", at, "--set", "hashtags=acme")
        at = f"url={server.url}/feed"
        world.run("source", "add", "feed", "blog", "--set", at, "--set", "allow_private=true")
        child = spawn(world, "fetch", "--since", "30d")
        child.expect(r"shop: 0 mentions, 0 new")
        child.expect(r"\(1 source done\)")
        child.expect(r"shop: 20 mentions, 20 new")
        child.sendintr()
        child.expect(r"care: stopped: (\d+) new mentions? stored, 1 of 2 sources read to the end")
        stored = int(child.match[1])
        child.expect("nothing is lost")
        child.wait()
        assert (child.exitstatus, stored % ROWS) == (130, 0)
        rows = {row["name"]: row for row in world.json("source", "list")}
        assert (rows["shop"]["mentions"], rows["shop"]["last_error"]) == (stored, None)
        assert "never read to its end" in world.run("source", "list").stdout
        place = len(server.asked("/api/v1/timelines/tag/acme"))
        world.run("fetch", "shop", "--limit", "10")
    again = server.asked("/api/v1/timelines/tag/acme")[place:]
    assert again[0].first("max_id") == str(stored)  # it goes on behind the last page that is stored


def test_the_doctor_asks_only_after_sources_that_are_listened_to(world: World) -> None:
    with LyingServer() as server:
        server.on("/feed", Script(500))
        world.init()
        for name in ("gone", "off"):
            at = f"url={server.url}/feed"
            world.run("source", "add", "feed", name, "--set", at, "--set", "allow_private=true")
        world.run("fetch", expect=1)
    assert {"fetching gone", "fetching off"} <= {check["check"] for check in world.json("doctor", expect=1)}
    world.config.write_text(world.config.read_text().replace("[sources.off]", "[sources.off]\nenabled = false"))
    world.config.write_text(world.config.read_text().replace("[sources.gone]", "[sources.new]"))
    assert not any(check["check"].startswith("fetching") for check in world.json("doctor"))
