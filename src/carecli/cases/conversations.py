"""Which messages belong together: a pure plan that files new messages into cases, whatever order they came in.

A conversation is a tree of replies that begins with a customer's message. What hangs on a post of ours to everybody
is a conversation for each customer below it. Below a message that was never seen it is the same, until it arrives: when
it is a customer's, all that hangs on it is one conversation, and cases that turn out to be one are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Place = tuple[str, str, str]  # platform, host, external id
Ours = Mapping[Place, tuple[int | None, Place | None]]  # a post of ours → its case, the place that it answers
Hanging = Mapping[Place, Mapping[int, int]]  # a place without a case → author of what hangs on it → their case


@dataclass(frozen=True, slots=True)
class Message:
    """A message that has no case yet: its number in the store, where it is, who wrote it, and what it answers."""

    number: int
    place: Place
    author: int
    parent: Place | None
    root: Place | None
    inbound: bool


@dataclass
class Filing:
    """What to do: make `new` cases (number, first message), put messages into cases, let customers' cases hang on
    places that have none (place, author, case), merge cases (old, into).

    `known` is where every place's case is afterwards, `hanging` what hangs on the others.
    """

    known: dict[Place, int]
    hanging: dict[Place, dict[int, int]]
    new: list[tuple[int, Message]] = field(default_factory=list)
    cases: dict[int, int] = field(default_factory=dict)  # message number → case
    hooks: list[tuple[Place, int, int]] = field(default_factory=list)
    merges: list[tuple[int, int]] = field(default_factory=list)

    def hang(self, place: Place | None, author: int, case: int) -> None:
        """Let what `author` writes below `place` belong to `case`, unless the place has a case of its own."""
        if place is not None and place not in self.known:
            self.hanging.setdefault(place, {})[author] = case
            self.hooks.append((place, author, case))

    def merge(self, old: int, into: int) -> None:
        """Two cases are one."""
        self.merges.append((old, into))
        self.known = {place: into if case == old else case for place, case in self.known.items()}
        self.cases = {message: into if case == old else case for message, case in self.cases.items()}
        for cases in self.hanging.values():
            cases.update({author: into for author, case in cases.items() if case == old})


def plan(
    messages: Iterable[Message], known: Mapping[Place, int], hanging: Hanging, ours: Ours, next_case: int
) -> Filing:
    """File `messages`, oldest first. `known`: the case of each stored message; `hanging`: what hangs on the others."""
    filing = Filing(dict(known), {place: dict(cases) for place, cases in hanging.items()})
    ours = dict(ours)
    for message in messages:
        anchor = _anchor(message.parent, ours)
        candidates = _candidates(message, anchor, _anchor(message.root, ours), filing)
        if not candidates and not message.inbound:
            ours[message.place] = (None, message.parent)
            _pass_on(filing, message.place, anchor)
            continue
        if not candidates:
            candidates = {next_case}
            filing.new.append((next_case, message))
            next_case += 1
        case = min(candidates)
        for other in sorted(candidates - {case}):
            filing.merge(other, case)
        filing.known[message.place] = case
        filing.cases[message.number] = case
        if message.inbound:
            filing.hang(anchor, message.author, case)
    return filing


def _candidates(message: Message, anchor: Place | None, root: Place | None, filing: Filing) -> set[int]:
    """The cases that this message belongs to: more than one when it joins what looked like several conversations.

    A post of ours belongs to the case of what it answers, or to none.
    """
    found = set[int | None]()
    if anchor is not None:
        found.add(filing.known.get(anchor))
        if anchor not in filing.known and root is not None:
            found.add(filing.known.get(root))
        if message.inbound:
            found.add(filing.hanging.get(anchor, {}).get(message.author))
    cases = {case for case in found if case is not None}
    if message.inbound or cases:
        cases |= set(filing.hanging.get(message.place, {}).values())
    return cases


def _pass_on(filing: Filing, place: Place, anchor: Place | None) -> None:
    """What hangs on a post of ours without a case hangs on what that post answers."""
    if anchor is None:
        return
    for author, case in list(filing.hanging.get(place, {}).items()):
        other = filing.hanging.get(anchor, {}).get(author, case)
        if other != case:
            filing.merge(max(case, other), min(case, other))
        filing.hang(anchor, author, min(case, other))


def _anchor(place: Place | None, ours: Ours) -> Place | None:
    """The nearest place above that has a case, was never seen, or is a post of ours to everybody."""
    passed = set[Place]()
    while place is not None and place in ours:
        case, above = ours[place]
        if case is not None or above is None or place in passed:  # passed: posts of ours that answer each other
            return place
        passed.add(place)
        place = above
    return place
