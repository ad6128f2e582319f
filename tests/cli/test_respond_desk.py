"""Answering as a team: claims and leases, a second person's word, overrides, promises, and what falls silent."""

from __future__ import annotations

import pytest

from tests.world import World

ROSTER = """
[agents.leo]
languages = ["en"]
never = ["legal"]

[agents.mia]
languages = ["pl", "he"]
approval = true

[topics]
legal = ["lawyer", "prawnik"]
baggage = ["luggage", "bagaż"]

[desk]
lease = "2h"
emergency = ["kim"]
resolve_after = "3d"
"""


def kinds(world: World, case: int) -> list[str]:
    return [event["kind"] for event in world.json("show", str(case))["events"]]


@pytest.fixture
def team(world: World) -> World:
    world.init()
    world.config.write_text(world.config.read_text(encoding="utf-8") + ROSTER, encoding="utf-8")
    world.mentions(
        {"id": "1", "author": "ola", "text": "@acme zgubiliście mój bagaż, to skandal!"},
        {"id": "2", "author": "bob", "text": "@acme my luggage is lost and nobody answers!"},
        {"id": "3", "author": "ann", "text": "@acme my lawyer will write to you about the luggage!"},
    )
    for number, topics in (("1", ["baggage"]), ("2", ["baggage"]), ("3", ["legal", "baggage"])):
        named = [part for topic in topics for part in ("--topic", topic)]
        world.run("label", number, "--intent", "complaint", "--sentiment", "negative", *named)
    return world


def test_next_is_the_most_pressing_case_that_the_agent_can_answer(team: World) -> None:
    assert team.json("claim", "--next", "--as", "leo")["customer"]["handle"] == "bob"
    assert team.json("claim", "--next", "--as", "mia")["customer"]["handle"] == "ola"
    assert "that you can answer" in team.run("claim", "--next", "--as", "leo", expect=1).stderr
    assert team.json("claim", "--next", "--as", "kim")["customer"]["handle"] == "ann"


def test_a_topic_that_an_agent_may_not_answer_blocks(team: World) -> None:
    found = team.json("check", "We read it, Ann.", "--case", "3", "--as", "leo", expect=3)
    assert [f["rule"] for f in found if f["severity"] == "block"] == ["agent"]
    assert all(f["rule"] != "agent" for f in team.json("check", "We read it, Ann.", "--case", "3", "--as", "kim"))


def test_emergencies_go_to_a_named_human(team: World) -> None:
    team.run("label", "2", "--intent", "emergency")
    found = team.json("check", "We are on it, Bob.", "--case", "2", "--as", "leo", expect=3)
    assert "an emergency goes to kim" in next(f["message"] for f in found if f["rule"] == "agent").lower()


def test_two_agents_never_answer_the_same_case(team: World) -> None:
    team.run("claim", "2", "--as", "kim")
    done = team.run("reply", "2", "Sorry, Bob: which flight was it?", "--as", "leo", "--yes", expect=3)
    assert "kim has this case" in done.stderr
    args = ["reply", "2", "Sorry, Bob: which flight was it?", "--as", "leo", "--yes"]
    assert "needs a reason" in team.run(*args, "--override", "claimed", expect=2).stderr
    assert "did you mean 'claimed'" in team.run(*args, "--override", "claimd", "--because", "x", expect=2).stderr
    # an import cannot be answered: the reply is kept and fails with the reason
    team.run(*args, "--override", "claimed", "--because", "kim is ill", expect=1)
    overridden = next(e for e in team.json("show", "2")["events"] if e["kind"] == "overridden")
    assert overridden["data"] == {"reply": 1, "rule": "claimed", "because": "kim is ill"}


def test_some_rules_cannot_be_overridden(team: World) -> None:
    done = team.run("reply", "2", " ", "--override", "empty", "--because", "x", "--yes", expect=2)
    assert "cannot be overridden" in done.stderr
    done = team.run("reply", "2", "Which flight?", "--override", "promise", "--because", "x", "--yes", expect=2)
    assert "nothing to override" in done.stderr


def test_whoever_answers_a_free_case_has_it(team: World) -> None:
    team.run("reply", "2", "Sorry, Bob: which flight was it?", "--as", "leo", "--yes", expect=1)
    assert team.json("show", "2")["assignee"] == "leo"


def test_a_claim_ends_when_its_agent_goes_silent(team: World) -> None:
    team.run("claim", "2", "--as", "leo")
    team.env["CARE_NOW"] = "2026-11-20T13:59:00Z"
    team.run("claim", "2", "--as", "kim", expect=1)
    team.run("note", "2", "still looking", "--as", "leo")
    team.env["CARE_NOW"] = "2026-11-20T15:58:00Z"
    team.run("claim", "2", "--as", "kim", expect=1)
    team.env["CARE_NOW"] = "2026-11-20T16:00:00Z"
    assert team.json("tidy") == {"released": [2], "resolved": []}
    assert team.json("show", "2")["assignee"] is None
    assert team.json("claim", "2", "--as", "kim")["assignee"] == "kim"


