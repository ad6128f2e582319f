"""The doors through which Mastodon's JSON comes in: only what is needed, lenient about the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from carecli.model import JSON, Author, Mention, Visibility
from carecli.platforms.web.markup import sound, to_text
from carecli.text import single_line

VISIBILITIES: dict[str, Visibility] = {
    "public": "public",
    "unlisted": "unlisted",
    "private": "followers",
    "direct": "direct",
}


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def _or_none(value: Any, handler: Any) -> Any:
    """What cannot be read is unknown; for what nothing depends on."""
    try:
        return handler(value)
    except ValidationError:
        return None


def _id(value: str) -> str:
    if not value or value != sound(value) or len(value) > 500:
        raise PydanticCustomError("id", "is no id")
    return value


def _utc(value: datetime) -> datetime:
    """In UTC, and neither in the future nor before there were computers: authors may claim any time."""
    try:
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise PydanticCustomError("time", "is out of range") from None
    return min(max(moment, EPOCH), datetime.now(UTC))


Id = Annotated[str, AfterValidator(_id)]
Text = Annotated[str, AfterValidator(sound)]
Time = Annotated[datetime, AfterValidator(_utc)]
Note = Annotated[Text | None, WrapValidator(_or_none)]
Count = Annotated[int | None, WrapValidator(_or_none)]
LooseTime = Annotated[Time | None, WrapValidator(_or_none)]


class Door(BaseModel):
    """Numbers may come where ids are text; fields that are not named here are ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True, extra="ignore", frozen=True)


class Account(Door):
    id: Id
    acct: Text
    display_name: Note = None
    followers_count: Count = None
    url: Note = None


class Mentioned(Door):
    id: Id


class Status(Door):
    id: Id
    created_at: Time
    account: Account
    content: Text
    url: Note = None
    uri: Note = None
    visibility: Note = "public"
    language: Note = None
    spoiler_text: Note = None
    in_reply_to_id: Note = None
    in_reply_to_account_id: Note = None
    edited_at: LooseTime = None
    favourites_count: Count = None
    reblogs_count: Count = None
    replies_count: Count = None
    mentions: Annotated[list[Mentioned] | None, WrapValidator(_or_none)] = None
    reblog: Any = None


class Notification(Door):
    id: Id
    type: str
    created_at: Time


D = TypeVar("D", bound=Door)


def read(door: type[D], value: object) -> D | str:
    """`value` through a door, or in one line what is wrong with it."""
    try:
        return door.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return single_line(f"{place}: {first['msg']}" if place else first["msg"])


class Mapper:
    """Statuses as mentions, seen from the own account."""

    def __init__(self, host: str, account: Account, handles: Iterable[str] = ()) -> None:
        self._host = host
        self._account = account
        self._own = {
            self.handle(account),
            *(handle.lstrip("@").lower() for handle in handles if "@" in handle[1:]),
        }

    def handle(self, account: Account) -> str:
        """`user@host` in lower case, also for the accounts that the server itself names without a host."""
        acct = account.acct.lstrip("@").lower()
        return acct if "@" in acct else f"{acct}@{self._host}"

    def mention(self, status: Status, raw: JSON, *, directed: bool) -> Mention:
        """`status` as a mention; `directed` False: only if it mentions or answers the account."""
        inbound = status.account.id != self._account.id and self.handle(status.account) not in self._own
        return Mention(
            platform="mastodon",
            host=self._host,
            external_id=status.id,
            text=_text(status),
            created_at=status.created_at,
            author=self._author(status.account),
            url=status.url or status.uri,
            in_reply_to=status.in_reply_to_id or None,
            language=status.language if LANGUAGE.fullmatch(status.language or "") else None,
            # A visibility that nobody knows yet is not for others to see.
            visibility=VISIBILITIES.get(status.visibility or "", "internal"),
            inbound=inbound,
            directed=(directed or self._addresses_us(status)) if inbound else None,
            edited_at=status.edited_at,
            likes=status.favourites_count,
            reposts=status.reblogs_count,
            replies=status.replies_count,
            raw=sound(json.dumps(raw, ensure_ascii=False, separators=(",", ":"))),
        )

    def _addresses_us(self, status: Status) -> bool:
        mentioned = any(other.id == self._account.id for other in status.mentions or ())
        return mentioned or status.in_reply_to_account_id == self._account.id

    def _author(self, account: Account) -> Author:
        return Author(
            handle=self.handle(account),
            name=account.display_name or None,
            id=account.id,
            followers=account.followers_count,
            url=account.url,
        )


def _text(status: Status) -> str:
    """The text under its content warning."""
    parts = (status.spoiler_text or "", to_text(status.content))
    return "\n\n".join(part for part in parts if part)
