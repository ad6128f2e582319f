"""`care report NAME`: each part through the program, and what is kept back from reports that leave the team."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carecli.reporting.parts import PARTS
from tests.world import World

DAY = "2026-11-20T{}:00Z"


@pytest.fixture
def busy(world: World) -> World:
    """A day with a complaint that was answered late, questions, and a customer who helps another one."""
    world.init()
    world.write("care.toml", world.config.read_text() + '\n[topics]\nbaggage = ["bag", "suitcase"]\n')
    world.mentions(
        {"id": "0", "author": "old", "text": "@acme my bag is lost", "created_at": "2026-11-18T08:00:00Z"},
        {
            "id": "1",
            "text": "@acme my bag is lost, this is terrible!",
            "created_at": DAY.format("08:00"),
            "author_followers": 500,
        },
        {
            "id": "2",
            "author": "acme",
            "text": "Sorry, Zoe. Which flight?",
            "in_reply_to": "1",
            "created_at": DAY.format("09:00"),
        },
        {"id": "3", "text": "Flight 12. When will I get it?", "in_reply_to": "2", "created_at": DAY.format("09:10")},
        {"id": "4", "author": "acme", "text": "Today.", "in_reply_to": "3", "created_at": DAY.format("09:40")},
        {"id": "5", "author": "bob", "text": "@acme when do you open on Sunday?", "created_at": DAY.format("10:00")},
        {
            "id": "6",
            "author": "kim",
            "text": "They open at nine on Sunday.",
            "in_reply_to": "5",
            "created_at": DAY.format("10:05"),
        },
        {
            "id": "7",
            "author": "bob",
            "text": "thank you so much, that is great!",
            "in_reply_to": "6",
            "created_at": DAY.format("10:06"),
        },
        {
            "id": "8",
            "author": "zuzka",
            "text": "@acme when do you open on Sunday please?",
            "created_at": DAY.format("10:10"),
        },
    )
    world.say(_0="complaint", _1="complaint", _3="question", _5="question", _6="chatter", _7="praise", _8="question")
    return world


def part(world: World, name: str, *options: str) -> Any:
    return world.json("report", name, "--since", "2026-11-20", *options)


@pytest.mark.parametrize("name", [name for name in PARTS if name != "share-of-voice"])
def test_every_part_has_every_format_and_says_what_it_covers(busy: World, name: str) -> None:
    document = part(busy, name)
    assert document["period"] == {"since": "2026-11-20T00:00:00Z", "until": "2026-11-20T12:00:00Z", "timezone": "UTC"}
    assert [each["source"] for each in document["coverage"]] == ["import"]
    assert name == "summary" or name.replace("-", "_") in document
    assert "import" in busy.run("report", name, "--since", "2026-11-20", "--format", "csv").stdout


def test_response_has_next_first_and_full_under_their_names(busy: World) -> None:
    response = part(busy, "response")["response"]
    assert response["first_response"]["median_seconds"] == 3600
    assert response["next_response"] == {"count": 2, "median_seconds": 2700, "p90_seconds": 3420, "mean_seconds": 2700}
    assert response["first_resolution"]["count"] == 0
    text = busy.run("report", "response").stdout
    assert "first resolution" in text
    assert "full resolution" in text


def test_the_summary_stands_beside_the_day_before(busy: World) -> None:
    comparison = part(busy, "summary", "--until", "2026-11-20")["comparison"]
    assert (comparison["since"], comparison["until"]) == ("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z")
    figures = {each["figure"]: each for each in comparison["figures"]}
    assert (figures["inbound mentions"]["value"], figures["inbound mentions"]["before"]) == (6, 0)
    assert figures["response rate"]["before"] is figures["response rate"]["change"] is None
    assert busy.json("report")["comparison"] is None


def test_sla_tells_clocks_urgencies_and_policies_apart(busy: World) -> None:
    promises = '\n[[sla.policies]]\nname = "bad"\nintent = ["complaint"]\nfirst_response = "2h"\nresolution = "1d"\n'
    busy.write("care.toml", busy.config.read_text() + promises)
    groups = part(busy, "sla")["sla"]
    for clock in ("first_response", "next_response", "resolution"):
        mine = [each for each in groups if each["clock"] == clock]
        whole = mine[-1]
        assert whole["by"] == whole["group"] == "all"
        for by in ("urgency", "policy"):
            for key in ("met", "breached", "running", "closed"):
                assert sum(each[key] for each in mine if each["by"] == by) == whole[key]
    named = {(each["clock"], each["group"]): each for each in groups if each["by"] == "policy"}
    assert named["first_response", "bad"]["target_seconds"] == 7200
    assert named["resolution", "bad"]["running"] == 1
    assert ("resolution", "[sla]") not in named
    summary = part(busy, "summary")["response"]["sla"]
    (whole,) = (each for each in groups if each["clock"] == "first_response" and each["by"] == "all")
    assert (whole["met"], whole["breached"]) == (summary["met"], summary["breached"])
    text = busy.run("report", "sla", "--since", "2026-11-20").stdout
    assert "Next-response targets" in text
    assert "policy bad" in text


def test_backlog_ages_and_the_never_answered(busy: World) -> None:
    backlog = busy.json("report", "backlog")["backlog"]
    assert backlog["open"] == sum(backlog["by_age"].values()) == sum(backlog["by_intent"].values())
    assert backlog["by_age"]["1 to 3 days"] == 1
    assert (backlog["oldest"][0]["handle"], backlog["oldest"][0]["seconds"]) == ("old", 52 * 3600)
    unanswered = part(busy, "unanswered")["unanswered"]
    assert unanswered["count"] == len(unanswered["cases"])
    assert {"bob", "zuzka"} <= {case["handle"] for case in unanswered["cases"]}


def test_voice_questions_agents_ambassadors_and_reach(busy: World) -> None:
    topics = {each["topic"]: each for each in part(busy, "voice")["voice"]["topics"]}
    assert (topics["baggage"]["mentions"], topics["baggage"]["before"]) == (1, 0)
    assert topics["baggage"]["quotes"][0]["handle"] == "zoe"
    found = part(busy, "questions")["questions"]
    assert (found[0]["count"], found[0]["answered"], found[0]["knowledge"]) == (2, 0, None)
    (agent,) = part(busy, "agents")["agents"]
    assert (agent["agent"], agent["replies"], agent["cases"], agent["first_response"]["count"]) == ("acme", 2, 1, 1)
    (kim,) = part(busy, "ambassadors")["ambassadors"]
    assert (kim["handle"], kim["answers"], kim["helped"], kim["thanked"]) == ("kim", 1, 1, 1)
    customers, brand = part(busy, "reach")["reach"]
    assert (customers["followers"], customers["followers_known"], customers["authors"]) == (500, 1, 4)
    assert (brand["followers"], brand["likes"]) == (None, None)


def test_share_of_voice_is_refused_with_the_reason(busy: World) -> None:
    assert "no competitor is configured" in busy.run("report", "share-of-voice", expect=1).stderr
    busy.write("care.toml", busy.config.read_text() + '\n[report.competitors]\nRival = ["rival"]\n')
    assert "no source searches" in busy.run("report", "share-of-voice", expect=1).stderr


def test_share_of_voice_counts_what_one_source_heard_of_all(busy: World) -> None:
    rows = ["@acme is late", "rival is late", "Rival and acme are both late", "rivalry is fun"]
    lines = [
        {"id": f"s{n}", "text": text, "author": f"a{n}", "created_at": DAY.format("11:00")}
        for n, text in enumerate(rows)
    ]
    busy.write("heard.jsonl", "\n".join(map(json.dumps, lines)))
    path = str(busy.folder / "heard.jsonl")
    busy.write("care.toml", busy.config.read_text() + '\n[report.competitors]\nRival = ["rival"]\n')
    busy.run("source", "add", "file", "heard", "--set", f"path={path}")
    busy.run("fetch")
    found = part(busy, "share-of-voice")["share_of_voice"]
    assert found["sources"] == ["heard"]
    assert [(each["name"], each["mentions"]) for each in found["names"]] == [("Acme", 2), ("Rival", 2)]
    busy.run("prune", "--before", "1s", "--yes")
    refused = busy.run("report", "share-of-voice", expect=1).stderr
    assert "are pruned" in refused
    assert "--since" in refused


@pytest.mark.parametrize("name", [name for name in PARTS if name != "share-of-voice"])
def test_anonymised_reports_name_and_quote_nobody(busy: World, name: str) -> None:
    said = "".join(busy.run("report", name, "--anonymise", "--format", form).stdout for form in ("json", "md"))
    for word in ("zoe", "bob", "kim", "zuzka", "lost", "Sunday", "terrible"):
        assert word not in said


def test_every_figure_can_be_explained_and_the_explanation_adds_up(busy: World) -> None:
    response = part(busy, "response")["response"]
    figures = {
        "response-rate": response["response_rate"],
        "unanswered-complaints": response["unanswered_complaints"],
        "first-response": response["first_response"]["median_seconds"],
        "first-response-business": response["first_response_business"]["median_seconds"],
        "next-response": response["next_response"]["median_seconds"],
        "first-resolution": response["first_resolution"]["median_seconds"],
        "resolution": response["resolution"]["median_seconds"],
        "sla": response["sla"]["rate"],
        "backlog": response["backlog_open"],
        "reopen-rate": response["reopen_rate"],
        "replies-per-resolution": response["replies_per_resolution"],
        "net-sentiment": busy.json("report", "--since", "2026-11-20")["service"]["net_sentiment"],
    }
    for figure, value in figures.items():
        told = part(busy, "summary", "--explain", figure)["explain"]
        assert (told["figure"], told["value"]) == (figure, value)
        assert told["arithmetic"]
    rate = part(busy, "summary", "--explain", "response-rate")["explain"]["cases"]
    assert len(rate) == response["needing_reply"]
    assert sum(case["counted"] == "answered" for case in rate) == response["answered"]
    sla = part(busy, "summary", "--explain", "sla")["explain"]["cases"]
    assert sum(case["counted"] == "met" for case in sla) == response["sla"]["met"]
    text = busy.run("report", "--explain", "response-rate").stdout
    assert "answered ÷ needing a reply" in text
    assert "first-response" in busy.run("report", "--explain", "nothing", expect=2).stderr


@pytest.mark.parametrize(
    ("zone", "starts", "now", "since", "until"),
    [
        # clocks change on Sunday 2026-03-29: that day has 23 hours in Warsaw
        ("Europe/Warsaw", "monday", "2026-03-31T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Warsaw", "sunday", "2026-03-31T12:00:00Z", "2026-03-21T23:00:00Z", "2026-03-28T23:00:00Z"),
        ("Asia/Jerusalem", "sunday", "2026-11-22T00:00:00Z", "2026-11-14T22:00:00Z", "2026-11-21T22:00:00Z"),
        ("Asia/Jerusalem", "monday", "2026-11-22T00:00:00Z", "2026-11-08T22:00:00Z", "2026-11-15T22:00:00Z"),
    ],
)
def test_a_week_is_the_last_complete_one_of_the_teams_zone(
    world: World, zone: str, starts: str, now: str, since: str, until: str
) -> None:
    world.write("care.toml", f'[brand]\ntimezone = "{zone}"\n[report]\nweek_starts = "{starts}"\n')
    world.env["CARE_NOW"] = now
    period = world.json("report", "--period", "week")["period"]
    assert (period["since"], period["until"]) == (since, until)


def test_frequent_questions_show_the_article_that_answers_them_or_none(busy: World) -> None:
    busy.write("hours.md", "# When we open\n\nWe open at nine on Sunday, and at eight on all other days.\n")
    busy.run("kb", "import", str(busy.folder / "hours.md"))
    busy.mentions({"id": "20", "author": "ann", "text": "@acme which colour is your logo?"})
    busy.say(_20="question")
    found = {each["question"]: each for each in part(busy, "questions")["questions"]}
    sunday = found["@acme when do you open on Sunday?"]
    assert (sunday["knowledge"], sunday["count"]) == ("When we open", 2)
    assert busy.json("kb", "show", str(sunday["article"]))["title"] == "When we open"
    logo = found["@acme which colour is your logo?"]
    assert (logo["knowledge"], logo["article"]) == (None, None)
    assert "none" in busy.run("report", "questions", "--since", "2026-11-20").stdout
    assert part(busy, "questions", "--anonymise")["questions"][0]["knowledge"] == "When we open"


def test_coverage_says_since_when_a_source_is_silent_or_fails(world: World) -> None:
    world.init()
    times = [f"2026-11-{17 + hour // 24}T{hour % 24:02d}:00:00Z" for hour in range(48)]
    rows = [{"id": at, "author": "zoe", "text": "hello", "created_at": at} for at in times]
    path = world.write("posts.jsonl", "\n".join(map(json.dumps, rows)))
    world.write("care.toml", world.config.read_text() + f'\n[sources.posts]\nplatform = "file"\npath = "{path}"\n')
    world.env["CARE_NOW"] = "2026-11-18T23:30:00Z"
    world.run("fetch")
    (source,) = world.json("report", "coverage")["coverage"]
    assert (source["silent_since"], source["failing_since"]) == (None, None)
    world.env["CARE_NOW"] = "2026-11-19T23:30:00Z"
    world.run("fetch")
    whole = world.json("report", "coverage")
    (source,) = whole["coverage"]
    assert (source["silent_since"], source["failing_since"]) == ("2026-11-18T23:00:00Z", None)
    assert whole["fetch_lag"]["posts"]["median_seconds"] == 24 * 3600
    assert "Silent for longer than usual" in world.run("report").stdout
    (then,) = world.json("report", "coverage", "--until", "2026-11-18")["coverage"]
    assert then["silent_since"] is None  # at the end of that period it was not
    path.unlink()
    world.env["CARE_NOW"] = "2026-11-20T00:30:00Z"
    world.run("fetch", expect=(1, 4))
    (source,) = world.json("report", "coverage")["coverage"]
    assert source["last_error"]
    assert source["failing_since"] == "2026-11-19T23:30:00Z"


def test_what_was_written_in_this_very_second_is_in_the_report(world: World) -> None:
    world.init()
    world.env["CARE_NOW"] = "2026-11-20T12:00:00.900Z"
    world.mentions({"text": "@acme my bag is lost", "created_at": "2026-11-20T12:00:00Z"})
    assert world.json("report")["mentions"]["total"] == 1


def test_the_backlog_says_of_a_case_what_the_queue_says(world: World) -> None:
    world.init()
    told = [("1", "zoe", "@acme smoke in car 4!", None), ("2", "acme", "Staff are with you, Zoe.", "1")]
    told.append(("3", "zoe", "All fine again. And who pays for my coat?", "2"))
    world.mentions(
        *(
            {"id": number, "author": who, "text": text, "in_reply_to": to, "created_at": DAY.format(f"0{number}:00")}
            for number, who, text, to in told
        )
    )
    world.say(_1="emergency", _3="question")
    (waiting,) = world.json("queue")
    backlog = world.json("report", "backlog")["backlog"]
    assert (waiting["intent"], list(backlog["by_intent"])) == ("question", ["question"])
    assert list(backlog["by_urgency"]) == [waiting["urgency"]]
