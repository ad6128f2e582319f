"""A report beside the one of the period before: every headline figure with what it counts over, then and now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from carecli.reports.model import Compared, Comparison, Report

Figure = tuple[float | None, int | None]  # the value, and what it counts over


def _times(name: str) -> Callable[[Report], Figure]:
    def figure(report: Report) -> Figure:
        times = getattr(report.response, name)
        return times.median_seconds, times.count

    return figure


def _promised(report: Report) -> int:
    return report.response.sla.met + report.response.sla.breached


FIGURES: tuple[tuple[str, str, Callable[[Report], Figure]], ...] = (
    ("inbound mentions", "mentions", lambda r: (r.mentions.inbound, None)),
    ("net sentiment", "share", lambda r: (r.service.net_sentiment, r.mentions.inbound)),
    ("service mentions", "share", lambda r: (r.service.share_of_service_mentions, r.mentions.inbound)),
    ("cases", "cases", lambda r: (r.response.cases, None)),
    ("response rate", "share", lambda r: (r.response.response_rate, r.response.needing_reply)),
    ("first response, median", "seconds", _times("first_response")),
    ("business-hours response, median", "seconds", _times("first_response_business")),
    ("full resolution, median", "seconds", _times("resolution")),
    ("SLA: target met", "share", lambda r: (r.response.sla.rate, _promised(r))),
    ("backlog at the end", "cases", lambda r: (r.response.backlog_open, None)),
    ("reopen rate", "share", lambda r: (r.response.reopen_rate, r.response.resolved_cases)),
)


def compared(report: Report, before: Report) -> Report:
    """`report` with its comparison to `before`, whose period has a beginning."""
    figures = []
    for name, unit, figure in FIGURES:
        (value, count), (value_before, count_before) = figure(report), figure(before)
        change = None if value is None or value_before is None else value - value_before
        figures.append(Compared(name, value, value_before, change, count, count_before, unit))
    since = before.period.since or before.period.until
    return replace(report, comparison=Comparison(since, before.period.until, tuple(figures)))
