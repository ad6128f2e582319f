"""The voice of the customer: what hurts, what is praised, what is new against the period before."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from carecli.reports import tables
from carecli.reports.parts import Frame, assemble
from carecli.reports.stats import difference_p, holm, net_interval
from carecli.reports.tables import Part, Row, Section
from carecli.text import terms

LEVEL = 0.05
FEWEST = 3  # customers that a word needs before it is told
MOST_WORDS = 15
_NOT_WORDS = re.compile(r"https?://\S+|[@#]\S+")
_SHORTEST, _FIRST_HAN = 3, "\u3400"  # letters of a word that says something; two characters of Chinese do
NEW = (
    "Grew: more than in the period before by more than chance (difference of two shares, corrected for the number of "
    "topics after Holm)."
)
NET = "Net sentiment: (positive - negative) / all mentions of the topic, with its 95% interval."


class TopicCount(NamedTuple):
    """Inbound mentions of a topic in one period."""

    mentions: int
    negative: int
    positive: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What a customer wrote of a topic."""

    text: str
    handle: str
    url: str | None
    sentiment: str


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic now and in the period before; `grew` is None without a period before."""

    topic: str
    mentions: int
    negative: int
    positive: int
    net_sentiment: float | None
    low: float | None
    high: float | None
    before: int | None
    negative_before: int | None
    p_value: float | None
    grew: bool | None
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A word that more customers use than in the period before; counts are of customers."""

    word: str
    customers: int
    before: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Voice:
    """Topics by how many mentions they have; `hurts`, `praised` and `new` are names of them, the first the most."""

    topics: tuple[Topic, ...]
    hurts: tuple[str, ...]
    praised: tuple[str, ...]
    new: tuple[str, ...] | None
    words: tuple[Word, ...] | None


def voice(
    now: Mapping[str, TopicCount],
    total: int,
    before: Mapping[str, TopicCount] | None,
    total_before: int,
    quotes: Mapping[str, Sequence[Quote]],
    words: tuple[Word, ...] | None,
) -> Voice:
    """`total` and `total_before`: all inbound mentions of both periods; `before` None: there is no period before."""
    none = TopicCount(0, 0, 0)
    names = sorted(now, key=lambda name: (-now[name].mentions, name))
    p_values: list[float] = []
    if before is not None:
        pairs = [(now[name].mentions, before.get(name, none).mentions) for name in names]
        p_values = holm([difference_p(a, total, b, total_before) for a, b in pairs])
    topics = []
    for place, name in enumerate(names):
        count, earlier = now[name], None if before is None else before.get(name, none)
        low, high = net_interval(count.positive, count.negative, count.mentions)
        p_value = p_values[place] if before is not None else None
        topics.append(
            Topic(
                name,
                *count,
                (count.positive - count.negative) / count.mentions,
                low,
                high,
                earlier.mentions if earlier else None,
                earlier.negative if earlier else None,
                p_value,
                None if earlier is None else _grew(count, total, earlier, total_before, p_value),
                tuple(quotes.get(name, ())),
            )
        )
    return Voice(
        tuple(topics),
        tuple(each.topic for each in sorted(topics, key=lambda each: -each.negative) if each.negative),
        tuple(each.topic for each in sorted(topics, key=lambda each: -each.positive) if each.positive),
        None if before is None else tuple(each.topic for each in topics if each.grew),
        words,
    )


def _grew(now: TopicCount, total: int, before: TopicCount, total_before: int, p_value: float | None) -> bool:
    more = now.mentions * max(total_before, 1) > before.mentions * total
    return more and p_value is not None and p_value < LEVEL


def new_words(
    now: Iterable[tuple[str, str]], before: Iterable[tuple[str, str]], besides: Collection[str] = ()
) -> tuple[Word, ...]:
    """Words of (customer, text) that more customers use now than before, the most telling first.

    A customer counts once, so that nobody makes a trend alone. `besides`: words that are left out, the brand's own.
    """
    users, people = _users(now)
    users_before, people_before = _users(before)
    ignored = {term for word in besides for term in terms(word)}
    found = []
    for word, who in users.items():
        if len(who) >= FEWEST and word not in ignored and not word.isdigit():
            earlier = len(users_before.get(word, ()))
            if len(who) * max(people_before, 1) > earlier * people:
                found.append(Word(word, len(who), earlier, difference_p(len(who), people, earlier, people_before)))
    corrected = holm([each.p_value for each in found])
    telling = [
        Word(each.word, each.customers, each.before, p) for each, p in zip(found, corrected, strict=True) if p < LEVEL
    ]
    return tuple(sorted(telling, key=lambda each: (each.p_value, -each.customers, each.word))[:MOST_WORDS])


def _users(texts: Iterable[tuple[str, str]]) -> tuple[dict[str, set[str]], int]:
    users: defaultdict[str, set[str]] = defaultdict(set)
    people = set()
    for customer, text in texts:
        people.add(customer)
        for term in set(terms(_NOT_WORDS.sub(" ", text))):
            if len(term) >= _SHORTEST or term >= _FIRST_HAN:
                users[term].add(customer)
    return users, len(people)


def voice_part(frame: Frame, value: Voice) -> Part:
    """Topics with their sentiment, what is new, and what customers say in their own words."""
    found = [_topics(value), _moods(value)]
    if value.words is not None:
        rows = tuple(
            Row(
                tables.name(each.word),
                (tables.count(each.customers, "customers"), tables.count(each.before, "customers")),
            )
            for each in value.words
        )
        columns = ("word", "customers now", "before")
        note = "Words that more customers use than in the period before, by more than chance." if rows else "None."
        found.append(Section("words", "New words", columns, rows, (note,), counted=None, chart="bars"))
    quotes = tuple(
        Row(
            tables.name(each.topic),
            (tables.words(quote.sentiment), tables.words(quote.text), tables.words(quote.handle)),
        )
        for each in value.topics
        for quote in each.quotes
    )
    if quotes:
        found.append(Section("quotes", "In their words", ("topic", "", "text", "who"), quotes, counted=None))
    return assemble(frame, "voice", "What customers say", value, found)


def _topics(value: Voice) -> Section:
    rows = tuple(
        Row(
            tables.name(each.topic),
            (
                tables.count(each.mentions),
                tables.count(each.negative),
                tables.count(each.positive),
                tables.count(each.before) if each.before is not None else tables.words(None),
                tables.words({None: None, True: "yes", False: "no"}[each.grew]),
            ),
        )
        for each in value.topics
    )
    columns = ("topic", "mentions", "negative", "positive", "before", "grew")
    told = [f"What hurts most: {_listed(value.hurts)}.", f"What is praised most: {_listed(value.praised)}."]
    told += [] if value.new is None else [f"New or grown: {_listed(value.new)}. {NEW}"]
    none = "No mention has a topic: name yours in care.toml, [topics]."
    return Section("topics", "Topics", columns, rows, tuple(told) if rows else (none,), None, "bars")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(tables.name, names[:5])) or "nothing"


def _moods(value: Voice) -> Section:
    rows = tuple(
        Row(
            tables.name(each.topic),
            (tables.share(each.net_sentiment), tables.share(each.low), tables.share(each.high)),
            each.mentions,
        )
        for each in value.topics
    )
    return Section("moods", "Sentiment by topic", ("topic", "net", "low", "high"), rows, (NET,), chart="interval")
