"""The rows behind a campaign's figures: its actions with what became of them, and what was said meanwhile."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from carecli.config import Campaign, Config
from carecli.hours import parse_duration
from carecli.model import JSON, iso, parse_iso
from carecli.replies.closing import is_thanks
from carecli.replies.stopping import asks_to_stop
from carecli.reports.campaigns import Action, Lift, Measured, Said, lift, measured, outcomes
from carecli.responding import outreach
from carecli.store import campaigns
from carecli.store.connect import Row, Store
from carecli.store.prune import pruned_before
from carecli.text import words


def state(row: Row) -> str:
    """Where an action stood when its row was read for: skipped, proposed, rejected, queued or done."""
    if row["draft_id"] is None:
        return "skipped"
    if row["sent_at"] is not None:
        return "done"
    if row["rejected"]:
        return "rejected"
    return "proposed" if row["reply_id"] is None or row["cancelled"] else "queued"


def actions(store: Store, config: Config, name: str, *, until: datetime) -> list[tuple[Row, Action]]:
    """A campaign's actions as they stood at `until`, oldest first."""
    asked, end = outreach.campaign(config, name), iso(until)
    rows = campaigns.of_campaign(store, name, until=end)
    by_hand: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for one in campaigns.recorded(store, [row["action_id"] for row in rows], until=end):
        by_hand[one["action_id"]][one["outcome"]] = one["at"]
    return [(row, _action(store, asked, row, by_hand[row["action_id"]], until)) for row in rows]


def _action(store: Store, asked: Campaign, row: Row, recorded: dict[str, str], until: datetime) -> Action:
    standing = state(row)
    if standing != "done":
        return Action(standing, recorded=frozenset(recorded))
    said = campaigns.said_after(store, row["case_id"], row["author_id"], row["sent_at"], iso(until))
    quiet = parse_iso(row["sent_at"]) + timedelta(seconds=parse_duration(asked.ignored_after)) <= until
    due, done = outreach.due(asked, row["sent_at"]), recorded.get("fulfilled")
    in_time = None if due is None or done is None else done <= due
    return Action(standing, row["followers"], tuple(map(_said, said)), frozenset(recorded), quiet, in_time)


def _said(row: Row) -> Said:
    thanks = row["intent"] == "praise" or is_thanks(row["text"])
    complains = row["intent"] in ("complaint", "emergency") or asks_to_stop(row["text"])
    return Said(row["sentiment"] == "positive", thanks and not complains, complains)


def keep_outcomes(store: Store, config: Config, *, before: datetime) -> None:
    """Write down what follows from the texts of before then alone, because they are about to be pruned."""
    for name in config.campaigns:
        for row, action in actions(store, config, name, until=before):
            if row["sent_at"] is None:
                continue
            said = campaigns.said_after(store, row["case_id"], row["author_id"], row["sent_at"], iso(before))
            for one, told in zip(said, map(_said, said), strict=True):
                found = {"thanked"} if told.thanks else {"complained"} if told.complains else set()
                for outcome in found - set(action.recorded):
                    with store.write() as connection:
                        at = parse_iso(one["created_at"])
                        campaigns.record(connection, row["action_id"], outcome, now=at, agent=None, note=None)


def described(row: Row, action: Action, asked: Campaign) -> JSON:
    """An action as JSON."""
    return {
        "action": row["action_id"],
        "campaign": row["campaign"],
        "case": row["case_id"],
        "customer": {"platform": row["platform"], "handle": row["handle"], "name": row["name"]},
        "said": row["said"] or None,
        "state": action.state,
        "outcomes": sorted(outcomes(action)),
        "draft_id": row["draft_id"],
        "text": row["text"],
        "reply_id": row["reply_id"],
        "proposed_at": row["at"],
        "sent_at": row["sent_at"],
        "due_at": outreach.due(asked, row["sent_at"]),
        "in_time": action.in_time,
        "agent": row["agent"],
        "note": row["note"],
        "url": row["reply_url"],
    }


def figures(store: Store, config: Config, name: str, *, since: datetime | None, until: datetime) -> Measured:
    """What a campaign came to in [since, until); since None: from its first day, or its first action. NotFound."""
    asked = outreach.campaign(config, name)
    begin, end = outreach.window(config, asked)
    until = min(until, end) if end is not None else until
    found = actions(store, config, name, until=until)
    first = parse_iso(found[0][0]["at"]) if found else None
    start = max((one for one in (since, begin or first) if one is not None), default=None)
    if start is not None and start >= until:
        start = None
    inside = [one for row, one in found if since is None or row["at"] >= iso(since)]
    mentions, category, interactions = _lifts(store, config, asked, start, until)
    period = (start, until)
    return measured(name, period, inside, mentions=mentions, category=category, interactions=interactions)


def _lifts(
    store: Store, config: Config, asked: Campaign, start: datetime | None, until: datetime
) -> tuple[Lift, Lift, Lift]:
    """The brand, the category and the brand's interactions, against the equal period before."""
    if start is None:
        return lift(None, None), lift(None, None), lift(None, None)
    before, first = start - (until - start), campaigns.first_mention(store)
    brand, category = _heard(store, config, asked, start, until)
    reacted = campaigns.interactions(store, iso(start), iso(until))
    if first is None or first > iso(before):  # nobody listened that long ago
        return lift(brand, None), lift(category, None), lift(reacted, None)
    brand_before, category_before = _heard(store, config, asked, before, start)
    reacted_before = campaigns.interactions(store, iso(before), iso(start))
    return lift(brand, brand_before), lift(category, category_before), lift(reacted, reacted_before)


def _heard(
    store: Store, config: Config, asked: Campaign, start: datetime, until: datetime
) -> tuple[int | None, int | None]:
    """Mentions that address or name the brand, and those that fit the campaign's category; None without their texts."""
    if iso(start) < (pruned_before(store) or ""):
        return None, None
    names = [f" {' '.join(words(name))} " for name in (config.brand.name, *config.brand.keywords) if words(name)]
    wanted = outreach.query(config, asked, category=True)
    brand = category = 0
    for row in campaigns.inbound(store, iso(start), iso(until)):
        told = f" {' '.join(words(row['text']))} "
        brand += bool(row["directed"]) or any(name in told for name in names)
        category += wanted.match(row["text"], row["language"]) is not None
    return brand, category
