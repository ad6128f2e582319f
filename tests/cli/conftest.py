"""Worlds that several tests look at without changing them."""

from __future__ import annotations

import pytest

from tests.world import World

CONVERSATIONS: tuple[dict[str, object], ...] = (
    {
        "id": "1",
        "author": "zoe",
        "author_name": "Zoe Q",
        "author_followers": 120,
        "url": "https://social.example/1",
        "created_at": "2026-11-20T10:00:00Z",
        "text": "@acme my luggage is lost and nobody answers!",
        "likes": 3,
    },
    {
        "id": "2",
        "author": "acme",
        "created_at": "2026-11-20T10:05:07Z",
        "in_reply_to": "1",
        "text": "Sorry, we are looking for it.",
    },
    {"id": "3", "author": "bob", "created_at": "2026-11-20T11:00:00Z", "text": "@acme when do you open on Sunday?"},
    {"id": "4", "author": "kim", "created_at": "2026-11-20T11:10:00Z", "text": "nice weather today"},
    {
        "id": "5",
        "author": "ola",
        "created_at": "2026-11-20T11:20:00Z",
        "text": "@acme zgubiliście mój bagaż, to skandal!",
    },
    {"id": "6", "author": "dana", "created_at": "2026-11-20T11:30:00Z", "text": "@acme המזוודה שלי אבדה ואין מענה"},
    {"id": "7", "author": "li", "created_at": "2026-11-20T11:40:00Z", "text": "@acme 我的行李丢了，没有人回答！"},
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Six conversations in four languages, one of them answered; for tests that only look."""
    world = World(tmp_path_factory.mktemp("shop"))
    world.init()
    world.mentions(*CONVERSATIONS)
    return world


@pytest.fixture
def desk(world: World) -> World:
    """Two open conversations, for tests that work on them."""
    world.init()
    world.mentions(
        {"id": "1", "text": "@acme my luggage is lost and nobody answers!"},
        {"id": "2", "author": "bob", "text": "@acme when do you open on Sunday?"},
    )
    return world
