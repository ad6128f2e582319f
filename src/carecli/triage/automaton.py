"""Phrases as one automaton over words: each word of a text is one step, however many phrases there are.

The phrases of a file (`phrases.py` says how they are written) become a graph whose edges are words. A text is read from
each word that a phrase may begin with; which phrases are still possible after the next word is worked out when it first
comes up, and remembered, as is what a word may be in any phrase (its `Role`). So common words cost a look into a table,
and the time is linear in the text, whatever the text: no phrase is longer than its bounded repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from carecli.triage.phrases import Graph

# As many states and roles are kept; then they are made anew.
_MOST_STATES = 8_000
_START = 0
_DIGITS = re.compile(r"\d+")
_NUMERALS = frozenset("0123456789一二两三四五六七八九十百几半")

# In order, each once. Plain tuples of numbers, as the garbage collector need not look into them.
Nodes = tuple[int, ...]


class Clue(NamedTuple):
    """What a phrase stands for; `anchored`: only at the start of a sentence."""

    kind: str
    anchored: bool


class Role:
    """What a word may be in phrases: from each node of the graph, those that it leads to.

    `wild`: it may stand for any word; the end of a sentence may not.
    """

    __slots__ = ("leads", "wild")

    def __init__(self, leads: Mapping[int, Nodes], *, wild: bool = True) -> None:
        self.leads = leads
        self.wild = wild


# Marks are words of their own: no phrase goes on over the end of a sentence, and a comma does not matter.
STOP, PAUSE, PLAIN = Role({}, wild=False), Role({}), Role({})
_END = Role({}, wild=False)


class State(dict[Role, "State"]):
    """What may still come: the state after each next word, worked out when it is first asked for.

    `clues` are those whose phrase ends here.
    """

    __slots__ = ("_machine", "clues", "nodes")

    def __init__(self, machine: Automaton, found: Nodes) -> None:
        super().__init__()
        self._machine = machine
        self.clues = tuple(machine.clues[-1 - node] for node in found if node < 0)
        self.nodes = tuple(node for node in found if node >= 0)

    def __missing__(self, role: Role) -> State:
        after = self[role] = self._machine.after(self.nodes, role)
        return after


class Word(NamedTuple):
    """A word of a text, or a mark: what it may be, and the states that begin with it, `offset` letters into it.

    `shown` is the word as a reason quotes it, with the space before it.
    """

    shown: str
    role: Role
    starts: tuple[tuple[int, State], ...] = ()


class Found(NamedTuple):
    """A clue found from word `first`, `offset` letters into it, up to but without word `end`."""

    clue: Clue
    first: int
    offset: int
    end: int


class Automaton:
    """The phrases of one file: `clues[n]` are what the phrases are for, which `Graph.accept(n)` ended."""

    def __init__(self, graph: Graph, clues: Sequence[Clue]) -> None:
        self.clues = tuple(clues)
        self._exact, self._stems, self._longer, self._any = _edges(graph)
        self._longest = max(map(len, (*self._stems, *self._longer)), default=0)
        self._states: dict[Nodes, State] = {}
        self._dead = State(self, ())
        self._roles: dict[tuple[tuple[tuple[int, Nodes], ...], bool], Role] = {}

    def start(self, form: str) -> State | None:
        """The state of the phrases that begin with this word; None when none does."""
        found = self._leads(form).get(_START)
        return self._state(found) if found else None

    def role(self, form: str, *, wild: bool = True) -> tuple[Role, State | None]:
        """What a word may be in phrases, and the state of those that begin with it."""
        leads = self._leads(form)
        start = leads.pop(_START, None)
        if not leads:
            return PLAIN if wild else STOP, self._state(start) if start else None
        key = (tuple(sorted(leads.items())), wild)
        role = self._roles.get(key) or self._roles.setdefault(key, Role(leads, wild=wild))
        return role, self._state(start) if start else None

    def after(self, nodes: Nodes, role: Role) -> State:
        """The state that follows `nodes` with a word of this role."""
        if role is PAUSE:
            return self._state(nodes)
        found: set[int] = set()
        for node in nodes:
            found.update(role.leads.get(node, ()))
            if role.wild:
                found.update(self._any.get(node, ()))
        return self._state(tuple(sorted(found)))

    def find(self, words: Sequence[Word]) -> Iterator[Found]:
        """Every clue in `words`, by its first word, as far as it goes."""
        roles, dead = [word[1] for word in words], self._dead
        roles.append(_END)
        for first in [index for index, word in enumerate(words) if word[2]]:
            for offset, start in words[first][2]:
                at, state = first + 1, start[roles[first + 1]]
                if state is dead and not start.clues:  # so it is with most
                    continue
                ends = dict.fromkeys(start.clues, at)
                while state is not dead:
                    at += 1
                    if state.clues:
                        ends.update(dict.fromkeys(state.clues, at))
                    state = state[roles[at]]
                for clue, end in ends.items():
                    if not clue.anchored or (not offset and _opens(words, first)):
                        yield Found(clue, first, offset, end)

    def forget(self) -> bool:
        """Drop what was remembered when it has become much; whoever keeps words of it must drop them, too."""
        if len(self._states) + len(self._roles) < _MOST_STATES:
            return False
        self._states.clear()
        self._roles.clear()
        return True

    def _state(self, found: Nodes) -> State:
        if not found:
            return self._dead
        state = self._states.get(found)
        if state is None:
            state = self._states[found] = State(self, found)
        return state

    def _leads(self, form: str) -> dict[int, Nodes]:
        """From which nodes the word leads where."""
        tables = []
        for shape in (form, _DIGITS.sub("#", form)) if not form.isalpha() else (form,):
            if edges := self._exact.get(shape):
                tables.append(edges)
            for end in range(min(self._longest, len(shape)), 0, -1):
                part = shape[:end]
                if edges := self._stems.get(part):
                    tables.append(edges)
                if end < len(shape) and (edges := self._longer.get(part)):
                    tables.append(edges)
        leads: dict[int, set[int]] = {}
        for edges in tables:
            for node, target in zip(edges[::2], edges[1::2], strict=True):
                leads.setdefault(node, set()).add(target)
        return {node: tuple(sorted(targets)) for node, targets in leads.items()}


def _opens(words: Sequence[Word], index: int) -> bool:
    """Whether a sentence or a clause may begin here: no word stands before without a mark between."""
    before = index - 1
    if before >= 0 and words[before].shown == " ":  # Chinese, where a space is a character like another
        before -= 1
    return before < 0 or not words[before].shown.strip().isalnum()


# By word: from which node to which, one pair after another.
_Table = dict[str, tuple[int, ...]]


def _edges(graph: Graph) -> tuple[_Table, _Table, _Table, dict[int, Nodes]]:
    """The edges by word: whole words, beginnings (`*`), beginnings with more after them, and any word (`~`)."""
    tables: dict[str, dict[str, list[int]]] = {"": {}, "*": {}, "~": {}}
    anything: dict[int, Nodes] = {}
    waiting, seen = [_START], {_START}
    while waiting:
        node = waiting.pop()
        for text, ending, targets in graph.steps(node):
            new = [target for target in targets if target >= 0 and target not in seen]
            seen.update(new)
            waiting += new
            if ending == "~" and not text:
                anything[node] = tuple(sorted({*anything.get(node, ()), *targets}))
                continue
            pairs = [number for target in targets for number in (node, target)]
            for each in _NUMERALS if text == "#" and not graph.spaced else (text,):
                tables[ending].setdefault(each, []).extend(pairs)
    exact, stems, longer = ({text: tuple(pairs) for text, pairs in table.items()} for table in tables.values())
    return exact, stems, longer, anything
