"""Whom we may write to though they did not ask: limits, windows, and people who are to be left alone.

The same questions are asked when a message is proposed, when it is written down to be sent, and when it goes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from carecli.config import Campaign, Config
from carecli.errors import NotFound, Refused
from carecli.hours import parse_duration
from carecli.matching import Query, parse
from carecli.model import iso, parse_iso
from carecli.replies.stopping import asks_to_stop
from carecli.replies.young import says_minor
from carecli.store import campaigns, cases, customers
from carecli.store.connect import Connection, Row, Store

LONELY_RISKS = {"minors": "signs of a minor", "safety": "somebody may be in danger"}


def campaign(config: Config, name: str) -> Campaign:
    """A campaign of care.toml. Raises NotFound."""
    if name not in config.campaigns:
        known = ", ".join(config.campaigns) or "none: add [campaigns.NAME]"
        raise NotFound(f"no campaign is called '{name}'", hint=f"care.toml has: {known}")
    return config.campaigns[name]


def query(config: Config, asked: Campaign, *, category: bool = False) -> Query:
    """What a campaign looks for, or measures besides."""
    text = (asked.category if category else "") or asked.query
    return parse(config.brand.queries.get(text, text))


def window(config: Config, asked: Campaign) -> tuple[datetime | None, datetime | None]:
    """[begin, end) of a campaign: whole days in the brand's time zone; None where it is open."""
    zone = ZoneInfo(config.brand.timezone)
    begin = datetime.combine(asked.since, time(), zone) if asked.since else None
    end = datetime.combine(asked.until + timedelta(days=1), time(), zone) if asked.until else None
    return begin, end


def day_start(config: Config, now: datetime) -> str:
    """When this day began where the brand is."""
    here = now.astimezone(ZoneInfo(config.brand.timezone))
    return iso(datetime.combine(here.date(), time(), here.tzinfo))


def closed(config: Config, asked: Campaign, now: datetime) -> str | None:
    """Why a campaign does not run now, None when it does."""
    begin, end = window(config, asked)
    if begin is not None and now < begin:
        return f"it begins on {asked.since}"
    return f"it ended on {asked.until}" if end is not None and now >= end else None


def unwelcome(
    store: Store, config: Config, asked: Campaign, person: Row, *, now: datetime, besides: int | None = None
) -> str | None:
    """Why this person is not to be written to, None when nothing speaks against it.

    `person` has the author_id; the accounts linked with it count as well. `besides`: an action that the limit leaves
    out.
    """
    accounts = customers.accounts(store, person["author_id"])
    authors = [account["author_id"] for account in accounts]
    why = _left_alone(store, asked, accounts) or _worried(store, query(config, asked), authors)
    if why:
        return why
    since = iso(now - timedelta(seconds=parse_duration(asked.person_within)))
    done = campaigns.contacts(store, authors, since=since, besides=besides)
    return f"written to already in the last {asked.person_within}" if done >= asked.per_person else None


def _left_alone(store: Store, asked: Campaign, accounts: Sequence[Row]) -> str | None:
    """Why these accounts want, or are said, to be left alone."""
    never = {campaigns.plain(handle) for handle in asked.do_not_contact}
    for account in accounts:
        listed = campaigns.is_blocked(store, account["platform"], account["handle"])
        if listed or campaigns.plain(account["handle"]) in never:
            return "on the do-not-contact list"
        # before there was a campaign nobody listened for this
        if listed is None and any(map(asks_to_stop, campaigns.said(store, account["author_id"], to_us=True))):
            return "asked us to stop"
    return None


def _worried(store: Store, wanted: Query, authors: Sequence[int]) -> str | None:
    """What else somebody has on their mind. A sigh to the world of what a campaign looks for is no complaint to us."""
    for case in campaigns.worries(store, authors):
        if "emergency" in (case["intent"], case["urgency"]):
            return f"an emergency is open (case {case['case_id']})"
        if case["intent"] == "complaint" and (case["directed"] or wanted.match(case["text"]) is None):
            return f"a complaint is open (case {case['case_id']})"
    if any(says_minor(text) for author in authors for text in campaigns.said(store, author)):
        return LONELY_RISKS["minors"]
    risks = (words for risk, words in LONELY_RISKS.items() if campaigns.ever_at_risk(store, authors, risk))
    return next(risks, None)


