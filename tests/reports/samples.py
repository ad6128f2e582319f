"""Builders for report tests: rows, and one fixed report with names in four languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from carecli.hours import Hours, add_business_seconds
from carecli.reports.figures import MentionCounts, SegmentRow, judge, summarise
from carecli.reports.model import Coverage, Period, Report
from carecli.sla import Stand

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
WEEK = Period(MONDAY, MONDAY + timedelta(days=7), "UTC")
AFTER = MONDAY + timedelta(days=30)
AROUND_THE_CLOCK = Hours()
NINE_TO_FIVE = Hours("UTC", week=(*(((9 * 60, 17 * 60),) for _ in range(5)), (), ()))
NOTHING_SAID = MentionCounts(0, 0, 0, 0, 0, {}, {}, {}, {}, {}, (), 0)


def segment(case: int, opened: float, **changes: Any) -> SegmentRow:
    """A complaint of `case`, opened `opened` hours after MONDAY; `replied` and the like count so too."""
    for short, name in (
        ("replied", "first_reply_at"),
        ("resolved", "resolved_at"),
        ("case_opened", "case_opened_at"),
    ):
        if (hours := changes.pop(short, None)) is not None:
            changes[name] = (MONDAY + timedelta(hours=hours)).timestamp()
    opened_at = (MONDAY + timedelta(hours=opened)).timestamp()
    row = SegmentRow(
        case=case,
        opened_at=opened_at,
        needs_reply=True,
        first_reply_at=None,
        resolved_at=None,
        pending_seconds=0.0,
        replies=0,
        number=0,
        intent="complaint",
        urgency="week",
        language="en",
        platform="mastodon",
        case_opened_at=opened_at,
        followers=None,
    )
    return row._replace(**changes)


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class Setting:
    """What `summarise` is told besides the rows; hours are of `now` after MONDAY, `target` seconds."""

    period: Period = WEEK
    now: datetime = AFTER
    hours: Hours = AROUND_THE_CLOCK
    target: Callable[[SegmentRow], float | None] = lambda row: 3600.0
    business: Callable[[SegmentRow], bool] = lambda row: False
    counts: MentionCounts = NOTHING_SAID
    backlog_open: int = 0
    coverage: Sequence[Coverage] = ()

    def standing(self, row: SegmentRow, instant: float) -> Stand:
        """Where one clock stands that began when the segment did."""
        target = self.target(row)
        if target is None:
            return "none", None, None, None
        hours = self.hours if self.business(row) else AROUND_THE_CLOCK
        due = add_business_seconds(moment(row.opened_at), target, hours)
        ended = row.first_reply_at or row.resolved_at
        if moment(ended or instant) > due:
            return "breached", target, "[sla]", row.urgency
        return "ok" if ended is None else "met" if row.first_reply_at else "none", target, "[sla]", row.urgency

    def report(self, *rows: SegmentRow) -> Report:
        judged = judge(self.period, rows, now=self.now, hours=self.hours, standing=self.standing)
        return summarise(
            self.period,
            self.counts,
            judged,
            backlog_open=self.backlog_open,
            coverage=self.coverage,
        )


def four_languages() -> Report:
    """A week in Warsaw with topics in four languages, and names that try to be more than names."""
    since = datetime(2026, 11, 1, 23, tzinfo=UTC)
    counts = MentionCounts(
        total=150,
        inbound=120,
        outbound=30,
        directed=80,
        undirected=36,
        by_platform={"mastodon": 70, "bluesky": 50},
        by_language={"en": 50, "he": 30, "pl": 25, "zh": 15},
        by_sentiment={"negative": 50, "neutral": 45, "positive": 25},
        by_intent={"complaint": 48, "question": 30, "praise": 22, "chatter": 20},
        by_topic={
            "delivery": 40,
            "שירות לקוחות": 31,
            "opłaty i prowizje": 18,
            "退款与配送": 12,
            "=HYPERLINK(0)": 3,
            "a|b <b>*bold*</b>": 2,
            "\x1b[31mred\u202e": 1,
        },
        by_day=[
            (f"2026-11-0{day}", inbound, negative)
            for day, inbound, negative in (
                (2, 30, 9),
                (3, 24, 8),
                (4, 18, 6),
                (5, 6, 1),
                (6, 41, 26),
                (8, 1, 0),
            )
        ],
        service=90,
    )
    rows = (
        segment(1, 9, replied=9.5, resolved=12, replies=2),
        segment(2, 10, replied=14, resolved=30, replies=3, pending_seconds=7200.0),
        segment(3, 11, intent="question", replied=11.1),
        segment(4, 40, intent="emergency", urgency="emergency"),
        segment(5, 50, intent="praise", needs_reply=False),
        segment(6, 60, intent="complaint"),
        segment(1, 70, number=1, case_opened=9, replied=71, resolved=72, replies=1),
        segment(7, 165.5),
    )
    coverage = (
        Coverage("mastodon.example", "mastodon", since + timedelta(days=6, hours=23), None, 70),
        Coverage(
            "bsky",
            "bluesky",
            since + timedelta(days=3),
            "401: the app password was revoked; make a new one",
            50,
        ),
        Coverage("-blogs", "feed", None, None, 0),
    )
    period = Period(since, since + timedelta(days=7), "Europe/Warsaw")
    hours = replace(NINE_TO_FIVE, timezone="Europe/Warsaw")
    return Setting(
        period,
        hours=hours,
        business=lambda row: row.urgency != "emergency",
        counts=counts,
        target=lambda row: {"emergency": 900.0, "week": 14400.0}[row.urgency],
        backlog_open=9,
        coverage=coverage,
    ).report(*rows)
