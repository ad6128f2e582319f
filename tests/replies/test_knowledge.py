"""Ranking articles in four languages, and drafts that quote them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.config import Guardrails, Voice
from carecli.replies.drafting import CaseBrief
from carecli.replies.guardrails import Context, blocks, check
from carecli.replies.knowledge import Article, best_passage, from_knowledge, passages, rank

ARTICLES = [
    Article(
        1,
        "Power banks on board",
        "Power banks travel in the cabin bag, never in the hold. Up to 100 Wh needs no approval.",
        "en",
        "https://acme.example/batteries",
    ),
    Article(2, "Late suitcases", "Report a missing suitcase at the desk. We trace the suitcase for five days.", "en"),
    Article(3, "Opening hours", "The desk at the airport is open from six to midnight.", "en"),
    Article(4, "Powerbanki", "Powerbank leci tylko w bagażu podręcznym. Limit to 100 Wh.", "pl"),
    Article(5, "充电宝", "充电宝只能放在随身行李里，不能托运。额定能量不超过100瓦时。", "zh"),
    Article(6, "סוללות ניידות", "סוללה ניידת מותרת רק בתיק היד. עד 100 ואט שעה אין צורך באישור.", "he"),
    Article(7, "托运行李", "托运行李每件不超过二十三公斤。", "zh"),
]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("Can I take a power bank in my cabin bag?", 1),
        ("my suitcase is missing since monday", 2),
        ("when is the airport desk open", 3),
        ("Czy powerbank moze leciec w bagazu?", 4),
        ("充電寶可以託運嗎", None),
        ("充电宝可以托运吗", 5),
        ("אפשר לעלות עם סוללה ניידת?", 6),
        ("托运行李可以多重", 7),
        ("quantum entanglement", None),
        ("", None),
    ],
)
def test_the_article_that_shares_rare_words_comes_first(query: str, best: int | None) -> None:
    ranked = rank(query, ARTICLES)
    assert (ranked[0][0].id if ranked else None) == best
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True)


def test_ranking_does_not_depend_on_the_order_of_articles() -> None:
    query = "suitcase at the airport desk"
    forward = [(a.id, round(score, 9)) for a, score in rank(query, ARTICLES)]
    backward = [(a.id, round(score, 9)) for a, score in rank(query, ARTICLES[::-1])]
    assert forward == backward
    assert rank(query, []) == []


def test_passages_are_whole_sentences() -> None:
    assert passages("One. Two! Three?", 9) == ["One. Two!", "Three?"]
    assert passages("一句。两句。", 20) == ["一句。两句。"]
    assert passages("") == []


@given(st.text(max_size=400), st.integers(10, 100))
@settings(max_examples=80)
def test_passages_lose_nothing_but_whitespace(text: str, size: int) -> None:
    assert "".join("".join(passages(text, size)).split()) == "".join(text.split())


def test_the_passage_that_answers_is_chosen() -> None:
    article = Article(
        1, "Bags", "The desk is open all day. " * 10 + "A tuba needs a seat of its own. " + "Enjoy. " * 40
    )
    passage = best_passage("may I bring a tuba?", article)
    assert passage is not None
    assert "tuba" in passage
    assert len(passage) <= 240


def test_a_draft_quotes_the_passage_with_its_link_and_passes_the_guardrails() -> None:
    case = CaseBrief("Can I take a power bank in my cabin bag?", "en", "question", topics=("batteries",))
    (draft,) = from_knowledge(case, ARTICLES, Voice(signature="^{agent}"), voice_name="acme", agent="Leo")
    assert "Power banks travel in the cabin bag" in draft.text
    assert "https://acme.example/batteries" in draft.text
    assert draft.text.endswith("^Leo")
    assert (draft.maker, draft.sources, draft.language) == ("knowledge", ("kb:1",), "en")
    rules = Guardrails(allowed_links=["acme.example"])
    assert not blocks(check(draft.text, Context(language="en", rules=rules)))


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("充电宝可以托运吗", "zh-Hans", 5),
        ("Czy powerbank leci w bagażu?", "pl", 4),
        ("סוללה ניידת מותרת בתיק?", "he", 6),
    ],
)
def test_articles_answer_in_their_own_language(text: str, code: str, expected: int) -> None:
    (draft,) = from_knowledge(CaseBrief(text, code, "question"), ARTICLES, Voice(), voice_name="v")
    assert draft.sources == (f"kb:{expected}",)


def test_there_is_no_draft_in_another_language_or_beside_the_point() -> None:
    german = CaseBrief("Darf die Power bank in die cabin bag?", "de", "question")
    beside = CaseBrief("The desk lamp that I ordered from you arrived with a broken bulb and no manual", "en")
    unsaid = CaseBrief("你们几点开门", "zh")
    for case in (german, beside, unsaid):
        assert from_knowledge(case, ARTICLES, Voice(), voice_name="v", count=3) == []


def test_nothing_in_an_article_is_read_as_a_slot() -> None:
    article = Article(9, "Tuba", "A tuba flies as {agent} and {url}.", "en")
    (draft,) = from_knowledge(CaseBrief("tuba flies?", "en"), [article], Voice(), voice_name="v", agent="Leo")
    assert "{agent} and {url}" in draft.text


@pytest.mark.parametrize(
    "text",
    [
        "Report it at acme.example/bags?lost=1 today.",
        "A bag of 3.5 kg costs 20.00 euros.",
        "Write to help@acme.example. We answer at once.",
    ],
)
def test_a_full_stop_inside_a_word_ends_no_sentence(text: str) -> None:
    assert passages(text, 200) == [text]
    assert " ".join(passages(text, 1)) == text
