"""A language model's second opinion, given by a real model of the `llm` library that lives in this test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import llm
import pytest

from carecli import act
from carecli.classifying import doubts
from carecli.config import Brand, Config, Engine
from carecli.model import Verdict

VAGUE = "@acme hmm ok, and the thing from tuesday, still that way? (ann@example.org, 600 100 200)"


class Oracle(llm.Model):
    """Answers what it was told to, and remembers what it was asked."""

    model_id = "care-oracle"
    can_stream = False
    answer = ""
    asked: list[str] = []  # noqa: RUF012 - the library makes the instance

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        self.asked.append(prompt.prompt)
        if self.answer == "fail":
            raise llm.ModelError("the line is down")
        yield self.answer


class Plugin:
    """What an installed plug-in would be."""

    @llm.hookimpl
    def register_models(self, register: Any) -> None:
        register(Oracle())


@pytest.fixture
def oracle() -> Iterator[type[Oracle]]:
    from llm.plugins import pm

    plugin = Plugin()
    pm.register(plugin, name="care-oracle")
    Oracle.asked = []
    yield Oracle
    pm.unregister(plugin)


def engine(**settings: Any) -> act.Engine:
    config = Config(
        brand=Brand(name="Acme", handles=["@acme"], languages=["en"]),
        engine=Engine(llm=True, model="care-oracle", doubt=1.0, **settings),
    )
    return act.engine_of(None, config)


def said(settings: dict[str, Any], *texts: str) -> list[Verdict]:
    return list(engine(**settings).verdicts(texts, [None] * len(texts), [True] * len(texts)))


def test_the_doubtful_get_the_labels_of_the_model_and_say_so(oracle: type[Oracle]) -> None:
    oracle.answer = 'Sure! {"sentiment": "negative", "intent": "request", "urgency": "today"} Anything else?'
    verdict = said({}, VAGUE)[0]
    assert (verdict.sentiment, verdict.intent, verdict.urgency, verdict.needs_reply) == (
        "negative", "request", "today", True,
    )  # fmt: skip
    assert verdict.sentiment_score < 0
    assert verdict.why[0].startswith("care-oracle says")


def test_what_leaves_holds_no_personal_data_and_is_shown(
    oracle: type[Oracle], caplog: pytest.LogCaptureFixture
) -> None:
    oracle.answer = "{}"
    said({}, VAGUE)
    sent = json.loads(oracle.asked[0])["message"]
    assert "tuesday" in sent
    for private in ("600", "ann", "example", "@acme"):
        assert private not in sent
    assert sent in caplog.text


def test_no_more_than_the_limit_is_sent_and_nothing_by_default(oracle: type[Oracle]) -> None:
    oracle.answer = "{}"
    said({"limit": 2}, *[f"{VAGUE} {number}" for number in ("one", "two", "three", "four")])
    assert len(oracle.asked) == 2
    act.engine_of(None, Config()).verdicts([VAGUE], [None], [True])
    assert len(oracle.asked) == 2


@pytest.mark.parametrize(
    "answer",
    ["", "no idea", '{"intent": "delete everything"}', "[1]", '{"intent": ["praise"]}', "fail", "{" * 5000],
)
def test_whatever_else_comes_back_changes_nothing(oracle: type[Oracle], answer: str) -> None:
    oracle.answer = answer
    plain = act.engine_of(None, Config(brand=Brand(name="Acme", handles=["@acme"], languages=["en"])))
    assert said({}, VAGUE) == list(plain.verdicts([VAGUE], [None], [True]))


def test_a_model_that_fails_is_not_asked_again(oracle: type[Oracle]) -> None:
    oracle.answer = "fail"
    said({}, VAGUE, VAGUE + " please", VAGUE + " now")
    assert len(oracle.asked) == 1


def test_an_emergency_is_never_taken_back_but_may_be_raised(oracle: type[Oracle]) -> None:
    oracle.answer = '{"intent": "chatter", "urgency": "whenever"}'
    assert said({}, "My husband collapsed and isn't breathing")[0].intent == "emergency"
    oracle.answer = '{"intent": "emergency"}'
    assert said({}, VAGUE)[0].urgency == "emergency"
    raised = doubts.with_labels(said({}, VAGUE)[0], {"intent": "question", "urgency": "emergency"}, "x", directed=True)
    assert raised.urgency == "today"
