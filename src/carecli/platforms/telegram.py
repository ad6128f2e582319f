"""Telegram through a bot: private chats with it, and the groups and channels that it is a member of.

There is no history and no search: a bot gets what is written while it is there, and Telegram keeps that for a day.
Asking for the updates after a number is what confirms those before it, so a page is stored before the next is
asked for. A message's id here is `chat/message`, -100123/55.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from carecli.errors import AuthError, BadAnswer, ConfigError, NotProcessed, PlatformError
from carecli.model import JSON, Author, Mention, Page, Receipt, Reply, Visibility
from carecli.platforms.base import Platform, Setup
from carecli.platforms.web.fields import Fields, language, moment
from carecli.text import fold, single_line

if TYPE_CHECKING:
    from carecli.platforms.web.answers import Answer
    from carecli.platforms.web.api import Api

BASE_URL = "https://api.telegram.org"
LIMIT = 4096
PAGE_SIZE = 100
LONGEST_POLL = 50
KINDS = ("message", "edited_message", "channel_post", "edited_channel_post")
HOW = "make a bot with @BotFather (/newbot) and copy its token; /token shows it again"
POLLED_TWICE = (
    "one program at a time can read a bot's updates: end the other one, or remove its webhook (deleteWebhook)"
)


def measure(text: str) -> int:
    """The length that Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Telegram:
    """Fetcher, Poster and Checker of one bot. Cursor: `{"offset": the first update that is not stored}`."""

    def __init__(self, api: Api, setup: Setup, token: str) -> None:
        self._api = api
        self._token = token
        self._chats = {fold(chat.lstrip("@")) for chat in setup.texts("chats")}
        self._size = setup.whole("page_size", PAGE_SIZE, 1, PAGE_SIZE)
        self._wait = setup.whole("wait", 0, 0, LONGEST_POLL)
        self._own = {fold(name.lstrip("@")) for name in setup.handles if name.strip("@ ")}
        if self._wait and setup.seconds("timeout", 20) <= self._wait:
            raise ConfigError(f"wait of the source '{setup.source}' has to be shorter than its timeout")

    async def check(self) -> str:
        """The bot's name, and what it may read. Raises PlatformError."""
        bot = await self._call("getMe")
        hook = await self._call("getWebhookInfo")
        if hook.text("url"):
            raise PlatformError("the bot's updates go to a webhook", hint=POLLED_TWICE)
        if bot.get("can_read_all_group_messages") is True:
            return f"signed in as @{bot.text('username')}; reads all messages of its groups"
        return (
            f"signed in as @{bot.text('username')}; in groups it reads only what mentions or answers it "
            "(@BotFather, /setprivacy, Disable, then add it to the group again)"
        )

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """What was written since the last fetch, oldest first; the last page is confirmed by the next fetch."""
        bot = await self._call("getMe")
        offset = Fields(cursor).count("offset") or 0
        wait, full = self._wait, True
        while full:
            updates = await self._updates(offset, wait)
            page = self._page(updates, bot, since)
            following = max((number for number, _ in updates), default=offset - 1) + 1
            if updates and following <= offset:
                raise BadAnswer("Telegram gives the same updates again and again")
            offset, wait, full = following, 0, len(updates) >= self._size
            if updates:
                yield Page(page.mentions, {"offset": offset}, page.skipped)

    async def post(self, reply: Reply, *, key: str) -> Receipt:  # noqa: ARG002 - Telegram takes no key
        """Answer in the chat, below the message."""
        chat, number = _place(reply)
        if reply.private and reply.to.visibility != "direct":
            name = (await self._call("getMe")).text("username")
            raise NotProcessed(
                "a bot cannot begin a private chat", hint=f"offer this link: https://t.me/{name}?start=care"
            )
        if (length := measure(reply.text)) > LIMIT:
            raise NotProcessed(f"the reply has {length} characters as Telegram counts; {LIMIT} are allowed")
        answers = {"message_id": number, "allow_sending_without_reply": True}
        body: JSON = {"chat_id": chat, "text": reply.text, "link_preview_options": {"is_disabled": True}}
        topic = (reply.to.thread_root or "").rpartition("/")[2]
        if topic.isdigit():
            body["message_thread_id"] = int(topic)
        try:
            made = await self._send({**body, "reply_parameters": answers})
        except _Moved as moved:
            # In the group's new form messages have other numbers, so there is nothing to point at.
            made = await self._send({**body, "chat_id": moved.chat})
        return Receipt(_id(made), _url(made), moment(made.get("date")))

    async def find(self, key: str, reply: Reply) -> Receipt | None:  # noqa: ARG002
        """Always raises PlatformError: a bot cannot see what it has written."""
        raise PlatformError(
            "Telegram does not show a bot its own messages, so care cannot tell whether this one went out",
            hint=f"look into the chat: {reply.to.url or reply.to.external_id}",
        )

    async def _call(self, method: str, **params: str | int) -> Fields:
        answer = await self._api.json(f"bot{self._token}/{method}", params)
        return Fields(answer.get("result"))

    async def _send(self, body: JSON) -> Fields:
        answer = await self._api.send("POST", f"bot{self._token}/sendMessage", json=body)
        try:
            return Fields(Fields(answer.json()).get("result"))
        except ValueError as error:
            raise BadAnswer(f"{answer.where} did not answer with the message") from error

    async def _updates(self, offset: int, wait: int) -> list[tuple[int, Fields]]:
        allowed = ",".join(f'"{kind}"' for kind in KINDS)
        params: dict[str, str | int] = {
            "offset": offset,
            "limit": self._size,
            "timeout": wait,
            "allowed_updates": f"[{allowed}]",
        }
        data = await self._api.json(f"bot{self._token}/getUpdates", params)
        if not isinstance(data.get("result"), list):
            raise BadAnswer("Telegram did not answer with a list of updates")
        items = [Fields(item) for item in data["result"] if isinstance(item, dict)]
        return [(number, item) for item in items if (number := item.count("update_id")) is not None]

    def _page(self, updates: list[tuple[int, Fields]], bot: Fields, since: datetime | None) -> Page:
        mentions, skipped = dict[str, Mention](), list[str]()
        for number, update in updates:
            said = next((update.get(kind) for kind in KINDS if update.get(kind) is not None), None)
            if said is None:
                continue
            try:
                mention = self._mention(Fields(said), bot)
            except ValueError as error:
                skipped.append(single_line(f"update {number}: {error}"[:300]))
                continue
            if mention is not None and (since is None or (mention.edited_at or mention.created_at) >= since):
                mentions[mention.external_id] = mention
        return Page(tuple(mentions.values()), {}, tuple(skipped))

    def _mention(self, said: Fields, bot: Fields) -> Mention | None:
        """None: nothing was said (somebody joined, a photo without words), or not in a chat that is listened to."""
        chat, text = Fields(said.get("chat")), said.text("text") or said.text("caption")
        names = {fold(chat.text("username")), chat.text("id")} - {""}
        if not text or (self._chats and not self._chats & names):
            return None
        author, ours = self._author(said, chat)
        written, private = said.time("date"), chat.text("type") == "private"
        answered = said.text("reply_to_message.message_id")
        in_topic = said.get("is_topic_message") is True and said.text("message_thread_id")
        inbound = not ours and author.id != bot.text("id") and fold(author.handle) not in self._own
        return Mention(
            platform="telegram",
            external_id=_id(said),
            text=text,
            created_at=written,
            author=author,
            url=_url(said),
            in_reply_to=f"{chat.text('id')}/{answered}" if answered else None,
            thread_root=f"{chat.text('id')}/{said.text('message_thread_id')}" if in_topic else None,
            language=language(said.text("from.language_code")) if private else None,
            visibility=_visibility(chat),
            inbound=inbound,
            # Elsewhere the brand's handles decide.
            directed=(private or _addresses(said, text, bot) or None) if inbound else None,
            automatic=said.get("from.is_bot") is True or said.get("is_automatic_forward") is True,
            edited_at=said.edited("edit_date", written),
            raw=said.raw(),
        )

    def _author(self, said: Fields, chat: Fields) -> tuple[Author, bool]:
        """Who wrote, and whether in the name of the chat itself: an administrator who stays anonymous, a channel."""
        sender = said.get("sender_chat")
        if isinstance(sender, dict) or said.get("from") is None:
            who = Fields(sender) if isinstance(sender, dict) else chat
            name = who.text("title") or who.text("username")
            same = who.text("id") == chat.text("id") or said.get("is_automatic_forward") is True
            return Author(who.text("username") or name or who.id("id"), name or None, who.id("id")), same
        who = Fields(said.get("from"))
        name = " ".join(part for part in (who.text("first_name"), who.text("last_name")) if part)
        handle = who.text("username")
        url = f"https://t.me/{handle}" if handle else None
        return Author(handle or f"id{who.id('id')}", name or None, who.id("id"), url=url), False


