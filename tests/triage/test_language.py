"""Languages: by script, by small words, by the model; hints help and never overrule."""

from __future__ import annotations

import errno
import subprocess
import sys
from typing import IO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.triage import identifier
from carecli.triage.language import base, detect
from carecli.triage.prepare import Rules, prepare
from carecli.triage.votes import Votes, votes

FOUR = ("en", "he", "pl", "zh")

OURS = [
    ("My flight was cancelled and nobody answers", "en"),
    ("app keeps crashing", "en"),
    ("refund now", "en"),
    ("Any update?", "en"),
    ("WHY IS MY ORDER LATE", "en"),
    ("worst airline ever", "en"),
    ("Mój lot został odwołany", "pl"),
    ("Dzięki za nic", "pl"),
    ("nie dziala mi internet", "pl"),
    ("gdzie paczka", "pl"),
    ("Bardzo słabo", "pl"),
    ("הטיסה בוטלה", "he"),
    ("למה ה-iPhone שלי לא עובד", "he"),
    ("航班取消了", "zh"),
    ("航班取消了，iPhone 也坏了", "zh"),
    ("點解仲未到", "zh"),
]
OTHERS = [
    ("Где мой заказ?", "ru"),
    ("Не працює інтернет, що робити", "uk"),
    ("أين طلبي؟ لم يصل بعد", "ar"),
    ("สวัสดี ของยังไม่มาเลย", "th"),
    ("新型車両を導入しました", "ja"),
    ("배송이 언제 오나요", "ko"),
    ("Πού είναι η παραγγελία μου", "el"),
    ("Wo ist meine Bestellung geblieben, ich warte seit zwei Wochen", "de"),
    ("¿Dónde está mi pedido? Nadie contesta", "es"),
    ("Merci beaucoup pour votre aide", "fr"),
    ("Onde está o meu pedido, ninguém responde", "pt"),
    ("Kde je můj balík, nikdo neodpovídá", "cs"),
    ("Siparişim nerede kaldı, kimse cevap vermiyor", "tr"),
]


@pytest.mark.parametrize(("text", "language"), OURS)
def test_configured_languages_are_found(text: str, language: str) -> None:
    assert detect(text, languages=FOUR) == language


@pytest.mark.parametrize(("text", "language"), OTHERS)
def test_other_languages_keep_their_own_code(text: str, language: str) -> None:
    assert detect(text, languages=FOUR) == language


@pytest.mark.parametrize("text", ["", " ", "123 !?", "😡😡", "\ud800", "#@$", "\u0301" * 50])
def test_no_letters_no_language(text: str) -> None:
    assert detect(text, declared="en", languages=FOUR) is None


def test_few_letters_are_in_the_declared_or_the_first_configured_language() -> None:
    assert detect("ok", languages=FOUR) == "en"
    assert detect("ok", languages=("pl", "en")) == "pl"
    assert detect("ok", declared="de", languages=FOUR) == "de"
    assert detect("ok", declared="he", languages=("he", "en")) == "en"
    assert detect("ok 👍", languages=("he", "zh")) == "en"


def test_a_declared_language_is_a_hint_not_the_truth() -> None:
    assert detect("My flight was cancelled and nobody answers", declared="pl", languages=FOUR) == "en"
    assert detect("הטיסה בוטלה", declared="en", languages=FOUR) == "he"
    assert detect("東京", declared="ja", languages=FOUR) == "ja"
    assert detect("東京", languages=FOUR) == "zh"


def test_a_japanese_letter_in_a_shop_name_leaves_chinese_chinese() -> None:
    assert detect("鮮の味今天又送错了", languages=FOUR) == "zh"


@pytest.mark.parametrize(
    ("tag", "code"), [("zh-TW", "zh"), ("EN_us", "en"), ("iw", "he"), ("yue", "zh"), ("pt-BR", "pt"), ("pl", "pl")]
)
def test_tags_become_base_codes(tag: str, code: str) -> None:
    assert base(tag) == code


def test_masked_names_do_not_speak() -> None:
    rules = Rules(languages=FOUR, brand_names=("Telefonica de España",), handles=("@movistar",))
    assert prepare("Telefonica de España אין קליטה", rules).language == "he"
    assert prepare("@movistar https://example.com/una/casa", rules).language is None


@settings(max_examples=120)
@given(st.text(max_size=300), st.sampled_from([None, "en", "zh-TW", "xx", ""]))
def test_any_text_has_a_code_or_none(text: str, declared: str | None) -> None:
    found = detect(text, declared=declared, languages=FOUR)
    assert found is None or (found.isascii() and found.islower() and 2 <= len(found) <= 3)


def test_the_model_is_not_loaded_for_letters_that_decide_alone() -> None:
    code = (
        "import sys; from carecli.triage.language import detect;"
        "detect('הטיסה בוטלה'); detect('航班取消了'); detect('The flight was late and you did not answer');"
        "detect('lot odwołany');"
        "assert 'py3langid' not in sys.modules;"
        "detect('Wo ist mein Paket'); assert 'py3langid' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("before", ["=" * 250, "1 2 3 " * 60, "\U0001f621" * 250, " \n" * 200])
@pytest.mark.parametrize(("text", "language"), [("Wo ist mein Paket geblieben?", "de"), ("Где мой заказ?", "ru")])
def test_what_stands_before_the_first_letter_says_nothing(before: str, text: str, language: str) -> None:
    assert detect(f"{before} {text}", languages=FOUR) == language


def test_a_chinese_character_beside_korean_ones_makes_no_chinese_text() -> None:
    assert detect("北회담", languages=FOUR) == detect("北 회담", languages=FOUR) == "ko"


def test_the_model_is_read_where_there_is_no_place_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> IO[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    codes = frozenset({"de", "fr", "nl"})
    usual = identifier.identifier(codes)
    monkeypatch.setattr(identifier, "TemporaryFile", full)
    other = identifier.identifier.__wrapped__(codes)
    texts = ["wo ist mein paket geblieben", "waar blijft mijn pakket", "où est mon colis", ""]
    assert (usual.shares(texts, tuple(codes)) == other.shares(texts, tuple(codes))).all()


def test_the_model_says_the_same_however_little_of_it_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = ("de", "fr", "nl", "ru")
    texts = [text for text, _ in (*OURS, *OTHERS)]
    usual = identifier.identifier(frozenset(codes)).shares(texts, codes)
    for name in ("_MOST_MOVES", "_MOST_WEIGHTS", "_MOST_STEPS"):
        monkeypatch.setattr(identifier, name, 20)
    sparing = identifier.identifier.__wrapped__(frozenset(codes))
    assert (np.concatenate([sparing.shares([text], codes) for text in texts]) == usual).all()


@given(st.lists(st.text(max_size=40), max_size=6))
def test_the_model_says_the_same_whatever_stands_beside_a_text(others: list[str]) -> None:
    codes = ("de", "fr", "nl")
    model, text = identifier.identifier(frozenset(codes)), "waar blijft mijn pakket"
    assert (model.shares([*others, text], codes)[-1] == model.shares([text], codes)[0]).all()


def test_letters_are_strange_beside_latin_ones_only() -> None:
    found = votes(["größe", "żaba", "plain", "שלום", "привет", "приvет"])
    assert found[:, Votes._fields.index("strange")].tolist() == [1, 0, 0, 0, 0, 1]
