"""An archive of conversations, and what its figures are, worked out here with nothing of the program."""

from __future__ import annotations

import csv
import io
import random
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST = datetime(2026, 10, 21, tzinfo=UTC)
TARGET = timedelta(hours=4)
HOLIDAY = date(2026, 11, 11)
OPEN = ((time(9), time(13)), (time(14), time(17, 30)))
NEEDING = {"complaint", "question", "request", "praise", "suggestion", "emergency"}  # all are addressed to the brand
SERVICE = {"complaint", "question", "request"}

CARE_TOML = """
[hours]
monday = ["09:00-13:00", "14:00-17:30"]
tuesday = ["09:00-13:00", "14:00-17:30"]
wednesday = ["09:00-13:00", "14:00-17:30"]
thursday = ["09:00-13:00", "14:00-17:30"]
friday = ["09:00-13:00", "14:00-17:30"]
holidays = [2026-11-11]

[sla]
first_response = "4h"
urgency = {}
business_hours = true
"""

TEXTS = {
    # No engine is expected to understand this one; the person who corrects it does.
    ("en", "complaint"): "@acme bravo, another lovely hour in the middle of a field, my compliments to the driver",
    ("en", "question"): "@acme which platform does the night train leave from?",
    ("en", "praise"): "@acme the conductor on the 8:15 was wonderful today, thank you",
    ("en", "chatter"): "@acme it rained all the way to the sea",
    ("pl", "complaint"): "@acme pociąg stoi w polu od godziny i nikt nic nie mówi",
    ("pl", "question"): "@acme czy w weekend mogę zabrać rower?",
    ("pl", "praise"): "@acme pani w kasie była przemiła, dziękuję",
    ("pl", "chatter"): "@acme za oknem same sosny",
    ("he", "complaint"): "@acme הרכבת מאחרת כבר שעה והמזגן מקולקל",
    ("he", "question"): "@acme מתי יוצאת הרכבת האחרונה לחיפה?",
    ("he", "praise"): "@acme שירות נהדר היום, תודה רבה",
    ("he", "chatter"): "@acme יש ירח מלא מעל הפסים",
    ("zh", "complaint"): "@acme 车厢里的厕所全坏了，没有人管",
    ("zh", "question"): "@acme 明天的车还有座位吗？",
    ("zh", "praise"): "@acme 列车员今天特别热情，谢谢",
    ("zh", "chatter"): "@acme 窗外下雪了",
}
FEELING = {"complaint": "negative", "question": "neutral", "praise": "positive", "chatter": "neutral"}


@dataclass(frozen=True)
class Post:
    """One row of the archive; `intent` is None for what the brand wrote."""

    id: str
    talk: int
    at: datetime
    text: str
    language: str
    parent: str | None = None
    intent: str | None = None


def archive(seed: int = 11, talks: int = 22) -> list[Post]:
    """Conversations around the night on which Warsaw's clocks go back, answered soon, late, or never."""
    rng = random.Random(seed)
    posts: list[Post] = []
    kinds = list(TEXTS)
    for talk in range(talks):
        language, intent = kinds[(talk * 7) % len(kinds)]
        # Every third one is from the hours around local midnight, in the nights about the change.
        day = FIRST + timedelta(days=rng.randrange(14))
        if talk % 3 == 0:
            day = datetime(2026, 10, 24, tzinfo=UTC) + timedelta(days=rng.randrange(2), hours=20)
        at = day + timedelta(minutes=rng.randrange(6 * 60 if talk % 3 == 0 else 24 * 60))
        text = TEXTS[language, intent]
        posts.append(Post(f"c{talk}", talk, at, text, language, None, intent))
        if talk % 5 == 1:
            later = at + timedelta(minutes=rng.randrange(1, 20))
            posts.append(Post(f"c{talk}b", talk, later, f"{text} !", language, f"c{talk}", intent))
        if talk % 5 != 2:
            answered = at + timedelta(minutes=rng.choice([7, 44, 130, 400, 1500, 4000, 9000]) + rng.randrange(60))
            posts.append(Post(f"r{talk}", talk, answered, "We are on it.", language, f"c{talk}"))
            if talk % 4 == 0:
                again = answered + timedelta(hours=2)
                posts.append(Post(f"r{talk}b", talk, again, "And it is done.", language, f"r{talk}"))
    return posts


