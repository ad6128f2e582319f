"""A draft answers one message: where the customer has written since, neither it nor its approval goes out."""

from __future__ import annotations

import pytest

from carecli import respond
from carecli.config import Brand, Config, Source, Voice
from carecli.errors import Conflict
from carecli.store import Store, replies
from carecli.store.unsent import Unsent
from carecli.workspace import answering
from carecli.workspace.seat import Seat
from tests.core.tools import NOW, arrive, said

STRICT = Config(brand=Brand("Acme", ["@acme"]), voices={"acme": Voice(approval=True)})


@pytest.fixture
def seat(store: Store) -> Seat:
    arrive(store, said("1", 1, text="@acme where is my bag?"), config=STRICT)
    return Seat(store, STRICT, "mia", lambda: NOW)


def overtake(store: Store) -> None:
    arrive(store, said("2", 2, text="@acme it has come!", to="1"), config=STRICT)


def test_an_approval_of_an_answer_to_an_earlier_message_is_asked_for_again(seat: Seat, store: Store) -> None:
    opened = answering.answer(seat, 1)
    text, draft = opened.drafts[0].text, opened.drafts[0].draft_id
    value = Unsent(1, "mia", text, draft, read=opened.seen.message)
    assert answering.approve(seat, value).draft == draft
    assert draft is not None
    respond.decide(store, draft, approve=True, now=NOW, agent="leo")
    overtake(store)
    with pytest.raises(Conflict, match=r"nothing was sent\. It says: “@acme it has come!”"):
        answering.approve(seat, value)
    assert replies.draft(store, draft)["approval"] == "approved"
    # at the screen the writer has now read it; the one who agreed has not
    now_read = Unsent(1, "mia", text, draft, read=answering.answer(seat, 1).seen.message)
    again = answering.approve(seat, now_read)
    assert (again.reply, again.draft) == (None, draft)
    assert replies.draft(store, draft)["approval"] == "waiting"
    respond.decide(store, draft, approve=True, now=NOW, agent="leo")
    assert answering.approve(seat, now_read).reply is not None


def test_a_draft_is_refused_also_where_nobody_knows_what_was_read(seat: Seat, store: Store) -> None:
    one = answering.answer(seat, 1).drafts[0]
    overtake(store)
    with pytest.raises(Conflict, match="older than the customer's newest message"):
        answering.approve(seat, Unsent(1, "mia", one.text, one.draft_id))
    with pytest.raises(Conflict, match="older than the customer's newest message"):
        respond.approve(store, 1, one.text, now=NOW, draft=one.draft_id)
    assert replies.unfinished(store) == []


def test_a_new_message_that_is_gone_is_not_repeated(seat: Seat, store: Store) -> None:
    one = answering.answer(seat, 1).drafts[0]
    arrive(store, said("2", 2, text="@acme it has come! " + "x" * 400, to="1"), config=STRICT)
    with pytest.raises(Conflict) as refused:
        respond.approve(store, 1, one.text, now=NOW, draft=one.draft_id)
    assert refused.value.message.endswith("xxx…”")
    with store.write() as connection:
        connection.execute("UPDATE mentions SET deleted_at = '2026-11-20T12:00:00Z', text = '' WHERE external_id = '2'")
    with pytest.raises(Conflict, match="It was deleted since"):
        respond.approve(store, 1, one.text, now=NOW, draft=one.draft_id)


def test_a_draft_speaks_in_the_voice_of_the_source_that_brought_the_message(store: Store) -> None:
    voices = {"acme": Voice(signature="– Acme"), "club": Voice(signature="– Club")}
    config = Config(
        brand=Brand("Acme", ["@acme"]),
        voices=voices,
        sources={"stream": Source("stream", "memory", voice="club"), "plain": Source("plain", "memory")},
    )
    arrive(store, said("1", 1), source="stream", config=config)
    arrive(store, said("2", 2, who="bob"), source="plain", config=config)
    for case, voice in ((1, "club"), (2, "acme")):
        drafts = respond.draft(store, config, case, now=NOW, agent="leo")
        assert {one.voice for one in drafts} == {voice}
        assert all(one.text.endswith(voices[voice].signature) for one in drafts)
        assert respond.draft(store, config, case, now=NOW, voice="acme")[0].voice == "acme"
