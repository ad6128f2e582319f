"""Copies, topics by example, and topics proposed from what people write."""

from __future__ import annotations

import pytest

from carecli.cases.reposts import gist
from carecli.triage.examples import like
from carecli.triage.mining import propose

WORDS = "my suitcase never came to the hotel in Oslo"


@pytest.mark.parametrize(
    "other",
    [
        "MY suitcase never came to the hotel in Oslo!!!",
        "RT @zoe: My suitcase never came to the hotel in Oslo 😡 https://t.example/1",
        "my suitcase, never, came to the hotel in Óslo #fail",
    ],
)
def test_copies_share_their_gist(other: str) -> None:
    assert gist(other) == gist(WORDS) is not None


def test_other_words_are_another_text_and_short_ones_have_no_gist() -> None:
    assert gist(WORDS + " today") != gist(WORDS)
    assert gist("thank you all") is None
    assert gist("我的行李一直没有送到酒店怎么办") == gist("我的行李一直没有送到酒店，怎么办？") is not None


def test_a_topic_by_example() -> None:
    examples = {
        "lost": ["my parcel never arrived at the address", "paczka nigdy nie dotarła na adres"],
        "late": ["包裹一直没有送到"],
    }
    topics, why = like("My PARCELS have never arrived at our new address", examples)
    assert topics == ("lost",)
    assert why == ("topic lost: like 'my parcel never arrived at the address'",)
    assert like("paczki nigdy nie dotarły pod adres", examples)[0] == ("lost",)
    assert like("我的包裹一直沒有送到家", examples)[0] == ("late",)
    assert like("the address of your shop?", examples) == ((), ())
    assert like("anything", {}) == ((), ())


BEFORE = [(f"the delivery was slow and the box number {n} was open", "en") for n in range(40)]


def test_what_many_write_now_and_few_wrote_before_is_proposed() -> None:
    now = [(f"after the update the mobile app crashes, case {n}", "en") for n in range(8)] + BEFORE[:20]
    first, *others = propose(now, BEFORE, limit=5)
    assert "app crashes" in first.words
    assert (first.language, first.now, first.texts, first.before, first.ratio) == ("en", 8, 28, 0, None)
    assert "crashes" in first.example
    assert others == []  # the rest of the same sentence is no second topic


def test_what_was_always_written_is_not() -> None:
    assert propose(BEFORE[:20], BEFORE, limit=5) == []


def test_copies_count_once_and_known_topics_are_left_out() -> None:
    copies = [("please everybody share this story about the red kettle", "en")] * 30
    assert propose(copies, BEFORE, limit=5) == []
    now = [(f"the kettle is red hot, story {n}", "en") for n in range(8)]
    assert propose(now, BEFORE, limit=5)
    assert all("kettle" not in one.words for one in propose(now, BEFORE, limit=5, known=["Kettle"]))


def test_languages_stay_apart_and_chinese_needs_no_spaces() -> None:
    now = [(f"{where}就閃退", "zh") for where in ("打开", "登录", "支付", "看首页", "聊天时", "扫码")]
    now += [(f"po aktualizacji aplikacja pada {n}", "pl") for n in range(6)]
    found = propose(now, BEFORE, limit=9)
    assert {one.language for one in found} == {"zh", "pl"}
    assert any("闪退" in one.words for one in found)


def test_the_order_of_texts_does_not_matter() -> None:
    now = [(f"the {word} broke again today, number {n}", "en") for n in range(5) for word in ("lamp", "door")]
    one, other = (propose(texts, BEFORE, limit=9) for texts in (now, now[::-1]))
    assert [(p.words, p.now) for p in one] == [(p.words, p.now) for p in other]


@pytest.mark.parametrize(
    ("language", "text", "small"),
    [
        ("en", "and why is it not there, number {}", {"and", "why", "not", "there", "and why", "not there"}),
        ("pl", "nie wiem gdzie to jest, numer {}", {"nie", "gdzie", "jest"}),
        ("he", "אין לי מושג מה זה, מספר {}", {"אין", "מה", "זה"}),
        ("zh", "我们怎么知道，{}号", {"我们", "怎么", "知道", "我们怎么"}),
    ],
)
def test_small_words_are_no_topic(language: str, text: str, small: set[str]) -> None:
    said = {each.words for each in propose([(text.format(n), language) for n in range(9)], [], limit=20)}
    assert not said & small
    assert said, "a run with another word in it may be one"
