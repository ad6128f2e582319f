"""The whole engine: texts and rules in, verdicts out."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.model import (
    ANSWERED_IF_DIRECTED,
    ANSWERED_INTENTS,
    INTENTS,
    SENTIMENTS,
    URGENCIES,
    Intent,
    needs_reply,
)
from carecli.triage import Rules, classify, prioritise
from carecli.triage.engine import Taught
from carecli.triage.prepare import MAX_CHARACTERS, prepare, prepared
from tests.triage.sentences import CHINESE, ENGLISH, HEBREW, POLISH

RULES = Rules(
    languages=("en", "he", "pl", "zh"),
    brand_names=("Northwind", "נורתווינד", "北风"),
    handles=("@northwind@mastodon.example", "northwind.example"),
    topics={"delivery": ("parcel", "courier", "paczk", "משלוח", "快递"), "billing": ("refund", "invoice")},
)
TEXTS = [text for sentences in (ENGLISH, HEBREW, POLISH, CHINESE) for text, _ in sentences]


def test_a_complaint_in_every_language() -> None:
    texts = [
        "My flight was cancelled and nobody answers",
        "הטיסה שלי בוטלה ואף אחד לא עונה",
        "Mój lot został odwołany i nikt nie odpowiada",
        "我的航班被取消了，没有人回复",
    ]
    verdicts = classify(texts, RULES)
    assert [verdict.language for verdict in verdicts] == ["en", "he", "pl", "zh"]
    for verdict in verdicts:
        assert (verdict.sentiment, verdict.intent, verdict.needs_reply) == ("negative", "complaint", True)
        assert verdict.why


def test_a_plain_question_is_neutral_and_needs_a_reply() -> None:
    texts = [
        "What time do you open on Sunday?",
        "מתי אתם פותחים ביום שישי?",
        "O której otwieracie w niedzielę?",
        "请问周日几点开门？",
    ]
    for verdict in classify(texts, RULES):
        assert (verdict.sentiment, verdict.intent, verdict.needs_reply) == ("neutral", "question", True)


def test_praise_needs_a_reply_only_when_it_is_addressed() -> None:
    text = "Thank you so much, your team was fantastic!"
    overheard, addressed = classify([text, text], RULES, directed=[False, True])
    assert overheard.intent == addressed.intent == "praise"
    assert (overheard.needs_reply, addressed.needs_reply) == (False, True)


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("directed", [False, True])
def test_who_expects_an_answer(intent: Intent, directed: bool) -> None:
    expected = intent in ANSWERED_INTENTS or (directed and intent in ANSWERED_IF_DIRECTED)
    assert needs_reply(intent, directed=directed) is expected
    assert not needs_reply("spam", directed=directed)


def test_topics_are_those_of_the_rules() -> None:
    verdict = classify(["The courier never came, I want a refund"], RULES)[0]
    assert verdict.topics == ("delivery", "billing")
    assert classify(["The courier never came"], Rules())[0].topics == ()


def test_a_complaint_without_a_bad_word_is_negative_and_says_why() -> None:
    texts = [
        "Three weeks now and the parcel is where it was.",
        "החבילה תקועה במיון כבר שלושה שבועות",
        "Trzeci tydzień, a paczka dalej w tym samym miejscu.",
        "三个星期了，包裹还在原来的地方",
    ]
    for verdict in classify(texts, RULES):
        assert (verdict.sentiment, verdict.intent) == ("negative", "complaint"), verdict
        assert verdict.why


def test_trouble_with_an_everyday_thing_may_be_one_and_the_other() -> None:
    texts = [
        "三个星期了，包裹还在原来的地方",
        "The ceiling above your queue is bulging again, plaster comes down on people's coats",
    ]
    assert [verdict.intent for verdict in classify(texts, RULES)] == ["complaint", "emergency"]


def test_where_the_model_decides_it_names_the_words_that_weighed_most() -> None:
    verdict = classify(["My neighbour slumped over in your waiting area and won't wake up"], RULES)[0]
    assert verdict.intent == "emergency"
    assert any(reason.startswith("emergency: the words") for reason in verdict.why)


def test_a_language_without_words_of_ours_has_little_confidence() -> None:
    plain, angry, asking = classify(
        ["Wir sitzen am Bahnhof und warten", "Der Koffer ist immer noch nicht da 😡", "Wann öffnet ihr morgen?"], RULES
    )
    assert max(plain.confidence, angry.confidence, asking.confidence) <= 0.6
    assert (angry.sentiment, angry.intent, angry.urgency, angry.needs_reply) == ("negative", "complaint", "week", True)
    assert (asking.intent, asking.needs_reply) == ("question", True)
    assert (plain.sentiment, plain.intent) == ("neutral", "chatter")


def test_score_label_and_bounds_agree() -> None:
    for verdict in classify(TEXTS, RULES):
        assert verdict.sentiment in SENTIMENTS
        assert verdict.intent in INTENTS
        assert verdict.urgency in URGENCIES
        assert -1 <= verdict.sentiment_score <= 1
        assert 0 <= verdict.confidence <= 1
        if verdict.sentiment != "neutral":
            assert (verdict.sentiment == "positive") is (verdict.sentiment_score > 0)


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError):
        classify(["a", "b"], RULES, languages=["en"])
    with pytest.raises(ValueError):
        classify(["a"], RULES, directed=[True, False])
    assert classify([], RULES) == []


def test_threads_do_not_mix_up_their_texts() -> None:
    parts = [[f"{text} {word}" for text in TEXTS] for word in ("quixotic", "gossamer", "zephyr", "limpid")]
    alone = [classify(part, RULES) for part in parts]
    with ThreadPoolExecutor(len(parts)) as threads:
        assert list(threads.map(lambda part: classify(part, RULES), parts)) == alone


def test_threads_that_look_at_texts_otherwise_do_not_mix_them_up(monkeypatch: pytest.MonkeyPatch) -> None:
    languages = [verdict.language for verdict in classify(TEXTS, RULES)]
    expected = classify(TEXTS, RULES)

    def seen(thread: int) -> bool:
        same = True
        for turn in range(12):
            new = [f"x{thread}y{turn}z{number}" for number in range(40)]
            if thread % 2:
                ready = prepared([*TEXTS, *new], RULES, [None] * (len(TEXTS) + len(new)))
                same &= [p.language for p in ready[: len(TEXTS)]] == languages
            else:
                same &= classify([*TEXTS, *new], RULES)[: len(TEXTS)] == expected
        return same

    # Words are forgotten all the time.
    monkeypatch.setattr("carecli.triage.vocabulary._MOST_UNITS", 100)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(seen, range(4)))
    finally:
        sys.setswitchinterval(before)


ANY_TEXT = st.one_of(st.sampled_from(TEXTS), st.text(max_size=80))


def test_an_archive_of_many_texts_says_what_each_says() -> None:
    short = [
        "wo ist mein Koffer?",
        "gdzie jest moja walizka?",
        "שוב חיוב כפול",
        "包裹一直没到",
        "Thank you, Mia!",
        "😡",
        "",
    ]
    some = [*short, "Still no refund, and nobody answers. " * 120]
    assert classify(some * 400, RULES) == classify(some, RULES) * 400


@settings(max_examples=40)
@given(st.lists(ANY_TEXT, max_size=6), st.randoms(use_true_random=False))
def test_verdicts_depend_neither_on_batch_nor_on_order(texts: list[str], random: object) -> None:
    whole = classify(texts, RULES)
    assert [classify([text], RULES)[0] for text in texts] == whole
    order = sorted(range(len(texts)), key=lambda index: hash((str(random), index)))
    assert classify([texts[index] for index in order], RULES) == [whole[index] for index in order]


HOSTILE = [
    "a" + "\u0301" * 100_000,
    "\x00" * 5000,
    "\ud800 refund \udfff",
    "a" * 1_000_000,
    "😡" * 20_000,
    "terrible awful horrible great " * 400,
    "http://a " * 5000,
    "@a" * 5000,
    "@a.b" * 2000,
    "a@" * 5000,
    "?" * 5000,
    "请" * 5000,
    "\u202e\u2066" * 2000,
    "ב" * 5000,
    "'" * 5000,
    "thank you " * 1000 + "?",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_raises_nothing(text: str) -> None:
    classify(["warm up", "Где"], RULES)
    classify([text], RULES)


def test_prepare_masks_links_handles_and_names_and_keeps_the_rest() -> None:
    p = prepare(
        "@ann hi NORTHWIND's app, see https://northwind.example/x or mail help@northwind.example #Northwind", RULES
    )
    assert p.masked.split() == ["hi", "app,", "see", "or", "mail"]
    assert (p.links, p.handles) == (1, 2)
    assert prepare("לנורתווינד אין שירות", RULES).masked.split() == ["אין", "שירות"]
    assert prepare("北风的客服", RULES).masked.split() == ["的客服"]
    assert prepare("Northwinds of change", RULES).masked == "Northwinds of change"


def test_prepare_cuts_long_texts() -> None:
    assert len(prepare("x" * 10_000, RULES).text) == MAX_CHARACTERS


def test_the_queue_puts_the_pressing_first() -> None:
    complaint, praise = classify(["My flight was cancelled and nobody answers", "Lovely crew, thank you!"], RULES)
    assert prioritise(complaint, directed=True)[0] > prioritise(praise, directed=True)[0]


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = (
        "import sys, carecli.triage;"
        "names = {'numpy', 'py3langid', 'vaderSentiment.vaderSentiment', 'sqlite3', 'httpx', 'pydantic'};"
        "heavy = names & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


ORDINARY = (
    ("en", "my bag is lost and nobody answers me!"),
    ("en", "when do you open on Sunday?"),
    ("en", "thank you so much, the crew was wonderful"),
    ("en", "please change my address to the new one"),
    ("he", "המזוודה שלי אבדה ואף אחד לא עונה"),
    ("he", "מתי אתם פותחים ביום ראשון?"),
    ("he", "תודה רבה, שירות מצוין"),
    ("pl", "moja walizka zaginęła i nikt nie odpowiada"),
    ("pl", "o której otwieracie w niedzielę?"),
    ("pl", "dziękuję, obsługa była wspaniała"),
    ("zh", "我的行李丢了，没人回复"),
    ("zh", "你们周日几点开门？"),
    ("zh", "谢谢你们，服务太好了"),
)


@pytest.mark.parametrize(("language", "text"), ORDINARY)
@pytest.mark.parametrize("before", ["@acme ", "@someone@social.example @acme "])
def test_whom_a_text_addresses_says_nothing_of_what_it_wants(language: str, text: str, before: str) -> None:
    rules = Rules(languages=("en", "he", "pl", "zh"), brand_names=("Acme",), handles=("acme",))
    plain, addressed = classify([text, before + text], rules, languages=[language] * 2, directed=[True] * 2)
    assert (addressed.intent, addressed.sentiment, addressed.urgency, addressed.needs_reply) == (
        plain.intent,
        plain.sentiment,
        plain.urgency,
        plain.needs_reply,
    )
    assert plain.intent not in ("spam", "chatter", "lead")


@pytest.mark.parametrize(
    "text",
    [
        "not good",
        "it's good",
        "I don't like it",
        "so slow",
        "niedobre",
        "podoba mi się",
        "לא טוב",
        "ממש יפה",
        "不好",
        "太慢了",
    ],
)
def test_a_few_words_of_liking_are_no_emergency(text: str) -> None:
    (verdict,) = classify([text], RULES, directed=[True])
    assert verdict.intent in {"complaint", "praise", "chatter"}
    assert verdict.urgency != "emergency"


@pytest.mark.parametrize("declared", [None, "en", "he", "pl", "zh", "th"])
@pytest.mark.parametrize(
    "text", ["", "@acme", "https://x.example/a", "@acme https://x.example/b.jpg", "1234", "...", "ಠ_ಠ"]
)
def test_what_has_no_word_is_no_emergency(text: str, declared: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Taught, "limits", lambda _taught: (0.01, 0.5))  # however low the threshold is
    (verdict,) = classify([text], RULES, languages=[declared], directed=[True])
    assert verdict.intent in {"chatter", "spam"}


@pytest.mark.parametrize(
    "text", ["not breathing", "bleeding badly", "nie oddycha", "לא נושמת", "没有呼吸了", "nie chcę już być"]
)
def test_a_few_words_of_danger_are_one(text: str) -> None:
    (verdict,) = classify([text], RULES, directed=[True])
    assert verdict.intent == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "@acme not solved!",
        "not good",
        "nothing works!",
        "nie rozwiązane!",
        "nierozwiązane!",
        "לא נפתר!",
        "没解决！",
        "沒解決",
    ],
)
def test_a_few_words_that_the_rules_read_are_not_outvoted(text: str) -> None:
    (verdict,) = classify([text], RULES, directed=[True])
    assert (verdict.sentiment, verdict.intent, verdict.needs_reply) == ("negative", "complaint", True)
