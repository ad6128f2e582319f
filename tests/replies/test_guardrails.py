"""The guardrails as a whole: order, offsets, severities, hostile texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.config import Guardrails, Voice
from carecli.replies.guardrails import RULES, Context, blocks, check, confirms
from carecli.replies.privacy import personal
from carecli.replies.similar import similarity

HOSTILE = [
    "a", "1 ", "12-", "4 ", "we ", "{", "[", "<", "@", "https://a.", "a@b.", "aa.com ", "not ",
    "please send your ", "proszę o ", "ש", "שלחו את ", "你", "请提供您的", "!", "\u202e", "\u200d", "🙂",
    "PL61 1090 ", "=HYPERLINK(", "\x1b[31m", "((((", "a\u0301", "ﷺ",
]  # fmt: skip
EVERYTHING = Context(
    language="pl",
    intent="complaint",
    urgency="emergency",
    limit=500,
    voice=Voice(avoid=["per our policy", "x*"]),
    rules=Guardrails(allowed_links=["acme.example"]),
    recent=(("case 1", "a" * 500),),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_hostile_text_is_checked(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    check(text, EVERYTHING)


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_any_text_is_checked_without_failing_and_offsets_are_inside(text: str) -> None:
    for finding in check(text, EVERYTHING):
        if finding.start is not None and finding.end is not None:
            assert 0 <= finding.start <= finding.end <= len(text)
        assert finding.message.isprintable() or "\n" not in finding.message


def test_offsets_name_the_place_in_the_original_text() -> None:
    text = "Ｄear Ａnna – “your” cafe\u0301, card 4111 1111 1111 1111, thanks"
    finding = next(f for f in check(text, Context()) if f.rule == "personal-data")
    assert text[finding.start : finding.end] == "4111 1111 1111 1111"


def test_findings_come_by_place_and_those_of_the_whole_text_first() -> None:
    text = "Call 050-1234567 or see http://bit.ly/x {name}"
    findings = check(text, Context(deleted=True, answered=True))
    places = [-1 if f.start is None else f.start for f in findings]
    assert places == sorted(places)
    assert [f.rule for f in findings[:2]] == ["deleted", "answered"]


def test_the_length_is_counted_in_the_platforms_unit_and_the_overflow_is_marked() -> None:
    text = "abc" + "x" * 10
    (finding,) = check(text, Context(limit=20, measure=lambda t: 2 * len(t)))
    assert finding.message == "26 characters of 20: shorten it by 6."
    assert (finding.start, finding.end) == (10, 13)


def test_severities_are_the_users_to_change() -> None:
    text = "We apologise for any inconvenience. {name}"
    changed = Guardrails(severity={"canned": "block", "placeholder": "off"})
    assert [(f.rule, f.severity) for f in check(text, Context(rules=changed))] == [("canned", "block")]


def test_blocks_and_confirms_tell_what_a_person_must_do() -> None:
    blocked, asked, noted = (
        check(text, Context()) for text in ("{name}", "You get a voucher.", "We are looking into it.")
    )
    assert (blocks(blocked), confirms(blocked)) == (True, False)
    assert (blocks(asked), confirms(asked)) == (False, True)
    assert (blocks(noted), confirms(noted)) == (False, False)
    assert noted


def test_rules_are_plain_data_for_docs_and_help() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.about and rule.severity in ("block", "confirm", "note") for rule in RULES)


def test_a_repeated_reply_shows_the_earlier_one_and_its_label() -> None:
    sent = "I am sorry that your bag went to Rome without you. It flies home tonight."
    (finding,) = check(
        "Hi Tom, " + sent, Context(recent=[("case 9, 2026-11-01", "Other."), ("case 12, 2026-11-20", sent)])
    )
    assert finding.rule == "repeat"
    assert "case 12, 2026-11-20" in finding.message
    assert "your bag went to Rome" in finding.message


def test_hidden_control_characters_of_an_earlier_reply_do_not_reach_the_message() -> None:
    sent = "Sorry \x1b[31m\u202ethat your bag went to Rome without you today"
    found = check(sent, Context(recent=[("case 1", sent)]))
    assert all(f.message.isprintable() for f in found)


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=100)
def test_similarity_is_symmetric_and_between_0_and_1(one: str, other: str) -> None:
    assert similarity(one, other) == similarity(other, one)
    assert 0 <= similarity(one, other) <= 1


def test_our_own_contacts_ask_a_person_instead_of_blocking() -> None:
    for text in (
        "Call us on 22 123 45 67 any time.",
        "Zadzwoń do nas: 22 123 45 67",
        "חייגו למוקד 03-1234567",
        "请拨打客服热线400-123-4567",
    ):
        severities = {f.severity for f in check(text, Context()) if f.rule == "personal-data"}
        assert severities == {"confirm"}, text


def test_each_piece_of_personal_data_is_named_for_what_it_is() -> None:
    text = "4111111111111111, 02070803628, 123456782, GB82WEST12345698765432, +48 600 700 800, a.b@c.example"
    text += ", 11010519491231002X"
    kinds = [found.kind for found in personal(text)]
    assert kinds == ["card", "pesel", "israeli-id", "account", "phone", "email", "chinese-id"]


def _luhn_completed(digits: str) -> str:
    return next(digits + str(d) for d in range(10) if _luhn_sum(digits + str(d)) % 10 == 0)


def _luhn_sum(digits: str) -> int:
    doubled = "0246813579"
    return sum(int(doubled[int(d)]) if i % 2 else int(d) for i, d in enumerate(reversed(digits)))


@given(st.from_regex(r"[3-6][0-9]{14}", fullmatch=True), st.integers(0, 15), st.integers(1, 9))
@settings(max_examples=100)
def test_every_card_number_is_found_and_none_with_one_wrong_digit(start: str, place: int, shift: int) -> None:
    card = _luhn_completed(start)
    assert "card" in {found.kind for found in personal(f"card {card} ok")}
    wrong = card[:place] + str((int(card[place]) + shift) % 10) + card[place + 1 :]
    assert "card" not in {found.kind for found in personal(f"card {wrong} ok")}
