"""Makes the dictionary that raw JSON is compressed with, from invented payloads of the shapes that platforms send.

    python scripts/train_raw_dictionary.py src/carecli/store/raw_2.zdict

What is once in a release never changes: a better dictionary is a new file with the next number (see store/raw.py).
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import zstandard

ROOT = Path(__file__).resolve().parent.parent
SIZE = 16_384
SAMPLES = 6_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BASE32 = _LETTERS + "234567"
_NO_SPACES = (",", ":")
_VIEWER = {"muted": False, "blockedBy": False}


class Inventor:
    """Values that look like those of real payloads; the texts are the demo's."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        lines = (ROOT / "src/carecli/data/demo.jsonl").read_text(encoding="utf-8").splitlines()
        self.texts: list[tuple[str, str]] = [(row["language"], row["text"]) for row in map(json.loads, lines)]

    def some(self, alphabet: str, count: int) -> str:
        return "".join(self.dice.choices(alphabet, k=count))

    def text(self) -> tuple[str, str]:
        """A language and a text: pieces of two of the demo's."""
        language, first = self.dice.choice(self.texts)
        second = self.dice.choice([text for code, text in self.texts if code == language])
        cut = self.dice.randrange(len(first))
        return language, f"{first[: cut + 1]}{second[self.dice.randrange(len(second)) :]}"

    def name(self) -> str:
        return self.some(_LETTERS, self.dice.randint(4, 12))

    def host(self) -> str:
        return f"{self.name()}.{self.dice.choice(('example', 'social', 'online', 'org', 'com', 'pl', 'net'))}"

    def number(self) -> int:
        return self.dice.choice((0, 0, 0, 1, 2, 3, 5, 10, int(self.dice.paretovariate(0.5)) % 1_000_000))

    def at(self) -> str:
        d = self.dice
        day = f"20{d.randint(24, 27)}-{d.randint(1, 12):02d}-{d.randint(1, 28):02d}"
        return f"{day}T{d.randint(0, 23):02d}:{d.randint(0, 59):02d}:{d.randint(0, 59):02d}.{d.randint(0, 999):03d}Z"

    # Shapes

    def mastodon(self) -> str:
        d, user, host = self.dice, self.name(), self.host()
        language, text = self.text()
        number, at = self.some("0123456789", 18), self.at()
        base = f"https://{host}"
        picture = f"{base}/system/accounts/avatars/{self._folders()}/original/{self.some('0123456789abcdef', 16)}.png"
        us = {"id": self.some("0123456789", 6), "username": "name", "url": f"{base}/@name", "acct": "name"}
        link = f'<a href="{base}/@name" class="u-url mention">@<span>name</span></a>'
        mention = f'<span class="h-card" translate="no">{link}</span> '
        answer = d.random() < 0.4
        return json.dumps(
            {
                "id": number,
                "created_at": at,
                "in_reply_to_id": self.some("0123456789", 18) if answer else None,
                "in_reply_to_account_id": self.some("0123456789", 6) if answer else None,
                "sensitive": False,
                "spoiler_text": "",
                "visibility": d.choice(("public", "public", "unlisted", "direct")),
                "language": language,
                "uri": f"{base}/users/{user}/statuses/{number}",
                "url": f"{base}/@{user}/{number}",
                "replies_count": self.number(),
                "reblogs_count": self.number(),
                "favourites_count": self.number(),
                "edited_at": None,
                **(
                    {"favourited": False, "reblogged": False, "muted": False, "bookmarked": False}
                    if d.random() < 0.5
                    else {}
                ),
                "content": f"<p>{mention if d.random() < 0.6 else ''}{text}</p>",
                "filtered": [],
                "reblog": None,
                "application": {"name": "Web", "website": None} if d.random() < 0.3 else None,
                "account": {
                    "id": self.some("0123456789", d.choice((6, 18))),
                    "username": user,
                    "acct": d.choice((user, f"{user}@{host}")),
                    "display_name": user.title(),
                    "locked": False,
                    "bot": False,
                    "discoverable": d.random() < 0.7,
                    "indexable": False,
                    "group": False,
                    "created_at": f"{self.at()[:10]}T00:00:00.000Z",
                    "note": f"<p>{self.text()[1][:80]}</p>",
                    "url": f"{base}/@{user}",
                    "uri": f"{base}/users/{user}",
                    "avatar": picture,
                    "avatar_static": picture,
                    "header": f"{base}/headers/original/missing.png",
                    "header_static": f"{base}/headers/original/missing.png",
                    "followers_count": self.number(),
                    "following_count": self.number(),
                    "statuses_count": self.number(),
                    "last_status_at": at[:10],
                    "hide_collections": None,
                    "noindex": False,
                    "emojis": [],
                    "roles": [],
                    "fields": [],
                },
                "media_attachments": [],
                "mentions": [us] if d.random() < 0.6 else [],
                "tags": [{"name": user, "url": f"{base}/tags/{user}"}] if d.random() < 0.2 else [],
                "emojis": [],
                "quote": None,
                "card": None,
                "poll": None,
            },
            ensure_ascii=False,
            separators=_NO_SPACES,
        )

    def _folders(self) -> str:
        return "/".join(self.some("0123456789", 3) for _ in range(3))

    def bluesky(self) -> str:
        d = self.dice
        language, text = self.text()
        uri = f"at://{self._did()}/app.bsky.feed.post/3{self.some(_BASE32, 12)}"
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "createdAt": self.at(), "langs": [language]}
        if d.random() < 0.5:
            record["facets"] = [
                {
                    "$type": "app.bsky.richtext.facet",
                    "features": [{"$type": "app.bsky.richtext.facet#mention", "did": self._did()}],
                    "index": {"byteEnd": d.randint(5, 40), "byteStart": 0},
                }
            ]
        if d.random() < 0.4:
            record["reply"] = {"parent": self._reference(), "root": self._reference()}
        return json.dumps(
            {
                "uri": uri,
                "cid": self._cid(),
                "author": {
                    "did": self._did(),
                    "handle": f"{self.name()}.bsky.social",
                    "displayName": self.name().title(),
                    "avatar": f"https://cdn.bsky.app/img/avatar/plain/{self._did()}/{self._cid('bafkrei')}@jpeg",
                    "associated": {
                        "chat": {"allowIncoming": "all"},
                        "activitySubscription": {"allowSubscriptions": "followers"},
                    },
                    "viewer": _VIEWER,
                    "labels": [],
                    "createdAt": self.at(),
                },
                "record": {**record, "text": text},
                "bookmarkCount": 0,
                "replyCount": self.number(),
                "repostCount": self.number(),
                "likeCount": self.number(),
                "quoteCount": 0,
                "indexedAt": self.at(),
                "viewer": {"bookmarked": False, "threadMuted": False, "embeddingDisabled": False},
                "labels": [],
            },
            ensure_ascii=False,
        )

    def _did(self) -> str:
        return f"did:plc:{self.some(_BASE32, 24)}"

    def _cid(self, start: str = "bafyrei") -> str:
        return start + self.some(_BASE32, 52)

    def _reference(self) -> dict[str, str]:
        return {"cid": self._cid(), "uri": f"at://{self._did()}/app.bsky.feed.post/3{self.some(_BASE32, 12)}"}

    def imported(self) -> str:
        language, text = self.text()
        user = self.name()
        row = {
            "id": self.some("0123456789", self.dice.choice((4, 18))),
            "text": text,
            "created_at": self.at(),
            "author": user,
            "author_name": user.title(),
            "author_followers": self.number(),
            "url": f"https://{self.host()}/{user}/{self.some('0123456789', 9)}",
            "in_reply_to": self.dice.choice((None, self.some("0123456789", 9))),
            "language": language,
            "platform": self.dice.choice(("x", "facebook", "instagram", "tiktok", "mastodon", "import")),
            "likes": self.number(),
            "reposts": self.number(),
            "replies": self.number(),
        }
        spaced = self.dice.random() < 0.5
        return json.dumps(row, ensure_ascii=False, separators=None if spaced else _NO_SPACES)

    def feed(self) -> str:
        _, text = self.text()
        address = f"https://{self.host()}/{self.name()}/{self.name()}"
        if self.dice.random() < 0.5:
            item: dict[str, Any] = {
                "id": address,
                "url": address,
                "title": text[:40],
                "content_html": f"<p>{text}</p>",
                "date_published": self.at(),
                "authors": [{"name": self.name()}],
            }
        else:
            item = {
                "title": {"text": text[:40]},
                "link": {"text": address},
                "guid": {"text": address, "isPermaLink": "true"},
                "pubDate": {"text": "Fri, 20 Nov 2026 12:00:00 GMT"},
                "description": {"text": f"<p>{text}</p>"},
                "dc:creator": {"text": self.name()},
            }
        return json.dumps(item)


def samples() -> list[bytes | bytearray | memoryview[int]]:
    """Payloads of every platform, Mastodon's and Bluesky's more often."""
    inventor = Inventor(20_261_121)
    shapes = (
        inventor.mastodon,
        inventor.mastodon,
        inventor.bluesky,
        inventor.bluesky,
        inventor.imported,
        inventor.feed,
    )
    return [shapes[number % len(shapes)]().encode() for number in range(SAMPLES)]


def main() -> None:
    target = Path(sys.argv[1])
    if target.exists():
        sys.exit(f"{target} exists: a dictionary that was released never changes, take the next number")
    target.write_bytes(zstandard.train_dictionary(SIZE, samples()).as_bytes())


if __name__ == "__main__":
    main()
