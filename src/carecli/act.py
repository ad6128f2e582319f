"""Stage 2: new mentions → verdicts → cases, with their queue, deadlines, corrections and log.

Everything that changes a case appends to its log or adds a mention, and then writes the case anew from both
(`carecli.cases.lifecycle.fold`); nothing edits a case in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from carecli.cases.reposts import gist
from carecli.casework import desk, filing, priorities, undoing
from carecli.classifying import teaching
from carecli.classifying.doubts import Doubts, doubts
from carecli.classifying.meaning import meaning
from carecli.config import Config
from carecli.errors import Conflict
from carecli.model import JSON, Event, Verdict, needs_reply
from carecli.responding import outreach
from carecli.store import cases, conversations, events, mentions, triaged
from carecli.store.connect import Row, Store
from carecli.triage import Rules, examples

if TYPE_CHECKING:
    from carecli.triage.engine import Meaning
    from carecli.triage.learning import Learnt
    from carecli.triage.risk import Found

BATCH = 2_000

Progress = Callable[[int], None]


# Verdicts and cases


def triage_new(
    store: Store, config: Config, *, now: datetime, progress: Progress | None = None, relearn: bool = True
) -> int:
    """Give every new mention its verdict and its case, oldest first. Returns how many there were.

    Resumable: what a crash leaves untriaged is found again by the next call. `relearn`: from corrections that are new.
    """
    adopt_priorities(store, config, progress=progress)
    total, taught = 0, None
    while batch := triaged.waiting(store, BATCH):
        taught = taught or engine_of(store, config, relearn=relearn)
        total += _filed(store, config, batch, _verdicts(store, batch, taught), now)
        if progress is not None:
            progress(total)
    triaged.finish(store)
    return total


def _filed(store: Store, config: Config, batch: Sequence[Row], verdicts: Mapping[int, _Judged], now: datetime) -> int:
    """Write verdicts and cases in one transaction; returns how many mentions it did.

    What another process triaged, corrected or changed since `batch` was read is left to it, or to the next batch.
    """
    with store.write() as connection:
        rows = triaged.still_waiting(connection, batch)
        numbers = [row["mention_id"] for row in rows]
        corrected = triaged.corrections(store, numbers)
        judged = {number: verdicts[number] for number in numbers}
        final = {number: _corrected(each, corrected.get(number, {})) for number, each in judged.items()}
        triaged.save(connection, [(n, final[n], each.risks, each.gist) for n, each in judged.items()], now=now)
        undirected = [row for row in rows if row["inbound"] and not judged[row["mention_id"]].directed]
        repeated = filing.find_reposts(connection, undirected, {n: each.gist for n, each in judged.items()})
        touched = filing.into_cases(connection, [row for row in rows if row["mention_id"] not in repeated], now)
        touched |= conversations.join_originals(connection, repeated) if repeated else set()
        known = set(numbers)
        read = [row for row in batch if row["mention_id"] in known]
        filing.keep_promises(connection, read, config)
        if config.campaigns:
            outreach.heed(connection, read, now)
        filing.reopen_unseen(connection, numbers, now)
        filing.project(store, connection, touched)
    return len(rows)


def triage_again(store: Store, config: Config, *, now: datetime, progress: Progress | None = None) -> int:
    """Classify everything that is stored anew, after a change of engine or configuration; corrections stay.

    Resumable: what an interrupted one has done with this engine and configuration is not done again.
    """
    from carecli.triage import prior

    engine = blake2b(f"{prior.shipped().fingerprint} {config!r}".encode(), digest_size=16).hexdigest()
    if triaged.unfinished(store) != engine:
        with store.write() as connection:
            triaged.forget_verdicts(connection, engine)
    return triage_new(store, config, now=now, progress=progress)


def adopt_priorities(
    store: Store, config: Config, *, only_open: bool = False, progress: Progress | None = None
) -> None:
    """Give stored cases the priorities that care.toml now says; nothing is done where they have them already.

    Resumable. `only_open`: those in the queue, so that whoever reads it does not wait for the others.
    """
    priorities.change(store, config.priority)
    done = 0
    while numbers := priorities.to_do(store, only_open=only_open):
        with store.write() as connection:
            filing.project(store, connection, numbers)
            priorities.did(store, numbers)
        done += len(numbers)
        if progress is not None:
            progress(done)


class Engine(NamedTuple):
    """What verdicts are made with: the configuration, and what this user's corrections taught."""

    config: Config
    learnt: Learnt | None = None
    meaning: Meaning | None = None
    doubts: Doubts | None = None

    def verdicts(
        self, texts: Sequence[str], languages: Sequence[str | None], directed: Sequence[bool]
    ) -> Sequence[Verdict]:
        """The verdict of each text; those in doubt by a language model, where care.toml wants that."""
        from carecli.triage import classify  # here and below: whoever changes a case waits for no engine

        said = classify(
            texts,
            rules(self.config),
            languages=languages,
            directed=directed,
            learnt=self.learnt,
            meaning=self.meaning,
        )
        return said if self.doubts is None else self.doubts.settled(texts, said, directed)


def engine_of(store: Store | None, config: Config, *, relearn: bool = True) -> Engine:
    """The engine as it is configured and was taught; without a store as it came."""
    meant = meaning(store, config)
    asked = doubts(config, rules(config))
    if store is None:
        return Engine(config, None, meant, asked)
    return Engine(config, teaching.learnt(store, rules(config), relearn=relearn, meaning=meant), meant, asked)


