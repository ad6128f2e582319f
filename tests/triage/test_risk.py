"""Risks in four languages, with texts that only sound like one."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.model import RISKS
from carecli.triage import risk
from tests.triage.risks import QUIET, RISKY


def found_in(text: str, language: str | None) -> tuple[risk.Found, ...]:
    return risk.find([text], [language])[0]


@pytest.mark.parametrize(("language", "expected", "text"), RISKY)
def test_a_risk_is_seen(language: str, expected: str, text: str) -> None:
    assert expected in [found.risk for found in found_in(text, language)]


@pytest.mark.parametrize(("language", "text"), QUIET)
def test_what_only_sounds_like_one_is_none(language: str, text: str) -> None:
    assert found_in(text, language) == ()


def test_every_risk_has_an_example_in_every_language() -> None:
    assert {(language, name) for language, name, _ in RISKY} == {(x, y) for x in risk.LANGUAGES for y in RISKS}


def test_a_risk_is_named_once_with_the_words_that_show_it() -> None:
    found = found_in("My lawyer says: see you in court. My lawyer is good.", "en")
    assert found == (risk.Found("legal", "my lawyer"),)


def test_links_and_handles_are_no_words() -> None:
    assert found_in("https://example.com/my-lawyer @my.lawyer hello", "en") == ()


def test_a_language_without_cues_has_none() -> None:
    assert found_in("My lawyer will write to you", "fr") == found_in("My lawyer will write to you", None) == ()


@settings(max_examples=60)
@given(st.text(max_size=300), st.sampled_from(risk.LANGUAGES))
def test_any_text_has_an_answer(text: str, language: str) -> None:
    found = found_in(text, language)
    assert [one.risk for one in found] == [name for name in RISKS if name in {one.risk for one in found}]


def test_threads_do_not_mix_up_their_words() -> None:
    def told(thread: int) -> set[tuple[risk.Found, ...]]:
        found = set[tuple[risk.Found, ...]]()
        for turn in range(30):
            words = [f"w{thread}x{turn}x{number}" for number in range(200)]
            texts = [" ".join(words[start : start + 20]) + " I will sue you" for start in range(0, 200, 20)]
            found.update(risk.find(texts, ["en"] * len(texts)))
        return found

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(told, range(4)))
    finally:
        sys.setswitchinterval(before)
    assert found == [{(risk.Found("legal", "i will sue you"),)}] * 4