class _Moved(NotProcessed):
    """The group became a supergroup and has another id now: `chat`."""

    def __init__(self, message: str, chat: int) -> None:
        super().__init__(message, status=400)
        self.chat = chat


def _id(said: Fields) -> str:
    return f"{said.id('chat.id')}/{said.id('message_id')}"


def _place(reply: Reply) -> tuple[int, int]:
    chat, _, number = reply.to.external_id.partition("/")
    try:
        return int(chat), int(number)
    except ValueError:
        raise NotProcessed("this is no message of a Telegram chat") from None


def _url(said: Fields) -> str | None:
    """Where members, or everybody, can read it; a private chat has no address."""
    number, chat = said.text("message_id"), said.text("chat.id")
    if name := said.text("chat.username"):
        return f"https://t.me/{name}/{number}" if said.text("chat.type") != "private" else None
    return f"https://t.me/c/{chat.removeprefix('-100')}/{number}" if chat.startswith("-100") else None


def _visibility(chat: Fields) -> Visibility:
    if chat.text("type") == "private":
        return "direct"
    return "public" if chat.text("username") else "internal"


def _addresses(said: Fields, text: str, bot: Fields) -> bool:
    """Whether a message in a group answers the bot, or names it: entities count in UTF-16 code units."""
    if said.text("reply_to_message.from.id") == bot.text("id"):
        return True
    units, name = text.encode("utf-16-le", "surrogatepass"), f"@{fold(bot.text('username'))}"
    for value in said.items("entities") + said.items("caption_entities"):
        entity: Any = value if isinstance(value, dict) else {}
        start, length = entity.get("offset"), entity.get("length")
        if entity.get("type") not in {"mention", "bot_command"} or type(start) is not int or type(length) is not int:
            continue
        word = fold(units[2 * max(start, 0) : 2 * (start + length)].decode("utf-16-le", "replace"))
        if word == name or word.endswith(name):
            return True
    return False


