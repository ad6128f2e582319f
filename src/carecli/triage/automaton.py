"""Phrases as one automaton over words: each word of a text is one step, however many phrases there are.

The phrases of a file (`phrases.py` says how they are written) become a graph whose edges are words. Texts are read from
each word that a phrase may begin with, all of them side by side: what a word may be in any phrase (its role) and the
phrases that are still possible (a state) are numbers, and one table says which state comes after a word of which role.
An entry is worked out when it first comes up, and remembered: the time is linear in the texts, whatever they are, as no
phrase is longer than its bounded repetitions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Column, Ints, spread
from carecli.triage.edges import Edges, Nodes
from carecli.triage.phrases import Graph

# So large a table is kept, 4 MB; then it is made anew.
_MOST_STEPS = 2_000_000
_ROOM = 64

# Roles of marks and of words that no phrase names: none goes on over the end of a sentence, a comma does not matter.
STOP, PAUSE, PLAIN = range(3)
NO_START = -1
_DEAD = 0
_UNKNOWN = -1
_MOST_NARROW = np.iinfo(np.int16).max


class Clue(NamedTuple):
    """What a phrase stands for; `anchored`: only at the start of a sentence."""

    kind: str
    anchored: bool


class Role(NamedTuple):
    """What a word may be in phrases: from each node of the graph, those that it leads to.

    `wild`: it may stand for any word; the end of a sentence may not.
    """

    leads: Mapping[int, Nodes]
    wild: bool


class Phrases(NamedTuple):
    """Phrases in texts, one entry each: which beginning, the number of the clue, the last word."""

    beginning: Ints
    clue: Ints
    last: Ints

    def those(self, kept: npt.NDArray[Any]) -> Phrases:
        """Those at these places."""
        return Phrases(*(column[kept] for column in self))


class Automaton:
    """The phrases of one file: `clues[n]` are what the phrases are for, which `Graph.accept(n)` ended.

    Numbers of roles and states hold until `forget`.
    """

    def __init__(self, graph: Graph, clues: Sequence[Clue]) -> None:
        self.clues = tuple(clues)
        self._edges = Edges(graph)
        self._any = self._edges.any
        self._role_numbers: dict[tuple[tuple[int, ...], bool], int] = {}
        self._roles: list[Role] = []
        self._targets: dict[Nodes, Nodes] = {}
        self._state_numbers: dict[Nodes, int] = {}
        # By state: the nodes from which phrases go on, and the clues that end there.
        self._nodes: list[Nodes] = []
        self._ending: list[Nodes] = []
        # The clues that end in a state as columns: so many, the first at such a place.
        self._clue, self._first, self._count = Column(np.int16), Column(np.int32), Column(np.int16)
        self._next: npt.NDArray[np.signedinteger]
        self.forget()

    @property
    def full(self) -> bool:
        """Whether so much is remembered that it is time to forget."""
        return self._next.size > _MOST_STEPS

    def forget(self) -> None:
        """Drop what was remembered; whoever keeps numbers of it must drop them, too."""
        for kept in (self._role_numbers, self._roles, self._targets, self._state_numbers, self._nodes, self._ending):
            kept.clear()
        for column in (self._clue, self._first, self._count):
            column.clear()
        self._roles += [Role({}, wild=False), Role({}, wild=True), Role({}, wild=True)]
        self._next = np.full((_ROOM, _ROOM), _UNKNOWN, np.int16)
        self._state(())

    def word(self, form: str, *, wild: bool = True) -> tuple[int, int]:
        """The role of a word, and the state after it where a phrase begins with it; NO_START when none does."""
        start, leads = self._edges.leads(form)
        if not leads:
            role = PLAIN if wild else STOP
        elif (known := self._role_numbers.get((leads, wild))) is not None:
            role = known
        else:
            role = self._role_numbers[leads, wild] = len(self._roles)
            self._roles.append(self._role(leads, wild=wild))
        return role, self._state(start) if start else NO_START

    def start(self, form: str) -> int:
        """The state after this word where a phrase begins with it; NO_START when none does."""
        start, _ = self._edges.leads(form)
        return self._state(start) if start else NO_START

    def follow(self, states: Ints, words: Ints, roles: Ints) -> Phrases:
        """The phrases that begin with `words`, after which the automaton is in `states`.

        `roles` are those of all words; a STOP stands after the last one.
        """
        onward, walkers = _over_pauses(roles), np.arange(len(words))
        found: list[tuple[Ints, Ints, Ints]] = []
        while len(walkers):
            self._make_columns()
            ending = np.flatnonzero(self._count.all[states])
            counts = self._count.all[states[ending]]
            clues = self._clue.all[spread(self._first.all[states[ending]], counts)]
            found.append((np.repeat(walkers[ending], counts), clues, np.repeat(words[ending], counts)))
            words = onward[words + 1]
            states = self._after(states, roles[words])
            alive = np.flatnonzero(states)
            walkers, states, words = walkers[alive], states[alive], words[alive]
        return Phrases(*map(np.concatenate, zip(*found, strict=True))) if found else Phrases(walkers, walkers, walkers)

    def _after(self, states: Ints, roles: Ints) -> Ints:
        """The state after each with a word of the role beside it."""
        self._make_room()
        after = self._next[states, roles]
        unknown = np.flatnonzero(after == _UNKNOWN)
        if len(unknown):
            for state, role in set(zip(states[unknown].tolist(), roles[unknown].tolist(), strict=True)):
                self._work_out(state, role)
            after = self._next[states, roles]
        return after

    def _work_out(self, state: int, role: int) -> int:
        """What follows a state with a word of this role, remembered."""
        if (known := int(self._next[state, role])) != _UNKNOWN:
            return known
        nodes, (leads, wild) = self._nodes[state], self._roles[role]
        if role == PAUSE:
            after = self._state(nodes)
        elif role > PLAIN and leads.keys().isdisjoint(nodes):  # so it is with most
            after = self._work_out(state, PLAIN if wild else STOP)
        else:
            found = {target for node in nodes for target in leads.get(node, ())}
            if wild:
                found.update(target for node in nodes for target in self._any.get(node, ()))
            after = self._state(tuple(sorted(found)))
        if after > _MOST_NARROW and self._next.dtype == np.int16:
            self._next = self._next.astype(np.int32)
        self._next[state, role] = after
        return after

    def _make_room(self) -> None:
        """A larger table when there are more states or roles than it has room for."""
        rows, columns = self._next.shape
        if len(self._nodes) > rows or len(self._roles) > columns:
            shape = _room(len(self._nodes), rows), _room(len(self._roles), columns)
            wider = np.full(shape, _UNKNOWN, self._next.dtype)
            wider[:rows, :columns] = self._next
            self._next = wider

    def _make_columns(self) -> None:
        """The columns of states that are new."""
        new = self._ending[len(self._count.all) :]
        if new:
            counts = list(map(len, new))
            self._first.extend(np.cumsum(counts) - counts + len(self._clue.all))
            self._count.extend(counts)
            self._clue.extend(list(chain.from_iterable(new)))

    def _role(self, pairs: Sequence[int], *, wild: bool) -> Role:
        leads: dict[int, list[int]] = {}
        for node, target in zip(pairs[::2], pairs[1::2], strict=True):
            leads.setdefault(node, []).append(target)
        return Role({node: self._one(tuple(targets)) for node, targets in leads.items()}, wild)

    def _one(self, nodes: Nodes) -> Nodes:
        """The same in memory for the same nodes: many words lead to them."""
        return self._targets.setdefault(nodes, nodes)

    def _state(self, found: Nodes) -> int:
        number = self._state_numbers.get(found)
        if number is None:
            number = self._state_numbers[found] = len(self._nodes)
            ends = bisect_left(found, 0)
            self._nodes.append(found[ends:])
            self._ending.append(tuple([-1 - node for node in found[:ends]]))
        return number


def _over_pauses(roles: Ints) -> Ints:
    """For each word itself, but for a pause the last one of those that follow each other: they count once."""
    places = np.arange(len(roles))
    pauses = roles == PAUSE
    inside = np.flatnonzero(pauses[:-1] & pauses[1:])
    if not len(inside):
        return places
    places[inside] = len(roles)
    last: Ints = np.minimum.accumulate(places[::-1])[::-1]
    return last


def _room(needed: int, there: int) -> int:
    return there if needed <= there else needed + _ROOM
