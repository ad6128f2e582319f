"""What is a promise, and until when, in four languages. Written on Friday 2026-11-20 at 12:00 in Warsaw."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from carecli.replies.promises import promises

WARSAW = ZoneInfo("Europe/Warsaw")
MADE = datetime(2026, 11, 20, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("We are looking into it.", None),
        ("I'll get back to you by Friday.", "2026-11-27T23:59:59"),
        ("I'll get back to you by Monday, Zoe.", "2026-11-23T23:59:59"),
        ("We will let you know tomorrow.", "2026-11-21T23:59:59"),
        ("We will let you know tomorrow by 17:30.", "2026-11-21T17:30:00"),
        ("I'll call you by 5pm.", "2026-11-20T17:00:00"),
        ("I'll call you by 9 am.", "2026-11-21T09:00:00"),
        ("We'll update you within 24 hours.", "2026-11-21T12:00:00"),
        ("We'll update you within the hour.", "2026-11-20T13:00:00"),
        ("We will refund you in three business days.", "2026-11-25T23:59:59"),
        ("We will write to you by the end of the week.", "2026-11-20T23:59:59"),
        ("We will write to you next week.", "2026-11-27T23:59:59"),
        ("We will write to you next Tuesday or next week on Tuesday.", "2026-11-24T23:59:59"),
        ("You will get the answer by 3 December.", "2026-12-03T23:59:59"),
        ("I will check it the day after tomorrow.", "2026-11-22T23:59:59"),
        ("It will be fixed by the end of the month.", "2026-11-30T23:59:59"),
        ("Sprawdzimy to i damy znać.", None),
        ("Damy znać do piątku.", "2026-11-27T23:59:59"),
        ("Sprawdzimy to do jutra.", "2026-11-21T23:59:59"),
        ("Odpowiemy w ciągu 24 godzin.", "2026-11-21T12:00:00"),
        ("Odpowiemy w ciągu godziny.", "2026-11-20T13:00:00"),
        ("Sprawdzimy i odpowiemy w ciągu dwóch dni roboczych.", "2026-11-24T23:59:59"),
        ("Sprawdzimy i wrócimy z odpowiedzią 25.11.", "2026-11-25T23:59:59"),
        ("Sprawdzimy to do 25 listopada.", "2026-11-25T23:59:59"),
        ("אנחנו בודקים את זה", None),
        ("נחזור אליך עד מחר", "2026-11-21T23:59:59"),
        ("נחזור אליכם תוך 24 שעות", "2026-11-21T12:00:00"),
        ("נעדכן תוך שעתיים", "2026-11-20T14:00:00"),
        ("נחזור אליכם עד יום ראשון", "2026-11-22T23:59:59"),
        ("אנחנו בודקים ונעדכן תוך שלושה ימי עסקים", "2026-11-25T23:59:59"),
        ("我们正在核实。", None),
        ("三天内给您答复。", "2026-11-23T12:00:00"),
        ("24小时内回复您。", "2026-11-21T12:00:00"),
        ("我们会在周一之前回复您。", "2026-11-23T23:59:59"),
        ("我明天会联系您。", "2026-11-21T23:59:59"),
        ("我們會在兩個小時內回覆您，正在核實。", "2026-11-20T14:00:00"),
        ("半小时内会回复您。", "2026-11-20T12:30:00"),
        ("12月3日之前会回复您，正在核实。", "2026-12-03T23:59:59"),
    ],
)
def test_a_promise_has_the_time_that_its_sentence_says(text: str, due: str | None) -> None:
    (promise,) = promises(text, made=MADE, zone=WARSAW)
    assert promise.words == text.strip(".。")[:160]
    expected = None if due is None else datetime.fromisoformat(due).replace(tzinfo=WARSAW).astimezone(UTC)
    assert promise.due == expected


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your words.",
        "Shall we look into it?",
        "We can't promise that it works.",
        "The desk opens at 9:00.",
        "Przykro nam, że paczka nie doszła.",
        "תודה שכתבתם לנו",
        "谢谢您告诉我们。",
        "Was I unclear about the two days?",
    ],
)
def test_other_sentences_are_none(text: str) -> None:
    assert promises(text, made=MADE, zone=WARSAW) == []


def test_each_sentence_is_a_promise_of_its_own() -> None:
    text = "Sorry, Zoe. We are looking into it. I'll get back to you by Monday. Which flight was it?"
    assert [p.words for p in promises(text, made=MADE, zone=WARSAW)] == [
        "We are looking into it",
        "I'll get back to you by Monday",
    ]
