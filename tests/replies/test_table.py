"""At least 400 texts in four languages, and how well the guardrails do on them: benchmarks/guardrails.py prints it."""

from __future__ import annotations

import pytest

from carecli.config import RULES as IDS
from carecli.replies.guardrails import RULES

from .table import LANGUAGES, Row, rows, scores

TABLE = list(rows())


def test_there_are_enough_texts_in_every_language() -> None:
    assert len(TABLE) >= 400
    assert all(sum(row.language == code for row in TABLE) >= 90 for code in LANGUAGES)
    assert len({(row.language, row.text, row.context.intent, row.context.private) for row in TABLE}) == len(TABLE)


def test_the_configuration_knows_every_rule() -> None:
    assert tuple(rule.id for rule in RULES) == IDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_little_is_missed_and_little_is_found_for_nothing(language: str) -> None:
    score = scores([row for row in TABLE if row.language == language])["all"]
    assert (score.precision or 0) >= 0.95
    assert (score.recall or 0) >= 0.95


def test_no_rule_is_bad_at_what_it_is_for() -> None:
    bad = {name: s for name, s in scores(TABLE).items() if (s.recall or 0) < 0.85 or (s.precision or 0) < 0.85}
    assert bad == {}


@pytest.mark.parametrize("row", [row for row in TABLE if not row.expected], ids=lambda r: f"{r.language}{r.number}")
def test_good_replies_are_never_blocked(row: Row) -> None:
    from carecli.replies.guardrails import check

    blocked = [f.rule for f in check(row.text, row.context) if f.severity == "block"]
    assert blocked == []
