"""What a person does at a screen, one call each: `care triage` in both its forms sits here.

It only puts the stages' calls together: an action on several cases, what undoes it, the words of a filter. Every
action returns a `Deed` that says what was done; errors come as they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from carecli import casefile
from carecli.casefile import CaseFile
from carecli.config import Config
from carecli.errors import CareError, NotFound, Refused, UsageError
from carecli.model import INTENTS, JSON, SENTIMENTS, STATUSES, Draft, Finding, SlaState, iso
from carecli.store import cases, events, knowledge, mentions, replies, search, unsent
from carecli.store.cases import Filter
from carecli.store.connect import Row, Store
from carecli.store.unsent import Unsent

if TYPE_CHECKING:
    from carecli.overview import Overview
    from carecli.replies.drafting import Fit

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done: for people, to which cases, and the events that undoing it takes back, the newest last."""

    words: str
    cases: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    failed: str | None = None


# The queue


@dataclass(frozen=True, slots=True)
class Query:
    """Which cases the queue shows; `text` is what was typed."""

    which: Filter = field(default_factory=Filter)
    sla: str | None = None
    text: str = ""
    brand: str | None = None


_ALLOWED: dict[str, tuple[str, ...] | None] = {
    "status": STATUSES,
    "language": None,
    "sentiment": SENTIMENTS,
    "intent": INTENTS,
    "topic": None,
    "assignee": None,
    "sla": get_args(SlaState),
    "brand": None,
}


def parse_query(text: str, *, agent: str) -> Query:
    """A filter in the words of `care queue`: `--language he`, `language:he` or `language=he`; `all` or `--all`.

    Words that are no option are searched for in the messages, "quoted words" together; `assignee:me` are one's own,
    `brand:"Other Air"` has a value of two words.
    Raises UsageError.
    """
    options: dict[str, Any] = {}
    everything, words = False, list[str]()
    pieces = _pieces(text)
    while pieces:
        piece = pieces.pop(0)
        name, sign, value = _option(piece)
        if name == "all" and not sign:
            everything = True
        elif name is None:
            words.append(piece)
        else:
            given = value or (pieces.pop(0) if pieces and (not sign or pieces[0].startswith('"')) else "")
            options[name] = _value(name, given.strip('"'), agent)
    sought = search.expression(" ".join(words)) if words else None
    if words and not sought:
        raise UsageError(f"there is no word to search for in {' '.join(words)}")
    sla, brand = options.pop("sla", None), options.pop("brand", None)
    return Query(Filter(**options, everything=everything, words=sought), sla, " ".join(text.split()), brand)


def _pieces(text: str) -> list[str]:
    """Words, with "quoted ones" kept together."""
    found: list[str] = []
    for index, part in enumerate(text.split('"')):
        found += [f'"{part}"'] if index % 2 and part.strip() else part.split()
    return found


def _option(piece: str) -> tuple[str | None, str, str]:
    """The option that a word names, how its value is joined to it, and the value. Raises UsageError."""
    for sign in (":", "="):
        name, found, value = piece.removeprefix("--").partition(sign)
        if found and name in _ALLOWED:
            return name, sign, value
    dashed = piece.startswith("--")
    name = piece.removeprefix("--")
    if (dashed and name in _ALLOWED) or name == "all":
        return name, "", ""
    if dashed:
        near = difflib.get_close_matches(name, [*_ALLOWED, "all"], n=1, cutoff=0.5)
        hint = f"is --{near[0]} meant?" if near else f"there are: --{', --'.join(_ALLOWED)}, --all"
        raise UsageError(f"{piece} is no option of the queue", hint=hint)
    return None, "", ""


def _value(name: str, value: str, agent: str) -> str:
    allowed = _ALLOWED[name]
    if not value or (allowed is not None and value not in allowed):
        raise UsageError(f"{name} {value}: one of {', '.join(allowed)}" if allowed else f"{name}: give a value")
    return agent if name == "assignee" and value == "me" else value


# Replies


@dataclass(frozen=True, slots=True)
class Way:
    """How a reply goes out: rules that are broken and why, `at` a time in words ("": now), as several posts."""

    because: str = ""
    overridden: tuple[str, ...] = ()
    at: str = ""
    thread: bool = False


