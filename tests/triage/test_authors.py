"""Who writes: only clear signs count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from carecli.triage.authors import Post, kind_of

START = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("handle", "name", "kind"),
    [
        ("zoe", "Zoe Adams", "person"),
        ("ola", "Aleksandra Wiśniewska-Nowak", "person"),
        ("dana", "דנה לוי", "person"),
        ("zoe", None, "unknown"),
        ("xx_dragon_77", "dragon", "unknown"),
        ("weather_bot", "Warsaw weather", "bot"),
        ("newsbot@social.example", None, "bot"),
        ("flights", "Flight delays 🤖", "bot"),
        ("abbot", "Jane Abbot", "person"),
        ("acme.support", "Acme", "company"),
        ("northwind", "Northwind Trading Ltd", "company"),
        ("sklepik", "Sklep Zielony", "company"),
        ("luna", "露娜官方旗舰店", "company"),
        ("mia", "Mia from Customer Care", "company"),
    ],
)
def test_names_and_handles(handle: str, name: str | None, kind: str) -> None:
    assert kind_of(handle, name, 100).kind == kind


def test_a_name_with_a_crowd_may_be_a_brand() -> None:
    assert kind_of("ben", "Ben Jerrys", 2_000_000).kind == "unknown"


def test_the_same_text_again_and_again_is_a_bots() -> None:
    posts = [Post(START + timedelta(minutes=n * n), 7) for n in range(9)]
    assert kind_of("zoe", "Zoe Adams", 5, posts).kind == "bot"
    assert kind_of("zoe", "Zoe Adams", 5, posts[:7]).kind == "person"


def test_regular_intervals_are_a_bots() -> None:
    clockwork = [Post(START + timedelta(hours=n), n) for n in range(10)]
    assert kind_of("zoe", "Zoe Adams", 5, clockwork).why == "posts at regular intervals"
    human = [Post(START + timedelta(hours=n * n), n) for n in range(10)]
    assert kind_of("zoe", "Zoe Adams", 5, human).kind == "person"