def as_csv(posts: Iterable[Post], seed: int = 3) -> str:
    """The archive in no order; some times have Warsaw's offset of that day, some none because that is the team's."""
    rows = list(posts)
    random.Random(seed).shuffle(rows)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "text", "created_at", "author", "in_reply_to", "language", "shift"])
    for number, post in enumerate(rows):
        author = f"rider{post.talk}" if post.intent else ("@Acme" if number % 2 else "acme")
        writer.writerow(
            [post.id, post.text, _written(post.at, number), author, post.parent or "", post.language, "late"]
        )
    return out.getvalue()


def _written(at: datetime, number: int) -> str:
    local = at.astimezone(WARSAW)
    lived_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    forms = [at.isoformat().replace("+00:00", "Z"), local.isoformat(), local.replace(tzinfo=None).isoformat(sep=" ")]
    return forms[number % (2 if lived_twice else 3)]


# The figures


def business_minutes() -> list[int]:
    """How many minutes of business have passed before each minute since FIRST, counted one by one."""
    minutes = int((NOW - FIRST).total_seconds()) // 60
    return [0, *accumulate(_is_open((FIRST + timedelta(minutes=n)).astimezone(WARSAW)) for n in range(minutes))]


def _is_open(local: datetime) -> bool:
    clock = local.time()
    workday = local.weekday() < 5 and local.date() != HOLIDAY
    return workday and any(start <= clock < end for start, end in OPEN)


def figures(posts: list[Post], since: datetime, until: datetime) -> dict[str, Any]:
    """What `care report --json` has to say of [since, until), as far as an archive without resolutions goes."""
    passed = business_minutes()
    instant = min(until, NOW)
    inside = [post for post in posts if since <= post.at < until]
    inbound = [post for post in inside if post.intent]
    waits: list[tuple[float, float, bool, str]] = []
    talks = 0
    for talk in sorted({post.talk for post in posts}):
        asked = min((post for post in posts if post.talk == talk and post.intent), key=lambda post: post.at)
        if not since <= asked.at < until:
            continue
        talks += 1
        replies = [
            post.at for post in posts if post.talk == talk and not post.intent and asked.at <= post.at <= instant
        ]
        if asked.intent in NEEDING:
            end = min(replies, default=instant)
            business = 60.0 * (passed[_minute(end)] - passed[_minute(asked.at)])
            waits.append(((end - asked.at).total_seconds(), business, bool(replies), str(asked.intent)))
    answered = [wait for wait in waits if wait[2]]
    late = [wait for wait in waits if wait[1] > TARGET.total_seconds()]
    met = [wait for wait in answered if wait[1] <= TARGET.total_seconds()]
    moods = Counter(FEELING[str(post.intent)] for post in inbound)
    days = Counter(post.at.astimezone(WARSAW).date().isoformat() for post in inbound)
    sad = Counter(post.at.astimezone(WARSAW).date().isoformat() for post in inbound if post.intent == "complaint")
    return {
        "mentions": {
            "total": len(inside),
            "inbound": len(inbound),
            "directed": len(inbound),
            "undirected": 0,
            "by_platform": {"import": len(inbound)} if inbound else {},
            "by_language": dict(Counter(post.language for post in inbound)),
            "by_sentiment": dict(moods),
            "by_intent": dict(Counter(post.intent for post in inbound)),
            "by_day": [{"day": day, "inbound": days[day], "negative": sad[day]} for day in sorted(days)],
        },
        "response": {
            "cases": talks,
            "needing_reply": len(waits),
            "answered": len(answered),
            "response_rate": len(answered) / len(waits) if waits else None,
            "unanswered_complaints": sum(1 for wait in waits if wait[3] == "complaint" and not wait[2]),
            "first_response": _times([wait[0] for wait in answered]),
            "first_response_business": _times([wait[1] for wait in answered]),
            "sla": {
                "met": len(met),
                "breached": len(late),
                "rate": len(met) / (len(met) + len(late)) if met or late else None,
            },
            "reopened": 0,
        },
        "service": {
            "net_sentiment": (moods["positive"] - moods["negative"]) / len(inbound) if inbound else None,
            "share_of_service_mentions": sum(p.intent in SERVICE for p in inbound) / len(inbound) if inbound else None,
        },
    }


def _minute(at: datetime) -> int:
    return int((at - FIRST).total_seconds()) // 60


def _times(seconds: list[float]) -> dict[str, float | None]:
    if not seconds:
        return {"count": 0, "median_seconds": None, "p90_seconds": None, "mean_seconds": None}
    tenths = statistics.quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else seconds * 9
    return {
        "count": len(seconds),
        "median_seconds": statistics.median(seconds),
        "p90_seconds": tenths[8],
        "mean_seconds": statistics.fmean(seconds),
    }