def test_what_was_assigned_by_hand_stays(team: World) -> None:
    team.run("assign", "2", "leo", "--as", "kim")
    team.env["CARE_NOW"] = "2026-11-25T12:00:00Z"
    assert team.json("tidy")["released"] == []


def test_the_roster_says_who_has_what(team: World) -> None:
    team.run("claim", "2", "--as", "leo")
    found = {agent["agent"]: agent for agent in team.json("agents")}
    assert (found["leo"]["cases"], found["leo"]["on_duty"], found["mia"]["cases"]) == ([2], True, [])


def test_a_reply_waits_for_a_second_person(team: World) -> None:
    text = "Przykro nam, Ola. Który to był lot?"
    done = team.json("reply", "1", text, "--as", "mia", "--yes")
    assert (done["status"], done["reply_id"]) == ("waiting", None)
    draft = str(done["draft_id"])
    assert [d["draft_id"] for d in team.json("draft", "list", "--waiting")] == [done["draft_id"]]
    assert "your own" in team.run("draft", "approve", draft, "--as", "mia", expect=1).stderr
    assert team.json("draft", "reject", draft, "--because", "za krótko", "--as", "leo")["approval"] == "rejected"
    longer = text + " Proszę napisać."
    assert team.json("draft", "edit", draft, longer, "--as", "mia")["approval"] == "waiting"
    assert team.json("draft", "approve", draft, "--as", "leo")["approval"] == "approved"
    assert [v["text"] for v in team.json("draft", "show", draft)["versions"]] == [text, longer]
    # approved: it goes into the outbox (and fails there, since an import cannot be answered)
    team.run("reply", "1", "--draft", draft, "--as", "mia", "--yes", expect=1)
    (reply,) = team.json("outbox")
    assert (reply["text"], reply["status"]) == (longer, "failed")
    for kind in ("proposed", "draft rejected", "draft edited", "draft approved", "approved"):
        assert kind in kinds(team, 1)


def test_an_approval_is_for_one_text(team: World) -> None:
    draft = str(team.json("reply", "1", "Który to był lot?", "--as", "mia", "--yes")["draft_id"])
    team.run("draft", "approve", draft, "--as", "leo")
    assert team.json("draft", "edit", draft, "Który to był lot, Ola?", "--as", "mia")["approval"] == "waiting"
    assert team.json("reply", "1", "--draft", draft, "--as", "mia", "--yes")["status"] == "waiting"
    assert team.json("outbox") == []


def test_a_draft_for_a_private_message_stays_one(team: World) -> None:
    team.run("assign", "1", "mia")
    draft = str(team.json("reply", "1", "Który to był lot?", "--private", "--as", "mia", "--yes")["draft_id"])
    team.run("draft", "approve", draft, "--as", "leo")
    team.run("reply", "1", "--draft", draft, "--as", "mia", "--yes", expect=1)  # an import cannot be answered
    (row,) = team.json("outbox")
    assert row["private"] is True


def test_the_outbox_says_when_a_reply_goes_out(team: World) -> None:
    team.run("reply", "2", "I am sorry, Bob.", "--as", "leo", "--at", "2h", "--yes")
    assert "approved for 2026-11-20T14:00:00Z" in team.run("outbox").stdout
    assert "approved for 2026-11-20T14:00:00Z" in team.run("show", "2").stdout
    done = team.run("outbox", "send")
    assert done.stdout == ""
    assert "1 scheduled" in done.stderr


def test_a_refusal_names_only_what_helps(team: World) -> None:
    done = team.run("reply", "2", " ", "--as", "leo", expect=3)
    assert "change the text" in done.stderr
    assert "--override" not in done.stderr
    done = team.run("reply", "2", "We guarantee it. Call +44 7700 900461.", "--as", "leo", expect=3)
    assert "--override personal-data" in done.stderr


def test_a_draft_keeps_its_voice_and_what_that_voice_asks_for(team: World) -> None:
    voices = '\n[voices.air]\nsignature = "– Air"\n[voices.bank]\napproval = true\nsignature = "– Bank"\n'
    team.config.write_text(team.config.read_text(encoding="utf-8") + voices, encoding="utf-8")
    one = team.json("draft", "2", "--voice", "bank", "-n", "1", "--as", "leo")[0]
    assert one["text"].endswith("– Bank")
    done = team.json("reply", "2", "--draft", str(one["draft_id"]), "--yes", "--as", "leo")
    assert done["status"] == "waiting"  # the first voice would have needed nobody