def rules(config: Config) -> Rules:
    """What triage has to know of the brand."""
    names = (config.brand.name, *config.brand.keywords)
    return Rules(
        languages=tuple(config.brand.languages),
        brand_names=tuple(name for name in names if name),
        handles=config.own_handles,
        topics=config.topics,
    )


class _Judged(NamedTuple):
    """What the engine says of a mention, None for our own, whether it addresses us, its risks and its gist."""

    verdict: Verdict | None
    directed: bool
    risks: Sequence[Found] = ()
    gist: int | None = None


def _verdicts(store: Store, batch: Sequence[Row], engine: Engine) -> dict[int, _Judged]:
    from carecli.triage import risk

    inbound = [row for row in batch if row["inbound"]]
    answers_to = [filing.place_of(row, "in_reply_to") for row in inbound]
    ours = conversations.ours_at(store.connection, [place for place in answers_to if place is not None])
    directed = [bool(row["directed"]) or place in ours for row, place in zip(inbound, answers_to, strict=True)]
    verdicts = engine.verdicts(
        [row["text"] for row in inbound], [row["declared_language"] for row in inbound], directed
    )
    risks = risk.find([row["text"] for row in inbound], [verdict.language for verdict in verdicts])
    found = {row["mention_id"]: _Judged(None, directed=False) for row in batch}
    for row, verdict, to_us, risky in zip(inbound, verdicts, directed, risks, strict=True):
        complete = about(verdict, row["text"], engine.config)
        found[row["mention_id"]] = _Judged(complete, to_us, risky, gist(row["text"]))
    return found


def about(verdict: Verdict, text: str, config: Config) -> Verdict:
    """The verdict with the topics that care.toml's examples give away, beside those of its keywords."""
    if not config.topic_examples:
        return verdict
    topics, reasons = examples.like(text, config.topic_examples)
    new = tuple(topic for topic in topics if topic not in verdict.topics)
    return verdict._replace(topics=(*verdict.topics, *new), why=(*verdict.why, *reasons))


def _corrected(judged: _Judged, signals: Mapping[str, Any]) -> Verdict | None:
    """A person's word outranks the engine; what follows from it follows."""
    verdict = judged.verdict
    if verdict is None or not signals:
        return verdict
    changes: dict[str, Any] = {key: signals[key] for key in ("language", "intent") if key in signals}
    if "topics" in signals:
        changes["topics"] = tuple(signals["topics"])
    if "sentiment" in signals and signals["sentiment"] != verdict.sentiment:
        score = {"negative": -0.5, "neutral": 0.0, "positive": 0.5}[signals["sentiment"]]
        changes |= {"sentiment": signals["sentiment"], "sentiment_score": score}
    if "intent" in signals:
        changes["needs_reply"] = needs_reply(signals["intent"], directed=judged.directed)
    if "intent" in signals and signals["intent"] != verdict.intent:
        changes |= {"urgency": "emergency"} if signals["intent"] == "emergency" else {}
        if verdict.urgency == "emergency" and signals["intent"] != "emergency":
            changes["urgency"] = "today"
    if "needs_reply" in signals:
        changes["needs_reply"] = signals["needs_reply"]
    words = ", ".join(f"{key} = {signals[key]}" for key in sorted(signals))
    return verdict._replace(**changes, confidence=1.0, why=(f"corrected by a person: {words}", *verdict.why))


# What a person does to a case


record = filing.record
claim = desk.claim


def label(
    store: Store,
    config: Config,
    mention: int,
    signals: Mapping[str, Any],
    *,
    now: datetime,
    agent: str | None = None,
) -> Row:
    """A person's correction of a mention's signals: it wins at once and for ever. Returns the mention."""
    with store.write() as connection:
        row = mentions.get(store, mention)
        if not row["inbound"]:
            raise Conflict(f"mention {mention} is the brand's own post", hint="only customers' mentions have labels")
        triaged.correct(connection, mention, dict(signals), agent=agent, now=now)
        if row["case_id"] is not None:
            data = {"mention": mention, **signals}
            events.append(connection, row["case_id"], "labelled", now, agent=agent, data=data)
    triage_new(store, config, now=now, relearn=False)
    return mentions.get(store, mention)


def undo(store: Store, config: Config, event: int, *, now: datetime, agent: str | None = None) -> tuple[Row, Event]:
    """Take an action back, by the number of its event: the log keeps both. Returns the case and what was undone.

    Raises NotFound, and Conflict for what cannot be undone or is undone already.
    """
    row, was = undoing.take_back(store, event, now=now, agent=agent)
    if was.kind == "labelled":
        triage_new(store, config, now=now, relearn=False)
        row = cases.get(store, row["case_id"])
    return row, was


# Texts that are not stored


def classify_texts(texts: Sequence[str], languages: Sequence[str | None], engine: Engine) -> list[JSON]:
    """Verdicts for texts that are not stored, as CONTRACT.md describes them, in their order."""
    directed = [addresses_us(text, engine.config) for text in texts]
    verdicts = engine.verdicts(texts, languages, directed)
    return [
        {
            "text": text,
            "language": verdict.language,
            "sentiment": verdict.sentiment,
            "sentiment_score": verdict.sentiment_score,
            "intent": verdict.intent,
            "topics": list(verdict.topics),
            "urgency": verdict.urgency,
            "needs_reply": verdict.needs_reply,
            "confidence": verdict.confidence,
            "why": list(verdict.why),
        }
        for text, verdict in zip(texts, verdicts, strict=True)
    ]


def addresses_us(text: str, config: Config) -> bool:
    """Whether one of our handles stands in a text that no platform tells more about."""
    lowered = text.casefold()
    return any(f"@{handle.strip().lstrip('@').casefold()}" in lowered for handle in config.own_handles)
