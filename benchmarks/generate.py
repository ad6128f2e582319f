"""Invented mentions for benchmarks, as many as wanted, from one seed, in constant memory.

    python benchmarks/generate.py 100000 > mentions.jsonl
    care import mentions.jsonl

Four languages; words fall off as in real language (Zipf), with a few sentences of customer care in every text and a
long tail of rare words; conversations with the brand's answers; customers who come back; each with about 1.5 KB
of JSON in the shape of a Mastodon status. Nobody in here exists.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from vocabulary import CARE, FIRST_WORDS, HAN, OPENINGS, SYLLABLES

from carecli.model import Author, Mention

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BRAND = "acme"
HOST = "social.example"
APART = 63.0  # seconds between two mentions on average: a million are two years
LANGUAGES = ("en", "pl", "he", "zh")
_SHARES = (55, 70, 85, 100)  # of a hundred, added up
_VOCABULARY = 20_000
_RECENT = 500  # mentions that can still be answered
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SERVERS = tuple(f"{name}.example" for name in ("social", "town", "photos", "koty", "yam", "lake", "metro", "garden"))


@dataclass
class Words:
    """A vocabulary of one language with the cumulative weights of its words, the most frequent first."""

    language: str
    words: Sequence[str]
    weights: Sequence[float]
    glue: str = " "

    def some(self, dice: random.Random, count: int) -> str:
        """`count` words, drawn as language draws them."""
        return self.glue.join(dice.choices(self.words, cum_weights=self.weights, k=count))


def vocabulary(language: str) -> Words:
    """`_VOCABULARY` words of `language`: real ones first, then rarer ones made of its syllables."""
    dice = random.Random(f"words {language}")
    words = dict.fromkeys(FIRST_WORDS[language].split())
    parts = list(HAN) if language == "zh" else SYLLABLES[language].split()
    while len(words) < _VOCABULARY:
        size = dice.choice((2, 2, 2, 3) if language == "zh" else (2, 3, 3, 4))
        words.setdefault("".join(dice.choices(parts, k=size)))
    weights = itertools.accumulate(1 / (rank + 2.7) for rank in range(_VOCABULARY))
    return Words(language, tuple(words), tuple(weights), "" if language == "zh" else " ")


@dataclass(frozen=True)
class _Said:
    """What a later mention needs of an earlier one."""

    number: int
    root: int
    author: int
    language: str
    inbound: bool


@dataclass
class Generator:
    """Iterates over `total` mentions, oldest first; two with the same arguments give the same mentions."""

    total: int
    seed: int = 1
    now: datetime = NOW
    apart: float = APART
    _dice: random.Random = field(init=False)
    _words: dict[str, Words] = field(init=False)
    _recent: deque[_Said] = field(init=False)
    _authors: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._words = {language: vocabulary(language) for language in LANGUAGES}
        self._recent = deque(maxlen=_RECENT)

    def __iter__(self) -> Iterator[Mention]:
        return (self._mention(number) for number in range(self.total))

    def _mention(self, number: int) -> Mention:
        dice = self._dice
        said, parent = self._turn(number)
        self._recent.append(said)
        text = self._text(said)
        name = BRAND if not said.inbound else _handle(said.author)
        author = Author(
            handle=f"{name}@{HOST}" if not said.inbound else f"{name}@{_SERVERS[said.author % len(_SERVERS)]}",
            name="Acme" if not said.inbound else _handle(said.author).replace("_", " ").title(),
            id="1" if not said.inbound else str(1000 + said.author),
            followers=50_000 if not said.inbound else int(10 / (1 - said.author * 0.618034 % 1)),
        )
        directed = said.inbound and (parent is not None or dice.random() < 0.6)
        if directed and parent is None:
            text = f"@{BRAND} {text}"
        at = self._when(number)
        counts = [int(dice.paretovariate(1.2)) - 1 for _ in range(3)]
        mention = Mention(
            platform="mastodon",
            host=HOST,
            external_id=_snowflake(number),
            text=text,
            created_at=at,
            author=author,
            url=f"https://{HOST}/@{name}/{_snowflake(number)}",
            in_reply_to=None if parent is None else _snowflake(parent.number),
            language=said.language if dice.random() < 0.9 else None,
            inbound=said.inbound,
            directed=directed,
            likes=counts[0],
            reposts=counts[1],
            replies=counts[2],
        )
        return _with_raw(mention, said, self._words[said.language].some(dice, 8))

    def _turn(self, number: int) -> tuple[_Said, _Said | None]:
        """Who speaks, and to what: a new conversation, our answer to a customer, a customer's answer to us."""
        dice = self._dice
        roll = dice.random()
        if roll < 0.35 and self._recent:
            parent = self._recent[-1 - int(len(self._recent) * dice.random() ** 3)]
            author = parent.author if dice.random() < 0.9 or not parent.inbound else self._author()
            return _Said(number, parent.root, author, parent.language, not parent.inbound), parent
        percent = dice.randrange(100)
        language = next(code for code, share in zip(LANGUAGES, _SHARES, strict=True) if percent < share)
        return _Said(number, number, self._author(), language, inbound=True), None

    def _author(self) -> int:
        """Somebody new, or one who wrote before: some write a lot."""
        if self._authors == 0 or self._dice.random() < 0.5:
            self._authors += 1
            return self._authors
        return 1 + int(self._authors * self._dice.random() ** 2)

    def _text(self, said: _Said) -> str:
        dice, words = self._dice, self._words[said.language]
        many = min(150, int(dice.lognormvariate(2.6, 0.6)))
        sentence = dice.choice((CARE if said.inbound else OPENINGS)[said.language])
        parts = [sentence, words.some(dice, many)]
        if dice.random() < 0.3:
            parts.append(dice.choice(CARE[said.language]))
        if dice.random() < 0.2:
            parts.append(f"#{dice.choice(words.words[:400])}")
        if dice.random() < 0.1:
            parts.append(dice.choice("😡😭🙏👍🎉✈️📦🧳"))
        return " ".join(parts)

    def _when(self, number: int) -> datetime:
        """Evenly apart, then bent so that nights are quiet."""
        seconds = (number - self.total) * self.apart + self._dice.random() * self.apart
        day, second = divmod(seconds, 86_400)
        bent = second - 86_400 * 0.13 * math.sin(2 * math.pi * second / 86_400)
        return (self.now + timedelta(days=day, seconds=bent)).replace(microsecond=0)