AGAIN = {
    "id": "8",
    "author": "ola",
    "in_reply_to": "1",
    "created_at": "2026-11-20T11:50:00Z",
    "text": "@acme bagaż jest u mnie.",
}


def test_a_draft_that_the_customer_has_overtaken_is_not_sent(team: World) -> None:
    old, other = (str(one["draft_id"]) for one in team.json("draft", "1", "-n", "2"))
    team.mentions(AGAIN)
    team.say(_8="complaint")
    for command in (["--yes"], ["--dry-run"]):
        done = team.run("reply", "1", "--draft", old, *command, "--as", "mia", expect=1)
        assert done.stdout == ""
        assert (
            "older than the customer's newest message; nothing was sent. It says: “@acme bagaż jest u mnie.”"
            in done.stderr
        )
        assert f"care draft edit {old}" in done.stderr
    assert team.json("outbox") == []
    assert team.json("draft", "list", "--waiting") == []
    # whoever writes it anew has read what it answers now
    renewed = team.json("draft", "edit", old, "Świetnie, Ola. Który to był lot?", "--as", "mia")
    assert renewed["approval"] is None
    assert team.json("reply", "1", "--draft", old, "--yes", "--as", "mia")["status"] == "waiting"
    team.run("reply", "1", "--draft", other, "--yes", "--as", "mia", expect=1)


def test_a_draft_about_words_that_the_customer_has_taken_back_is_not_sent(team: World) -> None:
    draft = str(team.json("draft", "2", "-n", "1")[0]["draft_id"])
    edited = {
        "id": "2",
        "author": "bob",
        "text": "@acme my luggage is here, sorry!",
        "edited_at": "2026-11-20T11:00:00Z",
    }
    assert team.mentions(edited)["updated"] == 1
    done = team.run("reply", "2", "--draft", draft, "--yes", "--as", "leo", expect=1)
    assert "older than the customer's last edit; nothing was sent. It says: “@acme my luggage is here, sorry!”" in (
        done.stderr
    )
    assert team.json("outbox") == []
    team.run("draft", "edit", draft, "Good that it is there, Bob.", "--as", "leo")
    assert team.json("reply", "2", "--draft", draft, "--dry-run", "--as", "leo")["status"] == "dry-run"


def test_what_was_approved_before_the_customer_wrote_again_needs_a_new_word(team: World) -> None:
    draft = str(team.json("reply", "1", "Który to był lot?", "--as", "mia", "--yes")["draft_id"])
    waiting = str(team.json("reply", "1", "Jaki był numer bagażu?", "--as", "mia", "--yes")["draft_id"])
    team.run("draft", "approve", draft, "--as", "leo")
    team.mentions(AGAIN)
    team.say(_8="complaint")
    assert "u mnie" in team.run("reply", "1", "--draft", draft, "--as", "mia", "--yes", expect=1).stderr
    assert "u mnie" in team.run("draft", "approve", waiting, "--as", "leo", expect=1).stderr
    assert team.json("draft", "reject", waiting, "--because", "dotarł", "--as", "leo")["approval"] == "rejected"
    assert team.json("draft", "edit", draft, "Który to był lot?", "--as", "mia")["approval"] == "waiting"
    team.run("draft", "approve", draft, "--as", "leo")
    team.run("reply", "1", "--draft", draft, "--as", "mia", "--yes", expect=1)  # an import cannot be answered
    assert [row["status"] for row in team.json("outbox")] == ["failed"]


def test_promises_come_back_until_they_are_kept(team: World) -> None:
    at = "2026-11-20T11:00:00Z"
    promise = "Sorry, Bob. We are looking into it and get back to you by tomorrow 12:00."
    team.mentions({"id": "9", "author": "acme", "in_reply_to": "2", "created_at": at, "text": promise})
    shown = team.json("show", "2")
    assert [(p["words"], p["due_at"], p["state"]) for p in shown["promises"]] == [
        ("We are looking into it and get back to you by tomorrow 12:00", "2026-11-21T12:00:00Z", "open")
    ]
    assert 2 not in [case["case"] for case in team.json("queue")]
    team.env["CARE_NOW"] = "2026-11-21T11:30:00Z"
    back = next(case for case in team.json("queue") if case["case"] == 2)
    assert (back["status"], back["follow_up"]["state"]) == ("pending", "open")
    team.env["CARE_NOW"] = "2026-11-21T12:00:01Z"
    assert [p["state"] for p in team.json("promise", "list")] == ["broken"]
    late = "2026-11-21T13:00:00Z"
    team.env["CARE_NOW"] = "2026-11-21T14:00:00Z"
    team.mentions({"id": "10", "author": "acme", "in_reply_to": "2", "created_at": late, "text": "It is in Rome, Bob."})
    (told,) = team.json("promise", "list", "--all")
    assert (told["state"], told["done_at"]) == ("broken", late)
    assert 2 not in [case["case"] for case in team.json("queue")]


