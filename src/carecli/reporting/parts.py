"""The rows behind each part of a report, made into the part: `care report NAME`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from carecli import sla
from carecli.casework import deadlines
from carecli.errors import UsageError
from carecli.model import iso, parse_iso
from carecli.reporting import campaigning
from carecli.reporting.hindsight import Open
from carecli.reporting.material import Material
from carecli.reporting.share import share_of_voice
from carecli.reports import explain as explaining
from carecli.reports import open_cases, parts, people, promised, questions, reach, targets, voice
from carecli.reports.campaigns import campaigns_part
from carecli.reports.compare import compared
from carecli.reports.figures import times
from carecli.reports.model import Times
from carecli.reports.sections import summary_part
from carecli.reports.tables import Part
from carecli.store import metrics, part_metrics, promises, prune
from carecli.store.connect import Row, Store

MOST_QUESTIONS = 20_000
MOST_TEXTS = 20_000  # of each period, for new words
SHOWN_QUESTIONS = 30
QUOTED_TOPICS = 5
CASES_AT_ONCE = 500


def build(name: str, material: Material) -> Part:
    """The part called `name`. Raises CareError where it refuses, KeyError for an unknown name."""
    return PARTS[name](material)


def _summary(m: Material) -> Part:
    found = m.figures.report
    return summary_part(found if m.before is None else compared(found, m.before.headlines))


def _voice(m: Material) -> Part:
    now = {row["topic"]: _topic(row) for row in part_metrics.topic_moods(m.store, m.start, m.end)}
    before: Mapping[str, voice.TopicCount] | None = None
    total_before, new = 0, None
    if m.before is not None:
        rows = part_metrics.topic_moods(m.store, m.before.start, m.before.end)
        before = {row["topic"]: _topic(row) for row in rows}
        total_before = metrics.totals(m.store, m.before.start, m.before.end)["inbound"]
        own = [m.config.brand.name, *m.config.brand.keywords, *m.config.own_handles]
        texts = part_metrics.inbound_texts(m.store, m.start, m.end, MOST_TEXTS)
        earlier = part_metrics.inbound_texts(m.store, m.before.start, m.before.end, MOST_TEXTS)
        new = voice.new_words(texts, earlier, own)
    most = sorted(now, key=lambda name: (-now[name].mentions, name))[:QUOTED_TOPICS]
    quotes = {} if m.anonymous else {name: _quotes(m, name) for name in most}
    inbound = metrics.totals(m.store, m.start, m.end)["inbound"]
    return _without_texts(m, voice.voice_part(m.frame, voice.voice(now, inbound, before, total_before, quotes, new)))


def _topic(row: Row) -> voice.TopicCount:
    return voice.TopicCount(row["mentions"], row["negative"], row["positive"])


def _quotes(m: Material, topic: str) -> list[voice.Quote]:
    return [
        voice.Quote(row["text"], row["handle"], row["url"], row["sentiment"])
        for sentiment, limit in (("negative", 2), ("positive", 1))
        for row in part_metrics.quotes(m.store, topic, sentiment, m.start, m.end, limit)
    ]


def _questions(m: Material) -> Part:
    rows = part_metrics.questions(m.store, m.start, m.end, MOST_QUESTIONS)
    asked = [
        questions.Asked(row["mention_id"], row["case_id"], row["text"], row["language"], bool(row["answered"]))
        for row in rows
    ]
    found = tuple(_answered_by(m, each) for each in questions.grouped(asked)[:SHOWN_QUESTIONS])
    if m.anonymous:
        found = tuple(replace(each, question=None) for each in found)
    return _without_texts(m, questions.questions_part(m.frame, found, len(asked)))


def _without_texts(m: Material, part: Part) -> Part:
    """`part`, which reads what customers wrote, with a note where that is pruned."""
    pruned = prune.pruned_before(m.store)
    if pruned is None or m.start >= pruned:
        return part
    period, first, *others = part.sections
    note = f"Texts from before {pruned[:10]} are pruned: what only they said is missing here."
    return replace(part, sections=(period, replace(first, notes=(*first.notes, note)), *others))


def _answered_by(m: Material, question: questions.Question) -> questions.Question:
    from carecli.responding import knowledge

    language = question.languages[0] if len(question.languages) == 1 else None
    for article in knowledge.helpful(m.store, question.question or "", language, limit=1):
        return replace(question, knowledge=article.title, article=article.id)
    return question


def _sla(m: Material) -> Part:
    return targets.sla_part(m.frame, targets.targets(_clocks(m)))


def _clocks(m: Material) -> Iterator[targets.Clocked]:
    """The clocks of the period: those of segments that began in it, and of messages that waited again in it."""
    waits = m.figures.judged.waits
    for wait in waits:
        if wait.policy is not None and wait.urgency is not None:
            yield targets.Clocked("first_response", wait.urgency, wait.policy, wait.target, wait.clock)
    # what is asked after an answer, and how long a case was resolved without its pauses, is in the conversations alone
    if sla.promises_resolution(m.config):
        numbers = {*part_metrics.asking(m.store, m.start, m.end), *(wait.row.case for wait in waits)}
    else:
        numbers = set(part_metrics.asking_again(m.store, m.start, m.end))
    ordered = sorted(numbers)
    for place in range(0, len(ordered), CASES_AT_ONCE):
        some = ordered[place : place + CASES_AT_ONCE]
        for segment, each in deadlines.of_cases(m.store, some, m.config, m.at, by_day=False):
            clock = each.clock
            since = clock.started_at if each.kind == "next_response" else segment.opened_at
            if since is None or clock.promise is None or each.kind == "first_response":
                continue
            if m.start <= iso(since) < m.end:
                policy = clock.promise.policy
                yield targets.Clocked(each.kind, each.signs.urgency, policy, clock.target_seconds, clock.state)


def _agents(m: Material) -> Part:
    replies: defaultdict[str, list[Row]] = defaultdict(list)
    for row in part_metrics.agents(m.store, m.start, m.end):
        replies[row["agent"]].append(row)
    resolved = part_metrics.resolved_by(m.store, m.start, m.end)
    found = []
    for agent in {*replies, *resolved}:
        mine = replies.get(agent, [])
        waited = [float(row["waited"]) for row in mine if row["waited"] is not None]
        cases = {row["case_id"] for row in mine}
        found.append(people.Agent(agent, len(mine), len(cases), times(waited), resolved.get(agent, 0)))
    found.sort(key=lambda each: (-each.replies, each.agent))
    if m.anonymous:
        found = [replace(each, agent=f"agent {number}") for number, each in enumerate(found, 1)]
    return people.agents_part(m.frame, found)


def _ambassadors(m: Material) -> Part:
    answers: defaultdict[int, list[Row]] = defaultdict(list)
    for row in part_metrics.helpers(m.store, m.start, m.end):
        answers[row["author_id"]].append(row)
    found = [
        people.Ambassador(
            rows[0]["handle"],
            rows[0]["platform"],
            len(rows),
            len({row["asker"] for row in rows}),
            sum(row["thanked"] for row in rows),
        )
        for rows in answers.values()
    ]
    found.sort(key=lambda each: (-each.thanked, -each.helped, -each.answers, each.handle))
    if m.anonymous:
        found = [replace(each, handle=f"customer {number}") for number, each in enumerate(found, 1)]
    return people.ambassadors_part(m.frame, found[: open_cases.SHOWN])


def _backlog(m: Material) -> Part:
    at = m.at
    found = m.figures.then.open_segments()
    ages = [((at - parse_iso(each.opened_at)).total_seconds(), each.urgency, each.intent) for each in found]
    return open_cases.backlog_part(m.frame, open_cases.backlog(ages, _shown(m, found[: open_cases.SHOWN], at)))


def _unanswered(m: Material) -> Part:
    waits = sorted((w for w in m.figures.judged.waits if not w.answered), key=lambda w: (w.row.opened_at, w.row.case))
    listed = [
        Open(_iso(row.opened_at), row.case, row.number, row.urgency, row.intent, row.language)
        for row in (wait.row for wait in waits[: open_cases.SHOWN])
    ]
    value = open_cases.Unanswered(
        len(waits),
        len(m.figures.judged.waits),
        sum(wait.row.intent == "complaint" for wait in waits),
        sum(wait.row.resolved_at is not None for wait in waits),
        tuple(_shown(m, listed, m.at)),
    )
    return open_cases.unanswered_part(m.frame, value)


def _shown(m: Material, segments: Sequence[Open], at: datetime) -> list[open_cases.OpenCase]:
    rows = part_metrics.first_words(m.store, [(each.case, each.opened_at) for each in segments], iso(at))
    return [
        open_cases.OpenCase(
            each.case,
            parse_iso(each.opened_at),
            (at - parse_iso(each.opened_at)).total_seconds(),
            each.intent,
            each.urgency,
            each.language,
            row["platform"],
            "" if m.anonymous else row["handle"],
            None if m.anonymous else row["text"],
            None if m.anonymous else row["url"],
        )
        for each, row in zip(segments, rows, strict=True)
    ]


def _iso(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC))


def next_responses(store: Store, start: str, end: str) -> list[tuple[int, float, float]]:
    """(case, when answered, seconds) of every answer in the period to the oldest message that waited for one."""
    since = 0.0 if start < "1970" else parse_iso(start).timestamp()
    found: list[tuple[int, float, float]] = []
    case, waiting = None, None
    for number, at, inbound, automatic, needs_reply in part_metrics.turns(store, start, end):
        if number != case:
            case, waiting = number, None
        if inbound:
            waiting = at if waiting is None and needs_reply else waiting
        elif not automatic:
            if waiting is not None and at >= since:
                found.append((number, at, at - waiting))
            waiting = None
    return found


def _response(m: Material) -> Part:
    later: Times = times([seconds for _, _, seconds in next_responses(m.store, m.start, m.end)])
    return parts.response_part(m.frame, m.figures.headlines, later)


def _reach(m: Material) -> Part:
    sides = []
    for who, inbound in (("customers", True), ("the brand", False)):
        row: Any = part_metrics.reach(m.store, m.start, m.end, inbound=inbound)
        sides.append(reach.Reach(who, **{key: row[key] for key in row.keys()}))  # noqa: SIM118 - a row's keys
    return reach.reach_part(m.frame, sides)


def _coverage(m: Material) -> Part:
    lags: defaultdict[str, list[float]] = defaultdict(list)
    for row in metrics.fetch_lags(m.store, m.start, m.end):
        lags[row["source"]].append(float(max(0, row["lag"])))
    return parts.coverage_part(m.frame, {source: times(lags[source]) for source in sorted(lags)})


def _promises(m: Material) -> Part:
    at = iso(m.at)
    found = []
    for row in promises.made_by(m.store, m.start, m.end, at=at):
        fate, done = promises.fate(row, at), row["done_at"]
        late = None
        if fate == "broken" and done is not None and done <= at:
            late = (parse_iso(done) - parse_iso(row["due_at"])).total_seconds()
        found.append(promised.Promise(row["agent"], fate, late))
    shown = promised.promised(found)
    if m.anonymous:
        shown = tuple(replace(one, agent=one.agent and f"agent {number}") for number, one in enumerate(shown))
    return promised.promises_part(m.frame, shown)


def _campaigns(m: Material) -> Part:
    since = None if m.start < "1970" else parse_iso(m.start)
    found = [
        campaigning.figures(m.store, m.config, name, since=since, until=parse_iso(m.end)) for name in m.config.campaigns
    ]
    return campaigns_part(m.frame, found)


def explain(figure: str, m: Material) -> Part:
    """How a figure of the report came about. Raises UsageError for one that cannot be explained."""
    if figure not in explaining.FIGURES:
        hint = f"there is: {', '.join(explaining.FIGURES)}"
        raise UsageError(f"--explain {figure}: no figure is called so", hint=hint)
    at = m.at
    then = m.figures.then

    def open_now() -> list[explaining.Line]:
        segments = then.open_segments()
        found = ((each.case, parse_iso(each.opened_at).timestamp(), each.intent) for each in segments)
        return [explaining.Line(case, opened, None, at.timestamp() - opened, intent) for case, opened, intent in found]

    def answers() -> list[explaining.Line]:
        found = next_responses(m.store, m.start, m.end)
        return [explaining.Line(case, when - seconds, when, seconds, "answered") for case, when, seconds in found]

    def moods() -> list[explaining.Line]:
        rows = part_metrics.case_moods(m.store, m.start, m.end)
        return [explaining.Line(row["case_id"], None, None, row["mentions"], row["sentiment"]) for row in rows]

    def resolved() -> list[int]:
        return then.resolved(m.start, m.end)

    facts = explaining.Facts(m.figures.headlines, m.figures.judged, open_now, answers, moods, resolved)
    return explaining.explained_part(m.frame, explaining.explain(figure, facts))


PARTS: dict[str, Callable[[Material], Part]] = {
    "summary": _summary,
    "response": _response,
    "sla": _sla,
    "backlog": _backlog,
    "voice": _voice,
    "questions": _questions,
    "unanswered": _unanswered,
    "agents": _agents,
    "fairness": lambda m: parts.fairness_part(m.frame, m.figures.fairness),
    "crises": lambda m: parts.crises_part(m.frame, m.figures.crises),
    "reach": _reach,
    "ambassadors": _ambassadors,
    "benchmarks": lambda m: parts.benchmarks_part(m.frame, m.figures.headlines),
    "coverage": _coverage,
    "share-of-voice": share_of_voice,
    "campaigns": _campaigns,
    "promises": _promises,
}
