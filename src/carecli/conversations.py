"""Which messages belong together: a pure plan that files new messages into cases, whatever order they came in.

A conversation is a tree of replies that begins with a customer's message. What hangs on a post of ours to everybody
is a conversation for each message below it. A parent that was never seen keeps a place: its id is what the
conversation hangs on, and when it arrives it finds its answers; two cases that turn out to be one are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Place = tuple[str, str, str]  # platform, host, external id
Ours = Mapping[Place, tuple[int | None, Place | None]]  # a post of ours → its case, the place that it answers


@dataclass(frozen=True, slots=True)
class Message:
    """A message that has no case yet: its number in the store, where it is, and what it answers."""

    number: int
    place: Place
    parent: Place | None
    root: Place | None
    inbound: bool


@dataclass
class Filing:
    """What to do: make `new` cases (number, first message), put messages into cases, let cases hang on places that
    are still to come, merge cases (old, into). `known` is where every place's case is afterwards."""

    known: dict[Place, int]
    new: list[tuple[int, Message]] = field(default_factory=list)
    cases: dict[int, int] = field(default_factory=dict)  # message number → case
    hooks: list[tuple[int, Place]] = field(default_factory=list)
    merges: list[tuple[int, int]] = field(default_factory=list)

    def _merge(self, old: int, into: int) -> None:
        self.merges.append((old, into))
        self.known = {place: into if case == old else case for place, case in self.known.items()}
        self.cases = {message: into if case == old else case for message, case in self.cases.items()}


def plan(messages: Iterable[Message], known: Mapping[Place, int], ours: Ours, next_case: int) -> Filing:
    """File `messages`, oldest first. `known`: the case of each stored message and of each place hung on."""
    filing = Filing(dict(known))
    ours = dict(ours)
    for message in messages:
        anchor = _anchor(message.parent, ours)
        candidates = _candidates(message, anchor, filing.known, ours)
        if not candidates and not message.inbound:
            ours[message.place] = (None, message.parent)
            continue
        if not candidates:
            candidates = {next_case}
            filing.new.append((next_case, message))
            next_case += 1
        case = min(candidates)
        if anchor is not None and anchor not in filing.known and filing.known.get(message.place, case) == case:
            filing.known[anchor] = case
            filing.hooks.append((case, anchor))
        for other in candidates - {case}:
            filing._merge(other, case)
        filing.known[message.place] = case
        filing.cases[message.number] = case
    return filing


def _candidates(message: Message, anchor: Place | None, known: Mapping[Place, int], ours: Ours) -> set[int]:
    """The cases that this message belongs to: more than one when it joins what looked like two conversations."""
    found = {known.get(message.place)}
    if anchor is not None:
        found.add(known.get(anchor))
        root = _anchor(message.root, ours)
        if anchor not in known and root is not None:
            found.add(known.get(root))
    return {case for case in found if case is not None}


def _anchor(place: Place | None, ours: Ours) -> Place | None:
    """The nearest place above that is a conversation's or that was never seen; None below a post to everybody."""
    passed = set[Place]()
    while place is not None and ours.get(place, (0, None))[0] is None:
        if place in passed:
            return None  # posts of ours that answer each other
        passed.add(place)
        place = ours[place][1]
    return place
