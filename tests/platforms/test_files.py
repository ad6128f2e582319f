"""Files of strangers: good rows become mentions, bad rows are named with their line, nothing is lost silently."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carecli.errors import BadAnswer, CareError, ConfigError, PlatformError, UsageError
from carecli.model import JSON, Mention, Page
from carecli.platforms.base import Checker, Fetcher, Setup
from carecli.platforms.files import FILE, ReadOptions, Rejected, Row, read
from carecli.platforms.testing import FetcherContract
from carecli.text import guarded

WHEN = "2026-11-20T08:00:00Z"
MOMENT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def rows(content: str | bytes, **options: Any) -> list[Row | Rejected]:
    data = content.encode() if isinstance(content, str) else content
    return list(read(io.BytesIO(data), ReadOptions(**options)))


def good(content: str | bytes, **options: Any) -> list[Mention]:
    found = rows(content, **options)
    assert [row for row in found if isinstance(row, Rejected)] == []
    return [row.mention for row in found if isinstance(row, Row)]


def bad(content: str | bytes, **options: Any) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows(content, **options) if isinstance(row, Rejected)]


def jsonl(*values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def row(number: int | str = 1, text: str = "app crashes", **more: object) -> dict[str, object]:
    return {"id": number, "text": text, "created_at": WHEN, **more}


def workbook(*lines: Sequence[object], hidden_first: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    if hidden_first:
        sheet.append(["secret"])
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet("rows")
    for line in lines:
        sheet.append(list(line))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


# All fields


def test_every_field_of_a_json_row() -> None:
    source = json.dumps(
        row(
            "a1",
            "Gdzie jest moja paczka?",
            author="zoe",
            author_name="Zoé",
            author_followers=12,
            url="https://x.example/a1",
            in_reply_to=17,
            language="PL",
            platform="twitter",
            likes=3,
            reposts="1,234",
            replies=0.0,
            ticket={"kept": True},
        )
    )
    (mention,) = good(source + "\n")
    assert (mention.platform, mention.external_id, mention.text) == ("twitter", "a1", "Gdzie jest moja paczka?")
    assert mention.created_at == MOMENT
    author = mention.author
    assert (author.handle, author.name, author.followers) == ("zoe", "Zoé", 12)
    assert (mention.url, mention.in_reply_to, mention.language) == ("https://x.example/a1", "17", "pl")
    assert (mention.likes, mention.reposts, mention.replies) == (3, 1234, 0)
    assert mention.raw == source


def test_a_row_needs_only_id_text_and_time() -> None:
    (mention,) = good(jsonl(row()))
    assert (mention.platform, mention.external_id) == ("import", "1")
    assert (mention.author.handle, mention.author.followers, mention.likes, mention.url) == ("", None, None, None)


def test_the_same_fields_from_csv_and_excel() -> None:
    header = ["id", "text", "created_at", "author_handle", "author_followers", "likes", "extra"]
    values = ["7", "שלום, עזרה", "2026-11-20 08:00", "dana", "12", "3", "kept"]
    text = io.StringIO()
    csv.writer(text).writerows([header, values])
    sheet = workbook(header, [7, "שלום, עזרה", datetime(2026, 11, 20, 8), "dana", 12, 3.0, "kept"])  # noqa: DTZ001
    for content in (text.getvalue().encode(), sheet):
        (mention,) = good(content)
        assert (mention.external_id, mention.text, mention.created_at) == ("7", "שלום, עזרה", MOMENT)
        assert (mention.author.handle, mention.author.followers, mention.likes) == ("dana", 12, 3)
        assert json.loads(cast("str", mention.raw))["extra"] == "kept"


def test_what_our_own_json_looks_like_comes_back() -> None:
    ours = {
        "external_id": "9",
        "text": "hi",
        "created_at": WHEN,
        "author": {"handle": "z", "name": "Z", "followers": 4},
    }
    (mention,) = good(jsonl(ours))
    assert mention.external_id == "9"
    assert (mention.author.handle, mention.author.name, mention.author.followers) == ("z", "Z", 4)


def test_inbound_is_what_the_row_says() -> None:
    found = rows(jsonl(row(1), row(2, inbound=False), row(3, inbound="yes")))
    assert [(r.inbound, r.mention.inbound) for r in found if isinstance(r, Row)] == [
        (None, True),
        (False, False),
        (True, True),
    ]


def test_a_visibility_that_is_not_known_stays_on_this_machine() -> None:
    found = good(jsonl(row(1), row(2, visibility="Direct"), row(3, visibility="friends of friends")))
    assert [mention.visibility for mention in found] == ["public", "direct", "internal"]


# What is refused, and why


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "id is missing"),
        ({"id": "  "}, "id is missing"),
        ({"id": True}, "id is not text"),
        ({"id": ["x"]}, "id is not text"),
        ({"id": 1.05e18}, "id 1.05e+18 was rounded by a spreadsheet; make the column text there"),
        ({"id": "1,05E+18"}, "id 1,05E+18 was rounded by a spreadsheet; make the column text there"),
        ({"id": "x" * 2000}, "id is longer than 1,000 characters"),
        ({"text": None}, "text is missing"),
        ({"text": " \n"}, "text is empty"),
        ({"text": {}}, "text is not text"),
        ({"created_at": None}, "created_at is missing"),
        ({"created_at": ""}, "created_at is missing"),
        ({"created_at": True}, "created_at is not a date"),
        ({"created_at": "03/04/2017"}, "'03/04/2017' is ambiguous, write YYYY-MM-DD"),
        ({"likes": "many"}, "likes 'many' is not a whole number"),
        ({"likes": 1.5}, "likes is not a whole number"),
        ({"likes": 10**30}, "likes is out of range"),
        ({"likes": "inf"}, "likes is out of range"),
        ({"author_followers": -1}, "author_followers is out of range"),
        ({"inbound": "perhaps"}, "inbound is neither true nor false"),
    ],
)
def test_a_bad_value_rejects_its_row_alone(change: dict[str, object], reason: str) -> None:
    content = jsonl(row(1), {**row(2), **change}, row(3))
    found = rows(content)
    assert [r.line for r in found] == [1, 2, 3]
    assert bad(content) == [(2, reason)]


def test_unknown_counts_are_unknown() -> None:
    found = good(jsonl(row(1, likes=""), row(2, likes="n/a"), row(3, likes=None), row(4, likes=-2)))
    assert [mention.likes for mention in found] == [None, None, None, -2]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "www.x.example", "https://x.example/a b", "http://\x1b[m", 7])
def test_an_address_that_could_harm_is_only_kept_in_raw(url: object) -> None:
    (mention,) = good(jsonl(row(url=url)))
    assert mention.url is None
    assert json.loads(cast("str", mention.raw))["url"] == url


def test_rows_without_a_time_take_the_one_that_is_given() -> None:
    (mention,) = good(jsonl({"id": 1, "text": "hi"}), undated=MOMENT)
    assert mention.created_at == MOMENT


def test_duplicates() -> None:
    content = jsonl(row(1), row(2), row(1), row(1, "another text"), row(1, platform="other"))
    assert [(r.line, isinstance(r, Row)) for r in rows(content)] == [(1, True), (2, True), (4, False), (5, True)]
    assert bad(content) == [(4, "duplicate id, first on line 1")]


# JSON Lines


def test_lines_that_are_no_rows_are_named() -> None:
    content = (
        f'{json.dumps(row(1))}\n\n  \nnonsense\n[1]\n"text"\n{json.dumps(row(2))} x\n{json.dumps(row(3))}\n{{"id": 4'
    )
    found = bad(content)
    assert [line for line, _ in found] == [4, 5, 6, 7, 9]
    assert found[1][1] == "a row has to be a JSON object, {…}"
    assert "more follows" in found[3][1]
    assert found[-1][1].endswith("the file ends within this line")
    assert [r.line for r in rows(content) if isinstance(r, Row)] == [1, 8]


def test_half_surrogates_and_nul_can_be_stored_and_are_kept_in_raw() -> None:
    line = json.dumps({**row(), "text": "a\ud800b\0c", "author": "z\udfff"})
    (mention,) = good(line)
    assert (mention.text, mention.author.handle) == ("a\ufffdb\ufffdc", "z\ufffd")
    assert mention.raw == line
    assert mention.raw.encode("utf-8")


def test_hostile_text_is_kept_exactly() -> None:
    text = "\x1b]0;owned\x07 \u202ereversed [bold]x[/bold] =cmd|'/c calc'!A1 " + "\u0301" * 1000
    assert good(jsonl(row(text=text)))[0].text == text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a":' + "[" * 200_000, "nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "a number is too long"),
        ("{'id': 1}", "not JSON"),
    ],
)
def test_json_that_attacks_the_reader(line: str, reason: str) -> None:
    content = f"{line}\n{jsonl(row())}"
    assert len(rows(content)) == 2
    assert reason in bad(content, format="jsonl")[0][1]


def test_nan_is_unknown() -> None:
    (mention,) = good('{"id": 1, "text": "hi", "created_at": "2026-11-20", "author_followers": NaN}')
    assert mention.author.followers is None
    assert json.loads(cast("str", mention.raw))["author_followers"] is None


def test_a_line_without_end_is_passed_over() -> None:
    huge = '{"id": 1, "text": "' + "x" * 17_000_000 + '"}'
    content = f"{huge}\n{jsonl(row(2))}"
    assert bad(content) == [(1, "the line is longer than 16,000,000 characters")]
    assert rows(content)[1].line == 2


def test_an_array_of_objects() -> None:
    content = (
        json.dumps([row(1), "no row", row(2, "two\u2028lines")], indent=1, ensure_ascii=False) + "\n" + jsonl(row(3))
    )
    assert [(r.line, isinstance(r, Row)) for r in rows(content)] == [(2, True), (7, False), (8, True), (14, True)]


@pytest.mark.parametrize("cut", [5, 40, 100_000, 200_000])
def test_an_array_that_breaks_off(cut: int) -> None:
    whole = json.dumps([row(number, "word " * 100) for number in range(400)])
    found = rows(whole[:cut])
    assert isinstance(found[-1], Rejected)
    assert [r.line for r in found if isinstance(r, Row)] == [1] * (len(found) - 1)
    assert len(found) - 1 == whole[:cut].count("}")


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: not text.isspace()), max_size=5))
def test_every_text_survives_each_format(texts: list[str]) -> None:
    values = [row(number, text) for number, text in enumerate(texts, 1)]
    table = io.StringIO()
    writer = csv.DictWriter(table, ["id", "text", "created_at"])
    writer.writeheader()
    writer.writerows({**value, "text": guarded(str(value["text"]))} for value in values)  # as `care export` writes it
    expected = [text.replace("\0", "\ufffd") for text in texts]
    for content in (jsonl(*values), json.dumps(values), table.getvalue()):
        assert [mention.text for mention in good(content)] == expected


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_unicode_with_and_without_a_byte_order_mark(encoding: str, kind: str) -> None:
    content = jsonl(row(text="zażółć 你好")) if kind == "jsonl" else f"id,text,created_at\n1,zażółć 你好,{WHEN}\n"
    assert good(content.encode(encoding))[0].text == "zażółć 你好"


POLISH = f"id,text,created_at\n1,zażółć,{WHEN}\n2,gęślą,{WHEN}\n3,jaźń,{WHEN}\n"


def test_another_encoding_is_one_error_that_names_the_place_and_the_option() -> None:
    with pytest.raises(UsageError) as raised:
        rows(POLISH.encode("cp1250"))
    assert "not in utf-8 (line 3, character 4: the byte 0xEA" in raised.value.message
    assert "--encoding" in (raised.value.hint or "")


def test_the_encoding_can_be_named() -> None:
    assert good(POLISH.encode("cp1250"), encoding="windows-1250")[0].text == "zażółć"
    assert good(jsonl(row(text="你好")).encode("gb18030"), encoding="gb18030")[0].text == "你好"


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex"])
def test_an_encoding_that_does_not_exist(encoding: str) -> None:
    with pytest.raises(UsageError, match="there is no encoding"):
        rows(POLISH, encoding=encoding)


def test_utf_16_that_is_none() -> None:
    with pytest.raises(UsageError, match="not in utf-16"):
        rows(b"\xff\xfe\x00\xd8\x00\x00x", encoding="utf-16")


def test_one_broken_line_costs_one_line() -> None:
    content = b'{"id": 1, "text": "\xff\xfe"}\n' + jsonl(row(2), row(3, "zażółć")).encode()
    assert bad(content) == [(1, "character 20: the byte 0xFF is not utf-8")]
    assert len(rows(content)) == 3


# CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(delimiter: str) -> None:
    content = delimiter.join(["id", "text", "created_at"]) + "\n" + delimiter.join(["1", '"a,b;c|d"', WHEN]) + "\n"
    assert good(content)[0].text == "a,b;c|d"


def test_excels_sep_line() -> None:
    (found,) = rows(f"sep=;\nid;text;created_at\n1;a,b;{WHEN}\n")
    assert isinstance(found, Row)
    assert (found.line, found.mention.text) == (3, "a,b")


def test_quoted_line_breaks_keep_the_line_numbers() -> None:
    content = f'id,text,created_at\n1,"a\n\nb",{WHEN}\n\n2,,{WHEN}\n3,c,{WHEN}\n'
    assert [r.line for r in rows(content)] == [2, 6, 7]
    assert bad(content) == [(6, "text is empty")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(end: str) -> None:
    content = end.join(["id,text,created_at", f"1,a,{WHEN}", f"2,b,{WHEN}"])
    assert [r.line for r in rows(content)] == [2, 3]


def test_broken_rows_do_not_take_others_with_them() -> None:
    content = "\n".join(
        [
            "id,text,created_at",
            f"1,fine,{WHEN}",
            "2,too few",
            f"3,too,many,{WHEN}",
            f'4,"never closed,{WHEN}',
            f"5,fine,{WHEN}",
            f'6,"said "hi" to me",{WHEN}',
            f'7,"fine, quoted",{WHEN},,',
            f'8,"never closed either,{WHEN}',
            f"9,fine,{WHEN}",
        ]
    )
    assert [r.mention.external_id for r in rows(content) if isinstance(r, Row)] == ["1", "5", "7", "9"]
    assert bad(content) == [
        (3, "2 fields, but the header has 3"),
        (4, "4 fields, but the header has 3"),
        (5, "a quote inside a quoted field is not doubled"),
        (7, "a quote inside a quoted field is not doubled"),
        (9, "a quote is opened and never closed"),
    ]


def test_a_customer_cannot_add_rows_with_a_line_break() -> None:
    content = f'id,text,created_at\n1,"see\n2,forged,{WHEN}\n",too many,{WHEN}\n'
    assert bad(content) == [(2, "4 fields, but the header has 3")]
    assert len(rows(content)) == 1


def test_long_fields_and_nul_bytes() -> None:
    csv.field_size_limit(1 << 27)  # as another reader in the same process leaves it
    content = f"id,text,created_at\n1,{'x' * 900_000},{WHEN}\n2,{'x' * 1_100_000},{WHEN}\n3,a\0b,{WHEN}\n"
    found = good(f"id,text,created_at\n3,a\0b,{WHEN}\n")
    assert found[0].text == "a\ufffdb"
    assert bad(content) == [(3, "a field is longer than 1,000,000 characters, or a quote is never closed")]
    assert [r.line for r in rows(content)] == [2, 3, 4]


def test_columns_can_be_mapped() -> None:
    content = f"Post ID,Message,Date,text\n1,mapped,{WHEN},not this\n"
    columns = {"id": "Post ID", "text": "Message", "created_at": "Date"}
    assert good(content, columns=columns)[0].text == "mapped"
    nested = jsonl({"nr": 5, "body": {"plain": "deep"}, "created_at": WHEN})
    (mention,) = good(nested, columns={"id": "nr", "text": "body.plain"})
    assert (mention.external_id, mention.text) == ("5", "deep")
    assert mention.raw == nested.strip()


def test_names_of_fields_are_read_in_any_case() -> None:
    (mention,) = good(f"ID,Text,Created At,AUTHOR_NAME\n1,hi,{WHEN},Zoe\n")
    assert (mention.text, mention.author.name) == ("hi", "Zoe")


def test_a_header_without_the_needed_columns_is_one_error() -> None:
    with pytest.raises(UsageError) as raised:
        rows(f"Post,Message,Date\n1,a,{WHEN}\n2,b,{WHEN}\n")
    assert "no column is called 'id'; there are 'Post', 'Message', 'Date'" in raised.value.message
    assert raised.value.hint == "--map id=COLUMN"
    with pytest.raises(UsageError, match="no column is called 'Massage'"):
        rows(f"id,Message,Date\n1,a,{WHEN}\n", columns={"text": "Massage"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "word"}, "there is no format 'word'"),
        ({"timezone": "Mars/Base"}, "there is no time zone 'Mars/Base'"),
        ({"columns": {"colour": "x"}}, "there is no field 'colour' to map"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rows(jsonl(row()), **options)


@pytest.mark.parametrize("content", ["", "\n\n", "id,text,created_at\n", "[]", "\ufeff"])
def test_nothing_is_nothing(content: str) -> None:
    assert rows(content) == []


# Excel


def test_excel_dates_formulas_errors_and_empty_rows() -> None:
    content = workbook(
        ["id", "text", "created_at", "likes"],
        ["a", "midnight in Warsaw", date(2026, 7, 1), 1],
        [],
        ["b", "=1+1", WHEN, 1],
        ["c", "text", WHEN, "#REF!"],
        [None, None, None, None],
        ["d", "text", "45000.5", 1],
        [1.05e18, "text", WHEN, 1],
    )
    found = rows(content, timezone="Europe/Warsaw")
    assert [r.line for r in found] == [2, 4, 5, 7, 8]
    first, third = found[0], found[2]
    assert isinstance(first, Row)
    assert isinstance(third, Row)
    assert first.mention.created_at == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert third.mention.likes is None
    assert [reason for _, reason in bad(content)] == [
        "text is missing",
        "'45000.5' is not a date with year, month and day; write YYYY-MM-DD",
        "id 1.05e+18 was rounded by a spreadsheet; make the column text there",
    ]


def test_the_first_visible_sheet_is_read() -> None:
    content = workbook(["id", "text", "created_at"], ["1", "hi", WHEN], hidden_first=True)
    assert good(content)[0].text == "hi"


def zipped(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def changed(content: bytes, name: str, change: Any) -> bytes:
    """The workbook with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] = change(parts[name])
    return zipped(**parts)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    content = changed(workbook(["id"]), "xl/workbook.xml", lambda part: part + b" " * 210_000_000)
    assert len(content) < 1_000_000
    tracemalloc.start()
    with pytest.raises(UsageError, match="unpacks to more than"):
        rows(content)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_entities_in_excel_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    content = changed(
        workbook(["id", "text"], ["1", "x"]),
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"<worksheet", bomb + b"<worksheet", 1),
    )
    with pytest.raises(UsageError, match="XML that Excel does not write"):
        rows(content)


