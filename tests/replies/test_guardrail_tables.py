"""Every rule on texts that it must object to, and on texts that it must let pass, in four languages."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from carecli.config import Guardrails, Voice
from carecli.replies.guardrails import RULES, Context, check

from . import cases_form, cases_manner, cases_privacy, cases_wording
from .cases_privacy import Case

FOUND: list[Case] = cases_privacy.FOUND + cases_wording.FOUND + cases_form.FOUND + cases_manner.FOUND
NOT_FOUND: list[Case] = (
    cases_privacy.NOT_FOUND + cases_wording.NOT_FOUND + cases_form.NOT_FOUND + cases_manner.NOT_FOUND
)


def context(settings: dict[str, Any]) -> Context:
    """A context from flat settings: those of Context, and of its rules and voice by their own names."""
    rest = dict(settings)
    rules = Guardrails(**{key: rest.pop(key) for key in ("allowed_links", "private_fields") if key in rest})
    own = {field.name for field in fields(Voice)}
    voice = Voice(**{key: rest.pop(key) for key in own if key in rest})
    return replace(Context(rules=rules, voice=voice), **rest)


@pytest.mark.parametrize(("rule", "text", "settings"), FOUND)
def test_a_rule_finds_what_it_is_for(rule: str, text: str, settings: dict[str, Any]) -> None:
    findings = check(text, context(settings))
    found = [finding for finding in findings if finding.rule == rule]
    assert found, f"only {[finding.rule for finding in findings]}"
    assert all(f.start is None or (f.end is not None and 0 <= f.start <= f.end <= len(text)) for f in found)


@pytest.mark.parametrize(("rule", "text", "settings"), NOT_FOUND)
def test_a_rule_lets_pass_what_is_fine(rule: str, text: str, settings: dict[str, Any]) -> None:
    assert [f for f in check(text, context(settings)) if f.rule == rule] == []


def test_every_rule_has_cases_on_both_sides() -> None:
    ids = {rule.id for rule in RULES}
    assert {case[0] for case in FOUND} == ids
    assert {case[0] for case in NOT_FOUND} == ids
