"""The HTML report as a document: whole, well-formed, with nothing in it that loads, runs or hides its numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.reports.html import html
from carecli.reports.render import render
from carecli.reports.sections import sections, summary_part
from carecli.reports.tables import Cell, Part, Row, Section
from tests.reports.samples import NOTHING_SAID, Setting, four_languages
from tests.world import World

VOID = {"meta", "link"}
LOADS = {"src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "xlink:href"}


class Reader(HTMLParser):
    """Tags as they open, tables as grids, text; a tag that does not close where it should is an error."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"td", "th"}:
            self.tables[-1][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data


def assert_harmless(document: str) -> None:
    read = Reader(document)
    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "iframe", "img", "object", "embed", "form", "audio", "video", "base", "use", "image"}
    for tag, attributes in read.tags:
        assert not LOADS & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")]
        address = attributes.get("href") or "#"
        assert address.startswith("#") or (tag == "a" and re.match("https?://", address)) or address == "data:,"
    style = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]


def test_the_document_is_whole_and_harmless() -> None:
    document = render(four_languages(), "html")
    assert document.startswith("<!DOCTYPE html>\n<html lang=")
    assert document.endswith("</html>\n")
    assert_harmless(document)


def test_its_tables_are_those_of_the_other_formats() -> None:
    tables = sections(four_languages())
    read = Reader(render(four_languages(), "html"))
    order = sorted((table for table in tables if table.rows), key=lambda table: table.key == "period")
    assert len(read.tables) == len(order)
    for table, grid in zip(order, read.tables, strict=True):
        shown = [[row.name, *(cell.shown for cell in row.cells)] for row in table.rows]
        assert [line[: len(table.columns)] for line in grid[1:]] == shown


def test_every_chart_has_a_title_and_says_its_numbers_in_words() -> None:
    document = render(four_languages(), "html")
    charts = re.findall(r"<svg .*?</svg>", document)
    drawn = [table for table in sections(four_languages()) if table.chart]
    assert len(charts) == len(drawn) == 7
    for svg, table in zip(charts, drawn, strict=True):
        assert f'role="img" aria-labelledby="{table.key}-title {table.key}-desc"' in svg
        assert f'<title id="{table.key}-title">{table.title}</title>' in svg
        (words,) = re.findall(r"<desc id=\"[^\"]+\">(.*?)</desc>", svg)
        assert table.rows[0].name in words


def test_bars_are_as_long_as_their_counts() -> None:
    document = render(four_languages(), "html")
    (svg,) = re.findall(r"<svg [^>]*by_sentiment-title.*?</svg>", document)
    widths = [float(width) for width in re.findall(r'class="a"[^>]* width="([0-9.]+)"', svg)]
    assert [round(width / widths[0], 2) for width in widths] == [1.0, 0.9, 0.5]


def test_hebrew_finds_its_own_direction() -> None:
    document = render(four_languages(), "html")
    assert '<bdi dir="auto">שירות לקוחות</bdi>' in document
    assert re.search(r'<text [^>]*text-anchor="start" direction="rtl">שירות לקוחות</text>', document)


def test_nothing_to_show_draws_no_chart() -> None:
    document = render(Setting().report(), "html")
    assert "<svg" not in document
    assert_harmless(document)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[", "file:///x"]
)
def test_only_addresses_of_the_web_are_links(address: str) -> None:
    cells = (Cell(address, "link", address), Cell("https://a.example/?a=1&b=2", "link", "https://a.example"))
    part = Part("x", "X", {}, (Section("x", "X", ("", "a", "b"), (Row("one", cells),), counted=None),))
    links = [attributes["href"] for tag, attributes in Reader(html(part)).tags if tag == "a"]
    assert [link for link in links if not (link or "").startswith("#")] == ["https://a.example/?a=1&b=2"]


@settings(max_examples=40)
@given(st.dictionaries(st.text(min_size=1, max_size=20), st.integers(1, 9), max_size=4))
def test_whatever_the_names_the_document_stays_harmless(topics: dict[str, int]) -> None:
    hostile = {"</title><script>alert(1)</script>": 1, "\" onload='x' <img src=//e.example>": 2}
    counts = replace(NOTHING_SAID, total=9, inbound=9, by_topic=topics | hostile)
    assert_harmless(html(summary_part(Setting(counts=counts).report())))


def test_care_writes_it_by_the_files_name(world: World, tmp_path: Path) -> None:
    world.init()
    world.mentions({"text": "@acme my bag is lost, this is terrible!"})
    world.run("report", "-o", str(tmp_path / "week.html"))
    written = (tmp_path / "week.html").read_text(encoding="utf-8")
    assert_harmless(written)
    assert written == world.run("report", "--format", "html").stdout
