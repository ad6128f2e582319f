"""The query language: what fits, what does not, why, and what platforms are asked for."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli import matching
from carecli.matching import distance, parse, to_search


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("acme", "I love ACME."),
        ("acme", "acme's staff were rude"),
        ("acme", "no answer, #acme!"),
        ("acme", "no answer @acme"),
        ("cafe", "das Café Nero"),
        ("acme air", "the air was bad at Acme"),
        ('"acme air"', "flew Acme Air again"),
        ('"acme air"', "flew acme-air again"),
        ('"acme air"', "flew AcmeAir again"),
        ("acme OR aeroluna", "Aeroluna lost it"),
        ("(acme OR aeroluna) (bag OR suitcase)", "aeroluna lost my suitcase"),
        ("aeroluna~", "areoluna lost it"),  # two letters changed places
        ("aeroluna~", "aerolunna lost it"),
        ("aerolunatics~", "aerollunatixs lost it"),
        ('"aeroluna help"~', "aeroluma help me"),
        ('orange -"orange juice"', "orange juice is fine but Orange has no network"),
        ("=Apple", "my Apple is broken"),
        ("#acme", "so late #Acme"),
        ("@acme", "hey @acme.example"),
        ("link:acme.example", "see https://www.acme.example/shop?x=1"),
        ("link:acme.example", "see shop.acme.example, it is down"),
        ("link:acme.example/shop", "https://acme.example/shop"),
        ("露娜航空", "我的行李丢了露娜航空不回复"),
        ("露娜 OR acme", "露娜航空真差"),
        ("אירולונה", "טסתי באירולונה"),
        ("אירולונה", "וכשהאירולונה איחרה"[3:]),
        ("zefir", "Zefirowi nie ufam"),
        ("zefir", "w Zefirze znowu awaria"),
        ("biedronka", "Biedronce już nie wierzę"),
        ("biedronka", "kupiłem w Biedronkę"),
        ("łódź", "LODZ nie działa"),
        ("ＡＣＭＥ", "acme"),
    ],
)
def test_what_fits(query: str, text: str) -> None:
    assert parse(query).match(text) is not None


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("acme", "acmeology"),
        ("acme", "macme"),
        ("acme", "https://other.example/acme-review"),  # an address is no word
        ("acme air", "acme only"),
        ('"acme air"', "acme hot air"),
        ("acme -jobs", "jobs at acme"),
        ('orange -"orange juice"', "a glass of orange juice"),
        ('orange -"orange juice" -banana', "orange network, banana"),
        ("(acme OR luna) -(job OR jobs)", "luna has jobs"),
        ("=Apple", "an apple a day"),
        ("=Apple", "Apples"),
        ("apple", "I will apply tomorrow"),  # a Polish ending is none in English
        ("#acme", "acme"),
        ("@acme", "#acme"),
        ("link:acme.example", "https://notacme.example/"),
        ("link:acme.example", "https://acme.example.evil.test/"),
        ("link:acme.example", "acme example"),
        ("luna~", "lune"),  # too short for misspellings
        ("aeroluna~", "aerosol"),
        ("露娜航空", "露娜很好,航空也好"),
        ("zefir", "zefiryczny poranek nie jest"),
    ],
)
def test_what_does_not_fit(query: str, text: str) -> None:
    assert parse(query).match(text) is None


def test_a_declared_language_decides_on_endings() -> None:
    assert parse("apple").match("apply jak nie", "en") is None
    assert parse("orange").match("Orangem", "pl") is not None


def test_the_match_is_explained_with_the_words_around_it() -> None:
    match = parse("(acme OR luna) bag").match(
        "Dear all,\nyesterday evening at the airport Acme lost my BAG and nobody helps"
    )
    assert match is not None
    assert match.terms == ("acme", "bag")
    assert match.reason == (
        "'acme' in “…evening at the airport acme lost my bag and nobody helps”; "
        "'bag' in “…at the airport acme lost my bag and nobody helps”"
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "nothing to look for"),
        ("-acme", "nothing to look for beside what is excluded"),
        ("acme OR", "nothing to look for"),
        ("(acme", "never closed"),
        ("acme)", "closes nothing"),
        ('"acme', "never closed"),
        ("acme ---", "before nothing"),
        ("acme .,;", "no word in it"),
        ("link:acme", "names no site"),
        ("(" * 50 + "a" + ")" * 50, "too deep"),
        ("a " * 2000, "longer than"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(query: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(query)


@pytest.mark.parametrize(
    ("query", "dialect", "searches"),
    [
        ("acme -jobs", "mastodon", ("acme -jobs",)),
        ("acme -jobs", "bluesky", ("acme",)),
        ('orange -"orange juice"', "mastodon", ("orange",)),  # only we can tell its oranges apart
        ("(acme OR luna) bag", "bluesky", ("acme bag", "luna bag")),
        ("(acme OR luna) bag", "x", ("acme bag OR luna bag",)),
        ('"acme air" OR #acme', "words", ('"acme air"', "acme")),
        ("aeroluna~ link:acme.example", "bluesky", ('aeroluna "acme.example"',)),
    ],
)
def test_what_platforms_are_asked_for(query: str, dialect: str, searches: tuple[str, ...]) -> None:
    assert to_search(parse(query), dialect) == searches


def test_too_many_alternatives_are_refused() -> None:
    either = "(" + " OR ".join(f"w{n}" for n in range(40)) + ")"
    with pytest.raises(ValueError, match="alternatives"):
        to_search(parse(either), "bluesky")
    with pytest.raises(ValueError, match="alternatives"):
        to_search(parse(f"{either} {either}"), "x")


WORDS = st.text("abcdef", min_size=1, max_size=8)


@settings(max_examples=100)
@given(WORDS, WORDS, WORDS)
def test_the_distance_is_one(one: str, other: str, third: str) -> None:
    assert distance(one, one) == 0
    assert distance(one, other) == distance(other, one)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))
    for at in range(len(one)):
        assert distance(one, one[:at] + one[at + 1 :]) == 1
    assert distance(one + third, other + third) <= distance(one, other)


@settings(max_examples=150)
@given(st.text(max_size=60))
def test_any_text_is_a_query_or_is_refused_in_words(text: str) -> None:
    try:
        query = parse(text)
    except ValueError as error:
        query, said = None, str(error)
    if query is None:
        assert said
        return
    match = query.match("acme lost my bag " + text)
    if match is not None:
        assert match.reason


def steps(query: str, text: str) -> int:
    """How many lines of the package run to match: a measure that does not depend on the machine."""
    count, package = 0, str(Path(matching.__file__).parent)

    def trace(frame: types.FrameType, event: str, _arg: object) -> object:
        nonlocal count
        if not frame.f_code.co_filename.startswith(package):
            return None
        count += event == "line"
        return trace

    parsed = parse(query)
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        parsed.match(text)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ('orange -"orange juice"', "orange juice and orange "),
        ("acme~ OR aeroluna~", "aerolune acne x.y #acm "),
        ("link:acme.example", "acme.example.acme.example. "),
        ("=Acme", "xAcmex "),
        ('"a b c" -(a OR b)', "a b a b c "),
        ("露娜航空", "露娜航露娜航空"),
    ],
)
def test_twice_the_text_is_twice_the_work(query: str, unit: str) -> None:
    short, long = steps(query, unit * 200), steps(query, unit * 800)
    assert 200 < short < long < 5 * short + 2_000