def test_the_report_tells_promises_by_who_made_them(team: World) -> None:
    at = "2026-11-20T10:30:00Z"
    team.mentions(
        {"id": "9", "author": "acme", "in_reply_to": "2", "created_at": at, "text": "We get back to you by 11:00."},
        {
            "id": "10",
            "author": "acme",
            "in_reply_to": "2",
            "created_at": "2026-11-20T11:30:00Z",
            "text": "Which flight?",
        },
        {"id": "11", "author": "acme", "in_reply_to": "1", "created_at": at, "text": "Damy znać do 11:30."},
        {"id": "12", "author": "acme", "in_reply_to": "1", "created_at": "2026-11-20T11:00:00Z", "text": "Który lot?"},
        {"id": "13", "author": "acme", "in_reply_to": "3", "created_at": at, "text": "We are looking into it."},
    )
    everybody, acme = team.json("report", "promises")["promises"]
    assert (everybody["agent"], acme["agent"]) == (None, "acme")
    counted = {key: acme[key] for key in ("made", "kept", "broken", "open", "kept_rate", "median_late_seconds")}
    assert counted == {
        "made": 3, "kept": 1, "broken": 1, "open": 1, "kept_rate": 0.5, "median_late_seconds": 1800.0,
    }  # fmt: skip
    team.run("promise", "drop", str(team.json("promise", "list")[0]["promise"]))
    assert team.json("report", "promises")["promises"][0]["made"] == 2
    assert "agent 1" in team.run("report", "promises", "--anonymise").stdout


@pytest.mark.parametrize(("word", "state"), [("keep", "kept"), ("drop", "dropped")])
def test_a_person_may_settle_a_promise(team: World, word: str, state: str) -> None:
    at = "2026-11-20T11:00:00Z"
    team.mentions(
        {"id": "9", "author": "acme", "in_reply_to": "2", "created_at": at, "text": "We are looking into it."}
    )
    assert team.json("promise", word, "1", "--because", "by phone")["state"] == state
    assert team.json("promise", "list") == []
    assert f"promise {state}" in kinds(team, 2)


def test_silence_resolves_what_we_answered(team: World) -> None:
    at = "2026-11-20T11:00:00Z"
    team.mentions({"id": "9", "author": "acme", "in_reply_to": "2", "created_at": at, "text": "Which flight was it?"})
    team.env["CARE_NOW"] = "2026-11-23T10:59:00Z"
    assert team.json("tidy")["resolved"] == []
    team.env["CARE_NOW"] = "2026-11-23T11:00:01Z"  # the label of 12:00 is no word of the customer's
    assert team.json("tidy")["resolved"] == [2]
    event = team.json("show", "2")["events"][-1]
    assert (event["kind"], event["data"]) == ("resolved", {"because": "silence", "since": at})
    team.mentions(
        {"id": "11", "author": "bob", "in_reply_to": "9", "created_at": "2026-11-23T11:30:00Z", "text": "@acme AC 12"}
    )
    assert team.json("show", "2")["status"] == "open"


@pytest.mark.parametrize(
    "thanks", ["@acme thank you, it works now!", "@acme dzięki, działa", "@acme תודה, הסתדר", "@acme 谢谢，已经解决了"]
)
def test_thanks_propose_to_resolve(team: World, thanks: str) -> None:
    team.mentions(
        {
            "id": "9",
            "author": "acme",
            "in_reply_to": "2",
            "created_at": "2026-11-20T11:00:00Z",
            "text": "Try it again, Bob.",
        },
        {"id": "10", "author": "bob", "in_reply_to": "9", "created_at": "2026-11-20T11:30:00Z", "text": thanks},
    )
    shown = team.json("show", "2")
    assert shown["proposal"] == "resolve"
    assert shown["sla"]["state"] in ("met", "none"), "who says thanks waits for nothing"
    assert "care resolve 2" in team.run("show", "2").stdout


def test_an_unknown_rule_in_severity_is_an_error_with_the_nearest(team: World) -> None:
    with team.config.open("a", encoding="utf-8") as file:
        file.write('\n[guardrails]\nseverity = { promis = "block" }\n')
    done = team.run("queue", expect=2)
    assert "unknown key 'guardrails.severity.promis'" in done.stderr
    assert "did you mean 'promise'" in done.stderr
