"""X: mentions of an account and searches, which cost money with every post; answers to people who mentioned it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from carecli.errors import AuthError
from carecli.platforms.base import Fetcher, Platform, Setup
from carecli.platforms.x.budget import ANSWER, OWN_READ, POST_READ, USER_READ
from carecli.text import graphemes

BASE_URL = "https://api.x.com/2"
LIMIT = 280
URL_LENGTH = 23
PAGE_SIZE = 100
BUDGET = 5.0
# Without https:// X takes a name for a link by its ending; a bare shop.pl is none, www.shop.pl and shop.pl/a are.
ENDING = "(?:com|org|net|edu|gov|info|biz|app|dev|shop|store|online|site|blog|help|support)"
NAME = rf"(?:(?:[a-z0-9-]+\.)+{ENDING}|(?:[a-z0-9-]+\.){{2,}}[a-z]{{2}}|(?:[a-z0-9-]+\.)+[a-z]{{2}}(?=/))"
LINK = re.compile(rf"https?://[^\s<>\"]+|(?<![@\w.]){NAME}(?![\w.]\w)(?::\d+)?(?:/[^\s<>\"]*)?", re.IGNORECASE)
EMOJI = re.compile("[\u203c\u2049\u20e3\u2122\u2139\u2194-\u21aa\u231a-\u27bf\u2934-\u2b55\ufe0f\U0001f000-\U0001faff]")
# Code points that count as one; all others count as two: https://github.com/twitter/twitter-text (version 3).
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
HOW = (
    "console.x.com: make an app, buy credits, then under Keys and tokens make the API key and secret, and an access "
    "token and secret with Read and Write for your account"
)


def measure(text: str) -> int:
    """The length that X counts: NFC, a link 23, an emoji 2, most letters 1, Chinese and its like 2."""
    whole = unicodedata.normalize("NFC", text)
    links = LINK.findall(whole)
    return URL_LENGTH * len(links) + sum(_weight(cluster) for cluster in graphemes(LINK.sub("", whole)))


def _weight(cluster: str) -> int:
    if EMOJI.search(cluster):
        return 2
    return sum(1 if any(low <= ord(char) <= high for low, high in LIGHT) else 2 for char in cluster)


@asynccontextmanager
async def _open(setup: Setup) -> AsyncIterator[Fetcher]:
    from carecli.platforms.web.api import open_api
    from carecli.platforms.web.oauth1 import Keys
    from carecli.platforms.x.client import X, judge
    from carecli.platforms.x.signed import Signed

    kinds = ("KEY", "SECRET", "TOKEN", "TOKEN_SECRET")
    given = [setup.secret(kind) for kind in kinds]
    if missing := [kind for kind, value in zip(kinds, given, strict=True) if not value]:
        raise AuthError(f"the source '{setup.source}' has no {', '.join(missing)}", hint=HOW)
    app, app_secret, token, token_secret = (str(value).strip() for value in given)
    async with open_api(setup, BASE_URL, judge, hidden=(app, app_secret, token, token_secret)) as api:
        yield X(Signed(api, Keys(app, app_secret, token, token_secret)), setup)


def _estimate(setup: Setup) -> str:
    """What the source's budget is enough for, by X's price list."""
    limit = setup.seconds("budget", BUDGET)
    each, hit = OWN_READ + USER_READ, POST_READ + USER_READ
    counts = f"{int(limit / each):,} mentions of as many people, or {int(limit / ANSWER):,} answers without a link"
    searched = f" or {int(limit / hit):,} search hits," if setup.searches("x") else ""
    return f"By X's list the budget of ${limit:.2f} a month is enough for about {counts},{searched} or a mix of them."


X_PLATFORM = Platform(
    name="x",
    title="X (paid)",
    open=_open,
    settings={
        "handle": "the account that the keys must belong to (optional)",
        "search": "searches in X's own syntax, last 7 days (undirected; 5 times the price of a mention)",
        "budget": f"dollars that a calendar month may cost, by care's own count (default {BUDGET:.2f})",
        "history_days": "how far the first fetch goes back (default 1)",
        "page_size": f"posts per request, 10 to {PAGE_SIZE} (default {PAGE_SIZE})",
        "base_url": f"the API's address (default {BASE_URL})",
    },
    secrets={
        "KEY": "the app's API key (console.x.com, your app, Keys and tokens)",
        "SECRET": "the app's API key secret",
        "TOKEN": "the account's access token, with Read and Write",
        "TOKEN_SECRET": "the account's access token secret",
    },
    answers=True,
    limit=LIMIT,
    measure=measure,
    estimate=_estimate,
    access="Paid for every call, no free tier since February 2026: by X's list a mention costs $0.001, a search hit "
    "$0.005, each author $0.01, an answer $0.01, one with a link $0.20. 1,000 mentions by 1,000 people: about $11. "
    f"care stops reading at `budget` dollars a month (default {BUDGET:.2f}). Only who mentioned you can be answered.",
)
