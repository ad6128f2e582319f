"""Is it a person, a bot or a company? A cautious guess from what an account calls itself and how it posts.

Nothing here looks at what a person is like: no age, no sex, no place. Without a clear sign it is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from carecli.model import AuthorKind
from carecli.text import fold
from carecli.text.plain import compiled

_BOT_HANDLE = (
    r"(?:^|[._-])(?:auto)?bot(?:[._-]?\d{0,4})$|[a-z]bot$|^bot[._-]|(?:^|[._-])(?:rss|feed|autopost)(?:$|[._-])"
)
_NO_BOT = r"(?:abbot|talbot|cabot|robot)$"
_BOT_NAME = r"\bbot\b|\b(?:automated|unofficial bot|rss feed)\b|🤖|\bבוט\b|机器人|機器人"
_COMPANY_NAME = (
    r"\b(?:inc|ltd|llc|gmbh|plc|corp|b\.?v|s\.?a|sp\. ?z ?o\. ?o|sp\.? z o\.?o)\.?$"
    r"|\b(?:official|customer (?:care|service|support)|newsroom|magazine|agency|studio|shop|store)\b"
    r"|\b(?:oficjaln[ya]|sklep|redakcja)\b"
    r"|בע\"?מ|רשמי|公司|集团|集團|官方|旗舰店|旗艦店|客服|有限|新闻|日报|电视台|報社"
)
_COMPANY_HANDLE = r"(?:^|[._-])(?:official|support|shop|store|news|press|hq|team)$|(?:official|newsroom)$"
_PERSON_NAME = r"[^\W\d_]{2,20}(?:[ '-][^\W\d_]{1,20}){1,3}"
_PEOPLE = 50_000  # with more followers a name alone does not tell a person from a brand
_ENOUGH = 8
_SAME = 0.8
_REGULAR = 0.05


class Post(NamedTuple):
    """One post of an account: when, and `reposts.gist` of its text."""

    at: datetime
    gist: int | None


class Kind(NamedTuple):
    """What an account seems to be, and why, in words."""

    kind: AuthorKind
    why: str


def kind_of(handle: str, name: str | None, followers: int | None, posts: Sequence[Post] = ()) -> Kind:
    """What the account behind `handle` seems to be; `posts` are those of it that are known, in any order."""
    account = fold(handle.lstrip("@").split("@")[0])
    called = fold(name or "")
    account = account.split(".")[0] if account.count(".") > 1 else account  # name.host.example
    if _has(_BOT_NAME, called) or (_has(_BOT_HANDLE, account) and not _has(_NO_BOT, account)):
        return Kind("bot", "calls itself a bot")
    if reason := _mechanical(posts):
        return Kind("bot", reason)
    if _has(_COMPANY_NAME, called) or _has(_COMPANY_HANDLE, account):
        return Kind("company", "is called like a company")
    if name and compiled(_PERSON_NAME).fullmatch(name.strip()) and (followers or 0) < _PEOPLE:
        return Kind("person", "has a person's name")
    return Kind("unknown", "nothing tells")


def _mechanical(posts: Sequence[Post]) -> str | None:
    """How an account posts that no person would."""
    if len(posts) < _ENOUGH:
        return None
    gists = [post.gist for post in posts if post.gist is not None]
    if len(gists) >= _ENOUGH and max(map(gists.count, set(gists))) >= _SAME * len(gists):
        return "posts the same text again and again"
    times = sorted(post.at for post in posts)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    from statistics import fmean, pstdev  # with fractions and decimals: no start waits for them

    mean = fmean(gaps)
    return "posts at regular intervals" if mean > 0 and pstdev(gaps) < _REGULAR * mean else None


def _has(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None
