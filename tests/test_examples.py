"""What examples/ and docs/ show is true: every configuration is right, and the plug-in keeps the contract."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from carecli import data
from carecli.config import Config, build, parse
from carecli.config_check import check
from carecli.platforms import load
from carecli.replies.asking import FIELDS, SECRETS
from carecli.replies.guardrails import RULES

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
REFERENCE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
FOR_EVERY_SOURCE = {"query", "timeout", "allow_private", "token_command", "password_command"}


def checked(text: str, path: Path) -> Config:
    """The configuration that `text` says, validated as `care` does it."""
    plain = parse(text, path)
    check(plain, text, path)
    return build(plain)


def assert_settings_are_known(config: Config) -> None:
    for source in config.sources.values():
        known = set(load(source.platform).settings) | FOR_EVERY_SOURCE
        assert set(source.settings) <= known, source.name


def toml_blocks(text: str) -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_right(path: Path) -> None:
    config = checked(path.read_text(encoding="utf-8"), path)
    assert config.brand.name
    assert config.brand.handles
    assert config.sources
    assert config.team_hours.timezone == config.brand.timezone
    assert_settings_are_known(config)
    assert set(config.guardrails.private_fields) <= set(FIELDS) - set(SECRETS)


def test_there_is_an_example_per_kind_of_user() -> None:
    kinds = {path.stem for path in EXAMPLES}
    assert kinds == {"airline", "bank", "software", "telecom", "townhall"}


def test_the_demos_configuration_is_right() -> None:
    config = checked(data.text("demo.toml"), Path("demo.toml"))
    assert set(config.own_handles) == {"aeroluna", "zefirmobile"}
    assert_settings_are_known(config)


@pytest.mark.parametrize("block", toml_blocks(REFERENCE))
def test_every_block_of_the_reference_is_right(block: str) -> None:
    assert_settings_are_known(checked(block, Path("docs/configuration.md")))


def keys_of(kind: Any) -> set[str]:
    """Every key that care.toml may have in the table `kind` or below it."""
    found = set()
    for name, hint in get_type_hints(kind).items():
        if name not in {f.name for f in fields(kind)}:
            continue
        found.add(name)
        for inner in (hint, *get_args(hint)):
            if is_dataclass(inner):
                found |= keys_of(inner)
    return found


def test_the_reference_names_every_key() -> None:
    missing = {key for key in keys_of(Config) if not re.search(rf"[`\[.]{key}[`\].]", REFERENCE)}
    assert missing == {"settings"}  # not a key: what is no key of a source is a setting of its platform


def test_the_reference_lists_every_guardrail_with_its_severity() -> None:
    listed = re.findall(r"^\| `([\w-]+)` \| (block|confirm|note) \|", REFERENCE, re.MULTILINE)
    assert listed == [(rule.id, rule.severity) for rule in RULES]


def table_rows(text: str) -> dict[str, str]:
    """First and second cell of every table row whose first cell is a key in backquotes."""
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", text, re.MULTILINE))


@pytest.mark.parametrize(
    "platform",
    [
        "mastodon",
        "bluesky",
        "feed",
        "file",
        "telegram",
        "reddit",
        "facebook",
        "instagram",
        "threads",
        "x",
        "matrix",
        "jetstream",
    ],
)
def test_a_platforms_page_lists_its_settings_and_secrets(platform: str) -> None:
    page = (ROOT / "docs" / "platforms" / f"{platform}.md").read_text(encoding="utf-8")
    known = load(platform)
    assert set(table_rows(page)) == set(known.settings)
    for secret in known.secrets:
        assert re.search(rf"CARE_\w+_{secret}\b", page)
    for block in toml_blocks(page):
        assert_settings_are_known(checked(block, Path(f"docs/platforms/{platform}.md")))


def test_the_crontab_runs_commands_and_never_asks() -> None:
    lines = (ROOT / "examples" / "crontab").read_text(encoding="utf-8").splitlines()
    jobs = [line.split(maxsplit=5) for line in lines if re.match(r"[\d*]", line)]
    assert len(jobs) >= 4
    for *when, command in jobs:
        assert all(re.fullmatch(r"[\d*/,-]+", part) for part in when)
        assert shlex.split(command)[0] == "care"
        assert "%" not in command.replace(r"\%", "")


def test_the_plug_in_registers_what_its_module_exports() -> None:
    project = tomllib.loads((ROOT / "examples" / "plugin" / "pyproject.toml").read_text(encoding="utf-8"))
    points = project["project"]["entry-points"]["carecli.platforms"]
    assert points == {"guestbook": "carecli_guestbook:GUESTBOOK"}


def test_the_plug_in_passes_the_contract_tests_from_its_source_folder() -> None:
    plugin = ROOT / "examples" / "plugin"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(plugin)]
    path = os.pathsep.join(str(folder) for folder in (plugin / "src", ROOT / "src"))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*command, "-c", os.devnull, str(plugin / "tests")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= 15
