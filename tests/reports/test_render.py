"""One report in every format: the documented shape, byte-exact samples, and agreement cell for cell.

`python -m tests.reports.test_render` rewrites the samples in golden/ after a wanted change.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli import text
from carecli.errors import UsageError
from carecli.hours import show_duration
from carecli.reports.model import Crisis, Fairness, Report
from carecli.reports.render import FORMATS, render
from carecli.reports.sections import sections
from carecli.reports.tables import Section
from tests.reports.samples import NOTHING_SAID, Setting, four_languages

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = {"text": "report.txt", "json": "report.json", "csv": "report.csv", "md": "report.md", "html": "report.html"}
LEFT_TO_RIGHT = "\u200e"

Place = tuple[str, str, str]  # section, line, column


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_what_it_was(form: str) -> None:
    assert render(four_languages(), form) == (GOLDEN / SAMPLES[form]).read_bytes().decode()


def test_an_unknown_format_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="'pdf'") as refusal:
        render(four_languages(), "pdf")
    assert refusal.value.hint == "Formats: text, json, csv, md, html."


# --- JSON ---------------------------------------------------------------------------------------------------

TIMES = ["count", "median_seconds", "p90_seconds", "mean_seconds"]
KEYS = {
    "period": ["since", "until", "timezone"],
    "mentions": [
        *("total", "inbound", "directed", "undirected", "by_platform", "by_language", "by_sentiment"),
        *("by_intent", "by_topic", "by_day"),
    ],
    "response": [
        *("cases", "needing_reply", "answered", "response_rate", "unanswered_complaints", "first_response"),
        *(
            "first_response_business",
            "resolution",
            "sla",
            "backlog_open",
            "reopened",
            "replies_per_resolution",
        ),
    ],
    "service": ["net_sentiment", "share_of_service_mentions"],
}


def test_json_has_the_keys_of_the_contract_in_its_order() -> None:
    document = json.loads(render(four_languages(), "json"))
    contract = ["period", "mentions", "response", "service", "fairness", "crises", "benchmarks"]
    assert list(document) == [*contract, "coverage", "comparison"]
    for part, keys in KEYS.items():
        assert list(document[part]) == keys
    for figure in ("first_response", "first_response_business", "resolution"):
        assert list(document["response"][figure]) == TIMES
    assert list(document["response"]["sla"]) == ["met", "breached", "rate"]
    assert list(document["mentions"]["by_day"][0]) == ["day", "inbound", "negative"]
    assert list(document["benchmarks"][0]) == ["name", "value", "ours", "source"]


def test_json_gives_times_in_utc_unknown_as_null_and_names_as_they_are() -> None:
    document = json.loads(render(four_languages(), "json"))
    assert document["period"]["since"] == "2026-11-01T23:00:00Z"
    assert document["crises"] is document["comparison"] is None
    assert "\x1b[31mred\u202e" in document["mentions"]["by_topic"]
    empty = json.loads(render(Setting(replace(Setting().period, since=None)).report(), "json"))
    assert empty["period"]["since"] is empty["response"]["response_rate"] is None
    assert empty["response"]["first_response"] == dict.fromkeys(TIMES) | {"count": 0}


def test_json_of_groups_and_crises_is_the_contracts_too() -> None:
    report = replace(
        four_languages(),
        fairness=(Fairness("language", "he", 12, 800.0, 0.2, False),),
        crises=(Crisis(datetime(2026, 11, 5, 9, tzinfo=UTC), None, 8.5, "delivery", 40, 17, 2.0, "8 Thursdays 10:00"),),
    )
    document = json.loads(render(report, "json"))
    assert list(document["fairness"][0]) == [
        "dimension",
        "group",
        "count",
        "median_seconds",
        "p_value",
        "differs",
    ]
    assert document["crises"] == [
        {
            "started_at": "2026-11-05T09:00:00Z",
            "ended_at": None,
            "peak_ratio": 8.5,
            "topic": "delivery",
            "mentions": 40,
            "peak": 17,
            "usual": 2.0,
            "baseline": "8 Thursdays 10:00",
        }
    ]


# --- all formats say the same -------------------------------------------------------------------------------


def cells_of(tables: list[Section]) -> dict[Place, str]:
    return {
        (table.key, row.name, column): cell.shown
        for table in tables
        for row in table.rows
        for column, cell in zip(table.columns[1:], row.cells, strict=True)
    }


def cells_of_markdown(document: str, tables: list[Section]) -> dict[Place, str]:
    keys = {table.title: table.key for table in tables}
    found = {}
    for block in re.split(r"(?m)^## ", document)[1:]:
        lines = block.splitlines()
        grid = [
            [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in lines
            if line.startswith("|")
        ]
        for row in grid[2:]:
            for column, cell in zip(grid[0][1:], row[1:], strict=True):
                if column not in {"of", "counted"}:
                    found[keys[lines[0]], row[0], column] = cell
    return found


def cells_of_text(document: str, tables: list[Section]) -> dict[Place, str]:
    found = {}
    for table, block in zip(tables, document.rstrip("\n").split("\n\n")[1:], strict=True):
        lines = [line.replace(LEFT_TO_RIGHT, "") for line in block.splitlines()]
        assert lines[0] == table.title
        for row in table.rows:
            line = next(line for line in lines[1:] if line.startswith(f"  {row.name} "))
            cells = re.split(r" {2,}", line.removeprefix(f"  {row.name}").strip())
            for column, cell in zip(table.columns[1:], cells, strict=False):
                found[table.key, row.name, column] = cell
    return found


def shown(value: str, unit: str) -> str:
    """A CSV value as people read it, written a second time."""
    if value == "":
        return "–"
    if unit == "share":
        return f"{100 * float(value):.1f}%"
    if unit == "seconds":
        return show_duration(float(value))
    if unit == "replies":
        return f"{float(value):.1f}"
    return value.removeprefix("'") if unit == "text" else f"{int(value):,}"


def cells_of_csv(document: str) -> dict[Place, str]:
    lines = list(csv.DictReader(io.StringIO(document)))
    return {
        (line["section"], line["name"].removeprefix("'"), line["group"]): shown(line["value"], line["unit"])
        for line in lines
        if line["unit"] != "time"
    }


def assert_formats_agree(report: Report) -> None:
    tables = sections(report)
    expected = cells_of(tables)
    assert cells_of_markdown(render(report, "md"), tables) == expected
    assert cells_of_text(render(report, "text", width=200), tables) == expected
    written = cells_of_csv(render(report, "csv"))
    times = {place: cell for place, cell in expected.items() if place not in written}
    assert written == {place: cell for place, cell in expected.items() if place in written}
    assert {column for _, _, column in times} <= {"value", "last fetch"}


def test_text_markdown_and_csv_agree_cell_for_cell() -> None:
    assert_formats_agree(four_languages())
    assert_formats_agree(Setting().report())


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: text.single_line(name) != "" and "\\" not in text.single_line(name) and "'" not in name
)


@settings(max_examples=40)
@given(
    st.dictionaries(
        NAMES,
        st.integers(1, 9),
        max_size=4,
    ).filter(lambda names: len({text.single_line(name) for name in names}) == len(names)),
    st.integers(1, 200),
)
def test_formats_agree_whatever_the_names(topics: dict[str, int], inbound: int) -> None:
    counts = replace(NOTHING_SAID, total=inbound, inbound=inbound, by_topic=topics)
    report = Setting(counts=counts).report()
    tables = sections(report)
    expected = cells_of(tables)
    assert cells_of_markdown(render(report, "md"), tables) == expected
    written = cells_of_csv(render(report, "csv"))
    assert {place: expected[place] for place in written} == written
    assert max(map(text.width, render(report, "text").splitlines())) <= 80


# --- text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_text_fits_the_terminal(width: int) -> None:
    lines = render(four_languages(), "text", width=width).splitlines()
    assert max(map(text.width, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]


def test_text_columns_align_in_every_script() -> None:
    document = render(four_languages(), "text")
    block = next(block for block in document.split("\n\n") if block.startswith("Inbound mentions by topic"))
    ends = {text.width(line[: line.index("%") + 1]) for line in block.splitlines()[2:]}
    assert len(ends) == 1


def test_right_to_left_names_are_fenced_from_their_numbers() -> None:
    line = next(line for line in render(four_languages(), "text").splitlines() if "שירות" in line)
    assert text.visual(line).replace(LEFT_TO_RIGHT, "").split()[-4:-1] == ["31", "25.8%", "120"]
    assert not text.is_rtl(line)


def test_bars_grow_with_their_counts() -> None:
    document = render(four_languages(), "text")
    bars = {
        line.split()[0]: line.split()[-1]
        for line in document.splitlines()
        if re.match(r"  2026-11-0\d  .*[█▉-▏]$", line)
    }
    lengths = [len(bars[f"2026-11-0{day}"]) for day in (6, 2, 3, 4, 5)]
    assert lengths == sorted(lengths, reverse=True)
    assert bars["2026-11-08"] in "▏▎▍▌▋▊▉█"
    assert "2026-11-07" not in bars  # nothing was said


def test_long_words_are_clipped_only_in_text() -> None:
    name = "配送" * 60
    report = Setting(counts=replace(NOTHING_SAID, inbound=1, by_topic={name: 1})).report()
    assert max(map(text.width, render(report, "text").splitlines())) <= 80
    assert name in render(report, "md")
    assert name in render(report, "csv")


# --- names are never markup or formulas ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1"])
def test_no_csv_name_is_a_formula(name: str) -> None:
    report = Setting(counts=replace(NOTHING_SAID, inbound=1, by_topic={name: 1})).report()
    lines = csv.DictReader(io.StringIO(render(report, "csv")))
    names = [line["name"] for line in lines if line["section"] == "by_topic"]
    assert names
    assert all(each.startswith("'") for each in names)


def test_no_markdown_name_is_markup() -> None:
    name = "a|b <img src=x> [l](javascript:1) **b** `c` https://x.example www.x.example &amp; #1 ~~s~~"
    document = render(Setting(counts=replace(NOTHING_SAID, inbound=1, by_topic={name: 1})).report(), "md")
    line = next(line for line in document.splitlines() if "img" in line)
    assert not re.search(r"(?<!\\)[<>\[\]*`&#~]", line)
    assert not re.search(r"(?<!\\):\S", line)
    assert not re.search(r"www\.", line)
    assert len(re.findall(r"(?<!\\)\|", line)) == 5


if __name__ == "__main__":
    for form, sample in SAMPLES.items():
        (GOLDEN / sample).write_bytes(render(four_languages(), form).encode())
