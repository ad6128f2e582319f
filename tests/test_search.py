"""Search finds words in every language: without spaces, with prefixes, with endings, whatever the case or accents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.model import Author, Mention
from carecli.store import Store, intake, search

NOW = datetime(2026, 11, 20, tzinfo=UTC)

TEXTS = [
    "My luggage was delayed again, RÉSUMÉ lost",  # 1
    "המזוודה שלי אבדה והטיסה בוטלה",  # 2
    "Zgubiliście mój bagaż, lot opóźniony o pięć godzin",  # 3
    "我的行李丢了，航班取消",  # 4
    "我的行李不見了，航班延誤",  # 5
    "Nikt nie odpowiada w sprawie reklamacji, Łódź",  # 6
    "car care carpet",  # 7
]


@pytest.fixture
def filled(store: Store) -> Store:
    page = [Mention("memory", str(n), text, NOW, Author("zoe")) for n, text in enumerate(TEXTS, 1)]
    intake.save_page(store, "s", page, now=NOW)
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("luggage", {1}),
        ("LUGGAGE", {1}),
        ("delay", {1}),
        ("delays", {1}),
        ("resume", {1}),
        ("résumé", {1}),
        ("מזוודה", {2}),
        ("המזוודה", {2}),
        ("טיסה", {2}),
        ("טיסות", {2}),
        ("bagaż", {3}),
        ("bagażu", {3}),
        ("bagazem", {3}),
        ("loty", {3}),
        ("opóźniona", {3}),
        ("reklamacja", {6}),
        ("reklamacje", {6}),
        ("lodz", {6}),
        ("行李", {4, 5}),
        ("航班取消", {4}),
        ("丢", {4}),
        ("car", {7}),
        ("luggage lost", {1}),
        ("luggage flight", set()),
        ('"lost luggage"', {1}),
        ('"luggage lost"', {1}),
        ("!!!", set()),
        ("", set()),
        ('"', set()),
        ("NEAR( OR AND", set()),
        ("luggage*", {1}),
        ("text:luggage", set()),
    ],
)
def test_queries(filled: Store, query: str, expected: set[int]) -> None:
    assert set(search.find(filled, query, limit=10)) == expected


@settings(max_examples=150)
@given(st.text(max_size=40))
def test_no_query_breaks_the_index(query: str) -> None:
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE mention_words USING fts5 (words, content='')")
    search.add(connection, [(1, query)])
    match = search.expression(query)
    if match:
        found = connection.execute("SELECT rowid FROM mention_words WHERE mention_words MATCH ?", [match]).fetchall()
        assert found in ([(1,)], []), match


@given(st.sampled_from(TEXTS), st.data())
def test_every_word_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    import sqlite3

    word = data.draw(st.sampled_from(text.replace(",", " ").replace("，", " ").split()))
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE mention_words USING fts5 (words, content='')")
    search.add(connection, [(1, text)])
    found = connection.execute(
        "SELECT rowid FROM mention_words WHERE mention_words MATCH ?", [search.expression(word)]
    ).fetchall()
    assert found == [(1,)]