def test_a_sheet_that_lies_about_its_rows() -> None:
    content = changed(
        workbook(["id", "text", "created_at"], ["1", "x", WHEN]),
        "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b'<row r="2">', b'<row r="99999999999">'),
    )
    with pytest.raises(UsageError, match="broken"):
        rows(content)


@pytest.mark.parametrize("content", [b"PK\x03\x04 no zip at all", zipped(a=b"x"), workbook(["id"])[:2000]])
def test_broken_workbooks_are_one_clear_error(content: bytes) -> None:
    with pytest.raises(UsageError, match="Excel file is broken"):
        rows(content)


@pytest.mark.parametrize("content", [b"\xd0\xcf\x11\xe0rest", b"\x1f\x8brest", b"%PDF-1.7"])
def test_other_files_are_named_for_what_they_are(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"cannot be read|not rows"):
        rows(content)


# Streams and files


class Dribble(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = iter(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        byte = next(self._content, None)
        if byte is None:
            return 0
        buffer[0] = byte
        return 1


@pytest.mark.parametrize(
    "content", [jsonl(row(), row(2)).encode(), workbook(["id", "text", "created_at"], [1, "a", WHEN])]
)
def test_a_pipe_is_read_as_it_comes(content: bytes) -> None:
    found = list(read(io.BufferedReader(Dribble(content))))
    assert isinstance(found[0], Row)
    assert found == rows(content)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.jsonl"
        with path.open("w") as file:
            file.writelines(jsonl(row(number, "word " * 40)) for number in range(count))
        tracemalloc.start()
        assert sum(1 for _ in read(path)) == count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert (peak(6_000) - peak(1_000)) / 5_000 < 300


def test_the_suffix_decides_where_the_content_is_unclear(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("broken first line\n" + jsonl(row()))
    assert [r.line for r in read(tmp_path / "a.jsonl")] == [1, 2]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CareError, match=r"none\.csv cannot be read: No such file"):
        list(read(tmp_path / "none.csv"))


# The platform


def fetch(cursor: JSON, *, since: datetime | None = None, stop: int = 0, **settings: object) -> list[Page]:
    """The pages of one fetch; with `stop` only so many of them, as after a crash."""

    async def run() -> list[Page]:
        pages: list[Page] = []
        async with FILE.open(Setup("files", settings)) as client:
            async for page in client.fetch(cursor, since=since):
                pages.append(page)
                if stop and len(pages) == stop:
                    break
        return pages

    return asyncio.run(run())


def ids(pages: list[Page]) -> list[str]:
    return [mention.external_id for page in pages for mention in page.mentions]


def after(pages: list[Page]) -> JSON:
    """The cursor as another process reads it."""
    return cast("JSON", json.loads(json.dumps(pages[-1].cursor)))


def test_a_folder_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl(row(1), row(2)) + "broken\n")
    (tmp_path / "b.csv").write_text(f"id,text,created_at\n3,hi,{WHEN}\n")
    (tmp_path / "notes.txt").write_text("not for us")
    pages = fetch({}, path=str(tmp_path))
    assert ids(pages) == ["1", "2", "3"]
    assert [skipped[:19] for page in pages for skipped in page.skipped] == ["a.jsonl:3: not JSON"]
    assert fetch(after(pages), path=str(tmp_path)) == []
    (tmp_path / "b.csv").write_text(f"id,text,created_at\n3,hi,{WHEN}\n4,new,{WHEN}\n")
    again = fetch(after(pages), path=str(tmp_path))
    assert ids(again) == ["4"]
    (tmp_path / "a.jsonl").unlink()
    (tmp_path / "c.csv").write_text("id,text,created_at\n")
    assert set(after(fetch(after(again), path=str(tmp_path)))["files"]) == {"b.csv", "c.csv"}


def test_a_large_file_is_several_pages_and_resumes_between_them(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl(*(row(number) for number in range(2500))))
    whole = fetch({}, path=str(tmp_path))
    assert [len(page.mentions) for page in whole] == [1000, 1000, 500]
    begun = fetch({}, path=str(tmp_path), stop=1)
    assert ids(begun) + ids(fetch(after(begun), path=str(tmp_path))) == ids(whole)


def test_since_leaves_out_what_is_older(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(jsonl(row(1), row(2, created_at="2020-01-01")))
    assert ids(fetch({}, path=str(tmp_path), since=datetime(2026, 1, 1, tzinfo=UTC))) == ["1"]


def test_a_broken_file_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK no")
    (tmp_path / "b.jsonl").write_text(jsonl(row(1)))
    pages: list[Page] = []

    async def run() -> None:
        async with FILE.open(Setup("files", {"path": str(tmp_path)})) as client:
            async for page in client.fetch({}, since=None):
                pages.append(page)  # noqa: PERF401 - the pages before the error are wanted

    with pytest.raises(BadAnswer, match=r"a\.xlsx: the Excel file is broken"):
        asyncio.run(run())
    assert ids(pages) == ["1"]


def test_settings_of_the_source(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Nr;Treść;Kiedy\n1;zażółć;1.7.2026 12:00\n".encode("cp1250"))
    (page,) = fetch(
        {},
        path=str(path),
        format="csv",
        mentions_platform="forum",
        columns="id=Nr, text=Treść, created_at=Kiedy",
        timezone="Europe/Warsaw",
        encoding="cp1250",
    )
    (mention,) = page.mentions
    assert (mention.platform, mention.text) == ("forum", "zażółć")
    assert mention.created_at == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_check_says_what_is_there(tmp_path: Path) -> None:
    async def check(path: Path) -> str:
        async with FILE.open(Setup("files", {"path": str(path)})) as client:
            assert isinstance(client, Checker)
            return await client.check()

    assert "no files yet" in asyncio.run(check(tmp_path))
    (tmp_path / "a.jsonl").write_text(jsonl(row(1)))
    assert "1 file(s); a.jsonl begins with a row on line 1" in asyncio.run(check(tmp_path))
    with pytest.raises(PlatformError, match="cannot be read"):
        asyncio.run(check(tmp_path / "gone"))


def test_a_path_is_needed() -> None:
    with pytest.raises(ConfigError, match="`path` is missing"):
        fetch({})


def test_a_file_that_was_changed_is_read_again_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(jsonl(row(1), row(2)))
    pages = fetch({}, path=str(path))
    path.write_text(jsonl(row(1, "edited"), row(2), row(3)))
    assert ids(fetch(after(pages), path=str(path))) == ["1", "2", "3"]
    os.utime(path, ns=(1, 1))
    assert ids(fetch(after(pages), path=str(path))) == ["1", "2", "3"]


def test_a_row_that_was_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    content = jsonl(row(1), row(2))
    path.write_text(content[:-20])
    pages = fetch({}, path=str(path))
    assert "within this line" in pages[0].skipped[0]
    path.write_text(content)
    assert ids(fetch(after(pages), path=str(path))) == ["1", "2"]


def test_an_array_on_one_line_resumes_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([row(number) for number in range(1500)]))
    begun = fetch({}, path=str(tmp_path), stop=1)
    assert len(ids(begun)) + len(ids(fetch(after(begun), path=str(tmp_path)))) == 1500


class TestTheContract(FetcherContract):
    """What every source holds to, kept by a log that grows."""

    many = 1200

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "log.jsonl"
        self.count = 0

    def open(self) -> AbstractAsyncContextManager[Fetcher]:
        return FILE.open(Setup("files", {"path": str(self.path)}))

    def write(self, texts: Sequence[str]) -> list[str]:
        numbers = range(self.count, self.count + len(texts))
        self.count += len(texts)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(jsonl(*(row(n, text, author="zoe") for n, text in zip(numbers, texts, strict=True))))
        return [str(number) for number in numbers]
