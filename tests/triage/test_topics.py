"""Topics from the user's own keywords, with the endings and prefixes of four languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.triage import topics
from carecli.triage.prepare import Rules, prepare

RULES = Rules(languages=("en", "he", "pl", "zh"))
TOPICS = {
    "baggage": ["bag", "luggage", "walizka", "wózek", "bagaż", "מזוודה", "行李"],
    "batteries": ["power bank", "charger", "מטען", "行動電源", "充电宝"],
    "billing": ["bill", "charge", "rachunek", "חיוב", "扣"],
    "loss": ["lost luggage", "zgubion", "אבד", "丢"],
    "app": ["app", "wi-fi", "c++"],
}


def match(text: str, keywords: Mapping[str, Sequence[str]] = TOPICS) -> topics.About:
    return topics.match([prepare(text, RULES)], keywords)[0]


def about(text: str) -> tuple[str, ...]:
    return match(text)[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("My LUGGAGE is wet", ("baggage",)),
        ("two bags and a charger", ("baggage", "batteries")),
        ("I was charged for a baguette", ("billing",)),
        ("they billed me twice", ("billing",)),
        ("Power-banks allowed?", ("batteries",)),
        ("the powerbank question", ()),
        ("lost luggage in Rome", ("baggage", "loss")),
        ("the app's fine, happy with it", ("app",)),
        ("your WI-FI is slow", ("app",)),
        ("I write c++ on the train", ("app",)),
        ("zgubiliście moją walizkę, wózka też nie ma", ("baggage",)),
        ("Bagażu brak, rachunku za dużo", ("baggage", "billing")),
        ("rachunki z kosmosu", ("billing",)),
        ("zgubiona walizka", ("baggage", "loss")),
        ("המזוודות שלנו לא הגיעו", ("baggage",)),
        ("ושבמזוודה שלי היה הכל", ("baggage",)),
        ("כמה מטענים מותר?", ("batteries",)),
        ("על החיובים האלה", ("billing",)),
        ("我的行李丢了", ("baggage", "loss")),
        ("行动电源可以带吗", ("batteries",)),
        ("充電寶和行李", ("baggage", "batteries")),
        ("nothing of that", ()),
        ("", ()),
    ],
)
def test_keywords_in_four_languages(text: str, wanted: tuple[str, ...]) -> None:
    assert about(text) == wanted


def test_the_reason_quotes_the_text_once() -> None:
    _, why = match("luggage, luggage and bags and bag")
    assert why == ("topic baggage: 'luggage', 'bags'",)


def test_the_longer_keyword_wins_at_the_same_place() -> None:
    assert about("a charger") == ("batteries",)


def test_one_keyword_may_name_two_topics() -> None:
    found, _ = match("refund please", {"money": ["refund"], "returns": ["Refund "]})
    assert found == ("money", "returns")


def test_no_topics_and_empty_keywords_find_nothing() -> None:
    assert match("bag", {}) == ((), ())
    assert match("bag", {"x": ["", "  "], "y": []}) == ((), ())


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=20), st.text(max_size=100))
def test_any_keyword_and_text(keyword: str, text: str) -> None:
    p = prepare(text, Rules())._replace(language=None)
    found, why = topics.match([p], {"topic": [keyword]})[0]
    assert len(found) == len(why) <= 1


def test_hostile_texts_take_no_time() -> None:
    for text in ("a" * 1_000_000, "bag " * 250_000, "́" * 100_000, "扣" * 100_000):
        match(text)
