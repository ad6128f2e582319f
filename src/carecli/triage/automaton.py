"""Phrases as one automaton over words: each word of a text is one step, however many phrases there are.

The phrases of a file (`phrases.py` says how they are written) become a graph whose edges are words. A text is read from
each word that a phrase may begin with. What a word may be in any phrase (its role) and the phrases that begin with it
(a start) are numbers, so that one look into a table tells for all words of many texts which of them are worth
following. Which phrases are still possible after the next word is worked out when it first comes up, and remembered:
the time is linear in the text, whatever the text, as no phrase is longer than its bounded repetitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Ints
from carecli.triage.edges import Edges, Nodes
from carecli.triage.phrases import Graph

# As many states and roles, steps between them, and pairs of a start and a role are kept; then they are made anew.
_MOST_STATES, _MOST_STEPS, _MOST_PAIRS = 8_000, 100_000, 4_000_000
_ROOM = 512

# Roles of marks and of words that no phrase names: none goes on over the end of a sentence, a comma does not matter.
STOP, PAUSE, PLAIN = range(3)
NO_START = -1
# What comes of a start before a certain word: no phrase, only those of one word, or perhaps longer ones.
_UNKNOWN, NOTHING, ENDS, GOES_ON = range(4)


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


class State(dict[int, "State"]):
    """What may still come: the state after a word of each role, worked out when it is first asked for.

    `clues` are the numbers of those whose phrase ends here.
    """

    __slots__ = ("_machine", "clues", "nodes")

    def __init__(self, machine: Automaton, found: Nodes) -> None:
        super().__init__()
        self._machine = machine
        self.clues = tuple(-1 - node for node in found if node < 0)
        self.nodes = tuple(node for node in found if node >= 0)

    def __missing__(self, role: int) -> State:
        after = self[role] = self._machine.after(self, role)
        return after


class Automaton:
    """The phrases of one file: `clues[n]` are what the phrases are for, which `Graph.accept(n)` ended.

    Numbers of roles and starts hold until `forget`. `alone` are the clues that each start has with no more words, as
    `follow` tells them.
    """

    def __init__(self, graph: Graph, clues: Sequence[Clue]) -> None:
        self.clues = tuple(clues)
        self._edges = Edges(graph)
        self._any = self._edges.any
        self._dead = State(self, ())
        self._states: dict[Nodes, State] = {}
        self._steps = 0
        self._role_numbers: dict[tuple[tuple[int, ...], bool], int] = {}
        self._roles: list[Role] = []
        self._start_numbers: dict[Nodes, int] = {}
        self._starts: list[State] = []
        self.alone: list[tuple[tuple[int, int], ...]] = []
        self._pairs: npt.NDArray[np.int8]
        self.forget()

    @property
    def full(self) -> bool:
        """Whether so much is remembered that it is time to forget."""
        return (
            len(self._states) + len(self._roles) > _MOST_STATES
            or self._steps > _MOST_STEPS
            or len(self._starts) * len(self._roles) > _MOST_PAIRS
        )

    def forget(self) -> None:
        """Drop what was remembered; whoever keeps numbers of it must drop them, too."""
        for kept in (self._states, self._role_numbers, self._roles, self._start_numbers, self._starts, self.alone):
            kept.clear()
        self._steps = 0
        self._roles += [Role({}, wild=False), Role({}, wild=True), Role({}, wild=True)]
        self._pairs = np.zeros((_ROOM, _ROOM), np.int8)

    def word(self, form: str, *, wild: bool = True) -> tuple[int, int]:
        """The role of a word, and the start of the phrases that begin with it; NO_START when none does."""
        start, leads = self._edges.leads(form)
        if not leads:
            role = PLAIN if wild else STOP
        elif (known := self._role_numbers.get((leads, wild))) is not None:
            role = known
        else:
            role = self._role_numbers[leads, wild] = len(self._roles)
            self._roles.append(_role(leads, wild=wild))
        return role, self._start(start) if start else NO_START

    def start(self, form: str) -> int:
        """The start of the phrases that begin with this word; NO_START when none does."""
        start, _ = self._edges.leads(form)
        return self._start(start) if start else NO_START

    def prospects(self, starts: Ints, roles: Ints) -> npt.NDArray[np.int8]:
        """What comes of each start before a word of the role beside it: NOTHING, ENDS or GOES_ON."""
        self._make_room()
        known = self._pairs[starts, roles]
        unknown = np.flatnonzero(known == _UNKNOWN)
        if len(unknown):
            for start, role in set(zip(starts[unknown].tolist(), roles[unknown].tolist(), strict=True)):
                self._pairs[start, role] = self._prospect(self._starts[start], role)
            known = self._pairs[starts, roles]
        return known

    def follow(self, start: int, roles: Sequence[int], at: int) -> Iterable[tuple[int, int]]:
        """The clues of phrases that begin with word `at`, each with the number of words that it has at most.

        `roles` are those of all words; a STOP stands after the last one.
        """
        state, dead, count = self._starts[start], self._dead, 0
        found: list[tuple[int, int]] = []
        while state is not dead:
            count += 1
            if state.clues:
                found += [(clue, count) for clue in state.clues]
            state = state[roles[at + count]]
        return found if len(found) < 2 else dict(found).items()

    def after(self, state: State, role: int) -> State:
        """What follows a state with a word of this role."""
        self._steps += 1
        if role == PAUSE:
            return self._state(state.nodes)
        leads, wild = self._roles[role]
        if role > PLAIN and leads.keys().isdisjoint(state.nodes):  # so it is with most
            return state[PLAIN if wild else STOP]
        found: set[int] = set()
        for node in state.nodes:
            found.update(leads.get(node, ()))
            if wild:
                found.update(self._any.get(node, ()))
        return self._state(tuple(sorted(found)))

    def _prospect(self, state: State, role: int) -> int:
        leads, wild = self._roles[role]
        if (
            (role == PAUSE and state.nodes)
            or (wild and not self._any.keys().isdisjoint(state.nodes))
            or not leads.keys().isdisjoint(state.nodes)
        ):
            return GOES_ON
        return ENDS if state.clues else NOTHING

    def _make_room(self) -> None:
        """A larger table when there are more starts or roles than it has room for."""
        rows, columns = self._pairs.shape
        if len(self._starts) > rows or len(self._roles) > columns:
            wider = np.zeros((_room(len(self._starts), rows), _room(len(self._roles), columns)), np.int8)
            wider[:rows, :columns] = self._pairs
            self._pairs = wider

    def _start(self, found: Nodes) -> int:
        number = self._start_numbers.get(found)
        if number is None:
            number = self._start_numbers[found] = len(self._starts)
            state = self._state(found)
            self._starts.append(state)
            self.alone.append(tuple((clue, 1) for clue in state.clues))
        return number

    def _state(self, found: Nodes) -> State:
        if not found:
            return self._dead
        state = self._states.get(found)
        if state is None:
            state = self._states[found] = State(self, found)
        return state


def _room(needed: int, there: int) -> int:
    return there if needed <= there else needed + _ROOM


def _role(pairs: Sequence[int], *, wild: bool) -> Role:
    leads: dict[int, list[int]] = {}
    for node, target in zip(pairs[::2], pairs[1::2], strict=True):
        leads.setdefault(node, []).append(target)
    return Role({node: tuple(targets) for node, targets in leads.items()}, wild)
