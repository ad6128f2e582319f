"""Phrases as one automaton over words: all phrases of a file are looked for in many texts at once.

The phrases (`phrases.py` says how they are written) become a graph whose edges are labelled; a word may have several
labels (`labels.py`). Phrases that begin alike share their first edges, and from a node there is one edge at most with
a label. Texts are read from each word that a phrase may begin with, all of them side by side: a step is one look into
the table of edges for each label of the next word. The time is linear in the texts, whatever they are, as no phrase is
longer than its bounded repetitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from carecli.triage.columns import Ints, Runs
from carecli.triage.labels import Label, Labels, Tree, tree_of
from carecli.triage.phrases import Graph
from carecli.triage.steps import NOWHERE, ROOT, Steps

# What stands between words: no phrase goes on over the end of a sentence, a comma does not matter.
STOP, PAUSE, WORD = range(3)
# Any word has this label, which has no number but this.
_ANY, _ANYTHING = ("", "~"), -1


class Clue(NamedTuple):
    """What a phrase stands for; `anchored`: only at the start of a sentence."""

    kind: str
    anchored: bool


class Phrases(NamedTuple):
    """Phrases in texts, one entry each: which beginning, the number of the clue, the last word."""

    beginning: Ints
    clue: Ints
    last: Ints

    def those(self, kept: npt.NDArray[Any]) -> Phrases:
        """Those at these places."""
        return Phrases(*(column[kept] for column in self))


class Drawing(NamedTuple):
    """A graph of phrases, drawn so that a label leads to one node at most; all numbers, which a file can keep.

    `edges` go from which nodes with which labels to which nodes, `any` from which with any word to which. In each node
    so many clues end as `ending_sizes` says: `ending`, one node after another. `tree` is that of the labels.
    """

    tree: Tree
    edges: Ints
    any: Ints
    ending_sizes: Ints
    ending: Ints


def draw(graph: Graph) -> Drawing:
    """The drawing of a graph. It takes many times as long as to make an automaton of it."""
    nodes = _Nodes(graph)
    return Drawing(
        tree_of(list(nodes.number), spaced=graph.spaced),
        np.array(nodes.edges, np.int64).reshape(-1, 3).T,
        np.array([list(nodes.any), list(nodes.any.values())], np.int64),
        np.array(list(map(len, nodes.ending)), np.int64),
        np.array(list(chain.from_iterable(nodes.ending)), np.int64),
    )


class Automaton:
    """The phrases of one file: `clues[n]` is what those are for that `Graph.add` was given with ending `n`."""

    def __init__(self, drawing: Drawing, clues: Sequence[Clue]) -> None:
        self.clues = tuple(clues)
        self.labels = Labels(drawing.tree)
        self._steps = Steps(drawing.edges)
        count = len(drawing.ending_sizes)
        self._any, self._goes_on = np.full(count, NOWHERE), np.zeros(count, bool)
        self._any[drawing.any[0]] = drawing.any[1]
        self._goes_on[drawing.any[0]] = self._goes_on[drawing.edges[0]] = True
        self._ending = Runs(np.int16)
        self._ending.add(drawing.ending_sizes, drawing.ending)

    def starts(self, sets: Ints) -> tuple[Ints, Ints]:
        """The nodes after words with these sets of labels where phrases begin with them, and of which word each is."""
        labels, who = self.labels.runs.of(sets)
        nodes = self._steps.after(np.full(len(labels), ROOT), labels)
        there = np.flatnonzero(nodes)
        return nodes[there], who[there]

    def follow(self, nodes: Ints, words: Ints, kinds: Ints, sets: Ints) -> Phrases:
        """The phrases that begin with `words`, after which the automaton is at `nodes`.

        `kinds` and `sets` of labels are those of all words; a STOP stands after the last word.
        """
        onward, walkers = _over_pauses(kinds), np.arange(len(words))
        found = [(walkers[:0], walkers[:0], walkers[:0])]
        while len(walkers):
            ended = np.flatnonzero(self._ending.counts[nodes])
            clues, who = self._ending.of(nodes[ended])
            found.append((walkers[ended[who]], clues, words[ended[who]]))
            on = self._goes_on[nodes]
            walkers, nodes, words = walkers[on], nodes[on], onward[words[on] + 1]
            words += kinds[words] == PAUSE
            named, who = self.labels.runs.of(sets[words])
            wild = np.flatnonzero(kinds[words] != STOP)
            after = np.concatenate([self._steps.after(nodes[who], named), self._any[nodes[wild]]])
            who, alive = np.concatenate([who, wild]), np.flatnonzero(after)
            who, nodes = who[alive], after[alive]
            if len(nodes) > len(walkers):
                once = _once(who, nodes)
                who, nodes = who[once], nodes[once]
            walkers, words = walkers[who], words[who]
        return Phrases(*map(np.concatenate, zip(*found, strict=True)))


class _Nodes:
    """A graph as one in which a label leads to one node at most: its nodes stand for what several lead to together.

    `number` has a number for each label, `edges` are by these; `any` are those of any word, from which node to which.
    `ending` are the clues that end in each node. Node 0 is where every phrase begins.
    """

    def __init__(self, graph: Graph) -> None:
        self.number: dict[Label, int] = {}
        self.edges: list[int] = []
        self.any: dict[int, int] = {}
        self.ending: list[Sequence[int]] = []
        self._graph = graph
        self._steps: dict[int, Mapping[int, frozenset[int]]] = {}
        places: dict[frozenset[int], int] = {}
        waiting = [frozenset({0})]
        self._place(places, waiting[0])
        while waiting:
            together = waiting.pop()
            at = places[together]
            for label, targets in self._leads(together).items():
                if (to := places.get(targets)) is None:
                    to = self._place(places, targets)
                    waiting.append(targets)
                if label == _ANYTHING:
                    self.any[at] = to
                else:
                    self.edges += at, label, to

    def _place(self, places: dict[frozenset[int], int], together: frozenset[int]) -> int:
        self.ending.append(sorted(-1 - node for node in together if node < 0))
        return places.setdefault(together, len(places))

    def _leads(self, together: frozenset[int]) -> Mapping[int, frozenset[int]]:
        """Where each label leads from any of the nodes."""
        leads = [self._from(node) for node in together if node >= 0]
        return leads[0] if len(leads) == 1 else _merged(chain.from_iterable(each.items() for each in leads))

    def _from(self, node: int) -> Mapping[int, frozenset[int]]:
        """Where each label leads from one node of the graph."""
        if node not in self._steps:
            steps = self._graph.steps(node)
            self._steps[node] = _merged((self._number(text, ending), targets) for text, ending, targets in steps)
        return self._steps[node]

    def _number(self, text: str, ending: str) -> int:
        if (text, ending) == _ANY:
            return _ANYTHING
        return self.number.setdefault((text, ending), len(self.number))


def _merged(leads: Iterable[tuple[int, frozenset[int]]]) -> Mapping[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for label, targets in leads:
        found[label] = found[label] | targets if label in found else targets
    return found


def _over_pauses(kinds: Ints) -> Ints:
    """For each word itself, but for a pause the last one of those that follow each other: they count once."""
    places = np.arange(len(kinds))
    pauses = kinds == PAUSE
    inside = np.flatnonzero(pauses[:-1] & pauses[1:])
    if not len(inside):
        return places
    places[inside] = len(kinds)
    last: Ints = np.minimum.accumulate(places[::-1])[::-1]
    return last


def _once(who: Ints, nodes: Ints) -> Ints:
    """Each walker at a node once."""
    found: Ints = np.unique(who * (int(nodes.max()) + 1) + nodes, return_index=True)[1]
    return found