def obstacle(store: Store, config: Config, draft: int | None, *, now: datetime) -> str | None:
    """Why a campaign's draft must not go out (any more); None for other drafts, and where nothing speaks against it."""
    action = None if draft is None else campaigns.of_draft(store, draft)
    if action is None:
        return None
    name, number = action["campaign"], action["action_id"]
    asked = config.campaigns.get(name)
    if asked is None:
        return f"the campaign '{name}' is no longer in care.toml"
    why = closed(config, asked, now) or unwelcome(store, config, asked, action, now=now, besides=number)
    if why is None and campaigns.on_day(store, name, day_start(config, now), besides=number) >= asked.per_day:
        why = f"{asked.per_day} a day are its limit"
    return why and f"the campaign '{name}' does not write to {action['handle']}: {why}"


def ensure_welcome(store: Store, config: Config, draft: int | None, *, now: datetime) -> None:
    """Raise Refused where a campaign's draft must not go out."""
    why = obstacle(store, config, draft, now=now)
    if why:
        raise Refused(why, hint=f"`care draft reject {draft} --because …` takes it back")


def heed(connection: Connection, batch: Sequence[Row], now: datetime) -> None:
    """Whoever asks us to stop is on the do-not-contact list from now on. `batch`: whole rows of mentions."""
    for row in batch:
        said_to_us = row["inbound"] and (row["directed"] or row["in_reply_to"])
        if said_to_us and asks_to_stop(row["text"]):
            author = connection.execute(
                "SELECT platform, handle FROM authors WHERE author_id = ?", [row["author_id"]]
            ).fetchone()
            campaigns.block(
                connection, author["platform"], author["handle"], now=now, agent=None, because="asked us to stop"
            )


# Opportunities


def candidates(store: Store, config: Config, asked: Campaign, *, now: datetime) -> Iterator[tuple[Row, str]]:
    """Mentions that a campaign looks for, the newest of each conversation, with why it was found."""
    begin, end = window(config, asked)
    since = max(now - timedelta(seconds=parse_duration(asked.fresh)), begin or datetime.min.replace(tzinfo=now.tzinfo))
    until = min(now + timedelta(seconds=1), end or datetime.max.replace(tzinfo=now.tzinfo))
    wanted, seen = query(config, asked), set[int]()
    for row in campaigns.recent(store, since=iso(since), until=iso(until)):
        if row["case_id"] in seen or not _fits(asked, row):
            continue
        match = wanted.match(row["text"], row["language"])
        if match is not None:
            seen.add(row["case_id"])
            yield row, match.reason


def _fits(asked: Campaign, row: Row) -> bool:
    language = (row["language"] or "").split("-")[0]
    return (
        (not asked.sources or row["source"] in asked.sources)
        and (not asked.languages or language in asked.languages)
        and row["intent"] != "spam"
    )


def excluded(store: Store, config: Config, name: str, row: Row, *, now: datetime) -> str | None:
    """Why an opportunity is not one, None when it is."""
    asked = config.campaigns[name]
    if campaigns.in_case(store, name, row["case_id"]):
        return "taken up or passed over already"
    if campaigns.answered(store, row["case_id"]):
        return "we are in this conversation already"
    language = (row["language"] or "").split("-")[0]
    if asked.messages and language not in asked.messages:
        return f"there is no message in the language {language or 'unknown'}"
    case = cases.get(store, row["case_id"])
    if case["latest_mention_id"] != row["mention_id"]:
        return "the conversation has gone on"
    return unwelcome(store, config, asked, row, now=now)


def room(store: Store, config: Config, name: str, *, now: datetime) -> int:
    """How many messages a campaign may still propose today."""
    return max(config.campaigns[name].per_day - campaigns.on_day(store, name, day_start(config, now)), 0)


def due(asked: Campaign, sent_at: str | None) -> str | None:
    """When what was offered has to be with the person; None where care.toml sets no time, or nothing went out."""
    if not asked.within or sent_at is None:
        return None
    return iso(parse_iso(sent_at) + timedelta(seconds=parse_duration(asked.within)))
