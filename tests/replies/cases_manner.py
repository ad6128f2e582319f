"""Tables for the rules about the voice, about who answers whom, and about a model's claims."""

from __future__ import annotations

from typing import Any

from carecli.replies.claims import Support

from .cases_privacy import Case

FRIENDLY: dict[str, Any] = {"formality": "informal"}
JOKES: dict[str, Any] = {"humour": True, "humour_topics": ["snacks"]}
SIGNED: dict[str, Any] = {"signature": "^{agent}", "agent": "Lea"}
MODEL: dict[str, Any] = {
    "language": "en",
    "support": Support(
        ["Second bag\nA second bag costs 30 euros at the airport desk."], ["what does a second bag cost? AC 12"]
    ),
}
MODEL_PL: dict[str, Any] = {
    "language": "pl",
    "support": Support(["Drugi bagaż kosztuje 30 euro przy ladzie na lotnisku."], ["ile kosztuje drugi bagaż?"]),
}
MODEL_ZH: dict[str, Any] = {"language": "zh", "support": Support(["第二件行李在机场柜台三十欧元。"], ["行李多少钱"])}
MODEL_HE: dict[str, Any] = {
    "language": "he",
    "support": Support(["מזוודה שנייה עולה 30 אירו בדלפק בשדה התעופה."], ["כמה עולה מזוודה?"]),
}


def _grief(text: str) -> dict[str, Any]:
    return {"heard": text}


FOUND: list[Case] = [
    ("formality", "Czy możesz podać numer lotu?", {}),
    ("formality", "Cześć, już patrzę.", {}),
    ("formality", "Czy może Pani podać numer lotu?", FRIENDLY),
    ("formality", "你的行李已经找到。", {}),
    ("formality", "您的行李已经找到。", FRIENDLY),
    ("formality", "תוכל לכתוב לנו?", {}),
    ("formality", "שלחי לנו הודעה פרטית.", {}),
    ("formality", "שלחי לנו הודעה פרטית.", FRIENDLY),
    ("formality", "Hey, your bag is here.", {}),
    ("formality", "Gonna look at it now.", {}),
    ("voice-use", "The client was informed.", {"use": {"client": "customer"}}),
    ("voice-use", "Klienci czekali.", {"use": {"klien*": "gość"}}),
    ("voice-language", "Dzień dobry.", {"languages": ["en"], "language": "pl"}),
    ("voice-language", "您好。", {"languages": ["en", "pl"], "language": "zh-Hant"}),
    ("humour", "Fun fact: suitcases travel more than we do.", {}),
    ("humour", "To taki żart.", {}),
    ("humour", "סתם, בדיחה", {}),
    ("humour", "哈哈，您好。", {}),
    ("humour", "Guess what, snacks are back.", {**JOKES, "topics": ["delay"]}),
    ("signature", "Your bag is here.", SIGNED),
    ("signature", "Your bag is here. ^Tom", SIGNED),
    ("pretending", "As a happy customer of theirs I can only recommend it.", {}),
    ("pretending", "I don't work for them, but they are good.", {}),
    ("pretending", "Jako zadowolony klient mogę polecić.", {}),
    ("pretending", "גם אני לקוח מרוצה שלהם", {}),
    ("pretending", "我也是他们家的老客户，很好用。", {}),
    ("mourning", "Great to hear from you.", _grief("My father died and you still send him bills")),
    ("mourning", "We are on it!", _grief("my mum passed away last week, please close her account")),
    ("mourning", "Świetnie, już zmieniamy umowę.", _grief("Mój mąż zmarł, proszę o rozwiązanie umowy")),
    ("mourning", "מעולה, נעדכן", _grief("אבא שלי נפטר ואתם ממשיכים לחייב")),
    ("mourning", "太好了，马上处理。", _grief("我父亲去世了，请注销账户")),
    ("agent", "We look at it.", {"barred": "leo does not answer the topic legal"}),
    ("claimed", "We look at it.", {"claimed_by": "mia"}),
    ("second-reply", "One more thing.", {"answered": True, "answers": 1}),
    ("link-lands", "See https://acme.example/x.", {"landings": {"https://acme.example/x": "answers with status 404"}}),
    ("link-lands", "请看acme.example/x", {"landings": {"acme.example/x": "answers with status 301"}}),
    ("unsupported", "A second bag costs 20 euros.", MODEL),
    ("unsupported", "Members of the lounge programme travel with three bags for nothing.", MODEL),
    ("unsupported", "Drugi bagaż jest bezpłatny dla dzieci poniżej dwóch lat.", MODEL_PL),
    ("unsupported", "儿童可以免费携带三件行李和婴儿车。", MODEL_ZH),
    ("unsupported", "ילדים מתחת לגיל שנתיים טסים עם שלוש מזוודות חינם.", MODEL_HE),
]

NOT_FOUND: list[Case] = [
    ("formality", "Czy może Pani podać numer lotu?", {}),
    ("formality", "Możesz podać numer lotu?", FRIENDLY),
    ("formality", "您的行李已经找到。", {}),
    ("formality", "你的行李已经找到。", FRIENDLY),
    ("formality", "אפשר לכתוב לנו בהודעה פרטית.", {}),
    ("formality", "אפשר להתקשר אלינו או לבדוק באתר.", {}),
    ("formality", "Hey, your bag is here.", FRIENDLY),
    ("formality", "Hello, your bag is here.", {}),
    ("voice-use", "The customer was informed.", {"use": {"client": "customer"}}),
    ("voice-language", "Dzień dobry.", {"languages": ["en", "pl"], "language": "pl-PL"}),
    ("voice-language", "Hello.", {"language": "pl"}),
    ("humour", "Guess what, snacks are back.", {**JOKES, "topics": ["snacks"]}),
    ("humour", "Guess what, snacks are back.", {"humour": True}),
    ("humour", "Your bag is here.", {}),
    ("signature", "Your bag is here. ^Lea", SIGNED),
    ("signature", "Your bag is here.", {"signature": "^{agent}"}),
    ("pretending", "As a customer of ours you can change it in the app.", {}),
    ("pretending", "Jako klient ma Pan prawo do zwrotu.", {}),
    ("pretending", "作为我们的客户，您可以在应用里修改。", {}),
    ("mourning", "I am so sorry for your loss. I close the account today.", _grief("My father died")),
    ("mourning", "Great to hear from you!", _grief("the bag came")),
    ("agent", "We look at it.", {}),
    ("claimed", "We look at it.", {}),
    ("second-reply", "One more thing.", {"answered": True}),
    ("second-reply", "One more thing.", {"answers": 1}),
    ("link-lands", "See https://acme.example/x.", {"landings": {"https://acme.example/y": "answers with status 404"}}),
    ("unsupported", "A second bag costs 30 euros at the airport desk.", MODEL),
    ("unsupported", "I am sorry about AC 12. Which bag is it?", MODEL),
    ("unsupported", "A second bag costs 20 euros.", {"language": "en"}),
    ("unsupported", "Drugi bagaż kosztuje 30 euro przy ladzie.", MODEL_PL),
    ("unsupported", "第二件行李在机场柜台三十欧元。", MODEL_ZH),
    ("unsupported", "מזוודה שנייה עולה 30 אירו בדלפק.", MODEL_HE),
]