AT_ONCE = Way()


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody needs who answers a case: to whom, what is kept of earlier, drafts, how long it may be.

    `read` is the newest message of the customer at that moment, `answers` how many of ours there are to it: what comes
    later is not answered unseen.
    """

    case: int
    customer: str
    read: int
    fit: Fit | None
    answers: int = 0
    drafts: tuple[Draft, ...] = ()
    unsent: Unsent | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """A reply in the outbox, `at` a later time or now, or a draft that waits for another person's word, and why."""

    reply: int | None = None
    at: datetime | None = None
    draft: int | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """How a reply ended: `status` of the outbox, its address, what went wrong."""

    reply: int
    case: int
    status: str
    url: str | None
    error: str | None


# The seat


class Seat:
    """One agent's place: a connection, the configuration, a clock. Belongs to the thread that opened `store`."""

    def __init__(self, store: Store, config: Config, agent: str, clock: Clock) -> None:
        self.store, self.config, self.agent, self._clock = store, config, agent, clock

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._clock()

    @staticmethod
    def warm_up() -> None:
        """Import what only acting needs: reading comes first, and nobody shall wait for a first key."""
        from carecli import act, respond

        _ = act, respond

    # What is looked at

    def order(self, query: Query, limit: int | None = None) -> list[int]:
        """The numbers of the cases that fit, most pressing first."""
        which = query.which
        if query.brand is not None:
            from carecli import brands  # reports come with it

            which = replace(which, brand=brands.meant(self.store, self.config, query.brand))
        return casefile.order(self.store, self.config, which, now=self.now, sla=query.sla, limit=limit)

    def rows(self, numbers: Sequence[int]) -> dict[int, Row]:
        """The rows of these cases, for `describe`."""
        return {row["case_id"]: row for row in cases.by_numbers(self.store, numbers)}

    def file(self, case: int) -> CaseFile:
        """A case with all that hangs on it. Raises NotFound."""
        return casefile.case_file(self.store, self.config, case, now=self.now)

    def overview(self) -> Overview:
        """How the day goes."""
        from carecli import overview

        return overview.look(self.store, self.config, now=self.now)

    def knowledge(self, words: str) -> list[JSON]:
        """The articles of the knowledge base that hold all these words, else those that share most with them."""
        from carecli import knowledge as base

        found = knowledge.find(self.store, words, limit=20) or knowledge.about(self.store, words, limit=5)
        return [base.described(row, self.config, self.now) for row in found]

    def changes(self) -> int:
        """A number that changes whenever another connection has written."""
        return self.store.changes()

    # Replies

    def answer(self, case: int) -> Answer:
        """Open a reply: what was half written, else drafts. Raises NotFound."""
        from carecli import respond

        row = cases.get(self.store, case)
        number: int = row["case_id"]
        kept = unsent.load(self.store, number, self.agent)
        drafts = respond.draft(self.store, self.config, number, now=self.now, agent=self.agent)
        customer = row["customer_name"] or row["customer_handle"]
        fit = respond.fit(self.store, self.config, number)
        read: int = row["latest_mention_id"]
        answers = mentions.answers_since(self.store, number, mentions.get(self.store, read)["created_at"])
        return Answer(number, customer, read, fit, answers, tuple(drafts), kept)

    def check(self, value: Unsent, *, thread: bool = False, follow_links: bool = False) -> tuple[Finding, ...]:
        """What the guardrails find; `follow_links` opens every link."""
        from carecli import respond

        found = respond.check(
            self.store,
            self.config,
            value.case,
            value.text.strip(),
            now=self.now,
            private=value.private,
            agent=self.agent,
            draft=value.draft,
            thread=thread,
            follow_links=follow_links,
        )
        return tuple(found)

    def keep(self, value: Unsent) -> None:
        """Keep a half-written reply as it is typed."""
        unsent.save(self.store, value, now=self.now)

    def throw_away(self, case: int) -> None:
        """Forget a half-written reply."""
        unsent.drop(self.store, case, self.agent)

    def begun(self) -> list[int]:
        """The cases to which this agent has a half-written reply."""
        return unsent.cases(self.store, self.agent)

    @staticmethod
    def to_override(found: Sequence[Finding]) -> tuple[str, ...]:
        """The rules that block. Raises UsageError where no reason lifts one of them."""
        from carecli import respond

        rules = tuple(dict.fromkeys(one.rule for one in found if one.severity == "block"))
        final = next((rule for rule in rules if rule in respond.FINAL), None)
        if final is not None:
            raise UsageError(f"{final} cannot be overridden", hint="change the reply")
        return rules

    def parts(self, value: Unsent, way: Way = AT_ONCE) -> list[str]:
        """The posts that the reply would be. Raises NotProcessed."""
        from carecli import respond

        text = value.text.strip()
        return respond.parts_of(self.store, self.config, value.case, text) if way.thread else [text]

    def approve(self, value: Unsent, *, answers: int | None = None, way: Way = AT_ONCE) -> Approved:
        """Write the reply down to be sent, in place of its half-written form; or have somebody else agree first.

        Raises Refused for what a guardrail blocks, Conflict when somebody has written or answered since.
        """
        from carecli import respond

        text = value.text.strip()
        if not text:
            raise Refused("there is no text")
        if value.private and not respond.can_be_private(self.store, self.config, value.case):
            raise Refused("this platform has no private messages", hint="^T makes it public")
        found = self.check(value, thread=way.thread, follow_links=True)
        overrides = tuple(respond.Override(rule, way.because) for rule in way.overridden)
        blocked = respond.still_blocking(found, overrides)
        if blocked:
            raise Refused(blocked[0].message, hint=f"rule {blocked[0].rule}; change the text and try again")
        send_at, parts = self.moment(way.at) if way.at else None, self.parts(value, way)
        with self.store.write():
            self._is_read(value)
            waiting = self._proposed(value, text, found)
            if waiting is None:
                reply = respond.approve(
                    self.store,
                    value.case,
                    text,
                    now=self.now,
                    agent=self.agent,
                    private=value.private,
                    draft=value.draft,
                    read=value.read,
                    answers=answers,
                    overrides=overrides,
                    send_at=send_at,
                    parts=parts,
                )
                waiting = Approved(reply, at=send_at)
            unsent.drop(self.store, value.case, self.agent)
        return waiting

    def _is_read(self, value: Unsent) -> None:
        """Whoever sends a draft beside the customer's newest message has made it an answer to that. Raises Conflict."""
        from carecli import current, respond

        row = cases.get(self.store, value.case)
        current.ensure_read(self.store, row, value.read)
        if value.draft is not None:
            draft = replies.draft(self.store, value.draft)
            if value.read is None:
                current.ensure_current(self.store, row, draft)
            elif current.is_outdated(row, draft):
                respond.renew(self.store, value.draft)

    def _proposed(self, value: Unsent, text: str, found: tuple[Finding, ...]) -> Approved | None:
        """The draft that waits for another person's word; None where nobody's is needed, or it was given."""
        from carecli import respond

        row = cases.get(self.store, value.case)
        voice = respond.voice_of(self.config, mentions.get(self.store, row["latest_mention_id"]), None)
        reason = respond.approval_needed(self.config, row, voice=voice, agent=self.agent)
        if reason is None:
            return None
        if value.draft is not None:
            draft = replies.draft(self.store, value.draft)
            if draft["approval"] == "approved" and draft["text"] == text:
                return None
        number = respond.propose(
            self.store,
            self.config,
            value.case,
            text,
            found,
            now=self.now,
            agent=self.agent,
            voice=voice,
            private=value.private,
            draft=value.draft,
            read=value.read,
        )
        return Approved(draft=number, because=reason)

    def send(self, reply: int) -> Sent:
        """Send one approved reply, and file it."""
        from carecli import act, respond

        row = respond.send(self.store, self.config, [reply], now=self.now)[0]
        act.triage_new(self.store, self.config, now=self.now)
        return Sent(reply, row["case_id"], row["status"], row["url"], row["last_error"])

    def fetch(self) -> Deed:
        """Pull what is new from every source."""
        from carecli import act, listen

        outcomes = listen.fetch(self.store, self.config, now=self.now)
        act.triage_new(self.store, self.config, now=self.now)
        failed = "; ".join(f"{one.source}: {one.error}" for one in outcomes if one.error) or None
        return Deed(f"fetched {sum(one.new for one in outcomes)} new mentions", failed=failed)

    # What is done: one event each

    def claim(self, numbers: Sequence[int]) -> Deed:
        """Take cases; those that somebody else has are named."""
        from carecli import act

        def one(case: int) -> None:
            act.claim(self.store, case, agent=self.agent, now=self.now, config=self.config)

        return self._each(numbers, "claimed", one, "is yours", "are yours")

    def assign(self, numbers: Sequence[int], name: str) -> Deed:
        """Give cases to somebody, "" to nobody."""
        whose = f"{name or 'nobody'}'s now"
        return self._record(numbers, "assigned", f"is {whose}", f"are {whose}", assignee=name or None)

    def experts(self, case: int) -> list[tuple[str, str]]:
        """To whom the desk hands such a case on, and why. Raises NotFound."""
        from carecli import escalation

        return escalation.experts(self.config, cases.get(self.store, case), besides=self.agent)

    def escalate(self, numbers: Sequence[int], name: str, because: str) -> Deed:
        """Hand cases on to a named person or team; the reason is a note for them. Raises UsageError."""
        from carecli import act, escalation

        who = escalation.known(self.config, name)
        because = " ".join(because.split())
        if not because:
            raise UsageError("an escalation needs a reason", hint=f"write what {who} has to know")

        def one(case: int) -> None:
            act.record(self.store, case, "assigned", now=self.now, agent=self.agent, data={"assignee": who})
            note = {"text": f"Escalated to {who}: {because}"}
            act.record(self.store, case, "noted", now=self.now, agent=self.agent, data=note)

        return self._each(numbers, ("assigned", "noted"), one, f"is escalated to {who}", f"are escalated to {who}")

    def gloss(self, case: int) -> dict[int, str]:
        """The newest messages of a case in the language of `[display] gloss`, by their numbers. Raises UsageError."""
        from carecli import glossing

        rows = mentions.of_case(self.store, case)[-glossing.MOST :]
        theirs = [row for row in rows if row["language"] != self.config.display.gloss and not row["deleted_at"]]
        if not theirs and rows and self.config.display.gloss:
            raise NotFound(f"case {case} is in that language already")
        found = glossing.gloss([row["text"] for row in theirs], self.config)
        return {row["mention_id"]: text for row, text in zip(theirs, found, strict=True) if text}

    def resolve(self, numbers: Sequence[int]) -> Deed:
        """The customers' problems are solved."""
        return self._record(numbers, "resolved", "resolved")

    def pending(self, numbers: Sequence[int]) -> Deed:
        """It is the customers' turn."""
        return self._record(numbers, "pending", "pending")

    def reopen(self, numbers: Sequence[int]) -> Deed:
        """Not solved after all."""
        return self._record(numbers, "reopened", "reopened")

    def snooze(self, numbers: Sequence[int], until: str) -> Deed:
        """Hide cases until then, in words such as `2h`, `tomorrow 9:00`. Raises UsageError."""
        moment = self.moment(until)
        return self._record(numbers, "snoozed", f"snoozed until {iso(moment)}", until=iso(moment))

    def moment(self, words: str) -> datetime:
        """A time to come, in words such as `2h`, `tomorrow 9:00`. Raises UsageError."""
        from carecli.reports.period import parse_when

        try:
            moment = parse_when(words, self.now, self.config.brand.timezone, direction="future")
        except ValueError as error:
            raise UsageError(str(error)) from None
        if moment <= self.now:
            raise UsageError(f"{iso(moment)} is not in the future", hint="write 2h, tomorrow 9:00, monday")
        return moment

    def note(self, numbers: Sequence[int], text: str) -> Deed:
        """A note for colleagues."""
        return self._record(numbers, "noted", "noted", text=text)

    def tag(self, numbers: Sequence[int], words: str) -> Deed:
        """Put tags on, and those with a minus before them off. Raises UsageError."""
        tags = words.split()
        data: dict[str, Any] = {
            "add": [tag for tag in tags if not tag.startswith("-")],
            "remove": [tag[1:] for tag in tags if tag.startswith("-") and len(tag) > 1],
        }
        if not any(data.values()):
            raise UsageError("no tag was given", hint="write words, parted by spaces; -word takes a tag off")
        return self._record(numbers, "tagged", "tagged", **{name: value for name, value in data.items() if value})

    def label(self, numbers: Sequence[int], signals: dict[str, Any]) -> Deed:
        """Correct what the engine says of each case's newest message of a customer."""
        _check_signals(signals)
        told = ", ".join(f"{name} is {_told(value)}" for name, value in signals.items())

        def one(case: int) -> None:
            self._label(cases.get(self.store, case)["latest_mention_id"], signals)

        return self._each(numbers, "labelled", one, told)

    def spam(self, numbers: Sequence[int]) -> Deed:
        """Every message of these cases that is a customer's is spam."""

        def one(case: int) -> None:
            for mention in self.file(case).mentions:
                if mention["inbound"] and mention["intent"] != "spam":
                    self._label(mention["mention_id"], {"intent": "spam"})

        return self._each(numbers, "labelled", one, "is spam", "are spam")

    def _label(self, mention: int, signals: dict[str, Any]) -> None:
        from carecli import act

        act.label(self.store, self.config, mention, signals, now=self.now, agent=self.agent)

    def undo(self, deed: Deed) -> Deed:
        """Take back what `deed` did, the newest event first."""
        from carecli import act

        for number in reversed(deed.events):
            act.undo(self.store, self.config, number, now=self.now, agent=self.agent)
        return Deed(f"undone: {deed.words}", deed.cases)

    def undo_last(self, case: int) -> Deed:
        """Take back what this agent did last to a case, in whatever session. Raises NotFound."""
        from carecli import act, undoing

        row, event = act.undo(
            self.store, self.config, undoing.last(self.store, case, self.agent), now=self.now, agent=self.agent
        )
        return Deed(f"undone: '{event.kind}' of case {row['case_id']}", (row["case_id"],))

    def _record(self, numbers: Sequence[int], kind: str, words: str, many: str | None = None, **data: Any) -> Deed:
        from carecli import act

        def one(case: int) -> None:
            act.record(self.store, case, kind, now=self.now, agent=self.agent, data=data)

        return self._each(numbers, kind, one, words, many)

    def _each(
        self,
        numbers: Sequence[int],
        kinds: str | tuple[str, ...],
        one: Callable[[int], None],
        words: str,
        many: str | None = None,
    ) -> Deed:
        """Do it to each case; one that fails stops none of the others, and raises when it is alone."""
        wanted = (kinds,) if isinstance(kinds, str) else kinds
        done, written, failures = list[int](), list[int](), list[CareError]()
        for case in numbers:
            try:
                before = self._written(case, wanted)
                one(case)
            except CareError as error:
                failures.append(error)
                continue
            done.append(case)
            written += sorted(self._written(case, wanted) - before)
        if failures and not done:
            raise failures[0]
        failed = "; ".join(error.message for error in failures) or None
        return Deed(f"{_named(done)} {words if len(done) < 2 else many or words}", tuple(done), tuple(written), failed)

    def _written(self, case: int, kinds: tuple[str, ...]) -> set[int]:
        return {number for kind in kinds for number in events.numbers(self.store, case, kind, self.agent)}


