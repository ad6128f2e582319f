"""Matrix's events, read leniently: what they answer, what they replace, their text. Pure functions, no network."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from carecli.model import Receipt
from carecli.platforms.web.fields import Fields, moment


def at(data: object, *names: str) -> Any:
    """What stands at `names`, whose dots are part of them; None where nothing does."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def an_id(data: object, *names: str) -> str | None:
    """The text at `names` where it can be an event's name."""
    found = at(data, *names)
    return found if isinstance(found, str) and 0 < len(found) <= 255 else None


def replaced(content: object) -> str | None:
    """The event that one with this content edits."""
    return (
        an_id(content, "m.relates_to", "event_id") if at(content, "m.relates_to", "rel_type") == "m.replace" else None
    )


def answered(content: object) -> str | None:
    """The event that one with this content answers."""
    return an_id(content, "m.relates_to", "m.in_reply_to", "event_id")


def thread(content: object) -> str | None:
    """The event that the thread of one with this content begins with."""
    return an_id(content, "m.relates_to", "event_id") if at(content, "m.relates_to", "rel_type") == "m.thread" else None


def redacted(event: Fields) -> bool:
    """Whether `event` is a message whose words were taken away."""
    return isinstance(at(event.data, "unsigned", "redacted_because"), dict) and not at(event.data, "content", "body")


def taken_away(event: Fields) -> str | None:
    """The message that `event` says is gone: by redacting it, or because it is itself what was redacted.

    Since room version 11 the name stands in the content. Servers pass on only redactions that count.
    """
    if event.text("type") == "m.room.redaction":
        return an_id(event.data, "redacts") or an_id(event.data, "content", "redacts")
    return an_id(event.data, "event_id") if redacted(event) else None


def newer_text(edit: object) -> str:
    """The text that the event `edit` puts in place of another one's."""
    return Fields({"body": at(edit, "content", "m.new_content", "body")}).text("body")


def bundled_edit(event: Fields) -> Fields | None:
    """The newest edit of `event`, which servers give beside the old text."""
    found = at(event.data, "unsigned", "m.relations", "m.replace")
    return Fields(found) if isinstance(found, dict) and newer_text(found) else None


def without_quotation(text: str, parent: str | None) -> str:
    """`text` without the quotation that older clients put before an answer."""
    if parent and text.startswith("> <@"):
        quoted, _, rest = text.partition("\n\n")
        if all(line.startswith(">") for line in quoted.split("\n")):
            return rest or text
    return text


def time_of(event: Fields) -> datetime:
    found = event.count("origin_server_ts")
    at = moment(found / 1000) if found is not None else None
    if at is None:
        raise ValueError("a message has no time")
    return at


def url_of(room: str, event: str, server: str) -> str:
    return f"https://matrix.to/#/{room}/{event}" + (f"?via={server}" if server else "")


def receipt(room: str, event: Fields) -> Receipt:
    name, sent = event.id("event_id"), event.count("origin_server_ts")
    return Receipt(f"{room}/{name}", url_of(room, name, room.partition(":")[2]), moment(sent / 1000) if sent else None)
