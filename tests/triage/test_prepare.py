"""Texts made ready in batches: each as if it were alone, whatever stands beside it."""

from __future__ import annotations

import random
from importlib.resources import files
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.text import fold
from carecli.triage import symbols
from carecli.triage.engine import judge
from carecli.triage.prepare import MAX_CHARACTERS, Rules, batch, prepare, prepared
from carecli.triage.symbols import ASKS, EMOJI, EXCLAIMS, LAUGHS, OUTRAGED, SMIRKS
from carecli.triage.votes import plain_word

RULES = Rules(languages=("en", "he", "pl", "zh"), brand_names=("Velobank",), handles=("@velo",))
NAMED = [
    ("Charged twice and the refund never arrived", "en"),
    ("app crashes constantly", "en"),
    ("I verified my identity yesterday", "en"),
    ("zgubilem bilet na dworcu", "pl"),
    ("paczka dotarła uszkodzona", "pl"),
    ("הטיסה בוטלה", "he"),
    ("航班取消了", "zh"),
    ("Das Paket ist nicht angekommen", "de"),
    ("waar blijft mijn pakket", "nl"),
    ("jeg kan ikke logge ind på min konto", "da"),
    ("impossible de contacter le service client", "fr"),
    ("no me funciona la aplicación", "es"),
    ("kdy přijede náhradní autobus", "cs"),
    ("prečo mi nikto neodpovedá", "sk"),
    ("Где мой заказ?", "ru"),
]
MARKED = [
    ("why?", ASKS),
    ("למה？", ASKS),
    ("stop!", EXCLAIMS),
    ("what?!", ASKS | EXCLAIMS | OUTRAGED),
    ("lol, late again", LAUGHS),
    ("xD", LAUGHS | EMOJI),
    ("lollipop", 0),
    ("笑死我了", LAUGHS),
    ("late :(", EMOJI),
    ("great 👏", SMIRKS | EMOJI),
    ("你们真行🙄", SMIRKS | EMOJI),
    ("", 0),
]


@pytest.mark.parametrize(("text", "language"), NAMED)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert prepare(text, RULES).language == language


@pytest.mark.parametrize(("text", "marks"), MARKED)
def test_the_marks_of_a_text(text: str, marks: int) -> None:
    assert prepare(text, RULES).marks == marks


def test_no_texts() -> None:
    assert prepared([], RULES, []) == []


def test_each_text_keeps_its_own_whatever_batch_and_order() -> None:
    texts = [text for text, _ in (*NAMED, *MARKED)] + [
        "@velo see https://example.com",
        "\ud800",
        "x" * 9000,
        "\n",
        "ok",
    ]
    declared = [None, "pl", "zh-TW"]
    cases = [(text, declared[place % 3]) for place, text in enumerate(texts)]
    alone = {case: prepare(case[0], RULES, case[1]) for case in cases}
    for seed in range(5):
        random.Random(seed).shuffle(cases)
        for size in (1, 7, len(cases)):
            parts = [cases[start : start + size] for start in range(0, len(cases), size)]
            found = [p for part in parts for p in prepared([t for t, _ in part], RULES, [hint for _, hint in part])]
            assert found == [alone[case] for case in cases]


@settings(max_examples=100)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_texts_are_made_ready(texts: list[str]) -> None:
    found = prepared(texts, RULES, [None] * len(texts))
    assert [p.text for p in found] == texts
    assert found == [prepare(text, RULES) for text in texts]


@pytest.mark.parametrize("piece", ["a", "a ", "@a", "ł", "哈", "?!", "😂", "\u0301", "\ud800", "\x00", "https://"])
def test_long_texts_are_cut(piece: str) -> None:
    assert len(prepare(piece * MAX_CHARACTERS, RULES).text) == MAX_CHARACTERS


@pytest.mark.parametrize("language", ["en", "pl"])
def test_lists_of_words_are_sorted_and_as_texts_are_compared(language: str) -> None:
    text = files("carecli.triage").joinpath("data", f"words_{language}.txt").read_text(encoding="utf-8")
    words = [line for line in text.splitlines() if not line.startswith("#")]
    assert words == sorted(set(words))
    assert all(plain_word(word) == word and len(fold(word)) >= 4 for word in words)
    assert 1500 <= len(words) <= 3000


def test_a_handle_of_common_words_takes_nothing_out_of_the_text() -> None:
    rules = Rules(handles=("@my.telco", "no.1airlines", "acme.social", "@velo@social.example"))
    assert prepare("My ACME and velo have no signal", rules).masked.split() == ["My", "and", "have", "no", "signal"]


@given(st.from_regex(symbols._LAUGHTER, fullmatch=True), st.sampled_from(["", "。", " !"]))
def test_every_laughter_is_heard(laughter: str, after: str) -> None:
    text = f"好 {laughter}{after}"
    assert symbols.marks(text, text) & LAUGHS


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_text_and_a_name_may_be_composed_or_not(form: Literal["NFC", "NFD"]) -> None:
    rules = Rules(languages=("pl", "en"), brand_names=("Żółw",))
    text = "Żółw, nie działa mi łączność, dlaczego?"
    (other,) = judge([normalize(form, text)], rules)
    (same,) = judge([text], Rules(languages=("pl", "en"), brand_names=(normalize(form, "Żółw"),)))
    assert prepare(normalize(form, text), rules).masked.split()[0] == ","
    assert other.verdict == same.verdict


@given(st.lists(st.lists(st.sampled_from(["a", "@anna", "https://x.example/1", "a.b@c.example", "?", "退", "xD"]))))
def test_the_columns_of_a_batch_say_what_is_in_its_texts(pieces: list[list[str]]) -> None:
    texts = [" ".join(each) for each in pieces]
    made = batch(texts, RULES, [None] * len(texts))
    columns = zip(made.lengths.tolist(), made.marks.tolist(), made.links.tolist(), made.handles.tolist(), strict=True)
    assert list(columns) == [(len(p.text), p.marks, p.links, p.handles) for p in made.prepared]
    said = [(len(text), text.count("https"), text.count("@")) for text in texts]
    assert [(len(p.text), p.links, p.handles) for p in made.prepared] == said