def _named(numbers: Sequence[int]) -> str:
    return f"case {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} cases"


def _told(value: Any) -> str:
    return value if isinstance(value, str) else ", ".join(value) or "none"


def _check_signals(signals: dict[str, Any]) -> None:
    for name, allowed in (("sentiment", SENTIMENTS), ("intent", INTENTS)):
        if name in signals and signals[name] not in allowed:
            raise UsageError(f"{name} {signals[name]}: one of {', '.join(allowed)}")
    language = signals.get("language", "en")
    if not (language.isascii() and language.replace("-", "").isalnum() and 2 <= len(language) <= 12):
        raise UsageError(f"'{language}' is no language code", hint="write en, he, pl, zh …")


def page_address(file: CaseFile) -> str:
    """The web address of a case's newest message. Raises NotFound where it has none that a browser may open."""
    address = file.case["url"] or ""
    if not address.startswith(("https://", "http://")) or any(c.isspace() or not c.isprintable() for c in address):
        raise NotFound(f"case {file.case['case']} has no web address", hint="its platform gave none")
    return str(address)


def refreshed(rows: Sequence[Row], config: Config, now: datetime) -> list[JSON]:
    """Rows that were read before as cases with the clocks of `now`; reads nothing."""
    return [casefile.describe(row, config, now) for row in rows]


__all__ = ["Answer", "Approved", "Deed", "Query", "Seat", "Sent", "Way", "page_address", "parse_query", "refreshed"]
