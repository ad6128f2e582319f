"""What `care source list`, `doctor` and `source test` say of a source that is not well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from carecli.listening import patience
from tests.platforms.servers import LyingServer, Script, json_script
from tests.world import World

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def feed(*ages: float) -> Script:
    """A feed with one entry so many hours old each."""
    items = "".join(
        f"<item><guid>urn:{hours}</guid><title>Acme {hours}</title>"
        f"<pubDate>{(NOW - timedelta(hours=hours)):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for hours in ages
    )
    body = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return Script(200, body.encode(), {"Content-Type": "application/rss+xml"})


def test_last_success_error_next_try_and_silence(world: World) -> None:
    with LyingServer() as server:
        server.on("/lively", feed(*range(1, 60)))
        server.on("/silent", feed(*range(200, 260)))
        server.on("/limited", Script(429, b"slow down", {"Retry-After": "900"}))
        world.init()
        for name in ("lively", "silent", "limited"):
            at = f"url={server.url}/{name}"
            world.run("source", "add", "feed", name, "--set", at, "--set", "allow_private=true")
        assert {row["next_try_at"] for row in world.json("source", "list")} == {None}
        world.run("fetch", expect=4)
        asked = len(server.requests)
        again = {row["source"]: row for row in world.json("fetch", expect=4)}
    assert len(server.requests) == asked + 2  # the limited one was left alone
    assert again["limited"]["next_try"].startswith("2026-11-20T12:15:0")
    rows = {row["name"]: row for row in world.json("source", "list")}
    assert rows["lively"]["last_success_at"] == "2026-11-20T12:00:00Z"
    assert rows["lively"]["silent_seconds"] is None
    assert rows["silent"]["silent_seconds"] == 200 * 3600
    assert "429" in rows["limited"]["last_error"]
    assert rows["limited"]["next_try_at"] == again["limited"]["next_try"]
    world.env["COLUMNS"] = "80"  # nothing of it is cut off where there is little room
    shown = " ".join(world.run("source", "list").stdout.split())
    assert "silent: silent for 8d 8h, longer than usual" in shown
    assert "slow down" in shown
    assert "not asked before 2026-11-20T12:15:0" in shown
    assert "lively:" not in shown
    checks = {check["check"]: check for check in world.json("doctor", expect=1)}
    assert checks["fetching lively"]["ok"]
    assert "longer than usual" in checks["fetching silent"]["problem"]
    assert "429" in checks["fetching limited"]["problem"]


@pytest.mark.parametrize(("gaps", "silence", "unusual"), [(19, 500, False), (30, 500, True), (30, 3, False)])
def test_a_habit_needs_a_history(gaps: int, silence: float, unusual: bool) -> None:
    times = [NOW + timedelta(hours=2 * n) for n in range(gaps + 1)]
    found = patience.too_silent(times, times[-1] + timedelta(hours=silence))
    assert (found is not None) == unusual


def test_one_holiday_is_no_habit() -> None:
    times = [NOW + timedelta(hours=n) for n in range(30)]
    times = [*times, *(moment + timedelta(days=10) for moment in times)]
    assert patience.usual_gap(times) == timedelta(hours=1)


def test_a_refused_token_is_explained_in_the_platforms_own_terms(world: World) -> None:
    with LyingServer() as server:
        server.on("/api/v1/accounts/verify_credentials", json_script({"error": "This action is outside scope"}, 403))
        world.init()
        world.run("source", "add", "mastodon", "shop", "--set", f"base_url={server.url}")
        world.env["CARE_SHOP_TOKEN"] = "wrong"
        said = world.run("source", "test", "shop", expect=1).stderr
    assert "outside scope" in said
    assert "read:accounts read:notifications" in said
    assert "Development" in said
    assert "care login shop" in said
