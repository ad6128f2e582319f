"""The HTML report in a real browser: axe-core finds nothing, nothing is asked of the network, every reader can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carecli.reports.render import render
from tests.reports import browser_parts
from tests.reports.samples import Setting, four_languages

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("browser")]  # one look at a page serves many tests


@pytest.fixture(scope="module")
def browser() -> None:
    reason = browser_parts.missing()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def seen(browser: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    page = tmp_path_factory.mktemp("page") / "report.html"
    page.write_text(render(four_languages(), "html"), encoding="utf-8")
    return browser_parts.look(page)


@pytest.mark.parametrize("reader", ["light", "dark", "print", "phone"])
def test_axe_finds_nothing(seen: dict[str, Any], reader: str) -> None:
    assert seen["axe"][reader]["violations"] == []
    assert seen["axe"][reader]["passes"] > 20


def test_nothing_is_requested_and_nothing_is_refused(seen: dict[str, Any]) -> None:
    assert seen["requests"] == []
    assert seen["errors"] == []


def test_it_can_be_read_without_script_in_the_dark_on_paper_and_on_a_phone(seen: dict[str, Any]) -> None:
    assert "שירות לקוחות" in seen["textWithoutScript"]
    assert "first response" in seen["textWithoutScript"]
    assert seen["charts"] >= 5
    assert seen["lightColours"][::-1] != seen["darkColours"] != seen["lightColours"]
    assert seen["printColours"] == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert not seen["phoneOverflow"]
    assert seen["pages"] >= 1


def test_an_empty_report_has_no_fault_either(browser: None, tmp_path: Path) -> None:
    page = tmp_path / "empty.html"
    page.write_text(render(Setting().report(), "html"), encoding="utf-8")
    found = browser_parts.look(page)
    assert [found["axe"][reader]["violations"] for reader in found["axe"]] == [[]] * 4
