"""Configuration, secrets, files and the network: what passed once and failed or leaked later."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from carecli import act, config_edit, credentials, listen, platforms, respond
from carecli.config import Brand, Config, Source, build, parse
from carecli.config_check import check
from carecli.errors import AuthError, ConfigError, StoreError
from carecli.model import JSON, Page
from carecli.platforms import memory
from carecli.platforms.base import Platform, Setup
from carecli.responding import sending
from carecli.store import Store, open_store, replies
from tests.core.tools import NOW, arrive, said

PATH = Path("care.toml")

# What is accepted can be used


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ('[network]\nallow_private = "no"', 2, "allow_private"),
        ('[sources.x]\nplatform = "feed"\nenabled = "no"', 3, "enabled"),
        ('[guardrails]\nsimilarity = "0.85"', 2, "similarity"),
        ("[guardrails]\nsimilarity = -0.1", 2, "similarity"),
        ("[sla]\ndue_soon = nan", 2, "due_soon"),
        ("[sla]\ndue_soon = 1e300", 2, "due_soon"),
        ('[sla.urgency]\ntodya = "1h"', 2, "todya"),
        ("[network]\ntimeout = 0", 2, "timeout"),
        ('[hours]\nholidays = ["1767225600"]', 2, "holidays"),
        ('[brand]\nname = "A"\ntimezone = "Mars/Base"', 3, "Mars/Base"),
        ("sources = 3", 1, "a table"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(text: str, line: int, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(parse(text, PATH), text, PATH)
    assert f"{PATH}:{line}:" in caught.value.message
    assert key in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[sla]\nfirst_response = ""\ndue_soon = 1',
        '[hours]\nmonday = ["09:00-17:00"]\nholidays = [2026-12-25, "2026-12-26"]',
        '[sources.x]\nplatform = "memory"\nsince = 2026-01-01T00:00:00Z\nfactor = 1.5\nnames = ["a", "b"]',
    ],
)
def test_what_is_right_is_accepted(text: str) -> None:
    data = parse(text, PATH)
    check(data, text, PATH)
    assert build(data).team_hours.timezone == "UTC"


def test_a_handle_without_a_name_makes_nobody_ours(store: Store) -> None:
    from carecli.platforms.files import read

    lines = [json.dumps({"id": "1", "text": "where is my bag?", "created_at": "2026-11-20T10:00:00Z"})]
    path = store.path.with_name("anonymous.jsonl")
    path.write_text("\n".join(lines))
    config = Config(brand=Brand(handles=["@"]))
    listen.import_rows(store, config, read(path, listen.ReadOptions()), source="f", now=NOW)
    assert [row["inbound"] for row in store.rows("SELECT inbound FROM mentions")] == [1]


# care.toml stays its owner's


def test_adding_a_source_keeps_links_permissions_and_comments(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("# mine\n[brand]\nname = 'A'\n")
    real.chmod(0o600)
    link = tmp_path / "care.toml"
    try:
        link.symlink_to(real)
    except OSError:
        pytest.skip("this system allows no links")
    config_edit.add_source(link, "x", "feed", {"url": "https://x.example/feed"})
    assert link.is_symlink()
    assert real.read_text().startswith("# mine\n")
    assert parse(link.read_text(), link)["sources"]["x"]["platform"] == "feed"
    if os.name != "nt":
        assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_broken_file_is_named_not_edited(tmp_path: Path) -> None:
    path = tmp_path / "care.toml"
    path.write_text("[brand\n")
    with pytest.raises(ConfigError, match=r"care\.toml"):
        config_edit.add_source(path, "x", "feed", {})
    with pytest.raises(ConfigError, match=r"care\.toml"):
        config_edit.remove_source(path, "x")
    assert path.read_text() == "[brand\n"


# Secrets


def prints(text: str) -> list[str]:
    return [sys.executable, "-c", f"print({text!r})"]


def test_the_first_line_of_a_command_is_the_secret() -> None:
    assert credentials.find("s", "TOKEN", {"token_command": prints("t0ken\nurl: https://x.example")}) == "t0ken"
    if os.name != "nt":
        line = shlex.join(prints("t0ken"))
        assert credentials.find("s", "TOKEN", {"token_command": line}) == "t0ken"


@pytest.mark.parametrize("printed", ["", "hid\x00den", "hid\x1b[1mden"])
def test_what_is_no_secret_is_refused_and_never_shown(printed: str) -> None:
    with pytest.raises(AuthError) as caught:
        credentials.find("s", "TOKEN", {"token_command": prints(printed)})
    assert "hid" not in caught.value.message
    assert "'s'" in caught.value.message


def test_a_secret_of_two_lines_never_reaches_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARE_S_TOKEN", "hidden\r\nX-Evil: 1")
    with pytest.raises(AuthError) as caught:
        credentials.find("s", "TOKEN", {})
    assert "hidden" not in str(caught.value)
    monkeypatch.setenv("CARE_S_TOKEN", "fine\r\n")
    assert credentials.find("s", "TOKEN", {}) == "fine"


def test_a_command_that_fails_shows_nothing_of_what_it_printed() -> None:
    failing = [sys.executable, "-c", "print('hidden'); raise SystemExit(1)"]
    with pytest.raises(AuthError) as caught:
        credentials.find("s", "TOKEN", {"token_command": failing})
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


# Files


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_database_and_its_copies_are_for_their_owner_only(tmp_path: Path) -> None:
    store = open_store(tmp_path / "care.db")
    arrive(store, said("1", 1))
    store.backup(tmp_path / "copy.db")
    for path in tmp_path.glob("*.db*"):
        if not path.name.endswith(".lock"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
    store.close()
    (tmp_path / "care.db").chmod(0o640)  # what its owner chose stays
    open_store(tmp_path / "care.db").close()
    assert stat.S_IMODE((tmp_path / "care.db").stat().st_mode) == 0o640


def test_a_backup_that_fails_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    arrive(store, said("1", 1))
    folder = tmp_path / "copies"
    folder.mkdir()
    store.close()
    with pytest.raises(StoreError, match="backup"):
        store.backup(folder / "copy.db")
    assert list(folder.iterdir()) == []


# The network


@pytest.fixture
def network() -> Iterator[memory.Network]:
    name = uuid.uuid4().hex
    yield memory.network(name)
    memory.close(name)


def brand(network: memory.Network, **settings: object) -> Config:
    source = Source("s", "memory", settings={"network": network.name, "handle": "acme", **settings})
    return Config(brand=Brand(name="Acme", handles=["@acme"]), sources={"s": source})


class Parrot:
    """A server that says the same page for ever."""

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        while True:
            yield Page((said("1", 1),), {"after": 1})


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Parrot]:
    yield Parrot()


def test_the_same_page_for_ever_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platforms, "load", lambda _name: Platform("parrot", "says it again", _open))
    (outcome,) = listen.fetch(store, Config(sources={"p": Source("p", "parrot")}), now=NOW)
    assert outcome.error is not None
    assert "again and again" in outcome.error
    assert outcome.new == 1


def test_a_reply_whose_platform_is_not_installed_is_surely_not_out(store: Store, network: memory.Network) -> None:
    network.say("zoe", "@acme where is my refund?")
    config = brand(network)
    listen.fetch(store, config, now=NOW)
    act.triage_new(store, config, now=NOW)
    number = respond.approve(store, 1, "On its way.", now=NOW)
    gone = Config(brand=config.brand, sources={"s": Source("s", "nosuch")})
    (row,) = respond.send(store, gone, [number], now=NOW)
    assert (row["status"], "nosuch" in row["last_error"]) == ("failed", True)
    (row,) = respond.send(store, config, [number], now=NOW)
    assert row["status"] == "sent"


def test_an_agent_is_no_customer_of_that_name(store: Store, network: memory.Network) -> None:
    network.say("leo", "@acme where is my refund?")
    config = brand(network)
    listen.fetch(store, config, now=NOW)
    act.triage_new(store, config, now=NOW)
    respond.send(store, config, [respond.approve(store, 1, "On its way.", now=NOW, agent="leo")], now=NOW)
    assert store.rows("SELECT count(DISTINCT author_id) FROM mentions")[0][0] == 2


def test_an_answer_comes_after_its_question_whatever_the_clocks_say(store: Store, network: memory.Network) -> None:
    network.clock = lambda: NOW + timedelta(seconds=50)
    network.say("zoe", "@acme where is my refund?")
    config = brand(network)
    listen.fetch(store, config, now=NOW)
    act.triage_new(store, config, now=NOW)
    number = respond.approve(store, 1, "On its way.", now=NOW)
    row = replies.get(store, number)
    reply, _, _ = sending._prepared(store, config, row)
    from carecli.model import Receipt

    sending._record_sent(store, row, reply, Receipt("r1", host=network.name), NOW)
    act.triage_new(store, config, now=NOW)
    (case,) = store.rows("SELECT * FROM cases")
    assert (case["status"], case["first_reply_at"]) == ("pending", "2026-11-20T12:00:50Z")