def _snowflake(number: int) -> str:
    return str(112_000_000_000_000_000 + number * 65_536 + number % 7)


def _handle(author: int) -> str:
    """A handle that nobody has: two syllables of nonsense and a number."""
    parts = ("mo", "ri", "tal", "ve", "zu", "ka", "lin", "do", "pe", "sha", "nu", "bix", "gra", "wo", "fen", "ily")
    return f"{parts[author % 16]}{parts[author // 16 % 16]}_{author}"


def _with_raw(mention: Mention, said: _Said, note: str) -> Mention:
    return replace(mention, raw=_COMPACT.encode(_status(mention, said, note)))


def _status(m: Mention, said: _Said, note: str) -> dict[str, object]:
    """The mention as a Mastodon server would have sent it."""
    at = m.created_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{said.number % 1000:03d}Z"
    server = f"https://{_SERVERS[said.author % len(_SERVERS)]}"
    user = m.author.handle.partition("@")[0]
    picture = (
        f"{server}/system/accounts/avatars/{said.author % 997:03d}/original/{said.author * 2654435761 % 2**64:016x}.png"
    )
    us = {"id": "1", "username": BRAND, "url": f"https://{HOST}/@{BRAND}", "acct": BRAND}
    return {
        "id": m.external_id,
        "created_at": at,
        "in_reply_to_id": m.in_reply_to,
        "in_reply_to_account_id": "1" if m.in_reply_to and m.inbound else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": m.language,
        "uri": f"{server}/users/{user}/statuses/{m.external_id}",
        "url": m.url,
        "replies_count": m.replies,
        "reblogs_count": m.reposts,
        "favourites_count": m.likes,
        "edited_at": None,
        "content": f"<p>{m.text}</p>",
        "reblog": None,
        "application": None,
        "account": {
            "id": m.author.id,
            "username": user,
            "acct": m.author.handle if m.inbound else BRAND,
            "display_name": m.author.name,
            "locked": False,
            "bot": False,
            "discoverable": said.author % 3 > 0,
            "group": False,
            "created_at": f"20{17 + said.author % 9}-0{1 + said.author % 9}-11T00:00:00.000Z",
            "note": f"<p>{note}</p>",
            "url": f"{server}/@{user}",
            "avatar": picture,
            "avatar_static": picture,
            "header": f"{server}/headers/original/missing.png",
            "header_static": f"{server}/headers/original/missing.png",
            "followers_count": m.author.followers,
            "following_count": said.author % 811,
            "statuses_count": said.author * 31 % 9973,
            "last_status_at": at[:10],
            "emojis": [],
            "fields": [],
        },
        "media_attachments": [],
        "mentions": [us] if m.directed else [],
        "tags": [],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def row(mention: Mention) -> str:
    """One line for `care import`: the fields that it knows, and the status beside them."""
    m = mention
    fields = {
        "id": m.external_id,
        "text": m.text,
        "created_at": m.created_at.isoformat(),
        "author_handle": m.author.handle if m.inbound else BRAND,
        "author_name": m.author.name,
        "author_followers": m.author.followers,
        "url": m.url,
        "in_reply_to": m.in_reply_to,
        "language": m.language,
        "platform": m.platform,
        "likes": m.likes,
        "reposts": m.reposts,
        "replies": m.replies,
    }
    return f'{json.dumps(fields, ensure_ascii=False)[:-1]}, "status": {m.raw}}}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, metavar="N", help="how many mentions")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    for mention in Generator(arguments.count, seed=arguments.seed):
        sys.stdout.write(row(mention) + "\n")


if __name__ == "__main__":
    main()
