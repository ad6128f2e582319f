"""Sentiment in the languages of customer care, on texts written for these tests."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from carecli.triage.lexicon import lexicon, read
from carecli.triage.prepare import Rules, prepare
from carecli.triage.sentiment import decide
from carecli.triage.vader import Vader
from carecli.triage.vocabulary import numbered
from tests.triage.alone import Feeling, batch, entry, feeling
from tests.triage.sentences import CHINESE, ENGLISH, HEBREW, POLISH

RULES = Rules(languages=("en", "he", "pl", "zh"), brand_names=("United Airlines", "Best Buy"), handles=("@united",))


def feel(text: str, rules: Rules = RULES) -> Feeling:
    return feeling(prepare(text, rules))


@pytest.mark.parametrize(("text", "label"), [*ENGLISH, *HEBREW, *POLISH, *CHINESE])
def test_label(text: str, label: str) -> None:
    assert feel(text).label == label


@pytest.mark.parametrize("sentences", [ENGLISH, HEBREW, POLISH, CHINESE])
def test_every_language_has_enough_sentences_of_every_label(sentences: list[tuple[str, str]]) -> None:
    assert len(sentences) >= 30
    for label in ("negative", "neutral", "positive"):
        assert sum(each == label for _, each in sentences) >= 8


@pytest.mark.parametrize("language", ["en", "he", "pl", "zh"])
def test_lexicons_are_large_and_within_bounds(language: str) -> None:
    words = lexicon(language)
    assert words is not None
    values = [entry.value for entry in words.entries if entry.kind == "valence"]
    assert len(values) >= 200
    assert all(-3 <= value <= 3 for value in values)
    assert min(values) < 0 < max(values)


def test_brand_names_are_not_joy() -> None:
    assert feel("@united United Airlines").score == 0
    assert feel("I bought it at Best Buy").score == 0
    assert feeling(prepare("I bought it at Best Buy", Rules())).score > 0


def test_negation_turns_a_word_around() -> None:
    pairs = [
        ("האוכל טעים", "האוכל לא היה טעים"),
        ("Jedzenie smaczne", "Jedzenie wcale nie smaczne"),
        ("服务很好", "服务不是很好"),
    ]
    for plain, negated in pairs:
        assert feel(plain).score > 0 > feel(negated).score


def test_negation_ends_at_a_mark() -> None:
    assert feel("Nie, jest super").label == "positive"
    assert feel("לא, מעולה").label == "positive"


def test_intensifiers_strengthen() -> None:
    for plain, strong in [("טוב", "טוב מאוד"), ("słaba obsługa", "bardzo słaba obsługa"), ("美味", "非常美味")]:
        assert abs(feel(strong).score) > abs(feel(plain).score)


def test_what_comes_after_but_weighs_more() -> None:
    for text in ("Pokój ładny, ale obsługa kiepska", "המקום יפה אבל השירות גרוע", "环境漂亮，但是服务太差"):
        assert feel(text).label == "negative"
    assert (
        feel("Obsługa kiepska, ale pokój piękny i czysty").score
        > feel("Pokój piękny i czysty, ale obsługa kiepska").score
    )


def test_traditional_characters_score_like_simplified_ones() -> None:
    assert feel("服務態度惡劣，東西壞了").score == feel("服务态度恶劣，东西坏了").score < 0


def test_emoji_count_in_every_language_and_a_run_of_one_counts_once() -> None:
    for text in ("OK 😡", "הזמנה 😡", "Zamówienie 😡", "订单 😡", "Где заказ 😡"):
        assert feel(text).label == "negative"
    assert feel("订单 ❤️❤️❤️❤️").score == feel("订单 ❤️").score > 0


def test_sarcasm() -> None:
    for text in (
        "Great, another delay",
        "Thanks for nothing",
        "Dzięki za nic",
        "Super, znowu opóźnienie",
        "מעולה, שוב עיכוב",
        "תודה רבה באמת",
        "真是谢谢了，又延误",
    ):
        assert feel(text).label == "negative"


def test_closing_thanks_of_a_question_are_courtesy() -> None:
    for text in (
        "How do I change my booking? Thanks!",
        "Jak zmienić rezerwację? Dziękuję",
        "איך משנים הזמנה? תודה",
        "怎么改签？谢谢",
    ):
        assert feel(text).label == "neutral"


def test_good_and_bad_words_are_mixed() -> None:
    assert feel("Great staff but the room was dirty and broken").mixed
    assert not feel("Worst airline ever, my flight was cancelled and nobody answers").mixed


def test_reasons_are_words_of_the_text() -> None:
    assert "negative: cancelled" in " ".join(feel("My flight was cancelled").why)
    assert feel("The invoice is attached").why == ()


WORDS = (
    "not never so this good bad the shit no kind of least BAD but without doubt great isn't 😀 ❤️ yeah right very :) at "
    "GOOD!! ok? most to die for hardly LOVE, bus stop"
)
PIECES = st.sampled_from(WORDS.split())


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map(" ".join)))
def test_without_overrides_the_score_is_vaders_own(text: str) -> None:
    assert vaders([text])[0] == ANALYZER.polarity_scores(text)["compound"]


ANALYZER, PLAIN = SentimentIntensityAnalyzer(), Vader()


def vaders(texts: list[str]) -> list[float]:
    words = PLAIN.read(numbered([text.split() for text in texts]))
    totals = np.bincount(words.whose, PLAIN.valences(words), len(texts)).astype(float)
    emphasis = np.copysign(list(map(PLAIN.emphasis, texts)), totals)
    scores: list[float] = PLAIN.compounds(np.where(totals, totals + emphasis, 0.0)).tolist()
    return scores


def test_without_overrides_the_score_of_whole_sentences_is_vaders_own() -> None:
    seeds = files("carecli.triage").joinpath("data", "seeds_en.tsv").read_text(encoding="utf-8").splitlines()[1:]
    texts = [line.split("\t")[0] for line in seeds]
    texts += [" but ".join(texts[at : at + 3]).upper()[:60] + texts[at] for at in range(0, 600, 3)]
    for text, score in zip(texts, vaders(texts), strict=True):
        assert score == ANALYZER.polarity_scores(text)["compound"], text


HOSTILE = [
    "a" + "\u0301" * 100_000,
    "\x00" * 5000,
    "\ud800\udfff terrible \ud83d",
    "a" * 1_000_000,
    "😡" * 20_000,
    "😡😍" * 10_000,
    "not good " * 800,
    "good " * 1600,
    "好不" * 5000,
    "nie " * 5000 + "dobrze",
    "ו" * 10_000,
    "great another delay " * 2000,
    "(" * 5000 + ":)" * 3000,
    "\u202e@" * 3000,
    "http://" * 2000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_raises_nothing(text: str) -> None:
    feel("warm up")
    assert -1 <= feel(text).score <= 1


@settings(max_examples=100)
@given(st.text(), st.sampled_from([None, "en", "he", "pl", "zh", "ja", "xx"]))
def test_any_text_has_a_score(text: str, language: str | None) -> None:
    assert -1 <= feeling(prepare(text, RULES)._replace(language=language)).score <= 1


@settings(max_examples=60)
@given(st.lists(st.lists(PIECES, max_size=8).map(" ".join), max_size=8))
def test_a_text_feels_the_same_alone_and_among_others(texts: list[str]) -> None:
    prepared = [prepare(text, RULES) for text in texts]
    together = decide(batch(*prepared))
    assert [entry(together, place) for place in range(len(texts))] == list(map(feeling, prepared))


def test_a_wrong_line_of_a_lexicon_is_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        read("# heading\nword without a value")
