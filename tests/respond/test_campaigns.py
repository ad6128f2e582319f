"""Campaigns over a network in memory: who is found, who is left alone, what goes out, what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from carecli import act, campaigns, listen, respond
from carecli.config import Brand, Campaign, Config, Source
from carecli.errors import Conflict, NotFound, Refused, UsageError
from carecli.platforms import memory
from carecli.platforms.memory import Network, Post
from carecli.replies.stopping import asks_to_stop
from carecli.replies.young import says_minor
from carecli.reporting import campaigning
from carecli.responding import outreach
from carecli.store import Store, customers, replies
from carecli.store import campaigns as rows
from tests.core.tools import NOW

COLD = Campaign(
    "cold OR sneezing",
    messages={"en": ["Get well soon! May we send you a box of tissues today?", "A box of tissues is yours, shall we?"]},
    within="2h",
)


@dataclass
class Street:
    """A brand that reads a whole network, and people in it."""

    store: Store
    network: Network
    config: Config
    now: datetime = NOW

    def campaign(self, **more: Any) -> Street:
        self.config = replace(self.config, campaigns={"colds": replace(COLD, **more)})
        return self

    def says(self, who: str, text: str, to: Post | None = None, ago: float = 30) -> Post:
        post = self.network.say(who, text, at=self.now - timedelta(minutes=ago), language="en", reply_to=to)
        self.fetch()
        return post

    def fetch(self) -> None:
        listen.fetch(self.store, self.config, now=self.now)
        act.triage_new(self.store, self.config, now=self.now)

    def label(self, post: Post, **signals: Any) -> None:
        (row,) = self.store.rows("SELECT mention_id FROM mentions WHERE external_id = ?", [post.id])
        act.label(self.store, self.config, row["mention_id"], signals, now=self.now, agent="leo")

    def found(self) -> dict[str, str | None]:
        """Who is found, and why nothing is proposed."""
        every = campaigns.find(self.store, self.config, "colds", now=self.now)
        return {one.row["handle"]: one.because for one in every}

    def propose(self, count: int | None = None) -> list[int]:
        """The numbers of the drafts."""
        made = campaigns.propose(self.store, self.config, "colds", now=self.now, agent="leo", count=count)
        return [draft.draft_id for _, draft in made if draft.draft_id is not None]

    def send(self, draft: int) -> str:
        row = replies.draft(self.store, draft)
        number = respond.approve(self.store, row["case_id"], row["text"], now=self.now, agent="leo", draft=draft)
        (sent,) = respond.send(self.store, self.config, [number], now=self.now)
        act.triage_new(self.store, self.config, now=self.now)
        return str(sent["status"])

    def blocks(self, draft: int) -> list[str]:
        row = replies.draft(self.store, draft)
        found = respond.check(self.store, self.config, row["case_id"], row["text"], now=self.now, draft=draft)
        return [one.message for one in found if one.rule == "campaign" and one.severity == "block"]

    def actions(self) -> list[dict[str, Any]]:
        return campaigns.listed(self.store, self.config, "colds", now=self.now)


@pytest.fixture
def street(store: Store) -> Iterator[Street]:
    name = f"street-{uuid.uuid4().hex}"
    network = memory.network(name)
    settings = {"network": name, "handle": "acme", "keywords": "cold,sneezing,acme,tissues"}
    config = Config(
        brand=Brand("Acme", ["acme"], keywords=["tissues"]),
        sources={"town": Source("town", "memory", settings=settings)},
        campaigns={"colds": COLD},
    )
    made = Street(store, network, config)
    network.clock = lambda: made.now
    yield made
    memory.close(name)


def test_from_a_sneeze_to_the_figures(street: Street) -> None:
    ill = street.says("ann", "such a cold today, sneezing all morning")
    street.says("bob", "@acme when do you open?")
    assert street.found() == {"ann": None}
    (draft,) = street.propose()
    assert street.found() == {"ann": "taken up or passed over already"}
    text = replies.draft(street.store, draft)["text"]
    assert "tissues" in text
    assert street.blocks(draft) == []
    assert [one["state"] for one in street.actions()] == ["proposed"]
    with pytest.raises(Conflict, match="nothing was sent"):
        campaigns.record(street.store, street.config, 1, "fulfilled", now=street.now, agent="leo")
    assert street.send(draft) == "sent"
    (answer,) = [post for post in street.network.posts.values() if post.author.handle == "acme"]
    assert (answer.text, answer.reply_to) == (text, ill.id)

    street.now += timedelta(hours=1)
    street.network.account("ann", followers=300)
    thanks = street.says("ann", "thank you so much, that is lovely!", answer, ago=10)
    street.label(thanks, intent="praise", sentiment="positive")
    done = campaigns.record(street.store, street.config, 1, "fulfilled", now=street.now, agent="leo", note="by bike")
    assert done["outcomes"] == ["answered", "fulfilled", "thanked"]
    assert done["in_time"] is True
    figures = campaigning.figures(
        street.store, street.config, "colds", since=None, until=street.now + timedelta(seconds=1)
    )
    assert (figures.proposed, figures.done, figures.answered, figures.thanked, figures.fulfilled) == (1, 1, 1, 1, 1)
    assert (figures.mentions, figures.positive, figures.share_of_positive) == (1, 1, 1.0)
    assert (figures.reach.authors, figures.reach.followers) == (1, 300)
    with pytest.raises(UsageError, match="no outcome"):
        campaigns.record(street.store, street.config, 1, "amazed", now=street.now, agent="leo")


def test_silence_is_no_interest_after_a_while(street: Street) -> None:
    street.says("ann", "what a cold")
    street.send(street.propose()[0])
    assert street.actions()[0]["outcomes"] == []
    street.now += timedelta(days=4)
    assert street.actions()[0]["outcomes"] == ["ignored"]


def test_limits_per_day_and_per_person(street: Street) -> None:
    street.campaign(per_day=2)
    for who in ("ann", "bob", "kim"):
        street.says(who, "such a cold today")
    street.label(street.says("kim", "still this cold, still sneezing", ago=5), intent="chatter")
    first = street.propose()
    assert len(first) == 2
    with pytest.raises(Refused, match="its 2 messages of today"):
        street.propose()
    # what nobody sent yesterday does not come on top of today's
    street.now += timedelta(days=1)
    assert [street.send(draft) for draft in first] == ["sent", "sent"]
    with pytest.raises(Refused, match="its 2 messages of today"):
        street.propose()
    street.campaign(per_day=9)
    assert len(street.propose()) == 1  # of ann, bob and kim, whoever is left; kim wrote twice
    assert set(street.found().values()) <= {"taken up or passed over already", "written to already in the last 30d"}


def test_two_campaigns_do_not_write_to_one_person(street: Street) -> None:
    street.says("ann", "such a cold today, and the gate is closed")
    gate = Campaign("gate", messages={"en": ["Coffee is on us."]})
    street.config = replace(street.config, campaigns={"colds": COLD, "gates": gate})
    street.propose()
    found = list(campaigns.find(street.store, street.config, "gates", now=street.now))
    assert [one.because for one in found] == ["written to already in the last 30d"]


def test_who_has_other_worries_is_left_alone(street: Street) -> None:
    worries = {
        "ann": ({"intent": "complaint"}, "a complaint is open"),
        "bob": ({"intent": "emergency"}, "an emergency is open"),
    }
    for who, (signals, _) in worries.items():
        street.says(who, "such a cold today", ago=40)
        street.label(street.says(who, "@acme about something else", ago=20), **signals)
    street.label(street.says("kid", "such a cold today. I am 12 years old, my mum is out"), intent="chatter")
    street.label(street.says("tom", "such a cold today, I hate this"), intent="complaint")  # not of us
    found = street.found()
    for who, (_, why) in worries.items():
        assert (found[who] or "").startswith(why)
    assert found["kid"] == "signs of a minor"
    assert found["tom"] is None
    assert len(street.propose()) == 1


def test_a_worry_that_comes_between_proposal_and_sending_stops_it(street: Street) -> None:
    street.says("ann", "such a cold today", ago=40)
    (draft,) = street.propose()
    street.label(street.says("ann", "@acme you lost my parcel", ago=20), intent="complaint")
    assert ["a complaint is open" in words for words in street.blocks(draft)] == [True]
    assert street.send(draft) == "failed"
    (row,) = replies.unfinished(street.store)
    assert "a complaint is open" in row["last_error"]
    assert [post for post in street.network.posts.values() if post.author.handle == "acme"] == []


def test_the_do_not_contact_list(street: Street) -> None:
    street.campaign(do_not_contact=["@Bob"])
    for who in ("ann", "bob", "kim"):
        street.says(who, "such a cold today")
    with street.store.write() as connection:
        rows.block(connection, "", "@Ann", now=street.now, agent="leo", because=None)
    assert street.found() == {"ann": (no := "on the do-not-contact list"), "bob": no, "kim": None}
    # an account that is linked with one on the list is the same person
    ann, kim = (customers.by_handle(street.store, who)[0]["author_id"] for who in ("ann", "kim"))
    with street.store.write() as connection:
        customers.link(connection, ann, kim)
    assert street.found()["kim"] == no


def test_who_asks_us_to_stop_is_never_written_to_again(street: Street) -> None:
    first = street.says("ann", "such a cold today", ago=40)
    street.send(street.propose()[0])
    street.now += timedelta(days=60)
    street.says("ann", "@acme please stop contacting me", first)
    street.says("bob", "stop messaging me about your cold, mum", ago=20)  # not said to us
    street.says("ann", "again such a cold", ago=5)
    assert [(row["handle"], row["agent"], row["because"]) for row in rows.blocked(street.store)] == [
        ("ann", None, "asked us to stop")
    ]
    assert street.found()["ann"] == "on the do-not-contact list"
    assert "complained" in street.actions()[0]["outcomes"]
    with street.store.write() as connection:
        assert rows.unblock(connection, "", "ann", now=street.now, agent="leo") == 1
        assert rows.unblock(connection, "", "ann", now=street.now, agent="leo") == 0
    assert street.found()["ann"] is None  # a person decided so
    street.says("ann", "@acme stop writing to me!", ago=2)
    assert street.found()["ann"] == "on the do-not-contact list"


def test_who_asked_us_to_stop_before_there_was_a_campaign(street: Street) -> None:
    asked, street.config = street.config, replace(street.config, campaigns={})
    street.says("ann", "@acme unsubscribe", ago=60)
    street.config = asked
    assert rows.blocked(street.store) == []
    street.says("ann", "such a cold today")
    assert street.found()["ann"] == "asked us to stop"


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("@acme please stop contacting me", True),
        ("Don't message me again!", True),
        ("unsubscribe", True),
        ("leave me alone @acme", True),
        ("please stop the delivery, I am not home", False),
        ("do not forget to contact me", False),
        ("@acme proszę nie pisać do mnie więcej", True),
        ("Przestańcie do mnie pisać", True),
        ("dajcie mi spokój", True),
        ("nie piszcie, że nie ma paczki", False),
        ("@acme תפסיקו לשלוח לי הודעות", True),
        ("אל תפנו אליי יותר", True),
        ("אל תשכחו אותי", False),
        ("请不要再给我发消息", True),
        ("别再联系我", True),
        ("退订", True),
        ("请联系我", False),
        ("我不要这个颜色", False),
    ],
)
def test_asking_to_stop_in_four_languages(text: str, stop: bool) -> None:
    assert asks_to_stop(text) is stop


@pytest.mark.parametrize(
    ("text", "young"),
    [
        ("I am 12 years old, my mum is out", True),
        ("i'm 14 and so bored", True),
        ("I'm 15.", True),
        ("my mom won't let me buy it", True),
        ("I am 45 years old", False),
        ("I am 5 minutes away", False),
        ("I'm 17 km from the gate", False),
        ("my son is at work, I am 170 cm", False),
        ("Mam 13 lat i katar", True),
        ("mam 30 lat", False),
        ("mam 13 paczek", False),
        ("chodzę do podstawówki", True),
        ("אני בת 14 וחולה", True),
        ("אני בן 40", False),
        ("אני בכיתה ז", True),
        ("我今年12岁，感冒了", True),
        ("我25岁", False),
        ("我是初中生", True),
        ("我在小区门口", False),
    ],
)
def test_who_says_that_they_are_young(text: str, young: bool) -> None:
    assert says_minor(text) is young


def test_a_campaign_has_its_days(street: Street) -> None:
    street.says("ann", "such a cold today")
    street.campaign(since=date(2026, 11, 21), until=date(2026, 11, 21))
    with pytest.raises(Refused, match="it begins on 2026-11-21"):
        street.propose()
    street.campaign(since=date(2026, 11, 20), until=date(2026, 11, 20))
    (draft,) = street.propose()
    street.now = datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(Refused, match="it ended on 2026-11-20"):
        street.propose()
    assert "it ended on 2026-11-20" in street.blocks(draft)[0]
    with pytest.raises(NotFound, match="no campaign is called 'nobody'"):
        campaigns.propose(street.store, street.config, "nobody", now=street.now, agent="leo")


def test_what_a_campaign_looks_at(street: Street) -> None:
    old = street.says("old", "such a cold today", ago=3 * 24 * 60)
    street.says("ann", "such a cold today")
    street.says("eve", "ein cold case, sneezing")
    street.label(street.says("spam", "cold cold cold"), intent="spam")
    talked = street.says("kim", "sneezing here")
    street.network.say("acme", "Bless you!", reply_to=talked, at=street.now - timedelta(minutes=5))
    street.says("ola", "sneezing", ago=20)
    street.says("ola", "it is over", next(p for p in street.network.posts.values() if p.author.handle == "ola"), ago=3)
    found = street.found()
    assert old.author.handle not in found
    assert "spam" not in found
    assert found["kim"] == "we are in this conversation already"
    assert found["ola"] == "the conversation has gone on"
    assert found["ann"] is None
    street.campaign(sources=["elsewhere"])
    assert street.found() == {}
    street.campaign(messages={"pl": ["Zdrowia!"]})
    assert street.found()["ann"] == "there is no message in the language en"
    assert street.propose() == []


def test_what_was_passed_over_is_not_found_again(street: Street) -> None:
    street.says("ann", "such a cold today")
    campaigns.skip(street.store, street.config, "colds", 1, now=street.now, agent="leo", because="a joke")
    assert [(one["state"], one["note"]) for one in street.actions()] == [("skipped", "a joke")]
    assert street.propose() == []
    with pytest.raises(Conflict, match="passed over already"):
        campaigns.skip(street.store, street.config, "colds", 1, now=street.now, agent="leo", because=None)
    street.says("bob", "@acme hello?")
    with pytest.raises(NotFound, match="finds nothing in case 2"):
        campaigns.skip(street.store, street.config, "colds", 2, now=street.now, agent="leo", because=None)


def test_a_rejected_proposal_counts_in_no_limit(street: Street) -> None:
    street.campaign(per_day=1)
    street.says("ann", "such a cold today")
    street.says("bob", "again such a cold", ago=50)
    (draft,) = street.propose()
    row = replies.draft(street.store, draft)
    respond.propose(
        street.store,
        street.config,
        row["case_id"],
        row["text"],
        [],
        now=street.now,
        agent="leo",
        voice=None,
        draft=draft,
    )
    respond.decide(street.store, draft, approve=False, now=street.now, agent="mia", because="not funny")
    assert [one["state"] for one in street.actions()] == ["rejected"]
    assert len(street.propose()) == 1


def test_lifts_compare_with_the_same_time_before(street: Street) -> None:
    day = 24 * 60
    street.says("old", "@acme hello", ago=9 * day)  # somebody listened that long ago
    for number in range(2):
        street.says(f"a{number}", "@acme nice tissues", ago=3 * day)
        street.says(f"b{number}", "a cold", ago=3 * day)
    street.campaign(since=date(2026, 11, 19), until=date(2026, 11, 20), fresh="3d")
    for number in range(3):
        street.says(f"c{number}", "my tissues are the best", ago=60 + number)
    street.says("d", "what a cold", ago=50)
    street.now = datetime(2026, 11, 21, tzinfo=UTC)
    found = campaigning.figures(street.store, street.config, "colds", since=None, until=street.now)
    assert found.since == datetime(2026, 11, 19, tzinfo=UTC)
    assert found.mention_lift == outreach_lift(3, 2, 0.5)
    assert found.category_lift == outreach_lift(1, 2, -0.5)


def outreach_lift(now: int, before: int, share: float) -> Any:
    from carecli.reports.campaigns import Lift

    return Lift(now, before, share)


def test_nothing_is_known_of_a_time_in_which_nobody_listened(street: Street) -> None:
    street.says("ann", "such a cold today")
    street.campaign(since=date(2026, 11, 20))
    found = campaigning.figures(street.store, street.config, "colds", since=None, until=street.now)
    assert (found.category_lift.now, found.category_lift.before, found.category_lift.lift) == (1, None, None)
    assert found.interaction_lift.now is None


def test_the_days_are_those_of_the_brand(street: Street) -> None:
    warsaw = replace(street.config, brand=replace(street.config.brand, timezone="Europe/Warsaw"))
    asked = Campaign("x", since=date(2026, 11, 20))
    assert outreach.window(warsaw, asked)[0] == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert outreach.day_start(warsaw, NOW) == "2026-11-19T23:00:00Z"
