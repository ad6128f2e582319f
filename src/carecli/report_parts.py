"""The rows behind each part of a report, made into the part: `care report NAME`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from carecli import campaigning, deadlines, sla
from carecli.config import Config
from carecli.errors import CareError, UsageError
from carecli.figuring import Figures
from carecli.hindsight import Open
from carecli.model import iso, parse_iso
from carecli.reports import explain as explaining
from carecli.reports import open_cases, parts, people, promised, questions, reach, targets, voice
from carecli.reports.campaigns import campaigns_part
from carecli.reports.compare import compared
from carecli.reports.figures import times
from carecli.reports.model import Times
from carecli.reports.parts import Frame
from carecli.reports.sections import summary_part
from carecli.reports.tables import Part
from carecli.store import brands, metrics, part_metrics, promises, prune
from carecli.store.connect import Row, Store
from carecli.text import fold, words

MOST_QUESTIONS = 20_000
MOST_TEXTS = 20_000  # of each period, for new words
SHOWN_QUESTIONS = 30
QUOTED_TOPICS = 5
CASES_AT_ONCE = 500


@dataclass(frozen=True)
class Material:
    """What a part is made of: the figures of the period and of the one before, None without a beginning."""

    figures: Figures
    before: Figures | None
    brand: str | None = None

    @property
    def store(self) -> Store:
        return self.figures.store

    @property
    def config(self) -> Config:
        return self.figures.config

    @property
    def anonymous(self) -> bool:
        return self.figures.anonymous

    @property
    def start(self) -> str:
        return self.figures.start

    @property
    def end(self) -> str:
        return self.figures.end

    @property
    def at(self) -> datetime:
        """The instant at which the figures are judged."""
        return self.figures.instant

    @property
    def frame(self) -> Frame:
        return Frame(self.figures.period, self.at, self.figures.coverage, self.anonymous)


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
    from carecli import knowledge  # only here: it brings the word lists of the languages

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
    rows = part_metrics.first_words(m.store, [(each.case, each.opened_at) for each in segments])
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


def _share_of_voice(m: Material) -> Part:
    if not m.config.report.competitors:
        return _share_of_brands(m)
    brand = m.brand or m.config.brand.name or "the brand"
    own = [m.config.brand.name, *m.config.brand.keywords, *m.config.own_handles]
    names = {brand: own if brand == m.config.brand.name else [brand], **m.config.report.competitors}
    heard = [source.name for source in m.config.sources.values() if _hears_all(source.platform, source.settings, names)]
    if not heard:
        raise CareError(
            "share of voice is refused: no source searches for the brand and every competitor, so that the figures"
            " would tell where you listened, not who is talked about",
            hint="let the same source search for all of them: docs/reports.md",
        )
    pruned = prune.pruned_before(m.store)
    if pruned is not None and m.start < pruned:
        raise CareError(
            f"share of voice is refused: texts from before {pruned[:10]} are pruned, and names are counted in texts",
            hint=f"ask for what came later: --since {pruned}",
        )
    counts = dict.fromkeys(names, 0)
    for text in part_metrics.texts_of(m.store, heard, m.start, m.end):
        told = f" {' '.join(words(text))} "
        for name, meant in names.items():
            counts[name] += any(f" {' '.join(words(word))} " in told for word in meant if words(word))
    return reach.share_of_voice_part(m.frame, reach.share_of_voice(counts, heard), reach.VOICE)


def _share_of_brands(m: Material) -> Part:
    """The brands that rows name beside each other, on sources that have all of them."""
    rows = brands.heard(m.store, m.start, m.end)
    names = sorted({row["brand"] for row in rows}, key=lambda name: (name != m.brand, name))
    if len(names) < 2:
        hint = 'name them in care.toml: [report.competitors], Rival = ["rival", "@rival"]'
        raise CareError("share of voice is refused: no competitor is configured", hint=hint)
    of_source: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        of_source[row["source"]][row["brand"]] = row["mentions"]
    heard = [source for source, found in of_source.items() if len(found) == len(names)]
    if not heard:
        raise CareError(
            "share of voice is refused: no source has mentions of every brand in this period, so that the figures"
            " would tell where you listened, not who is talked about",
            hint="import one file with all of them: docs/reports.md",
        )
    counts = {name: sum(of_source[source][name] for source in heard) for name in names}
    return reach.share_of_voice_part(m.frame, reach.share_of_voice(counts, heard), reach.BRANDS)


def _hears_all(platform: str, settings: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> bool:
    """Whether a source looks for every name: by its search, or because it reads everything that there is."""
    if platform in ("feed", "file") and settings.get("match", "all") == "all":
        return True
    asked: list[str] = []
    for key in ("search", "hashtags", "keywords"):
        value = settings.get(key, ())
        asked += [value] if isinstance(value, str) else [str(each) for each in value]
    wanted = [fold(one) for one in asked]
    return all(any(fold(word) in one for word in meant if word for one in wanted) for meant in names.values())


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
    "share-of-voice": _share_of_voice,
    "campaigns": _campaigns,
    "promises": _promises,
}