def judge(answer: Answer) -> PlatformError | None:
    """Telegram's refusals: `{"ok": false, "error_code", "description", "parameters"}`."""
    if answer.status == 200:
        return None
    said = f"Telegram answered {answer.status}: {_description(answer)}"
    if answer.status in {401, 404}:  # to a token that is none, the whole address is unknown
        return AuthError(f"the bot's token is refused ({said})", hint=HOW, status=answer.status)
    if answer.status == 403:
        return AuthError(said, hint="the bot was blocked, or is no member of that chat", status=403)
    if answer.status == 409:
        return PlatformError(said, hint=POLLED_TWICE, status=409)
    moved = _parameters(answer).get("migrate_to_chat_id")
    if answer.status == 400:
        return _Moved(said, moved) if type(moved) is int else NotProcessed(said, status=400)
    return None


def _description(answer: Answer) -> str:
    try:
        found = Fields(answer.json()).text("description")
    except (PlatformError, ValueError):
        found = ""
    return single_line(found[:200]) or answer.reason()


def _parameters(answer: Answer) -> dict[str, Any]:
    try:
        found = Fields(answer.json()).get("parameters")
    except (PlatformError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Telegram]:
    from carecli.platforms.web.api import needed, open_api

    token = needed(setup, "TOKEN", HOW)
    if not (token.isascii() and token.isprintable()) or "/" in token or " " in token:
        raise AuthError("this is no bot token", hint=HOW)
    async with open_api(setup, BASE_URL, judge, hidden=(token,)) as api:
        yield Telegram(api, setup, token)


TELEGRAM = Platform(
    name="telegram",
    title="Telegram, through a bot",
    open=_open,
    settings={
        "chats": "only these chats: names without @, or numbers (default: all that the bot is in)",
        "wait": f"seconds that a fetch waits for something new, 0 to {LONGEST_POLL} (default 0)",
        "page_size": f"messages per request, up to {PAGE_SIZE}",
        "base_url": f"the API's address (default {BASE_URL})",
    },
    secrets={"TOKEN": HOW},
    answers=True,
    private=True,
    limit=LIMIT,
    measure=measure,
    access="Free: a bot takes two minutes with @BotFather. It reads only what is written while it is a member, and "
    "Telegram keeps that for 24 hours: fetch at least daily.",
)
