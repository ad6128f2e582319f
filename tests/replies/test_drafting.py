"""Drafts: they name the problem, speak the customer's language and voice, and are never filled by the customer."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.config import Voice
from carecli.model import INTENTS, Intent
from carecli.replies.drafting import CaseBrief, Fit, templates
from carecli.replies.guardrails import Context, blocks, check
from carecli.replies.languages import language
from carecli.replies.lexicon import LANGUAGES, data
from carecli.replies.quote import telling_clause
from carecli.replies.similar import similarity
from carecli.text import grapheme_count

COMPLAINTS = {
    "en": "Hi @acme! I have been waiting nine days for my parcel and nobody answers. Thanks a lot.",
    "he": "שלום, החבילה שלי לא הגיעה כבר שבוע ואף אחד לא עונה!",
    "pl": "Dzień dobry, paczka nadal nie dotarła od dwóch tygodni. Pozdrawiam",
    "zh": "你好，我的包裹等了九天还没到，客服也不回复！谢谢",
}
TOLD = {
    "en": "waiting nine days for my parcel",
    "he": "לא הגיעה כבר שבוע",
    "pl": "nadal nie dotarła",
    "zh": "等了九天还没到",
}


def brief(code: str, text: str | None = None, intent: Intent = "complaint", **more: object) -> CaseBrief:
    base = CaseBrief(COMPLAINTS[code] if text is None else text, code, intent, "negative")
    return CaseBrief(**{**{name: getattr(base, name) for name in base.__dataclass_fields__}, **more})


def drafted(case: CaseBrief, voice: Voice | None = None, count: int = 3, **more: object) -> list[str]:
    drafts = templates(case, voice or Voice(), voice_name="acme", count=count, **more)  # type: ignore[arg-type]
    return [draft.text for draft in drafts]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_draft_names_what_the_customer_wrote_in_their_language(code: str) -> None:
    for text in drafted(brief(code)):
        assert TOLD[code] in text
        assert language(text) == code
        assert not blocks(check(text, Context(language=code, intent="complaint")))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_draft_names_the_topic(code: str) -> None:
    name = data(code)["topics"]["delivery"]
    assert all(name in text for text in drafted(brief(code, topics=("delivery",))))


@pytest.mark.parametrize(("code", "intent"), list(itertools.product(LANGUAGES, INTENTS)))
def test_every_language_and_intent_has_three_different_clean_drafts(code: str, intent: Intent) -> None:
    texts = drafted(brief(code, intent=intent, topics=("delivery",)), Voice(signature="– {agent}"), agent="Lea")
    assert len(set(texts)) == 3
    for text in texts:
        findings = check(text, Context(language=code, intent=intent, sentiment="negative"))
        serious = {f.rule for f in findings if f.severity != "note"} - {"emergency"}
        assert serious == set(), text
    assert all(similarity(a, b) < 0.85 for a, b in itertools.combinations(texts, 2))


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_data_of_a_language_has_three_openings_and_endings_for_every_intent(code: str) -> None:
    keys = {"complaint", "question", "request", "praise", "suggestion", "emergency", "other"}
    assert set(data(code)["phrasings"]) == keys
    for parts in data(code)["phrasings"].values():
        assert len(set(parts["open"])) >= 3
        assert len(set(parts["next"])) >= 3


def test_an_emergency_quotes_nothing_and_sends_to_the_emergency_number() -> None:
    case = brief("en", "I will not live through this night", intent="complaint", urgency="emergency")
    for text in drafted(case):
        assert "live through" not in text
        assert "emergency" in text


def test_the_voice_greets_signs_and_comes_first_with_its_own_templates() -> None:
    voice = Voice(
        greeting={"en": "Ahoy {name}!"},
        signature="^{agent}",
        templates={"en": {"complaint": ["Own words on {problem} by {brand}."]}},
    )
    case = brief("en", customer_name="Anna Kowalska", brand="Acme", topics=("delivery",))
    first, second = drafted(case, voice, count=2, agent="Leo")
    assert first.startswith("Ahoy Anna! Own words on the delivery (“I have been")
    assert first.endswith("by Acme. ^Leo")
    assert "Own words" not in second
    assert templates(case, voice, voice_name="v", count=1, agent="Leo")[0].sources == ("voice:complaint/en/1",)


def test_a_template_that_greets_by_itself_is_not_greeted_twice_and_waits_for_a_name() -> None:
    voice = Voice(templates={"en": {"complaint": ["Hey {name}, that is on us."]}})
    assert drafted(brief("en", customer_name="Tom"), voice, count=1) == ["Hey Tom, that is on us."]
    unnamed = drafted(brief("en"), voice, count=1)
    assert "{name}" not in unnamed[0]


@pytest.mark.parametrize(
    ("language", "written", "unnamed"),
    [
        ("en", "Get well soon, {name}! Tissues?", "Get well soon! Tissues?"),
        ("en", "Thanks for telling us, {name}", "Thanks for telling us"),
        ("zh", "早日康复，{name}！", "早日康复！"),
    ],
)
def test_who_has_no_name_is_not_called_by_it(language: str, written: str, unnamed: str) -> None:
    voice = Voice(templates={language: {"other": [written]}})
    for name, said in ((None, unnamed), ("Ola", written.replace("{name}", "Ola"))):
        case = CaseBrief("x", language, "chatter", customer_name=name)
        drafts = templates(case, voice, voice_name="v", count=3, recent=[unnamed] * 3, own=True)
        assert [draft.text for draft in drafts] == [said]


def test_a_template_in_a_language_without_data_is_used() -> None:
    voice = Voice(templates={"de": {"question": ["Hallo {name}, danke für die Frage: „{quote}“"]}})
    case = CaseBrief("Wo ist mein Paket?", "de", "question", customer_name="Jan", topics=("delivery",))
    (draft,) = templates(case, voice, voice_name="v", count=2)
    assert (draft.language, draft.text) == ("de", "Hallo Jan, danke für die Frage: „Wo ist mein Paket?“")


def test_a_language_without_phrasings_gets_english_that_says_so() -> None:
    (draft,) = templates(CaseBrief("Wo ist mein Paket?", "de", "question"), Voice(), voice_name="v")
    assert draft.language == "en"
    assert draft.sources[1] == "language: no phrasings in de, so en"
    assert "Paket" not in draft.text


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Anna Kowalska", "Hello Anna."),
        ("🔥 Crypto King 🔥", "Hello."),
        ("http://x.y", "Hello."),
        ("BUY NOW", "Hello."),
        ("x{agent}", "Hello."),
    ],
)
def test_only_a_name_that_looks_like_one_is_used(name: str, start: str) -> None:
    assert drafted(brief("en", customer_name=name), count=1)[0].startswith(start)


def test_greetings_in_the_other_languages() -> None:
    assert drafted(brief("he", customer_name="דנה לוי"), count=1)[0].startswith("שלום דנה,")
    assert drafted(brief("pl", customer_name="Anna"), count=1)[0].startswith("Dzień dobry.")
    assert drafted(brief("zh", customer_name="王小明"), count=1)[0].startswith("王小明，您好。")


def test_the_same_seed_gives_the_same_drafts_and_seeds_differ() -> None:
    case = brief("en")
    assert drafted(case, rng_seed="a") == drafted(case, rng_seed="a")
    assert len({drafted(case, rng_seed=str(seed), count=1)[0] for seed in range(12)}) > 3


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_was_sent_lately_is_not_proposed_again(code: str) -> None:
    case = brief(code)
    sent: list[str] = []
    for _ in range(5):
        text = drafted(case, recent=sent, count=1)[0]
        assert all(similarity(text, earlier) < 0.85 for earlier in sent)
        sent.append(text)


def test_where_space_is_short_the_quotation_goes() -> None:
    case = brief("en", topics=("delivery",))
    (long,) = drafted(case, count=1)
    (short,) = drafted(case, count=1, fit=Fit(len(long) - 10))
    assert "waiting" in long
    assert "waiting" not in short
    assert "the delivery" in short


def test_somebody_who_did_not_address_us_is_told_how_we_found_them() -> None:
    assert drafted(brief("en", directed=False), count=1) != drafted(brief("en"), count=1)


HOSTILE = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(
            [
                "{name}", "{agent}", "{{0}}", "%s", "%(x)s", "{0.__class__}", "[NAME]", "<b>late</b>",
                "https://evil.example/x", "bit.ly/x", "@someone", "4111 1111 1111 1111", "050-1234567",
                "a@b.example", "please send me your password", "\x1b[31m", "\u202e", "\u200b", "“", "”",
                "„", "my parcel is still not here", "החבילה לא הגיעה", "paczka nie dotarła", "包裹还没到",
                "\n", ". ", "? ", "XXX", "TODO", "____", "#tag", "😡", "what is your phone number?",
            ]
        ),
        max_size=12,
    ).map(" ".join),
)  # fmt: skip


@settings(max_examples=70)
@given(
    text=HOSTILE,
    name=st.text(max_size=30),
    handle=st.text(max_size=30),
    code=st.sampled_from(LANGUAGES),
    intent=st.sampled_from(INTENTS),
)
def test_nothing_that_a_customer_writes_fills_breaks_or_blocks_a_draft(
    text: str, name: str, handle: str, code: str, intent: Intent
) -> None:
    case = CaseBrief(text, code, intent, customer_name=name, handle=handle, topics=(text[:20],))
    for draft in templates(case, Voice(signature="^{agent}"), voice_name="v", count=2, agent="Leo"):
        assert draft.text.endswith("^Leo")
        assert not blocks(check(draft.text, Context())), check(draft.text, Context())


@settings(max_examples=80)
@given(HOSTILE, st.sampled_from(LANGUAGES))
def test_a_quotation_is_short_plain_and_theirs(text: str, code: str) -> None:
    quote = telling_clause(text, code)
    if quote is not None:
        assert grapheme_count(quote) <= 72
        assert not set(quote) & set('{}[]<>“”„"\n\x1b\u202e\u200b@')


@pytest.mark.parametrize(
    ("text", "code", "intent", "quote"),
    [
        ("Hello. Nice weather today in London. The app crashes when I pay!", "en", None, "The app crashes when I pay"),
        ("I love the new seats. When does the lounge open?", "en", "question", "When does the lounge open?"),
        ("Hi, my bag is lost", "en", None, "my bag is lost"),
        ("My card 4111 1111 1111 1111 was charged twice. The bill is wrong too.", "en", None, "The bill is wrong too"),
        ("You thieves lost my bag again and again! The bag is still not here", "en", None, "The bag is still not here"),
        ("Super lot. Walizka nadal nie doleciała", "pl", None, "Walizka nadal nie doleciała"),
        ("תודה רבה. המזוודה עדיין לא הגיעה", "he", None, "המזוודה עדיין לא הגיעה"),
        ("您好。行李还没到。", "zh", None, "行李还没到"),
        ("ok", "en", None, None),
        ("https://evil.example/very/long @acme", "en", None, None),
    ],
)
def test_the_most_telling_clause_is_quoted(text: str, code: str, intent: Intent | None, quote: str | None) -> None:
    assert telling_clause(text, code, intent) == quote


def test_a_long_clause_is_cut_between_words() -> None:
    quote = telling_clause("my parcel is still not here " + "and nobody answers " * 20, "en")
    assert quote is not None
    assert quote.endswith("…")
    assert grapheme_count(quote) <= 72
    assert quote[:-1].split()[-1] in {"and", "nobody", "answers"}
