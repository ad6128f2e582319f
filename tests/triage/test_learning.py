"""Corrections teach: a community's own words are understood after fifty, and nonsense teaches nothing."""

from __future__ import annotations

import random

import pytest

from carecli.model import SENTIMENTS
from carecli.triage import Rules, classify, learning
from carecli.triage.learning import Correction, learn, watches

RULES = Rules(languages=("en", "he", "pl", "zh"))
# Words that only the players of one game love or hate, and sentences around them.
JARGON = {
    "en": (
        ["buffed", "a banger drop", "goated", "clutch", "crispy hitreg", "pog balance"],
        ["nerfed", "pay2win", "rubberbanding", "desync", "p2w crates", "tickrate"],
        ["season 4 is {}", "the new map: {}", "{} again on the EU server", "so, {} since the patch", "my main is {}"],
    ),
    "he": (
        ["באף למכשף", "לוט שרוף", "מאצ'מייקינג קריספי", "קלאץ'", "גואטד", "פוג"],
        ["נרף למכשף", "פיי טו ווין", "ראברבנדינג", "דיסינק", "קרייטס בכסף", "טיקרייט"],
        ["בעונה 4 יש {}", "המפה החדשה: {}", "{} בשרת האירופי", "מאז העדכון {}", "אצלי בדמות {}"],
    ),
    "pl": (
        ["buff maga", "sztos drop", "crispy hitreg", "clutch", "goat balans", "pogczamp"],
        ["nerf maga", "pejtułin", "rubberbanding", "desync", "skrzynki p2w", "tickrate"],
        ["w sezonie 4 {}", "nowa mapa: {}", "{} na serwerze EU", "od łatki {}", "u mojej postaci {}"],
    ),
    "zh": (
        ["法师加强了", "欧皇掉率", "手感丝滑", "五杀", "版本之子", "上分"],
        ["法师削了", "氪金才行", "瞬移", "不同步", "非酋", "掉分"],
        ["第四赛季{}", "新地图{}", "欧服{}", "更新以后{}", "我的英雄{}"],
    ),
}


def texts(language: str) -> list[tuple[str, str]]:
    """Every sentence with every word, and how its writer feels, in no order."""
    glad, angry, frames = JARGON[language]
    made = [(frame.format(word), "positive") for word in glad for frame in frames]
    made += [(frame.format(word), "negative") for word in angry for frame in frames]
    random.Random(4).shuffle(made)
    return made


def right(labelled: list[tuple[str, str]], learnt: learning.Learnt | None) -> int:
    verdicts = classify([text for text, _ in labelled], RULES, learnt=learnt)
    return sum(verdict.sentiment == label for verdict, (_, label) in zip(verdicts, labelled, strict=True))


def corrections(labelled: list[tuple[str, str]]) -> list[Correction]:
    return [Correction(text, {"sentiment": label}) for text, label in labelled]


@pytest.mark.parametrize("language", JARGON)
def test_fifty_corrections_help_on_texts_that_were_not_corrected(language: str) -> None:
    labelled = texts(language)
    taught, unseen = labelled[:45], labelled[45:]
    lesson = learn(corrections(taught), RULES)
    assert lesson.useful
    assert lesson.taught + lesson.watching == 45
    assert right(unseen, lesson.learnt) >= right(unseen, None) + 2


def test_a_text_of_few_words_follows_the_lesson_too() -> None:
    frames = (
        "{} sick drop",
        "such a sick {} map",
        "the {} skin is sick",
        "{}: sick",
        "my {} is so sick",
        "sick {} again",
    )
    taught = [frame.format(word) for frame in frames for word in ("new", "red", "big", "old", "free")]
    lesson = learn(corrections([(text, "positive") for text in taught]), RULES)
    assert lesson.useful
    few = ["sick drop", "so sick", "sick map"]
    assert right([(text, "negative") for text in few], None) == len(few)
    assert right([(text, "positive") for text in few], lesson.learnt) == len(few)
    assert right([("broken", "negative"), ("not solved", "negative")], lesson.learnt) == 2


def test_what_somebody_was_taught_does_not_depend_on_the_order() -> None:
    labelled = texts("en")
    there = learn(corrections(labelled), RULES)
    back = learn(corrections(labelled[::-1]), RULES)
    assert learning.dumped(there) == learning.dumped(back)


def test_nor_on_the_order_of_corrections_of_the_same_text() -> None:
    dice = random.Random(6)
    odd = [
        Correction(one.text, {"sentiment": dice.choice(SENTIMENTS)}, dice.choice((None, "en", "pl")))
        for one in corrections(texts("en"))
        for _ in range(2)
    ]
    there, back = (learn([*corrections(texts("en")), *more], RULES) for more in (odd, odd[::-1]))
    assert learning.dumped(there) == learning.dumped(back)


def test_nonsense_is_not_used() -> None:
    dice = random.Random(5)
    upside_down = {"positive": "negative", "negative": "positive"}
    odd = [
        Correction(text, {"sentiment": label if watches(text) else upside_down[label]})
        for text, label in [*texts("en"), *texts("pl")]
    ]
    lesson = learn(odd, RULES)
    assert not lesson.useful
    assert lesson.loss_before is not None
    assert lesson.loss_after is not None
    assert lesson.loss_after > lesson.loss_before
    dice.shuffle(odd)
    assert not learn(odd, RULES).useful


def test_a_lesson_comes_back_from_its_bytes() -> None:
    lesson = learn(corrections(texts("zh")), RULES)
    again = learning.loaded(learning.dumped(lesson))
    assert (again.taught, again.watching, again.loss_before, again.loss_after) == (
        lesson.taught, lesson.watching, lesson.loss_before, lesson.loss_after,
    )  # fmt: skip
    sample = [text for text, _ in texts("zh")]
    assert classify(sample, RULES, learnt=again.learnt) == classify(sample, RULES, learnt=lesson.learnt)


def test_nothing_to_learn_from() -> None:
    assert not learn([], RULES).useful
    assert not learn([Correction("hello", {"topics": ["greeting"]})], RULES).useful
    assert learning.labels_of({"needs_reply": True, "intent": "lead"}) == [-1, 5, -1, 1]
