"""How soon: today for whoever is stuck, robbed or waiting, a week for money, no hurry for the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.model import INTENTS, URGENCIES, Intent
from carecli.triage import cues, urgency
from carecli.triage.hits import Hits
from carecli.triage.prepare import Rules, prepare
from tests.triage.alone import hits, opinion

RULES = Rules(languages=("en", "he", "pl", "zh"), brand_names=("Northwind",), handles=("northwind",))

TEXTS = [
    # en
    ("My flight leaves tomorrow morning and I can't check in, please fix my booking", "today"),
    ("We are stranded at the airport overnight with two kids, no hotel", "today"),
    ("My card was stolen, please block it", "today"),
    ("Someone used my account to order a phone, I never made this payment", "today"),
    ("No internet in the whole street, unacceptable", "today"),
    ("I'm locked out of my account and can't log in, please help", "today"),
    ("Third time I write about this, still no refund. Ridiculous.", "today"),
    ("Please change the address before tonight, the courier comes at nine", "today"),
    ("I was overcharged 12 euros on my bill, not happy", "week"),
    ("The soup was cold and the waiter rude", "week"),
    ("Please send me a copy of my invoice", "week"),
    ("Are you open this Sunday?", "week"),
    ("Do you sell gift cards?", "whenever"),
    ("Thank you for the great service today!", "whenever"),
    ("You should add a dark mode", "whenever"),
    ("Reading on the train, rain outside", "whenever"),
    ("There is a fire in your store, people are trapped!", "emergency"),
    # he
    ("טסים מחר בבוקר ואי אפשר לעשות צ׳ק אין, תתקנו לי את ההזמנה", "today"),
    ("תקועים בשדה התעופה עם תינוק ובלי מלון, בושה", "today"),
    ("גנבו לי את כרטיס האשראי, תחסמו אותו בבקשה", "today"),
    ("אין קליטה בכל העיר, חוצפה", "today"),
    ("פעם שלישית שאני כותב, עדיין אין זיכוי. מחפיר", "today"),
    ("חייבתם אותי יותר מדי בחשבונית, לא מרוצה", "week"),
    ("אתם פתוחים בשבת הזאת?", "week|whenever"),
    ("יש לכם כרטיסי מתנה?", "whenever"),
    ("תודה על השירות המעולה היום!", "whenever"),
    # pl
    ("Jutro rano mamy lot i nie da się odprawić, proszę o zmianę w rezerwacji", "today"),
    ("Koczujemy na lotnisku z dziećmi, bez noclegu, skandal", "today"),
    ("Ukradli mi kartę, proszę ją zablokować", "today"),
    ("Brak internetu w całym bloku, kpina", "today"),
    ("Trzeci raz piszę, nadal nie ma zwrotu. Żenada.", "today"),
    ("Naliczyliście mi za dużo na fakturze, jestem niezadowolona", "week"),
    ("Proszę o przesłanie kopii faktury", "week"),
    ("Czy w niedzielę macie otwarte?", "week"),
    ("Czy macie karty podarunkowe?", "whenever"),
    ("Dziękuję za świetną obsługę dzisiaj!", "whenever"),
    # zh
    ("明天一早的航班，值不了机，请帮我处理", "today"),
    ("带着孩子滞留机场，没有酒店，太过分了", "today"),
    ("我的信用卡被盗刷了，请马上冻结", "today"),
    ("整个小区断网，差劲", "today"),
    ("第三次投诉了，退款還是沒到，無語", "today"),
    ("账单多收了十二块，不满意", "week"),
    ("麻烦把发票寄给我", "week"),
    ("周日营业吗？", "week"),
    ("有礼品卡卖吗？", "whenever"),
    ("感谢今天的贴心服务！", "whenever"),
]


def decided(text: str) -> tuple[str, tuple[str, ...]]:
    found = opinion(prepare(text, RULES))
    return alone(found.hits, found.intent)


def alone(found: Hits, intent: Intent) -> tuple[str, tuple[str, ...]]:
    when, why = urgency.decide(found, np.array([INTENTS.index(intent)]))
    return URGENCIES[when[0]], tuple(why[0])


def test_urgency_of_care_texts() -> None:
    found = [(text, wanted, decided(text)) for text, wanted in TEXTS]
    wrong = [(text, wanted, got) for text, wanted, got in found if got[0] not in wanted.split("|")]
    assert len(wrong) <= 0.05 * len(found), "\n".join(map(str, wrong))


def test_it_is_not_a_constant() -> None:
    assert {decided(text)[0] for text, _ in TEXTS} == set(URGENCIES)


def test_reasons_name_what_hurries() -> None:
    assert decided("My card was stolen, please block it")[1] == ("fraud or a blocked card: 'card was stolen'",)
    assert decided("Do you sell gift cards?")[1] == ("a general question",)


@pytest.mark.parametrize("calm", ["praise", "chatter", "suggestion", "spam"])
def test_who_waits_for_nothing_can_wait(calm: Intent) -> None:
    p = prepare("stranded, card stolen, tomorrow, urgent!", RULES)
    assert alone(hits(p._replace(language="en")), calm)[0] == "whenever"


@settings(max_examples=60)
@given(st.text(max_size=200), st.sampled_from(INTENTS), st.sampled_from([*cues.LANGUAGES, None]))
def test_any_text_has_an_urgency_and_a_reason(text: str, wanted: Intent, language: str | None) -> None:
    p = prepare(text, RULES)
    when, why = alone(hits(p._replace(language=language)), wanted)
    assert when in URGENCIES
    assert why
    assert (when == "emergency") == (wanted == "emergency")
