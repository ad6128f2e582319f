"""Conversations and their cases: what once hung, crashed, got lost or was counted wrongly."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from carecli import act
from carecli.casework import casefile
from carecli.config import Config
from carecli.store import Store, cases, intake, open_store
from carecli.store.cases import Filter
from carecli.store.connect import Row
from carecli.triage import Rules, classify
from tests.core.tools import ACME, LOST, NOW, arrive, minute, said


def alive(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM cases WHERE merged_into IS NULL ORDER BY case_id")


def within(seconds: float, store: Store, *page: object) -> None:
    """`arrive` in a thread, so that a loop without end fails the test instead of stopping it."""
    error: list[BaseException] = []

    def work() -> None:
        try:
            other = open_store(store.path)
            arrive(other, *page)  # type: ignore[arg-type]
            other.close()
        except BaseException as raised:  # noqa: BLE001 - handed to the test
            error.append(raised)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "still at work"
    assert not error, error


# Loops without end


def test_a_post_of_ours_that_answers_itself(store: Store) -> None:
    within(20, store, said("1", 1, to="1", ours=True), said("2", 2, to="1"))
    assert [row["mention_count"] for row in alive(store)] == [1]


def test_posts_of_ours_that_answer_each_other(store: Store) -> None:
    page = [said("1", 1, to="2", ours=True), said("2", 2, to="1", ours=True), said("3", 3, to="1")]
    within(20, store, *page)
    assert len(alive(store)) == 1


def test_customers_that_answer_themselves_and_each_other(store: Store) -> None:
    within(20, store, said("1", 1, to="1"), said("2", 2, to="3"), said("3", 3, to="2"))
    assert sorted(row["mention_count"] for row in alive(store)) == [1, 2]


def test_answers_of_ours_whose_parents_were_never_seen(store: Store) -> None:
    ours = [said("a", 1, to="x", ours=True), said("b", 2, to="c", ours=True), said("c", 1, to="z", ours=True)]
    within(20, store, *ours)
    within(20, store, said("m", 5, to="b"), said("n", 6, to="a", who="max"))
    assert len(alive(store)) == 2


# Answers before questions


@pytest.mark.parametrize("order", ["321", "312", "231", "213", "132", "123"])
def test_an_answer_in_two_posts_finds_its_case(store: Store, order: str) -> None:
    posts = {"1": said("1", 1), "2": said("2", 2, to="1", ours=True), "3": said("3", 3, to="2", ours=True)}
    for number in order:
        arrive(store, posts[number])
    (case,) = alive(store)
    assert (case["mention_count"], case["first_reply_at"]) == (3, "2026-11-20T10:02:00Z")
    assert store.rows("SELECT replies FROM segments")[0][0] == 2


# Whose post it is may change


def test_a_case_of_our_own_posts_leaves_the_queue_and_the_figures(store: Store) -> None:
    arrive(store, said("1", 1))
    arrive(store, said("1", 1, ours=True))  # its handle was added to care.toml, and it was read again
    (case,) = alive(store)
    assert (case["status"], case["needs_attention"]) == ("resolved", 0)
    assert store.rows("SELECT * FROM segments") == []
    arrive(store, said("2", 2, to="1"))
    (case,) = alive(store)
    assert (case["status"], case["needs_attention"], case["mention_count"]) == ("open", 1, 2)


def test_what_turns_out_to_be_a_customers_waits_for_its_verdict(store: Store) -> None:
    arrive(store, said("1", 1), said("2", 2, to="1", ours=True))
    intake.save_page(store, "s", [said("2", 2, to="1")], now=NOW)
    assert act.record(store, 1, "noted", now=NOW, data={"text": "who is this?"})["mention_count"] == 1
    act.triage_new(store, ACME, now=NOW)
    assert alive(store)[0]["first_reply_at"] is None


def test_what_one_source_knows_no_other_unlearns(store: Store) -> None:
    arrive(store, replace(said("1", 1), likes=3, url="https://x.example/1"), said("2", 2, to="1", ours=True))
    stranger = [said("1", 1, directed=False), said("2", 2, to="1", directed=False, who="acme")]
    for _ in range(2):
        saved = intake.save_page(store, "search", stranger, now=NOW)
    act.triage_new(store, ACME, now=NOW)
    assert saved.updated == 0  # seen twice, it is no news
    first, second = store.rows("SELECT * FROM mentions ORDER BY mention_id")
    assert (first["directed"], first["likes"], first["url"]) == (1, 3, "https://x.example/1")
    assert second["inbound"] == 0
    assert alive(store)[0]["first_reply_at"] is not None


def test_a_post_that_turns_out_to_be_addressed_to_us_is_judged_again(store: Store) -> None:
    praise = "Thank you so much, wonderful service!"
    arrive(store, said("1", 1, text=praise, directed=False))
    assert not alive(store)[0]["needs_reply"]
    arrive(store, said("1", 1, text=praise), source="notifications")
    assert alive(store)[0]["needs_reply"]


def test_ids_with_nul_are_found_again(store: Store) -> None:
    odd = replace(said("a\0b", 1), author=replace(said("1", 1).author, id="z\0e"))
    arrive(store, odd)
    arrive(store, replace(odd, text=LOST + " Still."), said("c", 2, to="a\0b"))
    assert [row["mention_count"] for row in alive(store)] == [2]


# Two at once


def test_a_correction_survives_a_triage_that_began_before_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(store, said("0", 0))
    intake.save_page(store, "s", [said("1", 1)], now=NOW)

    def slow(texts: Sequence[str], rules: Rules, **more: object) -> object:
        """While this process classifies, another one triages, and a person corrects."""
        verdicts = classify(texts, rules, **more)  # type: ignore[arg-type]
        monkeypatch.setattr("carecli.triage.engine.classify", classify)
        other = open_store(store.path)
        act.label(other, ACME, 2, {"intent": "praise", "sentiment": "positive"}, now=NOW)
        other.close()
        return verdicts

    monkeypatch.setattr("carecli.triage.engine.classify", slow)
    act.triage_new(store, ACME, now=NOW)
    assert tuple(store.rows("SELECT intent, sentiment FROM mentions WHERE mention_id = 2")[0]) == ("praise", "positive")
    assert len(alive(store)) == 2


def test_an_edit_survives_a_triage_that_began_before_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    intake.save_page(store, "s", [said("1", 1)], now=NOW)

    def slow(texts: Sequence[str], rules: Rules, **more: object) -> object:
        verdicts = classify(texts, rules, **more)  # type: ignore[arg-type]
        monkeypatch.setattr("carecli.triage.engine.classify", classify)
        other = open_store(store.path)
        intake.save_page(other, "s", [said("1", 1, text="Thank you, you are wonderful!")], now=NOW)
        other.close()
        return verdicts

    monkeypatch.setattr("carecli.triage.engine.classify", slow)
    act.triage_new(store, ACME, now=NOW)
    assert store.rows("SELECT sentiment FROM mentions")[0][0] == "positive"


# Clocks that differ


def test_an_act_comes_after_what_was_seen_whatever_the_clocks_say(store: Store) -> None:
    arrive(store, replace(said("1", 1), created_at=NOW + timedelta(seconds=40)))
    assert act.claim(store, 1, agent="leo", now=NOW)["assignee"] == "leo"
    assert act.record(store, 1, "resolved", now=NOW)["status"] == "resolved"
    assert act.record(store, 1, "reopened", now=NOW - timedelta(days=3))["status"] == "open"
    assert act.record(store, 1, "assigned", now=NOW - timedelta(days=9), data={"assignee": "ida"})["assignee"] == "ida"


def test_a_message_that_comes_after_its_case_was_resolved_is_not_buried(store: Store) -> None:
    arrive(store, said("1", 1))
    act.record(store, 1, "resolved", now=minute(30))
    arrive(store, said("2", 25, to="1"))  # written before, fetched after
    row = cases.get(store, 1)
    assert (row["status"], row["needs_attention"]) == ("open", 1)
    assert [case["case"] for case in casefile.queue(store, ACME, Filter(), now=NOW)] == [1]


def test_older_history_reopens_nothing(store: Store) -> None:
    arrive(store, said("2", 25, to="1"))
    act.record(store, 1, "resolved", now=minute(30))
    arrive(store, said("1", 1))
    assert cases.get(store, 1)["status"] == "resolved"


# Merged cases


def test_everything_follows_a_merge(store: Store) -> None:
    arrive(store, said("1", 1), said("3", 3, to="2"))
    act.record(store, 2, "tagged", now=minute(60), agent="leo", data={"add": ["vip"]})
    act.claim(store, 2, agent="leo", now=minute(61))
    arrive(store, said("2", 2, to="1"))
    (case,) = alive(store)
    assert (case["case_id"], case["mention_count"], case["assignee"], case["tags"]) == (1, 3, "leo", '["vip"]')
    assert act.claim(store, 2, agent="leo", now=minute(62))["case_id"] == 1
    assert act.record(store, 2, "resolved", now=minute(63))["case_id"] == 1
    assert store.rows("SELECT DISTINCT case_id FROM segments")[0][0] == 1
    kinds = [event["kind"] for event in casefile.case_file(store, ACME, 2, now=NOW).events]
    assert {"opened", "tagged", "claimed", "merged", "resolved"} <= set(kinds)


# Verdicts


def test_praise_is_answered_where_it_addresses_us_also_as_a_correction(store: Store) -> None:
    arrive(store, said("1", 1, text="Acme planes are blue.", directed=False), said("2", 2, text="@acme blue planes."))
    for number in (1, 2):
        act.label(store, ACME, number, {"intent": "praise"}, now=NOW)
    assert [bool(row["needs_reply"]) for row in alive(store)] == [False, True]


def test_an_earlier_case_is_not_called_the_third(store: Store) -> None:
    arrive(store, said("1", 1), said("2", 2), said("3", 3))
    first, second, third = alive(store)
    assert "of this customer" not in first["reasons"]
    assert "2nd case of this customer" in second["reasons"]
    assert "3rd case of this customer" in third["reasons"]


def test_a_first_response_in_time_stays_so_when_an_emergency_follows(store: Store) -> None:
    config = replace(ACME, brand=replace(ACME.brand, keywords=["Acme"]))
    arrive(store, said("1", 0, text="@acme when does my flight leave?"), said("2", 30, to="1", ours=True))
    assert casefile.describe(cases.get(store, 1), config, NOW)["sla"]["state"] == "met"
    arrive(store, said("3", 40, to="2"))
    act.label(store, config, 3, {"intent": "emergency"}, now=NOW)
    arrive(store, said("4", 41, to="3", ours=True))
    (segment,) = store.rows("SELECT urgency, intent FROM segments")
    assert segment["intent"] == "emergency"
    assert segment["urgency"] != "emergency"
    assert casefile.describe(cases.get(store, 1), config, NOW)["sla"]["state"] == "met"


def test_topics_may_leave_care_toml(store: Store) -> None:
    arrive(store, said("1", 1), config=replace(ACME, topics={"baggage": ["bag"]}))
    assert casefile.queue(store, ACME, Filter(topic="baggage"), now=NOW)
    act.triage_again(store, Config(brand=ACME.brand), now=NOW)
    assert alive(store)[0]["topics"] == "[]"
    act.label(store, ACME, 1, {"topics": ["gone"]}, now=NOW)
    assert casefile.queue(store, ACME, Filter(topic="gone"), now=NOW)


def test_classifying_everything_goes_on_where_it_was_interrupted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act, "BATCH", 2)
    texts = ["@acme thank you, Mia!", *(LOST for _ in range(4))]
    arrive(store, *(said(str(n), n, who=f"u{n}", text=text) for n, text in enumerate(texts, 1)))
    act.label(store, ACME, 1, {"intent": "suggestion"}, now=NOW)

    def interrupted(done: int) -> None:
        raise KeyboardInterrupt

    def counted(config: Config) -> int:
        with pytest.raises(KeyboardInterrupt):
            act.triage_again(store, config, now=NOW, progress=interrupted)
        return act.triage_again(store, config, now=NOW)

    assert counted(ACME) == 3
    assert act.triage_again(store, ACME, now=NOW) == 5, "one that has come to its end begins anew"
    with pytest.raises(KeyboardInterrupt):
        act.triage_again(store, ACME, now=NOW, progress=interrupted)
    assert act.triage_again(store, replace(ACME, topics={"bags": ["bag"]}), now=NOW) == 5, "another configuration"
    assert [row["intent"] for row in store.rows("SELECT intent FROM mentions")] == ["suggestion", *["complaint"] * 4]
    assert {row["topics"] for row in store.rows("SELECT topics FROM mentions WHERE mention_id > 1")} == {'["bags"]'}


# By hand


def test_a_case_that_is_reopened_later_presses_as_before(store: Store) -> None:
    arrive(store, said("1", 1), said("2", 2, to="1", ours=True))
    before = alive(store)[0]["priority"]
    act.record(store, 1, "resolved", now=minute(30))
    row = act.record(store, 1, "reopened", now=minute(60))
    assert (row["status"], row["waiting_since"], row["priority"]) == ("open", "2026-11-20T11:00:00Z", before)
