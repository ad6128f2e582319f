"""A server that speaks Mastodon's API and lies about what becomes of a post; a real HTTP server on loopback."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self, get_args

from carecli.model import JSON, iso
from tests.e2e.towns import Answer
from tests.platforms.fakes import Fake
from tests.platforms.servers import Request, Script, json_script

Manner = Literal[
    "honest",
    "drops",  # posts and closes the connection without a word
    "fails",  # posts and answers 500
    "fails before",  # answers 503 without posting
    "hangs",  # posts and says nothing more
    "hangs before",  # neither posts nor answers
    "stutters",  # posts and breaks off in the middle of its answer
    "babbles",  # posts and answers with a page for people
    "is slow",  # posts, and takes its time
    "is busy",  # 429 without posting
    "refuses",  # 422 without posting
    "forgets",  # posts, fails, and cannot say afterwards what it has: its lists answer 500
]
MANNERS: tuple[Manner, ...] = get_args(Manner)
Moment = Literal["asked", "posted", "half answered", "answered"]
MOMENTS: tuple[Moment, ...] = get_args(Moment)

ACME: JSON = {"id": "1", "acct": "acme", "username": "acme", "display_name": "Acme"}
ZOE: JSON = {"id": "2", "acct": "zoe", "username": "zoe", "display_name": "Zoe"}


class Liar(Fake):
    """Keys are ignored: whoever asks twice posts twice. `manner` holds for the posts to come.

    `murder(pid, moment)`: whoever posts next is killed at that moment of the exchange.
    """

    platform, kind, secret, handle = "mastodon", "TOKEN", "acme_token", "acme"
    posting, listing, page = "/api/v1/statuses", "/api/v1/notifications", 80

    def __init__(self) -> None:
        super().__init__()
        self.manner: Manner = "honest"
        self.statuses: list[JSON] = []
        self._victim: tuple[int, Moment] | None = None
        self._writing = threading.Lock()
        self.route("GET", "/api/v1/accounts/verify_credentials", lambda _request: ACME)
        self.route("GET", "/api/v1/accounts/1/statuses", self._own)
        self.route("GET", self.listing, self._notifications)
        self.route("GET", r"/api/v1/statuses/(\w+)/context", self._context)
        self.route("POST", self.posting, self._post)

    def settings(self, base_url: str) -> Mapping[str, str]:
        return {"base_url": base_url, "timeout": "0.4"}

    def say(self, text: str, *, to: str | None = None) -> str:
        return str(self._add(ZOE, f"@acme {text}", to)["id"])

    def say_many(self, count: int) -> list[str]:
        return [self.say(f"where is bag number {number}?") for number in range(count)]

    def answers(self, to: str) -> list[Answer]:
        return [
            Answer(one["id"], one["content"], datetime.fromisoformat(one["created_at"]))
            for one in self.statuses
            if one["in_reply_to_id"] == to
        ]

    def settle(self) -> None:
        """All is there at once."""

    def murder(self, pid: int, moment: Moment) -> None:
        self._victim = pid, moment

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def _add(self, account: JSON, text: str, to: str | None) -> JSON:
        with self._writing:
            number = str(len(self.statuses) + 100)
            # customers wrote this morning, the brand answers now
            now = datetime.now(UTC)
            at = now if account is ACME else now - timedelta(hours=2) + timedelta(seconds=len(self.statuses))
            status = {
                "id": number,
                "created_at": iso(at),
                "account": account,
                "content": text,
                "url": f"{self.url}/{number}",
                "visibility": "public",
                "language": "en",
                "in_reply_to_id": to,
                "mentions": [{"id": "1"}] if account is ZOE else [],
            }
            self.statuses.append(status)
            return status

    def _newest(self, request: Request, of: list[JSON], field: str = "id") -> list[JSON]:
        below = int(request.first("max_id", "999999999"))
        return [one for one in reversed(of) if int(one[field]) < below][: self.page]

    def _own(self, request: Request) -> object:
        if self.manner == "forgets":
            return json_script({"error": "no"}, 500)
        return self._newest(request, [one for one in self.statuses if one["account"] is ACME])

    def _notifications(self, request: Request) -> list[JSON]:
        told = [
            {"id": one["id"], "type": "mention", "created_at": one["created_at"], "account": ZOE, "status": one}
            for one in self.statuses
            if one["account"] is ZOE
        ]
        return self._newest(request, told)

    def _context(self, request: Request, number: str) -> object:
        return {"ancestors": [], "descendants": [one for one in self.statuses if one["in_reply_to_id"] == number]}

    def _kill(self, moment: Moment) -> bool:
        """Kill whoever was to be killed at this moment."""
        if self._victim is None or self._victim[1] != moment:
            return False
        os.kill(self._victim[0], signal.SIGKILL)
        self._victim = None
        return True

    def _post(self, request: Request) -> Script:
        if self._kill("asked"):
            return Script(hang=True)
        before: dict[Manner, Script] = {
            "fails before": json_script({"error": "sorry"}, 503),
            "hangs before": Script(hang=True),
            "is busy": json_script({"error": "slow down"}, 429, {"Retry-After": "0"}),
            "refuses": json_script({"error": "Validation failed"}, 422),
        }
        if self.manner in before:
            return before[self.manner]
        asked: dict[str, Any] = json.loads(request.body)
        made = self._add(ACME, asked["status"], asked["in_reply_to_id"])
        self._kill("posted")
        return self._told(made)

    def _told(self, made: JSON) -> Script:
        body = json.dumps(made).encode()
        head = {"Content-Type": "application/json"}
        if self._victim is not None and self._victim[1] == "half answered":
            threading.Timer(0.05, self._kill, ("half answered",)).start()
            return Script(200, body[: len(body) // 2], head, endless=True, pause=5)
        if self._victim is not None and self._victim[1] == "answered":
            threading.Timer(0.003, self._kill, ("answered",)).start()
        answers: dict[Manner, Script] = {
            "drops": Script(200, body, head, cut=0),
            "fails": json_script({"error": "oops"}, 500),
            "forgets": json_script({"error": "oops"}, 500),
            "hangs": Script(hang=True),
            "stutters": Script(200, body, head, cut=len(body) // 2),
            "babbles": Script(200, b"<html><p>Thank you!</html>", {"Content-Type": "text/html"}),
            "is slow": Script(200, body, head, delay=0.15),
        }
        return answers.get(self.manner, Script(200, body, head))
