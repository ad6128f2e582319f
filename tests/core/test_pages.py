"""A page of many mentions: what each of them brings is written down for each."""

from __future__ import annotations

from dataclasses import replace

from carecli.store import Store
from tests.core.tools import arrive, said


def test_each_of_our_posts_keeps_its_own_promise(store: Store) -> None:
    arrive(
        store,
        said("1", 0, who="zoe"),
        said("2", 0, who="ben"),
        said("3", 5, to="1", ours=True, text="We will call you tomorrow."),
        said("4", 6, to="2", ours=True, text="I'll get back to you within 2 hours."),
        said("5", 7, to="2", ours=True, text="Thank you for your patience."),
    )
    rows = store.rows("SELECT m.external_id, p.words FROM promises p JOIN mentions m USING (mention_id) ORDER BY 1")
    assert [row["external_id"] for row in rows] == ["3", "4"]
    assert len({row["words"] for row in rows}) == 2


def test_each_case_is_opened_by_its_first_mention(store: Store) -> None:
    arrive(store, *(said(str(number), number, who=f"user{number}") for number in range(5)))
    rows = store.rows("SELECT case_id, at FROM events WHERE kind = 'opened' ORDER BY case_id")
    assert [row["at"] for row in rows] == [f"2026-11-20T10:0{number}:00Z" for number in range(5)]


def test_what_turns_out_to_be_ours_has_no_risks(store: Store) -> None:
    threat = said("1", 0, text="@acme I will see you in court, my lawyer has your letters.")
    arrive(store, threat)
    assert "legal" in store.rows("SELECT risks FROM mentions")[0]["risks"]
    arrive(store, replace(threat, inbound=False, directed=False, text="We wrote this ourselves."))
    (row,) = store.rows("SELECT inbound, risks FROM mentions")
    assert (row["inbound"], row["risks"]) == (0, "[]")


def test_an_edited_post_promises_what_it_says_now(store: Store) -> None:
    asked = [said(str(number), 0, who=f"user{number}") for number in (1, 2)]
    posts = [said(f"{one.external_id}0", 5, to=one.external_id, ours=True) for one in asked]
    arrive(store, *asked, *(replace(post, text="We will call you tomorrow.") for post in posts))
    assert len(store.rows("SELECT * FROM promises")) == 2
    arrive(store, *(replace(post, text="We cannot say when, sorry.") for post in posts))
    assert store.rows("SELECT * FROM promises") == []
